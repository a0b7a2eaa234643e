//! The command as a user meets it: exit codes, streams, shapes, and bad input.

use std::io::Write as _;
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use token_protection_lab::catalog::RulePack;

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tplab"));
    command.args(arguments).env_remove("NO_COLOR").env_remove("CLICOLOR_FORCE");
    command
}

fn tplab(arguments: &[&str]) -> Output {
    command(arguments).stdin(Stdio::null()).output().unwrap()
}

fn tplab_reading(arguments: &[&str], input: &[u8]) -> Output {
    let mut child = command(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that has seen enough may close its input.
    let _ = child.stdin.take().unwrap().write_all(input);
    child.wait_with_output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// The result on standard output, with nothing on standard error.
fn done(arguments: &[&str]) -> String {
    let output = tplab(arguments);
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", stderr(&output));
    assert_eq!(stderr(&output), "", "{arguments:?}");
    stdout(&output)
}

fn json(arguments: &[&str]) -> Value {
    serde_json::from_str(&done(arguments)).unwrap()
}

/// One line on standard error, nothing on standard output, exit code 2.
fn refused(output: &Output) -> String {
    let line = stderr(output);
    assert_eq!(output.status.code(), Some(2), "{line}");
    assert_eq!(stdout(output), "", "{line}");
    assert!(line.starts_with("tplab: ") && line.lines().count() == 1, "{line:?}");
    assert!(!line.contains("panicked"), "{line}");
    line
}

/// A file that is removed with the test.
struct Scratch(std::path::PathBuf);

impl Scratch {
    fn new(name: &str, text: &[u8]) -> Self {
        let name = format!("tplab-commands-{}-{name}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::write(&path, text).unwrap();
        Self(path)
    }

    fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn assert_fits(text: &str) {
    for line in text.lines() {
        assert!(line.chars().count() <= 80, "wider than 80 columns: {line}");
    }
}

#[test]
fn the_demo_tells_which_check_made_the_difference() {
    let story = done(&["demo"]);
    for word in ["SERVED", "REFUSED", "POL-02", "530084", "USE-05", "tplab run", "eyJ"] {
        assert!(story.contains(word), "{word}");
    }
    assert_fits(&story);
    assert!(!story.contains('\u{1b}'), "colours where there is no terminal");
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    for arguments in [
        &["demo", "--seed", "7"][..],
        &["demo", "--seed", "7", "--json"],
        &["run", "policy-asks-for-a-proof", "--seed", "7", "--trace", "--json"],
    ] {
        assert_eq!(done(arguments), done(arguments), "{arguments:?}");
    }
    assert_ne!(done(&["demo", "--seed", "7"]), done(&["demo", "--seed", "8"]));
}

#[test]
fn a_run_explains_a_refusal_in_all_its_parts() {
    let text = done(&["run", "policy-asks-for-a-proof"]);
    for word in [
        "presented",
        "failed check",
        "peer is told",
        "log says",
        "administrator",
        "source",
        "POL-02",
        "invalid_grant, AADSTS530084",
        "Status 1002",
    ] {
        assert!(text.contains(word), "{word}: {text}");
    }
    assert_fits(&text);
}

#[test]
fn a_run_as_json_has_its_documented_members() {
    let outcome = json(&["run", "policy-asks-for-a-proof", "--json"]);
    assert_eq!(outcome["thief"], "refused");
    assert_eq!(outcome["asExpected"], true);
    assert!(outcome.get("trace").is_none());
    let last = outcome["steps"].as_array().unwrap().last().unwrap();
    assert_eq!(last["byThief"], true);
    assert_eq!(last["result"], "refused");
    assert_eq!(last["refusal"]["check"], "POL-02");
    assert_eq!(last["refusal"]["told"]["aadsts"], 530_084);
    assert_eq!(last["refusal"]["logged"]["status"], 1002);
    let traced = json(&["run", "policy-asks-for-a-proof", "--json", "--trace"]);
    assert!(
        traced["trace"].as_array().unwrap().iter().any(|event| event.get("exchange").is_some())
    );
}

#[test]
fn an_expectation_that_fails_is_exit_code_1() {
    let output = tplab(&["run", "policy-asks-for-a-proof", "--set", "policies="]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stdout(&output).contains("not as expected"), "{}", stdout(&output));
}

#[test]
fn settings_change_a_run() {
    let cell = ["run", "matrix:derived-key-v1@N", "--json"];
    assert_eq!(json(&cell)["thief"], "gotIn");
    let changed = json(&[&cell[..], &["--set", "kdf.accept_v1=false"]].concat());
    assert_eq!(changed["thief"], "refused");
    assert!(changed["settings"].as_array().unwrap().contains(&"kdf.broker=1".into()));
    let line = refused(&tplab(&["run", "policy-asks-for-a-proof", "--set", "nonce.single=true"]));
    assert!(line.contains("nonce.single"), "{line}");
    for bad in ["nonce", "keystore=gold", "kdf.broker=3", "=", "policies=zz"] {
        refused(&tplab(&["run", "policy-asks-for-a-proof", "--set", bad]));
    }
}

#[test]
fn without_window_and_nonces_nothing_starts() {
    let line = refused(&tplab(&[
        "run",
        "proof-replayed",
        "--set",
        "dpop.nonces=false",
        "--set",
        "dpop.replay_window=false",
    ]));
    assert!(line.contains("without a replay window and without nonces"), "{line}");
}

#[test]
fn cells_of_the_matrix_open() {
    let outcome = json(&["run", "matrix:refresh-token@T", "--json"]);
    assert_eq!(outcome["thief"], "refused");
    let outcome = json(&["run", "matrix:refresh-token@N", "--json"]);
    assert_eq!(outcome["thief"], "gotIn");
    for (address, word) in [
        ("matrix:refresh-token", "ROW@COLUMN"),
        ("matrix:gold@T", "refresh-token"),
        ("matrix:refresh-token@Z", "d1"),
    ] {
        let line = refused(&tplab(&["run", address]));
        assert!(line.contains(word), "{line}");
    }
}

#[test]
fn the_matrix_is_text_and_json() {
    let text = done(&["matrix"]);
    assert_fits(&text);
    let tables = json(&["matrix", "--json"]);
    assert_eq!(tables["tables"][0]["rules"], RulePack::newest().id.as_str());
    let older = json(&["matrix", "--json", "--rules", "2025-05"]);
    assert_eq!(older["tables"][0]["rules"], "2025-05");
    let rows = tables["tables"][0]["rows"].as_array().unwrap();
    for row in rows {
        assert!(text.contains(row["id"].as_str().unwrap()), "{}", row["id"]);
        for cell in row["cells"].as_array().unwrap() {
            assert!(cell["opensWith"].as_str().unwrap().starts_with("matrix:"));
            let refused = cell["verdict"] == "refused";
            assert_eq!(refused, cell.get("check").is_some(), "{cell}");
        }
    }
}

#[test]
fn names_that_do_not_exist_suggest_one_that_does() {
    let line = refused(&tplab(&["run", "policy-asks-for-a-prof"]));
    assert!(line.contains("`policy-asks-for-a-proof`"), "{line}");
    let output = tplab(&["rum"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("run"), "{}", stderr(&output));
}

#[test]
fn a_scenario_file_runs() {
    let text = br#"{"name":"own","title":"Own","steps":[
        {"signIn":{"user":"alice","device":"LT-ALICE","app":"outlook","resource":"exchange"}}]}"#;
    let file = Scratch::new("own.json", text);
    assert_eq!(json(&["run", file.path(), "--json"])["scenario"], "own");
}

#[test]
fn files_that_cannot_be_read_are_named() {
    let directory = std::env::temp_dir();
    let long = Scratch::new("long.json", &vec![b' '; 1024 * 1024 + 1]);
    let octets = Scratch::new("octets.json", &[b'{', 0xff, 0xfe]);
    let shape =
        Scratch::new("shape.json", b"{\"name\":\"x\",\"title\":\"x\",\n\"steps\":[{\"sing\":{}}]}");
    let user = Scratch::new(
        "user.json",
        br#"{"name":"x","title":"x","steps":[{"signIn":{"user":"nobody","device":"d","app":"outlook","resource":"exchange"}}]}"#,
    );
    for (path, word) in [
        ("no-such-file.json", "no such file"),
        (directory.to_str().unwrap(), "directory"),
        (long.path(), "longer"),
        (octets.path(), "not UTF-8"),
        (shape.path(), "line 2"),
        (user.path(), "nobody"),
    ] {
        let line = refused(&tplab(&["run", path]));
        assert!(line.contains(path) && line.contains(word), "{line}");
    }
}

#[test]
fn terminals_are_not_steered_by_what_comes_from_outside() {
    let line = refused(&tplab(&["run", "\u{1b}]0;x\u{7}"]));
    assert!(!line.contains('\u{1b}'), "{line:?}");
}

#[test]
fn garbage_is_inspected_without_a_panic() {
    let long = "a".repeat(65_537);
    let deep = "[".repeat(60_000);
    for text in [
        "hello",
        "..",
        "a.b.c",
        "....",
        "eyJhbGciOiJub25lIn0..",
        "{",
        "[]",
        "{}",
        "null",
        "-",
        "--",
        "{\"a\":1,\"a\":2}",
        "\u{1b}[2J",
        "ö",
        "{\"steps\":[]}",
        "{\"conditions\":{}}",
        &deep,
        "{\"createdDateTime\":1,\"status\":{}}",
        "{\"users\":1}",
        "{\"kty\":7}",
        &long,
    ] {
        let line = refused(&tplab_reading(&["inspect"], text.as_bytes()));
        assert!(!line.contains('\u{1b}'), "{line:?}");
    }
    refused(&tplab_reading(&["inspect"], b""));
    refused(&tplab_reading(&["inspect"], &[0xff, 0xfe, 0x00]));
    refused(&tplab(&["inspect", &long]));
}

#[test]
fn tokens_of_a_trace_can_be_inspected() {
    let story = json(&["demo", "--json"]);
    let events = story["acts"][0]["trace"].as_array().unwrap();
    let bodies = events.iter().filter_map(|event| event["exchange"]["response"]["body"].as_str());
    let answers = bodies.filter_map(|body| serde_json::from_str::<Value>(body).ok());
    let mut token = answers.filter_map(|answer| Some(answer["access_token"].as_str()?.to_owned()));
    let token = token.next_back().unwrap();
    let found = json(&["inspect", "--json", &token]);
    assert_eq!(found["kind"], "accessToken");
    assert!(found["notChecked"].as_array().unwrap().iter().any(|open| open["check"] == "RES-01"));
    let text = done(&["inspect", &token]);
    assert!(text.contains("Not checked") && text.contains("whoever holds it"), "{text}");
    assert_fits(&text);
    let piped = tplab_reading(&["inspect"], format!("Bearer {token}\n").as_bytes());
    assert_eq!(stdout(&piped), text);
}

#[test]
fn passwords_are_not_shown() {
    // {"alg":"ES256"} . {"scope":"openid aza","grant_type":"password","password":"hunter2"}
    let token = "eyJhbGciOiJFUzI1NiJ9.eyJzY29wZSI6Im9wZW5pZCBhemEiLCJncmFudF90eXBlIjoicGFzc3dvcmQi\
        LCJwYXNzd29yZCI6Imh1bnRlcjIifQ.AAAA";
    for arguments in [&["inspect", token][..], &["inspect", "--json", token]] {
        let text = done(arguments);
        assert!(text.contains("<redacted>") && !text.contains("hunter2"), "{text}");
    }
}

#[test]
fn lists_are_tables_and_json() {
    for flag in ["--apps", "--devices", "--settings", "--checks"] {
        assert_fits(&done(&["list", flag]));
        let lists = json(&["list", flag, "--json"]);
        for (name, list) in lists.as_object().unwrap() {
            assert!(!list.as_array().unwrap().is_empty(), "{name}");
        }
    }
    let all = done(&["list"]);
    assert!(all.contains("policy-asks-for-a-proof"));
    assert_fits(&all);
}

#[test]
fn colours_are_asked_for_and_never_needed() {
    let run = ["run", "policy-asks-for-a-proof"];
    let plain = done(&run);
    let forced = command(&run).env("CLICOLOR_FORCE", "1").output().unwrap();
    let coloured = String::from_utf8(forced.stdout).unwrap();
    assert!(coloured.contains('\u{1b}'));
    assert_eq!(anstream::adapter::strip_str(&coloured).to_string(), plain);
    let never = command(&run).env("CLICOLOR_FORCE", "1").env("NO_COLOR", "1").output().unwrap();
    assert_eq!(String::from_utf8(never.stdout).unwrap(), plain);
}

#[test]
fn a_reader_that_leaves_is_no_panic() {
    let mut child = command(&["run", "policy-asks-for-a-proof", "--trace"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(stderr(&output), "");
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn every_command_has_help_with_an_example() {
    for name in [
        "demo",
        "list",
        "run",
        "matrix",
        "rules",
        "rules list",
        "rules show",
        "rules diff",
        "inspect",
        "lint",
        "whatif",
        "report",
        "report apps",
        "report users",
        "report device-state",
        "report codes",
        "report weeks",
        "report ready",
        "report show",
        "rollout",
        "rollout merge",
        "completions",
        "man",
        "schema",
    ] {
        let words: Vec<&str> = name.split(' ').collect();
        let help = done(&[&words[..], &["--help"]].concat());
        assert!(help.contains("Example") && help.contains(&format!("  tplab {name}")), "{name}");
        assert_fits(&help);
        let page = done(&[&["man"], &words[..]].concat());
        assert!(page.contains(&format!(".TH tplab-{} ", words.join("-"))), "{name}");
    }
    assert!(done(&["--help"]).contains("Exit codes"));
    assert_fits(&done(&["--help"]));
    assert!(done(&["--version"]).starts_with("tplab "));
    assert!(done(&["completions", "bash"]).contains("tplab"));
    assert!(done(&["man"]).contains(".TH"));
    refused(&tplab(&["man", "gold"]));
    refused(&tplab(&["man", "report", "gold"]));
}

#[test]
fn bad_usage_is_exit_code_2() {
    for arguments in [
        &[][..],
        &["gold"],
        &["run"],
        &["demo", "--seed", "x"],
        &["demo", "--seed", "-1"],
        &["matrix", "--format", "gold"],
        &["matrix", "--each-alone", "--aftermath"],
        &["schema", "gold"],
        &["completions", "gold"],
        &["list", "--gold"],
    ] {
        let output = tplab(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert_eq!(stdout(&output), "", "{arguments:?}");
        assert!(!stderr(&output).is_empty(), "{arguments:?}");
    }
}

#[test]
fn schemas_name_the_members_of_their_formats() {
    for (format, member) in
        [("scenario", "steps"), ("directory", "users"), ("settings", "keystore")]
    {
        let schema = json(&["schema", format]);
        assert!(schema["properties"].get(member).is_some(), "{format}");
    }
}

const POLICIES: &str = "tests/samples/policies";

#[test]
fn lint_exits_by_its_errors_and_refuses_what_it_cannot_read() {
    let flawed = format!("{POLICIES}/flawed/3-broad-exclusion");
    let directory = ["--directory", "tests/samples/directory.json"];
    let output = tplab(&[&["lint", &flawed, "--json"][..], &directory].concat());
    assert_eq!(output.status.code(), Some(1));
    let report: Value = serde_json::from_str(&stdout(&output)).unwrap();
    assert_eq!((&report["policies"], &report["groups"]), (&4.into(), &"resolved".into()));
    assert_eq!(report["counts"], serde_json::json!({"error": 1, "warning": 0, "information": 0}));
    assert_eq!(report["findings"][0]["id"], "L07");
    let text = tplab(&[&["lint", &flawed][..], &directory].concat());
    assert_eq!(text.status.code(), Some(1));
    assert_fits(&stdout(&text));
    // Without a directory nobody can tell, and the output says so.
    assert!(done(&["lint", &flawed]).contains("--directory"));

    let bad = Scratch::new(
        "filter.json",
        include_bytes!("../samples/policies/c1-token-protection-device-filter-seed.json"),
    );
    let text = std::fs::read_to_string(&bad.0)
        .unwrap()
        .replace("systemLabels -contains", "systemLabel -contains");
    std::fs::write(&bad.0, text).unwrap();
    let line = refused(&tplab(&["lint", bad.path()]));
    for part in
        ["filter.json", "conditions.devices.deviceFilter.rule", "offset 1", "`device.systemLabels`"]
    {
        assert!(line.contains(part), "{part}: {line}");
    }
    refused(&tplab(&["lint", "no-such-file.json"]));
    refused(&tplab(&["lint", "src"]));
    refused(&tplab(&["lint", &flawed, "--rules", "1999-01"]));
    refused(&tplab(&["lint", &flawed, "--emergency", "nobody@contoso.example"]));
    refused(&tplab(&["lint", &flawed, "--directory", &format!("{POLICIES}/README.md")]));
    // One id in two files of one tenant.
    let b = format!("{POLICIES}/b-token-protection-enabled.json");
    refused(&tplab(&["lint", &b, &b]));
}

#[test]
fn whatif_reads_a_file_or_standard_input_and_keeps_the_simulation_apart() {
    let (b, request) = (
        format!("{POLICIES}/b-token-protection-enabled.json"),
        "tests/samples/what-if/alice-linux.json",
    );
    let common = ["--policies", &b, "--directory", "tests/samples/directory.json", "--json"];
    let answer = json(&[&["whatif", request][..], &common].concat());
    assert_eq!(answer["value"][0]["analysisReasons"], "devicePlatform");
    assert!(answer.get("simulate").is_none());
    let body = std::fs::read(request).unwrap();
    let piped = tplab_reading(&[&["whatif", "-"][..], &common].concat(), &body);
    assert_eq!(serde_json::from_str::<Value>(&stdout(&piped)).unwrap(), answer);
    let none = json(&[&["whatif", request, "--applied-only"][..], &common].concat());
    assert_eq!(none["value"], serde_json::json!([]));

    let simulated = ["whatif", "tests/samples/what-if/alice-windows.json", "--simulate"];
    let stated = ["--client", "outlook", "--device", "LT-ALICE", "--evidence", "possession"];
    let simulate =
        |more: &[&str]| json(&[&simulated[..], more, &common].concat())["simulate"].clone();
    assert_eq!(simulate(&stated)["decision"]["outcome"], "allow");
    assert_eq!(
        simulate(&stated)["record"]["tokenProtectionStatusDetails"]["signInSessionStatus"],
        "bound"
    );
    let unshown = simulate(&["--client", "outlook"]);
    assert_eq!(unshown["decision"]["code"], 530_084);
    assert_eq!(unshown["record"]["status"]["errorCode"], 530_084);
    assert_eq!(unshown["tokenProtectionStatusDetails"]["signInSessionStatusCode"], 1002);

    let bad = tplab_reading(&[&["whatif", "-"][..], &common].concat(), b"{\"weather\": 1}");
    assert!(refused(&bad).contains("`signInIdentity`"));
    refused(&tplab(
        &[&["whatif", request, "--simulate", "--client", "outlok"][..], &common].concat(),
    ));
    refused(&tplab(
        &[&["whatif", request, "--simulate", "--device", "LT-X"][..], &common].concat(),
    ));
    // Windows PowerShell writes a byte order mark; it is no fault of the request or the policies.
    let marked = |text: &[u8]| [b"\xef\xbb\xbf", text].concat();
    let policies = Scratch::new("marked-policy.json", &marked(&std::fs::read(&b).unwrap()));
    let with_mark = ["whatif", "-", "--policies", policies.path(), common[2], common[3], "--json"];
    let piped = tplab_reading(&with_mark, &marked(&body));
    assert_eq!(serde_json::from_str::<Value>(&stdout(&piped)).unwrap(), answer);
    let alone = tplab(&[&["whatif", request, "--mfa"][..], &common].concat());
    assert_eq!(alone.status.code(), Some(2));
}

/// The records of a run in this shape, from standard output.
fn log_of(run: &str, format: &str) -> Vec<Value> {
    let text = done(&["run", run, "--log", "-", "--log-format", format]);
    assert!(text.ends_with('\n'));
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn a_run_writes_its_records_in_three_shapes() {
    const RUN: &str = "policy-asks-for-a-proof";
    let outcome = json(&["run", RUN, "--json"]);
    let records = outcome["records"].as_array().unwrap();
    assert_eq!(&log_of(RUN, "graph"), records);
    let (lines, rows) = (log_of(RUN, "diagnostic"), log_of(RUN, "log-analytics"));
    assert_eq!((lines.len(), rows.len()), (records.len(), records.len()));
    for ((record, line), row) in records.iter().zip(&lines).zip(&rows) {
        assert_eq!(record["id"], line["properties"]["id"]);
        assert_eq!(record["id"], row["Id"]);
        let table = match record["isInteractive"].as_bool().unwrap() {
            true => "SigninLogs",
            false => "AADNonInteractiveUserSignInLogs",
        };
        assert_eq!(row["Type"], table);
    }
}

#[test]
fn a_log_goes_to_a_file_beside_the_result() {
    let file = Scratch::new("log.ndjson", b"what stood there");
    let run = ["run", "policy-asks-for-a-proof"];
    let arguments = [&run[..], &["--log", file.path(), "--log-format", "log-analytics"]].concat();
    assert_eq!(done(&arguments), done(&run));
    let log = std::fs::read_to_string(&file.0).unwrap();
    let codes: Vec<Value> = log
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["ResultType"].clone())
        .collect();
    assert_eq!(codes.last().unwrap(), "530084");
}

#[test]
fn a_log_that_cannot_be_written_is_refused() {
    let run = |more: &[&str]| tplab(&[&["run", "policy-asks-for-a-proof"], more].concat());
    let line = refused(&run(&["--log", "/nowhere/at/all.ndjson"]));
    assert!(line.contains("/nowhere/at/all.ndjson"), "{line}");
    assert!(refused(&run(&["--log", "-", "--json"])).contains("--json"));
    let alone = run(&["--log-format", "graph"]);
    assert_eq!(alone.status.code(), Some(2), "a format without a log");
}

#[test]
fn every_shape_of_a_record_is_recognised() {
    const RUN: &str = "policy-asks-for-a-proof";
    for (format, kind) in
        [("graph", "signInRecord"), ("diagnostic", "signInExport"), ("log-analytics", "signInRow")]
    {
        let line = log_of(RUN, format).pop().unwrap().to_string();
        let found = tplab_reading(&["inspect", "--json"], line.as_bytes());
        let found: Value = serde_json::from_str(&stdout(&found)).unwrap();
        assert_eq!(found["kind"], kind);
    }
}

#[cfg(feature = "parquet")]
#[test]
fn a_log_as_parquet_has_one_file_a_table() {
    let stem = std::env::temp_dir().join(format!("tplab-parquet-{}", std::process::id()));
    let path = format!("{}.parquet", stem.display());
    let run = ["run", "policy-asks-for-a-proof", "--log", &path, "--log-format", "parquet"];
    done(&run);
    let rows = log_of("policy-asks-for-a-proof", "log-analytics");
    for table in ["SigninLogs", "AADNonInteractiveUserSignInLogs"] {
        let expected = rows.iter().filter(|row| row["Type"] == table).count();
        let name = format!("{}-{table}.parquet", stem.display());
        let octets = std::fs::read(&name).ok();
        assert_eq!(octets.is_some(), expected > 0, "{name}");
        if let Some(octets) = octets {
            assert!(octets.starts_with(b"PAR1") && octets.ends_with(b"PAR1"));
            std::fs::remove_file(&name).unwrap();
        }
    }
    let refusal = refused(&tplab(&["run", run[1], "--log", "-", "--log-format", "parquet"]));
    assert!(refusal.contains("--log FILE"), "{refusal}");
}
