//! [`Page`]: text of at most 80 columns whose spans have a tone, printed plain or in colour.
//!
//! Renderers write words; a tone only repeats what the words say, so that a reader without colours
//! misses nothing. Whatever comes from outside is made printable here, once: a token or a policy
//! name cannot smuggle an escape sequence to a terminal.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};

/// Columns of a page.
pub const WIDTH: usize = 80;

/// What a span says besides its words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tone {
    /// Aside.
    Aside,
    /// A heading.
    Heading,
    /// The thief got in, or an expectation did not come true.
    Lost,
    /// Nothing.
    #[default]
    Plain,
    /// The thief was refused, or an expectation came true.
    Stopped,
}

impl Tone {
    const fn style(self) -> Style {
        match self {
            Self::Aside => Style::new().dimmed(),
            Self::Heading => Style::new().bold(),
            Self::Lost => AnsiColor::Red.on_default().bold(),
            Self::Plain => Style::new(),
            Self::Stopped => AnsiColor::Green.on_default().bold(),
        }
    }
}

#[derive(Clone, Debug)]
struct Span {
    tone: Tone,
    text: String,
}

/// Lines of toned spans.
#[derive(Clone, Debug, Default)]
pub struct Page {
    lines: Vec<Vec<Span>>,
}

impl Page {
    /// An empty page.
    #[must_use]
    pub const fn new() -> Self {
        Self { lines: Vec::new() }
    }

    /// An empty line, unless the page ends with one or has no line yet.
    pub fn gap(&mut self) {
        if self.lines.last().is_some_and(|line| !line.is_empty()) {
            self.lines.push(Vec::new());
        }
    }

    /// A heading after a gap.
    pub fn heading(&mut self, text: &str) {
        self.gap();
        self.say(0, Tone::Heading, text);
    }

    /// A paragraph, wrapped, with every line indented.
    pub fn say(&mut self, indent: usize, tone: Tone, text: &str) {
        self.hang("", indent, tone, text);
    }

    /// A label and a paragraph whose lines all begin at column `at`; a label that is too long for
    /// that has a line of its own.
    pub fn hang(&mut self, label: &str, at: usize, tone: Tone, text: &str) {
        let label = printable(label);
        let mut lines = wrap(&printable(text), WIDTH.saturating_sub(at)).into_iter();
        if label.chars().count() + 1 >= at && !label.is_empty() {
            self.lines.push(vec![Span { tone: Tone::Plain, text: label }]);
        } else {
            let first = lines.next().unwrap_or_default();
            let lead = Span { tone: Tone::Plain, text: format!("{label:<at$}") };
            self.lines.push(trimmed(vec![lead, Span { tone, text: first }]));
        }
        for text in lines {
            let lead = Span { tone: Tone::Plain, text: " ".repeat(at) };
            self.lines.push(vec![lead, Span { tone, text }]);
        }
    }

    /// A line as it is, made printable and not wrapped: a token that a reader may want to copy.
    pub fn verbatim(&mut self, tone: Tone, text: &str) {
        self.lines.push(vec![Span { tone, text: printable(text) }]);
    }

    /// The lines of a table, with the tone of each run of words that two spaces set apart.
    pub fn table(&mut self, table: &str, tone_of: impl Fn(&str) -> Tone) {
        for line in table.lines() {
            let mut spans = Vec::new();
            let mut rest = printable(line.trim_end());
            while !rest.is_empty() {
                let gap = rest.len() - rest.trim_start().len();
                let end = rest.get(gap..).and_then(|run| run.find("  "));
                let tail = rest.split_off(end.map_or(rest.len(), |end| gap + end));
                spans.push(Span { tone: tone_of(rest.trim()), text: rest });
                rest = tail;
            }
            self.lines.push(spans);
        }
    }

    /// The lines of another page.
    pub fn append(&mut self, other: Self) {
        self.lines.extend(other.lines);
    }

    /// The words alone.
    #[must_use]
    pub fn to_plain(&self) -> String {
        let mut out = String::new();
        for line in &self.lines {
            line.iter().for_each(|span| out.push_str(&span.text));
            out.push('\n');
        }
        out
    }

    /// The words with ANSI styles. An edge takes them out again where they do not belong.
    #[must_use]
    pub fn to_ansi(&self) -> String {
        let mut out = String::new();
        for line in &self.lines {
            for Span { tone, text } in line {
                let style = tone.style();
                // Writing to a string cannot fail.
                let _ = write!(out, "{style}{text}{style:#}");
            }
            out.push('\n');
        }
        out
    }
}

fn trimmed(spans: Vec<Span>) -> Vec<Span> {
    let blank = spans.iter().all(|span| span.text.trim().is_empty());
    if blank { Vec::new() } else { spans }
}

/// Control and direction characters written as `\u{..}`, so that a terminal shows and does not obey.
#[must_use]
pub fn printable(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        let steers = matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}' | '\u{feff}');
        if steers || (character.is_control() && character != '\n') {
            out.extend(character.escape_unicode());
        } else {
            out.push(character);
        }
    }
    out
}

/// A long text as its beginning and its end, for reading; short ones as they are.
#[must_use]
pub fn shorten(text: &str, most: usize) -> String {
    let length = text.chars().count();
    if length <= most {
        return text.to_owned();
    }
    let tail = most / 3;
    let head = most.saturating_sub(tail + 3);
    let end: String = text.chars().skip(length - tail).collect();
    format!("{}...{end}", text.chars().take(head).collect::<String>())
}

/// A count in words: `1 step`, `2 steps`.
#[must_use]
pub fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

fn wrap(text: &str, width: usize) -> Vec<String> {
    let width = width.max(8);
    let mut lines = Vec::new();
    for paragraph in text.split('\n') {
        let mut line = String::new();
        for word in paragraph.split(' ').filter(|word| !word.is_empty()) {
            for piece in pieces(word, width) {
                let taken = line.chars().count();
                if taken > 0 && taken + 1 + piece.chars().count() > width {
                    lines.push(std::mem::take(&mut line));
                }
                if !line.is_empty() {
                    line.push(' ');
                }
                line.push_str(&piece);
            }
        }
        lines.push(line);
    }
    lines
}

/// A word in pieces that fit.
fn pieces(word: &str, width: usize) -> Vec<String> {
    let letters: Vec<char> = word.chars().collect();
    letters.chunks(width).map(|piece| piece.iter().collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_is_wider_than_the_page() {
        let mut page = Page::new();
        page.hang("label", 12, Tone::Lost, &"words and ".repeat(40));
        page.hang("a label that is too long", 12, Tone::Plain, &"x".repeat(300));
        page.say(4, Tone::Plain, "two\nparagraphs");
        for line in page.to_plain().lines() {
            assert!(line.chars().count() <= WIDTH, "{line}");
        }
    }

    #[test]
    fn colours_only_repeat_the_words() {
        let mut page = Page::new();
        page.say(0, Tone::Lost, "got in");
        assert_eq!(page.to_plain(), "got in\n");
        let ansi = page.to_ansi();
        assert!(ansi.contains("\u{1b}["));
        assert_eq!(anstream::adapter::strip_str(&ansi).to_string(), page.to_plain());
    }

    #[test]
    fn terminals_are_not_steered() {
        assert_eq!(printable("\u{1b}[2Jx\u{202e}y\r"), r"\u{1b}[2Jx\u{202e}y\u{d}");
    }

    #[test]
    fn tables_keep_their_columns() {
        let mut page = Page::new();
        page.table("a b    +      -\n", |run| match run {
            "+" => Tone::Lost,
            _ => Tone::Plain,
        });
        assert_eq!(page.to_plain(), "a b    +      -\n");
    }

    #[test]
    fn long_texts_keep_both_ends() {
        assert_eq!(shorten("abcdefghijklmnop", 12), "abcde...mnop");
        assert_eq!(shorten("abc", 12), "abc");
    }
}
