//! The built-in policies, by the names of the sample set.

use serde_json::Value;

use crate::policy::PolicySet;

use super::scenario::ScenarioError;

/// Name, file and what it does.
const BUILT_IN: &[(&str, &str, &str)] = &[
    (
        "a",
        include_str!("../data/policies/a-token-protection-report-only.json"),
        "token protection, report-only",
    ),
    (
        "b",
        include_str!("../data/policies/b-token-protection-enabled.json"),
        "token protection, enforced",
    ),
    (
        "b-any-platform",
        include_str!("../data/policies/b-any-platform.json"),
        "token protection without a platform condition",
    ),
    (
        "b-apple",
        include_str!("../data/policies/b-apple.json"),
        "token protection on Windows, macOS and iOS",
    ),
    (
        "b-browser",
        include_str!("../data/policies/b-browser-left-selected.json"),
        "token protection with Browser left selected",
    ),
    (
        "b-office365",
        include_str!("../data/policies/b-office365.json"),
        "token protection of the Office 365 application group",
    ),
    (
        "c1",
        include_str!("../data/policies/c1-token-protection-device-filter-seed.json"),
        "token protection, four kinds of devices excluded",
    ),
    (
        "c2",
        include_str!("../data/policies/c2-token-protection-device-filter-newest.json"),
        "token protection, five kinds of devices excluded",
    ),
    (
        "d1",
        include_str!("../data/policies/d1-block-unknown-platforms.json"),
        "block unknown platforms",
    ),
    (
        "d2",
        include_str!("../data/policies/d2-require-compliant-device.json"),
        "require a compliant device",
    ),
    (
        "d3",
        include_str!("../data/policies/d3-block-legacy-authentication.json"),
        "block legacy authentication",
    ),
    (
        "m",
        include_str!("../data/policies/m-require-mfa.json"),
        "require multifactor authentication",
    ),
    (
        "p",
        include_str!("../data/policies/p-browser-preview.json"),
        "token protection in browsers, the preview",
    ),
    (
        "t",
        include_str!("../data/policies/t-token-protection-of-everything.json"),
        "token protection of everything, for comparisons",
    ),
];

/// Names of the built-in policies and what each does.
pub fn built_in() -> impl Iterator<Item = (&'static str, &'static str)> {
    BUILT_IN.iter().map(|(name, _, what)| (*name, *what))
}

/// The policies that a `policies` setting names or holds.
pub(crate) fn policy_set(wanted: &[Value]) -> Result<PolicySet, ScenarioError> {
    let sets: Result<Vec<_>, _> = wanted.iter().map(one).collect();
    PolicySet::join(sets?).map_err(|error| ScenarioError::Policy(error.to_string()))
}

/// The built-in policy with this name.
pub(super) fn built_in_set(name: &str) -> Option<PolicySet> {
    let (_, text, _) = BUILT_IN.iter().find(|(known, _, _)| *known == name)?;
    PolicySet::from_json(text.as_bytes()).ok()
}

fn one(wanted: &Value) -> Result<PolicySet, ScenarioError> {
    let text = match wanted {
        Value::String(name) => {
            let found = BUILT_IN.iter().find(|(known, _, _)| known == name);
            let (_, text, _) = found.ok_or_else(|| {
                let names: Vec<_> = BUILT_IN.iter().map(|(name, _, _)| *name).collect();
                ScenarioError::Policy(format!(
                    "there is no built-in policy `{name}`; there are {}",
                    names.join(", ")
                ))
            })?;
            (*text).to_owned()
        }
        whole => whole.to_string(),
    };
    PolicySet::from_json(text.as_bytes()).map_err(|error| ScenarioError::Policy(error.to_string()))
}
