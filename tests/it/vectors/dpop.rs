//! `dpop-rfc9449.json` and `dpop-negative.json`: the proofs of the RFC, and 192 cases of which each
//! negative one names the reasons that are right. Every case runs through the library and through
//! the slow checker.

use serde_json::Value;
use token_protection_lab::base::{Danger, Timestamp};
use token_protection_lab::jose::jwk::thumbprint_of;
use token_protection_lab::jose::{Jwk, P256, P256PublicKey, Ring, VerifyEs256};
use token_protection_lab::pop::Confirmation;
use token_protection_lab::pop::dpop::{
    Limits, NonceRule, Presented, RequestFacts, Scheme, TargetUri, Verifier, ath,
};

use super::{list, octets, supplied, text};
use crate::support::dpop::{Both, Fast};
use crate::support::slow_dpop::SlowRequest;

fn optional(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

fn request_of(case: &Value) -> SlowRequest {
    let proofs = list(&case["dpop_headers"]).iter();
    SlowRequest {
        method: text(&case["method"]).to_owned(),
        url: text(&case["url"]).to_owned(),
        proofs: proofs.map(|it| text(it).as_bytes().to_vec()).collect(),
        scheme: optional(&case["auth_scheme"]),
        token: optional(&case["access_token"]),
        jkt: optional(&case["bound_jkt"]),
        nonces: case["nonces"].as_array().map(|all| all.iter().filter_map(optional).collect()),
        now: case["now"].as_i64().unwrap(),
    }
}

/// A `cnf` of the token as it would stand in it, where it is none that can be read.
fn unreadable_cnf(jkt: Option<&str>) -> bool {
    let cnf = jkt.map(|jkt| serde_json::json!({ "jkt": jkt }).to_string());
    cnf.is_some_and(|cnf| serde_json::from_str::<Confirmation>(&cnf).is_err())
}

#[test]
fn corpus() {
    let file = supplied("dpop-negative.json");
    let (mut accepted, mut refused, mut unreadable) = (0, 0, Vec::new());
    for case in list(&file["cases"]) {
        let name = text(&case["name"]);
        let request = request_of(case);
        let mut both = Both::new();
        for seen in list(&case["seen"]) {
            let (jkt, jti) = (text(&seen["jkt"]), text(&seen["jti"]));
            let tag = both.fast.replay.key().tag(&jkt.parse().unwrap(), jti.as_bytes());
            let now = Timestamp::from_unix(request.now);
            let until = Timestamp::from_unix(request.now + 300);
            both.fast.replay.window().test_and_set(tag, until, now).unwrap();
            both.slow.seen.insert((jkt.to_owned(), jti.to_owned()), request.now + 300);
        }
        // Such a token is refused before its proof is looked at.
        if unreadable_cnf(request.jkt.as_deref()) {
            assert!(!both.slow.accepts(&request), "{name}");
            assert_eq!(list(&case["reasons"]), ["jkt_mismatch"], "{name}");
            unreadable.push(name);
            refused += 1;
            continue;
        }
        let verdict = both.verdict(&request);
        match text(&case["expect"]) {
            "accept" => {
                assert_eq!(verdict, Ok(()), "{name}");
                accepted += 1;
            }
            _ => {
                let error = verdict.unwrap_err();
                let reasons: Vec<&str> = list(&case["reasons"]).iter().map(text).collect();
                assert!(reasons.contains(&error.category()), "{name}: {error:?} of {reasons:?}");
                assert_eq!(error.answer().as_str(), text(&case["error"]), "{name}");
                refused += 1;
            }
        }
    }
    assert_eq!((accepted, refused), (25, 167));
    assert_eq!(unreadable, ["bind/jkt-padded", "bind/jkt-sha1"]);
}

/// The corpus lies in the project as it came.
#[test]
fn corpus_counts() {
    let file = supplied("dpop-negative.json");
    assert_eq!(list(&file["cases"]).len(), 192);
    assert_eq!(file["counts"], serde_json::json!({"total": 192, "accept": 25, "refuse": 167}));
}

#[test]
fn rfc_9449() {
    let file = supplied("dpop-rfc9449.json");
    let jwk = serde_json::to_vec(&file["public_jwk"]).unwrap();
    let jkt = text(&file["jkt"]).parse().unwrap();
    assert_eq!(thumbprint_of(&jwk), Ok(jkt));
    let jwk: Jwk = serde_json::from_value(file["public_jwk"].clone()).unwrap();
    assert_eq!(P256PublicKey::from_jwk(&jwk).unwrap().thumbprint(), jkt);
    assert_eq!(ath(text(&file["access_token"])), text(&file["ath"]));

    let cnf = &file["access_token_jwt_with_cnf"]["payload"]["cnf"];
    let cnf: Confirmation = serde_json::from_value(cnf.clone()).unwrap();
    assert_eq!(cnf, Confirmation::of_dpop_key(jkt));

    assert_eq!(list(&file["proofs"]).len(), 3);
    for proof in list(&file["proofs"]) {
        let name = text(&proof["name"]);
        let (token, iat) = (proof["access_token"].as_str(), proof["payload"]["iat"].as_i64());
        let now = Timestamp::from_unix(iat.unwrap());
        let uri = TargetUri::parse(text(&proof["url"])).unwrap();
        let request = RequestFacts {
            method: text(&proof["method"]),
            uri: &uri,
            proofs: &[text(&proof["proof"]).as_bytes()],
            scheme: if token.is_some() { Scheme::Dpop } else { Scheme::None },
        };
        let presented = match token {
            Some(token) => Presented::AccessToken { token, jkt: cnf.jkt() },
            None => Presented::NoToken,
        };
        let verifier = Verifier::new(Limits::default());
        let nonces = NonceRule::NotUsed;
        let verdict = verifier.verify(&request, presented, nonces, None, now, Danger::NONE);
        let possession = verdict.unwrap_or_else(|error| panic!("{name}: {error:?}"));
        assert_eq!((possession.jkt(), possession.iat()), (jkt, now), "{name}");
    }
    // The RFC's own trap: two of them share one `jti`, and a window takes it once.
    let fast = Fast::new();
    let first = &list(&file["proofs"])[..2];
    let verdicts = first.iter().map(|proof| {
        let request = SlowRequest {
            method: "POST".to_owned(),
            url: text(&proof["url"]).to_owned(),
            proofs: vec![text(&proof["proof"]).as_bytes().to_vec()],
            scheme: None,
            token: None,
            jkt: None,
            nonces: None,
            now: proof["payload"]["iat"].as_i64().unwrap(),
        };
        fast.verify(&request, Danger::NONE).map(|_| ()).map_err(|error| error.category())
    });
    // Their dates lie further apart than a proof lives, so both are good here.
    assert_eq!(verdicts.collect::<Vec<_>>(), [Ok(()), Ok(())]);
}

/// The example of RFC 7515 appendix A.3 and the compact ES256 cases of Wycheproof, on the backends
/// that proofs are verified with.
#[test]
fn es256_backends() {
    let file = supplied("jws-rfc7515.json");
    for case in list(&file["examples"]).iter().filter(|case| text(&case["alg"]) == "ES256") {
        assert_eq!(on_every_backend(&case["jwk"], text(&case["jws"])), Some(true));
    }
    let file = supplied("jws-wycheproof.json");
    let (mut ran, mut taken) = (0, Vec::new());
    for group in list(&file["groups"]).iter().filter(|group| text(&group["alg"]) == "ES256") {
        for test in list(&group["tests"]) {
            if let Some(verdict) = on_every_backend(&group["key"], text(&test["jws"])) {
                ran += 1;
                taken.extend(verdict.then(|| test["tcId"].as_u64().unwrap()));
            }
        }
    }
    // Of 354 and 356 the signature is right; their keys say that they are for something else, which
    // is refused before (DPO-11).
    assert_eq!((ran, taken), (28, vec![18, 354, 356, 378]));
}

/// Whether each backend takes the signature; nothing if the text does not come so far.
fn on_every_backend(jwk: &Value, jws: &str) -> Option<bool> {
    let (input, signature) = jws.rsplit_once('.')?;
    let signature = token_protection_lab::base::b64::decode_url(signature).ok()?;
    let signature: [u8; 64] = signature.try_into().ok()?;
    let (x, y) = (octets(&jwk["x"]), octets(&jwk["y"]));
    let key: [u8; 65] = [vec![4], x, y].concat().try_into().ok()?;
    let ring = Ring.accepts(&key, input.as_bytes(), &signature);
    assert_eq!(P256.accepts(&key, input.as_bytes(), &signature), ring, "{jws}");
    Some(ring)
}
