//! [`Counts`]: roughly how often each key was accepted lately, in memory that does not grow.
//!
//! A count-min sketch with conservative update, as TinyLFU uses it (Einziger, Friedman and Manes,
//! "TinyLFU: A Highly Efficient Cache Admission Policy", 2017). The four counters of a key share one
//! line of the cache. An estimate is never too low but for ageing and for accepts at the same
//! instant; it is too high where all four counters are shared with keys that are used more.

use std::sync::atomic::{AtomicU8, Ordering::Relaxed};

/// Counters of a key, and groups of a line.
const ROWS: usize = 4;

/// Counters of a group: a key has one of them.
const GROUP: usize = 16;

#[derive(Debug)]
#[repr(C, align(64))]
struct Line([[AtomicU8; GROUP]; ROWS]);

/// Counters of accepts by the hash of a key.
#[derive(Debug)]
pub(super) struct Counts {
    lines: Box<[Line]>,
}

impl Counts {
    /// Counters for about this many keys.
    pub(super) fn for_keys(keys: usize) -> Self {
        let line = || Line(std::array::from_fn(|_| std::array::from_fn(|_| AtomicU8::new(0))));
        Self { lines: (0..Self::lines(keys)).map(|_| line()).collect() }
    }

    /// Octets that counters for this many keys take.
    pub(super) const fn octets(keys: usize) -> usize {
        Self::lines(keys) * size_of::<Line>()
    }

    const fn lines(keys: usize) -> usize {
        keys.saturating_mul(2).next_power_of_two()
    }

    /// Counts one accept and gives the new estimate.
    pub(super) fn add(&self, hash: u64) -> u8 {
        let estimate = self.of(hash);
        let next = estimate.saturating_add(1);
        for counter in self.counters(hash) {
            // Load and store, not one step: an accept lost to another thread does no harm.
            if counter.load(Relaxed) == estimate {
                counter.store(next, Relaxed);
            }
        }
        next
    }

    /// The estimate, at most 255.
    pub(super) fn of(&self, hash: u64) -> u8 {
        self.counters(hash).map(|counter| counter.load(Relaxed)).min().unwrap_or_default()
    }

    /// Halves all counters, so that what was used long ago counts less.
    pub(super) fn age(&self) {
        for counter in self.lines.iter().flat_map(|line| line.0.as_flattened()) {
            counter.store(counter.load(Relaxed) / 2, Relaxed);
        }
    }

    fn counters(&self, hash: u64) -> impl Iterator<Item = &AtomicU8> {
        let at = (hash >> 16) as usize & (self.lines.len() - 1);
        let groups = self.lines.get(at).into_iter().flat_map(|line| &line.0);
        let slots =
            hash.to_le_bytes().into_iter().take(2).flat_map(|octet| [octet & 15, octet >> 4]);
        groups.zip(slots).filter_map(|(group, slot)| group.get(usize::from(slot)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_up_to_255_and_ages() {
        let counts = Counts::for_keys(10);
        let added: Vec<u8> = (0..300).map(|_| counts.add(0x1234_5678_9abc)).collect();
        assert_eq!((added[0], added[1], added[254], added[299]), (1, 2, 255, 255));
        assert_eq!(counts.of(0x1234_5678_9abc), 255);
        counts.age();
        assert_eq!(counts.of(0x1234_5678_9abc), 127);
        assert_eq!(counts.of(0x1234_5679_9abc), 0);
    }

    #[test]
    fn one_shared_counter_raises_nothing() {
        let counts = Counts::for_keys(1);
        // Same line and same slot of the first group, other slots of the others.
        (0..9).for_each(|_| _ = counts.add(0x0001));
        assert_eq!(counts.of(0x2221), 0);
        assert_eq!(counts.add(0x2221), 1);
        assert_eq!((counts.of(0x0001), counts.of(0x2221)), (9, 1));
    }
}
