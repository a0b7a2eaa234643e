//! L01 and L02: whether somebody who claims another platform is stopped all the same.

use super::coverage::Tenant;
use super::finding::{Finding, LintRule, Severity};
use super::view::View;
use crate::policy::facts::Platform;
use crate::policy::flags::{Flag, Flags};

const PLATFORMS: &str = "conditions.platforms";

/// L01: unknown platforms are blocked.
pub(super) fn unknown_platforms(tenant: &Tenant<'_>, findings: &mut Vec<Finding>) {
    for protecting in enabled(tenant) {
        if protecting.platforms.contains(Platform::Unknown) {
            continue;
        }
        let companions = |stops: fn(&View<'_>) -> bool| -> Vec<&View<'_>> {
            companions(tenant, protecting, Platform::Unknown).filter(|view| stops(view)).collect()
        };
        let Some(gap) = tenant.gap(protecting, &companions(blocks)) else { continue };
        let asked = tenant.gap(protecting, &companions(stops_strangers)).is_none();
        let (severity, but) = match asked {
            true => (Severity::Warning, "; a policy that requires a device of the tenant stops it"),
            false => (Severity::Error, ""),
        };
        let reporting = reporting(tenant, protecting, Platform::Unknown, blocks);
        let why = format!(
            "a sign-in that claims no known platform is not blocked: {}{but}{reporting}",
            tenant.in_words(&gap),
        );
        findings.push(protecting.finding(LintRule::L01, severity, PLATFORMS, why));
    }
}

/// L02: on the platforms left out, a device of the tenant is required, or nobody gets in.
pub(super) fn platforms_left_out(tenant: &Tenant<'_>, findings: &mut Vec<Finding>) {
    for protecting in enabled(tenant) {
        let known = Flags::of(Platform::ALL).without(Flags::of(&[Platform::Unknown]));
        let left_out = known.without(protecting.platforms);
        let mut open = Vec::new();
        let mut first = None;
        for platform in left_out.iter() {
            let by: Vec<&View<'_>> = companions(tenant, protecting, platform)
                .filter(|view| stops_strangers(view) || view.protects_tokens())
                .collect();
            if let Some(gap) = tenant.gap(protecting, &by) {
                open.push(name(platform));
                first.get_or_insert((platform, gap));
            }
        }
        let Some((platform, gap)) = first else { continue };
        let why = format!(
            "a stolen token works for whoever claims {}: {}{}",
            open.join(", "),
            tenant.in_words(&gap),
            reporting(tenant, protecting, platform, stops_strangers),
        );
        findings.push(protecting.finding(LintRule::L02, Severity::Error, PLATFORMS, why));
    }
}

fn enabled<'t, 'a>(tenant: &'t Tenant<'a>) -> impl Iterator<Item = &'t View<'a>> {
    tenant.protecting().filter(|view| view.is_enabled())
}

/// Enabled policies that apply to an unregistered machine under a platform, for every kind of client
/// that the policy is about.
fn companions<'t, 'a>(
    tenant: &'t Tenant<'a>,
    of: &'t View<'a>,
    platform: Platform,
) -> impl Iterator<Item = &'t View<'a>> {
    tenant.views.iter().filter(move |view| view.is_enabled() && accompanies(view, of, platform))
}

fn accompanies(view: &View<'_>, of: &View<'_>, platform: Platform) -> bool {
    view.policy.id() != of.policy.id()
        && view.platforms.contains(platform)
        && of.clients.without(view.clients).is_empty()
        && view.applies_to_strangers()
}

fn blocks(view: &View<'_>) -> bool {
    view.blocks()
}

/// Whether somebody without a device of the tenant fails it.
fn stops_strangers(view: &View<'_>) -> bool {
    view.blocks() || view.requires_device()
}

/// Names a policy that would do and only reports.
fn reporting(
    tenant: &Tenant<'_>,
    of: &View<'_>,
    platform: Platform,
    stops: fn(&View<'_>) -> bool,
) -> String {
    let found = tenant
        .views
        .iter()
        .find(|view| view.only_reports() && stops(view) && accompanies(view, of, platform));
    found.map_or_else(String::new, |view| {
        format!("; `{}` would, and only reports", view.policy.display_name())
    })
}

/// The name people read.
pub(super) const fn name(platform: Platform) -> &'static str {
    match platform {
        Platform::Android => "Android",
        Platform::Ios => "iOS",
        Platform::Linux => "Linux",
        Platform::MacOs => "macOS",
        Platform::Windows => "Windows",
        Platform::WindowsPhone => "Windows Phone",
        Platform::Unknown => "an unknown platform",
    }
}
