//! Answers of the token endpoint and the registered error body.

use http::{StatusCode, header};
use serde::{Deserialize, Serialize};

use super::{ParseError, Response};
use crate::base::json;

/// `{"Nonce": "..."}` with a capital N (MS-OAPXBC 3.2.5.1.1).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NonceAnswer {
    /// Opaque base64url text.
    #[serde(rename = "Nonce")]
    pub nonce: String,
}

/// The answer to a PRT request (MS-OAPXBC 3.2.5.1.2.2).
#[derive(Clone, Serialize, Deserialize)]
pub struct PrtAnswer {
    /// `pop`.
    pub token_type: String,
    /// The PRT.
    pub refresh_token: String,
    /// Seconds, a number.
    pub refresh_token_expires_in: u32,
    /// The wrapped session key; absent in protocol 4.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_key_jwe: Option<String>,
    /// Unsigned, as the sources allow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_token: Option<String>,
    /// Decimal text, as the cloud's v1 endpoint writes it.
    pub expires_in: String,
    /// Decimal text.
    pub ext_expires_in: String,
    /// Decimal Unix time.
    pub expires_on: String,
}

/// The answer to every other grant (RFC 6749 section 5.1).
#[derive(Clone, Serialize, Deserialize)]
pub struct TokenAnswer {
    /// `Bearer`.
    pub token_type: String,
    /// The access token.
    pub access_token: String,
    /// Seconds.
    pub expires_in: u32,
    /// Same as `expires_in`; real clients want it.
    pub ext_expires_in: u32,
    /// Granted scope.
    pub scope: String,
    /// A refresh token of the app, or with `aza` a new PRT.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
    /// Seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token_expires_in: Option<u32>,
    /// Unsigned, as the sources allow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_token: Option<String>,
}

impl std::fmt::Debug for PrtAnswer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PrtAnswer(<redacted>)")
    }
}

impl std::fmt::Debug for TokenAnswer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TokenAnswer(<redacted>)")
    }
}

/// The error body (RFC 6749 section 5.2) with the members the cloud adds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorBody {
    /// Registered OAuth code such as `invalid_grant`.
    pub error: String,
    /// `AADSTS<number>: <sentence>`; clients must not depend on it.
    pub error_description: String,
    /// The AADSTS number.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub error_codes: Vec<u32>,
    /// RFC 3339 time of the refusal.
    pub timestamp: String,
    /// Id of this request, and of the record it left.
    pub trace_id: String,
    /// Id of the sign-in it belongs to.
    pub correlation_id: String,
    /// For example `message_only` on a policy refusal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suberror: Option<String>,
}

impl ErrorBody {
    /// Reads an error answer; `None` if the response is a success or has another body.
    #[must_use]
    pub fn read(response: &Response) -> Option<Self> {
        if response.status().is_success() {
            return None;
        }
        json::from_slice(response.body()).ok()
    }
}

/// A JSON answer that no cache may keep (RFC 6749 section 5.1).
#[must_use]
pub fn json_response(status: StatusCode, body: &impl Serialize) -> Response {
    // The bodies of this room are plain structs with text keys, which always serialise.
    let body = serde_json::to_vec(body).unwrap_or_default();
    text_response(status, "application/json", body)
}

/// An answer with a stated media type that no cache may keep.
#[must_use]
pub fn text_response(status: StatusCode, media_type: &'static str, body: Vec<u8>) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static(media_type));
    headers.insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-store"));
    headers.insert(header::PRAGMA, header::HeaderValue::from_static("no-cache"));
    response
}

/// Reads a JSON answer.
///
/// # Errors
/// [`ParseError::Json`]; the error quotes nothing of the body.
pub fn read_json<T: serde::de::DeserializeOwned>(body: &[u8]) -> Result<T, ParseError> {
    Ok(json::from_secret_slice(body)?)
}
