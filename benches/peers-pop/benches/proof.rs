//! Proofs of possession: the bare signature check by backend, and the whole check of a DPoP proof.
//!
//! All of it runs over the same 2,048 proofs, under 1, 100 or 1,000 keys in turn, so a whole check
//! can be divided by a bare verification *of the same octets* in the same run. Backends named
//! `prepared` hold the keys read beforehand: a server cannot, when the key comes with the proof,
//! unless it remembers keys; it is the fastest that the library can do.

#[path = "../../support/gate.rs"]
#[allow(dead_code, reason = "threads are measured elsewhere")]
mod gate;
mod support;

use std::collections::{BTreeMap, HashSet};
use std::future::Future as _;
use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as B64;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use dpop_verifier::{DpopVerifier, ReplayContext, ReplayStore};
use openssl::bn::{BigNum, BigNumContext};
use openssl::ec::{EcGroup, EcKey, EcPoint};
use openssl::ecdsa::EcdsaSig;
use openssl::nid::Nid;
use openssl::pkey::Public;
use p256::ecdsa::SigningKey;
use p256::ecdsa::signature::Verifier as _;
use serde_json::{Value, json};
use support::{Cases, SEED, SIGNATURES, Verdicts, compact, now, point, signing_keys};
use support::{with_payload, with_signature, with_stray_bits};
use token_protection_lab::base::{Danger, Timestamp};
use token_protection_lab::jose as ours;
use token_protection_lab::jose::{
    JwkThumbprint, KnownKeys, P256, P256PublicKey, Ring, Signer, VerifyEs256,
};
use token_protection_lab::pop::dpop::{
    Limits, NonceRule, Presented, ProofDraft, RequestFacts, Scheme, TargetUri, Verifier,
};
use token_protection_lab::pop::replay::{ReplayKey, ReplayWindow, Window};

/// Keys that the proofs are under.
const WORKING_SETS: [usize; 3] = [1, 100, 1_000];

/// Proofs that a memory has room for.
const REMEMBERED: usize = 4 * SIGNATURES;

/// Octets that tables may take: room for 1,000 keys and more.
const BUDGET: usize = 64 << 20;

/// Checks of one kind before it is the other's turn.
const BATCH: usize = 16;

const METHOD: &str = "POST";
const URI: &str = "https://outlook.example/v1.0/me/messages";

/// A proof, and what a bare verification of it needs.
struct Proof {
    text: String,
    /// Which of the keys.
    key: usize,
    point: [u8; 65],
    /// Where the signature's dot stands.
    end: usize,
    signature: [u8; 64],
    jkt: JwkThumbprint,
}

impl Proof {
    fn message(&self) -> &[u8] {
        &self.text.as_bytes()[..self.end]
    }
}

/// The access token that the proofs go with: only its digest is looked at.
fn access_token() -> String {
    format!("eyJ{}", "a1B2-_".repeat(200))
}

fn proof(number: usize, keys: &[SigningKey]) -> Proof {
    let index = number % keys.len();
    let point = point(&keys[index]);
    let [x, y] = jwk_members(&keys[index]);
    let header = format!(
        r#"{{"typ":"dpop+jwt","alg":"ES256","jwk":{{"kty":"EC","crv":"P-256","x":"{x}","y":"{y}"}}}}"#
    );
    let ath = B64.encode(openssl::sha::sha256(access_token().as_bytes()));
    let claims = format!(
        r#"{{"jti":"{number:022}","htm":"{METHOD}","htu":"{URI}","iat":{},"ath":"{ath}"}}"#,
        now(),
    );
    let text = compact(&header, &claims, &keys[index]);
    let end = text.rfind('.').unwrap();
    let signature = B64.decode(&text[end + 1..]).unwrap().try_into().unwrap();
    let jkt = P256PublicKey::from_sec1(&point).unwrap().thumbprint();
    Proof { text, key: index, point, end, signature, jkt }
}

/// A name, and whether the signature of a proof is right.
type Bare<'a> = (&'static str, Box<dyn Fn(&Proof) -> bool + 'a>);

fn openssl_key(group: &EcGroup, octets: &[u8; 65]) -> Option<EcKey<Public>> {
    let mut context = BigNumContext::new().ok()?;
    let point = EcPoint::from_bytes(group, octets, &mut context).ok()?;
    EcKey::from_public_key(group, &point).ok()
}

/// `ECDSA_do_verify` of libcrypto over its own SHA-256: quicker than by way of `EVP`.
fn openssl_verify(key: &EcKey<Public>, message: &[u8], signature: &[u8; 64]) -> bool {
    let half = |octets| BigNum::from_slice(octets).ok();
    let (Some(r), Some(s)) = (half(&signature[..32]), half(&signature[32..])) else { return false };
    EcdsaSig::from_private_components(r, s)
        .and_then(|signature| signature.verify(&openssl::sha::sha256(message), key))
        .unwrap_or(false)
}

fn p256_verify(key: &p256::ecdsa::VerifyingKey, proof: &Proof) -> bool {
    p256::ecdsa::Signature::from_slice(&proof.signature)
        .is_ok_and(|signature| key.verify(proof.message(), &signature).is_ok())
}

fn of_ours(name: &'static str, backend: impl VerifyEs256 + 'static) -> Bare<'static> {
    (name, Box::new(move |proof| backend.accepts(&proof.point, proof.message(), &proof.signature)))
}

fn backends(keys: &[SigningKey]) -> Vec<Bare<'static>> {
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, ParsedPublicKey, UnparsedPublicKey};
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
    let points: Vec<_> = keys.iter().map(point).collect();
    let for_openssl: Vec<_> = points.iter().map(|key| openssl_key(&group, key).unwrap()).collect();
    let for_aws: Vec<_> = points
        .iter()
        .map(|key| ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key).unwrap())
        .collect();
    let for_p256: Vec<_> = keys.iter().map(|key| *key.verifying_key()).collect();
    vec![
        of_ours("p256", P256),
        ("p256-prepared", Box::new(move |proof| p256_verify(&for_p256[proof.key], proof))),
        (
            "aws-lc-rs",
            Box::new(|proof| {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, proof.point)
                    .verify(proof.message(), &proof.signature)
                    .is_ok()
            }),
        ),
        (
            "aws-lc-rs-prepared",
            Box::new(move |proof| {
                for_aws[proof.key].verify_sig(proof.message(), &proof.signature).is_ok()
            }),
        ),
        (
            "openssl",
            Box::new(move |proof| {
                openssl_key(&group, &proof.point)
                    .is_some_and(|key| openssl_verify(&key, proof.message(), &proof.signature))
            }),
        ),
        (
            "openssl-prepared",
            Box::new(move |proof| {
                openssl_verify(&for_openssl[proof.key], proof.message(), &proof.signature)
            }),
        ),
        of_ours("ring", Ring),
        of_ours("known", known(keys)),
    ]
}

/// Our backend with a table for each of the keys.
fn known(keys: &[SigningKey]) -> KnownKeys {
    let known = KnownKeys::with_budget(BUDGET, &mut SEED.stream("known")).unwrap();
    let one = |key| proof(0, std::slice::from_ref(key));
    for key in keys {
        let one = one(key);
        while known.accepts(&one.point, one.message(), &one.signature) {
            known.accepted(&one.point);
            if known.maintain(1) == 1 {
                break;
            }
        }
    }
    let counts = known.counts();
    assert_eq!(counts.held, keys.len(), "every key has a table");
    println!("known keys: {} octets for {} keys", counts.octets, counts.held);
    known
}

/// Each backend takes all proofs, and none with a bit of message, key or signature changed.
fn assert_sound(backends: &[Bare<'_>], proofs: &[Proof], keys: &[SigningKey]) {
    let mut changed: Vec<Proof> = (0..4).map(|_| proof(0, keys)).collect();
    changed[0].signature[7] ^= 1;
    changed[1].signature[60] ^= 1;
    changed[2].signature = [0; 64];
    changed[3].end -= 1;
    for (name, accepts) in backends {
        assert!(proofs.iter().all(accepts), "{name} refuses what is right");
        assert!(!changed.iter().any(accepts), "{name} takes what is wrong");
    }
}

fn bare(c: &mut Criterion, keys: &[SigningKey], proofs: &[Proof]) {
    let mut group = c.benchmark_group("peers/bare");
    group.throughput(Throughput::Elements(1));
    let backends = backends(keys);
    assert_sound(&backends, proofs, keys);
    for (name, accepts) in backends {
        let mut proofs = proofs.iter().cycle();
        group.bench_function(BenchmarkId::new(name, keys.len()), |b| {
            b.iter(|| accepts(black_box(proofs.next().unwrap())));
        });
    }
    group.finish();
}

/// A name, and a library that checks whole proofs.
type Whole = (&'static str, Box<dyn WholeCheck>);

/// A check of a whole proof for the request that all of them are for.
trait WholeCheck {
    /// Forgets the proofs that were seen.
    fn forget(&mut self);
    /// Whether the proof is right, goes with a token that is bound to this key, and is new.
    fn accepts(&mut self, text: &str, jkt: &JwkThumbprint) -> bool;
}

struct Ours<B: VerifyEs256> {
    verifier: Verifier<B>,
    uri: TargetUri,
    token: String,
    now: Timestamp,
    key: ReplayKey,
    window: Window,
}

impl<B: VerifyEs256> Ours<B> {
    fn new(backend: B) -> Self {
        Self {
            verifier: Verifier::with_backend(Limits::default(), backend),
            uri: TargetUri::parse(URI).unwrap(),
            token: access_token(),
            now: Timestamp::from_unix(now()),
            key: ReplayKey::generate(&mut SEED.stream("replay")),
            window: Window::with_capacity(REMEMBERED),
        }
    }
}

impl<B: VerifyEs256> WholeCheck for Ours<B> {
    fn forget(&mut self) {
        self.window = Window::with_capacity(REMEMBERED);
    }

    fn accepts(&mut self, text: &str, jkt: &JwkThumbprint) -> bool {
        let proofs = [text.as_bytes()];
        let facts =
            RequestFacts { method: METHOD, uri: &self.uri, proofs: &proofs, scheme: Scheme::Dpop };
        let presented = Presented::AccessToken { token: &self.token, jkt: Some(*jkt) };
        let replay: (&dyn ReplayWindow, _) = (&self.window, &self.key);
        let (nonces, danger) = (NonceRule::NotUsed, Danger::NONE);
        self.verifier.verify(&facts, presented, nonces, Some(replay), self.now, danger).is_ok()
    }
}

/// `dpop-verifier` gives the thumbprint back and leaves the comparison with `cnf` to its caller. It
/// reads the clock itself, so the proofs of a long run have to count as fresh for a day.
struct DpopVerifierCrate {
    verifier: DpopVerifier,
    token: String,
    seen: Seen,
}

/// The memory that its caller has to bring; it is handed a digest of the `jti`.
struct Seen(HashSet<[u8; 32]>);

#[async_trait::async_trait]
impl ReplayStore for Seen {
    async fn insert_once(
        &mut self,
        jti: [u8; 32],
        _: ReplayContext<'_>,
    ) -> Result<bool, dpop_verifier::DpopError> {
        Ok(self.0.insert(jti))
    }
}

impl WholeCheck for DpopVerifierCrate {
    fn forget(&mut self) {
        self.seen = Seen(HashSet::with_capacity(REMEMBERED));
    }

    fn accepts(&mut self, text: &str, jkt: &JwkThumbprint) -> bool {
        let token = Some(self.token.as_str());
        let check = self.verifier.verify(&mut self.seen, text, URI, METHOD, token);
        // The memory answers at once, so there is nothing to wait for.
        match pin!(check).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(Ok(verified)) => verified.jkt == jkt.to_string(),
            Poll::Ready(Err(_)) => false,
            Poll::Pending => unreachable!("nothing waits"),
        }
    }
}

fn whole_checks(keys: &[SigningKey]) -> Vec<Whole> {
    let theirs = DpopVerifierCrate {
        verifier: DpopVerifier::new().with_max_age_seconds(86_400).with_future_skew_seconds(30),
        token: access_token(),
        seen: Seen(HashSet::new()),
    };
    vec![
        ("ours", Box::new(Ours::new(Ring))),
        ("ours-known", Box::new(Ours::new(known(keys)))),
        ("dpop-verifier", Box::new(theirs)),
    ]
}

/// A proof of the header and claims of a good one, changed.
fn changed(key: &SigningKey, change: impl Fn(&mut Value, &mut Value)) -> String {
    let text = proof(0, std::slice::from_ref(key)).text;
    let part = |at| serde_json::from_slice(&B64.decode(text.split('.').nth(at).unwrap()).unwrap());
    let (mut header, mut claims): (Value, Value) = (part(0).unwrap(), part(1).unwrap());
    change(&mut header, &mut claims);
    compact(&header.to_string(), &claims.to_string(), key)
}

/// What nobody may take for the first request of these proofs.
fn spoilt(key: &SigningKey, other: &SigningKey) -> Cases {
    let text = proof(0, std::slice::from_ref(key)).text;
    let claim =
        |name: &'static str, value: Value| changed(key, |_, claims| claims[name] = value.clone());
    let [x, y] = jwk_members(other);
    Cases::from([
        ("a bit of the signature", with_signature(&text, |octets| octets[33] ^= 1)),
        ("a claim under the same signature", with_payload(&text, |c| c["jti"] = "b".into())),
        ("another key's proof", proof(0, std::slice::from_ref(other)).text),
        (
            "another key in the header",
            changed(key, |header, _| {
                (header["jwk"]["x"], header["jwk"]["y"]) = (x.clone().into(), y.clone().into());
            }),
        ),
        ("another method", claim("htm", "GET".into())),
        ("another URI", claim("htu", "https://outlook.example/v1.0/me/send".into())),
        ("another token", claim("ath", B64.encode([7; 32]).into())),
        ("`typ` of another use", changed(key, |header, _| header["typ"] = "JWT".into())),
        ("two days old", claim("iat", (now() - 172_800).into())),
        ("an hour ahead", claim("iat", (now() + 3_600).into())),
    ])
}

/// What libraries differ on. The last two are right.
fn odd(key: &SigningKey) -> Cases {
    let text = proof(0, std::slice::from_ref(key)).text;
    let header =
        |name: &'static str, value: Value| changed(key, |header, _| header[name] = value.clone());
    let claim =
        |name: &'static str, value: Value| changed(key, |_, claims| claims[name] = value.clone());
    let [head, payload, _] = text.split('.').collect::<Vec<_>>().try_into().unwrap();
    let decoded = |part: &str| String::from_utf8(B64.decode(part).unwrap()).unwrap();
    let (head, payload) = (decoded(head), decoded(payload));
    let doubled = |text: &str, member: &str| text.replacen('{', &format!("{{{member},"), 1);
    Cases::from([
        ("no `jti`", changed(key, |_, claims| _ = claims.as_object_mut().unwrap().remove("jti"))),
        ("`jti` is empty", claim("jti", "".into())),
        ("`jti` of 300 octets", claim("jti", "j".repeat(300).into())),
        ("no `ath`", changed(key, |_, claims| _ = claims.as_object_mut().unwrap().remove("ath"))),
        ("private member in the key", changed(key, |header, _| header["jwk"]["d"] = "AA".into())),
        ("unknown `crit`", header("crit", json!(["x"]))),
        (
            "two `htu` members",
            compact(&head, &doubled(&payload, r#""htu":"https://x.example/""#), key),
        ),
        ("two `alg` members", compact(&doubled(&head, r#""alg":"none""#), &payload, key)),
        ("`typ` in capitals", header("typ", "DPOP+JWT".into())),
        ("method in small letters", claim("htm", "post".into())),
        ("backslashes in the URI", claim("htu", URI.replace('/', "\\").into())),
        ("double slash in the path", claim("htu", URI.replace("/me/", "//me/").into())),
        ("user information in the URI", claim("htu", URI.replace("://", "://a@").into())),
        ("expired by an `exp` of its own", claim("exp", (now() - 3_600).into())),
        ("a nonce that nobody gave out", claim("nonce", "abc".into())),
        ("padded signature", format!("{text}==")),
        ("stray bits in the last character", with_stray_bits(&text)),
        ("right: `iat` with a fraction", claim("iat", json!(now() as f64 + 0.5))),
        (
            "right: default port in the URI",
            claim("htu", URI.replace("example/", "example:443/").into()),
        ),
    ])
}

fn jwk_members(key: &SigningKey) -> [String; 2] {
    let point = point(key);
    [&point[1..33], &point[33..]].map(|part| B64.encode(part))
}

/// Every library takes all proofs once, none twice and none that is spoilt.
fn judge(whole: &mut [Whole], proofs: &[Proof], spoilt: &Cases, odd: &Cases, out: &mut Verdicts) {
    for (name, check) in whole {
        check.forget();
        assert!(proofs.iter().all(|one| check.accepts(&one.text, &one.jkt)), "{name} refuses");
        assert!(!check.accepts(&proofs[0].text, &proofs[0].jkt), "{name} takes a proof twice");
        for (case, text) in spoilt {
            check.forget();
            assert!(!check.accepts(text, &proofs[0].jkt), "{name} takes: {case}");
        }
        for (case, text) in odd {
            check.forget();
            out.note("DPoP", case, name, check.accepts(text, &proofs[0].jkt));
        }
    }
}

/// Round and round through the proofs; each round starts with nothing seen, off the clock.
fn timed(check: &mut dyn WholeCheck, proofs: &[Proof], at: &mut usize, steps: u64) -> Duration {
    let (mut spent, mut left) = (Duration::ZERO, steps as usize);
    while left > 0 {
        if *at == proofs.len() {
            *at = 0;
            check.forget();
        }
        let here = left.min(proofs.len() - *at);
        let start = Instant::now();
        for one in &proofs[*at..*at + here] {
            black_box(check.accepts(black_box(&one.text), &one.jkt));
        }
        spent += start.elapsed();
        (*at, left) = (*at + here, left - here);
    }
    spent
}

fn whole(c: &mut Criterion, count: usize, whole: Vec<Whole>, proofs: &[Proof]) {
    let mut group = c.benchmark_group("peers/dpop");
    group.throughput(Throughput::Elements(1));
    for (name, mut check) in whole {
        check.forget();
        let mut at = 0;
        group.bench_function(BenchmarkId::new(name, count), |b| {
            b.iter_custom(|steps| timed(&mut *check, proofs, &mut at, steps));
        });
    }
    group.finish();
}

/// The budgets, in turns: whole checks of ours, and tables, beside the bare checks of others.
fn gates(keys: &[SigningKey], proofs: &[Proof]) {
    let backends = backends(keys);
    let bare = |name: &str| &backends.iter().find(|(own, _)| *own == name).unwrap().1;
    let mut unseen = Rounds::new(Ours::new(Ring), proofs);
    let mut all = proofs.iter().cycle();
    let mut alone = |name: &str| assert!(bare(name)(black_box(all.next().unwrap())));
    let count = keys.len();
    let name = format!("whole check, unseen key / bare ring, keys: {count}");
    gate::ratio(&name, "at most 1.10", BATCH, || unseen.next(), || alone("ring"));
    if count > 1 {
        return;
    }
    let mut whole = Rounds::new(Ours::new(known(keys)), proofs);
    let mut others = proofs.iter().cycle();
    let mut known = || assert!(bare("known")(black_box(others.next().unwrap())));
    for rival in ["ring", "aws-lc-rs", "aws-lc-rs-prepared", "openssl", "openssl-prepared"] {
        let name = format!("bare {rival} / signature step, known key");
        gate::ratio(&name, "at least 2.0", BATCH, || alone(rival), &mut known);
        let name = format!("bare {rival} / whole check, known key");
        gate::ratio(&name, "at least 1.6", BATCH, || alone(rival), || whole.next());
    }
}

/// Round and round through the proofs; at the start of each round nothing was seen.
struct Rounds<'p, C> {
    check: C,
    proofs: &'p [Proof],
    at: usize,
}

impl<'p, C: WholeCheck> Rounds<'p, C> {
    fn new(check: C, proofs: &'p [Proof]) -> Self {
        Self { check, proofs, at: 0 }
    }

    fn next(&mut self) {
        if self.at == self.proofs.len() {
            self.at = 0;
            self.check.forget();
        }
        let one = &self.proofs[self.at];
        self.at += 1;
        assert!(self.check.accepts(black_box(&one.text), &one.jkt));
    }
}

/// Bare and whole for the same keys follow each other at once: what a machine does meanwhile should
/// not come between two figures that are divided.
fn verify(c: &mut Criterion) {
    let keys = signing_keys("bare", 1_000);
    let (spoilt, odd) = (spoilt(&keys[0], &keys[1]), odd(&keys[0]));
    let (mut verdicts, mut sets) = (Verdicts::default(), BTreeMap::new());
    for count in WORKING_SETS {
        let keys = &keys[..count];
        let proofs: Vec<Proof> = (0..SIGNATURES).map(|number| proof(number, keys)).collect();
        println!("proofs: {} octets, {} of them signed", proofs[0].text.len(), proofs[0].end);
        let mut checks = whole_checks(keys);
        judge(&mut checks, &proofs, &spoilt, &odd, &mut verdicts);
        bare(c, keys, &proofs);
        whole(c, count, checks, &proofs);
        gates(keys, &proofs);
        let to_json = |one: &Proof| json!({"text": one.text, "jkt": one.jkt.to_string()});
        sets.insert(count, proofs.iter().map(to_json).collect::<Vec<_>>());
    }
    verdicts.write("proof.verdicts.json");
    let inputs = json!({
        "now": now(), "method": METHOD, "uri": URI, "token": access_token(),
        "sets": sets, "spoilt": spoilt, "odd": odd,
    });
    support::write("proof.inputs.json", &inputs.to_string());
}

fn issue(c: &mut Criterion) {
    let mut group = c.benchmark_group("peers/issue/proof");
    let mut rng = SEED.stream("issue");
    let (p256, ring) =
        (ours::SigningKey::generate(&mut rng), ours::RingSigningKey::generate().unwrap());
    let signers: [(_, &dyn Signer, _); 2] =
        [("ours/p256", &p256, p256.public_key()), ("ours/ring", &ring, ring.public_key())];
    let token = access_token();
    for (name, signer, public) in signers {
        let mut make = || {
            ProofDraft::new(METHOD, URI, Timestamp::from_unix(now()), &mut rng)
                .for_token(&token)
                .sign(public, signer)
                .unwrap()
        };
        let (text, jkt) = (make(), public.thumbprint());
        assert!(Ours::new(Ring).accepts(&text, &jkt), "{name} makes what does not verify");
        assert!(!Ours::new(Ring).accepts(&with_signature(&text, |octets| octets[3] ^= 1), &jkt));
        println!("proof of {name}: {} octets", text.len());
        group.bench_function(name, |b| b.iter(&mut make));
    }
    group.finish();
}

criterion_group!(benches, verify, issue);
criterion_main!(benches);
