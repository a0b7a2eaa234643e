//! Generated logs: the fold agrees with the slow evaluator, and the order of lines does not matter.

use proptest::prelude::*;
use serde_json::{Map, Value, json};
use token_protection_lab::signin::query::{Query, Variant};
use token_protection_lab::signin::read::LogTable;

use super::{answer, rows, week};
use crate::support::slow_kql::{self, Row, Text, sorted};

/// Seven days before the fixed time.
const BOUND: &str = "2026-03-03T12:00:00Z";

fn pick(words: &'static [&'static str]) -> impl Strategy<Value = String> {
    prop::sample::select(words).prop_map(str::to_owned)
}

fn controls() -> impl Strategy<Value = Value> {
    let name = pick(&[
        "Binding",
        "SignInTokenProtection",
        "signintokenprotection",
        "SignInFrequency",
        "xBindingx",
        "[\"Binding\"]",
        "\u{8}inding",
    ]);
    prop::collection::vec(name, 0..3).prop_map(|names| json!(names))
}

fn entry() -> impl Strategy<Value = Value> {
    let result = pick(&[
        "success",
        "failure",
        "notApplied",
        "NotApplied",
        "reportOnlySuccess",
        "reportOnlyFailure",
        "reportOnlyNotApplied",
        "notEnabled",
    ]);
    let enforced = prop_oneof![
        3 => prop::sample::select(vec![json!(["Binding"]), json!(["SignInTokenProtection"])]),
        1 => controls(),
    ];
    (enforced, prop::option::of(controls()), result).prop_map(|(enforced, unmet, result)| {
        let mut entry = json!({"id": "p", "enforcedSessionControls": enforced, "result": result});
        if let Some(unmet) = unmet {
            entry["sessionControlsNotSatisfied"] = unmet;
        }
        entry
    })
}

fn policies() -> impl Strategy<Value = Option<Value>> {
    prop_oneof![
        8 => prop::collection::vec(entry(), 0..3).prop_map(|entries| Some(json!(entries))),
        1 => Just(None),
        1 => Just(Some(Value::Null)),
    ]
}

prop_compose! {
    fn row()(
        id in 0_u8..6,
        user in pick(&["alice@contoso.example", "bob@contoso.example", "Bob@contoso.example", ""]),
        app in pick(&["Microsoft Office", "Microsoft Teams", "microsoft office"]),
        resource in pick(&[
            "Office 365 Exchange Online", "Office 365 SharePoint Online", "Windows 365",
            "office 365 exchange online",
        ]),
        time in pick(&[
            "2026-03-03T12:00:00Z", "2026-03-03T12:00:01Z", "2026-03-09T00:00:00Z",
            "2026-03-02T00:00:00Z", "2026-03-11T00:00:00Z",
        ]),
        interactive in any::<bool>(),
        policies in policies(),
        code in prop::option::of(prop::sample::select(vec![0, 1002, 1003, 1004, 1008])),
        spaced in any::<bool>(),
    ) -> Row {
        let text = |value: &Value| json!(match spaced {
            true => serde_json::to_string_pretty(value).unwrap(),
            false => value.to_string(),
        });
        // The one table has texts, the other structures.
        let column = |value: Value| if interactive { value } else { text(&value) };
        let mut row = Map::new();
        let mut put = |name: &str, value: Value| row.insert(name.to_owned(), value);
        put("Type", json!(if interactive { "SigninLogs" } else { "AADNonInteractiveUserSignInLogs" }));
        put("Id", json!(format!("00000000-0000-4000-8000-00000000000{id}")));
        put("TimeGenerated", json!(time));
        put("UserPrincipalName", json!(user));
        put("AppDisplayName", json!(app));
        put("ResourceDisplayName", json!(resource));
        if let Some(policies) = policies {
            put("ConditionalAccessPolicies", if policies.is_null() { policies } else { column(policies) });
        }
        put("TokenProtectionStatusDetails", match code {
            None if interactive => Value::Null,
            None => json!(""),
            Some(code) => column(json!({
                "signInSessionStatus": if code == 0 { "bound" } else { "unbound" },
                "signInSessionStatusCode": code,
            })),
        });
        row
    }
}

fn ndjson(log: &[Row]) -> String {
    log.iter().map(|row| format!("{}\n", Value::Object(row.clone()))).collect()
}

const VARIANTS: [(Variant, Text); 3] = [
    (Variant::AsPublished, Text::AsPublished),
    (Variant::Corrected, Text::Corrected),
    (Variant::Newest, Text::Newest),
];

const TABLES: [(LogTable, &str); 2] = [
    (LogTable::Interactive, "SigninLogs"),
    (LogTable::NonInteractive, "AADNonInteractiveUserSignInLogs"),
];

/// A code is a number or nothing in the one, a text in the other.
fn with_codes_as_numbers(rows: Vec<Value>) -> Vec<Value> {
    let number = |mut row: Value| {
        if let Some(code) = row.get("StatusCode").and_then(Value::as_str) {
            row["StatusCode"] = code.parse::<i64>().map_or(Value::Null, Value::from);
        }
        row
    };
    rows.into_iter().map(number).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn the_fold_agrees_with_the_slow_evaluator(log in prop::collection::vec(row(), 0..24)) {
        let text = ndjson(&log);
        for (variant, slow) in VARIANTS {
            for (table, name) in TABLES {
                let by: [(Query, &[&str]); 3] = [
                    (Query::Apps, &["AppDisplayName"]),
                    (Query::Codes, &["StatusCode"]),
                    (Query::Users, &["UserPrincipalName", "AppDisplayName", "ResourceDisplayName"]),
                ];
                for (query, by) in by {
                    let found = answer(&text, query, variant, week(table));
                    let expected = slow_kql::requests(&log, name, BOUND, slow, by);
                    let steps = found.steps;
                    let steps = [
                        steps.table, steps.time, steps.column, steps.resource, steps.expanded,
                        steps.label, steps.result, steps.distinct,
                    ];
                    let wanted: Vec<u64> = expected.steps.iter().map(|step| *step as u64).collect();
                    prop_assert_eq!(&steps[..], &wanted[..]);
                    let expected = expected.rows.into_iter().map(Value::Object).collect();
                    prop_assert_eq!(sorted(rows(&found)), sorted(with_codes_as_numbers(expected)));
                }
                let found = answer(&text, Query::DeviceState, variant, week(table));
                let expected = slow_kql::device_state(&log, name, BOUND, slow);
                let expected = expected.rows.into_iter().map(Value::Object).collect();
                prop_assert_eq!(sorted(rows(&found)), sorted(expected));
            }
        }
    }

    #[test]
    fn the_order_of_lines_does_not_matter(
        (log, shuffled) in prop::collection::vec(row(), 0..24)
            .prop_flat_map(|log| (Just(log.clone()), Just(log).prop_shuffle())),
    ) {
        for query in [Query::Apps, Query::Codes, Query::DeviceState, Query::Users, Query::Weeks] {
            let of = |log: &[Row]| {
                answer(&ndjson(log), query, Variant::Newest, week(LogTable::NonInteractive))
            };
            prop_assert_eq!(of(&log), of(&shuffled));
        }
    }

    /// Q6: duplicates collapse where requests are counted, and count where rows are.
    #[test]
    fn duplicates_count_in_one_query_alone(log in prop::collection::vec(row(), 1..12)) {
        let twice: Vec<Row> = log.iter().chain(&log).cloned().collect();
        for query in [Query::Apps, Query::Codes, Query::Users, Query::Weeks] {
            let of = |log: &[Row]| {
                rows(&answer(&ndjson(log), query, Variant::AsPublished, week(LogTable::NonInteractive)))
            };
            prop_assert_eq!(of(&log), of(&twice));
        }
        let count = |log: &[Row]| {
            let table = answer(&ndjson(log), Query::DeviceState, Variant::AsPublished, week(LogTable::NonInteractive));
            rows(&table).iter().map(|row| row["count_"].as_u64().unwrap()).sum::<u64>()
        };
        prop_assert_eq!(2 * count(&log), count(&twice));
    }
}
