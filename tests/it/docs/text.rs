//! What can be said of every page: links lead somewhere, prose wraps, no path of a machine stands
//! anywhere.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::{files_under, pages, read, root, shown};

#[test]
fn links_lead_somewhere() {
    let mut broken = Vec::new();
    for page in pages() {
        for link in links(&page) {
            if let Err(why) = follow(&page, &link) {
                broken.push(format!("{}: `{link}`: {why}", shown(&page)));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn every_page_is_in_the_index() {
    let index = root().join("docs/README.md");
    let listed: BTreeSet<PathBuf> = links(&index)
        .iter()
        .filter_map(|link| index.parent()?.join(link.split('#').next()?).canonicalize().ok())
        .collect();
    for page in pages().iter().filter(|page| shown(page).starts_with("docs") && **page != index) {
        assert!(listed.contains(&page.canonicalize().unwrap()), "{} is not listed", shown(page));
    }
}

#[test]
fn prose_wraps_at_100_columns() {
    for page in pages() {
        let text = read(&page);
        let mut fenced = false;
        for (at, line) in text.lines().enumerate() {
            fenced ^= line.trim_start().starts_with("```");
            let free = fenced || line.trim_start().starts_with('|') || line.starts_with("<!--");
            let long = line.chars().count() > 100;
            assert!(free || !long, "{}:{}: longer than 100 columns", shown(&page), at + 1);
        }
    }
}

#[test]
fn no_path_of_a_machine_stands_anywhere() {
    let folders = ["root", "home", "work", "tmp", "Users"].map(|name| format!("/{name}/"));
    let sources = ["src", "tests/it", "benches", "docs", ".ci"].map(|folder| root().join(folder));
    let kinds = ["rs", "md", "json", "toml", "sh"];
    let all = sources.iter().filter(|folder| folder.is_dir());
    let mut files: Vec<PathBuf> = all.flat_map(|folder| files_under(folder, &kinds)).collect();
    files.extend(["README.md", "Cargo.toml", "deny.toml", ".ci/run"].map(|file| root().join(file)));
    for file in files {
        for (at, line) in read(&file).lines().enumerate() {
            let found = folders.iter().find(|folder| is_absolute(line, folder));
            assert!(found.is_none(), "{}:{}: {found:?}", shown(&file), at + 1);
        }
    }
}

/// Whether `folder` begins a path: a letter before it makes it a part of an address or a longer path.
fn is_absolute(line: &str, folder: &str) -> bool {
    line.match_indices(folder).any(|(at, _)| {
        !line[..at].ends_with(|before: char| before.is_alphanumeric() || ".-_}~".contains(before))
    })
}

/// Targets of `[text](target)`, outside of code.
fn links(page: &Path) -> Vec<String> {
    let text = read(page);
    let mut fenced = false;
    let mut found = Vec::new();
    for line in text.lines() {
        fenced ^= line.trim_start().starts_with("```");
        if fenced {
            continue;
        }
        for part in line.split("](").skip(1) {
            found.extend(part.split(')').next().map(str::to_owned));
        }
    }
    found
}

fn follow(page: &Path, link: &str) -> Result<(), String> {
    if link.starts_with("https://") {
        return Ok(());
    }
    let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
    let target = match file {
        "" => page.to_owned(),
        file => page.parent().expect("a page is in a folder").join(file),
    };
    if !target.exists() {
        return Err("there is no such file".to_owned());
    }
    if anchor.is_empty() || read(&target).lines().any(|line| anchor_of(line) == Some(anchor.into()))
    {
        return Ok(());
    }
    Err("there is no such heading".to_owned())
}

/// The anchor of a heading: lower case, blanks become hyphens, other signs go.
fn anchor_of(line: &str) -> Option<String> {
    let title = line.strip_prefix('#')?.trim_start_matches('#').trim().to_lowercase();
    let kept = title.chars().filter(|letter| letter.is_alphanumeric() || " -_".contains(*letter));
    Some(kept.map(|letter| if letter == ' ' { '-' } else { letter }).collect())
}
