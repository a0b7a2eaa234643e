//! [`Ends`]: how many entries end in which second, so that time alone makes room.

use std::collections::BTreeMap;

/// Seconds ahead that are counted in place: more than any age of a proof in use.
const NEAR: usize = 512;

/// How many live entries end in each second from `front` on.
pub(super) struct Ends {
    front: u32,
    /// The next [`NEAR`] seconds, each at its number modulo [`NEAR`].
    near: Vec<u32>,
    /// Seconds after those.
    far: BTreeMap<u32, u32>,
}

impl Ends {
    pub(super) fn new() -> Self {
        Self { front: 0, near: vec![0; NEAR], far: BTreeMap::new() }
    }

    /// One more entry lives until the end of second `end`, which has not passed.
    pub(super) fn add(&mut self, end: u32) {
        self.add_many(end, 1);
    }

    fn add_many(&mut self, end: u32, count: u32) {
        match self.near.get_mut(end as usize % NEAR) {
            Some(near) if end.saturating_sub(self.front) < NEAR as u32 => *near += count,
            _ => *self.far.entry(end).or_default() += count,
        }
    }

    /// Lets time pass until `now`: how many entries ended before it.
    pub(super) fn pass(&mut self, now: u32) -> usize {
        if now <= self.front {
            return 0;
        }
        let mut over = 0;
        let passed = ((now - self.front) as usize).min(NEAR);
        for second in (self.front..).take(passed) {
            let near = self.near.get_mut(second as usize % NEAR);
            over += near.map_or(0, std::mem::take) as usize;
        }
        self.front = now;
        while let Some(first) = self.far.first_entry() {
            if *first.key() >= now.saturating_add(NEAR as u32) {
                break;
            }
            let (end, count) = first.remove_entry();
            if end < now {
                over += count as usize;
            } else {
                self.add_many(end, count);
            }
        }
        over
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_entry_ends_after_its_second() {
        let mut ends = Ends::new();
        for end in [3, 3, 4, 511, 512, 513, 5000, u32::MAX] {
            ends.add(end);
        }
        assert_eq!(ends.pass(3), 0);
        assert_eq!(ends.pass(4), 2);
        assert_eq!(ends.pass(4), 0);
        assert_eq!(ends.pass(2), 0);
        assert_eq!(ends.pass(513), 3);
        assert_eq!(ends.pass(514), 1);
        assert_eq!(ends.pass(5000), 0);
        assert_eq!(ends.pass(1_000_000), 1);
        assert_eq!(ends.pass(u32::MAX), 0);
    }

    #[test]
    fn a_second_far_ahead_is_counted_once_when_it_comes_near() {
        let mut ends = Ends::new();
        ends.add(1000);
        assert_eq!(ends.pass(600), 0);
        ends.add(1000);
        assert_eq!(ends.pass(1000), 0);
        assert_eq!(ends.pass(1001), 2);
    }
}
