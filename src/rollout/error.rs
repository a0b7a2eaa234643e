//! Why a roll-out cannot be rehearsed, or was not what it should have been.

use crate::base::json::JsonError;
use crate::directory::DirectoryError;
use crate::policy::PolicyError;

/// A plan, directory or result that cannot be used, or a sign-in that real cryptography made
/// otherwise than it was modelled.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RolloutError {
    /// A member whose value is out of bounds.
    #[error("`{path}`: `{value}` is not {expected}")]
    BadValue {
        /// JSON path.
        path: String,
        /// As written, shortened.
        value: String,
        /// What would do.
        expected: &'static str,
    },
    /// A sign-in that real cryptography made otherwise.
    #[error("sign-in {number}: modelled {modelled}, with real cryptography {real}")]
    Differs {
        /// Number of the sign-in, from 0.
        number: u64,
        /// The first member that differs, as modelled.
        modelled: String,
        /// The same as the provider recorded it.
        real: String,
    },
    /// The directory.
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    /// Not JSON of the documented shape.
    #[error("{0}")]
    Json(#[from] JsonError),
    /// Nobody in the directory can sign in.
    #[error("the directory has no enabled user besides the emergency accounts")]
    NoUsers,
    /// No policy asks for token protection.
    #[error("`policies`: none of them requires token protection, so nothing is rolled out")]
    NothingToRollOut,
    /// A policy.
    #[error("`policies[{index}]`: {error}")]
    Policy {
        /// From 0.
        index: usize,
        /// What is wrong with it.
        error: PolicyError,
    },
    /// The policies do not go together.
    #[error("`policies`: {0}")]
    Policies(PolicyError),
    /// A shard that does not belong to the others.
    #[error("{path}: {why}")]
    Shard {
        /// Which result.
        path: String,
        /// Why not.
        why: &'static str,
    },
    /// Longer than is read.
    #[error("the plan is longer than 1 MiB")]
    TooLong,
    /// A name that nothing has.
    #[error("`{path}`: there is no {kind} `{name}`")]
    UnknownName {
        /// JSON path.
        path: String,
        /// What it should name.
        kind: &'static str,
        /// As written, shortened.
        name: String,
    },
    /// A sign-in that could not be played with real cryptography.
    #[error("sign-in {number} cannot be played: {why}")]
    Unplayable {
        /// Number of the sign-in, from 0.
        number: u64,
        /// Why not.
        why: String,
    },
}

impl RolloutError {
    /// The stable code of this error.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::BadValue { .. } => "rollout.bad_value",
            Self::Differs { .. } => "rollout.differs",
            Self::Directory(error) => error.code(),
            Self::Json(_) => "rollout.json",
            Self::NoUsers => "rollout.no_users",
            Self::NothingToRollOut => "rollout.nothing_to_roll_out",
            Self::Policy { error, .. } | Self::Policies(error) => error.code(),
            Self::Shard { .. } => "rollout.shard",
            Self::TooLong => "rollout.too_long",
            Self::UnknownName { .. } => "rollout.unknown_name",
            Self::Unplayable { .. } => "rollout.unplayable",
        }
    }

    /// A value out of bounds, shortened.
    pub(super) fn bad(path: impl Into<String>, value: &str, expected: &'static str) -> Self {
        Self::BadValue { path: path.into(), value: shortened(value), expected }
    }

    /// An unknown name, shortened.
    pub(super) fn unknown(path: impl Into<String>, kind: &'static str, name: &str) -> Self {
        Self::UnknownName { path: path.into(), kind, name: shortened(name) }
    }
}

/// The first characters of what a stranger wrote.
fn shortened(text: &str) -> String {
    const MOST: usize = 60;
    match text.chars().nth(MOST) {
        None => text.to_owned(),
        Some(_) => text.chars().take(MOST).chain("...".chars()).collect(),
    }
}
