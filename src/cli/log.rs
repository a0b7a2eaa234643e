//! Records as a log: one line each, to a file or standard output, or as Parquet files.

use std::fs::File;
use std::io::{self, Write};

use clap::{Args, ValueEnum};
use token_protection_lab::signin::SignInRecord;
#[cfg(feature = "parquet")]
use token_protection_lab::signin::log_analytics::Table;
use token_protection_lab::signin::ndjson::{Shape, Writer};
#[cfg(feature = "parquet")]
use token_protection_lab::signin::parquet;

use super::failure::Failure;
use super::input::in_words;

/// Where records go besides the result.
#[derive(Args)]
pub(crate) struct LogTo {
    /// Write the sign-in records to a file, or with - to standard output alone
    #[arg(long = "log", value_name = "FILE")]
    path: Option<String>,
    /// The shape of the records, one line each
    #[arg(long = "log-format", value_name = "FORMAT", default_value = "graph", requires = "path")]
    format: LogFormat,
}

/// The shapes that a log can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// The diagnostic export
    Diagnostic,
    /// Graph beta signIn
    Graph,
    /// Rows of the two Log Analytics tables
    LogAnalytics,
    /// Those rows as Parquet: FILE-SigninLogs.parquet and the like, one file a table
    #[cfg(feature = "parquet")]
    Parquet,
}

impl LogTo {
    /// Whether standard output belongs to the records.
    pub(crate) fn is_standard_output(&self) -> bool {
        self.path.as_deref() == Some("-")
    }

    /// Writes the records, if that was asked for. Text for standard output is handed back.
    pub(crate) fn write(&self, records: &[SignInRecord]) -> Result<Option<String>, Failure> {
        let Some(path) = &self.path else { return Ok(None) };
        let shape = match self.format {
            LogFormat::Diagnostic => Shape::Diagnostic,
            LogFormat::Graph => Shape::Graph,
            LogFormat::LogAnalytics => Shape::LogAnalytics,
            #[cfg(feature = "parquet")]
            LogFormat::Parquet if path == "-" => return Err(Failure::ParquetToStandardOutput),
            #[cfg(feature = "parquet")]
            LogFormat::Parquet => return columns(path, records).map(|()| None),
        };
        if path == "-" {
            let text = lines(Vec::new(), shape, records).map_err(Failure::Output)?;
            return String::from_utf8(text).map(Some).map_err(|_| Failure::Json);
        }
        let written = File::create(path).and_then(|file| lines(file, shape, records));
        written.map(|_| None).map_err(|error| refuse(path, &error))
    }
}

fn lines<W: Write>(to: W, shape: Shape, records: &[SignInRecord]) -> io::Result<W> {
    let mut writer = Writer::new(to, shape);
    for record in records {
        writer.write(record)?;
    }
    writer.finish()
}

fn refuse(path: &str, error: &io::Error) -> Failure {
    Failure::File { path: path.to_owned(), why: in_words(error) }
}

/// One file a table; a table without records gets none.
#[cfg(feature = "parquet")]
fn columns(path: &str, records: &[SignInRecord]) -> Result<(), Failure> {
    let stem = path.strip_suffix(".parquet").unwrap_or(path);
    for table in [Table::Interactive, Table::NonInteractive] {
        let mut of_table = records.iter().filter(|it| Table::of(it) == table).peekable();
        if of_table.peek().is_none() {
            continue;
        }
        let name = format!("{stem}-{}.parquet", table.name());
        let write = || -> io::Result<()> {
            let mut writer = parquet::Writer::new(File::create(&name)?, table)?;
            for record in of_table {
                writer.write(record)?;
            }
            writer.finish()?.flush()
        };
        write().map_err(|error| refuse(&name, &error))?;
    }
    Ok(())
}
