//! Characters to tokens, each with its place.

use super::MAX_LEN;
use super::error::{FilterError, FilterErrorKind as Kind};

/// Words are echoed up to this many characters.
const EXCERPT: usize = 40;

/// A piece of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    Close,
    CloseList,
    Comma,
    Open,
    OpenList,
    /// In quotes; escapes are resolved.
    Text(String),
    /// Letters, digits, dots and underscores, perhaps after a hyphen.
    Word {
        dashed: bool,
        text: String,
    },
}

/// A token and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Placed {
    pub(super) token: Token,
    pub(super) start: usize,
    /// Whether white space, a parenthesis or an end of the rule is on both sides.
    pub(super) stands_free: bool,
}

/// Splits a rule into tokens.
pub(super) fn tokens(rule: &str) -> Result<Vec<Placed>, FilterError> {
    if rule.chars().nth(MAX_LEN).is_some() {
        return Err(FilterError::at(MAX_LEN, Kind::TooLong));
    }
    let mut lexer = Lexer { letters: rule.chars().collect(), at: 0 };
    let mut found = Vec::new();
    while let Some(placed) = lexer.next()? {
        found.push(placed);
    }
    Ok(found)
}

/// The start of a text, for an error.
pub(super) fn excerpt(text: &str) -> String {
    let mut short: String = text.chars().take(EXCERPT).collect();
    if short.len() < text.len() {
        short.push_str("...");
    }
    short
}

struct Lexer {
    letters: Vec<char>,
    at: usize,
}

impl Lexer {
    fn next(&mut self) -> Result<Option<Placed>, FilterError> {
        while self.peek().is_some_and(is_space) {
            self.at += 1;
        }
        let start = self.at;
        let Some(letter) = self.peek() else { return Ok(None) };
        self.at += 1;
        let token = match letter {
            '(' => Token::Open,
            ')' => Token::Close,
            '[' => Token::OpenList,
            ']' => Token::CloseList,
            ',' => Token::Comma,
            '"' => self.double_quoted(start)?,
            '\'' => self.single_quoted(start)?,
            '-' | '\u{2013}' if self.peek().is_some_and(|next| next.is_ascii_alphabetic()) => {
                self.word(self.at, true)
            }
            letter if letter.is_ascii_alphabetic() => self.word(start, false),
            other => {
                let found = other.escape_debug().to_string();
                return Err(FilterError::at(start, Kind::UnexpectedCharacter { found }));
            }
        };
        let free = |at: Option<char>| at.is_none_or(|near| is_space(near) || "()".contains(near));
        let before = start.checked_sub(1).and_then(|at| self.letters.get(at).copied());
        let stands_free = free(before) && free(self.peek());
        Ok(Some(Placed { token, start, stands_free }))
    }

    fn peek(&self) -> Option<char> {
        self.letters.get(self.at).copied()
    }

    fn take(&mut self) -> Option<char> {
        let letter = self.peek();
        self.at += 1;
        letter
    }

    fn double_quoted(&mut self, start: usize) -> Result<Token, FilterError> {
        let mut text = String::new();
        loop {
            let letter = match self.take() {
                Some('"') => return Ok(Token::Text(text)),
                Some('`') => self.take(),
                other => other,
            };
            text.push(letter.ok_or(FilterError::at(start, Kind::Unterminated))?);
        }
    }

    fn single_quoted(&mut self, start: usize) -> Result<Token, FilterError> {
        let mut text = String::new();
        loop {
            let letter = self.take().ok_or(FilterError::at(start, Kind::Unterminated))?;
            if letter == '\'' {
                if self.peek() != Some('\'') {
                    return Ok(Token::Text(text));
                }
                self.at += 1;
            }
            text.push(letter);
        }
    }

    fn word(&mut self, from: usize, dashed: bool) -> Token {
        while self.peek().is_some_and(|next| next.is_ascii_alphanumeric() || "._".contains(next)) {
            self.at += 1;
        }
        let text = self.letters.get(from..self.at).unwrap_or_default().iter().collect();
        Token::Word { dashed, text }
    }
}

/// White space of the grammar: space, tab, carriage return, line feed.
const fn is_space(letter: char) -> bool {
    matches!(letter, ' ' | '\t' | '\r' | '\n')
}
