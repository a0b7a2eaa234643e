//! Logs from strangers: refused with a place, or skipped and counted; never a panic, never more
//! memory than a record may have.

use std::io::{BufRead, BufReader, Read};

use proptest::prelude::*;
use serde_json::{Value, json};
use token_protection_lab::signin::query::{Counting, Fold, Query, Variant};
use token_protection_lab::signin::read::{
    self, Detail, LogTable, MAX_RECORD, OnBad, Place, ReadError, Summary,
};

use super::{answer, fold, sample, week};

fn read(log: &[u8], on_bad: OnBad) -> Result<Summary, ReadError> {
    read::each::<ReadError>(log, on_bad, |_, _| Ok(()))
}

fn refused(log: impl AsRef<[u8]>) -> ReadError {
    read(log.as_ref(), OnBad::Refuse).unwrap_err()
}

/// The second line is wrong.
fn second_line(line: &str) -> ReadError {
    let good = sample().lines().next().unwrap().to_owned();
    refused(format!("{good}\n{line}\n{good}\n"))
}

#[test]
fn every_kind_of_bad_line_has_its_code_and_place() {
    for (line, code) in [
        ("{", "signin.not_json"),
        ("{\"Id\":\"1\"} x", "signin.not_json"),
        ("nonsense", "signin.not_json"),
        ("{\"Id\":\"1\",\"Id\":\"1\"}", "signin.duplicate_member"),
        ("{\"Id\":\"1\",\"x\":{\"a\":1,\"a\":1}}", "signin.duplicate_member"),
        ("{\"Id\":\"1\",\"Id\":1}", "signin.duplicate_member"),
        ("{\"Id\":1}", "signin.wrong_type"),
        ("17", "signin.wrong_type"),
        ("null", "signin.wrong_type"),
        ("{}", "signin.not_a_record"),
        ("{\"records\":1}", "signin.not_a_record"),
        ("{\"Id\":\"1\",\"TimeGenerated\":\"yesterday\"}", "signin.not_a_time"),
        ("{\"Id\":\"1\",\"ConditionalAccessPolicies\":\"[{\"}", "signin.bad_column"),
        ("{\"Id\":\"1\",\"ConditionalAccessPolicies\":\"{}\"}", "signin.bad_column"),
        (
            "{\"Id\":\"1\",\"ConditionalAccessPolicies\":\"[{\\\"a\\\":1,\\\"a\\\":1}]\"}",
            "signin.bad_column",
        ),
        ("\u{feff}{\"Id\":\"1\"}", "signin.not_json"),
        ("{\"value\":[{\"value\":[]}]}", "signin.not_a_record"),
    ] {
        let error = second_line(line);
        assert_eq!((error.code(), error.place.line), (code, 2), "{line}: {error}");
        assert!(error.to_string().len() < 600, "{error}");
    }
}

#[test]
fn wrong_types_name_their_column() {
    for (member, path) in [
        (r#""TimeGenerated":1"#, "TimeGenerated"),
        (r#""Type":[]"#, "Type"),
        (r#""Category":{}"#, "Category"),
        (r#""CorrelationId":1"#, "CorrelationId"),
        (r#""UserPrincipalName":true"#, "UserPrincipalName"),
        (r#""AppDisplayName":1.5"#, "AppDisplayName"),
        (r#""ResourceDisplayName":[]"#, "ResourceDisplayName"),
        (r#""IsInteractive":"perhaps""#, "IsInteractive"),
        (r#""ConditionalAccessPolicies":7"#, "ConditionalAccessPolicies"),
        (r#""ConditionalAccessPolicies":[7]"#, "ConditionalAccessPolicies[0]"),
        (r#""ConditionalAccessPolicies":[["x"]]"#, "ConditionalAccessPolicies[0]"),
        (
            r#""ConditionalAccessPolicies":[{"enforcedSessionControls":"Binding"}]"#,
            "ConditionalAccessPolicies[0].enforcedSessionControls",
        ),
        (
            r#""ConditionalAccessPolicies":[{"sessionControlsNotSatisfied":[1]}]"#,
            "ConditionalAccessPolicies[0].sessionControlsNotSatisfied[0]",
        ),
        (r#""ConditionalAccessPolicies":[{"result":3}]"#, "ConditionalAccessPolicies[0].result"),
        (r#""TokenProtectionStatusDetails":[0]"#, "TokenProtectionStatusDetails"),
        (
            r#""TokenProtectionStatusDetails":{"signInSessionStatusCode":1003.5}"#,
            "TokenProtectionStatusDetails.signInSessionStatusCode",
        ),
        (r#""appliedConditionalAccessPolicies":true"#, "appliedConditionalAccessPolicies"),
        (r#""properties":[]"#, "properties"),
    ] {
        let error = second_line(&format!("{{\"Id\":\"1\",{member}}}"));
        assert_eq!((error.code(), error.place.line), ("signin.wrong_type", 2), "{member}");
        assert!(error.to_string().contains(&format!("`{path}`: ")), "{member}: {error}");
    }
}

#[test]
fn nulls_and_absent_columns_are_empty() {
    let names = [
        "TimeGenerated",
        "Type",
        "Category",
        "CorrelationId",
        "UserPrincipalName",
        "AppDisplayName",
        "ResourceDisplayName",
        "IsInteractive",
        "ConditionalAccessPolicies",
        "TokenProtectionStatusDetails",
        "SignInEventTypes",
        "properties",
    ];
    let mut row = json!({"Id": "1"});
    for name in names {
        row[name] = Value::Null;
    }
    assert_eq!(read(row.to_string().as_bytes(), OnBad::Refuse).unwrap().records, 1);
    let entry = json!({"Id": "1", "ConditionalAccessPolicies": [null, {
        "enforcedSessionControls": null, "sessionControlsNotSatisfied": null, "result": null,
    }], "TokenProtectionStatusDetails": {"signInSessionStatus": null, "signInSessionStatusCode": null}});
    assert_eq!(read(entry.to_string().as_bytes(), OnBad::Refuse).unwrap().records, 1);
}

#[test]
fn a_long_wrong_value_is_not_repeated() {
    let long = "x".repeat(100_000);
    let error = second_line(&format!(
        "{{\"Id\":\"1\",\"ConditionalAccessPolicies\":[{{\"enforcedSessionControls\":\"{long}\"}}]}}"
    ));
    assert_eq!(error.code(), "signin.wrong_type");
    assert!(error.to_string().len() < 600);
    let error = second_line(&format!("{{\"Id\":\"1\",\"TimeGenerated\":\"{long}\"}}"));
    assert!(error.to_string().len() < 600);
}

#[test]
fn bad_utf_8_has_a_column() {
    let error = refused(b"{\"Id\":\"1\"}\n{\"Id\":\"\xff\"}\n");
    assert_eq!((error.code(), error.place), ("signin.not_utf8", Place { line: 2, column: 8 }));
    assert_eq!(refused(b"\xff\xfe{\0").code(), "signin.utf16");
    assert_eq!(refused(b"\xfe\xff\0{").code(), "signin.utf16");
}

#[test]
fn a_log_that_breaks_off_is_told_and_not_refused() {
    let whole = sample();
    let lines = whole.lines().count() as u64;
    // Characters of two octets at the end, so that some cuts go through one.
    let last = "{\"Id\":\"1\",\"AppDisplayName\":\"\u{e9}\u{e9}\"}";
    let text = format!("{whole}{last}");
    for cut in 1..last.len() {
        let summary = read(&text.as_bytes()[..whole.len() + cut], OnBad::Refuse).unwrap();
        assert_eq!(summary.records, lines, "{cut}");
        assert_eq!(summary.unfinished, Some(Place { line: lines + 1, column: 0 }), "{cut}");
    }
    let summary = read(text.as_bytes(), OnBad::Refuse).unwrap();
    assert_eq!((summary.records, summary.unfinished), (lines + 1, None));
    // A line break makes it an error.
    assert_eq!(refused(format!("{whole}{{\"Id\"\n")).code(), "signin.not_json");
    // What is wrong in another way stays wrong.
    assert_eq!(refused(format!("{whole}{{\"Id\":1}}")).code(), "signin.wrong_type");
}

#[test]
fn a_document_that_breaks_off_gives_its_whole_records() {
    let records: Vec<Value> =
        sample().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let text = serde_json::to_string_pretty(&json!({"value": records})).unwrap();
    let mut before = 0;
    for cut in (3..text.len() - 2).step_by(997) {
        let summary = read(&text.as_bytes()[..cut], OnBad::Refuse).unwrap();
        assert!(summary.unfinished.is_some(), "{cut}");
        assert!(summary.records >= before && summary.records <= records.len() as u64, "{cut}");
        before = summary.records;
    }
    assert!(before > 40);
}

#[test]
fn a_last_line_that_more_text_could_not_mend_is_no_unfinished_one() {
    for text in ["\0\0\0\0", "{\"a\":1} {\"b\":2}", "{\"Id\":\"x\"},]", "nonsense"] {
        let refused = refused(text);
        assert_eq!(refused.code(), "signin.not_json", "{text:?}");
    }
    let deep = format!("{{\"Id\":\"x\",\"other\":{}{}}}\n", "[".repeat(5000), "]".repeat(5000));
    let refused = refused(&deep);
    assert_eq!(refused.code(), "signin.not_json");
}

#[test]
fn what_stands_around_the_records_is_read_strictly() {
    for (text, code) in [
        ("{\n\"value\":[{\"Id\":\"1\"} {\"Id\":\"2\"}]}", "signin.broken_document"),
        ("{\n\"value\":[{\"Id\":\"1\"},]}", "signin.broken_document"),
        ("{\n\"value\":[,{\"Id\":\"1\"}]}", "signin.broken_document"),
        ("{\n\"value\":[{\"Id\":\"1\"}],\"value\":[]}", "signin.broken_document"),
        ("{\n\"value\":[{\"Id\":\"1\"}],nonsense}", "signin.broken_document"),
        ("[\n{\"Id\":\"1\"}\n] x", "signin.broken_document"),
        ("[\n1]", "signin.broken_document"),
        ("[\n{\"Id\":1}\n]", "signin.wrong_type"),
        ("{\n\"nonsense\":[1]}", "signin.not_a_record"),
    ] {
        assert_eq!(refused(text).code(), code, "{text}");
    }
    let error = refused("[\n {\"Id\":\"1\"},\n {\"Id\":\n  1}\n]");
    assert_eq!(error.place, Place { line: 3, column: 2 });
}

#[test]
fn skipping_gives_the_results_of_the_rest() {
    let good = sample();
    let mut text = Vec::new();
    for line in good.lines() {
        text.extend_from_slice(line.as_bytes());
        text.extend_from_slice(b"\n{\"Id\":7}\n\xff\n{\"half\n{\"Id\":\"1\",\"x\":1,\"x\":2}\n");
    }
    let query = Fold::new(
        Query::Users,
        Variant::AsPublished,
        week(LogTable::NonInteractive),
        Counting::default(),
    );
    let (found, summary) = fold(&text, query, OnBad::Skip).unwrap();
    let expected =
        answer(&good, Query::Users, Variant::AsPublished, week(LogTable::NonInteractive));
    assert_eq!(found, expected);
    let skipped: Vec<_> = summary.skipped.iter().map(|(code, count)| (*code, *count)).collect();
    assert_eq!(
        skipped,
        [
            ("signin.duplicate_member", 44),
            ("signin.not_json", 44),
            ("signin.not_utf8", 44),
            ("signin.wrong_type", 44),
        ]
    );
    assert_eq!(summary.first_skipped.unwrap().place.line, 2);
    // Inside an envelope, one record at a time.
    let text = "{\"records\":[{\"Id\":\"1\"},{\"Id\":7},{\"Id\":\"2\"}]}\n";
    for text in [text.to_owned(), text.replace("{\"records\"", "{\n\"records\"")] {
        let summary = read(text.as_bytes(), OnBad::Skip).unwrap();
        assert_eq!((summary.records, summary.skipped()), (2, 1), "{text}");
    }
}

/// Octets that are made while they are read.
struct Endless {
    head: &'static [u8],
    left: u64,
    given: u64,
}

impl Read for Endless {
    fn read(&mut self, to: &mut [u8]) -> std::io::Result<usize> {
        if !self.head.is_empty() {
            return self.head.read(to);
        }
        let count = usize::try_from(self.left).unwrap_or(usize::MAX).min(to.len());
        to[..count].fill(b'x');
        self.left -= count as u64;
        self.given += count as u64;
        Ok(count)
    }
}

const TEN_GB: u64 = 10_000_000_000;

fn endless(head: &'static [u8], left: u64) -> BufReader<Endless> {
    BufReader::with_capacity(1 << 16, Endless { head, left, given: 0 })
}

#[test]
fn a_line_of_ten_gigabytes_is_refused_at_the_limit() {
    for head in [
        &b"{\"Id\":\"1\"}\n{\"Id\":\""[..],
        b"{\"Id\":\"",
        b"[{\"Id\":\"1\"},{\"Id\":\"",
        b"{\n\"x\":\"",
        b"",
    ] {
        let mut log = endless(head, TEN_GB);
        let error = read::each::<ReadError>(&mut log, OnBad::Refuse, |_, _| Ok(())).unwrap_err();
        let document = head.starts_with(b"[");
        assert_eq!(error.code(), "signin.record_too_long");
        if !document {
            // Nothing beyond the limit was even asked for.
            let given = log.get_ref().given;
            assert!(given <= MAX_RECORD as u64 + (1 << 17), "{given}");
        }
    }
}

#[test]
fn a_long_line_is_skipped_in_constant_memory() {
    let good = sample().lines().next().unwrap().to_owned();
    let tail = format!("\n{good}\n");
    let head = b"{\"Id\":\"1\"}\n{\"Id\":\"";
    let log = BufReader::new(endless(head, 20_000_000).chain(tail.as_bytes()));
    let mut longest = 0;
    let summary = read::each_within::<ReadError>(5000, log, OnBad::Skip, |record, _| {
        longest = longest.max(record.text.len());
        Ok(())
    })
    .unwrap();
    assert_eq!((summary.records, summary.skipped["signin.record_too_long"]), (2, 1));
    assert_eq!(longest, good.len());
    // At the limit, and one octet beyond.
    let exact = |limit| {
        let line = format!("{good}\r\n{good}");
        read::each_within::<ReadError>(limit, line.as_bytes(), OnBad::Refuse, |_, _| Ok(()))
    };
    assert_eq!(exact(good.len()).unwrap().records, 2);
    assert_eq!(exact(good.len() - 1).unwrap_err().code(), "signin.record_too_long");
    // In a document too.
    let document = format!("[\n{{\"Id\":\"{}\"}},\n{{\"Id\":\"1\"}}]", "x".repeat(10_000));
    let summary =
        read::each_within::<ReadError>(5000, document.as_bytes(), OnBad::Skip, |_, _| Ok(()))
            .unwrap();
    assert_eq!((summary.records, summary.skipped()), (1, 1));
}

#[test]
fn empty_logs_have_no_records() {
    for text in
        ["", "\n", "\r\n \n", "\u{feff}", "[]", "{\"value\":[]}", "{\n\"value\": []\n}\n", "[\n]\n"]
    {
        let summary = read(text.as_bytes(), OnBad::Refuse).unwrap();
        assert_eq!(summary, Summary::default(), "{text:?}");
    }
}

/// Gives an error in the middle.
struct Broken;

impl Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
        Err(std::io::Error::other("the cable is out"))
    }
}

#[test]
fn a_source_that_fails_ends_the_reading_even_when_skipping() {
    for head in ["", "{\"Id\":\"1\"}\n{\"Id\"", "[{\"Id\":\"1\"},"] {
        let mut log = BufReader::new(head.as_bytes().chain(Broken));
        let error = read::each::<ReadError>(&mut log, OnBad::Skip, |_, _| Ok(())).unwrap_err();
        assert_eq!(error.code(), "signin.unreadable", "{head}");
        assert!(log.fill_buf().is_err());
    }
}

/// Any octets, and octets that look like a log.
fn octets() -> impl Strategy<Value = Vec<u8>> {
    let pieces = prop::sample::select(vec![
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"",
        "\\",
        "\n",
        "\r\n",
        " ",
        "\"Id\"",
        "\"value\"",
        "\"records\"",
        "\"properties\"",
        "\"1\"",
        "null",
        "1",
        "{\"Id\":\"1\"}",
        "\u{feff}",
        "{\"value\":[",
        "{\"Id\":\"1\"},",
        "\"ConditionalAccessPolicies\":\"[]\"",
        "\u{e9}",
    ]);
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..200),
        prop::collection::vec(pieces, 0..40).prop_map(|pieces| pieces.concat().into_bytes()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn no_octets_make_it_panic(log in octets(), limit in 1_usize..100) {
        for on_bad in [OnBad::Refuse, OnBad::Skip] {
            for limit in [limit, MAX_RECORD] {
                let mut visited = 0;
                let read = read::each_within::<ReadError>(limit, &log[..], on_bad, |record, _| {
                    visited += 1;
                    // Whatever is a record can be shown, or is refused in words.
                    let _ = Detail::parse(record.text).map(|detail| detail.policies().count());
                    assert!(record.text.len() <= limit.max(record.text.len().min(limit + 2)));
                    Ok(())
                });
                match read {
                    Ok(summary) => prop_assert_eq!(summary.records, visited),
                    Err(error) => prop_assert!(error.code().starts_with("signin.")),
                }
            }
        }
    }

}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn a_cut_log_is_read_up_to_the_cut(at in 0_usize..96_000) {
        let text = sample();
        let cut = &text.as_bytes()[..at.min(text.len())];
        let whole = cut.iter().filter(|octet| **octet == b'\n').count() as u64;
        let summary = read(cut, OnBad::Refuse).unwrap();
        prop_assert!(summary.records == whole || (summary.records == whole + 1 && summary.unfinished.is_none()));
    }
}
