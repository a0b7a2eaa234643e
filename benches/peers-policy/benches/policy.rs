//! Our evaluation beside `cedar-policy` on comparable policies, in one run.
//!
//! The workload is that of `benches/support/policies.rs`. In Cedar each policy is a `forbid` (Cedar
//! denies by `forbid`, as a policy of ours denies by a control) whose conditions say the same: a
//! resource of a set, a group of three, a kind of client, a location, three comparisons on the
//! device. The user is in twenty groups there, too, and ten policies in a hundred apply.
//!
//! # Differences
//! Cedar answers with a verdict and the policies that decided it. Ours answers for every policy how
//! it came out and which conditions held.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::hint::black_box;
use std::str::FromStr as _;

#[path = "../../support/policies.rs"]
mod workload;

use cedar_policy::{
    Authorizer, Context, Decision, Entities, Entity, EntityUid, PolicySet as CedarSet, Request,
};
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use serde_json::json;
use token_protection_lab::base::Danger;
use token_protection_lab::catalog::RulePack;
use token_protection_lab::policy::evaluate;

/// The policy of the same number in `workload::policies`.
fn cedar_policy(text: &mut String, number: u32) {
    let kind = number % 10;
    let resources = match kind {
        8.. => format!("[App::\"other-{number}\"]"),
        _ => format!("[App::\"exchange\", App::\"other-{number}\"]"),
    };
    let other = |at: u32| format!("principal in Group::\"g{}\"", 1_000_000 + number * 3 + at);
    let own = format!("principal in Group::\"g{}\"", 10 + number % 10);
    let groups = match kind {
        1 | 2 => format!("({} || {} || {})", other(0), other(1), other(2)),
        0 | 3..=5 => format!("({own} || {} || {})", other(1), other(2)),
        _ => "true".to_owned(),
    };
    let client = if matches!(kind, 5 | 7) { "browser" } else { "native" };
    let location = |a: u32, b: u32| {
        format!(" && (context.locations.contains(\"l{a}\") || context.locations.contains(\"l{b}\"))")
    };
    let locations = match kind {
        0 => location(0, number + 10),
        3 | 6 => location(number + 10, number + 11),
        _ => String::new(),
    };
    let model = if kind == 0 { "Book" } else { "Pad" };
    let device = match kind {
        0 | 4 | 8 => format!(
            " && context.device.trustType == \"AzureAd\" \
             && !(context.device.displayName like \"*X-{number}-*\") \
             && context.device.model like \"*{model}*\""
        ),
        _ => String::new(),
    };
    writeln!(
        text,
        "forbid(principal, action, resource) when {{ resource in {resources} && {groups} \
         && !(principal in Group::\"g3000000\") && context.client == \"{client}\"{locations}{device} }};",
    )
    .unwrap();
}

fn uid(text: &str) -> EntityUid {
    EntityUid::from_str(text).unwrap()
}

fn entities() -> Entities {
    let inner = |number: u32| uid(&format!("Group::\"g{number}\""));
    let outer = |number: u32| uid(&format!("Group::\"g{}\"", 10 + number));
    let user = Entity::new_no_attrs(uid("User::\"a\""), (0..10).map(inner).collect());
    let nested =
        (0..10).map(|number| Entity::new_no_attrs(inner(number), HashSet::from([outer(number)])));
    Entities::from_entities(std::iter::once(user).chain(nested), None).unwrap()
}

fn request() -> Request {
    let context = json!({
        "client": "native", "locations": ["l0", "l1"],
        "device": {"trustType": "AzureAd", "displayName": "LT-ALICE", "model": "Book 3"},
    });
    let context = Context::from_json_value(context, None).unwrap();
    let (user, action) = (uid("User::\"a\""), uid("Action::\"access\""));
    Request::new(user, action, uid("App::\"exchange\""), context, None).unwrap()
}

fn bench(criterion: &mut Criterion) {
    let (entities, request, authorizer) = (entities(), request(), Authorizer::new());
    let directory = workload::directory();
    let mut group = criterion.benchmark_group("policy");
    for count in [10, 100, 1_000] {
        let mut text = String::from("permit(principal, action, resource);\n");
        (0..count).for_each(|number| cedar_policy(&mut text, number));
        let cedar = CedarSet::from_str(&text).unwrap();
        let answer = authorizer.is_authorized(&request, &cedar, &entities);
        assert_eq!(answer.decision(), Decision::Deny);
        assert_eq!(answer.diagnostics().errors().count(), 0);
        let decided = answer.diagnostics().reason().count();
        assert_eq!(decided, count.div_ceil(10) as usize, "as many apply as in ours");
        group.bench_with_input(BenchmarkId::new("cedar", count), &cedar, |bencher, set| {
            bencher.iter(|| authorizer.is_authorized(black_box(&request), set, &entities));
        });
        let ours = workload::policies(count);
        workload::with_sign_in(&directory, |sign_in| {
            group.bench_with_input(BenchmarkId::new("ours", count), &ours, |bencher, set| {
                bencher.iter(|| {
                    evaluate(set, black_box(sign_in), RulePack::newest(), Danger::NONE)
                });
            });
        });
    }
    group.finish();
}

criterion_group!(benches, bench);
criterion_main!(benches);
