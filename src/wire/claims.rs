//! Claims of the signed requests: PRT request, PRT use, user assertion, browser and device
//! credentials.
//!
//! Members that this lab does not use are ignored, as RFC 7519 section 4 asks; members that stand
//! twice are refused by the parser.

use serde::{Deserialize, Serialize};

use crate::base::Timestamp;

/// Outer grant type of every signed request (RFC 7523 section 2.1).
pub const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
/// `prt_protocol_version` in which the device key signs each use.
pub const PROTOCOL_4: &str = "4.0";

/// Claims of a PRT request (MS-OAPXBC 3.2.5.1.2.1; protocol 4 from prt-protocol 12).
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct PrtRequest {
    /// The client that asks.
    pub client_id: String,
    /// Holds `openid` and `aza`.
    pub scope: String,
    /// The server nonce.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_nonce: Option<String>,
    /// `password`, `refresh_token` or [`JWT_BEARER`] with an assertion.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grant_type: Option<String>,
    /// With `password`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// With `password`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
    /// With `refresh_token`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
    /// With [`JWT_BEARER`]: a [`UserAssertion`] as a JWS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assertion: Option<String>,
    /// A second factor typed with the password. Simulated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub otc: Option<String>,
    /// Operating system text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub win_ver: Option<String>,
    /// `4.0` for protocol 4.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prt_protocol_version: Option<String>,
    /// How to encrypt the answer, in protocol 4.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwe_crypto: Option<JweCrypto>,
}

/// How a protocol 4 answer is to be encrypted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JweCrypto {
    /// `ECDH-ES`.
    pub alg: String,
    /// `A256GCM`.
    pub enc: String,
    /// base64url text that the answer's `apv` repeats.
    pub apv: String,
}

/// Claims of a user assertion (MS-OAPXBC 3.2.5.1.2.1.2).
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct UserAssertion {
    /// User name.
    pub iss: String,
    /// Provider.
    pub aud: String,
    /// Issued at.
    pub iat: Option<NumericDate>,
    /// Expires at.
    pub exp: Option<NumericDate>,
    /// The nonce of the outer request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_nonce: Option<String>,
}

/// Claims of a token request that uses a PRT or a broker-issued refresh token (MS-OAPXBC
/// 3.2.5.1.3.1).
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct PrtUse {
    /// The app the token is for.
    #[serde(default)]
    pub client_id: String,
    /// Holds `openid`; with `aza` a new PRT comes back.
    #[serde(default)]
    pub scope: String,
    /// The resource: an application id or an origin.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    /// Issued at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iat: Option<NumericDate>,
    /// Expires at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exp: Option<NumericDate>,
    /// `refresh_token`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grant_type: Option<String>,
    /// The PRT, or a refresh token that was issued through the broker.
    pub refresh_token: String,
    /// The server nonce.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_nonce: Option<String>,
    /// Protocol 4: `prt_usage`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
    /// Protocol 4: unique per use.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jti: Option<String>,
    /// `4.0` for protocol 4.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prt_protocol_version: Option<String>,
    /// How to encrypt the answer, in protocol 4.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwe_crypto: Option<JweCrypto>,
    /// Operating system text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub win_ver: Option<String>,
}

/// Claims of `x-ms-RefreshTokenCredential` (MS-OAPXBC 3.2.5.2.1.1.1) and `x-ms-DeviceCredential`
/// (3.2.5.2.1.1.2).
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct Credential {
    /// The PRT; absent in a device credential.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
    /// The text `true`, as Windows writes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_primary: Option<String>,
    /// The server nonce.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_nonce: Option<String>,
    /// `device_auth` in a device credential, absent in a browser credential.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grant_type: Option<String>,
    /// `browser_sso`; protocol 4 requires it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
    /// `aad:brokerplugin`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iss: Option<String>,
    /// Operating system text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub win_ver: Option<String>,
}

macro_rules! debug_without_values {
    ($($name:ident)*) => {$(
        /// Shows the kind alone: the claims hold passwords and tokens.
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), "(<redacted>)"))
            }
        }
    )*};
}
debug_without_values! { PrtRequest UserAssertion PrtUse Credential }

/// A time claim: a JSON number, or a decimal text as some clients send it (prt-protocol 5.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NumericDate(pub Timestamp);

impl Serialize for NumericDate {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_i64(self.0.as_unix())
    }
}

impl<'de> Deserialize<'de> for NumericDate {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Either {
            Number(serde_json::Number),
            Text(String),
        }
        let seconds = match Either::deserialize(from)? {
            Either::Number(number) => number.as_i64().or_else(|| whole_seconds(number.as_f64()?)),
            Either::Text(text) => text.parse().ok(),
        };
        let seconds = seconds.ok_or_else(|| serde::de::Error::custom("not a NumericDate"))?;
        Ok(Self(Timestamp::from_unix(seconds)))
    }
}

/// RFC 7519 allows fractions; they are cut off. Numbers beyond 2^53 are no dates.
fn whole_seconds(seconds: f64) -> Option<i64> {
    (seconds.abs() < 9.0e15).then_some(seconds as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_numbers_or_decimal_texts() {
        let read =
            |text: &str| serde_json::from_str::<NumericDate>(text).ok().map(|d| d.0.as_unix());
        assert_eq!(read("1700000000"), Some(1_700_000_000));
        assert_eq!(read("\"1700000000\""), Some(1_700_000_000));
        assert_eq!(read("1700000000.25"), Some(1_700_000_000));
        for bad in ["true", "\"soon\"", "1e400", "18446744073709551616000", "{}", "null"] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }

    #[test]
    fn debug_shows_no_claims() {
        let claims = PrtRequest { password: Some("hunter2".to_owned()), ..PrtRequest::default() };
        assert_eq!(format!("{claims:?}"), "PrtRequest(<redacted>)");
    }
}
