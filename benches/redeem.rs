//! What the provider does with a PRT: the whole use, beside the plain grant that binds nothing.
//!
//! `redeem/bound` over `redeem/plain` is the cost of binding; both include policy, the record and an
//! access token. Issuing backends are compared on `bound`. Each path is asserted to succeed before
//! it is timed.

#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    missing_docs,
    reason = "a bench fails by panicking and exports nothing"
)]

use std::hint::black_box;

use criterion::{BatchSize, BenchmarkId, Criterion, criterion_group, criterion_main};
use token_protection_lab::catalog::well_known::{AZURE_MANAGEMENT, EXCHANGE};
use token_protection_lab::idp::{IssuingBackend, RefreshRotation};
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

criterion_group!(benches, redeem);
criterion_main!(benches);
