//! Sealing: how a provider keeps facts, and a session key, inside an opaque text it hands out.
//!
//! # Simulated
//! The content of a real PRT is not documented; prt-protocol 0.3 only says that the server seals
//! session key, user, device and authentication facts into it. Here it is AES-256-GCM over JSON.

use std::fmt;

use rand::Rng;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use zeroize::Zeroizing;

use super::MAX_COMPACT_LEN;
use super::error::Error;
use super::kdf::SessionKey;
use crate::base::{Secret, b64, stream};

/// First octet of the plaintext: whether a session key follows.
const WITHOUT_KEY: u8 = 0;
const WITH_KEY: u8 = 1;

/// The provider's key for opaque tokens.
pub struct SealKey(Secret<[u8; 32]>);

impl SealKey {
    /// A fresh key.
    pub fn generate(rng: &mut impl Rng) -> Self {
        Self(Secret::new(stream::octets(rng)))
    }

    /// Seals facts and, for a PRT, its session key: base64url of nonce, ciphertext and tag.
    ///
    /// `kind` names the use and is authenticated: a text sealed as one kind does not open as
    /// another. A nonce must not be used twice under one key.
    #[must_use]
    pub fn seal(
        &self,
        kind: &str,
        json: &[u8],
        key: Option<&SessionKey>,
        nonce: [u8; NONCE_LEN],
    ) -> String {
        let mut text = match key {
            Some(key) => [&[WITH_KEY], key.octets().as_slice(), json].concat(),
            None => [&[WITHOUT_KEY], json].concat(),
        };
        seal_in_place(self.0.expose_secret(), nonce, kind.as_bytes(), &mut text);
        b64::encode_url([nonce.as_slice(), &text].concat())
    }

    /// Opens what [`SealKey::seal`] made for the same kind.
    ///
    /// # Errors
    /// `jose.not_sealed` for any other text. The reason is not told, and a caller treats it as a
    /// bad signature.
    pub fn unseal(&self, kind: &str, text: &str) -> Result<(Vec<u8>, Option<SessionKey>), Error> {
        if text.len() > MAX_COMPACT_LEN {
            return Err(Error::NotSealed);
        }
        let octets = b64::decode_url(text).map_err(|_| Error::NotSealed)?;
        let (nonce, sealed) = octets.split_first_chunk().ok_or(Error::NotSealed)?;
        let plain = open(self.0.expose_secret(), *nonce, kind.as_bytes(), sealed)
            .ok_or(Error::NotSealed)?;
        match plain.split_first() {
            Some((&WITHOUT_KEY, json)) => Ok((json.to_vec(), None)),
            Some((&WITH_KEY, rest)) => {
                let (key, json) = rest.split_first_chunk().ok_or(Error::NotSealed)?;
                Ok((json.to_vec(), Some(SessionKey::from_octets(*key))))
            }
            _ => Err(Error::NotSealed),
        }
    }
}

impl fmt::Debug for SealKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealKey(<redacted>)")
    }
}

/// AES-256-GCM: the tag is appended. ring's key is dropped at once, since ring does not wipe it.
pub(super) fn seal_in_place(
    key: &[u8; 32],
    nonce: [u8; NONCE_LEN],
    aad: &[u8],
    text: &mut Vec<u8>,
) {
    // INVARIANT: sealing fails for texts of 2^36 octets and more; these are bounded by memory far
    // below and by `MAX_COMPACT_LEN` when they are read again.
    #[expect(clippy::expect_used, reason = "a text of 2^36 octets does not come up")]
    aes_256_gcm(key)
        .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(aad), text)
        .expect("the text is shorter than 2^36 octets");
}

/// AES-256-GCM over ciphertext and tag; nothing if the tag does not match.
pub(super) fn open(
    key: &[u8; 32],
    nonce: [u8; NONCE_LEN],
    aad: &[u8],
    sealed: &[u8],
) -> Option<Zeroizing<Vec<u8>>> {
    let mut text = Zeroizing::new(sealed.to_vec());
    let nonce = Nonce::assume_unique_for_key(nonce);
    let len = aes_256_gcm(key).open_in_place(nonce, Aad::from(aad), &mut text).ok()?.len();
    text.truncate(len);
    Some(text)
}

fn aes_256_gcm(key: &[u8; 32]) -> LessSafeKey {
    // INVARIANT: AES-256 takes exactly 32 octets.
    #[expect(clippy::expect_used, reason = "AES-256 takes 32 octets")]
    LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key).expect("32 octets"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::stream::Seed;
    use crate::jose::jws::Signer as _;
    use crate::jose::kdf::{Ctx, KdfVersion};

    fn key() -> SealKey {
        SealKey::generate(&mut Seed(3).stream("seal"))
    }

    #[test]
    fn facts_and_session_key_come_back() {
        let session = SessionKey::from_octets([9; 32]);
        let (facts, none) = key().unseal("a", &key().seal("a", b"{}", None, [1; 12])).unwrap();
        assert!((facts.as_slice(), none.is_none()) == (b"{}", true));
        let text = key().seal("a", b"{}", Some(&session), [1; 12]);
        let (facts, again) = key().unseal("a", &text).unwrap();
        let ctx = Ctx::random(&mut Seed(3).stream("ctx"));
        let mac = |key: &SessionKey| key.derive(KdfVersion::V1, &ctx, b"").mac_key().sign(b"x");
        assert_eq!((facts.as_slice(), mac(&again.unwrap())), (b"{}".as_slice(), mac(&session)));
    }

    #[test]
    fn everything_else_is_refused_without_a_reason() {
        let text = key().seal("prt", b"{}", Some(&SessionKey::from_octets([9; 32])), [1; 12]);
        let other = SealKey::generate(&mut Seed(4).stream("seal"));
        let refused = |key: &SealKey, kind, text: &str| key.unseal(kind, text).err();
        assert_eq!(refused(&other, "prt", &text), Some(Error::NotSealed));
        assert_eq!(refused(&key(), "refresh", &text), Some(Error::NotSealed));
        assert_eq!(refused(&key(), "prt", ""), Some(Error::NotSealed));
        assert_eq!(refused(&key(), "prt", &text[..16]), Some(Error::NotSealed));
        assert_eq!(refused(&key(), "prt", &format!("{text}=")), Some(Error::NotSealed));
        for at in 0..text.len() {
            let mut altered = text.clone().into_bytes();
            altered[at] = if altered[at] == b'A' { b'B' } else { b'A' };
            let altered = String::from_utf8(altered).unwrap();
            assert_eq!(refused(&key(), "prt", &altered), Some(Error::NotSealed), "{at}");
        }
    }
}
