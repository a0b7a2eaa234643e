//! Beyond Graph: what would become of the described sign-in.

use super::described::DescribedDevice;
use super::error::WhatIfError;
use super::facts::Facts;
use super::request::{WhatIfIdentity, WhatIfRequest};
use crate::base::Danger;
use crate::base::id::{DeviceId, UserId};
use crate::catalog::{Catalog, ClientApp, RulePack};
use crate::directory::{
    Device, DeviceObjectId, Directory, Edition, InboundTrust, Ownership, RegistrationMethod,
    TrustType, User,
};
use crate::policy::binding::{
    BindingFacts, Evidence, SignInHistory, TokenProtectionStatus, token_protection_status,
};
use crate::policy::decision::Decision;
use crate::policy::evaluate::evaluate;
use crate::policy::explain::Explanation;
use crate::policy::facts::{
    Authentication, ClientAppType, Identity, Platform, SecondFactorProof, SignIn,
};
use crate::policy::filter::DeviceProperty;
use crate::policy::reader::spelling;
use crate::policy::set::PolicySet;

/// What a request cannot say, and a simulation needs.
#[derive(Clone, Copy, Debug, Default)]
pub struct Stated<'a> {
    /// The app.
    pub client: Option<&'a ClientApp>,
    /// The device, if the directory is to tell about it.
    pub device: Option<&'a Device>,
    /// How the request shows its device.
    pub evidence: Evidence,
    /// Whether a second factor was passed.
    pub second_factor: SecondFactorProof,
}

/// What would become of a sign-in.
#[derive(Clone, Debug)]
pub struct Simulation<'a> {
    /// The user, if the directory holds one.
    pub user: Option<&'a User>,
    /// The device that the request shows; none if it shows none.
    pub device: Option<Device>,
    /// The app.
    pub client: Option<&'a ClientApp>,
    /// The kind of client.
    pub client_app_type: ClientAppType,
    /// The platform claimed.
    pub platform: Platform,
    /// How the device is shown.
    pub evidence: Evidence,
    /// Whether a second factor was passed.
    pub second_factor: SecondFactorProof,
    /// Whether the request is bound.
    pub token_protection: TokenProtectionStatus,
    /// What the policies decide.
    pub decision: Decision,
    /// Why.
    pub explanation: Explanation,
}

impl Simulation<'_> {
    /// The platform as Graph spells it; `unknown` where it has no word.
    #[must_use]
    pub fn platform_word(&self) -> &'static str {
        spelling(self.platform).unwrap_or("unknown")
    }

    /// The kind of client as Graph spells it.
    #[must_use]
    pub fn client_app_type_word(&self) -> &'static str {
        spelling(self.client_app_type).unwrap_or("unknown")
    }
}

/// Takes the described sign-in as a real one and evaluates it.
///
/// # Errors
/// `policy.what_if_simulate_workload`, `policy.what_if_unknown_device`,
/// `policy.what_if_unknown_user`.
///
/// # Simulated
/// All of it. A device is shown only with some evidence. `deviceInfo` overrides what the directory
/// says of the device; a device that stands in no directory was registered in the ordinary way, by
/// the user, with a fresh sign-in and a key in hardware.
pub fn simulate<'a>(
    policies: &PolicySet,
    request: &'a WhatIfRequest,
    directory: Option<&'a Directory>,
    stated: Stated<'a>,
    rules: &RulePack,
) -> Result<Simulation<'a>, WhatIfError> {
    let facts = Facts::of(request, directory)?;
    let WhatIfIdentity::User { id, .. } = request.identity else {
        return Err(WhatIfError::SimulateWorkload);
    };
    let device = match stated.evidence {
        Evidence::None => None,
        Evidence::DeviceCredential | Evidence::Possession => {
            device(request, directory, stated.device, id)?
        }
    };
    let given = &request.conditions;
    let described = facts.sign_in();
    let client_app_type = given
        .client_app_type
        .or(stated.client.map(ClientAppType::of))
        .unwrap_or(described.client_app_type);
    let platform = given.platform.unwrap_or_else(|| {
        device.as_ref().map_or(Platform::Unknown, |device| {
            Platform::from_operating_system(&device.operating_system)
        })
    });
    let Identity::User(user) = described.identity else {
        return Err(WhatIfError::SimulateWorkload);
    };
    let token_protection = token_protection_status(
        &BindingFacts {
            evidence: stated.evidence,
            device: device.as_ref(),
            user: id,
            user_type: user.user_type,
            device_trust: facts.user.map_or_else(InboundTrust::default, |user| user.device_trust),
            client_app_type,
            client: stated.client,
            client_version: None,
            resource: facts
                .resources()
                .first()
                .and_then(|resource| Catalog::builtin().resource_by_id(*resource)),
            history: SignInHistory::Clean,
        },
        rules,
    );
    let sign_in = SignIn {
        platform,
        client_app_type,
        device: device.as_ref(),
        authentication: Authentication {
            second_factor: stated.second_factor,
            ..Authentication::FRESH
        },
        token_protection,
        ..described
    };
    let decision = evaluate(policies, &sign_in, rules, Danger::NONE);
    let explanation = decision.explain(policies, &sign_in, rules);
    Ok(Simulation {
        user: facts.user,
        client: stated.client,
        client_app_type,
        platform,
        evidence: stated.evidence,
        second_factor: stated.second_factor,
        token_protection,
        decision,
        explanation,
        device: device.clone(),
    })
}

/// The device that the request means: the one stated, the one that `deviceInfo` names, or the one
/// that it describes.
fn device(
    request: &WhatIfRequest,
    directory: Option<&Directory>,
    stated: Option<&Device>,
    user: UserId,
) -> Result<Option<Device>, WhatIfError> {
    let described = request.conditions.device.as_ref();
    let known = match (stated, described.and_then(DescribedDevice::device_id), directory) {
        (Some(device), ..) => Some(device),
        (None, Some(id), Some(directory)) => {
            Some(directory.device(id).ok_or(WhatIfError::UnknownDevice { id })?)
        }
        (None, ..) => None,
    };
    Ok(match (known, described) {
        (Some(device), None) => Some(device.clone()),
        (Some(device), Some(described)) => Some(overridden(device.clone(), described)),
        (None, Some(described)) => described
            .trust_type()
            .map(|trust| overridden(ordinary(trust, described, user), described)),
        (None, None) => None,
    })
}

/// A device that stands in no directory.
fn ordinary(trust_type: TrustType, described: &DescribedDevice, user: UserId) -> Device {
    Device {
        id: DeviceObjectId::from_u128(0),
        device_id: described.device_id().unwrap_or(DeviceId::from_u128(0)),
        display_name: String::new(),
        operating_system: "Windows".to_owned(),
        operating_system_version: "10.0.26100".to_owned(),
        edition: Edition::Client,
        trust_type,
        profile_type: "RegisteredDevice".to_owned(),
        system_labels: Vec::new(),
        physical_ids: Vec::new(),
        is_compliant: None,
        is_managed: None,
        device_ownership: None,
        enrollment_profile_name: None,
        mdm_app_id: None,
        manufacturer: None,
        model: None,
        extension_attributes: Default::default(),
        account_enabled: true,
        kind: None,
        registered_owner: Some(user),
        registration_method: match trust_type {
            TrustType::AzureAd => RegistrationMethod::InteractiveJoin,
            TrustType::ServerAd => RegistrationMethod::HybridJoin,
            TrustType::Workplace => RegistrationMethod::WorkplaceJoin,
        },
        fresh_sign_in_at_registration: true,
        hardware_backed_key: true,
        device_key: None,
        transport_key: None,
    }
}

/// The device with what the request says of it.
fn overridden(mut device: Device, described: &DescribedDevice) -> Device {
    use DeviceProperty as P;
    let text = |property| described.text(property).map(str::to_owned);
    let set = |place: &mut String, value: Option<String>| {
        if let Some(value) = value {
            *place = value;
        }
    };
    set(&mut device.display_name, text(P::DisplayName));
    set(&mut device.operating_system, text(P::OperatingSystem));
    set(&mut device.operating_system_version, text(P::OperatingSystemVersion));
    set(&mut device.profile_type, text(P::ProfileType));
    device.is_compliant = described.is_compliant().or(device.is_compliant);
    device.trust_type = described.trust_type().unwrap_or(device.trust_type);
    device.enrollment_profile_name =
        text(P::EnrollmentProfileName).or(device.enrollment_profile_name);
    device.manufacturer = text(P::Manufacturer).or(device.manufacturer);
    device.model = text(P::Model).or(device.model);
    device.mdm_app_id = text(P::MdmAppId).and_then(|id| id.parse().ok()).or(device.mdm_app_id);
    if let Some(owner) = text(P::DeviceOwnership) {
        let company = owner.eq_ignore_ascii_case("Company");
        device.device_ownership =
            Some(if company { Ownership::Company } else { Ownership::Personal });
    }
    for number in 1..=15 {
        let value = text(P::ExtensionAttribute(number));
        device.extension_attributes.extend(value.map(|value| (number, value)));
    }
    for (property, place) in
        [(P::PhysicalIds, &mut device.physical_ids), (P::SystemLabels, &mut device.system_labels)]
    {
        if let Some(values) = described.texts(property) {
            *place = values.to_vec();
        }
    }
    device
}
