//! JWE in compact form (RFC 7516), in the two shapes this protocol uses.
//!
//! - `dir` with A256GCM: an answer under a key derived from the session key (MS-OAPXBC
//!   3.2.5.1.3.2). The CBC body without a tag that the live service was seen to send under the same
//!   header is refused: it has no integrity.
//! - `ECDH-ES` with A256GCM: a session key, or in protocol 4 a whole answer, for a transport key.
//!   The plaintext is the session key itself (form A of prt-protocol 9.2); key wrapping (form B) is
//!   refused.
//!
//! # Security
//! ECDH-ES says nothing about the sender: whoever knows the public transport key can wrap a key of
//! their own for it. It shows when the first derived key does not work at the server.

use rand::Rng;
use ring::aead::NONCE_LEN;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::agreement::agreed_key;
use super::error::Error;
use super::es256::AgreementKey;
use super::jwk::{Jwk, P256PublicKey};
use super::kdf::{Ctx, DerivedKey, SessionKey};
use super::{decode_part, present, seal, split_parts, to_json};
use crate::base::{b64, json, stream};

const DIR: &str = "dir";
const ECDH_ES: &str = "ECDH-ES";
const A256GCM: &str = "A256GCM";
const TAG_LEN: usize = 16;

/// The members of a JWE header that this lab writes or reads; others are ignored.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct JweHeader {
    /// How the content key comes about: `dir` or `ECDH-ES`.
    pub alg: String,
    /// How the content is encrypted: `A256GCM`.
    pub enc: String,
    /// The sender's ephemeral public key.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub epk: Option<Jwk>,
    /// Agreement PartyUInfo in base64url: here the server's name.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub apu: Option<String>,
    /// Agreement PartyVInfo in base64url: here the recipient, or more.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub apv: Option<String>,
    /// KDF context in *standard* base64; read it with [`Ctx::from_header`].
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub ctx: Option<String>,
    /// Which key: `session`, or the transport key's thumbprint.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub kid: Option<String>,
    /// Extensions that must be understood; here none is.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub crit: Option<Vec<String>>,
}

/// Encrypts an answer under a derived key: alg `dir`, an empty key part, the encoded header as
/// associated data. The key is of [`super::KdfVersion::V1`] over this answer's own `ctx`.
#[must_use]
pub fn encrypt_dir(key: &DerivedKey, ctx: &Ctx, iv: [u8; NONCE_LEN], plaintext: &[u8]) -> String {
    let header = JweHeader {
        alg: DIR.to_owned(),
        enc: A256GCM.to_owned(),
        ctx: Some(ctx.to_header()),
        kid: Some("session".to_owned()),
        ..JweHeader::default()
    };
    encrypt(&header, key.octets(), iv, plaintext)
}

/// Encrypts for a P-256 key by direct key agreement with a fresh ephemeral key.
///
/// `apu` and `apv` are the decoded octets; both go into the key, so a recipient that expects
/// another `apv` derives another key.
///
/// # Source
/// RFC 7518 section 4.6; prt-protocol 9.2 form A.
pub fn encrypt_ecdh_es(
    recipient: &P256PublicKey,
    apu: &[u8],
    apv: &[u8],
    plaintext: &[u8],
    rng: &mut impl Rng,
) -> String {
    let ephemeral = AgreementKey::generate(rng);
    encrypt_agreed(&ephemeral, stream::octets(rng), recipient, apu, apv, plaintext)
}

/// Encrypts a session key for a transport key: the `session_key_jwe` of this lab.
pub fn wrap_session_key(
    key: &SessionKey,
    recipient: &P256PublicKey,
    apu: &[u8],
    apv: &[u8],
    rng: &mut impl Rng,
) -> String {
    encrypt_ecdh_es(recipient, apu, apv, key.octets(), rng)
}

fn encrypt_agreed(
    ephemeral: &AgreementKey,
    iv: [u8; NONCE_LEN],
    recipient: &P256PublicKey,
    apu: &[u8],
    apv: &[u8],
    plaintext: &[u8],
) -> String {
    let header = JweHeader {
        alg: ECDH_ES.to_owned(),
        enc: A256GCM.to_owned(),
        epk: Some(ephemeral.public_key().to_jwk()),
        apu: Some(b64::encode_url(apu)),
        apv: Some(b64::encode_url(apv)),
        kid: Some(recipient.thumbprint().to_string()),
        ..JweHeader::default()
    };
    let key = agreed_key(&ephemeral.agree(recipient), A256GCM, apu, apv, 256);
    encrypt(&header, &key, iv, plaintext)
}

fn encrypt(header: &JweHeader, key: &[u8; 32], iv: [u8; NONCE_LEN], plaintext: &[u8]) -> String {
    let header = b64::encode_url(to_json(header));
    let mut text = plaintext.to_vec();
    seal::seal_in_place(key, iv, header.as_bytes(), &mut text);
    let (ciphertext, tag) = text.split_at(plaintext.len());
    let part = |octets| b64::encode_url(octets);
    format!("{header}..{}.{}.{}", b64::encode_url(iv), part(ciphertext), part(tag))
}

/// A JWE whose parts were read and that was not opened.
#[derive(Debug)]
pub struct UnopenedJwe<'a> {
    associated_data: &'a str,
    header: JweHeader,
    encrypted_key: Vec<u8>,
    iv: Vec<u8>,
    ciphertext: Vec<u8>,
    tag: Vec<u8>,
}

impl<'a> UnopenedJwe<'a> {
    /// Reads the five parts of a compact JWE of at most [`super::MAX_COMPACT_LEN`] octets.
    ///
    /// # Errors
    /// `jose.too_long`, `jose.part_count`, `jose.not_base64url`, `jose.malformed_header`.
    pub fn parse(text: &'a str) -> Result<Self, Error> {
        let [associated_data, encrypted_key, iv, ciphertext, tag] = split_parts(text)?;
        let header = decode_part(associated_data)?;
        Ok(Self {
            associated_data,
            header: json::from_slice(&header).map_err(|_| Error::MalformedHeader)?,
            encrypted_key: decode_part(encrypted_key)?,
            iv: decode_part(iv)?,
            ciphertext: decode_part(ciphertext)?,
            tag: decode_part(tag)?,
        })
    }

    /// The header; it is authenticated only once the text has been opened.
    #[must_use]
    pub const fn header(&self) -> &JweHeader {
        &self.header
    }

    /// Opens an answer under a derived key.
    ///
    /// # Errors
    /// In this order: `jose.key_management_algorithm`, `jose.content_encryption`,
    /// `jose.critical_extension`, `jose.encrypted_key_present`, `jose.iv_length`,
    /// `jose.tag_length`, `jose.not_opened`.
    pub fn decrypt_dir(&self, key: &DerivedKey) -> Result<Vec<u8>, Error> {
        self.refuse_other_than(DIR)?;
        self.open(key.octets())
    }

    /// Opens a text that was encrypted for this key and for this `apv` (decoded octets).
    ///
    /// # Errors
    /// In this order: `jose.key_management_algorithm`, `jose.content_encryption`,
    /// `jose.critical_extension`, `jose.encrypted_key_present`, `jose.party_info_mismatch`,
    /// `jose.ephemeral_key_missing` and those of [`P256PublicKey::from_jwk`] for `epk`,
    /// `jose.iv_length`, `jose.tag_length`, `jose.not_opened`.
    pub fn decrypt_ecdh_es(
        &self,
        key: &AgreementKey,
        expected_apv: &[u8],
    ) -> Result<Vec<u8>, Error> {
        self.refuse_other_than(ECDH_ES)?;
        let apu = decode_part(self.header.apu.as_deref().unwrap_or_default())?;
        let apv = decode_part(self.header.apv.as_deref().unwrap_or_default())?;
        if apv != expected_apv {
            return Err(Error::PartyInfoMismatch);
        }
        // The point is checked before any agreement: see the invalid-curve attack.
        let epk = self.header.epk.as_ref().ok_or(Error::EphemeralKeyMissing)?;
        let epk = P256PublicKey::from_jwk(epk)?;
        self.open(&agreed_key(&key.agree(&epk), A256GCM, &apu, &apv, 256))
    }

    /// Opens a `session_key_jwe`.
    ///
    /// # Errors
    /// As [`UnopenedJwe::decrypt_ecdh_es`], then `jose.session_key_length`.
    pub fn unwrap_session_key(
        &self,
        key: &AgreementKey,
        expected_apv: &[u8],
    ) -> Result<SessionKey, Error> {
        let octets = Zeroizing::new(self.decrypt_ecdh_es(key, expected_apv)?);
        let octets = octets.as_slice().try_into().map_err(|_| Error::SessionKeyLength)?;
        Ok(SessionKey::from_octets(octets))
    }

    fn refuse_other_than(&self, alg: &str) -> Result<(), Error> {
        if self.header.alg != alg {
            return Err(Error::KeyManagementAlgorithm);
        }
        if self.header.enc != A256GCM {
            return Err(Error::ContentEncryption);
        }
        if self.header.crit.is_some() {
            return Err(Error::CriticalExtension);
        }
        // RFC 7516 section 5.2 step 10: no key is carried along with `dir` or direct agreement.
        if !self.encrypted_key.is_empty() {
            return Err(Error::EncryptedKeyPresent);
        }
        Ok(())
    }

    fn open(&self, key: &[u8; 32]) -> Result<Vec<u8>, Error> {
        let iv = self.iv.as_slice().try_into().map_err(|_| Error::IvLength)?;
        if self.tag.len() != TAG_LEN {
            return Err(Error::TagLength);
        }
        let sealed = [self.ciphertext.as_slice(), &self.tag].concat();
        let text = seal::open(key, iv, self.associated_data.as_bytes(), &sealed);
        text.map(|text| text.to_vec()).ok_or(Error::NotOpened)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::stream::Seed;
    use crate::jose::KdfVersion;
    use crate::jose::fixtures::{agreement_key, hex, vectors};

    /// Form A of the project's vectors, byte for byte.
    #[test]
    fn form_a_is_reproduced() {
        let case = &vectors("prt-ecdh-es.json")["project"][0];
        let text = |member: &str| case[member].as_str().unwrap();
        let jwe = encrypt_agreed(
            &agreement_key(&case["ephemeral_private_jwk"]),
            hex(&case["iv_hex"]).try_into().unwrap(),
            agreement_key(&case["transport_key_private_jwk"]).public_key(),
            text("apu_utf8").as_bytes(),
            text("apv_utf8").as_bytes(),
            &hex(&case["session_key_hex"]),
        );
        assert_eq!(jwe, text("jwe"));
    }

    /// A JWE with the given header under a known key, so that one thing at a time can be wrong.
    fn dir(header: &JweHeader, key: &DerivedKey) -> String {
        encrypt(header, key.octets(), [5; 12], b"answer")
    }

    #[test]
    fn dir_refuses_each_fault_at_its_stage() {
        let mut rng = Seed(2).stream("jwe");
        let ctx = Ctx::random(&mut rng);
        let session = SessionKey::generate(&mut rng);
        let key = session.derive(KdfVersion::V1, &ctx, b"");
        let good = JweHeader { alg: DIR.into(), enc: A256GCM.into(), ..JweHeader::default() };
        let opened = |text: &str| UnopenedJwe::parse(text)?.decrypt_dir(&key);
        let text = dir(&good, &key);
        assert_eq!(opened(&text).as_deref(), Ok(b"answer".as_slice()));
        assert_eq!(opened(&encrypt_dir(&key, &ctx, [5; 12], b"x")).as_deref(), Ok(b"x".as_slice()));

        let alg = JweHeader { alg: ECDH_ES.into(), ..good.clone() };
        assert_eq!(opened(&dir(&alg, &key)), Err(Error::KeyManagementAlgorithm));
        let enc = JweHeader { enc: "A128GCM".into(), ..good.clone() };
        assert_eq!(opened(&dir(&enc, &key)), Err(Error::ContentEncryption));
        let crit = JweHeader { crit: Some(vec![]), ..good.clone() };
        assert_eq!(opened(&dir(&crit, &key)), Err(Error::CriticalExtension));

        let parts: Vec<&str> = text.split('.').collect();
        let with = |at: usize, part: &str| {
            let mut parts = parts.clone();
            parts[at] = part;
            opened(&parts.join("."))
        };
        let (iv, tag) = (b64::encode_url([5; 16]), b64::encode_url([5; 15]));
        assert_eq!(with(1, "AA"), Err(Error::EncryptedKeyPresent));
        assert_eq!(with(2, &iv), Err(Error::IvLength));
        assert_eq!(with(4, ""), Err(Error::TagLength));
        assert_eq!(with(4, &tag), Err(Error::TagLength));
        assert_eq!(with(3, "AA"), Err(Error::NotOpened));
        assert_eq!(with(0, "e30"), Err(Error::MalformedHeader));
        assert_eq!(with(3, "AB"), Err(Error::NotBase64Url));
        assert_eq!(opened(&format!("{text}.")), Err(Error::PartCount { expected: 5 }));
        // The header is associated data: one more member, and the tag no longer matches.
        let more = b64::encode_url(br#"{"alg":"dir","enc":"A256GCM","x":1}"#);
        assert_eq!(with(0, &more), Err(Error::NotOpened));
    }

    #[test]
    fn ecdh_es_refuses_each_fault_at_its_stage() {
        let mut rng = Seed(2).stream("ecdh");
        let own = AgreementKey::generate(&mut rng);
        let mut sealed = |apv: &[u8], text: &[u8]| {
            encrypt_ecdh_es(own.public_key(), b"server", apv, text, &mut rng)
        };
        let opened = |text: &str| UnopenedJwe::parse(text)?.decrypt_ecdh_es(&own, b"me");
        let text = sealed(b"me", b"text");
        assert_eq!(opened(&text).as_deref(), Ok(b"text".as_slice()));
        assert_eq!(opened(&sealed(b"you", b"text")), Err(Error::PartyInfoMismatch));
        for len in [0, 31, 33] {
            let short = sealed(b"me", &vec![1; len]);
            let jwe = UnopenedJwe::parse(&short).unwrap();
            let refused = jwe.unwrap_session_key(&own, b"me").map(|_| ()).unwrap_err();
            assert_eq!(refused, Error::SessionKeyLength);
        }

        let change = |change: &dyn Fn(&mut JweHeader)| {
            let mut header = UnopenedJwe::parse(&text).unwrap().header().clone();
            change(&mut header);
            let rest = &text[text.find('.').unwrap()..];
            opened(&(b64::encode_url(to_json(&header)) + rest))
        };
        let unchanged = change(&|_| ());
        assert!(unchanged.is_ok());
        let not_opened = Err(Error::NotOpened);
        assert_eq!(change(&|h| h.epk = None), Err(Error::EphemeralKeyMissing));
        assert_eq!(change(&|h| h.apv = None), Err(Error::PartyInfoMismatch));
        assert_eq!(change(&|h| h.apv = Some("=".into())), Err(Error::NotBase64Url));
        assert_eq!(change(&|h| h.apu = None), not_opened);
        assert_eq!(change(&|h| h.kid = None), not_opened);
        let other = SessionKey::generate(&mut Seed(9).stream("other"));
        assert!(!format!("{other:?}").contains('['));
    }
}
