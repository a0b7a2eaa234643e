use super::*;
use crate::base::stream::Seed;
use crate::base::{Check, Danger};
use crate::jose::fixtures::assert_lacks;
use crate::jose::jws::{assemble, signing_input};
use crate::jose::{
    Header, SessionKey, SignatureAlgorithm, Signer as _, UnverifiedJws, VerifyingKey, jwe,
};

fn store(protection: Protection, label: &str) -> KeyStore {
    KeyStore::new(protection, LatencyModel::NONE, Seed(1).stream(label))
}

fn rng() -> Stream {
    Seed(1).stream("keys")
}

/// A session key, and its `session_key_jwe` for the transport key of the store.
fn wrapped(store: &KeyStore, transport: KeyHandle, apv: &[u8]) -> (SessionKey, String) {
    let mut rng = Seed(1).stream("server");
    let key = SessionKey::generate(&mut rng);
    let recipient = store.public_key(transport).unwrap();
    let jwe = jwe::wrap_session_key(&key, recipient, b"server", apv, &mut rng);
    (key, jwe)
}

fn probe(key: &DerivedKey) -> Vec<u8> {
    key.mac_key().sign(b"probe").unwrap()
}

fn ctx() -> Ctx {
    Ctx::random(&mut Seed(1).stream("ctx"))
}

/// What every store can do, whatever its protection.
fn conforms(store: &mut KeyStore) {
    let mut rng = rng();
    let signing = [
        (store.generate_device_key(&mut rng), KeyKind::Device),
        (store.generate_dpop_key(&mut rng), KeyKind::Dpop),
        (store.generate_user_key(&mut rng), KeyKind::User),
    ];
    for (key, kind) in signing {
        assert_eq!(store.kind(key), Ok(kind));
        let input = signing_input(&Header::new(SignatureAlgorithm::Es256), b"payload");
        let signature = store.sign(key, input.as_bytes()).unwrap();
        let text = assemble(input, &signature);
        let public = VerifyingKey::P256(store.public_key(key).unwrap());
        let jws = UnverifiedJws::parse(&text).unwrap();
        assert!(jws.verify(public, Check::PrtRequestSignature, Danger::NONE).is_ok());
        assert_eq!(store.unwrap_session_key(key, "", b""), Err(Error::WrongKind { kind }));
        assert_eq!(store.open_answer(key, "", b""), Err(Error::WrongKind { kind }));
        let derived = store.derive(key, KdfVersion::V2, &ctx(), b"").map(|_| ());
        assert_eq!(derived, Err(Error::WrongKind { kind }));
    }

    let transport = store.generate_transport_key(&mut rng);
    let kind = KeyKind::Transport;
    assert_eq!(store.sign(transport, b""), Err(Error::WrongKind { kind }));
    let derived = store.derive(transport, KdfVersion::V2, &ctx(), b"").map(|_| ());
    assert_eq!(derived, Err(Error::WrongKind { kind }));

    let (key, jwe) = wrapped(store, transport, b"me");
    let refused = store.unwrap_session_key(transport, &jwe, b"you").unwrap_err();
    assert_eq!(refused.code(), "jose.party_info_mismatch");
    let session = store.unwrap_session_key(transport, &jwe, b"me").unwrap();
    assert_eq!(store.kind(session), Ok(KeyKind::Session));
    for version in [KdfVersion::V1, KdfVersion::V2] {
        let derived = store.derive(session, version, &ctx(), b"payload").unwrap();
        assert_eq!(probe(&derived), probe(&key.derive(version, &ctx(), b"payload")));
    }
    let kind = KeyKind::Session;
    assert_eq!(store.public_key(session), Err(Error::WrongKind { kind }));
    assert_eq!(store.sign(session, b""), Err(Error::WrongKind { kind }));
    assert_eq!(store.unwrap_session_key(session, &jwe, b"me"), Err(Error::WrongKind { kind }));

    let recipient = store.public_key(transport).unwrap();
    let answer = jwe::encrypt_ecdh_es(recipient, b"server", b"me", b"answer", &mut rng);
    assert_eq!(store.open_answer(transport, &answer, b"me").as_deref(), Ok(b"answer".as_slice()));
}

#[test]
fn both_protections_conform() {
    conforms(&mut store(Protection::Hardware, "a"));
    conforms(&mut store(Protection::Software, "a"));
    let mut copy = store(Protection::Software, "a").danger_copy().unwrap();
    conforms(&mut copy);
}

#[test]
fn a_handle_is_good_in_its_own_store_alone() {
    let (mut a, mut b) = (store(Protection::Hardware, "a"), store(Protection::Hardware, "b"));
    let key = a.generate_device_key(&mut rng());
    b.generate_device_key(&mut rng());
    let foreign = Error::ForeignHandle { key, store: b.id() };
    assert_eq!(b.sign(key, b""), Err(foreign));
    assert_eq!(b.public_key(key), Err(foreign));
    assert_eq!(b.forget(key), Err(foreign));
    assert_eq!(key.store(), a.id());
}

#[test]
fn a_forgotten_key_is_gone() {
    let mut store = store(Protection::Hardware, "a");
    let key = store.generate_device_key(&mut rng());
    assert_eq!(store.forget(key), Ok(()));
    assert_eq!(store.sign(key, b""), Err(Error::UnknownKey { key }));
    assert_eq!(store.forget(key), Err(Error::UnknownKey { key }));
    assert_ne!(store.generate_device_key(&mut rng()), key);
}

#[test]
fn hardware_keys_cannot_be_taken() {
    let refused = store(Protection::Hardware, "a").danger_copy().map(|_| ());
    assert_eq!(refused, Err(Error::NotExportable));
}

#[test]
fn a_copy_has_the_keys_under_the_same_handles() {
    let mut original = store(Protection::Software, "a");
    let device = original.generate_device_key(&mut rng());
    let transport = original.generate_transport_key(&mut rng());
    let (_, jwe) = wrapped(&original, transport, b"me");
    let session = original.unwrap_session_key(transport, &jwe, b"me").unwrap();

    let mut copy = original.danger_copy().unwrap();
    assert_eq!(copy.sign(device, b"x"), original.sign(device, b"x"));
    assert!(copy.unwrap_session_key(transport, &jwe, b"me").is_ok());
    let derive =
        |store: &mut KeyStore| probe(&store.derive(session, KdfVersion::V1, &ctx(), b"").unwrap());
    assert_eq!(derive(&mut copy), derive(&mut original));

    // From here on they go apart.
    let new = original.generate_device_key(&mut rng());
    assert_eq!(copy.sign(new, b"x"), Err(Error::UnknownKey { key: new }));
    let theirs = copy.generate_device_key(&mut rng());
    assert_eq!(original.sign(theirs, b"x").unwrap_err().code(), "keystore.foreign_handle");
    assert_eq!(original.forget(device), Ok(()));
    assert!(copy.sign(device, b"x").is_ok());
    let second = copy.danger_copy().unwrap();
    assert_eq!(second.public_key(device), copy.public_key(device));
}

#[test]
fn operations_take_time_and_refused_ones_do_not_unless_they_computed() {
    let model = LatencyModel::chrome_tpm();
    let run = || {
        let mut store = KeyStore::new(Protection::Hardware, model, Seed(3).stream("tpm"));
        let device = store.generate_device_key(&mut rng());
        let transport = store.generate_transport_key(&mut rng());
        assert_eq!(store.take_elapsed(), Nanos(0));
        assert!(store.sign(transport, b"x").is_err());
        assert_eq!(store.take_elapsed(), Nanos(0));
        store.sign(device, b"x").unwrap();
        let signed = store.take_elapsed();
        assert!(signed > Nanos(0));
        assert_eq!(store.take_elapsed(), Nanos(0));
        assert!(store.unwrap_session_key(transport, "", b"").is_err());
        let refused = store.take_elapsed();
        assert!(refused > Nanos(0));
        let (_, jwe) = wrapped(&store, transport, b"me");
        let session = store.unwrap_session_key(transport, &jwe, b"me").unwrap();
        store.derive(session, KdfVersion::V2, &ctx(), b"").unwrap();
        (signed, refused, store.take_elapsed())
    };
    assert_eq!(run(), run());
}

#[test]
fn neither_store_nor_handle_can_be_forged_or_copied_by_accident() {
    assert_lacks!(KeyStore: Clone, Copy, serde::Serialize, AsRef<[u8]>, std::ops::Deref);
    assert_lacks!(KeyHandle: std::str::FromStr, Default, serde::de::DeserializeOwned);
    assert_lacks!(KeyHandle: From<u64>, From<String>, From<&'static str>, serde::Serialize);
    let mut store = store(Protection::Software, "a");
    store.generate_device_key(&mut rng());
    assert!(format!("{store:?}").ends_with("keys: 1, .. }"));
}
