//! [`DescribedDevice`]: a device as a request describes it.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::base::id::DeviceId;
use crate::directory::TrustType;
use crate::policy::conditions::{Devices, FilterMode};
use crate::policy::error::PolicyError;
use crate::policy::filter::{DeviceFilter, DeviceProperty};
use crate::policy::reader::{self, Object, Unknown};

/// `deviceInfo`: some properties of a device; the others are null.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DescribedDevice {
    values: BTreeMap<DeviceProperty, Vec<String>>,
}

/// Texts by Graph's name; the owner is `ownership` here.
const TEXTS: &[(&str, DeviceProperty)] = &[
    ("deviceId", DeviceProperty::DeviceId),
    ("displayName", DeviceProperty::DisplayName),
    ("enrollmentProfileName", DeviceProperty::EnrollmentProfileName),
    ("extensionAttribute1", DeviceProperty::ExtensionAttribute(1)),
    ("extensionAttribute2", DeviceProperty::ExtensionAttribute(2)),
    ("extensionAttribute3", DeviceProperty::ExtensionAttribute(3)),
    ("extensionAttribute4", DeviceProperty::ExtensionAttribute(4)),
    ("extensionAttribute5", DeviceProperty::ExtensionAttribute(5)),
    ("extensionAttribute6", DeviceProperty::ExtensionAttribute(6)),
    ("extensionAttribute7", DeviceProperty::ExtensionAttribute(7)),
    ("extensionAttribute8", DeviceProperty::ExtensionAttribute(8)),
    ("extensionAttribute9", DeviceProperty::ExtensionAttribute(9)),
    ("extensionAttribute10", DeviceProperty::ExtensionAttribute(10)),
    ("extensionAttribute11", DeviceProperty::ExtensionAttribute(11)),
    ("extensionAttribute12", DeviceProperty::ExtensionAttribute(12)),
    ("extensionAttribute13", DeviceProperty::ExtensionAttribute(13)),
    ("extensionAttribute14", DeviceProperty::ExtensionAttribute(14)),
    ("extensionAttribute15", DeviceProperty::ExtensionAttribute(15)),
    ("manufacturer", DeviceProperty::Manufacturer),
    ("mdmAppId", DeviceProperty::MdmAppId),
    ("model", DeviceProperty::Model),
    ("operatingSystem", DeviceProperty::OperatingSystem),
    ("operatingSystemVersion", DeviceProperty::OperatingSystemVersion),
    ("ownership", DeviceProperty::DeviceOwnership),
    ("profileType", DeviceProperty::ProfileType),
    ("trustType", DeviceProperty::TrustType),
];

const COLLECTIONS: &[(&str, DeviceProperty)] =
    &[("physicalIds", DeviceProperty::PhysicalIds), ("systemLabels", DeviceProperty::SystemLabels)];

impl DescribedDevice {
    /// Reads `deviceInfo`.
    pub(super) fn read(mut info: Object<'_>) -> Result<Self, PolicyError> {
        let mut values = BTreeMap::new();
        for (name, property) in TEXTS {
            if let Some(text) = info.text(name)?.filter(|text| !text.is_empty()) {
                values.insert(*property, vec![text.to_owned()]);
            }
        }
        for (name, property) in COLLECTIONS {
            let texts = info.list(name, |value: &mut Value, path| match value.as_str() {
                Some(text) => Ok(text.to_owned()),
                None => Err(reader::wrong_type(path, "a text", value)),
            })?;
            if !texts.is_empty() {
                values.insert(*property, texts);
            }
        }
        if let Some(compliant) = info.truth("isCompliant")? {
            let text = if compliant { "True" } else { "False" };
            values.insert(DeviceProperty::IsCompliant, vec![text.to_owned()]);
        }
        info.finish(Unknown::Refuse)?;
        Ok(Self { values })
    }

    /// The text of a property, if the description has it.
    #[must_use]
    pub fn text(&self, property: DeviceProperty) -> Option<&str> {
        self.values.get(&property).and_then(|values| values.first()).map(String::as_str)
    }

    /// All values of a property, if the description has it.
    #[must_use]
    pub fn texts(&self, property: DeviceProperty) -> Option<&[String]> {
        self.values.get(&property).map(Vec::as_slice)
    }

    /// The device id, if the description has one.
    #[must_use]
    pub fn device_id(&self) -> Option<DeviceId> {
        self.text(DeviceProperty::DeviceId).and_then(|text| text.parse().ok())
    }

    /// How the device belongs to the tenant; none if the description says nothing, or a word that
    /// no document has.
    #[must_use]
    pub fn trust_type(&self) -> Option<TrustType> {
        let text = self.text(DeviceProperty::TrustType)?;
        let all = [TrustType::AzureAd, TrustType::ServerAd, TrustType::Workplace];
        all.into_iter().find(|one| one.as_str().eq_ignore_ascii_case(text))
    }

    /// Whether the description says that it is compliant.
    #[must_use]
    pub fn is_compliant(&self) -> Option<bool> {
        self.text(DeviceProperty::IsCompliant).map(|text| text == "True")
    }

    /// Whether a filter matches it.
    pub(super) fn matches(&self, filter: &DeviceFilter) -> bool {
        filter.matches_values(&self.values)
    }

    /// Whether a condition on devices takes it in.
    pub(super) fn meets(&self, devices: &Devices) -> bool {
        match devices {
            Devices::Filter { mode, filter } => {
                self.matches(filter) == (*mode == FilterMode::Include)
            }
            Devices::States(states) => {
                use crate::policy::conditions::DeviceState as S;
                let compliant = self.is_compliant() == Some(true);
                let joined = self.trust_type() == Some(TrustType::ServerAd);
                let held = [(S::Compliant, compliant), (S::DomainJoined, joined)];
                let any = |side: crate::policy::flags::Flags<S>| {
                    held.iter().any(|(state, holds)| *holds && side.contains(*state))
                };
                (states.include_all || any(states.include)) && !any(states.exclude)
            }
        }
    }
}
