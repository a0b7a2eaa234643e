//! One log in every shape and framing gives one answer.

use serde_json::{Value, json};
use token_protection_lab::signin::ndjson::Writer;
use token_protection_lab::signin::query::{Filter, Query, Variant, Window};
use token_protection_lab::signin::read::{self, Detail, LogTable, OnBad, ReadError, Shape};
use token_protection_lab::sim::{RunOptions, matrix};

use super::{answer, sample, week};

/// The sample as Graph records: structures are structures, names are Graph's.
fn graph() -> Vec<Value> {
    let record = |line: &str| {
        let row: Value = serde_json::from_str(line).unwrap();
        let structure = |name: &str| match &row[name] {
            Value::String(text) if text.is_empty() => Value::Null,
            Value::String(text) => serde_json::from_str(text).unwrap(),
            other => other.clone(),
        };
        let interactive = row["IsInteractive"].as_bool().unwrap();
        json!({
            "id": row["Id"],
            "createdDateTime": row["CreatedDateTime"],
            "correlationId": row["CorrelationId"],
            "userPrincipalName": row["UserPrincipalName"],
            "appDisplayName": row["AppDisplayName"],
            "resourceDisplayName": row["ResourceDisplayName"],
            "isInteractive": interactive,
            "signInEventTypes": [if interactive { "interactiveUser" } else { "nonInteractiveUser" }],
            "status": structure("Status"),
            "appliedConditionalAccessPolicies": structure("ConditionalAccessPolicies"),
            "tokenProtectionStatusDetails": structure("TokenProtectionStatusDetails"),
        })
    };
    sample().lines().map(record).collect()
}

fn envelope(record: &Value) -> Value {
    let interactive = record["isInteractive"].as_bool().unwrap();
    let mut inner = record.clone();
    inner.as_object_mut().unwrap().remove("signInEventTypes");
    json!({
        "time": "2026-03-10T11:59:00Z",
        "category": if interactive { "SignInLogs" } else { "NonInteractiveUserSignInLogs" },
        "resultType": record["status"]["errorCode"].to_string(),
        "properties": inner,
    })
}

fn lines(values: &[Value]) -> String {
    values.iter().map(|value| format!("{value}\n")).collect()
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap()
}

#[test]
fn every_shape_and_framing_gives_the_same_answers() {
    let records = graph();
    let exports: Vec<Value> = records.iter().map(envelope).collect();
    let rows: Vec<Value> =
        sample().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let (one, other) = records.split_at(10);
    let framings = [
        ("graph, lines", lines(&records)),
        (
            "graph, page",
            pretty(&json!({"@odata.context": "x", "value": records, "@odata.nextLink": "y"})),
        ),
        ("graph, page in a line", format!("{}\n", json!({"value": records}))),
        ("graph, page in a line without a break", json!({"value": records}).to_string()),
        (
            "graph, pages",
            format!("{}\n{}", pretty(&json!({"value": one})), pretty(&json!({"value": other}))),
        ),
        ("graph, pages in lines", lines(&[json!({"value": one}), json!({"value": other})])),
        ("graph, array", pretty(&json!(records))),
        ("graph, array in a line", json!(records).to_string()),
        (
            "graph, array of lines",
            format!("[\n{}\n]\n", lines(&records).trim_end().replace('\n', ",\n")),
        ),
        ("export, lines", lines(&exports)),
        ("export, blob", json!({"records": exports}).to_string()),
        ("export, pretty blob", pretty(&json!({"records": exports}))),
        ("rows, array", pretty(&json!(rows))),
        ("rows, BOM and CRLF", format!("\u{feff}{}", sample().replace('\n', "\r\n"))),
        ("rows, blank lines", sample().replace('\n', "\n\n  \n")),
        ("rows, no last line break", sample().trim_end().to_owned()),
    ];
    for (name, text) in framings {
        for query in [Query::Apps, Query::DeviceState, Query::Users, Query::Weeks, Query::Codes] {
            for table in [LogTable::NonInteractive, LogTable::Interactive] {
                let of = |log: &str| answer(log, query, Variant::AsPublished, week(table));
                let (found, expected) = (of(&text), of(&sample()));
                assert_eq!(found.table, expected.table, "{name}, {query:?}, {table:?}");
                if table == LogTable::NonInteractive {
                    assert_eq!(found.steps, expected.steps, "{name}, {query:?}");
                }
            }
        }
    }
}

#[test]
fn shapes_are_told_apart() {
    let shapes = |text: &str| {
        let mut shapes = Vec::new();
        read::each::<ReadError>(text.as_bytes(), OnBad::Refuse, |_, event| {
            shapes.push(event.shape);
            Ok(())
        })
        .unwrap();
        shapes.dedup();
        shapes
    };
    assert_eq!(shapes(&sample()), [Shape::LogAnalytics]);
    assert_eq!(shapes(&lines(&graph())), [Shape::Graph]);
    assert_eq!(shapes(&lines(&[envelope(&graph()[0])])), [Shape::Diagnostic]);
}

#[test]
fn tables_that_hold_no_users_are_left_out() {
    let row =
        |member: &str| format!(r#"{{"Id":"1","TimeGenerated":"2026-03-09T00:00:00Z",{member}}}"#);
    for (member, interactive, non_interactive) in [
        (r#""Type":"SigninLogs""#, 1, 0),
        (r#""Type":"AADNonInteractiveUserSignInLogs""#, 0, 1),
        (r#""Type":"AADServicePrincipalSignInLogs""#, 0, 0),
        (r#""Category":"SignInLogs""#, 1, 0),
        (r#""Category":"ManagedIdentitySignInLogs""#, 0, 0),
        (r#""SignInEventTypes":"[\"nonInteractiveUser\"]""#, 0, 1),
        (r#""SignInEventTypes":"[\"servicePrincipal\"]""#, 0, 0),
        (r#""IsInteractive":true"#, 1, 0),
        (r#""IsInteractive":"False""#, 0, 1),
        // An export of one table need not name it.
        (r#""AppDisplayName":"x""#, 1, 1),
    ] {
        let count = |table| {
            answer(&row(member), Query::Apps, Variant::AsPublished, week(table)).steps.table
        };
        let counts = (count(LogTable::Interactive), count(LogTable::NonInteractive));
        assert_eq!(counts, (interactive, non_interactive), "{member}");
    }
}

#[test]
fn a_record_has_one_view_whatever_its_shape() {
    let row = sample().lines().nth(7).unwrap().to_owned();
    let record = graph()[7].clone();
    for text in [row, record.to_string(), envelope(&record).to_string()] {
        let detail = Detail::parse(&text).unwrap();
        assert_eq!(detail.error_code(), Some(530_084));
        assert_eq!(detail.status_code(), Some(1003));
        assert_eq!(detail.text("userPrincipalName").as_deref(), Some("carol@contoso.example"));
        let policy = detail.policies().next().unwrap();
        assert_eq!(policy.text("result"), "failure");
        assert_eq!(
            policy.names("sessionControlsNotSatisfied").collect::<Vec<_>>(),
            ["SignInTokenProtection"]
        );
    }
}

/// What the simulator writes is read again, whichever shape it writes.
#[test]
fn our_own_records_give_the_same_answers_in_every_shape() {
    let mut records = Vec::new();
    for address in ["refresh-token@T", "refresh-token@R", "phish-native@T"] {
        let outcome = matrix::cell(address, &RunOptions::default()).unwrap();
        records.extend(outcome.records);
    }
    let newest = records.iter().map(|record| record.created_date_time).max().unwrap();
    let filter = Filter {
        window: Window::last_days(7, newest),
        table: None,
        ..week(LogTable::NonInteractive)
    };
    let written = |shape| {
        let mut writer = Writer::new(Vec::new(), shape);
        records.iter().for_each(|record| writer.write(record).unwrap());
        String::from_utf8(writer.finish().unwrap()).unwrap()
    };
    let rows = written(Shape::LogAnalytics);
    for query in [Query::Apps, Query::Codes, Query::DeviceState, Query::Users, Query::Weeks] {
        let expected = answer(&rows, query, Variant::Newest, filter).table;
        assert!(query == Query::DeviceState || !expected.rows.is_empty(), "{query:?}");
        for shape in [Shape::Diagnostic, Shape::Graph] {
            let found = answer(&written(shape), query, Variant::Newest, filter);
            assert_eq!(found.table, expected, "{shape:?}, {query:?}");
        }
    }
    for text in rows.lines() {
        assert!(Detail::parse(text).unwrap().policies().count() > 0, "{text}");
    }
}
