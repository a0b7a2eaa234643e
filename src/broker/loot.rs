//! What an attacker on the device finds: the broker's disk and its process memory.
//!
//! | where | what | needs |
//! | --- | --- | --- |
//! | disk | PRTs and app refresh tokens, as texts | reading the broker's files |
//! | memory | the last derived keys with their `ctx`, the last access tokens | reading its process |
//! | key store | the keys themselves, on software stores alone | [`Broker::danger_copy`] |
//! | the broker at work | DPoP proofs for any date | [running code](super::Prover::danger_make_proofs) |
//!
//! Session keys and private keys are in neither image: they are handles here. Derived keys are,
//! because the real key store hands them out for signing and for opening answers. Under KDF v1 one
//! of them signs any message; under v2 it signed the one message it was made for. Answers are
//! always opened under v1, so memory holds v1 keys even where every request uses v2. What the
//! provider accepts decides whether they are worth anything.

use std::collections::VecDeque;

use super::Broker;
use crate::base::Secret;
use crate::base::id::AppId;
use crate::jose::kdf::{Ctx, DerivedKey, KdfVersion};

/// How many derived keys, and how many access tokens, linger in memory. Simulated: the real number
/// is nobody's promise.
const KEPT: usize = 8;

/// The broker's files.
#[derive(Clone, Debug)]
pub struct DiskImage {
    /// User name and PRT.
    pub prts: Vec<(String, Secret<String>)>,
    /// Refresh tokens that were issued through the broker, the newest of each client.
    pub app_refresh_tokens: Vec<StoredToken>,
}

/// A refresh token in the broker's cache.
#[derive(Clone, Debug)]
pub struct StoredToken {
    /// The client it was issued to.
    pub client: AppId,
    /// The user.
    pub user: String,
    /// The token.
    pub token: Secret<String>,
}

/// The broker's process memory: what LSASS would hold. Oldest first.
#[derive(Clone, Debug)]
pub struct MemoryImage {
    /// The last derived keys.
    pub derived: Vec<CapturedKey>,
    /// The last access tokens.
    pub access_tokens: Vec<CapturedToken>,
}

/// A derived key, with all that is needed to sign with it.
#[derive(Clone, Debug)]
pub struct CapturedKey {
    /// The `ctx` it was derived with.
    pub ctx: Ctx,
    /// The KDF version.
    pub version: KdfVersion,
    /// The key.
    pub key: DerivedKey,
    /// The PRT whose session key it comes from.
    pub prt: Secret<String>,
}

/// An access token on its way to an app.
#[derive(Clone, Debug)]
pub struct CapturedToken {
    /// The client.
    pub client: AppId,
    /// The user.
    pub user: String,
    /// The token.
    pub token: Secret<String>,
}

impl Broker {
    /// What reading the disk yields.
    #[must_use]
    pub fn disk(&self) -> DiskImage {
        let prts = self.prts.values();
        let stored = prts.clone().flat_map(|held| {
            held.app_tokens.iter().map(|(client, token)| StoredToken {
                client: *client,
                user: held.username.clone(),
                token: token.clone(),
            })
        });
        DiskImage {
            app_refresh_tokens: stored.collect(),
            prts: prts.map(|held| (held.username.clone(), held.token.clone())).collect(),
        }
    }

    /// What reading process memory yields.
    #[must_use]
    pub fn memory(&self) -> MemoryImage {
        MemoryImage {
            derived: self.memory.derived.iter().cloned().collect(),
            access_tokens: self.memory.access_tokens.iter().cloned().collect(),
        }
    }
}

/// The last few of each kind.
#[derive(Clone, Default)]
pub(super) struct Memory {
    derived: VecDeque<CapturedKey>,
    access_tokens: VecDeque<CapturedToken>,
}

impl Memory {
    pub(super) fn keep_key(&mut self, key: CapturedKey) {
        keep(&mut self.derived, key);
    }

    pub(super) fn keep_token(&mut self, token: CapturedToken) {
        keep(&mut self.access_tokens, token);
    }
}

fn keep<T>(recent: &mut VecDeque<T>, one: T) {
    if recent.len() == KEPT {
        recent.pop_front();
    }
    recent.push_back(one);
}

#[cfg(test)]
mod tests {
    use super::super::Protocol;
    use super::super::scripted::{
        ALICE, ASK, Scripted, known_device, known_device_with, nonce, signed_in, tokens,
    };
    use super::*;
    use crate::base::{Check, Danger};
    use crate::jose::fixtures::assert_lacks;
    use crate::jose::jws::{UnverifiedJws, VerifyingKey};
    use crate::keystore::Protection;
    use crate::pop::session_key;

    #[test]
    fn the_disk_holds_texts_and_memory_the_last_derived_keys() {
        let (mut broker, mut far, mut rng) = signed_in(Protocol::SessionKey);
        assert!(broker.memory().derived.is_empty());
        for _ in 0..5 {
            let answer = far.use_answer(Protocol::SessionKey, "n2", &tokens(Some("app-rt")));
            let mut link = Scripted::answering([nonce("n2"), answer]);
            broker.token(&mut link, &mut rng, ALICE, &ASK).unwrap();
        }
        let disk = broker.disk();
        assert_eq!(disk.prts.len(), 1);
        assert_eq!(disk.prts[0].1.expose_secret(), "sealed-prt");
        assert_eq!(disk.app_refresh_tokens.len(), 1, "the newest of the client replaces the rest");
        assert_eq!(disk.app_refresh_tokens[0].token.expose_secret(), "app-rt");
        let memory = broker.memory();
        assert_eq!((memory.derived.len(), memory.access_tokens.len()), (KEPT, 5));
        assert_eq!(memory.derived[KEPT - 2].version, KdfVersion::V2, "the request");
        assert_eq!(memory.derived[KEPT - 1].version, KdfVersion::V1, "its answer");
    }

    #[test]
    fn a_captured_v1_key_signs_what_the_session_would() {
        let (mut broker, mut far, mut rng) = signed_in(Protocol::SessionKey);
        let answer = far.use_answer(Protocol::SessionKey, "n2", &tokens(None));
        let mut link = Scripted::answering([nonce("n2"), answer]);
        broker.token(&mut link, &mut rng, ALICE, &ASK).unwrap();
        let captured = broker.memory().derived.pop().unwrap();
        let forged =
            session_key::present(&captured.key, &captured.ctx, captured.version, b"{\"mine\":1}");
        let jws = UnverifiedJws::parse(&forged).unwrap();
        let real = far.session.derive(KdfVersion::V1, &captured.ctx, &[]).mac_key();
        let verdict = jws.verify(VerifyingKey::Mac(&real), Check::PrtUseMac, Danger::NONE);
        assert!(verdict.is_ok());
    }

    #[test]
    fn protocol_4_leaves_no_derived_key_in_memory() {
        let (mut broker, mut far, mut rng) = signed_in(Protocol::DeviceKey);
        let answer = far.use_answer(Protocol::DeviceKey, "n2", &tokens(None));
        let mut link = Scripted::answering([nonce("n2"), answer]);
        broker.token(&mut link, &mut rng, ALICE, &ASK).unwrap();
        assert!(broker.memory().derived.is_empty());
    }

    #[test]
    fn only_a_software_store_is_copied_and_the_copy_signs_alike() {
        let (hardware, ..) = known_device(Protocol::SessionKey);
        assert_eq!(hardware.danger_copy().unwrap_err().code(), "keystore.not_exportable");
        let (mut broker, ..) = known_device_with(Protocol::SessionKey, Protection::Software);
        let mut copy = broker.danger_copy().unwrap();
        assert_eq!(
            broker.prepare_device_credential("n").unwrap(),
            copy.prepare_device_credential("n").unwrap()
        );
    }

    #[test]
    fn a_copied_session_uses_the_prt_and_asks_for_no_other() {
        for protocol in [Protocol::SessionKey, Protocol::DeviceKey] {
            let (mut broker, mut far, mut rng) = known_device_with(protocol, Protection::Software);
            let answer = far.prt_answer(protocol, "n1");
            let mut link = Scripted::answering([nonce("n1"), answer]);
            broker.prt_with_password(&mut link, ALICE, &"pw".into(), None).unwrap();
            assert!(broker.danger_copy_session("bob@contoso.example").unwrap().is_none());
            let copy = broker.danger_copy_session(ALICE).unwrap();
            let Some(mut copy) = copy else {
                assert_eq!(protocol, Protocol::DeviceKey);
                continue;
            };
            let answer = far.use_answer(protocol, "n2", &tokens(None));
            let mut link = Scripted::answering([nonce("n2"), answer]);
            assert!(copy.token(&mut link, &mut rng, ALICE, &ASK).is_ok());
            assert!(copy.prepare_browser_credential(&mut rng, ALICE, "n").is_ok());
            let error = copy.prepare_device_credential("n").unwrap_err();
            assert_eq!(error.code(), "broker.not_registered");
            assert!(broker.prepare_device_credential("n").is_ok(), "the device keeps its keys");
        }
    }

    /// A copy is made by [`Broker::danger_copy`], which a hardware store refuses, and by nothing else.
    #[test]
    fn a_broker_is_not_copied_by_accident() {
        assert_lacks!(Broker: Clone, serde::Serialize, std::fmt::Display);
        assert_lacks!(CapturedKey: serde::Serialize, std::fmt::Display);
    }

    #[test]
    fn debug_shows_no_token() {
        let (broker, ..) = signed_in(Protocol::SessionKey);
        let text = format!("{broker:?} {:?} {:?}", broker.disk(), broker.memory());
        assert!(!text.contains("sealed-prt") && text.contains(ALICE), "{text}");
    }
}
