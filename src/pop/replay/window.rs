//! [`Window`]: the replay window of one server, in memory.

use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use super::ends::Ends;
use super::table::{Entry, Look, NoRoom, Table, Tag};
use super::{ReplayError, ReplayTag, ReplayWindow};
use crate::base::Timestamp;

/// At most so many locks; more threads than that rarely use one window at once.
const MOST_SHARDS: usize = 64;
/// A shard is worth having from so many entries on. Then none gets so much more than its share that
/// its places run out.
const LEAST_SHARD: usize = 8192;

/// A replay window in the memory of one server, bounded for ever by its capacity.
///
/// It takes as many live entries as it was made for, in 30 octets each, and refuses more with
/// [`ReplayError::Full`]; none is forgotten early. An entry is live up to and including its `until`.
/// Afterwards its place is reused; nothing ever scans for old entries, and no insert waits for a
/// table to grow. Memory is asked for when the window is made, and taken from the system page by
/// page as entries come.
///
/// # Security
/// The window goes by the latest time that it was ever shown. If the clock is set back, proofs whose
/// time was over by the later clock are refused as [`ReplayError::Seen`]: they may have been used
/// and forgotten. A clock that ran far ahead by mistake therefore costs refusals until the time it
/// showed, or a new window. A new window (a restarted server) remembers nothing: until the greatest
/// age of a proof has passed, nonces of a new key are what protects it.
///
/// Places follow from the keyed tag, which no sender can choose. Should places run out all the same
/// before the capacity is reached, the answer is [`ReplayError::Full`] too.
///
/// # Example
/// ```
/// use token_protection_lab::base::{Lifetime, Timestamp, stream::Seed};
/// use token_protection_lab::jose::JwkThumbprint;
/// use token_protection_lab::pop::{ReplayError, ReplayKey, ReplayWindow, Window};
///
/// let window = Window::with_capacity(100_000);
/// let key = ReplayKey::generate(&mut Seed(1).stream("replay"));
/// let jkt: JwkThumbprint = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I".parse()?;
/// let (iat, now) = (Timestamp::from_unix(1_760_000_000), Timestamp::from_unix(1_760_000_002));
/// let until = iat + Lifetime::from_secs(300);
///
/// let tag = key.tag(&jkt, b"-BwC3ESc6acc2lTc");
/// assert_eq!(window.test_and_set(tag, until, now), Ok(()));
/// assert_eq!(window.test_and_set(tag, until, now), Err(ReplayError::Seen));
/// # Ok::<(), token_protection_lab::jose::Error>(())
/// ```
pub struct Window {
    capacity: usize,
    shards: Box<[Padded<Mutex<Shard>>]>,
    /// Live entries of all shards, and those that ended unnoticed since a shard was last used.
    live: Padded<AtomicUsize>,
    /// The latest time shown, as seconds since the epoch.
    latest: Padded<AtomicI64>,
    /// All shards have let time pass until here.
    passed: AtomicI64,
}

/// Alone on its cache lines, so that threads do not disturb each other.
#[repr(align(128))]
struct Padded<T>(T);

struct Shard {
    /// The first time shown. Ends are counted from here on, and from one, since zero is a free place.
    base: Option<i64>,
    table: Table,
    ends: Ends,
}

impl Window {
    /// A window for `capacity` live entries, with as many shards as are good for that many.
    #[must_use]
    pub fn with_capacity(capacity: usize) -> Self {
        let shards = (capacity / LEAST_SHARD).clamp(1, MOST_SHARDS);
        Self::with_shards(capacity, 1 << shards.ilog2())
    }

    /// A window for `capacity` live entries behind `shards` locks, at least one. The number changes
    /// how many threads can use it at once, and no answer.
    #[must_use]
    pub fn with_shards(capacity: usize, shards: usize) -> Self {
        let shards = shards.max(1);
        let shard = || Shard {
            base: None,
            table: Table::for_entries(capacity.div_ceil(shards)),
            ends: Ends::new(),
        };
        Self {
            capacity,
            shards: (0..shards).map(|_| Padded(Mutex::new(shard()))).collect(),
            live: Padded(AtomicUsize::new(0)),
            latest: Padded(AtomicI64::new(i64::MIN)),
            passed: AtomicI64::new(i64::MIN),
        }
    }

    /// How many live entries it takes.
    #[must_use]
    pub const fn capacity(&self) -> usize {
        self.capacity
    }

    /// The latest time shown, `now` included.
    ///
    /// Called with a shard locked: whoever let time pass in that shard showed its time before, so
    /// what is forgotten there is over by the time that is returned.
    fn latest(&self, now: Timestamp) -> i64 {
        let (now, shown) = (now.as_unix(), self.latest.0.load(Ordering::Relaxed));
        if now <= shown { shown } else { self.latest.0.fetch_max(now, Ordering::Relaxed).max(now) }
    }

    /// Takes a place in the count of live entries, if there is one.
    fn reserve(&self) -> bool {
        let more = |live| (live < self.capacity).then_some(live + 1);
        self.live.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).is_ok()
    }

    fn release(&self, entries: usize) {
        if entries > 0 {
            self.live.0.fetch_sub(entries, Ordering::Relaxed);
        }
    }

    /// Lets time pass in all shards, so that the count has live entries only. Once a second at most,
    /// however many find the window full.
    fn pass_everywhere(&self, now: Timestamp) -> bool {
        let mut until = i64::MAX;
        if self.passed.load(Ordering::Relaxed) >= self.latest(now) {
            return false;
        }
        for shard in &self.shards {
            let mut shard = lock(shard);
            let latest = self.latest(now);
            self.release(shard.pass(latest));
            until = until.min(latest);
        }
        self.passed.fetch_max(until, Ordering::Relaxed);
        true
    }
}

impl ReplayWindow for Window {
    fn test_and_set(
        &self,
        tag: ReplayTag,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<(), ReplayError> {
        let tag = Tag::of(tag);
        // INVARIANT: there is at least one shard, and a share is below their number.
        #[expect(clippy::indexing_slicing, reason = "see above")]
        let shard = &self.shards[tag.share(self.shards.len())];
        loop {
            let mut held = lock(shard);
            let latest = self.latest(now);
            if until.as_unix() < latest {
                return Err(ReplayError::Seen);
            }
            self.release(held.pass(latest));
            let now_in_shard = held.offset(latest);
            let found = held.table.look(tag, now_in_shard);
            if found == Look::Seen {
                return Err(ReplayError::Seen);
            }
            if self.reserve() {
                let end = held.offset(until.as_unix());
                return held.enter(Entry { tag, end }, found, now_in_shard).map_err(|NoRoom| {
                    self.release(1);
                    ReplayError::Full
                });
            }
            drop(held);
            if !self.pass_everywhere(now) {
                return Err(ReplayError::Full);
            }
        }
    }
}

/// Shows no entry.
impl std::fmt::Debug for Window {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Window")
            .field("capacity", &self.capacity)
            .field("shards", &self.shards.len())
            .finish_non_exhaustive()
    }
}

impl Shard {
    /// Lets time pass until `latest`: how many entries ended before it.
    fn pass(&mut self, latest: i64) -> usize {
        let now = self.offset(latest);
        self.ends.pass(now)
    }

    /// Seconds from the base, from 1 on. What lies 136 years or more ahead counts as never: it stays.
    fn offset(&mut self, time: i64) -> u32 {
        let base = *self.base.get_or_insert(time);
        u32::try_from(time.saturating_sub(base).saturating_add(1)).unwrap_or(u32::MAX)
    }

    fn enter(&mut self, entry: Entry, at: Look, now: u32) -> Result<(), NoRoom> {
        self.table.enter(entry, at, now)?;
        self.ends.add(entry.end);
        Ok(())
    }
}

/// A poisoned lock is taken all the same: no step leaves a shard half done.
fn lock(shard: &Padded<Mutex<Shard>>) -> std::sync::MutexGuard<'_, Shard> {
    shard.0.lock().unwrap_or_else(PoisonError::into_inner)
}
