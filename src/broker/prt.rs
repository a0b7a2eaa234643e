//! Asking for a PRT: three ways to authenticate the user, one signed request, one answer.
//!
//! ```text
//! nonce -> claims -> ES256 by the device key -> answer
//!     session key: PRT in plain JSON, session key wrapped to the transport key
//!     protocol 4:  the whole answer encrypted to the transport key
//! ```

use std::collections::BTreeMap;

use super::exchange::{Asks, noted, success_body, success_text};
use super::requests::{self, UserProof};
use super::{AnswerError, Broker, BrokerError, DeviceKeys, HeldPrt, Protocol, UseKey, user_entry};
use crate::base::{Lifetime, Secret, Timestamp};
use crate::jose::alg::SignatureAlgorithm;
use crate::jose::jws::Header;
use crate::wire::answer::{PrtAnswer, read_json};
use crate::wire::{Link, Response};

const STEP: &str = "PRT request";

impl Broker {
    /// Gets a PRT with a password, and a second factor if one was typed.
    ///
    /// # Errors
    /// `broker.not_registered`, `broker.refused`, `broker.unreadable`, `broker.unexpected`.
    pub fn prt_with_password(
        &mut self,
        link: &mut dyn Link,
        username: &str,
        password: &Secret<String>,
        otc: Option<String>,
    ) -> Result<(), BrokerError> {
        let proof = UserProof::Password { password: password.clone(), otc };
        self.request_prt(link, username, Asks::ForNoAccessToken, |_, _, _| Ok(proof))
    }

    /// Gets a PRT with a refresh token that was issued to the authentication broker. One that was
    /// obtained with a DPoP proof is bound to that key, which has to be this broker's.
    ///
    /// # Errors
    /// As [`Broker::prt_with_password`].
    pub fn prt_with_refresh_token(
        &mut self,
        link: &mut dyn Link,
        username: &str,
        refresh_token: &Secret<String>,
    ) -> Result<(), BrokerError> {
        let proof = UserProof::RefreshToken(refresh_token.clone());
        self.request_prt(link, username, Asks::WithProof, |_, _, _| Ok(proof))
    }

    /// Gets a PRT with the user key of this device: the user's gesture, as with Windows Hello.
    ///
    /// # Errors
    /// As [`Broker::prt_with_password`], and `broker.no_user_key`.
    pub fn prt_with_user_key(
        &mut self,
        link: &mut dyn Link,
        username: &str,
    ) -> Result<(), BrokerError> {
        self.request_prt(link, username, Asks::ForNoAccessToken, |broker, now, nonce| {
            broker.prepare_assertion(now, username, nonce).map(UserProof::Assertion)
        })
    }

    /// Builds an assertion by the user key, good for the request that carries the same nonce.
    ///
    /// # Errors
    /// `broker.no_user_key`, `broker.key_store`.
    pub fn prepare_assertion(
        &mut self,
        now: Timestamp,
        username: &str,
        nonce: &str,
    ) -> Result<Secret<String>, BrokerError> {
        let Some(&key) = self.user_keys.get(&user_entry(username)) else {
            return Err(BrokerError::NoUserKey { username: username.to_owned() });
        };
        let header = Header { key_use: Some("ngc".to_owned()), ..self.es256_header(key)? };
        let claims = requests::user_assertion(username, &self.settings.issuer, nonce, now);
        self.sign_with(key, header, requests::payload(&claims).expose_secret())
    }

    /// Builds a PRT request and sends nothing.
    ///
    /// # Errors
    /// `broker.not_registered`, `broker.key_store`.
    pub fn prepare_prt_request(
        &mut self,
        username: &str,
        proof: &UserProof,
        nonce: &str,
    ) -> Result<Secret<String>, BrokerError> {
        let (keys, _) = self.registered()?;
        let apv = self.apv(keys, nonce)?;
        let protocol = self.settings.protocol;
        let claims = requests::prt_request(username, proof, nonce, protocol, &apv);
        let header = self.es256_header(keys.device)?;
        self.sign_with(keys.device, header, requests::payload(&claims).expose_secret())
    }

    fn request_prt(
        &mut self,
        link: &mut dyn Link,
        username: &str,
        asks: Asks,
        proof: impl FnOnce(&mut Self, Timestamp, &str) -> Result<UserProof, BrokerError>,
    ) -> Result<(), BrokerError> {
        let (keys, _) = self.registered()?;
        let nonce = self.nonce(link)?;
        let proof = proof(self, link.now(), &nonce)?;
        let request = self.prepare_prt_request(username, &proof, &nonce)?;
        let response = self.post_signed(link, None, &request, asks)?;
        let apv = self.apv(keys, &nonce)?;
        let (answer, use_key) = match self.settings.protocol {
            Protocol::DeviceKey => self.open_whole_answer(link, keys, &apv, &response)?,
            Protocol::SessionKey => self.open_session_key(link, keys, &apv, &response)?,
        };
        self.spend_elapsed(link);
        self.keep_prt(username, answer, use_key, link.now());
        Ok(())
    }

    fn open_session_key(
        &mut self,
        link: &mut dyn Link,
        keys: DeviceKeys,
        apv: &str,
        response: &Response,
    ) -> Result<(PrtAnswer, UseKey), BrokerError> {
        let answer = read_prt_answer(success_body(STEP, response)?, response)?;
        let Some(jwe) = &answer.session_key_jwe else {
            return Err(BrokerError::unexpected(STEP, response));
        };
        let opened = self.store.unwrap_session_key(keys.transport, jwe, apv.as_bytes());
        let session = noted(link, opened.map_err(AnswerError::KeyStore))?;
        Ok((answer, UseKey::Session(session)))
    }

    fn open_whole_answer(
        &mut self,
        link: &mut dyn Link,
        keys: DeviceKeys,
        apv: &str,
        response: &Response,
    ) -> Result<(PrtAnswer, UseKey), BrokerError> {
        let jwe = success_text(STEP, response)?;
        let opened = self.store.open_answer(keys.transport, jwe, apv.as_bytes());
        let plaintext = Secret::new(noted(link, opened.map_err(AnswerError::KeyStore))?);
        Ok((read_prt_answer(plaintext.expose_secret(), response)?, UseKey::Device))
    }

    /// The new PRT takes the place of an earlier one; the earlier session key and the app tokens
    /// under it are of no more use.
    fn keep_prt(&mut self, username: &str, answer: PrtAnswer, use_key: UseKey, now: Timestamp) {
        let held = HeldPrt {
            username: username.to_owned(),
            token: Secret::new(answer.refresh_token),
            expires: now + Lifetime::from_secs(answer.refresh_token_expires_in),
            use_key,
            app_tokens: BTreeMap::new(),
        };
        let earlier = self.prts.insert(user_entry(username), held);
        if let Some(UseKey::Session(key)) = earlier.map(|held| held.use_key) {
            self.drop_key(key);
        }
    }

    pub(super) fn apv(&self, keys: DeviceKeys, nonce: &str) -> Result<String, BrokerError> {
        Ok(requests::apv(&self.public(keys.transport)?.thumbprint(), nonce))
    }

    /// `kid` is the key's thumbprint: it names the registered key and replaces `x5c`.
    pub(super) fn es256_header(
        &self,
        key: crate::keystore::KeyHandle,
    ) -> Result<Header, BrokerError> {
        let kid = self.public(key)?.thumbprint();
        Ok(Header::new(SignatureAlgorithm::Es256).with_typ("JWT").with_kid(kid))
    }
}

fn read_prt_answer(body: &[u8], response: &Response) -> Result<PrtAnswer, BrokerError> {
    let unexpected = || BrokerError::unexpected(STEP, response);
    let answer: PrtAnswer = read_json(body).map_err(|_| unexpected())?;
    match answer.token_type.as_str() {
        "pop" => Ok(answer),
        _ => Err(unexpected()),
    }
}

#[cfg(test)]
mod tests {
    use http::StatusCode;

    use super::super::scripted::{
        ALICE, Far, ISSUER, Scripted, known_device, nonce, ok, prt, refused, signed_in,
    };
    use super::*;
    use crate::base::{Check, Danger, b64};
    use crate::jose::AgreementKey;
    use crate::jose::jws::{UnverifiedJws, VerifyingKey};
    use crate::wire::answer::json_response;
    use crate::wire::claims::{PrtRequest, UserAssertion};

    const BOTH: [Protocol; 2] = [Protocol::SessionKey, Protocol::DeviceKey];

    /// The claims of a text that the key signed.
    fn claims<T: serde::de::DeserializeOwned>(text: &str, key: &crate::jose::P256PublicKey) -> T {
        let jws = UnverifiedJws::parse(text).unwrap();
        assert_eq!(jws.header().kid, Some(key.thumbprint().to_string()));
        let key = VerifyingKey::P256(key);
        let verified = jws.verify(key, Check::PrtRequestSignature, Danger::NONE).unwrap();
        verified.json().unwrap().into_inner()
    }

    #[test]
    fn a_password_request_is_signed_by_the_device_and_carries_the_nonce() {
        for protocol in BOTH {
            let (mut broker, mut far, _) = known_device(protocol);
            let answer = far.prt_answer(protocol, "n1");
            let mut link = Scripted::answering([nonce("n1"), answer]);
            let otc = Some("123456".to_owned());
            broker.prt_with_password(&mut link, ALICE, &"pw".into(), otc).unwrap();
            assert_eq!(link.form(0).encode(), "grant_type=srv_challenge");
            assert_eq!(link.sent[1].uri(), format!("{ISSUER}/oauth2/token").as_str());
            assert_eq!(link.sent[1].headers()["user-agent"], "Broker (Windows NT 10.0)");
            let sent: PrtRequest = claims(&link.signed(1), &far.device);
            assert_eq!(sent.client_id, "38aa3b87-a06d-4817-b275-7a316988d93b");
            assert_eq!(
                (sent.scope.as_str(), sent.username.as_deref()),
                ("openid aza", Some(ALICE))
            );
            assert_eq!(sent.request_nonce.as_deref(), Some("n1"));
            assert_eq!(sent.otc.as_deref(), Some("123456"));
            let asked = sent.jwe_crypto.map(|asked| asked.apv);
            let apv = b64::encode_url(format!("{}.n1", far.transport.thumbprint()));
            assert_eq!(asked, (protocol == Protocol::DeviceKey).then_some(apv));
            assert!(broker.prt_expires(&ALICE.to_uppercase()).is_some());
            assert!(link.spent.0 > 0, "the store's time passes on the device's clock");
        }
    }

    #[test]
    fn a_refresh_token_is_redeemed_as_the_authentication_broker() {
        let (mut broker, mut far, _) = known_device(Protocol::SessionKey);
        let answer = far.prt_answer(Protocol::SessionKey, "n1");
        let mut link = Scripted::answering([nonce("n1"), answer]);
        broker.prt_with_refresh_token(&mut link, ALICE, &"rt".into()).unwrap();
        let sent: PrtRequest = claims(&link.signed(1), &far.device);
        assert_eq!(sent.client_id, "29d9ed98-a469-4536-ade2-f981bc1d605e");
        assert_eq!(sent.refresh_token.as_deref(), Some("rt"));
    }

    #[test]
    fn a_user_key_signs_an_assertion_with_the_same_nonce() {
        let (mut broker, mut far, mut rng) = known_device(Protocol::SessionKey);
        let answer = far.prt_answer(Protocol::SessionKey, "n1");
        let mut link = Scripted::answering([nonce("n1")]);
        let without = broker.prt_with_user_key(&mut link, ALICE).unwrap_err();
        assert_eq!(without.code(), "broker.no_user_key");
        let key = broker.generate_user_key(&mut rng, ALICE).unwrap();
        let mut link = Scripted::answering([nonce("n1"), answer]);
        broker.prt_with_user_key(&mut link, ALICE).unwrap();
        let sent: PrtRequest = claims(&link.signed(1), &far.device);
        let assertion = sent.assertion.unwrap();
        let header = UnverifiedJws::parse(&assertion).unwrap().header().clone();
        assert_eq!(header.key_use.as_deref(), Some("ngc"));
        let inner: UserAssertion = claims(&assertion, &key);
        assert_eq!((inner.iss.as_str(), inner.aud.as_str()), (ALICE, ISSUER));
        assert_eq!(inner.request_nonce, sent.request_nonce);
    }

    /// One PRT request under `protocol` with nonce `n1`, answered with `answer`: what is refused.
    fn refusal(
        protocol: Protocol,
        answer: impl FnOnce(&mut Far) -> Response,
    ) -> (BrokerError, Vec<Check>) {
        let (mut broker, mut far, _) = known_device(protocol);
        let mut link = Scripted::answering([nonce("n1"), answer(&mut far)]);
        let error = broker.prt_with_password(&mut link, ALICE, &"pw".into(), None).unwrap_err();
        assert!(broker.prt_expires(ALICE).is_none() && broker.disk().prts.is_empty());
        (error, link.noted)
    }

    fn shut(protocol: Protocol, because: &str, answer: impl FnOnce(&mut Far) -> Response) {
        let (error, noted) = refusal(protocol, answer);
        let BrokerError::Unreadable(reason) = error else { panic!("{error:?}") };
        assert_eq!((reason.code(), noted), (because, vec![Check::ResponseUnreadable]));
    }

    fn session_key(jwe: String) -> Response {
        json_response(StatusCode::OK, &prt(Some(jwe)))
    }

    #[test]
    fn an_answer_for_another_key_stays_shut() {
        for protocol in BOTH {
            shut(protocol, "jose.not_opened", |far| {
                let other = AgreementKey::generate(&mut far.rng).public_key().clone();
                let apv = requests::apv(&far.transport.thumbprint(), "n1");
                let jwe = match protocol {
                    Protocol::DeviceKey => {
                        let json = serde_json::to_vec(&prt(None)).unwrap();
                        return ok(far.encrypted_for(&other, &apv, &json));
                    }
                    Protocol::SessionKey => far.encrypted_for(&other, &apv, &[7; 32]),
                };
                session_key(jwe)
            });
        }
    }

    #[test]
    fn an_answer_to_another_request_stays_shut() {
        for protocol in BOTH {
            shut(protocol, "jose.party_info_mismatch", |far| far.prt_answer(protocol, "n0"));
        }
    }

    #[test]
    fn a_session_key_of_another_length_is_refused() {
        for octets in [0, 16, 31, 33] {
            shut(Protocol::SessionKey, "jose.session_key_length", |far| {
                session_key(far.encrypted("n1", &vec![7; octets]))
            });
        }
    }

    #[test]
    fn an_answer_of_the_other_protocol_is_refused() {
        let answer = |far: &mut Far| far.prt_answer(Protocol::SessionKey, "n1");
        shut(Protocol::DeviceKey, "jose.not_base64url", answer);
        let (error, _) =
            refusal(Protocol::SessionKey, |far| far.prt_answer(Protocol::DeviceKey, "n1"));
        assert_eq!(error.code(), "broker.unexpected");
    }

    #[test]
    fn garbage_is_refused_without_a_word_of_it() {
        let answers: [fn(&mut Far) -> Response; 5] = [
            |_| ok("s3cret {"),
            |_| ok(vec![0xff; 9]),
            |_| ok(vec![b' '; crate::wire::MAX_BODY + 1]),
            |_| json_response(StatusCode::OK, &prt(None)),
            |far| {
                let jwe = far.wrapped("n1");
                let answer = PrtAnswer { token_type: "Bearer".to_owned(), ..prt(Some(jwe)) };
                json_response(StatusCode::OK, &answer)
            },
        ];
        for answer in answers {
            let (error, _) = refusal(Protocol::SessionKey, answer);
            assert_eq!(error.code(), "broker.unexpected");
            assert!(!format!("{error} {error:?}").contains("s3cret"));
        }
        let (error, _) = refusal(Protocol::DeviceKey, |far| ok(far.encrypted("n1", b"s3cret {")));
        assert_eq!(error.code(), "broker.unexpected");
    }

    #[test]
    fn a_refusal_is_passed_on_with_its_codes() {
        let (error, noted) = refusal(Protocol::SessionKey, |_| refused(50126));
        assert_eq!(error.refusal().unwrap().error_codes, [50126]);
        assert_eq!(error.to_string(), "the provider refused: `invalid_grant` [50126]");
        assert!(noted.is_empty());
        let (error, _) = refusal(Protocol::SessionKey, |_| {
            http::Response::builder().status(502).body(b"<html>".to_vec()).unwrap()
        });
        assert!(matches!(error, BrokerError::Unexpected { status: 502, .. }));
    }

    #[test]
    fn without_a_nonce_nothing_is_signed() {
        let long = "n".repeat(513);
        for answer in [nonce(""), nonce(&long), ok("{}"), ok(r#"{"nonce":"n1"}"#)] {
            let (mut broker, ..) = known_device(Protocol::SessionKey);
            let mut link = Scripted::answering([answer]);
            let error = broker.prt_with_password(&mut link, ALICE, &"pw".into(), None).unwrap_err();
            assert_eq!((error.code(), link.sent.len()), ("broker.unexpected", 1));
        }
    }

    #[test]
    fn a_failed_roll_leaves_the_prt_and_a_good_one_ends_the_app_tokens() {
        let (mut broker, mut far, _) = signed_in(Protocol::SessionKey);
        let client = crate::base::id::AppId::from_u128(1);
        let held = broker.prts.get_mut(ALICE).unwrap();
        held.app_tokens.insert(client, "app".into());
        let mut link = Scripted::answering([nonce("n2"), refused(50173)]);
        broker.prt_with_password(&mut link, ALICE, &"pw".into(), None).unwrap_err();
        assert_eq!(broker.disk().app_refresh_tokens.len(), 1);
        let answer = far.prt_answer(Protocol::SessionKey, "n2");
        let mut link = Scripted::answering([nonce("n2"), answer]);
        broker.prt_with_password(&mut link, ALICE, &"pw".into(), None).unwrap();
        assert!(broker.disk().app_refresh_tokens.is_empty());
    }

    #[test]
    fn an_unregistered_device_asks_for_nothing() {
        let (mut broker, ..) = known_device(Protocol::SessionKey);
        broker.forget_everything();
        let mut link = Scripted::answering([]);
        let error = broker.prt_with_password(&mut link, ALICE, &"pw".into(), None).unwrap_err();
        assert_eq!(error.code(), "broker.not_registered");
    }
}
