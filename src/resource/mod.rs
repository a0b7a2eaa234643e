//! Resource servers: they serve content to whoever presents an access token made for them.
//!
//! A resource server knows the provider's address, its own id and public address, and the keys it
//! fetched from the provider's JWKS. It does not know who signed in where, which device was used, or
//! what policy said: all of that was decided when the token was issued, and a bearer token that was
//! stolen is as good here as one that was not. Only a token with `cnf` asks for more: a DPoP proof
//! (RFC 9449), a client certificate (RFC 8705), or both.
//!
//! ```text
//! token:  text --parse, kid--> key of the provider --RES-01--> RES-02 .. RES-05 --> claims
//! cnf:    claims --RES-06, RES-07--> proofs --CNF-01, DPO-xx--> content
//! Basic:  user name and password --legacy sign-in at the provider--> content, or its refusal
//! ```
//!
//! Each server has a [`Recipient`] of its own: it makes its own nonces and remembers the proofs it
//! accepted, unless it shares that memory with others. Which address a proof must be for comes from
//! configuration, never from `Host`.
//!
//! The peer is told a registered error and no more (RFC 6750 section 3.1, RFC 9449 section 7); the
//! precise reason waits in [`ResourceServer::take_refusal`] for the narrator.

mod access_token;
mod answer;
mod confirmation;
mod error;
mod keys;
mod legacy;
mod notes;
mod presented;
#[cfg(test)]
mod scripted;

use std::collections::VecDeque;

use http::{Method, StatusCode};
use rand::Rng;

pub use error::{AccessError, LegacyDenial};

use crate::base::id::AppId;
use crate::base::{Danger, Lifetime};
use crate::pop::dpop::{NotATargetUri, Recipient, TargetUri};
use crate::wire::answer::text_response;
use crate::wire::{Link, Request, Response};
use presented::{Presented, Shown};

/// Allowed difference between the clocks of provider and resource server (prt-protocol 5.4).
pub const CLOCK_SKEW: Lifetime = Lifetime::from_secs(300);

/// How many refusals wait for the narrator; older ones are dropped.
const REFUSALS: usize = 16;

/// Which access tokens a server takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AcceptedTokens {
    /// Those with `cnf` alone: no token is left that works without its key.
    Bound,
    /// Those without `cnf` too, as bearer tokens. One with `cnf` needs its proof all the same.
    #[default]
    BoundAndUnbound,
}

/// What a resource server is told when it starts.
#[derive(Clone, Debug)]
pub struct ResourceSettings {
    /// Its application id: the audience of the tokens it takes.
    pub id: AppId,
    /// Its name.
    pub display_name: String,
    /// Its public address, such as `https://outlook.lab.example`.
    pub origin: String,
    /// The authority it trusts.
    pub issuer: String,
    /// The names, such as `IMAP4`, of the protocols over which it takes a password.
    pub legacy_protocols: Vec<String>,
    /// How far its clock may be off the provider's.
    pub clock_skew: Lifetime,
    /// Which access tokens it takes.
    pub accepted: AcceptedTokens,
    /// Checks taken out; none outside the `testing` feature.
    pub danger: Danger,
}

/// One resource server.
pub struct ResourceServer {
    settings: ResourceSettings,
    recipient: Recipient,
    content_uri: TargetUri,
    notes_uri: TargetUri,
    keys: keys::KnownKeys,
    notes: notes::Notes,
    refusals: VecDeque<AccessError>,
}

/// What can be asked of a resource server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Endpoint {
    /// `GET {origin}/me`.
    Content,
    /// `GET {origin}/me/notes`.
    Notes,
    /// `POST {origin}/me/notes`.
    WriteNote,
}

impl Endpoint {
    fn of(request: &Request) -> Option<Self> {
        match (request.method(), request.uri().path()) {
            (&Method::GET, "/me") => Some(Self::Content),
            (&Method::GET, "/me/notes") => Some(Self::Notes),
            (&Method::POST, "/me/notes") => Some(Self::WriteNote),
            _ => None,
        }
    }
}

impl ResourceServer {
    /// A resource server; `recipient` checks the proofs that come to it.
    ///
    /// # Errors
    /// [`NotATargetUri`] if the origin is none that a proof could be for.
    pub fn new(settings: ResourceSettings, recipient: Recipient) -> Result<Self, NotATargetUri> {
        // A query or fragment would swallow the path, and one proof would do for all addresses.
        if settings.origin.contains(['?', '#']) {
            return Err(NotATargetUri);
        }
        let uri = |path: &str| TargetUri::parse(&format!("{}{path}", settings.origin));
        let (content_uri, notes_uri) = (uri("/me")?, uri("/me/notes")?);
        Ok(Self {
            settings,
            recipient,
            content_uri,
            notes_uri,
            keys: keys::KnownKeys::default(),
            notes: notes::Notes::default(),
            refusals: VecDeque::new(),
        })
    }

    /// Its application id: the audience of the tokens it takes.
    #[must_use]
    pub const fn id(&self) -> AppId {
        self.settings.id
    }

    /// Its name.
    #[must_use]
    pub fn display_name(&self) -> &str {
        &self.settings.display_name
    }

    /// Where it serves.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.settings.origin
    }

    /// Answers one request: `GET {origin}/me`, `GET {origin}/me/notes` or `POST {origin}/me/notes`
    /// with a form field `note` of at most 256 octets.
    ///
    /// 200 with a text that names the resource, the user and what was done; 401 with a challenge for
    /// each scheme that is spoken; 400 for a request that is not well formed, 403 where the provider
    /// knows the user of a legacy protocol and says no, 503 where the server cannot tell; 404 for
    /// any other address. `rng` is for nonces.
    pub fn handle(
        &mut self,
        request: &Request,
        link: &mut dyn Link,
        rng: &mut impl Rng,
    ) -> Response {
        let Some(endpoint) = Endpoint::of(request) else {
            return text_response(StatusCode::NOT_FOUND, "text/plain", Vec::new());
        };
        let now = link.now();
        let presented = Presented::read(request);
        let shown = presented.as_ref().map_or(Shown::Nothing, Presented::shown);
        let user = presented.and_then(|presented| match presented {
            Presented::Token { scheme, token } => {
                let claims = self.verify_access_token(&token, link)?;
                self.verify_confirmation(&claims, endpoint, request, scheme, &token, now)?;
                Ok(claims.upn)
            }
            Presented::Password { username, password } => {
                self.legacy_sign_in(request, username, password, link)
            }
        });
        let served = user.and_then(|user| self.serve(endpoint, &user, request));
        // Whoever sent a proof is given the nonce for the next one, and who lacked one too.
        let next = match (&served, shown) {
            (Ok(_), Shown::Token(scheme)) => confirmation::wants_nonce(scheme),
            (Ok(_), Shown::Basic | Shown::Nothing) => false,
            (Err(error), _) => error.told() == error::Told::UseDpopNonce,
        };
        let nonce = if next { self.recipient.next_nonce(now, rng) } else { None };
        let response = match served {
            Ok(text) => answer::content(text),
            Err(error) => self.refuse(error, shown),
        };
        answer::with_nonce(response, nonce)
    }

    /// The newest refusal that nobody has taken yet.
    pub fn take_refusal(&mut self) -> Option<AccessError> {
        self.refusals.pop_back()
    }

    fn serve(
        &mut self,
        endpoint: Endpoint,
        user: &str,
        request: &Request,
    ) -> Result<String, AccessError> {
        let name = &self.settings.display_name;
        Ok(match endpoint {
            Endpoint::Content => format!("{name}: content of {user}\n"),
            Endpoint::Notes => format!("{name}: notes of {user}\n{}", self.notes.of(user)),
            Endpoint::WriteNote => {
                let note = self.notes.write(user, request)?;
                format!("{name}: wrote `{note}` for {user}\n")
            }
        })
    }

    fn refuse(&mut self, error: AccessError, shown: Shown) -> Response {
        let response = answer::refusal(&error, shown, self.settings.accepted);
        if self.refusals.len() == REFUSALS {
            self.refusals.pop_front();
        }
        self.refusals.push_back(error);
        response
    }
}

impl std::fmt::Debug for ResourceServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ResourceServer").field("settings", &self.settings).finish_non_exhaustive()
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
    fn an_origin_that_would_swallow_the_path_is_refused() {
        for origin in ["https://outlook.lab.example?x=", "https://outlook.lab.example#", "mail"] {
            let server = scripted::server(Danger::NONE).server;
            let settings = ResourceSettings { origin: origin.to_owned(), ..server.settings };
            assert!(ResourceServer::new(settings, server.recipient).is_err(), "{origin}");
        }
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
    fn other_addresses_are_not_there() {
        let (mut far, mut server) = (Provider::new(), server(Danger::NONE));
        let mut post = get("/me");
        *post.method_mut() = Method::POST;
        for request in [get("/"), get("/me/x"), get("/me/notes/"), post] {
            assert_eq!(server.handle(&request, &mut far).status(), StatusCode::NOT_FOUND);
        }
    }

    #[test]
    fn notes_are_written_and_read_under_the_token_s_user() {
        let (mut far, mut server) = (Provider::new(), server(Danger::NONE));
        let token = far.token(|_| ());
        let notes = |method: Method, body: &[u8]| {
            let mut request = bearer(&token);
            *request.uri_mut() = "/me/notes".parse().unwrap();
            *request.method_mut() = method;
            *request.body_mut() = body.to_vec();
            request
        };
        let text = |response: &Response| String::from_utf8(response.body().clone()).unwrap();
        let wrote = server.handle(&notes(Method::POST, b"note=at+noon"), &mut far);
        assert_eq!(text(&wrote), "Exchange Online: wrote `at noon` for alice@contoso.example\n");
        let read = server.handle(&notes(Method::GET, b""), &mut far);
        assert_eq!(text(&read), "Exchange Online: notes of alice@contoso.example\nat noon\n");
        let refused = server.handle(&notes(Method::POST, b"text=x"), &mut far);
        assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
        assert_eq!(server.take_refusal().unwrap().code(), "resource.note_malformed");
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
