//! The theft matrix and its aftermath, pinned: a change of verdict is noticed here.

use std::fmt::Write as _;

use token_protection_lab::sim::matrix::{CellVerdict, Columns, table};
use token_protection_lab::sim::{DEFAULT_SEED, aftermath};

#[test]
fn print() {
    let table = table(Columns::Cumulative, DEFAULT_SEED, &mut |_, _| {}).unwrap();
    let mut out = String::new();
    for row in &table.rows {
        write!(out, "{:32}", row.id).unwrap();
        for cell in &row.cells {
            let symbol = match cell.verdict {
                CellVerdict::GotIn => "+",
                CellVerdict::NotApplicable => "n/a",
                CellVerdict::NotBuilt => "not built",
                CellVerdict::Refused => "-",
            };
            let check = cell.check.map(|check| check.id()).unwrap_or("");
            let code = cell.code.map(|code| code.to_string()).unwrap_or_default();
            let status = cell.status.map(|code| code.to_string()).unwrap_or_default();
            write!(out, "| {symbol} {check} {code} {status} ").unwrap();
        }
        writeln!(out).unwrap();
    }
    println!("{out}");
    let t = aftermath::table(DEFAULT_SEED, &mut |_, _| {}).unwrap();
    for r in &t.rows {
        println!("{} {:?}", r.id, r.cells);
    }
}
