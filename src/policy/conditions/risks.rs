//! The risks: of the sign-in, the user, the workload, the agent, and of the user as an insider.
//!
//! # Simulated
//! Graph's records have no condition for the risk of agents; it stands under that of workloads.

use super::{Clause, Conditions, Side};
use crate::policy::applied::Condition;
use crate::policy::facts::{Identity, InsiderRiskLevel, RiskLevel, ServicePrincipalKind, SignIn};
use crate::policy::flags::Flags;
use crate::policy::reader::Words;
use crate::policy::rule::{Rule, RuleKind};

impl Words for RiskLevel {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("low", Self::Low),
        ("medium", Self::Medium),
        ("high", Self::High),
        ("hidden", Self::Hidden),
        ("none", Self::None),
    ];
}

impl Words for InsiderRiskLevel {
    const WORDS: &'static [(&'static str, Self)] =
        &[("minor", Self::Minor), ("moderate", Self::Moderate), ("elevated", Self::Elevated)];
}

pub(super) fn clauses<'p>(
    conditions: &Conditions,
    which: Condition,
    side: Side,
    to: &mut dyn FnMut(Clause<'p>),
) {
    let mut levels = |kind, levels: Flags<RiskLevel>| {
        levels.iter().for_each(|level| to(Clause::Rule(Rule::risk(kind, level))));
    };
    match (side, which) {
        (Side::Include, Condition::SignInRisk) => {
            levels(RuleKind::SignInRisk, conditions.sign_in_risk_levels);
        }
        (Side::Include, Condition::UserRisk) => {
            levels(RuleKind::UserRisk, conditions.user_risk_levels);
        }
        (Side::Include, Condition::ServicePrincipalRisk) => {
            levels(RuleKind::ServicePrincipalRisk, conditions.service_principal_risk_levels);
            levels(RuleKind::AgentRisk, conditions.agent_id_risk_levels);
        }
        (Side::Include, Condition::InsiderRisk) => {
            let levels = conditions.insider_risk_levels.iter();
            levels.for_each(|level| to(Clause::Rule(Rule::insider_risk(level))));
        }
        _ => {}
    }
}

pub(super) fn traits(which: Condition, sign_in: &SignIn<'_>, to: &mut dyn FnMut(Rule)) {
    let risk = sign_in.risk;
    match (which, sign_in.identity) {
        (Condition::SignInRisk, _) => to(Rule::risk(RuleKind::SignInRisk, risk.sign_in)),
        (Condition::UserRisk, Identity::User(_)) => {
            to(Rule::risk(RuleKind::UserRisk, risk.user));
        }
        (Condition::ServicePrincipalRisk, Identity::ServicePrincipal(workload)) => {
            to(match workload.kind {
                ServicePrincipalKind::Agent => Rule::risk(RuleKind::AgentRisk, risk.agent),
                ServicePrincipalKind::Application => {
                    Rule::risk(RuleKind::ServicePrincipalRisk, risk.service_principal)
                }
            });
        }
        (Condition::InsiderRisk, Identity::User(_)) => {
            risk.insider.iter().for_each(|level| to(Rule::insider_risk(*level)));
        }
        _ => {}
    }
}
