//! Laws of policy evaluation, on generated policies and requests, against a second evaluator.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use token_protection_lab::catalog::RulePack;
use token_protection_lab::policy::{
    AppliedPolicy, Condition, ConditionOutcome, Decision, PolicySet,
};

use crate::support::fast_policy::{decide, in_words, read, with_facts};
use crate::support::policy_worlds::{Dice, Policies, policy_id, request};
use crate::support::slow_policy::{self, Request};

/// Pairs that `cargo test` compares; another number stands in [`PAIRS`].
const DEFAULT_PAIRS: u64 = 20_000;

/// Environment variable: how many pairs both evaluators are asked.
const PAIRS: &str = "TPLAB_POLICY_PAIRS";

/// Requests asked of one set of policies.
const REQUESTS: u64 = 10;

/// Policies of one set, at most.
const POLICIES: usize = 7;

/// What came up.
#[derive(Default)]
struct Seen {
    results: BTreeSet<String>,
    failed_conditions: BTreeSet<u32>,
    controls: BTreeSet<&'static str>,
}

#[test]
fn both_evaluators_agree() {
    let pairs = std::env::var(PAIRS).map_or(DEFAULT_PAIRS, |text| text.parse().unwrap());
    let mut seen = Seen::default();
    for seed in 0..pairs.div_ceil(REQUESTS) {
        let mut dice = Dice::new(seed);
        let policies = Policies::generate(&mut dice, POLICIES);
        let set = read(&policies.documents);
        for _ in 0..REQUESTS {
            let request = request(&mut dice);
            let slow = slow_policy::evaluate(&policies.documents, &request, &policies.filters);
            let fast = in_words(&decide(&set, &request));
            if fast != slow {
                let smallest = smallest(&policies, &request);
                let text = serde_json::to_string_pretty(&smallest.documents).unwrap();
                panic!("seed {seed}: {}\n{text}\n{request:#?}", difference(&smallest, &request));
            }
            seen.failed_conditions.extend(slow.entries.iter().map(|entry| entry.not_satisfied));
            seen.results.extend(slow.entries.into_iter().map(|entry| entry.result));
            seen.controls.extend(slow.refused.map(|(_, control, _)| control));
        }
    }
    // The generator is not vacuous: everything comes to decide.
    assert_eq!(seen.results.len(), 8, "{:?}", seen.results);
    let conditions = [0, 1, 2, 4, 16, 32, 64, 256, 1032, 8192, 16384, 32768, 65536];
    assert_eq!(seen.failed_conditions, BTreeSet::from(conditions));
    assert_eq!(seen.controls.len(), 13, "{:?}", seen.controls);
}

fn difference(policies: &Policies, request: &Request) -> String {
    let fast = in_words(&decide(&read(&policies.documents), request));
    let slow = slow_policy::evaluate(&policies.documents, request, &policies.filters);
    format!("fast {fast:#?}\nslow {slow:#?}")
}

fn disagree(policies: &Policies, request: &Request) -> bool {
    let Ok(set) = PolicySet::from_json(&serde_json::to_vec(&policies.documents).unwrap()) else {
        return false;
    };
    let slow = slow_policy::evaluate(&policies.documents, request, &policies.filters);
    in_words(&decide(&set, request)) != slow
}

/// The same disagreement with as few policies and members as can be found.
fn smallest(policies: &Policies, request: &Request) -> Policies {
    let mut smallest = policies.clone();
    for at in (0..policies.documents.len()).rev() {
        let mut without = smallest.clone();
        without.documents.remove(at);
        if disagree(&without, request) {
            smallest = without;
        }
    }
    for at in 0..smallest.documents.len() {
        for object in ["conditions", "conditions/users", "conditions/applications", "grantControls"]
        {
            let pointer = format!("/{at}/{object}");
            let whole = Value::from(smallest.documents.clone());
            let members = whole.pointer(&pointer).and_then(Value::as_object);
            for member in members.into_iter().flat_map(serde_json::Map::keys) {
                let mut without = whole_of(&smallest);
                without.pointer_mut(&pointer).unwrap()[member] = Value::Null;
                let without = Policies {
                    documents: without.as_array().unwrap().clone(),
                    filters: smallest.filters.clone(),
                };
                if disagree(&without, request) {
                    smallest = without;
                }
            }
        }
    }
    smallest
}

fn whole_of(policies: &Policies) -> Value {
    Value::from(policies.documents.clone())
}

/// Generated policies with a generated request, so many times.
fn for_each_pair(count: u64, mut check: impl FnMut(&mut Dice, &Policies, &Request)) {
    for seed in 0..count {
        let mut dice = Dice::new(1_000_000 + seed);
        let policies = Policies::generate(&mut dice, POLICIES);
        let request = request(&mut dice);
        check(&mut dice, &policies, &request);
    }
}

fn decision(policies: &[Value], request: &Request) -> Decision {
    decide(&read(policies), request)
}

#[test]
fn the_order_of_policies_does_not_matter() {
    for_each_pair(1_000, |dice, policies, request| {
        let mut shuffled = policies.documents.clone();
        for at in (1..shuffled.len()).rev() {
            shuffled.swap(at, dice.below(at + 1));
        }
        assert_eq!(decision(&policies.documents, request), decision(&shuffled, request));
    });
}

#[test]
fn a_copy_under_a_new_id_does_not_matter() {
    for_each_pair(1_000, |dice, policies, request| {
        let mut doubled = policies.documents.clone();
        if doubled.is_empty() {
            return;
        }
        let mut copy = doubled[dice.below(doubled.len())].clone();
        copy["id"] = json!(policy_id(99));
        doubled.push(copy);
        let (once, twice) = (decision(&policies.documents, request), decision(&doubled, request));
        assert_eq!(once.outcome(), twice.outcome());
        assert_eq!(once.status(), twice.status());
    });
}

#[test]
fn another_block_never_turns_a_refusal_into_a_grant() {
    let mut refused = 0;
    for_each_pair(1_000, |dice, policies, request| {
        let mut more = policies.clone();
        more.add(dice, &policy_id(99));
        let added = more.documents.last_mut().unwrap();
        added["grantControls"] = json!({"operator": "OR", "builtInControls": ["block"]});
        let before = decision(&policies.documents, request);
        let after = decision(&more.documents, request);
        if before.denial().is_some() {
            refused += 1;
            assert!(after.denial().is_some());
        }
    });
    assert!(refused > 100, "{refused}");
}

#[test]
fn report_only_never_changes_an_outcome() {
    for_each_pair(1_000, |dice, policies, request| {
        let mut more = policies.clone();
        more.add(dice, &policy_id(99));
        more.documents.last_mut().unwrap()["state"] = json!("enabledForReportingButNotEnforced");
        let before = decision(&policies.documents, request);
        let after = decision(&more.documents, request);
        assert_eq!(before.outcome(), after.outcome());
        assert_eq!(before.status(), after.status());
    });
}

#[test]
fn what_is_read_is_written_and_read_again() {
    for_each_pair(1_000, |_, policies, request| {
        let set = read(&policies.documents);
        let written = set.to_json();
        let again = PolicySet::from_json(&serde_json::to_vec(&written).unwrap()).unwrap();
        assert_eq!(again.to_json(), written);
        assert!(set.iter().eq(again.iter()));
        assert_eq!(written.as_array().map(Vec::len), Some(policies.documents.len()));
        assert_eq!(decide(&again, request), decide(&set, request));
    });
}

/// The explanation asks each condition of each policy singly and comes to the same result as the
/// evaluation that walks all of them at once.
#[test]
fn the_explanation_agrees_with_the_decision() {
    for_each_pair(1_000, |_, policies, request| {
        let set = read(&policies.documents);
        let decision = decide(&set, request);
        let tree = with_facts(request, |it| decision.explain(&set, it, RulePack::newest()));
        assert_eq!(tree.code, decision.denial().map_or(0, |denial| denial.code));
        for (policy, entry) in tree.policies.iter().zip(decision.entries()) {
            let first_failing = policy.conditions.iter().find(|it| !it.holds);
            let failed = entry.conditions_not_satisfied.iter().next().map(Condition::as_str);
            assert_eq!(first_failing.map(|it| it.condition), failed);
            let stopped = |it: &&_| matches!(it, ConditionOutcome::NotSatisfied);
            let outcomes: Vec<_> = policy.conditions.iter().map(|it| it.outcome).collect();
            assert_eq!(outcomes.iter().filter(stopped).count(), usize::from(failed.is_some()));
            check_rules(&set, request, entry);
        }
        // It is what people read, too.
        assert!(tree.to_string().lines().count() > policies.documents.len());
    });
}

/// Of a policy that applied some rule includes and none excludes, in each condition.
fn check_rules(set: &PolicySet, request: &Request, entry: &AppliedPolicy) {
    let policy = set.get(entry.policy).unwrap();
    let rules = with_facts(request, |sign_in| policy.rules_satisfied(sign_in, entry));
    if entry.applied() && entry.conditions_satisfied.contains(Condition::Users) {
        let of_users = |rule: &token_protection_lab::policy::RuleSatisfied| {
            rule.conditional_access_condition == "users"
        };
        assert!(rules.include_rules_satisfied.iter().any(of_users));
        assert!(!rules.exclude_rules_satisfied.iter().any(of_users));
    }
}
