//! The documented trouble, told from facts: the same for a made-up fleet and a supplied directory.
//!
//! # Source
//! conditional-access 9, 1.3 and product 8.10.

use serde::{Serialize, Serializer};

use crate::catalog::{BrokerUse, Catalog, ClientApp, RulePack, Version};
use crate::directory::{Device, RegistrationMethod, TrustType, User, UserType};
use crate::policy::{
    BindingFacts, ClientAppType, Evidence, Platform, SignInHistory, token_protection_status,
};

/// What is unusual about a way of working.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Trouble {
    /// The app does not go through the broker.
    AppOutsideBroker,
    /// The app's release is older than the first that goes through the broker.
    AppTooOld,
    /// A guest whose home device does not count here.
    GuestWithoutTrust,
    /// Mail over a protocol that carries a password.
    LegacyMail,
    /// Registered, and nobody signed in freshly while registering.
    LegacyRegistration,
    /// The operating system is too old.
    OldSystem,
    /// Nothing.
    Ordinary,
    /// A system that the policy need not cover: macOS, iOS, Android, Linux.
    OtherPlatform,
    /// A pooled desktop whose device object changes.
    PooledDesktop,
    /// Portals from a secondary machine.
    PortalElsewhere,
    /// A Windows Server that is not hybrid joined.
    ServerNotHybrid,
    /// A shared computer on which another account is registered.
    SharedAccount,
    /// A key outside the hardware.
    SoftwareKey,
    /// An administrator on an unregistered jump box.
    UnregisteredJumpBox,
    /// The organisation's rooms: Surface Hub, Teams Rooms on Windows.
    UnsupportedKind,
    /// One of the registration methods that do not qualify.
    UnsupportedMethod(
        /// Which one.
        Method,
    ),
    /// A computer that is not registered (BYOD).
    Unmanaged,
    /// A device that nobody manages, where the rules ask for management.
    UnmanagedApple,
}

/// The registration methods that do not qualify.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Method {
    /// Windows Autopilot, self-deploying mode.
    AutopilotSelfDeploying,
    /// Azure Virtual Desktop host.
    AvdSessionHost,
    /// Azure VM with the sign-in extension.
    AzureVmExtension,
    /// Bulk enrolment.
    BulkEnrollment,
    /// Cloud PC.
    CloudPc,
    /// Power Automate hosted machine.
    PowerAutomateHosted,
}

impl Trouble {
    /// Every kind.
    pub const ALL: &[Self] = &[
        Self::AppOutsideBroker,
        Self::AppTooOld,
        Self::GuestWithoutTrust,
        Self::LegacyMail,
        Self::LegacyRegistration,
        Self::OldSystem,
        Self::Ordinary,
        Self::OtherPlatform,
        Self::PooledDesktop,
        Self::PortalElsewhere,
        Self::ServerNotHybrid,
        Self::SharedAccount,
        Self::SoftwareKey,
        Self::UnregisteredJumpBox,
        Self::UnsupportedKind,
        Self::UnsupportedMethod(Method::AutopilotSelfDeploying),
        Self::UnsupportedMethod(Method::AvdSessionHost),
        Self::UnsupportedMethod(Method::AzureVmExtension),
        Self::UnsupportedMethod(Method::BulkEnrollment),
        Self::UnsupportedMethod(Method::CloudPc),
        Self::UnsupportedMethod(Method::PowerAutomateHosted),
        Self::Unmanaged,
        Self::UnmanagedApple,
    ];

    /// The stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::AppOutsideBroker => "app-outside-broker",
            Self::AppTooOld => "app-too-old",
            Self::GuestWithoutTrust => "guest-without-trust",
            Self::LegacyMail => "legacy-mail",
            Self::LegacyRegistration => "legacy-registration",
            Self::OldSystem => "old-system",
            Self::Ordinary => "ordinary",
            Self::OtherPlatform => "other-platform",
            Self::PooledDesktop => "pooled-desktop",
            Self::PortalElsewhere => "portal-elsewhere",
            Self::ServerNotHybrid => "server-not-hybrid",
            Self::SharedAccount => "shared-account",
            Self::SoftwareKey => "software-key",
            Self::UnregisteredJumpBox => "unregistered-jump-box",
            Self::UnsupportedKind => "unsupported-kind",
            Self::UnsupportedMethod(Method::AutopilotSelfDeploying) => "autopilot-self-deploying",
            Self::UnsupportedMethod(Method::AvdSessionHost) => "avd-host",
            Self::UnsupportedMethod(Method::AzureVmExtension) => "azure-vm",
            Self::UnsupportedMethod(Method::BulkEnrollment) => "bulk-enrolled",
            Self::UnsupportedMethod(Method::CloudPc) => "cloud-pc",
            Self::UnsupportedMethod(Method::PowerAutomateHosted) => "power-automate",
            Self::Unmanaged => "unmanaged",
            Self::UnmanagedApple => "unmanaged-apple",
        }
    }

    /// What it is, for people.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::AppOutsideBroker => "app that does not use the broker",
            Self::AppTooOld => "app release too old for the broker",
            Self::GuestWithoutTrust => "guest whose home device does not count here",
            Self::LegacyMail => "mail over a protocol with passwords",
            Self::LegacyRegistration => "device registered without a fresh sign-in",
            Self::OldSystem => "operating system too old or not supported",
            Self::Ordinary => "nothing unusual",
            Self::OtherPlatform => "macOS, iOS, Android or Linux",
            Self::PooledDesktop => "pooled desktop between two device objects",
            Self::PortalElsewhere => "portal opened from a secondary machine",
            Self::ServerNotHybrid => "Windows Server that is not hybrid joined",
            Self::SharedAccount => "shared computer registered by somebody else",
            Self::SoftwareKey => "device key outside the hardware",
            Self::UnregisteredJumpBox => "unregistered jump box",
            Self::UnsupportedKind => "Surface Hub or Teams Rooms on Windows",
            Self::UnsupportedMethod(Method::AutopilotSelfDeploying) => "Autopilot self-deploying",
            Self::UnsupportedMethod(Method::AvdSessionHost) => "Azure Virtual Desktop host",
            Self::UnsupportedMethod(Method::AzureVmExtension) => "Azure VM with sign-in extension",
            Self::UnsupportedMethod(Method::BulkEnrollment) => "bulk enrolled device",
            Self::UnsupportedMethod(Method::CloudPc) => "Cloud PC of Windows 365",
            Self::UnsupportedMethod(Method::PowerAutomateHosted) => "Power Automate hosted machine",
            Self::Unmanaged => "computer that is not registered",
            Self::UnmanagedApple => "Apple device that nobody manages",
        }
    }

    /// What is unusual about a user at a device: whatever keeps the best of apps from being bound
    /// there.
    #[must_use]
    pub(super) fn of_device(user: &User, device: &Device, rules: &RulePack) -> Self {
        let facts = BindingFacts {
            evidence: Evidence::Possession,
            device: Some(device),
            user: user.id(),
            user_type: user.user_type,
            device_trust: user.device_trust,
            client_app_type: ClientAppType::MobileAppsAndDesktopClients,
            client: Catalog::builtin().client("outlook"),
            client_version: None,
            resource: None,
            history: SignInHistory::Clean,
        };
        let windows =
            Platform::from_operating_system(&device.operating_system) == Platform::Windows;
        match token_protection_status(&facts, rules).code {
            1002 if user.user_type == UserType::Guest => Self::GuestWithoutTrust,
            1003 => Self::of_registration(device, rules),
            1004 | 1007 => Self::SoftwareKey,
            1005 => Self::UnmanagedApple,
            1006 if windows => Self::OldSystem,
            _ if windows => Self::Ordinary,
            _ => Self::OtherPlatform,
        }
    }

    fn of_registration(device: &Device, rules: &RulePack) -> Self {
        if device.kind.as_deref().is_some_and(|kind| !rules.supports_device_kind(kind)) {
            return Self::UnsupportedKind;
        }
        let method = match device.registration_method {
            _ if device.trust_type == TrustType::ServerAd => None,
            RegistrationMethod::AutopilotSelfDeploying => Some(Method::AutopilotSelfDeploying),
            RegistrationMethod::AvdSessionHost => Some(Method::AvdSessionHost),
            RegistrationMethod::AzureVmExtension => Some(Method::AzureVmExtension),
            RegistrationMethod::BulkEnrollment => Some(Method::BulkEnrollment),
            RegistrationMethod::CloudPc => Some(Method::CloudPc),
            RegistrationMethod::PowerAutomateHosted => Some(Method::PowerAutomateHosted),
            _ => None,
        };
        match method {
            Some(method) => Self::UnsupportedMethod(method),
            None if device.trust_type == TrustType::Workplace => Self::LegacyRegistration,
            None => Self::ServerNotHybrid,
        }
    }

    /// What is unusual about an app.
    #[must_use]
    pub(super) fn of_app(client: &ClientApp, version: Option<Version>) -> Self {
        if client.legacy_protocol.is_some() {
            return Self::LegacyMail;
        }
        let old = client.min_broker_version.zip(version).is_some_and(|(least, own)| own < least);
        match (client.broker, old) {
            (BrokerUse::Outside, _) => Self::AppOutsideBroker,
            (BrokerUse::Integrated, true) => Self::AppTooOld,
            (BrokerUse::Integrated, false) => Self::Ordinary,
        }
    }
}

/// The stable name.
impl Serialize for Trouble {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.name())
    }
}
