//! The identity provider: registration, nonces, grants, issuance, rotation, revocation.
//!
//! It knows what messages brought to it and what its directory holds. It cannot tell a device from
//! a thief with the device's keys; everything it believes rests on a signature that this request
//! carried. [`Provider::handle`] is the whole of its surface towards the network; [`admin`] is what
//! an administrator does.
//!
//! ```text
//! Request ─ Endpoint ─▶ one module per grant ─▶ gate (policy) ─▶ issue ─▶ Response
//!                            │ Refusal              │ Denial
//!                            └──────────────┬───────┘
//!                                  conclude: record, verdict, error body
//! ```

pub mod admin;
mod authenticate;
mod authorize;
mod code;
mod conclude;
mod context;
mod devices;
mod dpop;
mod gate;
mod issue;
mod keys;
mod known;
mod legacy;
mod nonces;
mod prt_request;
mod prt_use;
mod refresh;
mod refusal;
mod registration;
mod sealing;
mod settings;
mod verdict;

use std::collections::BTreeMap;

use http::StatusCode;

use crate::base::Timestamp;
use crate::base::id::{CorrelationId, DeviceId, FamilyId, UserId};
use crate::base::stream::Stream;
use crate::catalog::RulePack;
use crate::directory::Directory;
use crate::jose::{self, UnverifiedJws};
use crate::policy::{Denial, PolicySet};
use crate::pop::dpop::{Recipient, Unprotected};
use crate::pop::{NonceMint, UsedOnce};
use crate::signin::SignInLog;
use crate::token::{Families, Family};
use crate::wire::answer::json_response;
use crate::wire::dpop::{PROOF_ALGORITHM, give_nonce};
use crate::wire::endpoint::Endpoint;
use crate::wire::keys::Metadata;
use crate::wire::token::TokenRequest;
use crate::wire::{MAX_BODY, ParseError, Request, Response};

pub use refusal::{OAuthError, Refusal};
pub use settings::{
    AcceptedProtocols, AssertionNonces, CertificateBinding, DeviceClaims, DeviceQuota, DpopDemand,
    DpopNonces, DpopReplay, DpopSettings, IssuingBackend, NonceUse, ProviderSettings,
    RefreshRotation, RequestTimes,
};
pub use verdict::{Verdict, VerdictLog};

use context::{Context, Draft, RecordKind};
use sealing::{Presented, Seal};

/// Where the provider is reached.
pub const ORIGIN: &str = "https://login.lab.example";
/// Used values are remembered up to this many; beyond it requests are refused until some expire.
const USED_CAPACITY: usize = 1_000_000;

/// One tenant's identity provider.
pub struct Provider {
    issuer: String,
    settings: ProviderSettings,
    rules: &'static RulePack,
    directory: Directory,
    policies: PolicySet,
    keys: keys::SigningKeys,
    seal: Seal,
    nonces: NonceMint,
    used_nonces: UsedOnce,
    used_jti: UsedOnce,
    used_codes: UsedOnce,
    /// Codes of second factors, each under its user.
    used_factors: UsedOnce,
    /// Checks DPoP proofs, with nonces and a window of its own.
    recipient: Recipient,
    families: Families,
    /// The newest PRT family of a user on a device.
    current_prt: BTreeMap<(UserId, DeviceId), FamilyId>,
    /// Sign-ins that were denied as unbound, and when.
    tainted: BTreeMap<CorrelationId, Timestamp>,
    log: SignInLog,
    verdicts: VerdictLog,
}

/// Why a provider does not start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StartError {
    /// The issuing backend has no key to give.
    #[error(transparent)]
    Jose(#[from] jose::Error),
    /// DPoP proofs could be replayed for as long as they are fresh.
    #[error(transparent)]
    Unprotected(#[from] Unprotected),
}

impl StartError {
    /// The stable code: that of the room that refused.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Jose(error) => error.code(),
            Self::Unprotected(error) => error.code(),
        }
    }
}

/// Why a request was not granted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Policy said no; the decision stands in the record.
    #[error("Conditional Access does not let this request through")]
    Denied(Box<Denial>),
    /// The message could not be read.
    #[error(transparent)]
    Message(ParseError),
    /// A check refused it.
    #[error(transparent)]
    Refused(#[from] Refusal),
}

impl Provider {
    /// A provider for the tenant of `directory`.
    ///
    /// # Errors
    /// `jose.signing_failed` if the issuing backend has no key to give, and `pop.dpop_unprotected` if
    /// neither nonces nor a replay window protect DPoP proofs.
    pub fn new(
        directory: Directory,
        policies: PolicySet,
        rules: &'static RulePack,
        settings: ProviderSettings,
        rng: &mut Stream,
    ) -> Result<Self, StartError> {
        Ok(Self {
            issuer: format!("{ORIGIN}/{}", directory.tenant()),
            keys: keys::SigningKeys::generate(settings.issuing, rng)?,
            seal: Seal::generate(rng),
            nonces: NonceMint::generate(rng),
            used_nonces: UsedOnce::with_capacity(USED_CAPACITY),
            used_jti: UsedOnce::with_capacity(USED_CAPACITY),
            used_codes: UsedOnce::with_capacity(USED_CAPACITY),
            used_factors: UsedOnce::with_capacity(USED_CAPACITY),
            recipient: dpop::recipient(settings.dpop, rng)?,
            families: Families::new(&settings.lifetimes),
            current_prt: BTreeMap::new(),
            tainted: BTreeMap::new(),
            log: SignInLog::default(),
            verdicts: VerdictLog::default(),
            settings,
            rules,
            directory,
            policies,
        })
    }

    /// The issuer, which is also the prefix of its endpoints.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The sign-in log.
    #[must_use]
    pub const fn log(&self) -> &SignInLog {
        &self.log
    }

    /// Precise reasons of recent answers, for the narrator and for tests. A peer never sees them.
    pub const fn verdicts(&mut self) -> &mut VerdictLog {
        &mut self.verdicts
    }

    /// Answers one request at `now`.
    pub fn handle(&mut self, request: &Request, now: Timestamp, rng: &mut Stream) -> Response {
        let mut cx = Context::new(request, now, rng);
        let mut response = self.answer(&mut cx, request);
        if let Some(nonce) = cx.dpop_nonce {
            give_nonce(&mut response, &nonce);
        }
        response
    }

    fn answer(&mut self, cx: &mut Context<'_>, request: &Request) -> Response {
        let endpoint = match Endpoint::of(request) {
            Ok(endpoint) if request.body().len() <= MAX_BODY => endpoint,
            Ok(_) => return self.unread(cx, ParseError::TooLarge),
            Err(error) => return self.unread(cx, error),
        };
        match endpoint {
            Endpoint::Token => self.token_endpoint(cx, request),
            Endpoint::Authorize | Endpoint::Login => self.authorize_endpoint(cx, request, endpoint),
            Endpoint::LegacySignIn => {
                let mut draft = Draft::new(RecordKind::Legacy);
                let outcome = self.legacy_sign_in(cx, &mut draft, request);
                self.conclude(cx, draft, outcome)
            }
            Endpoint::RegisterDevice => {
                let outcome = self.register_device(cx, request);
                self.conclude_registration(cx, outcome)
            }
            Endpoint::RemoveDevice(id) => {
                let outcome = self.remove_device(cx, request, id);
                self.conclude_registration(cx, outcome)
            }
            Endpoint::RegisterKey => {
                let outcome = self.register_key(cx, request);
                self.conclude_registration(cx, outcome)
            }
            Endpoint::Keys => json_response(StatusCode::OK, &self.keys.published()),
            Endpoint::OpenIdConfiguration => json_response(StatusCode::OK, &self.metadata()),
        }
    }

    fn token_endpoint(&mut self, cx: &mut Context<'_>, request: &Request) -> Response {
        match TokenRequest::parse(request) {
            Err(error) => self.unread(cx, error),
            Ok(TokenRequest::Nonce) => self.issue_nonce(cx),
            Ok(TokenRequest::Signed(jwt)) => self.signed(cx, jwt.expose_secret()),
            Ok(TokenRequest::Code(grant)) => {
                let outcome = self.code_grant(cx, &grant);
                self.conclude_unrecorded(cx, outcome.map_err(TokenError::from))
            }
            Ok(TokenRequest::Refresh(grant)) => {
                let mut draft = Draft::new(RecordKind::Refresh);
                let outcome = self.refresh_grant(cx, &mut draft, request, &grant);
                self.conclude(cx, draft, outcome)
            }
        }
    }

    /// A signed request is a use if it shows a bound token, or says so by carrying a `ctx`; else it
    /// asks for a PRT. The algorithm is then fixed by the key that this points to.
    fn signed(&mut self, cx: &mut Context<'_>, jwt: &str) -> Response {
        let Ok(jws) = UnverifiedJws::parse(jwt) else {
            let draft = Draft::new(RecordKind::PrtUse);
            return self.conclude(cx, draft, Err(Refusal::MalformedJws.into()));
        };
        let presented =
            prt_request::peek_refresh_token(&jws).and_then(|text| self.seal.open_refresh(&text));
        let bound = matches!(presented, Some(Presented::Prt(..) | Presented::Broker(..)));
        if bound || jws.header().ctx.is_some() {
            let mut draft = Draft::new(RecordKind::PrtUse);
            let outcome = self.prt_use(cx, &mut draft, jws, presented);
            return self.conclude(cx, draft, outcome);
        }
        let mut draft = Draft::new(RecordKind::PrtRequest);
        let outcome = self.prt_request(cx, &mut draft, jws);
        self.conclude(cx, draft, outcome.map_err(TokenError::from))
    }

    fn authorize_endpoint(
        &mut self,
        cx: &mut Context<'_>,
        request: &Request,
        endpoint: Endpoint,
    ) -> Response {
        let mut draft = Draft::new(RecordKind::Authorize);
        let outcome = match endpoint {
            Endpoint::Login => self.login(cx, &mut draft, request),
            _ => self.authorize(cx, &mut draft, request),
        };
        self.conclude_authorize(cx, draft, outcome)
    }

    /// The state of a family; one that nothing has happened to is live and needs no memory.
    fn family(&self, family: FamilyId) -> Family {
        self.families.state(family)
    }

    /// Remembers the new state of a family, or refuses for want of room (MSG-06).
    fn keep_family(&mut self, id: FamilyId, family: Family, now: Timestamp) -> Result<(), Refusal> {
        let capacity = self.settings.family_capacity;
        self.families.set(id, family, now, capacity).map_err(Refusal::of_family)
    }

    fn metadata(&self) -> Metadata {
        let list = |value: &str| vec![value.to_owned()];
        Metadata {
            issuer: self.issuer.clone(),
            authorization_endpoint: format!("{}/oauth2/authorize", self.issuer),
            token_endpoint: format!("{}/oauth2/token", self.issuer),
            jwks_uri: format!("{}/discovery/keys", self.issuer),
            capabilities: list("kdf_ver2"),
            response_types_supported: list("code"),
            subject_types_supported: list("public"),
            id_token_signing_alg_values_supported: list("none"),
            code_challenge_methods_supported: list("S256"),
            dpop_signing_alg_values_supported: list(PROOF_ALGORITHM),
            tls_client_certificate_bound_access_tokens: true,
        }
    }
}
