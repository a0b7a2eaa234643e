//! The provider's signing keys, as its JWKS publishes them (RFC 7517 section 5).

use std::collections::BTreeMap;

use super::AccessError;
use crate::base::{Lifetime, Timestamp};
use crate::jose::P256PublicKey;
use crate::wire::answer::read_json;
use crate::wire::keys::{KeySet, PublishedKey};
use crate::wire::{Link, MAX_BODY, Request, Response};
use http::Method;

const MINUTE: Lifetime = Lifetime::from_secs(60);
/// How often a minute the JWKS is fetched at most. Anybody can make up a `kid`; without a bound each
/// such token would cost the provider a request.
const FETCHES_A_MINUTE: u8 = 10;

/// The keys fetched last, by `kid`.
#[derive(Debug, Default)]
pub(super) struct KnownKeys {
    keys: BTreeMap<String, P256PublicKey>,
    /// When the current minute began, and how often the set was fetched in it.
    minute: Option<(Timestamp, u8)>,
}

impl KnownKeys {
    /// The key with this `kid`. One that is not known is looked for once more in a fresh JWKS, since
    /// the provider may have rotated; ten times a minute at most, then it counts as unknown.
    pub(super) fn find(
        &mut self,
        kid: &str,
        issuer: &str,
        link: &mut dyn Link,
    ) -> Result<Option<&P256PublicKey>, AccessError> {
        if !self.keys.contains_key(kid) && self.may_fetch(link.now()) {
            self.keys = fetch(issuer, link)?;
        }
        Ok(self.keys.get(kid))
    }

    fn may_fetch(&mut self, now: Timestamp) -> bool {
        let (begin, count) = match self.minute {
            Some((begin, count)) if now < begin + MINUTE => (begin, count),
            _ => (now, 0),
        };
        self.minute = Some((begin, count.saturating_add(1)));
        count < FETCHES_A_MINUTE
    }

    /// Any key, for a server that does not check signatures.
    pub(super) fn danger_any(&self) -> Option<&P256PublicKey> {
        self.keys.values().next()
    }
}

fn fetch(
    issuer: &str,
    link: &mut dyn Link,
) -> Result<BTreeMap<String, P256PublicKey>, AccessError> {
    let request: Request = http::Request::builder()
        .method(Method::GET)
        .uri(format!("{issuer}/discovery/keys"))
        .body(Vec::new())
        .map_err(|_| AccessError::KeysUnavailable)?;
    read(&link.exchange(request)).ok_or(AccessError::KeysUnavailable)
}

/// Keys of kinds that are not known here are skipped (RFC 7517 section 5); two with one `kid` would
/// leave open which of them verifies, so such a set is none.
fn read(response: &Response) -> Option<BTreeMap<String, P256PublicKey>> {
    if !response.status().is_success() || response.body().len() > MAX_BODY {
        return None;
    }
    let published: KeySet = read_json(response.body()).ok()?;
    let mut keys = BTreeMap::new();
    for PublishedKey { kid, jwk, .. } in published.keys {
        let Ok(key) = P256PublicKey::from_jwk(&jwk) else { continue };
        if keys.insert(kid, key).is_some() {
            return None;
        }
    }
    Some(keys)
}

#[cfg(test)]
mod tests {
    use super::super::scripted::{Provider, bearer, server};
    use super::*;
    use crate::base::{Check, Danger};

    #[test]
    fn keys_are_fetched_once_and_again_after_a_rotation() {
        let (mut far, mut server) = (Provider::new(), server(Danger::NONE));
        let old = bearer(&far.token(|_| ()));
        for _ in 0..3 {
            assert_eq!(server.handle(&old, &mut far).status(), 200);
        }
        assert_eq!(far.seen.len(), 1);
        far.rotate();
        let new = bearer(&far.token(|_| ()));
        assert_eq!(server.handle(&new, &mut far).status(), 200);
        assert_eq!(far.seen.len(), 2);
        assert_eq!(server.handle(&old, &mut far).status(), 401);
    }

    #[test]
    fn an_unknown_key_costs_one_fetch() {
        let (mut far, mut server) = (Provider::new(), server(Danger::NONE));
        let header = crate::jose::Header { kid: Some("mine".to_owned()), ..far.header() };
        let token = bearer(&far.signed_by_stranger(&header, |_| ()));
        assert_eq!(server.handle(&token, &mut far).status(), 401);
        assert_eq!(far.seen.len(), 1);
    }

    #[test]
    fn made_up_keys_cost_ten_fetches_a_minute_at_most() {
        let (mut far, mut server) = (Provider::new(), server(Danger::NONE));
        let good = bearer(&far.token(|_| ()));
        let stranger = |far: &mut Provider, kid: u8| {
            let kid = Some(format!("made up {kid}"));
            let header = crate::jose::Header { kid, ..far.header() };
            bearer(&far.signed_by_stranger(&header, |_| ()))
        };
        for kid in 0..30 {
            let token = stranger(&mut far, kid);
            assert_eq!(server.handle(&token, &mut far).status(), 401, "{kid}");
        }
        assert_eq!(far.seen.len(), 10);
        assert_eq!(server.handle(&good, &mut far).status(), 200, "known keys still serve");
        far.now = far.now + Lifetime::from_secs(59);
        let token = stranger(&mut far, 30);
        server.handle(&token, &mut far);
        assert_eq!(far.seen.len(), 10);
        far.now = far.now + Lifetime::from_secs(1);
        server.handle(&token, &mut far);
        assert_eq!(far.seen.len(), 11);
    }

    #[test]
    fn without_keys_nobody_is_served_and_known_keys_stay() {
        let (mut far, mut server) = (Provider::new(), server(Danger::NONE));
        let token = bearer(&far.token(|_| ()));
        for broken in ["", "{}", "[]", r#"{"keys":[{"kty":"EC"}],"keys":[]}"#] {
            far.jwks = Some(broken.to_owned());
            assert_eq!(server.handle(&token, &mut far).status(), 503);
            let refusal = server.take_refusal().unwrap();
            assert_eq!(refusal.check(), Some(Check::AccessTokenSignature));
        }
        far.jwks = None;
        assert_eq!(server.handle(&token, &mut far).status(), 200);
        let header = crate::jose::Header { kid: Some("mine".to_owned()), ..far.header() };
        let stranger = bearer(&far.signed_by_stranger(&header, |_| ()));
        far.jwks = Some("broken".to_owned());
        assert_eq!(server.handle(&stranger, &mut far).status(), 503);
        assert_eq!(server.handle(&token, &mut far).status(), 200);
    }

    #[test]
    fn foreign_kinds_are_skipped_and_a_name_stands_once() {
        let key = Provider::new().published();
        let set = |keys: &str| {
            read(&Response::new(format!(r#"{{"keys":[{keys}]}}"#).into_bytes()))
                .map(|set| set.len())
        };
        let rsa = r#"{"kty":"RSA","kid":"r","use":"sig","alg":"RS256","n":"AA","e":"AQAB"}"#;
        assert_eq!(set(&format!("{rsa},{key}")), Some(1));
        assert_eq!(set(&format!("{key},{key}")), None);
        assert_eq!(set(""), Some(0));
    }
}
