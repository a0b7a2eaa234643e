//! Reads Graph `conditionalAccessPolicy` JSON, v1.0 and beta.
//!
//! Every documented member is known. The few that are not evaluated refuse the policy when they have
//! a value, since to ignore a condition is to evaluate another policy; the reference of policies
//! lists them.
//!
//! # Source
//! Microsoft Graph metadata, v1.0 and beta, `conditionalAccessPolicy`; conditional-access section 2.

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::conditions::{self, Conditions};
use super::controls::{
    ContinuousAccessEvaluation, GrantControl, GrantControls, Operator, SessionControls, grant,
    session,
};
use super::error::PolicyError;
use super::flags::Flags;
use super::model::{Policy, PolicyState};
use super::reader::{self, Object, Unknown, Words, is_empty};
use super::set::Warning;
use crate::base::id::PolicyId;

impl Words for PolicyState {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("enabled", Self::Enabled),
        ("disabled", Self::Disabled),
        ("enabledForReportingButNotEnforced", Self::EnabledForReportingButNotEnforced),
    ];
}

/// Reads one policy that stands at `path`. What its author should know is added to `warnings`.
pub(super) fn read_policy(
    mut document: Value,
    path: String,
    warnings: &mut Vec<Warning>,
) -> Result<Policy, PolicyError> {
    let made = made_id(&document);
    let mut policy = Object::open(&mut document, path)?;
    let id = read_id(&mut policy, made, warnings)?;
    let display_name = read_name(&mut policy)?;
    let state = required(policy.word("state")?, &policy, "state")?;
    let conditions = conditions::read(&mut policy, id)?;
    let grant = grant::read(&mut policy, id)?;
    let session = session::read(&mut policy, id)?;
    check_controls(&policy, id, &conditions, &grant, &session)?;
    policy.not_evaluated(&["deletedDateTime"])?;
    policy.without_influence(&["templateId", "description", "createdDateTime", "modifiedDateTime"]);
    policy.finish(Unknown::Warn(warnings))?;
    Ok(Policy { id, state, conditions, grant, session, display_name, document })
}

/// The portal's file and the body of a create request have no id yet: one is made from the document,
/// so that equal documents have equal ids, and a warning says so.
fn read_id(
    policy: &mut Object<'_>,
    made: PolicyId,
    warnings: &mut Vec<Warning>,
) -> Result<PolicyId, PolicyError> {
    let path = policy.path_of("id");
    match policy.text("id")? {
        None => {
            warnings.push(Warning::MadeId { path, id: made });
            Ok(made)
        }
        Some(text) => reader::id(&mut Value::from(text), path),
    }
}

/// An id for a document without one: the first half of its SHA-256.
fn made_id(document: &Value) -> PolicyId {
    let digest: [u8; 32] = Sha256::digest(document.to_string()).into();
    let head = digest.iter().take(16).fold(0, |id, octet| (id << 8) | u128::from(*octet));
    PolicyId::from_u128(head)
}

fn read_name(policy: &mut Object<'_>) -> Result<String, PolicyError> {
    let path = policy.path_of("displayName");
    match policy.text("displayName")? {
        None | Some("") => Err(PolicyError::Missing { path }),
        Some(name) => Ok(name.to_owned()),
    }
}

fn required<T>(value: Option<T>, object: &Object<'_>, name: &str) -> Result<T, PolicyError> {
    value.ok_or_else(|| PolicyError::Missing { path: object.path_of(name) })
}

/// What Graph says of controls and conditions together.
fn check_controls(
    policy: &Object<'_>,
    id: PolicyId,
    conditions: &Conditions,
    grant: &GrantControls,
    session: &SessionControls,
) -> Result<(), PolicyError> {
    if grant.controls.is_empty() && session.controls.is_empty() {
        let (path, reason) = (policy.path_of("grantControls"), "and session controls ask nothing");
        return Err(PolicyError::Incomplete { policy: id, path, reason });
    }
    let contradiction = |path, reason| Err(PolicyError::Contradiction { policy: id, path, reason });
    if grant.controls.contains(GrantControl::PasswordChange) {
        let path = policy.path_of("grantControls.builtInControls");
        if !grant.controls.contains(GrantControl::Mfa) || grant.operator != Operator::And {
            return contradiction(
                path,
                "has `passwordChange`, which needs `mfa` and the operator `AND`",
            );
        }
        if conditions.user_risk_levels.is_empty() || !is_about_all_resources(conditions) {
            let reason = "has `passwordChange`, which needs user risk levels and all resources";
            return contradiction(path, reason);
        }
        if has_others(conditions, Flags::of(&[super::Condition::UserRisk])) {
            return contradiction(path, "has `passwordChange`, which takes no other condition");
        }
    }
    let off = Some(ContinuousAccessEvaluation::Disabled);
    if session.continuous_access_evaluation == off
        && (!is_about_all_resources(conditions) || has_others(conditions, Flags::EMPTY))
    {
        let path = policy.path_of("sessionControls.continuousAccessEvaluation");
        return contradiction(
            path,
            "is disabled, which needs all resources and takes no condition",
        );
    }
    Ok(())
}

fn is_about_all_resources(conditions: &Conditions) -> bool {
    conditions.applications.include_all
}

/// Whether conditions are configured besides users, resources and these.
fn has_others(conditions: &Conditions, allowed: Flags<super::Condition>) -> bool {
    let assignments = Flags::of(&[super::Condition::Application, super::Condition::Users]);
    !conditions.configured().without(assignments.or(allowed)).is_empty()
}

/// Whether the text's root is a collection (`{"value": [...]}`) and not a policy.
pub(super) fn is_collection(root: &Value) -> bool {
    root.get("value").is_some_and(Value::is_array) && root.get("conditions").is_none_or(is_empty)
}
