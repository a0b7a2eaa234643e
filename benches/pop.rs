//! What proof of possession costs: a whole DPoP check beside a bare signature check of the same
//! octets, its parts, a bearer request beside a bound one, session-key signatures, and two threads.
//!
//! The access token of a whole check was verified before (the gates are about the proof alone); it
//! has 1.7 kB, all of which `ath` hashes. Every proof is another signature, nonces are demanded, and
//! every check enters the replay window. Gate ratios are printed at the end of their groups.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    unreachable_pub,
    reason = "a bench fails by panicking, and exports nothing"
)]

use std::hint::black_box;

use criterion::measurement::WallTime;
use criterion::{
    BenchmarkGroup, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main,
};
use token_protection_lab::base::{Check, Danger};
use token_protection_lab::jose::jws::{UnverifiedJws, VerifyingKey};
use token_protection_lab::jose::{
    Ctx, JwkThumbprint, KdfVersion, KnownKeys, Ring, SessionKey, VerifyEs256,
};
use token_protection_lab::pop::dpop::{
    DpopError, Limits, NONCE_LIFETIME, NonceRule, Presented, RequestFacts, Scheme, Verifier, ath,
};
use token_protection_lab::pop::replay::{ReplayKey, ReplayWindow as _, Window};
use token_protection_lab::pop::session_key::{self, AcceptedKdf};
use token_protection_lab::token::AccessTokenClaims;

#[path = "support/gate.rs"]
mod gate;
#[path = "support/proofs.rs"]
mod proofs;

use proofs::{Bound, NOW, Rounds, SEED, Workload};

/// How many keys take turns.
const KEYS: [usize; 3] = [1, 100, 1_000];

fn bare<B: VerifyEs256>(backend: &B, bound: &Bound) -> bool {
    backend.accepts(&bound.key, &bound.input, &bound.signature)
}

/// Tables for every key of the workload: more octets than a thousand of them need.
fn knowing(workload: &Workload) -> KnownKeys {
    let known = KnownKeys::with_budget(64 << 20, &mut SEED.stream("known")).unwrap();
    for _ in 0..64 {
        workload.requests.iter().for_each(|bound| known.accepted(&bound.key));
        known.maintain(usize::MAX);
    }
    known
}

/// The whole check on a backend. One more line in [`check_by_keys`] measures another backend.
fn whole_check<B: VerifyEs256>(
    group: &mut BenchmarkGroup<'_, WallTime>,
    id: &str,
    workload: &Workload,
    verifier: &Verifier<B>,
) {
    let mut rounds = Rounds::new();
    for bound in &workload.requests {
        workload.check(verifier, bound, rounds.next()).unwrap();
    }
    let mut next = workload.requests.iter().cycle();
    group.bench_function(format!("whole/{id}"), |b| {
        b.iter(|| {
            let bound = black_box(next.next().unwrap());
            workload.check(verifier, bound, rounds.next()).is_ok()
        });
    });
}

fn check_by_keys(c: &mut Criterion) {
    for keys in KEYS {
        let workload = Workload::new(keys);
        let ring = Verifier::new(Limits::default());
        let known = Verifier::with_backend(Limits::default(), knowing(&workload));
        let mut group = c.benchmark_group(format!("pop/dpop/keys/{keys}"));
        group.throughput(Throughput::Elements(1));
        assert!(workload.requests.iter().all(|bound| bare(&Ring, bound)));
        let mut next = workload.requests.iter().cycle();
        group.bench_function("bare/ring", |b| {
            b.iter(|| bare(&Ring, black_box(next.next().unwrap())));
        });
        whole_check(&mut group, "ring", &workload, &ring);
        whole_check(&mut group, "known", &workload, &known);
        group.finish();
        let name = format!("unseen key, whole check / bare ring verify, {keys} keys");
        in_turns(&workload, &ring, |whole, alone| {
            gate::ratio(&name, "at most 1.10", BATCH, whole, alone);
        });
        let name = format!("known key, bare ring verify / whole check, {keys} keys");
        in_turns(&workload, &known, |whole, alone| {
            gate::ratio(&name, "at least 1.6", BATCH, alone, whole);
        });
        let counts = known.backend().counts();
        assert_eq!((counts.misses, counts.undecided), (0, 0), "every key has a table");
    }
}

/// So few that most batches run without somebody else in between.
const BATCH: usize = 8;

/// Hands a whole check and a bare one to `judge`; each goes through all requests.
fn in_turns<B: VerifyEs256>(
    workload: &Workload,
    verifier: &Verifier<B>,
    judge: impl FnOnce(&mut dyn FnMut(), &mut dyn FnMut()),
) {
    let mut rounds = Rounds::new();
    let mut whole = workload.requests.iter().cycle();
    let mut alone = workload.requests.iter().cycle();
    judge(
        &mut || {
            let bound = black_box(whole.next().unwrap());
            assert!(workload.check(verifier, bound, rounds.next()).is_ok());
        },
        &mut || assert!(bare(&Ring, black_box(alone.next().unwrap()))),
    );
}

/// The parts of a whole check; what is left is comparing texts.
fn parts(c: &mut Criterion) {
    let workload = Workload::new(100);
    let mut group = c.benchmark_group("pop/dpop/part");
    let verifier = Verifier::new(Limits::default());
    let mut all = workload.requests.iter().cycle();

    // Another method is the first thing that a proof is refused for once it was read as a whole:
    // base64url, UTF-8, JSON, key and claims, the thumbprint included.
    let parse = |bound: &Bound| {
        let proofs = [bound.proof.as_bytes()];
        let uri = &workload.uri;
        let request = RequestFacts { method: "PUT", uri, proofs: &proofs, scheme: Scheme::Dpop };
        let presented = Presented::AccessToken { token: &bound.token, jkt: Some(bound.jkt) };
        verifier.verify(&request, presented, NonceRule::NotUsed, None, NOW, Danger::NONE)
    };
    assert!(workload.requests.iter().all(|bound| parse(bound) == Err(DpopError::Htm)));
    group.bench_function("parse", |b| b.iter(|| parse(black_box(all.next().unwrap()))));

    let coordinates: Vec<[[u8; 43]; 2]> = workload
        .requests
        .iter()
        .map(|bound| {
            let text = |octets: &[u8]| {
                let text = token_protection_lab::base::b64::encode_url(octets);
                text.into_bytes().try_into().unwrap()
            };
            [text(&bound.key[1..33]), text(&bound.key[33..])]
        })
        .collect();
    let thumbprint = |[x, y]: &[[u8; 43]; 2]| JwkThumbprint::of_p256_coordinates(x, y);
    assert_eq!(thumbprint(&coordinates[0]), workload.requests[0].jkt);
    let mut points = coordinates.iter().cycle();
    group
        .bench_function("thumbprint", |b| b.iter(|| thumbprint(black_box(points.next().unwrap()))));

    group.throughput(Throughput::Bytes(workload.requests[0].token.len() as u64));
    group.bench_function("ath", |b| b.iter(|| ath(black_box(&all.next().unwrap().token))));
    group.throughput(Throughput::Elements(1));

    group.bench_function("nonce", |b| {
        let nonces: Vec<_> = {
            let mut rng = SEED.stream("nonces");
            (0..1_024).map(|_| workload.mint.issue(NOW, &mut rng)).collect()
        };
        let check = |nonce: &str| workload.mint.verify(nonce, NONCE_LIFETIME, NOW, Danger::NONE);
        assert!(nonces.iter().all(|nonce| check(nonce).is_ok()));
        let mut next = nonces.iter().cycle();
        b.iter(|| check(black_box(next.next().unwrap())).is_ok());
    });

    group.bench_function("signature", |b| {
        b.iter(|| bare(&Ring, black_box(all.next().unwrap())));
    });

    group.bench_function("replay", |b| {
        let window = Window::with_capacity(16_000_000);
        let key = ReplayKey::generate(&mut SEED.stream("replay"));
        let until = NOW + Limits::default().max_age;
        let mut n = 0_u64;
        let mut enter = || {
            n += 1;
            let jkt = &workload.requests[n as usize % workload.requests.len()].jkt;
            window.test_and_set(key.tag(jkt, &n.to_be_bytes()), until, NOW)
        };
        assert_eq!(enter(), Ok(()));
        b.iter(|| black_box(enter()).is_ok());
    });
    group.finish();
}

/// What a resource server does with the token itself, bound or not.
fn verify_token(workload: &Workload, token: &str) -> bool {
    let key = VerifyingKey::P256(workload.issuer.public_key());
    UnverifiedJws::parse(token)
        .and_then(|jws| jws.verify(key, Check::AccessTokenSignature, Danger::NONE))
        .and_then(|verified| verified.json::<AccessTokenClaims>())
        .is_ok()
}

fn bearer_beside_bound(c: &mut Criterion) {
    let workload = Workload::new(100);
    let mut group = c.benchmark_group("pop/resource");
    group.throughput(Throughput::Elements(1));
    assert!(workload.requests.iter().all(|bound| verify_token(&workload, &bound.token)));
    let mut next = workload.requests.iter().cycle();
    group.bench_function("bearer", |b| {
        b.iter(|| verify_token(&workload, black_box(&next.next().unwrap().token)));
    });
    let verifier = Verifier::new(Limits::default());
    let mut rounds = Rounds::new();
    let mut bound = |bound: &Bound| {
        verify_token(&workload, &bound.token)
            && workload.check(&verifier, bound, rounds.next()).is_ok()
    };
    assert!(bound(&workload.requests[0]));
    group.bench_function("bound", |b| b.iter(|| bound(black_box(next.next().unwrap()))));
    group.finish();
}

/// The proof of a PRT-signed request: its MAC under a derived key.
fn session_key_signatures(c: &mut Criterion) {
    let mut group = c.benchmark_group("pop/session-key");
    group.throughput(Throughput::Elements(1));
    let mut rng = SEED.stream("session");
    let session = SessionKey::generate(&mut rng);
    for (id, version) in [("kdf-v1", KdfVersion::V1), ("kdf-v2", KdfVersion::V2)] {
        let texts: Vec<String> = (0..1_024)
            .map(|n| {
                let payload = format!(r#"{{"refresh_token":"{}","n":{n}}}"#, "A".repeat(600));
                let ctx = Ctx::random(&mut rng);
                let key = session.derive(version, &ctx, payload.as_bytes());
                session_key::present(&key, &ctx, version, payload.as_bytes())
            })
            .collect();
        let verify = |text: &str| {
            let jws = UnverifiedJws::parse(text).unwrap();
            let read = session_key::read_header(jws.header(), AcceptedKdf::V1AndV2, Danger::NONE);
            session_key::verify(jws, &read.unwrap(), &session, Danger::NONE).is_ok()
        };
        assert!(texts.iter().all(|text| verify(text)));
        let mut next = texts.iter().cycle();
        group.bench_function(id, |b| b.iter(|| verify(black_box(next.next().unwrap()))));
    }
    group.finish();
}

/// One verifier and one window for all threads.
fn threads(c: &mut Criterion) {
    let workload = Workload::new(100);
    let verifier = Verifier::new(Limits::default());
    let window = Window::with_capacity(16_000_000);
    let batch = |thread: u64, turn: u64, checks: u64| {
        let mut rng = SEED.stream(&format!("thread {thread} {turn}"));
        let mut key = ReplayKey::generate(&mut rng);
        let all = workload.requests.len();
        for n in 0..checks as usize {
            if n % all == all - 1 {
                key = ReplayKey::generate(&mut rng);
            }
            let bound = black_box(&workload.requests[(n + 512 * thread as usize) % all]);
            assert!(workload.check(&verifier, bound, (&window, &key)).is_ok());
        }
    };
    let mut turn = 0;
    let mut run = |threads: u64, checks: u64| {
        turn += 1;
        gate::clock(1, || {
            std::thread::scope(|scope| {
                for thread in 0..threads {
                    scope.spawn(move || batch(thread, turn, checks));
                }
            });
        })
    };
    let mut group = c.benchmark_group("pop/dpop/threads");
    for count in [1, 2] {
        group.throughput(Throughput::Elements(count));
        group.bench_function(BenchmarkId::from_parameter(count), |b| {
            b.iter_custom(|checks| run(count, checks));
        });
    }
    group.finish();
    gate::throughput("two threads / one thread, whole checks", "at least 1.8", |two| {
        run(if two { 2 } else { 1 }, 512)
    });
}

criterion_group!(
    benches,
    check_by_keys,
    parts,
    bearer_beside_bound,
    session_key_signatures,
    threads
);
criterion_main!(benches);
