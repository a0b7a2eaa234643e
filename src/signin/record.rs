//! One record and how it is made from facts.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::device::DeviceDetail;
use super::reason::failure_reason;
use super::words::{
    AuthenticationProtocol, AuthenticationRequirement, CrossTenantAccessType, IncomingTokenType,
    Interactivity, LogUserType, SignInEventType,
};
use crate::base::Timestamp;
use crate::base::id::{AppId, CorrelationId, PolicyId, RequestId, TenantId, UserId};
use crate::catalog::RulePack;
use crate::directory::{Device, User, UserType};
use crate::policy::{
    AppliedPolicy, AppliedPolicyResult, Condition, ConditionalAccessStatus, Control, Decision,
    Flags, GrantControl, Policy, PolicySet, SecondFactorProof, TokenProtectionStatus,
};

/// A sign-in record. Members without a value are left out; members unknown to this build are
/// ignored when a record is read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SignInRecord {
    /// The request.
    pub id: RequestId,
    /// When; RFC 3339 in UTC.
    #[serde(with = "rfc3339")]
    pub created_date_time: Timestamp,
    /// The sign-in that the request belongs to.
    pub correlation_id: CorrelationId,
    /// The first request of the sign-in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub original_request_id: Option<RequestId>,
    /// The user's name in lower case; none if the request named no known user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_principal_name: Option<String>,
    /// The user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<UserId>,
    /// The user's name for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_display_name: Option<String>,
    /// Member or guest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_type: Option<LogUserType>,
    /// The client.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app_id: Option<AppId>,
    /// The client's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app_display_name: Option<String>,
    /// The kind of client, a display string.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_app_used: Option<String>,
    /// The resource asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_id: Option<AppId>,
    /// The resource's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_display_name: Option<String>,
    /// The tenant of the resource.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_tenant_id: Option<TenantId>,
    /// The tenant of the user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub home_tenant_id: Option<TenantId>,
    /// How the user crosses tenants.
    #[serde(default)]
    pub cross_tenant_access_type: CrossTenantAccessType,
    /// How it ended.
    pub status: SignInStatus,
    /// The device.
    #[serde(default)]
    pub device_detail: DeviceDetail,
    /// What the enabled policies did.
    pub conditional_access_status: ConditionalAccessStatus,
    /// What each policy did.
    #[serde(default)]
    pub applied_conditional_access_policies: Vec<AppliedPolicyRecord>,
    /// Whether a person acted.
    pub is_interactive: bool,
    /// The kind of event.
    #[serde(default)]
    pub sign_in_event_types: Vec<SignInEventType>,
    /// Whether the request was bound; none if it failed before that was looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_protection_status_details: Option<TokenProtectionStatus>,
    /// What the request presented.
    #[serde(default)]
    pub incoming_token_type: IncomingTokenType,
    /// The protocol.
    #[serde(default)]
    pub authentication_protocol: AuthenticationProtocol,
    /// One factor or two.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authentication_requirement: Option<AuthenticationRequirement>,
    /// The id of the token issued, never the token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unique_token_identifier: Option<String>,
    /// What the client said of itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
    /// Where the request came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ip_address: Option<IpAddr>,
}

/// `status`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SignInStatus {
    /// 0 for success.
    pub error_code: u32,
    /// A sentence; `Other.` for success, as Graph writes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure_reason: Option<String>,
    /// More about authentication.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub additional_details: Option<String>,
}

/// An element of `appliedConditionalAccessPolicies`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AppliedPolicyRecord {
    /// The policy.
    pub id: PolicyId,
    /// Its name.
    pub display_name: String,
    /// Its grant controls, copied even when it did not apply.
    #[serde(default)]
    pub enforced_grant_controls: Vec<String>,
    /// Its session controls, copied even when it did not apply.
    #[serde(default)]
    pub enforced_session_controls: Vec<String>,
    /// Session controls that were not met; readers treat absent as empty.
    #[serde(default)]
    pub session_controls_not_satisfied: Vec<String>,
    /// How it came out.
    pub result: AppliedPolicyResult,
    /// Configured conditions that held.
    #[serde(default)]
    pub conditions_satisfied: Flags<Condition>,
    /// The condition that failed.
    #[serde(default)]
    pub conditions_not_satisfied: Flags<Condition>,
}

/// An application with its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NamedApp<'a> {
    /// The id.
    pub id: AppId,
    /// The name people read.
    pub display_name: &'a str,
}

/// The facts of a request that its record shows.
#[derive(Clone, Copy, Debug)]
pub struct RequestFacts<'a> {
    /// The request.
    pub id: RequestId,
    /// The sign-in that it belongs to.
    pub correlation_id: CorrelationId,
    /// The first request of the sign-in, if it is another one.
    pub original_request_id: Option<RequestId>,
    /// When it came.
    pub now: Timestamp,
    /// The tenant that it came to.
    pub tenant: TenantId,
    /// The user, if the request named one that exists.
    pub user: Option<&'a User>,
    /// The client, if it is known.
    pub app: Option<NamedApp<'a>>,
    /// The kind of client as [`super::client_app_used`] spells it.
    pub client_app_used: Option<&'a str>,
    /// The resource asked for.
    pub resource: Option<NamedApp<'a>>,
    /// The device that authenticated in this request.
    pub device: Option<&'a Device>,
    /// What the client said of itself.
    pub user_agent: Option<&'a str>,
    /// Where the request came from.
    pub ip_address: Option<IpAddr>,
    /// Whether a person acted.
    pub interactivity: Interactivity,
    /// What the request presented.
    pub incoming_token: IncomingTokenType,
    /// The protocol.
    pub protocol: AuthenticationProtocol,
    /// Whether a second factor was passed, now or by a claim.
    pub second_factor: SecondFactorProof,
    /// The id of the token issued.
    pub token_id: Option<&'a str>,
}

/// How the request ended.
#[derive(Clone, Copy, Debug)]
pub enum Verdict<'a> {
    /// It reached policy, which decided.
    Policy {
        /// What was decided.
        decision: &'a Decision,
        /// The policies it was decided by.
        policies: &'a PolicySet,
        /// The rules it was decided under.
        rules: &'a RulePack,
        /// Whether the request was bound.
        token_protection: TokenProtectionStatus,
    },
    /// It failed before policy, with this code.
    Protocol {
        /// The number after `AADSTS`.
        code: u32,
        /// Whether the request was bound, as far as its own evidence goes; none if it had no user.
        token_protection: Option<TokenProtectionStatus>,
    },
}

impl SignInRecord {
    /// The record of a request.
    #[must_use]
    pub fn new(request: &RequestFacts<'_>, verdict: Verdict<'_>) -> Self {
        let user = request.user;
        let name = |app: Option<NamedApp<'_>>| app.map(|app| app.display_name.to_owned());
        Self {
            id: request.id,
            created_date_time: request.now,
            correlation_id: request.correlation_id,
            original_request_id: Some(request.original_request_id.unwrap_or(request.id)),
            user_principal_name: user.map(|user| user.user_principal_name().to_lowercase()),
            user_id: user.map(User::id),
            user_display_name: user.map(|user| user.display_name.clone()),
            user_type: user.map(|user| user.user_type.into()),
            app_id: request.app.map(|app| app.id),
            app_display_name: name(request.app),
            client_app_used: request.client_app_used.map(str::to_owned),
            resource_id: request.resource.map(|resource| resource.id),
            resource_display_name: name(request.resource),
            resource_tenant_id: request.resource.map(|_| request.tenant),
            home_tenant_id: user.map(|user| user.home_tenant.unwrap_or(request.tenant)),
            cross_tenant_access_type: user.map_or_else(Default::default, crossing),
            status: status(request, verdict),
            device_detail: DeviceDetail::new(
                request.device,
                request.user_agent.unwrap_or_default(),
            ),
            conditional_access_status: verdict.conditional_access_status(),
            applied_conditional_access_policies: verdict.entries(),
            is_interactive: request.interactivity == Interactivity::Interactive,
            sign_in_event_types: vec![request.interactivity.into()],
            token_protection_status_details: verdict.token_protection(),
            incoming_token_type: request.incoming_token,
            authentication_protocol: request.protocol,
            authentication_requirement: Some(requirement(request, verdict)),
            unique_token_identifier: request.token_id.map(str::to_owned),
            user_agent: request.user_agent.map(str::to_owned),
            ip_address: request.ip_address,
        }
    }
}

fn crossing(user: &User) -> CrossTenantAccessType {
    match user.user_type {
        UserType::Guest => CrossTenantAccessType::B2bCollaboration,
        UserType::Member => CrossTenantAccessType::None,
    }
}

fn status(request: &RequestFacts<'_>, verdict: Verdict<'_>) -> SignInStatus {
    let error_code = verdict.error_code();
    let claimed = error_code == 0
        && request.second_factor == SecondFactorProof::Passed
        && request.incoming_token != IncomingTokenType::None;
    SignInStatus {
        error_code,
        failure_reason: Some(failure_reason(error_code).to_owned()),
        additional_details: claimed.then(|| "MFA satisfied by a claim in the token".to_owned()),
    }
}

/// Two factors if two were given, or if the lack of the second one refused the request.
fn requirement(request: &RequestFacts<'_>, verdict: Verdict<'_>) -> AuthenticationRequirement {
    let wanted = match verdict {
        Verdict::Policy { decision, .. } => decision
            .denial()
            .is_some_and(|denial| denial.control == Control::Grant(GrantControl::Mfa)),
        Verdict::Protocol { .. } => false,
    };
    if wanted || request.second_factor == SecondFactorProof::Passed {
        AuthenticationRequirement::MultiFactorAuthentication
    } else {
        AuthenticationRequirement::SingleFactorAuthentication
    }
}

impl Verdict<'_> {
    fn error_code(self) -> u32 {
        match self {
            Self::Policy { decision, .. } => decision.denial().map_or(0, |denial| denial.code),
            Self::Protocol { code, .. } => code,
        }
    }

    fn conditional_access_status(self) -> ConditionalAccessStatus {
        match self {
            Self::Policy { decision, .. } => decision.status(),
            Self::Protocol { .. } => ConditionalAccessStatus::NotApplied,
        }
    }

    fn token_protection(self) -> Option<TokenProtectionStatus> {
        match self {
            Self::Policy { token_protection, .. } => Some(token_protection),
            Self::Protocol { token_protection, .. } => token_protection,
        }
    }

    fn entries(self) -> Vec<AppliedPolicyRecord> {
        let Self::Policy { decision, policies, rules, .. } = self else { return Vec::new() };
        let named = |entry: &AppliedPolicy| {
            policies.get(entry.policy).map(|policy| AppliedPolicyRecord::new(entry, policy, rules))
        };
        decision.entries().iter().filter_map(named).collect()
    }
}

impl AppliedPolicyRecord {
    /// The entry of `policy` as the log has it.
    #[must_use]
    pub fn new(entry: &AppliedPolicy, policy: &Policy, rules: &RulePack) -> Self {
        let label = |control: Control| control.label(rules).to_owned();
        let grants = policy.grant_controls().controls.iter().map(Control::Grant);
        let sessions = policy.session_controls().iter().map(Control::Session);
        let unmet = entry.session_controls_not_satisfied.iter().map(Control::Session);
        Self {
            id: policy.id(),
            display_name: policy.display_name().to_owned(),
            enforced_grant_controls: grants.map(label).collect(),
            enforced_session_controls: sessions.map(label).collect(),
            session_controls_not_satisfied: unmet.map(label).collect(),
            result: entry.result,
            conditions_satisfied: entry.conditions_satisfied,
            conditions_not_satisfied: entry.conditions_not_satisfied,
        }
    }
}

/// `2026-03-10T12:00:00Z`.
mod rfc3339 {
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    use crate::base::Timestamp;

    pub(super) fn serialize<S: Serializer>(time: &Timestamp, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(time)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Timestamp, D::Error> {
        let text = String::deserialize(from)?;
        text.parse().map_err(D::Error::custom)
    }
}
