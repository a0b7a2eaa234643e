//! What came of a run: each step, the thief, and the expectations of the scenario.

use serde_json::Value;

use crate::base::Check;
use crate::policy::AppliedPolicyResult;
use crate::signin::SignInRecord;

use super::policies::built_in_set;
use super::scenario::{EntryExpectation, Expect, StepResult, ThiefExpectation};
use super::trace::Trace;

/// What came of one step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepOutcome {
    /// From 1.
    pub number: usize,
    /// What the step was, as a sentence.
    pub text: String,
    /// Whether the thief did it.
    pub by_thief: bool,
    /// How it ended.
    pub result: StepResult,
    /// The check that decided, if somebody refused.
    pub check: Option<Check>,
    /// AADSTS number, if the provider refused.
    pub code: Option<u32>,
    /// OAuth error, if the provider refused.
    pub error: Option<String>,
    /// Name of the policy that refused, if one did.
    pub policy: Option<String>,
    /// `signInSessionStatusCode` of the last record of this step.
    pub status: Option<u16>,
    /// What a resource served.
    pub content: Option<String>,
    /// How many things were expected of it.
    pub expectations: usize,
    /// What was expected and did not come.
    pub surprises: Vec<String>,
}

/// What becomes of the thief: one cell of the matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ThiefOutcome {
    /// A resource served its content to the thief.
    GotIn,
    /// There was nothing to steal, or no thief.
    NotApplicable,
    /// Every attempt was refused.
    Refused,
}

/// Everything that came of a run.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Scenario name.
    pub scenario: String,
    /// Title.
    pub title: String,
    /// Lesson.
    pub lesson: String,
    /// Seed, to replay it.
    pub seed: u64,
    /// Settings that differ from the baseline, as `name=value`.
    pub settings: Vec<String>,
    /// Steps in order.
    pub steps: Vec<StepOutcome>,
    /// The thief.
    pub thief: ThiefOutcome,
    /// How many things the scenario expects, of its steps and of the thief.
    pub expectations: usize,
    /// What was expected of the thief and did not come.
    pub surprises: Vec<String>,
    /// Sign-in records, oldest first.
    pub records: Vec<SignInRecord>,
    /// Every message.
    pub trace: Trace,
}

impl Outcome {
    /// Whether every expectation of the scenario came true.
    #[must_use]
    pub fn as_expected(&self) -> bool {
        self.surprises.is_empty() && self.steps.iter().all(|step| step.surprises.is_empty())
    }

    /// Whether there is a thief in it at all.
    #[must_use]
    pub fn has_thief(&self) -> bool {
        self.steps.iter().any(|step| step.by_thief)
    }

    /// The step that decided about the thief: the one that got in, else the last that was refused.
    #[must_use]
    pub fn deciding_step(&self) -> Option<&StepOutcome> {
        let mut thief = self.steps.iter().filter(|step| step.by_thief);
        let served = thief.clone().find(|step| step.result == StepResult::Served);
        served.or_else(|| thief.rfind(|step| step.result == StepResult::Refused))
    }
}

impl StepOutcome {
    /// Notes what differs from what was expected; `records` are those that the step left.
    pub(super) fn compare(&mut self, expect: &Expect, records: &[&SignInRecord]) {
        let mut differ = |what: &str, expected: String, got: String| {
            if expected != got {
                self.surprises.push(format!("{what}: expected {expected}, got {got}"));
            }
        };
        let text = |value: Option<String>| value.unwrap_or_else(|| "none".to_owned());
        if let Some(result) = expect.outcome {
            differ("outcome", result.word().to_owned(), self.result.word().to_owned());
        }
        if let Some(check) = expect.check {
            differ("check", check.to_string(), text(self.check.map(|check| check.to_string())));
        }
        if let Some(code) = expect.code {
            differ("code", code.to_string(), text(self.code.map(|code| code.to_string())));
        }
        if let Some(error) = &expect.error {
            differ("error", error.clone(), text(self.error.clone()));
        }
        if let Some(status) = expect.status {
            differ("status", status.to_string(), text(self.status.map(|code| code.to_string())));
        }
        let judged =
            records.iter().rfind(|record| !record.applied_conditional_access_policies.is_empty());
        for entry in &expect.entries {
            self.compare_entry(entry, judged.copied());
        }
        let last = records.last().and_then(|record| serde_json::to_value(record).ok());
        for (path, expected) in &expect.record {
            let got = member(last.as_ref(), path);
            if got != *expected {
                self.surprises.push(format!("record, {path}: expected {expected}, got {got}"));
            }
        }
    }
}

impl StepOutcome {
    fn compare_entry(&mut self, expect: &EntryExpectation, record: Option<&SignInRecord>) {
        let name = display_name(&expect.policy);
        let entries = record.map(|record| record.applied_conditional_access_policies.as_slice());
        let entry = entries.unwrap_or_default().iter().find(|entry| entry.display_name == name);
        let Some(entry) = entry else {
            self.surprises.push(format!("policy {}: there is no entry", expect.policy));
            return;
        };
        let mut differ = |what: &str, expected: String, got: String| {
            if expected != got {
                let policy = &expect.policy;
                self.surprises
                    .push(format!("policy {policy}, {what}: expected {expected}, got {got}"));
            }
        };
        let word = |result| serde_json::to_value::<AppliedPolicyResult>(result).unwrap_or_default();
        differ("result", word(expect.result).to_string(), word(entry.result).to_string());
        if let Some(conditions) = &expect.conditions_not_satisfied {
            let got = entry.conditions_not_satisfied.to_string();
            differ("conditionsNotSatisfied", conditions.clone(), got);
        }
        if let Some(controls) = &expect.session_controls_not_satisfied {
            let got = entry.session_controls_not_satisfied.join(",");
            differ("sessionControlsNotSatisfied", controls.join(","), got);
        }
    }
}

/// A built-in policy goes by its short name.
fn display_name(policy: &str) -> String {
    let known = built_in_set(policy);
    let first = known.as_ref().and_then(|set| set.iter().next());
    first.map_or_else(|| policy.to_owned(), |policy| policy.display_name().to_owned())
}

/// A member by dotted path; null stands for an absent or empty one.
fn member(record: Option<&Value>, path: &str) -> Value {
    let pointer = format!("/{}", path.replace('.', "/"));
    let found = record.and_then(|record| record.pointer(&pointer)).cloned().unwrap_or_default();
    match &found {
        Value::String(text) if text.is_empty() => Value::Null,
        _ => found,
    }
}

impl ThiefOutcome {
    pub(super) fn of(steps: &[StepOutcome]) -> Self {
        let any = |result| steps.iter().any(|step| step.by_thief && step.result == result);
        if any(StepResult::Served) {
            Self::GotIn
        } else if any(StepResult::NothingToSteal) || !any(StepResult::Refused) {
            Self::NotApplicable
        } else {
            Self::Refused
        }
    }

    /// The word a scenario file uses.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::GotIn => "gotIn",
            Self::NotApplicable => "notApplicable",
            Self::Refused => "refused",
        }
    }

    /// `+`, `-` or `n/a`, as the matrix writes it.
    #[must_use]
    pub const fn symbol(self) -> &'static str {
        match self {
            Self::GotIn => "+",
            Self::NotApplicable => "n/a",
            Self::Refused => "-",
        }
    }
}

impl From<ThiefExpectation> for ThiefOutcome {
    fn from(expected: ThiefExpectation) -> Self {
        match expected {
            ThiefExpectation::GotIn => Self::GotIn,
            ThiefExpectation::NotApplicable => Self::NotApplicable,
            ThiefExpectation::Refused => Self::Refused,
        }
    }
}
