//! [`Store`]: the tables that are held, found by a seeded hash of the key.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::comb::KeyComb;

/// x and y of a key.
pub(super) type Coordinates = [u8; 64];

/// More than threads that verify at once on one machine.
const SHARDS: usize = 1 << (64 - SHIFT);

/// The bits above choose the shard, so shards are in the order of hashes.
const SHIFT: u32 = 58;

/// Keys looked at in search of the one used least.
const SAMPLE: usize = 32;

/// What a held key takes: the table, the key, its place in the tree at half-full nodes, the header of
/// the allocation.
pub(super) const OCTETS_A_KEY: usize = KeyComb::OCTETS + 256;

/// Tables by the hash of their key.
#[derive(Default)]
struct Tables(BTreeMap<u64, Known>);

struct Known {
    key: Coordinates,
    comb: KeyComb,
}

/// One part of the store. Aligned so that threads at different shards share no line of the cache.
#[derive(Default)]
#[repr(align(128))]
pub(super) struct Shard {
    tables: RwLock<Tables>,
    pub(super) accepts: AtomicU64,
    pub(super) hits: AtomicU64,
    pub(super) misses: AtomicU64,
    pub(super) undecided: AtomicU64,
}

/// A bounded number of tables.
pub(super) struct Store {
    shards: Box<[Shard]>,
    held: AtomicUsize,
    capacity: usize,
}

impl Store {
    pub(super) fn with_capacity(capacity: usize) -> Self {
        let shards = (0..SHARDS).map(|_| Shard::default()).collect();
        Self { shards, held: AtomicUsize::new(0), capacity }
    }

    /// Octets of the shards themselves.
    pub(super) const fn octets() -> usize {
        SHARDS * size_of::<Shard>()
    }

    pub(super) const fn capacity(&self) -> usize {
        self.capacity
    }

    pub(super) fn held(&self) -> usize {
        self.held.load(Relaxed)
    }

    pub(super) const fn shards(&self) -> &[Shard] {
        &self.shards
    }

    /// The shard of a hash: by its high bits, since counters use the low ones.
    pub(super) fn shard(&self, hash: u64) -> Option<&Shard> {
        self.shards.get((hash >> SHIFT) as usize)
    }

    /// Keeps a table. The caller has made room.
    pub(super) fn insert(&self, hash: u64, key: Coordinates, comb: KeyComb) {
        let Some(shard) = self.shard(hash) else { return };
        if shard.write().0.insert(hash, Known { key, comb }).is_none() {
            self.held.fetch_add(1, Relaxed);
        }
    }

    pub(super) fn remove(&self, hash: u64) {
        let Some(shard) = self.shard(hash) else { return };
        let removed = shard.write().0.remove(&hash);
        if removed.is_some() {
            self.held.fetch_sub(1, Relaxed);
        }
    }

    pub(super) fn clear(&self) {
        for shard in &self.shards {
            let tables = std::mem::take(&mut *shard.write());
            self.held.fetch_sub(tables.0.len(), Relaxed);
        }
    }

    /// The held key with the lowest `count` among the next ones after `hand`, which moves on.
    pub(super) fn least(&self, hand: &mut u64, count: impl Fn(u64) -> u8) -> Option<(u64, u8)> {
        let mut seen = 0;
        let mut least = None;
        // Once round, and a bit: the shard where the hand stands is read from there, then whole.
        for _ in 0..=SHARDS {
            let tables = self.shard(*hand)?.read();
            for (&hash, _) in tables.0.range(*hand..).take(SAMPLE - seen) {
                let count = count(hash);
                if least.is_none_or(|(_, lowest)| count < lowest) {
                    least = Some((hash, count));
                }
                seen += 1;
                *hand = hash.wrapping_add(1);
            }
            if seen >= SAMPLE {
                break;
            }
            *hand = ((*hand >> SHIFT) + 1) << SHIFT;
        }
        least
    }
}

impl Shard {
    /// What `read` makes of the table of a key; nothing if there is none.
    ///
    /// The lock is held meanwhile: two atomic steps a verification, where a count of references
    /// would add two more, and a writer waits for one verification at most.
    pub(super) fn with<T>(
        &self,
        hash: u64,
        key: &Coordinates,
        read: impl FnOnce(&KeyComb) -> T,
    ) -> Option<T> {
        let tables = self.read();
        let known = tables.0.get(&hash).filter(|known| known.key == *key)?;
        Some(read(&known.comb))
    }

    pub(super) fn holds(&self, hash: u64) -> bool {
        self.read().0.contains_key(&hash)
    }

    fn read(&self) -> RwLockReadGuard<'_, Tables> {
        self.tables.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Tables> {
        self.tables.write().unwrap_or_else(PoisonError::into_inner)
    }
}
