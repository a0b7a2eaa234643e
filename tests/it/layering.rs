//! The arrows between rooms. A room knows another party only through messages in `wire`; Rust does
//! not enforce that, so this reads every `crate::room` path, in `use` lines and inline.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::docs::{files_under, read, root, shown};

/// What each room may import. Arrows point up this table, never down, never sideways between
/// parties; only `app` and `attacker` use `broker`.
const ARROWS: &[(&str, &[&str])] = &[
    ("base", &[]),
    ("jose", &["base"]),
    ("keystore", &["base", "jose"]),
    ("pop", &["base", "jose"]),
    ("token", &["base", "jose", "pop"]),
    ("directory", &["base", "jose"]),
    ("catalog", &["base"]),
    ("policy", &["base", "directory", "catalog"]),
    ("signin", &["base", "policy"]),
    ("wire", &["base", "jose"]),
    ("idp", &["base", "jose", "pop", "token", "directory", "catalog", "policy", "signin", "wire"]),
    ("broker", &["base", "jose", "keystore", "pop", "wire"]),
    ("app", &["base", "jose", "keystore", "pop", "broker", "wire"]),
    ("resource", &["base", "jose", "pop", "token", "wire"]),
    ("attacker", &["base", "jose", "keystore", "pop", "broker", "wire"]),
    ("sim", ABOVE),
    ("rollout", ABOVE),
    ("render", ABOVE),
    ("testing", ABOVE),
];

/// Stands for every room further up, `render` excepted.
const ABOVE: &[&str] = &["*"];

/// Arrows that the table does not have, and why they are there.
const EXCEPTIONS: &[(&str, &str, &str)] = &[
    ("signin", "directory", "a record is made from the facts of a user and of a device"),
    ("signin", "catalog", "the rule pack of the date names the control that a record lists"),
];

/// Folders of `src` that are no rooms: the edges see the public API alone.
const EDGES: &[&str] = &["cli", "data", "server"];

/// What a room has no use for: what comes out depends on arguments and held state alone.
const FORBIDDEN: &[&str] = &[
    "std::env::",
    "std::fs::",
    "std::process::",
    "std::thread::",
    "std::time::",
    "SystemTime",
    "TcpListener",
    "TcpStream",
    "UdpSocket",
    "HashMap",
    "HashSet",
    "println!(",
    "print!(",
    "dbg!(",
];

/// Files that only unit tests are built with, and that read test vectors.
const TEST_ONLY: &[&str] = &["src/jose/fixtures.rs"];

#[test]
fn every_room_is_in_the_table() {
    for room in rooms() {
        assert!(ARROWS.iter().any(|(known, _)| *known == room), "`{room}` is in no table");
    }
}

#[test]
fn arrows_point_up() {
    let rooms = rooms();
    let mut wrong = Vec::new();
    for room in &rooms {
        for file in sources(room) {
            for (at, line) in read(&file).lines().enumerate() {
                for other in imported(room, line, &rooms) {
                    if !allowed(room, &other) {
                        wrong.push(format!("{}:{}: {room} -> {other}", shown(&file), at + 1));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "arrows against the table:\n{}", wrong.join("\n"));
}

/// What the features of the edges add is handed to rooms as a trait; no room names it.
#[test]
fn no_room_knows_an_edge() {
    let edges: Vec<String> = EDGES.iter().map(|edge| (*edge).to_owned()).collect();
    for room in rooms() {
        for file in sources(&room) {
            for (at, line) in read(&file).lines().enumerate() {
                let named = imported(&room, line, &edges);
                assert!(named.is_empty(), "{}:{}: {room} -> {named:?}", shown(&file), at + 1);
            }
        }
    }
}

#[test]
fn every_exception_is_used() {
    let rooms = rooms();
    for (room, other, why) in EXCEPTIONS {
        let used = sources(room).iter().any(|file| {
            read(file).lines().any(|line| imported(room, line, &rooms).contains(*other))
        });
        assert!(used, "{room} -> {other} ({why}) is no longer there: take it out of the list");
    }
}

#[test]
fn rooms_do_no_io() {
    let mut wrong = Vec::new();
    for room in rooms() {
        for file in sources(&room).iter().filter(|file| !TEST_ONLY.contains(&&*shown(file))) {
            for (at, line) in read(file).lines().enumerate() {
                let code = line.split("//").next().unwrap_or_default();
                if let Some(found) = FORBIDDEN.iter().find(|word| code.contains(**word)) {
                    wrong.push(format!("{}:{}: `{found}`", shown(file), at + 1));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "only the edges may:\n{}", wrong.join("\n"));
}

fn rooms() -> Vec<String> {
    let folders = std::fs::read_dir(root().join("src")).unwrap().map(|entry| entry.unwrap().path());
    let names = folders.filter(|path| path.is_dir());
    let names = names.filter_map(|path| Some(path.file_name()?.to_str()?.to_owned()));
    names.filter(|name| !EDGES.contains(&name.as_str())).collect()
}

fn sources(room: &str) -> Vec<PathBuf> {
    files_under(&root().join("src").join(room), &["rs"])
}

fn allowed(room: &str, other: &str) -> bool {
    let place = |name: &str| ARROWS.iter().position(|(known, _)| *known == name);
    let may = place(room).map_or(&[][..], |at| ARROWS[at].1);
    let listed = match may {
        ["*"] => other != "render" && place(other) < place(room),
        names => names.contains(&other),
    };
    listed || EXCEPTIONS.iter().any(|(from, to, _)| (*from, *to) == (room, other))
}

/// Other rooms that a line names, by `crate::room`, or by way of `super::` out of its own room.
fn imported(room: &str, line: &str, rooms: &[String]) -> BTreeSet<String> {
    let own = root().join("src").join(room);
    let mut found = BTreeSet::new();
    for (at, start) in line.match_indices("crate::").chain(line.match_indices("super::")) {
        let rest = &line[at + start.len()..];
        assert!(!(start == "crate::" && rest.starts_with('{')), "write one room a path: {line}");
        let name: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        let module_of_its_own = start == "super::" && is_module(&own, &name);
        if name != room && !module_of_its_own && rooms.contains(&name) {
            found.insert(name);
        }
    }
    found
}

fn is_module(folder: &Path, name: &str) -> bool {
    folder.join(name).is_dir() || folder.join(format!("{name}.rs")).is_file()
}

#[test]
fn paths_are_found_in_use_lines_and_inline() {
    let rooms: Vec<String> = ["idp", "keystore", "wire"].map(str::to_owned).to_vec();
    let of = |line: &str| imported("idp", line, &rooms).into_iter().collect::<Vec<_>>();
    assert_eq!(of("use crate::keystore::KeyStore;"), ["keystore"]);
    assert_eq!(
        of("    let key: crate::keystore::KeyHandle = crate::wire::x();"),
        ["keystore", "wire"]
    );
    assert_eq!(of("use super::super::keystore::KeyStore;"), ["keystore"]);
    assert!(of("use crate::idp::Provider;").is_empty());
    assert!(!allowed("idp", "keystore") && allowed("idp", "wire"));
    assert!(!allowed("broker", "idp") && allowed("sim", "idp") && !allowed("sim", "sim"));
}
