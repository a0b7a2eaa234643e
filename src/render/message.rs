//! A message taken apart for reading: its fields, and inside a signed text its header and claims.
//!
//! What is shown comes from the bytes of the message alone, as anybody on the network would read
//! them; nothing here opens what is sealed or encrypted.

use http::{HeaderMap, header};
use serde_json::Value;

use super::inspect::SignedText;
use crate::base::json;
use crate::policy::Platform;
use crate::wire::authorize::{AuthorizeAnswer, DEVICE_CREDENTIAL, REFRESH_TOKEN_CREDENTIAL};
use crate::wire::dpop::{DPOP, DPOP_NONCE};
use crate::wire::endpoint::Endpoint;
use crate::wire::form::Form;
use crate::wire::{Request, Response, authorize};

/// A kind of text that is worth a label of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TokenKind {
    /// Access token.
    AccessToken,
    /// Encrypted answer.
    Answer,
    /// User assertion.
    Assertion,
    /// Browser credential.
    BrowserCredential,
    /// Authorization code.
    Code,
    /// Device credential.
    DeviceCredential,
    /// DPoP proof.
    DpopProof,
    /// ID token.
    IdToken,
    /// Join request.
    JoinRequest,
    /// Server nonce.
    Nonce,
    /// Primary refresh token.
    Prt,
    /// Refresh token.
    RefreshToken,
    /// Signed request to the token endpoint.
    Request,
    /// Wrapped session key.
    SessionKey,
}

impl TokenKind {
    /// The label's prefix, for example `PRT`.
    #[must_use]
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::AccessToken => "AT",
            Self::Answer => "ANSWER",
            Self::Assertion => "ASSERTION",
            Self::BrowserCredential => "BROWSER",
            Self::Code => "CODE",
            Self::DeviceCredential => "DEVICE",
            Self::DpopProof => "PROOF",
            Self::IdToken => "ID",
            Self::JoinRequest => "JOIN",
            Self::Nonce => "NONCE",
            Self::Prt => "PRT",
            Self::RefreshToken => "RT",
            Self::Request => "REQUEST",
            Self::SessionKey => "SESSIONKEY",
        }
    }

    /// The kind in words.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::AccessToken => "access token",
            Self::Answer => "encrypted answer",
            Self::Assertion => "user assertion",
            Self::BrowserCredential => "browser credential",
            Self::Code => "authorization code",
            Self::DeviceCredential => "device credential",
            Self::DpopProof => "DPoP proof",
            Self::IdToken => "ID token, unsigned",
            Self::JoinRequest => "join request",
            Self::Nonce => "server nonce",
            Self::Prt => "primary refresh token, sealed",
            Self::RefreshToken => "refresh token, sealed",
            Self::Request => "signed request",
            Self::SessionKey => "session key, wrapped for the transport key",
        }
    }
}

/// One field of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name as sent; a header field of a JWS has `header.` before it.
    pub name: String,
    /// Its value.
    pub text: String,
    /// What kind of token the value is, if it is one.
    pub token: Option<TokenKind>,
    /// Header and claims, if the value is a JWS.
    pub inside: Vec<Field>,
}

impl Field {
    fn new(name: &str, text: impl Into<String>) -> Self {
        Self { name: name.to_owned(), text: text.into(), token: None, inside: Vec::new() }
    }

    fn token(name: &str, text: &str, kind: TokenKind) -> Self {
        Self { token: Some(kind), inside: inside(text), ..Self::new(name, text) }
    }

    fn guess(name: &str, text: &str) -> Self {
        match kind_of(name).filter(|_| text.len() >= 20) {
            Some(kind) => Self::token(name, text, kind),
            None => Self::new(name, text),
        }
    }
}

/// What a field of this name carries.
fn kind_of(name: &str) -> Option<TokenKind> {
    match name {
        "access_token" => Some(TokenKind::AccessToken),
        "assertion" => Some(TokenKind::Assertion),
        "code" => Some(TokenKind::Code),
        "id_token" => Some(TokenKind::IdToken),
        "JoinRequest" => Some(TokenKind::JoinRequest),
        "Nonce" | "nonce" | "request_nonce" | "sso_nonce" => Some(TokenKind::Nonce),
        "refresh_token" => Some(TokenKind::RefreshToken),
        "request" => Some(TokenKind::Request),
        "session_key_jwe" => Some(TokenKind::SessionKey),
        _ => None,
    }
}

/// Header and claims of a JWS; nothing if the text is none.
fn inside(text: &str) -> Vec<Field> {
    let Ok(jws) = SignedText::parse(text) else { return Vec::new() };
    let header = jws.header.iter().map(|(name, value)| plain(&format!("header.{name}"), value));
    header.chain(jws.claims.iter().map(|(name, value)| plain(name, value))).collect()
}

fn plain(name: &str, value: &Value) -> Field {
    match value {
        Value::String(text) => Field::guess(name, text),
        other => Field::new(name, other.to_string()),
    }
}

/// The fields of a request: query, form or JSON body, and every header.
#[must_use]
pub fn request_fields(request: &Request) -> Vec<Field> {
    let mut fields = Vec::new();
    if let Some(query) = request.uri().query() {
        fields.extend(form_fields(query.as_bytes()));
    }
    fields.extend(header_fields(request.headers()));
    fields.extend(body_fields(request.body()));
    fields
}

/// The fields of an answer, and its headers; where it redirects to is taken apart.
#[must_use]
pub fn response_fields(response: &Response) -> Vec<Field> {
    let headers = response.headers().iter().filter(|(name, _)| *name != header::LOCATION);
    let headers = headers.map(|(name, value)| {
        let text = String::from_utf8_lossy(value.as_bytes());
        match name.as_str() {
            DPOP_NONCE => Field::token(DPOP_NONCE, &text, TokenKind::Nonce),
            name => Field::new(name, text),
        }
    });
    let mut fields: Vec<Field> = headers.collect();
    fields.extend(answer_fields(response));
    fields
}

fn answer_fields(response: &Response) -> Vec<Field> {
    match AuthorizeAnswer::read(response) {
        Some(AuthorizeAnswer::SignInPage { sso_nonce }) => {
            vec![
                Field::new("page", "sign-in page"),
                Field::token("sso_nonce", &sso_nonce, TokenKind::Nonce),
            ]
        }
        Some(AuthorizeAnswer::Code { redirect_uri, code, .. }) => vec![
            Field::new("location", redirect_uri),
            Field::token("code", code.expose_secret(), TokenKind::Code),
        ],
        Some(AuthorizeAnswer::Error { redirect_uri, error, error_description, .. }) => vec![
            Field::new("location", redirect_uri),
            Field::new("error", error),
            Field::new("error_description", error_description),
        ],
        None => body_fields(response.body()),
    }
}

fn header_fields(headers: &HeaderMap) -> Vec<Field> {
    let mut fields = Vec::new();
    for (name, value) in headers {
        let text = String::from_utf8_lossy(value.as_bytes());
        let field = match name.as_str() {
            "authorization" => match text.split_once(' ') {
                Some((scheme @ ("Bearer" | "DPoP"), token)) => {
                    let name = format!("authorization: {scheme}");
                    Field::token(&name, token, TokenKind::AccessToken)
                }
                _ => Field::new("authorization", text),
            },
            REFRESH_TOKEN_CREDENTIAL => {
                Field::token(name.as_str(), &text, TokenKind::BrowserCredential)
            }
            DEVICE_CREDENTIAL => Field::token(name.as_str(), &text, TokenKind::DeviceCredential),
            DPOP => Field::token(name.as_str(), &text, TokenKind::DpopProof),
            other => Field::new(other, text),
        };
        fields.push(field);
    }
    fields
}

fn body_fields(body: &[u8]) -> Vec<Field> {
    let Ok(text) = std::str::from_utf8(body) else {
        return vec![Field::new("body", format!("{} octets that are no text", body.len()))];
    };
    if text.trim().is_empty() {
        return Vec::new();
    }
    if let Ok(Value::Object(members)) = json::from_secret_slice(body) {
        let pop = members.get("token_type").is_some_and(|kind| kind == "pop");
        let mut fields: Vec<Field> =
            members.iter().map(|(name, value)| plain(name, value)).collect();
        for field in fields.iter_mut().filter(|field| pop && field.name == "refresh_token") {
            field.token = Some(TokenKind::Prt);
        }
        return fields;
    }
    if text.matches('.').count() == 4 && !text.contains([' ', '=']) {
        return vec![Field::token("body", text.trim(), TokenKind::Answer)];
    }
    match text.contains('=') && !text.contains([' ', '<']) {
        true => form_fields(body),
        false => vec![Field::new("body", text)],
    }
}

fn form_fields(text: &[u8]) -> Vec<Field> {
    form_urlencoded::parse(text).map(|(name, value)| Field::guess(&name, &value)).collect()
}

/// What a request presents to whoever receives it, as a phrase: the proof, or that there is none.
#[must_use]
pub fn presented(request: &Request) -> String {
    let what = match Endpoint::of(request) {
        Ok(endpoint) => to_provider(endpoint, request),
        Err(_) => to_resource(request),
    };
    match claimed_platform(request) {
        Some(platform) => format!("{what}, claiming {platform}"),
        None => what,
    }
}

fn to_provider(endpoint: Endpoint, request: &Request) -> String {
    match endpoint {
        Endpoint::Authorize => match credential(request) {
            Some(credential) => format!("{credential} at the authorize step"),
            None => "an authorize request without any credential".to_owned(),
        },
        Endpoint::Keys | Endpoint::OpenIdConfiguration => "a request for public data".to_owned(),
        Endpoint::LegacySignIn => {
            "user name and password, forwarded by a resource server".to_owned()
        }
        Endpoint::Login => match Form::parse(request.body())
            .is_ok_and(|form| form.optional("otc").is_some())
        {
            true => "user name, password and second factor, typed into the sign-in page".to_owned(),
            false => "user name and password, typed into the sign-in page".to_owned(),
        },
        Endpoint::RegisterDevice => "a device registration".to_owned(),
        Endpoint::RegisterKey => "a user-key registration".to_owned(),
        Endpoint::RemoveDevice(_) => "the removal of a device".to_owned(),
        Endpoint::Token => to_token_endpoint(request),
    }
}

fn to_token_endpoint(request: &Request) -> String {
    let form = Form::parse(request.body()).unwrap_or_default();
    match form.optional("grant_type").as_deref() {
        Some("srv_challenge") => "a request for a nonce".to_owned(),
        Some("authorization_code") => "an authorization code with its PKCE verifier".to_owned(),
        Some("refresh_token") => match credential(request) {
            Some(credential) => format!("a refresh token and {credential}"),
            None => "a refresh token and no proof of any key".to_owned(),
        },
        _ => match form.optional("request").map(|text| SignedText::parse(&text)) {
            Some(Ok(jws)) => signed(&jws),
            _ => "a request that is none of the protocol's".to_owned(),
        },
    }
}

fn signed(jws: &SignedText) -> String {
    use super::inspect::Kind;
    let what = match jws.kind {
        Kind::PrtRequest => "a request for a primary refresh token",
        Kind::PrtUse => "a token request with the token inside",
        _ => "a signed request",
    };
    format!("{what}, signed {}", jws.signed_how())
}

fn credential(request: &Request) -> Option<String> {
    let signed_how = |text: &str| {
        SignedText::parse(text).map_or_else(|_| "malformed".to_owned(), |jws| jws.signed_how())
    };
    if let Ok(Some(text)) = authorize::browser_credential(request) {
        return Some(format!("a browser credential ({})", signed_how(text.expose_secret())));
    }
    let header = request.headers().get(DEVICE_CREDENTIAL)?;
    Some(format!("a device credential ({})", signed_how(header.to_str().unwrap_or_default())))
}

fn to_resource(request: &Request) -> String {
    let authorization = request.headers().get(header::AUTHORIZATION);
    let proof = match request.headers().contains_key(DPOP) {
        true => "a DPoP proof",
        false => "no DPoP proof",
    };
    match authorization.map(|value| value.as_bytes().split(|octet| *octet == b' ').next()) {
        Some(Some(b"Bearer")) => "an access token, as a bearer".to_owned(),
        Some(Some(b"DPoP")) => format!("an access token with {proof}"),
        Some(Some(b"Basic")) => "user name and password, over a legacy protocol".to_owned(),
        _ => "a request without any token".to_owned(),
    }
}

/// The platform that the user agent claims; nothing is verified.
fn claimed_platform(request: &Request) -> Option<String> {
    let agent = request.headers().get(header::USER_AGENT)?.to_str().ok()?;
    match Platform::from_user_agent(agent) {
        Platform::Unknown => Some("no known platform".to_owned()),
        Platform::Android => Some("Android".to_owned()),
        Platform::Ios => Some("iOS".to_owned()),
        Platform::Linux => Some("Linux".to_owned()),
        Platform::MacOs => Some("macOS".to_owned()),
        Platform::Windows => Some("Windows".to_owned()),
        Platform::WindowsPhone => Some("Windows Phone".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn post(body: &str) -> Request {
        http::Request::builder()
            .method("POST")
            .uri("https://login.lab.example/t/oauth2/token")
            .header("user-agent", "Mozilla/5.0 (Windows NT 10.0; Win64; x64)")
            .body(body.as_bytes().to_vec())
            .unwrap()
    }

    #[test]
    fn what_is_presented_is_told_apart() {
        let plain = presented(&post("grant_type=refresh_token&refresh_token=x&client_id=y"));
        assert_eq!(plain, "a refresh token and no proof of any key, claiming Windows");
        let get = http::Request::builder()
            .uri("https://outlook.lab.example/me")
            .header("authorization", "Bearer a.b.c")
            .body(Vec::new())
            .unwrap();
        assert_eq!(presented(&get), "an access token, as a bearer");
    }

    #[test]
    fn tokens_are_found_in_forms_and_answers() {
        let token = "A".repeat(60);
        let body = format!("grant_type=refresh_token&refresh_token={token}");
        let fields = request_fields(&post(&body));
        let kinds: Vec<_> = fields.iter().filter_map(|field| field.token).collect();
        assert_eq!(kinds, [TokenKind::RefreshToken]);
        let answer = http::Response::new(
            format!(r#"{{"token_type":"pop","refresh_token":"{token}"}}"#).into_bytes(),
        );
        let kinds: Vec<_> =
            response_fields(&answer).iter().filter_map(|field| field.token).collect();
        assert_eq!(kinds, [TokenKind::Prt]);
    }
}
