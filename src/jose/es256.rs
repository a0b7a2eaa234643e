//! P-256 private keys: [`SigningKey`] for ES256, [`AgreementKey`] for ECDH, [`RingSigningKey`].
//!
//! None of them can be read, copied, printed or serialised. A key has one use: the type that signs
//! cannot agree and the type that agrees cannot sign.

use std::fmt;

use p256::ecdsa::signature::Signer as _;
use rand::Rng;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde::Deserialize;
use zeroize::Zeroizing;

use super::alg::SignatureAlgorithm;
use super::error::Error;
use super::jwk::{Jwk, P256PublicKey, coordinate};
use super::jws::Signer;
use crate::base::{Secret, json, stream};

/// An ES256 key that signs with RFC 6979 nonces: same key, same input, same signature.
pub struct SigningKey {
    secret: p256::ecdsa::SigningKey,
    public: P256PublicKey,
}

impl SigningKey {
    /// A key from the caller's stream.
    pub fn generate(rng: &mut impl Rng) -> Self {
        Self::from_secret(&draw(rng))
    }

    /// A key from a private EC JWK; `d`, `x` and `y` are all needed and have to agree.
    ///
    /// # Errors
    /// `jose.malformed_jwk`, `jose.unsupported_key_type`, `jose.unsupported_curve`,
    /// `jose.not_base64url`, `jose.coordinate_length`, `jose.not_on_curve`,
    /// `jose.key_pair_mismatch`.
    pub fn from_jwk(jwk: &[u8]) -> Result<Self, Error> {
        Ok(Self::from_secret(&read_private(jwk)?))
    }

    fn from_secret(secret: &p256::SecretKey) -> Self {
        Self { public: P256PublicKey::from_point(&secret.public_key()), secret: secret.into() }
    }

    /// The public half.
    #[must_use]
    pub const fn public_key(&self) -> &P256PublicKey {
        &self.public
    }

    /// The same key once more, for a thief's copy of a software key store.
    pub(crate) fn danger_copy(&self) -> Self {
        Self { secret: self.secret.clone(), public: self.public.clone() }
    }
}

impl Signer for SigningKey {
    fn algorithm(&self) -> SignatureAlgorithm {
        SignatureAlgorithm::Es256
    }

    fn sign(&self, input: &[u8]) -> Result<Vec<u8>, Error> {
        let signature: p256::ecdsa::Signature =
            self.secret.try_sign(input).map_err(|_| Error::SigningFailed)?;
        Ok(signature.to_bytes().to_vec())
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.public.thumbprint())
    }
}

/// A P-256 key for Diffie-Hellman: a transport key, or the ephemeral side.
pub struct AgreementKey {
    secret: p256::SecretKey,
    public: P256PublicKey,
}

impl AgreementKey {
    /// A key from the caller's stream.
    pub fn generate(rng: &mut impl Rng) -> Self {
        Self::from_secret(draw(rng))
    }

    /// A key from a private EC JWK.
    ///
    /// # Errors
    /// As [`SigningKey::from_jwk`].
    pub fn from_jwk(jwk: &[u8]) -> Result<Self, Error> {
        read_private(jwk).map(Self::from_secret)
    }

    fn from_secret(secret: p256::SecretKey) -> Self {
        Self { public: P256PublicKey::from_point(&secret.public_key()), secret }
    }

    /// The public half.
    #[must_use]
    pub const fn public_key(&self) -> &P256PublicKey {
        &self.public
    }

    /// The same key once more, for a thief's copy of a software key store.
    pub(crate) fn danger_copy(&self) -> Self {
        Self { secret: self.secret.clone(), public: self.public.clone() }
    }

    /// Z: the x coordinate of the shared point, 32 octets with leading zeros (SP 800-56A 5.7.1.2).
    #[must_use]
    pub fn agree(&self, peer: &P256PublicKey) -> Secret<[u8; 32]> {
        // INVARIANT: a `P256PublicKey` was read as a point of the curve when it was made.
        #[expect(clippy::expect_used, reason = "the peer's point was checked when it was made")]
        let peer = p256::PublicKey::from_sec1_bytes(peer.as_sec1()).expect("a checked point");
        Secret::new((*self.secret.diffie_hellman(&peer).raw_secret_bytes()).into())
    }
}

impl fmt::Debug for AgreementKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AgreementKey({})", self.public.thumbprint())
    }
}

/// A uniformly random scalar in 1..n; a draw outside of it has probability 2^-32.
fn draw(rng: &mut impl Rng) -> p256::SecretKey {
    loop {
        let octets = Zeroizing::new(stream::octets::<32>(rng));
        if let Ok(key) = p256::SecretKey::from_slice(octets.as_slice()) {
            return key;
        }
    }
}

#[derive(Deserialize)]
struct PrivateJwk {
    d: Secret<String>,
}

fn read_private(jwk: &[u8]) -> Result<p256::SecretKey, Error> {
    let private: PrivateJwk = json::from_secret_slice(jwk).map_err(|_| Error::MalformedJwk)?;
    let public: Jwk = json::from_secret_slice(jwk).map_err(|_| Error::MalformedJwk)?;
    let (x, y) = public.p256_coordinates()?;
    let public = P256PublicKey::from_coordinates(&x, &y)?;
    let d = Zeroizing::new(coordinate(Some(private.d.expose_secret().as_str()))?);
    let secret = p256::SecretKey::from_slice(d.as_slice()).map_err(|_| Error::KeyPairMismatch)?;
    match P256PublicKey::from_point(&secret.public_key()) == public {
        true => Ok(secret),
        false => Err(Error::KeyPairMismatch),
    }
}

/// An ES256 key of the issuing backend: about ten times faster, and drawn from the system.
///
/// ring takes randomness from the operating system alone, so neither the key nor its signatures
/// reproduce from a seed. Runs that have to reproduce use [`SigningKey`].
pub struct RingSigningKey {
    pair: EcdsaKeyPair,
    random: SystemRandom,
    public: P256PublicKey,
}

impl RingSigningKey {
    /// A fresh key from the operating system's randomness.
    ///
    /// # Errors
    /// `jose.signing_failed` if the system has no randomness to give.
    #[expect(clippy::disallowed_methods, reason = "the issuing backend: ring cannot be seeded")]
    pub fn generate() -> Result<Self, Error> {
        let random = SystemRandom::new();
        let failed = |_| Error::SigningFailed;
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let document = EcdsaKeyPair::generate_pkcs8(algorithm, &random).map_err(failed)?;
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref(), &random)
            .map_err(|_| Error::SigningFailed)?;
        let public = P256PublicKey::from_sec1(pair.public_key().as_ref())?;
        Ok(Self { pair, random, public })
    }

    /// The public half.
    #[must_use]
    pub const fn public_key(&self) -> &P256PublicKey {
        &self.public
    }
}

impl Signer for RingSigningKey {
    fn algorithm(&self) -> SignatureAlgorithm {
        SignatureAlgorithm::Es256
    }

    fn sign(&self, input: &[u8]) -> Result<Vec<u8>, Error> {
        let signature = self.pair.sign(&self.random, input).map_err(|_| Error::SigningFailed)?;
        Ok(signature.as_ref().to_vec())
    }
}

impl fmt::Debug for RingSigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RingSigningKey({})", self.public.thumbprint())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::stream::Seed;
    use crate::base::{Check, Danger, b64};
    use crate::jose::fixtures::{self, assert_lacks};
    use crate::jose::jws::{Header, UnverifiedJws, VerifyingKey, sign_compact};

    /// RFC 6979 A.2.5: the key, and (r, s) for the text `sample` under SHA-256.
    const RFC6979_D: &str = "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721";
    const RFC6979_X: &str = "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6";
    const RFC6979_Y: &str = "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299";
    const RFC6979_SAMPLE: &str = "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716\
                                  f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8";

    fn hex(text: &str) -> Vec<u8> {
        fixtures::hex(&text.into())
    }

    fn jwk(d: &str, x: &str, y: &str) -> Vec<u8> {
        let part = |text| b64::encode_url(hex(text));
        let (d, x, y) = (part(d), part(x), part(y));
        format!(r#"{{"kty":"EC","crv":"P-256","x":"{x}","y":"{y}","d":"{d}"}}"#).into_bytes()
    }

    #[test]
    fn signs_as_rfc_6979_a_2_5() {
        let key = SigningKey::from_jwk(&jwk(RFC6979_D, RFC6979_X, RFC6979_Y)).unwrap();
        assert_eq!(key.sign(b"sample").unwrap(), hex(RFC6979_SAMPLE));
    }

    #[test]
    fn a_private_key_has_to_be_whole_and_agree() {
        let other = "01".repeat(32);
        let read = |jwk: &[u8]| SigningKey::from_jwk(jwk).map(|_| ()).unwrap_err();
        assert_eq!(read(&jwk(&other, RFC6979_X, RFC6979_Y)), Error::KeyPairMismatch);
        assert_eq!(read(&jwk(&"00".repeat(32), RFC6979_X, RFC6979_Y)), Error::KeyPairMismatch);
        assert_eq!(read(&jwk(&"ff".repeat(32), RFC6979_X, RFC6979_Y)), Error::KeyPairMismatch);
        assert_eq!(read(&jwk(&"01".repeat(31), RFC6979_X, RFC6979_Y)), Error::CoordinateLength);
        assert_eq!(read(&jwk(RFC6979_D, RFC6979_Y, RFC6979_X)), Error::NotOnCurve);
        let public = SigningKey::from_jwk(&jwk(RFC6979_D, RFC6979_X, RFC6979_Y)).unwrap();
        let public = serde_json::to_vec(&public.public_key().to_jwk()).unwrap();
        assert_eq!(read(&public), Error::MalformedJwk);
    }

    #[test]
    fn keys_are_functions_of_the_stream() {
        let thumbprint =
            |label| SigningKey::generate(&mut Seed(5).stream(label)).public_key().thumbprint();
        assert_eq!(thumbprint("a"), thumbprint("a"));
        assert_ne!(thumbprint("a"), thumbprint("b"));
    }

    #[test]
    fn both_sides_agree() {
        let mut rng = Seed(5).stream("agree");
        let (a, b) = (AgreementKey::generate(&mut rng), AgreementKey::generate(&mut rng));
        assert_eq!(a.agree(b.public_key()), b.agree(a.public_key()));
        assert_ne!(a.agree(b.public_key()), a.agree(a.public_key()));
    }

    #[test]
    fn the_issuing_backend_signs_what_verifies() {
        let key = RingSigningKey::generate().unwrap();
        let text = sign_compact(&Header::new(key.algorithm()), b"payload", &key).unwrap();
        let key = VerifyingKey::P256(key.public_key());
        let jws = UnverifiedJws::parse(&text).unwrap();
        assert!(jws.verify(key, Check::AccessTokenSignature, Danger::NONE).is_ok());
    }

    #[test]
    fn debug_shows_the_public_half() {
        let key = SigningKey::generate(&mut Seed(5).stream("debug"));
        assert_eq!(format!("{key:?}"), format!("SigningKey({})", key.public_key().thumbprint()));
    }

    #[test]
    fn private_keys_have_no_way_out() {
        assert_lacks!(SigningKey: Clone, Copy, serde::Serialize, fmt::Display);
        assert_lacks!(SigningKey: AsRef<[u8]>, std::ops::Deref);
        assert_lacks!(AgreementKey: Clone, Copy, serde::Serialize, fmt::Display);
        assert_lacks!(AgreementKey: AsRef<[u8]>, std::ops::Deref);
        assert_lacks!(RingSigningKey: Clone, Copy, serde::Serialize, fmt::Display);
        assert_lacks!(RingSigningKey: AsRef<[u8]>, std::ops::Deref);
    }
}
