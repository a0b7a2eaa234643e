//! `tplab report`: the queries against the expected tables, against a second evaluator and against
//! bad input. (conditional-access 7)

mod bad_input;
mod command;
mod laws;
mod queries;
mod ready;
mod shapes;

use serde_json::Value;
use token_protection_lab::base::Timestamp;
use token_protection_lab::signin::query::{
    Answer, Counting, Filter, Fold, Query, QueryError, Variant, Window,
};
use token_protection_lab::signin::read::{self, LogTable, OnBad, ReadError, Summary};

use crate::docs::{read as read_file, root};

/// The fixed time of the sample log.
const NOW: i64 = 1_773_144_000;

#[derive(Debug)]
#[expect(dead_code, reason = "shown by a test that fails")]
enum Failed {
    Query(QueryError),
    Read(ReadError),
}

impl From<QueryError> for Failed {
    fn from(error: QueryError) -> Self {
        Self::Query(error)
    }
}

impl From<ReadError> for Failed {
    fn from(error: ReadError) -> Self {
        Self::Read(error)
    }
}

fn sample() -> String {
    read_file(&root().join("tests/samples/signin-logs-small.ndjson"))
}

fn expected() -> Value {
    serde_json::from_str(&read_file(&root().join("tests/samples/kql-expected.json"))).unwrap()
}

fn week(table: LogTable) -> Filter<'static> {
    Filter {
        table: Some(table),
        window: Window::last_days(7, Timestamp::from_unix(NOW)),
        user: None,
        correlation: None,
    }
}

fn fold(log: &[u8], mut fold: Fold<'_>, on_bad: OnBad) -> Result<(Answer, Summary), Failed> {
    let summary =
        read::each::<Failed>(log, on_bad, |_, event| fold.add(event).map_err(Failed::from))?;
    Ok((fold.finish(), summary))
}

fn answer(log: &str, query: Query, variant: Variant, filter: Filter<'_>) -> Answer {
    let query = Fold::new(query, variant, filter, Counting::default());
    fold(log.as_bytes(), query, OnBad::Refuse).unwrap().0
}

fn rows(answer: &Answer) -> Vec<Value> {
    let Value::Array(rows) = serde_json::to_value(&answer.table).unwrap() else { panic!() };
    rows
}
