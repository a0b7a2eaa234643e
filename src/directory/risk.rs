//! What risk detection would say of a user. The lab detects nothing: a directory file states it.

use serde::{Deserialize, Serialize};

/// A level of risk.
///
/// # Source
/// Graph `riskLevel`, in its order.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum RiskLevel {
    /// Low.
    Low,
    /// Medium.
    Medium,
    /// High.
    High,
    /// Found, and hidden for lack of a licence.
    Hidden,
    /// No risk.
    #[default]
    None,
}

/// A level of insider risk.
///
/// # Source
/// Graph `conditionalAccessInsiderRiskLevels`: flags 1, 2, 4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum InsiderRiskLevel {
    /// Minor.
    Minor,
    /// Moderate.
    Moderate,
    /// Elevated.
    Elevated,
}

/// The risks of a user (simulated: stated by the directory file).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct StatedRisk {
    /// Of the user.
    pub user: RiskLevel,
    /// Of every sign-in of the user.
    pub sign_in: RiskLevel,
    /// Of the user as an insider; none if nothing is known.
    pub insider: Option<InsiderRiskLevel>,
}
