//! What the diagnostic export and the Log Analytics rows share where they differ from Graph:
//! conditions as integers, no sentence for success, audiences with reasons.

use serde::{Serialize, Serializer};

use super::record::{AppliedPolicyRecord, SignInRecord, SignInStatus};
use crate::base::id::{AppId, PolicyId};
use crate::policy::AppliedPolicyResult;

/// `operationName`, the same for every record.
pub(super) const OPERATION_NAME: &str = "Sign-in activity";
/// `resultSignature`: observed as this word, whatever came of the request.
pub(super) const RESULT_SIGNATURE: &str = "None";
/// `tokenIssuerType`: there is no other issuer here.
pub(super) const TOKEN_ISSUER_TYPE: &str = "AzureAD";

/// `category` of the export and of the row.
pub(super) const fn category(record: &SignInRecord) -> &'static str {
    match record.is_interactive {
        true => "SignInLogs",
        false => "NonInteractiveUserSignInLogs",
    }
}

/// The sentence of a refusal; empty for success.
pub(super) fn result_description(record: &SignInRecord) -> &str {
    failure_reason(&record.status).unwrap_or_default()
}

/// Graph says `Other.` for success, exports say nothing.
fn failure_reason(status: &SignInStatus) -> Option<&str> {
    status.failure_reason.as_deref().filter(|_| status.error_code != 0)
}

/// `status`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Status<'r> {
    error_code: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure_reason: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    additional_details: Option<&'r str>,
}

impl<'r> Status<'r> {
    pub(super) fn of(status: &'r SignInStatus) -> Self {
        Self {
            error_code: status.error_code,
            failure_reason: failure_reason(status),
            additional_details: status.additional_details.as_deref(),
        }
    }
}

/// `appliedConditionalAccessPolicies`.
pub(super) struct Policies<'r>(pub(super) &'r [AppliedPolicyRecord]);

impl Serialize for Policies<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(self.0.iter().map(Policy::of))
    }
}

/// One of them; conditions are the integers of the flags.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Policy<'r> {
    id: PolicyId,
    display_name: &'r str,
    enforced_grant_controls: &'r [String],
    enforced_session_controls: &'r [String],
    session_controls_not_satisfied: &'r [String],
    result: AppliedPolicyResult,
    conditions_satisfied: u32,
    conditions_not_satisfied: u32,
}

impl<'r> Policy<'r> {
    pub(super) fn of(entry: &'r AppliedPolicyRecord) -> Self {
        Self {
            id: entry.id,
            display_name: &entry.display_name,
            enforced_grant_controls: &entry.enforced_grant_controls,
            enforced_session_controls: &entry.enforced_session_controls,
            session_controls_not_satisfied: &entry.session_controls_not_satisfied,
            result: entry.result,
            conditions_satisfied: entry.conditions_satisfied.bits(),
            conditions_not_satisfied: entry.conditions_not_satisfied.bits(),
        }
    }
}

/// `conditionalAccessAudiences`.
pub(super) struct Audiences<'r>(pub(super) &'r [AppId]);

impl Serialize for Audiences<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(self.0.iter().map(|id| Audience { application_id: *id, reasons: "none" }))
    }
}

#[derive(Serialize)]
struct Audience {
    #[serde(rename = "applicationId")]
    application_id: AppId,
    #[serde(rename = "audienceReasons")]
    reasons: &'static str,
}
