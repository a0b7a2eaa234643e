//! Standard output and standard error, and the exit code that goes with them.

use std::io::{ErrorKind, Write};
use std::process::ExitCode;

use serde::Serialize;
use token_protection_lab::render::page::{Page, printable};

use super::failure::Failure;

/// What a command has to say.
pub(crate) struct Finished {
    text: Text,
    verdict: Verdict,
}

enum Text {
    Page(Page),
    Raw(String),
}

/// Whether everything came out as expected.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Yes, or nothing was expected.
    AsExpected,
    /// Somebody pressed Ctrl-C: exit code 130.
    Interrupted,
    /// An expectation failed: exit code 1.
    Otherwise,
}

impl Finished {
    /// Text for people, in colour where that is wanted.
    pub(crate) const fn page(page: Page) -> Self {
        Self { text: Text::Page(page), verdict: Verdict::AsExpected }
    }

    /// Text as it is.
    pub(crate) const fn raw(text: String) -> Self {
        Self { text: Text::Raw(text), verdict: Verdict::AsExpected }
    }

    /// Indented JSON with a line break at the end.
    pub(crate) fn json(value: &impl Serialize) -> Result<Self, Failure> {
        let mut text = serde_json::to_string_pretty(value).map_err(|_| Failure::Json)?;
        text.push('\n');
        Ok(Self::raw(text))
    }

    /// The same with another verdict.
    pub(crate) const fn with(mut self, verdict: Verdict) -> Self {
        self.verdict = verdict;
        self
    }
}

/// Prints the result. A reader that has gone (`tplab matrix | head`) is no failure.
pub(crate) fn print(finished: &Finished) -> ExitCode {
    let written = match &finished.text {
        // Takes the styles out where there is no terminal, or where NO_COLOR says so.
        Text::Page(page) => write(&mut anstream::stdout().lock(), &page.to_ansi()),
        Text::Raw(text) => write(&mut std::io::stdout().lock(), text),
    };
    match written {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => complain(&Failure::Output(error)),
        _ => match finished.verdict {
            Verdict::AsExpected => ExitCode::SUCCESS,
            Verdict::Interrupted => ExitCode::from(130),
            Verdict::Otherwise => ExitCode::from(1),
        },
    }
}

fn write(to: &mut impl Write, text: &str) -> std::io::Result<()> {
    to.write_all(text.as_bytes())?;
    to.flush()
}

/// Prints one line on standard error: exit code 2.
pub(crate) fn complain(failure: &Failure) -> ExitCode {
    warn(&failure.to_string());
    ExitCode::from(2)
}

/// Prints one line on standard error.
pub(crate) fn warn(text: &str) {
    let line = printable(text).replace('\n', " ");
    // Nobody is left to tell if this fails.
    let _ = writeln!(anstream::stderr(), "tplab: {line}");
}
