//! `deviceDetail`: the device as the log shows it.

use serde::{Deserialize, Serialize};

use crate::base::id::DeviceId;
use crate::directory::{Device, TrustType};
use crate::policy::Platform;

/// `deviceDetail`. For an unregistered device only the system is known, and that from the user
/// agent: members without a value are left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DeviceDetail {
    /// The device that authenticated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_id: Option<DeviceId>,
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// A display string such as `Windows10` or `Ios 17.5`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operating_system: Option<String>,
    /// Only ever read, never made here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub browser: Option<String>,
    /// Compliance.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_compliant: Option<bool>,
    /// Management.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_managed: Option<bool>,
    /// A display string such as `Azure AD joined`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trust_type: Option<String>,
}

impl DeviceDetail {
    /// The detail of a request: the directory's facts if a device authenticated, else what the user
    /// agent claims.
    #[must_use]
    pub fn new(device: Option<&Device>, user_agent: &str) -> Self {
        match device {
            None => Self { operating_system: claimed_system(user_agent), ..Self::default() },
            Some(device) => Self {
                device_id: Some(device.device_id),
                display_name: Some(device.display_name.clone()),
                operating_system: Some(registered_system(device)),
                browser: None,
                is_compliant: Some(device.is_compliant == Some(true)),
                is_managed: Some(device.is_managed == Some(true)),
                trust_type: Some(trust_type(device.trust_type).to_owned()),
            },
        }
    }
}

fn trust_type(trust: TrustType) -> &'static str {
    match trust {
        TrustType::AzureAd => "Azure AD joined",
        TrustType::ServerAd => "Hybrid Azure AD joined",
        TrustType::Workplace => "Azure AD registered",
    }
}

fn registered_system(device: &Device) -> String {
    let version = &device.operating_system_version;
    match Platform::from_operating_system(&device.operating_system) {
        Platform::Windows => windows(version).to_owned(),
        Platform::MacOs => "MacOs".to_owned(),
        Platform::Ios => format!("Ios {version}"),
        Platform::Android => format!("Android {version}"),
        Platform::Linux => "Linux".to_owned(),
        Platform::WindowsPhone | Platform::Unknown => device.operating_system.clone(),
    }
}

fn claimed_system(user_agent: &str) -> Option<String> {
    let system = match Platform::from_user_agent(user_agent) {
        Platform::Windows => {
            let version = user_agent.split("Windows NT ").nth(1).unwrap_or("10.0");
            windows(version)
        }
        Platform::MacOs => "MacOs",
        Platform::Ios => "Ios",
        Platform::Android => "Android",
        Platform::Linux => "Linux",
        Platform::WindowsPhone => "WindowsPhone",
        Platform::Unknown => return None,
    };
    Some(system.to_owned())
}

/// Windows 11 and the servers report themselves as 10.0 too.
fn windows(version: &str) -> &'static str {
    const OLDER: &[(&str, &str)] =
        &[("6.3", "Windows 8.1"), ("6.2", "Windows 8"), ("6.1", "Windows 7")];
    let older = OLDER.iter().find(|(start, _)| version.starts_with(start));
    older.map_or("Windows10", |(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unregistered_device_shows_only_the_claimed_system() {
        let json = |agent| serde_json::to_value(DeviceDetail::new(None, agent)).unwrap();
        let windows = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; sim) MSAL/4";
        assert_eq!(json(windows), serde_json::json!({"operatingSystem": "Windows10"}));
        let old = "Mozilla/5.0 (Windows NT 6.3; sim)";
        assert_eq!(json(old), serde_json::json!({"operatingSystem": "Windows 8.1"}));
        assert_eq!(json("curl/8"), serde_json::json!({}));
    }
}
