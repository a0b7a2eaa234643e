//! Fetching content: with an access token, or over a legacy protocol with a password.

use http::{HeaderValue, Method, header};

use super::AppError;
use crate::base::{Secret, b64};
use crate::broker::dpop::{self, Prover};
use crate::broker::requests::Sender;
use crate::wire::dpop::{TokenType, with_token};
use crate::wire::token::LEGACY_PROTOCOL;
use crate::wire::{Link, MAX_BODY, Request, Response};

/// Gets what `origin` serves to the holder of a bearer token.
///
/// # Errors
/// `app.resource_refused`, `app.unexpected`, `app.unsendable`.
pub fn fetch(
    link: &mut dyn Link,
    user_agent: &str,
    origin: &str,
    access_token: &Secret<String>,
) -> Result<Vec<u8>, AppError> {
    let request = with_token(get(user_agent, origin)?, TokenType::Bearer, access_token)?;
    let response = link.exchange(request);
    content(response)
}

/// Gets what `origin` serves to the holder of an access token that is bound to the key of `prover`:
/// the app's own, or the broker that proves for the app. A resource server that demands its nonce is
/// answered once.
///
/// # Errors
/// As [`fetch`], and `app.broker`.
pub fn fetch_bound(
    link: &mut dyn Link,
    user_agent: &str,
    origin: &str,
    access_token: &Secret<String>,
    prover: &mut dyn Prover,
) -> Result<Vec<u8>, AppError> {
    let request = with_token(get(user_agent, origin)?, TokenType::Dpop, access_token)?;
    content(dpop::exchange(prover, link, request, Some(access_token))?)
}

/// Gets the same over a legacy protocol such as `IMAP4`: user name and password go to the resource
/// server itself, which asks the provider. Simulated: HTTP stands for the protocol, and a header
/// names it.
///
/// # Errors
/// As [`fetch`].
pub fn legacy_fetch(
    link: &mut dyn Link,
    user_agent: &str,
    origin: &str,
    protocol: &str,
    username: &str,
    password: &Secret<String>,
) -> Result<Vec<u8>, AppError> {
    let mut request = get(user_agent, origin)?;
    let pair = Secret::new(format!("{username}:{}", password.expose_secret()));
    let basic = Secret::new(format!("Basic {}", b64::encode_standard(pair.expose_secret())));
    let value = |text: &str| HeaderValue::from_str(text).map_err(|_| AppError::Unsendable);
    let mut authorization = value(basic.expose_secret())?;
    authorization.set_sensitive(true);
    request.headers_mut().insert(header::AUTHORIZATION, authorization);
    request.headers_mut().insert(LEGACY_PROTOCOL, value(protocol)?);
    let response = link.exchange(request);
    content(response)
}

fn get(user_agent: &str, origin: &str) -> Result<Request, AppError> {
    let sender = Sender { user_agent, client_version: None, client_sku: None };
    Ok(sender.request(Method::GET, &format!("{origin}/me"))?)
}

pub(super) fn content(response: Response) -> Result<Vec<u8>, AppError> {
    if !response.status().is_success() {
        return Err(AppError::resource_refused(&response));
    }
    match response.body().len() {
        0..=MAX_BODY => Ok(response.into_body()),
        _ => Err(AppError::unexpected("fetch", &response)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::broker::scripted::{ALICE, Scripted, ok};

    const OUTLOOK: &str = "https://outlook.lab.example";

    #[test]
    fn a_token_is_shown_as_bearer() {
        let mut link = Scripted::answering([ok("content")]);
        assert_eq!(fetch(&mut link, "app", OUTLOOK, &"at".into()).unwrap(), b"content");
        assert_eq!(link.sent[0].uri(), "https://outlook.lab.example/me");
        assert_eq!(link.sent[0].headers()["authorization"], "Bearer at");
        assert!(!format!("{:?}", link.sent[0].headers()).contains("Bearer at"));
    }

    #[test]
    fn a_bound_token_is_shown_with_a_proof() {
        let store = crate::broker::scripted::store(crate::keystore::Protection::Hardware);
        let mut rng = crate::base::stream::Seed(4).stream("app");
        let mut key = crate::broker::DpopClient::generate(store, &mut rng).unwrap();
        let challenge = http::Response::builder()
            .status(401)
            .header("www-authenticate", "DPoP error=\"use_dpop_nonce\"")
            .header("dpop-nonce", "n")
            .body(vec![])
            .unwrap();
        let mut link = Scripted::answering([challenge, ok("content")]);
        let served = fetch_bound(&mut link, "app", OUTLOOK, &"at".into(), &mut key);
        assert_eq!(served.unwrap(), b"content");
        for sent in &link.sent {
            assert_eq!(sent.headers()["authorization"], "DPoP at");
            assert!(sent.headers().contains_key("dpop"));
        }
        assert_ne!(link.sent[0].headers()["dpop"], link.sent[1].headers()["dpop"]);
    }

    #[test]
    fn a_password_goes_to_the_resource_server_itself() {
        let mut link = Scripted::answering([ok("content")]);
        legacy_fetch(&mut link, "mail", OUTLOOK, "IMAP4", ALICE, &"p:w".into()).unwrap();
        let headers = link.sent[0].headers();
        let basic = format!("Basic {}", b64::encode_standard(format!("{ALICE}:p:w")));
        assert_eq!(headers["authorization"], basic.as_str());
        assert_eq!(headers["x-protocol"], "IMAP4");
    }

    #[test]
    fn a_refusal_brings_its_challenge() {
        let answer = http::Response::builder()
            .status(401)
            .header("www-authenticate", "Bearer error=\"invalid_token\"")
            .body(vec![])
            .unwrap();
        let error = fetch(&mut Scripted::answering([answer]), "app", OUTLOOK, &"at".into());
        let Err(AppError::ResourceRefused { status: 401, challenge: Some(text) }) = error else {
            panic!("{error:?}")
        };
        assert_eq!(text, "Bearer error=\"invalid_token\"");
    }

    #[test]
    fn what_makes_no_header_is_not_sent() {
        let mut link = Scripted::answering([]);
        let error = fetch(&mut link, "app", OUTLOOK, &"a\nt".into()).unwrap_err();
        assert_eq!(error.code(), "app.unsendable");
    }
}
