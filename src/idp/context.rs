//! [`Context`]: what the provider knows of one request before it reads the body, and [`Draft`]: what
//! it learns on the way to the record.

use http::header;

use crate::base::Timestamp;
use crate::base::id::{AppId, CorrelationId, DeviceId, FamilyId, RequestId, SessionId, UserId};
use crate::base::stream::Stream;
use crate::catalog::LegacyProtocol;
use crate::policy::Decision;
use crate::pop::Possession;
use crate::token::Amr;
use crate::wire::Request;
use crate::wire::authorize::{CLIENT_SKU, CLIENT_VERSION, FORWARDED_FOR};

use super::refusal::Refusal;

/// One request in the making of its answer.
pub(super) struct Context<'r> {
    pub(super) now: Timestamp,
    /// The request as it came.
    pub(super) message: &'r Request,
    pub(super) rng: &'r mut Stream,
    pub(super) request: RequestId,
    pub(super) correlation: CorrelationId,
    pub(super) user_agent: String,
    pub(super) client_sku: Option<String>,
    pub(super) client_version: Option<String>,
    pub(super) address: String,
    /// Nonces accepted in this request; the same one in two credentials counts once.
    pub(super) nonces: Vec<Vec<u8>>,
    /// Credentials that were ignored rather than refused, and why.
    pub(super) ignored: Vec<Refusal>,
    /// The nonce that the answer gives out for the next DPoP proof.
    pub(super) dpop_nonce: Option<String>,
    /// Where an authorize step may send its error: a known client and redirect URI, and the state.
    pub(super) redirect: Option<(String, Option<String>)>,
}

impl<'r> Context<'r> {
    pub(super) fn new(request: &'r Request, now: Timestamp, rng: &'r mut Stream) -> Self {
        let text = |name: &str| {
            let value = request.headers().get(name)?.to_str().ok()?;
            Some(value.chars().take(512).collect::<String>())
        };
        Self {
            now,
            message: request,
            request: RequestId::random(rng),
            correlation: CorrelationId::random(rng),
            user_agent: text(header::USER_AGENT.as_str()).unwrap_or_default(),
            client_sku: text(CLIENT_SKU),
            client_version: text(CLIENT_VERSION),
            address: text(FORWARDED_FOR).unwrap_or_default(),
            nonces: Vec::new(),
            ignored: Vec::new(),
            dpop_nonce: None,
            redirect: None,
            rng,
        }
    }
}

/// What a request showed of its device, in rising order of what it proves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Shown {
    /// Nothing.
    #[default]
    Nothing,
    /// Device facts, by a device credential or a trusted claim: never binding.
    Facts(DeviceId),
    /// Possession of the device key or of the PRT's session key.
    Bound(DeviceId, Possession),
}

impl Shown {
    pub(super) const fn device(self) -> Option<DeviceId> {
        match self {
            Self::Nothing => None,
            Self::Facts(device) | Self::Bound(device, _) => Some(device),
        }
    }
}

/// Which kind of record a request leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RecordKind {
    Authorize,
    Legacy,
    PrtRequest,
    PrtUse,
    Refresh,
}

/// What has been learnt of a request so far. Fields stay empty for what was refused before.
pub(super) struct Draft {
    pub(super) kind: RecordKind,
    pub(super) user: Option<UserId>,
    pub(super) client: Option<AppId>,
    pub(super) resource: Option<AppId>,
    pub(super) shown: Shown,
    pub(super) amr: Vec<Amr>,
    /// When the user signed in, if that is known.
    pub(super) auth_time: Option<Timestamp>,
    pub(super) legacy_protocol: Option<LegacyProtocol>,
    /// Whether a person typed something.
    pub(super) interactive: bool,
    pub(super) incoming: crate::signin::IncomingTokenType,
    pub(super) decision: Option<Decision>,
    /// The family of the tokens presented or given: what the log calls the session.
    pub(super) session: Option<SessionId>,
    /// The `uti` of the access token that this request was given.
    pub(super) token: Option<RequestId>,
}

impl Draft {
    pub(super) fn new(kind: RecordKind) -> Self {
        Self {
            kind,
            user: None,
            client: None,
            resource: None,
            shown: Shown::Nothing,
            amr: Vec::new(),
            auth_time: None,
            legacy_protocol: None,
            interactive: false,
            incoming: crate::signin::IncomingTokenType::None,
            decision: None,
            session: None,
            token: None,
        }
    }

    /// Tokens that descend from one sign-in, or from one PRT request, are one session.
    pub(super) const fn belongs_to(&mut self, family: FamilyId) {
        self.session = Some(SessionId::from_u128(family.as_u128()));
    }
}
