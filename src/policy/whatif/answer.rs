//! The answer: one result a policy.

use serde_json::{Map, Value, json};

use super::error::WhatIfError;
use super::facts::{Facts, signal};
use super::reason::AnalysisReason;
use super::request::WhatIfRequest;
use crate::base::Danger;
use crate::catalog::RulePack;
use crate::directory::Directory;
use crate::policy::applied::Condition;
use crate::policy::conditions::{Devices, ORDER};
use crate::policy::evaluate::evaluate;
use crate::policy::explain::{ConditionExplanation, Explanation};
use crate::policy::facts::SignIn;
use crate::policy::flags::Flags;
use crate::policy::model::{Policy, PolicyState};
use crate::policy::set::PolicySet;

const CONTEXT: &str =
    "https://graph.microsoft.com/v1.0/$metadata#Collection(microsoft.graph.whatIfAnalysisResult)";

/// What would apply.
#[derive(Clone, Debug)]
pub struct WhatIfAnswer {
    /// One result a policy, in the order of the policies' ids; with `appliedPoliciesOnly` only those
    /// that apply.
    pub results: Vec<WhatIfResult>,
}

/// Whether one policy would apply.
#[derive(Clone, Debug)]
pub struct WhatIfResult {
    /// The policy.
    pub policy: Policy,
    /// Why it would not apply; empty if it would.
    pub reasons: Flags<AnalysisReason>,
    /// Why, in words: the conditions that hold, or the one that does not, one line each.
    pub because: Vec<String>,
}

impl WhatIfResult {
    /// Whether the policy would apply.
    #[must_use]
    pub const fn applies(&self) -> bool {
        self.reasons.is_empty()
    }

    /// The policy's document with `policyApplies` and `analysisReasons`.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut document = match self.policy.document() {
            Value::Object(members) => members.clone(),
            _ => Map::new(),
        };
        document.insert("policyApplies".to_owned(), self.applies().into());
        document.insert("analysisReasons".to_owned(), self.reasons.to_string().into());
        Value::Object(document)
    }
}

impl WhatIfAnswer {
    /// The body that Graph answers with.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let value: Vec<Value> = self.results.iter().map(WhatIfResult::to_json).collect();
        json!({ "@odata.context": CONTEXT, "value": value })
    }
}

/// Says of each policy whether it would apply to the described sign-in.
///
/// # Errors
/// `policy.what_if_unknown_user` if there is a directory and it does not hold the user.
pub fn what_if(
    policies: &PolicySet,
    request: &WhatIfRequest,
    directory: Option<&Directory>,
    rules: &RulePack,
) -> Result<WhatIfAnswer, WhatIfError> {
    let facts = Facts::of(request, directory)?;
    let sign_in = facts.sign_in();
    let explanation =
        evaluate(policies, &sign_in, rules, Danger::NONE).explain(policies, &sign_in, rules);
    let question = Question { request, facts: &facts, sign_in, explanation };
    let results = policies.iter().map(|policy| question.ask(policy));
    let wanted = |result: &WhatIfResult| result.applies() || !request.applied_policies_only;
    Ok(WhatIfAnswer { results: results.filter(wanted).collect() })
}

struct Question<'a> {
    request: &'a WhatIfRequest,
    facts: &'a Facts<'a>,
    sign_in: SignIn<'a>,
    /// What evaluation says of the same sign-in: the words for each condition.
    explanation: Explanation,
}

impl Question<'_> {
    fn ask(&self, policy: &Policy) -> WhatIfResult {
        let (reason, because) = if policy.state() == PolicyState::Disabled {
            let because = vec!["the policy is off, so it is not evaluated".to_owned()];
            (Some(AnalysisReason::PolicyNotEnabled), because)
        } else {
            match self.first_unmet(policy) {
                None => (None, self.held(policy)),
                Some(condition) => {
                    let reason = AnalysisReason::of(condition, self.sign_in.target);
                    (Some(reason), vec![self.unmet(policy, condition)])
                }
            }
        };
        WhatIfResult { policy: policy.clone(), reasons: reason.into_iter().collect(), because }
    }

    /// The first configured condition that does not hold, or whose signal is not given.
    fn first_unmet(&self, policy: &Policy) -> Option<Condition> {
        ORDER.iter().copied().find(|condition| {
            let Some(holds) = policy.conditions().holds(*condition, &self.sign_in) else {
                return false;
            };
            let holds = match (condition, &policy.conditions().devices) {
                (Condition::DeviceState, Some(devices)) => self.device_meets(devices),
                _ => holds,
            };
            !holds || !self.facts.gives(*condition)
        })
    }

    fn device_meets(&self, devices: &Devices) -> bool {
        self.request.conditions.device.as_ref().is_some_and(|device| device.meets(devices))
    }

    /// The conditions of a policy that applies.
    fn held(&self, policy: &Policy) -> Vec<String> {
        let conditions = ORDER.iter().filter(|one| policy.conditions().is_configured(**one));
        let names: Vec<&str> = conditions.map(|condition| condition.as_str()).collect();
        vec![format!("every condition holds: {}", names.join(", "))]
    }

    fn unmet(&self, policy: &Policy, condition: Condition) -> String {
        if self.facts.gives(condition) {
            return self.in_words(policy, condition);
        }
        let (name, signal) = (condition.as_str(), signal(condition));
        format!("{name}: not satisfied; the request does not give `{signal}`")
    }

    fn in_words(&self, policy: &Policy, condition: Condition) -> String {
        if let (Condition::DeviceState, Some(Devices::Filter { filter, .. })) =
            (condition, &policy.conditions().devices)
        {
            let device = self.request.conditions.device.as_ref();
            let matches = device.is_some_and(|device| device.matches(filter));
            let does = if matches { "matches" } else { "does not match" };
            let holds = policy.conditions().devices.as_ref();
            let holds = holds.is_some_and(|devices| self.device_meets(devices));
            let outcome = if holds { "satisfied" } else { "not satisfied" };
            let name = condition.as_str();
            return format!("{name}: {outcome}; the filter `{}` {does}", filter.rule());
        }
        let known = self.explanation.policies.iter().find(|one| one.id == policy.id());
        let conditions = known.into_iter().flat_map(|policy| &policy.conditions);
        let mut conditions = conditions.filter(|one| one.condition == condition.as_str());
        conditions
            .next()
            .map_or_else(|| condition.as_str().to_owned(), ConditionExplanation::to_string)
    }
}
