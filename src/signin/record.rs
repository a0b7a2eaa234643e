//! One record, in the shape of Graph beta `signIn`.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::device::DeviceDetail;
use super::parts::{
    AuthenticationDetail, AuthenticationRequirementPolicy, MfaDetail, SessionLifetimePolicy,
    SignInLocation,
};
use super::words::{
    AuthenticationProtocol, AuthenticationRequirement, CrossTenantAccessType, IncomingTokenType,
    LogUserType, OldTokenProtectionStatus, OriginalTransferMethod, RiskLevel, RiskState,
    SignInEventType,
};
use crate::base::Timestamp;
use crate::base::id::{AppId, CorrelationId, PolicyId, RequestId, SessionId, TenantId, UserId};
use crate::policy::{
    AppliedPolicyResult, Condition, ConditionalAccessStatus, Flags, TokenProtectionStatus,
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
    /// The network of that address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub autonomous_system_number: Option<u32>,
    /// Where that address is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<SignInLocation>,
    /// The session that the request belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_id: Option<SessionId>,
    /// What bounded the session.
    #[serde(default)]
    pub session_lifetime_policies: Vec<SessionLifetimePolicy>,
    /// How the session came to this client.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub original_transfer_method: Option<OriginalTransferMethod>,
    /// The resources that policy looked at.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conditional_access_audiences: Vec<AppId>,
    /// Steps of authentication in this request.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub authentication_details: Vec<AuthenticationDetail>,
    /// What asked for a second factor.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub authentication_requirement_policies: Vec<AuthenticationRequirementPolicy>,
    /// Deprecated by the source. Only ever read, never made here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mfa_detail: Option<MfaDetail>,
    /// The risk of the user and this sign-in together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub risk_level_aggregated: Option<RiskLevel>,
    /// The risk of this sign-in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub risk_level_during_sign_in: Option<RiskLevel>,
    /// What became of the risk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub risk_state: Option<RiskState>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub risk_detail: Option<String>,
    /// What was detected.
    #[serde(default, rename = "riskEventTypes_v2", skip_serializing_if = "Vec::is_empty")]
    pub risk_event_types_v2: Vec<String>,
    /// Older than `tokenProtectionStatusDetails`. Only ever read, never made here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sign_in_token_protection_status: Option<OldTokenProtectionStatus>,
    /// The same of the app's token. Only ever read, never made here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app_token_protection_status: Option<OldTokenProtectionStatus>,
}

impl SignInRecord {
    /// The tenant whose log the record stands in: that of the resource, else the user's.
    pub(super) fn tenant(&self) -> Option<TenantId> {
        self.resource_tenant_id.or(self.home_tenant_id)
    }

    /// The country or region, two letters.
    pub(super) fn country(&self) -> Option<&str> {
        self.location.as_ref()?.country_or_region.as_deref()
    }
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
