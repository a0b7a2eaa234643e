//! `tplab schema`

use clap::{Args, ValueEnum};
use schemars::schema_for;
use token_protection_lab::directory::directory_schema;
use token_protection_lab::rollout::plan_schema;
use token_protection_lab::sim::{Scenario, Settings};

use super::failure::Failure;
use super::output::Finished;

#[derive(Args)]
#[command(after_help = "Example:\n  tplab schema scenario > scenario.schema.json")]
pub(crate) struct Schema {
    /// The format
    format: Format,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    Directory,
    Rollout,
    Scenario,
    Settings,
}

impl Schema {
    pub(crate) fn run(self) -> Result<Finished, Failure> {
        Finished::json(&match self.format {
            Format::Directory => directory_schema(),
            Format::Rollout => plan_schema(),
            Format::Scenario => schema_for!(Scenario),
            Format::Settings => schema_for!(Settings),
        })
    }
}
