//! Two Parquet files beside each other, one a table, since their columns differ.

use std::fs::File;

use token_protection_lab::signin::SignInRecord;
use token_protection_lab::signin::log_analytics::Table;
use token_protection_lab::signin::parquet::Writer;

use super::super::failure::Failure;

/// `NAME.parquet` becomes `NAME.AADNonInteractiveUserSignInLogs.parquet` and
/// `NAME.SigninLogs.parquet`.
pub(super) struct Files {
    tables: [(Table, String, Writer<File>); 2],
}

impl Files {
    pub(super) fn create(path: &str) -> Result<Self, Failure> {
        let stem = path.strip_suffix(".parquet").unwrap_or(path);
        let create = |table: Table| {
            let name = format!("{stem}.{}.parquet", table.name());
            let file = File::create(&name).map_err(|error| Failure::file(&name, &error))?;
            let writer = Writer::new(file, table).map_err(|error| Failure::file(&name, &error))?;
            Ok::<_, Failure>((table, name, writer))
        };
        Ok(Self { tables: [create(Table::NonInteractive)?, create(Table::Interactive)?] })
    }

    pub(super) fn write(&mut self, records: &[SignInRecord]) -> Result<(), Failure> {
        for record in records {
            let of = Table::of(record);
            for (table, name, writer) in &mut self.tables {
                if *table == of {
                    writer.write(record).map_err(|error| Failure::file(name, &error))?;
                }
            }
        }
        Ok(())
    }

    pub(super) fn finish(self) -> Result<(), Failure> {
        for (_, name, writer) in self.tables {
            writer.finish().map_err(|error| Failure::file(&name, &error))?;
        }
        Ok(())
    }
}
