//! Every check must be able to fail a test: this takes each one out in turn, runs the tests of
//! `checks` in a process of their own, and lists which of them noticed.
//!
//! `cargo test --test it switches -- --nocapture` prints the list.

use std::collections::BTreeMap;
use std::process::Command;

use token_protection_lab::base::Check;
use token_protection_lab::base::check::CheckKind;

use crate::support::DANGER;

#[test]
fn taking_a_check_out_fails_the_test_that_bears_its_id() {
    let mut caught = BTreeMap::new();
    for check in Check::ALL.iter().filter(|check| check.kind() == CheckKind::Switchable) {
        caught.insert(*check, failing_without(*check));
    }
    let mut missed = Vec::new();
    for (check, tests) in &caught {
        println!("{check}  {}", tests.join(", "));
        let prefix = check.id().to_lowercase().replace('-', "_");
        if !tests.iter().any(|test| test.starts_with(&prefix)) {
            missed.push(*check);
        }
    }
    assert!(missed.is_empty(), "no test of their own notices that these are gone: {missed:?}");
}

/// Names of the tests of `checks` that fail without the check.
fn failing_without(check: Check) -> Vec<String> {
    let this = std::env::current_exe().unwrap();
    let output = Command::new(this)
        .args(["checks::", "--test-threads=2"])
        .env(DANGER, check.id())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let failed = text.lines().filter_map(|line| {
        let path = line.strip_prefix("test checks::")?.strip_suffix(" ... FAILED")?;
        path.rsplit("::").next().map(str::to_owned)
    });
    failed.collect()
}
