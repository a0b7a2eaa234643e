//! Why a policy file was refused.

use super::filter::FilterError;
use crate::base::id::PolicyId;
use crate::base::json::JsonError;

/// Why a text is not a set of policies that this build can evaluate. Paths are JSON paths from the
/// root of the text, such as `value[1].conditions.devices`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// Not strict JSON.
    #[error("the policy file is not strict JSON: {0}")]
    Json(#[from] JsonError),
    /// A value of another JSON type than documented.
    #[error("`{path}` must be {expected}, not {found}")]
    WrongType {
        /// Where.
        path: String,
        /// What belongs there.
        expected: &'static str,
        /// What stands there.
        found: &'static str,
    },
    /// A member that every policy has is absent, null or empty.
    #[error("`{path}` is missing; every policy has one")]
    Missing {
        /// Where.
        path: String,
    },
    /// A member that no Graph document names, inside conditions or controls.
    #[error("`{path}` is no documented member, and to ignore it would change the policy's meaning")]
    UnknownMember {
        /// Where.
        path: String,
    },
    /// A word, id or flag that is not documented for this place.
    #[error("`{path}` does not know `{value}`; it takes {allowed}")]
    UnknownValue {
        /// Where.
        path: String,
        /// The start of what stands there.
        value: String,
        /// What belongs there.
        allowed: String,
    },
    /// A documented member that this build does not evaluate has a value.
    #[error("`{path}` is documented and not evaluated by this build; empty it to load the policy")]
    NotEvaluatedMember {
        /// Where.
        path: String,
    },
    /// A filter rule that does not parse.
    #[error("`{path}` is no filter rule: {error}")]
    Filter {
        /// Where.
        path: String,
        /// Where in the rule, and why.
        error: FilterError,
    },
    /// A policy that assigns nothing or asks for nothing.
    #[error("policy `{policy}` is incomplete: `{path}` {reason}")]
    Incomplete {
        /// The policy's id.
        policy: PolicyId,
        /// Where something is missing.
        path: String,
        /// What is missing there.
        reason: &'static str,
    },
    /// Members that Graph does not take together.
    #[error("policy `{policy}` contradicts itself: `{path}` {reason}")]
    Contradiction {
        /// The policy's id.
        policy: PolicyId,
        /// Where.
        path: String,
        /// What does not go together.
        reason: &'static str,
    },
    /// Two policies of one set have the same id.
    #[error("two policies have the id `{id}`")]
    DuplicateId {
        /// The id.
        id: PolicyId,
    },
}

impl PolicyError {
    /// The stable code of this reason.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Json(_) => "policy.json",
            Self::WrongType { .. } => "policy.wrong_type",
            Self::Missing { .. } => "policy.missing",
            Self::UnknownMember { .. } => "policy.unknown_member",
            Self::UnknownValue { .. } => "policy.unknown_value",
            Self::NotEvaluatedMember { .. } => "policy.not_evaluated_member",
            Self::Filter { error, .. } => error.code(),
            Self::Incomplete { .. } => "policy.incomplete",
            Self::Contradiction { .. } => "policy.contradiction",
            Self::DuplicateId { .. } => "policy.duplicate_id",
        }
    }
}
