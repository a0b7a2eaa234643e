//! Why a decision came out as it did, built only when somebody asks.
//!
//! A tree: the decision, under it each policy, under that its conditions with the rules that spoke,
//! and its controls with the evidence. For people it is indented text, for programs JSON. Nothing
//! of it is kept by evaluation; it is found again from the decision, the policies and the facts.

mod conditions;
mod controls;
mod rules;

use std::fmt;

use serde::Serialize;

pub use conditions::{ConditionExplanation, ConditionOutcome, RulesExplanation};
pub use controls::{ControlExplanation, ControlOutcome, GrantExplanation};
pub use rules::{RuleSatisfied, RulesSatisfied};

use super::applied::{AppliedPolicy, AppliedPolicyResult, Condition};
use super::decision::{Control, Decision, Outcome};
use super::facts::SignIn;
use super::set::PolicySet;
use crate::base::id::PolicyId;
use crate::catalog::RulePack;

/// A decision with its reasons.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Explanation {
    /// What decided.
    pub outcome: String,
    /// The code of the refusal; 0 if there is none.
    pub code: u32,
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
    /// Why, in one sentence.
    pub because: String,
    /// Its configured conditions in the order of the walk; none of a policy that was not walked.
    pub conditions: Vec<ConditionExplanation>,
    /// What it asks before it grants, if it applied and asks something.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grant: Option<GrantExplanation>,
    /// What it asks of the session, if it applied.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub session: Vec<ControlExplanation>,
}

impl Decision {
    /// Says why, for people and as JSON. The arguments are those that the decision was made with.
    #[must_use]
    pub fn explain(
        &self,
        policies: &PolicySet,
        sign_in: &SignIn<'_>,
        rules: &RulePack,
    ) -> Explanation {
        let (outcome, code) = match self.outcome() {
            Outcome::Allow => ("no enabled policy stands in the way".to_owned(), 0),
            Outcome::Deny(denial) => {
                let (name, label) = (&denial.policy_name, denial.control.label(rules));
                let code = denial.code;
                (format!("policy `{name}` refuses with {code}: {label} is not met"), code)
            }
        };
        let explain = |entry| explain_policy(entry, policies, sign_in, rules);
        Explanation { outcome, code, policies: self.entries().iter().map(explain).collect() }
    }
}

fn explain_policy(
    entry: &AppliedPolicy,
    policies: &PolicySet,
    sign_in: &SignIn<'_>,
    rules: &RulePack,
) -> PolicyExplanation {
    let policy = policies.get(entry.policy);
    let applied = policy.filter(|_| entry.applied());
    PolicyExplanation {
        id: entry.policy,
        display_name: policy.map_or_else(String::new, |policy| policy.display_name().to_owned()),
        result: entry.result,
        because: because(entry, rules),
        conditions: policy
            .filter(|_| entry.was_walked())
            .map_or_else(Vec::new, |policy| conditions::explain(policy, entry, sign_in)),
        grant: applied.and_then(|policy| controls::explain_grant(policy, sign_in)),
        session: applied
            .map_or_else(Vec::new, |policy| controls::explain_session(policy, sign_in, rules)),
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
        Some(Condition::ServicePrincipals) => "the workload is not included, or is excluded",
        Some(Condition::Location) => "the location is not in its scope",
        Some(Condition::DevicePlatform) => "the platform claimed is not in its scope",
        Some(Condition::ClientType) => "the kind of client is not in its scope",
        Some(Condition::DeviceState) => "the device is not in its scope",
        Some(Condition::SignInRisk) => "the risk of the sign-in is not in its scope",
        Some(Condition::UserRisk) => "the risk of the user is not in its scope",
        Some(Condition::ServicePrincipalRisk) => "the risk of the workload is not in its scope",
        Some(Condition::AuthenticationFlows) => "the authentication flow is not in its scope",
        Some(Condition::InsiderRisk) => "the insider risk is not in its scope",
        Some(_) => "another condition does not hold",
    }
}

impl AppliedPolicy {
    /// The controls that were not met, in deciding order.
    pub fn unmet_controls(&self) -> impl Iterator<Item = Control> {
        let grants = self.grant_controls_not_satisfied.iter().map(Control::Grant);
        grants.chain(self.session_controls_not_satisfied.iter().map(Control::Session))
    }

    /// Whether all its conditions held.
    #[must_use]
    pub const fn applied(&self) -> bool {
        matches!(
            self.result,
            AppliedPolicyResult::Success
                | AppliedPolicyResult::Failure
                | AppliedPolicyResult::ReportOnlySuccess
                | AppliedPolicyResult::ReportOnlyFailure
                | AppliedPolicyResult::ReportOnlyInterrupted
        )
    }

    /// Whether its conditions were looked at: it is not disabled, and the request not exempt.
    pub(super) const fn was_walked(&self) -> bool {
        self.applied() || !self.conditions_not_satisfied.is_empty()
    }
}

/// Indented by two for each level.
impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.outcome)?;
        for policy in &self.policies {
            writeln!(f, "  {}: {}", policy.display_name, policy.because)?;
            policy.conditions.iter().try_for_each(|it| writeln!(f, "    {it}"))?;
            if let Some(grant) = &policy.grant {
                writeln!(f, "    grant, {}", grant.rule())?;
                grant.controls.iter().try_for_each(|it| writeln!(f, "      {it}"))?;
            }
            if !policy.session.is_empty() {
                writeln!(f, "    session")?;
                policy.session.iter().try_for_each(|it| writeln!(f, "      {it}"))?;
            }
        }
        Ok(())
    }
}
