//! What a step is expected to come to.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::base::Check;
use crate::policy::AppliedPolicyResult;

/// What a step is expected to come to. Members that are absent are not compared.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Expect {
    /// How it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<StepResult>,
    /// The check that decided (docs/reference/checks.md).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "cli", schemars(with = "Option<String>"))]
    pub check: Option<Check>,
    /// The AADSTS number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<u32>,
    /// The OAuth error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// `signInSessionStatusCode` of the last record: 0 is bound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// How policies came out in the last record that has entries.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub entries: Vec<EntryExpectation>,
    /// Members of the last record by dotted path, such as `deviceDetail.trustType`; null stands for
    /// an absent or empty one.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub record: Map<String, Value>,
}

impl Expect {
    /// How many things are compared.
    #[must_use]
    pub fn count(&self) -> usize {
        let single = [
            self.outcome.is_some(),
            self.check.is_some(),
            self.code.is_some(),
            self.error.is_some(),
            self.status.is_some(),
        ];
        single.into_iter().filter(|is| *is).count() + self.entries.len() + self.record.len()
    }
}

/// How a policy is expected to come out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EntryExpectation {
    /// The name of a built-in policy, or the display name of one.
    pub policy: String,
    /// As the log has it: `success`, `failure`, `notApplied`, `reportOnlyFailure`, ...
    #[cfg_attr(feature = "cli", schemars(with = "String"))]
    pub result: AppliedPolicyResult,
    /// The condition that did not hold, in Graph's spelling; `none` if all did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conditions_not_satisfied: Option<String>,
    /// Session controls that were not met, as the log has them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_controls_not_satisfied: Option<Vec<String>>,
}

/// How a step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum StepResult {
    /// It was done; no resource was asked.
    Done,
    /// There was nothing to steal.
    NothingToSteal,
    /// Somebody refused.
    Refused,
    /// A resource served its content.
    Served,
}

impl StepResult {
    /// The word a scenario file uses.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::NothingToSteal => "nothingToSteal",
            Self::Refused => "refused",
            Self::Served => "served",
        }
    }
}
