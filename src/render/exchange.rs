//! One message and its answer, as a page: fields by name, tokens under their labels.

use std::collections::BTreeSet;

use serde_json::Value;

use super::inspect::note;
use super::label::Labels;
use super::message::{Field, presented, request_fields, response_fields};
use super::page::{Page, Tone, shorten};
use crate::sim::Exchange;

/// How much of a message is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// Every field.
    All,
    /// What a newcomer needs to follow the story.
    Story,
}

/// Fields that a story shows; the rest is the same in every message.
const STORY: &[&str] = &[
    "access_token",
    "assertion",
    "aud",
    "authorization",
    "authorization: Bearer",
    "body",
    "client_id",
    "cnf",
    "code",
    "deviceid",
    "error",
    "error_codes",
    "exp",
    "grant_type",
    "header.alg",
    "header.ctx",
    "header.kdf_ver",
    "purpose",
    "refresh_token",
    "request",
    "request_nonce",
    "resource",
    "session_key_jwe",
    "token_type",
    "upn",
    "user-agent",
    "www-authenticate",
    "x-ms-devicecredential",
    "x-ms-refreshtokencredential",
];

/// Which labels a reader has already seen opened.
pub type Opened = BTreeSet<String>;

/// A message, its answer, and what the far side made of it.
#[must_use]
pub fn exchange_page(
    exchange: &Exchange,
    labels: &Labels,
    opened: &mut Opened,
    detail: Detail,
) -> Page {
    let mut page = Page::new();
    let request = &exchange.request;
    let uri = request.uri();
    let place = format!("{}{}", uri.host().unwrap_or_default(), uri.path());
    page.say(
        2,
        Tone::Heading,
        &format!("[{}] {} -> {}", exchange.number, exchange.from, exchange.to),
    );
    page.say(4, Tone::Plain, &format!("{} {place}", request.method()));
    if detail == Detail::All {
        page.say(4, Tone::Aside, &format!("at {}, {}", exchange.at, presented(request)));
    }
    let mut writer = Writer { page: &mut page, labels, opened, detail };
    writer.fields(&request_fields(request), 6);
    writer.page.say(
        4,
        Tone::Plain,
        &format!("answer: HTTP {}", exchange.response.status().as_u16()),
    );
    writer.fields(&response_fields(&exchange.response), 6);
    verdict(&mut page, exchange, detail);
    page
}

struct Writer<'w> {
    page: &'w mut Page,
    labels: &'w Labels,
    opened: &'w mut Opened,
    detail: Detail,
}

impl Writer<'_> {
    fn fields(&mut self, fields: &[Field], indent: usize) {
        let shown: Vec<&Field> = fields.iter().filter(|field| self.shows(field)).collect();
        let widest = shown.iter().map(|field| field.name.chars().count()).max().unwrap_or(0);
        let at = indent + widest.min(24) + 2;
        for field in shown {
            self.field(field, indent, at);
        }
    }

    fn shows(&self, field: &Field) -> bool {
        self.detail == Detail::All || STORY.contains(&field.name.as_str())
    }

    fn field(&mut self, field: &Field, indent: usize, at: usize) {
        let name = format!("{}{}", " ".repeat(indent), field.name);
        let label = field.token.and_then(|_| self.labels.find(&field.text));
        let Some(label) = label else {
            self.page.hang(&name, at, Tone::Plain, &plain_value(field));
            return;
        };
        let again = !self.opened.insert(label.name.clone());
        let text = match again {
            true => format!("{} again", label.name),
            false => format!(
                "{} {} ({}, {} octets)",
                label.name,
                shorten(&label.text, 18),
                label.kind.title(),
                label.text.len()
            ),
        };
        self.page.hang(&name, at, Tone::Heading, &text);
        if !again {
            self.fields(&field.inside, indent + 4);
        }
    }
}

fn plain_value(field: &Field) -> String {
    let name = field.name.strip_prefix("header.").unwrap_or(&field.name);
    let value =
        serde_json::from_str(&field.text).unwrap_or_else(|_| Value::from(field.text.as_str()));
    let note = note::on(name, &value).or_else(|| note::on(name, &Value::from(field.text.as_str())));
    let text = shorten(&field.text, 300);
    match note {
        Some(note) if field.token.is_none() => format!("{text} ({note})"),
        _ => text,
    }
}

/// What the trace knows and the peer does not see.
fn verdict(page: &mut Page, exchange: &Exchange, detail: Detail) {
    if detail == Detail::Story {
        // The explanation that follows says it.
        return;
    }
    let Some(verdict) = &exchange.verdict else {
        if let Some(check) = exchange.resource_check {
            page.say(4, Tone::Stopped, &format!("refused by {check}: {}", check.title()));
        }
        return;
    };
    if let Some(status) = verdict.token_protection {
        let bound = if status.is_bound() { "bound" } else { "unbound" };
        page.say(4, Tone::Aside, &format!("recorded as {bound}, status {}", status.code));
    }
    for ignored in &verdict.ignored {
        let check = ignored.check();
        page.say(4, Tone::Aside, &format!("a credential was ignored by {check}: {ignored}"));
    }
    let refused = verdict.refusal.is_some() || verdict.denial.is_some();
    if let Some(check) = verdict.check().filter(|_| refused) {
        page.say(4, Tone::Stopped, &format!("refused by {check}: {}", check.title()));
    }
}
