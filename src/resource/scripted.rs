//! For tests: a provider with a signing key of its own, and a resource server that trusts it.

use http::StatusCode;

use super::{AcceptedTokens, AccessError, CLOCK_SKEW, ResourceServer, ResourceSettings};
use crate::base::id::{AppId, RequestId, TenantId, UserId};
use crate::base::stream::{Seed, Stream};
use crate::base::time::Nanos;
use crate::base::{Check, Danger, Lifetime, Secret, Timestamp};
use crate::jose::SigningKey;
use crate::jose::alg::SignatureAlgorithm;
use crate::jose::jws::{Header, sign_compact};
use crate::pop::Confirmation;
use crate::pop::dpop::{NonceDemand, ProofDraft, Recipient, RecipientSettings};
use crate::pop::replay::{ReplayKey, SharedReplay, Window};
use crate::token::access::{ACCESS_TOKEN_TYPE, AccessTokenClaims, Amr};
use crate::wire::answer::{ErrorBody, json_response};
use crate::wire::dpop::{TokenType, with_proof, with_token};
use crate::wire::{Link, Request, Response};

pub(super) const NOW: Timestamp = Timestamp::from_unix(1_773_144_000);
const ISSUER: &str = "https://login.lab.example/a1b2c3d4-0000-4000-8000-00000000c0de";
pub(super) const ORIGIN: &str = "https://outlook.lab.example";
const EXCHANGE: AppId = AppId::from_u128(0x00000002_0000_0ff1_ce00_000000000000);

/// A resource server with the chance it draws from.
pub(super) struct Server {
    pub(super) server: ResourceServer,
    rng: Stream,
}

impl Server {
    pub(super) fn handle(&mut self, request: &Request, far: &mut Provider) -> Response {
        self.server.handle(request, far, &mut self.rng)
    }

    pub(super) fn take_refusal(&mut self) -> Option<AccessError> {
        self.server.take_refusal()
    }
}

pub(super) fn server(danger: Danger) -> Server {
    server_with(danger, NonceDemand::NotUsed, |_| ())
}

pub(super) fn server_with(
    danger: Danger,
    nonces: NonceDemand,
    change: impl FnOnce(&mut ResourceSettings),
) -> Server {
    let mut settings = ResourceSettings {
        id: EXCHANGE,
        display_name: "Exchange Online".to_owned(),
        origin: ORIGIN.to_owned(),
        issuer: ISSUER.to_owned(),
        legacy_protocols: vec!["IMAP4".to_owned()],
        clock_skew: CLOCK_SKEW,
        accepted: AcceptedTokens::default(),
        danger,
    };
    change(&mut settings);
    let mut rng = Seed(7).stream("resource server");
    let replay = SharedReplay::new(Window::with_capacity(64), ReplayKey::generate(&mut rng));
    let told = RecipientSettings { nonces, replay: Some(replay), ..RecipientSettings::default() };
    let recipient = Recipient::new(told, &mut rng).unwrap();
    Server { server: ResourceServer::new(settings, recipient).unwrap(), rng }
}

pub(super) fn get(path: &str) -> Request {
    http::Request::get(path).body(vec![]).unwrap()
}

pub(super) fn bearer(token: &str) -> Request {
    let mut request = get("/me");
    let value = format!("Bearer {token}").parse().unwrap();
    request.headers_mut().insert("authorization", value);
    request
}

/// A client with a DPoP key.
pub(super) struct Client {
    pub(super) key: SigningKey,
    rng: Stream,
}

impl Client {
    pub(super) fn new() -> Self {
        let mut rng = Seed(8).stream("client");
        Self { key: SigningKey::generate(&mut rng), rng }
    }

    pub(super) fn cnf(&self) -> Confirmation {
        Confirmation::of_dpop_key(self.key.public_key().thumbprint())
    }

    /// `GET /me` under the scheme `DPoP`, with a proof in which `change` was made.
    pub(super) fn request(
        &mut self,
        token: &str,
        change: impl FnOnce(ProofDraft) -> ProofDraft,
    ) -> Request {
        let draft = ProofDraft::new("GET", &format!("{ORIGIN}/me"), NOW, &mut self.rng);
        let draft = change(draft.for_token(token));
        let proof = draft.sign(self.key.public_key(), &self.key).unwrap();
        let request = with_token(get("/me"), TokenType::Dpop, &token.into()).unwrap();
        with_proof(request, &Secret::new(proof)).unwrap()
    }
}

/// Publishes its key, answers legacy sign-ins, and keeps what it was asked.
pub(super) struct Provider {
    rng: Stream,
    pub(super) key: SigningKey,
    pub(super) jwks: Option<String>,
    pub(super) legacy_refusal: Option<u32>,
    pub(super) seen: Vec<Request>,
    pub(super) now: Timestamp,
}

impl Provider {
    pub(super) fn new() -> Self {
        let mut rng = Seed(6).stream("provider");
        let key = SigningKey::generate(&mut rng);
        Self { rng, key, jwks: None, legacy_refusal: None, seen: vec![], now: NOW }
    }

    pub(super) fn rotate(&mut self) {
        self.key = SigningKey::generate(&mut self.rng);
    }

    pub(super) fn header(&self) -> Header {
        let kid = self.key.public_key().thumbprint();
        Header::new(SignatureAlgorithm::Es256).with_typ(ACCESS_TOKEN_TYPE).with_kid(kid)
    }

    /// A token of this provider, with one thing changed.
    pub(super) fn token(&self, change: impl FnOnce(&mut AccessTokenClaims)) -> String {
        self.signed(&self.header(), change)
    }

    pub(super) fn signed(
        &self,
        header: &Header,
        change: impl FnOnce(&mut AccessTokenClaims),
    ) -> String {
        sign_compact(header, &self.payload(change), &self.key).unwrap()
    }

    pub(super) fn signed_octets(&self, payload: &[u8]) -> String {
        sign_compact(&self.header(), payload, &self.key).unwrap()
    }

    pub(super) fn signed_by_stranger(
        &mut self,
        header: &Header,
        change: impl FnOnce(&mut AccessTokenClaims),
    ) -> String {
        let key = SigningKey::generate(&mut self.rng);
        sign_compact(header, &self.payload(change), &key).unwrap()
    }

    pub(super) fn payload(&self, change: impl FnOnce(&mut AccessTokenClaims)) -> Vec<u8> {
        let mut claims = AccessTokenClaims {
            iss: ISSUER.to_owned(),
            aud: EXCHANGE,
            tid: TenantId::from_u128(1),
            oid: UserId::from_u128(2),
            upn: "alice@contoso.example".to_owned(),
            appid: AppId::from_u128(3),
            scp: "openid".to_owned(),
            iat: NOW,
            auth_time: NOW,
            nbf: NOW,
            exp: NOW + Lifetime::from_secs(3600),
            uti: RequestId::from_u128(4),
            amr: vec![Amr::Pwd],
            deviceid: None,
            cnf: None,
            ver: "1.0".to_owned(),
        };
        change(&mut claims);
        serde_json::to_vec(&claims).unwrap()
    }

    /// The key as it stands in the JWKS.
    pub(super) fn published(&self) -> String {
        let key = self.key.public_key();
        let jwk = serde_json::to_string(&key.to_jwk()).unwrap();
        let members = jwk.strip_prefix('{').unwrap();
        format!(r#"{{"kid":"{}","use":"sig","alg":"ES256",{members}"#, key.thumbprint())
    }
}

impl Link for Provider {
    fn now(&self) -> Timestamp {
        self.now
    }

    fn spend(&mut self, _: Nanos) {}

    fn exchange(&mut self, request: Request) -> Response {
        let keys = request.uri().path().ends_with("/discovery/keys");
        self.seen.push(request);
        if keys {
            let set = || format!(r#"{{"keys":[{}]}}"#, self.published());
            return Response::new(self.jwks.clone().unwrap_or_else(set).into_bytes());
        }
        match self.legacy_refusal {
            None => Response::new(br#"{"upn":"alice@contoso.example"}"#.to_vec()),
            Some(code) => json_response(StatusCode::BAD_REQUEST, &refusal(code)),
        }
    }

    fn note(&mut self, _: Check) {}
}

fn refusal(code: u32) -> ErrorBody {
    ErrorBody {
        error: "invalid_grant".to_owned(),
        error_description: format!("AADSTS{code}: no"),
        error_codes: vec![code],
        timestamp: NOW.to_string(),
        trace_id: "t".to_owned(),
        correlation_id: "c".to_owned(),
        suberror: None,
    }
}
