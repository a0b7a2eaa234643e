//! The authorize step: query, credential headers, what the sign-in page posts, and the answers.

use http::{HeaderMap, StatusCode, header};

use super::form::Form;
use super::{MAX_HEADER, ParseError, Request, Response};
use crate::base::Secret;
use crate::base::id::AppId;
use crate::jose::JwkThumbprint;

/// Header (and cookie) with a PRT-signed browser credential (MS-OAPXBC 2.2.1.1).
pub const REFRESH_TOKEN_CREDENTIAL: &str = "x-ms-refreshtokencredential";
/// Header with a device-key-signed credential (MS-OAPXBC 2.2.1.2).
pub const DEVICE_CREDENTIAL: &str = "x-ms-devicecredential";
/// Version of the app that asks, dotted decimal. Simulated, and as unverified as a user agent.
pub const CLIENT_VERSION: &str = "x-client-ver";

/// Which app of a shared application id it is, by its catalogue name. Simulated and unverified.
pub const CLIENT_SKU: &str = "x-client-sku";
/// Address the network saw the request come from; the network writes it, not the sender.
pub const FORWARDED_FOR: &str = "x-forwarded-for";

/// What the app asks the authorize endpoint for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthorizeQuery {
    /// The client.
    pub client_id: AppId,
    /// Where the code goes.
    pub redirect_uri: String,
    /// Resource: an application id or an origin.
    pub resource: Option<String>,
    /// For example `openid offline_access`.
    pub scope: String,
    /// RFC 7636, method S256.
    pub code_challenge: Option<String>,
    /// Thumbprint of the DPoP key that alone may redeem the code (RFC 9449 section 10).
    pub dpop_jkt: Option<JwkThumbprint>,
    /// Echoed.
    pub state: Option<String>,
}

impl AuthorizeQuery {
    /// Reads query or form fields.
    ///
    /// # Errors
    /// [`ParseError`]; only `response_type=code` and `code_challenge_method=S256` are spoken.
    pub fn parse(form: &Form) -> Result<Self, ParseError> {
        if form.required("response_type")? != "code" {
            return Err(ParseError::Malformed { field: "response_type" });
        }
        let code_challenge = form.optional("code_challenge");
        if code_challenge.is_some() && form.required("code_challenge_method")? != "S256" {
            return Err(ParseError::Malformed { field: "code_challenge_method" });
        }
        let dpop_jkt = form.optional("dpop_jkt").map(|_| form.typed("dpop_jkt")).transpose()?;
        Ok(Self {
            client_id: form.typed("client_id")?,
            redirect_uri: form.required("redirect_uri")?,
            resource: form.optional("resource"),
            scope: form.optional("scope").unwrap_or_default(),
            code_challenge,
            dpop_jkt,
            state: form.optional("state"),
        })
    }

    /// The fields as sent.
    #[must_use]
    pub fn to_form(&self) -> Form {
        let form = Form::default()
            .with("response_type", "code")
            .with("client_id", self.client_id.to_string())
            .with("redirect_uri", &self.redirect_uri)
            .with("scope", &self.scope)
            .with_optional("resource", self.resource.as_deref())
            .with_optional("dpop_jkt", self.dpop_jkt.map(|jkt| jkt.to_string()))
            .with_optional("state", self.state.as_deref());
        match &self.code_challenge {
            Some(challenge) => {
                form.with("code_challenge", challenge).with("code_challenge_method", "S256")
            }
            None => form,
        }
    }
}

/// What a person types into the sign-in page.
#[derive(Clone, Debug)]
pub struct Login {
    /// User name.
    pub username: String,
    /// Password.
    pub password: Secret<String>,
    /// Second factor, if one was typed. Simulated: six digits.
    pub otc: Option<Secret<String>>,
}

impl Login {
    /// Reads the fields that the page adds to the query's.
    ///
    /// # Errors
    /// [`ParseError::Missing`].
    pub fn parse(form: &Form) -> Result<Self, ParseError> {
        Ok(Self {
            username: form.required("login")?,
            password: Secret::new(form.required("passwd")?),
            otc: form.optional("otc").map(Secret::new),
        })
    }

    /// Adds the fields to a form.
    #[must_use]
    pub fn add_to(&self, form: Form) -> Form {
        form.with("login", &self.username)
            .with("passwd", self.password.expose_secret())
            .with_optional("otc", self.otc.as_ref().map(Secret::expose_secret))
    }
}

/// A header that may stand at most once and is bounded.
///
/// # Errors
/// [`ParseError::TooLarge`], or [`ParseError::Malformed`] if it stands twice or is not ASCII.
pub fn single_header(
    headers: &HeaderMap,
    name: &'static str,
) -> Result<Option<String>, ParseError> {
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(ParseError::Malformed { field: name });
    }
    if value.len() > MAX_HEADER {
        return Err(ParseError::TooLarge);
    }
    let text = value.to_str().map_err(|_| ParseError::Malformed { field: name })?;
    Ok(Some(text.to_owned()))
}

/// The browser credential of a request: the header, or the cookie of the same name that Windows
/// hands to browsers (prt-protocol 6).
///
/// # Errors
/// As [`single_header`].
pub fn browser_credential(request: &Request) -> Result<Option<Secret<String>>, ParseError> {
    if let Some(text) = single_header(request.headers(), REFRESH_TOKEN_CREDENTIAL)? {
        return Ok(Some(Secret::new(text)));
    }
    let Some(cookies) = single_header(request.headers(), header::COOKIE.as_str())? else {
        return Ok(None);
    };
    Ok(cookies
        .split(';')
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, _)| name.eq_ignore_ascii_case(REFRESH_TOKEN_CREDENTIAL))
        .map(|(_, value)| Secret::new(value.to_owned())))
}

/// How the authorize step ends.
#[derive(Debug)]
pub enum AuthorizeAnswer {
    /// 302 to the redirect URI with a code.
    Code {
        /// Where to.
        redirect_uri: String,
        /// The code.
        code: Secret<String>,
        /// As sent.
        state: Option<String>,
    },
    /// 302 to the redirect URI with an OAuth error.
    Error {
        /// Where to.
        redirect_uri: String,
        /// OAuth error.
        error: String,
        /// Sentence with the AADSTS number.
        error_description: String,
        /// As sent.
        state: Option<String>,
    },
    /// 200: the person has to sign in; `sso_nonce` is for a fresh credential.
    SignInPage {
        /// A fresh nonce.
        sso_nonce: String,
    },
}

impl AuthorizeAnswer {
    /// The message.
    #[must_use]
    pub fn to_response(&self) -> Response {
        match self {
            Self::Code { redirect_uri, code, state } => redirect(
                redirect_uri,
                Form::default()
                    .with("code", code.expose_secret())
                    .with_optional("state", state.as_deref()),
            ),
            Self::Error { redirect_uri, error, error_description, state } => redirect(
                redirect_uri,
                Form::default()
                    .with("error", error)
                    .with("error_description", error_description)
                    .with_optional("state", state.as_deref()),
            ),
            Self::SignInPage { sso_nonce } => {
                let page = format!(
                    "<!doctype html><title>Sign in</title><form method=\"post\" action=\"login\" data-sso-nonce=\"{sso_nonce}\"></form>"
                );
                let mut response = Response::new(page.into_bytes());
                response
                    .headers_mut()
                    .insert(header::CONTENT_TYPE, header::HeaderValue::from_static("text/html"));
                response
            }
        }
    }

    /// Reads the message at the other end; `None` if it is none of these.
    #[must_use]
    pub fn read(response: &Response) -> Option<Self> {
        if response.status() == StatusCode::OK {
            let page = std::str::from_utf8(response.body()).ok()?;
            let (_, rest) = page.split_once("data-sso-nonce=\"")?;
            let (sso_nonce, _) = rest.split_once('"')?;
            return Some(Self::SignInPage { sso_nonce: sso_nonce.to_owned() });
        }
        let location = response.headers().get(header::LOCATION)?.to_str().ok()?;
        let (redirect_uri, query) = location.split_once('?')?;
        let form = Form::parse(query.as_bytes()).ok()?;
        let (redirect_uri, state) = (redirect_uri.to_owned(), form.optional("state"));
        match form.optional("code") {
            Some(code) => Some(Self::Code { redirect_uri, code: Secret::new(code), state }),
            None => Some(Self::Error {
                redirect_uri,
                error: form.optional("error")?,
                error_description: form.optional("error_description").unwrap_or_default(),
                state,
            }),
        }
    }
}

fn redirect(redirect_uri: &str, fields: Form) -> Response {
    let mut response = Response::new(Vec::new());
    *response.status_mut() = StatusCode::FOUND;
    let location = format!("{redirect_uri}?{}", fields.encode());
    // A registered redirect URI is ASCII; anything else was refused before an answer is made.
    if let Ok(value) = header::HeaderValue::from_str(&location) {
        response.headers_mut().insert(header::LOCATION, value);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_read_back() {
        let code = AuthorizeAnswer::Code {
            redirect_uri: "app://x".to_owned(),
            code: Secret::from("abc"),
            state: Some("s 1".to_owned()),
        };
        assert!(matches!(
            AuthorizeAnswer::read(&code.to_response()),
            Some(AuthorizeAnswer::Code { code, state: Some(state), .. })
                if code.expose_secret() == "abc" && state == "s 1"
        ));
        let page = AuthorizeAnswer::SignInPage { sso_nonce: "n".to_owned() };
        assert!(matches!(
            AuthorizeAnswer::read(&page.to_response()),
            Some(AuthorizeAnswer::SignInPage { sso_nonce }) if sso_nonce == "n"
        ));
    }

    #[test]
    fn the_cookie_counts_as_the_header() {
        let request = http::Request::builder()
            .header("cookie", "a=b; x-ms-RefreshTokenCredential=x.y.z")
            .body(vec![])
            .unwrap();
        let found = browser_credential(&request).unwrap().unwrap();
        assert_eq!(found.expose_secret(), "x.y.z");
    }

    #[test]
    fn a_key_for_the_code_is_a_thumbprint_of_43_characters() {
        let query = |jkt: &str| {
            let text = "response_type=code&client_id=29d9ed98-a469-4536-ade2-f981bc1d605e\
                &redirect_uri=x&dpop_jkt=";
            AuthorizeQuery::parse(&Form::parse(format!("{text}{jkt}").as_bytes()).unwrap())
        };
        let jkt = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";
        let parsed = query(jkt).unwrap();
        assert_eq!(parsed.dpop_jkt.unwrap().to_string(), jkt);
        assert_eq!(AuthorizeQuery::parse(&parsed.to_form()).unwrap(), parsed);
        let malformed = ParseError::Malformed { field: "dpop_jkt" };
        assert_eq!(query(&format!("{jkt}=")).unwrap_err(), malformed);
        assert_eq!(query("x").unwrap_err(), malformed);
        assert_eq!(query("").unwrap().dpop_jkt, None);
    }

    #[test]
    fn only_s256_and_code_are_spoken() {
        let form = |text: &str| Form::parse(text.as_bytes()).unwrap();
        assert!(AuthorizeQuery::parse(&form("response_type=token")).is_err());
        let plain = "response_type=code&client_id=29d9ed98-a469-4536-ade2-f981bc1d605e\
            &redirect_uri=x&code_challenge=c&code_challenge_method=plain";
        assert_eq!(
            AuthorizeQuery::parse(&form(plain)).unwrap_err(),
            ParseError::Malformed { field: "code_challenge_method" }
        );
    }
}
