//! One thing a condition can include or exclude, and one thing a sign-in can be.
//!
//! A condition holds when a rule that it includes is true of the sign-in and no rule that it
//! excludes is. Rules are small values, so that the policies of a tenant can be turned round: from
//! what a sign-in is to the policies that say so ([`super::index`]).

use std::fmt;

use super::facts::{
    AuthenticationContextId, ClientAppType, InsiderRiskLevel, Platform, RiskLevel, TransferMethod,
    UserAction,
};
use super::flags::Flag;
use crate::base::id::{
    AppId, GroupId, LocationId, RoleTemplateId, ServicePrincipalId, TenantId, UserId,
};
use crate::directory::GuestOrExternalUserType;

/// A rule: its kind, and the id or number of what it names.
///
/// The number stands first, so that sorted rules are told apart by one comparison of numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Rule {
    value: u128,
    pub(super) kind: RuleKind,
}

/// The kind of a rule, in the order of the conditions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum RuleKind {
    AllApps,
    Office365,
    MicrosoftAdminPortals,
    AppId,
    UserAction,
    AuthenticationContext,
    AllUsers,
    Guest,
    UserId,
    GroupId,
    RoleId,
    External(GuestOrExternalUserType),
    ExternalOf(GuestOrExternalUserType),
    ServicePrincipalsInMyTenant,
    ServicePrincipalId,
    AllAgents,
    AgentId,
    AllLocations,
    AllTrustedLocations,
    LocationId,
    AllDevicePlatforms,
    DevicePlatform,
    ClientType,
    AllDeviceStates,
    DeviceState,
    SignInRisk,
    UserRisk,
    ServicePrincipalRisk,
    AgentRisk,
    InsiderRisk,
    TransferMethod,
}

use RuleKind as K;

impl Rule {
    /// The number of what it names; 0 of a rule that names nothing further.
    pub(super) const fn value(self) -> u128 {
        self.value
    }

    /// A rule that names nothing further.
    pub(super) const fn word(kind: RuleKind) -> Self {
        Self { value: 0, kind }
    }

    /// A member of a small set.
    fn flag(kind: RuleKind, flag: impl Flag) -> Self {
        Self { value: u128::from(flag.bit()), kind }
    }

    pub(super) const fn app(id: AppId) -> Self {
        Self { value: id.as_u128(), kind: K::AppId }
    }

    pub(super) fn user_action(action: UserAction) -> Self {
        Self::flag(K::UserAction, action)
    }

    pub(super) fn context(id: AuthenticationContextId) -> Self {
        Self { value: u128::from(id.number()), kind: K::AuthenticationContext }
    }

    pub(super) const fn user(id: UserId) -> Self {
        Self { value: id.as_u128(), kind: K::UserId }
    }

    pub(super) const fn group(id: GroupId) -> Self {
        Self { value: id.as_u128(), kind: K::GroupId }
    }

    pub(super) const fn role(id: RoleTemplateId) -> Self {
        Self { value: id.as_u128(), kind: K::RoleId }
    }

    /// An external user of this kind, from any tenant or from one.
    pub(super) const fn external(kind: GuestOrExternalUserType, tenant: Option<TenantId>) -> Self {
        match tenant {
            None => Self { value: 0, kind: K::External(kind) },
            Some(tenant) => Self { value: tenant.as_u128(), kind: K::ExternalOf(kind) },
        }
    }

    pub(super) const fn service_principal(id: ServicePrincipalId) -> Self {
        Self { value: id.as_u128(), kind: K::ServicePrincipalId }
    }

    pub(super) const fn agent(id: ServicePrincipalId) -> Self {
        Self { value: id.as_u128(), kind: K::AgentId }
    }

    pub(super) const fn location(id: LocationId) -> Self {
        Self { value: id.as_u128(), kind: K::LocationId }
    }

    pub(super) fn platform(platform: Platform) -> Self {
        Self::flag(K::DevicePlatform, platform)
    }

    pub(super) fn client(client: ClientAppType) -> Self {
        Self::flag(K::ClientType, client)
    }

    pub(super) fn device_state(state: super::conditions::DeviceState) -> Self {
        Self::flag(K::DeviceState, state)
    }

    /// A level of one of the risks.
    pub(super) fn risk(kind: RuleKind, level: RiskLevel) -> Self {
        Self::flag(kind, level)
    }

    pub(super) fn insider_risk(level: InsiderRiskLevel) -> Self {
        Self::flag(K::InsiderRisk, level)
    }

    pub(super) fn transfer_method(method: TransferMethod) -> Self {
        Self::flag(K::TransferMethod, method)
    }

    /// The word of `ruleSatisfied`; none where Graph has none.
    ///
    /// # Source
    /// Graph beta `conditionalAccessRule`; conditional-access 3.5.
    pub(super) fn satisfied_word(self) -> Option<&'static str> {
        Some(match self.kind {
            K::AllApps => "allApps",
            K::Office365 => "office365",
            K::MicrosoftAdminPortals => "microsoftAdminPortals",
            K::AppId => "appId",
            K::AuthenticationContext => "acr",
            K::AllUsers => "allUsers",
            K::Guest => "guest",
            K::UserId => "userId",
            K::GroupId => "groupId",
            K::RoleId => "roleId",
            K::External(kind) | K::ExternalOf(kind) => external_word(kind),
            K::AllLocations => "allLocations",
            K::AllTrustedLocations => "allTrustedLocations",
            K::LocationId => "locationId",
            K::AllDevicePlatforms => "allDevicePlatforms",
            K::DevicePlatform => "devicePlatform",
            K::AllDeviceStates => "allDeviceStates",
            K::DeviceState => "deviceState",
            K::InsiderRisk => "insiderRisk",
            K::TransferMethod => word_of::<TransferMethod>(self.value)?,
            K::UserAction
            | K::ServicePrincipalsInMyTenant
            | K::ServicePrincipalId
            | K::AllAgents
            | K::AgentId
            | K::ClientType
            | K::SignInRisk
            | K::UserRisk
            | K::ServicePrincipalRisk
            | K::AgentRisk => return None,
        })
    }
}

/// The word of a small set's member that has this bit.
fn word_of<T: super::reader::Words + Flag>(bit: u128) -> Option<&'static str> {
    let flag = T::ALL.iter().find(|flag| u128::from(flag.bit()) == bit)?;
    super::reader::spelling(*flag)
}

fn external_word(kind: GuestOrExternalUserType) -> &'static str {
    super::reader::spelling(kind).unwrap_or("guest")
}

/// For people: the kind, and what it names.
impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id = uuid::Uuid::from_u128(self.value);
        let word = |word: Option<&'static str>| word.unwrap_or("unknown");
        match self.kind {
            K::AllApps => f.write_str("all resources"),
            K::Office365 => f.write_str("Office365"),
            K::MicrosoftAdminPortals => f.write_str("MicrosoftAdminPortals"),
            K::AppId => write!(f, "resource {id}"),
            K::UserAction => {
                write!(f, "user action {}", word(word_of::<UserAction>(self.value)))
            }
            K::AuthenticationContext => write!(f, "authentication context c{}", self.value),
            K::AllUsers => f.write_str("all users"),
            K::Guest => f.write_str("guests and external users"),
            K::UserId => write!(f, "user {id}"),
            K::GroupId => write!(f, "group {id}"),
            K::RoleId => write!(f, "role {id}"),
            K::External(kind) => f.write_str(external_word(kind)),
            K::ExternalOf(kind) => write!(f, "{} of tenant {id}", external_word(kind)),
            K::ServicePrincipalsInMyTenant => f.write_str("service principals in my tenant"),
            K::ServicePrincipalId => write!(f, "service principal {id}"),
            K::AllAgents => f.write_str("all agents"),
            K::AgentId => write!(f, "agent {id}"),
            K::AllLocations => f.write_str("any location"),
            K::AllTrustedLocations => f.write_str("all trusted locations"),
            K::LocationId => write!(f, "location {id}"),
            K::AllDevicePlatforms => f.write_str("any platform"),
            K::DevicePlatform => f.write_str(word_of::<Platform>(self.value).unwrap_or("unknown")),
            K::ClientType => f.write_str(word(word_of::<ClientAppType>(self.value))),
            K::AllDeviceStates => f.write_str("any device"),
            K::DeviceState => {
                f.write_str(word(word_of::<super::conditions::DeviceState>(self.value)))
            }
            K::SignInRisk | K::UserRisk | K::ServicePrincipalRisk | K::AgentRisk => {
                write!(f, "risk {}", word(word_of::<RiskLevel>(self.value)))
            }
            K::InsiderRisk => write!(f, "risk {}", word(word_of::<InsiderRiskLevel>(self.value))),
            K::TransferMethod => f.write_str(word(word_of::<TransferMethod>(self.value))),
        }
    }
}
