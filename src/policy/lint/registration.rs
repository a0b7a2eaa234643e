//! L13: devices that cannot be bound because of how they were registered.

use std::collections::BTreeMap;

use super::coverage::Tenant;
use super::finding::{Finding, LintRule, Severity};
use super::view::{FilterMode, View};
use crate::directory::{Device, RegistrationMethod, TrustType};
use crate::policy::facts::Platform;

/// L13: such devices of covered users are in scope of the policy.
pub(super) fn not_excluded(tenant: &Tenant<'_>, findings: &mut Vec<Finding>) {
    let Some(directory) = tenant.directory else { return };
    for view in tenant.protecting() {
        let mut by_method: BTreeMap<RegistrationMethod, Vec<&str>> = BTreeMap::new();
        for device in directory.devices().filter(|device| in_scope(tenant, view, device)) {
            by_method.entry(device.registration_method).or_default().push(&device.display_name);
        }
        for (method, mut names) in by_method {
            let count = names.len();
            names.truncate(3);
            let why = format!(
                "{count} of the covered users' devices ({}{}) registered as {}",
                names.join(", "),
                if count > names.len() { ", ..." } else { "" },
                method.as_str()
            );
            let path = "conditions.devices.deviceFilter";
            let mut finding = view.finding(LintRule::L13, Severity::Information, path, why);
            finding.fix = remedy(method).to_owned();
            findings.push(finding);
        }
    }
}

fn in_scope(tenant: &Tenant<'_>, view: &View<'_>, device: &Device) -> bool {
    let owned = device.registered_owner.zip(tenant.covered(view));
    let filtered = view.filter.as_ref().is_some_and(|(mode, filter)| {
        filter.matches(Some(device)) == (*mode == FilterMode::Exclude)
    });
    let platform = Platform::from_operating_system(&device.operating_system);
    owned.is_some_and(|(owner, covered)| covered.users.contains(&owner))
        && !tenant.rules.supports_registration_method(device.registration_method.as_str())
        && device.trust_type != TrustType::ServerAd
        && view.platforms.contains(platform)
        && !filtered
}

const fn remedy(method: RegistrationMethod) -> &'static str {
    match method {
        RegistrationMethod::AvdSessionHost => {
            "exclude by filter: device.systemLabels -contains \"AzureVirtualDesktop\" -and \
             device.trustType -eq \"AzureAD\""
        }
        RegistrationMethod::CloudPc => {
            "exclude by filter: device.systemLabels -contains \"CloudPC\" -and device.trustType -eq \
             \"AzureAD\""
        }
        RegistrationMethod::PowerAutomateHosted => {
            "exclude by filter: device.systemLabels -contains \"MicrosoftPowerAutomate\" -and \
             device.trustType -eq \"AzureAD\""
        }
        RegistrationMethod::AutopilotSelfDeploying => {
            "exclude by filter: device.enrollmentProfileName -eq \"<profile name>\""
        }
        RegistrationMethod::AzureVmExtension => {
            "exclude by filter: device.profileType -eq \"SecureVM\" -and device.trustType -eq \
             \"AzureAD\""
        }
        RegistrationMethod::BulkEnrollment => {
            "no property tells bulk enrolment from other ways: register these devices anew, or \
             exclude their users"
        }
        RegistrationMethod::HybridJoin
        | RegistrationMethod::InteractiveJoin
        | RegistrationMethod::WorkplaceJoin => "register these devices anew",
    }
}
