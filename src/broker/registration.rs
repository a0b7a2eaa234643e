//! Registering the device and user keys, and taking the device out again.
//!
//! The join body is one JWS by the device key over all facts and the transport key, so that no part
//! of it can be exchanged on the way (prt-protocol 9.3). A device that registers again keeps its
//! device key and id and brings a new transport key; only the device key can do that.

use http::Method;
use rand::Rng;

use super::dpop;
use super::requests::{self, Sender};
use super::{Broker, BrokerError, DeviceKeys, Registration};
use crate::base::Secret;
use crate::base::id::DeviceId;
use crate::jose::alg::SignatureAlgorithm;
use crate::jose::jws::Header;
use crate::keystore::Protection;
use crate::wire::answer::read_json;
use crate::wire::dpop::{TokenType, with_token};
use crate::wire::registration::{
    JoinAnswer, JoinClaims, JoinError, JoinRequest, KeyAnswer, KeyRequest,
};
use crate::wire::{Link, MAX_BODY, Response};

const STEP: &str = "device registration";

/// How the device joins: the number in `JoinType` (prt-protocol 1.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JoinType {
    /// Joined to the directory of a domain and of the cloud.
    Hybrid,
    /// Joined to the cloud's directory alone.
    Joined,
    /// The user's own device, registered.
    Registered,
}

impl JoinType {
    /// The number on the wire.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Hybrid => 6,
            Self::Joined => 0,
            Self::Registered => 4,
        }
    }
}

/// What a device says of itself when it joins. The provider can check none of it.
#[derive(Clone, Debug)]
pub struct JoinFacts {
    /// How it joins.
    pub join_type: JoinType,
    /// For example `Windows`.
    pub device_type: String,
    /// For example `10.0.26100`.
    pub os_version: String,
    /// Name shown to administrators.
    pub display_name: String,
    /// How it is being registered, for example `interactiveJoin`.
    pub method: String,
}

impl Broker {
    /// Registers the device, or registers it again with a new transport key.
    ///
    /// A device without keys gets them here. `access_token` is for the registration service; a broker
    /// that uses DPoP proves for it, so it has to be bound to the broker's own key. After a refusal
    /// the device is what it was before, but for keys it did not have.
    ///
    /// # Errors
    /// `broker.join_refused`, `broker.refused` for the nonce, `broker.unexpected` also if the answer
    /// names another key or device, `broker.key_store`.
    pub fn register(
        &mut self,
        link: &mut dyn Link,
        rng: &mut impl Rng,
        access_token: &Secret<String>,
        facts: &JoinFacts,
    ) -> Result<DeviceId, BrokerError> {
        if matches!(self.registration, Registration::Absent) {
            self.generate_keys(rng)?;
        }
        match self.registration {
            Registration::Registered(keys, device) => {
                let transport = self.store.generate_transport_key(rng);
                let fresh = DeviceKeys { transport, ..keys };
                let joined = self.join(link, access_token, facts, fresh, Some(device));
                let unused = if joined.is_ok() { keys.transport } else { transport };
                self.drop_key(unused);
                joined
            }
            Registration::Absent | Registration::Keys(_) => {
                let keys = self.keys()?;
                self.join(link, access_token, facts, keys, None)
            }
        }
    }

    /// Registers the public half of the user's key, which is made if there is none.
    ///
    /// # Errors
    /// `broker.not_registered`, `broker.join_refused`, `broker.unexpected`, `broker.key_store`.
    pub fn register_user_key(
        &mut self,
        link: &mut dyn Link,
        rng: &mut impl Rng,
        access_token: &Secret<String>,
        username: &str,
    ) -> Result<(), BrokerError> {
        const STEP: &str = "user key registration";
        let (_, device) = self.registered()?;
        let public = match self.user_keys.get(&super::user_entry(username)) {
            Some(&key) => self.public(key)?,
            None => self.generate_user_key(rng, username)?,
        };
        let body = KeyRequest { kngc: public.to_jwk(), device_id: device.to_string() };
        let url = format!("{}/EnrollmentServer/key/?api-version=1.0", self.settings.origin);
        let response = self.post_json(link, &url, access_token, &body)?;
        let answer: KeyAnswer = read_answer(STEP, &response)?;
        match answer.kid == public.thumbprint().to_string() {
            true => Ok(()),
            false => Err(BrokerError::unexpected(STEP, &response)),
        }
    }

    /// Takes the device out of the directory; then its keys and tokens are gone from here too.
    ///
    /// # Errors
    /// `broker.not_registered`, `broker.join_refused`, `broker.unexpected`, `broker.key_store`.
    pub fn unregister(&mut self, link: &mut dyn Link) -> Result<(), BrokerError> {
        let (keys, device) = self.registered()?;
        let nonce = self.nonce(link)?;
        let header = self.es256_header(keys.device)?;
        let payload = requests::payload(&requests::removal(device, &nonce));
        let proof = self.sign_with(keys.device, header, payload.expose_secret())?;
        let url = format!("{}/EnrollmentServer/device/{device}", self.settings.origin);
        let mut request = self.sender().request(Method::DELETE, &url)?;
        *request.body_mut() = proof.expose_secret().clone().into_bytes();
        let response = self.exchange(link, request);
        refusal("device removal", &response)?;
        self.forget_everything();
        self.drop_dpop_key();
        Ok(())
    }

    fn join(
        &mut self,
        link: &mut dyn Link,
        access_token: &Secret<String>,
        facts: &JoinFacts,
        keys: DeviceKeys,
        again: Option<DeviceId>,
    ) -> Result<DeviceId, BrokerError> {
        let nonce = self.nonce(link)?;
        let join_request = self.prepare_join(facts, keys, again, &nonce)?;
        let body = JoinRequest { join_request: join_request.expose_secret().clone() };
        let url = format!("{}/EnrollmentServer/device/?api-version=3.0", self.settings.origin);
        let response = self.post_json(link, &url, access_token, &body)?;
        let answer: JoinAnswer = read_answer(STEP, &response)?;
        let unexpected = || BrokerError::unexpected(STEP, &response);
        let device: DeviceId = answer.device_id.parse().map_err(|_| unexpected())?;
        let ours = self.public(keys.device)?.thumbprint().to_string();
        if answer.certificate.thumbprint != ours || again.is_some_and(|known| known != device) {
            return Err(unexpected());
        }
        self.registration = Registration::Registered(keys, device);
        Ok(device)
    }

    /// The header carries the key itself: the provider does not know it yet.
    fn prepare_join(
        &mut self,
        facts: &JoinFacts,
        keys: DeviceKeys,
        again: Option<DeviceId>,
        nonce: &str,
    ) -> Result<Secret<String>, BrokerError> {
        let key_security = match self.store.protection() {
            Protection::Hardware => "Hardware",
            Protection::Software => "Software",
        };
        let claims = JoinClaims {
            request_nonce: Some(nonce.to_owned()),
            transport_key: self.public(keys.transport)?.to_jwk(),
            join_type: facts.join_type.number(),
            device_type: facts.device_type.clone(),
            os_version: facts.os_version.clone(),
            device_display_name: facts.display_name.clone(),
            registration_method: facts.method.clone(),
            key_security: key_security.to_owned(),
            device_id: again.map(|device| device.to_string()),
        };
        let header = Header {
            jwk: Some(self.public(keys.device)?.to_jwk()),
            ..Header::new(SignatureAlgorithm::Es256).with_typ("JWT")
        };
        self.sign_with(keys.device, header, requests::payload(&claims).expose_secret())
    }

    fn post_json(
        &mut self,
        link: &mut dyn Link,
        url: &str,
        access_token: &Secret<String>,
        body: &impl serde::Serialize,
    ) -> Result<Response, BrokerError> {
        let body = requests::payload(body).expose_secret().clone();
        let request = self.sender().post(url, "application/json", body)?;
        let token_type = self.settings.token_type;
        let request = with_token(request, token_type, access_token)?;
        match token_type {
            TokenType::Bearer => Ok(self.exchange(link, request)),
            TokenType::Dpop => dpop::exchange(self, link, request, Some(access_token)),
        }
    }

    fn sender(&self) -> Sender<'_> {
        Sender { user_agent: &self.settings.user_agent, client_version: None, client_sku: None }
    }
}

/// The registration service has an error body of its own (MS-DVRJ 2.2.3.1).
fn refusal(step: &'static str, response: &Response) -> Result<(), BrokerError> {
    if response.status().is_success() && response.body().len() <= MAX_BODY {
        return Ok(());
    }
    let body: Option<JoinError> = match response.body().len() {
        0..=MAX_BODY => read_json(response.body()).ok(),
        _ => None,
    };
    Err(match body {
        Some(error) => BrokerError::JoinRefused(Box::new(error)),
        None => BrokerError::unexpected(step, response),
    })
}

fn read_answer<T: serde::de::DeserializeOwned>(
    step: &'static str,
    response: &Response,
) -> Result<T, BrokerError> {
    refusal(step, response)?;
    read_json(response.body()).map_err(|_| BrokerError::unexpected(step, response))
}

#[cfg(test)]
mod tests {
    use http::StatusCode;

    use super::super::Protocol;
    use super::super::scripted::{
        ALICE, DEVICE, NOW, ORIGIN, Scripted, known_device, nonce, ok, refused, settings,
        signed_in, store,
    };
    use super::*;
    use crate::base::stream::Seed;
    use crate::base::{Check, Danger};
    use crate::jose::P256PublicKey;
    use crate::jose::jws::{UnverifiedJws, VerifyingKey};
    use crate::wire::answer::json_response;
    use crate::wire::registration::{Certificate, JoinUser, RemoveClaims};

    fn facts() -> JoinFacts {
        JoinFacts {
            join_type: JoinType::Joined,
            device_type: "Windows".to_owned(),
            os_version: "10.0.26100".to_owned(),
            display_name: "WIN-ALICE".to_owned(),
            method: "interactiveJoin".to_owned(),
        }
    }

    fn joined(key: &P256PublicKey, device: DeviceId) -> Response {
        let answer = JoinAnswer {
            certificate: Certificate { thumbprint: key.thumbprint().to_string() },
            user: JoinUser { upn: ALICE.to_owned() },
            device_id: device.to_string(),
        };
        json_response(StatusCode::OK, &answer)
    }

    fn join_refused() -> Response {
        let body = JoinError {
            error_type: "AuthorizationError".to_owned(),
            message: "no".to_owned(),
            trace_id: "t".to_owned(),
            time: NOW.to_string(),
        };
        json_response(StatusCode::BAD_REQUEST, &body)
    }

    /// The claims of the join body at `index`, signed by the key in its header.
    fn sent(link: &Scripted, index: usize) -> (P256PublicKey, JoinClaims) {
        let body: JoinRequest = read_json(link.sent[index].body()).unwrap();
        let jws = UnverifiedJws::parse(&body.join_request).unwrap();
        let key = P256PublicKey::from_jwk(jws.header().jwk.as_ref().unwrap()).unwrap();
        let verified =
            jws.verify(VerifyingKey::P256(&key), Check::RegistrationDeviceKey, Danger::NONE);
        (key.clone(), verified.unwrap().json().unwrap().into_inner())
    }

    #[test]
    fn a_new_device_signs_its_join_with_the_key_it_brings() {
        let mut rng = Seed(4).stream("device");
        let mut broker = Broker::new(store(Protection::Hardware), settings(Protocol::SessionKey));
        let (key, transport) = broker.generate_keys(&mut rng).unwrap();
        let mut link = Scripted::answering([nonce("n1"), joined(&key, DEVICE)]);
        let token = "at".into();
        assert_eq!(broker.register(&mut link, &mut rng, &token, &facts()).unwrap(), DEVICE);
        assert_eq!(broker.device_id(), Some(DEVICE));
        assert!(link.sent[1].uri().to_string().starts_with(&format!("{ORIGIN}/EnrollmentServer")));
        assert_eq!(link.sent[1].headers()["authorization"], "Bearer at");
        let (signer, claims) = sent(&link, 1);
        assert_eq!(signer, key);
        assert_eq!(P256PublicKey::from_jwk(&claims.transport_key).unwrap(), transport);
        assert_eq!((claims.join_type, claims.device_id), (0, None));
        assert_eq!(claims.request_nonce.as_deref(), Some("n1"));
        assert_eq!(claims.key_security, "Hardware");
    }

    #[test]
    fn again_it_keeps_its_device_key_and_brings_a_transport_key() {
        let (mut broker, far, mut rng) = known_device(Protocol::SessionKey);
        let mut link = Scripted::answering([nonce("n1"), joined(&far.device, DEVICE)]);
        broker.register(&mut link, &mut rng, &"at".into(), &facts()).unwrap();
        let (signer, claims) = sent(&link, 1);
        assert_eq!(signer, far.device);
        assert_eq!(claims.device_id, Some(DEVICE.to_string()));
        let transport = P256PublicKey::from_jwk(&claims.transport_key).unwrap();
        assert_ne!(transport, far.transport);
        let keys = broker.keys().unwrap();
        assert_eq!(broker.public(keys.transport).unwrap(), transport);
    }

    #[test]
    fn a_refused_second_registration_leaves_the_first() {
        let (mut broker, far, mut rng) = known_device(Protocol::SessionKey);
        let other = DeviceId::from_u128(0xbad);
        let answers = [
            (join_refused(), "broker.join_refused"),
            (ok("s3cret"), "broker.unexpected"),
            (joined(&far.transport, DEVICE), "broker.unexpected"),
            (joined(&far.device, other), "broker.unexpected"),
        ];
        for (answer, code) in answers {
            let mut link = Scripted::answering([nonce("n1"), answer]);
            let error = broker.register(&mut link, &mut rng, &"at".into(), &facts()).unwrap_err();
            assert_eq!(error.code(), code);
            assert!(!format!("{error} {error:?}").contains("s3cret"));
            let keys = broker.keys().unwrap();
            assert_eq!(broker.public(keys.transport).unwrap(), far.transport);
            assert_eq!(broker.device_id(), Some(DEVICE));
        }
        let mut link = Scripted::answering([refused(90002)]);
        let error = broker.register(&mut link, &mut rng, &"at".into(), &facts()).unwrap_err();
        assert_eq!(error.code(), "broker.refused");
    }

    #[test]
    fn removal_is_signed_and_takes_everything_along() {
        let (mut broker, far, _) = signed_in(Protocol::SessionKey);
        let mut link = Scripted::answering([nonce("n2"), join_refused()]);
        assert_eq!(broker.unregister(&mut link).unwrap_err().code(), "broker.join_refused");
        assert_eq!(broker.disk().prts.len(), 1);
        let mut link = Scripted::answering([nonce("n2"), ok("")]);
        broker.unregister(&mut link).unwrap();
        let text = std::str::from_utf8(link.sent[1].body()).unwrap();
        let jws = UnverifiedJws::parse(text).unwrap();
        let key = VerifyingKey::P256(&far.device);
        let verified = jws.verify(key, Check::RegistrationRemoval, Danger::NONE).unwrap();
        let claims: RemoveClaims = verified.json().unwrap().into_inner();
        assert_eq!(claims.device_id, DEVICE.to_string());
        assert!(broker.device_id().is_none() && broker.disk().prts.is_empty());
        assert_eq!(broker.unregister(&mut link).unwrap_err().code(), "broker.not_registered");
    }

    #[test]
    fn a_user_key_is_registered_under_its_thumbprint() {
        let (mut broker, far, mut rng) = known_device(Protocol::SessionKey);
        let key = broker.generate_user_key(&mut rng, ALICE).unwrap();
        let answer = |key: &P256PublicKey| {
            let kid = key.thumbprint().to_string();
            json_response(StatusCode::OK, &KeyAnswer { kid, upn: ALICE.to_owned() })
        };
        let mut link = Scripted::answering([answer(&key), answer(&far.device), join_refused()]);
        let mut register = || broker.register_user_key(&mut link, &mut rng, &"at".into(), ALICE);
        assert!(register().is_ok());
        assert_eq!(register().unwrap_err().code(), "broker.unexpected");
        assert_eq!(register().unwrap_err().code(), "broker.join_refused");
        let body: KeyRequest = read_json(link.sent[0].body()).unwrap();
        assert_eq!(P256PublicKey::from_jwk(&body.kngc).unwrap(), key);
    }
}
