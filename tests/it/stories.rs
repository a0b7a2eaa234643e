//! The named scenarios, and what holds for every run: same seed, same bytes; no password anywhere.

use token_protection_lab::base::b64;
use token_protection_lab::base::stream::{Seed, octets};
use token_protection_lab::sim::{
    DEFAULT_SEED, Outcome, RunOptions, Scenario, library, matrix, run,
};

#[test]
fn every_scenario_comes_out_as_its_file_expects() {
    for scenario in library::all() {
        let outcome = run(scenario, &RunOptions::default()).unwrap();
        let surprises: Vec<_> = outcome.steps.iter().flat_map(|step| &step.surprises).collect();
        assert!(outcome.as_expected(), "{}: {surprises:?} {:?}", scenario.name, outcome.surprises);
        assert_eq!(scenario.expect.is_some(), outcome.has_thief(), "{}", scenario.name);
        assert!(outcome.expectations >= 2, "{} expects next to nothing", scenario.name);
    }
}

#[test]
fn same_seed_same_trace_and_another_seed_another() {
    for scenario in library::all() {
        let trace = |seed| {
            let options = RunOptions { seed, ..RunOptions::default() };
            run(scenario, &options).unwrap().trace.to_text()
        };
        assert_eq!(trace(Seed(1)), trace(Seed(1)), "{}", scenario.name);
        assert_ne!(trace(Seed(1)), trace(Seed(2)), "{}", scenario.name);
    }
}

#[test]
fn a_wrong_expectation_is_a_surprise() {
    let mut scenario = library::named("policy-asks-for-a-proof").unwrap().clone();
    scenario.settings.clear();
    let outcome = run(&scenario, &RunOptions::default()).unwrap();
    assert!(!outcome.as_expected());
    assert_eq!(outcome.surprises.len(), 1);
}

#[test]
fn wrong_expectations_of_entries_and_records_are_surprises() {
    let scenario = library::named("pitfall-unmanaged-device").unwrap();
    let text = serde_json::to_string(scenario).unwrap();
    for (right, wrong, what) in [
        (r#""result":"failure""#, r#""result":"success""#, "result"),
        (r#""conditionsNotSatisfied":"none""#, r#""conditionsNotSatisfied":"users""#, "conditions"),
        (r#"["SignInTokenProtection"]"#, r#"["Binding"]"#, "sessionControls"),
        (r#""policy":"b""#, r#""policy":"a""#, "there is no entry"),
        (
            r#""conditionalAccessStatus":"failure""#,
            r#""conditionalAccessStatus":"success""#,
            "record",
        ),
        (r#""deviceDetail.deviceId":null"#, r#""deviceDetail.deviceId":"x""#, "record"),
    ] {
        let bent = text.replacen(right, wrong, 1);
        assert_ne!(bent, text, "{right}");
        let scenario = Scenario::from_json(bent.as_bytes()).unwrap();
        let outcome = run(&scenario, &RunOptions::default()).unwrap();
        let surprises: Vec<_> = outcome.steps.iter().flat_map(|step| &step.surprises).collect();
        assert_eq!(surprises.len(), 1, "{wrong}: {surprises:?}");
        assert!(surprises[0].contains(what), "{surprises:?}");
    }
}

/// Rows of the pitfalls of a roll-out (conditional-access 9) and of the causes (product 8.10).
#[test]
fn every_row_of_the_tables_has_its_scenario() {
    let pitfalls = [
        "unmanaged-device",
        "registered-long-ago",
        "admin-machines",
        "jump-box",
        "portal-on-a-secondary-machine",
        "shared-login",
        "no-modern-authentication",
        "outside-the-broker",
        "other-platforms",
        "platform-left-out",
        "pooled-desktop",
        "unclear-error",
        "report-only",
        "follows-mfa",
    ];
    for name in pitfalls {
        assert!(library::named(&format!("pitfall-{name}")).is_some(), "{name}");
    }
    for code in ["0", "1002", "1003", "1004", "1005", "1006", "1007", "1008"] {
        let start = format!("code-{code}-");
        let told = library::all().iter().filter(|one| one.name.starts_with(&start));
        let mut told = told.peekable();
        assert!(told.peek().is_some(), "{code}");
        for scenario in told {
            let outcome = run(scenario, &RunOptions::default()).unwrap();
            let shown = outcome.steps.iter().any(|step| step.status == code.parse().ok());
            assert!(shown, "{} never shows its code", scenario.name);
        }
    }
}

#[test]
fn a_run_that_expects_nothing_does_not_claim_that_it_came_true() {
    let text = r#"{"name":"x","title":"x","steps":[{"signIn":{"user":"alice","device":"LT-ALICE","app":"outlook","resource":"exchange"}}]}"#;
    let outcome = run(&Scenario::from_json(text.as_bytes()).unwrap(), &RunOptions::default());
    let outcome = outcome.unwrap();
    assert_eq!((outcome.expectations, outcome.has_thief()), (0, false));
    let page = token_protection_lab::render::outcome::outcome_page(&outcome).to_plain();
    assert!(!page.contains("came true") && !page.contains("stolen"), "{page}");
    assert!(page.contains("expects nothing"), "{page}");
}

/// Alice's password in a run of this seed: the world draws it the same way.
fn password(seed: Seed) -> String {
    let mut rng = seed.stream("person/alice@contoso.example");
    format!("pw-{}", b64::encode_url(octets::<12>(&mut rng)))
}

/// Everything a run shows, as one text.
fn shown(outcome: &Outcome) -> String {
    let records = serde_json::to_string(&outcome.records).unwrap();
    format!("{}\n{records}\n{:?}\n{:?}", outcome.trace.to_text(), outcome.trace, outcome.steps)
}

/// The text itself and every stretch of base64 in it, decoded.
fn with_decoded(text: &str) -> Vec<Vec<u8>> {
    let stretches = text.split(|c: char| !c.is_ascii_alphanumeric() && !"-_+/=".contains(c));
    let decoded = stretches
        .filter(|stretch| stretch.len() > 8)
        .flat_map(|stretch| [b64::decode_url(stretch).ok(), b64::decode_standard(stretch).ok()]);
    let mut all = vec![text.as_bytes().to_vec()];
    all.extend(decoded.flatten());
    all
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}

#[test]
fn no_password_is_shown_anywhere() {
    let options = RunOptions::default();
    let secret = password(DEFAULT_SEED);
    let mut runs: Vec<Outcome> =
        library::all().iter().map(|scenario| run(scenario, &options).unwrap()).collect();
    for address in ["phish-browser@N", "legacy-password@N", "own-device@N", "key-store@N"] {
        runs.push(matrix::cell(address, &options).unwrap());
    }
    for outcome in &runs {
        let text = shown(outcome);
        for bytes in with_decoded(&text) {
            assert!(!contains(&bytes, secret.as_bytes()), "{}", outcome.scenario);
        }
    }
    // The search can find what it looks for: the password was typed, so the redaction was needed.
    assert!(runs.iter().any(|outcome| shown(outcome).contains("redacted")));
    let planted = format!("x {} y", b64::encode_url(format!("{{\"password\":\"{secret}\"}}")));
    assert!(with_decoded(&planted).iter().any(|bytes| contains(bytes, secret.as_bytes())));
}

#[test]
fn tokens_and_keys_stay_out_of_records_and_debug_outputs() {
    let outcome = matrix::cell("key-store@N", &RunOptions::default()).unwrap();
    let records = serde_json::to_string(&outcome.records).unwrap();
    let steps = format!("{:?} {:?}", outcome.steps, outcome.records);
    let mut tokens = 0;
    for exchange in outcome.trace.exchanges() {
        let body = String::from_utf8_lossy(exchange.response.body()).into_owned();
        for part in body.split('"').filter(|part| part.len() > 60) {
            tokens += 1;
            assert!(!records.contains(part) && !steps.contains(part), "{part}");
        }
    }
    assert!(tokens > 3, "the run issued tokens to look for");
}

#[test]
fn every_request_that_counts_leaves_one_record() {
    let outcome = matrix::cell("refresh-token@T", &RunOptions::default()).unwrap();
    let counted = outcome.trace.exchanges().filter(|exchange| {
        let verdict = exchange.verdict.as_ref();
        verdict.is_some_and(|verdict| {
            outcome.records.iter().filter(|record| record.id == verdict.request).count() == 1
        })
    });
    assert_eq!(counted.count(), outcome.records.len());
    let last = serde_json::to_value(outcome.records.last().unwrap()).unwrap();
    assert_eq!(last["status"]["errorCode"], 530_084);
    assert_eq!(last["tokenProtectionStatusDetails"]["signInSessionStatus"], "unbound");
    assert_eq!(last["tokenProtectionStatusDetails"]["signInSessionStatusCode"], 1002);
    let entry = &last["appliedConditionalAccessPolicies"][0];
    assert_eq!(entry["result"], "failure");
    assert_eq!(entry["sessionControlsNotSatisfied"][0], "SignInTokenProtection");
}

#[test]
fn report_only_leaves_entries_and_changes_no_outcome() {
    let options = RunOptions::default();
    for row in ["refresh-token", "phish-native", "legacy-password", "own-device"] {
        let none = matrix::cell(&format!("{row}@N"), &options).unwrap();
        let report = matrix::cell(&format!("{row}@R"), &options).unwrap();
        assert_eq!(none.thief, report.thief, "{row}");
        for record in &report.records {
            assert_ne!(record.status.error_code, 530_084, "{row}");
        }
    }
    let report = matrix::cell("refresh-token@R", &options).unwrap();
    let last = serde_json::to_value(report.records.last().unwrap()).unwrap();
    assert_eq!(last["appliedConditionalAccessPolicies"][0]["result"], "reportOnlyFailure");
    assert_eq!(last["status"]["errorCode"], 0);
}

/// Rows of product 8.10 that need no device filter, each through the whole provider.
#[test]
fn binding_status_by_cause() {
    for (step, status) in [
        (
            r#"{"signIn":{"user":"alice","device":"LT-ALICE","app":"outlook","resource":"exchange"}}"#,
            0,
        ),
        (
            r#"{"signIn":{"user":"dave","device":"BARE-PC","app":"outlook","resource":"exchange"}}"#,
            1002,
        ),
        (
            r#"{"signIn":{"user":"carol","device":"PC-CAROL","app":"outlook","resource":"exchange"}}"#,
            1003,
        ),
        (
            r#"{"signIn":{"user":"erin","device":"AVD-0","app":"outlook","resource":"exchange"}}"#,
            1003,
        ),
        (
            r#"{"signIn":{"user":"alice","device":"CLOUDPC-1","app":"outlook","resource":"exchange"}}"#,
            1003,
        ),
        (
            r#"{"signIn":{"user":"grace","device":"OLD-GRACE","app":"outlook","resource":"exchange"}}"#,
            1006,
        ),
        (
            r#"{"signIn":{"user":"ivan","device":"MAC-IVAN","app":"outlook","resource":"exchange"}}"#,
            1004,
        ),
        (
            r#"{"signIn":{"user":"alice","device":"MAC-IVAN","app":"outlook","resource":"exchange"}}"#,
            1007,
        ),
        (
            r#"{"signIn":{"user":"frank","device":"LT-FRANK","app":"sharepoint-powershell","resource":"sharepoint"}}"#,
            1008,
        ),
        (
            r#"{"signIn":{"user":"frank","device":"LT-FRANK","app":"onedrive","version":"21.0","resource":"sharepoint"}}"#,
            1008,
        ),
    ] {
        let text = format!(r#"{{"name":"x","title":"x","steps":[{step}]}}"#);
        let scenario = Scenario::from_json(text.as_bytes()).unwrap();
        let outcome = run(&scenario, &RunOptions::default()).unwrap();
        assert_eq!(outcome.steps[0].status, Some(status), "{step}");
    }
}

#[test]
fn life_of_a_prt() {
    let text = r#"{"name":"x","title":"x","steps":[
        {"signIn":{"user":"alice","device":"LT-ALICE","app":"outlook","resource":"exchange","expect":{"outcome":"served","status":0}}},
        {"wait":{"hours":4}},
        {"renew":{"user":"alice","device":"LT-ALICE","expect":{"outcome":"done"}}},
        {"refresh":{"user":"alice","device":"LT-ALICE","app":"outlook","resource":"exchange","expect":{"outcome":"served","status":0}}},
        {"wait":{"days":13}},
        {"renew":{"user":"alice","device":"LT-ALICE","expect":{"outcome":"done"}}},
        {"wait":{"days":13}},
        {"refresh":{"user":"alice","device":"LT-ALICE","app":"outlook","resource":"exchange","expect":{"outcome":"served"}}},
        {"rollSessionKey":{"user":"alice","device":"LT-ALICE","expect":{"outcome":"done"}}},
        {"signIn":{"user":"alice","device":"LT-ALICE","app":"teams","resource":"teams","expect":{"outcome":"served","status":0}}},
        {"admin":{"action":"rotateSigningKey"}},
        {"fetch":{"user":"alice","device":"LT-ALICE","app":"teams","resource":"teams","expect":{"outcome":"served"}}},
        {"registerUserKey":{"user":"alice","device":"LT-ALICE","expect":{"outcome":"done"}}},
        {"wait":{"days":15}},
        {"signIn":{"user":"alice","device":"LT-ALICE","app":"teams","resource":"teams","method":"userKey","expect":{"outcome":"served","status":0}}},
        {"registerDevice":{"user":"alice","device":"NEW-PC","method":"workplaceJoin","expect":{"outcome":"done"}}},
        {"signIn":{"user":"alice","device":"NEW-PC","app":"outlook","resource":"exchange","expect":{"outcome":"served","status":0}}},
        {"registerDevice":{"user":"alice","device":"NEW-PC","method":"workplaceJoin","expect":{"outcome":"done"}}},
        {"browse":{"user":"alice","device":"NEW-PC","app":"outlook-web","resource":"exchange","expect":{"outcome":"served"}}},
        {"admin":{"action":"disableUser","user":"alice"}},
        {"signIn":{"user":"alice","device":"NEW-PC","app":"outlook","resource":"exchange","expect":{"outcome":"refused","check":"USR-02"}}}
    ]}"#;
    let scenario = Scenario::from_json(text.as_bytes()).unwrap();
    for setting in [
        "keystore=hardware",
        "keystore=software",
        "protocol=device_key",
        "latency=tpm",
        "issuing=ring",
    ] {
        let options = RunOptions { settings: vec![setting.to_owned()], ..RunOptions::default() };
        let outcome = run(&scenario, &options).unwrap();
        let surprises: Vec<_> = outcome
            .steps
            .iter()
            .map(|step| (step.number, &step.surprises))
            .filter(|(_, one)| !one.is_empty())
            .collect();
        assert!(outcome.as_expected(), "{setting}: {surprises:?}");
    }
}

#[test]
fn a_tpm_takes_simulated_time() {
    let scenario = library::named("prt-without-its-key").unwrap();
    let elapsed = |setting: &str| {
        let options = RunOptions { settings: vec![setting.to_owned()], ..RunOptions::default() };
        let outcome = run(scenario, &options).unwrap();
        outcome.trace.exchanges().last().unwrap().elapsed
    };
    assert_eq!(elapsed("latency=none").0, 0);
    assert!(elapsed("latency=tpm").0 > 100_000_000);
}
