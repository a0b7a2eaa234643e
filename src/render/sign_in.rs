//! One sign-in as the portal shows it, with why and what to do.
//!
//! The panes and their labels are the portal's; *why* and *what to do* are ours, in the words of
//! [`remedy`], which explains refusals everywhere.
//!
//! # Source
//! Entra's page on token protection, "Sign-in logs"; conditional-access 1.5 and section 9.

use serde::Serialize;
use serde_json::Value;

use super::page::{Page, Tone};
use super::remedy;
use super::table::{Grid, Rows};
use crate::base::Check;
use crate::policy::{Condition, Flags};
use crate::signin::failure_reason;
use crate::signin::read::{Detail, Label, PolicyDetail};

/// A sign-in in panes.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SignInView {
    /// Basic info, in order.
    pub basic_info: Vec<Field>,
    /// Device info, in order.
    pub device_info: Vec<Field>,
    /// Policies that are enabled or disabled.
    pub conditional_access: Vec<PolicyLine>,
    /// Policies in report-only.
    pub report_only: Vec<PolicyLine>,
    /// What came of it and why, a sentence each.
    pub why: Vec<String>,
    /// What an administrator would do, a phrase each; empty if nothing.
    pub what_to_do: Vec<String>,
}

/// A label and its value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Field {
    /// As the portal has it.
    pub label: &'static str,
    /// What the record says.
    pub value: String,
}

/// A policy in its pane.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PolicyLine {
    /// Name, or id where it has none.
    pub policy: String,
    /// Grant controls, as logged.
    pub grant_controls: Vec<String>,
    /// Session controls, as logged.
    pub session_controls: Vec<String>,
    /// Those that were not met.
    pub not_satisfied: Vec<String>,
    /// In the portal's words.
    pub result: String,
    /// The condition that failed, by name.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub failed_condition: String,
}

/// Labels and members of Basic info that are copied.
const BASIC: &[(&str, &str)] = &[
    ("Date", "createdDateTime"),
    ("Request ID", "id"),
    ("Correlation ID", "correlationId"),
    ("Authentication requirement", "authenticationRequirement"),
];

const BASIC_AFTER_STATUS: &[(&str, &str)] = &[
    ("Additional details", "status/additionalDetails"),
    ("User", "userDisplayName"),
    ("Username", "userPrincipalName"),
    ("User ID", "userId"),
    ("User type", "userType"),
    ("Cross tenant access type", "crossTenantAccessType"),
    ("Application", "appDisplayName"),
    ("Application ID", "appId"),
    ("Resource", "resourceDisplayName"),
    ("Resource ID", "resourceId"),
    ("Client app", "clientAppUsed"),
    ("Incoming token type", "incomingTokenType"),
    ("Session ID", "sessionId"),
    ("IP address", "ipAddress"),
];

const DEVICE: &[(&str, &str)] = &[
    ("Device ID", "deviceDetail/deviceId"),
    ("Name", "deviceDetail/displayName"),
    ("Browser", "deviceDetail/browser"),
    ("Operating System", "deviceDetail/operatingSystem"),
    ("Compliant", "deviceDetail/isCompliant"),
    ("Managed", "deviceDetail/isManaged"),
    ("Join Type", "deviceDetail/trustType"),
];

impl SignInView {
    /// The panes of a record.
    #[must_use]
    pub fn new(detail: &Detail) -> Self {
        let copied = |fields: &[(&'static str, &str)]| -> Vec<Field> {
            let field = |(label, path): &(&'static str, &str)| {
                detail.text(path).map(|value| Field { label, value })
            };
            fields.iter().filter_map(field).collect()
        };
        let mut basic_info = copied(BASIC);
        basic_info.extend(status(detail));
        basic_info.extend(copied(BASIC_AFTER_STATUS));
        basic_info.push(Field { label: SESSION, value: session(detail) });
        let (mut conditional_access, mut report_only) = (Vec::new(), Vec::new());
        for policy in detail.policies() {
            match policy.text("result").starts_with("reportOnly") {
                true => report_only.push(PolicyLine::new(policy)),
                false => conditional_access.push(PolicyLine::new(policy)),
            }
        }
        let Reasons { why, what_to_do } = reasons(detail);
        Self {
            basic_info,
            device_info: copied(DEVICE),
            conditional_access,
            report_only,
            why,
            what_to_do,
        }
    }

    /// The panes for people.
    #[must_use]
    pub fn to_page(&self) -> Page {
        let mut page = Page::new();
        for (heading, fields) in
            [("Basic info", &self.basic_info), ("Device info", &self.device_info)]
        {
            page.heading(heading);
            for Field { label, value } in fields {
                let tone = match value.starts_with("Unbound") {
                    true => Tone::Lost,
                    false => Tone::Plain,
                };
                page.hang(&format!("  {label}"), 40, tone, value);
            }
        }
        for (heading, lines) in
            [("Conditional Access", &self.conditional_access), ("Report-only", &self.report_only)]
        {
            page.heading(heading);
            if lines.is_empty() {
                page.say(2, Tone::Aside, "no policies");
                continue;
            }
            let mut grid =
                Grid::with_columns(["Policy name", "Grant controls", "Session controls", "Result"]);
            for line in lines {
                grid.push(line.cells());
            }
            page.table(&grid.to_text(Rows::Close, None), |_| Tone::Plain);
        }
        page.heading("Why");
        for sentence in &self.why {
            page.say(2, Tone::Plain, sentence);
        }
        if !self.what_to_do.is_empty() {
            page.heading("What to do");
            for phrase in &self.what_to_do {
                page.say(2, Tone::Plain, phrase);
            }
        }
        page
    }
}

/// The field that the page on token protection points to.
const SESSION: &str = "Token Protection - Sign In Session";

fn session(detail: &Detail) -> String {
    let status = detail.text("tokenProtectionStatusDetails/signInSessionStatus");
    match status.as_deref() {
        None => "None".to_owned(),
        Some("bound") => "Bound".to_owned(),
        Some("unbound") => match detail.status_code() {
            Some(code) => format!("Unbound - statusCode: {code}"),
            None => "Unbound".to_owned(),
        },
        Some(other) => other.to_owned(),
    }
}

fn status(detail: &Detail) -> Vec<Field> {
    let Some(code) = detail.error_code() else { return Vec::new() };
    let field = |label, value: String| Field { label, value };
    if code == 0 {
        return vec![field("Status", "Success".to_owned())];
    }
    let reason = detail.text("status/failureReason");
    let reason = reason.or_else(|| detail.text("resultDescription"));
    vec![
        field("Status", "Failure".to_owned()),
        field("Sign-in error code", code.to_string()),
        field("Failure reason", reason.unwrap_or_else(|| failure_reason(code).to_owned())),
    ]
}

impl PolicyLine {
    fn new(policy: PolicyDetail<'_>) -> Self {
        let name = [policy.text("displayName"), policy.text("id")];
        let names = |member| policy.names(member).map(str::to_owned).collect();
        Self {
            policy: name.into_iter().find(|name| !name.is_empty()).unwrap_or_default().to_owned(),
            grant_controls: names("enforcedGrantControls"),
            session_controls: names("enforcedSessionControls"),
            not_satisfied: names("sessionControlsNotSatisfied"),
            result: portal_result(policy.text("result")).to_owned(),
            failed_condition: policy.conditions("conditionsNotSatisfied").map_or_else(
                String::new,
                |conditions| match conditions {
                    Value::String(names) if names != "none" => names.clone(),
                    Value::Number(bits) => condition_names(bits.as_u64().unwrap_or_default()),
                    _ => String::new(),
                },
            ),
        }
    }

    fn cells(&self) -> [String; 4] {
        let unmet = |name: &String| match self.not_satisfied.contains(name) {
            true => format!("{name} (not satisfied)"),
            false => name.clone(),
        };
        let mut result = self.result.clone();
        if !self.failed_condition.is_empty() {
            result.push_str(&format!(": {}", self.failed_condition));
        }
        [
            self.policy.clone(),
            self.grant_controls.join(", "),
            self.session_controls.iter().map(unmet).collect::<Vec<_>>().join(", "),
            result,
        ]
    }
}

/// Exports have an integer where Graph has names.
fn condition_names(bits: u64) -> String {
    let conditions: Flags<Condition> = Flags::from_bits(u32::try_from(bits).unwrap_or_default());
    conditions.iter().map(Condition::as_str).collect::<Vec<_>>().join(",")
}

fn portal_result(result: &str) -> &str {
    match result {
        "success" => "Success",
        "failure" => "Failure",
        "notApplied" => "Not applied",
        "notEnabled" => "Disabled",
        "reportOnlySuccess" => "Report-only: Success",
        "reportOnlyFailure" => "Report-only: Failure",
        "reportOnlyNotApplied" => "Report-only: Not applied",
        "reportOnlyInterrupted" => "Report-only: User action required",
        other => other,
    }
}

#[derive(Default)]
struct Reasons {
    why: Vec<String>,
    what_to_do: Vec<String>,
}

impl Reasons {
    fn advise(&mut self, advice: &str) {
        let advice = sentence(advice);
        if !self.what_to_do.contains(&advice) {
            self.what_to_do.push(advice);
        }
    }
}

/// A phrase as a sentence.
fn sentence(phrase: &str) -> String {
    let mut letters = phrase.chars();
    match letters.next() {
        None => String::new(),
        Some(first) => format!("{}{}.", first.to_uppercase(), letters.as_str()),
    }
}

/// Whether an entry lists the control of token protection, under either label.
fn lists(policy: PolicyDetail<'_>, member: &str) -> bool {
    let is_label = |name: &str| {
        [Label::Binding, Label::SignInTokenProtection]
            .iter()
            .any(|label| name.eq_ignore_ascii_case(label.as_str()))
    };
    policy.names(member).any(is_label)
}

fn reasons(detail: &Detail) -> Reasons {
    let mut reasons = Reasons::default();
    let code = detail.error_code();
    match code {
        None => {}
        Some(0) => reasons.why.push("The sign-in succeeded.".to_owned()),
        Some(code) => {
            reasons.why.push(format!("The sign-in was refused: {code}. {}", failure_reason(code)));
        }
    }
    let bound = detail.status_code();
    if let Some(bound) = bound {
        reasons.why.push(format!("Status {bound}. {}", remedy::status_meaning(bound)));
    }
    let (mut token_protection, mut failed) = (false, false);
    for policy in detail.policies() {
        let line = PolicyLine::new(policy);
        let result = policy.text("result");
        let protects = lists(policy, "enforcedSessionControls");
        token_protection |= protects && !result.to_ascii_lowercase().ends_with("notapplied");
        let refuses = match result {
            "failure" => "refused it",
            "reportOnlyFailure" => "would have refused it, were it On",
            _ => continue,
        };
        failed = true;
        let what =
            match (lists(policy, "sessionControlsNotSatisfied"), line.grant_controls.is_empty()) {
                (true, _) => "a bound sign-in session".to_owned(),
                (false, false) => line.grant_controls.join(", "),
                (false, true) => line.not_satisfied.join(", "),
            };
        reasons.why.push(match what.is_empty() {
            true => format!("Policy {} {refuses}.", line.policy),
            false => format!("Policy {} asks for {what} and {refuses}.", line.policy),
        });
        match lists(policy, "sessionControlsNotSatisfied") {
            true => reasons.advise(remedy::advice(Check::PolicyTokenProtection, bound)),
            false => reasons.advise(remedy::advice(Check::PolicyGrants, None)),
        }
    }
    if bound.is_some_and(|bound| bound > 0) && !token_protection && code == Some(0) {
        reasons.why.push(
            "No token-protection policy applied, so that an unbound request went through. What \
             decides whether one applies, the platform above all, is claimed by the client."
                .to_owned(),
        );
        reasons.advise("see that other policies close what this one leaves out (tplab lint)");
    }
    if !failed && code.is_some_and(|code| code != 0) {
        reasons.advise("read the error code: no policy of this record refused the request");
    }
    if let Some(correlation) = detail.text("correlationId").filter(|_| token_protection) {
        reasons.why.push(format!(
            "All requests of a sign-in must be bound; those of this one have the correlation id \
             {correlation}."
        ));
    }
    reasons
}
