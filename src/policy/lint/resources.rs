//! L04, L12 and L14: resources that token protection cannot protect as they are targeted.

use super::companions::name;
use super::coverage::Tenant;
use super::finding::{Finding, LintRule, Severity};
use super::scope::system;
use super::view::{INCLUDED, Target, View};
use crate::base::id::AppId;
use crate::catalog::well_known::{AZURE_VIRTUAL_DESKTOP, WINDOWS_365, WINDOWS_CLOUD_LOGIN};
use crate::catalog::{Catalog, OperatingSystem, ProtectedClient};
use crate::policy::facts::{ClientAppType, Platform};
use crate::policy::flags::Flags;

/// L04: all resources, or a group of apps.
pub(super) fn groups_of_apps(tenant: &Tenant<'_>, findings: &mut Vec<Finding>) {
    for view in tenant.protecting() {
        for target in view.targets.iter().filter(|target| !matches!(target, Target::App(_))) {
            let why = format!("it targets {}", target.as_text());
            findings.push(view.finding(LintRule::L04, Severity::Error, INCLUDED, why));
        }
    }
}

/// L12: resources that are not protected for the kind of client.
pub(super) fn unsupported(tenant: &Tenant<'_>, findings: &mut Vec<Finding>) {
    for view in tenant.protecting() {
        for target in &view.targets {
            let Target::App(id) = target else { continue };
            let clients = unprotected_clients(tenant, view, *id);
            if !clients.is_empty() {
                let why = format!(
                    "{} is not protected for {} under the rules of {}",
                    target.as_text(),
                    clients.join(" and "),
                    tenant.rules.id
                );
                let path = view.path_of(*id);
                findings.push(view.finding(LintRule::L12, Severity::Error, &path, why));
            }
        }
    }
}

/// The kinds of client of a policy for which a resource is protected on no system. Browsers towards
/// Exchange, SharePoint and Teams are left to L03.
fn unprotected_clients(tenant: &Tenant<'_>, view: &View<'_>, id: AppId) -> Vec<&'static str> {
    let resource = Catalog::builtin().resource_by_id(id);
    let kinds = [
        (ClientAppType::Browser, ProtectedClient::Browser, "browsers"),
        (ClientAppType::MobileAppsAndDesktopClients, ProtectedClient::Native, "native apps"),
    ];
    let open = kinds.into_iter().filter(|(client, protected, _)| {
        let rules = tenant.rules.resources.iter();
        let mut rules = rules.filter(|rule| {
            rule.client == *protected && resource.is_some_and(|known| known.name == rule.resource)
        });
        let left_to_l03 =
            *protected == ProtectedClient::Browser && Target::App(id).has_native_only();
        view.clients.contains(*client) && rules.next().is_none() && !left_to_l03
    });
    open.map(|(_, _, name)| name).collect()
}

/// L14: resources of Windows on other platforms.
pub(super) fn windows_only(tenant: &Tenant<'_>, findings: &mut Vec<Finding>) {
    for view in tenant.protecting() {
        let elsewhere = view.platforms.without(Flags::of(&[Platform::Windows]));
        for target in &view.targets {
            let Target::App(id) = target else { continue };
            let open: Vec<&str> =
                elsewhere.iter().filter(|one| !protected(tenant, *id, *one)).map(name).collect();
            if is_windows_only(*id) && !open.is_empty() {
                let why = format!("{} is targeted on {}", target.as_text(), open.join(", "));
                let path = view.path_of(*id);
                findings.push(view.finding(LintRule::L14, Severity::Error, &path, why));
            }
        }
    }
}

const fn is_windows_only(id: AppId) -> bool {
    let id = id.as_u128();
    id == AZURE_VIRTUAL_DESKTOP.as_u128()
        || id == WINDOWS_365.as_u128()
        || id == WINDOWS_CLOUD_LOGIN.as_u128()
}

fn protected(tenant: &Tenant<'_>, id: AppId, platform: Platform) -> bool {
    let found = Catalog::builtin().resource_by_id(id).zip(system(platform));
    found.is_some_and(|(resource, system): (_, OperatingSystem)| {
        tenant.rules.resource_rule(&resource.name, ProtectedClient::Native, system).is_some()
    })
}
