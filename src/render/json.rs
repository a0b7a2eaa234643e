//! The JSON that `--json` prints. Its shape is part of the interface: members are added, never
//! renamed or removed. Names are camelCase, verdicts are words, checks are ids.

use std::collections::BTreeMap;

use serde::Serialize;

use super::refusal::Explanation;
use crate::base::Check;
use crate::base::id::RequestId;
use crate::base::stream::Seed;
use crate::catalog::RulePack;
use crate::signin::SignInRecord;
use crate::sim::scenario::StepResult;
use crate::sim::{Event, Exchange, Outcome, StepOutcome, ThiefOutcome, aftermath, matrix};

/// What came of a run.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OutcomeJson<'o> {
    /// Scenario name.
    pub scenario: &'o str,
    /// Title.
    pub title: &'o str,
    /// Lesson.
    pub lesson: &'o str,
    /// Seed.
    pub seed: u64,
    /// Settings that differ from the baseline, as `name=value`.
    pub settings: &'o [String],
    /// Steps in order.
    pub steps: Vec<StepJson<'o>>,
    /// `gotIn`, `notApplicable` or `refused`.
    pub thief: &'static str,
    /// Whether every expectation came true.
    pub as_expected: bool,
    /// What was expected of the thief and did not come.
    pub surprises: &'o [String],
    /// Sign-in records (Graph beta `signIn`), oldest first.
    pub records: &'o [SignInRecord],
    /// Every message, if asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trace: Option<Vec<EventJson<'o>>>,
}

/// What came of a step.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StepJson<'o> {
    /// From 1.
    pub number: usize,
    /// A sentence.
    pub text: &'o str,
    /// Whether the thief did it.
    pub by_thief: bool,
    /// `done`, `nothingToSteal`, `refused` or `served`.
    pub result: StepResult,
    /// The check that decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub check: Option<Check>,
    /// AADSTS number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<u32>,
    /// OAuth error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<&'o str>,
    /// The policy that refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<&'o str>,
    /// `signInSessionStatusCode` of the last record of this step.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// What a resource served.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<&'o str>,
    /// The refusal, explained.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refusal: Option<Explanation>,
    /// What was expected and did not come.
    pub surprises: &'o [String],
}

/// One thing that happened: an object with one member.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum EventJson<'o> {
    /// A message and its answer.
    Exchange(Box<ExchangeJson<'o>>),
    /// A remark.
    Note(&'o str),
    /// A step begins.
    Step {
        /// From 1.
        number: usize,
        /// A sentence.
        text: &'o str,
    },
}

/// A message and its answer.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ExchangeJson<'o> {
    /// From 1.
    pub number: usize,
    /// Unix seconds.
    pub at: i64,
    /// Simulated nanoseconds since the start.
    pub elapsed_nanos: u64,
    /// Who sent it.
    pub from: &'o str,
    /// Who answered.
    pub to: &'o str,
    /// Method, URI, headers and body; without passwords.
    pub request: MessageJson,
    /// Status, headers and body.
    pub response: MessageJson,
    /// What the far side made of it, which the peer does not see.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verdict: Option<VerdictJson>,
}

/// A request or a response.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MessageJson {
    /// Of a request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// Of a request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uri: Option<String>,
    /// Of a response.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Name and value, in order.
    pub headers: Vec<(String, String)>,
    /// As text; octets that are no UTF-8 are replaced.
    pub body: String,
}

/// What the far side made of a message.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VerdictJson {
    /// Id of the request, and of the record it may have left.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<RequestId>,
    /// The check that decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub check: Option<Check>,
    /// The stable code of the refusal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
    /// AADSTS number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<u32>,
    /// `signInSessionStatusCode`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The policy that refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
}

impl<'o> OutcomeJson<'o> {
    /// The outcome without its trace.
    #[must_use]
    pub fn of(outcome: &'o Outcome) -> Self {
        Self {
            scenario: &outcome.scenario,
            title: &outcome.title,
            lesson: &outcome.lesson,
            seed: outcome.seed,
            settings: &outcome.settings,
            steps: outcome.steps.iter().map(|step| StepJson::of(outcome, step)).collect(),
            thief: thief(outcome.thief),
            as_expected: outcome.as_expected(),
            surprises: &outcome.surprises,
            records: &outcome.records,
            trace: None,
        }
    }

    /// The same with every message.
    #[must_use]
    pub fn with_trace(mut self, outcome: &'o Outcome) -> Self {
        self.trace = Some(outcome.trace.events().iter().map(EventJson::of).collect());
        self
    }
}

const fn thief(thief: ThiefOutcome) -> &'static str {
    match thief {
        ThiefOutcome::GotIn => "gotIn",
        ThiefOutcome::NotApplicable => "notApplicable",
        ThiefOutcome::Refused => "refused",
    }
}

impl<'o> StepJson<'o> {
    fn of(outcome: &Outcome, step: &'o StepOutcome) -> Self {
        Self {
            number: step.number,
            text: &step.text,
            by_thief: step.by_thief,
            result: step.result,
            check: step.check,
            code: step.code,
            error: step.error.as_deref(),
            policy: step.policy.as_deref(),
            status: step.status,
            content: step.content.as_deref(),
            refusal: Explanation::of(outcome, step),
            surprises: &step.surprises,
        }
    }
}

impl<'o> EventJson<'o> {
    fn of(event: &'o Event) -> Self {
        match event {
            Event::Exchange(exchange) => Self::Exchange(Box::new(ExchangeJson::of(exchange))),
            Event::Note(note) => Self::Note(note),
            Event::Step { number, text } => Self::Step { number: *number, text },
        }
    }
}

impl<'o> ExchangeJson<'o> {
    fn of(exchange: &'o Exchange) -> Self {
        let Exchange { request, response, .. } = exchange;
        Self {
            number: exchange.number,
            at: exchange.at.as_unix(),
            elapsed_nanos: exchange.elapsed.0,
            from: &exchange.from,
            to: &exchange.to,
            request: MessageJson {
                method: Some(request.method().to_string()),
                uri: Some(request.uri().to_string()),
                ..MessageJson::of(request.headers(), request.body())
            },
            response: MessageJson {
                status: Some(response.status().as_u16()),
                ..MessageJson::of(response.headers(), response.body())
            },
            verdict: VerdictJson::of(exchange),
        }
    }
}

impl MessageJson {
    fn of(headers: &http::HeaderMap, body: &[u8]) -> Self {
        let text = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
        let headers =
            headers.iter().map(|(name, value)| (name.to_string(), text(value.as_bytes())));
        Self { method: None, uri: None, status: None, headers: headers.collect(), body: text(body) }
    }
}

impl VerdictJson {
    fn of(exchange: &Exchange) -> Option<Self> {
        let Some(verdict) = &exchange.verdict else {
            let nothing = Self {
                request: None,
                check: None,
                reason: None,
                code: None,
                status: None,
                policy: None,
            };
            return exchange.resource_check.map(|check| Self { check: Some(check), ..nothing });
        };
        Some(Self {
            request: Some(verdict.request),
            check: verdict.check(),
            reason: verdict.refusal.map(crate::idp::Refusal::code),
            code: verdict.code(),
            status: verdict.token_protection.map(|status| status.code),
            policy: verdict.denial.as_ref().map(|denial| denial.policy_name.clone()),
        })
    }
}

/// The theft matrix.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MatrixJson<'t> {
    /// `cumulative` or `eachAlone`.
    pub table: &'static str,
    /// Seed of every cell.
    pub seed: u64,
    /// Id of the rules in force.
    pub rules: &'t str,
    /// Columns in order.
    pub columns: Vec<NamedJson<'t>>,
    /// Rows in order.
    pub rows: Vec<RowJson<'t>>,
    /// The rules behind the check ids of the cells.
    pub checks: BTreeMap<&'static str, &'static str>,
}

/// An id with its title.
#[derive(Clone, Debug, Serialize)]
pub struct NamedJson<'t> {
    /// Id.
    pub id: &'t str,
    /// Title.
    pub title: &'t str,
}

/// A row of the matrix.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RowJson<'t> {
    /// Id.
    pub id: &'t str,
    /// Title.
    pub title: &'t str,
    /// The client the thief uses.
    pub client: &'t str,
    /// The platform it claims.
    pub platform: &'t str,
    /// The resource it is after.
    pub resource: &'t str,
    /// Settings of the row.
    pub settings: &'t [String],
    /// One cell a column.
    pub cells: Vec<CellJson<'t>>,
}

/// A cell of the matrix.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CellJson<'t> {
    /// Column id.
    pub column: &'t str,
    /// `gotIn`, `notApplicable` or `refused`.
    pub verdict: &'static str,
    /// `+`, `n/a` or `-`.
    pub symbol: &'static str,
    /// The check that decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub check: Option<Check>,
    /// AADSTS number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<u32>,
    /// Binding status code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// What `tplab run` opens it with.
    pub opens_with: &'t str,
}

impl<'t> MatrixJson<'t> {
    /// The table as JSON.
    #[must_use]
    pub fn of(
        table: &'t matrix::Table,
        columns: matrix::Columns,
        seed: Seed,
        rules: &'t RulePack,
    ) -> Self {
        let cells = || table.rows.iter().flat_map(|row| &row.cells);
        let checks = cells().filter_map(|cell| cell.check);
        Self {
            table: match columns {
                matrix::Columns::Cumulative => "cumulative",
                matrix::Columns::EachAlone => "eachAlone",
            },
            seed: seed.0,
            rules: &rules.id,
            columns: table
                .columns
                .iter()
                .map(|column| NamedJson { id: column.id, title: column.title })
                .collect(),
            rows: table.rows.iter().map(RowJson::of).collect(),
            checks: checks.map(|check| (check.id(), check.title())).collect(),
        }
    }
}

impl<'t> RowJson<'t> {
    fn of(row: &'t matrix::Row) -> Self {
        Self {
            id: &row.id,
            title: &row.title,
            client: &row.client,
            platform: &row.platform,
            resource: &row.resource,
            settings: &row.settings,
            cells: row.cells.iter().map(CellJson::of).collect(),
        }
    }
}

impl<'t> CellJson<'t> {
    fn of(cell: &'t matrix::Cell) -> Self {
        Self {
            column: cell.column,
            verdict: match cell.verdict {
                matrix::CellVerdict::GotIn => "gotIn",
                matrix::CellVerdict::NotApplicable => "notApplicable",
                matrix::CellVerdict::Refused => "refused",
            },
            symbol: super::matrix::symbol(cell.verdict),
            check: cell.check,
            code: cell.code,
            status: cell.status,
            opens_with: &cell.opens_with,
        }
    }
}

/// The aftermath table.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AftermathJson<'t> {
    /// `aftermath`.
    pub table: &'static str,
    /// Seed of every cell.
    pub seed: u64,
    /// Id of the rules in force.
    pub rules: &'t str,
    /// Events in order.
    pub events: Vec<NamedJson<'t>>,
    /// Rows in order.
    pub rows: Vec<AfterRowJson<'t>>,
}

/// A row of the aftermath table.
#[derive(Clone, Debug, Serialize)]
pub struct AfterRowJson<'t> {
    /// Id.
    pub id: &'t str,
    /// Title.
    pub title: &'t str,
    /// Settings of the row.
    pub settings: &'t [String],
    /// One cell an event.
    pub cells: Vec<AfterJson<'t>>,
}

/// A cell of the aftermath table.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AfterJson<'t> {
    /// Event id.
    pub event: &'t str,
    /// `notApplicable`, `refused` or `works`.
    pub verdict: &'static str,
    /// The last second after the event at which it works; absent: no end was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until_seconds: Option<u32>,
    /// The check that refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub check: Option<Check>,
    /// AADSTS number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<u32>,
}

impl<'t> AftermathJson<'t> {
    /// The table as JSON.
    #[must_use]
    pub fn of(table: &'t aftermath::Table, seed: Seed, rules: &'t RulePack) -> Self {
        let cells = |row: &'t aftermath::Row| table.events.iter().zip(&row.cells);
        let row = |row: &'t aftermath::Row| AfterRowJson {
            id: &row.id,
            title: &row.title,
            settings: &row.settings,
            cells: cells(row).map(|(event, after)| AfterJson::of(event.id, after)).collect(),
        };
        Self {
            table: "aftermath",
            seed: seed.0,
            rules: &rules.id,
            events: table
                .events
                .iter()
                .map(|event| NamedJson { id: event.id, title: event.title })
                .collect(),
            rows: table.rows.iter().map(row).collect(),
        }
    }
}

impl<'t> AfterJson<'t> {
    fn of(event: &'t str, after: &aftermath::After) -> Self {
        let (verdict, until, check, code) = match after {
            aftermath::After::NotApplicable => ("notApplicable", None, None, None),
            aftermath::After::Refused { check, code } => ("refused", None, *check, *code),
            aftermath::After::Works { until } => ("works", *until, None, None),
        };
        Self { event, verdict, until_seconds: until.map(|span| span.as_secs()), check, code }
    }
}
