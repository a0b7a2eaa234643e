//! What would have helped: changes to facts (an app, a registration) and exclusions.
//!
//! A change of facts leaves the policies as they are. An exclusion takes sign-ins out of their reach,
//! and [`super::theft`] says what that reopens.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::facts::Modelled;
use super::rehearsal::{Act, Rehearsal};
use super::trouble::Trouble;
use crate::base::id::{GroupId, UserId};
use crate::catalog::{BrokerUse, Catalog, ClientRegistration};
use crate::directory::{Device, Edition, RegistrationMethod, TrustType, UserType};
use crate::policy::{Evidence, Platform, PolicyError, PolicySet};

/// A change that might help.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remedy {
    /// The stable name.
    pub id: String,
    /// What it is, for people.
    pub title: String,
    /// The change.
    pub change: Change,
}

/// What a remedy changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Another app, or another release of it, that goes through the broker.
    App {
        /// Catalogue name of the app in use.
        from: String,
        /// Catalogue name of the one to use.
        to: String,
    },
    /// The policy excludes devices by a filter rule.
    ExcludeDevices {
        /// The rule.
        rule: String,
    },
    /// The policy excludes a group.
    ExcludeGroup {
        /// The group.
        group: GroupId,
    },
    /// The policy excludes guests.
    ExcludeGuests,
    /// The policy excludes users by name.
    ExcludeUsers {
        /// The users.
        users: BTreeSet<UserId>,
    },
    /// The machine is joined to the tenant, or registered.
    Register,
    /// The device is registered again, with a fresh sign-in and a key in hardware.
    RegisterAgain,
    /// Devices of guests' home tenants are believed.
    TrustHomeDevices,
    /// The operating system is updated.
    UpdateSystem,
}

impl Change {
    /// Whether it changes the policies rather than the facts.
    #[must_use]
    pub const fn is_exclusion(&self) -> bool {
        matches!(
            self,
            Self::ExcludeDevices { .. }
                | Self::ExcludeGroup { .. }
                | Self::ExcludeGuests
                | Self::ExcludeUsers { .. }
        )
    }

    /// The stable word for its kind.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::App { .. } => "app",
            Self::ExcludeDevices { .. } => "excludeDevices",
            Self::ExcludeGroup { .. } => "excludeGroup",
            Self::ExcludeGuests => "excludeGuests",
            Self::ExcludeUsers { .. } => "excludeUsers",
            Self::Register => "register",
            Self::RegisterAgain => "registerAgain",
            Self::TrustHomeDevices => "trustHomeDevices",
            Self::UpdateSystem => "updateSystem",
        }
    }
}

/// Documented exclusions by a device filter: id, rule, what it takes out.
///
/// # Source
/// conditional-access 1.2 rows 14 to 18 and 1.4 (spelling of the rules).
const FILTERS: &[(&str, &str, &str)] = &[
    (
        "filter-cloud-pc",
        "device.systemLabels -contains \"CloudPC\" -and device.trustType -eq \"AzureAD\"",
        "exclude Entra joined Cloud PCs by a device filter",
    ),
    (
        "filter-avd-host",
        "device.systemLabels -contains \"AzureVirtualDesktop\" -and device.trustType -eq \"AzureAD\"",
        "exclude Entra joined Azure Virtual Desktop hosts by a device filter",
    ),
    (
        "filter-power-automate",
        "device.systemLabels -contains \"MicrosoftPowerAutomate\" -and device.trustType -eq \"AzureAD\"",
        "exclude Power Automate hosted machines by a device filter",
    ),
    (
        "filter-azure-vm",
        "device.profileType -eq \"SecureVM\" -and device.trustType -eq \"AzureAD\"",
        "exclude Entra joined Azure VMs by a device filter",
    ),
];

/// App in use, app to use, what to do.
///
/// # Source
/// conditional-access 1.2 rows 7 and 9.
const APPS: &[(&str, &str, &str)] = &[
    (
        "graph-powershell-no-wam",
        "graph-powershell",
        "switch EnableLoginByWAM on for Graph PowerShell",
    ),
    ("office-perpetual", "outlook", "move from perpetual Office to Microsoft 365 Apps"),
    ("onedrive", "onedrive", "update OneDrive to 22.217 or newer"),
    ("power-query-other-channel", "power-query", "move Excel with Power Query to Current Channel"),
    (
        "visual-studio-no-broker",
        "visual-studio",
        "switch Visual Studio to the Windows authentication broker",
    ),
];

impl Rehearsal {
    /// Every remedy that is documented for a device or an app of this fleet, and two exclusions.
    #[must_use]
    pub fn remedies(&self) -> Vec<Remedy> {
        let remedy = |id: &str, title: &str, change| Remedy {
            id: id.to_owned(),
            title: title.to_owned(),
            change,
        };
        let mut all: Vec<Remedy> = APPS
            .iter()
            .map(|(from, to, title)| {
                let change = Change::App { from: (*from).to_owned(), to: (*to).to_owned() };
                remedy(&format!("app-{from}"), title, change)
            })
            .collect();
        all.extend(FILTERS.iter().map(|(id, rule, title)| {
            remedy(id, title, Change::ExcludeDevices { rule: (*rule).to_owned() })
        }));
        if let Some(rule) = self.self_deploying_rule() {
            let title = "exclude self-deploying devices by their enrolment profile";
            all.push(remedy("filter-autopilot", title, Change::ExcludeDevices { rule }));
        }
        for (id, title, change) in [
            ("register", "join or register the computer", Change::Register),
            (
                "register-again",
                "register the device again, signing in freshly",
                Change::RegisterAgain,
            ),
            (
                "trust-home-devices",
                "trust compliant devices of the guest's tenant",
                Change::TrustHomeDevices,
            ),
            ("update-system", "update the operating system", Change::UpdateSystem),
            ("exclude-guests", "exclude guests from the policy", Change::ExcludeGuests),
        ] {
            all.push(remedy(id, title, change));
        }
        all
    }

    /// A rule with the enrolment profiles of the self-deploying devices there are.
    fn self_deploying_rule(&self) -> Option<String> {
        let devices = self.fleet.directory().devices();
        let deployed = devices
            .filter(|one| one.registration_method == RegistrationMethod::AutopilotSelfDeploying);
        let profiles: BTreeSet<&str> =
            deployed.filter_map(|one| one.enrollment_profile_name.as_deref()).collect();
        let quoted = |text: &str| text.replace('`', "``").replace('"', "`\"");
        let rules: Vec<String> = profiles
            .into_iter()
            .map(|name| format!("device.enrollmentProfileName -eq \"{}\"", quoted(name)))
            .collect();
        (!rules.is_empty()).then(|| rules.join(" -or "))
    }

    /// The policies at the end with all exclusions of some remedies.
    ///
    /// # Errors
    /// A policy's own error, if an exclusion cannot be put into it.
    pub(super) fn policies_with<'c>(
        &self,
        changes: impl IntoIterator<Item = &'c Change> + Clone,
    ) -> Result<PolicySet, PolicyError> {
        self.timeline.at_the_end_with(|policy| {
            for change in changes.clone() {
                exclude(policy, change);
            }
        })
    }

    /// The facts after a change; none if it changes nothing here.
    pub(super) fn changed<'m>(
        &self,
        modelled: &Modelled<'m>,
        change: &Change,
    ) -> Option<Modelled<'m>> {
        let mut changed = modelled.clone();
        match change {
            Change::App { from, to } => {
                let wrong = matches!(
                    modelled.situation.used.trouble,
                    Trouble::AppOutsideBroker | Trouble::AppTooOld
                );
                if !wrong || modelled.client.name != *from {
                    return None;
                }
                changed.client = Catalog::builtin().client(to)?;
                changed.version = changed.client.version;
                changed.show_device();
            }
            Change::Register => {
                if modelled.situation.act == Act::Legacy
                    || modelled.device.is_some()
                    || modelled.user.user_type == UserType::Guest
                {
                    return None;
                }
                let mut device = self.ordinary_device()?.clone();
                device.registered_owner = Some(modelled.user.id());
                changed.device = Some(Cow::Owned(device));
                changed.show_device();
            }
            Change::RegisterAgain => {
                let device = modelled.device.as_deref()?;
                let lacking = !device.fresh_sign_in_at_registration || !device.hardware_backed_key;
                if !lacking || modelled.user.user_type == UserType::Guest {
                    return None;
                }
                let mut device = device.clone();
                device.fresh_sign_in_at_registration = true;
                device.hardware_backed_key = true;
                changed.device = Some(Cow::Owned(device));
            }
            Change::TrustHomeDevices => {
                if modelled.user.user_type != UserType::Guest {
                    return None;
                }
                changed.user.to_mut().device_trust.compliant_device = true;
            }
            Change::UpdateSystem => {
                let device = modelled.device.as_deref()?;
                if modelled.situation.station.trouble != Trouble::OldSystem {
                    return None;
                }
                let newest = match device.edition {
                    Edition::Client => "10.0.26100",
                    Edition::Server => "10.0.20348",
                };
                let mut device = device.clone();
                newest.clone_into(&mut device.operating_system_version);
                changed.device = Some(Cow::Owned(device));
            }
            Change::ExcludeDevices { .. }
            | Change::ExcludeGroup { .. }
            | Change::ExcludeGuests
            | Change::ExcludeUsers { .. } => return None,
        }
        Some(changed)
    }

    /// An Entra joined Windows client of this directory without any trouble.
    fn ordinary_device(&self) -> Option<&Device> {
        self.fleet.directory().devices().find(|device| {
            device.trust_type == TrustType::AzureAd
                && device.edition == Edition::Client
                && device.kind.is_none()
                && device.is_compliant == Some(true)
                && device.registration_method == RegistrationMethod::InteractiveJoin
                && Platform::from_operating_system(&device.operating_system) == Platform::Windows
        })
    }
}

impl Modelled<'_> {
    /// Shows the device as the app would: through the broker, or by a device credential.
    fn show_device(&mut self) {
        let native = self.client.registration == ClientRegistration::Native;
        self.evidence = match (&self.device, self.client.broker) {
            (None, _) => Evidence::None,
            (Some(_), BrokerUse::Integrated) => Evidence::Possession,
            (Some(_), BrokerUse::Outside) if native => Evidence::DeviceCredential,
            (Some(_), BrokerUse::Outside) => Evidence::Possession,
        };
    }
}

fn exclude(policy: &mut Value, change: &Change) {
    let Some(conditions) = policy.get_mut("conditions").and_then(Value::as_object_mut) else {
        return;
    };
    match change {
        Change::ExcludeDevices { rule } => {
            let present = conditions.get("devices").and_then(|one| one.pointer("/deviceFilter"));
            let mode = present.and_then(|filter| filter.get("mode")).and_then(Value::as_str);
            let old = present.and_then(|filter| filter.get("rule")).and_then(Value::as_str);
            let filter = match (mode, old) {
                (Some("exclude"), Some(old)) => {
                    json!({ "mode": "exclude", "rule": format!("({old}) -or ({rule})") })
                }
                (Some("include"), Some(old)) => {
                    json!({ "mode": "include", "rule": format!("({old}) -and -not ({rule})") })
                }
                _ => json!({ "mode": "exclude", "rule": rule }),
            };
            conditions.insert("devices".to_owned(), json!({ "deviceFilter": filter }));
        }
        Change::ExcludeGroup { group } => {
            add_to(conditions, "excludeGroups", [group.to_string()]);
        }
        Change::ExcludeGuests => {
            add_to(conditions, "excludeUsers", ["GuestsOrExternalUsers".to_owned()]);
        }
        Change::ExcludeUsers { users } => {
            add_to(conditions, "excludeUsers", users.iter().map(ToString::to_string));
        }
        _ => {}
    }
}

fn add_to(
    conditions: &mut serde_json::Map<String, Value>,
    member: &str,
    more: impl IntoIterator<Item = String>,
) {
    let users = conditions.get_mut("users").and_then(Value::as_object_mut);
    let Some(users) = users else { return };
    let excluded = users.entry(member).or_insert_with(|| json!([]));
    if excluded.is_null() {
        *excluded = json!([]);
    }
    if let Some(list) = excluded.as_array_mut() {
        list.extend(more.into_iter().map(Value::from));
    }
}
