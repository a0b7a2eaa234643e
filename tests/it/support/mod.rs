//! What several topics share.

pub(crate) mod case;
pub(crate) mod slow_policy;
