//! `checks.md`: every check with its source, its error and its test, both ways.

use std::collections::{BTreeMap, BTreeSet};

use token_protection_lab::base::Check;
use token_protection_lab::base::check::CheckKind;
use token_protection_lab::catalog::{Catalog, RulePack};
use token_protection_lab::idp::Refusal;
use token_protection_lab::policy::{Control, Flag as _, GrantControl, SessionControl};
use token_protection_lab::pop::dpop::DpopError;

use super::{files_under, read, reference, root, settle, table};

/// Groups of checks: the letters of their ids, and what they are about.
const GROUPS: &[(&str, &str)] = &[
    ("MSG", "Shapes and headers"),
    ("NON", "Server nonces"),
    ("USR", "Users"),
    ("DEV", "Devices"),
    ("REG", "Registration"),
    ("PRQ", "Asking for a PRT"),
    ("USE", "Using a PRT"),
    ("REV", "What ends tokens early"),
    ("BRT", "Refresh tokens issued through the broker"),
    ("AUT", "The authorize step"),
    ("BRW", "Browser and device credentials"),
    ("COD", "Authorization codes"),
    ("RFT", "Refresh tokens outside the broker"),
    ("SCT", "What binds an access token"),
    ("POL", "Conditional Access"),
    ("RES", "Resource servers"),
    ("DPO", "DPoP proofs, at the provider and at resource servers"),
    ("CNF", "Other ways in which a token is bound"),
];

/// Negative tests of the structural checks, by file: nothing can be taken out, so no test bears
/// their id.
const STRUCTURAL: &[(Check, &str, &str)] = &[
    (Check::MessageShape, "src/wire/token.rs", "unknown_grants_and_missing_fields_are_named"),
    (Check::JwsShape, "tests/it/vectors/wycheproof.rs", "compact_jws"),
    (Check::ResponseUnreadable, "tests/it/vectors/jwe.rs", "answers"),
    (Check::PrtUnseal, "src/jose/seal.rs", "everything_else_is_refused_without_a_reason"),
];

#[test]
fn checks_md_lists_every_check_with_its_error_and_test() {
    let mut text = String::new();
    for (letters, title) in GROUPS {
        let group = Check::ALL.iter().copied().filter(|check| check.id().starts_with(letters));
        let head = ["id", "rule", "source", "the peer is told", "kind", "test"];
        text.push_str(&format!("## {title}\n\n{}\n", table(&head, group.map(check_row))));
    }
    let listed = Check::ALL.iter().filter(|check| text.contains(&format!("| {check} |"))).count();
    assert_eq!(listed, Check::ALL.len(), "every check is in a group");
    settle(&reference("checks.md"), "checks", &text);
}

fn check_row(check: Check) -> Vec<String> {
    let kind = match check.kind() {
        CheckKind::Structural => "structural",
        CheckKind::Switchable => "switchable",
    };
    vec![
        check.id().to_owned(),
        check.title().to_owned(),
        check.source().to_owned(),
        told(check),
        kind.to_owned(),
        test_of(check),
    ]
}

/// What the peer learns: OAuth error and AADSTS numbers, or what it gets instead.
fn told(check: Check) -> String {
    let mut errors: BTreeMap<&str, BTreeSet<u32>> = BTreeMap::new();
    for refusal in Refusal::ALL.iter().filter(|refusal| refusal.check() == check) {
        errors.entry(refusal.oauth_error().as_str()).or_default().insert(refusal.aadsts());
    }
    let packs = Catalog::builtin().rule_packs().iter().map(|pack| pack.error_code.value);
    match check {
        Check::PolicyGrants => {
            let grants = GrantControl::ALL.iter().copied().map(Control::Grant);
            let frequency = Control::Session(SessionControl::SignInFrequency);
            let codes = grants.chain([frequency]).map(|it| it.error_code(RulePack::newest()));
            let codes: BTreeSet<u32> = codes.collect();
            let codes: Vec<String> = codes.iter().map(u32::to_string).collect();
            return format!("`interaction_required` {}", codes.join(", "));
        }
        Check::PolicyTokenProtection => {
            let codes: BTreeSet<u32> = packs.collect();
            let codes: Vec<String> = codes.iter().rev().map(u32::to_string).collect();
            let (first, before) = codes.split_first().expect("there is a pack");
            return format!(
                "`invalid_grant` on a refresh or use, else `interaction_required`: {first} ({} \
                 under older rules)",
                before.join(", ")
            );
        }
        Check::SignInTainted => return "nothing by itself: the status becomes 1005".to_owned(),
        Check::ResponseUnreadable => {
            return "nothing: whoever holds the answer cannot read it".to_owned();
        }
        _ => {}
    }
    let dpop: BTreeSet<&str> = DpopError::ALL
        .iter()
        .filter(|error| error.check() == Some(check))
        .map(|error| error.answer().as_str())
        .collect();
    if errors.is_empty() && !dpop.is_empty() {
        return dpop.iter().map(|error| format!("`{error}`")).collect::<Vec<_>>().join("; ");
    }
    if errors.is_empty() {
        return "resource: 401 `invalid_token`".to_owned();
    }
    let one = |(error, codes): (&&str, &BTreeSet<u32>)| {
        let codes: Vec<String> = codes.iter().map(u32::to_string).collect();
        format!("`{error}` {}", codes.join(", "))
    };
    errors.iter().map(one).collect::<Vec<_>>().join("; ")
}

/// The tests of `tests/it/checks.rs` that bear the check's id, else its negative test.
fn test_of(check: Check) -> String {
    let prefix = format!("{}_", check.id().to_lowercase().replace('-', "_"));
    let files =
        ["tests/it/checks.rs", "tests/it/checks/dpop.rs", "tests/it/checks/sender_constrained.rs"];
    let source: String = files.iter().map(|file| read(&root().join(file))).collect();
    let names = source.lines().filter_map(|line| line.strip_prefix("fn ")?.split('(').next());
    let found: Vec<String> =
        names.filter(|name| name.starts_with(&prefix)).map(|name| format!("`{name}`")).collect();
    if !found.is_empty() {
        return found.join(", ");
    }
    let structural = STRUCTURAL.iter().find(|(of, _, _)| *of == check);
    let (_, file, name) = structural.unwrap_or_else(|| panic!("no test bears the id {check}"));
    let there = read(&root().join(file)).contains(&format!("fn {name}("));
    assert!(there, "{check}: `{name}` is not in {file}");
    format!("`{name}` in {file}")
}

#[test]
fn the_code_beside_each_check_carries_its_id() {
    let sources = files_under(&root().join("src"), &["rs"]);
    let other = sources.iter().filter(|path| !path.ends_with("base/check.rs"));
    let text: String = other.map(|path| read(path)).collect();
    let comments: String =
        text.lines().filter_map(|line| line.split_once("//")).map(|(_, c)| c).collect();
    for check in Check::ALL.iter().filter(|check| check.kind() == CheckKind::Switchable) {
        let letters = check.id().split('-').next().unwrap();
        let carried = comments.contains(check.id()) || comments.contains(&format!("{letters}-*"));
        assert!(carried, "no comment carries {check}");
        assert!(text.contains(&format!("Check::{check:?}")), "nothing makes {check}");
    }
}
