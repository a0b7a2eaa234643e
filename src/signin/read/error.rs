//! Why a record of a log was refused, and where it stands.

use std::fmt;

use crate::base::json::JsonError;

/// Longer reasons and paths are cut, in characters: a wrong value may be as long as its line.
const MOST: usize = 160;

/// Where something stands in a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// From 1.
    pub line: u64,
    /// Octets of the line before it, and 1; 0 where the whole line is meant.
    pub column: u64,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}", self.line)?;
        if self.column > 0 {
            write!(f, ", column {}", self.column)?;
        }
        Ok(())
    }
}

/// A record that was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {fault}")]
pub struct ReadError {
    /// Where.
    pub place: Place,
    /// Why.
    pub fault: Fault,
}

impl ReadError {
    /// The stable code of the reason.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.fault.code()
    }
}

/// Why a record was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// A column that holds JSON as text, and the text is no JSON of the documented shape.
    #[error("the text in column `{column}` is not what it should be: {reason}")]
    Column {
        /// The column.
        column: &'static str,
        /// Where in the text, and what was wrong.
        reason: String,
    },
    /// Something between the records of a document.
    #[error("the document around the records is broken: {0}")]
    Document(String),
    /// Two members of one object have the same name.
    #[error("a member stands twice in one object")]
    DuplicateMember,
    /// The source gave an error.
    #[error("it cannot be read: {0}")]
    Io(String),
    /// The text is no JSON.
    #[error("not JSON: {0}")]
    Json(String),
    /// JSON, and none of the three shapes of a sign-in record.
    #[error("no sign-in record: neither an id nor a time, and no `properties`")]
    NotARecord,
    /// Octets that are no UTF-8.
    #[error("not UTF-8 text")]
    NotUtf8,
    /// The text is no time.
    #[error("`{column}` is `{value}`, not a time such as `2026-03-10T12:00:00Z`")]
    Time {
        /// The column.
        column: &'static str,
        /// What stands there, shortened.
        value: String,
    },
    /// A line or an element of an array beyond the limit.
    #[error("longer than {limit} octets, the most that a record may have")]
    TooLong {
        /// The limit.
        limit: usize,
    },
    /// A file in UTF-16, as PowerShell's `>` writes it.
    #[error("UTF-16 text; save it as UTF-8 (in PowerShell: `Out-File -Encoding utf8`)")]
    Utf16,
    /// A value of another type than its column has.
    #[error("`{path}`: {reason}")]
    WrongType {
        /// The column, or a path that begins with it.
        path: String,
        /// What was found and what was expected.
        reason: String,
    },
}

impl Fault {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Column { .. } => "signin.bad_column",
            Self::Document(_) => "signin.broken_document",
            Self::DuplicateMember => "signin.duplicate_member",
            Self::Io(_) => "signin.unreadable",
            Self::Json(_) => "signin.not_json",
            Self::NotARecord => "signin.not_a_record",
            Self::NotUtf8 => "signin.not_utf8",
            Self::Time { .. } => "signin.not_a_time",
            Self::TooLong { .. } => "signin.record_too_long",
            Self::Utf16 => "signin.utf16",
            Self::WrongType { .. } => "signin.wrong_type",
        }
    }

    pub(super) fn at(self, place: Place) -> ReadError {
        ReadError { place, fault: self }
    }

    pub(super) fn column(column: &'static str, error: &JsonError) -> Self {
        Self::Column { column, reason: cut(&error.to_string()) }
    }

    pub(super) fn wrong_type(path: &str, reason: &str) -> Self {
        Self::WrongType { path: cut(path), reason: cut(reason) }
    }
}

/// The beginning of a text, for people.
pub(super) fn cut(text: &str) -> String {
    match text.char_indices().nth(MOST) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}...", text.get(..end).unwrap_or_default()),
    }
}
