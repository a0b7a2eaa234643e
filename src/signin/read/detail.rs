//! [`Detail`]: everything a record says, under the names of Graph, whatever its shape.

use serde_json::{Map, Value};

use super::error::{Fault, cut};
use crate::base::json;

/// Columns of Log Analytics whose Graph name is not theirs in camel case.
const RENAMED: &[(&str, &str)] = &[
    ("AADTenantId", "tenantId"),
    ("ConditionalAccessPolicies", "appliedConditionalAccessPolicies"),
    ("IPAddress", "ipAddress"),
    ("Identity", "userDisplayName"),
    ("LocationDetails", "location"),
    ("ResourceIdentity", "resourceId"),
    ("ResultDescription", "resultDescription"),
    ("RiskEventTypes_V2", "riskEventTypes_v2"),
];

/// Columns that are no member of the record, or another one under a second name.
const LEFT_OUT: &[&str] = &["Location", "TimeGenerated"];

/// Members that some tables hold as JSON in a text.
const STRUCTURED: &[&str] = &[
    "appliedConditionalAccessPolicies",
    "authenticationDetails",
    "authenticationRequirementPolicies",
    "conditionalAccessAudiences",
    "deviceDetail",
    "location",
    "mfaDetail",
    "networkLocationDetails",
    "sessionLifetimePolicies",
    "signInEventTypes",
    "status",
    "tokenProtectionStatusDetails",
];

/// A record under the names of Graph beta `signIn`; structures that were JSON in a text are parsed.
#[derive(Clone, Debug, PartialEq)]
pub struct Detail {
    members: Map<String, Value>,
}

/// An entry of `appliedConditionalAccessPolicies`.
#[derive(Clone, Copy, Debug)]
pub struct PolicyDetail<'d>(&'d Map<String, Value>);

impl Detail {
    /// Reads the text of one record.
    ///
    /// # Errors
    /// [`Fault`], as the record's event would have.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let read: Map<String, Value> = json::from_slice(text.as_bytes())
            .map_err(|error| Fault::Json(cut(&error.to_string())))?;
        let mut members = match read.get("properties") {
            Some(Value::Object(inner)) => with_envelope(inner.clone(), &read),
            _ if read.contains_key("createdDateTime") => read,
            _ => renamed(read),
        };
        for (name, value) in &mut members {
            if let Value::String(text) = value
                && STRUCTURED.contains(&name.as_str())
            {
                *value = structure(name, text)?;
            }
        }
        Ok(Self { members })
    }

    /// A member by its Graph name; `status/errorCode` looks inside.
    #[must_use]
    pub fn value(&self, path: &str) -> Option<&Value> {
        let (first, rest) = path.split_once('/').unwrap_or((path, ""));
        let value = self.members.get(first)?;
        match rest {
            "" => Some(value),
            name => value.get(name),
        }
        .filter(|value| !value.is_null())
    }

    /// A member as text: a string that is not empty, a number, or true and false.
    #[must_use]
    pub fn text(&self, path: &str) -> Option<String> {
        match self.value(path)? {
            Value::String(text) if text.is_empty() => None,
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            Value::Bool(value) => Some(value.to_string()),
            Value::Array(items) => {
                let texts: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
                (!texts.is_empty()).then(|| texts.join(", "))
            }
            Value::Null | Value::Object(_) => None,
        }
    }

    /// The number after `AADSTS`; 0 for success. From `status`, else from `ResultType`.
    #[must_use]
    pub fn error_code(&self) -> Option<u32> {
        let code = self.text("status/errorCode").or_else(|| self.text("resultType"))?;
        code.parse().ok()
    }

    /// `signInSessionStatusCode`.
    #[must_use]
    pub fn status_code(&self) -> Option<u16> {
        self.text("tokenProtectionStatusDetails/signInSessionStatusCode")?.parse().ok()
    }

    /// The entries of the policies, in the order of the record.
    pub fn policies(&self) -> impl Iterator<Item = PolicyDetail<'_>> {
        let entries = self.value("appliedConditionalAccessPolicies").and_then(Value::as_array);
        entries.into_iter().flatten().filter_map(Value::as_object).map(PolicyDetail)
    }
}

impl<'d> PolicyDetail<'d> {
    /// A text of the entry, empty if there is none.
    #[must_use]
    pub fn text(self, name: &str) -> &'d str {
        self.0.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    /// The names in an array of the entry; none if it is absent.
    pub fn names(self, name: &str) -> impl Iterator<Item = &'d str> {
        self.0.get(name).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
    }

    /// Conditions, which are names in Graph and an integer in exports.
    #[must_use]
    pub fn conditions(self, name: &str) -> Option<&'d Value> {
        self.0.get(name)
    }
}

fn structure(name: &str, text: &str) -> Result<Value, Fault> {
    if text.is_empty() {
        return Ok(Value::Null);
    }
    json::from_slice(text.as_bytes()).map_err(|error| Fault::Column {
        column: STRUCTURED.iter().find(|known| **known == name).copied().unwrap_or_default(),
        reason: cut(&error.to_string()),
    })
}

/// The inner record, with what only the envelope says.
fn with_envelope(mut inner: Map<String, Value>, outer: &Map<String, Value>) -> Map<String, Value> {
    for (from, to) in [
        ("category", "category"),
        ("callerIpAddress", "ipAddress"),
        ("identity", "userDisplayName"),
        ("resultType", "resultType"),
        ("resultDescription", "resultDescription"),
    ] {
        if let Some(value) = outer.get(from)
            && !inner.contains_key(to)
        {
            inner.insert(to.to_owned(), value.clone());
        }
    }
    inner
}

fn renamed(row: Map<String, Value>) -> Map<String, Value> {
    let mut members = Map::new();
    for (column, value) in row {
        if LEFT_OUT.contains(&column.as_str()) {
            continue;
        }
        let name = RENAMED.iter().find(|(from, _)| *from == column);
        let name = name.map_or_else(|| camel(&column), |(_, to)| (*to).to_owned());
        // `Identity` and `UserDisplayName` are one member.
        let known = members.get(&name).is_some_and(|known: &Value| known.as_str() != Some(""));
        if !known {
            members.insert(name, value);
        }
    }
    members
}

/// `AppDisplayName` as `appDisplayName`.
fn camel(column: &str) -> String {
    let mut letters = column.chars();
    match letters.next() {
        None => String::new(),
        Some(first) => first.to_lowercase().chain(letters).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_shapes_have_one_view() {
        let graph = r#"{"id":"1","createdDateTime":"2026-03-05T10:00:00Z",
            "status":{"errorCode":530084},"userDisplayName":"Carol",
            "tokenProtectionStatusDetails":{"signInSessionStatusCode":1003},
            "appliedConditionalAccessPolicies":[{"displayName":"b","result":"failure"}]}"#;
        let export = format!(r#"{{"category":"SignInLogs","properties":{graph}}}"#);
        let row = r#"{"Id":"1","CreatedDateTime":"2026-03-05T10:00:00Z",
            "Status":"{\"errorCode\":530084}","Identity":"Carol",
            "TokenProtectionStatusDetails":"{\"signInSessionStatusCode\":1003}",
            "ConditionalAccessPolicies":"[{\"displayName\":\"b\",\"result\":\"failure\"}]"}"#;
        for text in [graph, &export, row] {
            let detail = Detail::parse(text).unwrap();
            assert_eq!(detail.text("id").as_deref(), Some("1"));
            assert_eq!(detail.text("userDisplayName").as_deref(), Some("Carol"));
            assert_eq!((detail.error_code(), detail.status_code()), (Some(530_084), Some(1003)));
            let policies: Vec<&str> =
                detail.policies().map(|one| one.text("displayName")).collect();
            assert_eq!(policies, ["b"]);
        }
    }
}
