//! L07: exclusions that empty a policy.

use super::coverage::Tenant;
use super::finding::{Finding, LintRule, Severity};
use super::view::{name_all_of, names_nobody};

/// L07: nobody, or less than half of the included users, is left.
pub(super) fn nobody_left(tenant: &Tenant<'_>, findings: &mut Vec<Finding>) {
    for view in tenant.views.iter().filter(|view| view.is_on()) {
        let path = "conditions.users.excludeGroups";
        let Some((_, covered)) = tenant.covered(view) else {
            // Without a directory only a policy that excludes what it includes is certain.
            let named = !view.includes_all() && !names_nobody(view.include());
            if named && name_all_of(&[view.exclude()], view.include()) {
                let why = "it excludes every id that it includes".to_owned();
                findings.push(view.finding(LintRule::L07, Severity::Error, path, why));
            }
            continue;
        };
        let (included, left) = (covered.included.len(), covered.users.len());
        let severity = match left {
            0 if included > 0 => Severity::Error,
            _ if left * 2 < included => Severity::Warning,
            _ => continue,
        };
        let why = format!("of {included} included users, {left} are left after the exclusions");
        findings.push(view.finding(LintRule::L07, severity, path, why));
    }
}
