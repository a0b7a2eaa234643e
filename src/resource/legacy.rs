//! Legacy protocols: the resource server itself takes user name and password.
//!
//! No token, no device, no page on which to ask for a second factor: it forwards what it was given
//! to the provider, which runs policy for client app type `other` and answers. That is why attackers
//! like these protocols and why policies block them (product 3).

use http::header;

use super::error::LegacyDenial;
use super::{AccessError, ResourceServer};
use crate::base::{Secret, b64};
use crate::wire::answer::{ErrorBody, read_json};
use crate::wire::authorize::{FORWARDED_FOR, single_header};
use crate::wire::token::{LEGACY_PROTOCOL, LegacySignIn};
use crate::wire::{Link, MAX_BODY, Request, Response};

impl ResourceServer {
    /// Asks the provider about a password, and gives the user it was for.
    pub(super) fn legacy_sign_in(
        &self,
        request: &Request,
        username: String,
        password: Secret<String>,
        link: &mut dyn Link,
    ) -> Result<String, AccessError> {
        let named = single_header(request.headers(), LEGACY_PROTOCOL)
            .map_err(|_| AccessError::Malformed)?
            .ok_or(AccessError::LegacyUnknown)?;
        let spoken =
            self.settings.legacy_protocols.iter().find(|name| name.eq_ignore_ascii_case(&named));
        let protocol = spoken.ok_or(AccessError::LegacyUnknown)?.clone();
        let sign_in = LegacySignIn { username, password, resource: self.settings.id, protocol };
        let response = link.exchange(self.forward(request, &sign_in)?);
        if response.body().len() > MAX_BODY || !response.status().is_success() {
            return Err(refusal(&response));
        }
        match read_json::<LetIn>(response.body()) {
            Ok(user) => Ok(user.upn),
            Err(_) => Err(refusal(&response)),
        }
    }

    /// The client's user agent and address go along: they are all the provider sees of the client.
    fn forward(&self, request: &Request, sign_in: &LegacySignIn) -> Result<Request, AccessError> {
        let mut forwarded = http::Request::post(format!("{}/legacy-sign-in", self.settings.issuer))
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(sign_in.to_form().encode().into_bytes())
            .map_err(|_| AccessError::Malformed)?;
        for name in [header::USER_AGENT.as_str(), FORWARDED_FOR] {
            if let Some(value) = request.headers().get(name) {
                forwarded.headers_mut().insert(name, value.clone());
            }
        }
        Ok(forwarded)
    }
}

/// The provider's word that this user may come in.
#[derive(serde::Deserialize)]
struct LetIn {
    upn: String,
}

/// The pair inside `Authorization: Basic` (RFC 7617 section 2): the first colon parts them.
pub(super) fn read_basic(value: &str) -> Result<(String, Secret<String>), AccessError> {
    let octets =
        b64::decode_standard(value).map(Secret::new).map_err(|_| AccessError::Malformed)?;
    let text = std::str::from_utf8(octets.expose_secret()).map_err(|_| AccessError::Malformed)?;
    let (username, password) = text.split_once(':').ok_or(AccessError::Malformed)?;
    Ok((username.to_owned(), Secret::from(password)))
}

fn refusal(response: &Response) -> AccessError {
    let body = match response.body().len() {
        0..=MAX_BODY => ErrorBody::read(response),
        _ => None,
    };
    let codes = body.map(|body| body.error_codes).unwrap_or_default();
    let denial = match codes.iter().any(|code| is_policy_code(*code)) {
        true => LegacyDenial::Policy,
        false => LegacyDenial::Credentials,
    };
    AccessError::LegacyRefused { denial, codes }
}

/// AADSTS53000 to 53011 and their longer siblings such as 530084 are Conditional Access.
const fn is_policy_code(code: u32) -> bool {
    matches!(code, 53_000..=53_999 | 530_000..=539_999)
}

#[cfg(test)]
mod tests {
    use super::super::scripted::{Provider, get, server};
    use super::*;
    use crate::base::Danger;

    fn basic(protocol: Option<&'static str>, pair: &str) -> Request {
        let mut request = get("/me");
        let value = format!("Basic {}", b64::encode_standard(pair)).parse().unwrap();
        request.headers_mut().insert(header::AUTHORIZATION, value);
        request.headers_mut().insert(header::USER_AGENT, "mail".parse().unwrap());
        request.headers_mut().insert(FORWARDED_FOR, "192.0.2.9".parse().unwrap());
        if let Some(protocol) = protocol {
            request.headers_mut().insert(LEGACY_PROTOCOL, protocol.parse().unwrap());
        }
        request
    }

    #[test]
    fn the_password_is_forwarded_with_protocol_and_user_agent() {
        let (mut far, mut server) = (Provider::new(), server(Danger::NONE));
        let response = server.handle(&basic(Some("imap4"), "ALICE:p:w"), &mut far);
        assert_eq!(response.status(), 200);
        assert!(response.body().ends_with(b"of alice@contoso.example\n"), "the provider's name");
        let [request] = far.seen.as_slice() else { panic!("one request") };
        assert!(request.uri().path().ends_with("/legacy-sign-in"));
        assert_eq!(request.headers()["user-agent"], "mail");
        assert_eq!(request.headers()["x-forwarded-for"], "192.0.2.9");
        let sign_in = LegacySignIn::parse(request).unwrap();
        assert_eq!(sign_in.password.expose_secret(), "p:w");
        assert_eq!((sign_in.protocol.as_str(), sign_in.resource), ("IMAP4", server.server.id()));
    }

    #[test]
    fn the_provider_s_refusal_is_passed_on() {
        let cases = [
            (50126, 401, LegacyDenial::Credentials),
            (50057, 401, LegacyDenial::Credentials),
            (53003, 403, LegacyDenial::Policy),
            (530_084, 403, LegacyDenial::Policy),
        ];
        for (code, status, denial) in cases {
            let (mut far, mut server) = (Provider::new(), server(Danger::NONE));
            far.legacy_refusal = Some(code);
            let response = server.handle(&basic(Some("IMAP4"), "a:b"), &mut far);
            assert_eq!(response.status(), status, "{code}");
            let refusal = server.take_refusal().unwrap();
            assert_eq!(refusal, AccessError::LegacyRefused { denial, codes: vec![code] });
            assert_eq!(refusal.check(), None);
        }
    }

    #[test]
    fn only_protocols_that_are_spoken_reach_the_provider() {
        let (mut far, mut server) = (Provider::new(), server(Danger::NONE));
        for (protocol, pair, code) in [
            (None, "a:b", "resource.legacy_unknown"),
            (Some("POP3"), "a:b", "resource.legacy_unknown"),
            (Some("IMAP4"), "no colon", "resource.malformed"),
        ] {
            assert_eq!(server.handle(&basic(protocol, pair), &mut far).status(), 400);
            assert_eq!(server.take_refusal().unwrap().code(), code);
        }
        assert!(far.seen.is_empty());
        let broken = read_basic("not base64").unwrap_err();
        assert_eq!(broken, AccessError::Malformed);
    }
}
