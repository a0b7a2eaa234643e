//! [`AppTokens`]: what an app receives in the end, through a broker or by itself.

use crate::base::{Lifetime, Secret};
use crate::wire::answer::TokenAnswer;
use crate::wire::dpop::TokenType;

/// Tokens as an app receives them.
#[derive(Clone, Debug)]
pub struct AppTokens {
    /// How the access token is presented.
    pub token_type: TokenType,
    /// The access token.
    pub access_token: Secret<String>,
    /// A refresh token. Simulated: the real Windows broker keeps those it gets to itself; here the
    /// app sees a copy, which is of no use without the broker.
    pub refresh_token: Option<Secret<String>>,
    /// How long the access token lives.
    pub expires_in: Lifetime,
}

impl AppTokens {
    /// Takes the tokens out of an answer; nothing if they are of another type than was asked for,
    /// since that is the one the app understands (RFC 6749 section 7.1).
    pub(crate) fn of(answer: TokenAnswer, asked: TokenType) -> Option<Self> {
        let same = TokenType::of(&answer.token_type) == Some(asked);
        same.then(|| Self {
            token_type: asked,
            access_token: Secret::new(answer.access_token),
            refresh_token: answer.refresh_token.map(Secret::new),
            expires_in: Lifetime::from_secs(answer.expires_in),
        })
    }
}
