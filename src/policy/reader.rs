//! Reads one JSON object member by member, knowing where it stands and what was not read.
//!
//! Derived readers either ignore unknown members or refuse them all; a policy needs both, by place,
//! and every error needs its JSON path. Documented words are rewritten in place to their documented
//! spelling, so that the kept document is canonical.

use std::str::FromStr;

use serde_json::{Map, Value};

use super::error::PolicyError;
use super::facts::AuthenticationContextId;
use super::flags::{Flag, Flags};
use super::model::IdSet;
use super::set::Warning;

/// Echoed values are cut to this many characters.
const EXCERPT: usize = 60;

/// A fixed vocabulary: the word as Graph spells it, and what it means here.
pub(super) trait Words: Copy + 'static {
    /// Documented words; they are compared without regard to case.
    const WORDS: &'static [(&'static str, Self)];
}

/// What happens to members that no document names.
pub(super) enum Unknown<'w> {
    /// They would change the meaning.
    Refuse,
    /// They are kept, and named here.
    Warn(&'w mut Vec<Warning>),
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

    /// The whole number `name`, not negative; none if it is absent or null.
    pub(super) fn number(&mut self, name: &'static str) -> Result<Option<u32>, PolicyError> {
        let path = self.path_of(name);
        match self.take(name) {
            None => Ok(None),
            Some(value) => match value.as_u64().and_then(|number| number.try_into().ok()) {
                Some(number) => Ok(Some(number)),
                None => Err(wrong_type(path, "a whole number that is not negative", value)),
            },
        }
    }

    /// The array `name` of documented words, as a set.
    pub(super) fn word_set<T: Words + Flag>(
        &mut self,
        name: &'static str,
    ) -> Result<Flags<T>, PolicyError> {
        Ok(self.list(name, word)?.into_iter().collect())
    }

    /// The flags enum `name`: words joined by commas, `none` for the empty set; empty if it is
    /// absent or null.
    pub(super) fn flags<T: Words + Flag>(
        &mut self,
        name: &'static str,
    ) -> Result<Flags<T>, PolicyError> {
        let path = self.path_of(name);
        match self.take(name) {
            None => Ok(Flags::EMPTY),
            Some(value) => flags(value, path),
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

    /// The id `name`, which must be there.
    pub(super) fn id<I: FromStr>(&mut self, name: &'static str) -> Result<I, PolicyError> {
        let path = self.path_of(name);
        match self.take(name) {
            None => Err(PolicyError::Missing { path }),
            Some(value) => id(value, path),
        }
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
            Unknown::Warn(warnings) => {
                warnings.extend(left.map(|path| Warning::UnknownMember { path }));
            }
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
            Ok(meaning)
        }
        None => {
            let words = word_list::<T>();
            Err(unknown_value(path, value, words.trim_end_matches(", ").to_owned()))
        }
    }
}

/// Reads a flags enum and rewrites its words to their documented spelling.
pub(super) fn flags<T: Words + Flag>(
    value: &mut Value,
    path: String,
) -> Result<Flags<T>, PolicyError> {
    let Some(text) = value.as_str() else {
        return Err(wrong_type(path, "a text of words joined by commas", value));
    };
    if text.is_empty() || text.eq_ignore_ascii_case("none") {
        return Ok(Flags::EMPTY);
    }
    let (mut found, mut spelled) = (Flags::EMPTY, Vec::new());
    for part in text.split(',') {
        let mut part = Value::from(part.trim());
        found.insert(word(&mut part, path.clone())?);
        spelled.extend(part.as_str().map(str::to_owned));
    }
    *value = Value::from(spelled.join(","));
    Ok(found)
}

/// The documented spelling of a value.
pub(super) fn spelling<T: Words + Flag>(value: T) -> Option<&'static str> {
    T::WORDS.iter().find(|(_, it)| it.bit() == value.bit()).map(|(word, _)| *word)
}

fn word_or_id<W: Words, I: FromStr>(
    value: &mut Value,
    path: String,
) -> Result<Either<W, I>, PolicyError> {
    if let Some((spelling, meaning)) = find_word(value) {
        *value = Value::from(spelling);
        return Ok(Either::Word(meaning));
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

/// Reads an authentication context.
pub(super) fn context(
    value: &mut Value,
    path: String,
) -> Result<AuthenticationContextId, PolicyError> {
    let context = value.as_str().and_then(|text| text.parse().ok());
    context.ok_or_else(|| unknown_value(path, value, "`c1` to `c99`".to_owned()))
}

/// Reads any text that is not empty.
pub(super) fn text(value: &mut Value, path: String) -> Result<String, PolicyError> {
    match value.as_str() {
        Some(text) if !text.is_empty() => Ok(text.to_owned()),
        Some(_) => Err(unknown_value(path, value, "a text that is not empty".to_owned())),
        None => Err(wrong_type(path, "a text", value)),
    }
}

fn find_word<T: Words>(value: &Value) -> Option<(&'static str, T)> {
    let text = value.as_str()?;
    T::WORDS.iter().find(|(word, _)| word.eq_ignore_ascii_case(text)).copied()
}

fn word_list<T: Words>() -> String {
    T::WORDS.iter().map(|(word, _)| format!("`{word}`, ")).collect()
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
/// control that is switched off.
fn asks_nothing(value: &Value) -> bool {
    match value {
        Value::Bool(truth) => !truth,
        Value::Object(members) => {
            members.get("isEnabled") == Some(&Value::Bool(false))
                || members.iter().all(|(name, value)| is_annotation(name) || asks_nothing(value))
        }
        other => is_empty(other),
    }
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
