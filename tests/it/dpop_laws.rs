//! A proof verifies if and only if the slow checker says so, over mutations of every octet, of every
//! header parameter and of every claim, and over valid variants.

use std::sync::Barrier;

use proptest::prelude::*;
use token_protection_lab::base::stream::Seed;
use token_protection_lab::base::{Danger, Lifetime, Timestamp};
use token_protection_lab::jose::SigningKey;
use token_protection_lab::pop::dpop::{
    DpopAnswer, DpopError, Limits, NonceDemand, Presented, ProofDraft, Recipient,
    RecipientSettings, RequestFacts, Scheme, TargetUri, Unprotected, Verifier,
};
use token_protection_lab::pop::replay::{ReplayKey, SharedReplay, Window};

use crate::support::dpop::{ATH, Both, Draft, Fast, Holder, NONCE, NOW, TOKEN, URL};
use crate::support::slow_dpop::{SlowRequest, normal_uri};

fn good(holder: &Holder) -> SlowRequest {
    holder.request(holder.sign(&holder.draft("good")))
}

/// Each octet replaced, left out, and preceded by another.
fn mutants(octets: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    (0..octets.len()).flat_map(move |at| {
        let change = move |edit: fn(&mut Vec<u8>, usize)| {
            let mut mutant = octets.to_vec();
            edit(&mut mutant, at);
            mutant
        };
        [
            change(|it, at| it[at] ^= 1),
            change(|it, at| it[at] ^= 0x20),
            change(|it, at| it[at] = if it[at] == b'A' { b'B' } else { b'A' }),
            change(|it, at| it[at] = b'.'),
            change(|it, at| it[at] = b'"'),
            change(|it, at| it[at] |= 0x80),
            change(|it, at| {
                it.remove(at);
            }),
            change(|it, at| it.insert(at, b' ')),
            change(|it, at| it.insert(at, it[at])),
        ]
    })
}

/// Without the key nothing that differs from the proof is accepted, apart from `(r, n - s)`, which
/// no single octet makes.
#[test]
fn every_octet_of_a_proof_counts() {
    let holder = Holder::new(1);
    let request = good(&holder);
    let mut both = Both::new();
    let mut ran = 0;
    for mutant in mutants(&request.proofs[0]) {
        if mutant == request.proofs[0] {
            continue;
        }
        let request = SlowRequest { proofs: vec![mutant], ..request.clone() };
        assert!(both.verdict(&request).is_err());
        ran += 1;
    }
    assert!(ran > 4_500, "{ran}");
    assert_eq!(both.verdict(&request), Ok(()));
}

/// With the key: whatever the holder writes, both checkers say the same.
#[test]
fn every_octet_that_a_holder_signs_is_judged_alike() {
    let holder = Holder::new(2);
    let draft = holder.draft("good");
    let (mut accepted, mut refused) = (0, 0);
    let mut judge = |draft: &Draft| {
        match Both::new().verdict(&holder.request(holder.sign(draft))) {
            Ok(()) => accepted += 1,
            Err(_) => refused += 1,
        };
    };
    for header in mutants(&draft.header) {
        judge(&Draft { header, ..draft.clone() });
    }
    for payload in mutants(&draft.payload) {
        judge(&Draft { payload, ..draft.clone() });
    }
    // White space between members, another `jti`, a name that is ignored: many are still good.
    assert!(accepted > 100 && refused > 2_000, "{accepted} {refused}");
}

/// What may stand for a value, in JSON.
const VALUES: &[&str] = &[
    "null",
    "true",
    "false",
    "0",
    "-0",
    "-1",
    "1",
    "1e2",
    "1e400",
    "-1e400",
    "1E+2",
    "0.1",
    "1759999700",
    "1759999699",
    "1759999699.5",
    "1759999699.9999999",
    "1759999700.0",
    "1760000030",
    "1760000030.0",
    "1760000030.5",
    "1760000031",
    "1760000000000",
    "1.76e9",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775808",
    "-9223372036854775809",
    "18446744073709551615",
    "18446744073709551616",
    "18446744075469551616",
    "6054967296",
    "1760000000.0000000000000000001",
    "01759999995",
    "+1",
    "NaN",
    "Infinity",
    "",
    "\"\"",
    "\"x\"",
    "\"GET\"",
    "\"get\"",
    "\"\\u0047ET\"",
    "\"ES256\"",
    "\"ES\\u003256\"",
    "\"dpop+jwt\"",
    "\"dpop\\u002bjwt\"",
    "\"\\ud800\"",
    "\"\\ud83d\\ude00\"",
    "\"\\u0000\"",
    "\"sig\"",
    "\"EC\"",
    "\"P-256\"",
    "\"1760000000\"",
    "[]",
    "[1]",
    "{}",
    "{\"a\":{\"b\":[{\"c\":1}]}}",
    "{\"a\":{\"b\":[{\"c\":1,\"c\":1}]}}",
    "[\"verify\"]",
    "[\"verify\",1]",
    "[\"sign\"]",
    "[\"sign\",\"verify\"]",
    "\"\u{e9}\"",
    "\"\\/\"",
    "\"\t\"",
    "\"eyJ7S_zG.eyJH0-Z.HX4w-7v\"",
    "\"https:\\/\\/resource.example.org\\/protectedresource\"",
];

/// Names and values, as JSON has them.
type Members = Vec<(String, String)>;

fn members(holder: &Holder) -> (Members, Members) {
    let own = |pairs: &[(&str, String)]| {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
    };
    let text = |text: &str| format!("\"{text}\"");
    let header = [("typ", text("dpop+jwt")), ("alg", text("ES256")), ("jwk", holder.jwk())];
    let claims = [
        ("jti", text("good")),
        ("htm", text("GET")),
        ("htu", text(URL)),
        ("iat", NOW.to_string()),
        ("ath", text(ATH)),
        ("nonce", text(NONCE)),
    ];
    (own(&header), own(&claims))
}

fn object(members: &[(String, String)]) -> Vec<u8> {
    let pairs = members.iter().map(|(name, value)| format!("\"{name}\":{value}"));
    format!("{{{}}}", pairs.collect::<Vec<_>>().join(",")).into_bytes()
}

/// Every member with every value, left out, twice, under an escaped and under another name; members
/// of the key likewise, and members that a good proof does not have.
#[test]
fn every_member_is_judged_alike() {
    let holder = Holder::new(3);
    let (header, claims) = members(&holder);
    let jwk: Members = {
        let jwk: serde_json::Value = serde_json::from_str(&holder.jwk()).unwrap();
        jwk.as_object().unwrap().iter().map(|(name, it)| (name.clone(), it.to_string())).collect()
    };
    let (mut accepted, mut refused) = (0, 0);
    let mut judge = |header: &[(String, String)], claims: &[(String, String)]| {
        let draft = Draft { header: object(header), payload: object(claims) };
        match Both::new().verdict(&holder.request(holder.sign(&draft))) {
            Ok(()) => accepted += 1,
            Err(_) => refused += 1,
        };
    };
    for edited in edits(&header, &["crit", "b64", "kid", "x5c", "jku", "\\u0063rit"]) {
        judge(&edited, &claims);
    }
    for edited in edits(&claims, &["exp", "nbf", "iss", "aud", "\\u006ati", "\\u0065xp"]) {
        judge(&header, &edited);
    }
    let more = ["use", "key_ops", "alg", "kid", "d", "p", "q", "dp", "dq", "qi", "oth", "k", "e"];
    for edited in edits(&jwk, &more) {
        let jwk = String::from_utf8(object(&edited)).unwrap();
        let mut header = header.clone();
        header[2].1 = jwk;
        judge(&header, &claims);
    }
    assert!(accepted > 500 && refused > 2_000, "{accepted} {refused}");
}

fn edits(members: &[(String, String)], more: &[&str]) -> impl Iterator<Item = Members> {
    let members = members.to_vec();
    let mut all = vec![members.clone(), members.iter().rev().cloned().collect()];
    for at in 0..members.len() {
        let mut without = members.clone();
        let (name, value) = without.remove(at);
        for other in [
            name.to_uppercase(),
            format!("{name} "),
            format!("\\u{:04x}{}", name.as_bytes()[0], &name[1..]),
        ] {
            let mut renamed = without.clone();
            renamed.push((other.clone(), value.clone()));
            all.push(renamed);
            let mut twice = members.clone();
            twice.push((other, value.clone()));
            all.push(twice);
        }
        let mut twice = members.clone();
        twice.push((name.clone(), value.clone()));
        all.push(twice);
        for value in VALUES {
            let mut edited = members.clone();
            edited[at].1 = (*value).to_owned();
            all.push(edited);
        }
        all.push(without);
    }
    for name in more {
        for value in VALUES {
            let mut edited = members.clone();
            edited.push(((*name).to_owned(), (*value).to_owned()));
            all.push(edited);
        }
    }
    // More members than are told apart without an allocation, the last of them twice.
    for count in [10, 11, 12, 13, 64, 90, 120] {
        let mut many = members.clone();
        many.extend((0..count).map(|n| (format!("m{n}"), "0".to_owned())));
        all.push(many.clone());
        many.push((format!("m{}", count - 1), "0".to_owned()));
        all.push(many);
    }
    all.into_iter()
}

/// The request's own side: method, URI, scheme, token, key, nonces and time.
#[test]
fn every_fact_of_the_request_is_judged_alike() {
    let holder = Holder::new(4);
    let request = good(&holder);
    let other_key = Some(Holder::new(5).jkt());
    let mut all = Vec::new();
    for scheme in ["DPoP", "dpop", "DPOP", "Bearer", "Basic"] {
        all.push(SlowRequest { scheme: Some(scheme.to_owned()), ..request.clone() });
    }
    for method in ["get", "POST", "", "GET\0"] {
        all.push(SlowRequest { method: method.to_owned(), ..request.clone() });
    }
    for url in [
        "https://resource.example.org:443/protectedresource?x#y",
        "http://resource.example.org/protectedresource",
    ] {
        all.push(SlowRequest { url: url.to_owned(), ..request.clone() });
    }
    for jkt in [None, other_key] {
        all.push(SlowRequest { jkt: jkt.clone(), ..request.clone() });
        all.push(SlowRequest { jkt, token: None, ..request.clone() });
    }
    for nonces in [
        None,
        Some(vec![]),
        Some(vec!["x".to_owned()]),
        Some(vec!["x".to_owned(), NONCE.to_owned()]),
    ] {
        all.push(SlowRequest { nonces, ..request.clone() });
    }
    for now in [NOW - 31, NOW - 30, NOW, NOW + 300, NOW + 301, 0, i64::MAX, i64::MAX - 300] {
        all.push(SlowRequest { now, ..request.clone() });
    }
    for proofs in
        [vec![], vec![request.proofs[0].clone(); 2], vec![vec![]], vec![b".".repeat(4000)]]
    {
        all.push(SlowRequest { proofs, ..request.clone() });
    }
    let verdicts: Vec<_> = all.iter().map(|request| Both::new().verdict(request).is_ok()).collect();
    assert_eq!(verdicts.iter().filter(|accepted| **accepted).count(), 8);
}

/// `iat` and `now` at the ends of 64 bits: refused or accepted, never a panic or a wrap.
#[test]
fn integer_extremes() {
    let holder = Holder::new(6);
    let ends =
        [i64::MIN, i64::MIN + 1, i64::MIN + 300, -1, 0, 1, i64::MAX - 300, i64::MAX - 30, i64::MAX];
    for now in ends {
        for iat in ends {
            let mut draft = holder.draft("good");
            let text = String::from_utf8(draft.payload).unwrap();
            draft.payload = text.replace(&NOW.to_string(), &iat.to_string()).into_bytes();
            let request = SlowRequest { now, ..holder.request(holder.sign(&draft)) };
            let near = (-30..=300).contains(&(i128::from(now) - i128::from(iat)));
            let verdict = Fast::new().verify(&request, Danger::NONE);
            assert_eq!(verdict.is_ok(), near, "{iat} at {now}: {verdict:?}");
        }
    }
}

/// A proof dated ahead is remembered until nobody could use it again, and not a second longer than
/// that is needed.
#[test]
fn a_proof_is_remembered_as_long_as_it_would_pass() {
    let holder = Holder::new(7);
    for ahead in [-300, 0, 30] {
        let mut draft = holder.draft("good");
        let text = String::from_utf8(draft.payload).unwrap();
        draft.payload = text.replace(&NOW.to_string(), &(NOW + ahead).to_string()).into_bytes();
        let request = holder.request(holder.sign(&draft));
        let mut both = Both::new();
        assert_eq!(both.verdict(&request), Ok(()));
        for later in [0, 1, 299 + ahead, 300 + ahead] {
            let later = later.clamp(0, 300 + ahead);
            let again = SlowRequest { now: NOW + later, ..request.clone() };
            let verdict = both.verdict(&again).unwrap_err();
            assert_eq!(verdict.category(), "replay", "{ahead} {later}");
        }
        let over = SlowRequest { now: NOW + 301 + ahead, ..request };
        assert_eq!(both.verdict(&over), Err(DpopError::IatPast), "{ahead}");
    }
}

/// A refused proof has used up nothing, whatever it was refused for.
#[test]
fn a_refusal_uses_nothing_up() {
    let holder = Holder::new(8);
    let request = good(&holder);
    let fast = Fast::new();
    for wrong in [
        SlowRequest { method: "PUT".to_owned(), ..request.clone() },
        SlowRequest { nonces: Some(vec![]), ..request.clone() },
        SlowRequest { jkt: Some(Holder::new(9).jkt()), ..request.clone() },
    ] {
        assert!(fast.verify(&wrong, Danger::NONE).is_err());
    }
    assert!(fast.verify(&request, Danger::NONE).is_ok());
}

#[test]
fn of_identical_proofs_at_once_exactly_one_is_accepted() {
    let (holder, fast) = (Holder::new(10), Fast::new());
    for round in 0..20 {
        let request = holder.request(holder.sign(&holder.draft(&format!("race {round}"))));
        let start = Barrier::new(8);
        let accepted: usize = std::thread::scope(|scope| {
            let racers: Vec<_> = (0..8)
                .map(|_| {
                    scope.spawn(|| {
                        start.wait();
                        fast.verify(&request, Danger::NONE)
                    })
                })
                .collect();
            let verdicts = racers.into_iter().map(|racer| racer.join().unwrap());
            verdicts
                .filter(|verdict| match verdict {
                    Ok(_) => true,
                    Err(error) => {
                        assert_eq!(error.category(), "replay");
                        false
                    }
                })
                .count()
        });
        assert_eq!(accepted, 1, "round {round}");
    }
}

/// One verifier and one recipient serve all threads.
#[test]
fn a_recipient_is_shared_between_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<Verifier>();
    shared::<Recipient>();
}

fn recipient(nonces: NonceDemand, replay: Option<SharedReplay>) -> Result<Recipient, Unprotected> {
    let settings = RecipientSettings { limits: Limits::default(), nonces, replay };
    Recipient::new(settings, &mut Seed(11).stream("recipient"))
}

fn window() -> SharedReplay {
    SharedReplay::new(Window::with_capacity(100), ReplayKey::from_octets(&[1; 32]))
}

#[test]
fn a_server_without_window_and_nonces_does_not_start() {
    let lifetime = Lifetime::from_secs(60);
    assert!(recipient(NonceDemand::Demanded(lifetime), None).is_ok());
    assert!(recipient(NonceDemand::NotUsed, Some(window())).is_ok());
    let error = recipient(NonceDemand::NotUsed, None).unwrap_err();
    assert_eq!(error.code(), "pop.dpop_unprotected");
}

/// Challenge, retry, rotation, another server's nonce and a stale one.
#[test]
fn nonces_of_a_server() {
    let lifetime = Lifetime::from_secs(60);
    let mut rng = Seed(12).stream("nonces");
    let server = recipient(NonceDemand::Demanded(lifetime), Some(window())).unwrap();
    let settings =
        RecipientSettings { nonces: NonceDemand::Demanded(lifetime), ..Default::default() };
    let other = Recipient::new(settings, &mut rng).unwrap();
    let key = SigningKey::generate(&mut rng);
    let uri = TargetUri::parse(URL).unwrap();
    let jkt = Some(key.public_key().thumbprint());
    let mut attempt = |nonce: Option<&str>, second: i64| {
        let now = Timestamp::from_unix(NOW + second);
        let draft = ProofDraft::new("GET", &format!("{URL}?page=2"), now, &mut rng);
        let draft = draft.for_token(TOKEN).with_nonce(nonce);
        let proof = draft.sign(key.public_key(), &key).unwrap();
        let proofs = [proof.as_bytes()];
        let request =
            RequestFacts { method: "GET", uri: &uri, proofs: &proofs, scheme: Scheme::Dpop };
        let presented = Presented::AccessToken { token: TOKEN, jkt };
        server.verify(&request, presented, now, Danger::NONE).map(|_| ())
    };
    let mut chance = Seed(13).stream("nonces");
    let mut issue = |server: &Recipient, second| {
        server.next_nonce(Timestamp::from_unix(NOW + second), &mut chance).unwrap()
    };
    let challenge = attempt(None, 0).unwrap_err();
    assert_eq!(
        (challenge, challenge.answer()),
        (DpopError::NonceRequired, DpopAnswer::UseDpopNonce)
    );
    let nonce = issue(&server, 0);
    assert!(nonce.bytes().all(|it| matches!(it, 0x21 | 0x23..=0x5b | 0x5d..=0x7e)), "{nonce}");
    assert_eq!(attempt(Some(&nonce), 0), Ok(()));
    assert_eq!(attempt(Some(&nonce), 60), Ok(()), "again, with another `jti`");
    assert_eq!(attempt(Some(&issue(&server, 30)), 60), Ok(()), "the next one");
    let stale = attempt(Some(&nonce), 61).unwrap_err();
    assert_eq!((stale, stale.answer()), (DpopError::NonceMismatch, DpopAnswer::UseDpopNonce));
    assert_eq!(attempt(Some(&issue(&other, 0)), 0), Err(DpopError::NonceMismatch));
    assert_eq!(attempt(Some("made up"), 0), Err(DpopError::NonceMismatch));
    assert_eq!(attempt(Some(""), 0), Err(DpopError::NonceMismatch));
}

/// Pieces that URIs are put together from, good and bad.
fn uri() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "https",
        "HTTPS",
        "http",
        "ftp",
        "://",
        ":/",
        "//",
        "/",
        ":",
        "a",
        "A.b",
        "example.org",
        "EXAMPLE.org",
        "[::1]",
        "[::G]",
        "[v1.a]",
        "]",
        "[",
        "@",
        "user@",
        ":443",
        ":80",
        ":",
        ":08",
        ":8443",
        ".",
        "..",
        "/.",
        "/..",
        "/./",
        "/../",
        "/%2e%2E/",
        "%2F",
        "%2f",
        "%70",
        "%zz",
        "%",
        "%4",
        "?",
        "?q=1",
        "#",
        "#f",
        "\\",
        " ",
        "\t",
        "\u{e9}",
        "~",
        "%7E",
        ";p=1",
        "*",
        "'",
        "<",
        "//a",
        "path",
        "Path",
        "%C3%a9",
        "1.2.3.4",
        "",
    ]);
    prop::collection::vec(piece, 0..9).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// The two normalisers agree on what is a URI, and on what it means.
    #[test]
    fn uris_are_normalised_as_the_rfc_says(text in uri(), start in prop::bool::weighted(0.8)) {
        let text = if start { format!("https://example.org{text}") } else { text };
        let ours = TargetUri::parse(&text).ok().map(|uri| uri.as_str().to_owned());
        prop_assert_eq!(&ours, &normal_uri(&text), "{}", text);
        if let Some(normal) = ours {
            let again = TargetUri::parse(&normal).unwrap();
            prop_assert_eq!(again.as_str(), normal.as_str(), "once is enough");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_uri_in_a_proof_is_judged_alike(text in uri(), host in 0..3) {
        let holder = Holder::new(14);
        let text = match host {
            0 => text,
            1 => format!("https://resource.example.org{text}/protectedresource"),
            _ => format!("https://resource.example.org/protectedresource{text}"),
        };
        let mut draft = holder.draft("good");
        let htu = serde_json::to_string(&text).unwrap();
        let payload = String::from_utf8(draft.payload).unwrap();
        draft.payload = payload.replace(&format!("\"{URL}\""), &htu).into_bytes();
        let _ = Both::new().verdict(&holder.request(holder.sign(&draft)));
    }

    /// Whatever is sent, there is a verdict and no panic.
    #[test]
    fn no_octets_panic(octets in prop::collection::vec(any::<u8>(), 0..200)) {
        let holder = Holder::new(15);
        prop_assert!(Both::new().verdict(&holder.request(octets.clone())).is_err());
        let draft = Draft { header: octets.clone(), ..holder.draft("good") };
        prop_assert!(Both::new().verdict(&holder.request(holder.sign(&draft))).is_err());
        let draft = Draft { payload: octets, ..holder.draft("good") };
        prop_assert!(Both::new().verdict(&holder.request(holder.sign(&draft))).is_err());
    }
}

/// The hot path allocates nothing: with a nonce of a mint, `ath`, a bound token and the window.
#[test]
fn a_check_allocates_nothing() {
    let mut rng = Seed(16).stream("allocations");
    let server = recipient(NonceDemand::default(), Some(window())).unwrap();
    let key = SigningKey::generate(&mut rng);
    let uri = TargetUri::parse(URL).unwrap();
    let now = Timestamp::from_unix(NOW);
    let jkt = Some(key.public_key().thumbprint());
    let token = "t".repeat(2_000);
    let proofs: Vec<String> = (0..20)
        .map(|n| {
            // Some spell the URI otherwise, which has to be normalised first.
            let htu = if n % 2 == 0 {
                URL
            } else {
                "HTTPS://resource.example.org:443/x/../%70rotectedresource"
            };
            let mut draft = ProofDraft::new("GET", htu, now, &mut rng).for_token(&token);
            draft.nonce = server.next_nonce(now, &mut rng);
            draft.sign(key.public_key(), &key).unwrap()
        })
        .collect();
    let check = |proof: &String| {
        let proofs = [proof.as_bytes()];
        let request =
            RequestFacts { method: "GET", uri: &uri, proofs: &proofs, scheme: Scheme::Dpop };
        let presented = Presented::AccessToken { token: &token, jkt };
        server.verify(&request, presented, now, Danger::NONE).is_ok()
    };
    // What the window makes once is made before.
    assert!(check(&proofs[0]));
    let mut accepted = 0;
    let info = allocation_counter::measure(|| {
        accepted = proofs[1..].iter().filter(|proof| check(proof)).count();
    });
    assert_eq!((accepted, info.count_total), (19, 0));
    // Refusals neither.
    let info = allocation_counter::measure(|| {
        accepted = proofs.iter().filter(|proof| check(proof)).count();
    });
    assert_eq!((accepted, info.count_total), (0, 0));
}
