//! L08 and L09: device filters that say something else than was meant.

use super::coverage::Tenant;
use super::finding::{Finding, LintRule, Severity};
use crate::policy::conditions::FilterMode;

const RULE: &str = "conditions.devices.deviceFilter.rule";

/// L08: an exclusion that lets unregistered devices out.
pub(super) fn negative(tenant: &Tenant<'_>, findings: &mut Vec<Finding>) {
    for view in tenant.views.iter().filter(|view| view.is_on()) {
        let Some((FilterMode::Exclude, filter)) = view.filter() else { continue };
        let (severity, why) = match (filter.matches(None), filter.is_negative()) {
            (true, _) => (
                Severity::Error,
                "every device that is not registered matches the rule and is let out of the policy",
            ),
            (false, true) => (
                Severity::Warning,
                "a negative comparison stands in it; as a whole the rule does not match devices \
                 that are not registered",
            ),
            (false, false) => continue,
        };
        findings.push(view.finding(LintRule::L08, severity, RULE, why.to_owned()));
    }
}

/// L09: a collection compared as one text.
pub(super) fn element_equality(tenant: &Tenant<'_>, findings: &mut Vec<Finding>) {
    for view in tenant.views.iter().filter(|view| view.is_on()) {
        let Some((_, filter)) = view.filter() else { continue };
        for comparison in filter.element_equality() {
            let why = format!("`{comparison}` compares a collection");
            findings.push(view.finding(LintRule::L09, Severity::Warning, RULE, why));
        }
    }
}
