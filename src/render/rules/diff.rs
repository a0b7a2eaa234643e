//! What changed between two rule packs.

use std::collections::BTreeSet;

use serde::Serialize;

use super::facts::{self, Statement};
use crate::catalog::RulePack;
use crate::render::page::{Page, Tone, counted};
use crate::sim::population::{Change, Comparison, VerdictUnderPack};

/// Names of a group that a page shows; the others are counted.
const SHOWN: usize = 8;

/// The difference of two packs.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DiffJson<'c> {
    /// Id of the older pack.
    pub older: String,
    /// Id of the newer pack.
    pub newer: String,
    /// Statements that differ.
    pub facts: Vec<FactJson>,
    /// What becomes of the population.
    pub sign_ins: SignInsJson<'c>,
}

/// A statement that differs. `before` or `after` is absent if that pack does not make it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FactJson {
    /// The part of the pack.
    pub section: &'static str,
    /// What it is about.
    pub name: String,
    /// In the older pack.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// In the newer pack.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// The population under both packs.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SignInsJson<'c> {
    /// How many were judged.
    pub judged: usize,
    /// How many come out differently.
    pub changed: usize,
    /// Groups of sign-ins that change alike.
    pub changes: &'c [Change],
}

impl<'c> DiffJson<'c> {
    /// The difference as JSON.
    #[must_use]
    pub fn of(older: &RulePack, newer: &RulePack, comparison: &'c Comparison) -> Self {
        Self {
            older: older.id.clone(),
            newer: newer.id.clone(),
            facts: differing(older, newer),
            sign_ins: SignInsJson {
                judged: comparison.sign_ins,
                changed: comparison.changed,
                changes: &comparison.changes,
            },
        }
    }
}

/// Statements that differ, in the order in which the packs make them.
fn differing(older: &RulePack, newer: &RulePack) -> Vec<FactJson> {
    let (before, after) = (facts::of(older), facts::of(newer));
    let same =
        |one: &Statement, other: &Statement| one.section == other.section && one.name == other.name;
    let mut all: Vec<FactJson> = Vec::new();
    let mut sections: Vec<&'static str> = Vec::new();
    for fact in before.iter().chain(&after) {
        if !sections.contains(&fact.section) {
            sections.push(fact.section);
        }
    }
    for section in sections {
        for fact in before.iter().filter(|fact| fact.section == section) {
            let then = after.iter().find(|other| same(fact, other)).map(|one| one.value.clone());
            if then.as_ref() != Some(&fact.value) {
                let before = Some(fact.value.clone());
                all.push(FactJson { section, name: fact.name.clone(), before, after: then });
            }
        }
        let new = after.iter().filter(|fact| fact.section == section);
        for fact in new.filter(|fact| !before.iter().any(|other| same(fact, other))) {
            let after = Some(fact.value.clone());
            all.push(FactJson { section, name: fact.name.clone(), before: None, after });
        }
    }
    all
}

/// The difference for people.
pub(super) fn page(older: &RulePack, newer: &RulePack, comparison: &Comparison) -> Page {
    let mut page = Page::new();
    page.say(0, Tone::Heading, &format!("From rule pack {} to {}", older.id, newer.id));
    let facts = differing(older, newer);
    if facts.is_empty() {
        page.say(0, Tone::Plain, "No statement differs.");
    }
    statements(&mut page, &facts);
    page.heading("Sign-ins whose verdict changes");
    page.say(
        0,
        Tone::Plain,
        &format!(
            "{} of {} judged: every app on every kind of device towards every resource, as if a \
             policy asked for token protection of each.",
            comparison.changed,
            counted(comparison.sign_ins, "sign-in")
        ),
    );
    let (moved, kept): (Vec<&Change>, Vec<&Change>) =
        comparison.changes.iter().partition(|change| change.before.status != change.after.status);
    let mut heading = None;
    for change in moved {
        let verdicts = (&change.before, &change.after);
        if heading != Some(verdicts) {
            heading = Some(verdicts);
            page.gap();
            let words = format!("{} -> {}", verdict(&change.before), verdict(&change.after));
            page.say(0, Tone::Heading, &words);
        }
        group(&mut page, change, &comparison.resources);
    }
    summary(&mut page, &kept);
    page
}

/// Statements by section; those that change alike stand together.
fn statements(page: &mut Page, facts: &[FactJson]) {
    for section in facts.chunk_by(|one, other| one.section == other.section) {
        page.heading(section.first().map_or("", |fact| fact.section));
        let mut alike: Vec<(String, Vec<&str>)> = Vec::new();
        for fact in section {
            let words = change_in_words(fact);
            match alike.iter_mut().find(|(known, _)| *known == words) {
                Some((_, names)) => names.push(&fact.name),
                None => alike.push((words, vec![&fact.name])),
            }
        }
        for (words, names) in alike {
            let (sign, text) = words.split_at(1);
            match names.as_slice() {
                [name] => page.hang(&format!("{sign} {name}"), 32, Tone::Plain, text.trim_start()),
                several => {
                    page.say(0, Tone::Plain, &words);
                    page.say(6, Tone::Plain, &several.join("; "));
                }
            }
        }
    }
}

/// `~` changed, `-` gone, `+` new.
fn change_in_words(fact: &FactJson) -> String {
    match (&fact.before, &fact.after) {
        (Some(before), Some(after)) => format!("~ {before} -> {after}"),
        (Some(before), None) => format!("- {before}"),
        (None, after) => format!("+ {}", after.as_deref().unwrap_or_default()),
    }
}

fn group(page: &mut Page, change: &Change, all_resources: &BTreeSet<String>) {
    let resources = match change.resources == *all_resources {
        true => "any resource".to_owned(),
        false => names(&change.resources),
    };
    page.hang("  apps", 13, Tone::Plain, &names(&change.apps));
    page.hang("  devices", 13, Tone::Plain, &names(&change.devices));
    page.hang("  resources", 13, Tone::Plain, &resources);
    page.hang("", 13, Tone::Aside, &counted(change.sign_ins, "sign-in"));
}

/// Those that keep their status: code or label alone changes, for so many that naming them says
/// nothing. The JSON names them.
fn summary(page: &mut Page, kept: &[&Change]) {
    if kept.is_empty() {
        return;
    }
    page.gap();
    page.say(0, Tone::Heading, "The same status, another code or label");
    let mut totals: Vec<(&VerdictUnderPack, &VerdictUnderPack, usize)> = Vec::new();
    for change in kept {
        match totals
            .iter_mut()
            .find(|(before, after, _)| (*before, *after) == (&change.before, &change.after))
        {
            Some((_, _, total)) => *total += change.sign_ins,
            None => totals.push((&change.before, &change.after, change.sign_ins)),
        }
    }
    for (before, after, total) in totals {
        let words =
            format!("{} -> {}: {}", verdict(before), verdict(after), counted(total, "sign-in"));
        page.say(2, Tone::Plain, &words);
    }
}

fn verdict(verdict: &VerdictUnderPack) -> String {
    let VerdictUnderPack { status, error, label } = verdict;
    match status {
        0 => format!("bound 0 ({label})"),
        _ => format!("unbound {status}, {error} ({label})"),
    }
}

fn names(names: &BTreeSet<String>) -> String {
    let shown: Vec<&str> = names.iter().take(SHOWN).map(String::as_str).collect();
    let rest = names.len().saturating_sub(SHOWN);
    let more = if rest > 0 { format!("; and {rest} more (--json)") } else { String::new() };
    format!("{}{more}", shown.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_facts_that_changed_are_named_both_ways() {
        let pack = |id| RulePack::named(id).unwrap();
        let facts = differing(pack("2023-06"), pack("2025-05"));
        let find = |name: &str| facts.iter().find(|fact| fact.name == name).unwrap();
        let values = |name| {
            let fact = find(name);
            (fact.before.as_deref(), fact.after.as_deref())
        };
        assert_eq!(values("error code"), (Some("53003"), Some("530084")));
        assert_eq!(values("label in the log"), (Some("Binding"), Some("SignInTokenProtection")));
        assert_eq!(values("cloudPc"), (None, Some("unsupported")));
        assert_eq!(values("1003").0, None);
        assert!(facts.iter().all(|fact| fact.before != fact.after));
        let back = differing(pack("2025-05"), pack("2023-06"));
        assert_eq!(back.len(), facts.len());
        assert!(differing(pack("2025-05"), pack("2025-05")).is_empty());
    }
}
