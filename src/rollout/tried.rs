//! A remedy tried: the policies that it leads to, what it helps, and what it reopens.

use std::collections::BTreeSet;

use super::error::RolloutError;
use super::facts::Modelled;
use super::fleet::Member;
use super::rehearsal::Rehearsal;
use super::remedy::{Change, Remedy};
use super::report::RemedyRow;
use super::theft::Reopened;
use super::verdict::Verdict;
use crate::base::id::UserId;
use crate::directory::{Directory, UserType};
use crate::policy::PolicySet;

/// Users by their place in the fleet.
pub(super) type Users = BTreeSet<usize>;

/// A remedy with the policies that it leads to and its price.
pub(super) struct Tried {
    pub(super) remedy: Remedy,
    /// Other policies, if it is an exclusion.
    pub(super) policies: Option<PolicySet>,
    pub(super) reopens: Vec<Reopened>,
    pub(super) helps: u64,
    pub(super) users: Users,
}

impl Tried {
    pub(super) fn new(rehearsal: &Rehearsal, remedy: Remedy) -> Result<Self, RolloutError> {
        let mut tried =
            Self { policies: None, reopens: Vec::new(), helps: 0, users: Users::new(), remedy };
        if tried.remedy.change.is_exclusion() {
            let change = &tried.remedy.change;
            let policies = rehearsal.policies_with([change]).map_err(RolloutError::Policies)?;
            let directory = rehearsal.fleet.directory();
            let before = &rehearsal.timeline.at_the_end;
            tried.reopens =
                rehearsal.reopened(before, &policies, |member| change.concerns(member, directory));
            tried.policies = Some(policies);
        }
        Ok(tried)
    }

    /// Whether it alone lets a blocked sign-in through.
    pub(super) fn helps(&self, rehearsal: &Rehearsal, modelled: &Modelled<'_>) -> bool {
        let judged = match &self.policies {
            Some(policies) => Some(rehearsal.judge(modelled, policies)),
            None => rehearsal
                .changed(modelled, &self.remedy.change)
                .map(|changed| rehearsal.judge(&changed, &rehearsal.timeline.at_the_end)),
        };
        judged.is_some_and(|one| matches!(one.verdict, Verdict::Bound | Verdict::NotCovered))
    }

    pub(super) fn row(&self, rehearsal: &Rehearsal) -> RemedyRow {
        let directory = rehearsal.fleet.directory();
        let name = |id: &UserId| Some(directory.user(*id)?.user_principal_name().to_owned());
        RemedyRow {
            id: self.remedy.id.clone(),
            title: self.remedy.title.clone(),
            kind: self.remedy.change.kind(),
            rule: match &self.remedy.change {
                Change::ExcludeDevices { rule } => Some(rule.clone()),
                _ => None,
            },
            excludes: match &self.remedy.change {
                Change::ExcludeUsers { users } => users.iter().filter_map(name).collect(),
                _ => Vec::new(),
            },
            helps: self.helps,
            users: self.users.len() as u64,
            reopens: self.reopens.clone(),
            recommended: self.reopens.is_empty() && !self.is_by_user(),
        }
    }

    /// Whether it takes people out, whatever they sign in from. It is never done unasked.
    pub(super) const fn is_by_user(&self) -> bool {
        matches!(
            self.remedy.change,
            Change::ExcludeGroup { .. } | Change::ExcludeGuests | Change::ExcludeUsers { .. }
        )
    }
}

impl Change {
    /// Whether a user is one whom the exclusion takes out; a filter may take out anybody.
    pub(super) fn concerns(&self, member: &Member, directory: &Directory) -> bool {
        match self {
            Self::ExcludeGroup { group } => member.groups.contains(group),
            Self::ExcludeGuests => {
                let user = directory.user(member.user);
                user.is_some_and(|user| user.user_type == UserType::Guest)
            }
            Self::ExcludeUsers { users } => users.contains(&member.user),
            _ => true,
        }
    }
}
