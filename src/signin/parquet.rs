//! Rows of one Log Analytics table as a Parquet file, for engines that read columns.
//!
//! The schema is the table's list of columns, all optional: `datetime` is a timestamp in
//! microseconds UTC, `bool`, `long` and `real` are themselves, and everything else is text.
//! Structured columns are JSON text in both tables, whatever the table itself has, so that the same
//! query reads both. Rows are buffered by column up to a bounded size and written as one row group.
//!
//! # Source
//! Apache Parquet; conditional-access 5.1 for the columns.

use std::io::{self, Write};
use std::sync::Arc;

use parquet::basic::Compression;
use parquet::column::writer::ColumnWriter;
use parquet::data_type::ByteArray;
use parquet::errors::ParquetError;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;

use super::log_analytics::{Column, ColumnType, Table, Value};
use super::record::SignInRecord;
use crate::base::Timestamp;

/// A row group is written when its text is this long, in octets: some ten thousand rows fit into
/// memory whatever the length of the roll-out.
const ROW_GROUP_OCTETS: usize = 16 * 1024 * 1024;
/// Or when it has this many rows.
const ROW_GROUP_ROWS: usize = 65_536;

/// Writes records of one table. The file is readable once [`Writer::finish`] has returned; what was
/// not finished has no footer and is no Parquet file.
pub struct Writer<W: Write + Send> {
    file: SerializedFileWriter<W>,
    table: Table,
    columns: Vec<Buffered>,
    octets: usize,
    rows: usize,
    records: u64,
}

impl<W: Write + Send> Writer<W> {
    /// A file with the columns of `table`, compressed with Snappy.
    ///
    /// # Errors
    /// What the sink answers.
    pub fn new(to: W, table: Table) -> io::Result<Self> {
        let schema = parse_message_type(&schema(table)).map_err(as_io)?;
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_statistics_enabled(EnabledStatistics::Chunk)
            .set_offset_index_disabled(true)
            .build();
        let file = SerializedFileWriter::new(to, Arc::new(schema), Arc::new(properties));
        Ok(Self {
            file: file.map_err(as_io)?,
            table,
            columns: table.columns().map(|(column, of)| Buffered::new(column, of)).collect(),
            octets: 0,
            rows: 0,
            records: 0,
        })
    }

    /// Adds one record.
    ///
    /// # Errors
    /// [`io::ErrorKind::InvalidInput`] for a record of the other table; else what the sink answers.
    pub fn write(&mut self, record: &SignInRecord) -> io::Result<()> {
        if Table::of(record) != self.table {
            let name = self.table.name();
            let sentence = format!("the record does not belong to table {name}");
            return Err(io::Error::new(io::ErrorKind::InvalidInput, sentence));
        }
        for column in &mut self.columns {
            self.octets += column.push(record)?;
        }
        self.rows += 1;
        self.records += 1;
        match self.octets >= ROW_GROUP_OCTETS || self.rows >= ROW_GROUP_ROWS {
            true => self.end_row_group(),
            false => Ok(()),
        }
    }

    /// How many records were added.
    #[must_use]
    pub const fn records(&self) -> u64 {
        self.records
    }

    /// Writes what is buffered and the footer, and hands the sink back.
    ///
    /// # Errors
    /// What the sink answers.
    pub fn finish(mut self) -> io::Result<W> {
        self.end_row_group()?;
        self.file.into_inner().map_err(as_io)
    }

    fn end_row_group(&mut self) -> io::Result<()> {
        if self.rows > 0 {
            let mut group = self.file.next_row_group().map_err(as_io)?;
            for column in &mut self.columns {
                // One writer for each column of the schema, which was made from the same list.
                let Some(mut writer) = group.next_column().map_err(as_io)? else { break };
                column.write(self.rows, writer.untyped()).map_err(as_io)?;
                writer.close().map_err(as_io)?;
            }
            group.close().map_err(as_io)?;
        }
        (self.octets, self.rows) = (0, 0);
        Ok(())
    }
}

fn as_io(error: ParquetError) -> io::Error {
    io::Error::other(error)
}

fn schema(table: Table) -> String {
    let field = |(column, of): (&Column, ColumnType)| {
        let name = column.name;
        match of {
            ColumnType::Bool => format!("optional boolean {name};"),
            ColumnType::DateTime => format!("optional int64 {name} (TIMESTAMP(MICROS,true));"),
            ColumnType::Long => format!("optional int64 {name};"),
            ColumnType::Real => format!("optional double {name};"),
            ColumnType::Dynamic | ColumnType::String => {
                format!("optional binary {name} (STRING);")
            }
        }
    };
    let fields: Vec<String> = table.columns().map(field).collect();
    format!("message {} {{ {} }}", table.name(), fields.join(" "))
}

/// The cells of one column since the last row group.
struct Buffered {
    column: &'static Column,
    cells: Cells,
    /// 1 for a value, 0 for none; empty for a column that is never filled.
    levels: Vec<i16>,
}

enum Cells {
    Bool(Vec<bool>),
    /// Microseconds since the epoch.
    Time(Vec<i64>),
    /// All texts behind each other, and where each ends.
    Text {
        octets: Vec<u8>,
        ends: Vec<usize>,
    },
    /// A column that no record has a value for.
    Never,
}

impl Buffered {
    fn new(column: &'static Column, of: ColumnType) -> Self {
        let cells = match of {
            _ if !column.is_ever_filled() => Cells::Never,
            ColumnType::Bool => Cells::Bool(Vec::new()),
            ColumnType::DateTime => Cells::Time(Vec::new()),
            ColumnType::Dynamic | ColumnType::String => {
                Cells::Text { octets: Vec::new(), ends: Vec::new() }
            }
            // No record has a fact of such a type.
            ColumnType::Long | ColumnType::Real => Cells::Never,
        };
        Self { column, cells, levels: Vec::new() }
    }

    /// Adds the cell of a record; how many octets that took.
    fn push(&mut self, record: &SignInRecord) -> io::Result<usize> {
        let value = match self.cells {
            Cells::Never => return Ok(0),
            _ => self.column.value(record),
        };
        self.levels.push(i16::from(!matches!(value, Value::Absent)));
        match (&mut self.cells, value) {
            (_, Value::Absent) | (Cells::Never, _) => Ok(0),
            (Cells::Bool(cells), Value::Bool(cell)) => {
                cells.push(cell);
                Ok(1)
            }
            (Cells::Time(cells), Value::Time(cell)) => {
                cells.push(micros(cell));
                Ok(8)
            }
            (Cells::Text { octets, ends }, value) => {
                let start = octets.len();
                value.append_text(octets)?;
                ends.push(octets.len());
                Ok(octets.len() - start)
            }
            // The list of columns gives a value of the column's own type.
            (Cells::Bool(_) | Cells::Time(_), _) => {
                Err(io::Error::other(format!("column {} has another type", self.column.name)))
            }
        }
    }

    fn write(&mut self, rows: usize, to: &mut ColumnWriter<'_>) -> Result<(), ParquetError> {
        if matches!(self.cells, Cells::Never) {
            self.levels.resize(rows, 0);
        }
        let levels = Some(self.levels.as_slice());
        match (&mut self.cells, to) {
            (Cells::Bool(cells), ColumnWriter::BoolColumnWriter(to)) => {
                to.write_batch(cells, levels, None)?;
                cells.clear();
            }
            (Cells::Time(cells), ColumnWriter::Int64ColumnWriter(to)) => {
                to.write_batch(cells, levels, None)?;
                cells.clear();
            }
            (Cells::Text { octets, ends }, ColumnWriter::ByteArrayColumnWriter(to)) => {
                to.write_batch(&slices(std::mem::take(octets), ends), levels, None)?;
                ends.clear();
            }
            (Cells::Never, ColumnWriter::BoolColumnWriter(to)) => {
                to.write_batch(&[], levels, None)?;
            }
            (Cells::Never, ColumnWriter::Int64ColumnWriter(to)) => {
                to.write_batch(&[], levels, None)?;
            }
            (Cells::Never, ColumnWriter::DoubleColumnWriter(to)) => {
                to.write_batch(&[], levels, None)?;
            }
            (Cells::Never, ColumnWriter::ByteArrayColumnWriter(to)) => {
                to.write_batch(&[], levels, None)?;
            }
            _ => {
                let name = self.column.name;
                return Err(ParquetError::General(format!("column {name} has another type")));
            }
        }
        self.levels.clear();
        Ok(())
    }
}

/// The texts, without copying any.
fn slices(octets: Vec<u8>, ends: &[usize]) -> Vec<ByteArray> {
    let whole = ByteArray::from(octets);
    let mut start = 0;
    let cut = |end: &usize| {
        let cell = whole.slice(start, end - start);
        start = *end;
        cell
    };
    ends.iter().map(cut).collect()
}

const fn micros(time: Timestamp) -> i64 {
    time.as_unix().saturating_mul(1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_column_of_both_tables_stands_in_the_schema() {
        for table in [Table::Interactive, Table::NonInteractive] {
            let schema = parse_message_type(&schema(table)).unwrap();
            let names: Vec<&str> = schema.get_fields().iter().map(|field| field.name()).collect();
            let expected: Vec<&str> = table.columns().map(|(column, _)| column.name).collect();
            assert_eq!(names, expected);
        }
    }
}
