//! Apps: what a user's programs do by themselves, without the broker's PRT.
//!
//! An [`App`] signs in at the authorize step with a code and PKCE, redeems refresh tokens, and
//! fetches from resource servers. It may carry a credential that a broker signed, for a browser or
//! for the device; it never sees a key. Apps that are integrated with the broker ask the broker for
//! tokens instead ([`crate::broker::Broker::token`]) and use [`fetch`] alone.
//!
//! With DPoP ([`App::with_dpop`]) it has a key in a key store of its own, binds its codes and tokens
//! to it, and throws away an access token that is not bound. Apps behind the broker have no key: the
//! broker proves for them, [`fetch_bound`] too.
//!
//! ```text
//! authorize --page with a nonce--> person types, or broker signs --code--> token endpoint --> tokens
//!     GET without credential           GET with header, or POST login
//! tokens --refresh--> tokens           nothing binds these to the device; DPoP binds them to a key
//! access token --fetch--> content
//! ```
//!
//! What it must not know: which policy decided, what a token says inside, whether its device is
//! registered. It knows the answers it got and keeps no state of its own, so one `App` value can
//! stand for any number of windows; key and nonces of DPoP are its [`Prover`]'s.

mod error;
mod fetch;
mod sign_in;
mod write;

pub use error::AppError;
pub use fetch::{fetch, fetch_bound, legacy_fetch};
pub use sign_in::SignInRequest;
pub use write::write_note;

pub use crate::broker::{AppTokens, DpopClient, Prover};

use http::Method;

use crate::base::Secret;
use crate::base::id::AppId;
use crate::broker::dpop;
use crate::broker::requests::Sender;
use crate::wire::answer::{ErrorBody, TokenAnswer, read_json};
use crate::wire::authorize::DEVICE_CREDENTIAL;
use crate::wire::dpop::TokenType;
use crate::wire::token::{RefreshGrant, TokenRequest};
use crate::wire::{Link, MAX_BODY, Request, Response};

/// A client of the provider, native or browser: the provider knows which from its registration.
#[derive(Clone, Debug)]
pub struct App {
    /// Its application id.
    pub client_id: AppId,
    /// Which app it is, where several share an application id, if it says so.
    pub sku: Option<String>,
    /// Where it receives codes.
    pub redirect_uri: String,
    /// Its version, dotted decimal, if it says one.
    pub version: Option<String>,
    /// What it sends as `User-Agent`.
    pub user_agent: String,
    /// The tenant's authority, such as `https://login.lab.example/{tenant id}`.
    pub issuer: String,
}

/// An [`App`] at work: for bearer tokens, or with the key its tokens get bound to.
pub struct Client<'a> {
    app: &'a App,
    dpop: Option<&'a mut dyn Prover>,
}

impl App {
    /// The app with the key that its tokens get bound to: it sends `dpop_jkt` and proofs, and takes
    /// no token of another type. Without a key it is the app as it stands.
    #[must_use]
    pub fn with_dpop<'a>(&'a self, dpop: Option<&'a mut dyn Prover>) -> Client<'a> {
        Client { app: self, dpop }
    }

    /// As [`Client::refresh`], for bearer tokens.
    ///
    /// # Errors
    /// `app.refused`, `app.unexpected`, `app.unsendable`.
    pub fn refresh(
        &self,
        link: &mut dyn Link,
        refresh_token: &Secret<String>,
        resource: &str,
        device_credential: Option<&Secret<String>>,
    ) -> Result<AppTokens, AppError> {
        self.with_dpop(None).refresh(link, refresh_token, resource, device_credential)
    }

    fn get(&self, url: &str) -> Result<Request, AppError> {
        Ok(self.sender().request(Method::GET, url)?)
    }

    fn url(&self, path: &str) -> String {
        format!("{}/{path}", self.issuer)
    }

    fn sender(&self) -> Sender<'_> {
        Sender {
            user_agent: &self.user_agent,
            client_version: self.version.as_deref(),
            client_sku: self.sku.as_deref(),
        }
    }
}

impl Client<'_> {
    /// Exchanges a refresh token for new tokens, with a device credential if one is given.
    ///
    /// # Errors
    /// `app.refused`, `app.unexpected`, `app.unsendable`, and with DPoP `app.not_bound`, `app.broker`.
    pub fn refresh(
        &mut self,
        link: &mut dyn Link,
        refresh_token: &Secret<String>,
        resource: &str,
        device_credential: Option<&Secret<String>>,
    ) -> Result<AppTokens, AppError> {
        let grant = TokenRequest::Refresh(RefreshGrant {
            client_id: self.app.client_id,
            refresh_token: refresh_token.clone(),
            resource: Some(resource.to_owned()),
            scope: None,
        });
        self.redeem(link, &grant, device_credential)
    }

    fn redeem(
        &mut self,
        link: &mut dyn Link,
        grant: &TokenRequest,
        device_credential: Option<&Secret<String>>,
    ) -> Result<AppTokens, AppError> {
        let url = self.app.url("oauth2/token");
        let request = self.app.sender().post_form(&url, &grant.to_form())?;
        let request = with_credential(request, DEVICE_CREDENTIAL, device_credential)?;
        let (response, asked) = match &mut self.dpop {
            None => (link.exchange(request), TokenType::Bearer),
            Some(prover) => (dpop::exchange(&mut **prover, link, request, None)?, TokenType::Dpop),
        };
        let unexpected = || AppError::unexpected("token request", &response);
        let answer: TokenAnswer =
            read_json(success_body("token request", &response)?).map_err(|_| unexpected())?;
        match (asked, TokenType::of(&answer.token_type)) {
            (TokenType::Dpop, Some(TokenType::Bearer)) => Err(AppError::NotBound),
            _ => AppTokens::of(answer, asked).ok_or_else(unexpected),
        }
    }
}

/// Adds a credential header if there is a credential.
fn with_credential(
    mut request: Request,
    name: &'static str,
    credential: Option<&Secret<String>>,
) -> Result<Request, AppError> {
    if let Some(credential) = credential {
        let mut value = http::HeaderValue::from_str(credential.expose_secret())
            .map_err(|_| AppError::Unsendable)?;
        value.set_sensitive(true);
        request.headers_mut().insert(name, value);
    }
    Ok(request)
}

fn success_body<'r>(step: &'static str, response: &'r Response) -> Result<&'r [u8], AppError> {
    if response.body().len() > MAX_BODY {
        return Err(AppError::unexpected(step, response));
    }
    if let Some(error) = ErrorBody::read(response) {
        return Err(AppError::Refused(Box::new(error)));
    }
    match response.status().is_success() {
        true => Ok(response.body()),
        false => Err(AppError::unexpected(step, response)),
    }
}

#[cfg(test)]
mod tests {
    use http::StatusCode;

    use super::*;
    use crate::base::stream::Seed;
    use crate::broker::scripted::{ISSUER, Scripted, ok, refused, store, tokens};
    use crate::keystore::Protection;
    use crate::wire::answer::json_response;

    fn app() -> App {
        App {
            client_id: AppId::from_u128(0xa),
            sku: None,
            redirect_uri: "msapp://outlook".to_owned(),
            version: None,
            user_agent: "app".to_owned(),
            issuer: ISSUER.to_owned(),
        }
    }

    #[test]
    fn a_refresh_may_show_a_device() {
        let answer = || json_response(StatusCode::OK, &tokens(Some("rt-2")));
        let mut link = Scripted::answering([answer(), answer()]);
        let got = app().refresh(&mut link, &"rt".into(), "https://outlook.lab.example", None);
        assert_eq!(got.unwrap().refresh_token, Some("rt-2".into()));
        assert_eq!(link.form(0).required("refresh_token").unwrap(), "rt");
        assert!(link.sent[0].headers().get(DEVICE_CREDENTIAL).is_none());
        app().refresh(&mut link, &"rt".into(), "x", Some(&"h.p.s".into())).unwrap();
        assert_eq!(link.sent[1].headers()[DEVICE_CREDENTIAL], "h.p.s");
    }

    #[test]
    fn with_dpop_a_token_that_is_not_bound_is_thrown_away() {
        let store = store(Protection::Software);
        let mut key = DpopClient::generate(store, &mut Seed(6).stream("app")).unwrap();
        let dpop = TokenAnswer { token_type: "dpop".to_owned(), ..tokens(None) };
        for (answer, code) in [(dpop, None), (tokens(None), Some("app.not_bound"))] {
            let mut link = Scripted::answering([json_response(StatusCode::OK, &answer)]);
            let app = app();
            let mut client = app.with_dpop(Some(&mut key));
            let got = client.refresh(&mut link, &"rt".into(), "x", None);
            assert_eq!(
                got.map(|tokens| tokens.token_type).ok(),
                code.is_none().then_some(TokenType::Dpop)
            );
            assert!(link.sent[0].headers().contains_key("dpop"));
        }
    }

    #[test]
    fn a_refusal_and_garbage_have_their_names() {
        let mac = TokenAnswer { token_type: "mac".to_owned(), ..tokens(None) };
        let dpop = TokenAnswer { token_type: "DPoP".to_owned(), ..tokens(None) };
        for (answer, code) in [
            (refused(530_084), "app.refused"),
            (ok("s3cret"), "app.unexpected"),
            (json_response(StatusCode::OK, &mac), "app.unexpected"),
            (json_response(StatusCode::OK, &dpop), "app.unexpected"),
        ] {
            let mut link = Scripted::answering([answer]);
            let error = app().refresh(&mut link, &"rt".into(), "x", None).unwrap_err();
            assert_eq!(error.code(), code);
            assert!(!format!("{error} {error:?}").contains("s3cret"));
        }
    }
}
