//! The session-key KDF: SP 800-108 in counter mode with HMAC-SHA256, in two versions.
//!
//! A session key never signs. For each message a key is derived from it, and the derived key does
//! leave the key store. What a thief can do with one derived key is the difference between the
//! versions: under [`KdfVersion::V1`] it depends on `ctx` alone, which the sender picks, so it signs
//! any number of new payloads; under [`KdfVersion::V2`] it depends on the payload too and signs that
//! one message (CVE-2021-33781).

use std::fmt;

use rand::Rng;
use ring::hmac;
use sha2::{Digest as _, Sha256};

use super::error::Error;
use super::hs256::MacKey;
use crate::base::{Secret, b64, stream};

/// The KDF label: 26 ASCII octets, no terminator (MS-OAPXBC 3.1.5.1.3.3).
const LABEL: &[u8] = b"AzureAD-SecureConversation";

/// The length of every derived key in bits, as the KDF encodes it.
const DERIVED_BITS: u32 = 256;

/// SP 800-108 counter mode: HMAC-SHA256, a 32-bit counter from 1 before the fixed input.
///
/// `bits` is the length of the result; bits beyond the last whole octet are left out. The encoding
/// of label, context and length inside `fixed_input` is the caller's affair.
///
/// # Source
/// NIST SP 800-108 revision 1 section 4.1.
#[must_use]
pub fn counter_hmac_sha256(key: &[u8], fixed_input: &[u8], bits: u32) -> Vec<u8> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key);
    let octets = bits as usize / 8;
    let mut out = Vec::with_capacity(octets.next_multiple_of(32));
    for counter in 1..=bits.div_ceil(DERIVED_BITS) {
        out.extend_from_slice(&block(&key, counter, fixed_input));
    }
    out.truncate(octets);
    out
}

fn block(key: &hmac::Key, counter: u32, fixed_input: &[u8]) -> [u8; 32] {
    let mut block = hmac::Context::with_key(key);
    block.update(&counter.to_be_bytes());
    block.update(fixed_input);
    let mut out = [0; 32];
    // INVARIANT: a tag of HMAC-SHA256 is 32 octets long.
    out.copy_from_slice(block.sign().as_ref());
    out
}

/// Which context the KDF runs over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KdfVersion {
    /// The octets of `ctx`; `kdf_ver` is 1 or absent.
    V1,
    /// SHA-256 over the octets of `ctx` and the payload octets as sent; `kdf_ver` is 2.
    V2,
}

impl KdfVersion {
    /// Reads the `kdf_ver` header; absent means 1.
    ///
    /// # Errors
    /// `jose.unknown_kdf_version` for any number but 1 and 2.
    pub const fn from_header(kdf_ver: Option<u64>) -> Result<Self, Error> {
        match kdf_ver {
            None | Some(1) => Ok(Self::V1),
            Some(2) => Ok(Self::V2),
            Some(_) => Err(Error::UnknownKdfVersion),
        }
    }

    /// The `kdf_ver` header; version 1 is left out, as Windows does.
    #[must_use]
    pub const fn to_header(self) -> Option<u64> {
        match self {
            Self::V1 => None,
            Self::V2 => Some(2),
        }
    }
}

/// The KDF context that a message names in its `ctx` header: 24 octets from Windows, any number
/// from others, and a server bounds it by [`Ctx::len`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ctx(Vec<u8>);

impl Ctx {
    /// Octets of a context made here.
    pub const LEN: usize = 24;

    /// A fresh context of 24 octets.
    pub fn random(rng: &mut impl Rng) -> Self {
        Self(stream::octets::<{ Self::LEN }>(rng).to_vec())
    }

    /// Reads the header: *standard* base64 with padding, unlike every other part of a JWS.
    ///
    /// # Errors
    /// `jose.malformed_ctx` for base64url or any other text.
    pub fn from_header(ctx: &str) -> Result<Self, Error> {
        b64::decode_standard(ctx).map(Self).map_err(|_| Error::MalformedCtx)
    }

    /// Writes the header.
    #[must_use]
    pub fn to_header(&self) -> String {
        b64::encode_standard(&self.0)
    }

    /// How many octets it has.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether it has no octets.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The 32-octet secret that server and device share for the life of a PRT.
///
/// It is used, never read: [`SessionKey::derive`] here, wrapped for a transport key by
/// [`super::jwe`], sealed into a PRT by [`super::seal`].
pub struct SessionKey(Secret<[u8; 32]>);

impl SessionKey {
    /// A fresh key.
    pub fn generate(rng: &mut impl Rng) -> Self {
        Self::from_octets(stream::octets(rng))
    }

    /// The key of these octets.
    #[must_use]
    pub const fn from_octets(octets: [u8; 32]) -> Self {
        Self(Secret::new(octets))
    }

    /// The key for one message: `HMAC(key, 00000001 || label || 00 || context || 00000100)`.
    ///
    /// `payload` is the JWS payload after base64url decoding, exactly as sent; version 1 ignores
    /// it. The key of an encrypted answer is always of version 1, since its payload is not known
    /// before it is opened (prt-protocol 5.2).
    ///
    /// # Source
    /// MS-OAPXBC 3.1.5.1.3.3.
    #[must_use]
    pub fn derive(&self, version: KdfVersion, ctx: &Ctx, payload: &[u8]) -> DerivedKey {
        let input = match version {
            KdfVersion::V1 => fixed_input(&ctx.0),
            KdfVersion::V2 => {
                fixed_input(&Sha256::new().chain_update(&ctx.0).chain_update(payload).finalize())
            }
        };
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.octets());
        DerivedKey(Secret::new(block(&key, 1, &input)))
    }

    pub(super) const fn octets(&self) -> &[u8; 32] {
        self.0.expose_secret()
    }

    /// The same key once more, for a thief's copy of a software key store.
    pub(crate) const fn danger_copy(&self) -> Self {
        Self::from_octets(*self.octets())
    }
}

impl fmt::Debug for SessionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionKey(<redacted>)")
    }
}

fn fixed_input(context: &[u8]) -> Vec<u8> {
    [LABEL, &[0], context, &DERIVED_BITS.to_be_bytes()].concat()
}

/// A key derived for one message: 32 octets, used whole as MAC key or as content key.
///
/// It can be copied, because on a real device it lies in the memory of the signing process.
#[derive(Clone, Debug)]
pub struct DerivedKey(Secret<[u8; 32]>);

impl DerivedKey {
    /// The key for HS256.
    #[must_use]
    pub fn mac_key(&self) -> MacKey {
        MacKey::from_octets(self.octets())
    }

    pub(super) const fn octets(&self) -> &[u8; 32] {
        self.0.expose_secret()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::stream::Seed;
    use crate::jose::fixtures::{assert_lacks, hex, vectors};

    #[test]
    fn derived_keys_are_those_of_the_vectors() {
        let file = vectors("prt-kdf.json");
        let mut ran = 0;
        for (version, list) in [(KdfVersion::V1, "kdf_v1"), (KdfVersion::V2, "kdf_v2")] {
            for case in file[list].as_array().unwrap() {
                let key =
                    SessionKey::from_octets(hex(&case["session_key_hex"]).try_into().unwrap());
                let ctx = Ctx::from_header(case["ctx_header_b64"].as_str().unwrap()).unwrap();
                assert_eq!(ctx.0, hex(&case["ctx_hex"]), "{}", case["name"]);
                let payload = case["payload_utf8"].as_str().unwrap_or_default();
                let derived = key.derive(version, &ctx, payload.as_bytes());
                assert_eq!(derived.octets()[..], hex(&case["derived_key_hex"]), "{}", case["name"]);
                ran += 1;
            }
        }
        assert_eq!(ran, 7);
    }

    #[test]
    fn a_v1_key_ignores_the_payload_and_a_v2_key_does_not() {
        let mut rng = Seed(1).stream("kdf");
        let (key, ctx) = (SessionKey::generate(&mut rng), Ctx::random(&mut rng));
        let derive = |version, payload: &[u8]| key.derive(version, &ctx, payload).0;
        assert_eq!(derive(KdfVersion::V1, b"a"), derive(KdfVersion::V1, b"b"));
        assert_ne!(derive(KdfVersion::V2, b"a"), derive(KdfVersion::V2, b"b"));
        assert_ne!(derive(KdfVersion::V1, b""), derive(KdfVersion::V2, b""));
    }

    #[test]
    fn ctx_is_standard_base64() {
        let ctx = Ctx::from_header("++//").unwrap();
        assert_eq!((ctx.len(), ctx.to_header().as_str()), (3, "++//"));
        for text in ["--__", "AA", "AB==", "AA==\n"] {
            assert_eq!(Ctx::from_header(text), Err(Error::MalformedCtx), "{text:?}");
        }
        assert!(Ctx::from_header("").unwrap().is_empty());
    }

    #[test]
    fn versions_are_one_two_and_absent() {
        assert_eq!(KdfVersion::from_header(None), Ok(KdfVersion::V1));
        for version in [KdfVersion::V1, KdfVersion::V2] {
            assert_eq!(KdfVersion::from_header(version.to_header()), Ok(version));
        }
        for other in [0, 3, u64::MAX] {
            assert_eq!(KdfVersion::from_header(Some(other)), Err(Error::UnknownKdfVersion));
        }
    }

    #[test]
    fn lengths_are_whole_octets() {
        for (bits, octets) in [(0, 0), (8, 1), (256, 32), (320, 40), (323, 40)] {
            assert_eq!(counter_hmac_sha256(b"key", b"input", bits).len(), octets, "{bits}");
        }
    }

    #[test]
    fn a_session_key_has_no_way_out() {
        assert_lacks!(SessionKey: Clone, Copy, serde::Serialize, fmt::Display);
        assert_lacks!(SessionKey: AsRef<[u8]>, std::ops::Deref);
        assert_eq!(format!("{:?}", SessionKey::from_octets([1; 32])), "SessionKey(<redacted>)");
    }
}
