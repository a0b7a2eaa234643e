//! [`Device`]: what the directory knows of a registered device.
//!
//! Names are those of Microsoft Graph where Graph has them. All facts are public fields.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::base::id::{AppId, DeviceId, UserId};
use crate::jose::P256PublicKey;

/// The directory object id of a device (Graph `id`), which is not its `deviceId`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeviceObjectId(pub(super) Uuid);

impl DeviceObjectId {
    /// The id with this 128-bit value.
    #[must_use]
    pub const fn from_u128(value: u128) -> Self {
        Self(Uuid::from_u128(value))
    }

    /// A random (version 4) id.
    pub fn random(rng: &mut impl rand::Rng) -> Self {
        Self(uuid::Builder::from_random_bytes(crate::base::stream::octets(rng)).into_uuid())
    }
}

/// Hyphenated lower case.
impl fmt::Display for DeviceObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

/// How a device belongs to the tenant (`trustType`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub enum TrustType {
    /// Entra joined.
    AzureAd,
    /// Entra hybrid joined.
    ServerAd,
    /// Entra registered.
    Workplace,
}

impl TrustType {
    /// The value Graph sends.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AzureAd => "AzureAd",
            Self::ServerAd => "ServerAd",
            Self::Workplace => "Workplace",
        }
    }
}

/// How the device came to be registered.
///
/// # Source
/// The last six are the methods token protection does not support (deployment guide for Windows,
/// known limitations). The names are ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum RegistrationMethod {
    /// Joined by a user who signed in (settings or first start).
    InteractiveJoin,
    /// Hybrid join of a domain member.
    HybridJoin,
    /// Registered by a user: "add a work account".
    WorkplaceJoin,
    /// Entra joined Azure Virtual Desktop session host.
    AvdSessionHost,
    /// Windows bulk enrolment with a provisioning package.
    BulkEnrollment,
    /// Entra joined Cloud PC of Windows 365.
    CloudPc,
    /// Entra joined Power Automate hosted machine group.
    PowerAutomateHosted,
    /// Windows Autopilot, self-deploying mode.
    AutopilotSelfDeploying,
    /// Azure VM with the Entra sign-in extension.
    AzureVmExtension,
}

impl RegistrationMethod {
    /// The name in files, which is also the catalogue's.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InteractiveJoin => "interactiveJoin",
            Self::HybridJoin => "hybridJoin",
            Self::WorkplaceJoin => "workplaceJoin",
            Self::AvdSessionHost => "avdSessionHost",
            Self::BulkEnrollment => "bulkEnrollment",
            Self::CloudPc => "cloudPc",
            Self::PowerAutomateHosted => "powerAutomateHosted",
            Self::AutopilotSelfDeploying => "autopilotSelfDeploying",
            Self::AzureVmExtension => "azureVmExtension",
        }
    }

    /// The method with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|method| method.as_str() == name)
    }

    /// All of them, the ordinary ones first.
    pub const ALL: &[Self] = &[
        Self::InteractiveJoin,
        Self::HybridJoin,
        Self::WorkplaceJoin,
        Self::AvdSessionHost,
        Self::BulkEnrollment,
        Self::CloudPc,
        Self::PowerAutomateHosted,
        Self::AutopilotSelfDeploying,
        Self::AzureVmExtension,
    ];

    /// The kind of membership this method leads to.
    #[must_use]
    pub const fn trust_type(self) -> TrustType {
        match self {
            Self::HybridJoin => TrustType::ServerAd,
            Self::WorkplaceJoin => TrustType::Workplace,
            _ => TrustType::AzureAd,
        }
    }
}

/// Client or server edition of an operating system.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum Edition {
    /// Windows 10, Windows 11, and every system that is not Windows.
    #[default]
    Client,
    /// Windows Server.
    Server,
}

/// Who owns the device (`deviceOwnership`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub enum Ownership {
    /// The organisation.
    Company,
    /// The user.
    Personal,
}

/// A registered device: facts as Graph reports them, and simulated facts no API reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// The directory object id (Graph `id`).
    pub id: DeviceObjectId,
    /// The device id, made by the provider at registration. [`super::Directory`] finds the device
    /// by it; it never changes.
    pub device_id: DeviceId,
    /// The name people read; it need not be unique.
    pub display_name: String,
    /// `Windows`, `macOS`, `iOS`, `Android`, `Linux`, ...
    pub operating_system: String,
    /// Dotted numbers, for example `10.0.26100`.
    pub operating_system_version: String,
    /// Client or server (simulated: no API says it).
    pub edition: Edition,
    /// Joined, hybrid joined or registered.
    pub trust_type: TrustType,
    /// `RegisteredDevice`, `SecureVM`, `Printer`, `Shared` or `IoT`.
    pub profile_type: String,
    /// Labels such as `CloudPC`.
    pub system_labels: Vec<String>,
    /// Physical ids such as `[ZTDId]:value`.
    pub physical_ids: Vec<String>,
    /// Compliance; none if no management service has said anything.
    pub is_compliant: Option<bool>,
    /// Management; none if unknown.
    pub is_managed: Option<bool>,
    /// Owner class; none if unknown.
    pub device_ownership: Option<Ownership>,
    /// Enrolment profile of Intune, Autopilot or ADE.
    pub enrollment_profile_name: Option<String>,
    /// The device management application.
    pub mdm_app_id: Option<AppId>,
    /// Maker of the hardware.
    pub manufacturer: Option<String>,
    /// Model of the hardware.
    pub model: Option<String>,
    /// `extensionAttribute1` to `extensionAttribute15` by number; unset ones are absent.
    pub extension_attributes: BTreeMap<u8, String>,
    /// A disabled device authenticates nobody.
    pub account_enabled: bool,
    /// Device kind of the catalogue such as `surface-hub`; none for an ordinary one (simulated).
    pub kind: Option<String>,
    /// The user who registered it; none for self-deployed and bulk-enrolled ones.
    pub registered_owner: Option<UserId>,
    /// How it was registered (simulated).
    pub registration_method: RegistrationMethod,
    /// Whether the user signed in freshly while registering (simulated).
    pub fresh_sign_in_at_registration: bool,
    /// Whether the device key lives in hardware (simulated).
    pub hardware_backed_key: bool,
    /// The registered device key. Set it through [`super::Directory::set_device_keys`], so that the
    /// device is found by it.
    pub device_key: Option<P256PublicKey>,
    /// The registered session transport key.
    pub transport_key: Option<P256PublicKey>,
}
