//! Rows of the Log Analytics tables `SigninLogs` and `AADNonInteractiveUserSignInLogs`.
//!
//! One list of [`COLUMNS`] says for both tables which columns there are, of which type, and where
//! the value comes from. A column without a value is left out of a row, as in an NDJSON export. The
//! non-interactive table has text for every structured column: JSON inside a string. `SigninLogs`
//! has objects for some of them.
//!
//! # Source
//! conditional-access 5.1; Azure Monitor Logs reference, the two tables.

mod columns;
mod embedded;
mod entries;
mod value;

use std::io;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::record::SignInRecord;

pub use columns::{COLUMNS, Column, ColumnType};
pub(super) use entries::EntryTexts;
use value::Structured;
pub(super) use value::Value;

/// One of the two tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Table {
    /// `SigninLogs`: a person acted.
    Interactive,
    /// `AADNonInteractiveUserSignInLogs`: a client acted for a user.
    NonInteractive,
}

impl Table {
    /// The table that a record goes to.
    #[must_use]
    pub const fn of(record: &SignInRecord) -> Self {
        match record.is_interactive {
            true => Self::Interactive,
            false => Self::NonInteractive,
        }
    }

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Interactive => "SigninLogs",
            Self::NonInteractive => "AADNonInteractiveUserSignInLogs",
        }
    }

    /// Its columns, in the order in which rows have them.
    pub fn columns(self) -> impl Iterator<Item = (&'static Column, ColumnType)> {
        COLUMNS.iter().filter_map(move |column| Some((column, column.type_in(self)?)))
    }
}

/// A record as a row of its table.
///
/// # Simulated
/// `TimeGenerated` is the time of the request, since nothing is ingested here.
#[derive(Clone, Copy, Debug)]
pub struct Row<'r>(&'r SignInRecord);

impl<'r> Row<'r> {
    /// The row of `record`.
    #[must_use]
    pub const fn new(record: &'r SignInRecord) -> Self {
        Self(record)
    }

    /// The table that it belongs to.
    #[must_use]
    pub const fn table(&self) -> Table {
        Table::of(self.0)
    }

    /// Appends the same text that [`Serialize`] gives, quicker: JSON inside text in one pass, and
    /// entries of policies that came before as they were then.
    pub(super) fn append_to(&self, line: &mut Vec<u8>, entries: &mut EntryTexts) -> io::Result<()> {
        let mut before: &[u8] = b"{\"";
        for (column, column_type) in self.table().columns() {
            let value = column.value(self.0);
            if value.is_left_out(column_type) {
                continue;
            }
            line.extend_from_slice(before);
            line.extend_from_slice(column.name.as_bytes());
            line.extend_from_slice(b"\":");
            match &value {
                Value::Structured(inner) if column_type != ColumnType::Dynamic => match inner {
                    Structured::Policies(policies) => entries.append(line, policies)?,
                    inner => embedded::append(line, inner)?,
                },
                Value::Guid(id) => value::append_guid(line, *id),
                plain => serde_json::to_writer(&mut *line, plain)?,
            }
            before = b",\"";
        }
        line.push(b'}');
        Ok(())
    }
}

impl Serialize for Row<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(None)?;
        let mut scratch = Vec::new();
        for (column, column_type) in self.table().columns() {
            match column.value(self.0) {
                value if value.is_left_out(column_type) => {}
                Value::Structured(inner) if column_type != ColumnType::Dynamic => {
                    map.serialize_entry(column.name, value::json_text(&mut scratch, &inner)?)?;
                }
                plain => map.serialize_entry(column.name, &plain)?,
            }
        }
        map.end()
    }
}
