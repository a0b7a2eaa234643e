//! A text that is looked for, with everything prepared that does not depend on where.
//!
//! Case is folded letter by letter, the same way on both sides. ASCII takes a short cut that gives
//! the same answer.

use std::cmp::Ordering;

/// A text that is looked for, without regard to case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Needle {
    folded: Box<str>,
}

impl Needle {
    pub(super) fn new(text: &str) -> Self {
        Self { folded: fold(text).collect() }
    }

    /// Whether `text` is the same.
    pub(super) fn equals(&self, text: &str) -> bool {
        // A text in ASCII folds to ASCII, so for it the first answer is final.
        text.eq_ignore_ascii_case(&self.folded) || (!text.is_ascii() && fold(text).eq(self.chars()))
    }

    /// Whether `text` begins with it.
    pub(super) fn starts(&self, text: &str) -> bool {
        if text.is_ascii() {
            let start = text.as_bytes().get(..self.folded.len());
            return start.is_some_and(|start| start.eq_ignore_ascii_case(self.folded.as_bytes()));
        }
        let mut letters = fold(text);
        self.chars().all(|wanted| letters.next() == Some(wanted))
    }

    /// Whether `text` ends with it.
    pub(super) fn ends(&self, text: &str) -> bool {
        if text.is_ascii() {
            let from = text.len().checked_sub(self.folded.len());
            let end = from.and_then(|from| text.as_bytes().get(from..));
            return end.is_some_and(|end| end.eq_ignore_ascii_case(self.folded.as_bytes()));
        }
        let mut letters = text.chars().rev().flat_map(|letter| letter.to_lowercase().rev());
        self.chars().rev().all(|wanted| letters.next() == Some(wanted))
    }

    fn chars(&self) -> std::str::Chars<'_> {
        self.folded.chars()
    }
}

/// A part that is looked for inside a text, in time linear in the text (Knuth, Morris, Pratt).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Part {
    whole: Needle,
    letters: Box<[char]>,
    /// For each letter: how many letters before and with it are also the first letters.
    overlap: Box<[u16]>,
}

impl Part {
    pub(super) fn new(text: &str) -> Self {
        let letters: Box<[char]> = fold(text).collect();
        let mut overlap: Vec<u16> = Vec::with_capacity(letters.len());
        let mut matched = 0;
        for (at, letter) in letters.iter().enumerate() {
            if at > 0 {
                matched = advance(&letters, &overlap, matched, *letter);
            }
            overlap.push(u16::try_from(matched).unwrap_or(u16::MAX));
        }
        Self { whole: Needle::new(text), letters, overlap: overlap.into() }
    }

    /// Whether it is a part of `text`.
    pub(super) fn is_in(&self, text: &str) -> bool {
        let mut matched = 0;
        let wanted = self.letters.len();
        let first = self.letters.first().copied();
        let mut found = |letter| {
            if matched == 0 && Some(letter) != first {
                return false;
            }
            matched = advance(&self.letters, &self.overlap, matched, letter);
            matched == wanted
        };
        wanted == 0
            || match text.is_ascii() {
                true if text.len() < wanted => false,
                true => text.bytes().any(|octet| found(char::from(octet.to_ascii_lowercase()))),
                false => fold(text).any(found),
            }
    }

    /// Whether it is all of `text`.
    pub(super) fn is_all_of(&self, text: &str) -> bool {
        self.whole.equals(text)
    }
}

/// How many letters of the part are matched after one more letter of the text.
fn advance(letters: &[char], overlap: &[u16], mut matched: usize, letter: char) -> usize {
    loop {
        if letters.get(matched) == Some(&letter) {
            return matched + 1;
        }
        match matched.checked_sub(1).and_then(|last| overlap.get(last)) {
            None => return 0,
            Some(shorter) => matched = usize::from(*shorter),
        }
    }
}

/// Texts of a list, found by halving.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct OneOf {
    sorted: Box<[Needle]>,
}

impl OneOf {
    pub(super) fn new(texts: &[String]) -> Self {
        let mut sorted: Vec<Needle> = texts.iter().map(|text| Needle::new(text)).collect();
        sorted.sort_unstable_by(|one, other| one.folded.cmp(&other.folded));
        Self { sorted: sorted.into() }
    }

    /// Whether `text` is one of them.
    pub(super) fn has(&self, text: &str) -> bool {
        let order = |needle: &Needle| -> Ordering { needle.chars().cmp(fold(text)) };
        self.sorted.binary_search_by(order).is_ok()
    }
}

fn fold(text: &str) -> impl Iterator<Item = char> {
    text.chars().flat_map(char::to_lowercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_is_ignored_beyond_ascii() {
        for (one, other) in
            [("AzureAD", "azuread"), ("ÄÖ", "äö"), ("K", "\u{212a}"), ("İ", "i\u{307}")]
        {
            assert!(Needle::new(one).equals(other), "{one} {other}");
            assert!(Needle::new(other).equals(one), "{other} {one}");
            assert!(OneOf::new(&["x".to_owned(), one.to_owned()]).has(other), "{one} {other}");
        }
        assert!(!Needle::new("azure").equals("azuread"));
        assert!(!Needle::new("azuread").equals("azure"));
    }

    #[test]
    fn parts_are_found_where_they_overlap_themselves() {
        assert!(Part::new("aab").is_in("aaab"));
        assert!(Part::new("abac").is_in("ababac"));
        assert!(!Part::new("abac").is_in("ababab"));
        assert!(Part::new("").is_in(""));
        assert!(Part::new("ULATE").is_in("Simulated"));
        assert!(Part::new("ä").is_in("MÄRZ") && !Part::new("ä").is_in("a"));
    }

    #[test]
    fn beginnings_and_ends() {
        assert!(Needle::new("LT-").starts("lt-alice") && !Needle::new("LT-").starts("lt"));
        assert!(Needle::new("Ice").ends("LT-ALICE") && !Needle::new("x-ice").ends("ice"));
        assert!(Needle::new("").starts("") && Needle::new("").ends("a"));
    }
}
