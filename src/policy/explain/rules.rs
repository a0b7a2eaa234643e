//! `includeRulesSatisfied` and `excludeRulesSatisfied` of Graph beta, found on demand.
//!
//! # Simulated
//! Conditions up to the one that failed are listed. Rules that Graph has no word for (kinds of
//! client, risks, workloads, user actions) leave no trace. A device filter in include mode that did
//! not match stands on the side of exclusion, as `deviceFilterIncludeRuleNotMatched`.

use serde::Serialize;

use crate::policy::applied::{AppliedPolicy, Condition};
use crate::policy::conditions::{Clause, ORDER, Side, any_subject};
use crate::policy::facts::SignIn;
use crate::policy::model::Policy;

/// The rules of a policy that were true of a sign-in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RulesSatisfied {
    /// Rules that include.
    pub include_rules_satisfied: Vec<RuleSatisfied>,
    /// Rules that exclude.
    pub exclude_rules_satisfied: Vec<RuleSatisfied>,
}

/// `conditionalAccessRuleSatisfied`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RuleSatisfied {
    /// The condition by its name in Graph.
    pub conditional_access_condition: &'static str,
    /// The rule by its name in Graph.
    pub rule_satisfied: &'static str,
}

impl Policy {
    /// The rules of this policy that were true of the sign-in its `entry` is about.
    #[must_use]
    pub fn rules_satisfied(&self, sign_in: &SignIn<'_>, entry: &AppliedPolicy) -> RulesSatisfied {
        let mut found = RulesSatisfied::default();
        let walked = entry.conditions_satisfied.or(entry.conditions_not_satisfied);
        for which in ORDER.iter().copied().filter(|which| walked.contains(*which)) {
            for side in [Side::Include, Side::Exclude] {
                self.conditions().clauses(which, side, &mut |clause| {
                    let holds =
                        any_subject(which, sign_in, |one| clause.is_true(which, sign_in, one));
                    if let Some((side, word)) = word(clause, side, holds) {
                        found.add(which, side, word);
                    }
                });
            }
        }
        found
    }
}

fn word(clause: Clause<'_>, side: Side, holds: bool) -> Option<(Side, &'static str)> {
    match (clause, holds) {
        (Clause::AppFilter(_), true) => Some((side, "appFilter")),
        (Clause::DeviceFilter(_), true) => Some((side, "deviceFilter")),
        (Clause::DeviceFilter(_), false) if side == Side::Include => {
            Some((Side::Exclude, "deviceFilterIncludeRuleNotMatched"))
        }
        (Clause::Rule(rule), true) => rule.satisfied_word().map(|word| (side, word)),
        _ => None,
    }
}

impl RulesSatisfied {
    /// Each word once for each condition.
    fn add(&mut self, which: Condition, side: Side, rule_satisfied: &'static str) {
        let rule = RuleSatisfied { conditional_access_condition: which.as_str(), rule_satisfied };
        let list = match side {
            Side::Include => &mut self.include_rules_satisfied,
            Side::Exclude => &mut self.exclude_rules_satisfied,
        };
        if !list.contains(&rule) {
            list.push(rule);
        }
    }
}
