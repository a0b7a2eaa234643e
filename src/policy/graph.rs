//! Reads Graph `conditionalAccessPolicy` JSON, v1.0 and beta.
//!
//! Every documented member is known. One that this build does not evaluate yet refuses the policy
//! when it has a value, since to ignore a condition is to evaluate another policy. To evaluate it
//! later, read it here, give it a place in [`super::model`] and a step in [`super::evaluate`].
//!
//! # Source
//! Microsoft Graph metadata, v1.0 and beta, `conditionalAccessPolicy`; conditional-access section 2.

use serde_json::Value;

use super::error::PolicyError;
use super::facts::{ClientAppType, Platform};
use super::flags::Flags;
use super::model::{
    Applications, Conditions, GrantControls, Platforms, Policy, Principals, SessionControl, Users,
};
use super::reader::{self, Object, Unknown, is_empty};
use super::words::{
    ClientWord, ExcludedApplication, ExcludedUser, IncludedApplication, IncludedUser, PlatformWord,
};
use crate::base::id::PolicyId;

/// Reads one policy that stands at `path`. Paths of members that are kept and not understood are
/// added to `warnings`.
pub(super) fn read_policy(
    mut document: Value,
    path: String,
    warnings: &mut Vec<String>,
) -> Result<Policy, PolicyError> {
    let mut policy = Object::open(&mut document, path)?;
    let id = read_id(&mut policy)?;
    let display_name = read_name(&mut policy)?;
    let state = required(policy.word("state")?, &policy, "state")?;
    let conditions = read_conditions(&mut policy, id)?;
    let grant = read_grant_controls(&mut policy)?;
    let session = read_session_controls(&mut policy)?;
    if grant.controls.is_empty() && session.is_empty() {
        let (path, reason) = (policy.path_of("grantControls"), "and session controls ask nothing");
        return Err(PolicyError::Incomplete { policy: id, path, reason });
    }
    policy.not_evaluated(&["deletedDateTime"])?;
    policy.without_influence(&["templateId", "description", "createdDateTime", "modifiedDateTime"]);
    policy.finish(Unknown::Warn(warnings))?;
    Ok(Policy { id, state, conditions, grant, session, display_name, document })
}

fn read_id(policy: &mut Object<'_>) -> Result<PolicyId, PolicyError> {
    let path = policy.path_of("id");
    match policy.text("id")? {
        None => Err(PolicyError::Missing { path }),
        Some(text) => reader::id(&mut Value::from(text), path),
    }
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

fn read_conditions(policy: &mut Object<'_>, id: PolicyId) -> Result<Conditions, PolicyError> {
    let missing = policy.path_of("conditions");
    let mut conditions =
        policy.object("conditions")?.ok_or(PolicyError::Missing { path: missing })?;
    conditions.not_evaluated(&[
        "agentIdRiskLevels",
        "authenticationFlows",
        "clientApplications",
        "clients",
        "deviceStates",
        "devices",
        "insiderRiskLevels",
        "locations",
        "servicePrincipalRiskLevels",
        "signInRiskLevels",
        "times",
        "userRiskLevels",
    ])?;
    let incomplete = |path, reason| PolicyError::Incomplete { policy: id, path, reason };
    let (users_at, applications_at) =
        (conditions.path_of("users"), conditions.path_of("applications"));
    let users = read_users(&mut conditions)?
        .ok_or_else(|| incomplete(users_at, "includes no user, group or role"))?;
    let applications = read_applications(&mut conditions)?
        .ok_or_else(|| incomplete(applications_at, "includes no target resource"))?;
    let platforms = read_platforms(&mut conditions, id)?;
    let client_app_types = read_client_app_types(&mut conditions)?;
    conditions.finish(Unknown::Refuse)?;
    Ok(Conditions { applications, users, platforms, client_app_types })
}

/// None if nothing is included, not even `None`.
fn read_applications(conditions: &mut Object<'_>) -> Result<Option<Applications>, PolicyError> {
    let Some(mut object) = conditions.object("applications")? else { return Ok(None) };
    let include = object.words_and_ids::<IncludedApplication, _>("includeApplications")?;
    let exclude = object.words_and_ids::<ExcludedApplication, _>("excludeApplications")?;
    object.not_evaluated(&[
        "applicationFilter",
        "globalSecureAccess",
        "includeAuthenticationContextClassReferences",
        "includeUserActions",
        "networkAccess",
    ])?;
    object.finish(Unknown::Refuse)?;
    if include.is_empty() {
        return Ok(None);
    }
    Ok(Some(Applications {
        include_all: include.says(IncludedApplication::All),
        include: include.ids,
        exclude: exclude.ids,
    }))
}

/// None if nobody is included, not even `None`.
fn read_users(conditions: &mut Object<'_>) -> Result<Option<Users>, PolicyError> {
    let Some(mut object) = conditions.object("users")? else { return Ok(None) };
    let include = object.words_and_ids("includeUsers")?;
    let exclude = object.words_and_ids("excludeUsers")?;
    let somebody = !include.is_empty();
    let users = Users {
        include_all: include.says(IncludedUser::All),
        include: Principals {
            guests: include.says(IncludedUser::GuestsOrExternalUsers),
            users: include.ids,
            groups: object.ids("includeGroups")?,
            roles: object.ids("includeRoles")?,
        },
        exclude: Principals {
            guests: exclude.says(ExcludedUser::GuestsOrExternalUsers),
            users: exclude.ids,
            groups: object.ids("excludeGroups")?,
            roles: object.ids("excludeRoles")?,
        },
    };
    object.not_evaluated(&["includeGuestsOrExternalUsers", "excludeGuestsOrExternalUsers"])?;
    object.finish(Unknown::Refuse)?;
    let somebody = somebody || !users.include.groups.is_empty() || !users.include.roles.is_empty();
    Ok(somebody.then_some(users))
}

/// None if the condition is not configured.
fn read_platforms(
    conditions: &mut Object<'_>,
    policy: PolicyId,
) -> Result<Option<Platforms>, PolicyError> {
    let Some(mut object) = conditions.object("platforms")? else { return Ok(None) };
    let include = object.list("includePlatforms", reader::word::<PlatformWord>)?;
    let exclude = object.list("excludePlatforms", reader::word::<PlatformWord>)?;
    let path = object.path_of("includePlatforms");
    object.finish(Unknown::Refuse)?;
    match (include.is_empty(), exclude.is_empty()) {
        (true, true) => Ok(None),
        (true, false) => {
            let reason = "is empty although platforms are excluded";
            Err(PolicyError::Incomplete { policy, path, reason })
        }
        (false, _) => Ok(Some(Platforms { include: flags(&include), exclude: flags(&exclude) })),
    }
}

fn flags(words: &[PlatformWord]) -> Flags<Platform> {
    let each = words.iter().map(|word| match word {
        PlatformWord::All => Platform::all(),
        PlatformWord::One(platform) => Flags::of(&[*platform]),
    });
    each.fold(Flags::EMPTY, Flags::or)
}

/// None if the condition is not configured, which `all` says too.
fn read_client_app_types(
    conditions: &mut Object<'_>,
) -> Result<Option<Flags<ClientAppType>>, PolicyError> {
    let words = conditions.list("clientAppTypes", reader::word::<ClientWord>)?;
    let types = words.iter().map(|word| match word {
        ClientWord::All => None,
        ClientWord::One(client) => Some(*client),
    });
    let types: Option<Flags<ClientAppType>> = types.collect();
    Ok(types.filter(|types| !types.is_empty()))
}

fn read_grant_controls(policy: &mut Object<'_>) -> Result<GrantControls, PolicyError> {
    let Some(mut object) = policy.object("grantControls")? else {
        return Ok(GrantControls::default());
    };
    let operator = object.word("operator")?.unwrap_or_default();
    let controls = object.list("builtInControls", reader::word)?.into_iter().collect();
    object.not_evaluated(&[
        "authenticationStrength",
        "customAuthenticationFactors",
        "termsOfUse",
    ])?;
    object.finish(Unknown::Refuse)?;
    Ok(GrantControls { operator, controls })
}

fn read_session_controls(policy: &mut Object<'_>) -> Result<Flags<SessionControl>, PolicyError> {
    let mut session = Flags::EMPTY;
    let Some(mut object) = policy.object("sessionControls")? else { return Ok(session) };
    if let Some(mut control) = object.object("secureSignInSession")? {
        if control.truth("isEnabled")? == Some(true) {
            session.insert(SessionControl::SecureSignInSession);
        }
        control.finish(Unknown::Refuse)?;
    }
    object.not_evaluated(&[
        "applicationEnforcedRestrictions",
        "cloudAppSecurity",
        "continuousAccessEvaluation",
        "disableResilienceDefaults",
        "globalSecureAccessFilteringProfile",
        "networkAccessSecurity",
        "persistentBrowser",
        "signInFrequency",
    ])?;
    object.finish(Unknown::Refuse)?;
    Ok(session)
}

/// Whether the text's root is a collection (`{"value": [...]}`) and not a policy.
pub(super) fn is_collection(root: &Value) -> bool {
    root.get("value").is_some_and(Value::is_array) && root.get("conditions").is_none_or(is_empty)
}
