//! [`Event`]: what the queries need of a record, whatever its shape.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer};

use super::column::{Column, Entry, IsArray, Logical, Text, TokenProtection, object};
use super::error::{Fault, cut};
use crate::base::Timestamp;
use crate::base::json;
use crate::signin::ndjson::Shape;

/// A point in time as precise as the log has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EventTime {
    /// Whole seconds, rounded down.
    pub second: Timestamp,
    /// Nanoseconds after them.
    pub nanos: u32,
}

impl EventTime {
    /// The beginning of a second.
    #[must_use]
    pub const fn at(second: Timestamp) -> Self {
        Self { second, nanos: 0 }
    }

    /// Days since the Unix epoch, UTC.
    #[must_use]
    pub const fn day(self) -> i64 {
        self.second.as_unix().div_euclid(86_400)
    }

    /// RFC 3339 with any number of decimals; what is below a nanosecond is cut off.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let time: jiff::Timestamp = text.parse().ok()?;
        let (mut second, mut nanos) = (time.as_second(), time.subsec_nanosecond());
        // Before 1970 both are negative.
        if nanos < 0 {
            second = second.saturating_sub(1);
            nanos = nanos.saturating_add(1_000_000_000);
        }
        Some(Self { second: Timestamp::from_unix(second), nanos: u32::try_from(nanos).ok()? })
    }
}

/// The table that a record belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogTable {
    /// `SigninLogs`.
    Interactive,
    /// `AADNonInteractiveUserSignInLogs`.
    NonInteractive,
    /// Another one: service principals, managed identities, audits.
    Other,
}

/// The column of policies as the queries see it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Policies {
    /// No such column, null or an empty text.
    #[default]
    Absent,
    /// The text `[]`, which the queries drop before they parse it.
    EmptyText,
    /// Entries, none of them if the column is an empty array and not the text of one.
    Entries(Vec<Entry>),
}

/// A record, reduced to what the queries need. Texts are empty where the record has none, as text
/// columns are in Kusto.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event<'a> {
    /// How it was spelt.
    pub shape: Shape,
    /// Its table, as far as it says.
    pub table: Option<LogTable>,
    /// `TimeGenerated`, else `createdDateTime`.
    pub time: Option<EventTime>,
    /// `Id`: the request.
    pub id: Cow<'a, str>,
    /// `CorrelationId`: the sign-in.
    pub correlation: Cow<'a, str>,
    /// `UserPrincipalName`.
    pub user: Cow<'a, str>,
    /// `AppDisplayName`.
    pub app: Cow<'a, str>,
    /// `ResourceDisplayName`.
    pub resource: Cow<'a, str>,
    /// `ConditionalAccessPolicies`, or `appliedConditionalAccessPolicies`.
    pub policies: Policies,
    /// `TokenProtectionStatusDetails`; none if it is absent, null or an empty text.
    pub token_protection: Option<TokenProtection>,
}

impl Event<'_> {
    /// The entries of the policies, none if there is no such column.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        match &self.policies {
            Policies::Absent | Policies::EmptyText => &[],
            Policies::Entries(entries) => entries,
        }
    }
}

/// What one JSON text of a log is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Parsed<'a> {
    /// An envelope or an array with records inside.
    Batch,
    /// One record.
    Event(Box<Event<'a>>),
}

/// Every member that is looked at, in all three shapes. Members that are not listed are skipped.
#[derive(Debug, Default, Deserialize)]
#[serde(default, expecting = "a record as a JSON object")]
struct Row<'a> {
    #[serde(rename = "TimeGenerated", borrow)]
    time_generated: Text<'a>,
    #[serde(rename = "CreatedDateTime", borrow)]
    created: Text<'a>,
    #[serde(rename = "createdDateTime", borrow)]
    graph_created: Text<'a>,
    #[serde(rename = "Type", borrow)]
    type_name: Text<'a>,
    #[serde(rename = "Category", alias = "category", borrow)]
    category: Text<'a>,
    #[serde(rename = "IsInteractive", alias = "isInteractive")]
    interactive: Logical,
    #[serde(rename = "SignInEventTypes", alias = "signInEventTypes", borrow)]
    event_types: Column<'a, Vec<String>>,
    #[serde(rename = "Id", alias = "id", borrow)]
    id: Text<'a>,
    #[serde(rename = "CorrelationId", alias = "correlationId", borrow)]
    correlation: Text<'a>,
    #[serde(rename = "UserPrincipalName", alias = "userPrincipalName", borrow)]
    user: Text<'a>,
    #[serde(rename = "AppDisplayName", alias = "appDisplayName", borrow)]
    app: Text<'a>,
    #[serde(rename = "ResourceDisplayName", alias = "resourceDisplayName", borrow)]
    resource: Text<'a>,
    #[serde(rename = "ConditionalAccessPolicies", borrow)]
    policies: Column<'a, Vec<Entry>>,
    #[serde(rename = "appliedConditionalAccessPolicies", borrow)]
    graph_policies: Column<'a, Vec<Entry>>,
    #[serde(
        rename = "TokenProtectionStatusDetails",
        alias = "tokenProtectionStatusDetails",
        borrow
    )]
    token_protection: Column<'a, TokenProtection>,
    #[serde(borrow, deserialize_with = "properties")]
    properties: Option<Box<Self>>,
    records: IsArray,
    value: IsArray,
}

fn properties<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Box<Row<'de>>>, D::Error> {
    object(from, "the record as an object").map(|row: Option<Row<'de>>| row.map(Box::new))
}

/// Reads one JSON text: strict in its grammar and in the types of what is looked at, lenient in
/// what is absent.
pub(super) fn parse(text: &str) -> Result<Parsed<'_>, Fault> {
    if text.trim_start().starts_with('[') {
        refuse_duplicates(text)?;
        return Ok(Parsed::Batch);
    }
    let row: Row<'_> = json::from_str(text).map_err(|_| fault(text))?;
    if row.properties.is_none() && row.is_no_record() {
        return match row.records.0 || row.value.0 {
            true => Ok(Parsed::Batch),
            false => Err(Fault::NotARecord),
        };
    }
    row.into_event().map(|event| Parsed::Event(Box::new(event)))
}

/// Whether more of a text could have mended it: it ends where JSON goes on.
pub(super) fn breaks_off(text: &str) -> bool {
    let read = serde_json::from_str::<serde::de::IgnoredAny>(text);
    read.is_err_and(|error| error.is_eof())
}

/// The grammar was checked before, so that only a duplicate is left to find; a syntax error is
/// found here in an array.
fn refuse_duplicates(text: &str) -> Result<(), Fault> {
    match json::from_str::<serde::de::IgnoredAny>(text) {
        Ok(_) => Ok(()),
        Err(error) => match serde_json::from_str::<serde::de::IgnoredAny>(text) {
            Ok(_) if !error.reason().starts_with("recursion limit") => Err(Fault::DuplicateMember),
            _ => Err(Fault::Json(cut(&error.to_string()))),
        },
    }
}

/// Why a record is refused: its grammar, then its names, then its types with the path.
fn fault(text: &str) -> Fault {
    match serde_json::from_str::<Row<'_>>(text) {
        Err(error) if !error.is_data() => return Fault::Json(cut(&sentence(&error))),
        Ok(_) | Err(_) => {}
    }
    if let Err(fault) = refuse_duplicates(text) {
        return fault;
    }
    let mut reader = serde_json::Deserializer::from_str(text);
    match serde_path_to_error::deserialize::<_, Row<'_>>(&mut reader) {
        Ok(_) => Fault::NotARecord,
        Err(error) => Fault::wrong_type(&error.path().to_string(), &sentence(error.inner())),
    }
}

/// serde's sentence with the column first, and without the line, which is always 1.
fn sentence(error: &serde_json::Error) -> String {
    let mut words = error.to_string();
    if let Some(end) = words.rfind(" at line ") {
        words.truncate(end);
    }
    match error.line() {
        1 => format!("{words}, at column {}", error.column()),
        line => format!("{words}, at column {} of its line {line}", error.column()),
    }
}

impl<'a> Row<'a> {
    fn is_no_record(&self) -> bool {
        let texts = [&self.time_generated, &self.created, &self.graph_created, &self.id];
        texts.iter().all(|text| text.0.is_empty())
    }

    fn into_event(mut self) -> Result<Event<'a>, Fault> {
        let (shape, row) = match self.properties.take() {
            None if self.is_graph() => (Shape::Graph, self),
            None => (Shape::LogAnalytics, self),
            Some(mut inner) => {
                // The category stands on the envelope alone.
                inner.category = self.category;
                (Shape::Diagnostic, *inner)
            }
        };
        let table = row.table()?;
        let time = row.time(shape)?;
        let (column, policies) = match shape {
            Shape::LogAnalytics => ("ConditionalAccessPolicies", row.policies),
            Shape::Diagnostic | Shape::Graph => {
                ("appliedConditionalAccessPolicies", row.graph_policies)
            }
        };
        let in_a_text = shape != Shape::LogAnalytics && table == Some(LogTable::NonInteractive);
        let policies = match policies {
            Column::Text(text) if text == "[]" => Policies::EmptyText,
            policies => match policies.parse(column)? {
                None => Policies::Absent,
                // The table would hold this as the text `[]`.
                Some(entries) if entries.is_empty() && in_a_text => Policies::EmptyText,
                Some(entries) => Policies::Entries(entries),
            },
        };
        let details = match shape {
            Shape::LogAnalytics => "TokenProtectionStatusDetails",
            Shape::Diagnostic | Shape::Graph => "tokenProtectionStatusDetails",
        };
        Ok(Event {
            shape,
            table,
            time,
            id: row.id.0,
            correlation: row.correlation.0,
            user: row.user.0,
            app: row.app.0,
            resource: row.resource.0,
            policies,
            token_protection: row.token_protection.parse(details)?,
        })
    }

    fn is_graph(&self) -> bool {
        !self.graph_created.0.is_empty() || self.graph_policies != Column::Null
    }

    fn time(&self, shape: Shape) -> Result<Option<EventTime>, Fault> {
        let (column, text) = match shape {
            Shape::Diagnostic | Shape::Graph => ("createdDateTime", &self.graph_created),
            Shape::LogAnalytics if self.time_generated.0.is_empty() => {
                ("CreatedDateTime", &self.created)
            }
            Shape::LogAnalytics => ("TimeGenerated", &self.time_generated),
        };
        if text.0.is_empty() {
            return Ok(None);
        }
        let time = EventTime::parse(&text.0);
        time.map(Some).ok_or_else(|| Fault::Time { column, value: cut(&text.0) })
    }

    /// The first of `Type`, category, event types and `IsInteractive` that says something.
    fn table(&self) -> Result<Option<LogTable>, Fault> {
        match &*self.type_name.0 {
            "" => {}
            "AADNonInteractiveUserSignInLogs" => return Ok(Some(LogTable::NonInteractive)),
            "SigninLogs" => return Ok(Some(LogTable::Interactive)),
            _ => return Ok(Some(LogTable::Other)),
        }
        match &*self.category.0 {
            "" => {}
            "NonInteractiveUserSignInLogs" => return Ok(Some(LogTable::NonInteractive)),
            "SignInLogs" => return Ok(Some(LogTable::Interactive)),
            _ => return Ok(Some(LogTable::Other)),
        }
        let types = self.event_types.clone().parse("SignInEventTypes")?.unwrap_or_default();
        let any = |word: &str| types.iter().any(|one| one == word);
        Ok(if any("nonInteractiveUser") {
            Some(LogTable::NonInteractive)
        } else if any("interactiveUser") {
            Some(LogTable::Interactive)
        } else if !types.is_empty() {
            Some(LogTable::Other)
        } else {
            self.interactive.0.map(|interactive| match interactive {
                true => LogTable::Interactive,
                false => LogTable::NonInteractive,
            })
        })
    }
}
