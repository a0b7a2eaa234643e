//! Claims and messages of the broker, as pure functions: nothing here signs or sends.
//!
//! An attacker with a stolen PRT and a derived key builds the same claims and signs them himself,
//! so these functions ask for no broker.

use http::{Method, header};
use serde::Serialize;

use super::{AUTHENTICATION_BROKER, Protocol, WINDOWS_BROKER};
use crate::base::id::{AppId, DeviceId};
use crate::base::{Lifetime, Secret, Timestamp, b64};
use crate::jose::jwk::JwkThumbprint;
use crate::wire::Request;
use crate::wire::authorize::{CLIENT_SKU, CLIENT_VERSION};
use crate::wire::claims::{
    Credential, JWT_BEARER, JweCrypto, NumericDate, PROTOCOL_4, PrtRequest, PrtUse, UserAssertion,
};
use crate::wire::form::Form;
use crate::wire::registration::RemoveClaims;

/// How long a signed request is in date, in seconds (MSAL's figure, prt-protocol 5.1).
pub const REQUEST_LIFETIME: Lifetime = Lifetime::from_secs(300);

/// How the user authenticates in a PRT request (MS-OAPXBC 3.2.5.1.2.1).
#[derive(Clone, Debug)]
pub enum UserProof {
    /// An assertion by the user key: see [`user_assertion`].
    Assertion(Secret<String>),
    /// User name and password, with a second factor if one was typed.
    Password {
        /// The password.
        password: Secret<String>,
        /// The second factor. Simulated.
        otc: Option<String>,
    },
    /// A refresh token that was issued to the authentication broker.
    RefreshToken(Secret<String>),
}

/// Party information of the recipient, before base64url: transport key thumbprint, a dot, nonce.
///
/// It goes into the key agreement, so that an answer for another key or another request does not
/// open (prt-protocol 9.2, the stronger choice). Protocol 4 asks for it in `jwe_crypto`; otherwise
/// provider and broker compute it alike.
#[must_use]
pub fn apv(transport: &JwkThumbprint, nonce: &str) -> String {
    format!("{transport}.{nonce}")
}

/// Claims of a PRT request by `username`.
///
/// The client is the authentication broker where its refresh token is the proof, else the Windows
/// broker.
#[must_use]
pub fn prt_request(
    username: &str,
    proof: &UserProof,
    nonce: &str,
    protocol: Protocol,
    apv: &str,
) -> PrtRequest {
    let shared = PrtRequest {
        client_id: WINDOWS_BROKER.to_string(),
        scope: "openid aza".to_owned(),
        request_nonce: Some(nonce.to_owned()),
        prt_protocol_version: version(protocol),
        jwe_crypto: answer_encryption(protocol, apv),
        ..PrtRequest::default()
    };
    match proof {
        UserProof::Assertion(assertion) => PrtRequest {
            grant_type: Some(JWT_BEARER.to_owned()),
            assertion: Some(assertion.expose_secret().clone()),
            ..shared
        },
        UserProof::Password { password, otc } => PrtRequest {
            grant_type: Some("password".to_owned()),
            username: Some(username.to_owned()),
            password: Some(password.expose_secret().clone()),
            otc: otc.clone(),
            ..shared
        },
        UserProof::RefreshToken(token) => PrtRequest {
            client_id: AUTHENTICATION_BROKER.to_string(),
            grant_type: Some("refresh_token".to_owned()),
            refresh_token: Some(token.expose_secret().clone()),
            ..shared
        },
    }
}

/// Claims of a user assertion: the inner nonce is the outer one (CVE-2023-35348).
#[must_use]
pub fn user_assertion(username: &str, issuer: &str, nonce: &str, now: Timestamp) -> UserAssertion {
    UserAssertion {
        iss: username.to_owned(),
        aud: issuer.to_owned(),
        iat: Some(NumericDate(now)),
        exp: Some(NumericDate(now + REQUEST_LIFETIME)),
        request_nonce: Some(nonce.to_owned()),
    }
}

/// What a use asks for.
#[derive(Clone, Copy, Debug)]
pub struct UseFacts<'a> {
    /// The app the token is for.
    pub client: AppId,
    /// The resource: an application id or an origin.
    pub resource: Option<&'a str>,
    /// Scope beside `openid`.
    pub scope: &'a str,
    /// The PRT, or a refresh token that was issued through the broker.
    pub token: &'a Secret<String>,
}

/// Claims of a use under the session key (MS-OAPXBC 3.2.5.1.3.1).
#[must_use]
pub fn prt_use(facts: &UseFacts<'_>, nonce: &str, now: Timestamp) -> PrtUse {
    PrtUse {
        client_id: facts.client.to_string(),
        scope: format!("openid {}", facts.scope).trim_end().to_owned(),
        resource: facts.resource.map(str::to_owned),
        iat: Some(NumericDate(now)),
        exp: Some(NumericDate(now + REQUEST_LIFETIME)),
        grant_type: Some("refresh_token".to_owned()),
        refresh_token: facts.token.expose_secret().clone(),
        request_nonce: Some(nonce.to_owned()),
        ..PrtUse::default()
    }
}

/// What protocol 4 adds to the claims of a use.
#[must_use]
pub fn for_protocol_4(claims: PrtUse, jti: String, apv: &str) -> PrtUse {
    PrtUse {
        purpose: Some("prt_usage".to_owned()),
        jti: Some(jti),
        prt_protocol_version: version(Protocol::DeviceKey),
        jwe_crypto: answer_encryption(Protocol::DeviceKey, apv),
        ..claims
    }
}

/// Claims of `x-ms-RefreshTokenCredential`. Protocol 4 adds the purpose, which it insists on.
#[must_use]
pub fn browser_credential(prt: &Secret<String>, nonce: &str, protocol: Protocol) -> Credential {
    let purpose = match protocol {
        Protocol::DeviceKey => Some("browser_sso".to_owned()),
        Protocol::SessionKey => None,
    };
    Credential {
        refresh_token: Some(prt.expose_secret().clone()),
        is_primary: Some("true".to_owned()),
        request_nonce: Some(nonce.to_owned()),
        purpose,
        ..Credential::default()
    }
}

/// Claims of `x-ms-DeviceCredential`.
#[must_use]
pub fn device_credential(nonce: &str) -> Credential {
    Credential {
        request_nonce: Some(nonce.to_owned()),
        grant_type: Some("device_auth".to_owned()),
        iss: Some("aad:brokerplugin".to_owned()),
        ..Credential::default()
    }
}

/// Claims of a removal.
#[must_use]
pub fn removal(device: DeviceId, nonce: &str) -> RemoveClaims {
    RemoveClaims { request_nonce: Some(nonce.to_owned()), device_id: device.to_string() }
}

/// The octets that are signed for these claims.
#[must_use]
pub fn payload(claims: &impl Serialize) -> Secret<Vec<u8>> {
    // The claims are plain structs with text keys, which always serialise.
    Secret::new(serde_json::to_vec(claims).unwrap_or_default())
}

fn version(protocol: Protocol) -> Option<String> {
    match protocol {
        Protocol::DeviceKey => Some(PROTOCOL_4.to_owned()),
        Protocol::SessionKey => None,
    }
}

fn answer_encryption(protocol: Protocol, apv: &str) -> Option<JweCrypto> {
    match protocol {
        Protocol::DeviceKey => Some(JweCrypto {
            alg: "ECDH-ES".to_owned(),
            enc: "A256GCM".to_owned(),
            apv: b64::encode_url(apv),
        }),
        Protocol::SessionKey => None,
    }
}

/// What a client says of itself in the headers of a request. None of it is proven.
#[derive(Clone, Copy, Debug)]
pub struct Sender<'a> {
    /// The claim of a platform.
    pub user_agent: &'a str,
    /// Version of the app that asks, dotted decimal.
    pub client_version: Option<&'a str>,
    /// Which app it is, where several share an application id.
    pub client_sku: Option<&'a str>,
}

impl Sender<'_> {
    /// A request with these headers and no body.
    ///
    /// # Errors
    /// [`http::Error`] if an address or header value is none.
    pub fn request(self, method: Method, url: &str) -> http::Result<Request> {
        let mut builder = http::Request::builder()
            .method(method)
            .uri(url)
            .header(header::USER_AGENT, self.user_agent);
        for (name, value) in [(CLIENT_SKU, self.client_sku), (CLIENT_VERSION, self.client_version)]
        {
            if let Some(value) = value {
                builder = builder.header(name, value);
            }
        }
        builder.body(Vec::new())
    }

    /// A POST of a form.
    ///
    /// # Errors
    /// As [`Sender::request`].
    pub fn post_form(self, url: &str, form: &Form) -> http::Result<Request> {
        let body = form.encode().into_bytes();
        self.post(url, "application/x-www-form-urlencoded", body)
    }

    /// A POST of a body with its media type.
    ///
    /// # Errors
    /// As [`Sender::request`].
    pub fn post(self, url: &str, media_type: &'static str, body: Vec<u8>) -> http::Result<Request> {
        let mut request = self.request(Method::POST, url)?;
        let media_type = header::HeaderValue::from_static(media_type);
        request.headers_mut().insert(header::CONTENT_TYPE, media_type);
        *request.body_mut() = body;
        Ok(request)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prt_request_reads_as_in_the_vector() {
        let proof =
            UserProof::Password { password: "correct horse battery staple".into(), otc: None };
        let claims =
            prt_request("alice@tenant.example", &proof, "bm9uY2U", Protocol::SessionKey, "");
        let text = String::from_utf8(payload(&claims).expose_secret().clone()).unwrap();
        // Step 2 of tests/vectors/supplied/prt-p256-flow.json, less `win_ver`.
        assert_eq!(
            text,
            r#"{"client_id":"38aa3b87-a06d-4817-b275-7a316988d93b","scope":"openid aza","request_nonce":"bm9uY2U","grant_type":"password","username":"alice@tenant.example","password":"correct horse battery staple"}"#
        );
    }

    #[test]
    fn claims_say_nothing_in_debug() {
        let proof = UserProof::Password { password: "hunter2".into(), otc: None };
        let claims = prt_request("a", &proof, "n", Protocol::DeviceKey, "apv");
        assert!(!format!("{proof:?} {claims:?}").contains("hunter2"));
    }

    #[test]
    fn a_bad_header_value_makes_no_request() {
        let sender = Sender { user_agent: "a\nb", client_version: None, client_sku: None };
        assert!(sender.request(Method::GET, "https://x.example").is_err());
        let sender = Sender { user_agent: "a", client_version: None, client_sku: None };
        assert!(sender.request(Method::GET, "https://x .example").is_err());
    }
}
