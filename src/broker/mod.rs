//! The broker: the one program of a device that signs in for its user and its apps.
//!
//! It asks for a primary refresh token (PRT), keeps it, and turns it into access tokens for apps
//! that are integrated with it. Each use is signed: under a key derived from the session key, or in
//! protocol 4 by the device key itself.
//!
//! ```text
//! device   absent --generate_keys--> keys --register or provisioned--> registered
//!          registered --register--> registered      same device key, new transport key
//!          registered --unregister--> absent        every key and token goes
//!
//! PRT      none --prt_with_password, _refresh_token, _user_key--> held
//! (a user) held --renew--> held                     new PRT, same session key
//!          held --prt_with_*--> held                a roll: new session key, app tokens go
//! ```
//!
//! A refused or unreadable answer changes no state.
//!
//! # What it knows, and what it must not
//!
//! It holds *handles* to the device key, the transport key, user keys and session keys; the keys
//! stay in the [`KeyStore`] and have no way out by type. What does come out is a [derived
//! key](crate::jose::DerivedKey) for each message, as with a real TPM, and whoever reads the
//! process's memory finds the last few of them: [`loot`] says what is found where. Of the provider
//! it knows what an answer said and nothing more: PRTs and refresh tokens are opaque to it, and it
//! takes no part in a decision about policy.
//!
//! Answers are opened, not believed. The session key and every protocol 4 answer are encrypted to
//! the transport key with an `apv` that names this key and this request's nonce
//! ([`requests::apv`]), so an answer to another device or another request does not open. An answer
//! under the session key is tied to the session alone: the protocol has no more to offer there.
//!
//! # Building and sending are apart
//!
//! `prepare_*` builds a signed text and sends nothing; the claims in it come from the pure functions
//! of [`requests`]. A test, or an attacker who runs code on the device, can so build a message, keep
//! it, and send it later from somewhere else.

mod browser;
#[cfg(test)]
mod costs;
pub mod dpop;
mod error;
mod exchange;
pub mod loot;
mod prt;
pub mod registration;
pub mod requests;
#[cfg(test)]
pub(crate) mod scripted;
mod tokens;
pub mod uses;

use std::collections::BTreeMap;

use rand::Rng;

pub use crate::pop::Protocol;
pub use dpop::{DpopClient, Prover};
pub use error::{AnswerError, BrokerError};
pub use tokens::AppTokens;

use crate::base::id::{AppId, DeviceId};
use crate::base::{Secret, Timestamp};
use crate::jose::P256PublicKey;
use crate::jose::jws::{self, Header};
use crate::jose::kdf::KdfVersion;
use crate::keystore::{self, KeyHandle, KeyStore};
use crate::wire::dpop::TokenType;

/// The Microsoft Authentication Broker: the client whose refresh tokens may ask for a PRT.
pub const AUTHENTICATION_BROKER: AppId = AppId::from_u128(0x29d9ed98_a469_4536_ade2_f981bc1d605e);
/// The Windows broker: the client that asks with a password or user key, and that renews
/// (MS-OAPXBC appendix A <4>).
pub const WINDOWS_BROKER: AppId = AppId::from_u128(0x38aa3b87_a06d_4817_b275_7a316988d93b);

/// How a broker talks to its provider.
#[derive(Clone, Debug)]
pub struct BrokerSettings {
    /// What signs the uses of the PRTs it asks for.
    pub protocol: Protocol,
    /// Which access tokens it asks for: with [`TokenType::Dpop`] its token requests carry a proof, and
    /// an answer with any other token is refused.
    pub token_type: TokenType,
    /// KDF version of its signatures; it has no part in protocol 4.
    pub kdf: KdfVersion,
    /// The tenant's authority, such as `https://login.lab.example/{tenant id}`.
    pub issuer: String,
    /// Where the registration service lives, such as `https://login.lab.example`.
    pub origin: String,
    /// What it sends as `User-Agent`: the only claim of a platform it makes.
    pub user_agent: String,
}

/// The broker of one device.
pub struct Broker {
    store: KeyStore,
    settings: BrokerSettings,
    registration: Registration,
    user_keys: BTreeMap<String, KeyHandle>,
    prts: BTreeMap<String, HeldPrt>,
    dpop: Option<dpop::Presenter>,
    memory: loot::Memory,
}

/// How far the device has come.
#[derive(Clone, Copy, Debug)]
enum Registration {
    Absent,
    Keys(DeviceKeys),
    Registered(DeviceKeys, DeviceId),
}

/// The two keys of a device: one signs, the other opens what is encrypted to it.
#[derive(Clone, Copy, Debug)]
struct DeviceKeys {
    device: KeyHandle,
    transport: KeyHandle,
}

/// The PRT of one user, with what its uses need.
#[derive(Clone)]
struct HeldPrt {
    username: String,
    token: Secret<String>,
    expires: Timestamp,
    use_key: UseKey,
    /// The newest refresh token that came back for each client.
    app_tokens: BTreeMap<AppId, Secret<String>>,
}

/// Which key signs a use: settled when the PRT was asked for.
#[derive(Clone, Copy)]
enum UseKey {
    Device,
    Session(KeyHandle),
}

impl Broker {
    /// A broker on a device without keys.
    #[must_use]
    pub fn new(store: KeyStore, settings: BrokerSettings) -> Self {
        Self {
            store,
            settings,
            registration: Registration::Absent,
            user_keys: BTreeMap::new(),
            prts: BTreeMap::new(),
            dpop: None,
            memory: loot::Memory::default(),
        }
    }

    /// Makes a device key and a transport key, in this order, and gives their public halves.
    ///
    /// Whatever belonged to earlier keys goes: they are other keys, so the device is another one.
    ///
    /// # Errors
    /// `broker.key_store`.
    pub fn generate_keys(
        &mut self,
        rng: &mut impl Rng,
    ) -> Result<(P256PublicKey, P256PublicKey), BrokerError> {
        self.forget_everything();
        let keys = DeviceKeys {
            device: self.store.generate_device_key(rng),
            transport: self.store.generate_transport_key(rng),
        };
        self.registration = Registration::Keys(keys);
        Ok((self.public(keys.device)?, self.public(keys.transport)?))
    }

    /// Makes a key for `username`, replacing an earlier one, and gives its public half.
    ///
    /// The provider learns of it by [`Broker::register_user_key`] or knew it before the story.
    ///
    /// # Errors
    /// `broker.key_store`.
    pub fn generate_user_key(
        &mut self,
        rng: &mut impl Rng,
        username: &str,
    ) -> Result<P256PublicKey, BrokerError> {
        let key = self.store.generate_user_key(rng);
        let public = self.public(key)?;
        if let Some(earlier) = self.user_keys.insert(user_entry(username), key) {
            self.drop_key(earlier);
        }
        Ok(public)
    }

    /// Takes note that the directory knows this device, with the keys it has, as `device`.
    ///
    /// # Errors
    /// `broker.no_keys` before [`Broker::generate_keys`].
    pub fn provisioned(&mut self, device: DeviceId) -> Result<(), BrokerError> {
        self.registration = Registration::Registered(self.keys()?, device);
        Ok(())
    }

    /// The id the provider gave this device.
    #[must_use]
    pub const fn device_id(&self) -> Option<DeviceId> {
        match self.registration {
            Registration::Registered(_, device) => Some(device),
            Registration::Absent | Registration::Keys(_) => None,
        }
    }

    /// The last second of the user's PRT, as the answer that brought it said.
    #[must_use]
    pub fn prt_expires(&self, username: &str) -> Option<Timestamp> {
        self.prts.get(&user_entry(username)).map(|held| held.expires)
    }

    /// The settings it was made with.
    #[must_use]
    pub const fn settings(&self) -> &BrokerSettings {
        &self.settings
    }

    /// An attacker's copy of the broker: the same keys and tokens.
    ///
    /// # Errors
    /// `keystore.not_exportable` unless the store is a software one.
    ///
    /// # Security
    /// The copy is as good as the device for as long as its tokens live; nothing the provider sees
    /// tells the two apart. Hardware protection is the answer to this and to nothing else.
    pub fn danger_copy(&self) -> Result<Self, keystore::Error> {
        Ok(Self {
            store: self.store.danger_copy()?,
            settings: self.settings.clone(),
            registration: self.registration,
            user_keys: self.user_keys.clone(),
            prts: self.prts.clone(),
            dpop: self.dpop.as_ref().map(dpop::Presenter::danger_copy),
            memory: self.memory.clone(),
        })
    }

    /// An attacker's copy of the user's PRT and its session key, and of no other key; nothing if
    /// there is no such PRT or, as in protocol 4, no session key.
    ///
    /// # Errors
    /// `keystore.not_exportable` unless the store is a software one.
    ///
    /// # Security
    /// Enough to use and renew the PRT from anywhere; not enough to ask for another one. The PRT is
    /// not bound to the broker's DPoP key, so a key of the thief's own does for that.
    pub fn danger_copy_session(&self, username: &str) -> Result<Option<Self>, keystore::Error> {
        let mut copy = self.danger_copy()?;
        let Some(held) = copy.prts.remove(&user_entry(username)) else { return Ok(None) };
        let UseKey::Session(_) = held.use_key else { return Ok(None) };
        copy.forget_everything();
        copy.drop_dpop_key();
        let held = HeldPrt { app_tokens: BTreeMap::new(), ..held };
        copy.prts.insert(user_entry(username), held);
        Ok(Some(copy))
    }

    fn keys(&self) -> Result<DeviceKeys, BrokerError> {
        match self.registration {
            Registration::Absent => Err(BrokerError::NoKeys),
            Registration::Keys(keys) | Registration::Registered(keys, _) => Ok(keys),
        }
    }

    fn registered(&self) -> Result<(DeviceKeys, DeviceId), BrokerError> {
        match self.registration {
            Registration::Absent | Registration::Keys(_) => Err(BrokerError::NotRegistered),
            Registration::Registered(keys, device) => Ok((keys, device)),
        }
    }

    fn held(&self, username: &str) -> Result<&HeldPrt, BrokerError> {
        let found = self.prts.get(&user_entry(username));
        found.ok_or_else(|| BrokerError::NoPrt { username: username.to_owned() })
    }

    fn public(&self, key: KeyHandle) -> Result<P256PublicKey, BrokerError> {
        Ok(self.store.public_key(key)?.clone())
    }

    /// An ES256 JWS by a key of the store, named by its thumbprint.
    fn sign_with(
        &mut self,
        key: KeyHandle,
        header: Header,
        payload: &[u8],
    ) -> Result<Secret<String>, BrokerError> {
        let input = jws::signing_input(&header, payload);
        let signature = self.store.sign(key, input.as_bytes())?;
        Ok(Secret::new(jws::assemble(input, &signature)))
    }

    fn forget_everything(&mut self) {
        let users = std::mem::take(&mut self.user_keys).into_values();
        let sessions =
            std::mem::take(&mut self.prts).into_values().filter_map(|held| match held.use_key {
                UseKey::Device => None,
                UseKey::Session(key) => Some(key),
            });
        users.chain(sessions).for_each(|key| self.drop_key(key));
        if let Ok(keys) = self.keys() {
            self.drop_key(keys.device);
            self.drop_key(keys.transport);
        }
        self.registration = Registration::Absent;
        self.memory = loot::Memory::default();
    }

    /// A key that the store no longer has is as gone as one it destroys now.
    fn drop_key(&mut self, key: KeyHandle) {
        self.store.forget(key).ok();
    }
}

impl std::fmt::Debug for Broker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Broker")
            .field("registration", &self.registration)
            .field("users", &self.prts.keys())
            .finish_non_exhaustive()
    }
}

/// User principal names compare without case.
fn user_entry(username: &str) -> String {
    username.to_lowercase()
}
