//! [`Possession`]: the evidence that a key was used in this request.

use serde::{Deserialize, Serialize};

use crate::jose::kdf::KdfVersion;

/// What signs each use of a PRT.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Protocol {
    /// Protocol 4: the device key signs each use, and no session key exists (prt-protocol 12).
    DeviceKey,
    /// A key derived from the session key signs each use (prt-protocol 5).
    SessionKey,
}

/// Which kind of key was proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PossessionMethod {
    /// The connection was made with a certificate (RFC 8705 section 3).
    Certificate,
    /// The device key signed the request itself.
    DeviceKey,
    /// A key of the presenter's own choice signed a proof for the request (RFC 9449).
    Dpop,
    /// A key derived from the session key signed it.
    SessionKey(KdfVersion),
}

/// A key was used in this request. Made by the verifiers of this room and by nothing else.
///
/// # Security
/// A false one would let a stolen token pass as bound; that is why there is no public constructor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Possession {
    method: PossessionMethod,
}

impl Possession {
    pub(in crate::pop) const fn of(method: PossessionMethod) -> Self {
        Self { method }
    }

    /// Which kind of key was proven.
    #[must_use]
    pub const fn method(self) -> PossessionMethod {
        self.method
    }
}
