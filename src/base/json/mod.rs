//! Strict JSON: a member that stands twice is refused at any depth, and so is an array where an
//! object is meant.
//!
//! Two readers that disagree on which of two equal members counts can be played off against each
//! other, so every text from outside is read through [`from_slice`]. Errors carry line, column and
//! the path of the offending member; they never echo a value, since it may be a token.

mod position;
mod seen;
mod strict;

use std::fmt;

use serde::de::{Deserialize, DeserializeOwned, IgnoredAny};
use serde_json::de::Read;

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
    match std::str::from_utf8(text) {
        Ok(text) => from_str(text),
        Err(_) => slowly(|| serde_json::Deserializer::from_slice(text)),
    }
}

/// As [`from_slice`] for a text that is known to be UTF-8; what is read may borrow from it.
///
/// # Errors
/// [`JsonError`] with line, column and path.
pub fn from_str<'t, T: Deserialize<'t>>(text: &'t str) -> Result<T, JsonError> {
    let mut reader = serde_json::Deserializer::from_str(text);
    T::deserialize(Strict(&mut reader))
        .and_then(|value| reader.end().map(|()| value))
        .or_else(|_| slowly(|| serde_json::Deserializer::from_str(text)))
}

/// As [`from_str`] where the reason of a refusal is of no use: a text is read once, and one of a few
/// members without escapes without an allocation.
#[must_use]
pub fn read<'t, T: Deserialize<'t>>(text: &'t str) -> Option<T> {
    let mut reader = serde_json::Deserializer::from_str(text);
    let value = T::deserialize(Strict(&mut reader)).ok()?;
    reader.end().ok().map(|()| value)
}

/// As [`from_slice`] for texts that hold tokens or passwords: the error says where, never what.
///
/// # Errors
/// [`JsonError`] with line and column and without any part of the text.
pub fn from_secret_slice<T: DeserializeOwned>(text: &[u8]) -> Result<T, JsonError> {
    from_slice(text).map_err(|JsonError { line, column, .. }| JsonError {
        line,
        column,
        path: ".".to_owned(),
        reason: "not JSON of the expected shape".to_owned(),
    })
}

/// Reads a value that was parsed before, with the same strictness about objects.
///
/// # Errors
/// [`JsonError`] with the path and without a line.
pub fn from_value<T: DeserializeOwned>(value: serde_json::Value) -> Result<T, JsonError> {
    serde_path_to_error::deserialize(Strict(value))
        .map_err(|error| JsonError::new(error.path().to_string(), error.inner()))
}

/// Reads a text twice, for its error: what is wrong with its grammar or its names is told before
/// what is wrong with a type, and that with its path.
fn slowly<'t, R: Read<'t>, T: Deserialize<'t>>(
    reader: impl Fn() -> serde_json::Deserializer<R>,
) -> Result<T, JsonError> {
    let mut first = reader();
    IgnoredAny::deserialize(Strict(&mut first))
        .and_then(|_| first.end())
        .map_err(|error| JsonError::new(".".to_owned(), &error))?;
    serde_path_to_error::deserialize(Strict(&mut reader()))
        .map_err(|error| JsonError::new(error.path().to_string(), error.inner()))
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
        for (last, twice) in [("m199", true), ("m7", true), ("\\u006d150", true), ("n", false)] {
            let members: String = (0..200).map(|at| format!("\"m{at}\":{at},")).collect();
            let text = format!("{{{members}\"{last}\":0}}");
            assert_eq!(from_str::<Value>(&text).is_err(), twice, "{last}");
            assert_eq!(from_str::<IgnoredAny>(&text).is_err(), twice, "{last}");
        }
    }

    #[test]
    fn what_nobody_asks_for_is_read_too() {
        #[derive(Debug, serde::Deserialize)]
        struct Little {
            #[expect(dead_code)]
            n: u8,
        }
        for (rest, good) in [
            (r#"{"a":[1,{"b":"\ud83d\ude00"}]}"#, true),
            (r#"{"a":[1,{"b":1,"b":1}]}"#, false),
            (r#""\ud800""#, false),
            ("1e999", false),
            (&"[".repeat(200), false),
        ] {
            let text = format!("{{\"rest\":{rest},\"n\":1}}");
            assert_eq!(from_str::<Little>(&text).is_ok(), good, "{rest}");
            assert_eq!(from_slice::<Little>(text.as_bytes()).is_ok(), good, "{rest}");
        }
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
