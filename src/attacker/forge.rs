//! Messages that no honest party would send: signed under captured or made-up keys, or altered.

use crate::base::id::AppId;
use crate::base::{Secret, Timestamp, b64};
use crate::broker::loot::CapturedKey;
use crate::broker::requests::{self, UseFacts};
use crate::jose::kdf::{Ctx, KdfVersion, SessionKey};
use crate::pop::session_key;
use crate::wire::Request;
use crate::wire::dpop::DPOP;
use crate::wire::form::Form;

/// A browser credential under a captured derived key: good under KDF v1, where the key does not
/// depend on the payload.
#[must_use]
pub fn browser_credential(captured: &CapturedKey, nonce: &str) -> Secret<String> {
    let protocol = crate::broker::Protocol::SessionKey;
    let claims = requests::browser_credential(&captured.prt, nonce, protocol);
    sign(captured, &requests::payload(&claims))
}

/// A token request under a captured derived key. The provider may take it; its answer is encrypted
/// under another derived key, which the thief does not have.
#[must_use]
pub fn token_request(
    captured: &CapturedKey,
    client: AppId,
    resource: &str,
    nonce: &str,
    now: Timestamp,
) -> Secret<String> {
    let facts = UseFacts { client, resource: Some(resource), scope: "", token: &captured.prt };
    sign(captured, &requests::payload(&requests::prt_use(&facts, nonce, now)))
}

/// A captured key for a PRT without its session key: a key of the thief's own making.
#[must_use]
pub fn made_up_key(prt: &Secret<String>, rng: &mut impl rand::Rng) -> CapturedKey {
    let ctx = Ctx::random(rng);
    let key = SessionKey::generate(rng).derive(KdfVersion::V2, &ctx, b"");
    CapturedKey { ctx, version: KdfVersion::V2, key, prt: prt.clone() }
}

fn sign(captured: &CapturedKey, payload: &Secret<Vec<u8>>) -> Secret<String> {
    let CapturedKey { key, ctx, version, .. } = captured;
    Secret::new(session_key::present(key, ctx, *version, payload.expose_secret()))
}

/// A recorded token request that now asks for another resource, signature as it was. Messages
/// without a signed request come back as they were.
#[must_use]
pub fn altered(request: &Request, resource: &str) -> Request {
    let mut altered = request.clone();
    if let Some(body) = altered_body(request.body(), resource) {
        *altered.body_mut() = body.into_bytes();
    }
    altered
}

fn altered_body(body: &[u8], resource: &str) -> Option<String> {
    let form = Form::parse(body).ok()?;
    let jwt = form.required("request").ok()?;
    let jwt = with_claims(&jwt, |claims| {
        claims.insert("resource".to_owned(), resource.into());
    })?;
    Some(form.with("request", jwt).encode())
}

/// Whether an access token says that it is bound to a key. Anybody can read that.
#[must_use]
pub fn is_bound(token: &Secret<String>) -> bool {
    let mut bound = false;
    with_claims(token.expose_secret(), |claims| bound = claims.contains_key("cnf"));
    bound
}

/// An access token with its `cnf` claim taken out, signature as it was: no longer bound, if anybody
/// believed it.
#[must_use]
pub fn without_cnf(token: &Secret<String>) -> Option<Secret<String>> {
    let altered = with_claims(token.expose_secret(), |claims| {
        claims.remove("cnf");
    });
    altered.map(Secret::new)
}

/// A held-back request with another note in its body; everything that is signed as it was.
#[must_use]
pub fn with_note(request: &Request, note: &str) -> Request {
    let mut altered = request.clone();
    *altered.body_mut() = Form::default().with("note", note).encode().into_bytes();
    altered
}

/// A recorded request without the DPoP proof that came with it, so that another can go in its place.
#[must_use]
pub fn without_proof(request: &Request) -> Request {
    let mut altered = request.clone();
    altered.headers_mut().remove(DPOP);
    altered
}

/// A JWS with other claims under its old signature.
fn with_claims(
    jwt: &str,
    change: impl FnOnce(&mut serde_json::Map<String, serde_json::Value>),
) -> Option<String> {
    let (header, rest) = jwt.split_once('.')?;
    let (payload, signature) = rest.split_once('.')?;
    let payload = b64::decode_url(payload).ok()?;
    let mut claims: serde_json::Value = serde_json::from_slice(&payload).ok()?;
    change(claims.as_object_mut()?);
    Some(format!("{header}.{}.{signature}", b64::encode_url(claims.to_string())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_altered_request_keeps_its_signature_and_changes_one_claim() {
        let payload = b64::encode_url(br#"{"resource":"a","scope":"openid"}"#);
        let body = format!("grant_type=x&request=h.{payload}.s");
        let request = http::Request::new(body.into_bytes());
        let other = altered(&request, "b");
        let form = Form::parse(other.body()).unwrap();
        let jwt = form.required("request").unwrap();
        let parts: Vec<_> = jwt.split('.').collect();
        assert_eq!((parts[0], parts[2]), ("h", "s"));
        let payload = b64::decode_url(parts[1]).unwrap();
        assert_eq!(payload, br#"{"resource":"b","scope":"openid"}"#);
    }

    #[test]
    fn a_token_without_its_cnf_keeps_everything_else() {
        let payload = b64::encode_url(br#"{"aud":"a","cnf":{"jkt":"x"}}"#);
        let token = without_cnf(&Secret::new(format!("h.{payload}.s"))).unwrap();
        let payload = b64::encode_url(br#"{"aud":"a"}"#);
        assert_eq!(*token.expose_secret(), format!("h.{payload}.s"));
        assert!(without_cnf(&"no token".into()).is_none());
        assert!(!is_bound(&token) && !is_bound(&"no token".into()));
    }

    #[test]
    fn another_note_leaves_the_headers_alone() {
        let held = http::Request::builder().header("dpop", "p").body(b"note=a".to_vec()).unwrap();
        let altered = with_note(&held, "b c");
        assert_eq!(altered.body(), b"note=b+c");
        assert_eq!(altered.headers(), held.headers());
    }
}
