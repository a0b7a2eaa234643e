//! `json.md`: the shape of every `--json`, as paths and types of real outputs.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::console::run;
use super::{reference, settle, table};

/// Region of the page, and the command lines whose outputs have the shape between them.
const SHAPES: &[(&str, &[&[&str]])] = &[
    (
        "run",
        &[
            &["run", "pitfall-follows-mfa", "--json", "--trace"],
            &["run", "companions-close-the-gap", "--json"],
            &["run", "policy-asks-for-a-proof", "--json", "--set", "policies="],
        ],
    ),
    ("matrix", &[&["matrix", "--each-alone", "--json"], &["matrix", "--aftermath", "--json"]]),
    (
        "list",
        &[
            &["list", "--json"],
            &["list", "--apps", "--devices", "--settings", "--checks", "--json"],
        ],
    ),
    ("latency", &[&["latency", "--json"]]),
    ("rules-list", &[&["rules", "list", "--json"]]),
    (
        "rules-show",
        &[&["rules", "show", "2025-05", "--json"], &["rules", "show", "2026-09", "--json"]],
    ),
    ("rules-diff", &[&["rules", "diff", "2023-06", "2026-09", "--json"]]),
];

/// Texts that `inspect` is shown, each of another kind.
const INSPECTED: &[&str] = &[
    "src/data/policies/b-token-protection-enabled.json",
    "src/data/scenarios/pitfall-report-only.json",
    "src/data/directory.json",
];

/// Objects whose member names are data; and parts that have a page of their own.
const NAMED_BY_DATA: &[(&str, &str)] = &[(".checks", "check id")];
const ELSEWHERE: &[&str] = &[".records[]", ".content", ".document"];

#[test]
fn json_md_has_the_shape_of_every_output() {
    for (region, commands) in SHAPES {
        let outputs = commands.iter().map(|words| output(words, None));
        settle(&reference("json.md"), region, &shape(outputs));
    }
}

#[test]
fn json_md_has_the_shape_of_inspect() {
    let files = INSPECTED.iter().map(|file| output(&["inspect", "--json"], Some(file)));
    settle(&reference("json.md"), "inspect", &shape(files));
}

fn output(words: &[&str], input: Option<&str>) -> Value {
    let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
    let (_, printed) = run(&words, input);
    serde_json::from_str(&printed).unwrap_or_else(|error| panic!("{words:?}: {error}: {printed}"))
}

/// A table of paths and types; a member that is not in every object of its path may be absent.
fn shape(outputs: impl Iterator<Item = Value>) -> String {
    let mut paths = Paths::default();
    outputs.for_each(|output| paths.walk("", &output));
    let rows = paths.types.iter().filter(|(path, _)| !path.is_empty()).map(|(path, types)| {
        let types: Vec<&str> = types.iter().copied().collect();
        let parent = path.rsplit_once('.').map_or("", |(parent, _)| parent);
        let always = path.ends_with("[]") || paths.seen.get(path) >= paths.seen.get(parent);
        let presence = if always { "always" } else { "may be absent" };
        vec![format!("`{}`", path.trim_start_matches('.')), types.join(" or "), presence.to_owned()]
    });
    table(&["member", "type", "present"], rows)
}

#[derive(Default)]
struct Paths {
    types: BTreeMap<String, BTreeSet<&'static str>>,
    /// How many values stood at a path.
    seen: BTreeMap<String, usize>,
}

impl Paths {
    fn walk(&mut self, path: &str, value: &Value) {
        self.types.entry(path.to_owned()).or_default().insert(kind(value));
        *self.seen.entry(path.to_owned()).or_default() += 1;
        if ELSEWHERE.iter().any(|end| path.ends_with(end)) {
            return;
        }
        match value {
            Value::Array(items) => {
                items.iter().for_each(|item| self.walk(&format!("{path}[]"), item))
            }
            Value::Object(members) => {
                let data = NAMED_BY_DATA.iter().find(|(end, _)| path.ends_with(end));
                for (name, inner) in members {
                    let name = data.map_or(name.clone(), |(_, words)| format!("({words})"));
                    self.walk(&format!("{path}.{name}"), inner);
                }
            }
            _ => {}
        }
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Array(_) => "array",
        Value::Bool(_) => "boolean",
        Value::Null => "null",
        Value::Number(_) => "number",
        Value::Object(_) => "object",
        Value::String(_) => "string",
    }
}
