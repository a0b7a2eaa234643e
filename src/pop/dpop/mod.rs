//! DPoP: proof of possession at the application level (RFC 9449).
//!
//! The presenter signs, for every request, where the request goes, when, and with which access
//! token; the recipient checks the signature under the key that the proof brings along, and that the
//! token is bound to that key. Whoever steals the token cannot make the next proof.
//!
//! - [`Recipient`] is what a server holds: a [`Verifier`], its nonces and its replay window.
//! - [`RequestFacts`] and [`Presented`] are what it is told of a request; [`DpopPossession`] is what
//!   it gives back, and [`DpopError`] the one reason if not.
//! - [`ProofDraft`] is the presenter's side.
//!
//! A proof does not sign the body. A request that is caught before it arrives can be sent on with
//! another body, and a proof that was made in advance is good at its time unless nonces are demanded.
//!
//! # Order
//!
//! Checks bear the numbers of RFC 9449 section 4.3 in their ids' order. They are made in this order:
//! what is known without the proof, what costs nothing, hashes, the signature, and the replay window
//! last, so that a proof that is refused has used up nothing. The bound key is compared after the
//! signature, although that is cheap: `jkt_mismatch` then always means somebody who really holds
//! another key, and the peer is told `invalid_token` for that alone.
//!
//! | step | checks | reasons |
//! | --- | --- | --- |
//! | the fields | DPO-01, DPO-02 | `proof_missing`, `header_count` |
//! | the token's own side | DPO-26, DPO-25 | `scheme`, `not_bound` |
//! | size, parts, JSON | DPO-03, DPO-04 | `too_large`, `malformed` |
//! | header | DPO-05, DPO-08, DPO-09 | `crit`, `typ`, `alg` |
//! | key | DPO-06, DPO-13, DPO-10, DPO-11 | `jwk_missing`, `jwk_private`, `jwk_invalid` |
//! | claims | DPO-06, DPO-07 | `claim_missing`, `claim_type`, `jti_size` |
//! | request | DPO-14, DPO-15 | `htm`, `htu` |
//! | time | DPO-18 to DPO-21 | `iat_past`, `iat_future`, `exp`, `nbf` |
//! | nonce | DPO-16, DPO-17 | `nonce_required`, `nonce_mismatch` |
//! | token | DPO-22, DPO-23, DPO-27 | `ath_missing`, `ath_mismatch`, `ath_unexpected` |
//! | signature | DPO-12 | `signature`; `jwk_invalid` if the point is off the curve |
//! | bound key | DPO-24 | `jkt_mismatch` |
//! | replay | DPO-28 | `replay`; `replay_full`, `replay_away` if the window cannot tell |
//!
//! # Simulated
//!
//! Nothing: these are the checks of the RFC, with the strict choices that `docs/reference/fidelity.md`
//! lists. ES256 is the one algorithm accepted.

mod ath;
mod error;
mod facts;
mod htu;
mod members;
mod outward;
mod present;
mod proof;
mod recipient;
mod verifier;

pub use ath::ath;
pub use error::{DpopAnswer, DpopError};
pub use facts::{NonceRule, Presented, RequestFacts, Scheme};
pub use htu::{NotATargetUri, TargetUri};
pub use outward::Outward;
pub use present::ProofDraft;
pub use recipient::{NonceDemand, Recipient, RecipientSettings, Unprotected};
pub use verifier::{DpopPossession, Verifier};

use crate::base::Lifetime;

/// `typ` of a proof (RFC 9449 section 4.2).
pub const DPOP_TYPE: &str = "dpop+jwt";

/// The longest proof that is ever looked at, in octets.
pub const MAX_PROOF: usize = 8192;

/// How long a nonce is good if nothing else is said.
pub const NONCE_LIFETIME: Lifetime = Lifetime::from_secs(300);

/// Ages and sizes that are taken; both ends count as within.
///
/// # Source
/// RFC 9449 section 11.1 asks for seconds or minutes and leaves the numbers open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How old a proof may be. 300 s.
    pub max_age: Lifetime,
    /// How far ahead its `iat` may lie, for clocks that differ. 30 s.
    pub max_ahead: Lifetime,
    /// Octets of a proof: 8192, which is also the most.
    pub max_proof: usize,
    /// Octets of a `jti`. 256.
    pub max_jti: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_age: Lifetime::from_secs(300),
            max_ahead: Lifetime::from_secs(30),
            max_proof: MAX_PROOF,
            max_jti: 256,
        }
    }
}
