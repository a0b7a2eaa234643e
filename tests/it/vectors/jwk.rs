//! Thumbprints: RFC 7638, 8037, 9449 and the project's keys.

use serde_json::Value;
use sha2::{Digest as _, Sha256};
use token_protection_lab::jose::jwk::thumbprint_of;
use token_protection_lab::jose::{Error, Jwk, P256PublicKey, PublicKey};

use super::{hex, list, public_half, supplied, text};

#[test]
fn thumbprints_of_the_project() {
    let file = supplied("jwk-thumbprint.json");
    assert_eq!(list(&file["cases"]).len(), 6);
    for case in list(&file["cases"]) {
        let name = text(&case["name"]);
        let thumbprint = thumbprint_of(case["jwk"].to_string().as_bytes()).unwrap();
        assert_eq!(thumbprint.to_string(), text(&case["thumbprint"]), "{name}");
        assert_eq!(thumbprint.as_bytes()[..], hex(&case["sha256_hex"]), "{name}");
        let hash = Sha256::digest(text(&case["canonical_json"]));
        assert_eq!(thumbprint.as_bytes()[..], hash[..], "{name}");
        assert_eq!(text(&case["thumbprint"]).parse(), Ok(thumbprint), "{name}");
        if case["jwk"]["kty"] == "EC" {
            let key = public_half(&case["jwk"]);
            assert_eq!(key.thumbprint(), thumbprint, "{name}");
            assert_eq!(P256PublicKey::from_jwk(&key.to_jwk()), Ok(key), "{name}");
        }
    }
}

/// A coordinate without its leading zero octet gives another thumbprint, and is no key.
#[test]
fn a_dropped_zero_octet() {
    let file = supplied("jwk-thumbprint.json");
    let case = list(&file["cases"]).last().unwrap();
    let mut jwk = case["jwk"].clone();
    let x = token_protection_lab::base::b64::decode_url(text(&jwk["x"])).unwrap();
    assert_eq!((x.len(), x[0]), (32, 0));
    jwk["x"] = Value::from(token_protection_lab::base::b64::encode_url(&x[1..]));
    let wrong = thumbprint_of(jwk.to_string().as_bytes()).unwrap();
    assert_eq!(wrong.to_string(), text(&case["wrong_thumbprint_if_zero_dropped"]));
    let jwk: Jwk = serde_json::from_value(jwk).unwrap();
    assert_eq!(PublicKey::from_jwk(&jwk), Err(Error::CoordinateLength));
}

#[test]
fn thumbprints_of_the_rfcs() {
    let file = supplied("jwk-rfc7638.json");
    assert_eq!(list(&file["examples"]).len(), 6);
    for case in list(&file["examples"]) {
        let thumbprint = thumbprint_of(case["jwk"].to_string().as_bytes()).unwrap();
        assert_eq!(thumbprint.to_string(), text(&case["thumbprint"]), "{}", case["name"]);
        let hash = Sha256::digest(text(&case["input"]));
        assert_eq!(thumbprint.as_bytes()[..], hash[..], "{}", case["name"]);
    }
}

/// The thumbprint of a private key can be taken, but it does not pass for a public key.
#[test]
fn private_keys_are_no_public_keys() {
    let file = supplied("jwk-rfc7638.json");
    let private: Vec<_> = list(&file["examples"])
        .iter()
        .filter(|case| case["jwk"].get("d").is_some() || case["jwk"].get("k").is_some())
        .collect();
    assert_eq!(private.len(), 2);
    for case in private {
        let jwk: Jwk = serde_json::from_value(case["jwk"].clone()).unwrap();
        assert_eq!(PublicKey::from_jwk(&jwk), Err(Error::PrivateMember), "{}", case["name"]);
    }
}
