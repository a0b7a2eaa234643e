//! The sign-in log of a tenant.

use std::collections::{VecDeque, vec_deque};

use super::record::SignInRecord;
use crate::base::id::{CorrelationId, RequestId};

/// The newest records, in the order in which they were written. When the log is full, the oldest
/// record makes room and is counted: whoever wants all of them reads them while they come, as with
/// the real log, which keeps 7 or 30 days.
#[derive(Clone, Debug, PartialEq)]
pub struct SignInLog {
    records: VecDeque<SignInRecord>,
    capacity: usize,
    dropped: u64,
}

impl SignInLog {
    /// How many records a log keeps that was not told otherwise. A record takes a few kilobytes, so
    /// a provider that runs for months stays below some 50 MB, and every scenario fits many times.
    pub const DEFAULT_CAPACITY: usize = 10_000;

    /// A log without records that keeps [`Self::DEFAULT_CAPACITY`] of them.
    #[must_use]
    pub const fn new() -> Self {
        Self::with_capacity(Self::DEFAULT_CAPACITY)
    }

    /// A log without records that keeps at most `capacity`, and at least one.
    #[must_use]
    pub const fn with_capacity(capacity: usize) -> Self {
        let capacity = if capacity == 0 { 1 } else { capacity };
        Self { records: VecDeque::new(), capacity, dropped: 0 }
    }

    /// Writes a record.
    pub fn push(&mut self, record: SignInRecord) {
        if self.records.len() >= self.capacity {
            self.records.pop_front();
            self.dropped += 1;
        }
        self.records.push_back(record);
    }

    /// The records, oldest first.
    pub fn iter(&self) -> vec_deque::Iter<'_, SignInRecord> {
        self.records.iter()
    }

    /// The record of a request.
    #[must_use]
    pub fn find(&self, id: RequestId) -> Option<&SignInRecord> {
        self.iter().find(|record| record.id == id)
    }

    /// All records of one sign-in, oldest first.
    pub fn of_sign_in(&self, id: CorrelationId) -> impl Iterator<Item = &SignInRecord> {
        self.iter().filter(move |record| record.correlation_id == id)
    }

    /// The newest record.
    #[must_use]
    pub fn last(&self) -> Option<&SignInRecord> {
        self.records.back()
    }

    /// How many records there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// How many records made room for newer ones.
    #[must_use]
    pub const fn dropped(&self) -> u64 {
        self.dropped
    }
}

impl Default for SignInLog {
    fn default() -> Self {
        Self::new()
    }
}

impl<'l> IntoIterator for &'l SignInLog {
    type Item = &'l SignInRecord;
    type IntoIter = vec_deque::Iter<'l, SignInRecord>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
