//! The shape of a directory file, and its JSON Schema.
//!
//! Names are those of Microsoft Graph where Graph has them; what the lab adds stands under `sim`
//! or in lists of its own. Unknown members are refused. Nothing is resolved here: that is `load`.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::device::{Edition, Ownership, RegistrationMethod, TrustType};
use super::guarded::{Guid, Quiet};
use super::model::{GuestOrExternalUserType, UserType};
use super::risk::{InsiderRiskLevel, RiskLevel};
use crate::base::id::{AppId, DeviceId, GroupId, LocationId, RoleTemplateId, TenantId, UserId};
use crate::jose::Jwk;

/// A directory file: one tenant with its users, groups and devices.
#[derive(Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema), schemars(rename = "Directory"))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct RawDirectory {
    /// Where editors find the schema; not read.
    #[serde(default, rename = "$schema")]
    #[cfg_attr(feature = "cli", schemars(with = "Option<String>"))]
    _schema: serde::de::IgnoredAny,
    /// The tenant.
    pub(super) tenant_id: Guid<TenantId>,
    /// Users; at most 50,000.
    pub(super) users: Vec<RawUser>,
    /// Groups; at most 10,000.
    #[serde(default)]
    pub(super) groups: Vec<RawGroup>,
    /// Registered devices; at most 50,000.
    #[serde(default)]
    pub(super) devices: Vec<RawDevice>,
    /// Applications the tenant knows besides those of the catalogue; at most 1,000.
    #[serde(default)]
    pub(super) apps: Vec<RawApp>,
    /// Named locations; at most 1,000. The one whose id is all zeros holds the trusted addresses of
    /// the multifactor service.
    #[serde(default)]
    pub(super) named_locations: Vec<RawLocation>,
    /// What is believed of partner tenants; at most 1,000.
    #[serde(default)]
    pub(super) cross_tenant_access: Vec<RawPartner>,
}

/// A user.
#[derive(Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema), schemars(rename = "User"))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct RawUser {
    /// Directory object id.
    pub(super) id: Guid<UserId>,
    /// Sign-in name, `name@domain`. Case does not matter.
    pub(super) user_principal_name: String,
    /// Name people read.
    pub(super) display_name: String,
    /// Member or guest.
    #[serde(default = "member")]
    pub(super) user_type: UserType,
    /// False: the user cannot sign in. Default: true.
    #[serde(default = "yes")]
    pub(super) account_enabled: bool,
    /// RFC 3339 time; tokens made before it are revoked.
    #[serde(default)]
    pub(super) sign_in_sessions_valid_from_date_time: Option<String>,
    /// Directory roles by template id.
    #[serde(default)]
    pub(super) roles: Vec<Guid<RoleTemplateId>>,
    /// Service plans such as `AAD_PREMIUM` (Entra ID P1) or `AAD_PREMIUM_P2`.
    #[serde(default)]
    pub(super) licences: Vec<String>,
    /// What no API of the real directory reports.
    #[serde(default)]
    pub(super) sim: RawUserSim,
}

/// Simulated facts of a user.
#[derive(Default, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema), schemars(rename = "UserSim"))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct RawUserSim {
    /// Password verifier; without one the user has no password.
    pub(super) password: Option<Quiet<RawVerifier>>,
    /// Second factor; without one the user has none enrolled.
    pub(super) second_factor: Option<Quiet<RawSecondFactor>>,
    /// How often the password was changed. Default: 0.
    pub(super) password_epoch: u32,
    /// Home tenant of an external user.
    pub(super) home_tenant_id: Option<Guid<TenantId>>,
    /// Kind of guest or external user. Default: none for members; for guests
    /// `b2bCollaborationGuest` with a home tenant, else `internalGuest`.
    pub(super) external_kind: Option<GuestOrExternalUserType>,
    /// Risk of the user. Default: `none`.
    pub(super) user_risk: RiskLevel,
    /// Risk of every sign-in of the user. Default: `none`.
    pub(super) sign_in_risk: RiskLevel,
    /// Risk of the user as an insider. Default: not known.
    pub(super) insider_risk: Option<InsiderRiskLevel>,
    /// Registered keys for signing in without a password.
    pub(super) user_keys: Vec<RawUserKey>,
}

/// A password as PBKDF2-HMAC-SHA256.
#[derive(Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema), schemars(rename = "PasswordVerifier"))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct RawVerifier {
    /// 8 to 64 octets, base64url without padding.
    pub(super) salt: String,
    /// 32 octets, base64url without padding.
    pub(super) hash: String,
    /// 1 to 1,000,000. The lab makes its own with 1,000, which is too few for a product.
    #[cfg_attr(feature = "cli", schemars(range(min = 1, max = 1_000_000)))]
    pub(super) iterations: u32,
}

/// A time-based one-time password generator (RFC 6238, SHA-256, 30 seconds, six digits).
#[derive(Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema), schemars(rename = "SecondFactor"))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct RawSecondFactor {
    /// Shared secret, 16 to 64 octets, base64url without padding.
    pub(super) secret: String,
}

/// A key that signs a user in on one device.
#[derive(Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema), schemars(rename = "UserKey"))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct RawUserKey {
    /// Public key.
    #[cfg_attr(feature = "cli", schemars(with = "JwkShape"))]
    pub(super) jwk: Quiet<Jwk>,
    /// The device (`deviceId`) that holds the private key.
    pub(super) device_id: Guid<DeviceId>,
}

/// A group.
#[derive(Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema), schemars(rename = "Group"))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct RawGroup {
    /// Directory object id.
    pub(super) id: Guid<GroupId>,
    /// Name people read.
    pub(super) display_name: String,
    /// Direct members, users of this file.
    #[serde(default)]
    pub(super) members: Vec<Guid<UserId>>,
    /// Member groups of this file. Circles are allowed.
    #[serde(default)]
    pub(super) member_groups: Vec<Guid<GroupId>>,
}

/// A registered device.
#[derive(Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema), schemars(rename = "Device"))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct RawDevice {
    /// Directory object id.
    #[cfg_attr(feature = "cli", schemars(with = "Guid<DeviceId>"))]
    pub(super) id: Guid<uuid::Uuid>,
    /// Device id, made by the provider at registration.
    pub(super) device_id: Guid<DeviceId>,
    /// Name people read.
    pub(super) display_name: String,
    /// `Windows`, `macOS`, `iOS`, `Android`, `Linux`, ...
    pub(super) operating_system: String,
    /// Dotted numbers such as `10.0.26100`.
    pub(super) operating_system_version: String,
    /// Joined, hybrid joined or registered.
    pub(super) trust_type: TrustType,
    /// `RegisteredDevice` (default), `SecureVM`, `Printer`, `Shared` or `IoT`.
    #[serde(default)]
    pub(super) profile_type: Option<String>,
    /// Labels such as `CloudPC`.
    #[serde(default)]
    pub(super) system_labels: Vec<String>,
    /// Physical ids such as `[ZTDId]:value`.
    #[serde(default)]
    pub(super) physical_ids: Vec<String>,
    /// Compliance; null if nobody has said.
    #[serde(default)]
    pub(super) is_compliant: Option<bool>,
    /// Management; null if nobody has said.
    #[serde(default)]
    pub(super) is_managed: Option<bool>,
    /// Owner class.
    #[serde(default)]
    pub(super) device_ownership: Option<Ownership>,
    /// Enrolment profile of Intune, Autopilot or ADE.
    #[serde(default)]
    pub(super) enrollment_profile_name: Option<String>,
    /// Device management application.
    #[serde(default)]
    pub(super) mdm_app_id: Option<Guid<AppId>>,
    /// Maker of the hardware.
    #[serde(default)]
    pub(super) manufacturer: Option<String>,
    /// Model of the hardware.
    #[serde(default)]
    pub(super) model: Option<String>,
    /// `extensionAttribute1` to `extensionAttribute15`.
    #[serde(default)]
    pub(super) extension_attributes: BTreeMap<String, Option<String>>,
    /// False: the device authenticates nobody. Default: true.
    #[serde(default = "yes")]
    pub(super) account_enabled: bool,
    /// What no API of the real directory reports.
    #[serde(default)]
    pub(super) sim: RawDeviceSim,
}

/// Simulated facts of a device.
#[derive(Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema), schemars(rename = "DeviceSim"))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct RawDeviceSim {
    /// The user who registered it: object id, sign-in name, or the part of it before the `@`.
    pub(super) registered_owner: Option<String>,
    /// How it was registered. Default: the ordinary way of its trust type.
    pub(super) registration_method: Option<RegistrationMethod>,
    /// Whether the user signed in freshly while registering. Default: true.
    pub(super) fresh_sign_in_at_registration: bool,
    /// Whether the device key lives in hardware. Default: true.
    pub(super) hardware_backed_key: bool,
    /// Client or server edition of the operating system. Default: client.
    pub(super) edition: Edition,
    /// Device kind of the catalogue such as `surface-hub`.
    pub(super) kind: Option<String>,
    /// Registered device key.
    #[cfg_attr(feature = "cli", schemars(with = "Option<JwkShape>"))]
    pub(super) device_key: Option<Quiet<Jwk>>,
    /// Registered session transport key.
    #[cfg_attr(feature = "cli", schemars(with = "Option<JwkShape>"))]
    pub(super) transport_key: Option<Quiet<Jwk>>,
}

impl Default for RawDeviceSim {
    fn default() -> Self {
        Self {
            registered_owner: None,
            registration_method: None,
            fresh_sign_in_at_registration: true,
            hardware_backed_key: true,
            edition: Edition::Client,
            kind: None,
            device_key: None,
            transport_key: None,
        }
    }
}

/// An application of the tenant.
#[derive(Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema), schemars(rename = "App"))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct RawApp {
    /// Application id.
    pub(super) app_id: Guid<AppId>,
    /// Name people read.
    pub(super) display_name: String,
    /// Redirect URIs it may use as a client.
    #[serde(default)]
    pub(super) redirect_uris: Vec<String>,
    /// Whether it is given access tokens bound to a DPoP key alone; a token request without a proof
    /// is refused then.
    #[serde(default)]
    pub(super) dpop_bound_access_tokens: bool,
    /// Whether it is given access tokens bound to its client certificate alone; a token request
    /// without one is refused then.
    #[serde(default)]
    pub(super) tls_client_certificate_bound_access_tokens: bool,
}

/// A named location in the shape of Graph's `ipNamedLocation` or `countryNamedLocation`.
#[derive(Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema), schemars(rename = "NamedLocation"))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct RawLocation {
    /// Which of the two shapes it has.
    #[serde(rename = "@odata.type")]
    pub(super) odata_type: LocationType,
    /// The id that policies name it by.
    pub(super) id: Guid<LocationId>,
    /// Name people read.
    pub(super) display_name: String,
    /// Address ranges: whether the location counts as trusted.
    #[serde(default)]
    pub(super) is_trusted: Option<bool>,
    /// Address ranges: the ranges.
    #[serde(default)]
    pub(super) ip_ranges: Option<Vec<RawIpRange>>,
    /// Countries: two-letter codes.
    #[serde(default)]
    pub(super) countries_and_regions: Option<Vec<String>>,
    /// Countries: whether addresses of unknown country belong to it.
    #[serde(default)]
    pub(super) include_unknown_countries_and_regions: Option<bool>,
    /// Countries: kept out of the model, since no address is looked up.
    #[serde(default, rename = "countryLookupMethod")]
    #[cfg_attr(feature = "cli", schemars(with = "Option<String>"))]
    _country_lookup_method: serde::de::IgnoredAny,
}

/// The two kinds of named location.
#[derive(Clone, Copy, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub(super) enum LocationType {
    /// By country.
    #[serde(rename = "#microsoft.graph.countryNamedLocation")]
    Country,
    /// By address.
    #[serde(rename = "#microsoft.graph.ipNamedLocation")]
    Ip,
}

/// A range of addresses.
#[derive(Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema), schemars(rename = "IpRange"))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct RawIpRange {
    /// Graph's type annotation; the address says it too.
    #[serde(default, rename = "@odata.type")]
    #[cfg_attr(feature = "cli", schemars(with = "Option<String>"))]
    _odata_type: serde::de::IgnoredAny,
    /// `192.0.2.0/24` or `2001:db8::/32`.
    pub(super) cidr_address: String,
}

/// A partner tenant (Graph `crossTenantAccessPolicyConfigurationPartner`).
#[derive(Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema), schemars(rename = "PartnerTenant"))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct RawPartner {
    /// The partner.
    pub(super) tenant_id: Guid<TenantId>,
    /// What is believed of it.
    #[serde(default)]
    pub(super) inbound_trust: RawInboundTrust,
}

/// Claims of a partner tenant that are believed (Graph `inboundTrust`). Default: none.
#[derive(Clone, Copy, Default, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema), schemars(rename = "InboundTrust"))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct RawInboundTrust {
    /// Its second factor counts here.
    pub(super) is_mfa_accepted: bool,
    /// Its compliant devices count here.
    pub(super) is_compliant_device_accepted: bool,
    /// Its hybrid joined devices count here.
    #[serde(rename = "isHybridAzureADJoinedDeviceAccepted")]
    pub(super) is_hybrid_joined_device_accepted: bool,
}

const fn member() -> UserType {
    UserType::Member
}

const fn yes() -> bool {
    true
}

/// A public P-256 key (RFC 7517), in the schema only.
#[cfg(feature = "cli")]
#[derive(schemars::JsonSchema)]
#[schemars(rename = "Jwk")]
#[expect(dead_code, reason = "read by the schema generator alone")]
struct JwkShape {
    /// `EC`.
    kty: String,
    /// `P-256`.
    crv: String,
    /// First coordinate, base64url of 32 octets.
    x: String,
    /// Second coordinate, base64url of 32 octets.
    y: String,
}
