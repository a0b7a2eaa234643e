//! The aftermath table as text and Markdown: what of the loot still works after an event, and for
//! how long.

use super::matrix::section;
use super::page::{Page, Tone};
use super::table::{Grid, Rows};
use crate::base::Lifetime;
use crate::sim::aftermath::{After, Row, Table};

/// A cell in a few words.
#[must_use]
pub fn after_text(after: &After) -> String {
    match after {
        After::NotApplicable => "n/a".to_owned(),
        After::Refused { check, code } => {
            let check = check.map(|check| format!(" {check}")).unwrap_or_default();
            let code = code.map(|code| format!(" {code}")).unwrap_or_default();
            format!("-{check}{code}")
        }
        // The first second at which it fails reads better than the last at which it works.
        After::Works { until: Some(until) } => {
            format!("+ {}", span(Lifetime::from_secs(until.as_secs().saturating_add(1))))
        }
        After::Works { until: None } => "+ no end".to_owned(),
    }
}

/// A span in the two largest units that it fills.
#[must_use]
pub fn span(span: Lifetime) -> String {
    let seconds = span.as_secs();
    let units = [("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)];
    let mut rest = seconds;
    let mut parts = Vec::new();
    for (unit, size) in units {
        let count = rest / size;
        rest %= size;
        if count > 0 {
            parts.push(format!("{count} {unit}"));
        }
    }
    parts.truncate(2);
    if parts.is_empty() { "0 s".to_owned() } else { parts.join(" ") }
}

fn about(row: &Row) -> String {
    let mut lines = vec![row.id.clone(), row.title.clone()];
    lines.extend(row.settings.iter().cloned());
    lines.join("\n")
}

/// The table for people.
#[must_use]
pub fn aftermath_page(table: &Table) -> Page {
    let mut page = Page::new();
    page.say(0, Tone::Heading, "What still works afterwards");
    page.say(
        0,
        Tone::Plain,
        "The thief has its loot, then something happens, then the thief waits and uses it. `+` works \
         for that long after the event (no end: none within 100 days); `-` refused from the event \
         on, with check and code.",
    );
    let head = table.events.iter().enumerate().map(|(at, _)| format!("({})", at + 1));
    let mut grid = Grid::with_columns(std::iter::once("loot".to_owned()).chain(head));
    for row in &table.rows {
        let cells = row.cells.iter().map(|after| after_text(after).replacen(' ', "\n", 1));
        grid.push(std::iter::once(about(row)).chain(cells));
    }
    page.gap();
    page.table(&grid.to_text(Rows::Spaced, Some(9)), super::matrix::symbol_tone);
    let number = |at: usize| format!("({})", at + 1);
    let events = table.events.iter().enumerate();
    section(&mut page, "Events", events.map(|(at, event)| (number(at), event.title)));
    page
}

/// The table as Markdown.
#[must_use]
pub fn aftermath_markdown(table: &Table) -> String {
    let head = ["row", "loot", "settings"];
    let events = table.events.iter().map(|event| event.title);
    let mut grid = Grid::with_columns(head.into_iter().chain(events));
    for row in &table.rows {
        let about = [format!("`{}`", row.id), row.title.clone(), row.settings.join("; ")];
        grid.push(about.into_iter().chain(row.cells.iter().map(after_text)));
    }
    grid.to_markdown()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_have_two_units_at_most() {
        let text = |seconds| span(Lifetime::from_secs(seconds));
        assert_eq!(text(0), "0 s");
        assert_eq!(text(3_599), "59 min 59 s");
        assert_eq!(text(86_400 + 61), "1 d 1 min");
        assert_eq!(text(90 * 86_400), "90 d");
    }
}
