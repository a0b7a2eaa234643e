//! [`Possession`]: the evidence that a key was used in this request.

use crate::jose::kdf::KdfVersion;

/// Which kind of key was proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PossessionMethod {
    /// The device key signed the request itself.
    DeviceKey,
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
