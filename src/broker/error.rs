//! [`BrokerError`]: why the broker has nothing to give.

use crate::jose;
use crate::keystore;
use crate::wire::Response;
use crate::wire::answer::ErrorBody;
use crate::wire::registration::JoinError;

/// Why a step of the broker ended without its result. No variant carries a token, key or password.
#[derive(Clone, Debug, thiserror::Error)]
pub enum BrokerError {
    /// The registration service refused.
    #[error("the registration service refused: `{}`", .0.error_type)]
    JoinRefused(Box<JoinError>),
    /// The key store refused one of the broker's own operations.
    #[error("the key store refused: {0}")]
    KeyStore(#[from] keystore::Error),
    /// The device has no keys yet.
    #[error("this device has no keys")]
    NoKeys,
    /// The broker has made no DPoP key yet.
    #[error("this broker has no DPoP key")]
    NoDpopKey,
    /// There is no PRT for this user.
    #[error("there is no primary refresh token for `{username}`")]
    NoPrt {
        /// The user.
        username: String,
    },
    /// There is no user key for this user.
    #[error("there is no user key for `{username}`")]
    NoUserKey {
        /// The user.
        username: String,
    },
    /// A DPoP token was asked for, and the answer brought one that nothing binds; it is thrown away
    /// (RFC 9449 section 5).
    #[error("the access token of the answer is not bound to the key")]
    NotBound,
    /// The device is not registered.
    #[error("this device is not registered")]
    NotRegistered,
    /// The provider refused, with the body that RFC 6749 section 5.2 gives such an answer.
    #[error("the provider refused: `{}` {:?}", .0.error, .0.error_codes)]
    Refused(Box<ErrorBody>),
    /// The answer is not what this step ends with.
    #[error("the answer to the {step} is not of the expected shape (status {status})")]
    Unexpected {
        /// Which step.
        step: &'static str,
        /// HTTP status of the answer.
        status: u16,
    },
    /// MSG-03: the answer did not open with the keys of this device and this request.
    #[error("the answer did not open: {0}")]
    Unreadable(#[from] AnswerError),
    /// Settings or arguments do not make an HTTP request: an address or header value is none.
    #[error("an address or header value does not make a request")]
    Unsendable,
}

/// What kept an encrypted answer shut.
#[derive(Clone, Debug, thiserror::Error)]
pub enum AnswerError {
    /// The text is no such JWE, or it is not encrypted under this key.
    #[error(transparent)]
    Jose(#[from] jose::Error),
    /// The store could not open it with the transport key.
    #[error(transparent)]
    KeyStore(#[from] keystore::Error),
}

impl BrokerError {
    /// The stable code of this error.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::JoinRefused(_) => "broker.join_refused",
            Self::KeyStore(_) => "broker.key_store",
            Self::NoDpopKey => "broker.no_dpop_key",
            Self::NoKeys => "broker.no_keys",
            Self::NoPrt { .. } => "broker.no_prt",
            Self::NoUserKey { .. } => "broker.no_user_key",
            Self::NotBound => "broker.not_bound",
            Self::NotRegistered => "broker.not_registered",
            Self::Refused(_) => "broker.refused",
            Self::Unexpected { .. } => "broker.unexpected",
            Self::Unreadable(_) => "broker.unreadable",
            Self::Unsendable => "broker.unsendable",
        }
    }

    /// What the provider said, if it refused.
    #[must_use]
    pub const fn refusal(&self) -> Option<&ErrorBody> {
        match self {
            Self::Refused(body) => Some(body),
            _ => None,
        }
    }

    pub(super) fn unexpected(step: &'static str, response: &Response) -> Self {
        Self::Unexpected { step, status: response.status().as_u16() }
    }
}

impl AnswerError {
    /// The stable code: that of the room that could not open the answer.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Jose(error) => error.code(),
            Self::KeyStore(error) => error.code(),
        }
    }
}

impl From<http::Error> for BrokerError {
    fn from(_: http::Error) -> Self {
        Self::Unsendable
    }
}
