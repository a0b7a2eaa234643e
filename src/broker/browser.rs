//! Credentials for the authorize step: the PRT for a browser, the device for any app.
//!
//! Both are signed texts that travel in a header. Nothing ties them to the browser they were made
//! for: whoever has one can send it from anywhere until its nonce is stale. The caller brings the
//! nonce, which the sign-in page gave out as `sso_nonce`; whether that page was the provider's is
//! the caller's affair, as it is of the native host that real browsers ask.

use rand::Rng;

use super::requests;
use super::{Broker, BrokerError, Protocol, UseKey};
use crate::base::Secret;
use crate::wire::Link;

impl Broker {
    /// `x-ms-RefreshTokenCredential` for a browser of this user, and the time it took.
    ///
    /// # Errors
    /// As [`Broker::prepare_browser_credential`].
    pub fn browser_credential(
        &mut self,
        link: &mut dyn Link,
        rng: &mut impl Rng,
        username: &str,
        nonce: &str,
    ) -> Result<Secret<String>, BrokerError> {
        let credential = self.prepare_browser_credential(rng, username, nonce)?;
        self.spend_elapsed(link);
        Ok(credential)
    }

    /// `x-ms-DeviceCredential`, and the time it took.
    ///
    /// # Errors
    /// As [`Broker::prepare_device_credential`].
    pub fn device_credential(
        &mut self,
        link: &mut dyn Link,
        nonce: &str,
    ) -> Result<Secret<String>, BrokerError> {
        let credential = self.prepare_device_credential(nonce)?;
        self.spend_elapsed(link);
        Ok(credential)
    }

    /// Builds a browser credential: the PRT, signed as a use is but for another purpose.
    ///
    /// # Errors
    /// `broker.no_prt`, `broker.key_store`, and in protocol 4 `broker.not_registered`.
    pub fn prepare_browser_credential(
        &mut self,
        rng: &mut impl Rng,
        username: &str,
        nonce: &str,
    ) -> Result<Secret<String>, BrokerError> {
        let held = self.held(username)?;
        let (prt, use_key) = (held.token.clone(), held.use_key);
        match use_key {
            UseKey::Device => {
                let (keys, _) = self.registered()?;
                let claims = requests::browser_credential(&prt, nonce, Protocol::DeviceKey);
                let header = self.es256_header(keys.device)?;
                let payload = requests::payload(&claims);
                self.sign_with(keys.device, header, payload.expose_secret())
            }
            UseKey::Session(session) => {
                let claims = requests::browser_credential(&prt, nonce, Protocol::SessionKey);
                let payload = requests::payload(&claims);
                self.sign_in_session(rng, username, session, payload.expose_secret())
            }
        }
    }

    /// Builds a device credential: it proves this device and says nothing of a user.
    ///
    /// # Errors
    /// `broker.not_registered`, `broker.key_store`.
    pub fn prepare_device_credential(
        &mut self,
        nonce: &str,
    ) -> Result<Secret<String>, BrokerError> {
        let (keys, _) = self.registered()?;
        let header = self.es256_header(keys.device)?;
        let payload = requests::payload(&requests::device_credential(nonce));
        self.sign_with(keys.device, header, payload.expose_secret())
    }
}

#[cfg(test)]
mod tests {
    use super::super::scripted::{ALICE, Scripted, known_device, signed_in};
    use super::*;
    use crate::base::{Check, Danger};
    use crate::jose::jws::{UnverifiedJws, VerifyingKey};
    use crate::pop::session_key::{self, AcceptedKdf};
    use crate::wire::claims::Credential;

    #[test]
    fn a_browser_credential_is_a_use_for_another_purpose() {
        let (mut broker, far, mut rng) = signed_in(Protocol::SessionKey);
        let mut link = Scripted::answering([]);
        let text = broker.browser_credential(&mut link, &mut rng, ALICE, "n").unwrap();
        let jws = UnverifiedJws::parse(text.expose_secret()).unwrap();
        let read = session_key::read_header(jws.header(), AcceptedKdf::V2, Danger::NONE).unwrap();
        let (verified, _) = session_key::verify(jws, &read, &far.session, Danger::NONE).unwrap();
        let claims: Credential = verified.json().unwrap().into_inner();
        assert_eq!(claims.refresh_token.as_deref(), Some("sealed-prt"));
        assert_eq!(claims.is_primary.as_deref(), Some("true"));
        assert_eq!(claims.request_nonce.as_deref(), Some("n"));
        assert_eq!((claims.grant_type, claims.purpose), (None, None));
        assert!(link.spent.0 > 0);
    }

    #[test]
    fn in_protocol_4_the_device_key_signs_it_and_it_says_browser_sso() {
        let (mut broker, far, mut rng) = signed_in(Protocol::DeviceKey);
        let text = broker.prepare_browser_credential(&mut rng, ALICE, "n").unwrap();
        let jws = UnverifiedJws::parse(text.expose_secret()).unwrap();
        let key = VerifyingKey::P256(&far.device);
        let verified = jws.verify(key, Check::PrtUseDeviceSignature, Danger::NONE).unwrap();
        let claims: Credential = verified.json().unwrap().into_inner();
        assert_eq!(claims.purpose.as_deref(), Some("browser_sso"));
    }

    #[test]
    fn a_device_credential_names_no_user() {
        let (mut broker, far, _) = known_device(Protocol::SessionKey);
        let mut link = Scripted::answering([]);
        let text = broker.device_credential(&mut link, "n").unwrap();
        let jws = UnverifiedJws::parse(text.expose_secret()).unwrap();
        assert_eq!(jws.header().kid, Some(far.device.thumbprint().to_string()));
        let key = VerifyingKey::P256(&far.device);
        let verified = jws.verify(key, Check::DeviceCredentialSignature, Danger::NONE).unwrap();
        let claims: Credential = verified.json().unwrap().into_inner();
        assert_eq!(claims.grant_type.as_deref(), Some("device_auth"));
        assert_eq!((claims.refresh_token, claims.is_primary), (None, None));
    }

    #[test]
    fn there_is_none_without_a_prt_or_a_registration() {
        let (mut broker, _, mut rng) = known_device(Protocol::SessionKey);
        let error = broker.prepare_browser_credential(&mut rng, ALICE, "n").unwrap_err();
        assert_eq!(error.code(), "broker.no_prt");
        broker.generate_keys(&mut rng).unwrap();
        let error = broker.prepare_device_credential("n").unwrap_err();
        assert_eq!(error.code(), "broker.not_registered");
    }
}
