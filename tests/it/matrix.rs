//! The theft matrix and its aftermath, pinned: a change of verdict is noticed here.

use token_protection_lab::base::{Check, Lifetime};
use token_protection_lab::sim::aftermath::{self, After};
use token_protection_lab::sim::matrix::{Cell, CellVerdict, Columns, table};
use token_protection_lab::sim::{DEFAULT_SEED, RunOptions, ThiefOutcome, matrix};

/// Columns N, R, T, C, D, K as the design states them. A code stands where it states one.
const EXPECTED: &[(&str, [&str; 6])] = &[
    ("access-token", ["+", "+", "+", "+", "-", "-"]),
    ("resource-request", ["+", "+", "+", "+", "-", "-"]),
    ("refresh-token", ["+", "+", "- 530084/1002", "- 53000/1002", "-", "-"]),
    ("refresh-token-linux", ["+", "+", "+", "- 53003", "-", "-"]),
    ("refresh-token-macos", ["+", "+", "+", "- 53000", "-", "-"]),
    ("broker-refresh-token", ["-", "-", "-", "-", "-", "-"]),
    ("prt", ["-", "-", "-", "-", "-", "-"]),
    ("prt-session-key", ["+", "+", "+", "+", "+", "n/a"]),
    ("derived-key-v1", ["+", "+", "+", "+", "+", "n/a"]),
    ("derived-key-v2", ["-", "-", "-", "-", "-", "n/a"]),
    ("browser-credential", ["+", "+", "+", "+", "+", "+"]),
    ("browser-credential-used-once", ["-", "-", "-", "-", "-", "-"]),
    ("browser-credential-used", ["+", "+", "+", "+", "+", "+"]),
    ("browser-credential-stale", ["-", "-", "-", "-", "-", "-"]),
    ("prt-request", ["-", "-", "-", "-", "-", "-"]),
    ("prt-request-altered", ["-", "-", "-", "-", "-", "-"]),
    ("dpop-proofs-nonces", ["n/a", "n/a", "n/a", "n/a", "-", "-"]),
    ("dpop-proofs", ["n/a", "n/a", "n/a", "n/a", "+", "+"]),
    ("dpop-request", ["n/a", "n/a", "n/a", "n/a", "+", "+"]),
    ("key-store", ["+", "+", "+", "+", "+", "+"]),
    ("device-control", ["+", "+", "+", "+", "+", "+"]),
    ("phish-browser", ["+", "+", "+", "- 53000", "-", "-"]),
    ("phish-native", ["+", "+", "- 530084/1002", "- 53000", "-", "-"]),
    ("own-device", ["+", "+", "+ bound", "- 53000", "-", "-"]),
    ("legacy-password", ["+", "+", "+", "- 53003", "-", "-"]),
];

/// The check that decides, in columns N, T, C, D and K; empty where the thief gets in or nothing is
/// there.
const DECIDING: &[(&str, [&str; 5])] = &[
    ("access-token", ["", "", "", "DPO-24", "DPO-24"]),
    ("resource-request", ["", "", "", "DPO-28", "DPO-28"]),
    ("dpop-proofs-nonces", ["", "", "", "DPO-17", "DPO-17"]),
    ("refresh-token", ["", "POL-02", "POL-01", "RFT-04", "RFT-04"]),
    ("broker-refresh-token", ["BRT-01", "BRT-01", "BRT-01", "BRT-01", "BRT-01"]),
    ("prt", ["USE-05", "USE-05", "USE-05", "USE-05", "MSG-04"]),
    ("derived-key-v2", ["USE-05", "USE-05", "USE-05", "USE-05", ""]),
    ("browser-credential-used-once", ["NON-04", "NON-04", "NON-04", "NON-04", "NON-04"]),
    ("browser-credential-stale", ["NON-03", "NON-03", "NON-03", "NON-03", "NON-03"]),
    ("prt-request", ["MSG-03", "MSG-03", "MSG-03", "MSG-03", "USE-09"]),
    ("prt-request-altered", ["USE-05", "USE-05", "USE-05", "USE-05", "USE-06"]),
];

#[test]
fn the_matrix_is_as_designed() {
    let table = table(Columns::Cumulative, DEFAULT_SEED, &mut |_, _| {}).unwrap();
    assert_eq!(table.rows.len(), EXPECTED.len());
    for (row, (id, expected)) in table.rows.iter().zip(EXPECTED) {
        assert_eq!(row.id, *id);
        for (cell, expected) in row.cells.iter().zip(expected) {
            assert!(
                agrees(cell, expected),
                "{}: expected {expected}, got {cell:?}",
                cell.opens_with
            );
        }
    }
    for (id, checks) in DECIDING {
        let row = table.rows.iter().find(|row| row.id == *id).unwrap();
        for (column, expected) in ["N", "T", "C", "D", "K"].iter().zip(checks) {
            let cell = row.cells.iter().find(|cell| cell.column == *column).unwrap();
            assert_eq!(cell.check.map_or("", Check::id), *expected, "{}", cell.opens_with);
        }
    }
}

fn agrees(cell: &Cell, expected: &str) -> bool {
    let (symbol, codes) = expected.split_once(' ').unwrap_or((expected, ""));
    let verdict = match symbol {
        "+" => CellVerdict::GotIn,
        "-" => CellVerdict::Refused,
        "n/a" => CellVerdict::NotApplicable,
        other => panic!("{other}"),
    };
    let (code, status) = match codes {
        "bound" => (None, Some(0)),
        codes => match codes.split_once('/') {
            Some((code, status)) => (code.parse().ok(), status.parse().ok()),
            None => (codes.parse().ok(), None),
        },
    };
    cell.verdict == verdict
        && code.is_none_or(|code: u32| cell.code == Some(code))
        && status.is_none_or(|status: u16| cell.status == Some(status))
}

#[test]
fn each_defence_alone() {
    use CellVerdict::{GotIn, NotApplicable, Refused};
    let table = table(Columns::EachAlone, DEFAULT_SEED, &mut |_, _| {}).unwrap();
    let refused = |column: &str| -> Vec<&str> {
        let by_it = |row: &&matrix::Row| {
            row.cells.iter().any(|cell| {
                // Refused by this defence and not by the cryptography that is always there.
                cell.column == column
                    && cell.verdict == CellVerdict::Refused
                    && matches!(
                        cell.check,
                        Some(Check::PolicyGrants | Check::PolicyTokenProtection)
                    )
            })
        };
        table.rows.iter().filter(by_it).map(|row| row.id.as_str()).collect()
    };
    assert_eq!(refused("T"), ["refresh-token", "phish-native"]);
    assert_eq!(refused("d1"), ["refresh-token-linux"]);
    assert_eq!(
        refused("d2"),
        [
            "refresh-token",
            "refresh-token-linux",
            "refresh-token-macos",
            "phish-browser",
            "phish-native",
            "own-device",
            "legacy-password",
        ]
    );
    assert_eq!(refused("d3"), ["legacy-password"]);
    // What proofs change by themselves: the rest is as without any defence.
    let verdict = |id: &str, column: &str| {
        let row = table.rows.iter().find(|row| row.id == id).unwrap();
        row.cells.iter().find(|cell| cell.column == column).unwrap().verdict
    };
    for (id, expected) in EXPECTED {
        let expected = match (*id, expected[0]) {
            ("access-token" | "resource-request" | "dpop-proofs-nonces", _) => Refused,
            ("dpop-proofs" | "dpop-request", _) => GotIn,
            (id, _) if id.starts_with("refresh-token") => Refused,
            (_, "+") => GotIn,
            _ => Refused,
        };
        assert_eq!(verdict(id, "D-alone"), expected, "{id}@D-alone");
    }
    // Protocol 4 alone: no session key is there to steal, and access tokens are bearer tokens.
    for (id, expected) in [
        ("access-token", GotIn),
        ("refresh-token", GotIn),
        ("prt-session-key", NotApplicable),
        ("derived-key-v1", NotApplicable),
        ("dpop-request", NotApplicable),
        ("prt-request", Refused),
        ("key-store", GotIn),
    ] {
        assert_eq!(verdict(id, "K-alone"), expected, "{id}@K-alone");
    }
}

#[test]
fn every_cell_can_be_opened() {
    let table = table(Columns::Cumulative, DEFAULT_SEED, &mut |_, _| {}).unwrap();
    let options = RunOptions::default();
    for cell in table.rows.iter().flat_map(|row| &row.cells) {
        let address = cell.opens_with.strip_prefix("matrix:").unwrap();
        let opened = matrix::cell(address, &options);
        let expected = match cell.verdict {
            CellVerdict::GotIn => ThiefOutcome::GotIn,
            CellVerdict::NotApplicable => ThiefOutcome::NotApplicable,
            CellVerdict::Refused => ThiefOutcome::Refused,
        };
        assert_eq!(opened.unwrap().thief, expected, "{address}");
    }
}

/// What an administrator's reaction, or time, leaves of each loot: a number is the last second at
/// which it works, `ever` means no end within 100 days.
const AFTERMATH: &[(&str, [&str; 5])] = &[
    ("access-token", ["3899", "3899", "3899", "3899", "RES-05"]),
    ("refresh-token", ["REV-02", "REV-03", "7775999", "7775999", "7772098"]),
    ("prt-session-key", ["REV-02", "REV-03", "DEV-02", "DEV-01", "1205698"]),
    ("derived-key-v1", ["REV-02", "REV-03", "DEV-02", "DEV-01", "1205698"]),
    ("browser-credential", ["REV-02", "REV-03", "DEV-02", "DEV-01", "NON-03"]),
    ("key-store", ["REV-02", "REV-03", "DEV-02", "DEV-01", "1205698"]),
    ("device-control", ["REV-02", "REV-03", "DEV-02", "DEV-01", "1205698"]),
    ("own-device", ["REV-02", "REV-03", "1209599", "1209599", "1205698"]),
    ("legacy-password", ["ever", "USR-01", "ever", "ever", "ever"]),
];

#[test]
fn the_aftermath_is_as_the_protocol_says() {
    let table = aftermath::table(DEFAULT_SEED, &mut |_, _| {}).unwrap();
    assert_eq!(table.rows.len(), AFTERMATH.len());
    for (row, (id, expected)) in table.rows.iter().zip(AFTERMATH) {
        assert_eq!(row.id, *id);
        for ((cell, event), expected) in row.cells.iter().zip(&table.events).zip(expected) {
            let got = match cell {
                After::NotApplicable => "n/a".to_owned(),
                After::Refused { check, .. } => check.map_or("?", Check::id).to_owned(),
                After::Works { until: None } => "ever".to_owned(),
                After::Works { until: Some(until) } => Lifetime::as_secs(*until).to_string(),
            };
            assert_eq!(got, *expected, "{id} after {}", event.title);
        }
    }
}
