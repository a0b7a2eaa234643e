//! [`KnownKeys`]: ES256 verification that is about three times faster for keys seen before.
//!
//! A device signs every request with the same key. Of ECDSA's u1 G + u2 Q the point G is always the
//! same, and for such a device so is Q: sums of multiples of both can be computed once.
//!
//! ```text
//! what            multiplications   of which
//! unknown key     about  3,600      255 doublings, 90 additions, two inversions; on ring
//! known key       about    610      7 doublings, 55 additions; and one inversion mod n
//! its table       about 12,000      248 doublings, 564 additions, 512 points made affine; once
//! ```
//!
//! ring's multiplication is faster than that of the Rust library under the tables, so the gain is
//! three to four times and not six; a table has paid for itself after about a dozen signatures.
//! Field and scalars are crrl's (`decisions.md` has the trials); formulas, combs and tables are ours.
//!
//! # Which keys
//!
//! ```text
//! accepts(key)   table? -> additions     no table, or undecided -> ring
//! accepted(key)  counts; at 8, 16, 32, .. accepts a key without a table is queued
//! maintain(n)    builds at most n tables of the queue, and ages the counts
//! ```
//!
//! A table is made only off the request's path, only for a key whose proofs passed every other check,
//! and only within the budget. When all room is taken, a key gets in that was accepted more than
//! twice as often lately as the least used of a sample, and at most one for every 256 accepts: a
//! crowd of strangers with a key each cannot drive honest keys out, and keys that are all used alike
//! do not push each other in and out for ever.
//!
//! # Security
//!
//! Everything here is public: keys, signatures, digests. Nothing signs and no time is constant. What
//! is accepted is exactly what ring accepts; sums that the formulas cannot do go to ring
//! (`signature.rs`, `point.rs`). The hash of keys is seeded, so nobody can aim at one shard or
//! counter; a table is used only where all 64 octets of the key are equal.
//!
//! What an attacker can still do: somebody who makes that many accepted requests under many keys
//! can hold as many tables, as anybody with that many requests can. The price is ring's speed.

mod budget;
mod comb;
mod counts;
mod point;
mod signature;
mod store;

#[cfg(test)]
mod equal;
#[cfg(test)]
mod promotion;

use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hasher as _};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crrl::p256::Point;
use rand::Rng;

use super::es256_backends::{Ring, VerifyEs256};
pub use budget::KnownKeysError;
use budget::{QUEUE, capacity, overhead};
use comb::{GeneratorComb, KeyComb};
use counts::Counts;
use signature::Verdict;
use store::{Coordinates, Store};

/// Accepts after which a table pays: less is not queued.
const WORTH: u8 = 8;

/// Accepts for each table that takes the place of another one.
const ACCEPTS_A_REPLACEMENT: u64 = 256;

/// Replacements that may be saved up.
const REPLACEMENTS_AT_ONCE: u64 = 32;

/// Accepts for each table of the capacity after which all counts are halved.
const ACCEPTS_A_TABLE: u64 = 64;

/// Whether tables are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TableUse {
    /// Every signature goes to ring, nothing is counted and no table is held.
    Off,
    /// Known keys have tables.
    On,
}

/// What the tables did so far, and what they hold now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct KnownKeysCounts {
    /// Signatures that a table decided.
    pub hits: u64,
    /// Signatures of keys without a table: ring decided.
    pub misses: u64,
    /// Signatures that a table could not decide: ring did. More than a few are somebody's attempt.
    pub undecided: u64,
    /// Full accepts that were counted.
    pub accepts: u64,
    /// Tables built.
    pub built: u64,
    /// Tables that made room for another one.
    pub replaced: u64,
    /// Tables held.
    pub held: usize,
    /// Octets held, bookkeeping and the generator's table included.
    pub octets: usize,
}

impl KnownKeysCounts {
    /// The part of signatures that a table decided, 0 to 1; 0 before the first one.
    #[must_use]
    pub fn hit_rate(&self) -> f64 {
        match self.hits + self.misses + self.undecided {
            0 => 0.0,
            all => self.hits as f64 / all as f64,
        }
    }
}

/// The verification backend with tables of multiples for keys that come again.
///
/// Shared by all threads of a server. Verifying takes no allocation and one lock for reading, which
/// is held by a writer only while a finished table is put in its place.
///
/// **Shape and units**: the budget is in octets and covers tables (32 KiB and 256 octets a key), the
/// generator's table (192 KiB), counters and queue. It is a hard limit.
///
/// # Example
/// ```
/// use token_protection_lab::base::stream::Seed;
/// use token_protection_lab::jose::{KnownKeys, Signer as _, SigningKey, VerifyEs256 as _};
///
/// let mut rng = Seed(1).stream("server");
/// let keys = KnownKeys::with_budget(64 << 20, &mut rng)?;
/// let device = SigningKey::generate(&mut rng);
/// let key = device.public_key().to_sec1();
/// for n in 0..10_u8 {
///     let signature = device.sign(&[n])?.try_into().unwrap_or([0; 64]);
///     assert!(keys.accepts(&key, &[n], &signature));
///     keys.accepted(&key); // and whatever else the server checks was right
///     keys.maintain(16); // on another thread, now and then
/// }
/// assert_eq!((keys.counts().misses, keys.counts().hits), (8, 2));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct KnownKeys {
    generator: GeneratorComb,
    seed: [u64; 2],
    on: AtomicBool,
    store: Store,
    counts: Counts,
    queue: Mutex<VecDeque<Coordinates>>,
    upkeep: Mutex<Upkeep>,
    built: AtomicU64,
    replaced: AtomicU64,
}

/// What only [`KnownKeys::maintain`] needs.
#[derive(Default)]
struct Upkeep {
    /// Where the search for the least used key goes on.
    hand: u64,
    /// Accepts that were paid for replacements.
    paid: u64,
    /// Accepts at the last ageing.
    aged: u64,
}

impl KnownKeys {
    /// No tables yet, and room for as many as the budget holds.
    ///
    /// `rng` seeds the hash of keys; computes the generator's table, which takes milliseconds.
    ///
    /// # Errors
    /// `jose.budget_too_small` below about 600 KiB.
    pub fn with_budget(budget: usize, rng: &mut impl Rng) -> Result<Self, KnownKeysError> {
        let least = overhead(1) + store::OCTETS_A_KEY;
        let capacity = capacity(budget);
        let generator = GeneratorComb::of(Point::BASE).filter(|_| capacity > 0);
        let generator = generator.ok_or(KnownKeysError::BudgetTooSmall { budget, least })?;
        Ok(Self {
            generator,
            seed: [rng.next_u64(), rng.next_u64()],
            on: AtomicBool::new(true),
            store: Store::with_capacity(capacity),
            counts: Counts::for_keys(capacity),
            queue: Mutex::new(VecDeque::with_capacity(QUEUE)),
            upkeep: Mutex::default(),
            built: AtomicU64::new(0),
            replaced: AtomicU64::new(0),
        })
    }

    /// How many tables the budget holds.
    #[must_use]
    pub const fn capacity(&self) -> usize {
        self.store.capacity()
    }

    /// Turns tables off, which frees them, or on again.
    pub fn switch(&self, to: TableUse) {
        // Under the lock of `maintain`, so that none is put in after they were freed.
        let _upkeep = lock(&self.upkeep);
        self.on.store(to == TableUse::On, Relaxed);
        if to == TableUse::Off {
            lock(&self.queue).clear();
            self.store.clear();
        }
    }

    /// Whether tables are used.
    #[must_use]
    pub fn table_use(&self) -> TableUse {
        if self.on.load(Relaxed) { TableUse::On } else { TableUse::Off }
    }

    /// Builds at most this many tables for queued keys, and ages the counts when it is time.
    ///
    /// Gives how many were built: as many as asked for means that more may wait. A table takes a third
    /// of a millisecond, so this belongs on a thread of its own or in an idle moment. A second caller
    /// at the same time gets 0.
    pub fn maintain(&self, at_most: usize) -> usize {
        let Ok(mut upkeep) = self.upkeep.try_lock() else { return 0 };
        if self.table_use() == TableUse::Off {
            return 0;
        }
        let accepts = self.accepts_so_far();
        if accepts - upkeep.aged >= ACCEPTS_A_TABLE * self.capacity() as u64 {
            upkeep.aged = accepts;
            self.counts.age();
        }
        let saved_up = REPLACEMENTS_AT_ONCE * ACCEPTS_A_REPLACEMENT;
        upkeep.paid = upkeep.paid.max(accepts.saturating_sub(saved_up));
        let mut built = 0;
        while built < at_most {
            let Some(key) = lock(&self.queue).pop_front() else { break };
            built += usize::from(self.promote(&key, &mut upkeep, accepts));
        }
        built
    }

    /// What the tables did so far.
    #[must_use]
    pub fn counts(&self) -> KnownKeysCounts {
        let mut counts = KnownKeysCounts {
            built: self.built.load(Relaxed),
            replaced: self.replaced.load(Relaxed),
            held: self.store.held(),
            octets: overhead(self.capacity()) + self.store.held() * store::OCTETS_A_KEY,
            ..KnownKeysCounts::default()
        };
        for shard in self.store.shards() {
            counts.hits += shard.hits.load(Relaxed);
            counts.misses += shard.misses.load(Relaxed);
            counts.undecided += shard.undecided.load(Relaxed);
            counts.accepts += shard.accepts.load(Relaxed);
        }
        counts
    }

    fn accepts_so_far(&self) -> u64 {
        self.store.shards().iter().map(|shard| shard.accepts.load(Relaxed)).sum()
    }

    /// Makes a table for a key that deserves one, in free room or in place of one used less.
    fn promote(&self, key: &Coordinates, upkeep: &mut Upkeep, accepts: u64) -> bool {
        let hash = self.hash(key);
        // Another key with this hash, one in 2^64, stays with ring.
        if self.store.shard(hash).is_none_or(|shard| shard.holds(hash)) {
            return false;
        }
        let replaces = if self.store.held() < self.capacity() {
            None
        } else {
            if accepts - upkeep.paid < ACCEPTS_A_REPLACEMENT {
                return false;
            }
            let least = self.store.least(&mut upkeep.hand, |hash| self.counts.of(hash));
            match least {
                Some((hash_of_least, count)) if self.counts.of(hash) / 2 > count => {
                    Some(hash_of_least)
                }
                _ => return false,
            }
        };
        // INVARIANT: `accepted` is told of keys that verified, so this is a point of the curve;
        // whoever told it another one gets no table.
        let Some(comb) = point(key).and_then(KeyComb::of) else { return false };
        if let Some(hash) = replaces {
            self.store.remove(hash);
            self.replaced.fetch_add(1, Relaxed);
            upkeep.paid += ACCEPTS_A_REPLACEMENT;
        }
        self.store.insert(hash, *key, comb);
        self.built.fetch_add(1, Relaxed);
        true
    }

    fn hash(&self, key: &Coordinates) -> u64 {
        // SipHash with a secret in front: whoever chooses keys does not know where they fall.
        let mut hasher = DefaultHasher::new();
        self.seed.iter().for_each(|word| hasher.write_u64(*word));
        hasher.write(key);
        hasher.finish()
    }
}

impl VerifyEs256 for KnownKeys {
    fn accepts(&self, key: &[u8; 65], message: &[u8], signature: &[u8; 64]) -> bool {
        let known = || {
            let coordinates = coordinates(key).filter(|_| self.on.load(Relaxed))?;
            let hash = self.hash(coordinates);
            let shard = self.store.shard(hash)?;
            let verdict = shard.with(hash, coordinates, |comb| {
                signature::verify(&self.generator, comb, message, signature)
            });
            let counter = match verdict {
                Some(Verdict::Accepted | Verdict::Refused) => &shard.hits,
                Some(Verdict::Undecided) => &shard.undecided,
                None => &shard.misses,
            };
            counter.fetch_add(1, Relaxed);
            verdict
        };
        match known() {
            Some(Verdict::Accepted) => true,
            Some(Verdict::Refused) => false,
            Some(Verdict::Undecided) | None => Ring.accepts(key, message, signature),
        }
    }

    fn accepted(&self, key: &[u8; 65]) {
        let Some(key) = coordinates(key).filter(|_| self.on.load(Relaxed)) else { return };
        let hash = self.hash(key);
        let Some(shard) = self.store.shard(hash) else { return };
        shard.accepts.fetch_add(1, Relaxed);
        let count = self.counts.add(hash);
        if count >= WORTH && count.is_power_of_two() && !shard.holds(hash) {
            // Nobody waits here: a key that is used will be counted again.
            if let Ok(mut queue) = self.queue.try_lock()
                && queue.len() < QUEUE
            {
                queue.push_back(*key);
            }
        }
    }
}

impl std::fmt::Debug for KnownKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "KnownKeys({} of {} tables)", self.store.held(), self.capacity())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// x and y of an uncompressed point.
fn coordinates(key: &[u8; 65]) -> Option<&Coordinates> {
    let [4, ..] = key else { return None };
    key.last_chunk()
}

/// The point, if it is one of the curve.
fn point(key: &Coordinates) -> Option<Point> {
    let mut sec1 = [4; 65];
    *sec1.last_chunk_mut()? = *key;
    Point::decode(&sec1)
}
