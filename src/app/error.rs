//! [`AppError`]: why an app has no tokens or no content.

use http::header;

use crate::broker::BrokerError;
use crate::wire::Response;
use crate::wire::answer::ErrorBody;

/// Why a step of an app ended without its result. No variant carries a token or password.
#[derive(Clone, Debug, thiserror::Error)]
pub enum AppError {
    /// The authorize step ended with an OAuth error at the redirect URI.
    #[error("the authorize step refused: `{error}`")]
    AuthorizeRefused {
        /// OAuth error.
        error: String,
        /// Sentence with the AADSTS number.
        error_description: String,
    },
    /// The broker, or the app's own key store, could not sign what was asked for.
    #[error("no credential or proof was made: {0}")]
    Broker(#[from] BrokerError),
    /// A DPoP token was asked for, and the answer brought one that nothing binds; it is thrown away
    /// (RFC 9449 section 5).
    #[error("the access token of the answer is not bound to the key")]
    NotBound,
    /// The token endpoint refused.
    #[error("the provider refused: `{}` {:?}", .0.error, .0.error_codes)]
    Refused(Box<ErrorBody>),
    /// The resource server refused.
    #[error("the resource server refused (status {status})")]
    ResourceRefused {
        /// HTTP status.
        status: u16,
        /// Its `WWW-Authenticate`, if there was one.
        challenge: Option<String>,
    },
    /// The provider wants a person to sign in: what was sent did not do.
    #[error("the person has to sign in")]
    SignInNeeded {
        /// A nonce for a fresh credential.
        sso_nonce: String,
    },
    /// The code came back for another request: other `state` or redirect URI (RFC 6749 10.12).
    #[error("the answer belongs to another authorization request")]
    StateMismatch,
    /// The answer is not what this step ends with.
    #[error("the answer to the {step} is not of the expected shape (status {status})")]
    Unexpected {
        /// Which step.
        step: &'static str,
        /// HTTP status of the answer.
        status: u16,
    },
    /// Settings or arguments do not make an HTTP request: an address or header value is none.
    #[error("an address or header value does not make a request")]
    Unsendable,
}

impl AppError {
    /// The stable code of this error.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::AuthorizeRefused { .. } => "app.authorize_refused",
            Self::Broker(_) => "app.broker",
            Self::NotBound => "app.not_bound",
            Self::Refused(_) => "app.refused",
            Self::ResourceRefused { .. } => "app.resource_refused",
            Self::SignInNeeded { .. } => "app.sign_in_needed",
            Self::StateMismatch => "app.state_mismatch",
            Self::Unexpected { .. } => "app.unexpected",
            Self::Unsendable => "app.unsendable",
        }
    }

    pub(super) fn unexpected(step: &'static str, response: &Response) -> Self {
        Self::Unexpected { step, status: response.status().as_u16() }
    }

    pub(super) fn resource_refused(response: &Response) -> Self {
        let challenge = response.headers().get(header::WWW_AUTHENTICATE);
        Self::ResourceRefused {
            status: response.status().as_u16(),
            challenge: challenge.and_then(|value| value.to_str().ok()).map(str::to_owned),
        }
    }
}

impl From<http::Error> for AppError {
    fn from(_: http::Error) -> Self {
        Self::Unsendable
    }
}
