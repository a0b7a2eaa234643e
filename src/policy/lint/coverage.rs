//! The tenant as the rules see it, and whether a set of policies covers what one policy covers.

use std::collections::{BTreeMap, BTreeSet};

use super::LintInput;
use super::emergency::Emergency;
use super::roster::{Covered, Crowd, Roster};
use super::view::{Target, View, missing, name_all_guests_of, name_all_of};
use crate::catalog::RulePack;
use crate::catalog::well_known::DIRECTORY_SYNCHRONIZATION_ACCOUNTS;
use crate::directory::Directory;
use crate::policy::conditions::Principals;

/// Targets that a finding names before it only counts.
const NAMES: usize = 3;

/// The policies of a tenant, by ascending id, with whom they cover.
pub(super) struct Tenant<'a> {
    pub(super) views: Vec<View<'a>>,
    pub(super) directory: Option<&'a Directory>,
    pub(super) rules: &'a RulePack,
    pub(super) emergency: Emergency,
    people: Option<(Roster<'a>, Vec<Covered>)>,
}

impl<'a> Tenant<'a> {
    pub(super) fn of(input: &LintInput<'a>) -> Self {
        let views: Vec<View<'a>> = input.policies.iter().map(View::of).collect();
        let emergency = input.emergency.clone().or_named_so(input.directory);
        let people = input.directory.map(|directory| Roster::of(directory, &emergency, &views));
        Self { directory: input.directory, rules: input.rules, emergency, people, views }
    }

    /// Token-protection policies that are enabled or report.
    pub(super) fn protecting(&self) -> impl Iterator<Item = &View<'a>> {
        self.views.iter().filter(|view| view.is_on() && view.protects_tokens())
    }

    /// Whom a policy covers; none without a directory.
    pub(super) fn covered(&self, view: &View<'_>) -> Option<(&Roster<'a>, &Covered)> {
        let (roster, covered) = self.people.as_ref()?;
        let at =
            self.views.binary_search_by_key(&view.policy.id(), |view| view.policy.id()).ok()?;
        Some((roster, covered.get(at)?))
    }

    /// What `of` covers and no policy of `by` does.
    pub(super) fn gap(&self, of: &View<'_>, by: &[&View<'_>]) -> Option<Gap> {
        let by = self.near(of, by);
        // Most targets are covered by the same policies, so each such set is looked at once.
        let mut targets: BTreeMap<Vec<usize>, Vec<Target>> = BTreeMap::new();
        for target in &of.targets {
            let covering = by.iter().enumerate().filter(|(_, view)| view.covers(*target, of));
            targets.entry(covering.map(|(at, _)| at).collect()).or_default().push(*target);
        }
        let mut gap: Option<Gap> = None;
        for (covering, targets) in targets {
            let by: Vec<&View<'_>> =
                covering.iter().filter_map(|at| by.get(*at).copied()).collect();
            if let Some(users) = self.users_gap(of, &by) {
                let gap = gap.get_or_insert_with(|| Gap::of(users.clone()));
                gap.targets.extend(targets);
                gap.users.join(&users);
            }
        }
        gap
    }

    /// Those policies that may cover somebody whom `of` covers.
    fn near<'v, 'p>(&self, of: &View<'_>, by: &[&'v View<'p>]) -> Vec<&'v View<'p>> {
        let ours = self.covered(of).map(|(_, covered)| &covered.users);
        let is_near = |view: &View<'_>| match (ours, self.covered(view)) {
            (Some(ours), Some((_, theirs))) => ours.meets(&theirs.users),
            _ => self.leaves_out_no_more(view, of),
        };
        by.iter().copied().filter(|view| is_near(view)).collect()
    }

    fn users_gap(&self, of: &View<'_>, by: &[&View<'_>]) -> Option<Users> {
        let Some((roster, covered)) = self.covered(of) else {
            return (!covers_by_id(by, of)).then_some(Users::Unknown);
        };
        let mut left = covered.users.clone();
        for (_, theirs) in by.iter().filter_map(|view| self.covered(view)) {
            left.remove(&theirs.users);
        }
        // Accounts that must always get in are left out on purpose.
        left.remove(&roster.emergency);
        (!left.is_empty()).then_some(Users::Known(left))
    }

    /// Without a directory: `view` excludes no id that `of` does not exclude too.
    fn leaves_out_no_more(&self, view: &View<'_>, of: &View<'_>) -> bool {
        let (theirs, ours, emergency) = (view.exclude(), of.exclude(), &self.emergency);
        missing(&theirs.users, &ours.users).all(|id| emergency.users.contains(id))
            && missing(&theirs.groups, &ours.groups).all(|id| emergency.groups.contains(id))
            && missing(&theirs.roles, &ours.roles)
                .all(|id| *id == DIRECTORY_SYNCHRONIZATION_ACCOUNTS)
            && name_all_guests_of(&[ours], theirs)
    }

    /// A gap in words.
    pub(super) fn in_words(&self, gap: &Gap) -> String {
        let targets: Vec<String> =
            gap.targets.iter().take(NAMES).map(|one| one.as_text()).collect();
        let more = gap.targets.len().saturating_sub(NAMES);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let targets = format!("{}{more}", targets.join(", "));
        match (&gap.users, &self.people) {
            (Users::Known(users), Some((roster, _))) => {
                format!("{targets} for {} of its users ({})", users.len(), roster.names(users))
            }
            _ => format!("{targets}; without a directory, groups count as they are named"),
        }
    }
}

/// Without a directory: every id that `of` includes is included by one of the policies.
fn covers_by_id(by: &[&View<'_>], of: &View<'_>) -> bool {
    if by.iter().any(|view| view.includes_all()) {
        return true;
    }
    let include: Vec<&Principals> = by.iter().map(|view| view.include()).collect();
    !of.includes_all() && name_all_of(&include, of.include())
}

/// What is not covered.
pub(super) struct Gap {
    targets: BTreeSet<Target>,
    users: Users,
}

impl Gap {
    const fn of(users: Users) -> Self {
        Self { targets: BTreeSet::new(), users }
    }
}

/// Who is not covered.
#[derive(Clone)]
enum Users {
    Known(Crowd),
    Unknown,
}

impl Users {
    fn join(&mut self, others: &Self) {
        if let (Self::Known(own), Self::Known(others)) = (self, others) {
            own.join(others);
        }
    }
}
