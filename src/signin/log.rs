//! The sign-in log of a tenant.

use super::record::SignInRecord;
use crate::base::id::{CorrelationId, RequestId};

/// Records in the order in which they were written. Nothing is ever taken out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SignInLog {
    records: Vec<SignInRecord>,
}

impl SignInLog {
    /// A log without records.
    #[must_use]
    pub const fn new() -> Self {
        Self { records: Vec::new() }
    }

    /// Writes a record.
    pub fn push(&mut self, record: SignInRecord) {
        self.records.push(record);
    }

    /// The records, oldest first.
    pub fn iter(&self) -> std::slice::Iter<'_, SignInRecord> {
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
        self.records.last()
    }

    /// How many records there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.records.is_empty()
    }
}

impl<'l> IntoIterator for &'l SignInLog {
    type Item = &'l SignInRecord;
    type IntoIter = std::slice::Iter<'l, SignInRecord>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
