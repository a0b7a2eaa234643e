//! `tplab man`

use clap::{Args, CommandFactory};

use super::failure::Failure;
use super::output::Finished;

#[derive(Args)]
#[command(after_help = "\
Examples:
  tplab man > tplab.1
  tplab man run > tplab-run.1
  tplab man report show > tplab-report-show.1")]
pub(crate) struct Man {
    /// The page of this command; the page of `tplab` itself if there is none
    command: Vec<String>,
}

impl Man {
    pub(crate) fn run(self) -> Result<Finished, Failure> {
        let mut page = super::Arguments::command();
        // Sub-commands get their full names only now.
        page.build();
        for name in &self.command {
            page = match page.find_subcommand(name) {
                Some(command) => command.clone(),
                None => return Err(no_command(name, &page)),
            };
        }
        let mut roff = Vec::new();
        clap_mangen::Man::new(page).render(&mut roff).map_err(Failure::Output)?;
        Ok(Finished::raw(String::from_utf8_lossy(&roff).into_owned()))
    }
}

fn no_command(name: &str, within: &clap::Command) -> Failure {
    let known: Vec<&str> = within.get_subcommands().map(clap::Command::get_name).collect();
    let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
    Failure::NoCommand { name: name.to_owned(), known }
}
