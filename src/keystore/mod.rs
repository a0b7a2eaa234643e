//! The device key store: a software stand-in for a TPM.
//!
//! A [`KeyStore`] makes private keys and never gives one away. Outside of it stands a
//! [`KeyHandle`], which says which store and which key, and with which a caller can sign, unwrap or
//! derive. What does come out is a [`DerivedKey`]: on a real device the session key stays in the
//! TPM while the key derived from it lies in the memory of the signing process.
//!
//! ```text
//! device, user, DPoP key   --sign-->                 signature
//! transport key            --unwrap_session_key-->   handle of a session key
//!                          --open_answer-->          octets (protocol 4)
//! session key              --derive-->               DerivedKey, outside of the store
//! ```
//!
//! A key has one use: a transport key cannot sign and a device key cannot agree.
//!
//! [`Protection`] is the one difference between a thief's two days. Under
//! [`Protection::Hardware`] somebody on the device can use its keys while there; under
//! [`Protection::Software`], [`KeyStore::danger_copy`] takes them away.
//!
//! # Simulated
//! Keys lie in the memory of this process whatever the protection; nothing here protects a real
//! key. Operations cost simulated time by a [`LatencyModel`] and are added up until
//! [`KeyStore::take_elapsed`].

mod error;
mod keys;
mod latency;
mod strategy;

pub use error::Error;
pub use latency::{Latency, LatencyModel};
pub use strategy::{Operations, Strategy, Times};

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use rand::{Rng, SeedableRng as _};

use crate::base::stream::Stream;
use crate::base::time::Nanos;
use crate::jose::{Ctx, DerivedKey, KdfVersion, P256PublicKey, UnopenedJwe};
use keys::Key;

/// Whether private keys can be taken from the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Protection {
    /// As in a TPM: keys are used in place and never leave.
    Hardware,
    /// As in a file: whoever can read it has the keys.
    Software,
}

/// What a key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyKind {
    /// Signs for the device: PRT requests, device credentials, protocol 4.
    Device,
    /// Signs DPoP proofs.
    Dpop,
    /// The secret shared with the provider for the life of a PRT.
    Session,
    /// Unwraps session keys and, in protocol 4, opens answers.
    Transport,
    /// Signs for a user of the device (Windows Hello).
    User,
}

impl fmt::Display for KeyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Device => "device key",
            Self::Dpop => "DPoP key",
            Self::Session => "session key",
            Self::Transport => "transport key",
            Self::User => "user key",
        })
    }
}

/// Which store a handle is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StoreId(u64);

impl fmt::Display for StoreId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// A key in a store, by the store's id and a number. It is no secret and cannot be made from text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyHandle {
    store: StoreId,
    number: u64,
}

impl KeyHandle {
    /// The store that made the key.
    #[must_use]
    pub const fn store(self) -> StoreId {
        self.store
    }
}

/// `store#number`, for traces.
impl fmt::Display for KeyHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}", self.store, self.number)
    }
}

/// The keys of one device.
pub struct KeyStore {
    id: StoreId,
    /// The stores this one was copied from, whose handles it honours.
    origins: BTreeSet<StoreId>,
    protection: Protection,
    latency: LatencyModel,
    rng: Stream,
    elapsed: Nanos,
    keys: BTreeMap<KeyHandle, Key>,
    next: u64,
}

impl KeyStore {
    /// An empty store. `rng` is its own stream: the id and all latencies are drawn from it, and no
    /// key is.
    #[must_use]
    pub fn new(protection: Protection, latency: LatencyModel, mut rng: Stream) -> Self {
        Self {
            id: StoreId(rng.next_u64()),
            origins: BTreeSet::new(),
            protection,
            latency,
            rng,
            elapsed: Nanos(0),
            keys: BTreeMap::new(),
            next: 0,
        }
    }

    /// Which store this is.
    #[must_use]
    pub const fn id(&self) -> StoreId {
        self.id
    }

    /// Whether its keys can be taken.
    #[must_use]
    pub const fn protection(&self) -> Protection {
        self.protection
    }

    /// Makes a key that signs for the device.
    pub fn generate_device_key(&mut self, rng: &mut impl Rng) -> KeyHandle {
        self.keep(Key::generate_signing(KeyKind::Device, rng))
    }

    /// Makes a key that signs DPoP proofs.
    pub fn generate_dpop_key(&mut self, rng: &mut impl Rng) -> KeyHandle {
        self.keep(Key::generate_signing(KeyKind::Dpop, rng))
    }

    /// Makes a key that signs for a user.
    pub fn generate_user_key(&mut self, rng: &mut impl Rng) -> KeyHandle {
        self.keep(Key::generate_signing(KeyKind::User, rng))
    }

    /// Makes a key that session keys are wrapped for.
    pub fn generate_transport_key(&mut self, rng: &mut impl Rng) -> KeyHandle {
        self.keep(Key::generate_transport(rng))
    }

    /// What the key is for.
    ///
    /// # Errors
    /// `keystore.foreign_handle`, `keystore.unknown_key`.
    pub fn kind(&self, key: KeyHandle) -> Result<KeyKind, Error> {
        self.key(key).map(Key::kind)
    }

    /// The public half of a key pair.
    ///
    /// # Errors
    /// `keystore.foreign_handle`, `keystore.unknown_key`, and `keystore.wrong_kind` for a session
    /// key, which has none.
    pub fn public_key(&self, key: KeyHandle) -> Result<&P256PublicKey, Error> {
        self.key(key)?.public_key()
    }

    /// Signs octets with ES256 (RFC 6979) under a device, DPoP or user key: 64 octets.
    ///
    /// # Errors
    /// `keystore.foreign_handle`, `keystore.unknown_key`, `keystore.wrong_kind`, and
    /// `jose.signing_failed`.
    pub fn sign(&mut self, key: KeyHandle, input: &[u8]) -> Result<Vec<u8>, Error> {
        let signature = self.key(key)?.sign(input)?;
        self.elapsed += self.latency.sign.draw(&mut self.rng);
        Ok(signature)
    }

    /// Unwraps a `session_key_jwe` and keeps the session key.
    ///
    /// `expected_apv` are the decoded octets of `apv`. A text that does not open costs the same
    /// time.
    ///
    /// # Errors
    /// `keystore.foreign_handle`, `keystore.unknown_key`, `keystore.wrong_kind`, and the codes of
    /// [`UnopenedJwe::unwrap_session_key`].
    pub fn unwrap_session_key(
        &mut self,
        transport: KeyHandle,
        jwe: &str,
        expected_apv: &[u8],
    ) -> Result<KeyHandle, Error> {
        let key = self.key(transport)?.as_transport()?;
        let opened =
            UnopenedJwe::parse(jwe).and_then(|jwe| jwe.unwrap_session_key(key, expected_apv));
        self.elapsed += self.latency.unwrap.draw(&mut self.rng);
        Ok(self.keep(Key::Session(opened?)))
    }

    /// Opens an answer of protocol 4, which is encrypted for the transport key.
    ///
    /// # Errors
    /// `keystore.foreign_handle`, `keystore.unknown_key`, `keystore.wrong_kind`, and the codes of
    /// [`UnopenedJwe::decrypt_ecdh_es`].
    pub fn open_answer(
        &mut self,
        transport: KeyHandle,
        jwe: &str,
        expected_apv: &[u8],
    ) -> Result<Vec<u8>, Error> {
        let key = self.key(transport)?.as_transport()?;
        let opened = UnopenedJwe::parse(jwe).and_then(|jwe| jwe.decrypt_ecdh_es(key, expected_apv));
        self.elapsed += self.latency.unwrap.draw(&mut self.rng);
        Ok(opened?)
    }

    /// Derives the key for one message and hands it out.
    ///
    /// # Errors
    /// `keystore.foreign_handle`, `keystore.unknown_key`, `keystore.wrong_kind`.
    ///
    /// # Security
    /// Whoever reads the caller's memory has the result. Under [`KdfVersion::V1`] it signs any
    /// payload under the same `ctx` for as long as the PRT lives, on any machine.
    pub fn derive(
        &mut self,
        session: KeyHandle,
        version: KdfVersion,
        ctx: &Ctx,
        payload: &[u8],
    ) -> Result<DerivedKey, Error> {
        let derived = self.key(session)?.as_session()?.derive(version, ctx, payload);
        self.elapsed += self.latency.derive.draw(&mut self.rng);
        Ok(derived)
    }

    /// The simulated time that operations took since the last call.
    pub fn take_elapsed(&mut self) -> Nanos {
        std::mem::take(&mut self.elapsed)
    }

    /// Destroys a key. Its handle stays good for nothing.
    ///
    /// # Errors
    /// `keystore.foreign_handle`, `keystore.unknown_key`.
    pub fn forget(&mut self, key: KeyHandle) -> Result<(), Error> {
        self.key(key)?;
        self.keys.remove(&key);
        Ok(())
    }

    /// An attacker's copy of the store: the same keys, under the same handles.
    ///
    /// What is made in the copy afterwards is unknown to the original and the other way round.
    ///
    /// # Errors
    /// `keystore.not_exportable` under [`Protection::Hardware`].
    ///
    /// # Security
    /// This is a capability that a scenario grants, reading the disk or the process of a device
    /// without a TPM, and no operation of a key store.
    pub fn danger_copy(&self) -> Result<Self, Error> {
        if self.protection == Protection::Hardware {
            return Err(Error::NotExportable);
        }
        let mut rng = Stream::from_seed(self.rng.get_seed());
        rng.set_stream(self.rng.get_stream().wrapping_add(1));
        let mut copy = Self::new(self.protection, self.latency, rng);
        copy.origins.clone_from(&self.origins);
        copy.origins.insert(self.id);
        copy.keys = self.keys.iter().map(|(handle, key)| (*handle, key.danger_copy())).collect();
        Ok(copy)
    }

    fn keep(&mut self, key: Key) -> KeyHandle {
        let handle = KeyHandle { store: self.id, number: self.next };
        self.next += 1;
        self.keys.insert(handle, key);
        handle
    }

    fn key(&self, handle: KeyHandle) -> Result<&Key, Error> {
        let own = handle.store == self.id || self.origins.contains(&handle.store);
        match self.keys.get(&handle) {
            Some(key) => Ok(key),
            None if own => Err(Error::UnknownKey { key: handle }),
            None => Err(Error::ForeignHandle { key: handle, store: self.id }),
        }
    }
}

/// Id, protection and how many keys; never a key.
impl fmt::Debug for KeyStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyStore")
            .field("id", &self.id)
            .field("protection", &self.protection)
            .field("keys", &self.keys.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
