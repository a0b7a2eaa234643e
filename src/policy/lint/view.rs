//! What one policy says, read off its document: the words an administrator wrote, with the places
//! where they stand.
//!
//! The document was read before, so every word in it is documented and every id is one.

use std::collections::BTreeSet;

use serde_json::Value;

use super::finding::{Finding, LintRule, Location, Severity};
use crate::base::id::{AppId, GroupId, RoleTemplateId, TenantId, UserId};
use crate::catalog::well_known::{EXCHANGE, SHAREPOINT, TEAMS};
use crate::directory::{Directory, User, UserType};
use crate::policy::facts::{ClientAppType, Platform};
use crate::policy::filter::DeviceFilter;
use crate::policy::flags::{Flag, Flags};
use crate::policy::model::{Policy, PolicyState};

/// A policy as the rules see it.
pub(super) struct View<'p> {
    pub(super) policy: &'p Policy,
    pub(super) include: People,
    pub(super) exclude: People,
    /// Platforms the policy applies to.
    pub(super) platforms: Flags<Platform>,
    /// Kinds of client the policy applies to.
    pub(super) clients: Flags<ClientAppType>,
    pub(super) targets: Vec<Target>,
    pub(super) filter: Option<(FilterMode, DeviceFilter)>,
}

/// What a device filter does with a device that it matches.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum FilterMode {
    Exclude,
    Include,
}

/// Users by everything a policy can name them by.
#[derive(Default)]
pub(super) struct People {
    pub(super) all: bool,
    pub(super) guests: bool,
    pub(super) users: BTreeSet<UserId>,
    pub(super) groups: BTreeSet<GroupId>,
    pub(super) roles: BTreeSet<RoleTemplateId>,
    /// Words of `guestOrExternalUserTypes`, and the tenants they are limited to.
    external: Option<(Vec<String>, Option<Vec<TenantId>>)>,
}

/// What a policy is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Target {
    All,
    Office365,
    AdminPortals,
    App(AppId),
}

impl<'p> View<'p> {
    pub(super) fn of(policy: &'p Policy) -> Self {
        let document = policy.document();
        let conditions = document.get("conditions").unwrap_or(&Value::Null);
        Self {
            policy,
            include: People::of(conditions, "include"),
            exclude: People::of(conditions, "exclude"),
            platforms: platforms(conditions),
            clients: clients(conditions),
            targets: targets(conditions, "/applications/includeApplications"),
            filter: filter(conditions),
        }
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

    fn at(&self, pointer: &str) -> Option<&Value> {
        self.policy.document().pointer(pointer).filter(|value| !value.is_null())
    }

    /// Whether token protection is one of its session controls.
    pub(super) fn protects_tokens(&self) -> bool {
        self.has_session_control("secureSignInSession")
    }

    fn has_session_control(&self, name: &str) -> bool {
        self.at(&format!("/sessionControls/{name}")).is_some_and(is_on)
    }

    /// Its session controls but token protection.
    pub(super) fn other_session_controls(&self) -> Vec<&str> {
        let controls = self.at("/sessionControls").and_then(Value::as_object);
        let names = controls.into_iter().flatten().filter(|(_, control)| is_on(control));
        names.map(|(name, _)| name.as_str()).filter(|name| *name != "secureSignInSession").collect()
    }

    fn grants(&self) -> Vec<&str> {
        words(self.policy.document(), "/grantControls/builtInControls")
    }

    fn has_other_grants(&self) -> bool {
        let some = |name: &str| {
            let value = self.at(&format!("/grantControls/{name}"));
            value.is_some_and(|value| value.as_array().is_none_or(|list| !list.is_empty()))
        };
        some("authenticationStrength") || some("termsOfUse") || some("customAuthenticationFactors")
    }

    pub(super) fn blocks(&self) -> bool {
        self.grants().contains(&"block")
    }

    /// Whether nobody gets by without a device that the tenant looks after.
    pub(super) fn requires_device(&self) -> bool {
        let device = |control: &&str| matches!(*control, "compliantDevice" | "domainJoinedDevice");
        let grants = self.grants();
        match self.at("/grantControls/operator").and_then(Value::as_str) {
            Some("OR") => {
                !grants.is_empty() && grants.iter().all(device) && !self.has_other_grants()
            }
            _ => grants.iter().any(|control| device(&control)),
        }
    }

    /// Whether a legacy client, which shows no device and cannot act on a prompt, fails it.
    pub(super) fn stops_legacy_clients(&self) -> bool {
        !self.grants().is_empty() || self.has_other_grants() || self.protects_tokens()
    }

    /// Whether it applies to a machine that nobody registered, wherever it is and whatever it is
    /// suspected of. `false` also where that depends on a place or on a risk.
    pub(super) fn applies_to_strangers(&self) -> bool {
        let unconditional = self.narrowing().is_none();
        let filtered = self
            .filter
            .as_ref()
            .is_none_or(|(mode, filter)| filter.matches(None) == (*mode == FilterMode::Include));
        unconditional && filtered
    }

    /// A condition beside users, resources, platforms, clients and devices that limits the policy.
    fn narrowing(&self) -> Option<&'static str> {
        const LISTS: &[&str] = &[
            "signInRiskLevels",
            "userRiskLevels",
            "servicePrincipalRiskLevels",
            "insiderRiskLevels",
            "agentIdRiskLevels",
            "authenticationFlows",
            "times",
            "deviceStates",
        ];
        let conditions = self.at("/conditions")?;
        let limits = |name: &&&str| conditions.get(**name).is_some_and(says_something);
        if let Some(name) = LISTS.iter().find(limits) {
            return Some(name);
        }
        let everywhere = words(conditions, "/locations/includeLocations");
        let left_out = words(conditions, "/locations/excludeLocations");
        let limited = !everywhere.is_empty() && everywhere != ["All"] || !left_out.is_empty();
        limited.then_some("locations")
    }

    /// Whether a target is in scope.
    pub(super) fn covers(&self, target: Target) -> bool {
        let holds = |list: &[Target]| {
            list.contains(&target)
                || list.contains(&Target::All)
                || list.contains(&Target::Office365) && target.is_office_365()
        };
        let excluded =
            targets(self.policy.document(), "/conditions/applications/excludeApplications");
        let touches = holds(&excluded)
            || target == Target::All && !excluded.is_empty()
            || target == Target::Office365 && excluded.iter().any(|one| one.is_office_365());
        holds(&self.targets)
            && !touches
            && self.at("/conditions/applications/applicationFilter").is_none()
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
    pub(super) fn is_office_365(self) -> bool {
        matches!(self, Self::App(EXCHANGE | SHAREPOINT | TEAMS))
    }

    pub(super) fn as_text(self) -> String {
        match self {
            Self::All => "all resources".to_owned(),
            Self::Office365 => "Office 365".to_owned(),
            Self::AdminPortals => "the admin portals".to_owned(),
            Self::App(id) => match crate::catalog::Catalog::builtin().resource_by_id(id) {
                Some(resource) => resource.display_name.clone(),
                None => id.to_string(),
            },
        }
    }
}

impl People {
    fn of(conditions: &Value, side: &str) -> Self {
        let list = |what: &str| words(conditions, &format!("/users/{side}{what}"));
        let users = list("Users");
        let external = conditions.pointer(&format!("/users/{side}GuestsOrExternalUsers"));
        Self {
            all: users.contains(&"All"),
            guests: users.contains(&"GuestsOrExternalUsers"),
            users: parsed(&users),
            groups: parsed(&list("Groups")),
            roles: parsed(&list("Roles")),
            external: external.and_then(external_users),
        }
    }

    /// Whether nobody is named.
    pub(super) fn is_empty(&self) -> bool {
        !self.all
            && !self.guests
            && self.users.is_empty()
            && self.groups.is_empty()
            && self.roles.is_empty()
            && self.external.is_none()
    }

    /// Whether everybody else names is named here too, as far as ids can tell.
    pub(super) fn names_all_of(&self, other: &Self) -> bool {
        self.all
            || !other.all
                && (self.guests || !other.guests)
                && other.users.is_subset(&self.users)
                && other.groups.is_subset(&self.groups)
                && other.roles.is_subset(&self.roles)
                && (other.external.is_none() || self.external == other.external || self.guests)
    }

    /// Whether the user is one of them; `groups` are the user's, nested ones included.
    pub(super) fn hold(&self, user: &User, groups: &BTreeSet<GroupId>) -> bool {
        self.all
            || self.guests && (user.user_type == UserType::Guest || user.external_kind.is_some())
            || self.users.contains(&user.id())
            || !self.groups.is_disjoint(groups)
            || !self.roles.is_disjoint(&user.roles)
            || self.holds_external(user)
    }

    fn holds_external(&self, user: &User) -> bool {
        let (Some((kinds, tenants)), Some(kind)) = (&self.external, user.external_kind) else {
            return false;
        };
        let at = GuestName::of(kind);
        let from = tenants
            .as_ref()
            .is_none_or(|tenants| user.home_tenant.is_some_and(|home| tenants.contains(&home)));
        kinds.iter().any(|kind| kind.eq_ignore_ascii_case(at)) && from
    }
}

/// Graph's words for kinds of guests.
struct GuestName;

impl GuestName {
    const fn of(kind: crate::directory::GuestOrExternalUserType) -> &'static str {
        use crate::directory::GuestOrExternalUserType as G;
        match kind {
            G::InternalGuest => "internalGuest",
            G::B2bCollaborationGuest => "b2bCollaborationGuest",
            G::B2bCollaborationMember => "b2bCollaborationMember",
            G::B2bDirectConnectUser => "b2bDirectConnectUser",
            G::OtherExternalUser => "otherExternalUser",
            G::ServiceProvider => "serviceProvider",
        }
    }
}

fn external_users(value: &Value) -> Option<(Vec<String>, Option<Vec<TenantId>>)> {
    let kinds = value.get("guestOrExternalUserTypes")?.as_str()?;
    let kinds: Vec<String> = kinds.split(',').map(|kind| kind.trim().to_owned()).collect();
    let members = value.pointer("/externalTenants/members").and_then(Value::as_array);
    let tenants = members.map(|ids| {
        ids.iter().filter_map(|id| id.as_str().and_then(|id| id.parse().ok())).collect()
    });
    Some((kinds, tenants))
}

/// The user ids of groups and users resolved, for a directory.
pub(super) fn covered(view: &View<'_>, directory: &Directory) -> Covered {
    let mut covered = Covered::default();
    for user in directory.users() {
        let groups = directory.groups_of(user.id());
        if view.include.hold(user, &groups) {
            covered.included.insert(user.id());
            if !view.exclude.hold(user, &groups) {
                covered.users.insert(user.id());
            }
        }
    }
    covered
}

/// Whom a policy covers.
#[derive(Default)]
pub(super) struct Covered {
    /// Included, exclusions not yet taken off.
    pub(super) included: BTreeSet<UserId>,
    /// Included and not excluded.
    pub(super) users: BTreeSet<UserId>,
}

fn is_on(control: &Value) -> bool {
    match control {
        Value::Bool(truth) => *truth,
        Value::Object(members) => match members.get("isEnabled") {
            Some(Value::Bool(truth)) => *truth,
            _ => members.iter().any(|(name, value)| name == "mode" && says_something(value)),
        },
        _ => false,
    }
}

fn says_something(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Array(elements) => !elements.is_empty(),
        Value::String(text) => !text.is_empty() && text != "none",
        Value::Object(members) => {
            members.iter().any(|(name, value)| !name.contains('@') && says_something(value))
        }
        Value::Bool(_) | Value::Number(_) => true,
    }
}

fn words<'v>(value: &'v Value, pointer: &str) -> Vec<&'v str> {
    let list = value.pointer(pointer).and_then(Value::as_array);
    list.into_iter().flatten().filter_map(Value::as_str).collect()
}

fn parsed<I: std::str::FromStr + Ord>(words: &[&str]) -> BTreeSet<I> {
    words.iter().filter_map(|word| word.parse().ok()).collect()
}

fn targets(value: &Value, pointer: &str) -> Vec<Target> {
    let target = |word: &str| match word {
        "All" => Some(Target::All),
        "Office365" => Some(Target::Office365),
        "MicrosoftAdminPortals" => Some(Target::AdminPortals),
        id => id.parse().ok().map(Target::App),
    };
    words(value, pointer).into_iter().filter_map(target).collect()
}

fn platforms(conditions: &Value) -> Flags<Platform> {
    let side = |pointer: &str| {
        let each = words(conditions, pointer).into_iter().map(|word| match word {
            "all" => Platform::all(),
            "android" => Flags::of(&[Platform::Android]),
            "iOS" => Flags::of(&[Platform::Ios]),
            "windows" => Flags::of(&[Platform::Windows]),
            "windowsPhone" => Flags::of(&[Platform::WindowsPhone]),
            "macOS" => Flags::of(&[Platform::MacOs]),
            "linux" => Flags::of(&[Platform::Linux]),
            _ => Flags::EMPTY,
        });
        each.fold(Flags::EMPTY, Flags::or)
    };
    let include = side("/platforms/includePlatforms");
    let include = if include.is_empty() { Platform::all() } else { include };
    include.without(side("/platforms/excludePlatforms"))
}

fn clients(conditions: &Value) -> Flags<ClientAppType> {
    let every = Flags::of(ClientAppType::ALL);
    let each = words(conditions, "/clientAppTypes").into_iter().map(|word| match word {
        "all" => every,
        "browser" => Flags::of(&[ClientAppType::Browser]),
        "mobileAppsAndDesktopClients" => Flags::of(&[ClientAppType::MobileAppsAndDesktopClients]),
        "exchangeActiveSync" | "easSupported" => Flags::of(&[ClientAppType::ExchangeActiveSync]),
        "other" => Flags::of(&[ClientAppType::Other]),
        _ => Flags::EMPTY,
    });
    let named = each.fold(Flags::EMPTY, Flags::or);
    if named.is_empty() { every } else { named }
}

/// The device filter; a rule was parsed when the policy was read.
fn filter(conditions: &Value) -> Option<(FilterMode, DeviceFilter)> {
    let filter = conditions.pointer("/devices/deviceFilter")?;
    let rule = DeviceFilter::parse(filter.get("rule")?.as_str()?).ok()?;
    let mode = match filter.get("mode")?.as_str()? {
        "exclude" => FilterMode::Exclude,
        _ => FilterMode::Include,
    };
    Some((mode, rule))
}
