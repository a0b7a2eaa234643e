//! `tplab matrix`

use clap::{Args, ValueEnum};
use serde_json::json;
use token_protection_lab::base::stream::Seed;
use token_protection_lab::render::aftermath::{aftermath_markdown, aftermath_page};
use token_protection_lab::render::html::{aftermath_html, matrix_html};
use token_protection_lab::render::json::{AftermathJson, MatrixJson};
use token_protection_lab::render::matrix::{matrix_markdown, matrix_page};
use token_protection_lab::render::page::Page;
use token_protection_lab::sim::matrix::{Columns, Table, table};
use token_protection_lab::sim::{DEFAULT_SEED, aftermath};

use super::failure::Failure;
use super::output::Finished;
use super::progress::Progress;

#[derive(Args)]
#[command(after_help = "\
Examples:
  tplab matrix
  tplab matrix --each-alone --format html > matrix.html
  tplab matrix --aftermath
  tplab run matrix:refresh-token@T")]
pub(crate) struct Matrix {
    /// Also show each defence on its own
    #[arg(long)]
    each_alone: bool,
    /// Show instead what still works after an administrator reacted
    #[arg(long, conflicts_with = "each_alone")]
    aftermath: bool,
    /// How to print it
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// The same as --format json
    #[arg(long, conflicts_with = "format")]
    json: bool,
    /// Same seed, same bytes
    #[arg(long, value_name = "N", default_value_t = DEFAULT_SEED.0)]
    seed: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Html,
    Json,
    Markdown,
    Text,
}

const CUMULATIVE: &str = "Each defence with all before it";
const EACH_ALONE: &str = "Each defence on its own";

impl Matrix {
    pub(crate) fn run(self) -> Result<Finished, Failure> {
        let format = if self.json { Format::Json } else { self.format };
        match self.aftermath {
            true => self.aftermath(format),
            false => self.tables(format),
        }
    }

    fn tables(&self, format: Format) -> Result<Finished, Failure> {
        let mut played = vec![(CUMULATIVE, Columns::Cumulative, self.play(Columns::Cumulative)?)];
        if self.each_alone {
            played.push((EACH_ALONE, Columns::EachAlone, self.play(Columns::EachAlone)?));
        }
        match format {
            Format::Html => {
                let tables: Vec<(&str, &Table)> =
                    played.iter().map(|(heading, _, table)| (*heading, table)).collect();
                Ok(Finished::raw(matrix_html(&tables)))
            }
            Format::Json => {
                let tables = played.iter();
                let tables = tables.map(|(_, columns, table)| self.matrix_json(*columns, table));
                Finished::json(&json!({ "tables": tables.collect::<Vec<_>>() }))
            }
            Format::Markdown => {
                let part = |(heading, _, table): &(&str, Columns, Table)| {
                    format!("## {heading}\n\n{}", matrix_markdown(table))
                };
                Ok(Finished::raw(played.iter().map(part).collect::<Vec<_>>().join("\n")))
            }
            Format::Text => {
                let mut page = Page::new();
                for (heading, _, table) in &played {
                    page.gap();
                    page.append(matrix_page(heading, table));
                }
                Ok(Finished::page(page))
            }
        }
    }

    fn matrix_json<'t>(&self, columns: Columns, table: &'t Table) -> MatrixJson<'t> {
        MatrixJson::of(table, columns, Seed(self.seed))
    }

    fn play(&self, columns: Columns) -> Result<Table, Failure> {
        let mut progress = Progress::start();
        let mut tell = |done, total| progress.tell(done, total);
        Ok(table(columns, Seed(self.seed), &mut tell)?)
    }

    fn aftermath(&self, format: Format) -> Result<Finished, Failure> {
        let mut progress = Progress::start();
        let mut tell = |done, total| progress.tell(done, total);
        let table = aftermath::table(Seed(self.seed), &mut tell)?;
        match format {
            Format::Html => Ok(Finished::raw(aftermath_html(&table))),
            Format::Json => {
                let table = AftermathJson::of(&table, Seed(self.seed));
                Finished::json(&json!({ "tables": [table] }))
            }
            Format::Markdown => Ok(Finished::raw(aftermath_markdown(&table))),
            Format::Text => Ok(Finished::page(aftermath_page(&table))),
        }
    }
}
