//! Parquet files read back with the crate that wrote them, against the rows of the same records.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;

use parquet::file::reader::{FileReader as _, SerializedFileReader};
use parquet::record::Field;
use serde_json::Value;
use token_protection_lab::base::Timestamp;
use token_protection_lab::base::id::RequestId;
use token_protection_lab::signin::SignInRecord;
use token_protection_lab::signin::log_analytics::{ColumnType, Row, Table};
use token_protection_lab::signin::parquet::Writer;

use crate::signin_shapes::{full, sample_records};

/// Writes the records to a file of this name and opens it again.
fn written(name: &str, table: Table, records: &[SignInRecord]) -> SerializedFileReader<File> {
    let path = std::env::temp_dir().join(format!("tplab-{}-{name}.parquet", std::process::id()));
    let mut writer = Writer::new(File::create(&path).unwrap(), table).unwrap();
    for record in records {
        writer.write(record).unwrap();
    }
    assert_eq!(writer.records(), records.len() as u64);
    writer.finish().unwrap();
    let reader = SerializedFileReader::new(File::open(&path).unwrap()).unwrap();
    std::fs::remove_file(path).unwrap();
    reader
}

/// A structured cell means what its text means, whatever the order of its members.
fn meaning(text: &str) -> Value {
    let structured = Some(text).filter(|text| text.starts_with(['{', '[']));
    let read = structured.and_then(|text| serde_json::from_str(text).ok());
    read.unwrap_or_else(|| text.into())
}

fn expected(record: &SignInRecord) -> BTreeMap<String, Value> {
    let row = serde_json::to_value(Row::new(record)).unwrap();
    let plain = |value: &Value| value.as_str().map_or_else(|| value.clone(), meaning);
    row.as_object().unwrap().iter().map(|(name, value)| (name.clone(), plain(value))).collect()
}

fn rows(reader: &SerializedFileReader<File>) -> Vec<BTreeMap<String, Value>> {
    let plain = |cell: Field| match cell {
        Field::Null => None,
        Field::Bool(value) => Some(value.into()),
        Field::Str(text) => Some(meaning(&text)),
        Field::TimestampMicros(micros) => {
            assert_eq!(micros % 1_000_000, 0);
            Some(Timestamp::from_unix(micros / 1_000_000).to_string().into())
        }
        other => panic!("no column has {other:?}"),
    };
    let row = |row: parquet::record::Row| {
        let cells = row.into_columns().into_iter();
        cells.filter_map(|(name, cell)| Some((name, plain(cell)?))).collect()
    };
    reader.get_row_iter(None).unwrap().map(|it| row(it.unwrap())).collect()
}

#[test]
fn a_file_holds_what_the_rows_hold() {
    for (table, interactive) in [(Table::Interactive, true), (Table::NonInteractive, false)] {
        let mut records = sample_records();
        records.retain(|record| record.is_interactive == interactive);
        records.push(full(interactive));
        let reader = written(table.name(), table, &records);
        let expected: Vec<_> = records.iter().map(expected).collect();
        assert_eq!(rows(&reader), expected);
    }
}

#[test]
fn the_schema_is_the_tables_list_of_columns() {
    for (table, interactive) in [(Table::Interactive, true), (Table::NonInteractive, false)] {
        let name = format!("schema-{}", table.name());
        let reader = written(&name, table, &[full(interactive)]);
        let schema = reader.metadata().file_metadata().schema();
        assert_eq!(schema.name(), table.name());
        let found: Vec<_> = schema
            .get_fields()
            .iter()
            .map(|field| (field.name().to_owned(), field.get_physical_type().to_string()))
            .collect();
        let physical = |of| match of {
            ColumnType::Bool => "BOOLEAN",
            ColumnType::DateTime | ColumnType::Long => "INT64",
            ColumnType::Dynamic | ColumnType::String => "BYTE_ARRAY",
            ColumnType::Real => "DOUBLE",
        };
        let expected: Vec<_> = table
            .columns()
            .map(|(column, of)| (column.name.to_owned(), physical(of).to_owned()))
            .collect();
        assert_eq!(found, expected);
    }
}

#[test]
fn a_long_log_has_several_row_groups_and_loses_nothing() {
    let mut record = full(false);
    // Thirty such rows are more than a row group holds.
    record.user_agent = Some("x".repeat(600_000));
    let records: Vec<SignInRecord> = (0..60)
        .map(|number| SignInRecord { id: RequestId::from_u128(number), ..record.clone() })
        .collect();
    let reader = written("groups", Table::NonInteractive, &records);
    assert_eq!(reader.num_row_groups(), 3);
    assert_eq!(reader.metadata().file_metadata().num_rows(), 60);
    let ids: Vec<_> = rows(&reader).into_iter().map(|row| row["Id"].clone()).collect();
    let expected: Vec<_> = records.iter().map(|record| record.id.to_string()).collect();
    assert_eq!(ids, expected);
}

#[test]
fn an_empty_log_is_a_file_too_and_a_record_of_the_other_table_is_refused() {
    assert!(rows(&written("empty", Table::Interactive, &[])).is_empty());
    let mut writer = Writer::new(Vec::new(), Table::Interactive).unwrap();
    let error = writer.write(&full(false)).unwrap_err();
    assert_eq!((error.kind(), writer.records()), (io::ErrorKind::InvalidInput, 0));
}
