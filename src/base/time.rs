//! Time: [`Timestamp`] on the wire, [`Nanos`] on the simulated clock.
//!
//! Rooms take `now: Timestamp` as an argument and never read a clock. `sim` and the edges own a
//! [`ManualClock`], which starts at a date the run states and only moves forward.

use std::fmt;
use std::ops::{Add, AddAssign};

use serde::{Deserialize, Serialize};

/// Whole seconds since the Unix epoch, UTC: the unit of `iat`, `nbf` and `exp` (RFC 7519 section 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

/// Whole seconds, never negative.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct Lifetime(u32);

impl Timestamp {
    /// From seconds since the epoch.
    #[must_use]
    pub const fn from_unix(seconds: i64) -> Self {
        Self(seconds)
    }

    /// Seconds since the epoch.
    #[must_use]
    pub const fn as_unix(self) -> i64 {
        self.0
    }

    /// Seconds from `earlier` to `self`; negative if `earlier` is later. Never overflows.
    #[must_use]
    pub const fn seconds_since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// `self` less `span`, without overflow.
    #[must_use]
    pub const fn minus(self, span: Lifetime) -> Self {
        Self(self.0.saturating_sub(span.0 as i64))
    }
}

impl Add<Lifetime> for Timestamp {
    type Output = Self;

    fn add(self, span: Lifetime) -> Self {
        Self(self.0.saturating_add(i64::from(span.0)))
    }
}

/// RFC 3339 in UTC, for example `2026-03-10T12:00:00Z`.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_second(self.0) {
            Ok(time) => time.fmt(f),
            Err(_) => write!(f, "@{}", self.0),
        }
    }
}

/// The text is not an RFC 3339 date and time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an RFC 3339 time such as `2026-03-10T12:00:00Z`")]
pub struct NotATime(String);

impl std::str::FromStr for Timestamp {
    type Err = NotATime;

    fn from_str(text: &str) -> Result<Self, NotATime> {
        let time: jiff::Timestamp = text.parse().map_err(|_| NotATime(text.to_owned()))?;
        Ok(Self(time.as_second()))
    }
}

impl Lifetime {
    /// A span of whole seconds.
    #[must_use]
    pub const fn from_secs(seconds: u32) -> Self {
        Self(seconds)
    }

    /// The span in seconds.
    #[must_use]
    pub const fn as_secs(self) -> u32 {
        self.0
    }
}

impl fmt::Display for Lifetime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} s", self.0)
    }
}

/// Simulated nanoseconds: how long an operation takes, or how far the clock has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Nanos(pub u64);

impl Nanos {
    /// From whole milliseconds.
    #[must_use]
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis.saturating_mul(1_000_000))
    }
}

impl Add for Nanos {
    type Output = Self;

    fn add(self, more: Self) -> Self {
        Self(self.0.saturating_add(more.0))
    }
}

impl AddAssign for Nanos {
    fn add_assign(&mut self, more: Self) {
        *self = *self + more;
    }
}

/// Milliseconds with three decimals, for example `412.381 ms`.
impl fmt::Display for Nanos {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:03} ms", self.0 / 1_000_000, self.0 / 1_000 % 1_000)
    }
}

/// The simulated clock: nanoseconds since a start date. It never goes back.
#[derive(Clone, Debug)]
pub struct ManualClock {
    start: Timestamp,
    elapsed: Nanos,
}

impl ManualClock {
    /// A clock that reads `start`.
    #[must_use]
    pub const fn starting_at(start: Timestamp) -> Self {
        Self { start, elapsed: Nanos(0) }
    }

    /// The time in whole seconds, rounded down.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        Timestamp(self.start.0.saturating_add((self.elapsed.0 / 1_000_000_000) as i64))
    }

    /// Simulated time since the start.
    #[must_use]
    pub const fn elapsed(&self) -> Nanos {
        self.elapsed
    }

    /// Lets time pass.
    pub fn advance(&mut self, by: Nanos) {
        self.elapsed += by;
    }

    /// Lets whole seconds pass.
    pub fn advance_by(&mut self, span: Lifetime) {
        self.advance(Nanos(u64::from(span.0).saturating_mul(1_000_000_000)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_floors_to_seconds() {
        let mut clock = ManualClock::starting_at(Timestamp::from_unix(100));
        clock.advance(Nanos::from_millis(999));
        assert_eq!(clock.now(), Timestamp::from_unix(100));
        clock.advance(Nanos::from_millis(1));
        assert_eq!(clock.now(), Timestamp::from_unix(101));
    }

    #[test]
    fn arithmetic_saturates() {
        let end = Timestamp::from_unix(i64::MAX);
        assert_eq!(end + Lifetime::from_secs(1), end);
        assert_eq!(end.seconds_since(Timestamp::from_unix(-1)), i64::MAX);
    }

    #[test]
    fn prints_and_reads_rfc_3339() {
        let time = Timestamp::from_unix(1_773_144_000);
        assert_eq!(time.to_string(), "2026-03-10T12:00:00Z");
        assert_eq!("2026-03-10T12:00:00Z".parse(), Ok(time));
        assert!("yesterday".parse::<Timestamp>().is_err());
    }
}
