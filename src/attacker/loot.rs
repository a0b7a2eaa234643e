//! What can be taken, by which capability, and the acts of taking it.

use crate::base::id::AppId;
use crate::base::{Secret, Timestamp};
use crate::broker::Broker;
use crate::broker::loot::CapturedKey;
use crate::wire::Request;

/// What the thief is able to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Capability {
    /// Holds back messages on the network, inside TLS, and sends others in their place.
    InterceptNetwork,
    /// Knows the user's password.
    KnowPassword,
    /// Reads files, and a software key store with them.
    ReadDisk,
    /// Reads the memory of the broker and of apps.
    ReadProcessMemory,
    /// Registers devices of its own.
    RegisterDevice,
    /// Relays a sign-in that the user was lured into.
    RelayPhish,
    /// Runs code on the device and talks to its broker, while it is there.
    RunCode,
    /// Sees messages on the network, inside TLS.
    TapNetwork,
}

impl Capability {
    /// What it lets the thief do, as a sentence without a full stop.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::InterceptNetwork => "the thief holds back messages on the network",
            Self::KnowPassword => "the thief knows the password",
            Self::ReadDisk => "the thief reads files on the device",
            Self::ReadProcessMemory => "the thief reads process memory on the device",
            Self::RegisterDevice => "the thief registers a device of its own",
            Self::RelayPhish => "the thief relays a sign-in the user was lured into",
            Self::RunCode => "the thief runs code on the device",
            Self::TapNetwork => "the thief reads messages on the network",
        }
    }
}

/// What the thief holds.
pub enum Loot {
    /// An access token for one resource, without the key that it may be bound to.
    AccessToken(Secret<String>),
    /// A refresh token that was issued through the broker, without its key.
    BrokerRefreshToken {
        /// The client it was issued to.
        client: AppId,
        /// The token.
        token: Secret<String>,
    },
    /// A signed browser credential.
    BrowserCredential(Secret<String>),
    /// Derived keys with the PRT they belong to, the newest of each KDF version.
    DerivedKeys(Vec<CapturedKey>),
    /// DPoP proofs that code on the device had made in advance, and the access token they go with.
    DpopProofs {
        /// The token.
        token: Secret<String>,
        /// What the proofs are for: method and address, without token or proof.
        target: Box<Request>,
        /// Each good once, by the time that it says it was made at, oldest first.
        proofs: Vec<(Timestamp, Secret<String>)>,
    },
    /// A DPoP request that was held back on the network: it has not arrived anywhere.
    DpopRequest(Box<Request>),
    /// The use of the broker on the victim's device, named here; no key.
    DeviceControl {
        /// Display name of the device.
        device: String,
    },
    /// A copy of a software key store and all the broker held: the thief owns the keys.
    KeyStore(Box<Broker>),
    /// An access token for one resource that is bound, if it is bound, to a key of the thief's own:
    /// the thief asked for it.
    OwnAccessToken {
        /// The client the thief asked as.
        client: AppId,
        /// The token.
        token: Secret<String>,
    },
    /// A device of the thief's own, registered under the victim's name, with a PRT on it.
    OwnDevice,
    /// The user's password as it was when it was learnt.
    Password(Secret<String>),
    /// The PRT text alone.
    Prt(Secret<String>),
    /// A signed token request as it crossed the network.
    PrtRequest(Box<Request>),
    /// A refresh token of an app outside the broker.
    RefreshToken {
        /// The client it was issued to.
        client: AppId,
        /// The token.
        token: Secret<String>,
    },
    /// A request to a resource as it crossed the network.
    ResourceRequest(Box<Request>),
    /// PRT and session key, from a software store: enough to use the PRT, and no device key.
    SessionKey(Box<Broker>),
}

impl Loot {
    /// What the thief holds, as a reader sees it.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::AccessToken(_) => "an access token",
            Self::BrokerRefreshToken { .. } => "a refresh token issued through the broker",
            Self::BrowserCredential(_) => "a signed browser credential",
            Self::DerivedKeys(_) => "derived keys and their PRT",
            Self::DeviceControl { .. } => "the use of the broker on the device",
            Self::DpopProofs { .. } => "DPoP proofs made in advance",
            Self::DpopRequest(_) => "a DPoP request that never arrived",
            Self::KeyStore(_) => "a copy of the key store",
            Self::OwnAccessToken { .. } => "an access token of its own",
            Self::OwnDevice => "a device of its own in the victim's name",
            Self::Password(_) => "a password",
            Self::Prt(_) => "a PRT without its session key",
            Self::PrtRequest(_) => "a recorded token request",
            Self::RefreshToken { .. } => "a refresh token",
            Self::ResourceRequest(_) => "a recorded resource request",
            Self::SessionKey(_) => "a PRT with its session key",
        }
    }

    /// Reads the broker's disk for the PRT of a user.
    #[must_use]
    pub fn prt_from_disk(broker: &Broker, username: &str) -> Option<Self> {
        let mut prts = broker.disk().prts.into_iter();
        prts.find(|(user, _)| user == username).map(|(_, token)| Self::Prt(token))
    }

    /// Reads the broker's disk for the newest refresh token it was issued for a user.
    #[must_use]
    pub fn broker_refresh_from_disk(broker: &Broker, username: &str) -> Option<Self> {
        let mut stored = broker.disk().app_refresh_tokens.into_iter();
        let found = stored.rfind(|stored| stored.user == username)?;
        Some(Self::BrokerRefreshToken { client: found.client, token: found.token })
    }

    /// Reads the broker's memory for derived keys: the newest of each KDF version. Version 1 keys
    /// are there even if every request uses version 2, since answers are opened with them.
    #[must_use]
    pub fn derived_keys_from_memory(broker: &Broker) -> Option<Self> {
        let derived = broker.memory().derived;
        let newest = |version| derived.iter().rev().find(|key| key.version == version).cloned();
        let keys: Vec<_> = [crate::jose::KdfVersion::V1, crate::jose::KdfVersion::V2]
            .into_iter()
            .filter_map(newest)
            .collect();
        (!keys.is_empty()).then_some(Self::DerivedKeys(keys))
    }

    /// Copies a software key store with everything the broker holds; hardware gives nothing.
    #[must_use]
    pub fn copied_key_store(broker: &Broker) -> Option<Self> {
        Some(Self::KeyStore(Box::new(broker.danger_copy().ok()?)))
    }

    /// Copies the session key alone; there is none in protocol 4, and hardware gives nothing.
    #[must_use]
    pub fn copied_session_key(broker: &Broker, username: &str) -> Option<Self> {
        let copy = broker.danger_copy_session(username).ok()??;
        Some(Self::SessionKey(Box::new(copy)))
    }
}

/// Shows the kind alone: loot is other people's secrets.
impl std::fmt::Debug for Loot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Loot({})", self.name())
    }
}
