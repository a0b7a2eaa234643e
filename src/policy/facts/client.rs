//! What a request says of its client: the platform it claims, the kind of client, app protection.

use crate::catalog::{ClientApp, ClientRegistration, LegacyProtocol};
use crate::policy::flags::{Flag, Flags};

/// A device platform, as a request claims it.
///
/// # Security
/// It comes from the user agent, so an attacker chooses it; a policy that includes named platforms
/// only is left behind by claiming another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Platform {
    /// Android.
    Android,
    /// iOS and iPadOS.
    Ios,
    /// Linux.
    Linux,
    /// macOS.
    MacOs,
    /// Windows.
    Windows,
    /// Windows Phone.
    WindowsPhone,
    /// Everything else, Chrome OS included, and no claim at all.
    Unknown,
}

/// First hit wins (conditional-access 3.2). The order matters: Android names Linux, iPhone names
/// Mac OS X, Windows Phone names Windows, and Chrome OS is unsupported although it says X11.
const USER_AGENT_MARKS: &[(&str, Platform)] = &[
    ("windows phone", Platform::WindowsPhone),
    ("android", Platform::Android),
    ("iphone", Platform::Ios),
    ("ipad", Platform::Ios),
    ("ipod", Platform::Ios),
    ("windows", Platform::Windows),
    ("macintosh", Platform::MacOs),
    ("mac os x", Platform::MacOs),
    ("macos", Platform::MacOs),
    ("darwin", Platform::MacOs),
    ("cros", Platform::Unknown),
    ("linux", Platform::Linux),
    ("x11", Platform::Linux),
];

impl Platform {
    /// The platform that a user agent claims.
    #[must_use]
    pub fn from_user_agent(user_agent: &str) -> Self {
        let text = user_agent.to_ascii_lowercase();
        USER_AGENT_MARKS
            .iter()
            .find(|(mark, _)| text.contains(mark))
            .map_or(Self::Unknown, |(_, platform)| *platform)
    }

    /// The platform of a registered device, from the operating system its directory object names.
    #[must_use]
    pub fn from_operating_system(name: &str) -> Self {
        const NAMES: &[(&str, Platform)] = &[
            ("windowsphone", Platform::WindowsPhone),
            ("windows phone", Platform::WindowsPhone),
            ("android", Platform::Android),
            ("ios", Platform::Ios),
            ("iphone", Platform::Ios),
            ("ipad", Platform::Ios),
            ("windows", Platform::Windows),
            ("macos", Platform::MacOs),
            ("macmdm", Platform::MacOs),
            ("linux", Platform::Linux),
        ];
        let name = name.to_ascii_lowercase();
        NAMES
            .iter()
            .find(|(start, _)| name.starts_with(start))
            .map_or(Self::Unknown, |(_, platform)| *platform)
    }

    /// Every platform: what `all` stands for.
    #[must_use]
    pub fn all() -> Flags<Self> {
        Flags::of(Self::ALL)
    }
}

impl Flag for Platform {
    const ALL: &'static [Self] = &[
        Self::Android,
        Self::Ios,
        Self::Linux,
        Self::MacOs,
        Self::Windows,
        Self::WindowsPhone,
        Self::Unknown,
    ];

    fn bit(self) -> u32 {
        1 << self as u32
    }
}

/// The kind of client that made the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ClientAppType {
    /// A web application, a single-page application or a confidential client.
    Browser,
    /// A native client with modern authentication.
    MobileAppsAndDesktopClients,
    /// Exchange ActiveSync with a password.
    ExchangeActiveSync,
    /// The same from a platform that supports policies. A word of policies: a request is
    /// [`Self::ExchangeActiveSync`] and its platform says the rest.
    EasSupported,
    /// Any other legacy protocol with a password.
    Other,
}

impl ClientAppType {
    /// The kind of a client, by its registration: what a request claims has no part in it.
    #[must_use]
    pub fn of(client: &ClientApp) -> Self {
        match (client.registration, client.legacy_protocol) {
            (ClientRegistration::Browser | ClientRegistration::Confidential, _) => Self::Browser,
            (ClientRegistration::Native, _) => Self::MobileAppsAndDesktopClients,
            (ClientRegistration::Legacy, Some(LegacyProtocol::ExchangeActiveSync)) => {
                Self::ExchangeActiveSync
            }
            (ClientRegistration::Legacy, _) => Self::Other,
        }
    }

    /// Whether it hands on a password: such a client shows no device and cannot do a second factor.
    #[must_use]
    pub const fn is_legacy(self) -> bool {
        matches!(self, Self::ExchangeActiveSync | Self::EasSupported | Self::Other)
    }
}

impl Flag for ClientAppType {
    const ALL: &'static [Self] = &[
        Self::Browser,
        Self::MobileAppsAndDesktopClients,
        Self::ExchangeActiveSync,
        Self::EasSupported,
        Self::Other,
    ];

    fn bit(self) -> u32 {
        1 << self as u32
    }
}

/// What a mobile app shows of itself besides its name.
///
/// # Source
/// Entra `concept-conditional-access-grant`; conditional-access 3.4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ClientProtection {
    /// An app protection policy of the tenant is in force in it (`compliantApplication`).
    AppProtectionPolicy,
    /// It is on the vendor's list of approved client apps (`approvedApplication`).
    ApprovedClientApp,
}

impl Flag for ClientProtection {
    const ALL: &'static [Self] = &[Self::AppProtectionPolicy, Self::ApprovedClientApp];

    fn bit(self) -> u32 {
        1 << self as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn platforms_come_from_the_user_agent_in_the_order_of_the_table() {
        let cases = [
            ("Mozilla/5.0 (Windows NT 10.0; Win64; x64; sim) MSAL/4", Platform::Windows),
            ("Mozilla/5.0 (Windows Phone 10.0; Android 6.0.1)", Platform::WindowsPhone),
            ("Mozilla/5.0 (Linux; Android 14; Pixel 8)", Platform::Android),
            ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X)", Platform::Ios),
            ("Mozilla/5.0 (iPad; CPU OS 16_0 like Mac OS X)", Platform::Ios),
            ("Mozilla/5.0 (Macintosh; Intel Mac OS X 14_5)", Platform::MacOs),
            ("CFNetwork/1494 DARWIN/23.4", Platform::MacOs),
            ("Mozilla/5.0 (X11; CrOS x86_64 14541.0.0)", Platform::Unknown),
            ("Mozilla/5.0 (X11; Linux x86_64)", Platform::Linux),
            ("python-requests/2.31", Platform::Unknown),
            ("", Platform::Unknown),
        ];
        for (user_agent, platform) in cases {
            assert_eq!(Platform::from_user_agent(user_agent), platform, "{user_agent}");
        }
    }

    #[test]
    fn platforms_of_directory_objects() {
        let cases = [
            ("Windows", Platform::Windows),
            ("macOS", Platform::MacOs),
            ("iOS", Platform::Ios),
            ("Android", Platform::Android),
            ("AndroidForWork", Platform::Android),
            ("Linux", Platform::Linux),
            ("ChromeOS", Platform::Unknown),
        ];
        for (name, platform) in cases {
            assert_eq!(Platform::from_operating_system(name), platform, "{name}");
        }
    }
}
