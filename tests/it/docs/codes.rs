//! `error-codes.md`: every code with its sentence, read from the sources, both ways.

use std::collections::{BTreeMap, BTreeSet};

use token_protection_lab::idp::Refusal;

use super::{files_under, read, reference, root, settle, shown, table};

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
                let word =
                    |letter: char| letter.is_ascii_lowercase() || "_0123456789".contains(letter);
                rooms.iter().any(|known| known == room)
                    && !code.is_empty()
                    && code.chars().all(word)
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
        let (variant, value) =
            match line.strip_prefix("Self::").and_then(|arm| arm.split_once("=> ")) {
                Some((pattern, value)) => (word(pattern), value),
                None => (String::new(), line),
            };
        let code =
            value.trim_end_matches(',').strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
        let code = code.filter(|code| code.starts_with(&format!("{room}.")));
        found.extend(code.map(|code| (owner.clone(), variant, code.to_owned())));
    }
    found
}
