//! [`Window`]: the replay window of one server, in memory.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use super::{ReplayError, ReplayTag, ReplayWindow};
use crate::base::Timestamp;

/// A replay window in the memory of one server, bounded for ever by its capacity.
pub struct Window {
    capacity: usize,
    held: Mutex<Held>,
}

struct Held {
    latest: Timestamp,
    entries: BTreeMap<ReplayTag, Timestamp>,
}

impl Window {
    /// A window for at most `capacity` live entries.
    #[must_use]
    pub const fn with_capacity(capacity: usize) -> Self {
        let held = Held { latest: Timestamp::from_unix(i64::MIN), entries: BTreeMap::new() };
        Self { capacity, held: Mutex::new(held) }
    }
}

impl ReplayWindow for Window {
    fn test_and_set(
        &self,
        tag: ReplayTag,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<(), ReplayError> {
        // A thread that panicked held the lock for no half-done step.
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.latest = held.latest.max(now);
        let now = held.latest;
        // What may have been forgotten is refused, also when the clock is set back.
        if until < now || held.entries.get(&tag).is_some_and(|until| *until >= now) {
            return Err(ReplayError::Seen);
        }
        if held.entries.len() >= self.capacity {
            held.entries.retain(|_, until| *until >= now);
        }
        if held.entries.len() >= self.capacity {
            return Err(ReplayError::Full);
        }
        held.entries.insert(tag, until);
        Ok(())
    }
}
