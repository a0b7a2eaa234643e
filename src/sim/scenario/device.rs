//! Devices and machines of a scenario's own.

use serde::{Deserialize, Serialize};

use super::error::ScenarioError;
use super::step::ClaimedPlatform;
use crate::catalog::{Catalog, Version};
use crate::directory::{Device, Directory, User};
use crate::sim::kinds::device_of_kind;

/// A device beside those of the directory: one of a kind of the catalogue, registered before the
/// story begins, or a machine that is not registered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ScenarioDevice {
    /// Its display name.
    pub name: String,
    /// A kind of the catalogue (`tplab list --devices`); absent: not registered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// The platform of a machine that is not registered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<ClaimedPlatform>,
    /// The user who registered it; nobody if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Its version, if not that of the kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operating_system_version: Option<String>,
    /// Whether its user signed in freshly while registering; true if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fresh_sign_in: Option<bool>,
    /// Whether its key lives in hardware; true if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hardware_backed_key: Option<bool>,
    /// Whether it is compliant; true if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compliant: Option<bool>,
    /// Whether it is managed; true if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub managed: Option<bool>,
}

impl ScenarioDevice {
    /// The registered device, number `at` of the scenario; `None` for a bare machine.
    pub(in crate::sim) fn registered(
        &self,
        at: usize,
        directory: &Directory,
    ) -> Result<Option<Device>, ScenarioError> {
        let fault = |why| ScenarioError::Device { at, why };
        let Some(kind) = &self.kind else {
            let bare = Self { name: self.name.clone(), platform: self.platform, ..Self::default() };
            return match bare == *self {
                true => Ok(None),
                false => {
                    Err(fault("a machine that is not registered has a name and a platform alone"))
                }
            };
        };
        if self.platform.is_some() {
            return Err(fault("a registered device has the platform of its kind"));
        }
        let kind = Catalog::builtin().device_kind(kind).ok_or(fault("there is no such kind"))?;
        let owner = self.owner.as_deref().and_then(|name| user(directory, name));
        let number = u32::try_from(at).unwrap_or(u32::MAX);
        let made = device_of_kind(kind, &self.name, owner.map(User::id), number);
        let mut device = made.ok_or(fault("the directory cannot hold this kind"))?;
        if let Some(version) = &self.operating_system_version {
            let read = version.parse::<Version>();
            read.map_err(|_| fault("its version is not one to four dotted numbers"))?;
            device.operating_system_version.clone_from(version);
        }
        device.fresh_sign_in_at_registration = self.fresh_sign_in.unwrap_or(true);
        device.hardware_backed_key = self.hardware_backed_key.unwrap_or(true);
        device.is_compliant = Some(self.compliant.unwrap_or(true));
        device.is_managed = Some(self.managed.unwrap_or(true));
        Ok(Some(device))
    }
}

/// The user whose name before `@`, or whole name, this is.
pub(in crate::sim) fn user<'d>(directory: &'d Directory, name: &str) -> Option<&'d User> {
    directory.user_by_upn(name).or_else(|| {
        directory.users().find(|user| {
            user.user_principal_name().split('@').next().is_some_and(|local| local == name)
        })
    })
}
