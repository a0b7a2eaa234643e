//! Files of a tenant: its policies, its directory, and the rules of a date.

use std::path::Path;

use token_protection_lab::catalog::{Catalog, RulePack};
use token_protection_lab::directory::{Directory, MAX_FILE_LEN};
use token_protection_lab::policy::PolicySet;
use token_protection_lab::render::page::printable;

use super::failure::Failure;
use super::input::{in_words, read_file};

/// Longer policy files are not read, in octets.
const MAX_POLICIES: usize = 32 * 1024 * 1024;

/// The policies of all files; of a folder, those of its `.json` files. Members that have no effect are
/// named on standard error.
pub(crate) fn policies(paths: &[String]) -> Result<PolicySet, Failure> {
    let mut sets = Vec::new();
    for path in paths {
        for file in files(path)? {
            let text = read_file(&file, MAX_POLICIES)?;
            let refuse = |error| Failure::Policies { path: file.clone(), error };
            let set = PolicySet::from_json(text.as_bytes()).map_err(refuse)?;
            for warning in set.warnings() {
                warn(&format!("{file}: {warning}"));
            }
            sets.push(set);
        }
    }
    let refuse = |error| Failure::Policies { path: paths.join(", "), error };
    PolicySet::join(sets).map_err(refuse)
}

/// The directory of a file, if one is named.
pub(crate) fn directory(path: Option<&str>) -> Result<Option<Directory>, Failure> {
    let Some(path) = path else { return Ok(None) };
    let text = read_file(path, MAX_FILE_LEN)?;
    let refuse = |error| Failure::Directory { path: path.to_owned(), error };
    Directory::from_json(text.as_bytes()).map(Some).map_err(refuse)
}

/// The rule pack of this name; the newest if none is named.
pub(crate) fn rules(name: Option<&str>) -> Result<&'static RulePack, Failure> {
    let Some(name) = name else { return Ok(RulePack::newest()) };
    RulePack::named(name).ok_or_else(|| {
        let packs = Catalog::builtin().rule_packs().iter().map(|pack| format!("`{}`", pack.id));
        let known = packs.collect::<Vec<_>>().join(", ");
        Failure::NoRules { name: name.chars().take(60).collect(), known }
    })
}

/// Says something on standard error that does not stop the command.
pub(crate) fn warn(text: &str) {
    use std::io::Write as _;
    // Nobody is left to tell if this fails.
    let _ = writeln!(anstream::stderr(), "tplab: warning: {}", printable(text).replace('\n', " "));
}

fn files(path: &str) -> Result<Vec<String>, Failure> {
    if !Path::new(path).is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let refuse = |why: String| Failure::File { path: path.to_owned(), why };
    let entries = std::fs::read_dir(path).map_err(|error| refuse(in_words(&error)))?;
    let mut found = Vec::new();
    for entry in entries {
        let file = entry.map_err(|error| refuse(in_words(&error)))?.path();
        if file.is_file() && file.extension().is_some_and(|end| end == "json") {
            let name =
                file.to_str().ok_or_else(|| refuse("holds a name that is no text".to_owned()));
            found.push(name?.to_owned());
        }
    }
    found.sort();
    if found.is_empty() {
        return Err(refuse("holds no file that ends in `.json`".to_owned()));
    }
    Ok(found)
}
