//! [`AppTokens`]: what an app receives in the end, through a broker or by itself.

use crate::base::{Lifetime, Secret};
use crate::wire::answer::TokenAnswer;

/// Tokens as an app receives them.
#[derive(Clone, Debug)]
pub struct AppTokens {
    /// The access token.
    pub access_token: Secret<String>,
    /// A refresh token. Simulated: the real Windows broker keeps those it gets to itself; here the
    /// app sees a copy, which is of no use without the broker.
    pub refresh_token: Option<Secret<String>>,
    /// How long the access token lives.
    pub expires_in: Lifetime,
}

impl AppTokens {
    /// Takes the tokens out of an answer; nothing if they are not bearer tokens, which is the one
    /// type the apps understand (RFC 6749 section 7.1).
    pub(crate) fn of(answer: TokenAnswer) -> Option<Self> {
        let bearer = answer.token_type.eq_ignore_ascii_case("Bearer");
        bearer.then(|| Self {
            access_token: Secret::new(answer.access_token),
            refresh_token: answer.refresh_token.map(Secret::new),
            expires_in: Lifetime::from_secs(answer.expires_in),
        })
    }
}
