//! What a request shows, before any of it is believed.

use http::header;

use super::{AccessError, legacy};
use crate::base::Secret;
use crate::wire::Request;
use crate::wire::authorize::single_header;
use crate::wire::dpop::TokenType;

/// The `Authorization` field.
pub(super) enum Presented {
    /// A password, over a legacy protocol.
    Password { username: String, password: Secret<String> },
    /// An access token under a scheme.
    Token { scheme: TokenType, token: Secret<String> },
}

/// How the request authenticates, as far as it can be told: an answer puts its error in the
/// challenge of that scheme (RFC 9449 section 7.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shown {
    /// A legacy protocol.
    Basic,
    /// No field, several, or one that is none of those spoken here.
    Nothing,
    /// A token under this scheme.
    Token(TokenType),
}

impl Presented {
    /// Reads the field; the scheme compares without case (RFC 9110 section 11.1).
    pub(super) fn read(request: &Request) -> Result<Self, AccessError> {
        let text = single_header(request.headers(), header::AUTHORIZATION.as_str())
            .map_err(|_| AccessError::Malformed)?
            .map(Secret::new)
            .ok_or(AccessError::Missing)?;
        let (scheme, value) = text.expose_secret().split_once(' ').ok_or(AccessError::Malformed)?;
        if scheme.eq_ignore_ascii_case("Basic") {
            let (username, password) = legacy::read_basic(value)?;
            return Ok(Self::Password { username, password });
        }
        let scheme = TokenType::of(scheme).ok_or(AccessError::Malformed)?;
        Ok(Self::Token { scheme, token: Secret::from(value) })
    }

    pub(super) const fn shown(&self) -> Shown {
        match self {
            Self::Password { .. } => Shown::Basic,
            Self::Token { scheme, .. } => Shown::Token(*scheme),
        }
    }
}
