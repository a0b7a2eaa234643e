//! Why a decision came out as it did, built only when somebody asks.

use std::fmt;

use serde::Serialize;

use super::applied::{AppliedPolicy, AppliedPolicyResult, Condition};
use super::decision::{Control, Decision, Outcome};
use super::set::PolicySet;
use crate::base::id::PolicyId;
use crate::catalog::RulePack;

/// A decision in words, one line for each policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Explanation {
    /// What decided.
    pub outcome: String,
    /// What each policy did, in the order of the entries.
    pub policies: Vec<PolicyExplanation>,
}

/// What one policy did, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PolicyExplanation {
    /// The policy.
    pub id: PolicyId,
    /// Its name; empty if the set does not hold it.
    pub display_name: String,
    /// How it came out.
    pub result: AppliedPolicyResult,
    /// Why.
    pub because: String,
}

impl Decision {
    /// Says why, for people and as JSON. `policies` and `rules` are those it was made under.
    #[must_use]
    pub fn explain(&self, policies: &PolicySet, rules: &RulePack) -> Explanation {
        let outcome = match self.outcome() {
            Outcome::Allow => "no enabled policy stands in the way".to_owned(),
            Outcome::Deny(denial) => format!(
                "policy `{}` refuses with {}: {} is not met",
                denial.policy_name,
                denial.code,
                denial.control.label(rules),
            ),
        };
        let explain = |entry: &AppliedPolicy| PolicyExplanation {
            id: entry.policy,
            display_name: policies
                .get(entry.policy)
                .map_or_else(String::new, |policy| policy.display_name().to_owned()),
            result: entry.result,
            because: because(entry, rules),
        };
        Explanation { outcome, policies: self.entries().iter().map(explain).collect() }
    }
}

fn because(entry: &AppliedPolicy, rules: &RulePack) -> String {
    let unmet: Vec<&str> = entry.unmet_controls().map(|control| control.label(rules)).collect();
    let failed = entry.conditions_not_satisfied.iter().next();
    match entry.result {
        AppliedPolicyResult::NotEnabled => "the policy is disabled".to_owned(),
        AppliedPolicyResult::NotApplied | AppliedPolicyResult::ReportOnlyNotApplied => {
            not_applied(failed).to_owned()
        }
        _ if unmet.is_empty() => "every control it asks for is met".to_owned(),
        _ => format!("not met: {}", unmet.join(", ")),
    }
}

fn not_applied(failed: Option<Condition>) -> &'static str {
    match failed {
        None => "sign-ins of device registration are exempt",
        Some(Condition::Application) => "no resource of the request is in its scope",
        Some(Condition::Users) => "the user is not included, or is excluded",
        Some(Condition::DevicePlatform) => "the platform claimed is not in its scope",
        Some(Condition::ClientType) => "the kind of client is not in its scope",
        Some(_) => "another condition does not hold",
    }
}

impl AppliedPolicy {
    /// The controls that were not met, in deciding order.
    pub fn unmet_controls(&self) -> impl Iterator<Item = Control> {
        let grants = self.grant_controls_not_satisfied.iter().map(Control::Grant);
        grants.chain(self.session_controls_not_satisfied.iter().map(Control::Session))
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.outcome)?;
        for policy in &self.policies {
            writeln!(f, "  {}: {}", policy.display_name, policy.because)?;
        }
        Ok(())
    }
}
