//! Why a command did nothing: one line on standard error and exit code 2.

use token_protection_lab::base::Timestamp;
use token_protection_lab::directory::DirectoryError;
use token_protection_lab::policy::PolicyError;
use token_protection_lab::policy::lint::NotInDirectory;
use token_protection_lab::policy::whatif::WhatIfError;
use token_protection_lab::render::inspect::{InspectError, MAX_TEXT};
use token_protection_lab::render::page::shorten;
use token_protection_lab::rollout::RolloutError;
use token_protection_lab::signin::query::QueryError;
use token_protection_lab::signin::read::{Fault, ReadError};
use token_protection_lab::sim::ScenarioError;
use token_protection_lab::sim::matrix::MatrixError;

/// Bad usage or refused input.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// A directory file that cannot be read.
    #[error("{path}: {error}")]
    Directory { path: String, error: DirectoryError },
    /// An emergency account that nobody knows.
    #[error("{0}")]
    Emergency(#[from] NotInDirectory),
    /// A window that ends before it begins.
    #[error("--from {from} is not before --to {to}")]
    EmptyWindow { from: Timestamp, to: Timestamp },
    /// A file that cannot be read as text.
    #[error("{path}: {why}")]
    File { path: String, why: String },
    /// Standard input that cannot be read as text.
    #[error("standard input: {0}")]
    Input(String),
    /// A text that cannot be inspected.
    #[error("{0}")]
    Inspect(#[from] InspectError),
    /// A result that is no JSON; it cannot happen with the types that are printed.
    #[error("the result cannot be written as JSON")]
    Json,
    /// A record of a log that cannot be read.
    #[error("{name}: {error} [{}]", error.code())]
    Log { name: String, error: ReadError },
    /// An address that opens no cell.
    #[error("{0}")]
    Matrix(#[from] MatrixError),
    /// A manual page of a command that does not exist.
    #[error("there is no command `{name}`; there are {known}")]
    NoCommand { name: String, known: String },
    /// A rule pack that does not exist.
    #[error("there is no rule pack `{name}`; there are {known}")]
    NoRules { name: String, known: String },
    /// Policies that cannot be evaluated as they were meant.
    #[error("{path}: {error}")]
    Policies { path: String, error: PolicyError },
    /// Two results for one standard output.
    #[error("--log - prints the records alone; leave out --json and --trace, or name a file")]
    OutputTaken,
    /// A Parquet file has its index at the end of a file, and there are two files.
    #[cfg(feature = "parquet")]
    #[error("Parquet cannot go to standard output; name a file with --log FILE")]
    ParquetToStandardOutput,
    /// A sign-in to be shown, and no log to find it in.
    #[error("no log: `tplab report show ID LOG` or `tplab report show --correlation ID LOG`")]
    NoLog,
    /// No such sign-in.
    #[error("no record of the logs has the id `{id}`")]
    NoRecord { id: String },
    /// Standard output that takes nothing.
    #[error("standard output: {0}")]
    Output(std::io::Error),
    /// A result that would not fit.
    #[error("{error} [{}]", error.code())]
    Query { error: QueryError },
    /// A record that cannot be shown.
    #[error("{0}")]
    Record(Fault),
    /// A roll-out that cannot be rehearsed.
    #[error("{0}")]
    Rollout(#[from] RolloutError),
    /// A plan or a result file that cannot be used.
    #[error("{path}: {error}")]
    RolloutFile { path: String, error: RolloutError },
    /// A scenario that cannot be run.
    #[error("{0}")]
    Scenario(#[from] ScenarioError),
    /// A scenario file that cannot be run.
    #[error("{path}: {error}")]
    ScenarioFile { path: String, error: ScenarioError },
    /// An argument that is too long to look at.
    #[error("the argument is longer than {MAX_TEXT} octets")]
    TooLong,
    /// No such device.
    #[error("the directory has no device `{name}`")]
    UnknownDevice { name: String },
    /// No such app.
    #[error(
        "`{name}` is no app of the catalogue; did you mean `{nearest}`? (see `tplab list --apps`)"
    )]
    UnknownClient { name: String, nearest: String },
    /// A rule pack contradicts the catalogue; its tests exclude that.
    #[error("{0}")]
    Population(#[from] token_protection_lab::sim::modelled::UnknownInSituation),
    /// No such rule pack.
    #[error(
        "there is no rule pack `{}`; did you mean `{nearest}`? (see `tplab rules list`)",
        shorten(id, 60)
    )]
    UnknownRulePack { id: String, nearest: String },
    /// No such scenario.
    #[error("`{name}` is no scenario and no file; did you mean `{nearest}`? (see `tplab list`)")]
    UnknownScenario { name: String, nearest: String },
    /// A described sign-in that cannot be evaluated.
    #[error("{path}: {error}")]
    WhatIf { path: String, error: WhatIfError },
}

impl Failure {
    /// A file that cannot be read or written, in the system's words.
    pub(crate) fn file(path: &str, error: &std::io::Error) -> Self {
        Self::File { path: path.to_owned(), why: super::input::in_words(error) }
    }
}
