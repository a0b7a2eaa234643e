//! The private keys. Nothing of this file is reachable from outside of the store.

use rand::Rng;

use super::{Error, KeyKind};
use crate::jose::{AgreementKey, P256PublicKey, SessionKey, Signer as _, SigningKey};

/// One private key and what it is for.
pub(super) enum Key {
    /// A device, DPoP or user key, by its kind.
    Signing(KeyKind, SigningKey),
    Transport(AgreementKey),
    Session(SessionKey),
}

impl Key {
    pub(super) fn generate_signing(kind: KeyKind, rng: &mut impl Rng) -> Self {
        Self::Signing(kind, SigningKey::generate(rng))
    }

    pub(super) fn generate_transport(rng: &mut impl Rng) -> Self {
        Self::Transport(AgreementKey::generate(rng))
    }

    pub(super) const fn kind(&self) -> KeyKind {
        match self {
            Self::Signing(kind, _) => *kind,
            Self::Transport(_) => KeyKind::Transport,
            Self::Session(_) => KeyKind::Session,
        }
    }

    pub(super) const fn public_key(&self) -> Result<&P256PublicKey, Error> {
        match self {
            Self::Signing(_, key) => Ok(key.public_key()),
            Self::Transport(key) => Ok(key.public_key()),
            Self::Session(_) => Err(self.wrong_kind()),
        }
    }

    pub(super) fn sign(&self, input: &[u8]) -> Result<Vec<u8>, Error> {
        match self {
            Self::Signing(_, key) => Ok(key.sign(input)?),
            Self::Transport(_) | Self::Session(_) => Err(self.wrong_kind()),
        }
    }

    pub(super) const fn as_transport(&self) -> Result<&AgreementKey, Error> {
        match self {
            Self::Transport(key) => Ok(key),
            Self::Signing(..) | Self::Session(_) => Err(self.wrong_kind()),
        }
    }

    pub(super) const fn as_session(&self) -> Result<&SessionKey, Error> {
        match self {
            Self::Session(key) => Ok(key),
            Self::Signing(..) | Self::Transport(_) => Err(self.wrong_kind()),
        }
    }

    /// The same key once more, for a thief's copy of the store.
    pub(super) fn danger_copy(&self) -> Self {
        match self {
            Self::Signing(kind, key) => Self::Signing(*kind, key.danger_copy()),
            Self::Transport(key) => Self::Transport(key.danger_copy()),
            Self::Session(key) => Self::Session(key.danger_copy()),
        }
    }

    const fn wrong_kind(&self) -> Error {
        Error::WrongKind { kind: self.kind() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jose::fixtures::assert_lacks;

    #[test]
    fn keys_have_no_way_out() {
        assert_lacks!(Key: Clone, Copy, serde::Serialize, std::fmt::Debug, std::fmt::Display);
        assert_lacks!(Key: AsRef<[u8]>, std::ops::Deref);
    }
}
