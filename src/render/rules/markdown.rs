//! The rule packs side by side, as the reference page has them.

use super::facts;
use crate::catalog::{Catalog, RulePack};
use crate::render::table::Grid;

/// Every statement, a column for each pack. Notes are left out; the sources of all packs stand in
/// the last column.
#[must_use]
pub fn facts_markdown() -> String {
    let packs = Catalog::builtin().rule_packs();
    let statements: Vec<_> = packs.iter().map(facts::of).collect();
    let mut keys: Vec<(&str, &str)> = Vec::new();
    for fact in statements.iter().flatten().filter(|fact| fact.section != facts::LIMITATIONS) {
        let key = (fact.section, fact.name.as_str());
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    let place = |section: &str| facts::SECTIONS.iter().position(|known| *known == section);
    keys.sort_by_key(|(section, _)| place(section));
    let mut grid =
        Grid::with_columns(["part", "about"].into_iter().chain(ids()).chain(["sources"]));
    for (section, name) in keys {
        let same = |of: &'_ Vec<facts::Statement>| {
            of.iter()
                .find(|fact| fact.section == section && fact.name == name)
                .map(|fact| (fact.value.clone(), fact.sources.clone()))
        };
        let found: Vec<_> = statements.iter().map(same).collect();
        let mut tags: Vec<String> = Vec::new();
        for tag in found.iter().flatten().flat_map(|(_, tags)| tags) {
            if !tags.contains(tag) {
                tags.push(tag.clone());
            }
        }
        let values = found.iter().map(|one| match one {
            Some((value, _)) => value.clone(),
            None => "-".to_owned(),
        });
        let row = [section.to_owned(), name.to_owned()].into_iter().chain(values);
        grid.push(row.chain([tags.join(", ")]));
    }
    grid.to_markdown()
}

/// Every limitation, with what it comes to under each pack.
#[must_use]
pub fn limitations_markdown() -> String {
    let packs = Catalog::builtin().rule_packs();
    let head = ["id", "limitation"].into_iter().chain(ids()).chain(["remedy", "sources"]);
    let mut grid = Grid::with_columns(head);
    let mut seen: Vec<&str> = Vec::new();
    for row in packs.iter().rev().flat_map(|pack| &pack.limitations) {
        if seen.contains(&row.id.as_str()) {
            continue;
        }
        seen.push(&row.id);
        let effect = |pack: &RulePack| match pack.limitation(&row.id).map(|row| &row.effect) {
            None => "-".to_owned(),
            Some(effect) => format!("{}/{} {}", effect.status, effect.error, effect.result),
        };
        let start = [format!("`{}`", row.id), row.title.clone()];
        let end = [row.remedy.clone(), row.source.join(", ")];
        grid.push(start.into_iter().chain(packs.iter().map(effect)).chain(end));
    }
    grid.to_markdown()
}

fn ids() -> impl Iterator<Item = &'static str> {
    Catalog::builtin().rule_packs().iter().map(|pack| pack.id.as_str())
}
