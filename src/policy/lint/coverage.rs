//! The tenant as the rules see it, and whether a set of policies covers what one policy covers.

use std::collections::{BTreeMap, BTreeSet};

use super::LintInput;
use super::emergency::Emergency;
use super::view::{Covered, Target, View, missing, names_all_of};
use crate::base::id::{PolicyId, UserId};
use crate::catalog::RulePack;
use crate::catalog::well_known::DIRECTORY_SYNCHRONIZATION_ACCOUNTS;
use crate::directory::Directory;

/// Names that a finding lists before it only counts.
const NAMES: usize = 3;

/// The policies of a tenant with whom they cover.
pub(super) struct Tenant<'a> {
    pub(super) views: Vec<View<'a>>,
    pub(super) directory: Option<&'a Directory>,
    pub(super) rules: &'a RulePack,
    pub(super) emergency: Emergency,
    covered: BTreeMap<PolicyId, Covered>,
}

impl<'a> Tenant<'a> {
    pub(super) fn of(input: &LintInput<'a>) -> Self {
        let views: Vec<View<'a>> = input.policies.iter().map(View::of).collect();
        let covered = input.directory.into_iter().flat_map(|directory| {
            views.iter().map(move |view| (view.policy.id(), view.covered(directory)))
        });
        let covered = covered.collect();
        let emergency = input.emergency.clone().or_named_so(input.directory);
        Self { directory: input.directory, rules: input.rules, emergency, covered, views }
    }

    /// Token-protection policies that are enabled or report.
    pub(super) fn protecting(&self) -> impl Iterator<Item = &View<'a>> {
        self.views.iter().filter(|view| view.is_on() && view.protects_tokens())
    }

    /// Whom a policy covers; none without a directory.
    pub(super) fn covered(&self, view: &View<'_>) -> Option<&Covered> {
        self.covered.get(&view.policy.id())
    }

    /// What `of` covers and no policy of `by` does.
    pub(super) fn gap(&self, of: &View<'_>, by: &[&View<'_>]) -> Option<Gap> {
        let mut gap = Gap::default();
        for target in &of.targets {
            let by: Vec<&View<'_>> =
                by.iter().copied().filter(|view| view.covers(*target)).collect();
            let users = self.users_gap(of, &by);
            if users != Users::None {
                gap.targets.insert(*target);
                gap.users = gap.users.or(users);
            }
        }
        (!gap.targets.is_empty()).then_some(gap)
    }

    fn users_gap(&self, of: &View<'_>, by: &[&View<'_>]) -> Users {
        match self.covered(of) {
            Some(covered) => {
                let mut left = covered.users.clone();
                for view in by {
                    if let Some(theirs) = self.covered(view) {
                        left.retain(|user| !theirs.users.contains(user));
                    }
                }
                // Accounts that must always get in are left out on purpose.
                left.retain(|user| !self.emergency.holds(*user, self.directory));
                if left.is_empty() { Users::None } else { Users::Known(left) }
            }
            None if by.iter().any(|view| self.covers_by_id(view, of)) => Users::None,
            None => Users::Unknown,
        }
    }

    /// Without a directory: `view` includes every id that `of` includes, and excludes none that `of`
    /// does not exclude too.
    fn covers_by_id(&self, view: &View<'_>, of: &View<'_>) -> bool {
        let (theirs, ours, emergency) = (view.exclude(), of.exclude(), &self.emergency);
        let included =
            view.includes_all() || !of.includes_all() && names_all_of(view.include(), of.include());
        included
            && missing(&theirs.users, &ours.users).all(|id| emergency.users.contains(id))
            && missing(&theirs.groups, &ours.groups).all(|id| emergency.groups.contains(id))
            && missing(&theirs.roles, &ours.roles)
                .all(|id| *id == DIRECTORY_SYNCHRONIZATION_ACCOUNTS)
            && (ours.guests || !theirs.guests && theirs.external.kinds.is_empty())
    }

    /// Names of users, the first few of them.
    pub(super) fn names(&self, users: &BTreeSet<UserId>) -> String {
        let name = |id: &UserId| match self.directory.and_then(|directory| directory.user(*id)) {
            Some(user) => user.user_principal_name().to_owned(),
            None => id.to_string(),
        };
        let mut names: Vec<String> = users.iter().map(name).collect();
        names.sort();
        names.truncate(NAMES);
        if users.len() > NAMES {
            names.push(format!("{} more", users.len() - NAMES));
        }
        names.join(", ")
    }

    /// A gap in words.
    pub(super) fn in_words(&self, gap: &Gap) -> String {
        let targets: Vec<String> =
            gap.targets.iter().take(NAMES).map(|one| one.as_text()).collect();
        let more = gap.targets.len().saturating_sub(NAMES);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let targets = format!("{}{more}", targets.join(", "));
        match &gap.users {
            Users::None => targets,
            Users::Known(users) => {
                format!("{targets} for {} of its users ({})", users.len(), self.names(users))
            }
            Users::Unknown => {
                format!("{targets}; without a directory, groups count as they are named")
            }
        }
    }
}

/// What is not covered.
#[derive(Default)]
pub(super) struct Gap {
    pub(super) targets: BTreeSet<Target>,
    pub(super) users: Users,
}

/// Who is not covered.
#[derive(Default, PartialEq, Eq)]
pub(super) enum Users {
    #[default]
    None,
    Known(BTreeSet<UserId>),
    Unknown,
}

impl Users {
    fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Known(mut one), Self::Known(other)) => {
                one.extend(other);
                Self::Known(one)
            }
            (Self::None, other) => other,
            (one, _) => one,
        }
    }
}
