//! Columns of a record: texts that are borrowed where they can be, structures that some tables hold
//! as JSON in a text, and the two structures that the queries look into.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess,
    Visitor, value,
};

use super::error::Fault;
use crate::base::json;
use crate::policy::{Flag, Flags};

/// A text column: null and absent are the empty text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Text<'a>(pub(super) Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(TextVisitor)
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Text<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string or null")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Text<'de>, E> {
        Ok(Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Text<'de>, E> {
        Ok(Text(Cow::Owned(text.to_owned())))
    }

    fn visit_string<E>(self, text: String) -> Result<Text<'de>, E> {
        Ok(Text(Cow::Owned(text)))
    }

    fn visit_unit<E>(self) -> Result<Text<'de>, E> {
        Ok(Text::default())
    }
}

/// `IsInteractive`, which exports write as a Boolean or as its text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Logical(pub(super) Option<bool>);

impl<'de> Deserialize<'de> for Logical {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct LogicalVisitor;
        impl Visitor<'_> for LogicalVisitor {
            type Value = Logical;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("true, false or null")
            }

            fn visit_bool<E>(self, value: bool) -> Result<Logical, E> {
                Ok(Logical(Some(value)))
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Logical, E> {
                match text {
                    "" => Ok(Logical(None)),
                    _ if text.eq_ignore_ascii_case("true") => Ok(Logical(Some(true))),
                    _ if text.eq_ignore_ascii_case("false") => Ok(Logical(Some(false))),
                    _ => Err(E::invalid_value(serde::de::Unexpected::Str(text), &self)),
                }
            }

            fn visit_unit<E>(self) -> Result<Logical, E> {
                Ok(Logical(None))
            }
        }
        from.deserialize_any(LogicalVisitor)
    }
}

/// Whether a member is there and is an array.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct IsArray(pub(super) bool);

impl<'de> Deserialize<'de> for IsArray {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct ArrayVisitor;
        impl<'de> Visitor<'de> for ArrayVisitor {
            type Value = IsArray;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("JSON")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<IsArray, A::Error> {
                while seq.next_element::<IgnoredAny>()?.is_some() {}
                Ok(IsArray(true))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<IsArray, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(IsArray(false))
            }

            fn visit_bool<E>(self, _: bool) -> Result<IsArray, E> {
                Ok(IsArray(false))
            }

            fn visit_i64<E>(self, _: i64) -> Result<IsArray, E> {
                Ok(IsArray(false))
            }

            fn visit_u64<E>(self, _: u64) -> Result<IsArray, E> {
                Ok(IsArray(false))
            }

            fn visit_f64<E>(self, _: f64) -> Result<IsArray, E> {
                Ok(IsArray(false))
            }

            fn visit_str<E>(self, _: &str) -> Result<IsArray, E> {
                Ok(IsArray(false))
            }

            fn visit_unit<E>(self) -> Result<IsArray, E> {
                Ok(IsArray(false))
            }
        }
        from.deserialize_any(ArrayVisitor)
    }
}

/// A structured column: null, JSON in a text, or the structure itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Column<'a, T> {
    /// Absent or null.
    #[default]
    Null,
    /// The structure.
    Structure(T),
    /// A text, not parsed yet.
    Text(Cow<'a, str>),
}

impl<T: DeserializeOwned> Column<'_, T> {
    /// The structure, parsed if it is a text; none if it is null or an empty text.
    pub(super) fn parse(self, name: &'static str) -> Result<Option<T>, Fault> {
        match self {
            Self::Null => Ok(None),
            Self::Structure(structure) => Ok(Some(structure)),
            Self::Text(text) if text.is_empty() => Ok(None),
            Self::Text(text) => json::from_str(&text).map_err(|error| Fault::column(name, &error)),
        }
    }
}

impl<'de: 'a, 'a, T: DeserializeOwned> Deserialize<'de> for Column<'a, T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(ColumnVisitor(PhantomData)).map(|column| match column {
            Column::Null => Column::Null,
            Column::Structure(structure) => Column::Structure(structure),
            Column::Text(text) => Column::Text(text),
        })
    }
}

struct ColumnVisitor<T>(PhantomData<T>);

impl<'de, T: DeserializeOwned> Visitor<'de> for ColumnVisitor<T> {
    type Value = Column<'de, T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a structure, a string with JSON in it, or null")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Column::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Column::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Column::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Self::Value, A::Error> {
        T::deserialize(value::SeqAccessDeserializer::new(seq)).map(Column::Structure)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        T::deserialize(value::MapAccessDeserializer::new(map)).map(Column::Structure)
    }
}

/// A name under which records list the control.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Label {
    /// `Binding`, until late June 2023.
    Binding,
    /// `SignInTokenProtection`, since.
    SignInTokenProtection,
}

impl Label {
    /// As records spell it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Binding => "Binding",
            Self::SignInTokenProtection => "SignInTokenProtection",
        }
    }
}

impl Flag for Label {
    const ALL: &'static [Self] = &[Self::Binding, Self::SignInTokenProtection];

    fn bit(self) -> u32 {
        match self {
            Self::Binding => 1,
            Self::SignInTokenProtection => 2,
        }
    }
}

/// An array of control names, reduced to what can be asked of it. Case is ignored (for the letters
/// A to Z: the labels have no others), as `contains` does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Controls {
    /// Labels that are an element.
    pub listed: Flags<Label>,
    /// The label that is the only element: what `contains '["Binding"]'` finds in the array's text.
    pub sole: Option<Label>,
    /// Labels that stand anywhere in the array's text: what `contains 'Binding'` finds.
    pub mentioned: Flags<Label>,
}

impl<'de> Deserialize<'de> for Controls {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct ControlsVisitor;
        impl<'de> Visitor<'de> for ControlsVisitor {
            type Value = Controls;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an array of strings")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Controls, A::Error> {
                let mut controls = Controls::default();
                let mut elements = 0_u64;
                while seq.next_element_seed(Look(&mut controls))?.is_some() {
                    elements += 1;
                }
                if elements == 1 {
                    controls.sole = controls.listed.iter().next();
                }
                Ok(controls)
            }
        }
        from.deserialize_seq(ControlsVisitor)
    }
}

/// Looks at a name where it stands.
struct Look<'c>(&'c mut Controls);

impl<'de> DeserializeSeed<'de> for Look<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_str(self)
    }
}

impl Visitor<'_> for Look<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E>(self, name: &str) -> Result<(), E> {
        for label in Label::ALL {
            self.0.look(*label, name);
        }
        Ok(())
    }
}

impl Controls {
    fn look(&mut self, label: Label, name: &str) {
        if name.eq_ignore_ascii_case(label.as_str()) {
            self.listed.insert(label);
        }
        if mentions(name, label.as_str()) {
            self.mentioned.insert(label);
        }
    }
}

/// Whether the JSON text of `name` has `word` in it, ignoring case.
fn mentions(name: &str, word: &str) -> bool {
    let find = |text: &str| {
        text.as_bytes().windows(word.len()).any(|part| part.eq_ignore_ascii_case(word.as_bytes()))
    };
    // An escape has a letter of its own: a backspace is written `\b`.
    let escaped = |letter: char| letter.is_control() || letter == '"' || letter == '\\';
    match name.contains(escaped) {
        true => serde_json::to_string(name).is_ok_and(|text| find(&text)),
        false => find(name),
    }
}

/// `result` of an entry. Names are compared as they are, case included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryResult {
    /// `success`
    Success,
    /// `failure`
    Failure,
    /// `notApplied`
    NotApplied,
    /// `notEnabled`
    NotEnabled,
    /// `reportOnlySuccess`
    ReportOnlySuccess,
    /// `reportOnlyFailure`
    ReportOnlyFailure,
    /// `reportOnlyNotApplied`
    ReportOnlyNotApplied,
    /// `reportOnlyInterrupted`
    ReportOnlyInterrupted,
    /// Any other word, or none.
    Other,
}

impl EntryResult {
    fn of(word: &str) -> Self {
        match word {
            "success" => Self::Success,
            "failure" => Self::Failure,
            "notApplied" => Self::NotApplied,
            "notEnabled" => Self::NotEnabled,
            "reportOnlySuccess" => Self::ReportOnlySuccess,
            "reportOnlyFailure" => Self::ReportOnlyFailure,
            "reportOnlyNotApplied" => Self::ReportOnlyNotApplied,
            "reportOnlyInterrupted" => Self::ReportOnlyInterrupted,
            _ => Self::Other,
        }
    }
}

/// An entry of the policies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// `enforcedSessionControls`; empty if absent.
    pub enforced: Controls,
    /// `sessionControlsNotSatisfied`; none if absent or null, as in Graph v1.0.
    pub unmet: Option<Controls>,
    /// `result`.
    pub result: EntryResult,
}

impl Entry {
    /// A null among the entries, or an absent column once it is expanded.
    pub(crate) const NULL: Self = Self {
        enforced: Controls { listed: Flags::EMPTY, sole: None, mentioned: Flags::EMPTY },
        unmet: None,
        result: EntryResult::Other,
    };
}

impl<'de> Deserialize<'de> for Entry {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Members<'a> {
            enforced_session_controls: Option<Controls>,
            session_controls_not_satisfied: Option<Controls>,
            #[serde(default, borrow)]
            result: Text<'a>,
        }
        let Some(members) = object::<Members<'_>, D>(from, "a policy entry as an object")? else {
            return Ok(Self::NULL);
        };
        Ok(Self {
            enforced: members.enforced_session_controls.unwrap_or_default(),
            unmet: members.session_controls_not_satisfied,
            result: EntryResult::of(&members.result.0),
        })
    }
}

/// A structure from an object, none from null. What serde derives would take an array too.
pub(super) fn object<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    from: D,
    what: &'static str,
) -> Result<Option<T>, D::Error> {
    struct ObjectVisitor<T>(&'static str, PhantomData<T>);
    impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
        type Value = Option<T>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }

        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Option<T>, A::Error> {
            T::deserialize(value::MapAccessDeserializer::new(map)).map(Some)
        }

        fn visit_unit<E>(self) -> Result<Option<T>, E> {
            Ok(None)
        }
    }
    from.deserialize_any(ObjectVisitor(what, PhantomData))
}

/// `tokenProtectionStatusDetails`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TokenProtection {
    /// `signInSessionStatus`.
    pub status: BindingStatus,
    /// `signInSessionStatusCode`.
    pub code: Option<i64>,
}

/// `signInSessionStatus`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BindingStatus {
    /// `bound`
    Bound,
    /// `unbound`
    Unbound,
    /// `none`, another word, or no such member.
    #[default]
    Other,
}

impl<'de> Deserialize<'de> for TokenProtection {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        #[derive(Default, Deserialize)]
        #[serde(default, rename_all = "camelCase")]
        struct Members<'a> {
            #[serde(borrow)]
            sign_in_session_status: Text<'a>,
            sign_in_session_status_code: Option<Number>,
        }
        let members = object::<Members<'_>, D>(from, "the details as an object")?;
        let members = members.unwrap_or_default();
        Ok(Self {
            status: match &*members.sign_in_session_status.0 {
                "bound" => BindingStatus::Bound,
                "unbound" => BindingStatus::Unbound,
                _ => BindingStatus::Other,
            },
            code: members.sign_in_session_status_code.map(|number| number.0),
        })
    }
}

/// An integer, or the decimal text of one: a query compares either with the text `1003`.
struct Number(i64);

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged, expecting = "an integer")]
        enum Spelling {
            Integer(i64),
            Text(String),
        }
        match Spelling::deserialize(from)? {
            Spelling::Integer(number) => Ok(Self(number)),
            Spelling::Text(text) => {
                let number = text.parse().ok().filter(|number: &i64| number.to_string() == text);
                number.map(Self).ok_or_else(|| D::Error::custom("expected an integer"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn controls(text: &str) -> Controls {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn arrays_answer_as_their_text_would() {
        for text in [
            r#"[]"#,
            r#"["Binding"]"#,
            r#"["binding"]"#,
            r#"["Binding","Binding"]"#,
            r#"["SignInFrequency","SignInTokenProtection"]"#,
            r#"["xSignInTokenProtectionx"]"#,
            r#"["[\"Binding\"]"]"#,
            r#"["\binding"]"#,
            r#"["x\\binding"]"#,
            r#"["x[","Binding"]"#,
            "[\"B\u{131}nding\"]",
        ] {
            let read = controls(text);
            let compact: serde_json::Value = serde_json::from_str(text).unwrap();
            let compact = compact.to_string().to_ascii_lowercase();
            for label in Label::ALL {
                let word = label.as_str().to_ascii_lowercase();
                let bracketed = format!("[\"{word}\"]");
                assert_eq!(read.sole == Some(*label), compact.contains(&bracketed), "{text}");
                assert_eq!(read.mentioned.contains(*label), compact.contains(&word), "{text}");
            }
        }
    }

    #[test]
    fn codes_are_integers_or_their_texts() {
        let code = |text: &str| {
            serde_json::from_str::<TokenProtection>(&format!(
                r#"{{"signInSessionStatusCode":{text}}}"#
            ))
            .map(|details| details.code)
        };
        assert_eq!(code("1003").unwrap(), Some(1003));
        assert_eq!(code("\"1003\"").unwrap(), Some(1003));
        assert_eq!(code("null").unwrap(), None);
        for wrong in ["\" 1003\"", "\"01003\"", "1003.0", "true", "[]", "1e30"] {
            assert!(code(wrong).is_err(), "{wrong}");
        }
    }
}
