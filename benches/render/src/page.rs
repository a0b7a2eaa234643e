//! A page whose parts between markers are written by this program.
//!
//! ```text
//! <!-- rendered: table peers/bare -->
//! anything
//! <!-- end -->
//! ```
//!
//! The marker says what goes there, so tables are added and moved in the page alone.

const END: &str = "<!-- end -->";

/// Why a page cannot be written.
#[derive(Debug, thiserror::Error, PartialEq)]
pub enum PageError {
    #[error("line {line}: no `<!-- end -->` after this marker")]
    NoEnd { line: usize },
    #[error("line {line}: `{wanted}` is nothing that can be rendered")]
    Unknown { line: usize, wanted: String },
}

/// The page with every part written anew. `part` gives the text for the words of a marker.
pub fn render(
    page: &str,
    mut part: impl FnMut(&str) -> Option<String>,
) -> Result<String, PageError> {
    let mut out = String::new();
    let mut lines = page.lines().enumerate();
    while let Some((at, text)) = lines.next() {
        out.push_str(text);
        out.push('\n');
        let Some(wanted) = marker(text) else { continue };
        let line = at + 1;
        let unknown = || PageError::Unknown { line, wanted: wanted.to_owned() };
        let written = part(wanted).ok_or_else(unknown)?;
        lines.by_ref().find(|(_, text)| *text == END).ok_or(PageError::NoEnd { line })?;
        out.push_str(&format!("\n{}\n\n{END}\n", written.trim_end()));
    }
    Ok(out)
}

/// The groups that a page has tables of.
pub fn tables(page: &str) -> Vec<&str> {
    page.lines().filter_map(marker).filter_map(|words| words.strip_prefix("table ")).collect()
}

fn marker(line: &str) -> Option<&str> {
    line.strip_prefix("<!-- rendered: ")?.strip_suffix(" -->")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_between_markers_is_replaced_and_nothing_else() {
        let page = "# A\n<!-- rendered: x y -->\nold\n<!-- end -->\nb\n";
        let once = render(page, |words| Some(format!("new {words}\n"))).unwrap();
        assert_eq!(once, "# A\n<!-- rendered: x y -->\n\nnew x y\n\n<!-- end -->\nb\n");
        assert_eq!(render(&once, |words| Some(format!("new {words}\n"))).unwrap(), once);
    }

    #[test]
    fn groups_are_those_of_tables() {
        let page = "<!-- rendered: table a/b -->\n<!-- rendered: chart c D -->\ntable e\n";
        assert_eq!(tables(page), ["a/b"]);
    }

    #[test]
    fn a_marker_without_end_or_meaning_is_refused() {
        let open = render("<!-- rendered: x -->\n", |_| Some(String::new()));
        assert_eq!(open, Err(PageError::NoEnd { line: 1 }));
        let unknown = render("\n<!-- rendered: x -->\n<!-- end -->\n", |_| None);
        assert_eq!(unknown, Err(PageError::Unknown { line: 2, wanted: "x".into() }));
    }
}
