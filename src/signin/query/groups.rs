//! Names and groups, each with a number.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::ids::Group;
use super::{MAX_GROUPS, QueryError};

/// Texts, each kept once.
#[derive(Debug, Default)]
pub(super) struct Names {
    numbers: BTreeMap<Arc<str>, u32>,
    texts: Vec<Arc<str>>,
}

impl Names {
    /// The number of a text.
    pub(super) fn number(&mut self, text: &str) -> Result<u32, QueryError> {
        if let Some(number) = self.numbers.get(text) {
            return Ok(*number);
        }
        let number = next(self.texts.len())?;
        let text: Arc<str> = text.into();
        self.numbers.insert(Arc::clone(&text), number);
        self.texts.push(text);
        Ok(number)
    }

    /// The text of a number that was given here; empty for another.
    pub(super) fn text(&self, number: u32) -> &str {
        usize::try_from(number).ok().and_then(|at| self.texts.get(at)).map_or("", |text| text)
    }
}

/// Groups of a key, each with a number.
#[derive(Debug)]
pub(super) struct Groups<K> {
    numbers: BTreeMap<K, Group>,
}

impl<K: Ord> Groups<K> {
    pub(super) const fn new() -> Self {
        Self { numbers: BTreeMap::new() }
    }

    pub(super) fn number(&mut self, key: K) -> Result<Group, QueryError> {
        let next = next(self.numbers.len());
        match self.numbers.entry(key) {
            std::collections::btree_map::Entry::Occupied(known) => Ok(*known.get()),
            std::collections::btree_map::Entry::Vacant(place) => Ok(*place.insert(next?)),
        }
    }

    /// Keys in their order, with their numbers.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&K, Group)> {
        self.numbers.iter().map(|(key, number)| (key, *number))
    }
}

fn next(taken: usize) -> Result<u32, QueryError> {
    let limit = MAX_GROUPS;
    let number = u32::try_from(taken).ok().filter(|_| taken < limit);
    number.ok_or(QueryError::TooManyGroups { limit })
}
