//! Public keys: [`Jwk`] as it stands on the wire, [`PublicKey`] once checked, [`JwkThumbprint`].
//!
//! A [`Jwk`] is only a shape; nothing uses it as a key before [`PublicKey::from_jwk`] has refused
//! private members, short coordinates and points off the curve (the invalid-curve attack).

use std::fmt;

use p256::elliptic_curve::sec1::ToSec1Point as _;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use super::alg::SignatureAlgorithm;
use super::error::Error;
use crate::base::b64;

pub use super::thumbprint::{JwkThumbprint, thumbprint_of};

/// Octets of an uncompressed point: 4, x, y.
const SEC1_LEN: usize = 65;

/// A public key to verify signatures with, of a kind this lab knows, checked. RSA has its place here and no code yet.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum PublicKey {
    /// A point of NIST P-256; verifies ES256.
    P256(P256PublicKey),
}

impl PublicKey {
    /// Checks a key from the wire that is to verify signatures.
    ///
    /// # Errors
    /// Those of [`P256PublicKey::from_jwk`], and `jose.key_use` if `use` or `key_ops` is there and
    /// names other uses only (RFC 7517 sections 4.2 and 4.3).
    pub fn from_jwk(jwk: &Jwk) -> Result<Self, Error> {
        let key = P256PublicKey::from_jwk(jwk)?;
        match jwk.may_verify() {
            true => Ok(Self::P256(key)),
            false => Err(Error::KeyUse),
        }
    }

    /// The RFC 7638 thumbprint.
    #[must_use]
    pub const fn thumbprint(&self) -> JwkThumbprint {
        match self {
            Self::P256(key) => key.thumbprint(),
        }
    }

    /// The one algorithm signatures under this key may have.
    #[must_use]
    pub const fn algorithm(&self) -> SignatureAlgorithm {
        match self {
            Self::P256(_) => SignatureAlgorithm::Es256,
        }
    }

    /// The key as a P-256 key, if it is one.
    #[must_use]
    pub const fn as_p256(&self) -> Option<&P256PublicKey> {
        match self {
            Self::P256(key) => Some(key),
        }
    }
}

/// A point of P-256 that was checked to lie on the curve; `Debug` prints the thumbprint.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct P256PublicKey {
    sec1: [u8; SEC1_LEN],
    thumbprint: JwkThumbprint,
}

impl P256PublicKey {
    /// Checks an uncompressed SEC 1 point: 65 octets, the first of them 4.
    ///
    /// # Errors
    /// `jose.coordinate_length` for another length or form, `jose.not_on_curve` for any other text.
    pub fn from_sec1(octets: &[u8]) -> Result<Self, Error> {
        if octets.len() != SEC1_LEN || octets.first() != Some(&4) {
            return Err(Error::CoordinateLength);
        }
        let point = p256::PublicKey::from_sec1_bytes(octets).map_err(|_| Error::NotOnCurve)?;
        Ok(Self::from_point(&point))
    }

    /// Checks an EC key from the wire.
    ///
    /// # Errors
    /// `jose.private_member`, `jose.unsupported_key_type`, `jose.unsupported_curve`,
    /// `jose.malformed_jwk` for a missing coordinate, `jose.not_base64url`,
    /// `jose.coordinate_length`, `jose.not_on_curve`.
    pub fn from_jwk(jwk: &Jwk) -> Result<Self, Error> {
        if jwk.private == Private::Present {
            return Err(Error::PrivateMember);
        }
        let (x, y) = jwk.p256_coordinates()?;
        Self::from_coordinates(&x, &y)
    }

    pub(super) fn from_coordinates(x: &[u8; 32], y: &[u8; 32]) -> Result<Self, Error> {
        Self::from_sec1(&[&[4], x.as_slice(), y.as_slice()].concat())
    }

    pub(super) fn from_point(point: &p256::PublicKey) -> Self {
        let mut sec1 = [0; SEC1_LEN];
        // INVARIANT: p256 writes an uncompressed point as 65 octets, and infinity is no public key.
        sec1.copy_from_slice(point.to_sec1_point(false).as_bytes());
        let [x, y] = coordinates(&sec1).map(|coordinate| {
            let mut text = [0; 43];
            // INVARIANT: 32 octets are 43 characters of base64url.
            text.copy_from_slice(coordinate.as_bytes());
            text
        });
        Self { thumbprint: JwkThumbprint::of_p256_coordinates(&x, &y), sec1 }
    }

    /// The uncompressed point: 4, x, y.
    #[must_use]
    pub const fn to_sec1(&self) -> [u8; SEC1_LEN] {
        self.sec1
    }

    pub(super) const fn as_sec1(&self) -> &[u8; SEC1_LEN] {
        &self.sec1
    }

    /// The RFC 7638 thumbprint, computed when the key was made.
    #[must_use]
    pub const fn thumbprint(&self) -> JwkThumbprint {
        self.thumbprint
    }

    /// The key as it stands on the wire.
    #[must_use]
    pub fn to_jwk(&self) -> Jwk {
        let [x, y] = coordinates(&self.sec1);
        Jwk {
            kty: "EC".to_owned(),
            crv: Some("P-256".to_owned()),
            x: Some(x),
            y: Some(y),
            key_use: None,
            key_ops: None,
            private: Private::Absent,
        }
    }
}

impl fmt::Debug for P256PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "P256PublicKey({})", self.thumbprint)
    }
}

/// x and y as base64url, 43 characters each: leading zero octets stay.
fn coordinates(sec1: &[u8; SEC1_LEN]) -> [String; 2] {
    let (x, y) = sec1.split_at(33);
    [b64::encode_url(x.get(1..).unwrap_or_default()), b64::encode_url(y)]
}

/// A public JWK as it stands on the wire (RFC 7517), with the members of an EC key.
///
/// # Security
/// Private members are noticed and never kept; [`PublicKey::from_jwk`] refuses a key that had one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "JwkMembers")]
pub struct Jwk {
    kty: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    crv: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    x: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    y: Option<String>,
    #[serde(rename = "use", skip_serializing_if = "Option::is_none")]
    key_use: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_ops: Option<Vec<String>>,
    #[serde(skip)]
    private: Private,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Private {
    Absent,
    Present,
}

impl Jwk {
    /// The key type, `kty`.
    #[must_use]
    pub fn kty(&self) -> &str {
        &self.kty
    }

    fn may_verify(&self) -> bool {
        self.key_use.as_deref().is_none_or(|key_use| key_use == "sig")
            && self.key_ops.as_deref().is_none_or(|ops| ops.iter().any(|op| op == "verify"))
    }

    pub(super) fn p256_coordinates(&self) -> Result<([u8; 32], [u8; 32]), Error> {
        if self.kty != "EC" {
            return Err(Error::UnsupportedKeyType);
        }
        if self.crv.as_deref() != Some("P-256") {
            return Err(Error::UnsupportedCurve);
        }
        Ok((coordinate(self.x.as_deref())?, coordinate(self.y.as_deref())?))
    }
}

/// Exactly 32 octets (RFC 7518 section 6.2.1.2), neither shortened nor padded.
pub(super) fn coordinate(text: Option<&str>) -> Result<[u8; 32], Error> {
    let octets = b64::decode_url(text.ok_or(Error::MalformedJwk)?);
    octets.map_err(|_| Error::NotBase64Url)?.try_into().map_err(|_| Error::CoordinateLength)
}

/// All registered members that say whether a key is private, and the public ones of EC.
#[derive(Deserialize)]
struct JwkMembers {
    kty: String,
    #[serde(default, deserialize_with = "super::present")]
    crv: Option<String>,
    #[serde(default, deserialize_with = "super::present")]
    x: Option<String>,
    #[serde(default, deserialize_with = "super::present")]
    y: Option<String>,
    #[serde(rename = "use", default, deserialize_with = "super::present")]
    key_use: Option<String>,
    #[serde(default, deserialize_with = "super::present")]
    key_ops: Option<Vec<String>>,
    #[serde(default, deserialize_with = "super::present")]
    d: Option<IgnoredAny>,
    #[serde(default, deserialize_with = "super::present")]
    k: Option<IgnoredAny>,
    #[serde(default, deserialize_with = "super::present")]
    p: Option<IgnoredAny>,
    #[serde(default, deserialize_with = "super::present")]
    q: Option<IgnoredAny>,
    #[serde(default, deserialize_with = "super::present")]
    dp: Option<IgnoredAny>,
    #[serde(default, deserialize_with = "super::present")]
    dq: Option<IgnoredAny>,
    #[serde(default, deserialize_with = "super::present")]
    qi: Option<IgnoredAny>,
    #[serde(default, deserialize_with = "super::present")]
    oth: Option<IgnoredAny>,
}

impl From<JwkMembers> for Jwk {
    fn from(jwk: JwkMembers) -> Self {
        let private = [jwk.d, jwk.k, jwk.p, jwk.q, jwk.dp, jwk.dq, jwk.qi, jwk.oth];
        let private = match private.iter().any(Option::is_some) {
            true => Private::Present,
            false => Private::Absent,
        };
        Self {
            kty: jwk.kty,
            crv: jwk.crv,
            x: jwk.x,
            y: jwk.y,
            key_use: jwk.key_use,
            key_ops: jwk.key_ops,
            private,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::json;

    /// RFC 7515 A.3, and its thumbprint as in `tests/vectors/supplied/jwk-rfc7638.json`.
    const X: &str = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU";
    const Y: &str = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0";

    fn read(members: &str) -> Result<PublicKey, Error> {
        let text = format!("{{{members}}}");
        PublicKey::from_jwk(&json::from_slice::<Jwk>(text.as_bytes()).unwrap())
    }

    fn ec(extra: &str) -> Result<PublicKey, Error> {
        read(&format!(r#""kty":"EC","crv":"P-256","x":"{X}","y":"{Y}"{extra}"#))
    }

    #[test]
    fn a_key_reads_back_from_every_form() {
        let key = ec("").unwrap();
        let p256 = key.as_p256().unwrap();
        assert_eq!(key.thumbprint().to_string(), "oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U");
        assert_eq!(P256PublicKey::from_sec1(&p256.to_sec1()).as_ref(), Ok(p256));
        assert_eq!(P256PublicKey::from_jwk(&p256.to_jwk()).as_ref(), Ok(p256));
        assert_eq!(key.thumbprint().to_string().parse(), Ok(key.thumbprint()));
        assert_eq!(key.algorithm(), SignatureAlgorithm::Es256);
        assert!(format!("{key:?}").contains("oKIywvGUp"));
    }

    #[test]
    fn private_members_are_refused_whatever_they_hold() {
        for member in ["d", "k", "p", "q", "dp", "dq", "qi", "oth"] {
            for value in [r#""AA""#, "null", "[1]"] {
                let key = ec(&format!(r#","{member}":{value}"#));
                assert_eq!(key, Err(Error::PrivateMember), "{member}: {value}");
            }
        }
    }

    #[test]
    fn one_wrong_member_is_refused_for_its_own_reason() {
        let ec = |kty, crv, x, y| {
            read(&format!(r#""kty":"{kty}","crv":"{crv}","x":"{x}","y":"{y}""#)).map(|_| ())
        };
        assert_eq!(ec("EC", "P-256", X, Y), Ok(()));
        assert_eq!(ec("OKP", "P-256", X, Y), Err(Error::UnsupportedKeyType));
        assert_eq!(ec("EC", "P-384", X, Y), Err(Error::UnsupportedCurve));
        assert_eq!(ec("EC", "P-256", &X[..42], Y), Err(Error::NotBase64Url));
        assert_eq!(ec("EC", "P-256", &X[..40], Y), Err(Error::CoordinateLength));
        let long = b64::encode_url([0; 33]);
        assert_eq!(ec("EC", "P-256", &long, Y), Err(Error::CoordinateLength));
        assert_eq!(ec("EC", "P-256", Y, X), Err(Error::NotOnCurve));
        let no_y = read(&format!(r#""kty":"EC","crv":"P-256","x":"{X}""#));
        assert_eq!(no_y, Err(Error::MalformedJwk));
    }

    #[test]
    fn a_key_for_something_else_does_not_verify() {
        for (member, expected) in [
            (r#","use":"sig""#, Ok(())),
            (r#","use":"enc""#, Err(Error::KeyUse)),
            (r#","key_ops":["sign","verify"]"#, Ok(())),
            (r#","key_ops":["encrypt"]"#, Err(Error::KeyUse)),
            (r#","key_ops":[]"#, Err(Error::KeyUse)),
        ] {
            assert_eq!(ec(member).map(|_| ()), expected, "{member}");
        }
    }

    #[test]
    fn only_the_uncompressed_form_is_read() {
        let sec1 = ec("").unwrap().as_p256().unwrap().to_sec1();
        let mut compressed = sec1[..33].to_vec();
        compressed[0] = 2 + (sec1[64] & 1);
        assert_eq!(P256PublicKey::from_sec1(&compressed), Err(Error::CoordinateLength));
        assert_eq!(P256PublicKey::from_sec1(&[0]), Err(Error::CoordinateLength));
        let mut above_the_prime = sec1;
        above_the_prime[1..33].fill(0xff);
        assert_eq!(P256PublicKey::from_sec1(&above_the_prime), Err(Error::NotOnCurve));
        let zeros = [[4].as_slice(), &[0; 64]].concat();
        assert_eq!(P256PublicKey::from_sec1(&zeros), Err(Error::NotOnCurve));
    }
}
