//! [`Error`]: why a key store refused.

use super::{KeyHandle, KeyKind, StoreId};
use crate::jose;

/// Why a key store refused. Handles are named; keys and texts never are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The handle was made by another store.
    #[error("key `{key}` is not of key store `{store}`")]
    ForeignHandle {
        /// The handle shown.
        key: KeyHandle,
        /// The store it was shown to.
        store: StoreId,
    },
    /// The key was forgotten, or made after this store was copied.
    #[error("key `{key}` is no longer in the key store")]
    UnknownKey {
        /// The handle shown.
        key: KeyHandle,
    },
    /// The key is for something else.
    #[error("a {kind} is not for this operation")]
    WrongKind {
        /// What the key is for.
        kind: KeyKind,
    },
    /// A hardware-protected store was to be copied.
    #[error("the keys of a hardware key store cannot be copied")]
    NotExportable,
    /// The text that was to be opened or signed was refused.
    #[error(transparent)]
    Jose(#[from] jose::Error),
}

impl Error {
    /// The stable code, for example `keystore.foreign_handle`; for [`Error::Jose`] that of the
    /// `jose` room.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::ForeignHandle { .. } => "keystore.foreign_handle",
            Self::UnknownKey { .. } => "keystore.unknown_key",
            Self::WrongKind { .. } => "keystore.wrong_kind",
            Self::NotExportable => "keystore.not_exportable",
            Self::Jose(error) => error.code(),
        }
    }
}
