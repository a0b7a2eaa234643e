//! Checks the policies of a tenant: what token protection leaves open, and whom it would lock out.
//!
//! ```text
//! PolicySet --view--> what each policy says, whom it covers --rules L01 to L15--> findings
//! ```
//!
//! Rules look at effects and not at spelling: a companion policy counts only if it is enabled, and
//! only for the users, resources, platforms and clients it really covers. With a directory, groups
//! are resolved through every level; without one, ids are compared as they stand and a finding says
//! what was assumed.
//!
//! # Source
//! conditional-access 8.2. `# Simulated`: severities, and everything under *how it decides* in
//! `docs/reference/lint.md`.

mod combination;
mod companions;
mod coverage;
mod emergency;
mod exclusions;
mod filters;
mod finding;
mod legacy;
mod licence;
mod registration;
mod resources;
mod roster;
mod scope;
mod view;

pub use emergency::{Emergency, NotInDirectory};
pub use finding::{Finding, LintRule, Location, Severity};

use super::set::PolicySet;
use crate::catalog::RulePack;
use crate::directory::Directory;
use coverage::Tenant;

/// What is checked, and against what.
#[derive(Clone, Copy, Debug)]
pub struct LintInput<'a> {
    /// The policies of one tenant.
    pub policies: &'a PolicySet,
    /// Its directory, if there is one.
    pub directory: Option<&'a Directory>,
    /// The rules of a date.
    pub rules: &'a RulePack,
    /// Accounts that must always get in.
    pub emergency: &'a Emergency,
}

/// Checks a tenant. Findings stand in the order of the rules, then of the policies' ids.
#[must_use]
pub fn lint(input: &LintInput<'_>) -> Vec<Finding> {
    let tenant = Tenant::of(input);
    let mut findings = Vec::new();
    for rule in [
        companions::unknown_platforms,
        companions::platforms_left_out,
        scope::clients,
        resources::groups_of_apps,
        scope::platforms,
        emergency::not_excluded,
        exclusions::nobody_left,
        filters::negative,
        filters::element_equality,
        legacy::not_blocked,
        combination::other_session_controls,
        resources::unsupported,
        registration::not_excluded,
        resources::windows_only,
        licence::missing,
    ] {
        rule(&tenant, &mut findings);
    }
    findings
}
