//! Settings and the scenario format: every name is on its page, and no other.

use std::collections::{BTreeMap, BTreeSet};

use token_protection_lab::rollout::{Assigns, Share, Shares, Trouble};
use token_protection_lab::sim::Settings;

use super::{read, reference, settle, table};

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

#[test]
fn rollout_md_lists_every_share_and_every_kind_of_trouble() {
    let page = reference("rollout.md");
    let assigns = |share: &Share| match share.assigns {
        Assigns::Also => "second device",
        Assigns::Device => "main device",
        Assigns::Habit => "habit",
    };
    let row = |share: &Share| {
        let (name, number) = (format!("`{}`", share.name), share.share.to_string());
        let source = share.source.join(", ");
        vec![name, assigns(share).to_owned(), number, share.title.clone(), source]
    };
    let head = ["share", "of", "number", "what", "source"];
    let rows = Shares::builtin().shares.iter().map(row);
    settle(&page, "shares", &table(&head, rows));
    let rows =
        Trouble::ALL.iter().map(|one| vec![format!("`{}`", one.name()), one.title().to_owned()]);
    settle(&page, "troubles", &table(&["trouble", "what"], rows));
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
