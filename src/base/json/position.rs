//! Where a member stands in a text.

use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// Line and column, from 1, of the member at `path` (such as `steps[2].signIn.app`; a dot inside a
/// name is written `\\.`). `None` if the text has no such member.
#[must_use]
pub fn position(text: &[u8], path: &str) -> Option<(usize, usize)> {
    let path = segments(path);
    let mut reader = serde_json::Deserializer::from_slice(text);
    let found = Walk { path: &path }.deserialize(&mut reader);
    let error = found.err().filter(|error| error.to_string().starts_with(FOUND))?;
    Some((error.line(), error.column()))
}

/// What the walk fails with where it arrives: the reader adds line and column to it.
const FOUND: &str = "here it is";

#[derive(Debug, PartialEq, Eq)]
enum Segment {
    Index(usize),
    Name(String),
}

fn segments(path: &str) -> Vec<Segment> {
    let mut found = Vec::new();
    let mut name = String::new();
    let mut letters = path.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => name.extend(letters.next()),
            '.' => found.extend(taken(&mut name)),
            '[' => {
                found.extend(taken(&mut name));
                let number: String = letters.by_ref().take_while(|next| *next != ']').collect();
                found.extend(number.parse().ok().map(Segment::Index));
            }
            other => name.push(other),
        }
    }
    found.extend(taken(&mut name));
    found
}

fn taken(name: &mut String) -> Option<Segment> {
    let name = std::mem::take(name);
    (!name.is_empty()).then_some(Segment::Name(name))
}

/// Walks along the path and fails at its end.
struct Walk<'p> {
    path: &'p [Segment],
}

impl<'de> DeserializeSeed<'de> for Walk<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(FOUND)
    }

    fn visit_bool<E: de::Error>(self, _: bool) -> Result<(), E> {
        self.arrive()
    }

    fn visit_i64<E: de::Error>(self, _: i64) -> Result<(), E> {
        self.arrive()
    }

    fn visit_u64<E: de::Error>(self, _: u64) -> Result<(), E> {
        self.arrive()
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<(), E> {
        self.arrive()
    }

    fn visit_str<E: de::Error>(self, _: &str) -> Result<(), E> {
        self.arrive()
    }

    fn visit_unit<E: de::Error>(self) -> Result<(), E> {
        self.arrive()
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        self.arrive()?;
        let Some((Segment::Index(wanted), path)) = self.path.split_first() else {
            return drain(seq);
        };
        for _ in 0..*wanted {
            if seq.next_element::<IgnoredAny>()?.is_none() {
                return Ok(());
            }
        }
        seq.next_element_seed(Walk { path })?;
        drain(seq)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        self.arrive()?;
        let first = self.path.split_first();
        while let Some(name) = map.next_key::<String>()? {
            match first {
                Some((Segment::Name(wanted), path)) if *wanted == name => {
                    map.next_value_seed(Walk { path })?;
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}

impl Walk<'_> {
    fn arrive<E: de::Error>(&self) -> Result<(), E> {
        match self.path.is_empty() {
            true => Err(E::custom(FOUND)),
            false => Ok(()),
        }
    }
}

fn drain<'de, A: SeqAccess<'de>>(mut seq: A) -> Result<(), A::Error> {
    while seq.next_element::<IgnoredAny>()?.is_some() {}
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_found_with_line_and_column() {
        let text = b"{\"a\":[1,\n {\"b\": \"x\"},\n true],\n\"c.d\": null,\n\"e\": {}}";
        let line = |path| position(text, path).map(|(line, _)| line);
        assert_eq!(line("a[0]"), Some(1));
        assert_eq!(line("a[1].b"), Some(2));
        assert_eq!(line("a[2]"), Some(3));
        assert_eq!(line("c\\.d"), Some(4));
        assert_eq!(line("e"), Some(5));
        for missing in ["a[3]", "a[1].c", "c.d", "z", "a[0].b", "e.f"] {
            assert_eq!(line(missing), None, "{missing}");
        }
        assert_eq!(position(b"{\"a\":", "b"), None, "an unfinished text");
    }
}
