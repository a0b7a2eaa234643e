//! Counting distinct requests, and the price of it.
//!
//! The published queries count distinct `Id`s, so an exact count must remember every `Id` it has
//! seen. [`Counter`] keeps 20 octets for each distinct (group, `Id`): between 20 and 40 MB for a
//! million requests that a query counts, whatever the length of the log. Beyond
//! [`Counting::Exact`]'s limit it refuses rather than to swell. [`Counting::EachRecord`] takes every
//! record for a request of its own and needs memory for groups alone; its results say so.

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};

use super::QueryError;

/// How requests are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counting {
    /// Every record is a request of its own: a record that was delivered twice counts twice.
    EachRecord,
    /// By `Id`, exactly, for at most this many distinct requests.
    Exact {
        /// The most distinct (group, `Id`) that are remembered.
        limit: usize,
    },
}

impl Default for Counting {
    /// Exact for ten million requests, which takes at most 400 MB.
    fn default() -> Self {
        Self::Exact { limit: 10_000_000 }
    }
}

/// The number of a group, given by whoever counts.
pub(super) type Group = u32;

/// Group and `Id`, in five words: octets in order, without the padding of a 128-bit integer.
type Seen = [u32; 5];

/// Distinct requests of each group.
#[derive(Debug)]
pub(super) struct Counter {
    counting: Counting,
    counted: BTreeMap<Group, u64>,
    /// Those that are `GUID`s as directories write them, by their 128 bits: exact.
    guids: Distinct,
    /// All others by the first 128 bits of their SHA-256.
    others: Distinct,
}

impl Counter {
    pub(super) const fn new(counting: Counting) -> Self {
        Self { counting, counted: BTreeMap::new(), guids: Distinct::new(), others: Distinct::new() }
    }

    /// Counts a record. One record must name a group once at most.
    pub(super) fn count(&mut self, group: Group, id: &str) -> Result<(), QueryError> {
        let Counting::Exact { limit } = self.counting else {
            *self.counted.entry(group).or_default() += 1;
            return Ok(());
        };
        match guid(id) {
            Some(id) => self.guids.push(group, id),
            None => self.others.push(group, digest(id)),
        }
        // Exceeded for certain only once duplicates are out.
        if self.guids.seen.len() + self.others.seen.len() > limit {
            self.guids.compact();
            self.others.compact();
            if self.guids.seen.len() + self.others.seen.len() > limit {
                return Err(QueryError::TooManyRequests { limit });
            }
        }
        Ok(())
    }

    /// How many requests it remembers, some of them twice.
    #[cfg(test)]
    pub(super) fn remembered(&self) -> usize {
        self.guids.seen.len() + self.others.seen.len()
    }

    /// The counts.
    pub(super) fn finish(mut self) -> BTreeMap<Group, u64> {
        for distinct in [&mut self.guids, &mut self.others] {
            distinct.compact();
            for [group, ..] in &distinct.seen {
                *self.counted.entry(*group).or_default() += 1;
            }
        }
        self.counted
    }
}

/// A set that is a list: duplicates are taken out before it grows.
#[derive(Debug)]
struct Distinct {
    seen: Vec<Seen>,
}

impl Distinct {
    const fn new() -> Self {
        Self { seen: Vec::new() }
    }

    fn push(&mut self, group: Group, id: u128) {
        if self.seen.len() == self.seen.capacity() {
            self.compact();
            // Half empty is room enough; otherwise it doubles.
            if self.seen.len() > self.seen.capacity() / 2 {
                self.seen.reserve_exact(self.seen.len());
            }
        }
        let word = |shift: u32| (id >> shift) as u32;
        self.seen.push([group, word(96), word(64), word(32), word(0)]);
    }

    fn compact(&mut self) {
        self.seen.sort_unstable();
        self.seen.dedup();
    }
}

/// A GUID in the one spelling that stands for itself: hyphenated, lower case. `Id`s are compared as
/// text, so another spelling is another `Id`.
fn guid(id: &str) -> Option<u128> {
    let plain = id.len() == 36 && !id.bytes().any(|octet| octet.is_ascii_uppercase());
    uuid::Uuid::try_parse(id).ok().filter(|_| plain).map(|id| id.as_u128())
}

fn digest(id: &str) -> u128 {
    let digest: [u8; 32] = Sha256::digest(id.as_bytes()).into();
    digest.iter().take(16).fold(0, |value, octet| value << 8 | u128::from(*octet))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(counting: Counting, ids: &[&str]) -> Result<u64, QueryError> {
        let mut counter = Counter::new(counting);
        for id in ids {
            counter.count(7, id)?;
        }
        Ok(counter.finish().get(&7).copied().unwrap_or_default())
    }

    #[test]
    fn exact_counts_each_id_once() {
        let guid = "5cb0db90-044c-5eab-b001-3b0a7be123fb";
        let ids = [guid, "x", guid, "", "x", "5CB0DB90-044C-5EAB-B001-3B0A7BE123FB", ""];
        assert_eq!(count(Counting::default(), &ids), Ok(4));
        assert_eq!(count(Counting::EachRecord, &ids), Ok(7));
    }

    #[test]
    fn the_limit_is_on_distinct_ids() {
        let exact = Counting::Exact { limit: 2 };
        assert_eq!(count(exact, &["a", "a", "b", "a", "b"]), Ok(2));
        let refused = Err(QueryError::TooManyRequests { limit: 2 });
        assert_eq!(count(exact, &["a", "a", "b", "c"]), refused);
    }

    #[test]
    fn duplicates_need_no_room() {
        let mut distinct = Distinct::new();
        for round in 0..1_000_000_u32 {
            distinct.push(1, u128::from(round % 1000));
        }
        assert!(distinct.seen.capacity() <= 4096, "{}", distinct.seen.capacity());
        let mut counter = Counter::new(Counting::default());
        for round in 0..1_000_000_u32 {
            counter.guids.push(1, u128::from(round));
        }
        let octets = counter.guids.seen.capacity() * size_of::<Seen>();
        assert!(octets <= 40 * 1_050_000, "{octets}");
    }
}
