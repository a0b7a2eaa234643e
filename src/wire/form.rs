//! Form bodies and query strings: `application/x-www-form-urlencoded`, each field at most once.

use std::collections::BTreeMap;

use zeroize::Zeroize as _;

use super::{MAX_BODY, ParseError};

/// The fields of one form. Values may be secrets, so `Debug` shows the names alone.
#[derive(Clone, Default)]
pub struct Form(BTreeMap<String, String>);

impl Form {
    /// Reads a body or query.
    ///
    /// # Errors
    /// [`ParseError::TooLarge`], or [`ParseError::Form`] if it is not UTF-8 or a field repeats
    /// (RFC 6749 section 3.2: parameters must not be included more than once).
    pub fn parse(text: &[u8]) -> Result<Self, ParseError> {
        if text.len() > MAX_BODY {
            return Err(ParseError::TooLarge);
        }
        let text =
            std::str::from_utf8(text).map_err(|_| ParseError::Form { field: String::new() })?;
        let mut fields = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(text.as_bytes()) {
            if fields.insert(name.to_string(), value.into_owned()).is_some() {
                return Err(ParseError::Form { field: name.chars().take(64).collect() });
            }
        }
        Ok(Self(fields))
    }

    /// A field that may be absent; an empty value counts as absent (RFC 6749 section 3.2).
    #[must_use]
    pub fn optional(&self, field: &str) -> Option<String> {
        self.0.get(field).filter(|value| !value.is_empty()).cloned()
    }

    /// A field that must be there.
    ///
    /// # Errors
    /// [`ParseError::Missing`].
    pub fn required(&self, field: &'static str) -> Result<String, ParseError> {
        self.optional(field).ok_or(ParseError::Missing { field })
    }

    /// A field with a typed value.
    ///
    /// # Errors
    /// [`ParseError::Missing`] or [`ParseError::Malformed`].
    pub fn typed<T: std::str::FromStr>(&self, field: &'static str) -> Result<T, ParseError> {
        self.required(field)?.parse().map_err(|_| ParseError::Malformed { field })
    }

    /// Adds a field.
    #[must_use]
    pub fn with(mut self, field: &str, value: impl Into<String>) -> Self {
        self.0.insert(field.to_owned(), value.into());
        self
    }

    /// Adds a field if there is a value.
    #[must_use]
    pub fn with_optional(self, field: &str, value: Option<impl Into<String>>) -> Self {
        match value {
            Some(value) => self.with(field, value),
            None => self,
        }
    }

    /// The encoded text.
    #[must_use]
    pub fn encode(&self) -> String {
        form_urlencoded::Serializer::new(String::new()).extend_pairs(&self.0).finish()
    }
}

impl Drop for Form {
    fn drop(&mut self) {
        self.0.values_mut().for_each(String::zeroize);
    }
}

impl std::fmt::Debug for Form {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_stands_once() {
        assert_eq!(
            Form::parse(b"a=1&a=2").unwrap_err(),
            ParseError::Form { field: "a".to_owned() }
        );
        let form = Form::parse(b"a=1%202&b=").unwrap();
        assert_eq!(form.required("a").unwrap(), "1 2");
        assert_eq!(form.required("b").unwrap_err(), ParseError::Missing { field: "b" });
    }

    #[test]
    fn debug_hides_values() {
        let form = Form::default().with("password", "hunter2");
        assert_eq!(format!("{form:?}"), "{\"password\"}");
        assert_eq!(form.encode(), "password=hunter2");
    }
}
