//! L10: clients that hand on a password.

use super::coverage::Tenant;
use super::finding::{Finding, LintRule, Location, Severity};
use super::view::View;
use crate::policy::facts::{ClientAppType, Platform};

/// L10: legacy clients get through, for the users and resources of a token-protection policy; where
/// there is none, for anybody.
///
/// Whatever asks a legacy client for something stops it: it shows no device, no second factor and no
/// binding.
pub(super) fn not_blocked(tenant: &Tenant<'_>, findings: &mut Vec<Finding>) {
    let stopping: Vec<&View<'_>> = tenant.views.iter().filter(|view| stops(view)).collect();
    let by = |client: ClientAppType| -> Vec<&View<'_>> {
        stopping.iter().copied().filter(|view| view.clients.contains(client)).collect()
    };
    let kinds = [
        (ClientAppType::ExchangeActiveSync, "Exchange ActiveSync"),
        (ClientAppType::Other, "other legacy clients"),
    ];
    let mut protecting = tenant.protecting().peekable();
    if protecting.peek().is_none() {
        let open = kinds.iter().filter(|(client, _)| by(*client).is_empty());
        let open: Vec<&str> = open.map(|(_, name)| *name).collect();
        if !open.is_empty() {
            let why = format!("no enabled policy stops {}", open.join(" and "));
            findings.push(about_the_tenant(Severity::Warning, why));
        }
        return;
    }
    for view in protecting {
        let gaps = kinds
            .iter()
            .filter_map(|(client, name)| tenant.gap(view, &by(*client)).map(|gap| (*name, gap)));
        let gaps: Vec<_> = gaps.collect();
        let Some((_, gap)) = gaps.first() else { continue };
        let names: Vec<&str> = gaps.iter().map(|(name, _)| *name).collect();
        let why =
            format!("no enabled policy stops {}: {}", names.join(" and "), tenant.in_words(gap));
        // One finding says it for the tenant.
        findings.push(about_the_tenant(Severity::Error, why));
        return;
    }
}

fn stops(view: &View<'_>) -> bool {
    view.is_enabled()
        && view.includes_somebody()
        && !view.targets.is_empty()
        && view.stops_legacy_clients()
        && view.platforms == Platform::all()
        && view.applies_to_strangers()
}

fn about_the_tenant(severity: Severity, why: String) -> Finding {
    let rule = LintRule::L10;
    Finding {
        rule,
        severity,
        location: Location { policy_id: None, display_name: String::new(), path: String::new() },
        why,
        fix: rule.fix().to_owned(),
        source: rule.source(),
    }
}
