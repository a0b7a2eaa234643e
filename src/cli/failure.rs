//! Why a command did nothing: one line on standard error and exit code 2.

use token_protection_lab::render::inspect::{InspectError, MAX_TEXT};
use token_protection_lab::rollout::RolloutError;
use token_protection_lab::sim::ScenarioError;
use token_protection_lab::sim::matrix::MatrixError;

/// Bad usage or refused input.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
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
    /// An address that opens no cell.
    #[error("{0}")]
    Matrix(#[from] MatrixError),
    /// A manual page of a command that does not exist.
    #[error("there is no command `{name}`; there are {known}")]
    NoCommand { name: String, known: String },
    /// Standard output that takes nothing.
    #[error("standard output: {0}")]
    Output(std::io::Error),
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
    /// No such scenario.
    #[error("`{name}` is no scenario and no file; did you mean `{nearest}`? (see `tplab list`)")]
    UnknownScenario { name: String, nearest: String },
}

impl Failure {
    /// A file that cannot be read or written, in the system's words.
    pub(crate) fn file(path: &str, error: &std::io::Error) -> Self {
        Self::File { path: path.to_owned(), why: super::input::in_words(error) }
    }
}
