//! The theft matrix: every theft against every set of defences.
//!
//! Rows are data (`src/data/matrix.json`), columns are settings, and every cell is a run of its row
//! under its column: nothing in the table is written by hand. `matrix:ROW@COLUMN` opens one cell.

use std::sync::OnceLock;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::base::Check;
use crate::base::json;
use crate::base::stream::Seed;
use crate::catalog::Catalog;

use super::outcome::{Outcome, ThiefOutcome};
use super::run::{RunOptions, run};
use super::scenario::{Scenario, ScenarioError, Step};

/// A set of defences.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// Short name, as in an address.
    pub id: &'static str,
    /// What it adds.
    pub title: &'static str,
    policies: &'static [&'static str],
    settings: &'static [(&'static str, Set)],
}

/// What a column sets a setting to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Set {
    On,
    To(&'static str),
}

const fn column(
    id: &'static str,
    title: &'static str,
    policies: &'static [&'static str],
    settings: &'static [(&'static str, Set)],
) -> Column {
    Column { id, title, policies, settings }
}

const COMPANIONS: &[&str] = &["b", "d1", "d2", "d3"];
const BOUND_TOKENS: &str = "DPoP required of every client, with nonces";
const DEVICE_KEY: &str = "device key signs each use (protocol 4)";
const PROTOCOL_4: (&str, Set) = ("protocol", Set::To("device_key"));
const DPOP: (&str, Set) = ("dpop.required", Set::On);
const DPOP_NONCES: (&str, Set) = ("dpop.nonces", Set::On);

/// Cumulative columns, as product 4 orders them.
const CUMULATIVE: &[Column] = &[
    column("N", "none", &[], &[]),
    column("R", "token protection, report-only", &["a"], &[]),
    column("T", "token protection on", &["b"], &[]),
    column("C", "companions d1, d2, d3", COMPANIONS, &[]),
    column("D", BOUND_TOKENS, COMPANIONS, &[DPOP, DPOP_NONCES]),
    column("K", DEVICE_KEY, COMPANIONS, &[DPOP, DPOP_NONCES, PROTOCOL_4]),
];

/// Each defence by itself.
const EACH_ALONE: &[Column] = &[
    column("T", "token protection on", &["b"], &[]),
    column("d1", "block unknown platforms", &["d1"], &[]),
    column("d2", "require a compliant device", &["d2"], &[]),
    column("d3", "block legacy authentication", &["d3"], &[]),
    column("D-alone", BOUND_TOKENS, &[], &[DPOP, DPOP_NONCES]),
    column("K-alone", DEVICE_KEY, &[], &[PROTOCOL_4]),
];

/// Which columns a table has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Columns {
    /// N, R, T, C, D, K: each with all before it.
    Cumulative,
    /// T, d1, d2, d3, D, K: each by itself.
    EachAlone,
}

impl Columns {
    /// The columns, in order.
    #[must_use]
    pub const fn all(self) -> &'static [Column] {
        match self {
            Self::Cumulative => CUMULATIVE,
            Self::EachAlone => EACH_ALONE,
        }
    }
}

/// What a cell says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CellVerdict {
    /// A resource served its content to the thief.
    GotIn,
    /// There is nothing to steal.
    NotApplicable,
    /// Every attempt was refused.
    Refused,
}

/// One cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    /// Column id.
    pub column: &'static str,
    /// Verdict.
    pub verdict: CellVerdict,
    /// The check that decided, if it refused.
    pub check: Option<Check>,
    /// AADSTS number, if the provider refused.
    pub code: Option<u32>,
    /// `signInSessionStatusCode` of the deciding request.
    pub status: Option<u16>,
    /// What `tplab run` opens it with.
    pub opens_with: String,
}

/// One row with its cells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Short name, as in an address.
    pub id: String,
    /// The loot and its use.
    pub title: String,
    /// The client the thief uses.
    pub client: String,
    /// The platform it claims.
    pub platform: String,
    /// The resource it is after.
    pub resource: String,
    /// Settings of the row, as `name=value`; they override the column's.
    pub settings: Vec<String>,
    /// One cell a column.
    pub cells: Vec<Cell>,
}

/// The whole table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// Columns in order.
    pub columns: Vec<Column>,
    /// Rows in order.
    pub rows: Vec<Row>,
}

/// A row as its file writes it.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RowFile {
    id: String,
    title: String,
    client: String,
    platform: String,
    resource: String,
    #[serde(default)]
    settings: Map<String, Value>,
    steps: Vec<Step>,
}

/// An address that opens no cell.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MatrixError {
    /// Not of the form `ROW@COLUMN`.
    #[error("`{0}` is not of the form `ROW@COLUMN`, for example `access-token@T`")]
    Form(String),
    /// The run itself.
    #[error(transparent)]
    Scenario(#[from] ScenarioError),
    /// No such column.
    #[error("there is no column `{name}`; did you mean `{nearest}`? There are {known}")]
    UnknownColumn {
        /// As given.
        name: String,
        /// The closest of them.
        nearest: String,
        /// All of them.
        known: String,
    },
    /// No such row.
    #[error("there is no row `{name}`; did you mean `{nearest}`? There are {known}")]
    UnknownRow {
        /// As given.
        name: String,
        /// The closest of them.
        nearest: String,
        /// All of them.
        known: String,
    },
}

impl MatrixError {
    /// The stable code of this error.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Form(_) => "sim.matrix_form",
            Self::Scenario(error) => error.code(),
            Self::UnknownColumn { .. } => "sim.matrix_column",
            Self::UnknownRow { .. } => "sim.matrix_row",
        }
    }
}

/// Plays the whole table. `progress` is told how many cells of how many are done.
///
/// # Errors
/// [`ScenarioError`] if a row cannot be played, which a test excludes for the built-in ones.
pub fn table(
    columns: Columns,
    seed: Seed,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<Table, ScenarioError> {
    table_with(columns, &RunOptions { seed, ..RunOptions::default() }, progress)
}

/// The same with settings that override row and column, such as `rules=2025-05`.
///
/// # Errors
/// As [`table`], and for a setting that does not exist.
pub fn table_with(
    columns: Columns,
    options: &RunOptions,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<Table, ScenarioError> {
    let columns = columns.all();
    let total = row_files().len() * columns.len();
    let mut rows = Vec::with_capacity(row_files().len());
    for file in row_files() {
        let mut cells = Vec::with_capacity(columns.len());
        for column in columns {
            cells.push(play(file, column, options)?);
            progress(rows.len() * columns.len() + cells.len(), total);
        }
        rows.push(file.row(cells));
    }
    Ok(Table { columns: columns.to_vec(), rows })
}

/// Opens one cell.
///
/// # Errors
/// [`MatrixError`].
pub fn cell(address: &str, options: &RunOptions) -> Result<Outcome, MatrixError> {
    let (row, column) =
        address.split_once('@').ok_or_else(|| MatrixError::Form(address.to_owned()))?;
    let all = || CUMULATIVE.iter().chain(EACH_ALONE);
    let found = row_files().iter().find(|file| file.id == row);
    let file = found.ok_or_else(|| MatrixError::UnknownRow {
        name: shorten(row),
        nearest: nearest(row, row_files().iter().map(|file| file.id.as_str())),
        known: row_files().iter().map(|file| file.id.as_str()).collect::<Vec<_>>().join(", "),
    })?;
    let column =
        all().find(|known| known.id == column).ok_or_else(|| MatrixError::UnknownColumn {
            name: shorten(column),
            nearest: nearest(column, all().map(|known| known.id)),
            known: "N, R, T, C, D, K, and alone d1, d2, d3, D-alone, K-alone".to_owned(),
        })?;
    Ok(run(&file.scenario(column), options)?)
}

/// A name of any length can be written; nothing is gained by comparing more of it than this.
fn shorten(name: &str) -> String {
    name.chars().take(100).collect()
}

fn nearest<'n>(name: &str, all: impl Iterator<Item = &'n str>) -> String {
    let name = shorten(name).to_lowercase();
    let distance = |known: &&str| strsim::levenshtein(&known.to_lowercase(), &name);
    all.min_by_key(distance).unwrap_or_default().to_owned()
}

fn play(file: &RowFile, column: &Column, options: &RunOptions) -> Result<Cell, ScenarioError> {
    let opens_with = format!("matrix:{}@{}", file.id, column.id);
    let outcome = run(&file.scenario(column), options)?;
    let verdict = match outcome.thief {
        ThiefOutcome::GotIn => CellVerdict::GotIn,
        ThiefOutcome::NotApplicable => CellVerdict::NotApplicable,
        ThiefOutcome::Refused => CellVerdict::Refused,
    };
    let deciding = outcome.deciding_step();
    let (check, code, status) =
        deciding.map_or((None, None, None), |step| (step.check, step.code, step.status));
    Ok(Cell { column: column.id, verdict, check, code, status, opens_with })
}

/// The rows, read once; a test makes sure that they can be read.
fn row_files() -> &'static [RowFile] {
    static ROWS: OnceLock<Vec<RowFile>> = OnceLock::new();
    ROWS.get_or_init(|| read_rows().unwrap_or_default())
}

fn read_rows() -> Result<Vec<RowFile>, json::JsonError> {
    json::from_slice(include_bytes!("../data/matrix.json"))
}

impl RowFile {
    fn row(&self, cells: Vec<Cell>) -> Row {
        let resource = Catalog::builtin().resource(&self.resource);
        let shown = |(name, value): (&String, &Value)| match value {
            Value::String(text) => format!("{name}={text}"),
            other => format!("{name}={other}"),
        };
        Row {
            id: self.id.clone(),
            title: self.title.clone(),
            client: self.client.clone(),
            platform: self.platform.clone(),
            resource: resource
                .map_or_else(|| self.resource.clone(), |one| one.display_name.clone()),
            settings: self.settings.iter().map(shown).collect(),
            cells,
        }
    }

    /// The row as a scenario under a column. Alice obtains the loot under the same settings.
    fn scenario(&self, column: &Column) -> Scenario {
        let mut settings = Map::new();
        settings.insert("policies".to_owned(), column.policies.to_vec().into());
        for (name, value) in column.settings {
            let value = match value {
                Set::On => Value::Bool(true),
                Set::To(text) => Value::from(*text),
            };
            settings.insert((*name).to_owned(), value);
        }
        settings.extend(self.settings.clone());
        Scenario {
            schema: None,
            name: format!("matrix:{}@{}", self.id, column.id),
            title: self.title.clone(),
            lesson: String::new(),
            settings,
            directory: None,
            devices: Vec::new(),
            steps: self.steps.clone(),
            expect: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rows_can_be_read() {
        assert_eq!(read_rows().unwrap().len(), 25);
    }

    #[test]
    fn addresses_that_open_nothing_say_what_there_is() {
        let options = RunOptions::default();
        for (address, code) in [
            ("access-token", "sim.matrix_form"),
            ("gold@T", "sim.matrix_row"),
            ("access-token@Z", "sim.matrix_column"),
        ] {
            assert_eq!(cell(address, &options).unwrap_err().code(), code, "{address}");
        }
    }

    #[test]
    fn a_slip_in_an_address_has_a_suggestion() {
        for (address, meant) in [
            ("dpop-proof@D", "dpop-proofs"),
            ("access-token@k-alone", "K-alone"),
            ("access-token@d-alnoe", "D-alone"),
        ] {
            match cell(address, &RunOptions::default()).unwrap_err() {
                MatrixError::UnknownColumn { nearest, .. }
                | MatrixError::UnknownRow { nearest, .. } => assert_eq!(nearest, meant),
                other => panic!("{address}: {other}"),
            }
        }
    }
}
