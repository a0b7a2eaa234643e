//! The thief: what it may do on a victim's device, what that yielded, and what it forges from it.
//!
//! A capability is granted by `sim` and says what the thief can reach: reading a disk is not reading
//! process memory, and using a key while on the device is not owning it. Each kind of [`Loot`] is a
//! type of its own, so that a derived key cannot be mistaken for the session key it came from.
//!
//! The thief knows the protocol as well as anybody and may send any message ([`forge`]). It holds no
//! key that a key store did not give away: hardware stores give nothing, software stores a copy.

pub mod forge;
pub mod loot;

pub use loot::{Capability, Loot};
