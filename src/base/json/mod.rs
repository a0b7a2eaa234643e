//! Strict JSON: a member that stands twice is refused at any depth, and so is an array where an
//! object is meant.
//!
//! Two readers that disagree on which of two equal members counts can be played off against each
//! other, so every text from outside is read through [`from_slice`]. Errors carry line, column and
//! the path of the offending member; they never echo a value, since it may be a token.

mod position;
mod strict;

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{self, DeserializeOwned, DeserializeSeed, MapAccess, SeqAccess, Visitor};

pub use position::position;
use strict::Strict;

/// Why a JSON text was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonError {
    line: usize,
    column: usize,
    path: String,
    reason: String,
}

impl JsonError {
    /// Line of the fault, from 1; 0 if unknown.
    #[must_use]
    pub const fn line(&self) -> usize {
        self.line
    }

    /// Column of the fault, from 1; 0 if unknown.
    #[must_use]
    pub const fn column(&self) -> usize {
        self.column
    }

    /// Path of the offending member such as `users[2].userType`; `.` for the whole text.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Why, without the place: a sentence.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.reason
    }

    fn new(path: String, error: &serde_json::Error) -> Self {
        let mut reason = error.to_string();
        if let Some(end) = reason.rfind(" at line ") {
            reason.truncate(end);
        }
        Self { line: error.line(), column: error.column(), path, reason }
    }
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line > 0 {
            write!(f, "line {}, column {}: ", self.line, self.column)?;
        }
        if self.path != "." {
            write!(f, "`{}`: ", self.path)?;
        }
        f.write_str(&self.reason)
    }
}

impl std::error::Error for JsonError {}

/// Reads one JSON text, refusing duplicate members at any depth, an array in place of an object, a
/// byte order mark and anything after the value.
///
/// # Errors
/// [`JsonError`] with line, column and path.
///
/// # Security
/// serde's own words may quote an unexpected *value*; parsers of secrets use [`from_secret_slice`].
pub fn from_slice<T: DeserializeOwned>(text: &[u8]) -> Result<T, JsonError> {
    refuse_duplicates(text)?;
    let mut reader = serde_json::Deserializer::from_slice(text);
    serde_path_to_error::deserialize(Strict(&mut reader))
        .map_err(|error| JsonError::new(error.path().to_string(), error.inner()))
}

/// As [`from_slice`] for texts that hold tokens or passwords: the error says where, never what.
///
/// # Errors
/// [`JsonError`] with line and column and without any part of the text.
pub fn from_secret_slice<T: DeserializeOwned>(text: &[u8]) -> Result<T, JsonError> {
    let hide = |line, column| JsonError {
        line,
        column,
        path: ".".to_owned(),
        reason: "not JSON of the expected shape".to_owned(),
    };
    refuse_duplicates(text).map_err(|error| hide(error.line, error.column))?;
    let mut reader = serde_json::Deserializer::from_slice(text);
    T::deserialize(Strict(&mut reader)).map_err(|error| hide(error.line(), error.column()))
}

/// Reads a value that was parsed before, with the same strictness about objects.
///
/// # Errors
/// [`JsonError`] with the path and without a line.
pub fn from_value<T: DeserializeOwned>(value: serde_json::Value) -> Result<T, JsonError> {
    serde_path_to_error::deserialize(Strict(value))
        .map_err(|error| JsonError::new(error.path().to_string(), error.inner()))
}

fn refuse_duplicates(text: &[u8]) -> Result<(), JsonError> {
    let mut reader = serde_json::Deserializer::from_slice(text);
    Unique
        .deserialize(&mut reader)
        .and_then(|()| reader.end())
        .map_err(|error| JsonError::new(".".to_owned(), &error))
}

/// Walks a value and keeps nothing but the member names of the objects it is inside of.
struct Unique;

impl<'de> DeserializeSeed<'de> for Unique {
    type Value = ();

    fn deserialize<D: de::Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Unique {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while seq.next_element_seed(Unique)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut seen = BTreeSet::new();
        while let Some(name) = map.next_key::<std::borrow::Cow<'de, str>>()? {
            if !seen.insert(name) {
                return Err(de::Error::custom("a member stands twice in one object"));
            }
            map.next_value_seed(Unique)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    #[test]
    fn duplicates_are_refused_at_any_depth_and_spelling() {
        for text in
            [r#"{"a":1,"a":2}"#, r#"{"x":[{"y":{"a":1,"a":1}}]}"#, r#"{"jti":1,"\u006ati":2}"#]
        {
            assert!(from_slice::<Value>(text.as_bytes()).is_err(), "{text}");
        }
        assert!(from_slice::<Value>(br#"{"a":{"a":1},"b":[{"a":1},{"a":2}]}"#).is_ok());
    }

    #[test]
    fn leniency_is_refused() {
        for text in ["\u{feff}{}", "{} x", "{,}", "{\"a\":1,}", "NaN", "", "{\"a\":01}"] {
            assert!(from_slice::<Value>(text.as_bytes()).is_err(), "{text:?}");
        }
        let deep = "[".repeat(5000);
        assert!(from_slice::<Value>(deep.as_bytes()).is_err());
    }

    #[test]
    fn a_struct_is_an_object_wherever_it_stands() {
        #[derive(Debug, PartialEq, serde::Deserialize)]
        struct Pair {
            a: u8,
            b: Option<Box<Pair>>,
        }
        #[derive(Debug, PartialEq, serde::Deserialize)]
        enum Verb {
            Newtype(Pair),
            Struct { a: u8 },
            Tuple(u8, u8),
            Unit,
        }
        type All = (Vec<Pair>, std::collections::BTreeMap<String, Verb>, [u8; 2]);
        let good = r#"[[{"a":1,"b":{"a":2,"b":null}}],
            {"n":{"Newtype":{"a":1,"b":null}},"s":{"Struct":{"a":1}},"t":{"Tuple":[1,2]},"u":"Unit"},
            [1,2]]"#;
        let (pairs, verbs, _) = from_slice::<All>(good.as_bytes()).unwrap();
        assert_eq!((pairs.len(), verbs.len()), (1, 4));
        assert!(from_value::<All>(serde_json::from_str(good).unwrap()).is_ok());
        for (object, array, path) in [
            (r#"{"a":2,"b":null}"#, "[2,null]", "[0][0].b"),
            (r#"{"a":1,"b":null}"#, "[1,null]", "[1].n.Newtype"),
            (r#"{"a":1}}"#, "[1]}", "[1].s.Struct"),
        ] {
            let bad = good.replace(object, array);
            assert_ne!(bad, good);
            let error = from_slice::<All>(bad.as_bytes()).unwrap_err();
            assert!(error.to_string().contains("invalid type: sequence"), "{error}");
            assert_eq!(error.path(), path);
            assert!(error.line() > 0);
            assert!(from_secret_slice::<All>(bad.as_bytes()).is_err(), "{bad}");
            assert!(from_value::<All>(serde_json::from_str(&bad).unwrap()).is_err(), "{bad}");
        }
    }

    #[test]
    fn errors_say_where() {
        #[derive(Debug, serde::Deserialize)]
        struct Inner {
            #[expect(dead_code)]
            n: u8,
        }
        #[derive(Debug, serde::Deserialize)]
        struct Outer {
            #[expect(dead_code)]
            items: Vec<Inner>,
        }
        let error = from_slice::<Outer>(b"{\"items\":[{\"n\":1},\n{\"n\":\"x\"}]}").unwrap_err();
        assert_eq!((error.line(), error.path()), (2, "items[1].n"));
        let quiet = from_secret_slice::<Outer>(b"{\"items\":\"s3cret\"}").unwrap_err();
        assert!(!quiet.to_string().contains("s3cret"));
    }
}
