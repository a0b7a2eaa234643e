//! DPoP on the client's side (RFC 9449): a key in a key store, proofs under it, and the newest nonce
//! of each server.
//!
//! An app outside the broker has a key of its own ([`DpopClient`]), in a key store of the same kind
//! as its device's. Apps behind the broker have none: the broker makes the proofs of their token
//! requests and of their resource requests, under one key, and the key never leaves its store. Both
//! are a [`Prover`] to the code that sends.
//!
//! ```text
//! request --prove--> request with proof --exchange--> answer
//!              ^                                        | use_dpop_nonce, once
//!              +----------- with the server's nonce ----+
//! ```

use std::collections::BTreeMap;

use rand::{Rng, SeedableRng as _};

use super::{Broker, BrokerError};
use crate::base::stream::{self, Stream};
use crate::base::time::Nanos;
use crate::base::{Secret, Timestamp};
use crate::jose::JwkThumbprint;
use crate::jose::jws;
use crate::keystore::{self, KeyHandle, KeyStore};
use crate::pop::dpop::ProofDraft;
use crate::wire::dpop::{demands_nonce, nonce_of, with_proof};
use crate::wire::{Link, Request, Response};

/// Servers whose nonce is remembered; one more drops the first by name.
const MAX_SERVERS: usize = 64;

/// Whoever makes DPoP proofs: an app with its own key, or the broker.
pub trait Prover {
    /// The thumbprint of the key: what tokens are bound to, and the `dpop_jkt` of an authorization
    /// request.
    ///
    /// # Errors
    /// `broker.no_dpop_key`.
    fn jkt(&self) -> Result<JwkThumbprint, BrokerError>;

    /// A proof for this request: its method and URI, the newest nonce of its server, and the hash of
    /// the access token that goes with it, if one does.
    ///
    /// # Errors
    /// `broker.no_dpop_key`, `broker.key_store`.
    fn prove(
        &mut self,
        now: Timestamp,
        request: &Request,
        access_token: Option<&Secret<String>>,
    ) -> Result<Secret<String>, BrokerError>;

    /// Keeps the nonce that an answer to this request gave, for the next proof to the same server.
    fn remember(&mut self, request: &Request, response: &Response);

    /// The simulated time that the key store took since the last call.
    fn take_elapsed(&mut self) -> Nanos;

    /// Proofs made in advance: one for each date, for this request and access token, with the
    /// newest nonce that is known.
    ///
    /// # Errors
    /// As [`Prover::prove`].
    ///
    /// # Security
    /// What an attacker who runs code on the device can have made while it is there, whatever
    /// protects the key: the key signs any date it is told (RFC 9449 section 11.2). Server nonces
    /// make such proofs stale with their nonce, and `ath` ties them to the token that was there.
    fn danger_make_proofs(
        &mut self,
        dates: &[Timestamp],
        request: &Request,
        access_token: Option<&Secret<String>>,
    ) -> Result<Vec<Secret<String>>, BrokerError> {
        dates.iter().map(|date| self.prove(*date, request, access_token)).collect()
    }
}

/// Sends a request with a proof. A server that demands its nonce is answered once, with a new proof
/// on the same request; what it says then is the answer.
///
/// # Errors
/// As [`Prover::prove`], and `broker.unsendable`.
pub fn exchange(
    prover: &mut dyn Prover,
    link: &mut dyn Link,
    request: Request,
    access_token: Option<&Secret<String>>,
) -> Result<Response, BrokerError> {
    let first = send(prover, link, request.clone(), access_token)?;
    match demands_nonce(&first) {
        true => send(prover, link, request, access_token),
        false => Ok(first),
    }
}

fn send(
    prover: &mut dyn Prover,
    link: &mut dyn Link,
    request: Request,
    access_token: Option<&Secret<String>>,
) -> Result<Response, BrokerError> {
    let proof = prover.prove(link.now(), &request, access_token)?;
    link.spend(prover.take_elapsed());
    let request = with_proof(request, &proof)?;
    let response = link.exchange(request.clone());
    prover.remember(&request, &response);
    Ok(response)
}

/// The DPoP key of an app outside the broker, in a store of its own.
pub struct DpopClient {
    store: KeyStore,
    presenter: Presenter,
}

impl DpopClient {
    /// A client with a new key in `store`.
    ///
    /// # Errors
    /// `keystore.unknown_key` if the store does not keep what it makes.
    pub fn generate(mut store: KeyStore, rng: &mut impl Rng) -> Result<Self, keystore::Error> {
        let presenter = Presenter::generate(&mut store, rng)?;
        Ok(Self { store, presenter })
    }

    /// An attacker's copy: the same key, and proofs of its own.
    ///
    /// # Errors
    /// `keystore.not_exportable` unless the store is a software one.
    ///
    /// # Security
    /// Whoever has it is, to every server, the app: bound tokens are as good as bearer tokens then.
    pub fn danger_copy(&self) -> Result<Self, keystore::Error> {
        Ok(Self { store: self.store.danger_copy()?, presenter: self.presenter.danger_copy() })
    }
}

impl Prover for DpopClient {
    fn jkt(&self) -> Result<JwkThumbprint, BrokerError> {
        Ok(self.presenter.jkt)
    }

    fn prove(
        &mut self,
        now: Timestamp,
        request: &Request,
        access_token: Option<&Secret<String>>,
    ) -> Result<Secret<String>, BrokerError> {
        Ok(self.presenter.prove(&mut self.store, now, request, access_token)?)
    }

    fn remember(&mut self, request: &Request, response: &Response) {
        self.presenter.remember(request, response);
    }

    fn take_elapsed(&mut self) -> Nanos {
        self.store.take_elapsed()
    }
}

impl std::fmt::Debug for DpopClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DpopClient").field("jkt", &self.presenter.jkt).finish_non_exhaustive()
    }
}

impl Broker {
    /// Makes the key of this broker's DPoP proofs, if there is none yet, and gives its thumbprint.
    ///
    /// It is no device key: it survives a new registration, and goes with [`Broker::unregister`].
    ///
    /// # Errors
    /// `broker.key_store`.
    pub fn ensure_dpop_key(&mut self, rng: &mut impl Rng) -> Result<JwkThumbprint, BrokerError> {
        let presenter = match self.dpop.take() {
            Some(presenter) => presenter,
            None => Presenter::generate(&mut self.store, rng)?,
        };
        Ok(self.dpop.insert(presenter).jkt)
    }

    pub(super) fn drop_dpop_key(&mut self) {
        if let Some(presenter) = self.dpop.take() {
            self.drop_key(presenter.key);
        }
    }

    fn presenter(&self) -> Result<&Presenter, BrokerError> {
        self.dpop.as_ref().ok_or(BrokerError::NoDpopKey)
    }
}

/// The broker proves for the apps behind it, which hold no key.
impl Prover for Broker {
    fn jkt(&self) -> Result<JwkThumbprint, BrokerError> {
        Ok(self.presenter()?.jkt)
    }

    fn prove(
        &mut self,
        now: Timestamp,
        request: &Request,
        access_token: Option<&Secret<String>>,
    ) -> Result<Secret<String>, BrokerError> {
        let presenter = self.dpop.as_mut().ok_or(BrokerError::NoDpopKey)?;
        Ok(presenter.prove(&mut self.store, now, request, access_token)?)
    }

    fn remember(&mut self, request: &Request, response: &Response) {
        if let Some(presenter) = &mut self.dpop {
            presenter.remember(request, response);
        }
    }

    fn take_elapsed(&mut self) -> Nanos {
        self.store.take_elapsed()
    }
}

/// A DPoP key by its handle, with what its proofs need.
pub(super) struct Presenter {
    key: KeyHandle,
    jkt: JwkThumbprint,
    /// Where `jti` come from.
    rng: Stream,
    /// The newest nonce of each server, by scheme and authority.
    nonces: BTreeMap<String, String>,
}

impl Presenter {
    fn generate(store: &mut KeyStore, rng: &mut impl Rng) -> Result<Self, keystore::Error> {
        let key = store.generate_dpop_key(rng);
        let jkt = store.public_key(key)?.thumbprint();
        let rng = Stream::from_seed(stream::octets(rng));
        Ok(Self { key, jkt, rng, nonces: BTreeMap::new() })
    }

    fn prove(
        &mut self,
        store: &mut KeyStore,
        now: Timestamp,
        request: &Request,
        access_token: Option<&Secret<String>>,
    ) -> Result<Secret<String>, keystore::Error> {
        let server = server_of(request);
        let uri = format!("{server}{}", request.uri().path());
        let draft = ProofDraft::new(request.method().as_str(), &uri, now, &mut self.rng)
            .with_nonce(self.nonces.get(&server).map(String::as_str));
        let draft = match access_token {
            Some(token) => draft.for_token(token.expose_secret()),
            None => draft,
        };
        let input = draft.signing_input(store.public_key(self.key)?);
        let signature = store.sign(self.key, input.as_bytes())?;
        Ok(Secret::new(jws::assemble(input, &signature)))
    }

    fn remember(&mut self, request: &Request, response: &Response) {
        let Some(nonce) = nonce_of(response) else { return };
        self.nonces.insert(server_of(request), nonce.to_owned());
        if self.nonces.len() > MAX_SERVERS {
            self.nonces.pop_first();
        }
    }

    /// The same key, with a stream of its own: two that drew the same `jti` would refuse each other.
    pub(super) fn danger_copy(&self) -> Self {
        let mut rng = Stream::from_seed(self.rng.get_seed());
        rng.set_stream(self.rng.get_stream().wrapping_add(1));
        Self { key: self.key, jkt: self.jkt, rng, nonces: self.nonces.clone() }
    }
}

/// Scheme and authority: each server has nonces of its own (RFC 9449 section 9).
fn server_of(request: &Request) -> String {
    let uri = request.uri();
    let authority = uri.authority().map_or("", http::uri::Authority::as_str);
    format!("{}://{authority}", uri.scheme_str().unwrap_or("https"))
}

#[cfg(test)]
mod tests {
    use http::StatusCode;

    use super::super::scripted::{
        ALICE, ASK, ISSUER, NOW, Scripted, known_device, known_device_with, nonce, ok, settings,
        signed_in, store, tokens,
    };
    use super::super::{BrokerSettings, Protocol};
    use super::*;
    use crate::base::stream::Seed;
    use crate::base::{Danger, Lifetime};
    use crate::jose::fixtures::assert_lacks;
    use crate::keystore::Protection;
    use crate::pop::dpop::{
        Limits, NonceRule, Presented, RequestFacts, Scheme, TargetUri, Verifier,
    };
    use crate::wire::answer::{ErrorBody, TokenAnswer, json_response};
    use crate::wire::dpop::{TokenType, give_nonce, proofs};

    fn client(protection: Protection) -> DpopClient {
        DpopClient::generate(store(protection), &mut Seed(3).stream("app")).unwrap()
    }

    fn get(url: &str) -> Request {
        http::Request::get(url).body(vec![]).unwrap()
    }

    /// `use_dpop_nonce` as a token endpoint says it.
    fn challenge(nonce: &str) -> Response {
        let body = ErrorBody {
            error: "use_dpop_nonce".to_owned(),
            error_description: String::new(),
            error_codes: vec![],
            timestamp: NOW.to_string(),
            trace_id: String::new(),
            correlation_id: String::new(),
            suberror: None,
        };
        let mut response = json_response(StatusCode::BAD_REQUEST, &body);
        give_nonce(&mut response, nonce);
        response
    }

    /// The thumbprint of the key that proved this request, if the proof is good at `now` and
    /// carries exactly this nonce.
    fn proven(
        request: &Request,
        nonce: Option<&str>,
        token: Option<(&str, JwkThumbprint)>,
        now: Timestamp,
    ) -> Option<JwkThumbprint> {
        let uri = format!("https://{}{}", request.uri().host()?, request.uri().path());
        let uri = TargetUri::parse(&uri).ok()?;
        let scheme = if token.is_some() { Scheme::Dpop } else { Scheme::None };
        let fields = proofs(request.headers());
        let method = request.method().as_str();
        let facts = RequestFacts { method, uri: &uri, proofs: &fields, scheme };
        let presented = match token {
            Some((token, jkt)) => Presented::AccessToken { token, jkt: Some(jkt) },
            None => Presented::NoToken,
        };
        let nonces: Vec<&str> = nonce.into_iter().collect();
        let rule = match nonces.is_empty() {
            true => NonceRule::NotUsed,
            false => NonceRule::OneOf(&nonces),
        };
        let verifier = Verifier::new(Limits::default());
        let verdict = verifier.verify(&facts, presented, rule, None, now, Danger::NONE);
        verdict.ok().map(|possession| possession.jkt())
    }

    #[test]
    fn a_demand_for_a_nonce_is_answered_once_with_the_same_request() {
        let mut app = client(Protection::Hardware);
        let request = http::Request::post(format!("{ISSUER}/oauth2/token?x=y"))
            .body(b"grant".to_vec())
            .unwrap();
        let mut link = Scripted::answering([challenge("n-1"), ok("tokens")]);
        let response = exchange(&mut app, &mut link, request.clone(), None).unwrap();
        assert_eq!(response.body(), b"tokens");
        assert_eq!(proven(&link.sent[0], None, None, NOW), Some(app.jkt().unwrap()));
        assert_eq!(proven(&link.sent[1], Some("n-1"), None, NOW), Some(app.jkt().unwrap()));
        assert_eq!(link.sent[1].body(), b"grant");
        assert!(link.spent.0 > 0, "two signatures of a TPM take time");
        // It knows the nonce now. A server that is never content is asked twice and no more.
        let mut link = Scripted::answering([challenge("n-2"), challenge("n-3")]);
        let response = exchange(&mut app, &mut link, request.clone(), None).unwrap();
        assert_eq!(response.status(), StatusCode::BAD_REQUEST);
        assert!(proven(&link.sent[0], Some("n-1"), None, NOW).is_some());
        assert!(proven(&link.sent[1], Some("n-2"), None, NOW).is_some());
        let mut link = Scripted::answering([ok("tokens")]);
        exchange(&mut app, &mut link, request, None).unwrap();
        assert!(proven(&link.sent[0], Some("n-3"), None, NOW).is_some(), "the newest counts");
    }

    #[test]
    fn each_server_has_nonces_of_its_own_and_they_are_bounded() {
        let mut app = client(Protection::Hardware);
        let mut answer = ok("content");
        give_nonce(&mut answer, "of-one");
        let mut link = Scripted::answering([answer]);
        exchange(&mut app, &mut link, get("https://one.example/me"), None).unwrap();
        let mut link = Scripted::answering([ok("content"), ok("content")]);
        exchange(&mut app, &mut link, get("https://one.example/other"), None).unwrap();
        exchange(&mut app, &mut link, get("https://two.example/me"), None).unwrap();
        assert!(proven(&link.sent[0], Some("of-one"), None, NOW).is_some());
        assert!(proven(&link.sent[1], None, None, NOW).is_some(), "two knows no nonce of one");
        for number in 0..2 * MAX_SERVERS {
            let mut answer = ok("content");
            give_nonce(&mut answer, "n");
            app.remember(&get(&format!("https://{number}.example/")), &answer);
        }
        assert_eq!(app.presenter.nonces.len(), MAX_SERVERS);
    }

    #[test]
    fn a_proof_for_a_resource_carries_the_hash_of_the_token() {
        let mut app = client(Protection::Hardware);
        let jkt = app.jkt().unwrap();
        let mut link = Scripted::answering([ok("content")]);
        let token = Secret::from("at");
        exchange(&mut app, &mut link, get("https://one.example/me"), Some(&token)).unwrap();
        assert_eq!(proven(&link.sent[0], None, Some(("at", jkt)), NOW), Some(jkt));
        assert_eq!(proven(&link.sent[0], None, Some(("other", jkt)), NOW), None);
    }

    #[test]
    fn whoever_runs_code_there_has_proofs_made_for_later() {
        let mut app = client(Protection::Hardware);
        let jkt = app.jkt().unwrap();
        let later = [NOW, NOW + Lifetime::from_secs(3600)];
        let request = get("https://one.example/me");
        let token = Secret::from("at");
        let made = app.danger_make_proofs(&later, &request, Some(&token)).unwrap();
        for (proof, date) in made.iter().zip(later) {
            let request = with_proof(request.clone(), proof).unwrap();
            assert_eq!(proven(&request, None, Some(("at", jkt)), date), Some(jkt));
        }
        assert_ne!(made[0], made[1]);
        let early = with_proof(request, &made[1]).unwrap();
        assert_eq!(proven(&early, None, Some(("at", jkt)), NOW), None, "not before its date");
    }

    #[test]
    fn only_a_software_key_is_copied_and_its_proofs_are_others() {
        let error = client(Protection::Hardware).danger_copy().unwrap_err();
        assert_eq!(error.code(), "keystore.not_exportable");
        let mut app = client(Protection::Software);
        let mut copy = app.danger_copy().unwrap();
        assert_eq!(app.jkt().unwrap(), copy.jkt().unwrap());
        let request = get("https://one.example/me");
        let (own, copied) = (app.prove(NOW, &request, None), copy.prove(NOW, &request, None));
        let (own, copied) = (own.unwrap(), copied.unwrap());
        assert_ne!(own, copied, "no two proofs share a `jti`");
        assert!(proven(&with_proof(request, &copied).unwrap(), None, None, NOW).is_some());
    }

    fn dpop(settings: BrokerSettings) -> BrokerSettings {
        BrokerSettings { token_type: TokenType::Dpop, ..settings }
    }

    #[test]
    fn the_broker_proves_each_use_and_takes_no_other_token() {
        for protocol in [Protocol::SessionKey, Protocol::DeviceKey] {
            let (mut broker, mut far, mut rng) = signed_in(protocol);
            broker.settings = dpop(settings(protocol));
            let bound = TokenAnswer { token_type: "DPoP".to_owned(), ..tokens(None) };
            let answer = far.use_answer(protocol, "n2", &bound);
            let mut link = Scripted::answering([nonce("n2"), challenge("d"), answer]);
            let got = broker.token(&mut link, &mut rng, ALICE, &ASK).unwrap();
            assert_eq!(got.token_type, TokenType::Dpop);
            assert!(proofs(link.sent[0].headers()).is_empty(), "a nonce is nobody's");
            let jkt = Some(broker.jkt().unwrap());
            assert_eq!(proven(&link.sent[1], None, None, NOW), jkt);
            assert_eq!(proven(&link.sent[2], Some("d"), None, NOW), jkt);
            assert_eq!(link.signed(1), link.signed(2), "the signed use is sent again as it was");
            // The key stays, and an unbound token is thrown away.
            let answer = far.use_answer(protocol, "n3", &tokens(None));
            let mut link = Scripted::answering([nonce("n3"), answer]);
            let error = broker.token(&mut link, &mut rng, ALICE, &ASK).unwrap_err();
            assert_eq!(error.code(), "broker.not_bound");
            assert_eq!(proven(&link.sent[1], Some("d"), None, NOW), jkt);
            // A broker of bearer tokens cannot use one of the other kind.
            broker.settings = settings(protocol);
            let answer = far.use_answer(protocol, "n4", &bound);
            let mut link = Scripted::answering([nonce("n4"), answer]);
            let error = broker.token(&mut link, &mut rng, ALICE, &ASK).unwrap_err();
            assert_eq!(error.code(), "broker.unexpected");
            assert!(proofs(link.sent[1].headers()).is_empty());
        }
    }

    #[test]
    fn the_key_outlives_a_new_registration_and_goes_with_the_device() {
        let (mut broker, _, mut rng) = known_device(Protocol::SessionKey);
        assert_eq!(broker.jkt().unwrap_err().code(), "broker.no_dpop_key");
        let request = get("https://one.example/me");
        assert!(broker.prove(NOW, &request, None).is_err());
        let jkt = broker.ensure_dpop_key(&mut rng).unwrap();
        assert_eq!(broker.ensure_dpop_key(&mut rng).unwrap(), jkt);
        broker.generate_keys(&mut rng).unwrap();
        assert_eq!(broker.jkt().unwrap(), jkt);
        broker.provisioned(super::super::scripted::DEVICE).unwrap();
        broker.unregister(&mut Scripted::answering([nonce("n"), ok("{}")])).unwrap();
        assert!(broker.jkt().is_err());
    }

    #[test]
    fn a_copied_session_comes_without_the_dpop_key() {
        let (mut broker, mut far, mut rng) =
            known_device_with(Protocol::SessionKey, Protection::Software);
        let answer = far.prt_answer(Protocol::SessionKey, "n1");
        let mut link = Scripted::answering([nonce("n1"), answer]);
        broker.prt_with_password(&mut link, ALICE, &"pw".into(), None).unwrap();
        let jkt = broker.ensure_dpop_key(&mut rng).unwrap();
        assert_eq!(broker.danger_copy().unwrap().jkt().unwrap(), jkt);
        let mut session = broker.danger_copy_session(ALICE).unwrap().unwrap();
        assert!(session.jkt().is_err());
        assert_ne!(session.ensure_dpop_key(&mut rng).unwrap(), jkt);
    }

    #[test]
    fn a_dpop_key_is_not_copied_by_accident() {
        assert_lacks!(DpopClient: Clone, serde::Serialize, std::fmt::Display);
        let text = format!("{:?}", client(Protection::Software));
        assert!(text.contains("jkt") && !text.contains("nonces"), "{text}");
    }
}
