//! What the provider does with a PRT: the whole use, beside the plain grant that binds nothing.
//!
//! `redeem/bound` over `redeem/plain` is the cost of binding; both include policy, the record and an
//! access token. Issuing backends are compared on `bound`. `redeem/refresh/dpop` over
//! `redeem/refresh/bearer` is the cost of a DPoP proof on the same grant, nonce and replay window
//! included. Each path is asserted to succeed before it is timed.
//!
//! A gate prints what a use of a PRT costs besides the signature of its access token: whole uses and
//! bare signatures of the same octets by the same backend in turns, and the difference of the two.

#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    missing_docs,
    reason = "a bench fails by panicking and exports nothing"
)]

#[allow(dead_code, unreachable_pub, reason = "shared by several benches")]
#[path = "support/gate.rs"]
mod gate;

use std::cell::RefCell;
use std::hint::black_box;

use criterion::{BatchSize, BenchmarkId, Criterion, criterion_group, criterion_main};
use token_protection_lab::catalog::well_known::{AZURE_MANAGEMENT, EXCHANGE};
use token_protection_lab::idp::{IssuingBackend, RefreshRotation};
use token_protection_lab::jose::{RingSigningKey, Signer as _};
use token_protection_lab::policy::PolicySet;
use token_protection_lab::testing::lab::AZURE_CLI;
use token_protection_lab::testing::{HandmadeDevice, Lab};
use token_protection_lab::token::Rotation;
use token_protection_lab::wire::Request;

/// Distinct requests, so that the branch predictor cannot learn one.
const REQUESTS: usize = 1024;

/// Backends by name; `p256` signs reproducibly, `ring` does not.
const BACKENDS: [(&str, IssuingBackend); 2] =
    [("p256", IssuingBackend::P256), ("ring", IssuingBackend::Ring)];

fn lab(issuing: IssuingBackend, policies: &[&str]) -> (Lab, HandmadeDevice) {
    let keep = RefreshRotation { broker_client: Rotation::Keep, others: Rotation::Keep };
    let mut lab = Lab::builder()
        .policies(policies)
        .settings(|settings| {
            settings.issuing = issuing;
            settings.refresh_rotation = keep;
        })
        .build();
    let mut device = lab.device();
    lab.obtain_prt(&mut device);
    (lab, device)
}

fn redeem(c: &mut Criterion) {
    let mut group = c.benchmark_group("redeem");
    let mut time = |id: BenchmarkId, lab: &mut Lab, requests: &[Request]| {
        assert!(lab.send(requests[0].clone()).granted());
        let mut next = 0;
        group.bench_function(id, |b| {
            b.iter_batched(
                || {
                    next = (next + 1) % requests.len();
                    requests[next].clone()
                },
                |request| black_box(lab.send(request)),
                BatchSize::SmallInput,
            );
        });
    };
    for (name, issuing) in BACKENDS {
        // Token protection and a compliant device: both apply and are met.
        let (mut lab, device) = lab(issuing, &["b", "d2"]);
        let mut requests = Vec::with_capacity(REQUESTS);
        for _ in 0..REQUESTS {
            let nonce = lab.nonce();
            requests.push(device.use_of_prt(&nonce, lab.now()).request());
        }
        time(BenchmarkId::new("bound", name), &mut lab, &requests);
    }
    for (name, issuing) in BACKENDS {
        // Nothing can be met without a device, so report-only: evaluated all the same.
        let (mut lab, _) = lab(issuing, &["a", "d3"]);
        let mut requests = Vec::with_capacity(REQUESTS);
        for _ in 0..REQUESTS {
            let token = lab.sign_in(AZURE_CLI, AZURE_MANAGEMENT).refresh_token.unwrap();
            requests.push(lab.refresh_request(AZURE_CLI, &token, EXCHANGE));
        }
        time(BenchmarkId::new("plain", name), &mut lab, &requests);
    }
}

/// The same refresh grant without and with a proof. Proofs are made outside of the timing, each for
/// one request: the replay window is on.
fn refresh(c: &mut Criterion) {
    let mut group = c.benchmark_group("redeem/refresh");
    for (name, issuing) in BACKENDS {
        let (mut lab, _) = lab(issuing, &["a", "d3"]);
        let tokens: Vec<String> = (0..REQUESTS)
            .map(|_| lab.sign_in(AZURE_CLI, AZURE_MANAGEMENT).refresh_token.unwrap())
            .collect();
        let requests: Vec<Request> =
            tokens.iter().map(|token| lab.refresh_request(AZURE_CLI, token, EXCHANGE)).collect();
        let mut key = lab.dpop_key("bench");
        assert!(lab.send(requests[0].clone()).granted());
        assert!(lab.send_proved(&mut key, requests[0].clone()).granted());
        let lab = RefCell::new(lab);
        let mut next = 0;
        let mut request = || {
            next += 1;
            requests[next % requests.len()].clone()
        };
        group.bench_function(BenchmarkId::new("bearer", name), |b| {
            b.iter_batched(
                &mut request,
                |request| black_box(lab.borrow_mut().send(request)),
                BatchSize::SmallInput,
            );
        });
        let mut made = 0;
        group.bench_function(BenchmarkId::new("dpop", name), |b| {
            b.iter_batched(
                || {
                    let mut lab = lab.borrow_mut();
                    made += 1;
                    // Used proofs are forgotten in time, and nonces go stale.
                    if made % 20_000 == 0 {
                        lab.wait(331);
                        key = lab.dpop_key("bench");
                    }
                    key.prove(request(), lab.now())
                },
                |request| black_box(lab.borrow_mut().send(request)),
                BatchSize::SmallInput,
            );
        });
        let fresh = key.prove(request(), lab.borrow().now());
        assert!(lab.borrow_mut().send(fresh).granted(), "proofs were good to the end");
    }
}

/// Pairs of batches of the gate, and requests in a batch.
const PAIRS: usize = 301;
const BATCH: usize = 32;

/// Twenty policies that all apply and are met: ten of each of two.
fn twenty_policies() -> PolicySet {
    let files = [
        include_str!("../src/data/policies/b-token-protection-enabled.json"),
        include_str!("../src/data/policies/d2-require-compliant-device.json"),
    ];
    let copies = (0..20).map(|number| {
        let mut policy: serde_json::Value = serde_json::from_str(files[number % 2]).unwrap();
        policy["id"] = format!("00000000-0000-4000-8000-{number:012x}").into();
        policy
    });
    let all = serde_json::Value::Array(copies.collect());
    PolicySet::from_json(all.to_string().as_bytes()).unwrap()
}

/// PRT to access token, less the access token's own signature.
fn all_but_the_signature(_: &mut Criterion) {
    let (mut lab, device) = lab(IssuingBackend::Ring, &[]);
    lab.provider().set_policies(twenty_policies());
    let mut requests = Vec::with_capacity(REQUESTS);
    for _ in 0..REQUESTS {
        let nonce = lab.nonce();
        requests.push((device.use_of_prt(&nonce, lab.now()).request(), nonce));
    }
    let answer = lab.send(requests[0].0.clone());
    assert!(answer.granted());
    let answer = device.open_use_answer(answer.response.body(), &requests[0].1);
    let record = lab.provider().log().last().unwrap();
    let applied = serde_json::to_value(record).unwrap();
    assert_eq!(applied["appliedConditionalAccessPolicies"].as_array().unwrap().len(), 20);
    let (input, _) = answer.access_token.rsplit_once('.').unwrap();
    let signer = RingSigningKey::generate().unwrap();
    // As criterion tells a run that measures from one that only tests.
    let given = |name: &str| std::env::args().any(|argument| argument == name);
    if given("--test") || !given("--bench") {
        signer.sign(input.as_bytes()).unwrap();
        return;
    }
    let mut next = 0;
    let mut rest: Vec<f64> = (0..PAIRS)
        .map(|_| {
            let mut batch: Vec<Request> = (0..BATCH)
                .map(|_| {
                    next += 1;
                    requests[next % REQUESTS].0.clone()
                })
                .collect();
            let whole = gate::clock(BATCH, || {
                black_box(lab.send(batch.pop().unwrap()));
            });
            let bare = gate::clock(BATCH, || {
                black_box(signer.sign(black_box(input.as_bytes())).unwrap());
            });
            (whole.as_secs_f64() - bare.as_secs_f64()) * 1e6 / BATCH as f64
        })
        .collect();
    rest.sort_by(f64::total_cmp);
    let at = |part: usize| rest[PAIRS * part / 100];
    println!(
        "gate redeem/prt less the token's signature, microseconds: {:.2} ({:.2} to {:.2}), at most 10",
        at(50),
        at(5),
        at(95)
    );
}

criterion_group!(benches, redeem, refresh, all_but_the_signature);
criterion_main!(benches);
