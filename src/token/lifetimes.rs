//! How long things live. The defaults are those of prt-protocol 5.4.

use crate::base::Lifetime;

/// Every span the provider uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifetimes {
    /// Access token, and its `exp`.
    pub access_token: Lifetime,
    /// Authorization code.
    pub code: Lifetime,
    /// Server nonce.
    pub nonce: Lifetime,
    /// Primary refresh token.
    pub prt: Lifetime,
    /// App refresh token.
    pub refresh_token: Lifetime,
    /// How far a peer's clock may be off.
    pub skew: Lifetime,
}

impl Default for Lifetimes {
    fn default() -> Self {
        Self {
            access_token: Lifetime::from_secs(3_600),
            code: Lifetime::from_secs(600),
            nonce: Lifetime::from_secs(300),
            prt: Lifetime::from_secs(1_209_600),
            refresh_token: Lifetime::from_secs(7_776_000),
            skew: Lifetime::from_secs(300),
        }
    }
}
