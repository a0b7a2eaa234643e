//! Values whose errors say the right amount: [`Guid`] shows the text, [`Quiet`] shows nothing.

use std::fmt::Display;
use std::str::FromStr;

use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};

use super::error::shown;

/// A GUID whose error shows the text that is none.
pub(super) struct Guid<T>(pub(super) T);

impl<'de, T: FromStr<Err: Display>> Deserialize<'de> for Guid<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        text.parse().map(Self).map_err(|_| {
            let example = "00000002-0000-0ff1-ce00-000000000000";
            D::Error::custom(format_args!("`{}` is not a GUID such as `{example}`", shown(&text)))
        })
    }
}

/// A part of the file that may hold secrets: a fault in it says where, never what.
///
/// # Security
/// serde quotes a value of the wrong type, and somebody will write a password where its verifier
/// belongs. The detour by a [`serde_json::Value`] is safe, since duplicate members were refused
/// before.
pub(super) struct Quiet<T>(pub(super) T);

impl<'de, T: DeserializeOwned> Deserialize<'de> for Quiet<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let value = serde_json::Value::deserialize(from)?;
        crate::base::json::from_value(value)
            .map(Self)
            .map_err(|_| D::Error::custom("not of the documented shape (the value is not shown)"))
    }
}

#[cfg(feature = "cli")]
mod schema {
    use std::borrow::Cow;

    use schemars::{JsonSchema, Schema, SchemaGenerator};

    use super::{Guid, Quiet};

    impl<T: JsonSchema> JsonSchema for Guid<T> {
        fn inline_schema() -> bool {
            true
        }

        fn schema_name() -> Cow<'static, str> {
            T::schema_name()
        }

        fn json_schema(generator: &mut SchemaGenerator) -> Schema {
            T::json_schema(generator)
        }
    }

    impl<T: JsonSchema> JsonSchema for Quiet<T> {
        fn inline_schema() -> bool {
            T::inline_schema()
        }

        fn schema_name() -> Cow<'static, str> {
            T::schema_name()
        }

        fn json_schema(generator: &mut SchemaGenerator) -> Schema {
            T::json_schema(generator)
        }
    }
}
