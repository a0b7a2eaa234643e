//! Writes the tables and charts of `docs/reference/benchmarks.md` from criterion's output.
//!
//! ```text
//! cargo run --release --manifest-path benches/render/Cargo.toml -- --date 2026-11-22 \
//!     target/criterion benches/peers-pop/target/criterion
//! ```
//!
//! A marker of the page says what stands there: `run` (machine, date, commit), `gates` (budgets,
//! met or not), `pairs` (ratios that benches printed), `lines TEXT` (other lines that they printed),
//! `table GROUP`, `chart GROUP TITLE`, `verdicts KIND` and `others` (every bench that
//! no marker of a table names, so that none is left out). The measurements of all directories have
//! to be of one run on the machine that renders.

mod budgets;
mod chart;
mod criterion;
mod gates;
mod machine;
mod page;
mod printed;
mod table;

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;

use crate::criterion::Measurement;
use crate::table::Verdicts;

/// Writes the tables and charts of a page from criterion's output.
#[derive(Parser)]
struct Arguments {
    /// The page with the markers; charts go to `charts/` beside it.
    #[arg(long, default_value = "docs/reference/benchmarks.md")]
    page: PathBuf,
    /// The day of the run, such as 2026-11-22.
    #[arg(long)]
    date: String,
    /// The commit that was measured; the one that is checked out, if not given.
    #[arg(long)]
    commit: Option<String>,
    /// What the machine did besides, as `/proc/loadavg` said before the run.
    #[arg(long)]
    load: Option<String>,
    /// What the benches printed.
    #[arg(long)]
    output: Vec<PathBuf>,
    /// Directories with what peers took and refused, one JSON file a kind of token.
    #[arg(long)]
    verdicts: Vec<PathBuf>,
    /// Criterion's directories.
    #[arg(required = true)]
    measured: Vec<PathBuf>,
}

/// Everything that parts of the page are written from.
struct Run {
    arguments: Arguments,
    all: Vec<Measurement>,
    verdicts: BTreeMap<String, Verdicts>,
    output: String,
    pairs: Option<String>,
}

fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> Result<(), Box<dyn Error>> {
    let output = arguments.output.iter().map(fs::read_to_string).collect::<Result<String, _>>()?;
    let run = Run {
        pairs: printed::pairs(&output)?,
        output,
        all: criterion::read_all(&arguments.measured)?,
        verdicts: read_verdicts(&arguments.verdicts)?,
        arguments,
    };
    let path = &run.arguments.page;
    let mut charts = Vec::new();
    let page = fs::read_to_string(path)?;
    let text = page::render(&page, |words| run.part(words, &page, &mut charts))?;
    let beside = path.parent().unwrap_or(Path::new(""));
    for (name, svg) in charts {
        let file = beside.join(name);
        fs::create_dir_all(file.parent().unwrap_or(beside))?;
        fs::write(file, svg)?;
    }
    fs::write(path, text)?;
    Ok(())
}

impl Run {
    /// The text for the words of a marker.
    fn part(&self, words: &str, page: &str, charts: &mut Vec<(String, String)>) -> Option<String> {
        let (first, rest) = words.split_once(' ').unwrap_or((words, ""));
        let missing = || format!("`{rest}` was not measured.\n");
        match first {
            "run" => Some(self.about()),
            "gates" => Some(gates::table(budgets::ALL, &self.all)),
            "pairs" => {
                Some(self.pairs.clone().unwrap_or_else(|| "None was measured.\n".to_owned()))
            }
            "lines" => Some(printed::lines(&self.output, rest).unwrap_or_else(missing)),
            "table" => Some(table::of_group(&self.all, rest).unwrap_or_else(missing)),
            "verdicts" => Some(self.verdicts.get(rest).map_or_else(missing, table::of_verdicts)),
            "others" => Some(table::of_others(&self.all, &page::tables(page))),
            "chart" => {
                let (group, title) = rest.split_once(' ')?;
                let Some(svg) = chart::of_group(&self.all, group, title) else {
                    return Some(missing());
                };
                let name = format!("charts/{}.svg", group.replace('/', "-"));
                let image = format!("![{title}]({name})\n");
                charts.push((name, svg));
                Some(image)
            }
            _ => None,
        }
    }

    fn about(&self) -> String {
        let commit = self.arguments.commit.clone().unwrap_or_else(machine::commit);
        let compiler = machine::said("rustc", &["--version"]).unwrap_or_else(|| "unknown".into());
        let rows = [
            ("machine", machine::here()),
            ("day", self.arguments.date.clone()),
            ("commit", commit),
            ("compiler", compiler),
            ("command", "`benches/run-all`".to_owned()),
            ("load before", self.arguments.load.clone().unwrap_or_else(|| "unknown".to_owned())),
            ("benches", self.all.len().to_string()),
        ];
        let rows: Vec<Vec<String>> =
            rows.into_iter().map(|(name, value)| vec![name.to_owned(), value]).collect();
        table::markdown(&["run".to_owned(), String::new()], &rows)
    }
}

/// All kinds of all files; the peers of a kind may come from several.
fn read_verdicts(directories: &[PathBuf]) -> Result<BTreeMap<String, Verdicts>, Box<dyn Error>> {
    let mut all: BTreeMap<String, Verdicts> = BTreeMap::new();
    for directory in directories {
        for entry in fs::read_dir(directory)? {
            let path = entry?.path();
            if !path.to_string_lossy().ends_with(".verdicts.json") {
                continue;
            }
            let kinds: BTreeMap<String, Verdicts> = serde_json::from_slice(&fs::read(path)?)?;
            for (kind, cases) in kinds {
                for (case, said) in cases {
                    all.entry(kind.clone()).or_default().entry(case).or_default().extend(said);
                }
            }
        }
    }
    Ok(all)
}
