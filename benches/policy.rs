//! Policy evaluation: one sign-in against 1 to 1,000 policies, verdict and entries.
//!
//! The workload of the budget, as far as the members are evaluated: of 100 policies all name
//! applications and client types, 60 name groups (three each), 10 apply.

#![allow(clippy::unwrap_used, reason = "a bench may")]

use std::collections::BTreeSet;
use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use serde_json::{Value, json};
use token_protection_lab::base::Danger;
use token_protection_lab::base::id::{GroupId, RoleTemplateId, UserId};
use token_protection_lab::catalog::{RulePack, well_known};
use token_protection_lab::directory::UserType;
use token_protection_lab::policy::{
    AppliedPolicyResult, Authentication, ClientAppType, Identity, Platform, PolicySet,
    SecondFactorProof, SignIn, Target, TokenProtectionStatus, UserFacts, evaluate,
};

/// The user is in this many groups, nested ones included.
const GROUPS_OF_THE_USER: u128 = 20;

/// Ten in a hundred apply; of the others a third each fails by application, users and platform.
fn policy(number: u128) -> Value {
    let applies = number.is_multiple_of(10);
    let fails_by = if applies { 3 } else { number % 3 };
    let exchange = well_known::EXCHANGE.to_string();
    let elsewhere = format!("{:032x}", 0xa000 + number);
    let group = |at: u128| GroupId::from_u128(at).to_string();
    let groups: Vec<String> = match fails_by {
        1 => (0..3).map(|at| group(1_000_000 + number * 3 + at)).collect(),
        _ => vec![group(1_000_000 + number), group(2_000_000 + number), group(number % 20)],
    };
    // Sixty of a hundred name groups, the others everybody.
    let named = fails_by == 1 || number % 10 < 4;
    json!({
        "id": format!("{:032x}", number + 1),
        "displayName": format!("Policy {number}"),
        "state": "enabled",
        "conditions": {
            "applications": {
                "includeApplications": if fails_by == 0 { vec![elsewhere] } else { vec![exchange, elsewhere] },
            },
            "users": {
                "includeUsers": if named { vec![] } else { vec!["All"] },
                "includeGroups": if named { groups } else { vec![] },
                "excludeGroups": [group(3_000_000)],
            },
            "platforms": {"includePlatforms": [if fails_by == 2 { "macOS" } else { "windows" }]},
            "clientAppTypes": ["mobileAppsAndDesktopClients"],
        },
        "grantControls": {"operator": "OR", "builtInControls": ["mfa"]},
        "sessionControls": {"secureSignInSession": {"isEnabled": true}},
    })
}

fn bench(criterion: &mut Criterion) {
    let groups: BTreeSet<GroupId> = (0..GROUPS_OF_THE_USER).map(GroupId::from_u128).collect();
    let roles: BTreeSet<RoleTemplateId> = BTreeSet::new();
    let user = UserFacts {
        id: UserId::from_u128(1),
        user_type: UserType::Member,
        external: None,
        groups: &groups,
        roles: &roles,
    };
    let sign_in = SignIn {
        platform: Platform::Windows,
        client_app_type: ClientAppType::MobileAppsAndDesktopClients,
        authentication: Authentication {
            second_factor: SecondFactorProof::Passed,
            ..Authentication::FRESH
        },
        token_protection: TokenProtectionStatus::BOUND,
        ..SignIn::new(Identity::User(user), Target::Resources(&[well_known::EXCHANGE]))
    };
    let mut group = criterion.benchmark_group("policy/evaluate");
    for count in [1_u32, 10, 100, 1_000] {
        let text = Value::Array((0..u128::from(count)).map(policy).collect()).to_string();
        let policies = PolicySet::from_json(text.as_bytes()).unwrap();
        assert_a_tenth_applies(&policies, &sign_in);
        group.throughput(Throughput::Elements(u64::from(count)));
        group.bench_with_input(BenchmarkId::from_parameter(count), &policies, |bencher, set| {
            bencher.iter(|| {
                evaluate(black_box(set), black_box(&sign_in), RulePack::newest(), Danger::NONE)
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
