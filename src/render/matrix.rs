//! The theft matrix as text and Markdown.

use std::collections::BTreeSet;

use super::page::{Page, Tone};
use super::remedy;
use super::table::{Grid, Rows};
use crate::base::Check;
use crate::signin::failure_reason;
use crate::sim::matrix::{Cell, CellVerdict, Row, Table};

/// Columns that fit on a page beside the row's own.
const COLUMNS_A_PAGE: usize = 6;

/// The sign that a cell shows.
#[must_use]
pub const fn symbol(verdict: CellVerdict) -> &'static str {
    match verdict {
        CellVerdict::GotIn => "+",
        CellVerdict::NotApplicable => "n/a",
        CellVerdict::Refused => "-",
    }
}

/// The tone of a sign; other words have none.
#[must_use]
pub fn symbol_tone(text: &str) -> Tone {
    match text {
        "+" => Tone::Lost,
        "-" => Tone::Stopped,
        "n/a" => Tone::Aside,
        _ => Tone::Plain,
    }
}

/// What a cell says besides its sign: the deciding check and the codes.
#[must_use]
pub fn details(cell: &Cell) -> Vec<String> {
    let check = cell.check.map(|check| check.to_string());
    let code = cell.code.map(|code| code.to_string());
    let status = cell.status.map(|status| format!("/{status}"));
    check.into_iter().chain(code).chain(status).collect()
}

/// Client, platform and resource of a row, then its settings, each after `between`.
#[must_use]
pub fn circumstances(row: &Row, between: &str) -> String {
    let mut text = format!("{}; {}; {}", row.client, row.platform, row.resource);
    for setting in &row.settings {
        text.push_str(between);
        text.push_str(setting);
    }
    text
}

/// The table for people: six columns at a time, then what the signs, checks and codes mean.
#[must_use]
pub fn matrix_page(heading: &str, table: &Table) -> Page {
    let mut page = Page::new();
    page.say(0, Tone::Heading, heading);
    page.say(
        0,
        Tone::Plain,
        "`+` a resource served its content to the thief; `-` refused, with the check that decided, \
         the AADSTS code and /the binding status; `n/a` there is nothing to steal.",
    );
    let chunks = table.columns.len().div_ceil(COLUMNS_A_PAGE);
    for chunk in 0..chunks {
        page.gap();
        let first = chunk * COLUMNS_A_PAGE;
        page.table(&grid(table, first).to_text(Rows::Spaced, Some(narrow(table))), symbol_tone);
    }
    legend(&mut page, table);
    page
}

/// Width of a column: that of the longest check id or code.
fn narrow(table: &Table) -> u16 {
    let words = table.rows.iter().flat_map(|row| &row.cells).flat_map(details);
    let longest = words.map(|word| word.len()).max().unwrap_or(0);
    u16::try_from(longest).unwrap_or(u16::MAX).clamp(5, 9)
}

fn grid(table: &Table, first: usize) -> Grid {
    let columns = table.columns.iter().skip(first).take(COLUMNS_A_PAGE);
    let head = std::iter::once("loot and use").chain(columns.map(|column| column.id));
    let mut grid = Grid::with_columns(head);
    for row in &table.rows {
        let about = format!("{}\n{}\n{}", row.id, row.title, circumstances(row, "\n"));
        let cells = row.cells.iter().skip(first).take(COLUMNS_A_PAGE).map(stacked);
        grid.push(std::iter::once(about).chain(cells));
    }
    grid
}

fn stacked(cell: &Cell) -> String {
    let sign = symbol(cell.verdict).to_owned();
    std::iter::once(sign).chain(details(cell)).collect::<Vec<_>>().join("\n")
}

fn legend(page: &mut Page, table: &Table) {
    page.heading("Columns");
    for column in &table.columns {
        page.hang(&format!("  {}", column.id), 12, Tone::Plain, column.title);
    }
    let cells = || table.rows.iter().flat_map(|row| &row.cells);
    let checks: BTreeSet<Check> = cells().filter_map(|cell| cell.check).collect();
    section(page, "Checks", checks.iter().map(|check| (check.to_string(), check.title())));
    let codes: BTreeSet<u32> = cells().filter_map(|cell| cell.code).collect();
    section(page, "Codes", codes.iter().map(|code| (code.to_string(), failure_reason(*code))));
    let statuses: BTreeSet<u16> = cells().filter_map(|cell| cell.status).collect();
    let meaning = |status: &u16| (format!("/{status}"), remedy::status_meaning(*status));
    section(page, "Binding status", statuses.iter().map(meaning));
    if let Some(cell) = cells().find(|cell| cell.verdict == CellVerdict::Refused) {
        page.heading("Open a cell");
        page.say(2, Tone::Plain, &format!("tplab run {}", cell.opens_with));
    }
}

/// A heading and lines of a term with its meaning; nothing if there are none.
pub(super) fn section<'m>(
    page: &mut Page,
    heading: &str,
    lines: impl Iterator<Item = (String, &'m str)>,
) {
    let mut lines = lines.peekable();
    if lines.peek().is_none() {
        return;
    }
    page.heading(heading);
    for (term, meaning) in lines {
        page.hang(&format!("  {term}"), 12, Tone::Plain, meaning);
    }
}

/// The table as Markdown, without headings of its own.
#[must_use]
pub fn matrix_markdown(table: &Table) -> String {
    let head = ["row", "loot and use", "client, platform, resource, settings"];
    let columns = table.columns.iter().map(|column| column.id);
    let mut grid = Grid::with_columns(head.into_iter().chain(columns));
    for row in &table.rows {
        let about = [format!("`{}`", row.id), row.title.clone(), circumstances(row, "; ")];
        grid.push(about.into_iter().chain(row.cells.iter().map(in_line)));
    }
    grid.to_markdown()
}

/// A cell in one line: `- POL-02 530084/1002`.
#[must_use]
pub fn in_line(cell: &Cell) -> String {
    let check = cell.check.map(|check| format!(" {check}")).unwrap_or_default();
    let codes = match (cell.code, cell.status) {
        (Some(code), Some(status)) => format!(" {code}/{status}"),
        (Some(code), None) => format!(" {code}"),
        (None, Some(status)) => format!(" /{status}"),
        (None, None) => String::new(),
    };
    format!("{}{check}{codes}", symbol(cell.verdict))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::render::page::WIDTH;
    use crate::sim::matrix::Columns;

    /// A table with one row that has a cell of every kind.
    pub(in crate::render) fn sample() -> Table {
        let cell = |column: &'static str, verdict, check, code, status| Cell {
            column,
            verdict,
            check,
            code,
            status,
            opens_with: format!("matrix:refresh-token@{column}"),
        };
        let denied = Some(Check::PolicyTokenProtection);
        let refused = cell("T", CellVerdict::Refused, denied, Some(530_084), Some(1002));
        let cells = vec![
            refused,
            cell("d1", CellVerdict::GotIn, None, None, Some(0)),
            cell("d2", CellVerdict::NotApplicable, None, None, None),
            cell("d3", CellVerdict::Refused, Some(Check::PrtUseKdfVersion), Some(5_000_611), None),
            cell("D-alone", CellVerdict::GotIn, None, None, None),
            cell("K-alone", CellVerdict::Refused, Some(Check::ResponseUnreadable), None, Some(0)),
        ];
        let row = Row {
            id: "refresh-token".to_owned(),
            title: "a <token> | and its use".to_owned(),
            client: "Azure CLI".to_owned(),
            platform: "Windows".to_owned(),
            resource: "Office 365 Exchange Online".to_owned(),
            settings: vec!["nonce.single_use=true".to_owned()],
            cells,
        };
        Table { columns: Columns::EachAlone.all().to_vec(), rows: vec![row] }
    }

    #[test]
    fn text_fits_and_says_everything() {
        let text = matrix_page("heading", &sample()).to_plain();
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH), "{text}");
        for word in ["POL-02", "530084", "/1002", "5000611", "MSG-03", "nonce.single_use=true"] {
            assert!(text.contains(word), "{word}: {text}");
        }
    }

    #[test]
    fn more_columns_than_fit_go_on_below() {
        let mut table = sample();
        table.columns.extend(table.columns.clone());
        for row in &mut table.rows {
            row.cells.extend(row.cells.clone());
        }
        let text = matrix_page("heading", &table).to_plain();
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH), "{text}");
        assert_eq!(text.matches("loot and use").count(), 2);
    }

    #[test]
    fn markdown_has_a_line_for_each_row() {
        let text = matrix_markdown(&sample());
        assert_eq!(text.lines().count(), 3, "{text}");
        assert!(text.contains("- POL-02 530084/1002") && text.contains("- MSG-03 /0"), "{text}");
    }
}
