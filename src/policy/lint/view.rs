//! What one policy does, as the rules ask: whom, what and where it covers, and what it asks.

use std::collections::BTreeSet;

use serde_json::Value;

use super::finding::{Finding, LintRule, Location, Severity};
use crate::base::id::{AppId, GroupId};
use crate::catalog::Catalog;
use crate::catalog::well_known::{EXCHANGE, SHAREPOINT, TEAMS};
use crate::directory::{GuestOrExternalUserType, User, UserType};
use crate::policy::conditions::{
    ApplicationWord, Applications, Conditions, Devices, ExternalTenants, FilterMode, Principals,
};
use crate::policy::controls::{GrantControl, Operator, SessionControl};
use crate::policy::facts::{ClientAppType, Platform};
use crate::policy::filter::DeviceFilter;
use crate::policy::flags::{Flag, Flags};
use crate::policy::model::{IdSet, Policy, PolicyState};

/// Where the included resources stand.
pub(super) const INCLUDED: &str = "conditions.applications.includeApplications";
const INCLUDED_POINTER: &str = "/conditions/applications/includeApplications";

/// A policy as the rules see it.
pub(super) struct View<'p> {
    pub(super) policy: &'p Policy,
    /// Platforms the policy applies to.
    pub(super) platforms: Flags<Platform>,
    /// Kinds of client the policy applies to.
    pub(super) clients: Flags<ClientAppType>,
    /// Resources and groups of resources that it includes; no resource that it excludes again.
    pub(super) targets: Vec<Target>,
}

/// What a policy is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Target {
    All,
    Group(ApplicationWord),
    App(AppId),
}

impl<'p> View<'p> {
    pub(super) fn of(policy: &'p Policy) -> Self {
        let conditions = policy.conditions();
        let platforms = conditions.platforms.as_ref();
        let platforms = platforms.map_or(Platform::all(), |it| it.include.without(it.exclude));
        let mut clients = conditions.client_app_types.unwrap_or(Flags::of(ClientAppType::ALL));
        if clients.contains(ClientAppType::ExchangeActiveSync) {
            clients.insert(ClientAppType::EasSupported);
        }
        let applications = &conditions.applications;
        let all = applications.include_all.then_some(Target::All);
        let groups = applications.include_groups.iter().map(Target::Group);
        let named = applications.include.iter().copied();
        let ids = named.filter(|id| !excludes_app(applications, *id)).map(Target::App);
        let targets = all.into_iter().chain(groups).chain(ids).collect();
        Self { policy, platforms, clients, targets }
    }

    pub(super) fn is_enabled(&self) -> bool {
        self.policy.state() == PolicyState::Enabled
    }

    pub(super) fn only_reports(&self) -> bool {
        self.policy.state() == PolicyState::EnabledForReportingButNotEnforced
    }

    pub(super) fn is_on(&self) -> bool {
        self.policy.state() != PolicyState::Disabled
    }

    fn conditions(&self) -> &'p Conditions {
        self.policy.conditions()
    }

    pub(super) fn include(&self) -> &'p Principals {
        &self.conditions().users.include
    }

    pub(super) fn includes_all(&self) -> bool {
        self.conditions().users.include_all
    }

    pub(super) fn exclude(&self) -> &'p Principals {
        &self.conditions().users.exclude
    }

    /// The device filter with its mode.
    pub(super) fn filter(&self) -> Option<(FilterMode, &'p DeviceFilter)> {
        match &self.conditions().devices {
            Some(Devices::Filter { mode, filter }) => Some((*mode, filter)),
            Some(Devices::States(_)) | None => None,
        }
    }

    /// Whether token protection is one of its session controls.
    pub(super) fn protects_tokens(&self) -> bool {
        self.policy.session_controls().contains(SessionControl::SecureSignInSession)
    }

    /// Its session controls but token protection.
    pub(super) fn other_session_controls(&self) -> Flags<SessionControl> {
        self.policy.session_controls().without(Flags::of(&[SessionControl::SecureSignInSession]))
    }

    pub(super) fn blocks(&self) -> bool {
        self.policy.grant_controls().controls.contains(GrantControl::Block)
    }

    /// Whether nobody gets by without a device that the tenant looks after.
    pub(super) fn requires_device(&self) -> bool {
        let device = Flags::of(&[GrantControl::CompliantDevice, GrantControl::DomainJoinedDevice]);
        let grant = self.policy.grant_controls();
        let others = grant.controls.without(device);
        match grant.operator {
            Operator::And => grant.controls != others,
            Operator::Or => !grant.controls.is_empty() && others.is_empty(),
        }
    }

    /// Whether a legacy client, which shows no device and cannot act on a prompt, fails it.
    pub(super) fn stops_legacy_clients(&self) -> bool {
        !self.policy.grant_controls().controls.is_empty() || self.protects_tokens()
    }

    /// Whether it applies to a machine that nobody registered, wherever it is and whatever it is
    /// suspected of. No also where that depends on a place, a risk or a flow.
    pub(super) fn applies_to_strangers(&self) -> bool {
        let conditions = self.conditions();
        let everywhere = conditions.locations.as_ref().is_none_or(|locations| {
            locations.include_all && !locations.exclude_trusted && locations.exclude.is_empty()
        });
        let any_risk = conditions.sign_in_risk_levels.is_empty()
            && conditions.user_risk_levels.is_empty()
            && conditions.insider_risk_levels.is_empty();
        let any_flow = conditions.authentication_flows.is_empty();
        let any_device = match &conditions.devices {
            None => true,
            Some(Devices::Filter { mode, filter }) => {
                filter.matches(None) == (*mode == FilterMode::Include)
            }
            Some(Devices::States(states)) => states.include_all,
        };
        everywhere && any_risk && any_flow && any_device
    }

    /// Whether a target of `of` is wholly in scope, less what `of` excludes itself.
    pub(super) fn covers(&self, target: Target, of: &View<'_>) -> bool {
        let (applications, ours) = (&self.conditions().applications, &of.conditions().applications);
        let groups = applications.include_groups;
        let left_out = applications.exclude_groups.without(ours.exclude_groups);
        let mut ids = applications.exclude.iter().filter(|id| !excludes_app(ours, **id));
        let (included, excluded) = match target {
            Target::All => (false, ids.next().is_some() || !left_out.is_empty()),
            Target::Group(word) => {
                (groups.contains(word), left_out.contains(word) || ids.any(|id| word.holds(*id)))
            }
            Target::App(id) => (
                applications.include.contains(&id) || groups.iter().any(|word| word.holds(id)),
                excludes_app(applications, id),
            ),
        };
        let included = included || applications.include_all;
        included && !excluded && applications.filter.is_none()
    }

    /// Whether it is about users at all, and not about workloads or nobody.
    pub(super) fn includes_somebody(&self) -> bool {
        self.includes_all() || !names_nobody(self.include())
    }

    /// The path of an included resource, with its place in the document.
    pub(super) fn path_of(&self, id: AppId) -> String {
        let named = self.policy.document().pointer(INCLUDED_POINTER).and_then(Value::as_array);
        let is_it = |value: &Value| value.as_str().and_then(|text| text.parse().ok()) == Some(id);
        match named.and_then(|named| named.iter().position(is_it)) {
            Some(at) => format!("{INCLUDED}[{at}]"),
            None => INCLUDED.to_owned(),
        }
    }

    /// Whether it includes the user; `groups` are the user's, nested ones included.
    pub(super) fn includes(&self, user: &User, groups: &BTreeSet<GroupId>) -> bool {
        self.includes_all() || names(self.include(), user, groups)
    }

    /// Whether it excludes the user.
    pub(super) fn excludes(&self, user: &User, groups: &BTreeSet<GroupId>) -> bool {
        names(self.exclude(), user, groups)
    }

    /// A finding about this policy.
    pub(super) fn finding(
        &self,
        rule: LintRule,
        severity: Severity,
        path: &str,
        why: String,
    ) -> Finding {
        Finding {
            rule,
            severity,
            location: Location {
                policy_id: Some(self.policy.id()),
                display_name: self.policy.display_name().to_owned(),
                path: path.to_owned(),
            },
            why,
            fix: rule.fix().to_owned(),
            source: rule.source(),
        }
    }
}

impl Target {
    /// Whether it is, or holds, a resource that is protected in native apps and not in browsers.
    pub(super) fn has_native_only(self) -> bool {
        let native = [EXCHANGE, SHAREPOINT, TEAMS];
        match self {
            Self::All => true,
            Self::Group(word) => native.iter().any(|id| word.holds(*id)),
            Self::App(id) => native.contains(&id),
        }
    }

    pub(super) fn as_text(self) -> String {
        match self {
            Self::All => "all resources".to_owned(),
            Self::Group(ApplicationWord::MicrosoftAdminPortals) => "the admin portals".to_owned(),
            Self::Group(ApplicationWord::Office365) => "Office 365".to_owned(),
            Self::App(id) => match Catalog::builtin().resource_by_id(id) {
                Some(resource) => resource.display_name.clone(),
                None => id.to_string(),
            },
        }
    }
}

/// Whether the user is named, by whatever; `groups` are the user's, nested ones included.
fn names(principals: &Principals, user: &User, groups: &BTreeSet<GroupId>) -> bool {
    let guest = user.user_type == UserType::Guest || user.external_kind.is_some();
    let external = user.external_kind.is_some_and(|kind| {
        let from = match &principals.external.tenants {
            ExternalTenants::All => true,
            ExternalTenants::Enumerated(tenants) => {
                user.home_tenant.is_none_or(|home| tenants.contains(&home))
            }
        };
        principals.external.kinds.contains(kind) && from
    });
    principals.guests && guest
        || external
        || principals.users.contains(&user.id())
        || groups.iter().any(|group| principals.groups.contains(group))
        || user.roles.iter().any(|role| principals.roles.contains(role))
}

/// Whether nobody is named.
pub(super) fn names_nobody(principals: &Principals) -> bool {
    !principals.guests
        && principals.external.kinds.is_empty()
        && principals.users.is_empty()
        && principals.groups.is_empty()
        && principals.roles.is_empty()
}

/// Whether everybody that `other` names is named in one of `several` too, as far as ids can tell.
pub(super) fn name_all_of(several: &[&Principals], other: &Principals) -> bool {
    let named = |is: &dyn Fn(&Principals) -> bool| several.iter().any(|one| is(one));
    other.users.iter().all(|id| named(&|one| one.users.contains(id)))
        && other.groups.iter().all(|id| named(&|one| one.groups.contains(id)))
        && other.roles.iter().all(|id| named(&|one| one.roles.contains(id)))
        && name_all_guests_of(several, other)
}

/// The same of guests and external users alone.
pub(super) fn name_all_guests_of(several: &[&Principals], other: &Principals) -> bool {
    let tenants = &other.external.tenants;
    let kind_of = |kind, tenants: &_| several.iter().any(|one| takes(one, kind, tenants));
    let mut everyone = GuestOrExternalUserType::ALL.iter();
    (!other.guests || everyone.all(|kind| kind_of(*kind, &ExternalTenants::All)))
        && other.external.kinds.iter().all(|kind| kind_of(kind, tenants))
}

/// Whether external users of a kind, of these tenants, are named.
fn takes(principals: &Principals, kind: GuestOrExternalUserType, of: &ExternalTenants) -> bool {
    let of_them = match (&principals.external.tenants, of) {
        (ExternalTenants::All, _) => true,
        (ExternalTenants::Enumerated(_), ExternalTenants::All) => false,
        (ExternalTenants::Enumerated(theirs), ExternalTenants::Enumerated(these)) => {
            missing(these, theirs).next().is_none()
        }
    };
    principals.guests || principals.external.kinds.contains(kind) && of_them
}

/// Whether a policy excludes a resource, by id or by group.
fn excludes_app(applications: &Applications, id: AppId) -> bool {
    applications.exclude.contains(&id)
        || applications.exclude_groups.iter().any(|word| word.holds(id))
}

/// Ids of `these` that are not among `those`.
pub(super) fn missing<'i, T: Ord + Copy>(
    these: &'i IdSet<T>,
    those: &'i IdSet<T>,
) -> impl Iterator<Item = &'i T> {
    these.iter().filter(|id| !those.contains(id))
}
