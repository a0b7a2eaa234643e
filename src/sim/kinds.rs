//! Devices made from the kinds of the catalogue.

use std::collections::BTreeMap;

use crate::base::id::{DeviceId, UserId};
use crate::catalog::{DeviceKind, OperatingSystem};
use crate::directory::{Device, DeviceObjectId, Edition, Ownership, RegistrationMethod, TrustType};

/// Ids of made devices begin with these digits, so that nobody takes them for real ones.
const INVENTED: u128 = 0x5e00_0002_0000_4000_8000_0000_0000_0000;

/// A device of this kind as its registration leaves it in the directory: company-owned, managed and
/// compliant, registered freshly by `owner`, its key in hardware. `number` tells devices apart.
///
/// `None` if the catalogue names a trust type or registration method that the directory does not
/// know; a test excludes that for the built-in catalogue.
pub fn device_of_kind(
    kind: &DeviceKind,
    name: &str,
    owner: Option<UserId>,
    number: u32,
) -> Option<Device> {
    let trust_types = [TrustType::AzureAd, TrustType::ServerAd, TrustType::Workplace];
    Some(Device {
        id: DeviceObjectId::from_u128(INVENTED | 1 << 32 | u128::from(number)),
        device_id: DeviceId::from_u128(INVENTED | u128::from(number)),
        display_name: name.to_owned(),
        operating_system: kind.operating_system.clone(),
        operating_system_version: kind.operating_system_version.to_string(),
        edition: match kind.system {
            OperatingSystem::WindowsServer => Edition::Server,
            _ => Edition::Client,
        },
        trust_type: trust_types.into_iter().find(|known| known.as_str() == kind.trust_type)?,
        profile_type: kind.profile_type.clone(),
        system_labels: kind.system_labels.clone(),
        physical_ids: Vec::new(),
        is_compliant: Some(true),
        is_managed: Some(true),
        device_ownership: Some(Ownership::Company),
        enrollment_profile_name: kind.enrollment_profile_name.clone(),
        mdm_app_id: None,
        manufacturer: None,
        model: None,
        extension_attributes: BTreeMap::new(),
        account_enabled: true,
        kind: Some(kind.name.clone()),
        registered_owner: owner,
        registration_method: RegistrationMethod::named(&kind.registration_method)?,
        fresh_sign_in_at_registration: true,
        hardware_backed_key: true,
        device_key: None,
        transport_key: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Catalog;
    use crate::policy::filter::DeviceFilter;

    #[test]
    fn every_kind_makes_a_device() {
        for kind in Catalog::builtin().device_kinds() {
            let device = device_of_kind(kind, "X", None, 1).unwrap();
            assert_eq!(device.trust_type.as_str(), kind.trust_type, "{}", kind.name);
            assert_eq!(device.registration_method.as_str(), kind.registration_method);
        }
    }

    #[test]
    fn every_published_filter_matches_its_kind_and_no_ordinary_device() {
        let catalog = Catalog::builtin();
        let device =
            |kind: &str| device_of_kind(catalog.device_kind(kind).unwrap(), "X", None, 1).unwrap();
        let mut filters = 0;
        for filter in catalog.rule_packs().iter().flat_map(|pack| &pack.filters) {
            filters += 1;
            let rule = DeviceFilter::parse(&filter.rule).unwrap();
            assert!(rule.matches(Some(&device(&filter.device_kind))), "{}", filter.rule);
            for other in ["windows-laptop", "cloud-pc-hybrid", "bulk-enrolled", "mac"] {
                assert!(!rule.matches(Some(&device(other))), "{} {other}", filter.rule);
            }
            assert!(!rule.matches(None), "{}", filter.rule);
            if !filter.published.contains('<') {
                let printed = DeviceFilter::parse(&filter.published).unwrap();
                assert!(printed.matches(Some(&device(&filter.device_kind))));
            }
        }
        assert_eq!(filters, 9);
    }
}
