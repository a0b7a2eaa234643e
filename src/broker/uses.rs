//! Using a PRT: access tokens for apps, refresh tokens issued through the broker, renewal.
//!
//! ```text
//! claims with the PRT or an app refresh token -> signed under a derived key or by the device key
//!     -> answer encrypted under another derived key, or to the transport key -> tokens
//! ```
//!
//! The app refresh tokens that come back stay in the broker's cache. They are bound like the PRT:
//! [`Broker::redeem_app_token`] signs for them under the same key.

use rand::Rng;

use super::exchange::{Asks, noted, success_text};
use super::loot::{CapturedKey, CapturedToken};
use super::requests::{self, UseFacts};
use super::{AnswerError, AppTokens, Broker, BrokerError, UseKey, WINDOWS_BROKER, user_entry};
use crate::base::id::AppId;
use crate::base::{Lifetime, Secret, Timestamp, b64, stream};
use crate::jose;
use crate::jose::jwe::UnopenedJwe;
use crate::jose::kdf::{Ctx, KdfVersion};
use crate::keystore::KeyHandle;
use crate::pop::session_key;
use crate::wire::answer::{TokenAnswer, read_json};
use crate::wire::dpop::TokenType;
use crate::wire::{Link, Response};

const STEP: &str = "token request";

/// What an app asks its broker for.
#[derive(Clone, Copy, Debug)]
pub struct AppRequest<'a> {
    /// The app.
    pub client: AppId,
    /// Its version, dotted decimal.
    pub client_version: Option<&'a str>,
    /// Which app it is, where several share an application id.
    pub client_sku: Option<&'a str>,
    /// The resource: an application id or an origin.
    pub resource: &'a str,
    /// Scope beside `openid`; with `aza` the PRT is renewed along the way.
    pub scope: &'a str,
}

/// A signed use that was built and not sent.
#[derive(Clone, Debug)]
pub struct PreparedUse {
    text: Secret<String>,
    opens: Opens,
}

/// What opens the answer to a use.
#[derive(Clone, Debug)]
enum Opens {
    Session(KeyHandle),
    Transport(KeyHandle, String),
}

impl PreparedUse {
    /// The compact JWS for the form field `request`.
    #[must_use]
    pub const fn text(&self) -> &Secret<String> {
        &self.text
    }
}

impl Broker {
    /// Gets tokens for an app with the user's PRT.
    ///
    /// # Errors
    /// `broker.no_prt`, `broker.refused`, `broker.unreadable`, `broker.unexpected`, and if it asks for
    /// DPoP tokens `broker.not_bound`.
    pub fn token(
        &mut self,
        link: &mut dyn Link,
        rng: &mut impl Rng,
        username: &str,
        ask: &AppRequest<'_>,
    ) -> Result<AppTokens, BrokerError> {
        self.held(username)?;
        self.ready_to_prove(rng)?;
        let nonce = self.nonce(link)?;
        let prepared = self.prepare_use(link.now(), rng, username, &nonce, ask)?;
        self.send_app_use(link, username, ask, &prepared)
    }

    /// Gets tokens for an app with a refresh token that was issued through this broker, inside a
    /// request signed as for the PRT it came from.
    ///
    /// # Errors
    /// As [`Broker::token`].
    pub fn redeem_app_token(
        &mut self,
        link: &mut dyn Link,
        rng: &mut impl Rng,
        username: &str,
        ask: &AppRequest<'_>,
        refresh_token: &Secret<String>,
    ) -> Result<AppTokens, BrokerError> {
        self.held(username)?;
        self.ready_to_prove(rng)?;
        let nonce = self.nonce(link)?;
        let now = link.now();
        let prepared = self.prepare_app_use(now, rng, username, &nonce, ask, refresh_token)?;
        self.send_app_use(link, username, ask, &prepared)
    }

    /// Exchanges the PRT for a new one under the same session key (prt-protocol 5.3).
    ///
    /// # Errors
    /// As [`Broker::token`].
    pub fn renew(
        &mut self,
        link: &mut dyn Link,
        rng: &mut impl Rng,
        username: &str,
    ) -> Result<(), BrokerError> {
        let token = self.held(username)?.token.clone();
        self.ready_to_prove(rng)?;
        let nonce = self.nonce(link)?;
        let facts =
            UseFacts { client: WINDOWS_BROKER, resource: None, scope: "aza", token: &token };
        let prepared = self.prepare(link.now(), rng, username, &nonce, &facts)?;
        let (answer, response) = self.send_use(link, None, &prepared)?;
        match self.adopt_prt(username, answer, link.now()) {
            Some(_) => Ok(()),
            None => Err(BrokerError::unexpected("renewal", &response)),
        }
    }

    /// Builds a use of the PRT and sends nothing.
    ///
    /// # Errors
    /// `broker.no_prt`, `broker.not_registered`, `broker.key_store`.
    pub fn prepare_use(
        &mut self,
        now: Timestamp,
        rng: &mut impl Rng,
        username: &str,
        nonce: &str,
        ask: &AppRequest<'_>,
    ) -> Result<PreparedUse, BrokerError> {
        let prt = self.held(username)?.token.clone();
        self.prepare_app_use(now, rng, username, nonce, ask, &prt)
    }

    /// Builds a use of a refresh token that was issued through this broker, and sends nothing.
    ///
    /// # Errors
    /// As [`Broker::prepare_use`].
    pub fn prepare_app_use(
        &mut self,
        now: Timestamp,
        rng: &mut impl Rng,
        username: &str,
        nonce: &str,
        ask: &AppRequest<'_>,
        token: &Secret<String>,
    ) -> Result<PreparedUse, BrokerError> {
        let (client, resource, scope) = (ask.client, Some(ask.resource), ask.scope);
        let facts = UseFacts { client, resource, scope, token };
        self.prepare(now, rng, username, nonce, &facts)
    }

    fn prepare(
        &mut self,
        now: Timestamp,
        rng: &mut impl Rng,
        username: &str,
        nonce: &str,
        facts: &UseFacts<'_>,
    ) -> Result<PreparedUse, BrokerError> {
        let claims = requests::prt_use(facts, nonce, now);
        match self.held(username)?.use_key {
            UseKey::Device => {
                let (keys, _) = self.registered()?;
                let apv = self.apv(keys, nonce)?;
                let jti = b64::encode_url(stream::octets::<16>(rng));
                let claims = requests::for_protocol_4(claims, jti, &apv);
                let header = self.es256_header(keys.device)?;
                let payload = requests::payload(&claims);
                let text = self.sign_with(keys.device, header, payload.expose_secret())?;
                Ok(PreparedUse { text, opens: Opens::Transport(keys.transport, apv) })
            }
            UseKey::Session(session) => {
                let payload = requests::payload(&claims);
                let text = self.sign_in_session(rng, username, session, payload.expose_secret())?;
                Ok(PreparedUse { text, opens: Opens::Session(session) })
            }
        }
    }

    /// HS256 under a key derived for this message. The derived key stays in memory a while.
    pub(super) fn sign_in_session(
        &mut self,
        rng: &mut impl Rng,
        username: &str,
        session: KeyHandle,
        payload: &[u8],
    ) -> Result<Secret<String>, BrokerError> {
        let ctx = Ctx::random(rng);
        let version = self.settings.kdf;
        let key = self.store.derive(session, version, &ctx, payload)?;
        let text = session_key::present(&key, &ctx, version, payload);
        let prt = self.held(username)?.token.clone();
        self.memory.keep_key(CapturedKey { ctx, version, key, prt });
        Ok(Secret::new(text))
    }

    /// Opens the answer to a use that this broker built.
    ///
    /// # Errors
    /// [`AnswerError`]: it is no such JWE, or was made for another session, key or request.
    pub fn open_answer(
        &mut self,
        prepared: &PreparedUse,
        answer: &str,
    ) -> Result<Secret<Vec<u8>>, AnswerError> {
        match &prepared.opens {
            Opens::Session(session) => self.open_session_answer(*session, answer),
            Opens::Transport(key, apv) => {
                Ok(Secret::new(self.store.open_answer(*key, answer, apv.as_bytes())?))
            }
        }
    }

    /// KDF v1 with the answer's own `ctx`: the payload cannot take part before it is read.
    fn open_session_answer(
        &mut self,
        session: KeyHandle,
        answer: &str,
    ) -> Result<Secret<Vec<u8>>, AnswerError> {
        let jwe = UnopenedJwe::parse(answer)?;
        let ctx = jwe.header().ctx.as_deref().ok_or(jose::Error::MalformedCtx)?;
        let ctx = Ctx::from_header(ctx)?;
        let key = self.store.derive(session, KdfVersion::V1, &ctx, &[])?;
        let plaintext = Secret::new(jwe.decrypt_dir(&key)?);
        let owner = self
            .prts
            .values()
            .find(|held| matches!(held.use_key, UseKey::Session(theirs) if theirs == session));
        if let Some(held) = owner {
            let prt = held.token.clone();
            self.memory.keep_key(CapturedKey { ctx, version: KdfVersion::V1, key, prt });
        }
        Ok(plaintext)
    }

    fn send_app_use(
        &mut self,
        link: &mut dyn Link,
        username: &str,
        ask: &AppRequest<'_>,
        prepared: &PreparedUse,
    ) -> Result<AppTokens, BrokerError> {
        let (answer, response) = self.send_use(link, Some(ask), prepared)?;
        let expected = || BrokerError::unexpected(STEP, &response);
        let tokens = match ask.scope.split_whitespace().any(|word| word == "aza") {
            true => self.adopt_prt(username, answer, link.now()),
            false => AppTokens::of(answer, self.settings.token_type),
        };
        let tokens = tokens.ok_or_else(expected)?;
        self.memory.keep_token(CapturedToken {
            client: ask.client,
            user: username.to_owned(),
            token: tokens.access_token.clone(),
        });
        let held = self.prts.get_mut(&user_entry(username));
        if let (Some(held), Some(token)) = (held, &tokens.refresh_token) {
            held.app_tokens.insert(ask.client, token.clone());
        }
        Ok(tokens)
    }

    fn send_use(
        &mut self,
        link: &mut dyn Link,
        app: Option<&AppRequest<'_>>,
        prepared: &PreparedUse,
    ) -> Result<(TokenAnswer, Response), BrokerError> {
        let response = self.post_signed(link, app, prepared.text(), Asks::WithProof)?;
        let opened = self.open_answer(prepared, success_text(STEP, &response)?);
        self.spend_elapsed(link);
        let plaintext = noted(link, opened)?;
        let answer: TokenAnswer = read_json(plaintext.expose_secret())
            .map_err(|_| BrokerError::unexpected(STEP, &response))?;
        match (self.settings.token_type, TokenType::of(&answer.token_type)) {
            (TokenType::Dpop, Some(TokenType::Dpop)) | (TokenType::Bearer, _) => {
                Ok((answer, response))
            }
            (TokenType::Dpop, _) => Err(BrokerError::NotBound),
        }
    }

    /// Before a request that needs a proof: there is a key for it.
    fn ready_to_prove(&mut self, rng: &mut impl Rng) -> Result<(), BrokerError> {
        match self.settings.token_type {
            TokenType::Bearer => Ok(()),
            TokenType::Dpop => self.ensure_dpop_key(rng).map(|_| ()),
        }
    }

    /// With `aza`, the refresh token of the answer is a new PRT; session key and app tokens stay.
    fn adopt_prt(
        &mut self,
        username: &str,
        answer: TokenAnswer,
        now: Timestamp,
    ) -> Option<AppTokens> {
        let lifetime = Lifetime::from_secs(answer.refresh_token_expires_in?);
        let mut tokens = AppTokens::of(answer, self.settings.token_type)?;
        let held = self.prts.get_mut(&user_entry(username))?;
        held.token = tokens.refresh_token.take()?;
        held.expires = now + lifetime;
        Some(tokens)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Protocol;
    use super::super::scripted::{
        ALICE, Far, NOW, Scripted, known_device, nonce, ok, refused, signed_in, tokens, under,
    };
    use super::*;
    use crate::base::{Check, Danger};
    use crate::jose::jws::{UnverifiedJws, VerifyingKey};
    use crate::jose::kdf::SessionKey;
    use crate::pop::session_key::AcceptedKdf;
    use crate::wire::claims::PrtUse;

    const BOTH: [Protocol; 2] = [Protocol::SessionKey, Protocol::DeviceKey];
    const ASK: AppRequest<'_> = AppRequest {
        client: AppId::from_u128(0xa),
        client_version: Some("16.0.1"),
        client_sku: Some("outlook"),
        resource: "https://outlook.lab.example",
        scope: "offline_access",
    };

    /// The claims of a use, once its signature is found right.
    fn claims(protocol: Protocol, far: &Far, text: &str) -> PrtUse {
        let jws = UnverifiedJws::parse(text).unwrap();
        let verified = match protocol {
            Protocol::DeviceKey => {
                let key = VerifyingKey::P256(&far.device);
                jws.verify(key, Check::PrtUseDeviceSignature, Danger::NONE).unwrap()
            }
            Protocol::SessionKey => {
                let read = session_key::read_header(jws.header(), AcceptedKdf::V2, Danger::NONE);
                session_key::verify(jws, &read.unwrap(), &far.session, Danger::NONE).unwrap().0
            }
        };
        verified.json().unwrap().into_inner()
    }

    #[test]
    fn a_use_is_signed_and_its_answer_opened() {
        for protocol in BOTH {
            let (mut broker, mut far, mut rng) = signed_in(protocol);
            let answer = far.use_answer(protocol, "n2", &tokens(Some("app-rt")));
            let mut link = Scripted::answering([nonce("n2"), answer]);
            let got = broker.token(&mut link, &mut rng, ALICE, &ASK).unwrap();
            assert_eq!(got.access_token.expose_secret(), "access");
            assert_eq!(got.refresh_token, Some("app-rt".into()));
            assert_eq!(link.sent[1].headers()["x-client-ver"], "16.0.1");
            assert_eq!(link.sent[1].headers()["x-client-sku"], "outlook");
            assert!(link.sent[0].headers().get("x-client-ver").is_none());
            let sent = claims(protocol, &far, &link.signed(1));
            assert_eq!(sent.refresh_token, "sealed-prt");
            assert_eq!(sent.grant_type.as_deref(), Some("refresh_token"));
            assert_eq!(sent.scope, "openid offline_access");
            assert_eq!(sent.request_nonce.as_deref(), Some("n2"));
            assert_eq!(sent.exp.unwrap().0, NOW + requests::REQUEST_LIFETIME);
            let four = protocol == Protocol::DeviceKey;
            assert_eq!(sent.purpose.as_deref(), four.then_some("prt_usage"));
            assert_eq!(sent.jti.is_some() && sent.jwe_crypto.is_some(), four);
        }
    }

    #[test]
    fn an_app_token_is_redeemed_under_the_same_key() {
        for protocol in BOTH {
            let (mut broker, mut far, mut rng) = signed_in(protocol);
            let answer = far.use_answer(protocol, "n2", &tokens(Some("app-rt-2")));
            let mut link = Scripted::answering([nonce("n2"), answer]);
            broker.redeem_app_token(&mut link, &mut rng, ALICE, &ASK, &"app-rt".into()).unwrap();
            assert_eq!(claims(protocol, &far, &link.signed(1)).refresh_token, "app-rt");
            let stored = broker.disk().app_refresh_tokens;
            assert_eq!(stored[0].token.expose_secret(), "app-rt-2");
        }
    }

    #[test]
    fn a_renewal_takes_a_new_prt_and_keeps_the_session() {
        for protocol in BOTH {
            let (mut broker, mut far, mut rng) = signed_in(protocol);
            let answer = far.use_answer(protocol, "n2", &tokens(Some("prt-2")));
            let mut link = Scripted::answering([nonce("n2"), answer]);
            broker.renew(&mut link, &mut rng, ALICE).unwrap();
            let sent = claims(protocol, &far, &link.signed(1));
            assert_eq!((sent.scope.as_str(), sent.resource), ("openid aza", None));
            assert_eq!(broker.disk().prts[0].1.expose_secret(), "prt-2");
            let next = broker.prepare_use(NOW, &mut rng, ALICE, "n3", &ASK).unwrap();
            let next = claims(protocol, &far, next.text().expose_secret());
            assert_eq!(next.refresh_token, "prt-2");
        }
    }

    #[test]
    fn with_aza_the_refresh_token_of_an_answer_is_a_prt() {
        let (mut broker, mut far, mut rng) = signed_in(Protocol::SessionKey);
        let answer = far.use_answer(Protocol::SessionKey, "n2", &tokens(Some("prt-2")));
        let mut link = Scripted::answering([nonce("n2"), answer]);
        let ask = AppRequest { scope: "aza", ..ASK };
        let got = broker.token(&mut link, &mut rng, ALICE, &ask).unwrap();
        assert!(got.refresh_token.is_none() && broker.disk().app_refresh_tokens.is_empty());
        assert_eq!(broker.disk().prts[0].1.expose_secret(), "prt-2");
    }

    /// One use under `protocol` with nonce `n2`, answered with `answer`: what is refused.
    fn refusal(
        protocol: Protocol,
        answer: impl FnOnce(&mut Far) -> Response,
    ) -> (BrokerError, Vec<Check>) {
        let (mut broker, mut far, mut rng) = signed_in(protocol);
        let mut link = Scripted::answering([nonce("n2"), answer(&mut far)]);
        let error = broker.token(&mut link, &mut rng, ALICE, &ASK).unwrap_err();
        assert!(broker.memory().access_tokens.is_empty());
        (error, link.noted)
    }

    fn shut(protocol: Protocol, because: &str, answer: impl FnOnce(&mut Far) -> Response) {
        let (error, noted) = refusal(protocol, answer);
        let BrokerError::Unreadable(reason) = error else { panic!("{error:?}") };
        assert_eq!((reason.code(), noted), (because, vec![Check::ResponseUnreadable]));
    }

    #[test]
    fn an_answer_under_another_session_stays_shut() {
        shut(Protocol::SessionKey, "jose.not_opened", |far| {
            let other = SessionKey::generate(&mut far.rng);
            ok(under(&other, &mut far.rng, b"{}"))
        });
    }

    #[test]
    fn an_answer_to_another_request_stays_shut_in_protocol_4() {
        shut(Protocol::DeviceKey, "jose.party_info_mismatch", |far| {
            far.use_answer(Protocol::DeviceKey, "n1", &tokens(None))
        });
    }

    #[test]
    fn a_plain_answer_is_not_taken() {
        let plain = |_: &mut Far| ok(serde_json::to_vec(&tokens(None)).unwrap());
        for protocol in BOTH {
            shut(protocol, "jose.part_count", plain);
        }
    }

    #[test]
    fn an_answer_without_ctx_is_refused() {
        shut(Protocol::SessionKey, "jose.malformed_ctx", |_| {
            let header = b64::encode_url(br#"{"alg":"dir","enc":"A256GCM"}"#);
            ok(format!("{header}..{}.AA.{}", b64::encode_url([0; 12]), b64::encode_url([0; 16])))
        });
    }

    #[test]
    fn garbage_inside_or_outside_is_refused_without_a_word_of_it() {
        let answers: [fn(&mut Far) -> Response; 4] = [
            |far| ok(under(&far.session, &mut far.rng, b"s3cret {")),
            |far| {
                let answer = TokenAnswer { token_type: "mac".to_owned(), ..tokens(None) };
                far.use_answer(Protocol::SessionKey, "n2", &answer)
            },
            |_| ok(vec![0xff; 9]),
            |_| http::Response::builder().status(500).body(b"s3cret".to_vec()).unwrap(),
        ];
        for answer in answers {
            let (error, _) = refusal(Protocol::SessionKey, answer);
            assert_eq!(error.code(), "broker.unexpected");
            assert!(!format!("{error} {error:?}").contains("s3cret"));
        }
    }

    #[test]
    fn an_error_body_is_plain_and_passed_on() {
        let (error, noted) = refusal(Protocol::SessionKey, |_| refused(530_084));
        assert_eq!(error.refusal().unwrap().error_codes, [530_084]);
        assert!(noted.is_empty());
    }

    #[test]
    fn a_renewal_without_a_prt_changes_nothing() {
        let (mut broker, mut far, mut rng) = signed_in(Protocol::SessionKey);
        let answer = far.use_answer(Protocol::SessionKey, "n2", &tokens(None));
        let mut link = Scripted::answering([nonce("n2"), answer]);
        let error = broker.renew(&mut link, &mut rng, ALICE).unwrap_err();
        assert_eq!(error.code(), "broker.unexpected");
        assert_eq!(broker.disk().prts[0].1.expose_secret(), "sealed-prt");
    }

    #[test]
    fn without_a_prt_nothing_is_asked() {
        let (mut broker, _, mut rng) = known_device(Protocol::SessionKey);
        let error = broker.token(&mut Scripted::answering([]), &mut rng, ALICE, &ASK).unwrap_err();
        assert_eq!(
            error.to_string(),
            "there is no primary refresh token for `alice@contoso.example`"
        );
    }
}
