//! Writing: the one request of an app to a resource that has a body.

use http::Method;

use super::fetch::content;
use super::{AppError, Prover};
use crate::base::Secret;
use crate::broker::dpop;
use crate::broker::requests::Sender;
use crate::wire::Link;
use crate::wire::dpop::{TokenType, with_token};
use crate::wire::form::Form;

/// Leaves a note with `origin`: `POST {origin}/me/notes`, field `note`. With a prover the access token
/// is bound to its key, without one it is a bearer token. A proof does not cover the note.
///
/// # Errors
/// `app.resource_refused`, `app.unexpected`, `app.unsendable`, and with a prover `app.broker`.
pub fn write_note(
    link: &mut dyn Link,
    user_agent: &str,
    origin: &str,
    access_token: &Secret<String>,
    note: &str,
    prover: Option<&mut dyn Prover>,
) -> Result<Vec<u8>, AppError> {
    let sender = Sender { user_agent, client_version: None, client_sku: None };
    let body = Form::default().with("note", note).encode().into_bytes();
    let mut request = sender.request(Method::POST, &format!("{origin}/me/notes"))?;
    *request.body_mut() = body;
    let media_type = http::HeaderValue::from_static("application/x-www-form-urlencoded");
    request.headers_mut().insert(http::header::CONTENT_TYPE, media_type);
    content(match prover {
        None => link.exchange(with_token(request, TokenType::Bearer, access_token)?),
        Some(prover) => {
            let request = with_token(request, TokenType::Dpop, access_token)?;
            dpop::exchange(prover, link, request, Some(access_token))?
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::broker::scripted::{Scripted, ok};

    #[test]
    fn a_note_is_a_form_under_the_token() {
        let mut link = Scripted::answering([ok("wrote")]);
        let origin = "https://outlook.lab.example";
        let wrote = write_note(&mut link, "app", origin, &"at".into(), "at noon", None);
        assert_eq!(wrote.unwrap(), b"wrote");
        let sent = &link.sent[0];
        assert_eq!((sent.method(), sent.uri().path()), (&Method::POST, "/me/notes"));
        assert_eq!(sent.headers()["authorization"], "Bearer at");
        assert_eq!(sent.body(), b"note=at+noon");
    }
}
