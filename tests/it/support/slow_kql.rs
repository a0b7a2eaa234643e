//! A second opinion on the queries: the published pipelines, operator by operator, over JSON values.
//!
//! Written from the texts of the queries and the semantics of their operators (conditional-access 7.1
//! and 7.2), not from `src`. Every step makes all rows of the next one; nothing is folded.

use std::collections::BTreeSet;

use serde_json::{Value, json};

/// A row by column.
pub type Row = serde_json::Map<String, Value>;

/// Which text of a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Text {
    AsPublished,
    Corrected,
    Newest,
}

/// Rows after each step, and the result.
pub struct Answer {
    pub steps: Vec<usize>,
    pub rows: Vec<Row>,
}

/// The rows of a table, which a row names in `Type`.
fn table(log: &[Row], name: &str) -> Vec<Row> {
    log.iter().filter(|row| row.get("Type") == Some(&json!(name))).cloned().collect()
}

fn text(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

/// Case-insensitive substring; a dynamic operand is turned into compact JSON first.
fn contains(value: Option<&Value>, word: &str) -> bool {
    text(value).to_ascii_lowercase().contains(&word.to_ascii_lowercase())
}

fn todynamic(value: Option<&Value>) -> Value {
    match value {
        None => Value::Null,
        Some(Value::String(text)) => serde_json::from_str(text).unwrap_or(Value::Null),
        Some(other) => other.clone(),
    }
}

/// `TimeGenerated > ago(7d)` for times that are written alike, to the second, in UTC.
fn later(row: &Row, bound: &str) -> bool {
    let time = text(row.get("TimeGenerated"));
    !time.is_empty() && time.as_str() > bound
}

/// `mv-expand Column = todynamic(Column)`
fn mv_expand(rows: Vec<Row>, column: &str) -> Vec<Row> {
    let mut expanded = Vec::new();
    for row in rows {
        let mut with = |value: Value| {
            let mut row = row.clone();
            row.insert(column.to_owned(), value);
            expanded.push(row);
        };
        match todynamic(row.get(column)) {
            Value::Array(elements) => elements.into_iter().for_each(&mut with),
            other => with(other),
        }
    }
    expanded
}

fn extend(rows: &mut [Row], column: &str, value: impl Fn(&Row) -> Value) {
    for row in rows {
        let value = value(row);
        row.insert(column.to_owned(), value);
    }
}

/// `summarize by`: distinct combinations.
fn distinct(rows: &[Row], columns: &[&str]) -> Vec<Row> {
    let mut seen = BTreeSet::new();
    let mut kept = Vec::new();
    for row in rows {
        let key: Row =
            columns.iter().map(|name| ((*name).to_owned(), json!(text(row.get(*name))))).collect();
        if seen.insert(Value::Object(key.clone()).to_string()) {
            kept.push(key);
        }
    }
    kept
}

fn is(row: &Row, column: &str, value: &str) -> bool {
    text(row.get(column)) == value
}

fn dcount<'r>(rows: impl Iterator<Item = &'r Row>, column: &str) -> usize {
    rows.map(|row| text(row.get(column))).collect::<BTreeSet<_>>().len()
}

/// Two decimals, ties away from zero; in whole numbers, digit by digit.
fn percent(part: usize, whole: usize) -> Value {
    let scaled = part * 10_000;
    let (mut hundredths, rest) = (scaled / whole, scaled % whole);
    if rest * 2 >= whole {
        hundredths += 1;
    }
    json!(format!("{}.{:02}", hundredths / 100, hundredths % 100).parse::<f64>().unwrap())
}

const RESOURCES: [&str; 2] = ["Office 365 Exchange Online", "Office 365 SharePoint Online"];
const ADDED: [&str; 3] = ["Azure Virtual Desktop", "Windows 365", "Windows Cloud Login"];

/// The steps that the queries by application and by user share, up to `extend Result`.
fn blocked_and_allowed(log: &[Row], of: &str, bound: &str, query: Text) -> (Vec<usize>, Vec<Row>) {
    let mut steps = Vec::new();
    let mut rows = table(log, of);
    steps.push(rows.len());
    rows.retain(|row| later(row, bound));
    steps.push(rows.len());
    rows.retain(|row| row.get("ConditionalAccessPolicies") != Some(&json!("[]")));
    steps.push(rows.len());
    rows.retain(|row| {
        let name = text(row.get("ResourceDisplayName"));
        RESOURCES.contains(&&*name) || (query == Text::Newest && ADDED.contains(&&*name))
    });
    steps.push(rows.len());
    let mut rows = mv_expand(rows, "ConditionalAccessPolicies");
    steps.push(rows.len());
    let member = |row: &Row, name: &str| row.get("ConditionalAccessPolicies")?.get(name).cloned();
    rows.retain(|row| {
        let controls = member(row, "enforcedSessionControls");
        contains(controls.as_ref(), r#"["Binding"]"#)
            || contains(controls.as_ref(), r#"["SignInTokenProtection"]"#)
    });
    steps.push(rows.len());
    rows.retain(|row| {
        let result = text(member(row, "result").as_ref());
        result != "reportOnlyNotApplied" && result != "notApplied"
    });
    steps.push(rows.len());
    let second = if query == Text::AsPublished { "SignInTokenProtection" } else { "Binding" };
    extend(&mut rows, "Result", |row| {
        let unmet = member(row, "sessionControlsNotSatisfied");
        let blocked =
            contains(unmet.as_ref(), "SignInTokenProtection") || contains(unmet.as_ref(), second);
        json!(if blocked { "Block" } else { "Allow" })
    });
    extend(&mut rows, "IsSelfRemediable", |row| {
        let code = code(row);
        let mended = is(row, "Result", "Block") && (code == "1003" || code == "1004");
        json!(if query == Text::Newest && mended { "true" } else { "false" })
    });
    extend(&mut rows, "StatusCode", |row| json!(code(row)));
    (steps, rows)
}

fn code(row: &Row) -> String {
    text(todynamic(row.get("TokenProtectionStatusDetails")).get("signInSessionStatusCode"))
}

/// The query by application, or the same by another column; or by user, application and resource.
pub fn requests(log: &[Row], of: &str, bound: &str, query: Text, by: &[&str]) -> Answer {
    let (mut steps, rows) = blocked_and_allowed(log, of, bound, query);
    let mut columns = vec!["Id", "UserPrincipalName", "Result", "IsSelfRemediable"];
    columns.extend(by);
    let rows = distinct(&rows, &columns);
    steps.push(rows.len());
    let per_user = by.contains(&"UserPrincipalName");
    let mut found = distinct(&rows, by);
    for group in &mut found {
        let members: Vec<&Row> =
            rows.iter().filter(|row| by.iter().all(|name| row[*name] == group[*name])).collect();
        let count =
            |column: &str, value: &str| members.iter().filter(|row| is(row, column, value)).count();
        let users = |column: &str, value: &str| {
            let rows = members.iter().copied().filter(|row| is(row, column, value));
            dcount(rows, "UserPrincipalName")
        };
        let (block, allow) = (count("Result", "Block"), count("Result", "Allow"));
        let mended = count("IsSelfRemediable", "true");
        let mut put = |name: &str, value: Value| group.insert(name.to_owned(), value);
        put("Requests", json!(members.len()));
        put("Block", json!(block));
        put("Allow", json!(allow));
        put("PctAllowed", percent(allow, allow + block));
        if !per_user {
            put("Users", json!(dcount(members.iter().copied(), "UserPrincipalName")));
            put("BlockedUsers", json!(users("Result", "Block")));
        }
        if query == Text::Newest {
            put("BlockSelfRemediable", json!(mended));
            put("PctEnforceable", percent(allow + mended, allow + block));
            if !per_user {
                put("BlockedUsersSelfRemediable", json!(users("IsSelfRemediable", "true")));
            }
        }
    }
    Answer { steps, rows: found }
}

/// The query by device state.
pub fn device_state(log: &[Row], of: &str, bound: &str, query: Text) -> Answer {
    let mut steps = Vec::new();
    let mut rows = table(log, of);
    steps.push(rows.len());
    rows.retain(|row| later(row, bound));
    steps.push(rows.len());
    rows.retain(|row| !text(row.get("TokenProtectionStatusDetails")).is_empty());
    rows.retain(|row| {
        let code = code(row);
        code == "1003" || (query != Text::AsPublished && code == "1004")
    });
    let mut found = distinct(&rows, &["UserPrincipalName"]);
    for group in &mut found {
        let user = text(group.get("UserPrincipalName"));
        let count = rows.iter().filter(|row| is(row, "UserPrincipalName", &user)).count();
        group.insert("count_".to_owned(), json!(count));
    }
    Answer { steps, rows: found }
}

/// Rows in an order that does not depend on who made them.
pub fn sorted(mut rows: Vec<Value>) -> Vec<Value> {
    rows.sort_by_key(Value::to_string);
    rows
}
