//! Taking passwords out of a message before it is shown.
//!
//! The trace shows tokens, that is its purpose, but never a password: not in a form, not inside the
//! payload of a signed request, not in an `Authorization: Basic` header.

use http::header;

use super::Request;
use super::form::Form;
use crate::base::b64;

/// What stands in the trace instead of a password.
pub const REDACTED: &str = "<redacted>";

/// What stands in the trace instead of a body that is no form.
pub const UNREADABLE: &str = "<redacted: not a well-formed form>";

/// A copy of the request for the trace: the same bytes, less passwords and second factors. A signed
/// request that held a password keeps its header and signature; its payload is written anew with
/// the password replaced, so its signature no longer fits what is shown.
#[must_use]
pub fn for_trace(request: &Request) -> Request {
    let mut shown = request.clone();
    let basic = |value: &header::HeaderValue| {
        value.as_bytes().get(..6).is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"Basic "))
    };
    if shown.headers().get(header::AUTHORIZATION).is_some_and(basic) {
        let value = header::HeaderValue::from_static("Basic <redacted>");
        shown.headers_mut().insert(header::AUTHORIZATION, value);
    }
    match Form::parse(request.body()) {
        // What cannot be read cannot be searched for passwords.
        Err(_) => *shown.body_mut() = UNREADABLE.as_bytes().to_vec(),
        Ok(form) => {
            if let Some(body) = redacted_form(form) {
                *shown.body_mut() = body.into_bytes();
            }
        }
    }
    shown
}

fn redacted_form(mut form: Form) -> Option<String> {
    let mut changed = false;
    for field in ["password", "passwd", "otc"] {
        if form.optional(field).is_some() {
            form = form.with(field, REDACTED);
            changed = true;
        }
    }
    if let Some(jwt) = form.optional("request").and_then(|jwt| redacted_jwt(&jwt)) {
        form = form.with("request", jwt);
        changed = true;
    }
    changed.then(|| form.encode())
}

fn redacted_jwt(jwt: &str) -> Option<String> {
    let (header, rest) = jwt.split_once('.')?;
    let (payload, signature) = rest.split_once('.')?;
    let payload = b64::decode_url(payload).ok()?;
    let mut claims: serde_json::Value = serde_json::from_slice(&payload).ok()?;
    let secrets = ["password", "otc"].map(|name| claims.get(name).is_some().then_some(name));
    let members = claims.as_object_mut().filter(|_| secrets.iter().any(Option::is_some))?;
    for name in secrets.into_iter().flatten() {
        members.insert(name.to_owned(), REDACTED.into());
    }
    let payload = serde_json::to_vec(&claims).ok()?;
    Some(format!("{header}.{}.{signature}", b64::encode_url(payload)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_leave_forms_headers_and_payloads() {
        let payload = b64::encode_url(
            br#"{"client_id":"c","scope":"openid aza","password":"hunter2","otc":"123456"}"#,
        );
        let request = http::Request::builder()
            .header("authorization", "Basic aHVudGVyMg==")
            .body(format!("grant_type=x&passwd=hunter2&request=h.{payload}.s").into_bytes())
            .unwrap();
        let shown = for_trace(&request);
        let text = format!("{:?} {}", shown.headers(), String::from_utf8_lossy(shown.body()));
        for secret in ["hunter2", "aHVudGVyMg", &payload, &b64::encode_url("hunter2")] {
            assert!(!text.contains(secret), "{text}");
        }
    }

    #[test]
    fn other_messages_stay_as_they_are() {
        let request = http::Request::new(b"grant_type=srv_challenge".to_vec());
        assert_eq!(for_trace(&request).body(), request.body());
    }
}
