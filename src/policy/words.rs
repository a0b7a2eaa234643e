//! The documented words of a policy, and which of them this build evaluates.
//!
//! # Source
//! Microsoft Graph metadata; conditional-access section 2.

use super::facts::{ClientAppType, Platform};
use super::model::{GrantControl, Operator, PolicyState};
use super::reader::{Meaning, Words};

/// A word of `includeApplications`.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum IncludedApplication {
    All,
    None,
}

impl Words for IncludedApplication {
    const WORDS: &'static [(&'static str, Meaning<Self>)] = &[
        ("All", Meaning::Is(Self::All)),
        ("None", Meaning::Is(Self::None)),
        ("Office365", Meaning::NotEvaluated),
        ("MicrosoftAdminPortals", Meaning::NotEvaluated),
    ];
}

/// A word of `excludeApplications`; none of them is evaluated yet.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum ExcludedApplication {}

impl Words for ExcludedApplication {
    const WORDS: &'static [(&'static str, Meaning<Self>)] =
        &[("Office365", Meaning::NotEvaluated), ("MicrosoftAdminPortals", Meaning::NotEvaluated)];
}

/// A word of `includeUsers`.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum IncludedUser {
    All,
    None,
    GuestsOrExternalUsers,
}

impl Words for IncludedUser {
    const WORDS: &'static [(&'static str, Meaning<Self>)] = &[
        ("All", Meaning::Is(Self::All)),
        ("None", Meaning::Is(Self::None)),
        ("GuestsOrExternalUsers", Meaning::Is(Self::GuestsOrExternalUsers)),
    ];
}

/// A word of `excludeUsers`.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum ExcludedUser {
    GuestsOrExternalUsers,
}

impl Words for ExcludedUser {
    const WORDS: &'static [(&'static str, Meaning<Self>)] =
        &[("GuestsOrExternalUsers", Meaning::Is(Self::GuestsOrExternalUsers))];
}

/// A word of `includePlatforms` and `excludePlatforms`.
#[derive(Clone, Copy)]
pub(super) enum PlatformWord {
    All,
    One(Platform),
}

impl Words for PlatformWord {
    const WORDS: &'static [(&'static str, Meaning<Self>)] = &[
        ("android", Meaning::Is(Self::One(Platform::Android))),
        ("iOS", Meaning::Is(Self::One(Platform::Ios))),
        ("windows", Meaning::Is(Self::One(Platform::Windows))),
        ("windowsPhone", Meaning::Is(Self::One(Platform::WindowsPhone))),
        ("macOS", Meaning::Is(Self::One(Platform::MacOs))),
        ("linux", Meaning::Is(Self::One(Platform::Linux))),
        ("all", Meaning::Is(Self::All)),
    ];
}

/// A word of `clientAppTypes`.
#[derive(Clone, Copy)]
pub(super) enum ClientWord {
    All,
    One(ClientAppType),
}

impl Words for ClientWord {
    const WORDS: &'static [(&'static str, Meaning<Self>)] = &[
        ("all", Meaning::Is(Self::All)),
        ("browser", Meaning::Is(Self::One(ClientAppType::Browser))),
        (
            "mobileAppsAndDesktopClients",
            Meaning::Is(Self::One(ClientAppType::MobileAppsAndDesktopClients)),
        ),
        ("exchangeActiveSync", Meaning::Is(Self::One(ClientAppType::ExchangeActiveSync))),
        ("easSupported", Meaning::NotEvaluated),
        ("other", Meaning::Is(Self::One(ClientAppType::Other))),
    ];
}

impl Words for PolicyState {
    const WORDS: &'static [(&'static str, Meaning<Self>)] = &[
        ("enabled", Meaning::Is(Self::Enabled)),
        ("disabled", Meaning::Is(Self::Disabled)),
        ("enabledForReportingButNotEnforced", Meaning::Is(Self::EnabledForReportingButNotEnforced)),
    ];
}

impl Words for Operator {
    const WORDS: &'static [(&'static str, Meaning<Self>)] =
        &[("AND", Meaning::Is(Self::And)), ("OR", Meaning::Is(Self::Or))];
}

impl Words for GrantControl {
    const WORDS: &'static [(&'static str, Meaning<Self>)] = &[
        ("block", Meaning::Is(Self::Block)),
        ("mfa", Meaning::Is(Self::Mfa)),
        ("compliantDevice", Meaning::Is(Self::CompliantDevice)),
        ("domainJoinedDevice", Meaning::Is(Self::DomainJoinedDevice)),
        ("approvedApplication", Meaning::NotEvaluated),
        ("compliantApplication", Meaning::NotEvaluated),
        ("passwordChange", Meaning::NotEvaluated),
        ("riskRemediation", Meaning::NotEvaluated),
    ];
}
