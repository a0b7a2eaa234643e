//! What stands in one cell.

use std::net::IpAddr;

use serde::ser::Error;
use serde::{Serialize, Serializer};

use super::ColumnType;
use crate::base::Timestamp;
use crate::base::id::AppId;
use crate::policy::{ConditionalAccessStatus, TokenProtectionStatus};
use crate::signin::device::DeviceDetail;
use crate::signin::export::{Audiences, Policies, Status};
use crate::signin::parts::{
    AuthenticationDetail, AuthenticationRequirementPolicy, MfaDetail, SessionLifetimePolicy,
    SignInLocation,
};
use crate::signin::words::SignInEventType;

/// A cell, before it is known how its table spells it.
pub(in crate::signin) enum Value<'r> {
    /// No value: the column is left out.
    Absent,
    /// No value, which a column of text says by an empty one.
    Empty,
    Bool(bool),
    /// A GUID as text.
    Guid(u128),
    /// An address as text.
    Address(IpAddr),
    /// A number as text.
    Number(u32),
    /// Text.
    Text(&'r str),
    /// UTC.
    Time(Timestamp),
    Status(ConditionalAccessStatus),
    /// An object or array, or the text of one.
    Structured(Structured<'r>),
}

/// An object or array.
#[derive(Serialize)]
#[serde(untagged)]
pub(in crate::signin) enum Structured<'r> {
    Audiences(Audiences<'r>),
    Authentication(&'r [AuthenticationDetail]),
    Device(&'r DeviceDetail),
    EventTypes(&'r [SignInEventType]),
    Lifetimes(&'r [SessionLifetimePolicy]),
    Location(&'r SignInLocation),
    Mfa(&'r MfaDetail),
    Policies(Policies<'r>),
    Requirements(&'r [AuthenticationRequirementPolicy]),
    Status(Status<'r>),
    TokenProtection(TokenProtectionStatus),
    Words(&'r [String]),
}

impl Value<'_> {
    /// Whether a row has no such member.
    pub(super) const fn is_left_out(&self, column_type: ColumnType) -> bool {
        match self {
            Self::Absent => true,
            Self::Empty => matches!(column_type, ColumnType::Dynamic),
            _ => false,
        }
    }
}

impl<'r> From<Option<&'r str>> for Value<'r> {
    fn from(text: Option<&'r str>) -> Self {
        text.map_or(Self::Absent, Self::Text)
    }
}

impl From<Option<u128>> for Value<'_> {
    fn from(id: Option<u128>) -> Self {
        id.map_or(Self::Absent, Self::Guid)
    }
}

impl<'r> From<Option<Structured<'r>>> for Value<'r> {
    fn from(inner: Option<Structured<'r>>) -> Self {
        inner.map_or(Self::Absent, Self::Structured)
    }
}

/// A list without elements says nothing in these columns.
pub(super) fn filled<'r, T>(
    list: &'r [T],
    structured: impl FnOnce(&'r [T]) -> Structured<'r>,
) -> Value<'r> {
    match list.is_empty() {
        true => Value::Absent,
        false => Value::Structured(structured(list)),
    }
}

/// Appends a GUID as a JSON string: it has nothing to escape.
pub(super) fn append_guid(to: &mut Vec<u8>, id: u128) {
    let mut text = uuid::Uuid::encode_buffer();
    let text = uuid::Uuid::from_u128(id).hyphenated().encode_lower(&mut text);
    to.push(b'"');
    to.extend_from_slice(text.as_bytes());
    to.push(b'"');
}

/// The audiences of policy.
pub(super) fn audiences(list: &[AppId]) -> Structured<'_> {
    Structured::Audiences(Audiences(list))
}

#[cfg(feature = "parquet")]
impl Value<'_> {
    /// Appends the text of the cell, without quotes.
    pub(in crate::signin) fn append_text(&self, to: &mut Vec<u8>) -> std::io::Result<()> {
        use std::io::Write;
        match self {
            Self::Absent | Self::Empty => Ok(()),
            Self::Bool(value) => write!(to, "{value}"),
            Self::Guid(value) => {
                let mut text = uuid::Uuid::encode_buffer();
                let guid = uuid::Uuid::from_u128(*value).hyphenated();
                to.extend_from_slice(guid.encode_lower(&mut text).as_bytes());
                Ok(())
            }
            Self::Address(value) => write!(to, "{value}"),
            Self::Number(value) => write!(to, "{value}"),
            Self::Text(value) => {
                to.extend_from_slice(value.as_bytes());
                Ok(())
            }
            Self::Time(value) => write!(to, "{value}"),
            Self::Status(value) => {
                to.extend_from_slice(status_word(*value).as_bytes());
                Ok(())
            }
            Self::Structured(value) => Ok(serde_json::to_writer(to, value)?),
        }
    }
}

const fn status_word(status: ConditionalAccessStatus) -> &'static str {
    match status {
        ConditionalAccessStatus::Success => "success",
        ConditionalAccessStatus::Failure => "failure",
        ConditionalAccessStatus::NotApplied => "notApplied",
        ConditionalAccessStatus::UnknownFutureValue => "unknownFutureValue",
    }
}

impl Serialize for Value<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Absent => to.serialize_none(),
            Self::Empty => to.serialize_str(""),
            Self::Bool(value) => to.serialize_bool(*value),
            Self::Guid(value) => uuid::Uuid::from_u128(*value).serialize(to),
            Self::Address(value) => to.collect_str(value),
            Self::Number(value) => to.collect_str(value),
            Self::Text(value) => to.serialize_str(value),
            Self::Time(value) => to.collect_str(value),
            Self::Status(value) => to.serialize_str(status_word(*value)),
            Self::Structured(value) => value.serialize(to),
        }
    }
}

/// The JSON text of `value`, in a buffer that serves one column after the other.
pub(in crate::signin) fn json_text<'s, E: Error>(
    scratch: &'s mut Vec<u8>,
    value: &Structured<'_>,
) -> Result<&'s str, E> {
    scratch.clear();
    serde_json::to_writer(&mut *scratch, value).map_err(E::custom)?;
    std::str::from_utf8(scratch).map_err(E::custom)
}
