//! Certificate-bound tokens: the key of the TLS connection (RFC 8705 section 3).
//!
//! The handshake proves the key; what is left to check is that the certificate of the connection is
//! the one that the token names. Which certificate that was, the network says, never the sender.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::{Possession, PossessionMethod};
use crate::base::{Check, Danger, b64};

/// SHA-256 over the DER of an X.509 certificate: `x5t#S256`, 43 characters of base64url.
///
/// # Source
/// RFC 8705 section 3.1, RFC 7515 section 4.1.8.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct CertificateThumbprint([u8; 32]);

/// The text is not 43 characters of base64url.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a certificate thumbprint is 43 characters of base64url")]
pub struct NotACertificateThumbprint;

impl CertificateThumbprint {
    /// The thumbprint of a certificate in DER.
    #[must_use]
    pub fn of_der(certificate: &[u8]) -> Self {
        Self(Sha256::digest(certificate).into())
    }
}

impl FromStr for CertificateThumbprint {
    type Err = NotACertificateThumbprint;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        b64::decode_url_exact(text).map(Self).map_err(|_| NotACertificateThumbprint)
    }
}

impl TryFrom<String> for CertificateThumbprint {
    type Error = NotACertificateThumbprint;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<CertificateThumbprint> for String {
    fn from(thumbprint: CertificateThumbprint) -> Self {
        thumbprint.to_string()
    }
}

impl fmt::Display for CertificateThumbprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&b64::encode_url(self.0))
    }
}

impl fmt::Debug for CertificateThumbprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CertificateThumbprint({self})")
    }
}

/// CNF-01: the connection was made with another certificate, or with none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the certificate of the connection is not the one that the token is bound to")]
pub struct OtherCertificate;

impl OtherCertificate {
    /// The stable code of this error.
    #[must_use]
    pub const fn code(self) -> &'static str {
        "pop.other_certificate"
    }
}

/// Checks that the connection was made with the certificate that a token is bound to.
///
/// `presented` is the DER of the client certificate of the connection, if there was one.
///
/// # Errors
/// [`OtherCertificate`] (CNF-01).
///
/// # Security
/// A false accept lets a stolen token be used over any connection. `presented` has to come from
/// what ended the TLS connection; a field that a sender can write proves nothing.
pub fn verify(
    presented: Option<&[u8]>,
    bound: CertificateThumbprint,
    danger: Danger,
) -> Result<Possession, OtherCertificate> {
    let same = presented.map(CertificateThumbprint::of_der) == Some(bound);
    // CNF-01
    if !same && danger.enforces(Check::CertificateBound) {
        return Err(OtherCertificate);
    }
    Ok(Possession::of(PossessionMethod::Certificate))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_certificate_itself_counts() {
        let bound = CertificateThumbprint::of_der(b"certificate");
        let verify = |presented| super::verify(presented, bound, Danger::NONE);
        assert_eq!(
            verify(Some(b"certificate")).map(Possession::method),
            Ok(PossessionMethod::Certificate)
        );
        assert_eq!(verify(Some(b"certificatf")), Err(OtherCertificate));
        assert_eq!(verify(None), Err(OtherCertificate));
    }

    #[test]
    fn a_thumbprint_has_one_text() {
        let thumbprint = CertificateThumbprint::of_der(b"");
        let text = thumbprint.to_string();
        assert_eq!(text, "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU");
        assert_eq!(text.parse(), Ok(thumbprint));
        for other in ["", &text[1..], &format!("{text}=")] {
            assert_eq!(other.parse::<CertificateThumbprint>(), Err(NotACertificateThumbprint));
        }
    }
}
