//! What the tests share: a lab whose checks can be switched off from outside, and an issuer of
//! access tokens whose key the test owns.

pub mod case;
pub mod dpop;
pub mod fast_policy;
pub mod policy_worlds;
pub mod slow_dpop;
pub mod slow_filter;
pub mod slow_kql;
pub mod slow_policy;

use token_protection_lab::base::id::{AppId, TenantId, UserId};
use token_protection_lab::base::stream::{Seed, Stream};
use token_protection_lab::base::time::Nanos;
use token_protection_lab::base::{Check, Danger, Timestamp};
use token_protection_lab::catalog::well_known::EXCHANGE;
use token_protection_lab::jose::jws::{Header, sign_compact};
use token_protection_lab::jose::{P256PublicKey, SignatureAlgorithm, SigningKey};
use token_protection_lab::pop::dpop::{NonceDemand, Recipient, RecipientSettings};
use token_protection_lab::pop::replay::{ReplayKey, SharedReplay, Window};
use token_protection_lab::resource::{
    AcceptedTokens, CLOCK_SKEW, ResourceServer, ResourceSettings,
};
use token_protection_lab::testing::{Answer, Lab, LabBuilder, lab::with_bearer};
use token_protection_lab::token::AccessTokenClaims;
use token_protection_lab::wire::answer::json_response;
use token_protection_lab::wire::keys::{KeySet, PublishedKey};
use token_protection_lab::wire::{Link, Request, Response};

/// Environment variable that takes one check out of the provider and the resource servers of the
/// tests in `checks`: the way in which `switches` finds out which test notices.
pub const DANGER: &str = "TPLAB_DANGER";

/// The check that is taken out, if one is.
pub fn danger() -> Danger {
    match std::env::var(DANGER).ok().and_then(|id| Check::from_id(&id)) {
        Some(check) => Danger::danger_without(check).unwrap(),
        None => Danger::NONE,
    }
}

/// A lab that respects [`DANGER`].
pub fn lab() -> Lab {
    lab_with(|builder| builder)
}

/// The same, set up otherwise.
pub fn lab_with(edit: impl FnOnce(LabBuilder) -> LabBuilder) -> Lab {
    edit(Lab::builder()).danger(danger()).build()
}

/// The provider refused, and by this check.
#[track_caller]
pub fn refused(answer: &Answer, check: Check) {
    assert!(!answer.granted(), "{check}: {} was granted", check.title());
    assert_eq!(answer.check(), Some(check), "{:?}", answer.verdict);
}

/// The provider granted.
#[track_caller]
pub fn granted(answer: &Answer) {
    let body = String::from_utf8_lossy(answer.response.body());
    assert!(answer.granted(), "{:?} {body}", answer.verdict);
}

/// An issuer of access tokens whose key the test owns, and a resource server that trusts it.
pub struct Issuer {
    pub key: SigningKey,
    pub server: ResourceServer,
    pub now: Timestamp,
    rng: Stream,
}

pub const ISSUER: &str = "https://login.lab.example/t";

impl Issuer {
    pub fn new() -> Self {
        let mut rng = Seed(11).stream("issuer");
        let server = resource_server(AcceptedTokens::default(), &mut rng);
        let now = Timestamp::from_unix(1_772_438_400);
        Self { key: SigningKey::generate(&mut rng), server, now, rng }
    }

    /// One whose resource server takes bound tokens alone.
    pub fn of_bound_tokens() -> Self {
        let mut issuer = Self::new();
        issuer.server = resource_server(AcceptedTokens::Bound, &mut issuer.rng);
        issuer
    }

    pub fn claims(&self) -> AccessTokenClaims {
        AccessTokenClaims {
            iss: ISSUER.to_owned(),
            aud: EXCHANGE,
            tid: TenantId::from_u128(1),
            oid: UserId::from_u128(2),
            upn: "alice@contoso.example".to_owned(),
            appid: AppId::from_u128(3),
            scp: "openid".to_owned(),
            iat: self.now,
            nbf: self.now,
            auth_time: self.now,
            exp: Timestamp::from_unix(self.now.as_unix() + 3600),
            uti: token_protection_lab::base::id::RequestId::from_u128(4),
            amr: Vec::new(),
            deviceid: None,
            cnf: None,
            ver: "1.0".to_owned(),
        }
    }

    pub fn token(&self, claims: &AccessTokenClaims) -> String {
        self.token_of_type(claims, "at+jwt")
    }

    pub fn token_of_type(&self, claims: &AccessTokenClaims, typ: &str) -> String {
        let header = Header::new(SignatureAlgorithm::Es256)
            .with_typ(typ)
            .with_kid(self.key.public_key().thumbprint());
        sign_compact(&header, &serde_json::to_vec(claims).unwrap(), &self.key).unwrap()
    }

    /// A stranger's token that names this issuer's key.
    pub fn forged(&mut self, claims: &AccessTokenClaims) -> String {
        let other = SigningKey::generate(&mut self.rng);
        let header = Header::new(SignatureAlgorithm::Es256)
            .with_typ("at+jwt")
            .with_kid(self.key.public_key().thumbprint());
        sign_compact(&header, &serde_json::to_vec(claims).unwrap(), &other).unwrap()
    }

    /// What the resource server makes of a token: nothing if it serves.
    pub fn present(&mut self, token: &str) -> Option<Check> {
        let mut request = Request::new(Vec::new());
        *request.uri_mut() = "https://exchange.lab.example/me".parse().unwrap();
        self.send(&with_bearer(request, token))
    }

    /// What it makes of a request: nothing if it serves.
    pub fn send(&mut self, request: &Request) -> Option<Check> {
        let mut link = Keys { key: self.key.public_key().clone(), now: self.now };
        let response = self.server.handle(request, &mut link, &mut self.rng);
        match response.status().is_success() {
            true => None,
            false => self.server.take_refusal().and_then(|error| error.check()),
        }
    }
}

fn resource_server(accepted: AcceptedTokens, rng: &mut Stream) -> ResourceServer {
    let told = ResourceSettings {
        id: EXCHANGE,
        display_name: "Office 365 Exchange Online".to_owned(),
        origin: "https://exchange.lab.example".to_owned(),
        issuer: ISSUER.to_owned(),
        legacy_protocols: Vec::new(),
        clock_skew: CLOCK_SKEW,
        accepted,
        danger: danger(),
    };
    let replay = SharedReplay::new(Window::with_capacity(64), ReplayKey::generate(rng));
    let settings = RecipientSettings {
        nonces: NonceDemand::NotUsed,
        replay: Some(replay),
        ..RecipientSettings::default()
    };
    ResourceServer::new(told, Recipient::new(settings, rng).unwrap()).unwrap()
}

/// A far side that publishes one key.
struct Keys {
    key: P256PublicKey,
    now: Timestamp,
}

impl Link for Keys {
    fn now(&self) -> Timestamp {
        self.now
    }

    fn spend(&mut self, _: Nanos) {}

    fn exchange(&mut self, _: Request) -> Response {
        let key = PublishedKey {
            kid: self.key.thumbprint().to_string(),
            key_use: "sig".to_owned(),
            alg: "ES256".to_owned(),
            jwk: self.key.to_jwk(),
        };
        json_response(http::StatusCode::OK, &KeySet { keys: vec![key] })
    }

    fn note(&mut self, _: Check) {}
}
