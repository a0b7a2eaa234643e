//! Tables of the reference, compared with the code they describe.

use std::collections::{BTreeMap, BTreeSet};

use token_protection_lab::base::Check;
use token_protection_lab::base::check::CheckKind;
use token_protection_lab::catalog::Catalog;
use token_protection_lab::idp::Refusal;
use token_protection_lab::sim::Settings;

use super::{files_under, read, reference, root, settle, shown, table};

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
    ("POL", "Conditional Access"),
    ("RES", "Resource servers"),
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
        Check::PolicyGrants => return "`interaction_required` 53003, 53000, 53001, 50076".to_owned(),
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
        Check::ResponseUnreadable => return "nothing: whoever holds the answer cannot read it".to_owned(),
        _ => {}
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
    let source = read(&root().join("tests/it/checks.rs"));
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
    let comments: String = text.lines().filter_map(|line| line.split_once("//")).map(|(_, c)| c).collect();
    for check in Check::ALL.iter().filter(|check| check.kind() == CheckKind::Switchable) {
        let letters = check.id().split('-').next().unwrap();
        let carried = comments.contains(check.id()) || comments.contains(&format!("{letters}-*"));
        assert!(carried, "no comment carries {check}");
        assert!(text.contains(&format!("Check::{check:?}")), "nothing makes {check}");
    }
}

#[test]
fn error_codes_md_lists_every_code_with_its_sentence() {
    let rooms = rooms();
    let mut text = String::new();
    let mut listed = BTreeSet::new();
    for room in &rooms {
        let codes = codes_of(room);
        if codes.is_empty() {
            continue;
        }
        listed.extend(codes.keys().cloned());
        let rows = codes.into_iter().map(|(code, says)| vec![format!("`{code}`"), says]);
        text.push_str(&format!("## {room}\n\n{}\n", table(&["code", "sentence"], rows)));
    }
    for code in written_codes(&rooms) {
        assert!(listed.contains(&code), "`{code}` stands in the sources, and no error has it");
    }
    settle(&reference("error-codes.md"), "codes", &text);
}

fn rooms() -> Vec<String> {
    let mut rooms: Vec<String> = std::fs::read_dir(root().join("src"))
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    rooms.sort();
    rooms
}

/// Every literal `"room.code"` of the sources, tests left out.
fn written_codes(rooms: &[String]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for path in files_under(&root().join("src"), &["rs"]) {
        let text = read(&path);
        let text = text.split("#[cfg(test)]\nmod").next().unwrap_or_default();
        for literal in text.split('"').skip(1).step_by(2) {
            let parts = literal.split_once('.');
            let is_code = parts.is_some_and(|(room, code)| {
                let word = |letter: char| letter.is_ascii_lowercase() || "_0123456789".contains(letter);
                rooms.iter().any(|known| known == room) && !code.is_empty() && code.chars().all(word)
            });
            if is_code {
                found.insert(literal.to_owned());
            }
        }
    }
    found
}

/// Codes of a room with their sentences. Facts that a sentence is filled with show as `…`.
fn codes_of(room: &str) -> BTreeMap<String, String> {
    let mut codes = BTreeMap::new();
    if room == "idp" {
        let refusals = Refusal::ALL.iter();
        codes.extend(refusals.map(|refusal| (refusal.code().to_owned(), refusal.to_string())));
    }
    for path in files_under(&root().join("src").join(room), &["rs"]) {
        let text = read(&path);
        let text = text.split("#[cfg(test)]\nmod").next().unwrap_or_default();
        let sentences = sentences(text);
        for (owner, variant, code) in arms(room, text) {
            let found = sentences.get(&(owner.clone(), variant.clone()));
            let says = found.unwrap_or_else(|| panic!("{}: {owner}::{variant}", shown(&path)));
            codes.insert(code, says.clone());
        }
    }
    codes
}

/// `#[error("…")]` of each variant; a struct counts as a variant without a name.
fn sentences(text: &str) -> BTreeMap<(String, String), String> {
    let mut found = BTreeMap::new();
    let mut owner = String::new();
    let mut waiting: Option<String> = None;
    let mut rest = text.lines();
    while let Some(line) = rest.next() {
        let line = line.trim();
        if let Some(start) = line.strip_prefix("#[error(") {
            let mut whole = start.to_owned();
            while !whole.ends_with(")]") {
                whole.push_str(rest.next().expect("an attribute ends").trim());
            }
            waiting = Some(sentence(&whole));
        } else if line.starts_with("#[") || line.starts_with("//") || line.is_empty() {
        } else if let Some(name) = declared(line, "enum") {
            owner = name;
        } else if let Some(name) = declared(line, "struct") {
            if let Some(says) = waiting.take() {
                found.insert((name, String::new()), says);
            }
        } else if let Some(says) = waiting.take() {
            found.insert((owner.clone(), word(line)), says);
        }
    }
    found
}

fn declared(line: &str, keyword: &str) -> Option<String> {
    let rest = line.strip_prefix("pub").unwrap_or(line).trim_start_matches(|c| c != ' ').trim();
    rest.strip_prefix(keyword)?.strip_prefix(' ').map(word)
}

fn word(text: &str) -> String {
    text.chars().take_while(|letter| letter.is_alphanumeric()).collect()
}

fn sentence(attribute: &str) -> String {
    let Some((_, rest)) = attribute.split_once('"') else {
        return "as the error inside".to_owned();
    };
    let literal = rest.split('"').next().unwrap_or_default();
    let mut says = String::new();
    let mut inside = false;
    for letter in literal.chars() {
        match letter {
            '{' => inside = true,
            '}' => {
                inside = false;
                says.push('…');
            }
            other if !inside => says.push(other),
            _ => {}
        }
    }
    says
}

/// Owner, variant and code of each `Self::Variant… => "room.code"`; of a struct, its only code.
fn arms(room: &str, text: &str) -> Vec<(String, String, String)> {
    let mut owner = String::new();
    let mut found = Vec::new();
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("impl ") {
            owner = word(rest.rsplit(" for ").next().unwrap_or(rest));
        }
        let line = line.trim();
        let (variant, value) = match line.strip_prefix("Self::").and_then(|arm| arm.split_once("=> ")) {
            Some((pattern, value)) => (word(pattern), value),
            None => (String::new(), line),
        };
        let code = value.trim_end_matches(',').strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
        let code = code.filter(|code| code.starts_with(&format!("{room}.")));
        found.extend(code.map(|code| (owner.clone(), variant, code.to_owned())));
    }
    found
}

#[test]
fn settings_md_lists_every_setting_with_its_default() {
    let page = read(&reference("settings.md"));
    let listed: BTreeMap<String, String> = page
        .lines()
        .filter_map(|line| line.strip_prefix("| `"))
        .filter_map(|line| {
            let mut cells = line.split(" | ");
            let name = cells.next()?.trim_end_matches('`');
            Some((name.to_owned(), cells.next()?.trim_matches('`').to_owned()))
        })
        .collect();
    let known: BTreeMap<String, String> = Settings::names()
        .into_iter()
        .map(|(name, value)| match value {
            serde_json::Value::String(text) => (name, text),
            other => (name, other.to_string()),
        })
        .collect();
    assert_eq!(listed, known);
}

/// Words of the scenario format, from its schema: steps, loot, actions and so on.
#[test]
fn scenarios_md_explains_every_word_of_the_format() {
    let page = read(&reference("scenarios.md"));
    let schema: serde_json::Value =
        serde_json::from_str(&read(&reference("schemas/scenario.json"))).unwrap();
    let mut words = BTreeSet::new();
    collect_words(&schema, &mut words);
    assert!(words.contains("signIn") && words.contains("prt-request") && words.contains("macOS"));
    for word in words {
        assert!(page.contains(&format!("`{word}`")), "`{word}` is not explained");
    }
}

/// Constants, enumerated values and member names.
fn collect_words(schema: &serde_json::Value, words: &mut BTreeSet<String>) {
    let serde_json::Value::Object(members) = schema else {
        if let serde_json::Value::Array(items) = schema {
            items.iter().for_each(|item| collect_words(item, words));
        }
        return;
    };
    for (name, value) in members {
        match (name.as_str(), value) {
            ("const", serde_json::Value::String(word)) => {
                words.insert(word.clone());
            }
            ("enum", serde_json::Value::Array(items)) => {
                words.extend(items.iter().filter_map(|item| item.as_str()).map(str::to_owned));
            }
            ("properties", serde_json::Value::Object(properties)) => {
                words.extend(properties.keys().cloned());
                properties.values().for_each(|inner| collect_words(inner, words));
            }
            ("default" | "description" | "title", _) => {}
            (_, inner) => collect_words(inner, words),
        }
    }
}
