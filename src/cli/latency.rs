//! `tplab latency`

use clap::Args;
use token_protection_lab::base::stream::Seed;
use token_protection_lab::render::latency::LatencyReport;

use super::failure::Failure;
use super::output::Finished;

#[derive(Args)]
#[command(after_help = "Examples:\n  tplab latency\n  tplab latency --svg > latency.svg")]
pub(crate) struct Latency {
    /// Same seed, same bytes
    #[arg(long, default_value_t = 1, value_name = "N")]
    seed: u64,
    /// Print a chart as SVG
    #[arg(long, conflicts_with = "json")]
    svg: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Latency {
    pub(crate) fn run(self) -> Result<Finished, Failure> {
        let report = LatencyReport::of(Seed(self.seed));
        if self.json {
            return Finished::json(&report);
        }
        if self.svg {
            return Ok(Finished::raw(report.to_svg()));
        }
        Ok(Finished::page(report.to_page()))
    }
}
