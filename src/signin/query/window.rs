//! Which events a query looks at.

use crate::base::{Lifetime, Timestamp};
use crate::signin::read::{Event, EventTime, LogTable};

/// A span of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Window {
    /// From a time on, which is in it, up to another, which is not.
    Between {
        /// None: from the beginning.
        from: Option<Timestamp>,
        /// None: to the end.
        to: Option<Timestamp>,
    },
    /// `TimeGenerated > ago(..)`: later than a time, which is not in it. There is no end: events
    /// after the time of the query are in it, as they are in the published queries.
    Since {
        /// The bound.
        bound: Timestamp,
    },
}

impl Window {
    /// The last days before `now`, as `ago` counts them: days of 24 hours.
    #[must_use]
    pub const fn last_days(days: u16, now: Timestamp) -> Self {
        // At most 65,535 days, which fit the seconds of a `u32` only up to 49,710.
        let seconds = (days as u64).saturating_mul(86_400);
        let seconds = if seconds > u32::MAX as u64 { u32::MAX } else { seconds as u32 };
        Self::Since { bound: now.minus(Lifetime::from_secs(seconds)) }
    }

    /// Whether an event with this time is in it; one without a time never is.
    #[must_use]
    pub fn contains(self, time: Option<EventTime>) -> bool {
        let Some(time) = time else { return false };
        match self {
            Self::Between { from, to } => {
                from.is_none_or(|from| time >= EventTime::at(from))
                    && to.is_none_or(|to| time < EventTime::at(to))
            }
            Self::Since { bound } => time > EventTime::at(bound),
        }
    }
}

/// Which events a query looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Filter<'a> {
    /// The table; none for both. An event that does not say is taken to be of the table asked for.
    pub table: Option<LogTable>,
    /// The time.
    pub window: Window,
    /// One user, by name; case is ignored.
    pub user: Option<&'a str>,
    /// One sign-in, by its correlation id; case is ignored.
    pub correlation: Option<&'a str>,
}

impl Filter<'_> {
    /// Whether the event is of the table.
    pub(super) fn table(&self, event: &Event<'_>) -> bool {
        match (event.table, self.table) {
            (Some(LogTable::Other), _) => false,
            (None, _) | (_, None) => true,
            (Some(of), Some(wanted)) => of == wanted,
        }
    }

    /// Whether the event is of the user and of the sign-in.
    pub(super) fn person(&self, event: &Event<'_>) -> bool {
        self.user.is_none_or(|user| event.user.eq_ignore_ascii_case(user))
            && self.correlation.is_none_or(|id| event.correlation.eq_ignore_ascii_case(id))
    }
}
