//! Outputs: every block of the pages that begins with `$ tplab` or `$ cargo run --release --` is
//! run, and what it shows is compared. A line `...` stands for any number of lines.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::{pages, read, reference, rewrite, root, shown, updating};

/// A fenced block with a command and its output.
struct Block {
    page: PathBuf,
    /// The fence's line, from 1.
    line: usize,
    indent: String,
    command: String,
    /// The exit code that `console exit=N` names; 0 if it names none.
    exit: i32,
    output: Vec<String>,
}

#[test]
fn every_output_is_what_the_command_prints() {
    let blocks: Vec<Block> = pages().iter().flat_map(|page| blocks(page)).collect();
    let mut wrong = Vec::new();
    for block in &blocks {
        let Some(arguments) = arguments(&block.command) else { continue };
        if let Err(why) = block.compare(&arguments) {
            wrong.push(format!("{}:{}: {}\n{why}", shown(&block.page), block.line, block.command));
        }
    }
    assert!(wrong.is_empty(), "TPLAB_UPDATE_DOCS=1 rewrites pages.\n{}", wrong.join("\n"));
}

#[test]
fn schemas_are_what_the_command_prints() {
    for format in ["scenario", "directory", "rollout"] {
        let page = reference(&format!("schemas/{format}.json"));
        let (_, printed) = run(&["schema".to_owned(), format.to_owned()], None);
        if updating() {
            std::fs::write(&page, &printed).unwrap();
        }
        assert!(read(&page) == printed, "{}: out of date", shown(&page));
    }
}

#[test]
fn the_chart_of_latencies_is_what_the_command_prints() {
    let chart = root().join("docs/explanation/what-a-session-key-buys.svg");
    let (_, printed) = run(&["latency", "--svg"].map(str::to_owned), None);
    if updating() {
        std::fs::write(&chart, &printed).unwrap();
    }
    assert!(read(&chart) == printed, "{}: out of date", shown(&chart));
}

#[test]
fn the_generated_tables_of_the_matrix_page_are_what_the_command_prints() {
    let page = reference("matrix.md");
    let print = |more: &[&str]| {
        let fixed = ["matrix", "--format", "markdown"].iter().chain(more);
        run(&fixed.map(|one| (*one).to_owned()).collect::<Vec<_>>(), None).1
    };
    super::settle(&page, "matrix", &print(&["--each-alone"]));
    super::settle(&page, "aftermath", &print(&["--aftermath"]));
}

/// `.ci/run` gives the output of `cargo test` here; by itself there is none to compare with.
#[test]
fn the_readme_shows_the_output_of_the_tests() {
    let Some(file) = std::env::var_os("TPLAB_TEST_OUTPUT") else { return };
    let printed = read(Path::new(&file));
    let lines: Vec<&str> = printed.lines().collect();
    let readme = blocks(&root().join("README.md"));
    let block =
        readme.iter().find(|block| block.command == "cargo test").expect("is in the README");
    assert!(shows(&block.output, &lines), "{:#?} is not in the output", block.output);
}

fn blocks(page: &Path) -> Vec<Block> {
    let text = read(page);
    let mut lines = text.lines().enumerate();
    let mut found = Vec::new();
    while let Some((at, line)) = lines.next() {
        let fence = line.trim_start();
        let Some(info) = fence.strip_prefix("```console") else { continue };
        let indent = line[..line.len() - fence.len()].to_owned();
        let inside = lines.by_ref().map(|(_, line)| line.strip_prefix(&indent).unwrap_or(line));
        let mut inside = inside.take_while(|line| !line.starts_with("```"));
        let command = inside.next().and_then(|first| first.strip_prefix("$ "));
        let command = command.unwrap_or_else(|| panic!("{}:{}: no command", shown(page), at + 1));
        let exit = info.trim().strip_prefix("exit=").map_or(0, |code| code.parse().unwrap());
        let (page, command, line) = (page.to_owned(), command.to_owned(), at + 1);
        let output = inside.map(str::to_owned).collect();
        found.push(Block { page, line, indent, command, exit, output });
    }
    found
}

/// The arguments of a command line that this test can run.
fn arguments(command: &str) -> Option<Vec<String>> {
    let rest = ["tplab ", "cargo run --release -- "];
    let rest = rest.iter().find_map(|start| command.strip_prefix(start))?;
    let mut words = vec![String::new()];
    let mut quote = None;
    for letter in rest.chars() {
        match quote {
            Some(open) if open == letter => quote = None,
            None if letter == '\'' || letter == '"' => quote = Some(letter),
            None if letter == ' ' => words.push(String::new()),
            _ => words.last_mut().expect("there is one").push(letter),
        }
    }
    Some(words)
}

/// Runs the command in the folder of the package; gives exit code and everything it printed.
pub(super) fn run(arguments: &[String], input: Option<&str>) -> (i32, String) {
    let built = env!("CARGO_BIN_EXE_tplab").to_owned();
    let command = std::env::var("TPLAB_BIN").unwrap_or(built);
    let input = input.map_or(Stdio::null(), |file| {
        Stdio::from(std::fs::File::open(root().join(file)).expect("the input is there"))
    });
    let output = Command::new(command)
        .args(arguments)
        .current_dir(root())
        .env("NO_COLOR", "1")
        .stdin(input)
        .output()
        .unwrap();
    let printed = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap_or(-1), String::from_utf8(printed).unwrap())
}

impl Block {
    fn compare(&self, arguments: &[String]) -> Result<(), String> {
        let redirect = arguments.iter().position(|word| word == "<").unwrap_or(arguments.len());
        let (arguments, input) = arguments.split_at(redirect);
        let (exit, printed) = run(arguments, input.get(1).map(String::as_str));
        if exit != self.exit {
            return Err(format!("exit code {exit}, not {}\n{printed}", self.exit));
        }
        let printed: Vec<&str> = printed.trim_end().lines().map(str::trim_end).collect();
        if shows(&self.output, &printed) {
            return Ok(());
        }
        if updating() && !self.output.iter().any(|line| line == "...") {
            self.replace(&printed);
            return Ok(());
        }
        Err(format!(
            "the page shows\n{}\nand it prints\n{}",
            self.output.join("\n"),
            printed.join("\n")
        ))
    }

    fn replace(&self, printed: &[&str]) {
        let indented = |line: &&str| match line.is_empty() {
            true => "\n".to_owned(),
            false => format!("{}{line}\n", self.indent),
        };
        let first = format!("{}$ {}\n", self.indent, self.command);
        let old: String = self.output.iter().map(|line| indented(&line.as_str())).collect();
        let new: String = printed.iter().map(indented).collect();
        let end = format!("{}```", self.indent);
        rewrite(&self.page, &format!("{first}{old}{end}"), &format!("{first}{new}{end}"));
    }
}

/// Whether `printed` is what the block shows; `...` stands for any lines.
fn shows(block: &[String], printed: &[&str]) -> bool {
    match block.split_first() {
        None => printed.is_empty(),
        Some((first, rest)) if first == "..." => {
            (0..=printed.len()).any(|skipped| shows(rest, &printed[skipped..]))
        }
        Some((first, rest)) => {
            printed.first() == Some(&first.as_str()) && shows(rest, &printed[1..])
        }
    }
}

#[test]
fn dots_stand_for_any_lines() {
    let shows = |block: &[&str], printed: &[&str]| {
        shows(&block.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>(), printed)
    };
    assert!(shows(&["a", "b"], &["a", "b"]));
    assert!(!shows(&["a"], &["a", "b"]));
    assert!(shows(&["a", "...", "d"], &["a", "b", "c", "d"]));
    assert!(shows(&["...", "c", "..."], &["a", "b", "c"]));
    assert!(!shows(&["...", "d", "..."], &["a", "b", "c"]));
    assert_eq!(arguments("tplab run 'a b' --x").unwrap(), ["run", "a b", "--x"]);
    assert_eq!(arguments("cargo test"), None);
}
