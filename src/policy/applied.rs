//! What one policy made of one request: the entry of `appliedConditionalAccessPolicies`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::controls::{GrantControl, SessionControl};
use super::flags::{Flag, Flags};
use crate::base::id::PolicyId;

/// How a policy came out for a request.
///
/// # Source
/// Graph `appliedConditionalAccessPolicyResult`; conditional-access 3.5.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum AppliedPolicyResult {
    /// Applied, and its requirements were met; another policy may still refuse.
    Success,
    /// Applied, and its requirements were not met.
    Failure,
    /// A condition did not hold.
    NotApplied,
    /// The policy is disabled.
    NotEnabled,
    /// Only ever read, never made here.
    Unknown,
    /// Only ever read, never made here.
    UnknownFutureValue,
    /// Report-only: would have been met.
    ReportOnlySuccess,
    /// Report-only: would have refused.
    ReportOnlyFailure,
    /// Report-only: a condition did not hold.
    ReportOnlyNotApplied,
    /// Report-only: would have asked the user to act.
    ReportOnlyInterrupted,
}

/// A condition, in the numeric order of Graph's flags enum `conditionalAccessConditions`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the names are the source's")]
pub enum Condition {
    Application,
    Users,
    DevicePlatform,
    Location,
    ClientType,
    SignInRisk,
    UserRisk,
    Time,
    DeviceState,
    Client,
    IpAddressSeenByAzureAd,
    IpAddressSeenByResourceProvider,
    UnknownFutureValue,
    ServicePrincipals,
    ServicePrincipalRisk,
    AuthenticationFlows,
    InsiderRisk,
}

impl Condition {
    /// The name in Graph, for example `devicePlatform`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Application => "application",
            Self::Users => "users",
            Self::DevicePlatform => "devicePlatform",
            Self::Location => "location",
            Self::ClientType => "clientType",
            Self::SignInRisk => "signInRisk",
            Self::UserRisk => "userRisk",
            Self::Time => "time",
            Self::DeviceState => "deviceState",
            Self::Client => "client",
            Self::IpAddressSeenByAzureAd => "ipAddressSeenByAzureAD",
            Self::IpAddressSeenByResourceProvider => "ipAddressSeenByResourceProvider",
            Self::UnknownFutureValue => "unknownFutureValue",
            Self::ServicePrincipals => "servicePrincipals",
            Self::ServicePrincipalRisk => "servicePrincipalRisk",
            Self::AuthenticationFlows => "authenticationFlows",
            Self::InsiderRisk => "insiderRisk",
        }
    }
}

impl Flag for Condition {
    const ALL: &'static [Self] = &[
        Self::Application,
        Self::Users,
        Self::DevicePlatform,
        Self::Location,
        Self::ClientType,
        Self::SignInRisk,
        Self::UserRisk,
        Self::Time,
        Self::DeviceState,
        Self::Client,
        Self::IpAddressSeenByAzureAd,
        Self::IpAddressSeenByResourceProvider,
        Self::UnknownFutureValue,
        Self::ServicePrincipals,
        Self::ServicePrincipalRisk,
        Self::AuthenticationFlows,
        Self::InsiderRisk,
    ];

    fn bit(self) -> u32 {
        1 << self as u32
    }
}

/// Graph's form: names joined by commas, `none` for the empty set.
impl fmt::Display for Flags<Condition> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("none");
        }
        for (at, condition) in self.iter().enumerate() {
            f.write_str(if at == 0 { "" } else { "," })?;
            f.write_str(condition.as_str())?;
        }
        Ok(())
    }
}

/// The text names no set of conditions.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("conditions are named as `application,users` or `none`")]
pub struct NotConditions;

impl FromStr for Flags<Condition> {
    type Err = NotConditions;

    fn from_str(text: &str) -> Result<Self, NotConditions> {
        if text == "none" {
            return Ok(Self::EMPTY);
        }
        let named = |name: &str| Condition::ALL.iter().copied().find(|it| it.as_str() == name);
        text.split(',').map(|name| named(name.trim()).ok_or(NotConditions)).collect()
    }
}

impl Serialize for Flags<Condition> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

/// Reads the names of Graph and the integer of the diagnostic export.
impl<'de> Deserialize<'de> for Flags<Condition> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Form {
            Bits(u32),
            Names(String),
        }
        match Form::deserialize(from)? {
            Form::Bits(bits) => Ok(Self::from_bits(bits)),
            Form::Names(names) => names.parse().map_err(de::Error::custom),
        }
    }
}

/// What one policy made of one request. It names the policy by id and owns nothing else, so that a
/// thousand of them cost one allocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AppliedPolicy {
    /// The policy.
    pub policy: PolicyId,
    /// How it came out.
    pub result: AppliedPolicyResult,
    /// Configured conditions that held.
    pub conditions_satisfied: Flags<Condition>,
    /// The condition that failed, since the walk stops there; none if the policy applied.
    pub conditions_not_satisfied: Flags<Condition>,
    /// Grant controls of an applied policy that were not met, if that leaves the policy unmet.
    pub grant_controls_not_satisfied: Flags<GrantControl>,
    /// Session controls of an applied policy that were not met.
    pub session_controls_not_satisfied: Flags<SessionControl>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_have_the_numbers_of_the_source() {
        let numbers = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768];
        for (condition, number) in Condition::ALL.iter().zip(numbers) {
            assert_eq!(condition.bit(), number, "{}", condition.as_str());
        }
        assert_eq!(Condition::InsiderRisk.bit(), 65536);
    }

    #[test]
    fn conditions_are_written_as_names_and_read_as_both() {
        let set = Flags::of(&[Condition::ClientType, Condition::Application, Condition::Users]);
        assert_eq!(set.to_string(), "application,users,clientType");
        assert_eq!(serde_json::to_value(set).unwrap(), "application,users,clientType");
        assert_eq!(Flags::<Condition>::EMPTY.to_string(), "none");
        let read = |text| serde_json::from_str::<Flags<Condition>>(text).ok();
        assert_eq!(read("\"application, users,clientType\""), Some(set));
        assert_eq!(read("19"), Some(set));
        assert_eq!(read("\"none\""), Some(Flags::EMPTY));
        assert_eq!(read("\"weather\""), None);
    }
}
