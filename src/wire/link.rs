//! [`Link`]: how a party reaches the others, and nothing more of the world than that.

use super::{Request, Response};
use crate::base::time::Nanos;
use crate::base::{Check, Timestamp};

/// A party's way out: its own clock and the network.
///
/// `sim` implements it and records every exchange in the trace; a party cannot tell who else
/// listens or whether the far side is what it claims.
pub trait Link {
    /// The party's own clock, which may be skewed.
    fn now(&self) -> Timestamp;

    /// Says that the party worked for this long before its next message.
    fn spend(&mut self, time: Nanos);

    /// Sends a request and waits for the answer.
    fn exchange(&mut self, request: Request) -> Response;

    /// Tells the narrator that a check of this party's own (opening an answer) decided.
    fn note(&mut self, check: Check);
}
