//! The story that `demo` tells: five short acts, each a run of a named scenario, shown with its
//! real bytes and with the check that made the difference.

use serde::Serialize;

use super::exchange::{Detail, Opened, exchange_page};
use super::json::OutcomeJson;
use super::label::Labels;
use super::message::request_fields;
use super::outcome::{ending, setting_in_words, thief_page};
use super::page::{Page, Tone};
use super::refusal::{Explanation, deciding_exchange, exchanges_of};
use crate::base::Check;
use crate::base::stream::Seed;
use crate::sim::scenario::StepResult;
use crate::sim::{
    Exchange, Outcome, RunOptions, ScenarioError, StepOutcome, ThiefOutcome, library, run,
};

/// Names of the scenarios of the story, and which of their messages are shown.
const ACTS: &[(&str, Show)] = &[
    ("bearer-token-travels", Show::Use),
    ("policy-asks-for-a-proof", Show::Use),
    ("prt-without-its-key", Show::ProofThenUse),
    ("another-platform-claimed", Show::Nothing),
    ("companions-close-the-gap", Show::Nothing),
];

/// Which messages of an act are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Show {
    /// None: they differ from earlier ones in a claim alone.
    Nothing,
    /// The user's own proof, then the thief's first use.
    ProofThenUse,
    /// The thief's first use.
    Use,
}

/// The acts, played.
#[derive(Debug)]
pub struct Story {
    seed: Seed,
    acts: Vec<(Show, Outcome)>,
}

/// The story as JSON.
#[derive(Clone, Debug, Serialize)]
pub struct StoryJson<'s> {
    /// Seed.
    pub seed: u64,
    /// The acts, each with its trace.
    pub acts: Vec<OutcomeJson<'s>>,
}

impl Story {
    /// Plays the story.
    ///
    /// # Errors
    /// [`ScenarioError`], which a test excludes for the built-in scenarios.
    pub fn play(seed: Seed) -> Result<Self, ScenarioError> {
        let options = RunOptions { seed, ..RunOptions::default() };
        let found = ACTS.iter().filter_map(|(name, show)| Some((*show, library::named(name)?)));
        let play = |(show, scenario)| Ok((show, run(scenario, &options)?));
        Ok(Self { seed, acts: found.map(play).collect::<Result<_, ScenarioError>>()? })
    }

    /// The story as JSON, with every message.
    #[must_use]
    pub fn to_json(&self) -> StoryJson<'_> {
        let outcomes = self.acts.iter().map(|act| &act.1);
        StoryJson {
            seed: self.seed.0,
            acts: outcomes.map(|outcome| OutcomeJson::of(outcome).with_trace(outcome)).collect(),
        }
    }

    /// The story for people.
    #[must_use]
    pub fn to_page(&self) -> Page {
        let mut page = Page::new();
        page.say(0, Tone::Heading, "Token Protection Lab: a stolen token, in five acts");
        page.say(
            0,
            Tone::Plain,
            "Every message below was made, signed and checked just now with real cryptography. \
             People, devices and services are simulated; nothing leaves this process.",
        );
        for (number, (show, outcome)) in self.acts.iter().enumerate() {
            page.append(act(number + 1, *show, outcome));
        }
        self.what_made_the_difference(&mut page);
        what_next(&mut page);
        page
    }

    fn what_made_the_difference(&self, page: &mut Page) {
        page.heading("What made the difference");
        for (number, (_, outcome)) in self.acts.iter().enumerate() {
            let act = format!("  act {}", number + 1);
            let mut checks: Vec<Check> =
                thief_steps(outcome).filter_map(|step| step.check).collect();
            checks.dedup();
            if outcome.thief == ThiefOutcome::GotIn {
                page.hang(&act, 9, Tone::Lost, "[+] no check stood in the way");
            }
            for check in checks {
                page.hang(&act, 9, Tone::Stopped, &format!("[-] {check}: {}", check.title()));
            }
        }
    }
}

fn thief_steps(outcome: &Outcome) -> impl Iterator<Item = &StepOutcome> {
    outcome.steps.iter().filter(|step| step.by_thief)
}

fn act(number: usize, show: Show, outcome: &Outcome) -> Page {
    let mut page = Page::new();
    page.say(0, Tone::Plain, "");
    page.say(0, Tone::Heading, &format!("Act {number}. {}", outcome.title));
    page.say(0, Tone::Aside, &settings(outcome));
    let labels = Labels::of(&outcome.trace);
    let mut opened = Opened::new();
    let mut proof_due = show == Show::ProofThenUse;
    let mut use_due = show != Show::Nothing;
    for step in &outcome.steps {
        let (tone, text) = ending(step);
        page.hang(&format!("{:>3}", step.number), 5, Tone::Plain, &step.text);
        page.say(5, tone, &text);
        let proof = own_proof(outcome, step).filter(|_| proof_due);
        proof_due &= proof.is_none();
        let used = deciding(outcome, step).filter(|_| use_due);
        use_due &= used.is_none();
        for exchange in proof.into_iter().chain(used) {
            page.append(exchange_page(exchange, &labels, &mut opened, Detail::Story));
        }
        if let Some(explanation) = Explanation::of(outcome, step).filter(|_| step.by_thief) {
            page.append(explanation.to_page(5));
        }
    }
    page.append(thief_page(outcome.thief));
    page.say(0, Tone::Plain, &outcome.lesson);
    page
}

fn settings(outcome: &Outcome) -> String {
    match outcome.settings.is_empty() {
        true => "No policy is in force.".to_owned(),
        false => {
            let words = outcome.settings.iter().map(|setting| setting_in_words(setting));
            format!("In force: {}.", words.collect::<Vec<_>>().join("; "))
        }
    }
}

/// The last request of an honest step that a key signed.
fn own_proof<'o>(outcome: &'o Outcome, step: &StepOutcome) -> Option<&'o Exchange> {
    let signed = |exchange: &&Exchange| {
        request_fields(&exchange.request).iter().any(|field| field.name == "request")
    };
    exchanges_of(&outcome.trace, step.number).filter(|_| !step.by_thief).filter(signed).last()
}

/// What the thief sent and what decided: the refused request, or the first one that was answered.
fn deciding<'o>(outcome: &'o Outcome, step: &StepOutcome) -> Option<&'o Exchange> {
    match (step.by_thief, step.result) {
        (true, StepResult::Refused) => deciding_exchange(&outcome.trace, step),
        (true, StepResult::Served) => exchanges_of(&outcome.trace, step.number)
            .find(|exchange| exchange.verdict.is_some() || exchange.response.status().is_success()),
        _ => None,
    }
}

fn what_next(page: &mut Page) {
    page.heading("What next");
    for (command, why) in [
        ("tplab run policy-asks-for-a-proof --trace", "every message of act 2, with its bytes"),
        ("tplab run policy-asks-for-a-proof --set policies=", "the same without its policy"),
        ("tplab matrix", "every theft against every defence"),
        ("tplab inspect TOKEN", "what stands in a token"),
        ("tplab list", "more scenarios"),
    ] {
        page.say(2, Tone::Heading, command);
        page.say(6, Tone::Plain, why);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::page::WIDTH;
    use crate::sim::DEFAULT_SEED;

    #[test]
    fn every_act_is_played_and_fits() {
        let story = Story::play(DEFAULT_SEED).unwrap();
        assert_eq!(story.acts.len(), ACTS.len());
        let text = story.to_page().to_plain();
        for line in text.lines() {
            assert!(line.chars().count() <= WIDTH, "{line}");
        }
        assert!(story.acts.iter().all(|(_, outcome)| outcome.as_expected()));
    }
}
