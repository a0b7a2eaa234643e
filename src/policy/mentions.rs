//! Which policies name a user, a group or a role: the users condition turned round.
//!
//! A user is in few groups and a tenant's policies name many. To go from the user's ids to the
//! policies costs a few look-ups for each request, where to go through the groups of every policy
//! costs a few for each policy.

use std::collections::BTreeMap;

use super::facts::SignIn;
use super::model::{Policy, Principals};
use crate::base::id::{GroupId, RoleTemplateId, UserId};

/// Positions of policies by the ids they name.
#[derive(Clone, Debug, Default)]
pub(super) struct Mentions {
    users: Index<UserId>,
    groups: Index<GroupId>,
    roles: Index<RoleTemplateId>,
}

type Index<I> = BTreeMap<I, Vec<(usize, Named)>>;

/// Whether a policy names the user by one of the user's ids.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Named {
    pub(super) included: bool,
    pub(super) excluded: bool,
}

const INCLUDED: Named = Named { included: true, excluded: false };
const EXCLUDED: Named = Named { included: false, excluded: true };

impl Mentions {
    /// The mentions of `policies`, which are counted from 0 in this order.
    pub(super) fn of(policies: &[Policy]) -> Self {
        let mut mentions = Self::default();
        for (position, policy) in policies.iter().enumerate() {
            let users = &policy.conditions.users;
            mentions.add(position, &users.include, INCLUDED);
            mentions.add(position, &users.exclude, EXCLUDED);
        }
        mentions
    }

    fn add(&mut self, position: usize, principals: &Principals, side: Named) {
        for id in principals.users.iter() {
            self.users.entry(*id).or_default().push((position, side));
        }
        for id in principals.groups.iter() {
            self.groups.entry(*id).or_default().push((position, side));
        }
        for id in principals.roles.iter() {
            self.roles.entry(*id).or_default().push((position, side));
        }
    }

    /// For each of `count` policies, whether it names the user.
    pub(super) fn of_user(&self, sign_in: &SignIn<'_>, count: usize) -> Vec<Named> {
        let mut named = vec![Named::default(); count];
        let Some(user) = sign_in.identity.user() else { return named };
        let groups = user.groups.iter().filter_map(|id| self.groups.get(id));
        let roles = user.roles.iter().filter_map(|id| self.roles.get(id));
        let users = self.users.get(&user.id);
        for (position, side) in users.into_iter().chain(groups).chain(roles).flatten() {
            if let Some(named) = named.get_mut(*position) {
                named.included |= side.included;
                named.excluded |= side.excluded;
            }
        }
        named
    }
}
