//! HS256: [`MacKey`] signs and verifies HMAC-SHA256.

use ring::hmac;

use super::alg::SignatureAlgorithm;
use super::error::Error;
use super::jws::Signer;
use crate::base::Secret;

/// A symmetric key for HS256. Here that is nearly always a derived key of 32 octets.
#[derive(Clone, Debug)]
pub struct MacKey(Secret<Vec<u8>>);

impl MacKey {
    /// A key of these octets. RFC 7518 section 3.2 asks for at least 32; fewer are taken, so that
    /// published vectors can be run.
    #[must_use]
    pub fn from_octets(octets: &[u8]) -> Self {
        Self(Secret::new(octets.to_vec()))
    }

    /// Whether `tag` is the whole MAC of `input`, in constant time.
    pub(super) fn accepts(&self, input: &[u8], tag: &[u8]) -> bool {
        hmac::verify(&self.ring_key(), input, tag).is_ok()
    }

    /// The MAC of `input`; allocates nothing.
    #[must_use]
    pub fn tag(&self, input: &[u8]) -> [u8; 32] {
        let mut tag = [0; 32];
        let mac = hmac::sign(&self.ring_key(), input);
        tag.iter_mut().zip(mac.as_ref()).for_each(|(to, from)| *to = *from);
        tag
    }

    /// Built for each use and dropped at once, since ring does not wipe its keys.
    fn ring_key(&self) -> hmac::Key {
        hmac::Key::new(hmac::HMAC_SHA256, self.0.expose_secret())
    }
}

impl Signer for MacKey {
    fn algorithm(&self) -> SignatureAlgorithm {
        SignatureAlgorithm::Hs256
    }

    fn sign(&self, input: &[u8]) -> Result<Vec<u8>, Error> {
        Ok(self.tag(input).to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_whole_mac_is_taken() {
        let key = MacKey::from_octets(b"key");
        let tag = key.sign(b"input").unwrap();
        assert!(key.accepts(b"input", &tag));
        assert!(!key.accepts(b"inpuT", &tag));
        assert!(!key.accepts(b"input", &tag[..31]));
        assert!(!key.accepts(b"input", &[tag.as_slice(), &[0]].concat()));
        assert!(!key.accepts(b"input", &[]));
        assert_eq!(format!("{key:?}"), "MacKey(Secret(<redacted>))");
    }
}
