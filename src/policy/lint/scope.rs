//! L03 and L05: kinds of client and platforms that cannot meet token protection.

use super::companions::name;
use super::coverage::Tenant;
use super::finding::{Finding, LintRule, Severity};
use super::view::Target;
use crate::catalog::OperatingSystem;
use crate::policy::facts::{ClientAppType, Platform};

/// L03: browsers towards resources that are protected in native apps alone.
pub(super) fn clients(tenant: &Tenant<'_>, findings: &mut Vec<Finding>) {
    for view in tenant.protecting().filter(|view| view.clients.contains(ClientAppType::Browser)) {
        let native = view.targets.iter().filter(|target| target.has_native_only());
        let native: Vec<String> = native.map(|target| Target::as_text(*target)).collect();
        if !native.is_empty() {
            let why = format!("browser sign-ins to {} would be refused", native.join(", "));
            let path = "conditions.clientAppTypes";
            findings.push(view.finding(LintRule::L03, Severity::Error, path, why));
        }
    }
}

/// L05: platforms that the rule pack does not support.
pub(super) fn platforms(tenant: &Tenant<'_>, findings: &mut Vec<Finding>) {
    for view in tenant.protecting() {
        let unsupported = view.platforms.iter().filter(|platform| !supported(tenant, *platform));
        let names: Vec<&str> = unsupported.map(name).collect();
        if !names.is_empty() {
            let why = format!("in scope and never bound: {}", names.join(", "));
            let path = "conditions.platforms";
            findings.push(view.finding(LintRule::L05, Severity::Error, path, why));
        }
    }
}

fn supported(tenant: &Tenant<'_>, platform: Platform) -> bool {
    system(platform).is_some_and(|system| tenant.rules.system(system).is_some())
}

/// The system behind a platform that may be supported.
pub(super) const fn system(platform: Platform) -> Option<OperatingSystem> {
    match platform {
        Platform::Android => Some(OperatingSystem::Android),
        Platform::Ios => Some(OperatingSystem::Ios),
        Platform::Linux => Some(OperatingSystem::Linux),
        Platform::MacOs => Some(OperatingSystem::MacOs),
        Platform::Windows => Some(OperatingSystem::Windows),
        Platform::WindowsPhone | Platform::Unknown => None,
    }
}
