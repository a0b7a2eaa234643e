//! The users of a directory by position, so that who is covered by what is a bit each.

use std::collections::BTreeSet;

use super::emergency::Emergency;
use super::view::View;
use crate::base::id::{GroupId, UserId};
use crate::directory::{Directory, User};
use crate::policy::bits;

/// Names that a finding lists before it only counts.
const NAMES: usize = 3;

/// Users by ascending id, and those of them who must always get in.
pub(super) struct Roster<'a> {
    users: Vec<&'a User>,
    pub(super) emergency: Crowd,
}

/// Some of the users.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Crowd(Vec<u64>);

/// Whom a policy covers.
pub(super) struct Covered {
    /// Included, exclusions not yet taken off.
    pub(super) included: Crowd,
    /// Included and not excluded.
    pub(super) users: Crowd,
}

impl<'a> Roster<'a> {
    /// The users of a directory, and whom each of the policies covers.
    pub(super) fn of(
        directory: &'a Directory,
        emergency: &Emergency,
        views: &[View<'_>],
    ) -> (Self, Vec<Covered>) {
        let users: Vec<&User> = directory.users().collect();
        let nobody = Crowd(vec![0; bits::words_for(users.len())]);
        let mut emergencies = nobody.clone();
        let empty = || Covered { included: nobody.clone(), users: nobody.clone() };
        let mut covered: Vec<Covered> = views.iter().map(|_| empty()).collect();
        for (at, user) in users.iter().enumerate() {
            let groups = directory.groups_of(user.id());
            if emergency.holds(user.id(), &groups) {
                emergencies.add(at);
            }
            for (view, covered) in views.iter().zip(&mut covered) {
                covered.take_in(at, view, user, &groups);
            }
        }
        (Self { users, emergency: emergencies }, covered)
    }

    /// The users of a crowd.
    pub(super) fn people(&self, crowd: &Crowd) -> impl Iterator<Item = &'a User> {
        bits::positions(&crowd.0).filter_map(|at| self.users.get(at).copied())
    }

    /// Those of a crowd for whom something is so.
    pub(super) fn those(&self, crowd: &Crowd, is_so: impl Fn(&User) -> bool) -> Crowd {
        let mut those = crowd.clone();
        for at in bits::positions(&crowd.0) {
            if !self.users.get(at).is_some_and(|user| is_so(user)) {
                bits::clear(&mut those.0, at);
            }
        }
        those
    }

    /// Whether the user is one of a crowd.
    pub(super) fn holds(&self, crowd: &Crowd, id: UserId) -> bool {
        let at = self.users.binary_search_by_key(&id, |user| user.id());
        at.is_ok_and(|at| bits::has(&crowd.0, at))
    }

    /// Names of a crowd, the first few of them.
    pub(super) fn names(&self, crowd: &Crowd) -> String {
        let mut names: Vec<&str> = self.people(crowd).map(User::user_principal_name).collect();
        names.sort_unstable();
        let more = names.len().saturating_sub(NAMES);
        names.truncate(NAMES);
        let named = names.join(", ");
        if more > 0 { format!("{named}, {more} more") } else { named }
    }
}

impl Covered {
    fn take_in(&mut self, at: usize, view: &View<'_>, user: &User, groups: &BTreeSet<GroupId>) {
        if view.includes(user, groups) {
            self.included.add(at);
            if !view.excludes(user, groups) {
                self.users.add(at);
            }
        }
    }
}

impl Crowd {
    fn add(&mut self, at: usize) {
        bits::set(&mut self.0, at);
    }

    /// Takes in the others.
    pub(super) fn join(&mut self, others: &Self) {
        bits::add(&mut self.0, &others.0);
    }

    /// Takes out the others.
    pub(super) fn remove(&mut self, others: &Self) {
        self.0.iter_mut().zip(&others.0).for_each(|(own, other)| *own &= !other);
    }

    /// Those who are in both.
    pub(super) fn and(&self, others: &Self) -> Self {
        Self(self.0.iter().zip(&others.0).map(|(own, other)| own & other).collect())
    }

    /// Whether somebody is in both.
    pub(super) fn meets(&self, others: &Self) -> bool {
        self.0.iter().zip(&others.0).any(|(own, other)| own & other != 0)
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.0.iter().map(|word| word.count_ones() as usize).sum()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }
}
