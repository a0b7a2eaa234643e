//! The sample log gives the expected tables, variants and step counts.

use serde_json::{Value, json};
use token_protection_lab::signin::query::{Answer, Counting, Filter, Fold, Query, Variant, Window};
use token_protection_lab::signin::read::{LogTable, OnBad};

use super::{answer, expected, fold, rows, sample, week};
use crate::support::slow_kql::sorted;

fn of(query: Query, variant: Variant, table: LogTable) -> Answer {
    answer(&sample(), query, variant, week(table))
}

fn assert_table(found: &Answer, name: &str) {
    let expected = expected();
    let table = expected.get(name).unwrap_or_else(|| &expected["variants"][name]);
    assert_eq!(rows(found), *table.as_array().unwrap(), "{name}");
}

#[test]
fn the_published_queries_give_the_expected_tables() {
    use LogTable::NonInteractive as Table;
    assert_table(&of(Query::Apps, Variant::AsPublished, Table), "q1_per_app");
    assert_table(&of(Query::Users, Variant::AsPublished, Table), "q2_per_user");
    // The third has no order.
    let found = rows(&of(Query::DeviceState, Variant::AsPublished, Table));
    let expected = expected()["q3_device_state"].as_array().unwrap().clone();
    assert_eq!(sorted(found), sorted(expected));
}

#[test]
fn so_do_their_variants() {
    use LogTable::{Interactive, NonInteractive};
    let corrected = Variant::Corrected;
    assert_table(&of(Query::Apps, corrected, NonInteractive), "q1_case_also_tests_Binding");
    assert_table(&of(Query::Users, corrected, NonInteractive), "q2_case_also_tests_Binding");
    let found = rows(&of(Query::DeviceState, corrected, NonInteractive));
    let table = expected()["variants"]["q3_codes_1003_or_1004"].as_array().unwrap().clone();
    assert_eq!(sorted(found), sorted(table));
    let published = Variant::AsPublished;
    assert_table(&of(Query::Apps, published, Interactive), "q1_on_SigninLogs");
    assert_table(&of(Query::Users, published, Interactive), "q2_on_SigninLogs");
    assert_table(&of(Query::DeviceState, published, Interactive), "q3_on_SigninLogs");
}

#[test]
fn every_step_has_the_expected_rows() {
    for (query, name) in [(Query::Apps, "q1_steps"), (Query::Users, "q2_steps")] {
        let steps = of(query, Variant::AsPublished, LogTable::NonInteractive).steps;
        let found = json!({
            "table": steps.table,
            "TimeGenerated > ago(7d)": steps.time,
            "ConditionalAccessPolicies != \"[]\"": steps.column,
            "resource filter": steps.resource,
            "mv-expand": steps.expanded,
            "enforcedSessionControls contains": steps.label,
            "result filter": steps.result,
            "summarize by": steps.distinct,
        });
        assert_eq!(found, expected()[name], "{name}");
    }
}

#[test]
fn the_newest_form_tells_what_users_can_mend() {
    let table = rows(&of(Query::Apps, Variant::Newest, LogTable::NonInteractive));
    let office = json!({
        "AppDisplayName": "Microsoft Office", "Requests": 13, "Users": 9, "Allow": 5, "Block": 8,
        "BlockSelfRemediable": 4, "BlockedUsers": 7, "BlockedUsersSelfRemediable": 3,
        "PctAllowed": 38.46, "PctEnforceable": 69.23,
    });
    assert_eq!(table[0], office);
    let users = rows(&of(Query::Users, Variant::Newest, LogTable::NonInteractive));
    let judy: Vec<&Value> =
        users.iter().filter(|row| row["UserPrincipalName"] == "judy@contoso.example").collect();
    assert_eq!(judy.len(), 1);
    assert_eq!((&judy[0]["Requests"], &judy[0]["PctEnforceable"]), (&json!(1), &json!(100.0)));
}

#[test]
fn the_newest_form_looks_at_the_resources_that_the_windows_guide_added() {
    let log = sample().replace("Office 365 SharePoint Online", "Windows 365");
    let requests = |variant| {
        let table = answer(&log, Query::Apps, variant, week(LogTable::NonInteractive));
        rows(&table).iter().map(|row| row["Requests"].as_u64().unwrap()).sum::<u64>()
    };
    assert!(requests(Variant::Newest) > requests(Variant::Corrected));
}

#[test]
fn weeks_and_codes_add_up_to_the_requests() {
    let apps = of(Query::Apps, Variant::AsPublished, LogTable::NonInteractive);
    for query in [Query::Weeks, Query::Codes] {
        let found = of(query, Variant::AsPublished, LogTable::NonInteractive);
        assert_eq!(found.steps, apps.steps, "{query:?}");
    }
    let weeks = rows(&of(Query::Weeks, Variant::AsPublished, LogTable::NonInteractive));
    let of_week: Vec<_> =
        weeks.iter().map(|row| (row["Week"].as_str().unwrap(), &row["Requests"])).collect();
    assert_eq!(of_week, [("2026-03-02", &json!(28)), ("2026-03-09", &json!(1))]);
    let codes = rows(&of(Query::Codes, Variant::AsPublished, LogTable::NonInteractive));
    let codes: Vec<_> = codes.iter().map(|row| row["StatusCode"].as_i64().unwrap()).collect();
    assert_eq!(codes, [0, 1002, 1003, 1006, 1008]);
}

#[test]
fn filters_look_at_one_user_or_one_sign_in() {
    let with = |user, correlation| {
        let filter = Filter { user, correlation, ..week(LogTable::NonInteractive) };
        let table = answer(&sample(), Query::Users, Variant::AsPublished, filter);
        rows(&table)
    };
    let carol = with(Some("Carol@contoso.example"), None);
    assert!(!carol.is_empty());
    assert!(carol.iter().all(|row| row["UserPrincipalName"] == "carol@contoso.example"));
    let one = with(None, Some("7258172e-31cc-5e53-b14c-b032dace742c"));
    assert!(!one.is_empty() && one.len() < 4, "{one:#?}");
    assert!(with(Some("nobody@contoso.example"), None).is_empty());
}

#[test]
fn the_bound_is_strict_to_the_nanosecond() {
    let row = |time: &str| {
        format!(
            r#"{{"Id":"1","Type":"SigninLogs","TimeGenerated":"{time}","UserPrincipalName":"u",
            "TokenProtectionStatusDetails":{{"signInSessionStatusCode":1003}}}}"#
        )
        .replace('\n', " ")
    };
    let counted = |time: &str| {
        let found = answer(
            &row(time),
            Query::DeviceState,
            Variant::AsPublished,
            week(LogTable::Interactive),
        );
        found.steps.time
    };
    assert_eq!(counted("2026-03-03T12:00:00Z"), 0);
    assert_eq!(counted("2026-03-03T12:00:00.0000001Z"), 1);
    assert_eq!(counted("2026-03-03T13:00:00.000+01:00"), 0);
    // There is no upper end.
    assert_eq!(counted("2036-03-03T12:00:00Z"), 1);
    let between = Window::Between {
        from: "2026-03-03T12:00:00Z".parse().ok(),
        to: "2026-03-03T12:00:01Z".parse().ok(),
    };
    for (time, inside) in [
        ("2026-03-03T12:00:00Z", 1),
        ("2026-03-03T12:00:00.999Z", 1),
        ("2026-03-03T12:00:01Z", 0),
        ("2026-03-03T11:59:59.999Z", 0),
    ] {
        let filter = Filter { window: between, ..week(LogTable::Interactive) };
        let found = answer(&row(time), Query::DeviceState, Variant::AsPublished, filter);
        assert_eq!(found.steps.time, inside, "{time}");
    }
}

#[test]
fn records_that_are_taken_for_requests_say_so_by_their_count() {
    let each = |counting| {
        let query =
            Fold::new(Query::Apps, Variant::AsPublished, week(LogTable::NonInteractive), counting);
        fold(sample().as_bytes(), query, OnBad::Refuse).unwrap().0.steps.distinct
    };
    // One request was delivered twice (N08 and N35).
    assert_eq!((each(Counting::default()), each(Counting::EachRecord)), (29, 30));
    let tight = Counting::Exact { limit: 28 };
    let query = Fold::new(Query::Apps, Variant::AsPublished, week(LogTable::NonInteractive), tight);
    let refused = fold(sample().as_bytes(), query, OnBad::Refuse).unwrap_err();
    assert!(
        matches!(&refused, super::Failed::Query(error) if error.code() == "signin.too_many_requests")
    );
}
