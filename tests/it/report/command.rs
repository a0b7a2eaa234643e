//! `tplab report` as a user meets it: streams, exit codes, shapes.

use std::io::Write as _;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

use super::{expected, sample};
use crate::docs::root;

const LOG: &str = "tests/samples/signin-logs-small.ndjson";
const NOW: &str = "2026-03-10T12:00:00Z";

fn report(arguments: &[&str], input: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_tplab"))
        .arg("report")
        .args(arguments)
        .current_dir(root())
        .env("NO_COLOR", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that has seen enough may close its input.
    let _ = child.stdin.take().unwrap().write_all(input);
    child.wait_with_output().unwrap()
}

fn text(octets: &[u8]) -> String {
    String::from_utf8(octets.to_vec()).unwrap()
}

fn done(arguments: &[&str]) -> String {
    let output = report(arguments, b"");
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", text(&output.stderr));
    assert_eq!(text(&output.stderr), "", "{arguments:?}");
    text(&output.stdout)
}

fn json_of(arguments: &[&str]) -> Value {
    serde_json::from_str(&done(arguments)).unwrap()
}

#[test]
fn json_has_the_rows_of_the_published_queries() {
    let all = json_of(&[LOG, "--now", NOW, "--json"]);
    assert_eq!(all["rows"], expected()["q1_per_app"]);
    assert_eq!(all["report"], "apps");
    assert_eq!(all["variant"], "asPublished");
    assert_eq!(all["table"], "nonInteractive");
    assert_eq!(all["after"], "2026-03-03T12:00:00Z");
    assert_eq!(all["counting"], "exact");
    assert_eq!(all["read"], json!({"records": 44, "skipped": {}, "unfinished": 0}));
    assert_eq!(all["steps"]["distinct"], 29);
    let users = json_of(&["users", LOG, "--now", NOW, "--corrected", "--json"]);
    assert_eq!(users["rows"], expected()["variants"]["q2_case_also_tests_Binding"]);
    let interactive =
        json_of(&["apps", LOG, "--now", NOW, "--table", "interactive", "--format", "json"]);
    assert_eq!(interactive["rows"], expected()["variants"]["q1_on_SigninLogs"]);
    let assumed = json_of(&["apps", LOG, "--now", NOW, "--assume-unique-ids", "--json"]);
    assert_eq!(
        (&assumed["counting"], &assumed["steps"]["distinct"]),
        (&json!("eachRecord"), &json!(30))
    );
    assert!(done(&[LOG, "--now", NOW, "--assume-unique-ids"]).contains("counts twice"));
}

#[test]
fn csv_has_a_header_and_quotes_what_needs_it() {
    let csv = done(&["users", LOG, "--now", NOW, "--format", "csv"]);
    let first =
        "UserPrincipalName,AppDisplayName,ResourceDisplayName,Requests,Block,Allow,PctAllowed";
    assert_eq!(csv.lines().next(), Some(first));
    assert_eq!(csv.lines().count(), 26);
    let log = sample().replace("Microsoft Office\"", "Office, \\\"365\\\"\"");
    let output = report(&["-", "--now", NOW, "--format", "csv"], log.as_bytes());
    assert!(text(&output.stdout).contains("\"Office, \"\"365\"\"\",14,9,8,6,7,42.86\n"));
}

#[test]
fn every_page_fits_80_columns() {
    for what in [
        &["apps", "--newest"][..],
        &["users"],
        &["users", "--newest"],
        &["device-state", "--corrected"],
        &["codes"],
        &["weeks", "--newest"],
        &["ready"],
    ] {
        let page = done(&[what, &[LOG, "--now", NOW]].concat());
        for line in page.lines() {
            assert!(line.chars().count() <= 80, "{what:?}: {line}");
        }
    }
}

#[test]
fn windows_are_days_before_now_or_two_times() {
    let rows = |arguments: &[&str]| {
        let all = json_of(&[&["apps", LOG, "--json"], arguments].concat());
        all["steps"]["time"].as_u64().unwrap()
    };
    assert_eq!(rows(&["--now", NOW]), 38);
    assert_eq!(rows(&["--now", NOW, "--days", "8"]), 40);
    assert_eq!(rows(&["--from", "2026-03-03T12:00:00Z"]), 39);
    assert_eq!(rows(&["--from", "2026-03-03T12:00:00Z", "--to", "2026-03-05T09:00:00Z"]), 5);
    // Years after the sample.
    assert!(rows(&[]) <= 38);
    for wrong in [
        &["--days", "0"][..],
        &["--days", "7", "--from", NOW],
        &["--now", NOW, "--from", NOW],
        &["--from", NOW, "--to", NOW],
        &["--now", "yesterday"],
        &["--corrected", "--newest"],
    ] {
        let output = report(&[&[LOG], wrong].concat(), b"");
        assert_eq!(output.status.code(), Some(2), "{wrong:?}");
    }
}

#[test]
fn ready_says_how_much_evidence_there_is() {
    let all = json_of(&["ready", LOG, "--now", NOW, "--json"]);
    assert_eq!(all["table"], "all");
    let bob = json!({
        "user": "bob@contoso.example", "standing": "ready", "requests": 7, "passed": 7, "days": 3,
        "apps": ["Microsoft Office", "Microsoft Teams", "OneDrive SyncEngine", "Power BI Desktop"],
        "failures": [],
    });
    assert!(all["rows"].as_array().unwrap().contains(&bob));
    let csv = done(&["ready", LOG, "--now", NOW, "--format", "csv"]);
    assert!(csv.contains("\nfrank@contoso.example,notReady,4,1,2,1008:3,"), "{csv}");
    assert!(csv.contains("\nivan@contoso.example,noEvidence,0,0,0,,\n"), "{csv}");
}

#[test]
fn show_has_the_panes_of_the_portal_and_what_to_do() {
    let carol = "bde32a23-34b2-50c9-897d-e0038543a1e3";
    let page = done(&["show", carol, LOG]);
    for words in [
        "Token Protection - Sign In Session    Unbound - statusCode: 1003",
        "Sign-in error code                    530084",
        "SignInTokenProtection (not",
        "On Windows register the device again",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    assert!(page.lines().all(|line| line.chars().count() <= 80), "{page}");
    let json = json_of(&["show", carol, LOG, "--json"]);
    assert_eq!(json["signIns"].as_array().unwrap().len(), 2);
    assert_eq!(json["signIns"][0]["conditionalAccess"][0]["result"], "Failure");
    // The same record twice is one.
    let twice = format!("{0}{0}", sample());
    let output = report(&["show", carol, "-", "--json"], twice.as_bytes());
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(json["signIns"].as_array().unwrap().len(), 2);
    let report_only = sample().lines().nth(9).unwrap().to_owned();
    let row: Value = serde_json::from_str(&report_only).unwrap();
    let json =
        json_of(&["show", "--correlation", row["CorrelationId"].as_str().unwrap(), LOG, "--json"]);
    let sign_in = &json["signIns"][0];
    assert_eq!(sign_in["reportOnly"][0]["result"], "Report-only: Failure");
    assert_eq!(sign_in["conditionalAccess"], json!([]));
    let why = sign_in["why"].to_string();
    assert!(why.contains("would have refused it, were it On"), "{why}");
    // A spoofed platform: nothing applied, and the page says so.
    let spoofed: Value = serde_json::from_str(sample().lines().nth(38).unwrap()).unwrap();
    let page = done(&["show", spoofed["Id"].as_str().unwrap(), LOG]);
    assert!(page.contains("an unbound request went through"), "{page}");
    assert!(page.contains("devicePlatform"), "{page}");
    for wrong in [&["show", carol][..], &["show", "no-such-id", LOG], &["show"]] {
        assert_eq!(report(wrong, b"").status.code(), Some(2), "{wrong:?}");
    }
}

#[test]
fn a_bad_line_is_refused_with_its_place_and_nothing_is_printed() {
    let log = format!("{}{{\"Id\":7}}\n{}", sample(), sample());
    let output = report(&["-", "--now", NOW], log.as_bytes());
    assert_eq!((output.status.code(), text(&output.stdout)), (Some(2), String::new()));
    let line = text(&output.stderr);
    assert!(line.starts_with("tplab: standard input: line 45: `Id`: "), "{line}");
    assert!(line.contains("[signin.wrong_type]") && line.lines().count() == 1, "{line}");
    let output = report(&["no-such-log.ndjson"], b"");
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(report(&["tests"], b"").status.code(), Some(2));
}

#[test]
fn skipping_prints_the_rest_and_exits_1() {
    let log = format!("{{\"Id\":7}}\n{}nonsense\n", sample());
    let output = report(&["-", "--now", NOW, "--skip-bad", "--json"], log.as_bytes());
    assert_eq!(output.status.code(), Some(1));
    let all: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(all["rows"], expected()["q1_per_app"]);
    assert_eq!(all["read"]["skipped"], json!({"signin.not_json": 1, "signin.wrong_type": 1}));
    let line = text(&output.stderr);
    for words in ["2 of 46 records skipped", "1 signin.not_json", "1 signin.wrong_type", "line 1"] {
        assert!(line.contains(words), "{words}: {line}");
    }
}

#[test]
fn an_unfinished_last_line_is_a_warning() {
    let log = format!("{}{{\"Id\":\"x\",\"Time", sample());
    let output = report(&["-", "--now", NOW, "--json"], log.as_bytes());
    assert_eq!(output.status.code(), Some(0));
    let all: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(all["rows"], expected()["q1_per_app"]);
    assert_eq!(all["read"]["unfinished"], 1);
    assert!(text(&output.stderr).contains("line 45: it breaks off"));
}

#[test]
fn several_logs_count_together() {
    let (one, other): (Vec<_>, Vec<_>) =
        sample().lines().map(str::to_owned).enumerate().partition(|(at, _)| at % 2 == 0);
    let folder = std::env::temp_dir().join(format!("tplab-report-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let write = |name: &str, lines: Vec<(usize, String)>| {
        let path = folder.join(name);
        let lines: Vec<String> = lines.into_iter().map(|(_, line)| line).collect();
        std::fs::write(&path, lines.join("\n")).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (one, other) = (write("one.ndjson", one), write("other.ndjson", other));
    let all = json_of(&["apps", &one, &other, "--now", NOW, "--json"]);
    let _ = std::fs::remove_dir_all(&folder);
    assert_eq!(all["rows"], expected()["q1_per_app"]);
}
