//! Where records go: nowhere, to a log of lines that can be resumed, or to Parquet files.

use token_protection_lab::signin::ndjson::Shape;

use super::super::failure::Failure;
use super::LogFormat;
use super::log::Log;
#[cfg(feature = "parquet")]
use super::parquet::Files;
use super::play::{Chunk, Wanted};

/// Where records go.
pub(super) enum Sink {
    Lines(Log, Shape),
    Nowhere,
    #[cfg(feature = "parquet")]
    Parquet(Box<Files>),
}

impl Sink {
    /// Opens a log. `run` is the digest of what it is the log of.
    pub(super) fn open(
        path: &str,
        format: LogFormat,
        run: String,
        resume: bool,
    ) -> Result<Self, Failure> {
        let shape = match format {
            LogFormat::Diagnostic => Shape::Diagnostic,
            LogFormat::Graph => Shape::Graph,
            LogFormat::LogAnalytics => Shape::LogAnalytics,
            #[cfg(feature = "parquet")]
            LogFormat::Parquet if resume => {
                let why = "a Parquet file is whole or none: it cannot be gone on with; use shards";
                return Err(Failure::File { path: path.to_owned(), why: why.to_owned() });
            }
            #[cfg(feature = "parquet")]
            LogFormat::Parquet => return Ok(Self::Parquet(Box::new(Files::create(path)?))),
        };
        Ok(Self::Lines(Log::open(path, run, resume)?, shape))
    }

    /// The number of the first sign-in that is not done yet.
    pub(super) const fn position(&self) -> u64 {
        match self {
            Self::Lines(log, _) => log.position(),
            _ => 0,
        }
    }

    pub(super) const fn wanted(&self) -> Wanted {
        match self {
            Self::Lines(_, shape) => Wanted::Lines(*shape),
            Self::Nowhere => Wanted::Nothing,
            #[cfg(feature = "parquet")]
            Self::Parquet(_) => Wanted::Records,
        }
    }

    pub(super) fn take(&mut self, chunk: &Chunk) -> Result<(), Failure> {
        match self {
            Self::Lines(log, _) => log.write(&chunk.lines, chunk.end),
            Self::Nowhere => Ok(()),
            #[cfg(feature = "parquet")]
            Self::Parquet(files) => files.write(&chunk.records),
        }
    }

    /// The run stops here.
    pub(super) fn interrupt(self) -> Result<(), Failure> {
        match self {
            Self::Lines(log, _) => log.interrupt(),
            Self::Nowhere => Ok(()),
            #[cfg(feature = "parquet")]
            Self::Parquet(files) => files.finish(),
        }
    }

    /// The run is done.
    pub(super) fn finish(self) -> Result<(), Failure> {
        match self {
            Self::Lines(log, _) => log.finish(),
            Self::Nowhere => Ok(()),
            #[cfg(feature = "parquet")]
            Self::Parquet(files) => files.finish(),
        }
    }
}
