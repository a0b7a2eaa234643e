//! [`Header`]: the protected header of a JWS.

use serde::{Deserialize, Serialize};

use super::alg::SignatureAlgorithm;
use super::jwk::Jwk;
use super::present;

/// The members of a JWS header that this lab writes or reads; others are ignored.
///
/// Members serialise in this order. Nothing in a header is believed before the signature is right,
/// and `alg` not even then: the key decides.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// The algorithm as text, since a header from outside may name any.
    pub alg: String,
    /// The media type of the whole, for example `JWT` or `at+jwt`.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub typ: Option<String>,
    /// Which key: here mostly an RFC 7638 thumbprint, or `session`.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub kid: Option<String>,
    /// KDF context in *standard* base64; read it with [`super::Ctx::from_header`].
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub ctx: Option<String>,
    /// KDF version; read it with [`super::KdfVersion::from_header`].
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub kdf_ver: Option<u64>,
    /// Certificates in standard base64, the signer's first (RFC 7515 section 4.1.6).
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub x5c: Option<Vec<String>>,
    /// Extensions that must be understood; here none is.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub crit: Option<Vec<String>>,
    /// A public key that the sender proves possession of; never a reason to trust it.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub jwk: Option<Jwk>,
    /// `use`: `ngc` in a user assertion (MS-OAPXBC 3.1.5.1.2.1.2).
    #[serde(
        rename = "use",
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    pub key_use: Option<String>,
}

impl Header {
    /// A header with nothing but `alg`.
    #[must_use]
    pub fn new(alg: SignatureAlgorithm) -> Self {
        Self { alg: alg.as_str().to_owned(), ..Self::default() }
    }

    /// The same header with this `typ`.
    #[must_use]
    pub fn with_typ(mut self, typ: &str) -> Self {
        self.typ = Some(typ.to_owned());
        self
    }

    /// The same header with this `kid`.
    #[must_use]
    pub fn with_kid(mut self, kid: impl ToString) -> Self {
        self.kid = Some(kid.to_string());
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn header_members_keep_their_order_and_absent_ones_stay_away() {
        let header = Header {
            ctx: Some("AA==".into()),
            kdf_ver: Some(2),
            key_use: Some("ngc".into()),
            ..Header::new(SignatureAlgorithm::Hs256).with_typ("JWT").with_kid("session")
        };
        let text = String::from_utf8(crate::jose::to_json(&header)).unwrap();
        let expected = concat!(
            r#"{"alg":"HS256","typ":"JWT","kid":"session","ctx":"AA==","kdf_ver":2,"#,
            r#""use":"ngc"}"#
        );
        assert_eq!(text, expected);
    }
}
