//! Newline-delimited JSON: one record a line, whole lines only.

use std::io::{self, Write};

use serde::Serialize;

use super::diagnostic::Envelope;
use super::graph::SignIn;
use super::log_analytics::{EntryTexts, Row};
use super::record::SignInRecord;

/// In which shape records are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Shape {
    /// The diagnostic export: [`Envelope`].
    Diagnostic,
    /// Graph beta `signIn`: [`SignIn`].
    Graph,
    /// Rows of the two Log Analytics tables: [`Row`].
    LogAnalytics,
}

/// Writes records, each by one call of [`Write::write_all`] with a complete line and its newline.
///
/// A process that dies between two records leaves whole lines; one that dies inside a write leaves
/// one unfinished last line, which readers take as a warning. To keep that promise, hand over the
/// file itself and not a `BufWriter`, whose own writes end anywhere. The line is built in a buffer
/// that is used again for the next.
#[derive(Debug)]
pub struct Writer<W> {
    to: W,
    shape: Shape,
    line: Vec<u8>,
    entries: EntryTexts,
    records: u64,
}

impl<W: Write> Writer<W> {
    /// A writer of records in `shape`.
    #[must_use]
    pub const fn new(to: W, shape: Shape) -> Self {
        Self { to, shape, line: Vec::new(), entries: EntryTexts::new(), records: 0 }
    }

    /// Writes one record.
    ///
    /// # Errors
    /// What the sink answers. The last line may then be unfinished; the record is not counted.
    pub fn write(&mut self, record: &SignInRecord) -> io::Result<()> {
        self.line.clear();
        match self.shape {
            Shape::Diagnostic => append(&mut self.line, &Envelope::new(record)),
            Shape::Graph => append(&mut self.line, &SignIn::new(record)),
            Shape::LogAnalytics => Row::new(record).append_to(&mut self.line, &mut self.entries),
        }?;
        self.line.push(b'\n');
        self.to.write_all(&self.line)?;
        self.records += 1;
        Ok(())
    }

    /// How many records were written.
    #[must_use]
    pub const fn records(&self) -> u64 {
        self.records
    }

    /// Writes what comes next to another sink, and hands back the one so far, not flushed.
    pub fn go_on_with(&mut self, to: W) -> W {
        std::mem::replace(&mut self.to, to)
    }

    /// Flushes the sink and hands it back.
    ///
    /// # Errors
    /// What the sink answers.
    pub fn finish(mut self) -> io::Result<W> {
        self.to.flush()?;
        Ok(self.to)
    }
}

fn append(line: &mut Vec<u8>, value: &impl Serialize) -> io::Result<()> {
    Ok(serde_json::to_writer(line, value)?)
}
