//! Conditional Access policies in words: to whom and what they apply, and what they ask for.

use serde_json::Value;

use super::{Inspection, Kind, Part, Statement};
use crate::policy::{Policy, PolicySet, PolicyState};

pub(super) fn inspection(set: &PolicySet) -> Inspection {
    let warnings = set.warnings().iter().map(|warning| Statement::plain(&warning.to_string()));
    let lists = Statement::plain("that the users, groups and applications it names exist");
    let result = Statement::plain("what it would decide: that takes a sign-in");
    Inspection {
        kind: Kind::PolicySet,
        what: match set.len() {
            1 => "A Conditional Access policy".to_owned(),
            count => format!("{count} Conditional Access policies"),
        },
        meaning: meaning(set).to_owned(),
        characters: 0,
        parts: set.iter().map(part).collect(),
        checked: vec![Statement::plain(
            "every condition and control in it is one that this build evaluates",
        )],
        not_checked: warnings.chain([lists, result]).collect(),
    }
}

fn meaning(set: &PolicySet) -> &'static str {
    let token_protection = |policy: &&Policy| !policy.session_controls().is_empty();
    let enabled = |policy: &Policy| policy.state() == PolicyState::Enabled;
    match set.iter().find(token_protection) {
        None => "It asks for no token protection: a stolen token is no concern of it.",
        Some(policy) if enabled(policy) => {
            "Token protection is asked for and enforced, where all its conditions hold."
        }
        Some(_) => "Token protection is asked for and not enforced: no outcome changes.",
    }
}

fn part(policy: &Policy) -> Part {
    let document = policy.document();
    let mut part = Part::new(policy.display_name()).with("id", policy.id().to_string());
    for (name, pointer) in [
        ("state", "/state"),
        ("users", "/conditions/users"),
        ("applications", "/conditions/applications"),
        ("platforms", "/conditions/platforms"),
        ("client types", "/conditions/clientAppTypes"),
        ("grant", "/grantControls"),
        ("session", "/sessionControls"),
    ] {
        let said = document.pointer(pointer).map(said);
        if let Some(value) = said.filter(|value| !value.is_empty()) {
            part.push(name, value.into(), note(name, policy));
        }
    }
    part
}

fn note(name: &str, policy: &Policy) -> Option<String> {
    match (name, policy.state()) {
        ("state", PolicyState::EnabledForReportingButNotEnforced) => {
            Some("report-only: written to the log, never enforced".to_owned())
        }
        ("session", _) if !policy.session_controls().is_empty() => {
            Some("token protection".to_owned())
        }
        _ => None,
    }
}

/// The members of a value that say something: null, empty and annotations left out.
fn said(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) if items.len() > 4 => format!("{} entries", items.len()),
        Value::Array(items) => items.iter().map(said).collect::<Vec<_>>().join(", "),
        Value::Object(members) => {
            let members = members.iter().filter(|(name, _)| !name.contains('@'));
            let members = members.map(|(name, value)| (name, said(value)));
            let spoken = members.filter(|(_, value)| !value.is_empty());
            spoken.map(|(name, value)| format!("{name}: {value}")).collect::<Vec<_>>().join("; ")
        }
        other => other.to_string(),
    }
}
