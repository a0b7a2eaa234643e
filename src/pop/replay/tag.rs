//! [`ReplayTag`] and the [`ReplayKey`] that makes it.

use std::fmt;

use ring::hmac;

use crate::base::stream;
use crate::jose::JwkThumbprint;

/// A proof in 16 octets: HMAC-SHA-256 over the thumbprint of its key and its `jti`, cut to 128 bits.
///
/// Only a [`ReplayKey`] makes one, so nobody outside can choose where an entry comes to lie, or
/// look for two proofs that collide: among ten million live entries two collide with a chance of
/// one in 10^24.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReplayTag([u8; 16]);

impl ReplayTag {
    /// The 16 octets.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

/// `ReplayTag(…)` with the octets in hexadecimal; they say nothing about the proof.
impl fmt::Debug for ReplayTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ReplayTag({:032x})", u128::from_be_bytes(self.0))
    }
}

/// The secret behind the tags of one replay window.
///
/// Servers that share a window share its key. A key that got out lets its holder send proofs that
/// crowd one part of a window; it opens nothing.
///
/// # Security
/// The key is kept as ring's precomputed HMAC state, which ring does not wipe: building it for each
/// proof would double the cost, and the secret protects availability alone.
pub struct ReplayKey(hmac::Key);

impl ReplayKey {
    /// A key of its own.
    pub fn generate(rng: &mut impl rand::Rng) -> Self {
        Self::from_octets(&stream::octets::<32>(rng))
    }

    /// The key that several servers were given: 32 secret octets.
    #[must_use]
    pub fn from_octets(octets: &[u8; 32]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, octets))
    }

    /// The tag of the proof with this `jti` under the key with this thumbprint. Allocates nothing.
    ///
    /// The thumbprint comes first and has a fixed length, so no two pairs give the same input. The
    /// same `jti` under another key is another proof: nobody can use up a `jti` of somebody else.
    #[must_use]
    pub fn tag(&self, jkt: &JwkThumbprint, jti: &[u8]) -> ReplayTag {
        let mut mac = hmac::Context::with_key(&self.0);
        mac.update(jkt.as_bytes());
        mac.update(jti);
        let mut tag = [0; 16];
        tag.iter_mut().zip(mac.sign().as_ref()).for_each(|(to, from)| *to = *from);
        ReplayTag(tag)
    }
}

/// Shows nothing of the key.
impl fmt::Debug for ReplayKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ReplayKey(<redacted>)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::b64;
    use crate::base::stream::Seed;

    fn jkt(fill: u8) -> JwkThumbprint {
        b64::encode_url([fill; 32]).parse().unwrap()
    }

    #[test]
    fn a_tag_is_the_first_half_of_hmac_sha256() {
        let key = ReplayKey::from_octets(&[7; 32]);
        let whole = hmac::sign(
            &hmac::Key::new(hmac::HMAC_SHA256, &[7; 32]),
            &[&[1; 32], &b"jti"[..]].concat(),
        );
        assert_eq!(key.tag(&jkt(1), b"jti").as_bytes(), &whole.as_ref()[..16]);
    }

    #[test]
    fn a_tag_depends_on_key_thumbprint_and_jti() {
        let mut rng = Seed(1).stream("replay");
        let key = ReplayKey::generate(&mut rng);
        let tag = key.tag(&jkt(1), b"a");
        assert_eq!(tag, key.tag(&jkt(1), b"a"));
        assert_ne!(tag, key.tag(&jkt(2), b"a"));
        assert_ne!(tag, key.tag(&jkt(1), b"b"));
        assert_ne!(tag, ReplayKey::generate(&mut rng).tag(&jkt(1), b"a"));
        assert_eq!(format!("{key:?}"), "ReplayKey(<redacted>)");
    }
}
