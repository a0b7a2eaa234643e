//! The rows of the rule packs, through real cryptography: each limitation's cause is turned into a
//! scenario, and the record that it leaves must say what the row says. The same rows go through
//! modelled evidence in `sim::modelled`; so the two agree.

use serde_json::{Value, json};
use token_protection_lab::catalog::{
    Catalog, History, KeyHome, Limitation, Management, Owner, Registration, RulePack, Shows,
    SignedInUser, Situation,
};
use token_protection_lab::sim::{RunOptions, Scenario, library, run};
use token_protection_lab::wire::answer::ErrorBody;
use token_protection_lab::wire::authorize::AuthorizeAnswer;

/// What no honest sign-in shows: told by a scenario of the library with a thief in it, or by
/// evaluation alone where no client of the lab sends such a request (POL-03 has its own tests).
const NOT_HONEST: &[(&str, Option<&str>)] = &[
    ("all-requests", None),
    ("other-platform-claimed", Some("attack-token-protection-alone")),
    ("stolen-token", Some("attack-token-protection-alone")),
    ("unspecified", None),
];

#[test]
fn every_limitation_is_what_a_real_run_records() {
    let mut runs = 0;
    for pack in Catalog::builtin().rule_packs() {
        for row in &pack.limitations {
            let usual = row.cause.shows == Shows::AsUsual && row.cause.history == History::Clean;
            if !usual {
                told_by_a_thief(row, pack);
                continue;
            }
            runs += 1;
            compare(row, pack);
        }
    }
    assert!(runs > 150, "{runs}");
}

fn told_by_a_thief(row: &Limitation, pack: &RulePack) {
    let listed = NOT_HONEST.iter().find(|(id, _)| *id == row.id);
    let (_, name) = listed.unwrap_or_else(|| panic!("{} is told by no scenario", row.id));
    let Some(name) = name else { return };
    let rules = format!("rules={}", pack.id);
    let options = RunOptions { settings: vec![rules], ..RunOptions::default() };
    let outcome = run(library::named(name).unwrap(), &options).unwrap();
    let code = (row.effect.error != 0).then_some(row.effect.error);
    let told = outcome.steps.iter().filter(|step| step.by_thief && step.status.is_some());
    let mut told = told.filter(|step| step.status == Some(row.effect.status));
    assert!(told.any(|step| step.code == code), "{} under {}", row.id, pack.id);
}

fn compare(row: &Limitation, pack: &RulePack) {
    let text = scenario(&row.cause, pack).to_string();
    let at = format!("{} under {}: {text}", row.id, pack.id);
    let scenario =
        Scenario::from_json(text.as_bytes()).unwrap_or_else(|error| panic!("{at}: {error}"));
    let outcome = run(&scenario, &RunOptions::default()).unwrap();
    let mut records = outcome.records.iter();
    let record = records.rfind(|record| !record.applied_conditional_access_policies.is_empty());
    let record = record.unwrap_or_else(|| panic!("{at}: no record"));
    let status = record.token_protection_status_details.map(|status| status.code);
    assert_eq!(status, Some(row.effect.status), "{at}");
    assert_eq!(record.status.error_code, row.effect.error, "{at}");
    let entry = &record.applied_conditional_access_policies[0];
    assert_eq!(json!(entry.result), json!(row.effect.result), "{at}");
    let unmet = row.effect.result.to_lowercase().ends_with("failure");
    let expected: &[&str] = if unmet { &[&pack.control_label.value] } else { &[] };
    assert_eq!(entry.session_controls_not_satisfied, expected, "{at}");
}

fn scenario(cause: &Situation, pack: &RulePack) -> Value {
    let user = match (cause.user, cause.owner) {
        (SignedInUser::Member, Owner::User) => "alice",
        (SignedInUser::Member, Owner::Another) => "bob",
        _ => "heidi",
    };
    let device = match &cause.device {
        Some(kind) => json!({
            "name": "THE-DEVICE",
            "kind": kind,
            "owner": if cause.owner == Owner::Another { "alice" } else { user },
            "operatingSystemVersion": cause.operating_system_version,
            "freshSignIn": cause.registration == Registration::Fresh,
            "hardwareBackedKey": cause.key == KeyHome::Hardware,
            "managed": cause.management == Management::Managed,
        }),
        None => json!({ "name": "THE-DEVICE" }),
    };
    let mut scenario = json!({
        "name": "x",
        "title": "x",
        "settings": { "policies": [cause.policy], "rules": pack.id },
        "devices": [device],
        "steps": [{ "signIn": {
            "user": user,
            "device": "THE-DEVICE",
            "app": cause.client,
            "version": cause.client_version,
            "resource": cause.resource,
        } }],
    });
    if cause.user == SignedInUser::Guest {
        scenario["directory"] = without_trust();
    }
    scenario
}

/// The built-in tenant, where no other tenant's devices are trusted.
fn without_trust() -> Value {
    let text = include_bytes!("../../src/data/directory.json");
    let mut directory: Value = serde_json::from_slice(text).unwrap();
    assert!(directory.as_object_mut().unwrap().remove("crossTenantAccess").is_some());
    directory
}

#[test]
fn no_published_wording_names_the_cause() {
    let mut told = std::collections::BTreeSet::new();
    let scenario = library::named("pitfall-unclear-error").unwrap();
    let outcome = run(scenario, &RunOptions::default()).unwrap();
    for record in &outcome.records {
        if record.status.error_code == 530_084 {
            told.insert(record.status.failure_reason.clone());
        }
    }
    assert_eq!(told.len(), 1, "{told:?}");
    let mut descriptions = std::collections::BTreeSet::new();
    let mut refusals = 0;
    for exchange in outcome.trace.exchanges() {
        let body = ErrorBody::read(&exchange.response).map(|body| body.error_description);
        let Some(text) = body.or_else(|| match AuthorizeAnswer::read(&exchange.response) {
            Some(AuthorizeAnswer::Error { error_description, .. }) => Some(error_description),
            _ => None,
        }) else {
            continue;
        };
        if !text.starts_with("AADSTS530084") {
            continue;
        }
        refusals += 1;
        // The sentence ends where the ids of this one request begin.
        let sentence = text.split("Trace ID").next().unwrap_or_default().trim().to_owned();
        for word in ["1002", "1003", "1006", "1008", "register", "version", "broker"] {
            assert!(!sentence.contains(word), "{sentence}");
        }
        descriptions.insert(sentence);
    }
    assert!(refusals >= 4, "{refusals} {descriptions:?}");
    assert_eq!(descriptions.len(), 1, "{descriptions:?}");
}

/// The device-filter policies of 8.1: four exclusions in the seed, five in the newest form; devices
/// of a bulk enrolment cannot be filtered.
#[test]
fn the_printed_device_filters_exclude_what_they_name() {
    let devices = [
        ("AVD-0", "11"),
        ("CLOUDPC-1", "11"),
        ("PAD-HOST-1", "11"),
        ("AZVM-1", "11"),
        ("AP-SELF-1", "01"),
        ("BULK-1", "00"),
    ];
    for (device, excluded) in devices {
        for (policy, excluded) in ["c1", "c2"].iter().zip(excluded.chars()) {
            let text = json!({
                "name": "x",
                "title": "x",
                "settings": { "policies": [policy] },
                "steps": [{ "signIn": {
                    "user": "alice", "device": device, "app": "outlook", "resource": "exchange",
                    "expect": match excluded {
                        '1' => json!({ "outcome": "served", "status": 1003, "entries": [
                            { "policy": policy, "result": "notApplied", "conditionsNotSatisfied": "deviceState" }] }),
                        _ => json!({ "outcome": "refused", "code": 530_084, "status": 1003, "entries": [
                            { "policy": policy, "result": "failure", "conditionsNotSatisfied": "none" }] }),
                    },
                } }],
            });
            let scenario = Scenario::from_json(text.to_string().as_bytes()).unwrap();
            let outcome = run(&scenario, &RunOptions::default()).unwrap();
            assert!(outcome.as_expected(), "{device} under {policy}: {:?}", outcome.steps);
        }
    }
}
