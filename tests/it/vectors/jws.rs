//! JWS: requests under derived keys, requests under device keys, RFC 7515.

use token_protection_lab::base::{Check, Danger};
use token_protection_lab::jose::jws::{sign_compact, signing_input};
use token_protection_lab::jose::{
    Ctx, Header, KdfVersion, MacKey, SigningKey, UnverifiedJws, VerifyingKey,
};

use super::Stage::{Accept, Algorithm, Signature};
use super::{
    each_at_its_stage, hex, list, octets, public_half, same_mac, session_key, supplied, text,
    verify_es256, verify_use,
};

/// Each request is made again byte for byte, and verifies.
#[test]
fn prt_requests() {
    let file = supplied("prt-request-jws.json");
    assert_eq!(list(&file["cases"]).len(), 5);
    for case in list(&file["cases"]) {
        let (name, payload) = (text(&case["name"]), text(&case["payload_utf8"]).as_bytes());
        let header: Header = serde_json::from_str(text(&case["header_utf8"])).unwrap();
        let ctx = Ctx::from_header(header.ctx.as_deref().unwrap()).unwrap();
        let version = KdfVersion::from_header(header.kdf_ver).unwrap();
        let session = session_key(&case["session_key_hex"]);
        let key = session.derive(version, &ctx, payload).mac_key();
        let expected = MacKey::from_octets(&hex(&case["derived_key_hex"]));
        assert!(same_mac(&key, &expected), "{name}");
        assert_eq!(signing_input(&header, payload), text(&case["signing_input"]), "{name}");
        let jwt = sign_compact(&header, payload, &key).unwrap();
        assert_eq!(jwt, text(&case["jwt"]), "{name}");
        let verified = verify_use(&jwt, &session, Danger::NONE).unwrap();
        assert_eq!(verified.into_inner(), payload, "{name}");
    }
}

/// The one that is accepted is the lesson of KDF version 1: an old derived key signs a new payload.
#[test]
fn prt_requests_refused() {
    let file = supplied("prt-request-jws.json");
    let session = session_key(&file["cases"][0]["session_key_hex"]);
    let stages = [
        ("payload changed, old signature kept", Signature),
        ("v2: payload changed and signed again with the OLD derived key", Signature),
        ("v1: payload changed and signed again with the OLD derived key", Accept),
        ("kdf_ver removed from the header, signed with the v2 key", Signature),
        ("signed with the session key itself", Signature),
        ("alg none", Algorithm),
        ("signed under another device's session key", Signature),
    ];
    each_at_its_stage(&file["negative"], &stages, |case| {
        verify_use(text(&case["jwt"]), &session, Danger::NONE)
    });
}

/// With the signature check out, only the signature was wrong with them.
#[test]
fn a_missing_signature_check_would_show() {
    let file = supplied("prt-request-jws.json");
    let session = session_key(&file["cases"][0]["session_key_hex"]);
    let danger = Danger::danger_without(Check::PrtUseMac).unwrap();
    for case in list(&file["negative"]) {
        let accepted = verify_use(text(&case["jwt"]), &session, danger).is_ok();
        assert_eq!(accepted, text(&case["name"]) != "alg none", "{}", case["name"]);
    }
    let file = supplied("es256-jws.json");
    let key = public_half(&file["device_private_jwk"]);
    let danger = Danger::danger_without(Check::PrtRequestSignature).unwrap();
    for case in list(&file["negative"]) {
        let accepted = verify_es256(text(&case["jwt"]), &key, danger).is_ok();
        assert_eq!(accepted, !text(&case["name"]).starts_with("alg changed"), "{}", case["name"]);
    }
}

/// RFC 6979 signing gives the same octets as the file's generator.
#[test]
fn device_signatures() {
    let file = supplied("es256-jws.json");
    let rfc = &file["rfc"];
    let key = public_half(&rfc["private_jwk"]);
    assert!(verify_es256(text(&rfc["jws"]), &key, Danger::NONE).is_ok());

    let key = SigningKey::from_jwk(file["device_private_jwk"].to_string().as_bytes()).unwrap();
    assert_eq!(key.public_key().thumbprint().to_string(), text(&file["device_thumbprint"]));
    assert_eq!(list(&file["cases"]).len(), 3);
    for case in list(&file["cases"]) {
        let (name, payload) = (text(&case["name"]), text(&case["payload_utf8"]).as_bytes());
        let header: Header = serde_json::from_str(text(&case["header_utf8"])).unwrap();
        assert_eq!(signing_input(&header, payload), text(&case["signing_input"]), "{name}");
        let jwt = sign_compact(&header, payload, &key).unwrap();
        assert_eq!(jwt, text(&case["jwt"]), "{name}");
        assert!(jwt.ends_with(text(&case["signature_b64u"])), "{name}");
        let verified = verify_es256(&jwt, key.public_key(), Danger::NONE).unwrap();
        assert_eq!((verified.header(), verified.get().as_slice()), (&header, payload), "{name}");
    }
}

/// The one that is accepted is ECDSA's malleability: JOSE does not ask for the lower s.
#[test]
fn device_signatures_refused() {
    let file = supplied("es256-jws.json");
    let key = public_half(&file["device_private_jwk"]);
    let stages = [
        ("signature in ASN.1 DER", Signature),
        ("signed by another key under this kid", Signature),
        ("x5c of this device, signed by another key", Signature),
        ("alg changed to HS256 with the public key as the secret", Algorithm),
        ("s replaced by n - s", Accept),
    ];
    each_at_its_stage(&file["negative"], &stages, |case| {
        verify_es256(text(&case["jwt"]), &key, Danger::NONE)
    });
}

/// RFC 7515 appendices A.1 and A.3: the payload is what was sent, with its CR LF.
#[test]
fn rfc_7515() {
    let file = supplied("jws-rfc7515.json");
    assert_eq!(list(&file["examples"]).len(), 2);
    for case in list(&file["examples"]) {
        let jws = UnverifiedJws::parse(text(&case["jws"])).unwrap();
        let header: Header = serde_json::from_str(text(&case["header_utf8"])).unwrap();
        assert_eq!(jws.header(), &header);
        let (mac, p256);
        let key = match text(&case["alg"]) {
            "HS256" => {
                mac = MacKey::from_octets(&octets(&case["jwk"]["k"]));
                VerifyingKey::Mac(&mac)
            }
            _ => {
                p256 = public_half(&case["jwk"]);
                VerifyingKey::P256(&p256)
            }
        };
        let verified = jws.verify(key, Check::AccessTokenSignature, Danger::NONE).unwrap();
        assert_eq!(verified.get(), text(&case["payload_utf8"]).as_bytes());
    }
}
