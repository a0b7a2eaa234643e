//! The provider's published keys (RFC 7517 section 5) and metadata.

use serde::{Deserialize, Serialize};

use crate::jose::Jwk;

/// A JWKS.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct KeySet {
    /// Keys that sign access tokens, newest first.
    pub keys: Vec<PublishedKey>,
}

/// One public key with its use.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PublishedKey {
    /// RFC 7638 thumbprint.
    pub kid: String,
    /// `sig`.
    #[serde(rename = "use")]
    pub key_use: String,
    /// `ES256`.
    pub alg: String,
    /// The key itself.
    #[serde(flatten)]
    pub jwk: Jwk,
}

/// The members of OpenID metadata that clients of this lab read.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Metadata {
    /// Issuer.
    pub issuer: String,
    /// Authorize endpoint.
    pub authorization_endpoint: String,
    /// Token endpoint.
    pub token_endpoint: String,
    /// Where the [`KeySet`] is.
    pub jwks_uri: String,
    /// `kdf_ver2`: KDF version 2 is spoken (MS-OIDCE 3.2.5.3.1.3).
    pub capabilities: Vec<String>,
    /// `code`.
    pub response_types_supported: Vec<String>,
    /// `pairwise` subjects are not built; `public`.
    pub subject_types_supported: Vec<String>,
    /// ID tokens are unsigned here.
    pub id_token_signing_alg_values_supported: Vec<String>,
    /// `S256`.
    pub code_challenge_methods_supported: Vec<String>,
    /// Algorithms of DPoP proofs (RFC 9449 section 5.1): `ES256`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dpop_signing_alg_values_supported: Vec<String>,
    /// Whether access tokens are bound to client certificates (RFC 8705 section 3.3).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub tls_client_certificate_bound_access_tokens: bool,
}
