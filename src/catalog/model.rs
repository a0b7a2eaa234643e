//! Apps, resources, device kinds and where each statement comes from.

use serde::{Deserialize, Serialize};

use super::version::Version;
use crate::base::id::AppId;

/// A family of operating systems as rule packs tell them apart; Windows Server stands alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum OperatingSystem {
    /// Android.
    Android,
    /// iOS and iPadOS.
    #[serde(rename = "iOS")]
    Ios,
    /// Linux distributions.
    Linux,
    /// macOS.
    #[serde(rename = "macOS")]
    MacOs,
    /// Windows client editions.
    Windows,
    /// Windows Server.
    WindowsServer,
}

impl OperatingSystem {
    /// The family of a device by its `operatingSystem`, whatever its case; `None` for a system that
    /// no rule pack knows. Management services write `MacMDM`, `IPhone`, `AndroidEnterprise` and
    /// the like; those count.
    #[must_use]
    pub fn from_device(operating_system: &str, server_edition: bool) -> Option<Self> {
        let name = operating_system.to_ascii_lowercase();
        let is = |start: &str| name.starts_with(start);
        Some(match name.as_str() {
            "windows" if server_edition => Self::WindowsServer,
            "windows" => Self::Windows,
            "windows server" => Self::WindowsServer,
            _ if is("android") => Self::Android,
            _ if is("ios") || is("ipad") || is("iphone") || is("ipod") => Self::Ios,
            _ if is("mac") => Self::MacOs,
            _ if is("linux") => Self::Linux,
            _ => return None,
        })
    }

    /// The name in the catalogue's files.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Android => "android",
            Self::Ios => "iOS",
            Self::Linux => "linux",
            Self::MacOs => "macOS",
            Self::Windows => "windows",
            Self::WindowsServer => "windowsServer",
        }
    }

    /// Whether it is a system of Apple, where hardware backing of the device key counts.
    #[must_use]
    pub const fn is_apple(self) -> bool {
        matches!(self, Self::Ios | Self::MacOs)
    }
}

/// How a client is registered. It decides the client app type that policies see.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ClientRegistration {
    /// A page in a browser (web or SPA).
    Browser,
    /// A server with a secret of its own.
    Confidential,
    /// No OAuth at all: sends user name and password to the resource.
    Legacy,
    /// A desktop or mobile app.
    Native,
}

/// Whether an app gets its tokens through the platform broker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum BrokerUse {
    /// Through the broker.
    Integrated,
    /// On its own.
    Outside,
}

/// A protocol that carries user name and password to the resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum LegacyProtocol {
    /// SMTP with a password.
    AuthenticatedSmtp,
    /// Exchange ActiveSync.
    ExchangeActiveSync,
    /// Exchange Web Services with a password.
    ExchangeWebServices,
    /// IMAP.
    Imap4,
    /// POP.
    Pop3,
}

impl LegacyProtocol {
    /// The protocol that the sign-in log calls this.
    #[must_use]
    pub fn named(client_app_used: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|protocol| protocol.client_app_used() == client_app_used)
    }

    /// All of them.
    pub const ALL: &[Self] = &[
        Self::AuthenticatedSmtp,
        Self::ExchangeActiveSync,
        Self::ExchangeWebServices,
        Self::Imap4,
        Self::Pop3,
    ];

    /// The value of `clientAppUsed` in the sign-in log.
    ///
    /// # Source
    /// Entra documentation, howto-customize-filter-logs.
    #[must_use]
    pub const fn client_app_used(self) -> &'static str {
        match self {
            Self::AuthenticatedSmtp => "Authenticated SMTP",
            Self::ExchangeActiveSync => "Exchange ActiveSync",
            Self::ExchangeWebServices => "Exchange Web Services",
            Self::Imap4 => "IMAP4",
            Self::Pop3 => "POP3",
        }
    }
}

/// An app that asks for tokens. Several apps can share one id (Outlook, Word and perpetual Office
/// do), so the catalogue's key is `name`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ClientApp {
    /// The catalogue's own name such as `outlook`.
    pub name: String,
    /// The client id.
    pub app_id: AppId,
    /// True if the id is ours because no public one is known.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub simulated_id: bool,
    /// The name people read.
    pub title: String,
    /// The name in the sign-in log (`appDisplayName`).
    pub display_name: String,
    /// How it is registered.
    pub registration: ClientRegistration,
    /// Whether it is integrated with the broker, apart from what a rule pack says of it.
    pub broker: BrokerUse,
    /// Releases below this one do not use the broker.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_broker_version: Option<Version>,
    /// The release the lab runs; simulated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<Version>,
    /// Systems it runs on.
    pub runs_on: Vec<OperatingSystem>,
    /// Redirect URIs registered for it; simulated but for those of the broker itself.
    pub redirect_uris: Vec<String>,
    /// The protocol of a legacy client.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub legacy_protocol: Option<LegacyProtocol>,
    /// What a reader should know, for example the option that must be on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Source tags; see [`Source`].
    pub source: Vec<String>,
}

/// A resource that tokens are asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Resource {
    /// The catalogue's own name such as `exchange`.
    pub name: String,
    /// The application id.
    pub app_id: AppId,
    /// True if the id is ours because no public one is known.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub simulated_id: bool,
    /// The name in the sign-in log (`resourceDisplayName`).
    pub display_name: String,
    /// Where the lab serves it: a simulated origin under `lab.example`.
    pub origin: String,
    /// Real identifier URIs that clients name it by, without a trailing slash.
    pub identifiers: Vec<String>,
    /// Password protocols it still speaks.
    pub legacy_protocols: Vec<LegacyProtocol>,
    /// Whether a policy can name it as a target.
    pub targetable: bool,
    /// Source tags.
    pub source: Vec<String>,
}

/// A kind of device with the facts its registration leaves in the directory.
///
/// Trust type and registration method are in the directory's spelling.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DeviceKind {
    /// The catalogue's own name such as `surface-hub`.
    pub name: String,
    /// The name people read.
    pub title: String,
    /// System family, server edition told apart.
    pub system: OperatingSystem,
    /// The directory's `operatingSystem`.
    pub operating_system: String,
    /// A typical `operatingSystemVersion`.
    pub operating_system_version: Version,
    /// `AzureAd`, `ServerAd` or `Workplace`.
    pub trust_type: String,
    /// For example `interactiveJoin`.
    pub registration_method: String,
    /// `RegisteredDevice` or `SecureVM`.
    pub profile_type: String,
    /// Labels that device filters look for.
    pub system_labels: Vec<String>,
    /// The enrolment profile, where filters look for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enrollment_profile_name: Option<String>,
    /// Source tags.
    pub source: Vec<String>,
}

/// A document that statements of the catalogue come from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Source {
    /// The short name used in the data, for example `D-WIN`.
    pub tag: String,
    /// Title of the document.
    pub title: String,
    /// Its date, as exact as known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<String>,
    /// Where to find it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn systems_are_told_by_name_and_edition() {
        let of = OperatingSystem::from_device;
        assert_eq!(of("Windows", false), Some(OperatingSystem::Windows));
        assert_eq!(of("Windows", true), Some(OperatingSystem::WindowsServer));
        assert_eq!(of("MacMDM", false), Some(OperatingSystem::MacOs));
        assert_eq!(of("macOS", false), Some(OperatingSystem::MacOs));
        assert_eq!(of("IPad", false), Some(OperatingSystem::Ios));
        assert_eq!(of("AndroidForWork", false), Some(OperatingSystem::Android));
        assert_eq!(of("Linux", false), Some(OperatingSystem::Linux));
        for unknown in ["", "WindowsPhone", "ChromeOS", "Plan 9"] {
            assert_eq!(of(unknown, false), None, "{unknown}");
        }
    }

    #[test]
    fn names_are_those_of_the_files() {
        for system in [
            OperatingSystem::Android,
            OperatingSystem::Ios,
            OperatingSystem::Linux,
            OperatingSystem::MacOs,
            OperatingSystem::Windows,
            OperatingSystem::WindowsServer,
        ] {
            let text = serde_json::to_string(&system).unwrap();
            assert_eq!(text, format!("\"{}\"", system.as_str()));
        }
    }
}
