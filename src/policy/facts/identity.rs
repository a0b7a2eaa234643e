//! Who signs in: a user, or a workload by its service principal.

use std::collections::BTreeSet;

use crate::base::id::{GroupId, RoleTemplateId, ServicePrincipalId, TenantId, UserId};
use crate::directory::{GuestOrExternalUserType, UserType};
use crate::policy::filter::AttributeValues;
use crate::policy::flags::Flag;

/// Who signs in.
#[derive(Clone, Copy, Debug)]
pub enum Identity<'a> {
    /// A workload.
    ServicePrincipal(ServicePrincipalFacts<'a>),
    /// A person.
    User(UserFacts<'a>),
}

impl<'a> Identity<'a> {
    /// The user, if it is one.
    #[must_use]
    pub const fn user(&self) -> Option<&UserFacts<'a>> {
        match self {
            Self::ServicePrincipal(_) => None,
            Self::User(user) => Some(user),
        }
    }
}

/// A user who signs in.
#[derive(Clone, Copy, Debug)]
pub struct UserFacts<'a> {
    /// The user.
    pub id: UserId,
    /// Member or guest.
    pub user_type: UserType,
    /// The kind of guest or external user; none for a user of the tenant.
    pub external: Option<ExternalUser>,
    /// The groups the user is in, nested ones included.
    pub groups: &'a BTreeSet<GroupId>,
    /// The directory roles the user holds, by template id.
    pub roles: &'a BTreeSet<RoleTemplateId>,
}

/// What makes a user external.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ExternalUser {
    /// The kind.
    pub kind: GuestOrExternalUserType,
    /// The home tenant; none if it has none in Entra.
    pub tenant: Option<TenantId>,
}

impl Flag for GuestOrExternalUserType {
    const ALL: &'static [Self] = &[
        Self::InternalGuest,
        Self::B2bCollaborationGuest,
        Self::B2bCollaborationMember,
        Self::B2bDirectConnectUser,
        Self::OtherExternalUser,
        Self::ServiceProvider,
    ];

    fn bit(self) -> u32 {
        1 << self as u32
    }
}

/// A workload that signs in.
#[derive(Clone, Copy, Debug)]
pub struct ServicePrincipalFacts<'a> {
    /// The service principal's object id.
    pub id: ServicePrincipalId,
    /// An ordinary one, or an agent's identity.
    pub kind: ServicePrincipalKind,
    /// Whether the tenant owns its application.
    pub home: ServicePrincipalHome,
    /// Its custom security attributes.
    pub attributes: &'a AttributeValues,
}

static NO_ATTRIBUTES: AttributeValues = AttributeValues::new();

impl ServicePrincipalFacts<'_> {
    /// A workload of an application of this tenant, without attributes.
    #[must_use]
    pub const fn new(id: ServicePrincipalId) -> Self {
        let (kind, home) = (ServicePrincipalKind::Application, ServicePrincipalHome::ThisTenant);
        Self { id, kind, home, attributes: &NO_ATTRIBUTES }
    }
}

/// The kind of a service principal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ServicePrincipalKind {
    /// The identity of an agent (beta).
    Agent,
    /// The identity of an application.
    Application,
}

/// Whether the tenant owns the application of a service principal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ServicePrincipalHome {
    /// Another tenant owns it.
    OtherTenant,
    /// This tenant owns it (`ServicePrincipalsInMyTenant`).
    ThisTenant,
}
