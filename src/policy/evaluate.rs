//! Evaluation: one request against all policies.
//!
//! Each policy is walked by itself: its configured conditions in the order of the source, up to the
//! first that fails; then the controls of a policy that applies. The decision follows from the
//! entries. Policies are walked by ascending id, so their order in a file cannot matter.
//!
//! # Source
//! conditional-access 3.1, 3.4 and 3.5. `# Simulated` there: the order of conditions beyond the
//! client type, and that `block` refuses under either operator, whatever stands beside it.

use super::applied::{AppliedPolicy, AppliedPolicyResult as R, Condition};
use super::decision::{Control, Decision, Denial, Outcome, first_unmet};
use super::facts::{Purpose, SignIn, Target};
use super::flags::Flags;
use super::mentions::Named;
use super::model::{
    Applications, GrantControl, GrantControls, Operator, Platforms, Policy, PolicyState,
    SessionControl, Users,
};
use super::set::PolicySet;
use crate::base::{Check, Danger};
use crate::catalog::RulePack;
use crate::directory::UserType;

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
    let mut entries = Entries::for_policies(policies.len());
    let mut deciding: Option<(Control, &Policy)> = None;
    for (policy, named) in policies.for_user(sign_in) {
        let entry = apply(policy, named, sign_in);
        if let Some(control) = refusal(&entry, danger)
            && deciding.is_none_or(|(first, _)| control < first)
        {
            deciding = Some((control, policy));
        }
        entries.push(entry);
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
    Decision { outcome, entries: entries.in_order() }
}

/// The control by which an entry refuses the request, if it does.
fn refusal(entry: &AppliedPolicy, danger: Danger) -> Option<Control> {
    if entry.result != R::Failure {
        return None;
    }
    // POL-01
    let grants = if danger.enforces(Check::PolicyGrants) {
        entry.grant_controls_not_satisfied
    } else {
        Flags::EMPTY
    };
    // POL-02
    let sessions = if danger.enforces(Check::PolicyTokenProtection) {
        entry.session_controls_not_satisfied
    } else {
        Flags::EMPTY
    };
    first_unmet(grants, sessions)
}

/// Entries with success or failure stand first.
struct Entries {
    decided: Vec<AppliedPolicy>,
    others: Vec<AppliedPolicy>,
}

impl Entries {
    fn for_policies(count: usize) -> Self {
        Self { decided: Vec::new(), others: Vec::with_capacity(count) }
    }

    fn push(&mut self, entry: AppliedPolicy) {
        match entry.result {
            R::Success | R::Failure => self.decided.push(entry),
            _ => self.others.push(entry),
        }
    }

    fn in_order(mut self) -> Vec<AppliedPolicy> {
        self.decided.append(&mut self.others);
        self.decided
    }
}

fn apply(policy: &Policy, named: Named, sign_in: &SignIn<'_>) -> AppliedPolicy {
    let mut entry = AppliedPolicy {
        policy: policy.id,
        result: R::NotEnabled,
        conditions_satisfied: Flags::EMPTY,
        conditions_not_satisfied: Flags::EMPTY,
        grant_controls_not_satisfied: Flags::EMPTY,
        session_controls_not_satisfied: Flags::EMPTY,
    };
    if policy.state == PolicyState::Disabled {
        return entry;
    }
    let applies = sign_in.purpose == Purpose::Access && walk(policy, named, sign_in, &mut entry);
    if applies {
        entry.grant_controls_not_satisfied = unmet_grants(policy.grant, sign_in);
        entry.session_controls_not_satisfied = unmet_sessions(policy.session, sign_in);
    }
    entry.result = match policy.state {
        PolicyState::EnabledForReportingButNotEnforced => reported(applies, &entry),
        _ => enforced(applies, &entry),
    };
    entry
}

/// Walks the configured conditions in the order of 3.4 and stops at the first that fails. Steps to
/// come stand between these: location after users, device filter, risks and flows after client type.
fn walk(policy: &Policy, named: Named, sign_in: &SignIn<'_>, entry: &mut AppliedPolicy) -> bool {
    let conditions = &policy.conditions;
    entry.step(Condition::Application, applications_match(&conditions.applications, sign_in))
        && entry.step(Condition::Users, users_match(&conditions.users, named, sign_in))
        && conditions.platforms.is_none_or(|platforms| {
            entry.step(Condition::DevicePlatform, platforms_match(platforms, sign_in))
        })
        && conditions.client_app_types.is_none_or(|types| {
            entry.step(Condition::ClientType, types.contains(sign_in.client_app_type))
        })
}

impl AppliedPolicy {
    fn step(&mut self, condition: Condition, holds: bool) -> bool {
        if holds {
            self.conditions_satisfied.insert(condition);
        } else {
            self.conditions_not_satisfied.insert(condition);
        }
        holds
    }
}

/// One resource in scope is enough.
fn applications_match(applications: &Applications, sign_in: &SignIn<'_>) -> bool {
    let Target::Resources(resources) = sign_in.target else { return false };
    resources.iter().any(|resource| {
        (applications.include_all || applications.include.contains(resource))
            && !applications.exclude.contains(resource)
    })
}

fn users_match(users: &Users, named: Named, sign_in: &SignIn<'_>) -> bool {
    let Some(user) = sign_in.identity.user() else { return false };
    let guest = user.user_type == UserType::Guest;
    (users.include_all || named.included || (users.include.guests && guest))
        && !(named.excluded || (users.exclude.guests && guest))
}

fn platforms_match(platforms: Platforms, sign_in: &SignIn<'_>) -> bool {
    platforms.include.contains(sign_in.platform) && !platforms.exclude.contains(sign_in.platform)
}

/// The controls that leave the policy unmet; with `Or` one that is met satisfies the others, but
/// never `block`.
fn unmet_grants(grant: GrantControls, sign_in: &SignIn<'_>) -> Flags<GrantControl> {
    let met: Flags<GrantControl> =
        grant.controls.iter().filter(|control| is_met(*control, sign_in)).collect();
    let blocked = grant.controls.contains(GrantControl::Block);
    match grant.operator {
        Operator::Or if !blocked && !met.is_empty() => Flags::EMPTY,
        Operator::Or | Operator::And => grant.controls.without(met),
    }
}

fn is_met(control: GrantControl, sign_in: &SignIn<'_>) -> bool {
    match control {
        GrantControl::Block => false,
        GrantControl::Mfa => sign_in.second_factor_passed(),
        GrantControl::CompliantDevice => sign_in.device_is_compliant(),
        GrantControl::DomainJoinedDevice => sign_in.device_is_hybrid_joined(),
    }
}

fn unmet_sessions(controls: Flags<SessionControl>, sign_in: &SignIn<'_>) -> Flags<SessionControl> {
    let unmet = controls.iter().filter(|control| match control {
        SessionControl::SecureSignInSession => !sign_in.is_bound(),
    });
    unmet.collect()
}

fn enforced(applies: bool, entry: &AppliedPolicy) -> R {
    match first_unmet(entry.grant_controls_not_satisfied, entry.session_controls_not_satisfied) {
        _ if !applies => R::NotApplied,
        None => R::Success,
        Some(_) => R::Failure,
    }
}

/// A missing control that no prompt could bring is a failure, one that a prompt could is an
/// interruption (conditional-access 3.4, 3.6).
fn reported(applies: bool, entry: &AppliedPolicy) -> R {
    let grants = entry.grant_controls_not_satisfied;
    if !applies {
        R::ReportOnlyNotApplied
    } else if !entry.session_controls_not_satisfied.is_empty()
        || grants.iter().any(|control| !control.needs_user_action())
    {
        R::ReportOnlyFailure
    } else if grants.is_empty() {
        R::ReportOnlySuccess
    } else {
        R::ReportOnlyInterrupted
    }
}
