//! Presenter side: making a proof.

use serde::Serialize;

use super::DPOP_TYPE;
use super::ath::ath;
use crate::base::{Timestamp, b64, stream};
use crate::jose::{Error, Jwk, P256PublicKey, SignatureAlgorithm, Signer};

/// What a proof is going to say. A new one for every request.
///
/// # Source
/// RFC 9449 section 4.2.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ProofDraft {
    /// Unique id: 96 random bits.
    pub jti: String,
    /// The method of the request.
    pub htm: String,
    /// The URI of the request, without query and fragment.
    pub htu: String,
    /// When it is made.
    pub iat: Timestamp,
    /// Hash of the access token that it goes with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ath: Option<String>,
    /// The newest nonce that this server gave out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
}

#[derive(Serialize)]
struct ProofHeader {
    typ: &'static str,
    alg: &'static str,
    jwk: Jwk,
}

impl ProofDraft {
    /// A proof for one request, with a random `jti`. A query or fragment of `uri` is left out.
    pub fn new(method: &str, uri: &str, now: Timestamp, rng: &mut impl rand::Rng) -> Self {
        let htu = uri.split(['?', '#']).next().unwrap_or_default();
        Self {
            jti: b64::encode_url(stream::octets::<12>(rng)),
            htm: method.to_owned(),
            htu: htu.to_owned(),
            iat: now,
            ath: None,
            nonce: None,
        }
    }

    /// The same, going with an access token.
    #[must_use]
    pub fn for_token(self, token: &str) -> Self {
        Self { ath: Some(ath(token)), ..self }
    }

    /// The same, with a nonce of the server, if there is one.
    #[must_use]
    pub fn with_nonce(self, nonce: Option<&str>) -> Self {
        Self { nonce: nonce.map(str::to_owned), ..self }
    }

    /// The text to sign, for a key that signs elsewhere, such as one in a key store;
    /// [`assemble`](crate::jose::jws::assemble) makes a proof of it and its signature.
    #[must_use]
    pub fn signing_input(&self, key: &P256PublicKey) -> String {
        let alg = SignatureAlgorithm::Es256.as_str();
        let header = ProofHeader { typ: DPOP_TYPE, alg, jwk: key.to_jwk() };
        let mut text = b64::encode_url(to_json(&header));
        text.push('.');
        text.push_str(&b64::encode_url(to_json(self)));
        text
    }

    /// The proof, signed by `signer`, whose public half is `key`.
    ///
    /// # Errors
    /// Those of the signer.
    pub fn sign(&self, key: &P256PublicKey, signer: &dyn Signer) -> Result<String, Error> {
        let input = self.signing_input(key);
        let signature = signer.sign(input.as_bytes())?;
        Ok(crate::jose::jws::assemble(input, &signature))
    }
}

fn to_json(value: &impl Serialize) -> Vec<u8> {
    // INVARIANT: header and claims are structs of texts and numbers, which always serialise.
    #[expect(clippy::expect_used, reason = "structs of texts and numbers always serialise")]
    serde_json::to_vec(value).expect("a struct of texts and numbers serialises")
}
