//! Rule packs for people and as JSON: the list, one pack, and what changed between two.

mod diff;
mod facts;
mod markdown;

use serde::Serialize;
use serde_json::{Value, json};

pub use diff::DiffJson;
pub use markdown::{facts_markdown, limitations_markdown};

use super::page::{Page, Tone, counted};
use crate::catalog::{Catalog, RulePack, Source};
use crate::sim::population::Comparison;

/// All packs, oldest first.
#[must_use]
pub fn list_page() -> Page {
    let mut page = Page::new();
    page.say(0, Tone::Heading, "Rule packs (tplab rules show ID)");
    for pack in Catalog::builtin().rule_packs() {
        page.hang(&format!("  {}", pack.id), 11, Tone::Plain, &pack.title);
        let (code, label) = (pack.error_code.value, &pack.control_label.value);
        let facts = format!(
            "{code}, {label}, {}, {}",
            pack.licence.value.name,
            counted(pack.limitations.len(), "limitation")
        );
        page.say(11, Tone::Plain, &facts);
    }
    page
}

/// All packs with what a reader chooses by.
#[must_use]
pub fn list_json() -> Value {
    let one = |pack: &RulePack| {
        json!({
            "id": pack.id,
            "date": pack.date,
            "title": pack.title,
            "errorCode": pack.error_code.value,
            "controlLabel": pack.control_label.value,
            "licence": pack.licence.value.name,
            "limitations": pack.limitations.len(),
        })
    };
    Catalog::builtin().rule_packs().iter().map(one).collect()
}

/// One pack: every statement with its sources, then every limitation with cause, codes and remedy.
#[must_use]
pub fn pack_page(pack: &RulePack) -> Page {
    let mut page = Page::new();
    page.say(0, Tone::Heading, &format!("{}: {}", pack.id, pack.title));
    page.say(0, Tone::Plain, &format!("as of {}", pack.date));
    let mut section = "";
    for fact in facts::of(pack).iter().filter(|fact| fact.section != facts::LIMITATIONS) {
        if fact.section != section {
            section = fact.section;
            page.heading(section);
        }
        page.hang(&format!("  {}", fact.name), 32, Tone::Plain, &fact.value);
        if let Some(note) = &fact.note {
            page.say(32, Tone::Aside, &format!("({note})"));
        }
        page.say(32, Tone::Aside, &format!("[{}]", fact.sources.join(", ")));
    }
    page.heading("Known limitations");
    for row in &pack.limitations {
        page.gap();
        page.say(2, Tone::Plain, &format!("{}: {}", row.id, row.title));
        page.hang("    comes to", 14, Tone::Plain, &facts::effect(&row.effect));
        page.hang("    remedy", 14, Tone::Plain, &row.remedy);
        page.hang("    source", 14, Tone::Aside, &row.source.join(", "));
    }
    page.heading("Sources");
    for source in sources(pack) {
        let date = source.date.as_deref().map(|date| format!(", {date}")).unwrap_or_default();
        page.hang(
            &format!("  {}", source.tag),
            10,
            Tone::Plain,
            &format!("{}{date}", source.title),
        );
    }
    page
}

/// A pack and the documents that it names.
#[derive(Clone, Debug, Serialize)]
pub struct PackJson<'p> {
    /// The pack, as its file has it, and its limitations.
    #[serde(flatten)]
    pub pack: &'p RulePack,
    /// The documents behind its source tags.
    pub sources: Vec<&'static Source>,
}

impl<'p> PackJson<'p> {
    /// The pack as JSON.
    #[must_use]
    pub fn of(pack: &'p RulePack) -> Self {
        Self { pack, sources: sources(pack) }
    }
}

/// What changed between two packs: the statements, then the sign-ins.
#[must_use]
pub fn diff_page(older: &RulePack, newer: &RulePack, comparison: &Comparison) -> Page {
    diff::page(older, newer, comparison)
}

fn sources(pack: &RulePack) -> Vec<&'static Source> {
    let named = facts::of(pack);
    let is_named = |source: &&Source| named.iter().any(|fact| fact.sources.contains(&source.tag));
    Catalog::builtin().sources().iter().filter(is_named).collect()
}

#[cfg(test)]
mod tests {
    use super::super::page::WIDTH;
    use super::*;
    use crate::sim::population::compare;

    #[test]
    fn every_page_fits() {
        let packs = Catalog::builtin().rule_packs();
        let mut pages = vec![list_page()];
        pages.extend(packs.iter().map(pack_page));
        let (first, last) = (packs.first().unwrap(), packs.last().unwrap());
        pages.push(diff_page(first, last, &compare(first, last).unwrap()));
        for page in pages {
            let text = page.to_plain();
            for line in text.lines() {
                assert!(line.chars().count() <= WIDTH, "{line}");
            }
        }
    }

    #[test]
    fn a_pack_shows_every_limitation_and_source() {
        for pack in Catalog::builtin().rule_packs() {
            let text = pack_page(pack).to_plain();
            for row in &pack.limitations {
                assert!(text.contains(&format!("  {}: ", row.id)), "{}", row.id);
            }
            for source in sources(pack) {
                assert!(text.contains(&format!("\n  {} ", source.tag)), "{}", source.tag);
            }
        }
    }
}
