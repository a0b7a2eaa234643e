//! Tables: columns set apart by spaces for people, pipes for Markdown.

use comfy_table::{
    ColumnConstraint, ContentArrangement, ContentLineStyle, LineStyle, Table, TableStyle, Width,
    presets,
};

use super::page::WIDTH;

/// Header and rows of text cells, each row as long as the header.
#[derive(Clone, Debug, Default)]
pub struct Grid {
    /// Names of the columns.
    pub header: Vec<String>,
    /// Cells; a line break inside one is kept.
    pub rows: Vec<Vec<String>>,
}

/// Whether rows are set apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rows {
    /// Each row is one line or a few; nothing between them.
    Close,
    /// Rows have many lines; a blank one goes between them.
    Spaced,
}

impl Grid {
    /// A grid with these columns.
    #[must_use]
    pub fn with_columns<T: Into<String>>(header: impl IntoIterator<Item = T>) -> Self {
        Self { header: header.into_iter().map(Into::into).collect(), rows: Vec::new() }
    }

    /// Adds a row.
    pub fn push<T: Into<String>>(&mut self, row: impl IntoIterator<Item = T>) {
        self.rows.push(row.into_iter().map(Into::into).collect());
    }

    /// At most 80 columns wide; cells wrap. `narrow` gives columns after the first a fixed width,
    /// which leaves the rest to the first.
    #[must_use]
    pub fn to_text(&self, rows: Rows, narrow: Option<u16>) -> String {
        let separator = match rows {
            Rows::Close => LineStyle::none(),
            Rows::Spaced => LineStyle::none().fill(' '),
        };
        let style = TableStyle::new()
            .header_lines(ContentLineStyle::none())
            .header_separator(LineStyle::none().fill('-'))
            .content_lines(ContentLineStyle::none())
            .row_separator(separator);
        let mut table = self.filled(style);
        table.set_width(WIDTH as u16).set_content_arrangement(ContentArrangement::Dynamic);
        let last = self.header.len().saturating_sub(1);
        for (at, column) in table.column_iter_mut().enumerate() {
            column.set_padding((0, if at == last { 0 } else { 2 }));
            if let Some(width) = narrow.filter(|_| at > 0) {
                let padding = column.padding_width();
                column.set_constraint(ColumnConstraint::Absolute(Width::Fixed(width + padding)));
            }
        }
        trimmed(&table)
    }

    /// A Markdown table; cells are not wrapped, pipes in them are escaped.
    #[must_use]
    pub fn to_markdown(&self) -> String {
        let escape = |cell: &String| cell.replace('|', "\\|").replace('\n', " ");
        let escaped = Self {
            header: self.header.iter().map(escape).collect(),
            rows: self.rows.iter().map(|row| row.iter().map(escape).collect()).collect(),
        };
        let mut table = escaped.filled(presets::ASCII_MARKDOWN);
        table.set_content_arrangement(ContentArrangement::Disabled);
        trimmed(&table)
    }

    fn filled(&self, style: TableStyle) -> Table {
        let mut table = Table::new();
        table.load_style(style);
        table.set_header(&self.header);
        for row in &self.rows {
            table.add_row(row);
        }
        table
    }
}

fn trimmed(table: &Table) -> String {
    let mut out = String::new();
    for line in table.lines() {
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid() -> Grid {
        let mut grid = Grid::with_columns(["what", "N", "T"]);
        grid.push(["a title that is much longer than the room that there is for it in 80 columns, so it wraps".to_owned(), "+".to_owned(), "-\nPOL-02\n5000611".to_owned()]);
        grid.push(["b|c", "n/a", "not\nbuilt"]);
        grid
    }

    #[test]
    fn text_fits_and_keeps_breaks() {
        let text = grid().to_text(Rows::Spaced, Some(7));
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH), "{text}");
        assert!(text.contains("POL-02") && text.contains("5000611"), "{text}");
    }

    #[test]
    fn markdown_escapes_pipes() {
        let text = grid().to_markdown();
        assert!(text.contains(r"b\|c"), "{text}");
        assert_eq!(text.lines().count(), 4, "{text}");
    }
}
