//! L11: token protection beside another session control.

use super::coverage::Tenant;
use super::finding::{Finding, LintRule, Severity};
use crate::policy::controls::SessionControl;

/// L11: the published queries look for a list with token protection alone.
pub(super) fn other_session_controls(tenant: &Tenant<'_>, findings: &mut Vec<Finding>) {
    for view in tenant.protecting() {
        let others = view.other_session_controls();
        if !others.is_empty() {
            let names: Vec<&str> = others.iter().map(SessionControl::label).collect();
            let why = format!("{} stands beside token protection", names.join(", "));
            findings.push(view.finding(LintRule::L11, Severity::Warning, "sessionControls", why));
        }
    }
}
