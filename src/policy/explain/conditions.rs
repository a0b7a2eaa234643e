//! Why a condition holds or does not: which rules spoke, and what of the sign-in they looked at.

use std::fmt;

use serde::Serialize;

use crate::directory::LocationTrust;
use crate::policy::applied::{AppliedPolicy, Condition};
use crate::policy::conditions::{Clause, ORDER, Side, any_subject};
use crate::policy::evaluate::condition;
use crate::policy::facts::{Identity, RiskLevel, SignIn, Target};
use crate::policy::flags::Flag;
use crate::policy::model::Policy;
use crate::policy::reader::{Words, spelling};

/// As many rules that did not speak are named.
const NAMED_OTHERS: usize = 3;

/// A condition with what spoke for and against it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ConditionExplanation {
    /// The name in Graph, for example `devicePlatform`.
    pub condition: &'static str,
    /// Whether the walk passed it.
    pub outcome: ConditionOutcome,
    /// Whether it holds, reached or not.
    pub holds: bool,
    /// What of the sign-in it looks at.
    pub seen: String,
    /// The rules that include.
    pub included: RulesExplanation,
    /// The rules that exclude.
    pub excluded: RulesExplanation,
}

/// Whether a condition holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum ConditionOutcome {
    /// An earlier one did not hold, so nobody asked.
    NotReached,
    /// It does not hold: the walk stopped here.
    NotSatisfied,
    /// It holds.
    Satisfied,
}

/// The rules of one side.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RulesExplanation {
    /// Those that are true of the sign-in.
    pub matched: Vec<String>,
    /// The first of those that are not.
    pub not_matched: Vec<String>,
    /// How many are not.
    pub not_matched_count: usize,
}

pub(super) fn explain(
    policy: &Policy,
    entry: &AppliedPolicy,
    sign_in: &SignIn<'_>,
) -> Vec<ConditionExplanation> {
    let configured =
        ORDER.iter().filter_map(|which| Some((*which, condition(policy, sign_in, *which)?)));
    configured
        .map(|(which, holds)| ConditionExplanation {
            condition: which.as_str(),
            outcome: outcome(entry, which),
            holds,
            seen: seen(which, sign_in),
            included: rules(policy, which, Side::Include, sign_in),
            excluded: rules(policy, which, Side::Exclude, sign_in),
        })
        .collect()
}

fn outcome(entry: &AppliedPolicy, which: Condition) -> ConditionOutcome {
    if entry.conditions_not_satisfied.contains(which) {
        ConditionOutcome::NotSatisfied
    } else if entry.conditions_satisfied.contains(which) {
        ConditionOutcome::Satisfied
    } else {
        ConditionOutcome::NotReached
    }
}

fn rules(policy: &Policy, which: Condition, side: Side, sign_in: &SignIn<'_>) -> RulesExplanation {
    let mut rules = RulesExplanation::default();
    policy.conditions().clauses(which, side, &mut |clause| {
        if any_subject(which, sign_in, |subject| clause.is_true(which, sign_in, subject)) {
            rules.matched.push(clause.to_string());
        } else {
            rules.not_matched_count += 1;
            if rules.not_matched.len() < NAMED_OTHERS {
                rules.not_matched.push(clause.to_string());
            }
        }
    });
    rules
}

/// What of the sign-in a condition looks at.
fn seen(which: Condition, sign_in: &SignIn<'_>) -> String {
    let risk = sign_in.risk;
    match which {
        Condition::Application => target(sign_in),
        Condition::Users | Condition::ServicePrincipals => identity(sign_in),
        Condition::Location => place(sign_in),
        Condition::DevicePlatform => word(sign_in.platform),
        Condition::ClientType => word(sign_in.client_app_type),
        Condition::DeviceState => device(sign_in),
        Condition::SignInRisk => word(risk.sign_in),
        Condition::UserRisk => word(risk.user),
        Condition::ServicePrincipalRisk => match risk.agent {
            RiskLevel::None => word(risk.service_principal),
            agent => format!("{}, agent {}", word(risk.service_principal), word(agent)),
        },
        Condition::AuthenticationFlows => sign_in.transfer_method.map_or_else(none, word),
        Condition::InsiderRisk => risk.insider.map_or_else(none, word),
        _ => none(),
    }
}

fn none() -> String {
    "none".to_owned()
}

fn word<T: Words + Flag>(value: T) -> String {
    spelling(value).unwrap_or("unknown").to_owned()
}

fn target(sign_in: &SignIn<'_>) -> String {
    match sign_in.target {
        Target::AuthenticationContext(id) => format!("authentication context {id}"),
        Target::UserAction(action) => action.as_str().to_owned(),
        Target::Resources(ids) => {
            let ids: Vec<String> = ids.iter().map(|id| format!("resource {id}")).collect();
            ids.join(", ")
        }
    }
}

fn identity(sign_in: &SignIn<'_>) -> String {
    match sign_in.identity {
        Identity::ServicePrincipal(workload) => format!("service principal {}", workload.id),
        Identity::User(user) => {
            let counts = match (user.groups.len(), user.roles.len()) {
                (0, 0) => String::new(),
                (groups, 0) => format!(" in {groups} groups"),
                (groups, roles) => format!(" in {groups} groups and {roles} roles"),
            };
            let external = user.external.map_or_else(String::new, |external| {
                format!(", {}", spelling(external.kind).unwrap_or_default())
            });
            format!("user {}{counts}{external}", user.id)
        }
    }
}

fn place(sign_in: &SignIn<'_>) -> String {
    let place = sign_in.place;
    let address = place.address.map_or_else(|| "unknown address".to_owned(), |it| it.to_string());
    let country = place.country.map_or_else(String::new, |code| format!(", {code}"));
    let trusted = match place.trust {
        LocationTrust::NotTrusted => "not trusted",
        LocationTrust::Trusted => "trusted",
    };
    format!("{address}{country}, {trusted}, in {} named locations", place.locations.len())
}

fn device(sign_in: &SignIn<'_>) -> String {
    match sign_in.shown_device() {
        None => "no device".to_owned(),
        Some(device) => format!("device {}, {}", device.device_id, device.trust_type.as_str()),
    }
}

/// For people.
impl fmt::Display for Clause<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AppFilter(filter) | Self::WorkloadFilter(_, filter) => {
                write!(f, "filter `{}`", filter.rule())
            }
            Self::DeviceFilter(filter) => write!(f, "filter `{}`", filter.rule()),
            Self::Rule(rule) => rule.fmt(f),
        }
    }
}

impl fmt::Display for ConditionExplanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let outcome = match self.outcome {
            ConditionOutcome::NotReached => return write!(f, "{}: not reached", self.condition),
            ConditionOutcome::NotSatisfied => "not satisfied",
            ConditionOutcome::Satisfied => "satisfied",
        };
        write!(f, "{}: {outcome}; seen {}", self.condition, self.seen)?;
        self.included.write(f, "included")?;
        self.excluded.write(f, "excluded")
    }
}

impl RulesExplanation {
    fn write(&self, f: &mut fmt::Formatter<'_>, side: &str) -> fmt::Result {
        if !self.matched.is_empty() {
            return write!(f, "; {side} by {}", self.matched.join(", "));
        }
        if self.not_matched.is_empty() {
            return Ok(());
        }
        write!(f, "; not {side} by {}", self.not_matched.join(", "))?;
        match self.not_matched_count.saturating_sub(self.not_matched.len()) {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}
