//! Where and of what a run was: the machine, the toolchain, the commit.

use std::fs;
use std::process::Command;

/// A model and how many cores, from the text of `/proc/cpuinfo`.
pub fn processor(cpuinfo: &str) -> String {
    let models = || {
        let fields = cpuinfo.lines().filter_map(|line| line.split_once(':'));
        fields.filter(|(name, _)| name.trim() == "model name").map(|(_, model)| model.trim())
    };
    match models().next() {
        Some(model) => format!("{model}, {} cores", models().count()),
        None => "unknown".to_owned(),
    }
}

/// The machine that this runs on.
pub fn here() -> String {
    processor(&fs::read_to_string("/proc/cpuinfo").unwrap_or_default())
}

/// The first line that a command prints, or nothing.
pub fn said(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok().filter(|_| output.status.success())?;
    text.lines().next().map(str::to_owned)
}

/// The commit that is checked out, and whether sources differ from it.
pub fn commit() -> String {
    let Some(commit) = said("git", &["rev-parse", "--short", "HEAD"]) else {
        return "unknown".to_owned();
    };
    let tree = ["status", "--porcelain", "--untracked-files=no", "--", ":/", ":!:/docs"];
    match said("git", &tree) {
        Some(_) => format!("{commit} and changes"),
        None => commit,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cores_of_a_model_are_counted() {
        let text = "processor\t: 0\nmodel name\t: Fast 9\n\nprocessor\t: 1\nmodel name\t: Fast 9\n";
        assert_eq!(processor(text), "Fast 9, 2 cores");
        assert_eq!(processor(""), "unknown");
    }
}
