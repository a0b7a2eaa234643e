//! What tokens say: claim sets, lifetimes, and refresh-token families as state machines.
//!
//! An access token is a signed text that any resource server can read ([`access`]). Primary refresh
//! tokens, app refresh tokens and authorization codes are opaque: the provider seals the claims of
//! [`sealed`] under its own key and remembers next to nothing. What it must remember, whether a
//! family of tokens has been ended and which of them is the newest, is [`family`]; how long, is
//! [`families`].

pub mod access;
pub mod families;
pub mod family;
pub mod lifetimes;
pub mod sealed;

pub use access::{AccessTokenClaims, Amr};
pub use families::{Families, FamilyCapacity};
pub use family::{EndReason, Family, FamilyError, Rotation};
pub use lifetimes::Lifetimes;
