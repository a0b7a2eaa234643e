//! Backends that verify ES256: [`Ring`] and [`P256`].
//!
//! All of them accept the same signatures (FIPS 186-5 section 6.4.2, RFC 7518 section 3.4): r and s in
//! 1..n as 32 octets each, s as well as n - s, under a point of the curve that is not infinity.

use p256::ecdsa::signature::Verifier as _;
use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};

/// Something that verifies ES256 signatures.
///
/// A verifier of proofs is generic over this, so that a server chooses once what its hot path runs
/// on. Only public data passes through: no backend signs, and none runs in constant time by promise.
pub trait VerifyEs256: Send + Sync {
    /// Whether `signature` (r and s, 32 octets each, big-endian) is one of `message` under `key`.
    ///
    /// `key` is an uncompressed SEC 1 point (4, x, y); whether it lies on the curve is checked here.
    ///
    /// # Security
    /// A false accept forges whatever the message says; a false reject locks a device out.
    fn accepts(&self, key: &[u8; 65], message: &[u8], signature: &[u8; 64]) -> bool;

    /// Told after a full accept of everything around the signature: counts the key towards promotion.
    ///
    /// Call it for keys that something else vouches for (a `cnf` of a token, a registered device),
    /// never on the strength of a signature alone: whoever signs can make keys. Does nothing by
    /// default.
    fn accepted(&self, _key: &[u8; 65]) {}
}

impl<B: VerifyEs256 + ?Sized> VerifyEs256 for &B {
    fn accepts(&self, key: &[u8; 65], message: &[u8], signature: &[u8; 64]) -> bool {
        (**self).accepts(key, message, signature)
    }

    fn accepted(&self, key: &[u8; 65]) {
        (**self).accepted(key);
    }
}

impl<B: VerifyEs256 + ?Sized> VerifyEs256 for std::sync::Arc<B> {
    fn accepts(&self, key: &[u8; 65], message: &[u8], signature: &[u8; 64]) -> bool {
        (**self).accepts(key, message, signature)
    }

    fn accepted(&self, key: &[u8; 65]) {
        (**self).accepted(key);
    }
}

/// ring: assembly for the field; the backend of every other verification in this room.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ring;

impl VerifyEs256 for Ring {
    fn accepts(&self, key: &[u8; 65], message: &[u8], signature: &[u8; 64]) -> bool {
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key).verify(message, signature).is_ok()
    }
}

/// p256: Rust alone, for targets that ring has no assembly for, and as a second opinion.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct P256;

impl VerifyEs256 for P256 {
    fn accepts(&self, key: &[u8; 65], message: &[u8], signature: &[u8; 64]) -> bool {
        let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(key);
        let signature = p256::ecdsa::Signature::from_slice(signature);
        matches!((key, signature), (Ok(key), Ok(signature)) if key.verify(message, &signature).is_ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::stream::Seed;
    use crate::jose::{Signer as _, SigningKey};

    #[test]
    fn backends_agree_on_one_signature_and_its_mutations() {
        let signer = SigningKey::generate(&mut Seed(1).stream("backends"));
        let key = signer.public_key().to_sec1();
        let signature: [u8; 64] = signer.sign(b"message").unwrap().try_into().unwrap();
        let backends: [&dyn VerifyEs256; 2] = [&Ring, &P256];
        for backend in backends {
            assert!(backend.accepts(&key, b"message", &signature));
            assert!(!backend.accepts(&key, b"massage", &signature));
            for at in 0..64 {
                let mut mutated = signature;
                mutated[at] ^= 1;
                assert!(!backend.accepts(&key, b"message", &mutated), "octet {at}");
            }
            for at in 0..65 {
                let mut mutated = key;
                mutated[at] ^= 1;
                assert!(
                    !backend.accepts(&mutated, b"message", &signature),
                    "octet {at} of the key"
                );
            }
        }
    }
}
