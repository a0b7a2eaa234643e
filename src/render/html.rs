//! Tables as one HTML page that needs nothing else: no script, no font, no address.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::aftermath::after_text;
use super::matrix::{circumstances, details, symbol};
use super::remedy;
use crate::signin::failure_reason;
use crate::sim::aftermath::{self, After};
use crate::sim::matrix::{Cell, CellVerdict, Table};

const STYLE: &str = "
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 76rem; padding: 0 1rem; color: #1b1f24; background: #fff }
table { border-collapse: collapse; width: 100% }
caption { text-align: left; padding: .5rem 0 }
th, td { border: 1px solid #d0d7de; padding: .4rem .6rem; text-align: left; vertical-align: top }
tbody th { font-weight: 600 }
small { display: block; color: #57606a; font-weight: 400 }
code { font: .85em ui-monospace, monospace }
.sign { font-weight: 700 }
.got-in { background: #ffebe9 } .refused { background: #dafbe1 } .aside { color: #57606a }
@media (prefers-color-scheme: dark) {
  body { color: #e6edf3; background: #0d1117 } th, td { border-color: #30363d }
  small, .aside { color: #8b949e } .got-in { background: #4c1214 } .refused { background: #0f3a1d }
}
";

fn page(title: &str, body: &Markup) -> String {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body { h1 { (title) } (body) }
        }
    }
    .into_string()
}

/// Matrices with headings as one page.
#[must_use]
pub fn matrix_html(tables: &[(&str, &Table)]) -> String {
    let body = html! {
        p {
            "Every cell is a run. " b { "+" } " a resource served its content to the thief; "
            b { "-" } " refused, with the check that decided, the AADSTS code and /the binding "
            "status; " b { "n/a" } " there is nothing to steal. Point at a cell to see the command "
            "that opens it."
        }
        @for (heading, table) in tables {
            h2 { (heading) }
            (matrix(table))
        }
    };
    page("Which theft works against which defence", &body)
}

fn matrix(table: &Table) -> Markup {
    html! {
        table {
            thead { tr {
                th scope="col" { "loot and use" }
                @for column in &table.columns {
                    th scope="col" { (column.id) small { (column.title) } }
                }
            } }
            tbody {
                @for row in &table.rows {
                    tr {
                        th scope="row" {
                            (row.title) small { (circumstances(row, "; ")) } small { code { (row.id) } }
                        }
                        @for cell in &row.cells { (matrix_cell(cell)) }
                    }
                }
            }
        }
    }
}

fn matrix_cell(cell: &Cell) -> Markup {
    let mut hints = vec![format!("tplab run {}", cell.opens_with)];
    hints.extend(cell.check.map(|check| format!("{check}: {}", check.title())));
    hints.extend(cell.code.map(|code| format!("{code}: {}", failure_reason(code))));
    hints.extend(cell.status.map(|code| format!("/{code}: {}", remedy::status_meaning(code))));
    html! {
        td class=(class(cell.verdict)) title=(hints.join("\n")) {
            span.sign { (symbol(cell.verdict)) }
            @for detail in details(cell) { " " code { (detail) } }
        }
    }
}

const fn class(verdict: CellVerdict) -> &'static str {
    match verdict {
        CellVerdict::GotIn => "got-in",
        CellVerdict::NotApplicable => "aside",
        CellVerdict::Refused => "refused",
    }
}

/// The aftermath table as one page.
#[must_use]
pub fn aftermath_html(table: &aftermath::Table) -> String {
    let class = |after: &After| match after {
        After::NotApplicable => "aside",
        After::Refused { .. } => "refused",
        After::Works { .. } => "got-in",
    };
    let body = html! {
        p {
            b { "+" } " works for that long after the event (no end: none within 100 days); "
            b { "-" } " refused from the event on, with check and code."
        }
        table {
            thead { tr {
                th scope="col" { "loot" }
                @for event in &table.events { th scope="col" { (event.title) } }
            } }
            tbody {
                @for row in &table.rows {
                    tr {
                        th scope="row" {
                            (row.title)
                            @for setting in &row.settings { small { code { (setting) } } }
                            small { code { (row.id) } }
                        }
                        @for after in &row.cells { td class=(class(after)) { (after_text(after)) } }
                    }
                }
            }
        }
    };
    page("What still works afterwards", &body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::matrix::tests::sample;

    #[test]
    fn the_page_stands_alone_and_escapes_what_it_is_given() {
        let text = matrix_html(&[("heading", &sample())]);
        assert!(text.starts_with("<!DOCTYPE html>"));
        assert!(text.contains("a &lt;token&gt;") && !text.contains("<token>"));
        for word in ["POL-02", "tplab run matrix:refresh-token@T", "n/a"] {
            assert!(text.contains(word), "{word}");
        }
        for outside in ["http:", "https:", "src=", "<script", "@import"] {
            assert!(!text.contains(outside), "{outside}");
        }
    }
}
