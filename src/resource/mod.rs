//! Resource servers: they serve content to whoever presents an access token made for them.
//!
//! A resource server knows the provider's address, its own id, and the keys it fetched from the
//! provider's JWKS. It does not know who signed in where, which device was used, or what policy
//! said: all of that was decided when the token was issued, and a bearer token that was stolen is as
//! good here as one that was not. Only a token with `cnf` asks for more.
//!
//! ```text
//! Bearer:  text --parse, kid--> key of the provider --RES-01--> RES-02 .. RES-06 --> content
//! Basic:   user name and password --legacy sign-in at the provider--> content, or its refusal
//! ```
//!
//! The peer is told `invalid_token` and no more (RFC 6750 section 3.1); the precise reason waits in
//! [`ResourceServer::take_refusal`] for the narrator.

mod access_token;
mod error;
mod keys;
mod legacy;
#[cfg(test)]
mod scripted;

use std::collections::VecDeque;

use http::{HeaderValue, Method, StatusCode, header};

pub use error::AccessError;

use crate::base::id::AppId;
use crate::base::{Danger, Lifetime, Secret};
use crate::wire::answer::text_response;
use crate::wire::authorize::single_header;
use crate::wire::{Link, Request, Response};

/// Allowed difference between the clocks of provider and resource server (prt-protocol 5.4).
pub const CLOCK_SKEW: Lifetime = Lifetime::from_secs(300);

/// How many refusals wait for the narrator; older ones are dropped.
const REFUSALS: usize = 16;

/// One resource server.
#[derive(Debug)]
pub struct ResourceServer {
    id: AppId,
    display_name: String,
    origin: String,
    issuer: String,
    legacy_protocols: Vec<String>,
    clock_skew: Lifetime,
    danger: Danger,
    keys: keys::KnownKeys,
    refusals: VecDeque<AccessError>,
}

/// What the request showed, before any of it is believed.
enum Authorization {
    Basic { username: String, password: Secret<String> },
    Bearer(Secret<String>),
}

impl ResourceServer {
    /// A resource server with the default clock skew.
    ///
    /// `origin` is where it serves, `issuer` the authority it trusts, and `legacy_protocols` the
    /// names, such as `IMAP4`, over which it takes a password.
    #[must_use]
    pub fn new(
        id: AppId,
        display_name: impl Into<String>,
        origin: impl Into<String>,
        issuer: impl Into<String>,
        legacy_protocols: Vec<String>,
        danger: Danger,
    ) -> Self {
        Self {
            id,
            display_name: display_name.into(),
            origin: origin.into(),
            issuer: issuer.into(),
            legacy_protocols,
            clock_skew: CLOCK_SKEW,
            danger,
            keys: keys::KnownKeys::default(),
            refusals: VecDeque::new(),
        }
    }

    /// The same server with another clock skew.
    #[must_use]
    pub const fn with_clock_skew(mut self, skew: Lifetime) -> Self {
        self.clock_skew = skew;
        self
    }

    /// Its application id: the audience of the tokens it takes.
    #[must_use]
    pub const fn id(&self) -> AppId {
        self.id
    }

    /// Its name.
    #[must_use]
    pub fn display_name(&self) -> &str {
        &self.display_name
    }

    /// Where it serves.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Answers one request: `GET {origin}/me`.
    ///
    /// 200 with a text that names the resource and the user; 401 with a challenge, or 403 where the
    /// provider knows the user of a legacy protocol and says no; 404 for any other address.
    pub fn handle(&mut self, request: &Request, link: &mut dyn Link) -> Response {
        if request.method() != Method::GET || request.uri().path() != "/me" {
            return text_response(StatusCode::NOT_FOUND, "text/plain", Vec::new());
        }
        let served = match authorization(request) {
            Ok(Authorization::Bearer(token)) => {
                self.verify_access_token(&token, link).map(|claims| claims.upn)
            }
            Ok(Authorization::Basic { username, password }) => {
                self.legacy_sign_in(request, username, password, link)
            }
            Err(error) => Err(error),
        };
        match served {
            Ok(user) => self.content(&user),
            Err(error) => self.refuse(error),
        }
    }

    /// The newest refusal that nobody has taken yet.
    pub fn take_refusal(&mut self) -> Option<AccessError> {
        self.refusals.pop_back()
    }

    fn content(&self, user: &str) -> Response {
        let text = format!("{}: content of {user}\n", self.display_name);
        text_response(StatusCode::OK, "text/plain; charset=utf-8", text.into_bytes())
    }

    fn refuse(&mut self, error: AccessError) -> Response {
        let mut response = text_response(error.status(), "text/plain", Vec::new());
        if let Some(challenge) = error.challenge() {
            let challenge = HeaderValue::from_static(challenge);
            response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
        }
        if self.refusals.len() == REFUSALS {
            self.refusals.pop_front();
        }
        self.refusals.push_back(error);
        response
    }
}

/// Reads the `Authorization` header; the scheme compares without case (RFC 9110 section 11.1).
fn authorization(request: &Request) -> Result<Authorization, AccessError> {
    let text = single_header(request.headers(), header::AUTHORIZATION.as_str())
        .map_err(|_| AccessError::Malformed)?
        .map(Secret::new)
        .ok_or(AccessError::Missing)?;
    let (scheme, value) = text.expose_secret().split_once(' ').ok_or(AccessError::Malformed)?;
    match scheme.to_ascii_lowercase().as_str() {
        "basic" => {
            let (username, password) = legacy::read_basic(value)?;
            Ok(Authorization::Basic { username, password })
        }
        "bearer" => Ok(Authorization::Bearer(Secret::from(value))),
        _ => Err(AccessError::Malformed),
    }
}

#[cfg(test)]
mod tests {
    use super::scripted::{Provider, bearer, get, server};
    use super::*;
    use crate::base::Check;

    #[test]
    fn a_good_token_is_served_content_that_names_the_user() {
        let mut far = Provider::new();
        let mut server = server(Danger::NONE);
        let response = server.handle(&bearer(&far.token(|_| ())), &mut far);
        assert_eq!(response.status(), StatusCode::OK);
        let text = std::str::from_utf8(response.body()).unwrap();
        assert_eq!(text, "Exchange Online: content of alice@contoso.example\n");
        assert!(server.take_refusal().is_none());
    }

    #[test]
    fn what_shows_nothing_or_nonsense_is_refused_by_shape() {
        let with = |value: &str| {
            let mut request = get("/me");
            request.headers_mut().insert("authorization", value.parse().unwrap());
            request
        };
        let mut twice = with("Bearer a");
        twice.headers_mut().append("authorization", "Bearer b".parse().unwrap());
        let long = with(&format!("Bearer {}", "a".repeat(crate::wire::MAX_HEADER)));
        let cases = [
            (get("/me"), 401, Some("Bearer"), Check::MessageShape),
            (with("Bearer"), 400, Some("Bearer error=\"invalid_request\""), Check::MessageShape),
            (with("Digest x"), 400, Some("Bearer error=\"invalid_request\""), Check::MessageShape),
            (twice, 400, Some("Bearer error=\"invalid_request\""), Check::MessageShape),
            (long, 400, Some("Bearer error=\"invalid_request\""), Check::MessageShape),
            (with("bearer a.b"), 401, Some("Bearer error=\"invalid_token\""), Check::JwsShape),
        ];
        let (mut far, mut server) = (Provider::new(), server(Danger::NONE));
        for (request, status, challenge, check) in cases {
            let response = server.handle(&request, &mut far);
            assert_eq!(response.status(), status);
            let told = response.headers().get("www-authenticate").map(|v| v.to_str().unwrap());
            assert_eq!(told, challenge);
            assert_eq!(server.take_refusal().unwrap().check(), Some(check));
        }
        assert!(far.seen.is_empty(), "nothing is asked of the provider for them");
    }

    #[test]
    fn there_is_one_address() {
        let (mut far, mut server) = (Provider::new(), server(Danger::NONE));
        let mut post = get("/me");
        *post.method_mut() = Method::POST;
        for request in [get("/"), get("/me/x"), post] {
            assert_eq!(server.handle(&request, &mut far).status(), StatusCode::NOT_FOUND);
        }
    }

    #[test]
    fn refusals_wait_for_the_narrator_and_are_bounded() {
        let (mut far, mut server) = (Provider::new(), server(Danger::NONE));
        for _ in 0..REFUSALS + 5 {
            server.handle(&get("/me"), &mut far);
        }
        let waiting = std::iter::from_fn(|| server.take_refusal()).count();
        assert_eq!(waiting, REFUSALS);
    }
}
