//! `users`: by id, group, role, and by kind of guest or external user.
//!
//! # Simulated
//! `GuestsOrExternalUsers` takes users whose type is guest and every kind of external user. A list
//! of tenants does not touch internal guests, who have no home tenant.

use super::{Clause, Side, words};
use crate::base::id::{GroupId, PolicyId, RoleTemplateId, TenantId, UserId};
use crate::directory::{GuestOrExternalUserType, UserType};
use crate::policy::error::PolicyError;
use crate::policy::facts::SignIn;
use crate::policy::flags::Flags;
use crate::policy::model::IdSet;
use crate::policy::reader::{Object, Unknown, Words};
use crate::policy::rule::{Rule, RuleKind};

/// `conditions.users`. Exclusion overrides inclusion.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Users {
    /// Whether `All` is included.
    pub include_all: bool,
    /// Who is included.
    pub include: Principals,
    /// Who is excluded.
    pub exclude: Principals,
}

/// Users named by id, as guests, by group, by role and by kind of external user.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Principals {
    /// Whether `GuestsOrExternalUsers` stands there.
    pub guests: bool,
    /// User ids.
    pub users: IdSet<UserId>,
    /// Groups, whose nested members count.
    pub groups: IdSet<GroupId>,
    /// Directory roles.
    pub roles: IdSet<RoleTemplateId>,
    /// Kinds of guests and external users, of some tenants.
    pub external: ExternalUsers,
}

/// `includeGuestsOrExternalUsers` and `excludeGuestsOrExternalUsers`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExternalUsers {
    /// The kinds; empty if the member says nothing.
    pub kinds: Flags<GuestOrExternalUserType>,
    /// Whose external users.
    pub tenants: ExternalTenants,
}

/// `externalTenants`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ExternalTenants {
    /// Of every tenant.
    #[default]
    All,
    /// Of these.
    Enumerated(IdSet<TenantId>),
}

/// A word of `includeUsers`.
#[derive(Clone, Copy, PartialEq)]
enum Included {
    All,
    None,
    GuestsOrExternalUsers,
}

impl Words for Included {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("All", Self::All),
        ("None", Self::None),
        ("GuestsOrExternalUsers", Self::GuestsOrExternalUsers),
    ];
}

/// A word of `excludeUsers`.
#[derive(Clone, Copy, PartialEq)]
enum Excluded {
    GuestsOrExternalUsers,
}

impl Words for Excluded {
    const WORDS: &'static [(&'static str, Self)] =
        &[("GuestsOrExternalUsers", Self::GuestsOrExternalUsers)];
}

impl Words for GuestOrExternalUserType {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("internalGuest", Self::InternalGuest),
        ("b2bCollaborationGuest", Self::B2bCollaborationGuest),
        ("b2bCollaborationMember", Self::B2bCollaborationMember),
        ("b2bDirectConnectUser", Self::B2bDirectConnectUser),
        ("otherExternalUser", Self::OtherExternalUser),
        ("serviceProvider", Self::ServiceProvider),
    ];
}

/// `membershipKind`.
#[derive(Clone, Copy, PartialEq)]
enum MembershipKind {
    All,
    Enumerated,
}

impl Words for MembershipKind {
    const WORDS: &'static [(&'static str, Self)] =
        &[("all", Self::All), ("enumerated", Self::Enumerated)];
}

/// Reads the users of a policy; `workloads` says that it is about workloads and names no user.
pub(super) fn read(
    conditions: &mut Object<'_>,
    policy: PolicyId,
    workloads: bool,
) -> Result<Users, PolicyError> {
    let path = conditions.path_of("users");
    let (users, nobody_on_purpose) = match conditions.object("users")? {
        None => (Users::default(), false),
        Some(object) => read_users(object, policy)?,
    };
    let somebody = users.include_all || users.include != Principals::default();
    match (workloads, somebody) {
        (true, true) => {
            let reason = "stands beside workload identities; a policy is about one of the two";
            Err(PolicyError::Contradiction { policy, path, reason })
        }
        (false, false) if !nobody_on_purpose => {
            let reason = "includes no user, group or role";
            Err(PolicyError::Incomplete { policy, path, reason })
        }
        _ => Ok(users),
    }
}

/// The users, and whether `None` stands there.
fn read_users(mut object: Object<'_>, policy: PolicyId) -> Result<(Users, bool), PolicyError> {
    let include = object.words_and_ids::<Included, _>("includeUsers")?;
    let exclude = object.words_and_ids::<Excluded, _>("excludeUsers")?;
    let users = Users {
        include_all: include.says(Included::All),
        include: Principals {
            guests: include.says(Included::GuestsOrExternalUsers),
            users: include.ids,
            groups: object.ids("includeGroups")?,
            roles: object.ids("includeRoles")?,
            external: read_external(&mut object, "includeGuestsOrExternalUsers", policy)?,
        },
        exclude: Principals {
            guests: exclude.says(Excluded::GuestsOrExternalUsers),
            users: exclude.ids,
            groups: object.ids("excludeGroups")?,
            roles: object.ids("excludeRoles")?,
            external: read_external(&mut object, "excludeGuestsOrExternalUsers", policy)?,
        },
    };
    object.finish(Unknown::Refuse)?;
    Ok((users, include.words.contains(&Included::None)))
}

fn read_external(
    users: &mut Object<'_>,
    name: &'static str,
    policy: PolicyId,
) -> Result<ExternalUsers, PolicyError> {
    let Some(mut object) = users.object(name)? else { return Ok(ExternalUsers::default()) };
    let kinds = object.flags("guestOrExternalUserTypes")?;
    let mut tenants = ExternalTenants::All;
    if let Some(mut external) = object.object("externalTenants")? {
        let kind = external.word("membershipKind")?;
        let members: IdSet<TenantId> = external.ids("members")?;
        let path = external.path_of("members");
        external.finish(Unknown::Refuse)?;
        tenants = match (kind, members.is_empty()) {
            (Some(MembershipKind::All) | None, true) => ExternalTenants::All,
            (Some(MembershipKind::Enumerated) | None, false) => {
                ExternalTenants::Enumerated(members)
            }
            (Some(MembershipKind::All), false) => {
                let reason = "lists tenants although all are meant";
                return Err(PolicyError::Contradiction { policy, path, reason });
            }
            (Some(MembershipKind::Enumerated), true) => {
                let reason = "lists no tenant";
                return Err(PolicyError::Incomplete { policy, path, reason });
            }
        };
    }
    object.finish(Unknown::Refuse)?;
    // Tenants without kinds name nobody.
    let tenants = if kinds.is_empty() { ExternalTenants::All } else { tenants };
    Ok(ExternalUsers { kinds, tenants })
}

impl Users {
    pub(super) fn clauses<'p>(&self, side: Side, to: &mut dyn FnMut(Clause<'p>)) {
        let (all, principals) = match side {
            Side::Include => (self.include_all, &self.include),
            Side::Exclude => (false, &self.exclude),
        };
        words([(all, RuleKind::AllUsers), (principals.guests, RuleKind::Guest)], to);
        principals.users.iter().for_each(|id| to(Clause::Rule(Rule::user(*id))));
        principals.groups.iter().for_each(|id| to(Clause::Rule(Rule::group(*id))));
        principals.roles.iter().for_each(|id| to(Clause::Rule(Rule::role(*id))));
        for kind in principals.external.kinds.iter() {
            match &principals.external.tenants {
                ExternalTenants::Enumerated(ids)
                    if kind != GuestOrExternalUserType::InternalGuest =>
                {
                    let of = |id: &TenantId| Clause::Rule(Rule::external(kind, Some(*id)));
                    ids.iter().for_each(|id| to(of(id)));
                }
                _ => to(Clause::Rule(Rule::external(kind, None))),
            }
        }
    }
}

pub(super) fn traits(sign_in: &SignIn<'_>, to: &mut dyn FnMut(Rule)) {
    let Some(user) = sign_in.identity.user() else { return };
    to(Rule::word(RuleKind::AllUsers));
    to(Rule::user(user.id));
    if user.user_type == UserType::Guest || user.external.is_some() {
        to(Rule::word(RuleKind::Guest));
    }
    user.groups.iter().for_each(|id| to(Rule::group(*id)));
    user.roles.iter().for_each(|id| to(Rule::role(*id)));
    if let Some(external) = user.external {
        to(Rule::external(external.kind, None));
        if let Some(tenant) = external.tenant {
            to(Rule::external(external.kind, Some(tenant)));
        }
    }
}
