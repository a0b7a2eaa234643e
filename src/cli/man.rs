//! `tplab man`

use clap::{Args, CommandFactory};

use super::failure::Failure;
use super::output::Finished;

#[derive(Args)]
#[command(after_help = "Examples:\n  tplab man > tplab.1\n  tplab man run > tplab-run.1")]
pub(crate) struct Man {
    /// The page of this command; the page of `tplab` itself if there is none
    command: Option<String>,
}

impl Man {
    pub(crate) fn run(self) -> Result<Finished, Failure> {
        let mut whole = super::Arguments::command();
        // Sub-commands get their full names only now.
        whole.build();
        let page = match &self.command {
            None => whole,
            Some(name) => match whole.find_subcommand(name) {
                Some(command) => command.clone(),
                None => return Err(no_command(name, &whole)),
            },
        };
        let mut roff = Vec::new();
        clap_mangen::Man::new(page).render(&mut roff).map_err(Failure::Output)?;
        Ok(Finished::raw(String::from_utf8_lossy(&roff).into_owned()))
    }
}

fn no_command(name: &str, whole: &clap::Command) -> Failure {
    let known: Vec<&str> = whole.get_subcommands().map(clap::Command::get_name).collect();
    Failure::NoCommand { name: name.to_owned(), known: known.join(", ") }
}
