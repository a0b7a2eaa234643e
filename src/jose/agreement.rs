//! The Concat KDF: from a P-256 agreement to a content key (RFC 7518 section 4.6).

use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::base::Secret;

/// The Concat KDF as RFC 7518 section 4.6.2 fills it in: one round of SHA-256, of which the first
/// `bits` are the key.
pub(super) fn agreed_key(
    z: &Secret<[u8; 32]>,
    algorithm_id: &str,
    apu: &[u8],
    apv: &[u8],
    bits: u32,
) -> Zeroizing<[u8; 32]> {
    let mut hash = Sha256::new();
    hash.update(1u32.to_be_bytes());
    hash.update(z.expose_secret());
    for field in [algorithm_id.as_bytes(), apu, apv] {
        hash.update((field.len() as u32).to_be_bytes());
        hash.update(field);
    }
    hash.update(bits.to_be_bytes());
    Zeroizing::new(hash.finalize().into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jose::fixtures::{agreement_key, hex, octets, public_key, vectors};

    /// RFC 7518 appendix C, from both sides; the RFC's own figure is for A128GCM.
    #[test]
    fn agreement_as_rfc_7518_appendix_c() {
        let rfc = &vectors("prt-ecdh-es.json")["rfc"];
        let alice = agreement_key(&rfc["alice_ephemeral_private_jwk"]);
        let bob = agreement_key(&rfc["bob_private_jwk"]);
        for z in [alice.agree(bob.public_key()), bob.agree(alice.public_key())] {
            assert_eq!(z.expose_secret().as_slice(), hex(&rfc["z_hex"]));
            let (apu, apv) = (octets(&rfc["apu_b64u"]), octets(&rfc["apv_b64u"]));
            let key = agreed_key(&z, "A128GCM", &apu, &apv, 128);
            assert_eq!(key[..16], hex(&rfc["derived_key_hex"]));
        }
    }

    /// The published figures of Apple's Platform SSO and of MSAL for Apple devices.
    #[test]
    fn agreement_as_third_parties_have_it() {
        let file = vectors("prt-ecdh-es.json");
        for case in file["third_party"].as_array().unwrap() {
            let (name, apple) = (&case["name"], "device_encryption_private_jwk");
            let own = case.get(apple).or_else(|| case.get("transport_private_jwk")).unwrap();
            let epk = match case.get("epk") {
                Some(epk) => public_key(epk),
                None => agreement_key(&case["ephemeral_private_jwk"]).public_key().clone(),
            };
            let z = agreement_key(own).agree(&epk);
            assert_eq!(z.expose_secret().as_slice(), hex(&case["z_hex"]), "{name}");
            let (apu, apv) = (octets(&case["apu_b64u"]), octets(&case["apv_b64u"]));
            let key = agreed_key(&z, case["enc"].as_str().unwrap(), &apu, &apv, 256);
            assert_eq!(key[..], hex(&case["derived_key_hex"]), "{name}");
        }
    }

    /// The project's figures for direct agreement and for key wrapping.
    #[test]
    fn agreement_as_the_project_has_it() {
        let file = vectors("prt-ecdh-es.json");
        for (case, id, expected) in [
            (&file["project"][0], "A256GCM", "cek_hex"),
            (&file["project"][1], "ECDH-ES+A256KW", "kek_hex"),
        ] {
            let text = |member: &str| case[member].as_str().unwrap().as_bytes();
            let transport = agreement_key(&case["transport_key_private_jwk"]);
            let z = agreement_key(&case["ephemeral_private_jwk"]).agree(transport.public_key());
            assert_eq!(z.expose_secret().as_slice(), hex(&case["z_hex"]));
            let key = agreed_key(&z, id, text("apu_utf8"), text("apv_utf8"), 256);
            assert_eq!(key[..], hex(&case[expected]));
        }
    }
}
