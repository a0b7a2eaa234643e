//! The page on sign-in records: the columns of both tables, and every member of a record.

use token_protection_lab::policy::{Condition, Flag as _};
use token_protection_lab::signin::diagnostic::Envelope;
use token_protection_lab::signin::log_analytics::{COLUMNS, Column, Table};

use super::{read, reference, settle, table};
use crate::signin_shapes::full;

#[test]
fn records_md_lists_the_columns_of_both_tables() {
    let type_in = |column: &Column, table| match column.type_in(table) {
        Some(of) => of.as_str().to_owned(),
        None => "-".to_owned(),
    };
    let rows = COLUMNS.iter().map(|column| {
        vec![
            format!("`{}`", column.name),
            type_in(column, Table::Interactive),
            type_in(column, Table::NonInteractive),
            if column.is_ever_filled() { "yes" } else { "never" }.to_owned(),
        ]
    });
    let names =
        [Table::Interactive, Table::NonInteractive].map(|table| format!("`{}`", table.name()));
    let head = ["column", &names[0], &names[1], "filled"];
    settle(&reference("records.md"), "columns", &table(&head, rows));
}

#[test]
fn records_md_explains_every_member() {
    let page = read(&reference("records.md"));
    let record = serde_json::to_value(full(true)).unwrap();
    let envelope = serde_json::to_value(Envelope::new(&full(true))).unwrap();
    let members = record.as_object().unwrap().keys().chain(envelope.as_object().unwrap().keys());
    for member in members {
        assert!(page.contains(&format!("`{member}")), "`{member}` is not explained");
    }
}

#[test]
fn records_md_has_the_bits_of_the_conditions() {
    let page = read(&reference("records.md")).replace('\n', " ");
    for (at, condition) in Condition::ALL.iter().enumerate() {
        let bit = format!("{} {}", 1_u32 << at, condition.as_str());
        assert!(page.contains(&bit), "{bit}");
    }
}
