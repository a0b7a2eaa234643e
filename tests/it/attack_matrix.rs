//! The attack matrix as printed: a stolen unbound refresh token of Alice, an unregistered machine
//! that claims a platform, Exchange, a native client; under token protection alone and with its
//! companions. (conditional-access 8.2)

use serde_json::{Value, json};
use token_protection_lab::sim::scenario::StepResult;
use token_protection_lab::sim::{RunOptions, Scenario, StepOutcome, run};

/// Columns of the matrix: `(b)`, `(b)+(d1)`, `(b)+(d1)+(d2)`, and the last with `(d3)`.
const COLUMNS: [&[&str]; 4] = [&["b"], &["b", "d1"], &["b", "d1", "d2"], &["b", "d1", "d2", "d3"]];

/// A row: what is claimed, then by column the code, 0 for a token issued.
const ROWS: &[(&str, [u32; 4])] = &[
    ("windows", [530_084, 530_084, 53_000, 53_000]),
    ("linux", [0, 53_003, 53_003, 53_003]),
    ("macOS", [0, 0, 53_000, 53_000]),
    ("none", [0, 53_003, 53_003, 53_003]),
];

/// The row of the legacy protocol.
const LEGACY: [u32; 4] = [0, 0, 53_000, 53_003];

#[test]
fn the_printed_matrix_comes_out() {
    for (platform, codes) in ROWS {
        for (policies, code) in COLUMNS.iter().zip(codes) {
            let steps = json!([
                { "signIn": { "user": "alice", "device": "LT-ALICE", "app": "azure-cli", "resource": "azure-management" } },
                { "steal": { "loot": "refresh-token", "user": "alice", "device": "LT-ALICE" } },
                { "use": { "platform": platform } },
            ]);
            let (step, record) = last(policies, &steps);
            judge(&step, *code, &format!("{platform} {policies:?}"));
            assert_eq!(step.status, Some(1002), "{platform} {policies:?}");
            let b = entry(&record, "CA-TP-02 Require token protection");
            let applies = *platform == "windows";
            assert_eq!(b["result"], if applies { "failure" } else { "notApplied" });
            let failed = if applies { "none" } else { "devicePlatform" };
            assert_eq!(b["conditionsNotSatisfied"], failed, "{platform}");
        }
    }
}

#[test]
fn the_row_of_the_legacy_protocol_comes_out() {
    for (policies, code) in COLUMNS.iter().zip(LEGACY) {
        let legacy =
            json!([{ "legacySignIn": { "user": "alice", "resource": "exchange", "by": "thief" } }]);
        let (step, record) = last(policies, &legacy);
        judge(&step, code, &format!("legacy {policies:?}"));
        let b = entry(&record, "CA-TP-02 Require token protection");
        assert_eq!(
            (&b["result"], &b["conditionsNotSatisfied"]),
            (&json!("notApplied"), &json!("clientType"))
        );
    }
}

fn judge(step: &StepOutcome, code: u32, at: &str) {
    let issued = code == 0;
    assert_eq!(step.result == StepResult::Served, issued, "{at}");
    assert_eq!(step.code, (!issued).then_some(code), "{at}");
}

/// The last step of a run and the last record it left.
fn last(policies: &[&str], steps: &Value) -> (StepOutcome, Value) {
    let scenario =
        json!({ "name": "x", "title": "x", "settings": { "policies": policies }, "steps": steps });
    let scenario = Scenario::from_json(scenario.to_string().as_bytes()).unwrap();
    let outcome = run(&scenario, &RunOptions::default()).unwrap();
    let record = serde_json::to_value(outcome.records.last().unwrap()).unwrap();
    (outcome.steps.last().unwrap().clone(), record)
}

fn entry(record: &Value, policy: &str) -> Value {
    let entries = record["appliedConditionalAccessPolicies"].as_array().unwrap();
    entries.iter().find(|entry| entry["displayName"] == policy).unwrap().clone()
}
