//! `cnf`: the key a token's presenter must prove (RFC 7800 section 3).

use serde::{Deserialize, Serialize};

use super::CertificateThumbprint;
use crate::jose::JwkThumbprint;

/// A confirmation claim: one or several methods, every one of which has to be proven.
///
/// RFC 7800 section 3.1 lets a `cnf` name several keys where an application says how to treat them;
/// here they are all checked. Members that are not understood are ignored, as it asks, but a `cnf`
/// that has none of these is refused: nothing of it could be checked.
///
/// # Source
/// RFC 7800 section 3, RFC 8705 section 3.1, RFC 9449 section 6.1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Members", into = "Members")]
pub struct Confirmation {
    jkt: Option<JwkThumbprint>,
    certificate: Option<CertificateThumbprint>,
    kid: Option<String>,
}

impl Confirmation {
    /// Bound to a DPoP key: `jkt`.
    #[must_use]
    pub const fn of_dpop_key(jkt: JwkThumbprint) -> Self {
        Self { jkt: Some(jkt), certificate: None, kid: None }
    }

    /// Bound to a client certificate: `x5t#S256`.
    #[must_use]
    pub const fn of_certificate(certificate: CertificateThumbprint) -> Self {
        Self { jkt: None, certificate: Some(certificate), kid: None }
    }

    /// Bound to a key that the recipient knows by this id: `kid`.
    #[must_use]
    pub const fn of_kid(kid: String) -> Self {
        Self { jkt: None, certificate: None, kid: Some(kid) }
    }

    /// The same, bound to a client certificate as well.
    #[must_use]
    pub fn and_certificate(self, certificate: CertificateThumbprint) -> Self {
        Self { certificate: Some(certificate), ..self }
    }

    /// Thumbprint of a DPoP key (RFC 9449 section 6.1).
    #[must_use]
    pub const fn jkt(&self) -> Option<JwkThumbprint> {
        self.jkt
    }

    /// Thumbprint of a client certificate (RFC 8705 section 3.1).
    #[must_use]
    pub const fn certificate(&self) -> Option<CertificateThumbprint> {
        self.certificate
    }

    /// Id of a key that the recipient knows (RFC 7800 section 3.4).
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }
}

#[derive(Serialize, Deserialize)]
struct Members {
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    jkt: Option<JwkThumbprint>,
    #[serde(
        rename = "x5t#S256",
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    certificate: Option<CertificateThumbprint>,
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    kid: Option<String>,
}

/// Reads an optional member that is there; `null` is not a way to leave it out.
fn present<'de, D, T>(from: D) -> Result<Option<T>, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Deserialize<'de>,
{
    T::deserialize(from).map(Some)
}

impl TryFrom<Members> for Confirmation {
    type Error = &'static str;

    fn try_from(Members { jkt, certificate, kid }: Members) -> Result<Self, Self::Error> {
        match (&jkt, &certificate, &kid) {
            (None, None, None) => Err("a `cnf` without `jkt`, `x5t#S256` or `kid`"),
            _ => Ok(Self { jkt, certificate, kid }),
        }
    }
}

impl From<Confirmation> for Members {
    fn from(Confirmation { jkt, certificate, kid }: Confirmation) -> Self {
        Self { jkt, certificate, kid }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::json;

    const JKT: &str = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";
    const X5T: &str = "bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2";

    fn read(text: &str) -> Result<Confirmation, json::JsonError> {
        json::from_slice(text.as_bytes())
    }

    #[test]
    fn every_method_that_is_there_is_kept() {
        let both = read(&format!(r#"{{"jkt":"{JKT}","x5t#S256":"{}A"}}"#, &X5T[..42])).unwrap();
        assert_eq!(both.jkt(), JKT.parse().ok());
        assert!(both.certificate().is_some());
        assert_eq!(both.kid(), None);
        let text = serde_json::to_string(&both).unwrap();
        assert_eq!(read(&text), Ok(both));
        let kid = Confirmation::of_kid("k".to_owned());
        assert_eq!(serde_json::to_string(&kid).unwrap(), r#"{"kid":"k"}"#);
    }

    #[test]
    fn what_is_not_understood_is_ignored_beside_what_is() {
        let known = read(&format!(r#"{{"jwk":{{}},"osc":1,"jkt":"{JKT}"}}"#)).unwrap();
        assert_eq!(known, Confirmation::of_dpop_key(JKT.parse().unwrap()));
        for text in ["{}", r#"{"jwk":{}}"#, "null", "[]", r#""k""#] {
            assert!(read(text).is_err(), "{text}");
        }
    }

    /// A thumbprint that is no thumbprint is not the same as none.
    #[test]
    fn a_method_that_cannot_be_read_refuses_all() {
        for bad in ["", "x", &format!("{JKT}="), X5T] {
            let text = format!(r#"{{"kid":"k","jkt":"{bad}"}}"#);
            assert!(read(&text).is_err(), "{text}");
            let text = format!(r#"{{"jkt":"{JKT}","x5t#S256":"{bad}"}}"#);
            assert!(read(&text).is_err(), "{text}");
        }
        for text in [r#"{"kid":null}"#, r#"{"kid":1}"#, r#"{"kid":"k","jkt":null}"#] {
            assert!(read(text).is_err(), "{text}");
        }
        let twice = format!(r#"{{"jkt":"{JKT}","jkt":"{JKT}"}}"#);
        assert!(read(&twice).is_err());
    }
}
