//! What risk detection says of a request. The lab detects nothing itself.

use crate::policy::flags::Flag;

/// A level of risk.
///
/// # Source
/// Graph `riskLevel`, in its order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
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

impl Flag for RiskLevel {
    const ALL: &'static [Self] = &[Self::Low, Self::Medium, Self::High, Self::Hidden, Self::None];

    fn bit(self) -> u32 {
        1 << self as u32
    }
}

/// A level of insider risk.
///
/// # Source
/// Graph `conditionalAccessInsiderRiskLevels`: flags 1, 2, 4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum InsiderRiskLevel {
    /// Minor.
    Minor,
    /// Moderate.
    Moderate,
    /// Elevated.
    Elevated,
}

impl Flag for InsiderRiskLevel {
    const ALL: &'static [Self] = &[Self::Minor, Self::Moderate, Self::Elevated];

    fn bit(self) -> u32 {
        1 << self as u32
    }
}

/// The risks of one request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Risk {
    /// Of this sign-in.
    pub sign_in: RiskLevel,
    /// Of the user.
    pub user: RiskLevel,
    /// Of the workload.
    pub service_principal: RiskLevel,
    /// Of the user as an insider; none if nothing is known.
    pub insider: Option<InsiderRiskLevel>,
    /// Of the agent.
    pub agent: RiskLevel,
}

impl Risk {
    /// No risk of any kind.
    pub const NONE: Self = Self {
        sign_in: RiskLevel::None,
        user: RiskLevel::None,
        service_principal: RiskLevel::None,
        insider: None,
        agent: RiskLevel::None,
    };
}
