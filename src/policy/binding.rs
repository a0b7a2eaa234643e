//! Whether a request is bound to its device, and the status code that says why not.
//!
//! The status is computed from evidence that was verified in this request, never from a claim. No
//! source orders the causes; ours is the order of the rows in [`token_protection_status`], first
//! hit wins. What differs between years (systems, registration methods, apps) comes from the
//! [`RulePack`].
//!
//! # Source
//! conditional-access 1.2 to 1.5, product 8.1 and 8.10.

use super::facts::ClientAppType;
use crate::base::id::UserId;
use crate::catalog::{
    BrokerUse, ClientApp, ExternalUsers, OperatingSystem, ProtectedClient, Resource, RulePack,
    SystemRule, Version,
};
use crate::directory::{Device, Edition, InboundTrust, TrustType, UserType};

/// How a request showed its device.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Evidence {
    /// Not at all: a plain refresh grant, a password, a form in a browser.
    #[default]
    None,
    /// By a device credential of an app outside the broker. It proves facts of the device; it does
    /// not bind the token.
    DeviceCredential,
    /// By possession of the session key of its PRT, or of the device key in protocol 4.
    Possession,
}

/// Whether the sign-in that the request belongs to is still clean.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum SignInHistory {
    /// No request of it was refused as unbound.
    #[default]
    Clean,
    /// One was, so every later one is unbound too (POL-03).
    DeniedAsUnbound,
}

/// What the status depends on. Everything here was verified in this request or stands in the
/// directory or the catalogue.
#[derive(Clone, Copy, Debug)]
pub struct BindingFacts<'a> {
    /// How the device was shown.
    pub evidence: Evidence,
    /// The device that was shown.
    pub device: Option<&'a Device>,
    /// The user.
    pub user: UserId,
    /// Member or guest.
    pub user_type: UserType,
    /// What this tenant believes of a guest's home devices.
    pub device_trust: InboundTrust,
    /// The kind of client.
    pub client_app_type: ClientAppType,
    /// The client, if the catalogue has it; an unknown one does not use the broker.
    pub client: Option<&'a ClientApp>,
    /// The release of the client, where it is another than the catalogue's.
    pub client_version: Option<Version>,
    /// The resource asked for, if the catalogue has it. It matters for browsers alone.
    pub resource: Option<&'a Resource>,
    /// What became of earlier requests of this sign-in.
    pub history: SignInHistory,
}

/// `signInSessionStatus`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum SignInSessionStatus {
    /// Nothing was looked at.
    None,
    /// Bound to the device.
    Bound,
    /// Not bound; the code says why.
    Unbound,
    /// Only ever read, never made here.
    UnknownFutureValue,
}

/// `tokenProtectionStatusDetails`: status and code. Code 0 is bound, 1002 to 1008 are causes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TokenProtectionStatus {
    /// Bound or not.
    #[serde(rename = "signInSessionStatus")]
    pub status: SignInSessionStatus,
    /// Why.
    #[serde(rename = "signInSessionStatusCode")]
    pub code: u16,
}

impl TokenProtectionStatus {
    /// Bound, code 0.
    pub const BOUND: Self = Self { status: SignInSessionStatus::Bound, code: 0 };

    /// Not bound for this cause.
    #[must_use]
    pub const fn unbound(code: u16) -> Self {
        Self { status: SignInSessionStatus::Unbound, code }
    }

    /// Whether it is bound.
    #[must_use]
    pub fn is_bound(self) -> bool {
        self.status == SignInSessionStatus::Bound
    }
}

/// No device was shown.
const NO_DEVICE_STATE: u16 = 1002;
/// The device's registration is of a kind that is not supported.
const DEVICE_STATE_UNSUITABLE: u16 = 1003;
/// The key is not in hardware; the user registered the device and can remedy it.
const KEY_NOT_IN_HARDWARE: u16 = 1004;
/// Any other reason.
const UNSPECIFIED: u16 = 1005;
/// The system is too old or not supported at all.
const SYSTEM_UNSUPPORTED: u16 = 1006;
/// The key is not in hardware; somebody else registered the device.
const KEY_NOT_IN_HARDWARE_NOT_OWNER: u16 = 1007;
/// The client does not go through the platform broker.
const OUTSIDE_BROKER: u16 = 1008;

/// The status of a request under the rules of a date.
///
/// # Security
/// A false *bound* lets a stolen token pass a token-protection policy. Only [`Evidence::Possession`]
/// of a device that passes every row can be bound.
#[must_use]
pub fn token_protection_status(
    facts: &BindingFacts<'_>,
    rules: &RulePack,
) -> TokenProtectionStatus {
    match first_cause(facts, rules) {
        Some(code) => TokenProtectionStatus::unbound(code),
        None => TokenProtectionStatus::BOUND,
    }
}

/// The table. Each row: its cause, or on to the next.
fn first_cause(facts: &BindingFacts<'_>, rules: &RulePack) -> Option<u16> {
    // 1.5, 3.2: no device evidence; a legacy client passes no device state.
    let (Some(device), false) = (facts.device, shows_nothing(facts)) else {
        return Some(NO_DEVICE_STATE);
    };
    // 1.2 row 13: a guest counts as having no device state unless the home device qualifies.
    if facts.user_type == UserType::Guest {
        if !guest_device_counts(facts, device, rules) {
            return Some(NO_DEVICE_STATE);
        }
    } else if let Some(code) = device_cause(facts, device, rules) {
        return Some(code);
    }
    // 1.2 rows 6 to 9: the client does not use the broker, or its release does not yet.
    if broker_use(facts, device, rules) == BrokerUse::Outside {
        return Some(OUTSIDE_BROKER);
    }
    // 1.1: one unbound request spoils its sign-in.
    if facts.history == SignInHistory::DeniedAsUnbound {
        return Some(UNSPECIFIED);
    }
    // 1.2 row 5: on Apple systems only managed devices. No source gives this cause a code.
    if is_unmanaged(device, rules) {
        return Some(UNSPECIFIED);
    }
    // Product 8.1: only possession binds; a device credential proves device facts.
    match facts.evidence {
        Evidence::Possession => None,
        Evidence::DeviceCredential | Evidence::None => Some(UNSPECIFIED),
    }
}

fn shows_nothing(facts: &BindingFacts<'_>) -> bool {
    facts.evidence == Evidence::None || facts.client_app_type.is_legacy()
}

fn guest_device_counts(facts: &BindingFacts<'_>, device: &Device, rules: &RulePack) -> bool {
    rules.external_users.value == ExternalUsers::HomeDevice
        && facts.device_trust.trusts_devices()
        && device_cause(facts, device, rules).is_none()
        && !is_unmanaged(device, rules)
}

/// The rows about the device itself.
fn device_cause(facts: &BindingFacts<'_>, device: &Device, rules: &RulePack) -> Option<u16> {
    // 1.2 rows 2, 4, 5: the system is not supported, too old, or of a version nobody can read.
    let Some((system, version, rule)) = supported_system(device, rules) else {
        return Some(SYSTEM_UNSUPPORTED);
    };
    // 1.2 rows 4, 10 to 12 and 1.3: how the device came into the directory.
    if !registration_suits(device, version, rule, rules) {
        return Some(DEVICE_STATE_UNSUITABLE);
    }
    // 1.5, codes 1004 and 1007: Apple devices with a key outside the hardware.
    if system.is_apple() && !device.hardware_backed_key {
        let owner = device.registered_owner == Some(facts.user);
        return Some(if owner { KEY_NOT_IN_HARDWARE } else { KEY_NOT_IN_HARDWARE_NOT_OWNER });
    }
    None
}

fn supported_system<'r>(
    device: &Device,
    rules: &'r RulePack,
) -> Option<(OperatingSystem, Version, &'r SystemRule)> {
    let (system, version) = operating_system(device).zip(version(device))?;
    let rule = rules.system(system).filter(|rule| version >= rule.minimum)?;
    Some((system, version, rule))
}

fn is_unmanaged(device: &Device, rules: &RulePack) -> bool {
    let rule = operating_system(device).and_then(|system| rules.system(system));
    rule.is_some_and(|rule| rule.managed_only) && device.is_managed != Some(true)
}

fn registration_suits(
    device: &Device,
    version: Version,
    rule: &SystemRule,
    rules: &RulePack,
) -> bool {
    // Windows Server: only hybrid joined.
    let trust = rule.allows_trust_type(device.trust_type.as_str());
    // Surface Hub, Teams Rooms on Windows.
    let kind = device.kind.as_deref().is_none_or(|kind| rules.supports_device_kind(kind));
    // The methods of 1.3, of which the hybrid joined forms are not in the list.
    let method = device.trust_type == TrustType::ServerAd
        || rules.supports_registration_method(device.registration_method.as_str());
    // Registered without a fresh sign-in; the seed-era pack asks it only of older builds.
    let fresh = device.trust_type != TrustType::Workplace
        || device.fresh_sign_in_at_registration
        || !rules.fresh_sign_in.value.is_asked_of(version);
    trust && kind && method && fresh
}

fn broker_use(facts: &BindingFacts<'_>, device: &Device, rules: &RulePack) -> BrokerUse {
    let (Some(client), Some(system)) = (facts.client, operating_system(device)) else {
        return BrokerUse::Outside;
    };
    match facts.client_app_type {
        ClientAppType::Browser => browser_use(facts, device, system, rules),
        _ => rules.broker_use(client, facts.client_version.or(client.version), system),
    }
}

/// A page in a browser reaches the broker by a browser credential, and only towards the resources
/// that the pack protects in browsers.
fn browser_use(
    facts: &BindingFacts<'_>,
    device: &Device,
    system: OperatingSystem,
    rules: &RulePack,
) -> BrokerUse {
    let protected = facts.evidence == Evidence::Possession
        && facts.resource.is_some_and(|resource| {
            let rule = rules.resource_rule(&resource.name, ProtectedClient::Browser, system);
            let minimum = rule
                .and_then(|rule| rule.systems.iter().find(|one| one.system == system))
                .map(|one| one.minimum);
            minimum.zip(version(device)).is_some_and(|(minimum, version)| version >= minimum)
        });
    if protected { BrokerUse::Integrated } else { BrokerUse::Outside }
}

fn operating_system(device: &Device) -> Option<OperatingSystem> {
    OperatingSystem::from_device(&device.operating_system, device.edition == Edition::Server)
}

fn version(device: &Device) -> Option<Version> {
    device.operating_system_version.parse().ok()
}
