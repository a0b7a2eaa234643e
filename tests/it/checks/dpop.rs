//! DPO-01 to DPO-28 and CNF-01: proofs of possession with one fault each.

use token_protection_lab::base::Check;
use token_protection_lab::jose::JwkThumbprint;
use token_protection_lab::pop::certificate::{self, CertificateThumbprint};

use crate::support::danger;
use crate::support::dpop::{ATH, Draft, Fast, Holder, NONCE, NOW, TOKEN, URL};
use crate::support::slow_dpop::SlowRequest;

fn holder() -> Holder {
    Holder::new(1)
}

#[track_caller]
fn verdict(request: &SlowRequest) -> Option<Check> {
    match Fast::new().verify(request, danger()) {
        Ok(_) => None,
        Err(error) => Some(error.check().expect("the window can tell")),
    }
}

/// A good proof with one edit of header or payload, signed all the same.
fn edited(part: fn(&mut Draft) -> &mut Vec<u8>, from: &str, to: &str) -> SlowRequest {
    let holder = holder();
    let mut draft = holder.draft("one");
    let text = String::from_utf8(part(&mut draft).clone()).unwrap();
    assert!(text.contains(from), "{text}");
    *part(&mut draft) = text.replacen(from, to, 1).into_bytes();
    holder.request(holder.sign(&draft))
}

fn header(from: &str, to: &str) -> SlowRequest {
    edited(|draft| &mut draft.header, from, to)
}

fn claims(from: &str, to: &str) -> SlowRequest {
    edited(|draft| &mut draft.payload, from, to)
}

fn good() -> SlowRequest {
    claims("one", "two")
}

#[test]
fn a_good_proof_passes_every_check() {
    assert_eq!(verdict(&good()), None);
}

#[test]
fn dpo_01_there_is_a_proof() {
    assert_eq!(verdict(&SlowRequest { proofs: vec![], ..good() }), Some(Check::DpopProofPresent));
}

#[test]
fn dpo_02_two_proofs_are_one_too_many() {
    let mut request = good();
    request.proofs.push(request.proofs[0].clone());
    assert_eq!(verdict(&request), Some(Check::DpopOneProof));
}

#[test]
fn dpo_03_the_longest_proof_is_8192_octets() {
    // Four characters carry three octets: the length is set to the octet by the rest.
    let padded = |length: usize| {
        let holder = holder();
        (0..9000)
            .map(|fill| {
                let mut draft = holder.draft("one");
                let at = draft.payload.len() - 1;
                draft
                    .payload
                    .splice(at..at, format!(r#","x":"{}""#, "x".repeat(fill)).into_bytes());
                let parts = [&draft.header, &draft.payload].map(|part| part.len().div_ceil(3) * 4);
                (parts[0] + parts[1], draft)
            })
            .find(|(long, _)| *long >= length - 90)
            .map(|(_, draft)| holder.request(holder.sign(&draft)))
            .unwrap()
    };
    let at = padded(8192);
    assert!((8186..=8192).contains(&at.proofs[0].len()), "{}", at.proofs[0].len());
    assert_eq!(verdict(&at), None);
    let over = padded(8198);
    assert!(over.proofs[0].len() > 8192);
    assert_eq!(verdict(&over), Some(Check::DpopProofSize));
}

#[test]
fn dpo_04_what_is_no_jws_is_refused() {
    let good = String::from_utf8(good().proofs[0].clone()).unwrap();
    for proof in ["", "..", "a.b.c", &format!("{good}="), &format!("{good}.x"), &good[1..]] {
        assert_eq!(verdict(&holder().request(proof)), Some(Check::DpopProofShape), "{proof}");
    }
    for twice in [
        header(r#""alg""#, r#""alg":"ES256","alg""#),
        claims(r#""jti""#, r#""x":{"a":1,"a":1},"jti""#),
    ] {
        assert_eq!(verdict(&twice), Some(Check::DpopProofShape));
    }
}

#[test]
fn dpo_05_crit_and_b64_are_refused() {
    for extension in [r#""crit":["exp"],"#, r#""crit":[],"#, r#""crit":null,"#, r#""b64":true,"#] {
        let request = header(r#""typ""#, &format!(r#"{extension}"typ""#));
        assert_eq!(verdict(&request), Some(Check::DpopCritical), "{extension}");
    }
}

#[test]
fn dpo_06_what_is_required_is_there() {
    for name in ["jti", "htm", "htu", "iat"] {
        let request = claims(&format!(r#""{name}""#), r#""other""#);
        assert_eq!(verdict(&request), Some(Check::DpopMembers), "{name}");
    }
    let typed = claims(&format!(r#""iat":{NOW}"#), &format!(r#""iat":"{NOW}""#));
    assert_eq!(verdict(&typed), Some(Check::DpopMembers));
    assert_eq!(verdict(&header(r#""jwk""#, r#""other""#)), Some(Check::DpopMembers));
}

#[test]
fn dpo_07_a_jti_is_at_most_256_octets_long() {
    assert_eq!(verdict(&claims("one", &"j".repeat(256))), None);
    assert_eq!(verdict(&claims("one", &"j".repeat(257))), Some(Check::DpopJtiSize));
}

#[test]
fn dpo_08_the_type_is_dpop_jwt() {
    for typ in [r#""JWT""#, r#""DPOP+JWT""#, r#""application/dpop+jwt""#, "1", "null"] {
        assert_eq!(verdict(&header(r#""dpop+jwt""#, typ)), Some(Check::DpopType), "{typ}");
    }
}

#[test]
fn dpo_09_the_algorithm_is_es256() {
    for alg in [r#""none""#, r#""es256""#, r#""HS256""#, r#""RS256""#, r#"["ES256"]"#] {
        let request = header(r#""alg":"ES256""#, &format!(r#""alg":{alg}"#));
        assert_eq!(verdict(&request), Some(Check::DpopAlgorithm), "{alg}");
    }
}

#[test]
fn dpo_10_the_key_is_one_of_p256() {
    for (from, to) in [("EC", "OKP"), ("P-256", "P-384"), (r#""x":""#, r#""x":"A"#)] {
        assert_eq!(verdict(&header(from, to)), Some(Check::DpopKey), "{to}");
    }
}

#[test]
fn dpo_11_the_key_is_not_for_something_else() {
    for member in [r#""use":"enc""#, r#""key_ops":["sign"]"#, r#""alg":"ES384""#, r#""use":null"#] {
        let request = header(r#""kty""#, &format!(r#"{member},"kty""#));
        assert_eq!(verdict(&request), Some(Check::DpopKeyUse), "{member}");
    }
}

#[test]
fn dpo_12_the_signature_is_the_keys() {
    let (holder, other) = (holder(), Holder::new(2));
    let request = holder.request(other.sign(&holder.draft("one")));
    assert_eq!(verdict(&request), Some(Check::DpopSignature));
    let mut request = good();
    let end = request.proofs[0].len() - 86;
    request.proofs[0].truncate(end);
    assert_eq!(verdict(&request), Some(Check::DpopSignature));
}

#[test]
fn dpo_13_the_key_is_public() {
    for name in ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] {
        let request = header(r#""kty""#, &format!(r#""{name}":null,"kty""#));
        assert_eq!(verdict(&request), Some(Check::DpopKeyPublic), "{name}");
    }
}

#[test]
fn dpo_14_the_method_is_the_requests() {
    for method in ["POST", "get", "", "GET "] {
        let request = claims(r#""GET""#, &format!(r#""{method}""#));
        assert_eq!(verdict(&request), Some(Check::DpopMethod), "{method}");
    }
}

#[test]
fn dpo_15_the_uri_is_the_requests() {
    for uri in ["https://resource.example.org/", "https://other.example/protectedresource", "*"] {
        assert_eq!(verdict(&claims(URL, uri)), Some(Check::DpopUri), "{uri}");
    }
}

#[test]
fn dpo_16_where_nonces_are_demanded_there_is_one() {
    let request = claims(r#""nonce""#, r#""other""#);
    assert_eq!(verdict(&request), Some(Check::DpopNoncePresent));
    assert_eq!(verdict(&SlowRequest { nonces: None, ..request }), None);
}

#[test]
fn dpo_17_the_nonce_is_this_servers() {
    assert_eq!(verdict(&claims(NONCE, "another")), Some(Check::DpopNonce));
    // A server that gives out none gave out none of these.
    assert_eq!(verdict(&SlowRequest { nonces: None, ..good() }), Some(Check::DpopNonce));
}

#[test]
fn dpo_18_a_proof_may_be_300_seconds_old() {
    let dated = |iat: String| claims(&NOW.to_string(), &iat);
    assert_eq!(verdict(&dated(format!("{}", NOW - 300))), None);
    assert_eq!(verdict(&dated(format!("{}", NOW - 301))), Some(Check::DpopAge));
    assert_eq!(verdict(&dated(format!("{}.75", NOW - 301))), Some(Check::DpopAge));
}

#[test]
fn dpo_19_a_proof_may_lie_30_seconds_ahead() {
    let dated = |iat: String| claims(&NOW.to_string(), &iat);
    assert_eq!(verdict(&dated(format!("{}", NOW + 30))), None);
    assert_eq!(verdict(&dated(format!("{}", NOW + 31))), Some(Check::DpopAhead));
    assert_eq!(verdict(&dated(format!("{}.25", NOW + 30))), Some(Check::DpopAhead));
}

#[test]
fn dpo_20_an_expiry_that_is_there_counts() {
    let with = |exp: String| claims(r#""jti""#, &format!(r#""exp":{exp},"jti""#));
    assert_eq!(verdict(&with(format!("{}", NOW + 1))), None);
    assert_eq!(verdict(&with(format!("{NOW}.5"))), None);
    assert_eq!(verdict(&with(format!("{NOW}"))), Some(Check::DpopExpiry));
}

#[test]
fn dpo_21_a_beginning_that_is_there_counts() {
    let with = |nbf: String| claims(r#""jti""#, &format!(r#""nbf":{nbf},"jti""#));
    assert_eq!(verdict(&with(format!("{NOW}"))), None);
    assert_eq!(verdict(&with(format!("{NOW}.5"))), Some(Check::DpopNotBefore));
    assert_eq!(verdict(&with(format!("{}", NOW + 1))), Some(Check::DpopNotBefore));
}

#[test]
fn dpo_22_a_proof_with_a_token_has_its_hash() {
    assert_eq!(verdict(&claims(r#""ath""#, r#""other""#)), Some(Check::DpopTokenHashPresent));
}

#[test]
fn dpo_23_the_hash_is_of_this_token() {
    for ath in ["", "AAAA", &format!("{ATH}="), &ATH.to_lowercase()] {
        assert_eq!(verdict(&claims(ATH, ath)), Some(Check::DpopTokenHash), "{ath}");
    }
    let request = SlowRequest { token: Some(format!("{TOKEN}x")), ..good() };
    assert_eq!(verdict(&request), Some(Check::DpopTokenHash));
}

#[test]
fn dpo_24_the_key_is_the_one_that_is_bound() {
    let jkt = Some(Holder::new(2).jkt());
    let request = SlowRequest { jkt: jkt.clone(), ..good() };
    assert_eq!(verdict(&request), Some(Check::DpopBoundKey));
    let grant = claims(r#""ath""#, r#""other""#);
    let grant = SlowRequest { token: None, scheme: None, ..grant };
    assert_eq!(verdict(&grant), None);
    assert_eq!(verdict(&SlowRequest { jkt, ..grant }), Some(Check::DpopBoundKey));
}

#[test]
fn dpo_25_a_bearer_token_does_not_pass_as_bound() {
    assert_eq!(verdict(&SlowRequest { jkt: None, ..good() }), Some(Check::DpopTokenBound));
}

#[test]
fn dpo_26_a_bound_token_does_not_pass_as_bearer() {
    for scheme in [Some("Bearer".to_owned()), None] {
        assert_eq!(verdict(&SlowRequest { scheme, ..good() }), Some(Check::DpopScheme));
    }
}

#[test]
fn dpo_27_a_proof_for_a_token_needs_the_token() {
    let request = SlowRequest { token: None, scheme: None, jkt: None, ..good() };
    assert_eq!(verdict(&request), Some(Check::DpopTokenHashAbsent));
}

#[test]
fn dpo_28_a_proof_is_good_once() {
    let (fast, request) = (Fast::new(), good());
    assert!(fast.verify(&request, danger()).is_ok());
    let again = fast.verify(&request, danger());
    assert_eq!(again.map_err(|error| error.check()), Err(Some(Check::DpopReplay)));
}

#[test]
fn cnf_01_the_certificate_is_the_one_that_is_bound() {
    let bound = CertificateThumbprint::of_der(b"certificate");
    assert!(certificate::verify(Some(b"certificate"), bound, danger()).is_ok());
    assert!(certificate::verify(Some(b"another"), bound, danger()).is_err());
    assert!(certificate::verify(None, bound, danger()).is_err());
}

/// The thumbprint that tokens are bound to is the one of RFC 7638, of nothing but the key.
#[test]
fn the_evidence_names_the_key() {
    let jkt: JwkThumbprint = holder().jkt().parse().unwrap();
    let possession = Fast::new().verify(&good(), danger()).unwrap();
    assert_eq!(possession.jkt(), jkt);
}
