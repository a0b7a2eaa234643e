//! `conditions`: to whom and to what a policy applies. One file for each condition: how it is read,
//! kept, and what it includes and excludes.
//!
//! A condition is two lists of clauses. It holds when a clause that it includes is true of the
//! sign-in and no clause that it excludes is; of several resources in one request, one for which
//! that is so is enough. Almost every clause is a [`Rule`], a small value; the others are filters.
//!
//! # Source
//! conditional-access 2, 3.1 and 3.4. `# Simulated` there: the order of conditions beyond the client
//! type, and where workloads and their risks stand in it.

mod applications;
mod clients;
mod devices;
mod flows;
mod locations;
mod platforms;
mod risks;
mod users;
mod workloads;

pub use applications::{ApplicationFilter, ApplicationWord, Applications};
pub use devices::{DeviceState, DeviceStates, Devices, FilterMode};
pub use locations::Locations;
pub use platforms::Platforms;
pub use users::{ExternalTenants, ExternalUsers, Principals, Users};
pub use workloads::{ClientApplications, Workloads};

use super::applied::Condition;
use super::error::PolicyError;
use super::facts::{
    ClientAppType, InsiderRiskLevel, Purpose, RiskLevel, ServicePrincipalKind, SignIn, Target,
    TransferMethod, UserAction,
};
use super::filter::{AttributeFilter, DeviceFilter};
use super::flags::Flags;
use super::reader::{Object, Unknown};
use super::rule::{Rule, RuleKind};
use crate::base::id::{AppId, PolicyId};

/// All conditions of a policy. What is `None` or empty is not configured and matches everything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conditions {
    /// The resources.
    pub applications: Applications,
    /// The users; nobody where the policy is about workloads.
    pub users: Users,
    /// The workloads; none where the policy is about users.
    pub client_applications: Option<ClientApplications>,
    /// Where from.
    pub locations: Option<Locations>,
    /// The claimed platforms.
    pub platforms: Option<Platforms>,
    /// The kinds of client; a list with `all` counts as not configured.
    pub client_app_types: Option<Flags<ClientAppType>>,
    /// The devices.
    pub devices: Option<Devices>,
    /// Levels of the risk of the sign-in.
    pub sign_in_risk_levels: Flags<RiskLevel>,
    /// Levels of the risk of the user.
    pub user_risk_levels: Flags<RiskLevel>,
    /// Levels of the risk of the workload.
    pub service_principal_risk_levels: Flags<RiskLevel>,
    /// Levels of the risk of the agent (beta).
    pub agent_id_risk_levels: Flags<RiskLevel>,
    /// How the sign-in came over from another device.
    pub authentication_flows: Flags<TransferMethod>,
    /// Levels of the risk of the user as an insider.
    pub insider_risk_levels: Flags<InsiderRiskLevel>,
}

/// The conditions in the order in which they are walked. The address goes with the location, the
/// risk of an agent with that of a workload.
pub(super) const ORDER: &[Condition] = &[
    Condition::Application,
    Condition::Users,
    Condition::ServicePrincipals,
    Condition::Location,
    Condition::DevicePlatform,
    Condition::ClientType,
    Condition::DeviceState,
    Condition::SignInRisk,
    Condition::UserRisk,
    Condition::ServicePrincipalRisk,
    Condition::AuthenticationFlows,
    Condition::InsiderRisk,
];

/// Whether something is included or excluded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Include,
    Exclude,
}

/// What a condition includes or excludes.
#[derive(Clone, Copy, Debug)]
pub(super) enum Clause<'p> {
    AppFilter(&'p AttributeFilter),
    DeviceFilter(&'p DeviceFilter),
    Rule(Rule),
    WorkloadFilter(ServicePrincipalKind, &'p AttributeFilter),
}

/// What a condition is asked about: the request, or one of its resources.
#[derive(Clone, Copy, Debug)]
pub(super) enum Subject {
    Request,
    Resource(AppId),
}

pub(super) fn read(policy: &mut Object<'_>, id: PolicyId) -> Result<Conditions, PolicyError> {
    let missing = policy.path_of("conditions");
    let mut object = policy.object("conditions")?.ok_or(PolicyError::Missing { path: missing })?;
    object.not_evaluated(&["clients", "times"])?;
    let client_applications = workloads::read(&mut object, id)?;
    let conditions = Conditions {
        users: users::read(&mut object, id, client_applications.is_some())?,
        client_applications,
        applications: applications::read(&mut object, id)?,
        locations: locations::read(&mut object, id)?,
        platforms: platforms::read(&mut object, id)?,
        client_app_types: clients::read(&mut object)?,
        devices: devices::read(&mut object, id)?,
        sign_in_risk_levels: object.word_set("signInRiskLevels")?,
        user_risk_levels: object.word_set("userRiskLevels")?,
        service_principal_risk_levels: object.word_set("servicePrincipalRiskLevels")?,
        agent_id_risk_levels: object.flags("agentIdRiskLevels")?,
        authentication_flows: flows::read(&mut object)?,
        insider_risk_levels: object.flags("insiderRiskLevels")?,
    };
    object.finish(Unknown::Refuse)?;
    Ok(conditions)
}

impl Conditions {
    /// The configured conditions, as a record lists them.
    pub(super) fn configured(&self) -> Flags<Condition> {
        let each = ORDER.iter().copied().filter(|which| self.is_configured(*which));
        each.fold(Flags::EMPTY, |all, which| all.or(which.recorded()))
    }

    /// Whether this condition is configured.
    pub(super) fn is_configured(&self, which: Condition) -> bool {
        match which {
            Condition::Application => true,
            Condition::Users => self.client_applications.is_none(),
            Condition::ServicePrincipals => self.client_applications.is_some(),
            Condition::Location => self.locations.is_some(),
            Condition::DevicePlatform => self.platforms.is_some(),
            Condition::ClientType => self.client_app_types.is_some(),
            Condition::DeviceState => self.devices.is_some(),
            Condition::SignInRisk => !self.sign_in_risk_levels.is_empty(),
            Condition::UserRisk => !self.user_risk_levels.is_empty(),
            Condition::ServicePrincipalRisk => {
                !self.service_principal_risk_levels.is_empty()
                    || !self.agent_id_risk_levels.is_empty()
            }
            Condition::AuthenticationFlows => !self.authentication_flows.is_empty(),
            Condition::InsiderRisk => !self.insider_risk_levels.is_empty(),
            _ => false,
        }
    }

    /// Hands each clause of one side of a condition to `to`.
    pub(super) fn clauses<'p>(
        &'p self,
        which: Condition,
        side: Side,
        to: &mut dyn FnMut(Clause<'p>),
    ) {
        match which {
            Condition::Application => self.applications.clauses(side, to),
            Condition::Users => self.users.clauses(side, to),
            Condition::ServicePrincipals => {
                self.client_applications.iter().for_each(|one| one.clauses(side, to));
            }
            Condition::Location => self.locations.iter().for_each(|one| one.clauses(side, to)),
            Condition::DevicePlatform => {
                self.platforms.iter().for_each(|one| one.clauses(side, to));
            }
            Condition::ClientType => clients::clauses(self.client_app_types, side, to),
            Condition::DeviceState => self.devices.iter().for_each(|one| one.clauses(side, to)),
            Condition::AuthenticationFlows => flows::clauses(self.authentication_flows, side, to),
            _ => risks::clauses(self, which, side, to),
        }
    }

    /// Whether the condition holds; none if it is not configured.
    pub(super) fn holds(&self, which: Condition, sign_in: &SignIn<'_>) -> Option<bool> {
        let holds = |subject| {
            self.names(which, Side::Include, sign_in, subject)
                && !self.names(which, Side::Exclude, sign_in, subject)
        };
        self.is_configured(which).then(|| any_subject(which, sign_in, holds))
    }

    /// Whether a clause of that side is true of the subject.
    pub(super) fn names(
        &self,
        which: Condition,
        side: Side,
        sign_in: &SignIn<'_>,
        subject: Subject,
    ) -> bool {
        let mut found = false;
        self.clauses(which, side, &mut |clause| {
            found = found || clause.is_true(which, sign_in, subject);
        });
        found
    }

    /// Whether the policy is made for the registration of devices, from which others are exempt.
    pub(super) fn takes_bootstrap(&self, sign_in: &SignIn<'_>) -> bool {
        matches!(sign_in.target, Target::UserAction(UserAction::RegisterDevice))
            && self.applications.user_actions.contains(UserAction::RegisterDevice)
    }
}

impl Clause<'_> {
    /// Whether this clause is true of the subject.
    pub(super) fn is_true(self, which: Condition, sign_in: &SignIn<'_>, subject: Subject) -> bool {
        match self {
            Self::AppFilter(filter) => applications::filter_matches(filter, sign_in, subject),
            Self::DeviceFilter(filter) => filter.matches(sign_in.shown_device()),
            Self::WorkloadFilter(kind, filter) => workloads::filter_matches(kind, filter, sign_in),
            Self::Rule(rule) => {
                let mut found = false;
                traits(which, sign_in, subject, &mut |own| found = found || own == rule);
                found
            }
        }
    }
}

impl Condition {
    /// What a record lists for this condition: the address seen goes with the location.
    pub(super) fn recorded(self) -> Flags<Self> {
        match self {
            Self::Location => Flags::of(&[Self::Location, Self::IpAddressSeenByAzureAd]),
            other => Flags::of(&[other]),
        }
    }
}

/// Whether `holds` for one of the subjects that a condition is asked about.
pub(super) fn any_subject(
    which: Condition,
    sign_in: &SignIn<'_>,
    mut holds: impl FnMut(Subject) -> bool,
) -> bool {
    match (which, sign_in.target) {
        (Condition::Application, Target::Resources(resources)) => {
            resources.iter().any(|resource| holds(Subject::Resource(*resource)))
        }
        _ => holds(Subject::Request),
    }
}

/// Hands everything the subject is, as far as a condition asks, to `to`.
pub(super) fn traits(
    which: Condition,
    sign_in: &SignIn<'_>,
    subject: Subject,
    to: &mut dyn FnMut(Rule),
) {
    match which {
        Condition::Application => applications::traits(sign_in, subject, to),
        Condition::Users => users::traits(sign_in, to),
        Condition::ServicePrincipals => workloads::traits(sign_in, to),
        Condition::Location => locations::traits(sign_in, to),
        Condition::DevicePlatform => platforms::traits(sign_in, to),
        Condition::ClientType => clients::traits(sign_in, to),
        Condition::DeviceState => devices::traits(sign_in, to),
        Condition::AuthenticationFlows => flows::traits(sign_in, to),
        _ => risks::traits(which, sign_in, to),
    }
}

/// Whether a request is exempt from a policy whatever its conditions say.
pub(super) fn is_exempt(conditions: &Conditions, sign_in: &SignIn<'_>) -> bool {
    sign_in.purpose == Purpose::Bootstrap && !conditions.takes_bootstrap(sign_in)
}

/// Hands words as clauses to `to`.
fn words<'p>(kinds: impl IntoIterator<Item = (bool, RuleKind)>, to: &mut dyn FnMut(Clause<'p>)) {
    for (_, kind) in kinds.into_iter().filter(|(stands_there, _)| *stands_there) {
        to(Clause::Rule(Rule::word(kind)));
    }
}

/// The error of a condition that excludes something and includes nothing.
fn nothing_included(policy: PolicyId, path: String) -> PolicyError {
    PolicyError::Incomplete { policy, path, reason: "is empty although something is excluded" }
}
