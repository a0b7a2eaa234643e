//! Why a description of a sign-in was refused.

use crate::base::id::{DeviceId, UserId};
use crate::base::json::JsonError;
use crate::policy::error::PolicyError;

/// Why a request body was refused. Paths are JSON paths from its root.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WhatIfError {
    /// Not strict JSON.
    #[error("the request is not strict JSON: {0}")]
    Json(JsonError),
    /// A value of another type or vocabulary than documented.
    #[error("{0}")]
    Member(PolicyError),
    /// A member that every request has is absent or null.
    #[error("`{path}` is missing; a request has it")]
    Missing {
        /// Where.
        path: String,
    },
    /// A group of apps where an application id belongs.
    #[error("`{path}` is `{group}`, a group of apps; What If takes application ids")]
    NotAnApplication {
        /// Where.
        path: String,
        /// The group.
        group: String,
    },
    /// A simulation needs a user.
    #[error("a workload has no device, so token protection cannot be simulated for it")]
    SimulateWorkload,
    /// A device that the directory does not hold.
    #[error("the directory has no device `{id}`")]
    UnknownDevice {
        /// The device.
        id: DeviceId,
    },
    /// A member that no Graph document names.
    #[error("`{path}` is no documented member of a What If request")]
    UnknownMember {
        /// Where.
        path: String,
    },
    /// A user that the directory does not hold.
    #[error("the directory has no user `{id}`")]
    UnknownUser {
        /// The user.
        id: UserId,
    },
}

impl WhatIfError {
    /// The stable code of this reason.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Json(_) => "policy.what_if_json",
            Self::Member(error) => error.code(),
            Self::Missing { .. } => "policy.what_if_missing",
            Self::NotAnApplication { .. } => "policy.what_if_not_an_application",
            Self::SimulateWorkload => "policy.what_if_simulate_workload",
            Self::UnknownDevice { .. } => "policy.what_if_unknown_device",
            Self::UnknownMember { .. } => "policy.what_if_unknown_member",
            Self::UnknownUser { .. } => "policy.what_if_unknown_user",
        }
    }
}

impl From<PolicyError> for WhatIfError {
    fn from(error: PolicyError) -> Self {
        match error {
            PolicyError::Json(error) => Self::Json(error),
            PolicyError::Missing { path } => Self::Missing { path },
            PolicyError::UnknownMember { path } => Self::UnknownMember { path },
            other => Self::Member(other),
        }
    }
}

impl From<JsonError> for WhatIfError {
    fn from(error: JsonError) -> Self {
        Self::Json(error)
    }
}
