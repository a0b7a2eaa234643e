//! Which device a header names, and whether it still counts.

use x509_cert::der::{Decode as _, Encode as _};

use crate::base::id::DeviceId;
use crate::base::{Check, b64};
use crate::directory::Device;
use crate::jose::{Header, JwkThumbprint, P256PublicKey};

use super::Provider;
use super::refusal::Refusal;

impl Provider {
    /// The registered device whose key the header names, by `kid` or by `x5c`. Whatever else the
    /// header claims, the caller verifies with the key that the directory holds.
    pub(super) fn device_of_header(&self, header: &Header) -> Result<&Device, Refusal> {
        let thumbprint = match (&header.kid, &header.x5c) {
            (_, Some(chain)) => thumbprint_of_certificate(chain),
            (Some(kid), None) => kid.parse().ok(),
            (None, None) => None,
        };
        // DEV-01
        let found = thumbprint.and_then(|thumbprint| self.directory.device_by_key(&thumbprint));
        found.ok_or(Refusal::DeviceUnknown)
    }

    /// DEV-02
    pub(super) fn device_enabled(&self, device: &Device) -> Result<(), Refusal> {
        match device.account_enabled || !self.settings.danger.enforces(Check::DeviceEnabled) {
            true => Ok(()),
            false => Err(Refusal::DeviceDisabled),
        }
    }

    /// DEV-01 and DEV-02 for the device a token is sealed with. With DEV-01 taken out a deleted
    /// device's token goes on, without device facts.
    pub(super) fn device_of_token(&self, device: DeviceId) -> Result<(), Refusal> {
        match self.directory.device(device) {
            Some(device) => self.device_enabled(device),
            None if !self.settings.danger.enforces(Check::DeviceKnown) => Ok(()),
            None => Err(Refusal::DeviceUnknown),
        }
    }
}

/// The thumbprint of the P-256 key in the first certificate (RFC 7515 section 4.1.6). Issuer and
/// dates are not looked at: the certificate only names a key that the directory must know.
fn thumbprint_of_certificate(chain: &[String]) -> Option<JwkThumbprint> {
    let der = b64::decode_standard(chain.first()?).ok()?;
    let certificate = x509_cert::Certificate::from_der(&der).ok()?;
    let spki = certificate.tbs_certificate().subject_public_key_info();
    let point = spki.subject_public_key.as_bytes()?;
    spki.algorithm.to_der().ok()?;
    Some(P256PublicKey::from_sec1(point).ok()?.thumbprint())
}
