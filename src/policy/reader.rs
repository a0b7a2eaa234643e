//! Reads one JSON object member by member, knowing where it stands and what was not read.
//!
//! Derived readers either ignore unknown members or refuse them all; a policy needs both, by place,
//! and every error needs its JSON path. Documented words are rewritten in place to their documented
//! spelling, so that the kept document is canonical.

use std::str::FromStr;

use serde_json::{Map, Value};

use super::error::PolicyError;
use super::model::IdSet;

/// Echoed values are cut to this many characters.
const EXCERPT: usize = 60;

/// A fixed vocabulary: the word as Graph spells it, and what it means here.
pub(super) trait Words: Copy + 'static {
    /// Documented words; they are compared without regard to case.
    const WORDS: &'static [(&'static str, Meaning<Self>)];
}

/// What a documented word means to this build.
#[derive(Clone, Copy)]
pub(super) enum Meaning<T> {
    Is(T),
    NotEvaluated,
}

/// What happens to members that no document names.
pub(super) enum Unknown<'w> {
    /// They would change the meaning.
    Refuse,
    /// They are kept, and their paths are put here.
    Warn(&'w mut Vec<String>),
}

/// An object that is being read.
pub(super) struct Object<'d> {
    path: String,
    members: &'d mut Map<String, Value>,
    known: Vec<&'static str>,
}

impl<'d> Object<'d> {
    /// Opens `value`, which stands at `path`.
    pub(super) fn open(value: &'d mut Value, path: String) -> Result<Self, PolicyError> {
        match value {
            Value::Object(members) => Ok(Self { path, members, known: Vec::new() }),
            other => Err(wrong_type(path, "an object", other)),
        }
    }

    /// The path of a member of this object.
    pub(super) fn path_of(&self, name: &str) -> String {
        join(&self.path, name)
    }

    /// The object `name`; none if it is absent or null.
    pub(super) fn object(&mut self, name: &'static str) -> Result<Option<Object<'_>>, PolicyError> {
        let path = self.path_of(name);
        match self.take(name) {
            None => Ok(None),
            Some(value) => Object::open(value, path).map(Some),
        }
    }

    /// The text `name`; none if it is absent or null.
    pub(super) fn text(&mut self, name: &'static str) -> Result<Option<&str>, PolicyError> {
        let path = self.path_of(name);
        match self.take(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => Err(wrong_type(path, "a text", other)),
        }
    }

    /// The truth value `name`; none if it is absent or null.
    pub(super) fn truth(&mut self, name: &'static str) -> Result<Option<bool>, PolicyError> {
        let path = self.path_of(name);
        match self.take(name) {
            None => Ok(None),
            Some(Value::Bool(truth)) => Ok(Some(*truth)),
            Some(other) => Err(wrong_type(path, "true or false", other)),
        }
    }

    /// The documented word `name`; none if it is absent or null.
    pub(super) fn word<T: Words>(&mut self, name: &'static str) -> Result<Option<T>, PolicyError> {
        let path = self.path_of(name);
        match self.take(name) {
            None => Ok(None),
            Some(value) => word(value, path).map(Some),
        }
    }

    /// The array `name`, each element by `read`; empty if it is absent or null.
    pub(super) fn list<T>(
        &mut self,
        name: &'static str,
        read: impl Fn(&mut Value, String) -> Result<T, PolicyError>,
    ) -> Result<Vec<T>, PolicyError> {
        let path = self.path_of(name);
        match self.take(name) {
            None => Ok(Vec::new()),
            Some(Value::Array(elements)) => elements
                .iter_mut()
                .enumerate()
                .map(|(at, element)| read(element, format!("{path}[{at}]")))
                .collect(),
            Some(other) => Err(wrong_type(path, "an array", other)),
        }
    }

    /// The array `name` of ids and documented words.
    pub(super) fn words_and_ids<W: Words, I: FromStr + Ord + Copy>(
        &mut self,
        name: &'static str,
    ) -> Result<WordsAndIds<W, I>, PolicyError> {
        let (mut words, mut ids) = (Vec::new(), Vec::new());
        for entry in self.list(name, word_or_id)? {
            match entry {
                Either::Word(word) => words.push(word),
                Either::Id(id) => ids.push(id),
            }
        }
        Ok(WordsAndIds { words, ids: ids.into_iter().collect() })
    }

    /// The array `name` of ids.
    pub(super) fn ids<I: FromStr + Ord>(
        &mut self,
        name: &'static str,
    ) -> Result<IdSet<I>, PolicyError> {
        Ok(self.list(name, id)?.into_iter().collect())
    }

    /// Documented members that have no influence on evaluation.
    pub(super) fn without_influence(&mut self, names: &[&'static str]) {
        self.known.extend_from_slice(names);
    }

    /// Documented members that are not evaluated yet: refused unless they are empty.
    pub(super) fn not_evaluated(&mut self, names: &[&'static str]) -> Result<(), PolicyError> {
        for name in names {
            if self.take(name).is_some_and(|value| !asks_nothing(value)) {
                return Err(PolicyError::NotEvaluatedMember { path: self.path_of(name) });
            }
        }
        Ok(())
    }

    /// Ends the reading of this object: what no document names is refused or named.
    pub(super) fn finish(self, unknown: Unknown<'_>) -> Result<(), PolicyError> {
        let mut left = self
            .members
            .iter()
            .filter(|(name, value)| {
                !self.known.contains(&name.as_str()) && !is_annotation(name) && !is_empty(value)
            })
            .map(|(name, _)| self.path_of(name));
        match unknown {
            Unknown::Warn(paths) => paths.extend(left),
            Unknown::Refuse => {
                if let Some(path) = left.next() {
                    return Err(PolicyError::UnknownMember { path });
                }
            }
        }
        Ok(())
    }

    fn take(&mut self, name: &'static str) -> Option<&mut Value> {
        self.known.push(name);
        self.members.get_mut(name).filter(|value| !value.is_null())
    }
}

/// What stands in an array of ids and documented words.
pub(super) struct WordsAndIds<W, I> {
    pub(super) words: Vec<W>,
    pub(super) ids: IdSet<I>,
}

impl<W: Words + PartialEq, I: Ord + Copy> WordsAndIds<W, I> {
    /// Whether nothing stands there.
    pub(super) fn is_empty(&self) -> bool {
        self.words.is_empty() && self.ids.is_empty()
    }

    /// Whether `word` stands there.
    pub(super) fn says(&self, word: W) -> bool {
        self.words.contains(&word)
    }
}

/// Reads a documented word and rewrites it to its documented spelling.
pub(super) fn word<T: Words>(value: &mut Value, path: String) -> Result<T, PolicyError> {
    match find_word(value) {
        Some((spelling, meaning)) => {
            *value = Value::from(spelling);
            mean(meaning, spelling, path)
        }
        None => {
            let words = word_list::<T>();
            Err(unknown_value(path, value, words.trim_end_matches(", ").to_owned()))
        }
    }
}

fn word_or_id<W: Words, I: FromStr>(
    value: &mut Value,
    path: String,
) -> Result<Either<W, I>, PolicyError> {
    if let Some((spelling, meaning)) = find_word(value) {
        *value = Value::from(spelling);
        return mean(meaning, spelling, path).map(Either::Word);
    }
    match value.as_str().and_then(|text| text.parse().ok()) {
        Some(id) => Ok(Either::Id(id)),
        None => Err(unknown_value(path, value, format!("{}an id", word_list::<W>()))),
    }
}

enum Either<W, I> {
    Word(W),
    Id(I),
}

/// Reads an id.
pub(super) fn id<I: FromStr>(value: &mut Value, path: String) -> Result<I, PolicyError> {
    let text = value.as_str().and_then(|text| text.parse().ok());
    text.ok_or_else(|| unknown_value(path, value, "an id (a GUID)".to_owned()))
}

fn find_word<T: Words>(value: &Value) -> Option<(&'static str, Meaning<T>)> {
    let text = value.as_str()?;
    T::WORDS.iter().find(|(word, _)| word.eq_ignore_ascii_case(text)).copied()
}

fn mean<T>(meaning: Meaning<T>, value: &'static str, path: String) -> Result<T, PolicyError> {
    match meaning {
        Meaning::Is(meaning) => Ok(meaning),
        Meaning::NotEvaluated => Err(PolicyError::NotEvaluatedValue { path, value }),
    }
}

fn word_list<T: Words>() -> String {
    T::WORDS
        .iter()
        .filter(|(_, meaning)| matches!(meaning, Meaning::Is(_)))
        .map(|(word, _)| format!("`{word}`, "))
        .collect()
}

/// Whether a value says nothing: null, empty, or an object of such values.
pub(super) fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(_) | Value::Number(_) => false,
        Value::String(text) => text.is_empty(),
        Value::Array(elements) => elements.is_empty(),
        Value::Object(members) => {
            members.iter().all(|(name, value)| is_annotation(name) || is_empty(value))
        }
    }
}

/// Whether a documented member asks for nothing: it is empty, a truth value that is false, a
/// control that is switched off, or a flags value `none`.
fn asks_nothing(value: &Value) -> bool {
    match value {
        Value::Bool(truth) => !truth,
        Value::Object(members) => {
            members.get("isEnabled") == Some(&Value::Bool(false))
                || members.iter().all(|(name, value)| {
                    is_annotation(name) || asks_nothing(value) || is_no_flag(name, value)
                })
        }
        other => is_empty(other),
    }
}

/// Flags enums whose value 0 is written `none`.
fn is_no_flag(name: &str, value: &Value) -> bool {
    ["guestOrExternalUserTypes", "transferMethods"].contains(&name)
        && value.as_str().is_some_and(|text| text.eq_ignore_ascii_case("none"))
}

/// OData control information: `@odata.type`, `authenticationStrength@odata.context`.
fn is_annotation(name: &str) -> bool {
    name.contains('@')
}

fn join(path: &str, name: &str) -> String {
    let name = excerpt(name);
    if path.is_empty() { name } else { format!("{path}.{name}") }
}

fn unknown_value(path: String, value: &Value, allowed: String) -> PolicyError {
    match value {
        Value::String(text) => PolicyError::UnknownValue { path, value: excerpt(text), allowed },
        other => wrong_type(path, "a text", other),
    }
}

pub(super) fn wrong_type(path: String, expected: &'static str, found: &Value) -> PolicyError {
    let found = match found {
        Value::Null => "null",
        Value::Bool(_) => "a truth value",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    };
    PolicyError::WrongType { path, expected, found }
}

fn excerpt(text: &str) -> String {
    match text.char_indices().nth(EXCERPT) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}
