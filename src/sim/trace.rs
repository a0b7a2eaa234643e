//! The trace: every message of a run with its bytes, and what the narrator says between them.
//!
//! Tokens are shown, that is the purpose; passwords never are ([`crate::wire::redact`]). Two runs
//! with the same seed, version and scenario have the same trace, byte for byte.

use std::fmt::Write as _;

use crate::base::time::Nanos;
use crate::base::{Check, Timestamp};
use crate::idp::Verdict;
use crate::wire::{Request, Response, redact};

/// One thing that happened.
#[derive(Clone, Debug)]
pub enum Event {
    /// A message and its answer.
    Exchange(Box<Exchange>),
    /// A step of the scenario begins.
    Step {
        /// From 1.
        number: usize,
        /// A sentence.
        text: String,
    },
    /// The narrator remarks on something.
    Note(String),
}

/// A message and its answer.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// From 1, over the whole run.
    pub number: usize,
    /// True time.
    pub at: Timestamp,
    /// Simulated time since the start.
    pub elapsed: Nanos,
    /// Who sent it.
    pub from: String,
    /// Who answered.
    pub to: String,
    /// The request as shown: without passwords.
    pub request: Request,
    /// The answer.
    pub response: Response,
    /// What the provider made of it, which the peer does not see.
    pub verdict: Option<Verdict>,
    /// The check by which a resource server refused it.
    pub resource_check: Option<Check>,
}

/// Everything that happened, in order.
#[derive(Clone, Debug, Default)]
pub struct Trace {
    events: Vec<Event>,
    exchanges: usize,
}

impl Trace {
    /// The events.
    #[must_use]
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// The exchanges alone.
    pub fn exchanges(&self) -> impl Iterator<Item = &Exchange> {
        self.events.iter().filter_map(|event| match event {
            Event::Exchange(exchange) => Some(exchange.as_ref()),
            Event::Step { .. } | Event::Note(_) => None,
        })
    }

    pub(super) fn step(&mut self, number: usize, text: String) {
        self.events.push(Event::Step { number, text });
    }

    pub(super) fn note(&mut self, text: impl Into<String>) {
        self.events.push(Event::Note(text.into()));
    }

    pub(super) fn exchange(&mut self, mut exchange: Exchange) {
        self.exchanges += 1;
        exchange.number = self.exchanges;
        exchange.request = redact::for_trace(&exchange.request);
        self.events.push(Event::Exchange(Box::new(exchange)));
    }

    /// Every byte of every message as text: what a determinism test compares.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut out = String::new();
        for event in &self.events {
            // Writing to a string cannot fail.
            let _ = match event {
                Event::Step { number, text } => writeln!(out, "## {number}. {text}"),
                Event::Note(text) => writeln!(out, "-- {text}"),
                Event::Exchange(exchange) => write_exchange(&mut out, exchange),
            };
        }
        out
    }
}

fn write_exchange(out: &mut String, exchange: &Exchange) -> std::fmt::Result {
    let Exchange { number, elapsed, from, to, request, response, .. } = exchange;
    writeln!(out, "[{number}] {elapsed} {from} -> {to}")?;
    writeln!(out, "{} {}", request.method(), request.uri())?;
    write_headers(out, request.headers())?;
    writeln!(out, "\n{}", String::from_utf8_lossy(request.body()))?;
    writeln!(out, "HTTP {}", response.status().as_u16())?;
    write_headers(out, response.headers())?;
    writeln!(out, "\n{}", String::from_utf8_lossy(response.body()))
}

fn write_headers(out: &mut String, headers: &http::HeaderMap) -> std::fmt::Result {
    for (name, value) in headers {
        writeln!(out, "{name}: {}", String::from_utf8_lossy(value.as_bytes()))?;
    }
    Ok(())
}
