//! The diagnostic export: an envelope around the record, as event hubs and storage receive it.
//!
//! Against Graph: conditions are integers, success has no sentence, the user type is capitalised,
//! audiences carry reasons, and times have an offset. The kind of event stands in `category`.
//!
//! # Source
//! conditional-access 5.1 and 5.2, whose field set comes from one public record.

use std::fmt;
use std::net::IpAddr;

use serde::{Serialize, Serializer};

use super::device::DeviceDetail;
use super::export::{
    self, Audiences, OPERATION_NAME, Policies, RESULT_SIGNATURE, Status, TOKEN_ISSUER_TYPE,
};
use super::parts::{
    AuthenticationDetail, AuthenticationRequirementPolicy, MfaDetail, SessionLifetimePolicy,
    SignInLocation,
};
use super::record::SignInRecord;
use super::words::{
    AuthenticationProtocol, AuthenticationRequirement, CrossTenantAccessType, IncomingTokenType,
    OldTokenProtectionStatus, OriginalTransferMethod, RiskLevel, RiskState,
};
use crate::base::Timestamp;
use crate::base::id::{AppId, CorrelationId, RequestId, SessionId, TenantId, UserId};
use crate::policy::{ConditionalAccessStatus, TokenProtectionStatus};

/// `Level`: informational.
const LEVEL: u8 = 4;

/// One line of the export.
///
/// # Simulated
/// `time` is that of the request, since nothing is ingested here, and `durationMs` is 0.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Envelope<'r> {
    time: Instant<'static>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_id: Option<TenantPath>,
    operation_name: &'static str,
    operation_version: &'static str,
    category: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    tenant_id: Option<TenantId>,
    result_type: Digits,
    result_signature: &'static str,
    result_description: &'r str,
    duration_ms: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    caller_ip_address: Option<IpAddr>,
    correlation_id: CorrelationId,
    #[serde(skip_serializing_if = "Option::is_none")]
    identity: Option<&'r str>,
    #[serde(rename = "Level")]
    level: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    location: Option<&'r str>,
    properties: Properties<'r>,
}

impl<'r> Envelope<'r> {
    /// The line of `record`.
    #[must_use]
    pub fn new(record: &'r SignInRecord) -> Self {
        let tenant = record.tenant();
        Self {
            time: Instant(record.created_date_time, "Z"),
            resource_id: tenant.map(TenantPath),
            operation_name: OPERATION_NAME,
            operation_version: "1.0",
            category: export::category(record),
            tenant_id: tenant,
            result_type: Digits(record.status.error_code),
            result_signature: RESULT_SIGNATURE,
            result_description: export::result_description(record),
            duration_ms: 0,
            caller_ip_address: record.ip_address,
            correlation_id: record.correlation_id,
            identity: record.user_display_name.as_deref(),
            level: LEVEL,
            location: record.country(),
            properties: Properties::of(record),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Properties<'r> {
    id: RequestId,
    created_date_time: Instant<'static>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_display_name: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_principal_name: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<UserId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    app_id: Option<AppId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    app_display_name: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ip_address: Option<IpAddr>,
    status: Status<'r>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_app_used: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_agent: Option<&'r str>,
    device_detail: &'r DeviceDetail,
    #[serde(skip_serializing_if = "Option::is_none")]
    location: Option<&'r SignInLocation>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mfa_detail: Option<&'r MfaDetail>,
    correlation_id: CorrelationId,
    conditional_access_status: ConditionalAccessStatus,
    applied_conditional_access_policies: Policies<'r>,
    #[serde(skip_serializing_if = "Option::is_none")]
    original_request_id: Option<RequestId>,
    is_interactive: bool,
    token_issuer_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    risk_detail: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    risk_level_aggregated: Option<RiskLevel>,
    #[serde(skip_serializing_if = "Option::is_none")]
    risk_level_during_sign_in: Option<RiskLevel>,
    #[serde(skip_serializing_if = "Option::is_none")]
    risk_state: Option<RiskState>,
    #[serde(rename = "riskEventTypes_v2")]
    risk_event_types_v2: &'r [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_display_name: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_id: Option<AppId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_tenant_id: Option<TenantId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    home_tenant_id: Option<TenantId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tenant_id: Option<TenantId>,
    authentication_details: &'r [AuthenticationDetail],
    authentication_requirement_policies: &'r [AuthenticationRequirementPolicy],
    session_lifetime_policies: &'r [SessionLifetimePolicy],
    #[serde(skip_serializing_if = "Option::is_none")]
    authentication_requirement: Option<AuthenticationRequirement>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    autonomous_system_number: Option<u32>,
    cross_tenant_access_type: CrossTenantAccessType,
    #[serde(skip_serializing_if = "Option::is_none")]
    unique_token_identifier: Option<&'r str>,
    incoming_token_type: IncomingTokenType,
    authentication_protocol: AuthenticationProtocol,
    #[serde(skip_serializing_if = "Option::is_none")]
    sign_in_token_protection_status: Option<OldTokenProtectionStatus>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token_protection_status_details: Option<TokenProtectionStatus>,
    #[serde(skip_serializing_if = "Option::is_none")]
    original_transfer_method: Option<OriginalTransferMethod>,
    conditional_access_audiences: Audiences<'r>,
    #[serde(skip_serializing_if = "Option::is_none")]
    session_id: Option<SessionId>,
}

impl<'r> Properties<'r> {
    fn of(record: &'r SignInRecord) -> Self {
        Self {
            id: record.id,
            created_date_time: Instant(record.created_date_time, "+00:00"),
            user_display_name: record.user_display_name.as_deref(),
            user_principal_name: record.user_principal_name.as_deref(),
            user_id: record.user_id,
            app_id: record.app_id,
            app_display_name: record.app_display_name.as_deref(),
            ip_address: record.ip_address,
            status: Status::of(&record.status),
            client_app_used: record.client_app_used.as_deref(),
            user_agent: record.user_agent.as_deref(),
            device_detail: &record.device_detail,
            location: record.location.as_ref(),
            mfa_detail: record.mfa_detail.as_ref(),
            correlation_id: record.correlation_id,
            conditional_access_status: record.conditional_access_status,
            applied_conditional_access_policies: Policies(
                &record.applied_conditional_access_policies,
            ),
            original_request_id: record.original_request_id,
            is_interactive: record.is_interactive,
            token_issuer_type: TOKEN_ISSUER_TYPE,
            risk_detail: record.risk_detail.as_deref(),
            risk_level_aggregated: record.risk_level_aggregated,
            risk_level_during_sign_in: record.risk_level_during_sign_in,
            risk_state: record.risk_state,
            risk_event_types_v2: &record.risk_event_types_v2,
            resource_display_name: record.resource_display_name.as_deref(),
            resource_id: record.resource_id,
            resource_tenant_id: record.resource_tenant_id,
            home_tenant_id: record.home_tenant_id,
            tenant_id: record.tenant(),
            authentication_details: &record.authentication_details,
            authentication_requirement_policies: &record.authentication_requirement_policies,
            session_lifetime_policies: &record.session_lifetime_policies,
            authentication_requirement: record.authentication_requirement,
            user_type: record.user_type.map(super::words::LogUserType::as_exported),
            autonomous_system_number: record.autonomous_system_number,
            cross_tenant_access_type: record.cross_tenant_access_type,
            unique_token_identifier: record.unique_token_identifier.as_deref(),
            incoming_token_type: record.incoming_token_type,
            authentication_protocol: record.authentication_protocol,
            sign_in_token_protection_status: record.sign_in_token_protection_status,
            token_protection_status_details: record.token_protection_status_details,
            original_transfer_method: record.original_transfer_method,
            conditional_access_audiences: Audiences(&record.conditional_access_audiences),
            session_id: record.session_id,
        }
    }
}

/// A time with tenths of a second, which are always 0 here, and the offset in one of two spellings.
struct Instant<'s>(Timestamp, &'s str);

impl fmt::Display for Instant<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = format!("{:.1}", self.0);
        f.write_str(text.trim_end_matches('Z'))?;
        f.write_str(self.1)
    }
}

impl Serialize for Instant<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

/// A number as text.
struct Digits(u32);

impl Serialize for Digits {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&self.0)
    }
}

/// `/tenants/…/providers/Microsoft.aadiam`.
struct TenantPath(TenantId);

impl Serialize for TenantPath {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&format_args!("/tenants/{}/providers/Microsoft.aadiam", self.0))
    }
}
