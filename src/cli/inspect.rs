//! `tplab inspect`

use clap::Args;
use token_protection_lab::render::inspect::{MAX_TEXT, inspect};

use super::failure::Failure;
use super::input::read_stdin;
use super::output::Finished;

#[derive(Args)]
#[command(after_help = "\
Examples:
  tplab inspect eyJ0eXAi...
  tplab inspect < policy.json
  tplab inspect --json eyJ0eXAi...

Nothing is verified: inspecting takes no keys, and the output says which checks were not made.")]
pub(crate) struct Inspect {
    /// The text; standard input if there is none
    #[arg(value_name = "TOKEN", allow_hyphen_values = true)]
    token: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Inspect {
    pub(crate) fn run(self) -> Result<Finished, Failure> {
        let text = match self.token {
            Some(token) if token.len() > MAX_TEXT => return Err(Failure::TooLong),
            Some(token) => token,
            None => read_stdin(MAX_TEXT)?,
        };
        let found = inspect(&text)?;
        match self.json {
            true => Finished::json(&found),
            false => Ok(Finished::page(found.to_page())),
        }
    }
}
