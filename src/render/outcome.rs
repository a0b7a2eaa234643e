//! What came of a run, for people.

use super::exchange::{Detail, Opened, exchange_page};
use super::label::Labels;
use super::page::{Page, Tone, counted};
use super::refusal::Explanation;
use crate::sim::scenario::StepResult;
use crate::sim::{Event, Outcome, StepOutcome, ThiefOutcome, policies};

/// The outcome: steps, each refusal of the thief explained, expectations, and how to repeat it.
#[must_use]
pub fn outcome_page(outcome: &Outcome) -> Page {
    let mut page = Page::new();
    page.heading(&outcome.title);
    if !outcome.lesson.is_empty() {
        page.say(0, Tone::Plain, &outcome.lesson);
    }
    page.gap();
    page.append(steps_page(outcome));
    page.gap();
    if outcome.has_thief() {
        page.append(thief_page(outcome.thief));
    }
    expectations(&mut page, outcome);
    page.gap();
    page.hang("scenario", 10, Tone::Plain, &outcome.scenario);
    for setting in &outcome.settings {
        page.hang("setting", 10, Tone::Plain, &setting_in_words(setting));
    }
    page.hang("seed", 10, Tone::Plain, &outcome.seed.to_string());
    page
}

/// A setting as `name=value`; built-in policies with what they do.
#[must_use]
pub fn setting_in_words(setting: &str) -> String {
    let Some(names) = setting.strip_prefix("policies=") else { return setting.to_owned() };
    let known = policies::built_in().filter(|(name, _)| names.split(',').any(|one| one == *name));
    let words: Vec<String> = known.map(|(name, what)| format!("{name} {what}")).collect();
    if words.is_empty() { setting.to_owned() } else { format!("{setting} ({})", words.join("; ")) }
}

/// The steps, with each refusal explained.
#[must_use]
pub fn steps_page(outcome: &Outcome) -> Page {
    let mut page = Page::new();
    for step in &outcome.steps {
        page.hang(&format!("{:>3}", step.number), 5, Tone::Plain, &step.text);
        let (tone, text) = ending(step);
        page.say(5, tone, &text);
        if let Some(explanation) = Explanation::of(outcome, step) {
            page.append(explanation.to_page(5));
        }
        for surprise in &step.surprises {
            page.say(5, Tone::Lost, &format!("not as expected: {surprise}"));
        }
    }
    page
}

/// How a step ended, in words, with the tone of the thief's fortune.
#[must_use]
pub fn ending(step: &StepOutcome) -> (Tone, String) {
    let tone = |lost, stopped| if step.by_thief { (lost, stopped) } else { Default::default() };
    let (lost, stopped) = tone(Tone::Lost, Tone::Stopped);
    let bound = match step.status {
        Some(0) => " (bound)".to_owned(),
        Some(status) => format!(" (unbound {status})"),
        None => String::new(),
    };
    match step.result {
        StepResult::Done => (Tone::Plain, format!("done{bound}")),
        StepResult::NothingToSteal => (Tone::Plain, "nothing to steal".to_owned()),
        StepResult::Refused => {
            let check = step.check.map(|check| format!(" by {check}")).unwrap_or_default();
            (stopped, format!("REFUSED{check}{}", codes(step)))
        }
        StepResult::Served => {
            let content = step.content.as_deref().map(|content| format!(": \"{content}\""));
            (lost, format!("SERVED{}{bound}", content.unwrap_or_default()))
        }
    }
}

fn codes(step: &StepOutcome) -> String {
    match (step.code, step.status) {
        (Some(code), Some(status)) => format!(", {code}/{status}"),
        (Some(code), None) => format!(", {code}"),
        (None, _) => String::new(),
    }
}

/// What became of the thief, in words.
#[must_use]
pub fn thief_page(thief: ThiefOutcome) -> Page {
    let mut page = Page::new();
    let (tone, text) = match thief {
        ThiefOutcome::GotIn => (Tone::Lost, "[+] The thief got in."),
        ThiefOutcome::NotApplicable => (Tone::Plain, "[n/a] Nothing was stolen and used."),
        ThiefOutcome::Refused => (Tone::Stopped, "[-] The thief was refused."),
    };
    page.say(0, tone, text);
    page
}

fn expectations(page: &mut Page, outcome: &Outcome) {
    let in_steps = outcome.steps.iter().map(|step| step.surprises.len()).sum::<usize>();
    let count = in_steps + outcome.surprises.len();
    // A cell of the matrix expects nothing of its own.
    if count == 0 && outcome.scenario.starts_with("matrix:") {
        return;
    }
    for surprise in &outcome.surprises {
        page.say(0, Tone::Lost, &format!("not as expected: {surprise}"));
    }
    match count {
        0 if outcome.expectations == 0 => {
            page.say(0, Tone::Plain, "The scenario expects nothing, so nothing was compared.");
        }
        0 => page.say(0, Tone::Plain, "Everything that the scenario expects came true."),
        count => page.say(
            0,
            Tone::Lost,
            &format!("{} of the scenario did not come true.", counted(count, "expectation")),
        ),
    }
}

/// The whole trace with every message, and the full text of each token at the end: one line each,
/// wider than the page, so that it can be copied into `tplab inspect`.
#[must_use]
pub fn trace_page(outcome: &Outcome) -> Page {
    let labels = Labels::of(&outcome.trace);
    let mut opened = Opened::new();
    let mut page = Page::new();
    page.say(0, Tone::Plain, "");
    page.say(0, Tone::Heading, "Every message");
    for event in outcome.trace.events() {
        match event {
            Event::Exchange(exchange) => {
                page.append(exchange_page(exchange, &labels, &mut opened, Detail::All));
            }
            Event::Note(note) => page.say(2, Tone::Aside, &format!("-- {note}")),
            Event::Step { number, text } => page.heading(&format!("{number}. {text}")),
        }
    }
    page.heading("Tokens in full");
    for label in labels.iter() {
        page.say(0, Tone::Plain, &format!("{} ({})", label.name, label.kind.title()));
        page.verbatim(Tone::Aside, &label.text);
    }
    page
}
