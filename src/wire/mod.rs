//! Messages as they cross a boundary: requests, answers and error bodies, parsed and written.
//!
//! Parties know each other only through this room. A message is an HTTP request or response with
//! its exact bytes ([`Request`], [`Response`]); the other modules give the forms, claims and bodies
//! inside them a type. Nothing here decides anything.

pub mod answer;
pub mod authorize;
pub mod claims;
pub mod dpop;
pub mod endpoint;
pub mod form;
pub mod keys;
pub mod link;
pub mod redact;
pub mod registration;
pub mod token;

pub use endpoint::Endpoint;
pub use link::Link;

/// An HTTP request with its body.
pub type Request = http::Request<Vec<u8>>;
/// An HTTP response with its body.
pub type Response = http::Response<Vec<u8>>;

/// Bodies longer than this are refused unread, in octets.
pub const MAX_BODY: usize = 64 * 1024;
/// A header value longer than this is refused, in octets: credentials of 2 KB tokens fit.
pub const MAX_HEADER: usize = 16 * 1024;

/// Why a message could not be read. It never quotes a value, since that may be a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// No such method and path.
    #[error("there is no such endpoint")]
    UnknownEndpoint,
    /// The body or a header is longer than its limit.
    #[error("the message is larger than its limit")]
    TooLarge,
    /// The body is not UTF-8 form data, or a field stands twice.
    #[error("the form is not well formed, or `{field}` stands twice")]
    Form {
        /// The repeated field; empty if the form itself is broken.
        field: String,
    },
    /// A field that must be there is missing or empty.
    #[error("`{field}` is missing")]
    Missing {
        /// Its name.
        field: &'static str,
    },
    /// A field holds no value of its kind.
    #[error("`{field}` is not of its kind")]
    Malformed {
        /// Its name.
        field: &'static str,
    },
    /// The body is not JSON of the expected shape.
    #[error("the body is not the expected JSON: {0}")]
    Json(#[from] crate::base::json::JsonError),
    /// The `grant_type` is none this provider speaks.
    #[error("the grant type is not supported")]
    UnsupportedGrant,
}

impl ParseError {
    /// The stable code of this error.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::UnknownEndpoint => "wire.unknown_endpoint",
            Self::TooLarge => "wire.too_large",
            Self::Form { .. } => "wire.form",
            Self::Missing { .. } => "wire.missing",
            Self::Malformed { .. } => "wire.malformed",
            Self::Json(_) => "wire.json",
            Self::UnsupportedGrant => "wire.unsupported_grant",
        }
    }
}
