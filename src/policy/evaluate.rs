//! Evaluation: one request against all policies.
//!
//! Each policy is walked by itself: its configured conditions in the order of the source, up to the
//! first that fails; then the controls of a policy that applies. The walks of all policies are made
//! together, one condition after the other, on sets of policies ([`Index`](super::index::Index)); what
//! comes out is what [`condition`] says of each policy alone. The decision follows from the entries.
//! Policies stand by ascending id, so their order in a file cannot matter.
//!
//! # Source
//! conditional-access 3.1, 3.4 and 3.5.

use super::applied::{AppliedPolicy, AppliedPolicyResult as R, Condition};
use super::bits;
use super::conditions::is_exempt;
use super::controls::Met;
use super::decision::{Control, Decision, Denial, Outcome, first_unmet};
use super::facts::{Purpose, SignIn};
use super::model::{Policy, PolicyState};
use super::set::PolicySet;
use crate::base::Danger;
use crate::catalog::RulePack;

/// Evaluates all policies for one request. `rules` gives the code and the name of token protection
/// at the time of the request; `danger` takes a check out of the outcome, not out of the entries.
///
/// # Security
/// Report-only policies leave entries and never change the outcome. An enabled policy that applies
/// and is not met refuses, whatever other policies say.
pub fn evaluate(
    policies: &PolicySet,
    sign_in: &SignIn<'_>,
    rules: &RulePack,
    danger: Danger,
) -> Decision {
    let index = policies.index();
    let mut scratch = index.scratch();
    if sign_in.purpose == Purpose::Bootstrap {
        let exempt = |policy: &Policy| is_exempt(&policy.conditions, sign_in);
        let exempt = policies.iter().enumerate().filter(|(_, policy)| exempt(policy));
        exempt.for_each(|(at, _)| scratch.exempt(at));
    }
    index.walk(policies.policies(), sign_in, &mut scratch);

    let met = Met::by(sign_in);
    let mut deciding: Option<(Control, &Policy)> = None;
    let mut next = scratch.next_applying(0);
    while let Some(at) = next {
        next = scratch.next_applying(at + 1);
        let Some((entry, policy)) = scratch.entry_mut(at).zip(policies.policies().get(at)) else {
            continue;
        };
        apply(entry, policy, met, sign_in);
        if let Some(control) = refusal(entry, danger)
            && deciding.is_none_or(|(first, _)| control < first)
        {
            deciding = Some((control, policy));
        }
    }
    let entries = decided_first(scratch.entries(), scratch.alive(), index.enforced.words());
    let outcome = match deciding {
        None => Outcome::Allow,
        Some((control, policy)) => Outcome::Deny(Denial {
            code: control.error_code(rules),
            policy: policy.id,
            policy_name: policy.display_name.clone(),
            control,
        }),
    };
    Decision { outcome, entries }
}

/// Whether one condition of one policy holds; none if the policy does not configure it. What
/// [`evaluate`] finds for all policies at once, asked singly.
pub(super) fn condition(policy: &Policy, sign_in: &SignIn<'_>, which: Condition) -> Option<bool> {
    policy.conditions.holds(which, sign_in)
}

/// The control by which an entry refuses the request, if it does.
fn refusal(entry: &AppliedPolicy, danger: Danger) -> Option<Control> {
    if entry.result != R::Failure {
        return None;
    }
    let grants = entry.grant_controls_not_satisfied.iter().map(Control::Grant);
    let sessions = entry.session_controls_not_satisfied.iter().map(Control::Session);
    // POL-01, POL-02
    grants.chain(sessions).find(|control| danger.enforces(control.check()))
}

/// The entries with those first that succeeded or failed: enforced policies that applied.
fn decided_first(
    entries: &[AppliedPolicy],
    applying: &[u64],
    enforced: &[u64],
) -> Vec<AppliedPolicy> {
    let decided = || bits::positions(applying).filter(|at| bits::has(enforced, *at));
    let mut ordered = Vec::with_capacity(entries.len());
    ordered.extend(decided().filter_map(|at| entries.get(at)));
    let mut from = 0;
    for at in decided() {
        ordered.extend_from_slice(entries.get(from..at).unwrap_or_default());
        from = at + 1;
    }
    ordered.extend_from_slice(entries.get(from..).unwrap_or_default());
    ordered
}

/// Completes the entry of a policy whose conditions hold.
fn apply(entry: &mut AppliedPolicy, policy: &Policy, met: Met<'_>, sign_in: &SignIn<'_>) {
    entry.grant_controls_not_satisfied = met.unmet(&policy.grant);
    entry.session_controls_not_satisfied = policy.session.unmet(sign_in);
    entry.result = match policy.state {
        PolicyState::EnabledForReportingButNotEnforced => reported(entry),
        _ => enforced(entry),
    };
}

fn enforced(entry: &AppliedPolicy) -> R {
    match first_unmet(entry.grant_controls_not_satisfied, entry.session_controls_not_satisfied) {
        None => R::Success,
        Some(_) => R::Failure,
    }
}

/// A missing control that no prompt could bring is a failure, one that a prompt could is an
/// interruption (conditional-access 3.4, 3.6).
fn reported(entry: &AppliedPolicy) -> R {
    let grants = entry.grant_controls_not_satisfied;
    if !entry.session_controls_not_satisfied.is_empty()
        || grants.iter().any(|control| !control.needs_user_action())
    {
        R::ReportOnlyFailure
    } else if grants.is_empty() {
        R::ReportOnlySuccess
    } else {
        R::ReportOnlyInterrupted
    }
}
