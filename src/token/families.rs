//! [`Families`]: the bounded memory of what has happened to refresh-token families.
//!
//! A family that nothing has happened to is live with its first token, and takes no room. Any other
//! is kept until the newest token in it would be refused for its age anyway; forgetting it earlier
//! would let a retired token live again. When the memory is full of families that still count, it
//! refuses to take another, so the request that needed it is refused too.

use std::collections::BTreeMap;

use super::family::{Family, FamilyError};
use super::lifetimes::Lifetimes;
use crate::base::id::FamilyId;
use crate::base::{Lifetime, Timestamp};

/// Most families that are remembered. An eighth of it is kept back for families that end, so that
/// redemptions alone cannot keep reuse from being acted upon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FamilyCapacity(pub usize);

impl Default for FamilyCapacity {
    fn default() -> Self {
        Self(1_000_000)
    }
}

impl FamilyCapacity {
    const fn room_for(self, family: Family) -> usize {
        match family {
            Family::Ended(_) => self.0,
            Family::Live { .. } | Family::Rolled { .. } => self.0 - self.0 / 8,
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Kept {
    family: Family,
    /// From this second on no token of the family is accepted.
    until: Timestamp,
}

/// Families that something has happened to, each until its last token is too old.
#[derive(Clone, Debug)]
pub struct Families {
    kept: BTreeMap<FamilyId, Kept>,
    /// The longest life that a token of a family may have been given so far.
    longest: Lifetime,
    /// No family can be forgotten before.
    earliest: Timestamp,
}

impl Families {
    /// An empty memory for tokens of these lifetimes.
    #[must_use]
    pub fn new(lifetimes: &Lifetimes) -> Self {
        Self {
            kept: BTreeMap::new(),
            longest: longest(lifetimes),
            earliest: Timestamp::from_unix(i64::MAX),
        }
    }

    /// Tokens are issued with other lifetimes from now on; those issued before keep theirs.
    pub fn set_lifetimes(&mut self, lifetimes: &Lifetimes) {
        self.longest = self.longest.max(longest(lifetimes));
    }

    /// The state of a family.
    #[must_use]
    pub fn state(&self, id: FamilyId) -> Family {
        self.kept.get(&id).map_or(Family::new(), |kept| kept.family)
    }

    /// Something happened to a family at `now`: tokens issued in it up to now are the ones that
    /// count.
    ///
    /// # Errors
    /// [`FamilyError::Full`] if the family is not remembered yet and there is no room. Nothing has
    /// changed then.
    pub fn set(
        &mut self,
        id: FamilyId,
        family: Family,
        now: Timestamp,
        capacity: FamilyCapacity,
    ) -> Result<(), FamilyError> {
        let until = now + self.longest;
        if let Some(kept) = self.kept.get_mut(&id) {
            *kept = Kept { family, until: kept.until.max(until) };
            return Ok(());
        }
        if family == Family::new() {
            return Ok(());
        }
        let room = capacity.room_for(family);
        if self.kept.len() >= room {
            self.forget(now);
        }
        if self.kept.len() >= room {
            return Err(FamilyError::Full);
        }
        self.kept.insert(id, Kept { family, until });
        self.earliest = self.earliest.min(until);
        Ok(())
    }

    /// A token that lives to `exp` was issued in a family, to which nothing else happened.
    pub fn issued(&mut self, id: FamilyId, exp: Timestamp) {
        if let Some(kept) = self.kept.get_mut(&id) {
            kept.until = kept.until.max(exp);
        }
    }

    /// Looks through all of them only if one may have to go.
    fn forget(&mut self, now: Timestamp) {
        if now < self.earliest {
            return;
        }
        self.kept.retain(|_, kept| now < kept.until);
        let first = self.kept.values().map(|kept| kept.until).min();
        self.earliest = first.unwrap_or(Timestamp::from_unix(i64::MAX));
    }
}

/// Of the tokens that belong to families.
fn longest(lifetimes: &Lifetimes) -> Lifetime {
    lifetimes.refresh_token.max(lifetimes.prt)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::EndReason;

    const RETIRED_ONE: Family = Family::Live { generation: 1 };
    const ENDED: Family = Family::Ended(EndReason::Reuse);

    fn families() -> Families {
        Families::new(&lifetimes(10))
    }

    fn lifetimes(seconds: u32) -> Lifetimes {
        let span = Lifetime::from_secs(seconds);
        Lifetimes { prt: span, refresh_token: span, ..Lifetimes::default() }
    }

    const fn at(second: i64) -> Timestamp {
        Timestamp::from_unix(second)
    }

    const fn id(number: u128) -> FamilyId {
        FamilyId::from_u128(number)
    }

    #[test]
    fn a_family_is_kept_as_long_as_a_token_of_it_may_live() {
        let mut families = families();
        let one = FamilyCapacity(1);
        families.set(id(1), RETIRED_ONE, at(0), one).unwrap();
        assert_eq!(families.set(id(2), RETIRED_ONE, at(9), one), Err(FamilyError::Full));
        assert_eq!((families.state(id(1)), families.state(id(2))), (RETIRED_ONE, Family::new()));
        families.set(id(2), RETIRED_ONE, at(10), one).unwrap();
        assert_eq!(families.state(id(1)), Family::new(), "its tokens are too old");
        // A touch, and a token issued without one, keep it longer.
        families.set(id(2), ENDED, at(15), one).unwrap();
        assert_eq!(families.set(id(3), ENDED, at(24), one), Err(FamilyError::Full));
        families.issued(id(2), at(30));
        assert_eq!(families.set(id(3), ENDED, at(29), one), Err(FamilyError::Full));
        assert_eq!(families.set(id(3), ENDED, at(30), one), Ok(()));
    }

    #[test]
    fn shorter_lifetimes_do_not_shorten_what_was_issued_before() {
        let mut families = families();
        families.set_lifetimes(&lifetimes(1));
        families.set(id(1), ENDED, at(0), FamilyCapacity(1)).unwrap();
        assert_eq!(families.set(id(2), ENDED, at(9), FamilyCapacity(1)), Err(FamilyError::Full));
        families.set_lifetimes(&lifetimes(20));
        families.set(id(2), ENDED, at(10), FamilyCapacity(1)).unwrap();
        assert_eq!(families.set(id(3), ENDED, at(29), FamilyCapacity(1)), Err(FamilyError::Full));
    }

    #[test]
    fn what_nothing_happened_to_takes_no_room_and_endings_have_some_of_their_own() {
        let mut families = families();
        let eight = FamilyCapacity(8);
        for number in 0..100 {
            families.set(id(number), Family::new(), at(0), eight).unwrap();
        }
        for number in 0..7 {
            families.set(id(number), RETIRED_ONE, at(0), eight).unwrap();
        }
        assert_eq!(families.set(id(7), RETIRED_ONE, at(0), eight), Err(FamilyError::Full));
        families.set(id(8), ENDED, at(0), eight).unwrap();
        assert_eq!(families.set(id(9), ENDED, at(0), eight), Err(FamilyError::Full));
        // One that is known already needs no room.
        families.set(id(0), ENDED, at(0), eight).unwrap();
        assert_eq!(families.state(id(0)), ENDED);
    }
}
