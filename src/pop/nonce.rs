//! Server nonces: stateless, so that issuing one costs the provider no memory.
//!
//! A nonce is base64url of `time (8) || random (8) || tag (16)`, the tag being HMAC-SHA256 over the
//! first 16 octets cut to 128 bits. Anyone may ask for one and use it until it is too old; that is
//! what public clients count on (prt-protocol 2). Single use is the caller's switch, kept in a
//! [`UsedOnce`](super::UsedOnce).

use subtle::ConstantTimeEq as _;

use super::ProofError;
use crate::base::{Check, Danger, Lifetime, Timestamp, b64, stream};
use crate::jose::MacKey;

/// Makes and checks the nonces of one provider.
pub struct NonceMint {
    key: MacKey,
}

/// Shows no key.
impl std::fmt::Debug for NonceMint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("NonceMint")
    }
}

/// A nonce that this provider issued and that is not too old.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FreshNonce {
    text: String,
    expires: Timestamp,
}

impl FreshNonce {
    /// The nonce, as the value to use up.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.text.as_bytes()
    }

    /// The last second it counts.
    #[must_use]
    pub const fn expires(&self) -> Timestamp {
        self.expires
    }
}

impl NonceMint {
    /// A mint with a key of its own.
    pub fn generate(rng: &mut impl rand::Rng) -> Self {
        Self { key: MacKey::from_octets(&stream::octets::<32>(rng)) }
    }

    /// A new nonce: 43 characters.
    pub fn issue(&self, now: Timestamp, rng: &mut impl rand::Rng) -> String {
        let mut octets = [0; 32];
        let (time, rest) = octets.split_at_mut(8);
        let (random, tag) = rest.split_at_mut(8);
        time.copy_from_slice(&now.as_unix().to_be_bytes());
        random.copy_from_slice(&stream::octets::<8>(rng));
        let head = [&*time, &*random].concat();
        tag.copy_from_slice(&self.tag(&head));
        b64::encode_url(octets)
    }

    /// Checks that a nonce is ours and not older than `lifetime`.
    ///
    /// # Errors
    /// [`ProofError::NonceForeign`] (NON-02) or [`ProofError::NonceExpired`] (NON-03).
    pub fn verify(
        &self,
        text: &str,
        lifetime: Lifetime,
        now: Timestamp,
        danger: Danger,
    ) -> Result<FreshNonce, ProofError> {
        let issued = self.issued_at(text);
        // NON-02
        if issued.is_none() && danger.enforces(Check::NonceIssued) {
            return Err(ProofError::NonceForeign);
        }
        let issued = issued.unwrap_or(now);
        // NON-03
        if !is_fresh(issued, lifetime, now) && danger.enforces(Check::NonceFresh) {
            return Err(ProofError::NonceExpired);
        }
        Ok(FreshNonce { text: text.to_owned(), expires: issued + lifetime })
    }

    /// Whether a nonce is ours and not older than `lifetime`; allocates nothing.
    #[must_use]
    pub(in crate::pop) fn accepts(&self, text: &str, lifetime: Lifetime, now: Timestamp) -> bool {
        self.issued_at(text).is_some_and(|issued| is_fresh(issued, lifetime, now))
    }

    fn issued_at(&self, text: &str) -> Option<Timestamp> {
        let octets: [u8; 32] = b64::decode_url_exact(text).ok()?;
        let (head, tag) = octets.split_at(16);
        if !bool::from(self.tag(head).ct_eq(tag)) {
            return None;
        }
        let (time, _) = head.split_at(8);
        Some(Timestamp::from_unix(i64::from_be_bytes(time.try_into().ok()?)))
    }

    fn tag(&self, head: &[u8]) -> [u8; 16] {
        let mut tag = [0; 16];
        tag.iter_mut().zip(self.key.tag(head)).for_each(|(to, from)| *to = from);
        tag
    }
}

/// One that lies ahead was made by this server under a clock set back since.
fn is_fresh(issued: Timestamp, lifetime: Lifetime, now: Timestamp) -> bool {
    (0..=i64::from(lifetime.as_secs())).contains(&now.seconds_since(issued))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::stream::Seed;

    const AGE: Lifetime = Lifetime::from_secs(300);

    const fn at(second: i64) -> Timestamp {
        Timestamp::from_unix(second)
    }

    #[test]
    fn a_nonce_is_good_to_its_last_second() {
        let mut rng = Seed(1).stream("nonce");
        let mint = NonceMint::generate(&mut rng);
        let nonce = mint.issue(at(1000), &mut rng);
        assert_eq!(nonce.len(), 43);
        assert!(mint.verify(&nonce, AGE, at(1300), Danger::NONE).is_ok());
        assert_eq!(mint.verify(&nonce, AGE, at(1301), Danger::NONE), Err(ProofError::NonceExpired));
        assert_eq!(mint.verify(&nonce, AGE, at(999), Danger::NONE), Err(ProofError::NonceExpired));
    }

    #[test]
    fn every_altered_character_is_noticed() {
        let mut rng = Seed(2).stream("nonce");
        let mint = NonceMint::generate(&mut rng);
        let nonce = mint.issue(at(1000), &mut rng);
        for position in 0..nonce.len() {
            let mut other = nonce.clone().into_bytes();
            other[position] = if other[position] == b'A' { b'B' } else { b'A' };
            let other = String::from_utf8(other).unwrap();
            let verdict = mint.verify(&other, AGE, at(1000), Danger::NONE);
            assert_eq!(verdict, Err(ProofError::NonceForeign), "{position}");
        }
        let stranger = NonceMint::generate(&mut rng).issue(at(1000), &mut rng);
        assert!(mint.verify(&stranger, AGE, at(1000), Danger::NONE).is_err());
    }
}
