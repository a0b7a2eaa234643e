//! Small sets of named values, one bit each, as Graph's flags enums are.

use std::fmt;
use std::marker::PhantomData;

/// A value that can stand in a [`Flags`] set.
pub trait Flag: Copy + 'static {
    /// All values, in the order in which a set lists them.
    const ALL: &'static [Self];

    /// The one bit of this value.
    fn bit(self) -> u32;
}

/// A set of flags: four octets, no allocation.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Flags<F>(u32, PhantomData<F>);

impl<F: Flag> Flags<F> {
    /// The set without members.
    pub const EMPTY: Self = Self(0, PhantomData);

    /// The set with these members.
    #[must_use]
    pub fn of(members: &[F]) -> Self {
        members.iter().copied().collect()
    }

    /// The set whose bits are these; bits that belong to no value are kept.
    #[must_use]
    pub const fn from_bits(bits: u32) -> Self {
        Self(bits, PhantomData)
    }

    /// The bits, the integer that Graph's flags enums have in an export.
    #[must_use]
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// Whether nothing is in it.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether `member` is in it.
    #[must_use]
    pub fn contains(self, member: F) -> bool {
        self.0 & member.bit() != 0
    }

    /// Adds `member`.
    pub fn insert(&mut self, member: F) {
        self.0 |= member.bit();
    }

    /// What is in `self` and not in `other`.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0, PhantomData)
    }

    /// What is in either.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0, PhantomData)
    }

    /// What is in both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0, PhantomData)
    }

    /// The members, in the order of [`Flag::ALL`].
    pub fn iter(self) -> impl Iterator<Item = F> {
        F::ALL.iter().copied().filter(move |member| self.contains(*member))
    }
}

impl<F: Flag> Default for Flags<F> {
    fn default() -> Self {
        Self::EMPTY
    }
}

impl<F: Flag> FromIterator<F> for Flags<F> {
    fn from_iter<I: IntoIterator<Item = F>>(members: I) -> Self {
        Self(members.into_iter().fold(0, |bits, member| bits | member.bit()), PhantomData)
    }
}

impl<F: Flag + fmt::Debug> fmt::Debug for Flags<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}
