//! RFC 7638 thumbprints: SHA-256 over the required members of a JWK, sorted, without white space.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::error::Error;
use crate::base::{b64, json};

/// The SHA-256 thumbprint of a JWK (RFC 7638 section 3): 43 characters of base64url on the wire.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JwkThumbprint([u8; 32]);

impl JwkThumbprint {
    /// The 32 octets of the hash.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The thumbprint of the P-256 key with these coordinates, each 43 characters of base64url; the
    /// key itself is not checked. It allocates nothing.
    #[must_use]
    pub fn of_p256_coordinates(x: &[u8; 43], y: &[u8; 43]) -> Self {
        let mut text = *P256_MEMBERS;
        for (at, coordinate) in [(P256_X, x), (P256_Y, y)] {
            // INVARIANT: both places lie in the template, as a test shows.
            if let Some(place) = text.get_mut(at..at + coordinate.len()) {
                place.copy_from_slice(coordinate);
            }
        }
        Self(digest_of(&text))
    }
}

/// What is hashed of a P-256 key, with room for x and y.
const P256_MEMBERS: &[u8; 126] = br#"{"crv":"P-256","kty":"EC","x":"0000000000000000000000000000000000000000000","y":"0000000000000000000000000000000000000000000"}"#;
const P256_X: usize = 31;
const P256_Y: usize = 81;

fn digest_of(text: &[u8]) -> [u8; 32] {
    Sha256::digest(text).into()
}

impl fmt::Display for JwkThumbprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&b64::encode_url(self.0))
    }
}

impl fmt::Debug for JwkThumbprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "JwkThumbprint({self})")
    }
}

impl FromStr for JwkThumbprint {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let octets = b64::decode_url(text).map_err(|_| Error::NotAThumbprint)?;
        octets.try_into().map(Self).map_err(|_| Error::NotAThumbprint)
    }
}

impl Serialize for JwkThumbprint {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for JwkThumbprint {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}

/// The thumbprint of any JWK text of type EC, RSA, OKP or oct, public or private.
///
/// The key itself is not checked: the hash is over the text of its required members.
///
/// # Errors
/// `jose.malformed_jwk` for text that is not such a key or lacks a required member, and
/// `jose.unsupported_key_type` for another `kty`.
///
/// # Source
/// RFC 7638 section 3.2; RFC 8037 section 2 for OKP.
pub fn thumbprint_of(jwk: &[u8]) -> Result<JwkThumbprint, Error> {
    let all: Required = json::from_secret_slice(jwk).map_err(|_| Error::MalformedJwk)?;
    let none = Required::default();
    let required = match all.kty.as_str() {
        "EC" => Required { crv: all.crv, x: some(all.x)?, y: some(all.y)?, ..none },
        "OKP" => Required { crv: all.crv, x: some(all.x)?, ..none },
        "RSA" => Required { e: some(all.e)?, n: some(all.n)?, ..none },
        "oct" => Required { k: some(all.k)?, ..none },
        _ => return Err(Error::UnsupportedKeyType),
    };
    if matches!(all.kty.as_str(), "EC" | "OKP") && required.crv.is_none() {
        return Err(Error::MalformedJwk);
    }
    Ok(hash(&Required { kty: all.kty, ..required }))
}

/// The members that thumbprints are made of, in the order of their names.
#[derive(Default, Serialize, Deserialize)]
struct Required {
    #[serde(skip_serializing_if = "Option::is_none")]
    crv: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    e: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    k: Option<String>,
    kty: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    n: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    x: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    y: Option<String>,
}

/// A required member, which has to be base64url.
fn some(member: Option<String>) -> Result<Option<String>, Error> {
    let text = member.ok_or(Error::MalformedJwk)?;
    b64::decode_url(&text).map_err(|_| Error::MalformedJwk)?;
    Ok(Some(text))
}

fn hash(required: &Required) -> JwkThumbprint {
    JwkThumbprint(Sha256::digest(super::to_json(required)).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thumbprints_want_every_required_member() {
        for text in [
            r#"{"kty":"EC","x":"AA","y":"AA"}"#,
            r#"{"kty":"EC","crv":"P-256","x":"AA"}"#,
            r#"{"kty":"OKP","x":"AA"}"#,
            r#"{"kty":"RSA","n":"AA"}"#,
            r#"{"kty":"oct"}"#,
            r#"{"kty":"oct","k":"not base64url"}"#,
            r#"{"kty":"oct","k":"AA","k":"AA"}"#,
            "[]",
        ] {
            assert_eq!(thumbprint_of(text.as_bytes()), Err(Error::MalformedJwk), "{text}");
        }
        assert_eq!(thumbprint_of(br#"{"kty":"x"}"#), Err(Error::UnsupportedKeyType));
    }

    #[test]
    fn the_thumbprint_of_coordinates_is_that_of_the_key() {
        let (x, y) = ([b'x'; 43], [b'y'; 43]);
        let text = |octets: &[u8]| Some(String::from_utf8(octets.to_vec()).unwrap());
        let required = Required {
            crv: Some("P-256".to_owned()),
            kty: "EC".to_owned(),
            x: text(&x),
            y: text(&y),
            ..Required::default()
        };
        assert_eq!(JwkThumbprint::of_p256_coordinates(&x, &y), hash(&required));
    }

    #[test]
    fn a_thumbprint_has_one_text() {
        let good = b64::encode_url([0xff; 32]);
        assert_eq!(good.parse::<JwkThumbprint>().unwrap().as_bytes(), &[0xff; 32]);
        for text in ["", "AA", &format!("{good}="), &b64::encode_url([0; 33])] {
            assert_eq!(text.parse::<JwkThumbprint>(), Err(Error::NotAThumbprint), "{text}");
        }
    }
}
