//! [`Document`]: one JSON text with the records of a log in an array.
//!
//! Octets are framed here, by depth and quotes alone; each record, and what stands around the array,
//! is then read by the strict parser. So a document of any length needs the memory of its longest
//! record, and is still refused for anything that is no JSON.

use std::io::BufRead;

use super::error::{Fault, Place, ReadError, cut};
use super::source::Chunk;
use crate::base::json;

/// Members of an envelope that hold records.
const ARRAYS: [&[u8]; 2] = [b"\"records\"", b"\"value\""];

/// How far a JSON value has come.
#[derive(Clone, Copy, Debug, Default)]
struct Depth {
    open: usize,
    quoted: bool,
    escaped: bool,
}

impl Depth {
    const fn step(&mut self, octet: u8) {
        match (self.quoted, self.escaped, octet) {
            (true, true, _) => self.escaped = false,
            (true, false, b'\\') => self.escaped = true,
            (_, _, b'"') => self.quoted = !self.quoted,
            (false, _, b'{' | b'[') => self.open += 1,
            (false, _, b'}' | b']') => self.open = self.open.saturating_sub(1),
            _ => {}
        }
    }
}

/// Whether an array that opens after `before`, the beginning of an object, holds records.
fn opens_records(before: &[u8]) -> bool {
    let Some(before) = before.trim_ascii_end().strip_suffix(b":") else { return false };
    let before = before.trim_ascii_end();
    let name = ARRAYS.iter().find_map(|name| before.strip_suffix(*name));
    name.is_some_and(|rest| matches!(rest.trim_ascii_end().last(), Some(b'{' | b',')))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expected {
    /// After `[`.
    RecordOrEnd,
    /// After a comma.
    Record,
    /// After a record.
    CommaOrEnd,
}

#[derive(Clone, Copy, Debug)]
enum State {
    /// Inside an object on the outside: an envelope, or a record that stands alone.
    Around,
    /// Between the records of an array.
    Between(Expected),
    /// The end, or an error.
    Done,
    /// Before or after a whole value.
    Outside,
    /// Inside a record.
    Record,
}

pub(super) struct Document<R> {
    from: R,
    limit: usize,
    state: State,
    /// Whether the array stands in an object.
    enveloped: bool,
    around: Vec<u8>,
    around_depth: Depth,
    /// Whether records came out of the object.
    streamed: bool,
    record: Vec<u8>,
    record_depth: Depth,
    too_long: bool,
    /// Where the value began that is being read.
    began: Place,
    here: Place,
    unfinished: Option<Place>,
}

impl<R: BufRead> Document<R> {
    /// Reads from the beginning of a document.
    pub(super) const fn new(from: R, limit: usize) -> Self {
        let start = Place { line: 1, column: 1 };
        Self {
            from,
            limit,
            state: State::Outside,
            enveloped: false,
            around: Vec::new(),
            around_depth: Depth { open: 0, quoted: false, escaped: false },
            streamed: false,
            record: Vec::new(),
            record_depth: Depth { open: 0, quoted: false, escaped: false },
            too_long: false,
            began: start,
            here: start,
            unfinished: None,
        }
    }

    /// Where the document broke off, if it did.
    pub(super) const fn unfinished(&self) -> Option<Place> {
        self.unfinished
    }

    /// The next record.
    pub(super) fn next(&mut self) -> Option<Result<Chunk<'_>, ReadError>> {
        match self.advance() {
            Ok(true) => {
                let octets = match self.state {
                    State::Outside => &self.around,
                    _ => &self.record,
                };
                Some(Ok(Chunk { octets, place: self.began, last: false }))
            }
            Ok(false) => None,
            Err(error) => {
                // The rest of a record that is too long can be passed over.
                let passed_over = matches!(error.fault, Fault::TooLong { .. })
                    && matches!(self.state, State::Record | State::Between(_));
                if !passed_over {
                    self.state = State::Done;
                }
                Some(Err(error))
            }
        }
    }

    /// Whether a record is ready.
    fn advance(&mut self) -> Result<bool, ReadError> {
        while !matches!(self.state, State::Done) {
            let octet = match self.from.fill_buf() {
                Ok(octets) => octets.first().copied(),
                Err(error) => return Err(Fault::Io(error.to_string()).at(self.here)),
            };
            let Some(octet) = octet else {
                if !matches!(self.state, State::Outside) {
                    self.unfinished = Some(self.here);
                }
                self.state = State::Done;
                break;
            };
            self.from.consume(1);
            let ready = self.take(octet);
            match octet {
                b'\n' => self.here = Place { line: self.here.line + 1, column: 1 },
                _ => self.here.column += 1,
            }
            if ready? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn take(&mut self, octet: u8) -> Result<bool, ReadError> {
        match self.state {
            State::Outside => self.outside(octet).map(|()| false),
            State::Around => self.around(octet),
            State::Between(expected) => self.between(octet, expected).map(|()| false),
            State::Record => self.inside(octet),
            State::Done => Ok(false),
        }
    }

    fn outside(&mut self, octet: u8) -> Result<(), ReadError> {
        self.began = self.here;
        match octet {
            b'{' => {
                self.around.clear();
                self.around.push(octet);
                self.around_depth = Depth { open: 1, ..Depth::default() };
                self.streamed = false;
                self.state = State::Around;
            }
            b'[' => {
                self.enveloped = false;
                self.state = State::Between(Expected::RecordOrEnd);
            }
            octet if octet.is_ascii_whitespace() => {}
            _ => return Err(self.broken("an object or an array is expected")),
        }
        Ok(())
    }

    /// In an object on the outside. True: it is closed, and was a record itself.
    fn around(&mut self, octet: u8) -> Result<bool, ReadError> {
        let records = octet == b'['
            && self.around_depth.open == 1
            && !self.around_depth.quoted
            && opens_records(&self.around);
        if self.around.len() >= self.limit {
            return Err(Fault::TooLong { limit: self.limit }.at(self.began));
        }
        self.around.push(octet);
        self.around_depth.step(octet);
        if records {
            (self.enveloped, self.streamed) = (true, true);
            self.state = State::Between(Expected::RecordOrEnd);
        } else if self.around_depth.open == 0 {
            self.state = State::Outside;
            if !self.streamed {
                return Ok(true);
            }
            self.check_around()?;
        }
        Ok(false)
    }

    /// The envelope without its records is a JSON text of its own.
    fn check_around(&self) -> Result<(), ReadError> {
        let checked = json::from_slice::<serde::de::IgnoredAny>(&self.around);
        match checked {
            Ok(_) => Ok(()),
            Err(error) => Err(Fault::Document(cut(&error.to_string())).at(self.here)),
        }
    }

    fn between(&mut self, octet: u8, expected: Expected) -> Result<(), ReadError> {
        match (octet, expected) {
            (b'{', Expected::Record | Expected::RecordOrEnd) => {
                self.began = self.here;
                self.record.clear();
                self.record.push(octet);
                self.record_depth = Depth { open: 1, ..Depth::default() };
                self.too_long = false;
                self.state = State::Record;
            }
            (b',', Expected::CommaOrEnd) => self.state = State::Between(Expected::Record),
            (b']', Expected::CommaOrEnd | Expected::RecordOrEnd) => {
                self.state = if self.enveloped { State::Around } else { State::Outside };
                if self.enveloped {
                    self.around.push(octet);
                    self.around_depth.step(octet);
                }
            }
            (octet, _) if octet.is_ascii_whitespace() => {}
            (_, Expected::CommaOrEnd) => return Err(self.broken("`,` or `]` is expected")),
            (_, Expected::Record) => return Err(self.broken("a record is expected")),
            (_, Expected::RecordOrEnd) => return Err(self.broken("a record or `]` is expected")),
        }
        Ok(())
    }

    fn inside(&mut self, octet: u8) -> Result<bool, ReadError> {
        self.record_depth.step(octet);
        let whole = self.record_depth.open == 0;
        if self.record.len() < self.limit {
            self.record.push(octet);
        } else if !self.too_long {
            self.too_long = true;
            if whole {
                self.state = State::Between(Expected::CommaOrEnd);
            }
            return Err(Fault::TooLong { limit: self.limit }.at(self.began));
        }
        if whole {
            self.state = State::Between(Expected::CommaOrEnd);
        }
        Ok(whole && !self.too_long)
    }

    fn broken(&self, what: &str) -> ReadError {
        Fault::Document(what.to_owned()).at(self.here)
    }
}

impl Document<&[u8]> {
    /// Whether a log whose first line is this one is a document: an array; an object that begins
    /// with a line of its own; or one whose array of records does not end in this line.
    pub(super) fn begins(line: &[u8]) -> bool {
        let line = line.trim_ascii();
        if line == b"{" {
            return true;
        }
        let mut depth = Depth::default();
        let mut records = false;
        for (at, octet) in line.iter().enumerate() {
            records |= *octet == b'['
                && depth.open <= 1
                && !depth.quoted
                && (at == 0 || opens_records(line.get(..at).unwrap_or_default()));
            depth.step(*octet);
        }
        records && depth.open > 0
    }
}
