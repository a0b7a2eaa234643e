//! The session-key KDF: NIST's counter-mode set, and `prt-kdf.json`.

use token_protection_lab::jose::kdf::counter_hmac_sha256;
use token_protection_lab::jose::{Ctx, KdfVersion, MacKey, Signer as _};

use super::{hex, list, octets, same_mac, session_key, supplied, text};

/// NIST CAVS 14.4, counter mode, HMAC-SHA256, 32-bit counter before the fixed input.
#[test]
fn nist_sp800_108() {
    let file = supplied("nist-sp800-108-ctr-hmac-sha256.json");
    assert_eq!(list(&file["cases"]).len(), 40);
    for case in list(&file["cases"]) {
        let bits = u32::try_from(case["l_bits"].as_u64().unwrap()).unwrap();
        let derived =
            counter_hmac_sha256(&hex(&case["ki_hex"]), &hex(&case["fixed_input_hex"]), bits);
        assert_eq!(derived, hex(&case["ko_hex"]), "{}", case["count"]);
    }
}

#[test]
fn derived_keys() {
    let file = supplied("prt-kdf.json");
    for (version, cases, count) in [(KdfVersion::V1, "kdf_v1", 4), (KdfVersion::V2, "kdf_v2", 3)] {
        assert_eq!(list(&file[cases]).len(), count);
        for case in list(&file[cases]) {
            let ctx = Ctx::from_header(text(&case["ctx_header_b64"])).unwrap();
            assert_eq!(ctx.len(), hex(&case["ctx_hex"]).len());
            assert_eq!(ctx.to_header(), text(&case["ctx_header_b64"]));
            let payload = case["payload_utf8"].as_str().unwrap_or_default().as_bytes();
            let key = session_key(&case["session_key_hex"]).derive(version, &ctx, payload);
            let expected = MacKey::from_octets(&hex(&case["derived_key_hex"]));
            assert!(same_mac(&key.mac_key(), &expected), "{}", case["name"]);
        }
    }
}

/// The results of known mistakes are none of ours.
#[test]
fn wrong_results() {
    let file = supplied("prt-kdf.json");
    let derive = |version, case: &serde_json::Value| {
        let ctx = Ctx::from_header(text(&case["ctx_header_b64"])).unwrap();
        let payload = case["payload_utf8"].as_str().unwrap_or_default().as_bytes();
        session_key(&case["session_key_hex"]).derive(version, &ctx, payload).mac_key()
    };
    let v1 = derive(KdfVersion::V1, &file["kdf_v1"][0]);
    let v2 = derive(KdfVersion::V2, &file["kdf_v2"][0]);
    let cases = list(&file["wrong_results_for_v1_24_and_v2_24"]);
    assert_eq!(cases.len(), 9);
    for case in cases {
        let wrong = MacKey::from_octets(&hex(&case["derived_key_hex"]));
        assert!(!same_mac(&wrong, &v2), "{}", case["mistake"]);
        // One of the mistakes is to use the right result of version 1 for version 2.
        let is_v1 = text(&case["mistake"]).starts_with("v1 result used");
        assert_eq!(same_mac(&wrong, &v1), is_v1, "{}", case["mistake"]);
    }
}

/// Figures published with MSAL for Android and Apple, and of a live answer.
#[test]
fn third_parties() {
    let file = supplied("prt-kdf.json");
    assert_eq!(list(&file["third_party"]).len(), 4);
    for case in list(&file["third_party"]) {
        let label = text(&case["label_utf8"]).as_bytes();
        let input = [label, &[0], &hex(&case["ctx_hex"]), &256u32.to_be_bytes()].concat();
        let derived = counter_hmac_sha256(&hex(&case["session_key_hex"]), &input, 256);
        assert_eq!(derived, hex(&case["derived_key_hex"]), "{}", case["name"]);
        if let Some(message) = case["hmac_message_utf8"].as_str() {
            let tag = MacKey::from_octets(&derived).sign(message.as_bytes()).unwrap();
            assert_eq!(tag, octets(&case["hmac_b64u"]), "{}", case["name"]);
        }
        if let Some(ctx) = case["response_header"]["ctx"].as_str() {
            let key = session_key(&case["session_key_hex"]);
            let key = key.derive(KdfVersion::V1, &Ctx::from_header(ctx).unwrap(), b"");
            assert!(same_mac(&key.mac_key(), &MacKey::from_octets(&derived)), "{}", case["name"]);
        }
    }
}
