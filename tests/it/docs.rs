//! The pages, compared with what they describe: outputs with the command's, tables with the code's,
//! links with what is there.
//!
//! With `TPLAB_UPDATE_DOCS=1` outputs and generated tables are rewritten instead of compared.
//! `TPLAB_BIN` names another build of the command to compare with, such as the release build.

mod checks;
mod codes;
mod console;
mod formats;
mod json;
mod lint;
mod records;
mod rules;
mod text;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// Pages are rewritten one at a time.
static WRITING: Mutex<()> = Mutex::new(());

/// The folder of the package.
pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn updating() -> bool {
    std::env::var_os("TPLAB_UPDATE_DOCS").is_some()
}

/// README and all pages, by path.
fn pages() -> Vec<PathBuf> {
    let mut found = files_under(&root().join("docs"), &["md"]);
    found.push(root().join("README.md"));
    found.sort();
    found
}

/// Files below a folder whose names end in one of `extensions`, by path.
pub(crate) fn files_under(folder: &Path, extensions: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", shown(folder))) {
        let path = entry.unwrap().path();
        // What tools leave in packages of their own is not ours.
        let of_tools = path.ends_with("target") || path.ends_with("node_modules");
        if path.is_dir() && !of_tools {
            found.extend(files_under(&path, extensions));
        } else if path.extension().is_some_and(|end| extensions.iter().any(|one| end == *one)) {
            found.push(path);
        }
    }
    found.sort();
    found
}

pub(crate) fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", shown(path)))
}

/// A path as a reader of a failure knows it.
pub(crate) fn shown(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}

fn reference(page: &str) -> PathBuf {
    root().join("docs/reference").join(page)
}

/// Puts `new` in the place of `old`, which stands in the page.
fn rewrite(page: &Path, old: &str, new: &str) {
    let _alone = WRITING.lock().unwrap();
    fs::write(page, read(page).replacen(old, new, 1)).unwrap();
}

/// Compares what stands between `<!-- generated: NAME -->` and `<!-- end -->` with what it should
/// be, or puts it there.
fn settle(page: &Path, name: &str, expected: &str) {
    let text = read(page);
    let begin = format!("<!-- generated: {name} -->\n");
    let (_, rest) =
        text.split_once(&begin).unwrap_or_else(|| panic!("{}: no `{name}` region", shown(page)));
    let (found, _) = rest.split_once("<!-- end -->").expect("a region has an end");
    let expected = format!("\n{}\n\n", expected.trim());
    if found == expected {
        return;
    }
    if updating() {
        rewrite(page, &format!("{begin}{found}"), &format!("{begin}{expected}"));
        return;
    }
    let differs = found.lines().zip(expected.lines()).find(|(found, expected)| found != expected);
    panic!(
        "{}: the region `{name}` is out of date; TPLAB_UPDATE_DOCS=1 rewrites it.\n\
         first difference (page, code): {differs:#?}",
        shown(page)
    );
}

/// A Markdown table.
fn table(head: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let mut text = line(head.iter().map(|cell| (*cell).to_owned()).collect());
    text.push_str(&line(vec!["---".to_owned(); head.len()]));
    text.extend(rows.into_iter().map(line));
    text
}
