//! What all policies together made of one request.

use super::applied::{AppliedPolicy, AppliedPolicyResult};
use super::controls::{GrantControl, SessionControl};
use super::flags::Flags;
use crate::base::Check;
use crate::base::id::PolicyId;
use crate::catalog::RulePack;

/// A control, in the order in which unmet ones decide: grants first, as 3.4 lists them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Control {
    /// A grant control.
    Grant(GrantControl),
    /// A session control.
    Session(SessionControl),
}

impl Control {
    /// The name under which sign-in records list it.
    #[must_use]
    pub fn label(self, rules: &RulePack) -> &str {
        match self {
            Self::Grant(control) => control.label(),
            Self::Session(SessionControl::SecureSignInSession) => &rules.control_label.value,
            Self::Session(control) => control.label(),
        }
    }

    /// The code of a sign-in that it refuses; 0 for a control that is only recorded.
    #[must_use]
    pub const fn error_code(self, rules: &RulePack) -> u32 {
        match self {
            Self::Grant(control) => control.error_code(),
            Self::Session(SessionControl::SecureSignInSession) => rules.error_code.value,
            Self::Session(SessionControl::SignInFrequency) => 70043,
            Self::Session(_) => 0,
        }
    }

    /// The check that refuses.
    #[must_use]
    pub const fn check(self) -> Check {
        match self {
            Self::Session(SessionControl::SecureSignInSession) => Check::PolicyTokenProtection,
            Self::Grant(_) | Self::Session(_) => Check::PolicyGrants,
        }
    }
}

/// What the policies decided, with an entry for each of them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Decision {
    pub(super) outcome: Outcome,
    pub(super) entries: Vec<AppliedPolicy>,
}

impl Decision {
    /// Whether the request may go on.
    #[must_use]
    pub const fn outcome(&self) -> &Outcome {
        &self.outcome
    }

    /// The refusal, if it is one.
    #[must_use]
    pub const fn denial(&self) -> Option<&Denial> {
        match &self.outcome {
            Outcome::Allow => None,
            Outcome::Deny(denial) => Some(denial),
        }
    }

    /// One entry for each policy: those with success or failure first, then the others, each part
    /// by ascending id.
    #[must_use]
    pub fn entries(&self) -> &[AppliedPolicy] {
        &self.entries
    }

    /// The enabled policies that were not met, by ascending id: what caused a refusal.
    pub fn failed_policies(&self) -> impl Iterator<Item = PolicyId> {
        let failed = |entry: &&AppliedPolicy| entry.result == AppliedPolicyResult::Failure;
        self.entries.iter().filter(failed).map(|entry| entry.policy)
    }

    /// `conditionalAccessStatus` of the record.
    #[must_use]
    pub fn status(&self) -> ConditionalAccessStatus {
        let any = |result| self.entries.iter().any(|entry| entry.result == result);
        if any(AppliedPolicyResult::Failure) {
            ConditionalAccessStatus::Failure
        } else if any(AppliedPolicyResult::Success) {
            ConditionalAccessStatus::Success
        } else {
            ConditionalAccessStatus::NotApplied
        }
    }
}

/// Whether the request may go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// No enabled policy stands in the way.
    Allow,
    /// An enabled policy refuses.
    Deny(Denial),
}

/// A refusal by policy: which control of which policy decided.
///
/// When several fail, the first control in the order of [`Control`] decides, and among policies
/// that fail by it the one with the smallest id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denial {
    /// The code for peer and log.
    pub code: u32,
    /// The policy that decided.
    pub policy: PolicyId,
    /// Its name.
    pub policy_name: String,
    /// The control that was not met.
    pub control: Control,
}

impl Denial {
    /// The check that refused.
    #[must_use]
    pub const fn check(&self) -> Check {
        self.control.check()
    }
}

/// `conditionalAccessStatus`: what the enabled policies did, taken together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ConditionalAccessStatus {
    /// An enabled policy applied, and none was unmet.
    Success,
    /// An enabled policy applied and was not met.
    Failure,
    /// No enabled policy applied.
    NotApplied,
    /// Only ever read, never made here.
    UnknownFutureValue,
}

/// The controls of `flags` in deciding order.
pub(super) fn first_unmet(
    grants: Flags<GrantControl>,
    sessions: Flags<SessionControl>,
) -> Option<Control> {
    let grant = grants.iter().next().map(Control::Grant);
    grant.or_else(|| sessions.iter().next().map(Control::Session))
}
