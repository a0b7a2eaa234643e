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

use std::sync::LazyLock;

use super::applied::{AppliedPolicy, AppliedPolicyResult as R, Condition};
use super::bits;
use super::conditions::{ORDER, is_exempt};
use super::controls::Met;
use super::decision::{Control, Decision, Denial, Outcome, first_unmet};
use super::facts::{Purpose, SignIn};
use super::flags::Flags;
use super::index::{APPLIES, Head, Scratch};
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
    let count = policies.len();
    let mut scratch = Scratch::starting_with(index.evaluated.words(), count);
    if sign_in.purpose == Purpose::Bootstrap {
        let exempt = |policy: &Policy| is_exempt(&policy.conditions, sign_in);
        let exempt = policies.iter().enumerate().filter(|(_, policy)| exempt(policy));
        exempt.for_each(|(at, _)| scratch.remove(at));
    }
    // Nobody is asked for anything by a policy that is exempt, so it is told apart by its bit.
    let evaluated = scratch.alive().to_vec();
    index.walk(policies.policies(), sign_in, &mut scratch);

    let met = Met::by(sign_in);
    let mut entries = Vec::with_capacity(count);
    let mut deciding: Option<(Control, &Policy)> = None;
    let decided = |at: &usize| bits::has(index.enforced.words(), *at);
    for at in bits::positions(scratch.alive()).filter(decided) {
        let Some((head, policy)) = index.heads.get(at).zip(policies.policies().get(at)) else {
            continue;
        };
        let entry = applied(head, policy, met, sign_in);
        if let Some(control) = refusal(&entry, danger)
            && deciding.is_none_or(|(first, _)| control < first)
        {
            deciding = Some((control, policy));
        }
        entries.push(entry);
    }
    let stops: &[Stop] = &STOPS;
    for (at, (head, stopped)) in index.heads.iter().zip(scratch.stopped()).enumerate() {
        if *stopped != APPLIES || !bits::has(&evaluated, at) {
            entries.push(not_applied(head, stops.get(usize::from(*stopped))));
        } else if !decided(&at)
            && let Some(policy) = policies.policies().get(at)
        {
            entries.push(applied(head, policy, met, sign_in));
        }
    }
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

/// For each step of the walk: what is not satisfied when it stops there (this condition and all
/// later ones), and what a record lists as failed.
type Stop = (Flags<Condition>, Flags<Condition>);

static STOPS: LazyLock<Vec<Stop>> = LazyLock::new(|| {
    let step = |at: usize| {
        let left = ORDER.iter().skip(at).fold(Flags::EMPTY, |all, it| all.or(it.recorded()));
        (left, ORDER.get(at).map_or(Flags::EMPTY, |which| which.recorded()))
    };
    (0..ORDER.len()).map(step).collect()
});

/// The entry of a policy that a condition stopped, that is disabled, or that the request is exempt
/// from.
fn not_applied(head: &Head, stop: Option<&Stop>) -> AppliedPolicy {
    let (satisfied, failed) = match stop {
        None => (Flags::EMPTY, Flags::EMPTY),
        Some((left, failed)) => (head.configured.without(*left), *failed),
    };
    AppliedPolicy {
        policy: head.id,
        result: match head.state {
            PolicyState::Disabled => R::NotEnabled,
            PolicyState::Enabled => R::NotApplied,
            PolicyState::EnabledForReportingButNotEnforced => R::ReportOnlyNotApplied,
        },
        conditions_satisfied: satisfied,
        conditions_not_satisfied: failed,
        grant_controls_not_satisfied: Flags::EMPTY,
        session_controls_not_satisfied: Flags::EMPTY,
    }
}

/// The entry of a policy whose conditions hold.
fn applied(head: &Head, policy: &Policy, met: Met<'_>, sign_in: &SignIn<'_>) -> AppliedPolicy {
    let mut entry = AppliedPolicy {
        policy: head.id,
        result: R::Success,
        conditions_satisfied: head.configured,
        conditions_not_satisfied: Flags::EMPTY,
        grant_controls_not_satisfied: met.unmet(&policy.grant),
        session_controls_not_satisfied: policy.session.unmet(sign_in),
    };
    entry.result = match head.state {
        PolicyState::EnabledForReportingButNotEnforced => reported(&entry),
        _ => enforced(&entry),
    };
    entry
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
