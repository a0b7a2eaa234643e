//! `tplab completions`

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::failure::Failure;
use super::output::Finished;

#[derive(Args)]
#[command(after_help = "\
Examples:
  tplab completions bash > ~/.local/share/bash-completion/completions/tplab
  tplab completions fish > ~/.config/fish/completions/tplab.fish")]
pub(crate) struct Completions {
    /// The shell
    shell: Shell,
}

impl Completions {
    pub(crate) fn run(self) -> Result<Finished, Failure> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut super::Arguments::command(), "tplab", &mut script);
        Ok(Finished::raw(String::from_utf8_lossy(&script).into_owned()))
    }
}
