//! The members of a proof's header and payload, as they stand in it.
//!
//! Wrong types are kept as such and not refused here: which reason a proof is refused for is decided
//! in one place, in a stated order.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// The JOSE header; other parameters are ignored (RFC 9449 section 4.2).
#[derive(Deserialize)]
pub(super) struct Header<'a> {
    #[serde(borrow, default)]
    pub(super) typ: Member<'a>,
    #[serde(borrow, default)]
    pub(super) alg: Member<'a>,
    #[serde(borrow, default)]
    pub(super) jwk: JwkMember<'a>,
    #[serde(default)]
    pub(super) crit: Presence,
    #[serde(default)]
    pub(super) b64: Presence,
}

/// The claims; others are ignored (RFC 9449 section 4.2).
#[derive(Deserialize)]
pub(super) struct Claims<'a> {
    #[serde(borrow, default)]
    pub(super) jti: Member<'a>,
    #[serde(borrow, default)]
    pub(super) htm: Member<'a>,
    #[serde(borrow, default)]
    pub(super) htu: Member<'a>,
    #[serde(borrow, default)]
    pub(super) iat: Member<'a>,
    #[serde(borrow, default)]
    pub(super) exp: Member<'a>,
    #[serde(borrow, default)]
    pub(super) nbf: Member<'a>,
    #[serde(borrow, default)]
    pub(super) ath: Member<'a>,
    #[serde(borrow, default)]
    pub(super) nonce: Member<'a>,
}

/// The public key; members that say nothing about its use are ignored (RFC 7517 section 4).
#[derive(Deserialize)]
pub(super) struct Jwk<'a> {
    #[serde(borrow, default)]
    pub(super) kty: Member<'a>,
    #[serde(borrow, default)]
    pub(super) crv: Member<'a>,
    #[serde(borrow, default)]
    pub(super) x: Member<'a>,
    #[serde(borrow, default)]
    pub(super) y: Member<'a>,
    #[serde(borrow, default, rename = "use")]
    pub(super) key_use: Member<'a>,
    #[serde(default)]
    pub(super) key_ops: KeyOps,
    #[serde(borrow, default)]
    pub(super) alg: Member<'a>,
    #[serde(default)]
    d: Presence,
    #[serde(default)]
    p: Presence,
    #[serde(default)]
    q: Presence,
    #[serde(default)]
    dp: Presence,
    #[serde(default)]
    dq: Presence,
    #[serde(default)]
    qi: Presence,
    #[serde(default)]
    oth: Presence,
    #[serde(default)]
    k: Presence,
}

impl Jwk<'_> {
    /// Whether a member of a private or symmetric key is there, whatever it holds.
    pub(super) fn has_private_member(&self) -> bool {
        [self.d, self.p, self.q, self.dp, self.dq, self.qi, self.oth, self.k]
            .contains(&Presence::Present)
    }

    /// Whether the key's own members let it verify ES256 (RFC 7517 sections 4.2 to 4.4).
    pub(super) fn may_verify(&self) -> bool {
        self.key_use.is_absent_or("sig")
            && self.alg.is_absent_or("ES256")
            && self.key_ops != KeyOps::WithoutVerify
    }
}

/// A text, a time, nothing, or something else.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Member<'a> {
    #[default]
    Absent,
    Text(Cow<'a, str>),
    Number(NumericDate),
    Other,
}

impl Member<'_> {
    pub(super) fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn is(&self, text: &str) -> bool {
        self.as_text() == Some(text)
    }

    fn is_absent_or(&self, text: &str) -> bool {
        *self == Self::Absent || self.is(text)
    }
}

/// A NumericDate (RFC 7519 section 2) between two whole seconds, which are equal if it is one.
///
/// Beyond 64 bits it is the greatest or least second, so that comparisons still come out right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NumericDate {
    pub(super) floor: i64,
    pub(super) ceil: i64,
}

impl NumericDate {
    const fn whole(second: i64) -> Self {
        Self { floor: second, ceil: second }
    }

    /// The conversion saturates, and JSON has no NaN.
    #[expect(clippy::cast_possible_truncation, reason = "saturating, and NaN is no JSON")]
    fn fraction(seconds: f64) -> Self {
        Self { floor: seconds.floor() as i64, ceil: seconds.ceil() as i64 }
    }
}

/// Whether a member is there, whatever it holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Presence {
    #[default]
    Absent,
    Present,
}

impl<'de> Deserialize<'de> for Presence {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        IgnoredAny::deserialize(from).map(|_| Self::Present)
    }
}

/// `key_ops`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum KeyOps {
    #[default]
    Absent,
    Verify,
    WithoutVerify,
}

/// `jwk` of the header.
#[derive(Default)]
pub(super) enum JwkMember<'a> {
    #[default]
    Absent,
    Key(Jwk<'a>),
    Other,
}

/// Implements a visitor that takes every JSON value, each kind for `$other` unless named.
macro_rules! takes_all {
    ($other:expr; $($kind:ident)*) => {
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("any value")
        }

        $(takes_all!(@$kind $other);)*
    };
    (@bool $other:expr) => {
        fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> { Ok($other) }
    };
    (@numbers $other:expr) => {
        fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> { Ok($other) }
        fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> { Ok($other) }
        fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> { Ok($other) }
    };
    (@text $other:expr) => {
        fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> { Ok($other) }
    };
    (@null $other:expr) => {
        fn visit_unit<E>(self) -> Result<Self::Value, E> { Ok($other) }
    };
    (@list $other:expr) => {
        fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Self::Value, A::Error> {
            IgnoredAny.visit_seq(list).map(|_| $other)
        }
    };
    (@object $other:expr) => {
        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
            IgnoredAny.visit_map(map).map(|_| $other)
        }
    };
}

impl<'de: 'a, 'a> Deserialize<'de> for Member<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct MemberVisitor;
        impl<'de> Visitor<'de> for MemberVisitor {
            type Value = Member<'de>;
            takes_all!(Member::Other; bool null list object);

            fn visit_i64<E>(self, second: i64) -> Result<Member<'de>, E> {
                Ok(Member::Number(NumericDate::whole(second)))
            }

            fn visit_u64<E>(self, second: u64) -> Result<Member<'de>, E> {
                let second = i64::try_from(second).unwrap_or(i64::MAX);
                Ok(Member::Number(NumericDate::whole(second)))
            }

            fn visit_f64<E>(self, seconds: f64) -> Result<Member<'de>, E> {
                Ok(Member::Number(NumericDate::fraction(seconds)))
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Member<'de>, E> {
                Ok(Member::Text(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Member<'de>, E> {
                Ok(Member::Text(Cow::Owned(text.to_owned())))
            }
        }
        from.deserialize_any(MemberVisitor)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for JwkMember<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct JwkVisitor;
        impl<'de> Visitor<'de> for JwkVisitor {
            type Value = JwkMember<'de>;
            takes_all!(JwkMember::Other; bool numbers text null list);

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<JwkMember<'de>, A::Error> {
                Jwk::deserialize(MapAccessDeserializer::new(map)).map(JwkMember::Key)
            }
        }
        from.deserialize_any(JwkVisitor)
    }
}

impl<'de> Deserialize<'de> for KeyOps {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct OpsVisitor;
        impl<'de> Visitor<'de> for OpsVisitor {
            type Value = KeyOps;
            takes_all!(KeyOps::WithoutVerify; bool numbers text null object);

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<KeyOps, A::Error> {
                let (mut found, mut all_texts) = (false, true);
                while let Some(op) = list.next_element::<Member<'de>>()? {
                    found |= op.is("verify");
                    all_texts &= op.as_text().is_some();
                }
                Ok(if found && all_texts { KeyOps::Verify } else { KeyOps::WithoutVerify })
            }
        }
        from.deserialize_any(OpsVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::json;

    fn member(text: &str) -> Option<Member<'_>> {
        json::read(text)
    }

    fn date(floor: i64, ceil: i64) -> Option<Member<'static>> {
        Some(Member::Number(NumericDate { floor, ceil }))
    }

    #[test]
    fn a_date_lies_between_two_seconds() {
        for (text, floor, ceil) in [
            ("5", 5, 5),
            ("5.0", 5, 5),
            ("5.25", 5, 6),
            ("-5.25", -6, -5),
            ("-1", -1, -1),
            ("5e2", 500, 500),
            ("9223372036854775807", i64::MAX, i64::MAX),
            ("9223372036854775808", i64::MAX, i64::MAX),
            ("18446744073709551616", i64::MAX, i64::MAX),
            ("-9223372036854775808", i64::MIN, i64::MIN),
            ("-1e300", i64::MIN, i64::MIN),
        ] {
            assert_eq!(member(text), date(floor, ceil), "{text}");
        }
        for text in ["1e400", "NaN", "01", "+1", "1.", "--1"] {
            assert_eq!(member(text), None, "{text}");
        }
    }

    #[test]
    fn other_values_are_kept_as_such() {
        for text in ["null", "true", "[]", "[1,{}]", "{}", r#"{"a":{"b":1}}"#] {
            assert_eq!(member(text), Some(Member::Other), "{text}");
        }
        assert_eq!(member(r#""a\u0062""#), Some(Member::Text("ab".into())));
        for twice in [r#"{"a":1,"a":1}"#, r#"[{"a":{"b":1,"b":1}}]"#, r#"{"a":1,"\u0061":1}"#] {
            assert_eq!(member(twice), None, "{twice}");
        }
    }

    #[test]
    fn operations_have_to_name_verifying() {
        for (text, expected) in [
            (r#"["verify"]"#, KeyOps::Verify),
            (r#"["sign","verify"]"#, KeyOps::Verify),
            (r#"["sign"]"#, KeyOps::WithoutVerify),
            (r#"["verify",1]"#, KeyOps::WithoutVerify),
            ("[]", KeyOps::WithoutVerify),
            ("null", KeyOps::WithoutVerify),
            (r#""verify""#, KeyOps::WithoutVerify),
            ("{}", KeyOps::WithoutVerify),
            ("1", KeyOps::WithoutVerify),
        ] {
            assert_eq!(json::read::<KeyOps>(text), Some(expected), "{text}");
        }
    }
}
