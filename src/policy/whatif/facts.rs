//! A described sign-in as facts: what a request says, and what the directory adds to it.

use std::collections::BTreeSet;

use super::error::WhatIfError;
use super::request::{WhatIfContext, WhatIfIdentity, WhatIfRequest};
use crate::base::id::{AppId, GroupId, RoleTemplateId};
use crate::directory::{Directory, GuestOrExternalUserType, MatchedLocations, User, UserType};
use crate::policy::applied::Condition;
use crate::policy::facts::{
    ClientAppType, ExternalUser, Identity, Place, Platform, Risk, RiskLevel, ServicePrincipalFacts,
    SignIn, Target, UserFacts,
};

/// What the facts of a sign-in borrow.
pub(super) struct Facts<'a> {
    request: &'a WhatIfRequest,
    pub(super) user: Option<&'a User>,
    groups: BTreeSet<GroupId>,
    roles: BTreeSet<RoleTemplateId>,
    places: MatchedLocations,
}

impl<'a> Facts<'a> {
    pub(super) fn of(
        request: &'a WhatIfRequest,
        directory: Option<&'a Directory>,
    ) -> Result<Self, WhatIfError> {
        let conditions = &request.conditions;
        let places = directory
            .map(|one| one.place_of(conditions.ip_address, conditions.country))
            .unwrap_or_default();
        let mut facts =
            Self { request, user: None, groups: BTreeSet::new(), roles: BTreeSet::new(), places };
        if let (WhatIfIdentity::User { id, external }, Some(directory)) =
            (&request.identity, directory)
        {
            facts.user = directory.user(*id);
            facts.groups = directory.groups_of(*id);
            facts.roles = directory.roles_of(*id);
            // An external user need not have an account here.
            if facts.user.is_none() && external.is_none() {
                return Err(WhatIfError::UnknownUser { id: *id });
            }
        }
        Ok(facts)
    }

    pub(super) fn resources(&self) -> &'a [AppId] {
        match &self.request.context {
            WhatIfContext::Applications(ids) => ids,
            WhatIfContext::AuthenticationContext(_) | WhatIfContext::UserAction(_) => &[],
        }
    }

    fn target(&self) -> Target<'a> {
        match &self.request.context {
            WhatIfContext::Applications(ids) => Target::Resources(ids),
            WhatIfContext::AuthenticationContext(id) => Target::AuthenticationContext(*id),
            WhatIfContext::UserAction(action) => Target::UserAction(*action),
        }
    }

    fn identity(&self) -> Identity<'_> {
        match &self.request.identity {
            WhatIfIdentity::ServicePrincipal(id) => {
                Identity::ServicePrincipal(ServicePrincipalFacts::new(*id))
            }
            WhatIfIdentity::User { id, external } => {
                let known = self.user.and_then(|user| {
                    let tenant = user.home_tenant;
                    user.external_kind.map(|kind| ExternalUser { kind, tenant })
                });
                let external = external.or(known);
                let user_type = match (external, self.user) {
                    (Some(external), _) => user_type(external.kind),
                    (None, Some(user)) => user.user_type,
                    (None, None) => UserType::Member,
                };
                let (groups, roles) = (&self.groups, &self.roles);
                Identity::User(UserFacts { id: *id, user_type, external, groups, roles })
            }
        }
    }

    /// The facts; what the request does not give is neutral.
    pub(super) fn sign_in(&self) -> SignIn<'_> {
        let conditions = &self.request.conditions;
        let native = ClientAppType::MobileAppsAndDesktopClients;
        SignIn {
            platform: conditions.platform.unwrap_or(Platform::Unknown),
            client_app_type: conditions.client_app_type.unwrap_or(native),
            place: Place::of(conditions.ip_address, conditions.country, &self.places),
            risk: Risk {
                sign_in: conditions.sign_in_risk.unwrap_or_default(),
                user: conditions.user_risk.unwrap_or_default(),
                service_principal: conditions.service_principal_risk.unwrap_or_default(),
                insider: conditions.insider_risk.flatten(),
                agent: RiskLevel::None,
            },
            transfer_method: conditions.transfer_method.flatten(),
            ..SignIn::new(self.identity(), self.target())
        }
    }

    /// Whether the request gives the signal that a condition looks at.
    pub(super) fn gives(&self, condition: Condition) -> bool {
        let conditions = &self.request.conditions;
        match condition {
            Condition::Location => conditions.ip_address.is_some() || conditions.country.is_some(),
            Condition::DevicePlatform => conditions.platform.is_some(),
            Condition::ClientType => conditions.client_app_type.is_some(),
            Condition::DeviceState => conditions.device.is_some(),
            Condition::SignInRisk => conditions.sign_in_risk.is_some(),
            Condition::UserRisk => conditions.user_risk.is_some(),
            Condition::ServicePrincipalRisk => conditions.service_principal_risk.is_some(),
            Condition::AuthenticationFlows => conditions.transfer_method.is_some(),
            Condition::InsiderRisk => conditions.insider_risk.is_some(),
            _ => true,
        }
    }
}

/// The member of the request that gives the signal of a condition.
pub(super) const fn signal(condition: Condition) -> &'static str {
    match condition {
        Condition::Location => "ipAddress` or `country",
        Condition::DevicePlatform => "devicePlatform",
        Condition::ClientType => "clientAppType",
        Condition::DeviceState => "deviceInfo",
        Condition::SignInRisk => "signInRiskLevel",
        Condition::UserRisk => "userRiskLevel",
        Condition::ServicePrincipalRisk => "servicePrincipalRiskLevel",
        Condition::AuthenticationFlows => "authenticationFlow",
        Condition::InsiderRisk => "insiderRiskLevel",
        other => other.as_str(),
    }
}

const fn user_type(kind: GuestOrExternalUserType) -> UserType {
    match kind {
        GuestOrExternalUserType::B2bCollaborationMember => UserType::Member,
        _ => UserType::Guest,
    }
}
