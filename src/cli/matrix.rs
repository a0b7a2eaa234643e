//! `tplab matrix`

use clap::{Args, ValueEnum};
use serde_json::json;
use token_protection_lab::base::stream::Seed;
use token_protection_lab::catalog::RulePack;
use token_protection_lab::render::aftermath::{aftermath_markdown, aftermath_page};
use token_protection_lab::render::html::{aftermath_html, matrix_html};
use token_protection_lab::render::json::{AftermathJson, MatrixJson};
use token_protection_lab::render::matrix::{matrix_markdown, matrix_page};
use token_protection_lab::render::page::Page;
use token_protection_lab::sim::matrix::{Columns, Table, table_with};
use token_protection_lab::sim::{DEFAULT_SEED, RunOptions, aftermath};

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
    /// Show what still works after an administrator reacted
    #[arg(long, conflicts_with = "each_alone")]
    aftermath: bool,
    /// The rules of a date (tplab rules list)
    #[arg(long, value_name = "ID", conflicts_with = "aftermath")]
    rules: Option<String>,
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
        let rules = self.rules_in_force()?;
        match format {
            Format::Html => {
                let headings = played.iter().map(|(heading, _, _)| self.heading(heading));
                let headings: Vec<String> = headings.collect();
                let tables = headings.iter().zip(&played);
                let tables: Vec<(&str, &Table)> =
                    tables.map(|(heading, (_, _, table))| (heading.as_str(), table)).collect();
                Ok(Finished::raw(matrix_html(&tables)))
            }
            Format::Json => {
                let tables = played.iter();
                let tables = tables.map(|(_, columns, table)| {
                    MatrixJson::of(table, *columns, Seed(self.seed), rules)
                });
                Finished::json(&json!({ "tables": tables.collect::<Vec<_>>() }))
            }
            Format::Markdown => {
                let part = |(heading, _, table): &(&str, Columns, Table)| {
                    format!("## {}\n\n{}", self.heading(heading), matrix_markdown(table))
                };
                Ok(Finished::raw(played.iter().map(part).collect::<Vec<_>>().join("\n")))
            }
            Format::Text => {
                let mut page = Page::new();
                for (heading, _, table) in &played {
                    page.gap();
                    page.append(matrix_page(&self.heading(heading), table));
                }
                Ok(Finished::page(page))
            }
        }
    }

    /// Rules of another date stand in the heading.
    fn heading(&self, heading: &str) -> String {
        match &self.rules {
            Some(id) => format!("{heading}, under the rules of {id}"),
            None => heading.to_owned(),
        }
    }

    fn rules_in_force(&self) -> Result<&'static RulePack, Failure> {
        self.rules.as_deref().map_or(Ok(RulePack::newest()), super::rules::pack)
    }

    fn play(&self, columns: Columns) -> Result<Table, Failure> {
        let mut progress = Progress::start();
        let mut tell = |done, total| progress.tell(done, total);
        let rules = self.rules.as_deref().map(super::rules::setting).transpose()?;
        let options = RunOptions {
            seed: Seed(self.seed),
            settings: rules.into_iter().collect(),
            ..RunOptions::default()
        };
        Ok(table_with(columns, &options, &mut tell)?)
    }

    fn aftermath(&self, format: Format) -> Result<Finished, Failure> {
        let mut progress = Progress::start();
        let mut tell = |done, total| progress.tell(done, total);
        let table = aftermath::table(Seed(self.seed), &mut tell)?;
        match format {
            Format::Html => Ok(Finished::raw(aftermath_html(&table))),
            Format::Json => {
                let table = AftermathJson::of(&table, Seed(self.seed), RulePack::newest());
                Finished::json(&json!({ "tables": [table] }))
            }
            Format::Markdown => Ok(Finished::raw(aftermath_markdown(&table))),
            Format::Text => Ok(Finished::page(aftermath_page(&table))),
        }
    }
}
