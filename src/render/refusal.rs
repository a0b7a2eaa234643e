//! A refusal, explained once and the same way everywhere: what was presented, which check failed,
//! what the peer was told, what the log says, what an administrator would do, and the source.

use serde::Serialize;

use super::message::{presented, response_fields};
use super::page::{Page, Tone};
use super::remedy;
use crate::base::Check;
use crate::base::id::RequestId;
use crate::signin::failure_reason;
use crate::sim::scenario::StepResult;
use crate::sim::{Event, Exchange, Outcome, StepOutcome, Trace};
use crate::wire::Response;

/// A refusal in all its parts.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Explanation {
    /// What was presented, as a phrase.
    pub presented: String,
    /// The check that failed.
    pub check: Check,
    /// The rule it enforces.
    pub rule: &'static str,
    /// What the peer was told.
    pub told: Told,
    /// What the sign-in log says; none if the request left no record.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logged: Option<Logged>,
    /// What an administrator would do.
    pub administrator: &'static str,
    /// Document and section.
    pub source: &'static str,
}

/// What the peer learns.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Told {
    /// HTTP status.
    pub http: u16,
    /// Whether it was shown the sign-in page, as if it had presented nothing.
    pub sign_in_page: bool,
    /// OAuth error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// AADSTS number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aadsts: Option<u32>,
}

/// What the sign-in log says.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Logged {
    /// Id of the record.
    pub record: RequestId,
    /// Its error code.
    pub error_code: u32,
    /// `signInSessionStatusCode`, if the request got that far.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The policy that refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
}

/// The exchanges of one step.
pub fn exchanges_of(trace: &Trace, step: usize) -> impl Iterator<Item = &Exchange> {
    let mut events = trace.events().iter();
    let begins =
        move |event: &Event| matches!(event, Event::Step { number, .. } if *number == step);
    let _ = events.find(|event| begins(event));
    events.take_while(|event| !matches!(event, Event::Step { .. })).filter_map(
        |event| match event {
            Event::Exchange(exchange) => Some(exchange.as_ref()),
            Event::Note(_) | Event::Step { .. } => None,
        },
    )
}

/// The exchange that decided a step: the last one that its check refused, else the last.
#[must_use]
pub fn deciding_exchange<'t>(trace: &'t Trace, step: &StepOutcome) -> Option<&'t Exchange> {
    let decided = |exchange: &&Exchange| {
        let provider = exchange.verdict.as_ref().and_then(crate::idp::Verdict::check);
        let check = exchange.resource_check.or(provider);
        check.is_some() && check == step.check
    };
    let found = exchanges_of(trace, step.number).filter(decided).last();
    found.or_else(|| exchanges_of(trace, step.number).last())
}

impl Explanation {
    /// Explains a step that was refused; nothing for another.
    #[must_use]
    pub fn of(outcome: &Outcome, step: &StepOutcome) -> Option<Self> {
        let check = step.check.filter(|_| step.result == StepResult::Refused)?;
        let exchange = deciding_exchange(&outcome.trace, step)?;
        let logged = logged(outcome, step, exchange);
        let status = logged.as_ref().and_then(|logged| logged.status);
        Some(Self {
            presented: presented(&exchange.request),
            check,
            rule: check.title(),
            told: Told::by(&exchange.response),
            administrator: remedy::advice(check, status),
            logged,
            source: check.source(),
        })
    }

    /// The explanation for people.
    #[must_use]
    pub fn to_page(&self, indent: usize) -> Page {
        let at = indent + 15;
        let mut page = Page::new();
        let mut line = |label: &str, tone, text: &str| {
            page.hang(&format!("{}{label}", " ".repeat(indent)), at, tone, text);
        };
        line("presented", Tone::Plain, &self.presented);
        line("failed check", Tone::Stopped, &format!("{}: {}", self.check, self.rule));
        line("peer is told", Tone::Plain, &self.told_sentence());
        line("log says", Tone::Plain, &self.logged_sentence());
        line("administrator", Tone::Plain, self.administrator);
        line("source", Tone::Aside, self.source);
        page
    }

    fn told_sentence(&self) -> String {
        let Told { http, sign_in_page, error, aadsts } = &self.told;
        if *sign_in_page {
            return "nothing: it is shown the sign-in page, as if it had presented nothing"
                .to_owned();
        }
        match (error, aadsts) {
            (Some(error), Some(code)) => format!("{error}, AADSTS{code}"),
            (Some(error), None) => format!("HTTP {http}, {error}"),
            (None, Some(code)) => format!("HTTP {http}, AADSTS{code}"),
            (None, None) if self.check == Check::ResponseUnreadable => {
                format!("HTTP {http}: an answer that it cannot open")
            }
            (None, None) => format!("HTTP {http} and no more"),
        }
    }

    fn logged_sentence(&self) -> String {
        let Some(Logged { error_code, status, policy, .. }) = &self.logged else {
            return "nothing: this request leaves no sign-in record".to_owned();
        };
        let mut text = match error_code {
            0 => "0, a success: the request itself was good.".to_owned(),
            code => format!("{code} {}", failure_reason(*code)),
        };
        if let Some(policy) = policy {
            text.push_str(&format!(" Policy: {policy}."));
        }
        if let Some(status) = status {
            text.push_str(&format!(" Status {status}. {}", remedy::status_meaning(*status)));
        }
        text
    }
}

impl Told {
    /// What an answer says to whoever reads it.
    fn by(response: &Response) -> Self {
        let fields = response_fields(response);
        let text = |name: &str| {
            fields.iter().find(|field| field.name == name).map(|field| field.text.as_str())
        };
        // Each scheme has a challenge of its own; the error stands in that of the one used.
        let mut challenges = fields.iter().filter(|field| field.name == "www-authenticate");
        let challenge = challenges.find_map(|field| {
            let (_, rest) = field.text.split_once("error=\"")?;
            rest.split_once('"').map(|(error, _)| error)
        });
        let sentence = text("error_description").or_else(|| text("Message"));
        Self {
            http: response.status().as_u16(),
            sign_in_page: text("sso_nonce").is_some(),
            error: text("error").or_else(|| text("ErrorType")).or(challenge).map(str::to_owned),
            aadsts: sentence.and_then(aadsts),
        }
    }
}

/// The number in `AADSTS50126: ...`.
fn aadsts(sentence: &str) -> Option<u32> {
    let (_, rest) = sentence.split_once("AADSTS")?;
    let end = rest.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(rest.len());
    rest.get(..end)?.parse().ok()
}

fn logged(outcome: &Outcome, step: &StepOutcome, exchange: &Exchange) -> Option<Logged> {
    let request = exchange.verdict.as_ref()?.request;
    let record = outcome.records.iter().find(|record| record.id == request)?;
    Some(Logged {
        record: record.id,
        error_code: record.status.error_code,
        status: record.token_protection_status_details.map(|status| status.code),
        policy: step.policy.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::page::WIDTH;
    use crate::sim::{RunOptions, library, matrix, run};

    #[test]
    fn a_denial_by_policy_is_explained_in_all_its_parts() {
        let scenario = library::named("policy-asks-for-a-proof").unwrap();
        let outcome = run(scenario, &RunOptions::default()).unwrap();
        let step = outcome.deciding_step().unwrap();
        let explanation = Explanation::of(&outcome, step).unwrap();
        assert_eq!(explanation.check, Check::PolicyTokenProtection);
        assert_eq!(explanation.told.aadsts, Some(530_084));
        let logged = explanation.logged.as_ref().unwrap();
        assert_eq!((logged.error_code, logged.status), (530_084, Some(1002)));
        assert!(logged.policy.is_some());
        let text = explanation.to_page(5).to_plain();
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH), "{text}");
    }

    #[test]
    fn an_ignored_credential_leads_to_the_sign_in_page() {
        let outcome = matrix::cell("browser-credential-stale@T", &RunOptions::default()).unwrap();
        let step = outcome.deciding_step().unwrap();
        let explanation = Explanation::of(&outcome, step).unwrap();
        assert_eq!(explanation.check, Check::NonceFresh);
        assert!(explanation.told.sign_in_page && explanation.told.aadsts.is_none());
    }

    #[test]
    fn an_answer_that_stays_unread_was_a_good_request() {
        let outcome = matrix::cell("prt-request@T", &RunOptions::default()).unwrap();
        let step = outcome.deciding_step().unwrap();
        let explanation = Explanation::of(&outcome, step).unwrap();
        assert_eq!(explanation.check, Check::ResponseUnreadable);
        let text = explanation.to_page(0).to_plain();
        assert!(text.contains("cannot open") && text.contains("a success"), "{text}");
    }
}
