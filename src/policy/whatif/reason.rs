//! `analysisReasons`: why a policy would not apply.

use std::fmt;

use crate::policy::applied::Condition;
use crate::policy::facts::Target;
use crate::policy::flags::{Flag, Flags};

/// A reason.
///
/// # Source
/// Graph `whatIfAnalysisReasons`: flags 1, 2, 4, ..., in this order; `notSet` is 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the names are the source's")]
pub enum AnalysisReason {
    NotEnoughInformation,
    InvalidCondition,
    Users,
    WorkloadIdentities,
    Application,
    UserActions,
    AuthenticationContext,
    DevicePlatform,
    Devices,
    ClientApps,
    Location,
    SignInRisk,
    EmptyPolicy,
    InvalidPolicy,
    PolicyNotEnabled,
    UserRisk,
    Time,
    InsiderRisk,
    AuthenticationFlow,
}

impl AnalysisReason {
    /// The name in Graph.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotEnoughInformation => "notEnoughInformation",
            Self::InvalidCondition => "invalidCondition",
            Self::Users => "users",
            Self::WorkloadIdentities => "workloadIdentities",
            Self::Application => "application",
            Self::UserActions => "userActions",
            Self::AuthenticationContext => "authenticationContext",
            Self::DevicePlatform => "devicePlatform",
            Self::Devices => "devices",
            Self::ClientApps => "clientApps",
            Self::Location => "location",
            Self::SignInRisk => "signInRisk",
            Self::EmptyPolicy => "emptyPolicy",
            Self::InvalidPolicy => "invalidPolicy",
            Self::PolicyNotEnabled => "policyNotEnabled",
            Self::UserRisk => "userRisk",
            Self::Time => "time",
            Self::InsiderRisk => "insiderRisk",
            Self::AuthenticationFlow => "authenticationFlow",
        }
    }

    /// The reason that a condition is for a request with this target.
    pub(super) const fn of(condition: Condition, target: Target<'_>) -> Self {
        match condition {
            Condition::Application => match target {
                Target::AuthenticationContext(_) => Self::AuthenticationContext,
                Target::Resources(_) => Self::Application,
                Target::UserAction(_) => Self::UserActions,
            },
            Condition::Users => Self::Users,
            Condition::ServicePrincipals | Condition::ServicePrincipalRisk => {
                Self::WorkloadIdentities
            }
            Condition::Location
            | Condition::IpAddressSeenByAzureAd
            | Condition::IpAddressSeenByResourceProvider => Self::Location,
            Condition::DevicePlatform => Self::DevicePlatform,
            Condition::ClientType | Condition::Client => Self::ClientApps,
            Condition::DeviceState => Self::Devices,
            Condition::SignInRisk => Self::SignInRisk,
            Condition::UserRisk => Self::UserRisk,
            Condition::Time => Self::Time,
            Condition::AuthenticationFlows => Self::AuthenticationFlow,
            Condition::InsiderRisk => Self::InsiderRisk,
            Condition::UnknownFutureValue => Self::InvalidCondition,
        }
    }
}

impl Flag for AnalysisReason {
    const ALL: &'static [Self] = &[
        Self::NotEnoughInformation,
        Self::InvalidCondition,
        Self::Users,
        Self::WorkloadIdentities,
        Self::Application,
        Self::UserActions,
        Self::AuthenticationContext,
        Self::DevicePlatform,
        Self::Devices,
        Self::ClientApps,
        Self::Location,
        Self::SignInRisk,
        Self::EmptyPolicy,
        Self::InvalidPolicy,
        Self::PolicyNotEnabled,
        Self::UserRisk,
        Self::Time,
        Self::InsiderRisk,
        Self::AuthenticationFlow,
    ];

    fn bit(self) -> u32 {
        1 << self as u32
    }
}

/// Graph's form: names joined by commas, `notSet` for none.
impl fmt::Display for Flags<AnalysisReason> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("notSet");
        }
        for (at, reason) in self.iter().enumerate() {
            f.write_str(if at == 0 { "" } else { "," })?;
            f.write_str(reason.as_str())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_have_the_numbers_of_the_source() {
        for (reason, number) in [
            (AnalysisReason::NotEnoughInformation, 1),
            (AnalysisReason::Users, 4),
            (AnalysisReason::UserActions, 32),
            (AnalysisReason::DevicePlatform, 128),
            (AnalysisReason::ClientApps, 512),
            (AnalysisReason::SignInRisk, 2048),
            (AnalysisReason::PolicyNotEnabled, 16384),
            (AnalysisReason::UserRisk, 32768),
            (AnalysisReason::InsiderRisk, 131_072),
            (AnalysisReason::AuthenticationFlow, 262_144),
        ] {
            assert_eq!(reason.bit(), number, "{}", reason.as_str());
        }
        assert_eq!(Flags::<AnalysisReason>::EMPTY.to_string(), "notSet");
    }
}
