//! `tplab rollout`

mod log;
mod merge;
#[cfg(feature = "parquet")]
mod parquet;
mod play;
mod setup;
mod sink;

use std::io::Write as _;

use clap::{Args, Subcommand, ValueEnum};
use token_protection_lab::render::rollout::{RolloutJson, rollout_html, rollout_page};
use token_protection_lab::rollout::{Counts, Rehearsal, Shard, ShardResult};

use super::failure::Failure;
use super::output::{Finished, Verdict};
use super::progress::Progress;
use play::Played;
use setup::Setup;
use sink::Sink;

#[derive(Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "\
Examples:
  tplab rollout
  tplab rollout plan.json --html report.html
  tplab rollout plan.json --log signins.ndjson
  tplab rollout plan.json --shard 2/7 --json > shard-2.json
  tplab rollout merge shard-*.json

Exit codes: 0 done, 2 bad usage or refused input, 130 stopped by Ctrl-C."
)]
pub(crate) struct Rollout {
    #[command(subcommand)]
    part: Option<Part>,
    /// The plan; without one, the lab's own
    plan: Option<String>,
    /// Users, groups and devices instead of a made-up fleet
    #[arg(long, value_name = "FILE")]
    directory: Option<String>,
    /// Write the fleet as a directory file, and stop
    #[arg(long, value_name = "FILE", conflicts_with = "directory")]
    write_directory: Option<String>,
    /// Instead of the plan's seed; same seed, same bytes
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Sign-ins in all, instead of what the plan comes to
    #[arg(long, value_name = "N")]
    sign_ins: Option<u64>,
    /// Write every sign-in record to this file
    #[arg(long, value_name = "FILE")]
    log: Option<String>,
    /// The shape of the records, one line each
    #[arg(long, value_name = "FORMAT", value_enum, requires = "log",
        default_value_t = LogFormat::LogAnalytics)]
    log_format: LogFormat,
    /// Only part i of n, by whole users
    #[arg(long, value_name = "I/N", default_value = "1/1")]
    shard: Shard,
    /// Go on with a log that was interrupted
    #[arg(long, requires = "log")]
    resume: bool,
    /// Threads; the bytes are the same for any number
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=64))]
    threads: u16,
    /// Re-run so many sign-ins with real cryptography first, and compare
    #[arg(long, value_name = "N", default_value_t = 24)]
    verify: usize,
    /// Write the report as one HTML page
    #[arg(long, value_name = "FILE")]
    html: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Subcommand)]
enum Part {
    /// Put the results of all shards together
    Merge(merge::Merge),
}

/// The shape of records in a log.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum LogFormat {
    /// The diagnostic export
    Diagnostic,
    /// Graph beta signIn
    Graph,
    /// Rows of the two Log Analytics tables
    LogAnalytics,
    /// Those rows as Parquet, one file a table
    #[cfg(feature = "parquet")]
    Parquet,
}

impl Rollout {
    pub(crate) fn run(self) -> Result<Finished, Failure> {
        if let Some(Part::Merge(merge)) = self.part {
            return merge.run();
        }
        let setup = Setup::read(self.plan.as_deref(), self.directory.as_deref(), self.seed)?;
        if let Some(path) = &self.write_directory {
            return setup.write_directory(path);
        }
        let rehearsal = setup.rehearsal(self.sign_ins)?;
        let verified = self.verify(&rehearsal)?;
        let mut counts = Counts::new(&rehearsal);
        match self.play(&setup, &rehearsal, &mut counts)? {
            Played::All => {}
            Played::UpTo(number) => return Ok(self.stopped(number, rehearsal.total())),
        }
        let shard = (!self.shard.is_whole()).then(|| ShardResult {
            shard: self.shard,
            plan_file: rehearsal.plan().clone(),
            sign_ins: rehearsal.total(),
            directory: setup.directory_digest(),
            counts: counts.to_file(),
        });
        finished(&rehearsal, &counts, verified, shard, self.html.as_deref(), self.json)
    }

    fn verify(&self, rehearsal: &Rehearsal) -> Result<usize, Failure> {
        let sample = rehearsal.sample(self.verify);
        let mut progress = Progress::start();
        rehearsal.verify(&sample, &mut |done, total| progress.tell(done, total))?;
        Ok(sample.len())
    }

    fn play(
        &self,
        setup: &Setup,
        rehearsal: &Rehearsal,
        counts: &mut Counts,
    ) -> Result<Played, Failure> {
        let sink = match &self.log {
            None => Sink::Nowhere,
            Some(path) => {
                let run = setup.digest(rehearsal, self.shard, self.log_format);
                Sink::open(path, self.log_format, run, self.resume)?
            }
        };
        play::play(rehearsal, self.shard, usize::from(self.threads), sink, counts)
    }

    fn stopped(&self, number: u64, total: u64) -> Finished {
        let again = match (&self.log, self.log_format) {
            (None, _) => "",
            #[cfg(feature = "parquet")]
            (Some(_), LogFormat::Parquet) => "; the files hold whole rows of those",
            (Some(_), _) => "; the log holds whole lines, and --resume goes on",
        };
        // Nobody is left to tell if this fails.
        let _ = writeln!(
            anstream::stderr(),
            "tplab: stopped after {number} of {total} sign-ins{again}"
        );
        Finished::raw(String::new()).with(Verdict::Interrupted)
    }
}

/// The report of complete counts, as it was asked for.
fn finished(
    rehearsal: &Rehearsal,
    counts: &Counts,
    verified: usize,
    shard: Option<ShardResult>,
    html: Option<&str>,
    json: bool,
) -> Result<Finished, Failure> {
    let report = rehearsal.report(counts)?;
    if let Some(path) = html {
        write_file(path, rollout_html(&report).as_bytes())?;
    }
    if json {
        return Finished::json(&RolloutJson::of(&report, verified, shard));
    }
    Ok(Finished::page(rollout_page(&report, verified)))
}

/// Writes a whole file.
fn write_file(path: &str, octets: &[u8]) -> Result<(), Failure> {
    std::fs::write(path, octets).map_err(|error| Failure::file(path, &error))
}
