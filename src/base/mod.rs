//! What every room stands on: time, ids, secrets, strict text forms, seeded chance, check ids.
//!
//! Nothing here knows a protocol. Time and chance are always arguments: [`time::Timestamp`] is
//! passed as `now` and a random generator as `rng`, so that the same seed gives the same bytes.

pub mod b64;
pub mod check;
pub mod id;
pub mod json;
pub mod secret;
pub mod stream;
pub mod time;

pub use check::{Check, Danger};
pub use secret::Secret;
pub use time::{Lifetime, Timestamp};
