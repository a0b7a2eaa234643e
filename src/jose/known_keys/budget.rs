//! What a budget of octets holds: tables, and all that belongs to them.

use super::KnownKeys;
use super::comb::{GeneratorComb, KeyComb};
use super::counts::Counts;
use super::store::{Coordinates, OCTETS_A_KEY, Store};

/// Keys that wait for a table.
pub(super) const QUEUE: usize = 1_024;

/// Why [`KnownKeys`] was not made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KnownKeysError {
    /// Not even one table fits.
    #[error("a budget of {budget} octets has no room for one table: {least} octets are the least")]
    BudgetTooSmall {
        /// The budget in octets.
        budget: usize,
        /// The least budget in octets.
        least: usize,
    },
}

impl KnownKeysError {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::BudgetTooSmall { .. } => "jose.budget_too_small",
        }
    }
}

/// Octets for everything but the tables of keys, while one is being built included.
pub(super) const fn overhead(capacity: usize) -> usize {
    /// Points, inverses and table of a key in the making, in a generous count.
    const BUILDING: usize = 4 * KeyComb::OCTETS;
    GeneratorComb::OCTETS
        + BUILDING
        + size_of::<KnownKeys>()
        + Store::octets()
        + Counts::octets(capacity)
        + QUEUE * size_of::<Coordinates>()
}

/// The most tables that fit in a budget with all that belongs to them.
pub(super) fn capacity(budget: usize) -> usize {
    let fits = |tables: usize| overhead(tables) + tables * OCTETS_A_KEY <= budget;
    // Counters grow in powers of two, so room is not a smooth function: halve towards the largest.
    let (mut fitting, mut above) = (0, budget / OCTETS_A_KEY + 1);
    while above - fitting > 1 {
        let middle = usize::midpoint(fitting, above);
        if fits(middle) { fitting = middle } else { above = middle }
    }
    fitting
}
