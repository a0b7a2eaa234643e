//! `tplab rollout`: the same bytes however a run is divided, stopped or spread over threads.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

/// A folder that goes with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path =
            std::env::temp_dir().join(format!("tplab-rollout-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).display().to_string()
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.0.join(name)).unwrap()
    }

    /// A small plan with every kind of policy.
    fn plan(&self) -> String {
        let plan = json!({
            "name": "small",
            "policies": ["b", "d1", "d3"],
            "start": "2026-09-07",
            "phases": [
                {"name": "Pilot", "groups": ["TP-Pilot"], "reportOnlyWeeks": 1, "onWeeks": 1},
                {"name": "All", "groups": ["All"], "reportOnlyWeeks": 1, "onWeeks": 1}
            ],
            "signInsPerUserAndWeek": 8,
            "fleet": {"users": 60},
            "readyAfter": 3,
        });
        let path = self.path("plan.json");
        std::fs::write(&path, plan.to_string()).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn tplab(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tplab"));
    command.arg("rollout").args(arguments).env_remove("NO_COLOR").stdin(Stdio::null());
    command
}

fn output(arguments: &[&str]) -> Output {
    tplab(arguments).output().unwrap()
}

fn done(arguments: &[&str]) -> String {
    let output = output(arguments);
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!((output.status.code(), errors.as_str()), (Some(0), ""), "{arguments:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn refused(arguments: &[&str]) -> String {
    let output = output(arguments);
    let line = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{line}");
    assert!(output.stdout.is_empty() && line.lines().count() == 1, "{line}");
    line
}

fn result(arguments: &[&str]) -> Value {
    serde_json::from_str(&done(arguments)).unwrap()
}

#[test]
fn the_built_in_plan_says_something_useful_at_80_columns() {
    let text = done(&["--verify", "30"]);
    for line in text.lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
    for words in ["When every phase is On", "For the help desk", "530084/1003", "Who can come"] {
        assert!(text.contains(words), "{words}");
    }
    assert!(text.contains("30 sign-ins\nre-run") || text.contains("30 sign-ins re-run"), "{text}");
}

#[test]
fn any_number_of_threads_writes_the_same_bytes() {
    let folder = Folder::new("threads");
    let plan = folder.plan();
    let run = |threads: &str| {
        let log = folder.path(&format!("log-{threads}"));
        let printed =
            done(&[&plan, "--verify", "0", "--threads", threads, "--log", &log, "--json"]);
        (printed, folder.read(&format!("log-{threads}")))
    };
    let one = run("1");
    assert_eq!(one.1.lines().count(), 60 * 4 * 8);
    assert!(run("2") == one && run("3") == one);
    let other = done(&[&plan, "--verify", "0", "--seed", "7", "--json"]);
    assert!(other != one.0, "another seed, other sign-ins");
    let tables: BTreeSet<String> = one
        .1
        .lines()
        .map(|line| {
            serde_json::from_str::<Value>(line).unwrap()["Type"].as_str().unwrap().to_owned()
        })
        .collect();
    let both = ["AADNonInteractiveUserSignInLogs", "SigninLogs"].map(str::to_owned);
    assert_eq!(tables, BTreeSet::from(both));
}

#[test]
fn report_counts_in_the_log_what_the_rehearsal_counted() {
    let folder = Folder::new("report");
    folder.plan();
    let mut plan: Value = serde_json::from_str(&folder.read("plan.json")).unwrap();
    // No other policy refuses, and the query looks at the resources of this one alone.
    plan["policies"] = json!(["b"]);
    std::fs::write(folder.path("plan.json"), plan.to_string()).unwrap();
    let (plan, log) = (folder.path("plan.json"), folder.path("log"));
    // 33 slots do not divide into 4 weeks: a slot begins in one week and ends in the next.
    for sign_ins in ["1920", "1970"] {
        let ours =
            result(&[&plan, "--verify", "0", "--sign-ins", sign_ins, "--log", &log, "--json"]);
        let report = Command::new(env!("CARGO_BIN_EXE_tplab"))
            .args(["report", "weeks", &log, "--from", "2026-09-07T00:00:00Z"])
            .args(["--table", "all", "--json"])
            .output()
            .unwrap();
        assert_eq!(report.status.code(), Some(0));
        let report: Value = serde_json::from_slice(&report.stdout).unwrap();
        let number = |row: &Value, name: &str| row[name].as_u64().unwrap();
        let counted = report["rows"].as_array().unwrap().iter();
        let counted: Vec<_> =
            counted.map(|row| (number(row, "Allow"), number(row, "Block"))).collect();
        let weeks = ours["weeks"].as_array().unwrap().iter();
        let expected: Vec<_> = weeks
            .map(|week| {
                (number(week, "bound"), number(week, "blocked") + number(week, "wouldBlock"))
            })
            .collect();
        assert_eq!(counted, expected, "{sign_ins}");
        assert!(expected.iter().any(|(_, blocked)| *blocked > 0));
    }
}

#[test]
fn a_sample_of_more_sign_ins_than_there_are_is_all_of_them() {
    let most = u64::MAX.to_string();
    assert_eq!(result(&["--sign-ins", "3", "--verify", &most, "--json"])["verified"], 3);
}

#[test]
fn shards_are_exactly_the_whole() {
    let folder = Folder::new("shards");
    let plan = folder.plan();
    let whole_log = folder.path("whole");
    let whole = done(&[&plan, "--verify", "5", "--log", &whole_log, "--json"]);
    let mut expected: Vec<String> = folder.read("whole").lines().map(str::to_owned).collect();
    expected.sort();
    for of in [1, 2, 3, 7] {
        let (mut records, mut results) = (Vec::new(), Vec::new());
        for index in 1..=of {
            let (shard, log) = (format!("{index}/{of}"), folder.path("part"));
            let printed =
                done(&[&plan, "--verify", "5", "--shard", &shard, "--log", &log, "--json"]);
            records.extend(folder.read("part").lines().map(str::to_owned));
            let path = folder.path(&format!("shard-{index}-of-{of}.json"));
            std::fs::write(&path, printed).unwrap();
            results.push(path);
        }
        records.sort();
        assert!(records == expected, "{of} shards");
        if of == 1 {
            continue;
        }
        let mut merge = vec!["merge", "--json"];
        merge.extend(results.iter().map(String::as_str));
        assert!(done(&merge) == whole, "{of} shards merged");

        let missing = refused(&merge[..merge.len() - 1]);
        assert!(missing.contains("missing"), "{missing}");
        merge.push(&results[0]);
        assert!(refused(&merge).contains("twice"), "the same shard twice");
    }
    let strange =
        refused(&["merge", &folder.path("shard-1-of-2.json"), &folder.path("shard-2-of-3.json")]);
    assert!(strange.contains("another run"), "{strange}");
}

#[test]
fn counts_that_were_tampered_with_are_refused() {
    let folder = Folder::new("tampered");
    let plan = folder.plan();
    let mut paths = Vec::new();
    for index in 1..=2 {
        let shard = format!("{index}/2");
        let printed = done(&[&plan, "--verify", "0", "--shard", &shard, "--json"]);
        let path = folder.path(&format!("{index}.json"));
        std::fs::write(&path, &printed).unwrap();
        paths.push(path);
    }
    let good: Value = serde_json::from_str(&folder.read("1.json")).unwrap();
    let spoilt = |edit: &dyn Fn(&mut Value)| {
        let mut bad = good.clone();
        edit(&mut bad["shardResult"]);
        let path = folder.path("bad.json");
        std::fs::write(&path, bad.to_string()).unwrap();
        refused(&["merge", &path, &paths[1]])
    };
    assert!(spoilt(&|one| one["counts"][0][2] = 99_999.into()).contains("complete run"));
    assert!(spoilt(&|one| one["counts"][0][0] = 4_000_000.into()).contains("does not have"));
    assert!(spoilt(&|one| one["counts"][0][1] = 99.into()).contains("does not have"));
    assert!(spoilt(&|one| one["counts"][0] = json!([])).contains("empty row"));
    assert!(spoilt(&|one| one["signIns"] = 5.into()).contains("another run"));
    assert!(spoilt(&|one| one["planFile"]["seed"] = 5.into()).contains("another run"));
    assert!(spoilt(&|one| one["shard"]["index"] = 2.into()).contains("twice"));
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_leaves_whole_lines_and_goes_on_to_the_same_bytes() {
    let folder = Folder::new("resume");
    let plan = folder.plan();
    let common =
        [plan.as_str(), "--verify", "0", "--sign-ins", "16000", "--threads", "2", "--json"];
    let run = |log: &str, more: &[&str]| {
        let path = folder.path(log);
        let mut arguments = common.to_vec();
        arguments.extend(["--log", path.as_str()]);
        arguments.extend(more);
        tplab(&arguments)
    };
    let whole = run("whole", &[]).output().unwrap();
    assert_eq!(whole.status.code(), Some(0));

    let mut child = run("log", &[]).stderr(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let log = PathBuf::from(folder.path("log"));
    while std::fs::metadata(&log).map_or(0, |facts| facts.len()) == 0 {
        assert!(child.try_wait().unwrap().is_none(), "it ended before it wrote anything");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
    let stopped = child.wait_with_output().unwrap();
    let said = String::from_utf8(stopped.stderr).unwrap();
    assert_eq!((stopped.status.code(), stopped.stdout.len()), (Some(130), 0), "{said}");
    assert!(said.contains("of 16000 sign-ins") && said.contains("--resume"), "{said}");
    let part = folder.read("log");
    assert!(part.ends_with('\n') && folder.read("whole").starts_with(&part));
    assert!(part.len() < folder.read("whole").len(), "it was stopped on the way");

    // What a dying process might have left behind.
    std::fs::write(&log, format!("{part}{{\"TimeGenerated\":\"2026")).unwrap();
    let fresh = run("log", &[]).output().unwrap();
    assert_eq!(fresh.status.code(), Some(2), "it would overwrite what can go on");
    let other = run("log", &["--resume", "--seed", "9"]).output().unwrap();
    assert_eq!(other.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&other.stderr).contains("another run"));

    let resumed = run("log", &["--resume"]).output().unwrap();
    assert_eq!(resumed.status.code(), Some(0), "{}", String::from_utf8_lossy(&resumed.stderr));
    assert!(resumed.stdout == whole.stdout && folder.read("log") == folder.read("whole"));
    assert!(!Path::new(&folder.path("log.state")).exists());
    let again = run("log", &["--resume"]).output().unwrap();
    assert!(String::from_utf8_lossy(&again.stderr).contains("no interrupted run"));
}

#[cfg(unix)]
#[test]
fn a_log_that_became_shorter_is_not_gone_on_with() {
    let folder = Folder::new("shorter");
    let plan = folder.plan();
    let log = folder.path("log");
    std::fs::write(&log, "").unwrap();
    let arguments = [plan.as_str(), "--verify", "0", "--log", &log, "--resume"];
    let state = |text: &str| {
        std::fs::write(folder.path("log.state"), text).unwrap();
        refused(&arguments)
    };
    assert!(state("{}").contains("run"), "not a state");
    assert!(state("\u{0}").contains("line 1"), "not JSON");
    let foreign = json!({"run": "0", "position": 1, "octets": 10}).to_string();
    assert!(state(&foreign).contains("another run"));
}

#[test]
fn an_exported_fleet_is_the_same_fleet() {
    let folder = Folder::new("export");
    let plan = folder.plan();
    let file = folder.path("directory.json");
    assert_eq!(done(&[&plan, "--write-directory", &file]), "");
    let whole = result(&[&plan, "--verify", "0", "--json"]);
    assert!(result(&[&plan, "--verify", "0", "--json", "--directory", &file]) == whole);

    let shard = |index: &str| {
        let path = folder.path(&index.replace('/', "-"));
        let directory = ["--directory", &file];
        let arguments = [&plan, "--verify", "0", "--json", "--shard", index];
        std::fs::write(&path, done(&[&arguments[..], &directory[..]].concat())).unwrap();
        path
    };
    let (one, two) = (shard("1/2"), shard("2/2"));
    assert!(refused(&["merge", &one, &two]).contains("--directory"));
    assert!(result(&["merge", &one, &two, "--json", "--directory", &file]) == whole);
}

#[test]
fn a_plan_names_its_policy_files_beside_itself() {
    let folder = Folder::new("files");
    let mut plan: Value = serde_json::from_str(&{
        folder.plan();
        folder.read("plan.json")
    })
    .unwrap();
    let b = include_str!("../../src/data/policies/b-token-protection-enabled.json");
    std::fs::write(folder.path("policies.json"), format!("{{\"value\": [{b}]}}")).unwrap();
    let mut run = |policies: Value| {
        plan["policies"] = policies;
        std::fs::write(folder.path("own.json"), plan.to_string()).unwrap();
        output(&[&folder.path("own.json"), "--verify", "0", "--json"])
    };
    let named = run(json!(["b"]));
    let file = run(json!([{"file": "policies.json"}]));
    assert!(named.status.success() && named.stdout == file.stdout);
    let error = |output: Output| String::from_utf8(output.stderr).unwrap();
    assert!(error(run(json!([{"file": "gone.json"}]))).contains("gone.json"));
    assert!(error(run(json!(["gold"]))).contains("policies[0]"));
    assert!(error(run(json!(["d1"]))).contains("token protection"));
    assert!(
        error(run(json!(["b", "b"]))).contains("stands twice")
            || !run(json!(["b", "b"])).status.success()
    );
}

#[test]
fn the_html_page_stands_alone() {
    let folder = Folder::new("html");
    let (plan, page) = (folder.plan(), folder.path("page.html"));
    done(&[&plan, "--verify", "0", "--html", &page]);
    let text = folder.read("page.html");
    assert!(text.starts_with("<!DOCTYPE html>") && text.matches("<svg ").count() == 4, "{text}");
    for outside in ["http:", "https:", "src=", "<script", "@import", "url("] {
        assert!(!text.contains(outside), "{outside}");
    }
    for words in ["Week by week", "report-only: would block", "What would help", "Every user"] {
        assert!(text.contains(words), "{words}");
    }
}

#[test]
fn bad_usage_is_refused_before_anything_is_written() {
    let folder = Folder::new("usage");
    let log = folder.path("log");
    let output = output(&["--shard", "0/2", "--log", &log]);
    assert_eq!(output.status.code(), Some(2));
    assert!(refused(&["--sign-ins", "0", "--log", &log]).contains("sign-ins"));
    assert!(refused(&[&folder.path("none.json"), "--log", &log]).contains("none.json"));
    std::fs::write(folder.path("bad.json"), "{\"name\": 1}").unwrap();
    assert!(refused(&[&folder.path("bad.json"), "--log", &log]).contains("`name`"));
    assert!(!Path::new(&log).exists());
}
