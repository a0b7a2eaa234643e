//! A rule pack as a flat list of named statements, so that two packs can be laid side by side.

use crate::catalog::{
    AppSupport, Effect, ExternalUsers, FreshSignIn, OperatingSystem, ProtectedClient, RulePack,
    Stage, SystemMinimum, SystemRule,
};

/// The section of the limitations.
pub(super) const LIMITATIONS: &str = "Limitations";

/// The sections in the order in which a pack shows them.
pub(super) const SECTIONS: &[&str] = &[
    "Rules",
    "Availability",
    "Systems",
    "Resources",
    "Apps",
    "Registration methods",
    "Device kinds",
    "Status codes",
    "Device filters",
    "Advice",
    LIMITATIONS,
];

/// One statement.
pub(super) struct Statement {
    /// The part of the pack.
    pub(super) section: &'static str,
    /// What it is about; unique within its section.
    pub(super) name: String,
    /// What is said.
    pub(super) value: String,
    pub(super) note: Option<String>,
    pub(super) sources: Vec<String>,
}

/// Every statement of a pack, in the order in which it is shown.
pub(super) fn of(pack: &RulePack) -> Vec<Statement> {
    let mut all = Vec::new();
    let mut say = |section, name: String, value: String, note: &Option<String>, tags: &[String]| {
        all.push(Statement { section, name, value, note: note.clone(), sources: tags.to_vec() });
    };
    let rules = "Rules";
    let fact = &pack.error_code;
    say(rules, "error code".into(), fact.value.to_string(), &fact.note, &fact.source);
    let fact = &pack.control_label;
    say(rules, "label in the log".into(), fact.value.clone(), &fact.note, &fact.source);
    let fact = &pack.licence;
    say(rules, "licence".into(), fact.value.name.clone(), &fact.note, &fact.source);
    let fact = &pack.fresh_sign_in;
    say(rules, "fresh sign-in asked of".into(), fresh(fact.value), &fact.note, &fact.source);
    let fact = &pack.external_users;
    say(rules, "external users".into(), guests(fact.value).into(), &fact.note, &fact.source);
    for at in &pack.availability {
        let name = format!("{} on {}", client(at.client), systems(&at.systems));
        say("Availability", name, stage(at.stage).into(), &at.note, &at.source);
    }
    for rule in &pack.systems {
        let name = rule.system.as_str().to_owned();
        say("Systems", name, system(rule), &None, &rule.source);
    }
    for rule in &pack.resources {
        let name = format!("{}, {}", rule.resource, client(rule.client));
        say("Resources", name, minimums(&rule.systems), &rule.note, &rule.source);
    }
    for rule in &pack.apps {
        for on in &rule.systems {
            let support = match (rule.support, rule.minimum) {
                (AppSupport::Unsupported, _) => "unsupported".to_owned(),
                (AppSupport::Supported, None) => "supported".to_owned(),
                (AppSupport::Supported, Some(minimum)) => format!("supported from {minimum}"),
            };
            let name = format!("{} on {}", rule.client, on.as_str());
            say("Apps", name, support, &rule.note, &rule.source);
        }
    }
    for fact in &pack.unsupported_registration_methods {
        let section = "Registration methods";
        say(section, fact.value.clone(), "unsupported".into(), &fact.note, &fact.source);
    }
    for fact in &pack.unsupported_device_kinds {
        say("Device kinds", fact.value.clone(), "unsupported".into(), &fact.note, &fact.source);
    }
    for known in &pack.status_codes {
        let value = format!("{}; {}", known.meaning, known.remedy);
        say("Status codes", known.code.to_string(), value, &None, &known.source);
    }
    for filter in &pack.filters {
        let printed = Some(format!("printed as {}", filter.published));
        let (name, rule) = (filter.device_kind.clone(), filter.rule.clone());
        say("Device filters", name, rule, &printed, &filter.source);
    }
    for advice in &pack.advice {
        let (name, text) = (advice.topic.as_str().to_owned(), advice.text.clone());
        say("Advice", name, text, &None, &advice.source);
    }
    for row in &pack.limitations {
        say(LIMITATIONS, row.id.clone(), effect(&row.effect), &row.effect.note, &row.source);
    }
    all
}

/// What a limitation comes to, in words.
pub(super) fn effect(effect: &Effect) -> String {
    let bound = match effect.status {
        0 => "bound (0)".to_owned(),
        code => format!("unbound {code}"),
    };
    let error = match effect.error {
        0 => "goes through".to_owned(),
        code => format!("refused {code}"),
    };
    format!("{bound}, {error}, policy {}", effect.result)
}

fn fresh(rule: FreshSignIn) -> String {
    match rule {
        FreshSignIn::Below(version) => format!("registered devices below {version}"),
        FreshSignIn::EveryVersion => "every registered device".to_owned(),
        FreshSignIn::NotAsked => "nobody".to_owned(),
    }
}

const fn guests(rule: ExternalUsers) -> &'static str {
    match rule {
        ExternalUsers::HomeDevice => "a qualifying device of the home tenant counts",
        ExternalUsers::Unsupported => "unsupported",
    }
}

const fn client(client: ProtectedClient) -> &'static str {
    match client {
        ProtectedClient::Browser => "browsers",
        ProtectedClient::Native => "native apps",
    }
}

const fn stage(stage: Stage) -> &'static str {
    match stage {
        Stage::GenerallyAvailable => "generally available",
        Stage::Preview => "preview",
    }
}

fn systems(systems: &[OperatingSystem]) -> String {
    systems.iter().map(|system| system.as_str()).collect::<Vec<_>>().join(", ")
}

fn system(rule: &SystemRule) -> String {
    let managed = if rule.managed_only { "; managed only" } else { "" };
    format!("from {}: {}{managed}", rule.minimum, rule.trust_types.join(", "))
}

fn minimums(systems: &[SystemMinimum]) -> String {
    let one = |at: &SystemMinimum| format!("{} from {}", at.system.as_str(), at.minimum);
    systems.iter().map(one).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::catalog::Catalog;

    #[test]
    fn names_are_unique_within_a_section() {
        for pack in Catalog::builtin().rule_packs() {
            let mut seen = BTreeSet::new();
            for fact in of(pack) {
                assert!(!fact.sources.is_empty() && SECTIONS.contains(&fact.section));
                let key = (fact.section, fact.name.clone());
                assert!(seen.insert(key), "{} {}", fact.section, fact.name);
            }
        }
    }
}
