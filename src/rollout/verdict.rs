//! What a set of policies makes of a situation, in the words of a roll-out.

use serde::Serialize;

use super::facts::Modelled;
use super::rehearsal::Rehearsal;
use crate::policy::{AppliedPolicy, AppliedPolicyResult, Decision, PolicySet};

/// How a sign-in comes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Verdict {
    /// A policy that is rolled out refuses it, and no other policy does.
    Blocked,
    /// A policy that is rolled out applies and is met.
    Bound,
    /// No policy that is rolled out applies.
    NotCovered,
    /// Another policy refuses it.
    Refused,
    /// A report-only policy of the roll-out would refuse it.
    WouldBlock,
}

/// A verdict with its codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Judged {
    pub(super) verdict: Verdict,
    /// The error code that the user sees, or would see; 0 for none.
    pub(super) code: u32,
    /// `signInSessionStatusCode`.
    pub(super) status: u16,
    /// Whether a policy of the roll-out applied, and was met.
    pub(super) coverage: Coverage,
}

/// What the policies of a roll-out make of a sign-in, whatever the others do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Coverage {
    Met,
    None,
    Unmet,
}

impl Rehearsal {
    /// What `policies` make of a modelled sign-in.
    pub(super) fn judge(&self, modelled: &Modelled<'_>, policies: &PolicySet) -> Judged {
        let status = modelled.status(self);
        let decision = modelled.decide(self, policies, status);
        let ours = |entry: &&AppliedPolicy| self.timeline.rolls_out(entry.policy);
        let coverage = coverage(decision.entries().iter().filter(ours));
        let (verdict, code) = self.verdict(&decision, coverage);
        Judged { verdict, code, status: status.code, coverage }
    }

    fn verdict(&self, decision: &Decision, coverage: Coverage) -> (Verdict, u32) {
        if let Some(denial) = decision.denial() {
            let ours = self.timeline.rolls_out(denial.policy);
            return (if ours { Verdict::Blocked } else { Verdict::Refused }, denial.code);
        }
        match coverage {
            Coverage::Met => (Verdict::Bound, 0),
            Coverage::None => (Verdict::NotCovered, 0),
            Coverage::Unmet => (Verdict::WouldBlock, self.rules.error_code.value),
        }
    }
}

fn coverage<'e>(entries: impl Iterator<Item = &'e AppliedPolicy>) -> Coverage {
    use AppliedPolicyResult as R;
    let mut coverage = Coverage::None;
    for entry in entries {
        match entry.result {
            R::Failure | R::ReportOnlyFailure => return Coverage::Unmet,
            R::Success | R::ReportOnlySuccess => coverage = Coverage::Met,
            _ => {}
        }
    }
    coverage
}
