//! The columns of both tables, with their types and where their values come from.
//!
//! # Source
//! Azure Monitor Logs reference: `AADNonInteractiveUserSignInLogs` of 2026-07-27 and `SigninLogs` of
//! 2026-08-27 (`TenantId`, the workspace, stands in the schema of the latter and not on its page).
//! The order is that of public rows for the columns that every row has, then alphabetical.

use self::ColumnType::{Bool, DateTime, Dynamic, Long, Real, String};
use super::Table;
use super::value::{Structured, Value, audiences, filled};
use crate::base::id::{AppId, RequestId, SessionId, TenantId, UserId};
use crate::signin::export::{self, Policies, Status};
use crate::signin::record::SignInRecord;
use crate::signin::words::LogUserType;

/// The type of a column, in the order of Kusto's names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ColumnType {
    /// `bool`.
    Bool,
    /// `datetime`, UTC.
    DateTime,
    /// `dynamic`: an object or array.
    Dynamic,
    /// `long`.
    Long,
    /// `real`.
    Real,
    /// `string`; for a structured column, the JSON text.
    String,
}

impl ColumnType {
    /// The name in Kusto.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bool => "bool",
            Self::DateTime => "datetime",
            Self::Dynamic => "dynamic",
            Self::Long => "long",
            Self::Real => "real",
            Self::String => "string",
        }
    }
}

type Read = for<'r> fn(&'r SignInRecord) -> Value<'r>;

/// A column of one table or both.
pub struct Column {
    /// Its name.
    pub name: &'static str,
    interactive: Option<ColumnType>,
    non_interactive: Option<ColumnType>,
    read: Option<Read>,
}

impl Column {
    /// Its type in `table`; none if the table has no such column.
    #[must_use]
    pub const fn type_in(&self, table: Table) -> Option<ColumnType> {
        match table {
            Table::Interactive => self.interactive,
            Table::NonInteractive => self.non_interactive,
        }
    }

    /// Whether a record can ever have a value for it. The others are the real tables' too, and are
    /// empty here because the simulator has no such fact.
    #[must_use]
    pub const fn is_ever_filled(&self) -> bool {
        self.read.is_some()
    }

    pub(in crate::signin) fn value<'r>(&self, record: &'r SignInRecord) -> Value<'r> {
        self.read.map_or(Value::Absent, |read| read(record))
    }

    const fn both(name: &'static str, column_type: ColumnType) -> Self {
        Self::differing(name, column_type, column_type)
    }

    const fn differing(
        name: &'static str,
        interactive: ColumnType,
        non_interactive: ColumnType,
    ) -> Self {
        Self {
            name,
            interactive: Some(interactive),
            non_interactive: Some(non_interactive),
            read: None,
        }
    }

    const fn interactive(name: &'static str, column_type: ColumnType) -> Self {
        Self { name, interactive: Some(column_type), non_interactive: None, read: None }
    }

    const fn non_interactive(name: &'static str, column_type: ColumnType) -> Self {
        Self { name, interactive: None, non_interactive: Some(column_type), read: None }
    }

    const fn from(mut self, read: Read) -> Self {
        self.read = Some(read);
        self
    }
}

/// Every column of the two tables.
pub const COLUMNS: &[Column] = &[
    Column::both("TimeGenerated", DateTime).from(|it| Value::Time(it.created_date_time)),
    Column::both("CreatedDateTime", DateTime).from(|it| Value::Time(it.created_date_time)),
    Column::both("Type", String).from(|it| Value::Text(Table::of(it).name())),
    Column::both("Category", String).from(|it| Value::Text(export::category(it))),
    Column::both("OperationName", String).from(|_| Value::Text(export::OPERATION_NAME)),
    Column::both("Id", String).from(|it| Value::Guid(it.id.as_u128())),
    Column::both("OriginalRequestId", String)
        .from(|it| it.original_request_id.map(RequestId::as_u128).into()),
    Column::both("CorrelationId", String).from(|it| Value::Guid(it.correlation_id.as_u128())),
    Column::both("SessionId", String).from(|it| it.session_id.map(SessionId::as_u128).into()),
    Column::both("UserPrincipalName", String).from(|it| it.user_principal_name.as_deref().into()),
    Column::both("UserDisplayName", String).from(|it| it.user_display_name.as_deref().into()),
    Column::both("UserId", String).from(|it| it.user_id.map(UserId::as_u128).into()),
    Column::both("UserType", String).from(|it| it.user_type.map(LogUserType::as_exported).into()),
    Column::both("Identity", String).from(|it| it.user_display_name.as_deref().into()),
    Column::both("AppDisplayName", String).from(|it| it.app_display_name.as_deref().into()),
    Column::both("AppId", String).from(|it| it.app_id.map(AppId::as_u128).into()),
    Column::both("ResourceDisplayName", String)
        .from(|it| it.resource_display_name.as_deref().into()),
    Column::both("ResourceIdentity", String).from(|it| it.resource_id.map(AppId::as_u128).into()),
    Column::both("ResourceTenantId", String)
        .from(|it| it.resource_tenant_id.map(TenantId::as_u128).into()),
    Column::both("HomeTenantId", String).from(|it| it.home_tenant_id.map(TenantId::as_u128).into()),
    Column::both("AADTenantId", String).from(|it| it.tenant().map(TenantId::as_u128).into()),
    Column::both("CrossTenantAccessType", String)
        .from(|it| Value::Text(it.cross_tenant_access_type.as_str())),
    Column::both("ClientAppUsed", String).from(|it| it.client_app_used.as_deref().into()),
    Column::both("UserAgent", String).from(|it| it.user_agent.as_deref().into()),
    Column::both("IPAddress", String)
        .from(|it| it.ip_address.map_or(Value::Absent, Value::Address)),
    Column::both("Location", String).from(|it| it.country().into()),
    Column::both("IsInteractive", Bool).from(|it| Value::Bool(it.is_interactive)),
    Column::both("IncomingTokenType", String)
        .from(|it| Value::Text(it.incoming_token_type.as_str())),
    Column::both("AuthenticationProtocol", String)
        .from(|it| Value::Text(it.authentication_protocol.as_str())),
    Column::both("AuthenticationRequirement", String)
        .from(|it| it.authentication_requirement.map(|word| word.as_str()).into()),
    Column::both("ResultType", String).from(|it| Value::Number(it.status.error_code)),
    Column::both("ResultSignature", String).from(|_| Value::Text(export::RESULT_SIGNATURE)),
    Column::both("ResultDescription", String)
        .from(|it| Value::Text(export::result_description(it))),
    Column::differing("Status", Dynamic, String)
        .from(|it| Value::Structured(Structured::Status(Status::of(&it.status)))),
    Column::differing("DeviceDetail", Dynamic, String)
        .from(|it| Value::Structured(Structured::Device(&it.device_detail))),
    Column::both("ConditionalAccessStatus", String)
        .from(|it| Value::Status(it.conditional_access_status)),
    Column::differing("ConditionalAccessPolicies", Dynamic, String)
        .from(|it| Value::Structured(policies(it))),
    Column::both("SessionLifetimePolicies", String)
        .from(|it| Value::Structured(Structured::Lifetimes(&it.session_lifetime_policies))),
    Column::both("TokenIssuerType", String).from(|_| Value::Text(export::TOKEN_ISSUER_TYPE)),
    Column::differing("TokenProtectionStatusDetails", Dynamic, String).from(token_protection),
    Column::differing("Agent", Dynamic, String),
    Column::both("AlternateSignInName", String),
    Column::interactive("AppliedConditionalAccessPolicies", String),
    Column::both("AppliedEventListeners", Dynamic),
    Column::both("AppOwnerTenantId", String),
    Column::interactive("AuthenticationAppDeviceDetails", String),
    Column::interactive("AuthenticationAppPolicyEvaluationDetails", String),
    Column::both("AuthenticationContextClassReferences", String),
    Column::both("AuthenticationDetails", String)
        .from(|it| filled(&it.authentication_details, Structured::Authentication)),
    Column::both("AuthenticationMethodsUsed", String),
    Column::both("AuthenticationProcessingDetails", String),
    Column::both("AuthenticationRequirementPolicies", String)
        .from(|it| filled(&it.authentication_requirement_policies, Structured::Requirements)),
    Column::both("AuthenticatorAppLocation", String),
    Column::both("AutonomousSystemNumber", String)
        .from(|it| it.autonomous_system_number.map_or(Value::Absent, Value::Number)),
    Column::both("_BilledSize", Real),
    Column::both("ClientCredentialType", String),
    Column::both("ClientSessionId", String),
    Column::both("ConditionalAccessAudiences", String)
        .from(|it| filled(&it.conditional_access_audiences, audiences)),
    Column::both("DurationMs", Long),
    Column::both("FederatedCredentialId", String),
    Column::interactive("FlaggedForReview", Bool),
    Column::both("GlobalSecureAccessIpAddress", String),
    Column::both("HomeTenantName", String),
    Column::interactive("IPAddressFromResourceProvider", String),
    Column::both("_IsBillable", String),
    Column::both("IsRisky", Bool),
    Column::both("IsTenantRestricted", Bool),
    Column::both("IsThroughGlobalSecureAccess", Bool),
    Column::both("Level", String),
    Column::differing("LocationDetails", Dynamic, String)
        .from(|it| it.location.as_ref().map(Structured::Location).into()),
    Column::differing("MfaDetail", Dynamic, String)
        .from(|it| it.mfa_detail.as_ref().map(Structured::Mfa).into()),
    Column::both("NetworkLocationDetails", String),
    Column::both("OperationVersion", String),
    Column::both("OriginalTransferMethod", String)
        .from(|it| it.original_transfer_method.map(|word| word.as_str()).into()),
    Column::interactive("ProcessingTimeInMilliseconds", String),
    Column::non_interactive("ProcessingTimeInMs", String),
    Column::interactive("Resource", String),
    Column::both("ResourceGroup", String),
    Column::interactive("ResourceId", String),
    Column::both("ResourceOwnerTenantId", String),
    Column::interactive("ResourceProvider", String),
    Column::both("ResourceServicePrincipalId", String),
    Column::both("RiskDetail", String).from(|it| it.risk_detail.as_deref().into()),
    Column::both("RiskEventTypes", String),
    Column::both("RiskEventTypes_V2", String)
        .from(|it| filled(&it.risk_event_types_v2, Structured::Words)),
    Column::interactive("RiskLevel", String),
    Column::both("RiskLevelAggregated", String)
        .from(|it| it.risk_level_aggregated.map(|word| word.as_str()).into()),
    Column::both("RiskLevelDuringSignIn", String)
        .from(|it| it.risk_level_during_sign_in.map(|word| word.as_str()).into()),
    Column::both("RiskState", String).from(|it| it.risk_state.map(|word| word.as_str()).into()),
    Column::interactive("RootActorID", String),
    Column::both("ServicePrincipalId", String),
    Column::interactive("ServicePrincipalName", String),
    Column::non_interactive("SignInEventTypes", String)
        .from(|it| filled(&it.sign_in_event_types, Structured::EventTypes)),
    Column::interactive("SignInIdentifier", String),
    Column::both("SignInIdentifierType", String),
    Column::interactive("SourceAppClientId", String),
    Column::both("SourceSystem", String),
    Column::both("TenantId", String),
    Column::both("TokenIssuerName", String),
    Column::both("UniqueTokenIdentifier", String)
        .from(|it| it.unique_token_identifier.as_deref().into()),
];

fn policies(record: &SignInRecord) -> Structured<'_> {
    Structured::Policies(Policies(&record.applied_conditional_access_policies))
}

/// A request that failed before its binding was looked at has an empty text there.
fn token_protection(record: &SignInRecord) -> Value<'_> {
    let structured = |details| Value::Structured(Structured::TokenProtection(details));
    record.token_protection_status_details.map_or(Value::Empty, structured)
}
