//! Policy evaluation: one sign-in against 1 to 10,000 policies, verdict and entries.
//!
//! The workload is that of the budget (`support/policies.rs`). The user is in twenty groups and in
//! two named locations. To find those in a directory is the caller's work, done once for a request;
//! it is measured on its own.

#![allow(clippy::unwrap_used, reason = "a bench may")]

#[path = "support/policies.rs"]
mod workload;

use std::hint::black_box;
use std::net::IpAddr;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use token_protection_lab::base::Danger;
use token_protection_lab::base::id::UserId;
use token_protection_lab::catalog::RulePack;
use token_protection_lab::policy::{AppliedPolicyResult, PolicySet, SignIn, evaluate};
use workload::{ADDRESS, USER, directory, policies, with_sign_in};

fn bench(criterion: &mut Criterion) {
    let directory = directory();
    with_sign_in(&directory, |sign_in| bench_evaluation(criterion, sign_in));
    // What the caller looks up in the directory before.
    let address: IpAddr = ADDRESS.parse().unwrap();
    let mut group = criterion.benchmark_group("policy/facts");
    group.bench_function("groups", |bencher| {
        bencher.iter(|| black_box(&directory).groups_of(UserId::from_u128(USER)));
    });
    group.bench_function("locations", |bencher| {
        bencher.iter(|| black_box(&directory).place_of(Some(black_box(address)), None));
    });
    group.finish();
}

fn bench_evaluation(criterion: &mut Criterion, sign_in: &SignIn<'_>) {
    let mut group = criterion.benchmark_group("policy/evaluate");
    for count in [1_u32, 10, 100, 1_000, 10_000] {
        let policies = policies(count);
        assert_a_tenth_applies(&policies, sign_in);
        group.throughput(Throughput::Elements(u64::from(count)));
        group.bench_with_input(BenchmarkId::from_parameter(count), &policies, |bencher, set| {
            bencher.iter(|| {
                evaluate(black_box(set), black_box(sign_in), RulePack::newest(), Danger::NONE)
            });
        });
    }
    group.finish();
}

/// A policy that does not apply is cheap, so the share must be the stated one.
fn assert_a_tenth_applies(policies: &PolicySet, sign_in: &SignIn<'_>) {
    let decision = evaluate(policies, sign_in, RulePack::newest(), Danger::NONE);
    assert!(decision.denial().is_none());
    let applied = decision.entries().iter().filter(|it| it.result == AppliedPolicyResult::Success);
    assert_eq!(applied.count(), policies.len().div_ceil(10));
    assert_eq!(decision.entries().len(), policies.len());
}

criterion_group!(benches, bench);
criterion_main!(benches);
