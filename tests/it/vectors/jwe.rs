//! JWE: encrypted answers, and session keys wrapped for a transport key.

use token_protection_lab::jose::jwe::{JweHeader, encrypt_dir};
use token_protection_lab::jose::{Ctx, DerivedKey, Error, KdfVersion, MacKey, UnopenedJwe};

use super::Stage::{Curve, EncryptedKey, Iv, KeyManagement, OnCurve, Open, PartyInfo};
use super::{
    Stage, agreement_key, each_at_its_stage, hex, list, same_mac, same_session, session_key,
    supplied, text,
};

/// The key of an answer: version 1 over the answer's own `ctx`.
fn answer_key(jwe: &UnopenedJwe<'_>, session_key_hex: &serde_json::Value) -> (Ctx, DerivedKey) {
    let ctx = Ctx::from_header(jwe.header().ctx.as_deref().unwrap()).unwrap();
    let key = session_key(session_key_hex).derive(KdfVersion::V1, &ctx, b"");
    (ctx, key)
}

fn open_answer(jwe: &str, session_key_hex: &serde_json::Value) -> Result<Vec<u8>, Error> {
    let jwe = UnopenedJwe::parse(jwe)?;
    let (_, key) = answer_key(&jwe, session_key_hex);
    jwe.decrypt_dir(&key)
}

#[test]
fn answers() {
    let file = supplied("prt-response-jwe.json");
    let [gcm, cbc] = list(&file["cases"]) else { panic!("two cases") };
    let jwe = UnopenedJwe::parse(text(&gcm["jwe"])).unwrap();
    let header: JweHeader = serde_json::from_str(text(&gcm["header_utf8"])).unwrap();
    assert_eq!(jwe.header(), &header);
    let (ctx, key) = answer_key(&jwe, &file["session_key_hex"]);
    let expected = MacKey::from_octets(&hex(&file["derived_key_hex"]));
    assert!(same_mac(&key.mac_key(), &expected));
    let plaintext = text(&file["plaintext_utf8"]).as_bytes();
    assert_eq!(jwe.decrypt_dir(&key).unwrap(), plaintext);
    let iv = hex(&gcm["iv_hex"]).try_into().unwrap();
    assert_eq!(encrypt_dir(&key, &ctx, iv, plaintext), text(&gcm["jwe"]));

    // The form the live service was seen to send: CBC without a tag under a GCM header.
    let refused = open_answer(text(&cbc["jwe"]), &file["session_key_hex"]);
    assert_eq!(Stage::of(&refused), Iv);
    each_at_its_stage(&file["negative"], &[("tag altered", Open)], |case| {
        open_answer(text(&case["jwe"]), &file["session_key_hex"])
    });
}

#[test]
fn wrapped_session_keys() {
    let file = supplied("prt-ecdh-es.json");
    let [direct, key_wrap] = list(&file["project"]) else { panic!("two forms") };
    let own = agreement_key(&direct["transport_key_private_jwk"]);
    let apv = text(&direct["apv_utf8"]).as_bytes();
    assert_eq!(
        own.public_key().thumbprint().to_string(),
        text(&direct["transport_key_thumbprint"])
    );
    let unwrap = |jwe: &str| UnopenedJwe::parse(jwe)?.unwrap_session_key(&own, apv);

    let jwe = UnopenedJwe::parse(text(&direct["jwe"])).unwrap();
    let header: JweHeader = serde_json::from_str(text(&direct["header_utf8"])).unwrap();
    assert_eq!(jwe.header(), &header);
    let key = unwrap(text(&direct["jwe"])).unwrap();
    assert!(same_session(&key, &session_key(&direct["session_key_hex"])));
    assert_eq!(Stage::of(&unwrap(text(&key_wrap["jwe"]))), KeyManagement);

    let stages = [
        ("apv changed in the header", PartyInfo),
        ("epk is not a point of the curve", OnCurve),
        ("epk names another curve", Curve),
        ("encrypted-key part not empty under direct agreement", EncryptedKey),
    ];
    each_at_its_stage(&file["negative_for_direct"], &stages, |case| unwrap(text(&case["jwe"])));
}

/// The changed `apv` is part of the key too: whoever expects it derives another one.
#[test]
fn apv_is_part_of_the_key() {
    let file = supplied("prt-ecdh-es.json");
    let own = agreement_key(&file["project"][0]["transport_key_private_jwk"]);
    let changed = text(&file["negative_for_direct"][0]["jwe"]);
    let jwe = UnopenedJwe::parse(changed).unwrap();
    assert_eq!(Stage::of(&jwe.decrypt_ecdh_es(&own, b"other-device")), Open);
}

/// RSA is not spoken here: the RSA-OAEP forms of Windows are refused by their `alg`.
#[test]
fn rsa_forms() {
    let own = &supplied("prt-ecdh-es.json")["project"][0]["transport_key_private_jwk"];
    let own = agreement_key(own);
    let jwe = "eyJhbGciOiJSU0EtT0FFUCIsImVuYyI6IkEyNTZHQ00ifQ.AA.AAAAAAAAAAAAAAAA.AA.AA";
    let refused = UnopenedJwe::parse(jwe).unwrap().decrypt_ecdh_es(&own, b"");
    assert_eq!(Stage::of(&refused), KeyManagement);
}
