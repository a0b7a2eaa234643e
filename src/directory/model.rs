//! What the directory knows: users, groups, devices, keys, named locations.
//!
//! Names are those of Microsoft Graph where Graph has them. Plain facts are public fields. Fields
//! that the directory looks things up by (a user's id and name) and secrets are private.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::credential::{PasswordVerifier, SecondFactor};
use crate::base::Timestamp;
use crate::base::id::{AppId, DeviceId, GroupId, LocationId, RoleTemplateId, TenantId, UserId};
use crate::jose::{JwkThumbprint, P256PublicKey};

/// Whether a user belongs to the tenant or was invited (`userType`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub enum UserType {
    /// An external user whose home is another tenant.
    Guest,
    /// A user of this tenant.
    Member,
}

/// A user of the tenant, with what the provider needs to sign the user in.
#[derive(Clone, Debug)]
pub struct User {
    pub(super) id: UserId,
    pub(super) user_principal_name: String,
    pub(super) password: Option<PasswordVerifier>,
    pub(super) second_factor: Option<SecondFactor>,
    pub(super) password_epoch: u32,
    pub(super) tokens_valid_from: Timestamp,
    pub(super) token_epoch: u32,
    /// The name people read.
    pub display_name: String,
    /// Member or guest.
    pub user_type: UserType,
    /// A disabled user cannot sign in, and tokens of the user are not redeemed.
    pub account_enabled: bool,
    /// Directory roles held directly, by template id.
    pub roles: BTreeSet<RoleTemplateId>,
    /// Service plans such as `AAD_PREMIUM` (Entra ID P1) and `AAD_PREMIUM_P2`.
    pub licences: BTreeSet<String>,
    /// The tenant a guest comes from; none for members.
    pub home_tenant: Option<TenantId>,
    /// What this tenant believes of the guest's home tenant; nothing for members.
    pub device_trust: InboundTrust,
    /// Keys that sign this user in without a password.
    pub user_keys: Vec<UserKey>,
}

impl User {
    /// The directory object id (`oid`).
    #[must_use]
    pub const fn id(&self) -> UserId {
        self.id
    }

    /// The sign-in name, as the file spells it; it is compared without regard to case.
    #[must_use]
    pub fn user_principal_name(&self) -> &str {
        &self.user_principal_name
    }

    /// The password's verifier; none if the user has no password.
    #[must_use]
    pub const fn password(&self) -> Option<&PasswordVerifier> {
        self.password.as_ref()
    }

    /// The second factor; none if the user has not enrolled one.
    #[must_use]
    pub const fn second_factor(&self) -> Option<&SecondFactor> {
        self.second_factor.as_ref()
    }

    /// How often the password was changed. A token obtained with a password carries the epoch of
    /// its day and dies when the epoch moves on.
    #[must_use]
    pub const fn password_epoch(&self) -> u32 {
        self.password_epoch
    }

    /// How often the user's tokens were revoked. A token carries the epoch of its day and dies when
    /// the epoch moves on; a time alone could not tell apart what happened within one second.
    #[must_use]
    pub const fn token_epoch(&self) -> u32 {
        self.token_epoch
    }

    /// Tokens made before this time are revoked (`signInSessionsValidFromDateTime`).
    #[must_use]
    pub const fn tokens_valid_from(&self) -> Timestamp {
        self.tokens_valid_from
    }
}

/// Which claims of a partner tenant are believed (cross-tenant access, `inboundTrust`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InboundTrust {
    /// A second factor given in the home tenant counts here.
    pub mfa: bool,
    /// A compliant device of the home tenant counts here.
    pub compliant_device: bool,
    /// A hybrid joined device of the home tenant counts here.
    pub hybrid_joined_device: bool,
}

impl InboundTrust {
    /// Whether any device of the home tenant counts here.
    ///
    /// # Simulated
    /// No source says which of the two device settings token protection asks for; either will do.
    #[must_use]
    pub const fn trusts_devices(self) -> bool {
        self.compliant_device || self.hybrid_joined_device
    }
}

/// A registered key of a user, made on one device (Windows Hello for Business and its like).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserKey {
    /// The public key.
    pub key: P256PublicKey,
    /// The device whose key store holds the private key.
    pub device: DeviceId,
}

impl UserKey {
    /// The name a user assertion gives the key by (`kid`).
    #[must_use]
    pub fn thumbprint(&self) -> JwkThumbprint {
        self.key.thumbprint()
    }
}

/// A group with its direct members. Nested membership: [`super::Directory::groups_of`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// The directory object id.
    pub id: GroupId,
    /// The name people read.
    pub display_name: String,
    /// Direct members.
    pub members: BTreeSet<UserId>,
    /// Groups whose members are members of this group too.
    pub member_groups: BTreeSet<GroupId>,
}

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

/// An application the tenant knows besides the catalogue's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct App {
    /// The application id.
    pub app_id: AppId,
    /// The name people read.
    pub display_name: String,
    /// Redirect URIs it may use as a client; empty for a mere resource.
    pub redirect_uris: Vec<String>,
}

/// A named location. Loaded so that a policy's references resolve; addresses are not evaluated yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedLocation {
    /// The id policies name it by.
    pub id: LocationId,
    /// The name people read.
    pub display_name: String,
    /// What it covers.
    pub extent: LocationExtent,
}

/// What a named location covers (Graph `ipNamedLocation`, `countryNamedLocation`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LocationExtent {
    /// Countries by their two-letter codes, upper case.
    Countries {
        /// ISO 3166-1 alpha-2 codes.
        codes: BTreeSet<String>,
        /// Whether addresses of unknown country belong to it.
        unknown_included: bool,
    },
    /// Address ranges.
    IpRanges {
        /// Whether the location counts as trusted.
        trusted: bool,
        /// The ranges.
        ranges: Vec<IpRange>,
    },
}

/// Addresses in CIDR form: `address/prefix`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IpRange {
    /// An address of the range.
    pub address: IpAddr,
    /// Leading bits that all addresses share: at most 32, or 128 for IPv6.
    pub prefix: u8,
}
