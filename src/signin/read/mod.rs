//! Reading logs: records in any of the three shapes, ours or not, in bounded memory.
//!
//! ```text
//! octets --source--> JSON texts --event--> Event: what the queries need
//! ```
//!
//! A log comes from strangers. One record at a time is held, of at most [`MAX_RECORD`] octets; a
//! record that is no UTF-8, no JSON, has a member twice, or a column of the wrong type is refused
//! with its line and path. What breaks off at the end of a log is no error but an
//! [unfinished](Summary::unfinished) end: a writer that crashed leaves one.
//!
//! The first refusal ends the reading unless [`OnBad::Skip`] says otherwise.
//!
//! # Source
//! conditional-access 5.1, 5.2; Azure Monitor's tables `SigninLogs` and
//! `AADNonInteractiveUserSignInLogs`.

mod column;
mod detail;
mod document;
mod error;
mod event;
mod source;

use std::collections::BTreeMap;
use std::io::BufRead;

pub use column::{BindingStatus, Controls, Entry, EntryResult, Label, TokenProtection};
pub use detail::{Detail, PolicyDetail};
pub use error::{Fault, Place, ReadError};
pub use event::{Event, EventTime, LogTable, Policies};

pub use super::ndjson::Shape;

use document::Document;
use event::Parsed;
use source::{Chunk, Source};

/// Octets of the longest record, and of the longest line: 16 MiB.
pub const MAX_RECORD: usize = 16 * 1024 * 1024;

/// What becomes of a record that cannot be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnBad {
    /// It ends the reading.
    #[default]
    Refuse,
    /// It is counted and left out.
    Skip,
}

/// A record as it came.
#[derive(Clone, Copy, Debug)]
pub struct Record<'b> {
    /// The JSON text of the record alone.
    pub text: &'b str,
    /// Where it stands.
    pub place: Place,
}

/// What was read, and what not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Records that were handed on.
    pub records: u64,
    /// Records that were skipped, by code of the reason.
    pub skipped: BTreeMap<&'static str, u64>,
    /// The first of them.
    pub first_skipped: Option<ReadError>,
    /// Where the log breaks off in the middle of a record.
    pub unfinished: Option<Place>,
}

impl Summary {
    /// How many records were skipped.
    #[must_use]
    pub fn skipped(&self) -> u64 {
        self.skipped.values().sum()
    }

    fn skip(&mut self, error: ReadError) {
        *self.skipped.entry(error.code()).or_default() += 1;
        self.first_skipped.get_or_insert(error);
    }
}

/// Reads a log to its end and shows `visit` every record.
///
/// # Errors
/// The first record that cannot be read, unless it is skipped; a source that fails; what `visit`
/// gives.
pub fn each<E: From<ReadError>>(
    from: impl BufRead,
    on_bad: OnBad,
    visit: impl FnMut(Record<'_>, &Event<'_>) -> Result<(), E>,
) -> Result<Summary, E> {
    each_within(MAX_RECORD, from, on_bad, visit)
}

/// As [`each`] with another limit than [`MAX_RECORD`].
///
/// # Errors
/// As [`each`].
pub fn each_within<E: From<ReadError>>(
    limit: usize,
    from: impl BufRead,
    on_bad: OnBad,
    mut visit: impl FnMut(Record<'_>, &Event<'_>) -> Result<(), E>,
) -> Result<Summary, E> {
    let mut summary = Summary::default();
    let mut source = Source::new(from, limit);
    while let Some(chunk) = source.next() {
        let read = match chunk {
            Ok(chunk) => each_of(chunk, limit, &mut summary, on_bad, &mut visit)?,
            Err(error) => Err(error),
        };
        if let Err(error) = read {
            let fails = matches!(error.fault, Fault::Io(_));
            if fails || on_bad == OnBad::Refuse {
                return Err(error.into());
            }
            summary.skip(error);
        }
    }
    summary.unfinished = summary.unfinished.or_else(|| source.unfinished());
    Ok(summary)
}

/// The records of one text: one, or those of an envelope.
fn each_of<E: From<ReadError>>(
    chunk: Chunk<'_>,
    limit: usize,
    summary: &mut Summary,
    on_bad: OnBad,
    visit: &mut impl FnMut(Record<'_>, &Event<'_>) -> Result<(), E>,
) -> Result<Result<(), ReadError>, E> {
    let Chunk { octets, place, last } = chunk;
    let text = match std::str::from_utf8(octets) {
        Ok(text) => text,
        // A character that was cut in two.
        Err(error) if last && error.error_len().is_none() => {
            summary.unfinished = Some(place);
            return Ok(Ok(()));
        }
        Err(error) => {
            let before = u64::try_from(error.valid_up_to()).unwrap_or(u64::MAX);
            let column = place.column.max(1).saturating_add(before);
            return Ok(Err(Fault::NotUtf8.at(Place { column, ..place })));
        }
    };
    match event::parse(text) {
        Ok(Parsed::Event(event)) => {
            summary.records += 1;
            visit(Record { text, place }, &event)?;
        }
        Ok(Parsed::Batch) => {
            let mut document = Document::new(octets, limit);
            while let Some(inner) = document.next() {
                let read = match inner {
                    Ok(inner) => one_of_a_batch(inner, place, summary, visit)?,
                    Err(error) => Err(ReadError { place, ..error }),
                };
                match read {
                    Ok(()) => {}
                    Err(error) if on_bad == OnBad::Skip => summary.skip(error),
                    Err(error) => return Ok(Err(error)),
                }
            }
        }
        Err(_) if last && event::breaks_off(text) => summary.unfinished = Some(place),
        Err(fault) => return Ok(Err(fault.at(place))),
    }
    Ok(Ok(()))
}

/// A record inside an envelope that is a line. Envelopes are not nested.
fn one_of_a_batch<E>(
    inner: Chunk<'_>,
    line: Place,
    summary: &mut Summary,
    visit: &mut impl FnMut(Record<'_>, &Event<'_>) -> Result<(), E>,
) -> Result<Result<(), ReadError>, E> {
    let place = Place { line: line.line, column: inner.place.column };
    // The line is UTF-8, and a record begins and ends with a brace.
    let Ok(text) = std::str::from_utf8(inner.octets) else {
        return Ok(Err(Fault::NotUtf8.at(place)));
    };
    match event::parse(text) {
        Ok(Parsed::Event(event)) => {
            summary.records += 1;
            visit(Record { text, place }, &event)?;
            Ok(Ok(()))
        }
        Ok(Parsed::Batch) => Ok(Err(Fault::NotARecord.at(place))),
        Err(fault) => Ok(Err(fault.at(place))),
    }
}
