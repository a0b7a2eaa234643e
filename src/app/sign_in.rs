//! Signing in: the authorize step with PKCE, and the redemption of its code.
//!
//! A credential needs a fresh nonce, and the sign-in page has one. So an app that means to send a
//! credential asks twice: [`App::challenge`] fetches the page, the broker signs for its nonce, and
//! [`App::sign_in`] asks again with the header. [`App::sign_in_with_prt`] and
//! [`App::sign_in_with_device`] do both.

use rand::Rng;
use sha2::{Digest as _, Sha256};

use super::{App, AppError, AppTokens, Client, with_credential};
use crate::base::{Secret, b64, stream};
use crate::broker::Broker;
use crate::wire::authorize::{
    AuthorizeAnswer, AuthorizeQuery, DEVICE_CREDENTIAL, Login, REFRESH_TOKEN_CREDENTIAL,
};
use crate::wire::token::{CodeGrant, TokenRequest};
use crate::wire::{Link, MAX_BODY, Request};

const STEP: &str = "authorize step";

/// What an app signs in for and with.
#[derive(Clone, Copy, Debug, Default)]
pub struct SignInRequest<'a> {
    /// The resource: an application id or an origin.
    pub resource: &'a str,
    /// For example `openid offline_access`; without the latter no refresh token comes back.
    pub scope: &'a str,
    /// What a person types, if a person does.
    pub login: Option<&'a Login>,
    /// `x-ms-RefreshTokenCredential`, signed by a broker.
    pub browser_credential: Option<&'a Secret<String>>,
    /// `x-ms-DeviceCredential`, signed by a broker.
    pub device_credential: Option<&'a Secret<String>>,
}

/// One authorization request and the secrets its answer is matched with.
struct Attempt {
    query: AuthorizeQuery,
    verifier: Secret<String>,
}

impl App {
    /// As [`Client::sign_in`], for bearer tokens.
    ///
    /// # Errors
    /// As there.
    pub fn sign_in(
        &self,
        link: &mut dyn Link,
        rng: &mut impl Rng,
        request: SignInRequest<'_>,
    ) -> Result<AppTokens, AppError> {
        self.with_dpop(None).sign_in(link, rng, request)
    }

    /// As [`Client::sign_in_with_prt`], for bearer tokens.
    ///
    /// # Errors
    /// As there.
    pub fn sign_in_with_prt(
        &self,
        link: &mut dyn Link,
        rng: &mut impl Rng,
        broker: &mut Broker,
        username: &str,
        request: SignInRequest<'_>,
    ) -> Result<AppTokens, AppError> {
        self.with_dpop(None).sign_in_with_prt(link, rng, broker, username, request)
    }

    /// As [`Client::sign_in_with_device`], for bearer tokens.
    ///
    /// # Errors
    /// As there.
    pub fn sign_in_with_device(
        &self,
        link: &mut dyn Link,
        rng: &mut impl Rng,
        broker: &mut Broker,
        request: SignInRequest<'_>,
    ) -> Result<AppTokens, AppError> {
        self.with_dpop(None).sign_in_with_device(link, rng, broker, request)
    }

    /// Fetches the sign-in page for its nonce.
    ///
    /// # Errors
    /// `app.authorize_refused`, `app.unexpected`, `app.unsendable`.
    pub fn challenge(
        &self,
        link: &mut dyn Link,
        rng: &mut impl Rng,
        request: SignInRequest<'_>,
    ) -> Result<String, AppError> {
        let bare = SignInRequest {
            login: None,
            browser_credential: None,
            device_credential: None,
            ..request
        };
        let attempt = self.attempt(rng, bare);
        match self.authorize(link, &attempt.query, bare) {
            Err(AppError::SignInNeeded { sso_nonce }) => Ok(sso_nonce),
            Err(error) => Err(error),
            // A code for nobody: no provider gives one to a request that shows nothing.
            Ok(_) => Err(AppError::Unexpected { step: STEP, status: 302 }),
        }
    }

    fn attempt(&self, rng: &mut impl Rng, request: SignInRequest<'_>) -> Attempt {
        let verifier = b64::encode_url(stream::octets::<32>(rng));
        Attempt {
            query: AuthorizeQuery {
                client_id: self.client_id,
                redirect_uri: self.redirect_uri.clone(),
                resource: Some(request.resource.to_owned()),
                scope: request.scope.to_owned(),
                code_challenge: Some(b64::encode_url(Sha256::digest(&verifier))),
                dpop_jkt: None,
                state: Some(b64::encode_url(stream::octets::<16>(rng))),
            },
            verifier: Secret::new(verifier),
        }
    }

    fn authorize(
        &self,
        link: &mut dyn Link,
        query: &AuthorizeQuery,
        request: SignInRequest<'_>,
    ) -> Result<Secret<String>, AppError> {
        let response = link.exchange(self.authorize_request(query, request)?);
        if response.body().len() > MAX_BODY {
            return Err(AppError::unexpected(STEP, &response));
        }
        match AuthorizeAnswer::read(&response) {
            Some(AuthorizeAnswer::Code { redirect_uri, code, state }) => {
                match redirect_uri == self.redirect_uri && state == query.state {
                    true => Ok(code),
                    false => Err(AppError::StateMismatch),
                }
            }
            Some(AuthorizeAnswer::Error { error, error_description, .. }) => {
                Err(AppError::AuthorizeRefused { error, error_description })
            }
            Some(AuthorizeAnswer::SignInPage { sso_nonce }) => {
                Err(AppError::SignInNeeded { sso_nonce })
            }
            None => match super::success_body(STEP, &response) {
                Err(error) => Err(error),
                Ok(_) => Err(AppError::unexpected(STEP, &response)),
            },
        }
    }

    fn authorize_request(
        &self,
        query: &AuthorizeQuery,
        request: SignInRequest<'_>,
    ) -> Result<Request, AppError> {
        let form = query.to_form();
        let message = match request.login {
            Some(login) => self.sender().post_form(&self.url("login"), &login.add_to(form))?,
            None => self.get(&format!("{}?{}", self.url("oauth2/authorize"), form.encode()))?,
        };
        let message =
            with_credential(message, REFRESH_TOKEN_CREDENTIAL, request.browser_credential)?;
        with_credential(message, DEVICE_CREDENTIAL, request.device_credential)
    }
}

impl Client<'_> {
    /// Signs in with what the request holds, and redeems the code.
    ///
    /// With DPoP the code is bound to the key at once, by `dpop_jkt` (RFC 9449 section 10).
    ///
    /// With a login it is posted to the sign-in page's address, else the authorize endpoint decides
    /// by the credential headers alone.
    ///
    /// # Errors
    /// `app.sign_in_needed` if the credentials did not do, `app.authorize_refused`, `app.refused`,
    /// `app.state_mismatch`, `app.unexpected`, `app.unsendable`, and with DPoP `app.not_bound`,
    /// `app.broker`.
    pub fn sign_in(
        &mut self,
        link: &mut dyn Link,
        rng: &mut impl Rng,
        request: SignInRequest<'_>,
    ) -> Result<AppTokens, AppError> {
        let mut attempt = self.app.attempt(rng, request);
        if let Some(prover) = &self.dpop {
            attempt.query.dpop_jkt = Some(prover.jkt()?);
        }
        let code = self.app.authorize(link, &attempt.query, request)?;
        let grant = TokenRequest::Code(CodeGrant {
            client_id: self.app.client_id,
            code,
            redirect_uri: self.app.redirect_uri.clone(),
            code_verifier: Some(attempt.verifier),
        });
        self.redeem(link, &grant, None)
    }

    /// Signs in with the PRT of `username`: a browser, or a web view, on the broker's device.
    ///
    /// # Errors
    /// As [`App::sign_in`], and `app.broker`.
    pub fn sign_in_with_prt(
        &mut self,
        link: &mut dyn Link,
        rng: &mut impl Rng,
        broker: &mut Broker,
        username: &str,
        request: SignInRequest<'_>,
    ) -> Result<AppTokens, AppError> {
        let nonce = self.app.challenge(link, rng, request)?;
        let credential = broker.browser_credential(link, rng, username, &nonce)?;
        self.sign_in(link, rng, SignInRequest { browser_credential: Some(&credential), ..request })
    }

    /// Signs in with what the request holds and shows the broker's device along with it.
    ///
    /// # Errors
    /// As [`App::sign_in`], and `app.broker`.
    pub fn sign_in_with_device(
        &mut self,
        link: &mut dyn Link,
        rng: &mut impl Rng,
        broker: &mut Broker,
        request: SignInRequest<'_>,
    ) -> Result<AppTokens, AppError> {
        let nonce = self.app.challenge(link, rng, request)?;
        let credential = broker.device_credential(link, &nonce)?;
        self.sign_in(link, rng, SignInRequest { device_credential: Some(&credential), ..request })
    }
}

#[cfg(test)]
mod tests {
    use http::StatusCode;

    use super::*;
    use crate::base::id::AppId;
    use crate::base::stream::{Seed, Stream};
    use crate::base::time::Nanos;
    use crate::base::{Check, Timestamp};
    use crate::broker::Protocol;
    use crate::broker::scripted::{
        ALICE, ISSUER, NOW, known_device, ok, refused, signed_in, tokens,
    };
    use crate::wire::Response;
    use crate::wire::answer::json_response;
    use crate::wire::form::Form;

    const REDIRECT: &str = "msapp://outlook";

    /// A provider that answers the authorize step with what a closure makes of its query.
    struct Provider<F: FnMut(&Request, AuthorizeQuery) -> Response> {
        authorize: F,
        redeemed: Vec<Form>,
    }

    impl<F: FnMut(&Request, AuthorizeQuery) -> Response> Link for Provider<F> {
        fn now(&self) -> Timestamp {
            NOW
        }

        fn spend(&mut self, _: Nanos) {}

        fn exchange(&mut self, request: Request) -> Response {
            let path = request.uri().path().to_owned();
            let form = match path.ends_with("authorize") {
                true => Form::parse(request.uri().query().unwrap().as_bytes()).unwrap(),
                false => Form::parse(request.body()).unwrap(),
            };
            if path.ends_with("token") {
                self.redeemed.push(form);
                return json_response(StatusCode::OK, &tokens(Some("rt")));
            }
            (self.authorize)(&request, AuthorizeQuery::parse(&form).unwrap())
        }

        fn note(&mut self, _: Check) {}
    }

    fn provider<F: FnMut(&Request, AuthorizeQuery) -> Response>(authorize: F) -> Provider<F> {
        Provider { authorize, redeemed: vec![] }
    }

    fn app() -> (App, Stream) {
        let app = App {
            client_id: AppId::from_u128(0xa),
            sku: Some("outlook".to_owned()),
            redirect_uri: REDIRECT.to_owned(),
            version: Some("16.0.1".to_owned()),
            user_agent: "Outlook (Windows NT 10.0)".to_owned(),
            issuer: ISSUER.to_owned(),
        };
        (app, Seed(5).stream("app"))
    }

    const ASK: SignInRequest<'_> = SignInRequest {
        resource: "https://outlook.lab.example",
        scope: "openid offline_access",
        login: None,
        browser_credential: None,
        device_credential: None,
    };

    fn code(query: AuthorizeQuery) -> Response {
        let (redirect_uri, state) = (query.redirect_uri, query.state);
        AuthorizeAnswer::Code { redirect_uri, code: "c0de".into(), state }.to_response()
    }

    fn page() -> Response {
        AuthorizeAnswer::SignInPage { sso_nonce: "sso".to_owned() }.to_response()
    }

    #[test]
    fn a_login_is_posted_and_the_code_redeemed_with_its_verifier() {
        let (app, mut rng) = app();
        let login = Login { username: ALICE.to_owned(), password: "pw".into(), otc: None };
        let mut challenge = None;
        let mut provider = provider(|request, query| {
            assert!(request.uri().path().ends_with("/login"));
            assert_eq!(request.headers()["x-client-ver"], "16.0.1");
            assert_eq!(request.headers()["x-client-sku"], "outlook");
            let typed = Login::parse(&Form::parse(request.body()).unwrap()).unwrap();
            assert_eq!(typed.username, ALICE);
            challenge = query.code_challenge.clone();
            code(query)
        });
        let request = SignInRequest { login: Some(&login), ..ASK };
        let got = app.sign_in(&mut provider, &mut rng, request).unwrap();
        assert_eq!(got.refresh_token, Some("rt".into()));
        let grant = provider.redeemed.pop().unwrap();
        let verifier = grant.required("code_verifier").unwrap();
        assert_eq!(Some(b64::encode_url(Sha256::digest(verifier))), challenge);
        assert_eq!(grant.required("code").unwrap(), "c0de");
        assert_eq!(grant.required("redirect_uri").unwrap(), REDIRECT);
    }

    #[test]
    fn with_dpop_the_code_is_asked_for_with_the_key_that_redeems_it() {
        let (app, mut rng) = app();
        let store = crate::broker::scripted::store(crate::keystore::Protection::Hardware);
        let mut key = crate::broker::DpopClient::generate(store, &mut rng).unwrap();
        let jkt = crate::broker::Prover::jkt(&key).unwrap();
        let login = Login { username: ALICE.to_owned(), password: "pw".into(), otc: None };
        let request = SignInRequest { login: Some(&login), ..ASK };
        let mut asked = vec![];
        let mut far = provider(|_, query| {
            asked.push(query.dpop_jkt);
            code(query)
        });
        // The answer of this provider is a bearer token all the same.
        let mut client = app.with_dpop(Some(&mut key));
        let error = client.sign_in(&mut far, &mut rng, request).unwrap_err();
        assert_eq!(error.code(), "app.not_bound");
        assert!(app.sign_in(&mut far, &mut rng, request).is_ok());
        assert_eq!(asked, [Some(jkt), None]);
    }

    #[test]
    fn a_credential_is_made_for_the_nonce_of_the_page() {
        let (app, mut rng) = app();
        let (mut broker, ..) = signed_in(Protocol::SessionKey);
        let mut asked = 0;
        let mut far = provider(|request, query| {
            asked += 1;
            match request.headers().get(REFRESH_TOKEN_CREDENTIAL) {
                None => page(),
                Some(_) => code(query),
            }
        });
        let got = app.sign_in_with_prt(&mut far, &mut rng, &mut broker, ALICE, ASK);
        assert!(got.is_ok());
        assert_eq!(asked, 2);
        let login = Login { username: ALICE.to_owned(), password: "pw".into(), otc: None };
        let mut far = provider(|request, query| match request.headers().get(DEVICE_CREDENTIAL) {
            None => {
                assert!(request.body().is_empty(), "the challenge carries no password");
                page()
            }
            Some(_) => code(query),
        });
        let request = SignInRequest { login: Some(&login), ..ASK };
        assert!(app.sign_in_with_device(&mut far, &mut rng, &mut broker, request).is_ok());
    }

    #[test]
    fn a_broker_without_a_prt_ends_the_sign_in() {
        let (app, mut rng) = app();
        let (mut broker, ..) = known_device(Protocol::SessionKey);
        let mut far = provider(|_, _| page());
        let error = app.sign_in_with_prt(&mut far, &mut rng, &mut broker, ALICE, ASK).unwrap_err();
        assert_eq!(error.code(), "app.broker");
    }

    #[test]
    fn a_code_for_another_request_is_not_redeemed() {
        type Change = fn(&mut AuthorizeQuery);
        let changes: [Change; 3] = [
            |query| query.state = Some("other".to_owned()),
            |query| query.state = None,
            |query| query.redirect_uri = "msapp://other".to_owned(),
        ];
        for change in changes {
            let (app, mut rng) = app();
            let mut far = provider(|_, mut query| {
                change(&mut query);
                code(query)
            });
            let error = app.sign_in(&mut far, &mut rng, ASK).unwrap_err();
            assert_eq!(error.code(), "app.state_mismatch");
            assert!(far.redeemed.is_empty());
        }
    }

    #[test]
    fn every_other_ending_has_its_name() {
        let refusal = |query: AuthorizeQuery| {
            AuthorizeAnswer::Error {
                redirect_uri: query.redirect_uri,
                error: "access_denied".to_owned(),
                error_description: "AADSTS53003: no".to_owned(),
                state: query.state,
            }
            .to_response()
        };
        type Answer = Box<dyn Fn(AuthorizeQuery) -> Response>;
        let endings: [(Answer, &str); 5] = [
            (Box::new(|_| page()), "app.sign_in_needed"),
            (Box::new(refusal), "app.authorize_refused"),
            (Box::new(|_| refused(50011)), "app.refused"),
            (Box::new(|_| ok("<html>")), "app.unexpected"),
            (Box::new(|_| ok(vec![b' '; MAX_BODY + 1])), "app.unexpected"),
        ];
        for (answer, ending) in endings {
            let (app, mut rng) = app();
            let mut far = provider(|_, query| answer(query));
            assert_eq!(app.sign_in(&mut far, &mut rng, ASK).unwrap_err().code(), ending);
        }
        let (app, mut rng) = app();
        let mut far = provider(|_, query| code(query));
        assert_eq!(app.challenge(&mut far, &mut rng, ASK).unwrap_err().code(), "app.unexpected");
    }
}
