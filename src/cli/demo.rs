//! `tplab demo`

use clap::Args;
use token_protection_lab::base::stream::Seed;
use token_protection_lab::render::story::Story;
use token_protection_lab::sim::DEFAULT_SEED;

use super::failure::Failure;
use super::output::Finished;

#[derive(Args)]
#[command(after_help = "Examples:\n  tplab demo\n  tplab demo --seed 7\n  tplab demo --json")]
pub(crate) struct Demo {
    /// Same seed, same bytes
    #[arg(long, value_name = "N", default_value_t = DEFAULT_SEED.0)]
    seed: u64,
    /// Print JSON, with every message
    #[arg(long)]
    json: bool,
}

impl Demo {
    pub(crate) fn run(self) -> Result<Finished, Failure> {
        let story = Story::play(Seed(self.seed))?;
        match self.json {
            true => Finished::json(&story.to_json()),
            false => Ok(Finished::page(story.to_page())),
        }
    }
}
