//! [`Table`]: where the entries of one shard lie.
//!
//! A line holds three entries in 64 octets, which is what a processor reads at once. A tag names two
//! lines that lie near each other, so an entry is in one of them or in the short list of strays, and
//! looking there is looking everywhere. An entry whose time is over leaves its place to the next one
//! without being removed first. When both lines are full, an entry of one of them moves to its own
//! other line (cuckoo hashing), and so on for a bounded number of moves.

use super::ReplayTag;

/// Octets and entries of a line: three tags of 16 octets, three ends of 4, and 4 octets to spare.
const LINE_WORDS: usize = 8;
const SLOTS: usize = 3;
/// Lines are made for 72 live entries in 100 places. At 80 the moves become longer, and with fewer
/// an entry takes more than 32 octets.
const LOAD_PERCENT: usize = 72;
/// The two lines of a tag are at most so far apart: 16 KiB, so that they mostly share a page-table
/// entry, and far enough that a crowded stretch spreads.
const SPAN: usize = 256;
/// After so many moves the last entry becomes a stray. Ten million entries took 28 at most.
const MOVES: usize = 128;
/// Strays are expected never; a table that has so many takes no more.
const STRAYS: usize = 64;

type Line = [u64; LINE_WORDS];

/// A tag and the last second it is remembered, counted from the base of its shard; 0 is free.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) tag: Tag,
    pub(super) end: u32,
}

/// A [`ReplayTag`] as two words. All its bits are as good as random, so some of them choose a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tag([u64; 2]);

impl Tag {
    pub(super) const fn of(tag: ReplayTag) -> Self {
        let whole = u128::from_le_bytes(*tag.as_bytes());
        Self([whole as u64, (whole >> 64) as u64])
    }

    /// A number below `of`, from the bits that [`Table::lines_of`] does not use.
    pub(super) const fn share(self, of: usize) -> usize {
        let [first, _] = self.0;
        scale(first >> 32, of)
    }

    /// Where to begin when one of a line has to move.
    const fn turn(self) -> usize {
        let [_, second] = self.0;
        (second >> 48) as usize
    }
}

/// What was found at the two lines of a tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// Both lines are full of live entries; this is the first of them.
    Crowded(usize),
    /// A free slot.
    Free(usize, usize),
    /// The tag is there and its time is not over.
    Seen,
}

/// All places are taken, and no move helped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NoRoom;

/// The places of one shard. Memory is asked for once; the system hands out its pages as they are
/// first used.
pub(super) struct Table {
    words: Vec<u64>,
    /// Words before the first line, which begins at a multiple of 64 octets.
    skip: usize,
    lines: usize,
    strays: Vec<Entry>,
}

impl Table {
    /// A table made for `entries` live entries.
    pub(super) fn for_entries(entries: usize) -> Self {
        let slots = entries.saturating_mul(100).div_ceil(LOAD_PERCENT);
        let lines = slots.div_ceil(SLOTS).max(1);
        let words = vec![0; lines.saturating_add(1).saturating_mul(LINE_WORDS)];
        let skip = words.as_ptr().align_offset(LINE_WORDS * 8).min(LINE_WORDS);
        Self { words, skip, lines, strays: Vec::new() }
    }

    /// Looks for a live entry with this tag, or a place for one.
    #[inline]
    pub(super) fn look(&self, tag: Tag, now: u32) -> Look {
        let (first, second) = self.lines_of(tag);
        let (here, there) = (scan(self.line(first), tag, now), scan(self.line(second), tag, now));
        let stray = !self.strays.is_empty()
            && self.strays.iter().any(|stray| stray.tag == tag && stray.end >= now);
        if here.seen | there.seen | stray {
            return Look::Seen;
        }
        // The emptier of the two, so that lines fill evenly.
        let (line, found) = if there.free > here.free { (second, there) } else { (first, here) };
        if found.free == 0 { Look::Crowded(first) } else { Look::Free(line, found.slot) }
    }

    /// Enters an entry where [`Table::look`] said.
    pub(super) fn enter(&mut self, entry: Entry, at: Look, now: u32) -> Result<(), NoRoom> {
        match at {
            Look::Free(line, slot) => put(self.line_mut(line), slot, entry),
            Look::Crowded(line) => self.make_room(entry, line, now)?,
            Look::Seen => {}
        }
        Ok(())
    }

    /// Puts `entry` in the place of another, which goes to its other line, and so on.
    fn make_room(&mut self, mut entry: Entry, mut at: usize, now: u32) -> Result<(), NoRoom> {
        self.strays.retain(|stray| stray.end >= now);
        if self.strays.len() >= STRAYS {
            return Err(NoRoom);
        }
        for step in 0..MOVES {
            let slot = (entry.tag.turn() + step) % SLOTS;
            entry = replace(self.line_mut(at), slot, entry);
            let (first, second) = self.lines_of(entry.tag);
            at = if at == first { second } else { first };
            let found = scan(self.line(at), entry.tag, now);
            if found.free > 0 {
                put(self.line_mut(at), found.slot, entry);
                return Ok(());
            }
        }
        // The last one moved has no place: nothing that is alive is ever dropped.
        self.strays.push(entry);
        Ok(())
    }

    /// The two lines where an entry with this tag may lie.
    #[inline]
    fn lines_of(&self, tag: Tag) -> (usize, usize) {
        let [low, high] = tag.0;
        let first = scale(low & 0xffff_ffff, self.lines);
        let away = 1 + scale(high & 0xffff_ffff, SPAN.min(self.lines.saturating_sub(1)));
        let second = first + away;
        (first, if second >= self.lines { second - self.lines } else { second })
    }

    #[inline]
    fn line(&self, at: usize) -> &Line {
        // INVARIANT: `at` comes from `lines_of`, below `lines`, and the words reach as far.
        #[expect(clippy::indexing_slicing, reason = "see above")]
        &self.words[self.skip..].as_chunks().0[at]
    }

    #[inline]
    fn line_mut(&mut self, at: usize) -> &mut Line {
        // INVARIANT: as in `line`.
        #[expect(clippy::indexing_slicing, reason = "see above")]
        &mut self.words[self.skip..].as_chunks_mut().0[at]
    }
}

/// `number` of 32 bits, brought below `of` without a division.
#[inline]
const fn scale(number: u64, of: usize) -> usize {
    ((number as u128 * of as u128) >> 32) as usize
}

struct Scan {
    seen: bool,
    free: usize,
    /// A free slot, if there is one.
    slot: usize,
}

/// Reads a whole line; what it finds decides no branch.
#[inline]
fn scan(line: &Line, tag: Tag, now: u32) -> Scan {
    let [a0, a1, b0, b1, c0, c1, ends, last] = *line;
    let ends = [ends as u32, (ends >> 32) as u32, last as u32];
    let mut found = Scan { seen: false, free: 0, slot: 0 };
    for (slot, (words, end)) in [[a0, a1], [b0, b1], [c0, c1]].into_iter().zip(ends).enumerate() {
        let over = end < now;
        found.seen |= !over & (words == tag.0);
        found.free += usize::from(over);
        found.slot = if over { slot } else { found.slot };
    }
    found
}

fn put(line: &mut Line, slot: usize, entry: Entry) {
    replace(line, slot, entry);
}

fn replace(line: &mut Line, slot: usize, entry: Entry) -> Entry {
    let [a0, a1, b0, b1, c0, c1, ends, last] = line;
    let (tag, ends, shift) = match slot {
        0 => ([a0, a1], ends, 0),
        1 => ([b0, b1], ends, 32),
        _ => ([c0, c1], last, 0),
    };
    let old = Entry { tag: Tag([*tag[0], *tag[1]]), end: (*ends >> shift) as u32 };
    let [first, second] = entry.tag.0;
    *tag[0] = first;
    *tag[1] = second;
    *ends = (*ends & !(0xffff_ffff << shift)) | (u64::from(entry.end) << shift);
    old
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A tag whose two lines are `first` and the next, in a table of `lines`.
    fn crafted(first: usize, lines: usize, number: u64) -> Tag {
        let low = ((first as u64) << 32).div_ceil(lines as u64);
        Tag([low | number << 32, number << 40])
    }

    fn enter(table: &mut Table, tag: Tag, end: u32, now: u32) -> Result<(), NoRoom> {
        let at = table.look(tag, now);
        assert_ne!(at, Look::Seen);
        table.enter(Entry { tag, end }, at, now)
    }

    #[test]
    fn an_entry_is_one_cache_line_away() {
        let table = Table::for_entries(1000);
        assert_eq!(table.line(0).as_ptr() as usize % 64, 0);
        assert_eq!(table.lines, 463);
        assert_eq!(table.words.len(), 464 * 8);
    }

    #[test]
    fn all_128_bits_are_compared_and_the_last_second_counts() {
        let mut table = Table::for_entries(6);
        let tag = Tag([0x0123_4567_89ab_cdef; 2]);
        enter(&mut table, tag, 10, 1).unwrap();
        assert_eq!(table.look(tag, 10), Look::Seen);
        assert_ne!(table.look(tag, 11), Look::Seen);
        for bit in 0..128 {
            let mut other = tag;
            other.0[bit / 64] ^= 1 << (bit % 64);
            assert_ne!(table.look(other, 1), Look::Seen, "{bit}");
        }
    }

    #[test]
    fn tags_that_crowd_two_lines_move_and_then_stray_and_are_never_lost() {
        let mut table = Table::for_entries(2160);
        let lines = table.lines;
        let tags: Vec<_> = (0..1000).map(|number| crafted(500, lines, number)).collect();
        let mut entered = tags.clone();
        let room = tags.iter().take_while(|tag| enter(&mut table, **tag, 100, 1).is_ok()).count();
        entered.truncate(room);
        // Two lines of three, and the strays.
        assert_eq!(entered.len(), 2 * SLOTS + STRAYS);
        assert!(entered.iter().all(|tag| table.look(*tag, 100) == Look::Seen));
        // Refused ones left no trace, and others find room elsewhere.
        assert!(tags[room..].iter().all(|tag| table.look(*tag, 1) != Look::Seen));
        assert_eq!(enter(&mut table, crafted(7, lines, 1), 100, 1), Ok(()));
        // Their time over, the strays make room too.
        for tag in &tags[200..200 + room] {
            assert_eq!(enter(&mut table, *tag, 200, 101), Ok(()));
        }
        assert!(entered.iter().all(|tag| table.look(*tag, 101) != Look::Seen));
    }

    #[test]
    fn a_moved_entry_is_found_in_its_other_line() {
        let mut table = Table::for_entries(2160);
        let lines = table.lines;
        // Three of lines 501 and 502 come first; six of lines 500 and 501 have to push them on.
        let movable: Vec<_> = (0..3).map(|number| crafted(501, lines, number)).collect();
        let tags: Vec<_> = (10..16).map(|number| crafted(500, lines, number)).collect();
        for tag in movable.iter().chain(&tags) {
            enter(&mut table, *tag, 9, 1).unwrap();
        }
        assert!(table.strays.is_empty(), "nine entries have room in three lines");
        assert!(movable.iter().chain(&tags).all(|tag| table.look(*tag, 9) == Look::Seen));
    }
}
