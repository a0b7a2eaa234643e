//! `tplab run`

use clap::Args;
use token_protection_lab::base::stream::Seed;
use token_protection_lab::render::json::OutcomeJson;
use token_protection_lab::render::outcome::{outcome_page, trace_page};
use token_protection_lab::sim::{
    DEFAULT_SEED, Outcome, RunOptions, Scenario, library, matrix, run,
};

use super::failure::Failure;
use super::input::read_file;
use super::log::LogTo;
use super::output::{Finished, Verdict};
use super::suggest::nearest;

/// Longer scenario files are not read, in octets.
const MAX_FILE: usize = 1024 * 1024;

#[derive(Args)]
#[command(after_help = "\
Examples:
  tplab run policy-asks-for-a-proof
  tplab run policy-asks-for-a-proof --set policies= --trace
  tplab run matrix:refresh-token@T
  tplab run my-scenario.json --set nonce.single_use=true
  tplab run policy-asks-for-a-proof --log - --log-format log-analytics")]
pub(crate) struct Run {
    /// A name of `tplab list`, a file, or matrix:ROW@COLUMN
    target: String,
    /// Change a setting (tplab list --settings); may repeat
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// The rules of a date (tplab rules list); short for --set rules=ID
    #[arg(long, value_name = "ID")]
    rules: Option<String>,
    /// Same seed, same bytes
    #[arg(long, value_name = "N", default_value_t = DEFAULT_SEED.0)]
    seed: u64,
    /// Print every message with its bytes as well
    #[arg(long)]
    trace: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    log: LogTo,
}

impl Run {
    pub(crate) fn run(self) -> Result<Finished, Failure> {
        let outcome = self.outcome()?;
        let verdict = match outcome.as_expected() {
            true => Verdict::AsExpected,
            false => Verdict::Otherwise,
        };
        let finished = match self.log.write(&outcome.records)? {
            Some(lines) => Finished::raw(lines),
            None => self.finished(&outcome)?,
        };
        Ok(finished.with(verdict))
    }

    fn finished(&self, outcome: &Outcome) -> Result<Finished, Failure> {
        if self.json {
            let json = OutcomeJson::of(outcome);
            return Finished::json(&if self.trace { json.with_trace(outcome) } else { json });
        }
        let mut page = outcome_page(outcome);
        if self.trace {
            page.append(trace_page(outcome));
        }
        Ok(Finished::page(page))
    }

    fn outcome(&self) -> Result<Outcome, Failure> {
        if self.log.is_standard_output() && (self.json || self.trace) {
            return Err(Failure::OutputTaken);
        }
        let rules = self.rules.as_deref().map(super::rules::setting).transpose()?;
        let options = RunOptions {
            seed: Seed(self.seed),
            settings: rules.into_iter().chain(self.set.iter().cloned()).collect(),
            ..RunOptions::default()
        };
        if let Some(address) = self.target.strip_prefix("matrix:") {
            return Ok(matrix::cell(address, &options)?);
        }
        if let Some(scenario) = library::named(&self.target) {
            return Ok(run(scenario, &options)?);
        }
        if !self.looks_like_a_file() {
            let names = library::all().iter().map(|scenario| scenario.name.as_str());
            let nearest = nearest(&self.target, names).to_owned();
            return Err(Failure::UnknownScenario { name: self.target.clone(), nearest });
        }
        let text = read_file(&self.target, MAX_FILE)?;
        let refuse = |error| Failure::ScenarioFile { path: self.target.clone(), error };
        let scenario = Scenario::from_json(text.as_bytes()).map_err(refuse)?;
        run(&scenario, &options).map_err(refuse)
    }

    fn looks_like_a_file(&self) -> bool {
        let path = std::path::Path::new(&self.target);
        path.components().count() > 1 || path.extension().is_some() || path.exists()
    }
}
