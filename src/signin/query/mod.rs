//! Queries over sign-in logs: the three published ones, natively, and what they leave open.
//!
//! Every query is a fold over [`Event`](super::read::Event)s in one pass. Memory grows with the
//! groups of the result, and with the distinct requests that it counts ([`Counting`]); both have a
//! limit that refuses. What comes out depends on the events and the options alone, never on the
//! order of the events.
//!
//! [`Query`] with a [`Variant`] is one of the published texts or a relative of it, quirks included.
//! [`Readiness`] is ours: it asks what the published queries cannot answer, whether a user would
//! have passed enforcement throughout.
//!
//! # Source
//! conditional-access section 7; Entra's pages on token protection (seed of 2025, Windows guide of
//! 2026-09-21, Apple guide of 2026-08-14).

mod fold;
mod groups;
mod ids;
mod ready;
mod table;
mod window;

pub use fold::{Answer, Fold, Query, Steps, Variant};
pub use ids::Counting;
pub use ready::{Failing, Readiness, ReadyReport, Standing, UserEvidence};
pub use table::{Cell, Percent, Table};
pub use window::{Filter, Window};

/// The most groups of a result, and the most names in it.
pub const MAX_GROUPS: usize = 1_000_000;

/// A result that would not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// More groups than a report has use for.
    #[error("the result has more than {limit} groups")]
    TooManyGroups {
        /// The limit.
        limit: usize,
    },
    /// More distinct requests than exact counting remembers.
    #[error("more than {limit} distinct requests: take a shorter window, or count records instead")]
    TooManyRequests {
        /// The limit.
        limit: usize,
    },
}

impl QueryError {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooManyGroups { .. } => "signin.too_many_groups",
            Self::TooManyRequests { .. } => "signin.too_many_requests",
        }
    }
}
