//! The named scenarios that come with the lab, as data in `src/data/scenarios/`.

use std::sync::OnceLock;

use super::scenario::{Scenario, ScenarioError};

macro_rules! scenarios {
    ($($name:literal)*) => {
        /// Every file, in the order of the tutorial.
        const FILES: &[&str] = &[
            $(include_str!(concat!("../data/scenarios/", $name, ".json")),)*
        ];
    };
}

scenarios! {
    "bearer-token-travels"
    "policy-asks-for-a-proof"
    "prt-without-its-key"
    "another-platform-claimed"
    "companions-close-the-gap"
    "pitfall-unmanaged-device"
    "pitfall-registered-long-ago"
    "pitfall-admin-machines"
    "pitfall-jump-box"
    "pitfall-portal-on-a-secondary-machine"
    "pitfall-shared-login"
    "pitfall-no-modern-authentication"
    "pitfall-outside-the-broker"
    "pitfall-other-platforms"
    "pitfall-platform-left-out"
    "pitfall-pooled-desktop"
    "pitfall-unclear-error"
    "pitfall-report-only"
    "pitfall-follows-mfa"
    "code-0-bound"
    "code-1002-no-device"
    "code-1002-legacy-client"
    "code-1002-guest"
    "code-1002-guest-without-trust"
    "code-1006-old-windows"
    "code-1006-old-server"
    "code-1006-platform-without-support"
    "code-1003-server-not-hybrid"
    "code-1003-shared-devices"
    "code-1003-registration-methods"
    "code-1003-no-fresh-sign-in"
    "code-1003-no-fresh-sign-in-2025"
    "code-1004-key-not-in-hardware"
    "code-1007-not-the-owner"
    "code-1008-outside-the-broker"
    "code-1008-old-app"
    "code-1008-unsupported-apps"
    "code-1008-unsupported-apps-2025"
    "code-1008-unsupported-apps-2023"
    "code-1008-browser"
    "code-1005-anything-else"
    "attack-token-protection-alone"
    "attack-unknown-platforms-blocked"
    "attack-compliant-device-required"
    "proof-token-without-key"
    "proof-other-key"
    "proof-other-url"
    "proof-other-method"
    "proof-other-token"
    "proof-replayed"
    "proof-replayed-without-window"
    "proof-second-server"
    "proof-second-server-shared-window"
    "proof-second-server-nonces"
    "proof-in-advance"
    "proof-in-advance-nonces"
    "proof-body-altered"
    "proof-key-copied"
}

/// A group of scenarios, told by how their names begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Group {
    /// How the names begin; empty for those of the tutorial.
    pub prefix: &'static str,
    /// What they show.
    pub title: &'static str,
}

/// The groups, in the order in which they are listed.
pub const GROUPS: &[Group] = &[
    Group { prefix: "", title: "Tutorial" },
    Group { prefix: "attack-", title: "Attack matrix: a stolen token under companion policies" },
    Group { prefix: "code-", title: "Status codes: every cause of a bound or unbound request" },
    Group { prefix: "proof-", title: "Proof of possession: stolen tokens and proofs under DPoP" },
    Group { prefix: "pitfall-", title: "Pitfalls of a roll-out" },
];

/// The group of a scenario of the library.
#[must_use]
pub fn group_of(name: &str) -> Group {
    let found = GROUPS.iter().rfind(|group| name.starts_with(group.prefix));
    found.copied().unwrap_or(Group { prefix: "", title: "" })
}

/// All of them, in the order of the tutorial.
#[must_use]
pub fn all() -> &'static [Scenario] {
    static ALL: OnceLock<Vec<Scenario>> = OnceLock::new();
    ALL.get_or_init(|| read_all().unwrap_or_default())
}

/// The one with this name.
#[must_use]
pub fn named(name: &str) -> Option<&'static Scenario> {
    all().iter().find(|scenario| scenario.name == name)
}

fn read_all() -> Result<Vec<Scenario>, ScenarioError> {
    FILES.iter().map(|text| Scenario::from_json(text.as_bytes())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_can_be_read() {
        assert_eq!(read_all().unwrap().len(), FILES.len());
    }

    #[test]
    fn every_scenario_has_a_group_and_no_other_the_same_name() {
        let names: Vec<&str> = all().iter().map(|scenario| scenario.name.as_str()).collect();
        let distinct: std::collections::BTreeSet<_> = names.iter().collect();
        assert_eq!(distinct.len(), names.len());
        for group in GROUPS {
            assert!(names.iter().any(|name| group_of(name) == *group), "{}", group.title);
        }
        assert_eq!(group_of("pitfall-report-only").prefix, "pitfall-");
        assert_eq!(group_of("bearer-token-travels").prefix, "");
    }
}
