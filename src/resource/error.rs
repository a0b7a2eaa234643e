//! [`AccessError`]: why a resource server served nothing.

use http::StatusCode;

use crate::base::Check;
use crate::base::id::AppId;
use crate::jose;

/// Why a request was refused. No variant carries a token or password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AccessError {
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
    /// RES-05.
    #[error("the access token is not yet in date")]
    NotYetValid,
    /// RES-06.
    #[error("the access token is bound to a key, and the request proves none")]
    ProofMissing,
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
            Self::Expired => "resource.expired",
            Self::Jose(error) => error.code(),
            Self::KeysUnavailable => "resource.keys_unavailable",
            Self::LegacyRefused { .. } => "resource.legacy_refused",
            Self::LegacyUnknown => "resource.legacy_unknown",
            Self::Malformed => "resource.malformed",
            Self::Missing => "resource.missing",
            Self::NotYetValid => "resource.not_yet_valid",
            Self::ProofMissing => "resource.proof_missing",
            Self::UnknownKey => "resource.unknown_key",
            Self::WrongAudience { .. } => "resource.wrong_audience",
            Self::WrongIssuer => "resource.wrong_issuer",
            Self::WrongType => "resource.wrong_type",
        }
    }

    /// The check that refused; none if the provider did, whose log says more.
    #[must_use]
    pub const fn check(&self) -> Option<Check> {
        match self {
            Self::Expired | Self::NotYetValid => Some(Check::AccessTokenLifetime),
            Self::Jose(jose::Error::BadSignature) | Self::KeysUnavailable | Self::UnknownKey => {
                Some(Check::AccessTokenSignature)
            }
            Self::Jose(jose::Error::CriticalExtension) => Some(Check::HeaderCritical),
            Self::Jose(jose::Error::WrongAlgorithm { .. }) => Some(Check::HeaderAlgorithm),
            Self::Jose(_) => Some(Check::JwsShape),
            Self::LegacyRefused { .. } => None,
            Self::LegacyUnknown | Self::Malformed | Self::Missing => Some(Check::MessageShape),
            Self::ProofMissing => Some(Check::AccessTokenConfirmation),
            Self::WrongAudience { .. } => Some(Check::AccessTokenAudience),
            Self::WrongIssuer => Some(Check::AccessTokenIssuer),
            Self::WrongType => Some(Check::AccessTokenType),
        }
    }

    /// What the peer may learn: the status.
    pub(super) const fn status(&self) -> StatusCode {
        match self {
            Self::LegacyRefused { denial: LegacyDenial::Policy, .. } => StatusCode::FORBIDDEN,
            Self::LegacyUnknown | Self::Malformed => StatusCode::BAD_REQUEST,
            Self::KeysUnavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::LegacyRefused { denial: LegacyDenial::Credentials, .. }
            | Self::Expired
            | Self::Jose(_)
            | Self::Missing
            | Self::NotYetValid
            | Self::ProofMissing
            | Self::UnknownKey
            | Self::WrongAudience { .. }
            | Self::WrongIssuer
            | Self::WrongType => StatusCode::UNAUTHORIZED,
        }
    }

    /// What the peer may learn: the challenge, without an error where nothing was shown (RFC 6750
    /// section 3.1).
    pub(super) const fn challenge(&self) -> Option<&'static str> {
        match self {
            Self::Missing => Some("Bearer"),
            Self::LegacyRefused { denial: LegacyDenial::Credentials, .. } => {
                Some("Basic realm=\"legacy protocols\"")
            }
            Self::LegacyRefused { denial: LegacyDenial::Policy, .. } | Self::KeysUnavailable => {
                None
            }
            Self::LegacyUnknown | Self::Malformed => Some("Bearer error=\"invalid_request\""),
            Self::Expired
            | Self::Jose(_)
            | Self::NotYetValid
            | Self::ProofMissing
            | Self::UnknownKey
            | Self::WrongAudience { .. }
            | Self::WrongIssuer
            | Self::WrongType => Some("Bearer error=\"invalid_token\""),
        }
    }
}
