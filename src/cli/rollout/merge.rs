//! `tplab rollout merge`

use clap::Args;
use token_protection_lab::base::json;
use token_protection_lab::rollout::{RolloutError, ShardResult, merge};

use super::super::failure::Failure;
use super::super::input::read_file;
use super::super::output::Finished;
use super::setup::Setup;

/// Longer results are not read, in octets.
const MAX_RESULT: usize = 256 * 1024 * 1024;

#[derive(Args)]
#[command(after_help = "Example:\n  tplab rollout merge shard-1.json shard-2.json")]
pub(crate) struct Merge {
    /// What every shard printed with --json
    #[arg(required = true)]
    results: Vec<String>,
    /// The directory of the run, if it had one
    #[arg(long, value_name = "FILE")]
    directory: Option<String>,
    /// Write the report as one HTML page
    #[arg(long, value_name = "FILE")]
    html: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Merge {
    pub(crate) fn run(self) -> Result<Finished, Failure> {
        let mut results = Vec::new();
        let mut verified = 0;
        for path in &self.results {
            let text = read_file(path, MAX_RESULT)?;
            let refuse = |error: json::JsonError| Failure::RolloutFile {
                path: path.clone(),
                error: error.into(),
            };
            let result: ShardFile = json::from_slice(text.as_bytes()).map_err(refuse)?;
            verified = result.verified;
            results.push((path.clone(), result.shard_result));
        }
        let missing = || RolloutError::Shard { path: "shards".to_owned(), why: "there are none" };
        let (_, first) = results.first().ok_or_else(missing)?;
        first.plan_file.check()?;
        let directory = self.directory.as_deref();
        let digest = first.directory.as_deref();
        let setup = Setup::of_result(first.plan_file.clone(), digest, directory)?;
        let rehearsal = setup.rehearsal(Some(first.sign_ins))?;
        let counts = merge(&rehearsal, &results)?;
        super::finished(&rehearsal, &counts, verified, None, self.html.as_deref(), self.json)
    }
}

/// The members of a result that are needed here.
#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct ShardFile {
    verified: usize,
    shard_result: ShardResult,
}
