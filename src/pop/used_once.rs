//! [`UsedOnce`]: a bounded memory of values that may be used once.
//!
//! A value is kept until the time it would be refused anyway, so the memory forgets on its own. When
//! it is full of values that still count, it refuses new ones: forgetting early would let a replay
//! through.
//!
//! It stands beside the [`Window`](super::Window) of proofs and is not replaced by it. What it holds
//! is little and comes from parties that were authenticated before: single-use nonces, codes,
//! factors, the `jti` of protocol 4. So it grows with what it holds instead of being laid out in
//! advance, takes values of any kind without a key (and leaves a seeded run's draws alone), and can
//! be asked without using anything up. It is for one owner at a time and a clock that never goes
//! back.

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};

use super::ProofError;
use crate::base::Timestamp;

/// Values used so far, each until its time.
#[derive(Clone, Debug)]
pub struct UsedOnce {
    capacity: usize,
    seen: BTreeMap<[u8; 16], Timestamp>,
    /// When old values were last taken out: once a second is enough, however often it is full.
    swept: Option<Timestamp>,
}

impl UsedOnce {
    /// A memory for at most `capacity` live values.
    #[must_use]
    pub const fn with_capacity(capacity: usize) -> Self {
        Self { capacity, seen: BTreeMap::new(), swept: None }
    }

    /// Whether `value` was used and still counts at `now`.
    #[must_use]
    pub fn contains(&self, value: &[u8], now: Timestamp) -> bool {
        self.seen.get(&tag(value)).is_some_and(|until| *until >= now)
    }

    /// Uses `value`, which would be refused after `until` anyway.
    ///
    /// # Errors
    /// [`ProofError::UsedBefore`], or [`ProofError::WindowFull`].
    pub fn use_up(
        &mut self,
        value: &[u8],
        until: Timestamp,
        now: Timestamp,
    ) -> Result<(), ProofError> {
        if self.contains(value, now) {
            return Err(ProofError::UsedBefore);
        }
        if self.seen.len() >= self.capacity && self.swept != Some(now) {
            self.seen.retain(|_, until| *until >= now);
            self.swept = Some(now);
        }
        if self.seen.len() >= self.capacity {
            return Err(ProofError::WindowFull);
        }
        self.seen.insert(tag(value), until);
        Ok(())
    }
}

/// The first 128 bits of SHA-256, so that an entry has a fixed size whatever was sent.
fn tag(value: &[u8]) -> [u8; 16] {
    let digest: [u8; 32] = Sha256::digest(value).into();
    let mut tag = [0; 16];
    tag.copy_from_slice(digest.split_at(16).0);
    tag
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(second: i64) -> Timestamp {
        Timestamp::from_unix(second)
    }

    #[test]
    fn a_value_is_good_once_until_its_time() {
        let mut used = UsedOnce::with_capacity(8);
        assert_eq!(used.use_up(b"n", at(10), at(0)), Ok(()));
        assert_eq!(used.use_up(b"n", at(10), at(10)), Err(ProofError::UsedBefore));
        assert_eq!(used.use_up(b"n", at(20), at(11)), Ok(()));
    }

    #[test]
    fn when_full_it_refuses_rather_than_forgets() {
        let mut used = UsedOnce::with_capacity(1);
        assert_eq!(used.use_up(b"a", at(10), at(0)), Ok(()));
        assert_eq!(used.use_up(b"b", at(10), at(5)), Err(ProofError::WindowFull));
        assert_eq!(used.use_up(b"b", at(20), at(11)), Ok(()));
    }
}
