//! The names of an object's members, to tell whether one stands twice.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Visitor};

/// So many names are compared one by one, which for a few is quicker than a tree.
const FEW: usize = 64;

/// So many names need no allocation.
const INLINE: usize = 12;

/// Names that came before.
#[derive(Debug, Default)]
pub(super) struct Seen<'de> {
    inline: [Option<Cow<'de, str>>; INLINE],
    few: Vec<Cow<'de, str>>,
    more: BTreeSet<Cow<'de, str>>,
}

impl<'de> Seen<'de> {
    pub(super) fn holds(&self, name: &str) -> bool {
        self.inline.iter().map_while(Option::as_ref).any(|one| one == name)
            || self.few.iter().any(|one| one == name)
            || self.more.contains(name)
    }

    pub(super) fn insert(&mut self, name: Cow<'de, str>) {
        if let Some(free) = self.inline.iter_mut().find(|place| place.is_none()) {
            *free = Some(name);
        } else if self.few.len() < FEW {
            self.few.push(name);
        } else {
            self.more.insert(name);
        }
    }
}

/// The name of a member, borrowed where it has no escape.
pub(super) struct Name<'de>(pub(super) Cow<'de, str>);

impl<'de> Deserialize<'de> for Name<'de> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct NameVisitor;
        impl<'de> Visitor<'de> for NameVisitor {
            type Value = Name<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the name of a member")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Name<'de>, E> {
                Ok(Name(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Name<'de>, E> {
                Ok(Name(Cow::Owned(text.to_owned())))
            }
        }
        from.deserialize_str(NameVisitor)
    }
}
