//! DPoP on the wire (RFC 9449): the `DPoP` and `DPoP-Nonce` fields, the token type and scheme of the
//! same name, and the client certificate that the network states for RFC 8705.
//!
//! Nothing here reads a proof: what stands in a `DPoP` field is octets to this room.

use http::{HeaderMap, HeaderValue, StatusCode, header};

use super::answer::ErrorBody;
use super::authorize::single_header;
use super::{MAX_BODY, ParseError, Request, Response};
use crate::base::{Secret, b64};

/// Header with a proof (RFC 9449 section 4.1).
pub const DPOP: &str = "dpop";
/// Header with the nonce that the next proof is to carry (RFC 9449 section 8).
pub const DPOP_NONCE: &str = "dpop-nonce";
/// Header with the certificate of the client's end of mutual TLS, DER in standard base64.
///
/// # Simulated
/// There is no TLS here. As with [`FORWARDED_FOR`](super::authorize::FORWARDED_FOR), the network
/// writes it and never the sender.
pub const CLIENT_CERTIFICATE: &str = "x-client-cert";
/// The one algorithm of proofs here, as metadata and challenges name it.
pub const PROOF_ALGORITHM: &str = "ES256";

/// A longer nonce is no nonce to a client: it is repeated in every proof.
const MAX_NONCE: usize = 512;

/// How an access token is presented: `token_type` of an answer, scheme of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TokenType {
    /// Whoever has it may use it (RFC 6750).
    Bearer,
    /// With a proof of the key that it is bound to (RFC 9449 section 7.1).
    Dpop,
}

impl TokenType {
    /// The type or scheme with this name, compared without case (RFC 6749 section 5.1, RFC 9110
    /// section 11.1).
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        [Self::Bearer, Self::Dpop]
            .into_iter()
            .find(|known| known.as_str().eq_ignore_ascii_case(name))
    }

    /// The name as registered.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bearer => "Bearer",
            Self::Dpop => "DPoP",
        }
    }
}

/// Every `DPoP` field of a request, as it came and in order: a verifier has to see that there are
/// several, or that one is empty.
#[must_use]
pub fn proofs(headers: &HeaderMap) -> Vec<&[u8]> {
    headers.get_all(DPOP).iter().map(HeaderValue::as_bytes).collect()
}

/// The request with this proof and no other.
///
/// # Errors
/// [`http::Error`] if the text makes no header.
pub fn with_proof(mut request: Request, proof: &Secret<String>) -> Result<Request, http::Error> {
    let value = HeaderValue::from_str(proof.expose_secret())?;
    request.headers_mut().insert(DPOP, value);
    Ok(request)
}

/// The request with `Authorization: Bearer` or `Authorization: DPoP`.
///
/// # Errors
/// [`http::Error`] if the token makes no header.
pub fn with_token(
    mut request: Request,
    scheme: TokenType,
    token: &Secret<String>,
) -> Result<Request, http::Error> {
    let text = Secret::new(format!("{} {}", scheme.as_str(), token.expose_secret()));
    let mut value = HeaderValue::from_str(text.expose_secret())?;
    value.set_sensitive(true);
    request.headers_mut().insert(header::AUTHORIZATION, value);
    Ok(request)
}

/// Gives the nonce for the next proof, in place of one that was given before: there must not be
/// two (RFC 9449 section 8.1). A value that is not of the registered syntax is not given.
pub fn give_nonce(response: &mut Response, nonce: &str) {
    match HeaderValue::from_str(nonce) {
        Ok(value) if is_nonce(nonce) => response.headers_mut().insert(DPOP_NONCE, value),
        _ => None,
    };
}

/// The nonce that an answer gives out. Two of them, or one that is not `1*NQCHAR`, are none.
#[must_use]
pub fn nonce_of(response: &Response) -> Option<&str> {
    let mut values = response.headers().get_all(DPOP_NONCE).iter();
    let nonce = values.next()?.to_str().ok()?;
    match values.next() {
        None if is_nonce(nonce) => Some(nonce),
        _ => None,
    }
}

/// Whether an answer asks to be called again with the nonce that it gives: `use_dpop_nonce` in the
/// body of a token endpoint (RFC 9449 section 8) or in a challenge of a resource (section 9).
#[must_use]
pub fn demands_nonce(response: &Response) -> bool {
    const ERROR: &str = "use_dpop_nonce";
    if nonce_of(response).is_none() || response.body().len() > MAX_BODY {
        return false;
    }
    match response.status() {
        StatusCode::BAD_REQUEST => {
            ErrorBody::read(response).is_some_and(|body| body.error == ERROR)
        }
        StatusCode::UNAUTHORIZED => response
            .headers()
            .get_all(header::WWW_AUTHENTICATE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .any(|challenge| challenge.contains(&format!("error=\"{ERROR}\""))),
        _ => false,
    }
}

/// RFC 9449 section 8.1: `nonce = 1*NQCHAR`, RFC 6749 appendix A: %x21 / %x23-5B / %x5D-7E.
fn is_nonce(text: &str) -> bool {
    let nqchar = |octet: u8| matches!(octet, 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
    (1..=MAX_NONCE).contains(&text.len()) && text.bytes().all(nqchar)
}

/// The DER of the certificate that the client showed in mutual TLS, as the network states it.
///
/// # Errors
/// [`ParseError`] if it stands twice, is too long or is no base64.
pub fn client_certificate(headers: &HeaderMap) -> Result<Option<Vec<u8>>, ParseError> {
    let malformed = |_| ParseError::Malformed { field: CLIENT_CERTIFICATE };
    let text = single_header(headers, CLIENT_CERTIFICATE)?;
    text.map(|text| b64::decode_standard(text).map_err(malformed)).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request() -> Request {
        http::Request::new(vec![])
    }

    #[test]
    fn every_field_is_handed_on_as_it_came() {
        let mut request = request();
        assert!(proofs(request.headers()).is_empty());
        for value in [b"a.b.c".as_slice(), b"", b"\xff"] {
            request.headers_mut().append("DPoP", HeaderValue::from_bytes(value).unwrap());
        }
        assert_eq!(proofs(request.headers()), [b"a.b.c".as_slice(), b"", b"\xff"]);
        let one = with_proof(request, &"x.y.z".into()).unwrap();
        assert_eq!(proofs(one.headers()), [b"x.y.z"]);
    }

    #[test]
    fn a_token_stands_under_its_scheme_and_in_no_debug_text() {
        let sent = with_token(request(), TokenType::Dpop, &"at".into()).unwrap();
        assert_eq!(sent.headers()["authorization"], "DPoP at");
        assert!(!format!("{:?}", sent.headers()).contains("DPoP at"));
        assert!(with_token(request(), TokenType::Bearer, &"a\nt".into()).is_err());
    }

    #[test]
    fn types_compare_without_case() {
        assert_eq!(TokenType::of("dpop"), Some(TokenType::Dpop));
        assert_eq!(TokenType::of("BEARER"), Some(TokenType::Bearer));
        assert_eq!(TokenType::of("pop"), None);
    }

    #[test]
    fn an_answer_gives_one_nonce_or_none() {
        let mut response = Response::new(vec![]);
        assert_eq!(nonce_of(&response), None);
        give_nonce(&mut response, "n-1");
        give_nonce(&mut response, "n-2");
        assert_eq!(nonce_of(&response), Some("n-2"));
        response.headers_mut().append(DPOP_NONCE, HeaderValue::from_static("n-3"));
        assert_eq!(nonce_of(&response), None, "two are none");
    }

    #[test]
    fn a_nonce_has_a_syntax() {
        for text in ["", "a b", "a\"b", "a\\b", "\u{7f}", &"n".repeat(MAX_NONCE + 1)] {
            let mut response = Response::new(vec![]);
            give_nonce(&mut response, text);
            assert!(response.headers().is_empty(), "{text:?}");
            if let Ok(value) = HeaderValue::from_str(text) {
                response.headers_mut().insert(DPOP_NONCE, value);
                assert_eq!(nonce_of(&response), None, "{text:?}");
            }
        }
    }

    #[test]
    fn a_demand_for_a_nonce_is_known_from_both_kinds_of_server() {
        let with = |status: u16, header: Option<&'static str>, body: &str, nonce: bool| {
            let mut response = Response::new(body.as_bytes().to_vec());
            *response.status_mut() = StatusCode::from_u16(status).unwrap();
            if let Some(value) = header {
                let value = HeaderValue::from_static(value);
                response.headers_mut().insert(header::WWW_AUTHENTICATE, value);
            }
            if nonce {
                give_nonce(&mut response, "n");
            }
            demands_nonce(&response)
        };
        let body = |error: &str| {
            format!(
                r#"{{"error":"{error}","error_description":"","timestamp":"","trace_id":"","correlation_id":""}}"#
            )
        };
        let challenge = Some(r#"DPoP error="use_dpop_nonce", algs="ES256""#);
        assert!(with(400, None, &body("use_dpop_nonce"), true));
        assert!(with(401, challenge, "", true));
        assert!(!with(401, challenge, "", false), "there is nothing to call again with");
        assert!(!with(400, None, &body("invalid_dpop_proof"), true));
        assert!(!with(401, Some(r#"DPoP error="invalid_token""#), "", true));
        assert!(!with(200, challenge, &body("use_dpop_nonce"), true));
    }

    #[test]
    fn a_certificate_is_strict_base64() {
        let with = |value: &'static str| {
            let mut request = request();
            request.headers_mut().append(CLIENT_CERTIFICATE, HeaderValue::from_static(value));
            request
        };
        assert_eq!(client_certificate(request().headers()), Ok(None));
        assert_eq!(client_certificate(with("MAA=").headers()), Ok(Some(vec![0x30, 0])));
        let malformed = Err(ParseError::Malformed { field: CLIENT_CERTIFICATE });
        assert_eq!(client_certificate(with("MAA").headers()), malformed);
        let mut twice = with("MAA=");
        twice.headers_mut().append(CLIENT_CERTIFICATE, HeaderValue::from_static("MAA="));
        assert_eq!(client_certificate(twice.headers()), malformed);
    }
}
