//! L15: the licence.

use super::coverage::Tenant;
use super::finding::{Finding, LintRule, Severity};
use crate::directory::UserType;

/// L15: covered members without one of the service plans of the rule pack. A directory that records
/// no licence for anybody says nothing about them.
pub(super) fn missing(tenant: &Tenant<'_>, findings: &mut Vec<Finding>) {
    let Some(directory) = tenant.directory else { return };
    if directory.users().all(|user| user.licences.is_empty()) {
        return;
    }
    let licence = &tenant.rules.licence.value;
    for view in tenant.protecting() {
        let Some((roster, covered)) = tenant.covered(view) else { continue };
        let lacking = roster.those(&covered.users, |user| {
            user.user_type == UserType::Member
                && !licence.service_plans.iter().any(|plan| user.licences.contains(plan))
        });
        if !lacking.is_empty() {
            let why = format!(
                "{} of {} covered users lack {}: {}",
                lacking.len(),
                covered.users.len(),
                licence.name,
                roster.names(&lacking)
            );
            let path = "conditions.users";
            findings.push(view.finding(LintRule::L15, Severity::Warning, path, why));
        }
    }
}
