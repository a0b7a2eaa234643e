//! `tplab lint`

use clap::Args;
use token_protection_lab::policy::lint::{Emergency, LintInput, lint};
use token_protection_lab::render::lint::{Groups, LintReport};

use super::failure::Failure;
use super::output::{Finished, Verdict};
use super::tenant;

#[derive(Args)]
#[command(after_help = "\
Examples:
  tplab lint policies/
  tplab lint policies/ --directory directory.json --rules 2025-05
  tplab lint policies/ --directory directory.json \\
    --emergency breakglass@contoso.example

Exit code 1: at least one finding is an error.")]
pub(crate) struct Lint {
    /// Policies exported from Graph; a folder stands for its .json files
    #[arg(required = true, value_name = "FILE|DIR")]
    policies: Vec<String>,
    /// Resolve groups, and look at users and devices
    #[arg(long, value_name = "FILE")]
    directory: Option<String>,
    /// The rules of a date (default: the newest)
    #[arg(long, value_name = "ID")]
    rules: Option<String>,
    /// An account or group that must always get in; may repeat
    #[arg(long, value_name = "NAME|ID")]
    emergency: Vec<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Lint {
    pub(crate) fn run(self) -> Result<Finished, Failure> {
        let rules = tenant::rules(self.rules.as_deref())?;
        let directory = tenant::directory(self.directory.as_deref())?;
        let policies = tenant::policies(&self.policies)?;
        let mut emergency = Emergency::default();
        for name in &self.emergency {
            emergency.add(name, directory.as_ref())?;
        }
        let input = LintInput {
            policies: &policies,
            directory: directory.as_ref(),
            rules,
            emergency: &emergency,
        };
        let groups = match directory {
            None => Groups::ByName,
            Some(_) => Groups::Resolved,
        };
        let report = LintReport::new(&rules.id, policies.len(), groups, lint(&input));
        let verdict = match report.counts.error {
            0 => Verdict::AsExpected,
            _ => Verdict::Otherwise,
        };
        let finished = match self.json {
            true => Finished::json(&report)?,
            false => Finished::page(report.to_page()),
        };
        Ok(finished.with(verdict))
    }
}
