//! JWS in compact form (RFC 7515): parse, verify, sign.
//!
//! ```text
//! UnverifiedJws::parse     MSG-02: size, three parts, base64url, unique members
//!         | verify         MSG-05 no `crit`; MSG-04 `alg` is the key's; then the signature
//! Verified<Vec<u8>>        the payload octets as they were signed
//!         | json
//! Verified<Claims>
//! ```

use std::fmt;

use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use serde::de::DeserializeOwned;

use super::alg::SignatureAlgorithm;
use super::error::Error;
use super::hs256::MacKey;
use super::jwk::P256PublicKey;
use super::{decode_part, split_parts, to_json};
use crate::base::{Check, Danger, b64, json};

pub use super::header::Header;

/// A key to verify with. Its kind decides the algorithm.
#[derive(Clone, Copy, Debug)]
pub enum VerifyingKey<'k> {
    /// Verifies ES256.
    P256(&'k P256PublicKey),
    /// Verifies HS256.
    Mac(&'k MacKey),
}

impl VerifyingKey<'_> {
    /// The one algorithm this key verifies.
    #[must_use]
    pub const fn algorithm(self) -> SignatureAlgorithm {
        match self {
            Self::P256(_) => SignatureAlgorithm::Es256,
            Self::Mac(_) => SignatureAlgorithm::Hs256,
        }
    }

    /// ES256 takes s as well as n - s, as RFC 7518 does; HS256 compares in constant time.
    pub(super) fn accepts(self, input: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::P256(key) => UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key.as_sec1())
                .verify(input, signature)
                .is_ok(),
            Self::Mac(key) => key.accepts(input, signature),
        }
    }
}

/// A JWS whose parts were read and whose signature was not looked at.
pub struct UnverifiedJws<'a> {
    signing_input: &'a str,
    header: Header,
    payload: Vec<u8>,
    signature: Vec<u8>,
}

impl<'a> UnverifiedJws<'a> {
    /// Reads the three parts of a compact JWS of at most [`super::MAX_COMPACT_LEN`] octets.
    ///
    /// # Errors
    /// `jose.too_long`, `jose.part_count`, `jose.not_base64url`, `jose.malformed_header`.
    pub fn parse(text: &'a str) -> Result<Self, Error> {
        // MSG-02
        let [header, payload, signature] = split_parts(text)?;
        let end = header.len() + 1 + payload.len();
        let header = decode_part(header)?;
        Ok(Self {
            // INVARIANT: header, a dot and payload are the beginning of the text.
            signing_input: text.get(..end).unwrap_or_default(),
            header: json::from_slice(&header).map_err(|_| Error::MalformedHeader)?,
            payload: decode_part(payload)?,
            signature: decode_part(signature)?,
        })
    }

    /// The header, unverified as yet.
    #[must_use]
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// The payload octets as sent, unverified as yet: only for finding the key to verify with.
    #[must_use]
    pub fn unverified_payload(&self) -> &[u8] {
        &self.payload
    }

    /// Checks `crit`, `alg` and the signature, in this order.
    ///
    /// `signature` is the caller's id for the signature check, which differs from message to
    /// message; `danger` can take it out, or either of the two header checks.
    ///
    /// # Errors
    /// `jose.critical_extension`, `jose.wrong_algorithm`, `jose.bad_signature`.
    ///
    /// # Security
    /// A false accept forges whatever the payload says. The signature is no identifier: for ES256
    /// whoever sees (r, s) can also write (r, n - s).
    pub fn verify(
        self,
        key: VerifyingKey<'_>,
        signature: Check,
        danger: Danger,
    ) -> Result<Verified<Vec<u8>>, Error> {
        // MSG-05
        if danger.enforces(Check::HeaderCritical) && self.header.crit.is_some() {
            return Err(Error::CriticalExtension);
        }
        // MSG-04
        let expected = key.algorithm();
        if danger.enforces(Check::HeaderAlgorithm) && self.header.alg != expected.as_str() {
            return Err(Error::WrongAlgorithm { expected });
        }
        let right = key.accepts(self.signing_input.as_bytes(), &self.signature);
        if danger.enforces(signature) && !right {
            return Err(Error::BadSignature);
        }
        Ok(Verified { header: self.header, value: self.payload })
    }
}

/// The header alone: a payload may hold a password or a token.
impl fmt::Debug for UnverifiedJws<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnverifiedJws").field("header", &self.header).finish_non_exhaustive()
    }
}

/// Evidence of a signature that was checked: only [`UnverifiedJws::verify`] makes one.
pub struct Verified<T> {
    header: Header,
    value: T,
}

impl<T> Verified<T> {
    /// The header that was signed along.
    #[must_use]
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// What was signed.
    #[must_use]
    pub const fn get(&self) -> &T {
        &self.value
    }

    /// What was signed, without the evidence.
    #[must_use]
    pub fn into_inner(self) -> T {
        self.value
    }
}

/// The header alone, as for [`UnverifiedJws`].
impl<T> fmt::Debug for Verified<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verified").field("header", &self.header).finish_non_exhaustive()
    }
}

impl Verified<Vec<u8>> {
    /// Reads the payload as JSON with unique members.
    ///
    /// # Errors
    /// `jose.payload_not_json`, which says where and never what.
    pub fn json<C: DeserializeOwned>(self) -> Result<Verified<C>, Error> {
        let value = json::from_secret_slice(&self.value).map_err(|error| {
            Error::PayloadNotJson { line: error.line(), column: error.column() }
        })?;
        Ok(Verified { header: self.header, value })
    }
}

/// Something that signs: a key, or a handle to one that cannot leave its store.
pub trait Signer {
    /// The algorithm of the signatures.
    fn algorithm(&self) -> SignatureAlgorithm;

    /// Signs these octets; 64 octets for ES256, 32 for HS256.
    ///
    /// # Errors
    /// `jose.signing_failed` if the backend fails.
    fn sign(&self, input: &[u8]) -> Result<Vec<u8>, Error>;
}

/// The text that is signed: encoded header, a dot, encoded payload.
#[must_use]
pub fn signing_input(header: &Header, payload: &[u8]) -> String {
    let mut text = b64::encode_url(to_json(header));
    text.push('.');
    text.push_str(&b64::encode_url(payload));
    text
}

/// The compact JWS of a signing input and its signature.
#[must_use]
pub fn assemble(mut signing_input: String, signature: &[u8]) -> String {
    signing_input.push('.');
    signing_input.push_str(&b64::encode_url(signature));
    signing_input
}

/// Signs a payload under a header that names the signer's algorithm.
///
/// # Errors
/// `jose.wrong_algorithm` if the header names another, `jose.signing_failed`.
pub fn sign_compact(header: &Header, payload: &[u8], key: &dyn Signer) -> Result<String, Error> {
    let expected = key.algorithm();
    if header.alg != expected.as_str() {
        return Err(Error::WrongAlgorithm { expected });
    }
    let input = signing_input(header, payload);
    let signature = key.sign(input.as_bytes())?;
    Ok(assemble(input, &signature))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::stream::Seed;
    use crate::jose::SigningKey;

    const CHECK: Check = Check::AccessTokenSignature;

    fn mac() -> MacKey {
        MacKey::from_octets(&[7; 32])
    }

    fn signed(header: &Header, payload: &[u8]) -> String {
        let input = signing_input(header, payload);
        let tag = mac().sign(input.as_bytes()).unwrap();
        assemble(input, &tag)
    }

    fn verify(text: &str, danger: Danger) -> Result<Verified<Vec<u8>>, Error> {
        UnverifiedJws::parse(text)?.verify(VerifyingKey::Mac(&mac()), CHECK, danger)
    }

    #[test]
    fn what_was_signed_comes_back() {
        let key = SigningKey::generate(&mut Seed(1).stream("jws"));
        let header = Header::new(SignatureAlgorithm::Es256).with_typ("JWT").with_kid("k");
        let text = sign_compact(&header, b"{\"a\":1}", &key).unwrap();
        let jws = UnverifiedJws::parse(&text).unwrap();
        assert_eq!((jws.header(), jws.unverified_payload()), (&header, b"{\"a\":1}".as_slice()));
        let key = VerifyingKey::P256(key.public_key());
        let verified = jws.verify(key, CHECK, Danger::NONE).unwrap();
        assert_eq!(
            (verified.header(), verified.get().as_slice()),
            (&header, b"{\"a\":1}".as_slice())
        );
        assert_eq!(verified.json::<serde_json::Value>().unwrap().into_inner()["a"], 1);
    }

    #[test]
    fn the_signer_and_the_header_agree() {
        let refused = sign_compact(&Header::new(SignatureAlgorithm::Es256), b"", &mac());
        assert_eq!(refused, Err(Error::WrongAlgorithm { expected: SignatureAlgorithm::Hs256 }));
    }

    #[test]
    fn shapes_are_refused_before_anything_is_computed() {
        let part = |text: &str| b64::encode_url(text);
        let header = part(r#"{"alg":"HS256"}"#);
        for (text, expected) in [
            (format!("{header}.e30"), Error::PartCount { expected: 3 }),
            (format!("{header}.e30.AA.AA"), Error::PartCount { expected: 3 }),
            (format!("{header}=.e30.AA"), Error::NotBase64Url),
            (format!("{header}.e30 .AA"), Error::NotBase64Url),
            (format!("{header}.e30.AB"), Error::NotBase64Url),
            (format!("{}.e30.AA", part("{}")), Error::MalformedHeader),
            (format!("{}.e30.AA", part("[]")), Error::MalformedHeader),
            (format!("{}.e30.AA", part(r#"{"alg":"HS256","alg":"none"}"#)), Error::MalformedHeader),
            (format!("{}.e30.AA", part(r#"{"alg":"HS256","x":1,"x":2}"#)), Error::MalformedHeader),
            (format!("{}.e30.AA", part(r#"{"alg":"HS256","crit":null}"#)), Error::MalformedHeader),
            (
                format!("{}.e30.AA", part(r#"{"alg":"HS256","kdf_ver":"2"}"#)),
                Error::MalformedHeader,
            ),
            (format!("{}.e30.AA", part(r#"{"alg":"HS256"} x"#)), Error::MalformedHeader),
            (".e30.AA".to_owned(), Error::MalformedHeader),
        ] {
            assert_eq!(UnverifiedJws::parse(&text).unwrap_err(), expected, "{text}");
        }
    }

    #[test]
    fn crit_then_alg_then_signature() {
        let expected = SignatureAlgorithm::Hs256;
        let none = Header { alg: "none".into(), ..Header::default() };
        let crit = Header { crit: Some(vec![]), ..none.clone() };
        let bad = signed(&Header::new(expected), b"x") + "AAAA";
        assert_eq!(verify(&bad, Danger::NONE).unwrap_err(), Error::BadSignature);
        let text = signed(&none, b"x");
        assert_eq!(verify(&text, Danger::NONE).unwrap_err(), Error::WrongAlgorithm { expected });
        let text = signed(&crit, b"x");
        assert_eq!(verify(&text, Danger::NONE).unwrap_err(), Error::CriticalExtension);
    }

    #[cfg(feature = "testing")]
    #[test]
    fn each_check_can_be_taken_out_alone() {
        let good = Header::new(SignatureAlgorithm::Hs256);
        let mut forged = signed(&good, b"x");
        forged.truncate(forged.rfind('.').unwrap() + 1);
        for (check, text) in [
            (CHECK, forged),
            (Check::HeaderAlgorithm, signed(&Header::default(), b"x")),
            (Check::HeaderCritical, signed(&Header { crit: Some(vec![]), ..good }, b"x")),
        ] {
            assert!(verify(&text, Danger::NONE).is_err(), "{check}");
            assert!(verify(&text, Danger::danger_without(check).unwrap()).is_ok(), "{check}");
        }
    }

    #[test]
    fn a_payload_that_is_not_json_is_not_echoed() {
        let text = signed(&Header::new(SignatureAlgorithm::Hs256), br#"{"p":"s3cret","p":1}"#);
        let error = verify(&text, Danger::NONE).unwrap().json::<serde_json::Value>().unwrap_err();
        assert_eq!(error.code(), "jose.payload_not_json");
        assert!(!error.to_string().contains("s3cret"));
        assert!(!format!("{:?}", UnverifiedJws::parse(&text)).contains("115, 51"));
        assert!(!format!("{:?}", verify(&text, Danger::NONE)).contains("115, 51"));
    }
}
