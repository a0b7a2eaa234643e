//! Sending and reading: nonces, signed requests, and the answers as far as every step shares them.

use super::dpop;
use super::requests::Sender;
use super::uses::AppRequest;
use super::{AnswerError, Broker, BrokerError};
use crate::base::{Check, Secret};
use crate::wire::answer::{ErrorBody, NonceAnswer, read_json};
use crate::wire::dpop::TokenType;
use crate::wire::token::TokenRequest;
use crate::wire::{Link, MAX_BODY, Request, Response};

/// A longer nonce is no nonce: it is repeated in claims and in `apv`.
const MAX_NONCE: usize = 512;

impl Broker {
    /// Asks the provider for a nonce (MS-OAPXBC 3.2.5.1.1); it is nobody's in particular.
    ///
    /// # Errors
    /// `broker.refused`, `broker.unexpected`, `broker.unsendable`.
    pub fn nonce(&mut self, link: &mut dyn Link) -> Result<String, BrokerError> {
        const STEP: &str = "nonce request";
        let response = self.post_token(link, None, &TokenRequest::Nonce, Asks::ForNoAccessToken)?;
        let NonceAnswer { nonce } = read_json(success_body(STEP, &response)?)
            .map_err(|_| BrokerError::unexpected(STEP, &response))?;
        match nonce.len() {
            1..=MAX_NONCE => Ok(nonce),
            _ => Err(BrokerError::unexpected(STEP, &response)),
        }
    }

    /// Posts a signed text to the token endpoint, with a proof if it asks for a DPoP token or shows a
    /// refresh token that may be bound.
    pub(super) fn post_signed(
        &mut self,
        link: &mut dyn Link,
        app: Option<&AppRequest<'_>>,
        text: &Secret<String>,
        asks: Asks,
    ) -> Result<Response, BrokerError> {
        self.post_token(link, app, &TokenRequest::Signed(text.clone()), asks)
    }

    fn post_token(
        &mut self,
        link: &mut dyn Link,
        app: Option<&AppRequest<'_>>,
        request: &TokenRequest,
        asks: Asks,
    ) -> Result<Response, BrokerError> {
        let url = format!("{}/oauth2/token", self.settings.issuer);
        let sender = Sender {
            user_agent: &self.settings.user_agent,
            client_version: app.and_then(|app| app.client_version),
            client_sku: app.and_then(|app| app.client_sku),
        };
        let request = sender.post_form(&url, &request.to_form())?;
        match (self.settings.token_type, asks) {
            (TokenType::Dpop, Asks::WithProof) => dpop::exchange(self, link, request, None),
            (TokenType::Bearer, _) | (_, Asks::ForNoAccessToken) => {
                Ok(self.exchange(link, request))
            }
        }
    }

    /// Lets the time of the key store's work pass, then sends.
    pub(super) fn exchange(&mut self, link: &mut dyn Link, request: Request) -> Response {
        self.spend_elapsed(link);
        link.exchange(request)
    }

    pub(super) fn spend_elapsed(&mut self, link: &mut dyn Link) {
        link.spend(self.store.take_elapsed());
    }
}

/// Whether a token request needs a proof of a broker that uses DPoP.
#[derive(Clone, Copy)]
pub(super) enum Asks {
    /// No: nothing that is bound goes in or comes out.
    ForNoAccessToken,
    /// Yes.
    WithProof,
}

/// The body of a success, or what the provider refused with.
pub(super) fn success_body<'r>(
    step: &'static str,
    response: &'r Response,
) -> Result<&'r [u8], BrokerError> {
    if response.body().len() > MAX_BODY {
        return Err(BrokerError::unexpected(step, response));
    }
    if let Some(error) = ErrorBody::read(response) {
        return Err(BrokerError::Refused(Box::new(error)));
    }
    match response.status().is_success() {
        true => Ok(response.body()),
        false => Err(BrokerError::unexpected(step, response)),
    }
}

/// The body of a success as text.
pub(super) fn success_text<'r>(
    step: &'static str,
    response: &'r Response,
) -> Result<&'r str, BrokerError> {
    let body = success_body(step, response)?;
    std::str::from_utf8(body).map_err(|_| BrokerError::unexpected(step, response))
}

/// Tells the narrator when an answer stayed shut: it is this party's own check that decided.
pub(super) fn noted<T>(
    link: &mut dyn Link,
    opened: Result<T, AnswerError>,
) -> Result<T, BrokerError> {
    // MSG-03
    opened.map_err(|error| {
        link.note(Check::ResponseUnreadable);
        BrokerError::Unreadable(error)
    })
}
