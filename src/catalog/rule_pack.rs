//! [`RulePack`]: what token protection demanded at one date, each demand with its source.
//!
//! The feature changed under its users: other log labels and error codes, other apps and systems.
//! A pack is one dated state. A log, a policy or an expectation is read under the pack of its day.

use serde::{Deserialize, Serialize};

use super::advice::{Advice, Availability, PublishedFilter, StatusCode};
use super::limitation::Limitation;
use super::model::{BrokerUse, ClientApp, OperatingSystem};
use super::version::Version;

/// A statement and the documents it comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Fact<T> {
    /// What is stated.
    pub value: T,
    /// What a reader should know about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Source tags; see [`super::Catalog::source`].
    pub source: Vec<String>,
}

/// The licence the feature asks for. A missing licence changes no verdict here; it is reported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Licence {
    /// The product name.
    pub name: String,
    /// Service plans, any one of which will do.
    pub service_plans: Vec<String>,
}

/// Which registered devices must have been registered with a fresh sign-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum FreshSignIn {
    /// Those that run an older version than this one.
    Below(Version),
    /// All.
    EveryVersion,
    /// None.
    NotAsked,
}

impl FreshSignIn {
    /// Whether it is asked of a registered device that runs `version`.
    #[must_use]
    pub fn is_asked_of(self, version: Version) -> bool {
        match self {
            Self::Below(limit) => version < limit,
            Self::EveryVersion => true,
            Self::NotAsked => false,
        }
    }
}

/// What becomes of guests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ExternalUsers {
    /// A qualifying device of the home tenant counts.
    HomeDevice,
    /// Guests cannot meet the control.
    Unsupported,
}

/// A supported system. A system without a rule is unsupported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SystemRule {
    /// The system.
    pub system: OperatingSystem,
    /// The oldest supported version.
    pub minimum: Version,
    /// Trust types that qualify, in the directory's spelling.
    pub trust_types: Vec<String>,
    /// Whether the device must be managed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub managed_only: bool,
    /// Source tags.
    pub source: Vec<String>,
}

impl SystemRule {
    /// Whether a device of this trust type (`AzureAd`, `ServerAd`, `Workplace`) qualifies.
    #[must_use]
    pub fn allows_trust_type(&self, trust_type: &str) -> bool {
        self.trust_types.iter().any(|allowed| allowed.eq_ignore_ascii_case(trust_type))
    }
}

/// Whether an app is said to work with token protection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum AppSupport {
    /// Named as supported.
    Supported,
    /// Named as blocked or unsupported.
    Unsupported,
}

/// What the pack says of one app on some systems.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AppRule {
    /// Name of the client in the catalogue.
    pub client: String,
    /// Systems the statement covers.
    pub systems: Vec<OperatingSystem>,
    /// Supported or not.
    pub support: AppSupport,
    /// The oldest release that is supported, where the source names one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minimum: Option<Version>,
    /// What a reader should know about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Source tags.
    pub source: Vec<String>,
}

/// The two ways to a resource that are protected separately.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ProtectedClient {
    /// Pages in a browser.
    Browser,
    /// Desktop and mobile apps.
    Native,
}

/// A system from a version on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SystemMinimum {
    /// The system.
    pub system: OperatingSystem,
    /// Its oldest version.
    pub minimum: Version,
}

/// A resource that can be protected, and from where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ResourceRule {
    /// Name of the resource in the catalogue.
    pub resource: String,
    /// Native apps or browsers.
    pub client: ProtectedClient,
    /// Systems it is protected on.
    pub systems: Vec<SystemMinimum>,
    /// What a reader should know about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Source tags.
    pub source: Vec<String>,
}

/// The rules of token protection at one date.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RulePack {
    /// Year and month, for example `2026-09`.
    pub id: String,
    /// The day it describes, `YYYY-MM-DD`.
    pub date: String,
    /// One line about the state of the feature.
    pub title: String,
    /// The error code of a request that does not meet the control.
    pub error_code: Fact<u32>,
    /// The control's label in the sign-in log.
    pub control_label: Fact<String>,
    /// The licence asked for.
    pub licence: Fact<Licence>,
    /// Which registered devices need a fresh sign-in at registration.
    pub fresh_sign_in: Fact<FreshSignIn>,
    /// What becomes of guests.
    pub external_users: Fact<ExternalUsers>,
    /// Supported systems.
    pub systems: Vec<SystemRule>,
    /// Apps the sources name.
    pub apps: Vec<AppRule>,
    /// Resources that can be protected.
    pub resources: Vec<ResourceRule>,
    /// Registration methods that do not qualify, in the directory's spelling.
    pub unsupported_registration_methods: Vec<Fact<String>>,
    /// Device kinds of the catalogue that do not qualify.
    pub unsupported_device_kinds: Vec<Fact<String>>,
    /// Where the feature is available, and how far it has come.
    pub availability: Vec<Availability>,
    /// The status codes that the documents of the date explain; the lab's own order of causes gives
    /// the others too.
    pub status_codes: Vec<StatusCode>,
    /// The device filters that the documents print.
    pub filters: Vec<PublishedFilter>,
    /// What else they advise.
    pub advice: Vec<Advice>,
    /// Known limitations, each with its cause; from a file of their own.
    #[serde(skip_deserializing)]
    pub limitations: Vec<Limitation>,
}

impl RulePack {
    /// The built-in pack with this id.
    #[must_use]
    pub fn named(id: &str) -> Option<&'static Self> {
        super::Catalog::builtin().rule_packs().iter().find(|pack| pack.id == id)
    }

    /// The newest built-in pack.
    #[must_use]
    pub fn newest() -> &'static Self {
        // INVARIANT: `Catalog::load` refuses a catalogue without packs and sorts them by date.
        #[expect(clippy::expect_used, reason = "never empty")]
        super::Catalog::builtin().rule_packs().last().expect("at least one rule pack")
    }

    /// What it says of a system; `None`: unsupported.
    #[must_use]
    pub fn system(&self, system: OperatingSystem) -> Option<&SystemRule> {
        self.systems.iter().find(|rule| rule.system == system)
    }

    /// What it says of an app on a system; `None`: nothing, only the app's own broker use counts.
    #[must_use]
    pub fn app_rule(&self, client: &str, system: OperatingSystem) -> Option<&AppRule> {
        self.apps.iter().find(|rule| rule.client == client && rule.systems.contains(&system))
    }

    /// Whether `client` in release `version` reaches its resource through the broker, as far as
    /// this pack supports it: the app must be integrated, not named as unsupported, and not older
    /// than any minimum. An unknown release counts as current.
    #[must_use]
    pub fn broker_use(
        &self,
        client: &ClientApp,
        version: Option<Version>,
        system: OperatingSystem,
    ) -> BrokerUse {
        let rule = self.app_rule(&client.name, system);
        let unsupported = rule.is_some_and(|rule| rule.support == AppSupport::Unsupported);
        let too_old = |minimum: Option<Version>| {
            version.zip(minimum).is_some_and(|(version, minimum)| version < minimum)
        };
        // The app's own minimum is one of Windows releases; other systems count differently.
        let windows = matches!(system, OperatingSystem::Windows | OperatingSystem::WindowsServer);
        if client.broker == BrokerUse::Outside
            || unsupported
            || too_old(rule.and_then(|rule| rule.minimum))
            || windows && too_old(client.min_broker_version)
        {
            BrokerUse::Outside
        } else {
            BrokerUse::Integrated
        }
    }

    /// What it says of a resource reached by such a client from such a system.
    #[must_use]
    pub fn resource_rule(
        &self,
        resource: &str,
        client: ProtectedClient,
        system: OperatingSystem,
    ) -> Option<&ResourceRule> {
        self.resources.iter().find(|rule| {
            rule.resource == resource
                && rule.client == client
                && rule.systems.iter().any(|one| one.system == system)
        })
    }

    /// What the documents of the date say of a status code.
    #[must_use]
    pub fn status_code(&self, code: u16) -> Option<&StatusCode> {
        self.status_codes.iter().find(|known| known.code == code)
    }

    /// The limitation with this id.
    #[must_use]
    pub fn limitation(&self, id: &str) -> Option<&Limitation> {
        self.limitations.iter().find(|row| row.id == id)
    }

    /// Whether devices registered this way qualify.
    #[must_use]
    pub fn supports_registration_method(&self, method: &str) -> bool {
        !self.unsupported_registration_methods.iter().any(|fact| fact.value == method)
    }

    /// Whether devices of this kind qualify.
    #[must_use]
    pub fn supports_device_kind(&self, kind: &str) -> bool {
        !self.unsupported_device_kinds.iter().any(|fact| fact.value == kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Catalog;

    fn pack(id: &str) -> &'static RulePack {
        RulePack::named(id).unwrap()
    }

    #[test]
    fn labels_codes_and_licences_of_each_date() {
        let facts = |id| {
            let pack = pack(id);
            let licence = pack.licence.value.name.as_str();
            (pack.error_code.value, pack.control_label.value.as_str(), licence)
        };
        assert_eq!(facts("2023-06"), (53003, "Binding", "Microsoft Entra ID P2"));
        assert_eq!(facts("2025-05"), (530084, "SignInTokenProtection", "Microsoft Entra ID P2"));
        assert_eq!(facts("2026-09"), (530084, "SignInTokenProtection", "Microsoft Entra ID P1"));
        assert_eq!(RulePack::newest().id, "2026-09");
        assert!(RulePack::named("2024-01").is_none());
    }

    #[test]
    fn fresh_sign_in_was_first_asked_of_old_builds_only() {
        let asked =
            |id, build| pack(id).fresh_sign_in.value.is_asked_of(Version::new([10, 0, build, 0]));
        assert_eq!((asked("2025-05", 26099), asked("2025-05", 26100)), (true, false));
        assert_eq!((asked("2026-09", 26099), asked("2026-09", 26100)), (true, true));
        assert_eq!((asked("2023-06", 26099), asked("2023-06", 26100)), (false, false));
    }

    #[test]
    fn systems_of_each_date() {
        use OperatingSystem::{Android, Ios, Linux, MacOs, Windows, WindowsServer};
        let minimum = |id, system| pack(id).system(system).map(|rule| rule.minimum.to_string());
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(minimum("2023-06", WindowsServer), None);
        for id in ["2025-05", "2026-09"] {
            assert_eq!(minimum(id, Windows), some("10.0"));
            assert_eq!(minimum(id, WindowsServer), some("10.0.17763"));
            let server = pack(id).system(WindowsServer).unwrap();
            assert!(server.allows_trust_type("ServerAd") && !server.allows_trust_type("AzureAd"));
            assert_eq!((minimum(id, Android), minimum(id, Linux)), (None, None));
        }
        assert_eq!((minimum("2025-05", MacOs), minimum("2025-05", Ios)), (None, None));
        assert_eq!(
            (minimum("2026-09", MacOs), minimum("2026-09", Ios)),
            (some("14.0"), some("16.0"))
        );
    }

    #[test]
    fn the_same_app_differs_by_pack_release_and_system() {
        use BrokerUse::{Integrated, Outside};
        use OperatingSystem::{MacOs, Windows};
        let on = |id, name: &str, version: Option<&str>, system| {
            let client = Catalog::builtin().client(name).unwrap();
            let version = version.map(|text| text.parse().unwrap()).or(client.version);
            pack(id).broker_use(client, version, system)
        };
        for (name, below) in [
            ("onedrive", "22.216"),
            ("teams", "1.6.00.1330"),
            ("power-bi-desktop", "2.117.840.9"),
            ("exchange-powershell", "3.6.0"),
            ("graph-powershell", "1.28.0"),
            ("visual-studio", "16.11"),
            ("windows-app", "2.0.378.0"),
        ] {
            for id in ["2025-05", "2026-09"] {
                assert_eq!(on(id, name, Some(below), Windows), Outside, "{name} {below} {id}");
                assert_eq!(on(id, name, None, Windows), Integrated, "{name} {id}");
            }
        }
        // Windows release numbers say nothing about the Mac client.
        assert_eq!(on("2026-09", "teams", Some("1.0"), MacOs), Integrated);
        for name in ["office-perpetual", "sharepoint-powershell", "vscode-extension"] {
            for id in ["2023-06", "2025-05", "2026-09"] {
                assert_eq!(on(id, name, None, Windows), Outside, "{name} {id}");
            }
        }
        assert_eq!(on("2025-05", "power-query", None, Windows), Outside);
        assert_eq!(on("2026-09", "power-query", None, Windows), Integrated);
        assert_eq!(on("2026-09", "power-query-other-channel", None, Windows), Outside);
        assert_eq!(on("2023-06", "power-bi-desktop", None, Windows), Outside);
        assert_eq!(on("2026-09", "graph-powershell-no-wam", None, Windows), Outside);
        assert_eq!(on("2026-09", "vscode", None, Windows), Integrated);
        assert_eq!(on("2026-09", "apple-mail", None, MacOs), Outside);
    }

    #[test]
    fn registration_methods_and_kinds() {
        let six = [
            "avdSessionHost",
            "bulkEnrollment",
            "cloudPc",
            "powerAutomateHosted",
            "autopilotSelfDeploying",
            "azureVmExtension",
        ];
        for method in six {
            assert!(pack("2023-06").supports_registration_method(method));
            assert!(!pack("2025-05").supports_registration_method(method));
            assert!(!pack("2026-09").supports_registration_method(method));
        }
        assert!(RulePack::newest().supports_registration_method("hybridJoin"));
        for id in ["2023-06", "2025-05", "2026-09"] {
            assert!(!pack(id).supports_device_kind("surface-hub"), "{id}");
            assert!(!pack(id).supports_device_kind("teams-rooms-windows"), "{id}");
            assert!(pack(id).supports_device_kind("windows-laptop"), "{id}");
        }
    }

    #[test]
    fn status_codes_filters_and_stages_of_each_date() {
        let codes = |id| pack(id).status_codes.iter().map(|known| known.code).collect::<Vec<_>>();
        assert!(codes("2023-06").is_empty(), "the page of 2023 explains none");
        assert_eq!(codes("2025-05"), [1002, 1003, 1005, 1006, 1008]);
        assert_eq!(codes("2026-09"), [1002, 1003, 1004, 1005, 1006, 1007, 1008]);
        let filters = |id| {
            let all = pack(id).filters.iter();
            all.map(|filter| (filter.device_kind.as_str(), filter.rule.as_str())).collect()
        };
        let vm = |id| -> Vec<_> {
            let all: Vec<(&str, &str)> = filters(id);
            all.into_iter().filter(|(kind, _)| *kind == "azure-vm").map(|(_, rule)| rule).collect()
        };
        assert!(filters("2023-06").is_empty());
        assert_eq!((filters("2025-05").len(), filters("2026-09").len()), (4, 5));
        assert!(vm("2025-05")[0].starts_with("device.systemLabels -contains \"AzureResource\""));
        assert!(vm("2026-09")[0].starts_with("device.profileType -eq \"SecureVM\""));
        use crate::catalog::Stage::{GenerallyAvailable, Preview};
        let stages = |id| pack(id).availability.iter().map(|at| at.stage).collect::<Vec<_>>();
        assert_eq!(stages("2025-05"), [Preview]);
        assert_eq!(stages("2026-09"), [GenerallyAvailable, GenerallyAvailable, Preview]);
        for id in ["2023-06", "2025-05", "2026-09"] {
            let topics = pack(id).advice.iter().map(|advice| advice.topic);
            assert!(topics.is_sorted() && pack(id).advice.len() >= 2, "{id}");
        }
    }

    #[test]
    fn resources_of_each_date() {
        use OperatingSystem::{MacOs, Windows};
        use ProtectedClient::{Browser, Native};
        let covered =
            |id, name, client, system| pack(id).resource_rule(name, client, system).is_some();
        for id in ["2023-06", "2025-05", "2026-09"] {
            assert!(covered(id, "exchange", Native, Windows), "{id}");
            assert!(covered(id, "sharepoint", Native, Windows), "{id}");
            assert!(!covered(id, "exchange", Browser, Windows), "{id}");
        }
        assert!(!covered("2025-05", "teams", Native, Windows));
        assert!(covered("2026-09", "teams", Native, MacOs));
        assert!(covered("2025-05", "windows-365", Native, Windows));
        assert!(!covered("2026-09", "windows-365", Native, MacOs));
        assert!(covered("2026-09", "azure-management", Browser, MacOs));
        assert!(!covered("2026-09", "azure-management", Native, Windows));
    }
}
