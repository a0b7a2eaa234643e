//! Structured members of a record: where, how long, how.

use serde::{Deserialize, Serialize};

use super::words::{ExpirationRequirement, RiskLevel, RiskState};

/// `location`: where the address is, as far as anybody knows.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SignInLocation {
    /// The city.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub city: Option<String>,
    /// The state or province.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// ISO 3166-1 alpha-2, upper case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country_or_region: Option<String>,
    /// Where on the globe.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub geo_coordinates: Option<GeoCoordinates>,
}

/// `geoCoordinates`: degrees, and metres for the altitude.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct GeoCoordinates {
    /// Metres.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub altitude: Option<f64>,
    /// Degrees north.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latitude: Option<f64>,
    /// Degrees east.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub longitude: Option<f64>,
}

/// An element of `sessionLifetimePolicies`: what bounded the session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionLifetimePolicy {
    /// Which rule.
    pub expiration_requirement: ExpirationRequirement,
    /// A sentence about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// An element of `authenticationRequirementPolicies`: what asked for a second factor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AuthenticationRequirementPolicy {
    /// Who asked, for example `multiConditionalAccess`.
    pub requirement_provider: String,
    /// The same for people, for example `Conditional Access`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// An element of `authenticationDetails`: one step of authentication.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AuthenticationDetail {
    /// When; RFC 3339 in UTC.
    pub authentication_step_date_time: String,
    /// For example `Password`.
    pub authentication_method: String,
    /// For example `Password in the cloud`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authentication_method_detail: Option<String>,
    /// Whether it was passed.
    pub succeeded: bool,
    /// What came of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authentication_step_result_detail: Option<String>,
    /// What asked for it, for example `Primary authentication`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authentication_step_requirement: Option<String>,
}

/// `mfaDetail`, which the source calls deprecated. Only ever read, never made here.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct MfaDetail {
    /// The method.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth_method: Option<String>,
    /// About it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth_detail: Option<String>,
}

/// What is known of risk. Nothing by default: the simulator guesses none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RiskFacts<'a> {
    /// `riskLevelDuringSignIn`.
    pub during_sign_in: Option<RiskLevel>,
    /// `riskLevelAggregated`.
    pub aggregated: Option<RiskLevel>,
    /// `riskState`.
    pub state: Option<RiskState>,
    /// `riskDetail`.
    pub detail: Option<&'a str>,
    /// `riskEventTypes_v2`.
    pub event_types: &'a [String],
}
