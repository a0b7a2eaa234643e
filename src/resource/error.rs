//! [`AccessError`]: why a resource server served nothing.

use http::StatusCode;

use crate::base::Check;
use crate::base::id::AppId;
use crate::jose;
use crate::pop::dpop::{DpopAnswer, DpopError};

/// Why a request was refused. No variant carries a token or password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AccessError {
    /// CNF-01: the token is bound to a client certificate, and the connection shows none or another.
    #[error("the connection shows no client certificate that the access token is bound to")]
    Certificate,
    /// RES-06.
    #[error("the access token is bound to a key in a way that cannot be checked here")]
    Confirmation,
    /// The proof was refused, or how it goes with the token.
    #[error(transparent)]
    Dpop(#[from] DpopError),
    /// RES-05.
    #[error("the access token has expired")]
    Expired,
    /// The token is no JWS, or RES-01, MSG-04 or MSG-05 refused it.
    #[error("the access token was refused: {0}")]
    Jose(#[from] jose::Error),
    /// RES-01: the provider's keys could not be fetched.
    #[error("the provider's keys could not be fetched")]
    KeysUnavailable,
    /// The provider refused the password of a legacy protocol.
    #[error("the provider refused the legacy sign-in {codes:?}")]
    LegacyRefused {
        /// Whether the user was known and not let in.
        denial: LegacyDenial,
        /// The AADSTS numbers of the provider's answer.
        codes: Vec<u32>,
    },
    /// The request is not for a protocol that is spoken here.
    #[error("the legacy protocol is not spoken here")]
    LegacyUnknown,
    /// The `Authorization` header is not well formed.
    #[error("the `Authorization` header is not well formed")]
    Malformed,
    /// The request shows nothing.
    #[error("the request carries no `Authorization` header")]
    Missing,
    /// The body of the request is no note.
    #[error("the note is empty, too long, or more than a line of text")]
    NoteMalformed,
    /// RES-05.
    #[error("the access token is not yet in date")]
    NotYetValid,
    /// RES-07.
    #[error("the access token is bound to no key, and only bound ones are taken here")]
    Unbound,
    /// RES-01: no key of the provider has the `kid` of the token.
    #[error("the access token names a key that the provider does not publish")]
    UnknownKey,
    /// RES-04.
    #[error("the access token is meant for `{audience}`")]
    WrongAudience {
        /// Whom it is for.
        audience: AppId,
    },
    /// RES-03.
    #[error("the access token was issued by another provider")]
    WrongIssuer,
    /// RES-02.
    #[error("the token is not an access token")]
    WrongType,
}

/// How the provider refused a legacy sign-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LegacyDenial {
    /// User name or password is wrong, or the user may not sign in at all.
    Credentials,
    /// Policy says no.
    Policy,
}

impl AccessError {
    /// The stable code of this error.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Certificate => "resource.certificate",
            Self::Confirmation => "resource.confirmation",
            Self::Dpop(error) => error.code(),
            Self::Expired => "resource.expired",
            Self::Jose(error) => error.code(),
            Self::KeysUnavailable => "resource.keys_unavailable",
            Self::LegacyRefused { .. } => "resource.legacy_refused",
            Self::LegacyUnknown => "resource.legacy_unknown",
            Self::Malformed => "resource.malformed",
            Self::Missing => "resource.missing",
            Self::NoteMalformed => "resource.note_malformed",
            Self::NotYetValid => "resource.not_yet_valid",
            Self::Unbound => "resource.unbound",
            Self::UnknownKey => "resource.unknown_key",
            Self::WrongAudience { .. } => "resource.wrong_audience",
            Self::WrongIssuer => "resource.wrong_issuer",
            Self::WrongType => "resource.wrong_type",
        }
    }

    /// The check that refused; none if the provider did, whose log says more, or if the replay
    /// window could not tell.
    #[must_use]
    pub const fn check(&self) -> Option<Check> {
        match self {
            Self::Certificate => Some(Check::CertificateBound),
            Self::Confirmation => Some(Check::AccessTokenConfirmation),
            Self::Dpop(error) => error.check(),
            Self::Expired | Self::NotYetValid => Some(Check::AccessTokenLifetime),
            Self::Jose(jose::Error::BadSignature) | Self::KeysUnavailable | Self::UnknownKey => {
                Some(Check::AccessTokenSignature)
            }
            Self::Jose(jose::Error::CriticalExtension) => Some(Check::HeaderCritical),
            Self::Jose(jose::Error::WrongAlgorithm { .. }) => Some(Check::HeaderAlgorithm),
            Self::Jose(_) => Some(Check::JwsShape),
            Self::LegacyRefused { .. } => None,
            Self::LegacyUnknown | Self::Malformed | Self::Missing | Self::NoteMalformed => {
                Some(Check::MessageShape)
            }
            Self::Unbound => Some(Check::AccessTokenBound),
            Self::WrongAudience { .. } => Some(Check::AccessTokenAudience),
            Self::WrongIssuer => Some(Check::AccessTokenIssuer),
            Self::WrongType => Some(Check::AccessTokenType),
        }
    }

    /// What the peer may learn: the registered error.
    pub(super) const fn told(&self) -> Told {
        match self {
            Self::Dpop(error) => match error.answer() {
                DpopAnswer::InvalidDpopProof => Told::InvalidDpopProof,
                DpopAnswer::InvalidToken => Told::InvalidToken,
                DpopAnswer::TemporarilyUnavailable => Told::Unavailable,
                DpopAnswer::UseDpopNonce => Told::UseDpopNonce,
            },
            Self::KeysUnavailable => Told::Unavailable,
            Self::LegacyRefused { .. } | Self::Missing => Told::NoError,
            Self::LegacyUnknown | Self::Malformed | Self::NoteMalformed => Told::InvalidRequest,
            Self::Certificate
            | Self::Confirmation
            | Self::Expired
            | Self::Jose(_)
            | Self::NotYetValid
            | Self::Unbound
            | Self::UnknownKey
            | Self::WrongAudience { .. }
            | Self::WrongIssuer
            | Self::WrongType => Told::InvalidToken,
        }
    }

    /// What the peer may learn: the status.
    pub(super) const fn status(&self) -> StatusCode {
        if let Self::LegacyRefused { denial: LegacyDenial::Policy, .. } = self {
            return StatusCode::FORBIDDEN;
        }
        match self.told() {
            Told::InvalidRequest => StatusCode::BAD_REQUEST,
            Told::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Told::InvalidDpopProof | Told::InvalidToken | Told::NoError | Told::UseDpopNonce => {
                StatusCode::UNAUTHORIZED
            }
        }
    }
}

/// What the peer is told: a registered error, and nothing more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// RFC 9449 section 7.1.
    InvalidDpopProof,
    /// RFC 6750 section 3.1.
    InvalidRequest,
    /// RFC 6750 section 3.1.
    InvalidToken,
    /// A challenge alone: nothing was shown (RFC 6750 section 3.1), or a password.
    NoError,
    /// To come back later.
    Unavailable,
    /// RFC 9449 section 9.
    UseDpopNonce,
}

impl Told {
    /// The error of a challenge.
    pub(super) const fn error(self) -> Option<&'static str> {
        match self {
            Self::InvalidDpopProof => Some("invalid_dpop_proof"),
            Self::InvalidRequest => Some("invalid_request"),
            Self::InvalidToken => Some("invalid_token"),
            Self::NoError | Self::Unavailable => None,
            Self::UseDpopNonce => Some("use_dpop_nonce"),
        }
    }
}
