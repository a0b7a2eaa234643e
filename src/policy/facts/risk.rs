//! What risk detection says of a request. The lab detects nothing itself.

pub use crate::directory::{InsiderRiskLevel, RiskLevel};

use crate::directory::StatedRisk;
use crate::policy::flags::Flag;

impl Flag for RiskLevel {
    const ALL: &'static [Self] = &[Self::Low, Self::Medium, Self::High, Self::Hidden, Self::None];

    fn bit(self) -> u32 {
        1 << self as u32
    }
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

/// What a directory file states of a user; of workloads and agents it states nothing.
impl From<StatedRisk> for Risk {
    fn from(stated: StatedRisk) -> Self {
        let StatedRisk { user, sign_in, insider } = stated;
        Self { user, sign_in, insider, ..Self::NONE }
    }
}
