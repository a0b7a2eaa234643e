//! JOSE for this lab: JWS, JWE, JWK and thumbprints, the session-key KDF, and sealing.
//!
//! Three things a reader should take away:
//!
//! - **The key chooses the algorithm.** A P-256 key verifies ES256 and a MAC key HS256; the header
//!   only has to agree (RFC 8725 section 3.1).
//! - **Verified is a type.** [`UnverifiedJws`] gives its payload under a name that says so;
//!   [`Verified`] comes out of [`UnverifiedJws::verify`] and from nowhere else.
//! - **Keys do not come out.** [`SigningKey`], [`AgreementKey`] and [`SessionKey`] are used, not
//!   read. A [`DerivedKey`] may be copied about, as it may on a real device: what that costs depends
//!   on [`KdfVersion`].
//!
//! ```text
//! text --parse--> UnverifiedJws --verify--> Verified<Vec<u8>> --json--> Verified<Claims>
//! text --parse--> UnopenedJwe  --decrypt_dir / decrypt_ecdh_es--> octets
//! ```
//!
//! Nothing here knows what a message is for, which nonce is fresh or who owns a key. Algorithms are
//! ES256, HS256, `dir` and `ECDH-ES` with A256GCM; RSA has its place in the enums and no code.

mod agreement;
pub mod alg;
#[cfg(test)]
mod corpus;
mod error;
pub mod es256;
pub mod es256_backends;
#[cfg(test)]
pub(crate) mod fixtures;
mod header;
pub mod hs256;
pub mod jwe;
pub mod jwk;
pub mod jws;
pub mod kdf;
pub mod seal;
mod thumbprint;

pub use alg::SignatureAlgorithm;
pub use error::Error;
pub use es256::{AgreementKey, RingSigningKey, SigningKey};
pub use es256_backends::{P256, Ring, VerifyEs256};
pub use hs256::MacKey;
pub use jwe::{JweHeader, UnopenedJwe};
pub use jwk::{Jwk, JwkThumbprint, P256PublicKey, PublicKey};
pub use jws::{Header, Signer, UnverifiedJws, Verified, VerifyingKey};
pub use kdf::{Ctx, DerivedKey, KdfVersion, SessionKey};
pub use seal::SealKey;

/// The longest compact JWS or JWE that is looked at, in octets.
pub const MAX_COMPACT_LEN: usize = 65_536;

/// Reads an optional member that is there; `null` is not a way to leave it out.
fn present<'de, D, T>(from: D) -> Result<Option<T>, D::Error>
where
    D: serde::Deserializer<'de>,
    T: serde::Deserialize<'de>,
{
    T::deserialize(from).map(Some)
}

/// The compact JSON of a header or key of this room.
fn to_json(value: &impl serde::Serialize) -> Vec<u8> {
    // INVARIANT: headers and keys are structs of texts and numbers, which always serialise.
    #[expect(clippy::expect_used, reason = "structs of texts and numbers always serialise")]
    serde_json::to_vec(value).expect("a struct of texts and numbers serialises")
}

/// The `N` parts of a compact text, each without a dot, or nothing if there are more or fewer.
fn split_parts<const N: usize>(text: &str) -> Result<[&str; N], Error> {
    if text.len() > MAX_COMPACT_LEN {
        return Err(Error::TooLong { limit: MAX_COMPACT_LEN });
    }
    let mut parts = text.split('.');
    let mut out = [""; N];
    for part in &mut out {
        *part = parts.next().ok_or(Error::PartCount { expected: N })?;
    }
    match parts.next() {
        None => Ok(out),
        Some(_) => Err(Error::PartCount { expected: N }),
    }
}

/// Decodes one base64url part.
fn decode_part(part: &str) -> Result<Vec<u8>, Error> {
    crate::base::b64::decode_url(part).map_err(|_| Error::NotBase64Url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_n_parts() {
        assert_eq!(split_parts("a..c"), Ok(["a", "", "c"]));
        assert_eq!(split_parts::<3>("a.b"), Err(Error::PartCount { expected: 3 }));
        assert_eq!(split_parts::<3>("a.b.c."), Err(Error::PartCount { expected: 3 }));
        assert_eq!(split_parts::<3>(""), Err(Error::PartCount { expected: 3 }));
    }

    #[test]
    fn the_limit_is_inclusive() {
        let at = format!("{}..", "a".repeat(MAX_COMPACT_LEN - 2));
        assert!(split_parts::<3>(&at).is_ok());
        let over = format!("{at}a");
        assert_eq!(split_parts::<3>(&over), Err(Error::TooLong { limit: MAX_COMPACT_LEN }));
    }
}
