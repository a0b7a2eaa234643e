//! L13: devices that cannot be bound because of how they were registered.

use std::collections::BTreeMap;

use super::coverage::Tenant;
use super::finding::{Finding, LintRule, Severity};
use super::view::View;
use crate::directory::{Device, RegistrationMethod, TrustType};
use crate::policy::conditions::FilterMode;
use crate::policy::facts::Platform;

/// Devices that a finding names for each method.
const NAMES: usize = 3;

/// L13: such devices of covered users are in scope of the policy.
pub(super) fn not_excluded(tenant: &Tenant<'_>, findings: &mut Vec<Finding>) {
    let Some(directory) = tenant.directory else { return };
    for view in tenant.protecting() {
        let mut by_method: BTreeMap<RegistrationMethod, Vec<&str>> = BTreeMap::new();
        for device in directory.devices().filter(|device| in_scope(tenant, view, device)) {
            by_method.entry(device.registration_method).or_default().push(&device.display_name);
        }
        if by_method.is_empty() {
            continue;
        }
        let found: Vec<String> = by_method.iter().map(|one| in_words(one)).collect();
        let why = format!("devices of covered users: {}", found.join("; "));
        let path = "conditions.devices.deviceFilter";
        let mut finding = view.finding(LintRule::L13, Severity::Information, path, why);
        finding.fix = remedy(by_method.keys().copied());
        findings.push(finding);
    }
}

/// A registration method with the first few devices.
fn in_words((method, devices): (&RegistrationMethod, &Vec<&str>)) -> String {
    let names: Vec<&str> = devices.iter().take(NAMES).copied().collect();
    let more = devices.len().saturating_sub(NAMES);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{} ({}{more})", method.as_str(), names.join(", "))
}

fn in_scope(tenant: &Tenant<'_>, view: &View<'_>, device: &Device) -> bool {
    let owned = device.registered_owner.zip(tenant.covered(view));
    let filtered = view.filter().is_some_and(|(mode, filter)| {
        filter.matches(Some(device)) == (mode == FilterMode::Exclude)
    });
    let platform = Platform::from_operating_system(&device.operating_system);
    owned.is_some_and(|(owner, (roster, covered))| roster.holds(&covered.users, owner))
        && !tenant.rules.supports_registration_method(device.registration_method.as_str())
        && device.trust_type != TrustType::ServerAd
        && view.platforms.contains(platform)
        && !filtered
}

/// A filter that excludes these devices, as far as a property tells them.
fn remedy(methods: impl Iterator<Item = RegistrationMethod>) -> String {
    let (filtered, others): (Vec<_>, Vec<_>) = methods.partition(|one| rule(*one).is_some());
    let rules: Vec<String> =
        filtered.into_iter().filter_map(rule).map(|it| format!("({it})")).collect();
    let mut sentences = Vec::new();
    if !rules.is_empty() {
        sentences.push(format!("exclude by filter: {}", rules.join(" -or ")));
    }
    if !others.is_empty() {
        let names: Vec<&str> = others.iter().map(|method| method.as_str()).collect();
        sentences.push(format!(
            "no property tells {}: register these devices anew, or exclude their users",
            names.join(", ")
        ));
    }
    sentences.join("; ")
}

/// The rule that the deployment guide gives for a method; none where it gives none.
const fn rule(method: RegistrationMethod) -> Option<&'static str> {
    match method {
        RegistrationMethod::AvdSessionHost => Some(
            "device.systemLabels -contains \"AzureVirtualDesktop\" -and device.trustType -eq \"AzureAD\"",
        ),
        RegistrationMethod::CloudPc => {
            Some("device.systemLabels -contains \"CloudPC\" -and device.trustType -eq \"AzureAD\"")
        }
        RegistrationMethod::PowerAutomateHosted => Some(
            "device.systemLabels -contains \"MicrosoftPowerAutomate\" -and device.trustType -eq \"AzureAD\"",
        ),
        RegistrationMethod::AutopilotSelfDeploying => {
            Some("device.enrollmentProfileName -eq \"<profile name>\"")
        }
        RegistrationMethod::AzureVmExtension => {
            Some("device.profileType -eq \"SecureVM\" -and device.trustType -eq \"AzureAD\"")
        }
        RegistrationMethod::BulkEnrollment
        | RegistrationMethod::HybridJoin
        | RegistrationMethod::InteractiveJoin
        | RegistrationMethod::WorkplaceJoin => None,
    }
}
