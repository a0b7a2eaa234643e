//! Graph beta `signIn`: the shape that [`SignInRecord`] itself has, with conditions by name.
//!
//! # Source
//! conditional-access 5.1; Graph beta `signIn`.

use serde::{Serialize, Serializer};

use super::record::SignInRecord;

/// A record as `GET /auditLogs/signIns` lists it.
#[derive(Clone, Copy, Debug)]
pub struct SignIn<'r>(&'r SignInRecord);

impl<'r> SignIn<'r> {
    /// The view of `record`.
    #[must_use]
    pub const fn new(record: &'r SignInRecord) -> Self {
        Self(record)
    }
}

impl Serialize for SignIn<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(to)
    }
}
