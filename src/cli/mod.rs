//! The edge: arguments in, text out, and the exit code: 0 done, 1 an expectation failed, 2 bad
//! usage or refused input.

mod completions;
mod demo;
mod failure;
mod input;
mod inspect;
mod latency;
mod lint;
mod list;
mod log;
mod man;
mod matrix;
mod output;
mod progress;
mod report;
mod rollout;
mod rules;
mod run;
mod schema;
mod suggest;
mod tenant;
mod whatif;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use failure::Failure;
use output::Finished;

/// Why a stolen token fails on the wrong device, and when it does not
#[derive(Parser)]
#[command(
    name = "tplab",
    version,
    arg_required_else_help = true,
    max_term_width = 80,
    long_about = ABOUT,
    after_help = EXIT_CODES
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

const ABOUT: &str = "\
Why a stolen token fails on the wrong device, and when it does not.

A lab with real cryptography: an identity provider, device key stores, a broker,
resource servers and a thief run in one process. It opens no socket, needs no
file, and has no connection with Microsoft.";

const EXIT_CODES: &str = "\
Start with: tplab demo

Exit codes: 0 done, 1 an expectation failed, 2 bad usage or refused input.
Results go to standard output, everything else to standard error.
NO_COLOR is honoured.";

#[derive(Subcommand)]
enum Command {
    /// Tell the story of a stolen token, with real bytes
    Demo(demo::Demo),
    /// List scenarios, apps, devices, settings or checks
    List(list::List),
    /// Run a scenario, or one cell of the matrix
    Run(run::Run),
    /// Play every theft against every defence
    Matrix(matrix::Matrix),
    /// List, show and compare the dated rules of token protection
    Rules(rules::Rules),
    /// Say what a token, policy, record or scenario is and holds
    Inspect(inspect::Inspect),
    /// Check policies for gaps and lock-outs
    Lint(lint::Lint),
    /// Say which policies would apply to a sign-in that a file describes
    #[command(name = "whatif")]
    WhatIf(whatif::WhatIf),
    /// Count what a sign-in log says of token protection
    Report(Box<report::Report>),
    /// Show what each way of proving possession costs a device in time
    Latency(latency::Latency),
    /// Rehearse a roll-out of token protection
    Rollout(Box<rollout::Rollout>),
    /// Print shell completions
    Completions(completions::Completions),
    /// Print a manual page
    Man(man::Man),
    /// Print the JSON Schema of a file format
    Schema(schema::Schema),
}

/// Runs the command of this process.
pub(crate) fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // A reader that has gone is no reason to fail.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    match arguments.command.run() {
        Ok(finished) => output::print(&finished),
        Err(failure) => output::complain(&failure),
    }
}

impl Command {
    fn run(self) -> Result<Finished, Failure> {
        match self {
            Self::Demo(demo) => demo.run(),
            Self::List(list) => list.run(),
            Self::Run(run) => run.run(),
            Self::Matrix(matrix) => matrix.run(),
            Self::Rules(rules) => rules.run(),
            Self::Inspect(inspect) => inspect.run(),
            Self::Lint(lint) => lint.run(),
            Self::WhatIf(whatif) => whatif.run(),
            Self::Report(report) => report.run(),
            Self::Latency(latency) => latency.run(),
            Self::Rollout(rollout) => rollout.run(),
            Self::Completions(completions) => completions.run(),
            Self::Man(man) => man.run(),
            Self::Schema(schema) => schema.run(),
        }
    }
}
