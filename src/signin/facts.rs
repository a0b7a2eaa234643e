//! How a record is made: flat facts of a request and a verdict on it.

use std::net::IpAddr;

use super::device::DeviceDetail;
use super::parts::{
    AuthenticationDetail, AuthenticationRequirementPolicy, RiskFacts, SessionLifetimePolicy,
    SignInLocation,
};
use super::reason::failure_reason;
use super::record::{AppliedPolicyRecord, SignInRecord, SignInStatus};
use super::words::{
    AuthenticationProtocol, AuthenticationRequirement, CrossTenantAccessType, IncomingTokenType,
    Interactivity, OriginalTransferMethod,
};
use crate::base::Timestamp;
use crate::base::id::{AppId, CorrelationId, RequestId, SessionId, TenantId};
use crate::catalog::RulePack;
use crate::directory::{Device, User, UserType};
use crate::policy::{
    AppliedPolicy, AppliedPolicyResult, ConditionalAccessStatus, Control, Decision, GrantControl,
    Policy, PolicySet, SecondFactorProof, TokenProtectionStatus,
};

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
    /// The id of the token issued, as its `uti` says it; never the token.
    pub token_id: Option<RequestId>,
    /// The session that the request belongs to.
    pub session: Option<SessionId>,
    /// How the session came to this client, if anybody knows.
    pub transfer_method: Option<OriginalTransferMethod>,
    /// Where the address is.
    pub location: Option<&'a SignInLocation>,
    /// The network of the address.
    pub autonomous_system_number: Option<u32>,
    /// What is known of risk.
    pub risk: RiskFacts<'a>,
    /// The resources that policy looked at; empty: the one resource asked for.
    pub audiences: &'a [AppId],
    /// Steps of authentication in this request.
    pub authentication_details: &'a [AuthenticationDetail],
    /// What bounded the session.
    pub session_lifetime_policies: &'a [SessionLifetimePolicy],
}

impl RequestFacts<'_> {
    /// A request of which nothing is known but that it came: no user, no app, no device. The other
    /// facts are filled in by `..`, so that a new one breaks no caller.
    #[must_use]
    pub const fn new(
        id: RequestId,
        correlation_id: CorrelationId,
        now: Timestamp,
        tenant: TenantId,
    ) -> Self {
        Self {
            id,
            correlation_id,
            original_request_id: None,
            now,
            tenant,
            user: None,
            app: None,
            client_app_used: None,
            resource: None,
            device: None,
            user_agent: None,
            ip_address: None,
            interactivity: Interactivity::NonInteractive,
            incoming_token: IncomingTokenType::None,
            protocol: AuthenticationProtocol::None,
            second_factor: SecondFactorProof::Absent,
            token_id: None,
            session: None,
            transfer_method: None,
            location: None,
            autonomous_system_number: None,
            risk: RiskFacts {
                during_sign_in: None,
                aggregated: None,
                state: None,
                detail: None,
                event_types: &[],
            },
            audiences: &[],
            authentication_details: &[],
            session_lifetime_policies: &[],
        }
    }
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
            resource_tenant_id: Some(request.tenant),
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
            unique_token_identifier: request.token_id.map(|id| id.to_string()),
            user_agent: request.user_agent.map(str::to_owned),
            ip_address: request.ip_address,
            autonomous_system_number: request.autonomous_system_number,
            location: request.location.cloned(),
            session_id: request.session,
            session_lifetime_policies: request.session_lifetime_policies.to_vec(),
            original_transfer_method: request.transfer_method,
            conditional_access_audiences: audiences(request, verdict),
            authentication_details: request.authentication_details.to_vec(),
            authentication_requirement_policies: verdict.second_factor_asked_by(),
            mfa_detail: None,
            risk_level_aggregated: request.risk.aggregated,
            risk_level_during_sign_in: request.risk.during_sign_in,
            risk_state: request.risk.state,
            risk_detail: request.risk.detail.map(str::to_owned),
            risk_event_types_v2: request.risk.event_types.to_vec(),
            sign_in_token_protection_status: None,
            app_token_protection_status: None,
        }
    }
}

/// A request that never reached policy was not looked at for any resource.
fn audiences(request: &RequestFacts<'_>, verdict: Verdict<'_>) -> Vec<AppId> {
    match verdict {
        Verdict::Policy { .. } if !request.audiences.is_empty() => request.audiences.to_vec(),
        Verdict::Policy { .. } => request.resource.iter().map(|app| app.id).collect(),
        Verdict::Protocol { .. } => Vec::new(),
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

    /// Conditional Access, if an enabled policy that applied asks for a second factor.
    fn second_factor_asked_by(self) -> Vec<AuthenticationRequirementPolicy> {
        let Self::Policy { decision, policies, .. } = self else { return Vec::new() };
        let asks = |entry: &AppliedPolicy| {
            let applied =
                matches!(entry.result, AppliedPolicyResult::Failure | AppliedPolicyResult::Success);
            let asks =
                |policy: &Policy| policy.grant_controls().controls.contains(GrantControl::Mfa);
            applied && policies.get(entry.policy).is_some_and(asks)
        };
        match decision.entries().iter().any(asks) {
            true => vec![AuthenticationRequirementPolicy {
                requirement_provider: "multiConditionalAccess".to_owned(),
                detail: Some("Conditional Access".to_owned()),
            }],
            false => Vec::new(),
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
