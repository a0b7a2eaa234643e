//! [`Source`]: the JSON texts of a log, one after the other, in bounded memory.
//!
//! A log is lines (NDJSON; a line may itself be an envelope with records), or one document whose
//! records stand in an array: `[...]`, `{"value": [...]}` or `{"records": [...]}`. Which it is shows
//! in its first line. Lines are taken whole; of a document one record at a time is held.

use std::io::{BufRead, Chain, Cursor, Read as _};

use super::document::Document;
use super::error::{Fault, Place, ReadError};

/// A JSON text and where it stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chunk<'b> {
    pub(super) octets: &'b [u8],
    pub(super) place: Place,
    /// Whether the log ends with it, without a line break.
    pub(super) last: bool,
}

/// Where a log has been read to.
pub(super) struct Source<R> {
    limit: usize,
    state: State<R>,
}

enum State<R> {
    Document(Box<Document<Chain<Cursor<Vec<u8>>, R>>>),
    Done,
    Fresh(R),
    Lines(Box<Lines<Chain<Cursor<Vec<u8>>, R>>>),
}

impl<R: BufRead> Source<R> {
    pub(super) const fn new(from: R, limit: usize) -> Self {
        Self { limit, state: State::Fresh(from) }
    }

    /// The next text; none at the end.
    pub(super) fn next(&mut self) -> Option<Result<Chunk<'_>, ReadError>> {
        if matches!(self.state, State::Fresh(_)) {
            let State::Fresh(from) = std::mem::replace(&mut self.state, State::Done) else {
                return None;
            };
            match begin(from, self.limit) {
                Ok(state) => self.state = state,
                Err(fault) => return Some(Err(fault.at(Place { line: 1, column: 0 }))),
            }
        }
        match &mut self.state {
            State::Document(document) => document.next(),
            State::Done | State::Fresh(_) => None,
            State::Lines(lines) => lines.next(),
        }
    }

    /// The place of a document that ends in the middle.
    pub(super) fn unfinished(&self) -> Option<Place> {
        match &self.state {
            State::Document(document) => document.unfinished(),
            State::Done | State::Fresh(_) | State::Lines(_) => None,
        }
    }
}

/// Looks at the first line that is not blank, and puts it back.
fn begin<R: BufRead>(mut from: R, limit: usize) -> Result<State<R>, Fault> {
    let mut head = Vec::new();
    let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    let io = |error: std::io::Error| Fault::Io(error.to_string());
    let mut first = 0;
    while head.len() <= limit {
        first = head.len();
        let room = most.saturating_sub(first as u64);
        let taken = from.by_ref().take(room).read_until(b'\n', &mut head).map_err(io)?;
        if first == 0 {
            match head.get(..2) {
                Some([0xfe, 0xff] | [0xff, 0xfe]) => return Err(Fault::Utf16),
                _ if head.starts_with(b"\xef\xbb\xbf") => drop(head.drain(..3)),
                _ => {}
            }
        }
        if taken == 0 || head.get(first..).is_some_and(|line| !line.trim_ascii().is_empty()) {
            break;
        }
    }
    let is_document = Document::begins(head.get(first..).unwrap_or_default());
    let from = Cursor::new(head).chain(from);
    Ok(match is_document {
        true => State::Document(Box::new(Document::new(from, limit))),
        false => State::Lines(Box::new(Lines {
            from,
            limit,
            line: 0,
            text: Vec::new(),
            in_long_line: false,
        })),
    })
}

struct Lines<R> {
    from: R,
    limit: usize,
    /// The number of the last line that was read.
    line: u64,
    text: Vec<u8>,
    /// Whether the rest of a line that is too long is still to be passed over.
    in_long_line: bool,
}

impl<R: BufRead> Lines<R> {
    fn next(&mut self) -> Option<Result<Chunk<'_>, ReadError>> {
        loop {
            self.text.clear();
            if std::mem::take(&mut self.in_long_line)
                && let Err(error) = self.from.skip_until(b'\n')
            {
                let place = Place { line: self.line, column: 0 };
                return Some(Err(Fault::Io(error.to_string()).at(place)));
            }
            self.line += 1;
            let place = Place { line: self.line, column: 0 };
            // Two more for the line break.
            let most = u64::try_from(self.limit).unwrap_or(u64::MAX).saturating_add(2);
            let line = self.from.by_ref().take(most).read_until(b'\n', &mut self.text);
            if let Err(error) = line {
                return Some(Err(Fault::Io(error.to_string()).at(place)));
            }
            if self.text.is_empty() {
                return None;
            }
            let last = !self.text.ends_with(b"\n");
            let end = self.text.trim_ascii_end().len();
            let content = end.max(if last { self.text.len() } else { 0 });
            if content > self.limit || (last && self.text.len() > self.limit) {
                self.in_long_line = last;
                return Some(Err(Fault::TooLong { limit: self.limit }.at(place)));
            }
            if end > 0 {
                let octets = self.text.get(..end).unwrap_or_default();
                return Some(Ok(Chunk { octets, place, last }));
            }
        }
    }
}
