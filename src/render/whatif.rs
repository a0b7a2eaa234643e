//! Answers of `whatif`, as text and as JSON.

use serde_json::{Value, json};

use super::page::{Page, Tone};
use crate::base::Timestamp;
use crate::base::id::{AppId, CorrelationId, RequestId, TenantId};
use crate::catalog::{Catalog, RulePack};
use crate::policy::whatif::{Simulation, WhatIfAnswer, WhatIfContext, WhatIfRequest};
use crate::policy::{Evidence, Outcome, PolicySet, PolicyState, SecondFactorProof};
use crate::signin::{NamedApp, RequestFacts, SignInRecord, Verdict, client_app_used};

/// Column at which the words of a result begin.
const WORDS: usize = 24;

/// The time of a simulated record: nobody asked for one.
const NO_TIME: Timestamp = Timestamp::from_unix(0);

/// What is said about a described sign-in.
#[derive(Clone, Copy, Debug)]
pub struct WhatIfReport<'a> {
    /// The sign-in.
    pub request: &'a WhatIfRequest,
    /// The policies.
    pub policies: &'a PolicySet,
    /// The tenant; none without a directory.
    pub tenant: Option<TenantId>,
    /// The rule pack.
    pub rules: &'a RulePack,
    /// Which policies would apply.
    pub answer: &'a WhatIfAnswer,
    /// What would become of it, if somebody asked.
    pub simulation: Option<&'a Simulation<'a>>,
}

impl WhatIfReport<'_> {
    /// Graph's body; a simulation stands beside it in a member `simulate`.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut body = self.answer.to_json();
        if let (Value::Object(members), Some(simulation)) = (&mut body, self.simulation) {
            members.insert("simulate".to_owned(), self.simulation_json(simulation));
        }
        body
    }

    /// The same for people.
    #[must_use]
    pub fn to_page(&self) -> Page {
        let mut page = Page::new();
        for result in &self.answer.results {
            let reasons = result.reasons.to_string();
            let (label, tone) = match result.applies() {
                true => ("applies", Tone::Heading),
                false => (reasons.as_str(), Tone::Plain),
            };
            let name = format!("{}{}", result.policy.display_name(), state(result.policy.state()));
            page.hang(label, WORDS, tone, &name);
            for line in &result.because {
                page.hang("", WORDS, Tone::Aside, line);
            }
        }
        let applied = self.answer.results.iter().filter(|result| result.applies()).count();
        page.gap();
        page.say(
            0,
            Tone::Plain,
            &format!("{} of {} would apply", applied, counted_policies(self.policies.len())),
        );
        if let Some(simulation) = self.simulation {
            self.simulation_page(&mut page, simulation);
        }
        page
    }

    fn simulation_page(&self, page: &mut Page, simulation: &Simulation<'_>) {
        page.heading("Simulated (beyond What If)");
        let client = simulation.client.map_or("not named", |client| client.title.as_str());
        let device = simulation.device.as_ref().map_or("none", |device| &device.display_name);
        page.hang("  app", WORDS, Tone::Plain, client);
        page.hang("  client", WORDS, Tone::Plain, simulation.client_app_type_word());
        page.hang("  platform", WORDS, Tone::Plain, simulation.platform_word());
        page.hang("  device shown", WORDS, Tone::Plain, device);
        page.hang("  evidence", WORDS, Tone::Plain, evidence(simulation.evidence));
        page.hang("  second factor", WORDS, Tone::Plain, factor(simulation.second_factor));
        let status = simulation.token_protection;
        let bound = if status.is_bound() { "bound" } else { "unbound" };
        page.hang("  token protection", WORDS, Tone::Plain, &format!("{bound}, {}", status.code));
        let tone = match simulation.decision.outcome() {
            Outcome::Allow => Tone::Stopped,
            Outcome::Deny(_) => Tone::Lost,
        };
        page.hang("  decision", WORDS, tone, &simulation.explanation.outcome);
        for policy in simulation.decision.entries().iter().filter(|entry| entry.applied()) {
            let known = simulation.explanation.policies.iter().find(|one| one.id == policy.policy);
            let Some(known) = known else { continue };
            page.hang(
                "",
                WORDS,
                Tone::Plain,
                &format!("{}: {}", known.display_name, known.because),
            );
        }
        let record = self.record(simulation);
        page.hang("  the log says", WORDS, Tone::Plain, &logged(&record));
    }

    fn simulation_json(&self, simulation: &Simulation<'_>) -> Value {
        let device = simulation.device.as_ref().map(
            |device| json!({ "deviceId": device.device_id, "displayName": device.display_name }),
        );
        let decision = match simulation.decision.outcome() {
            Outcome::Allow => json!({ "outcome": "allow", "code": 0 }),
            Outcome::Deny(denial) => json!({
                "outcome": "deny",
                "code": denial.code,
                "policyId": denial.policy,
                "policyName": denial.policy_name,
                "control": denial.control.label(self.rules),
                "check": denial.check().id(),
            }),
        };
        json!({
            "rules": self.rules.id,
            "client": simulation.client.map(|client| &client.name),
            "clientAppType": simulation.client_app_type_word(),
            "platform": simulation.platform_word(),
            "device": device,
            "evidence": evidence(simulation.evidence),
            "secondFactor": factor(simulation.second_factor),
            "tokenProtectionStatusDetails": simulation.token_protection,
            "decision": decision,
            "explanation": simulation.explanation,
            "record": self.record(simulation),
        })
    }

    /// The record that the sign-in would leave. Its ids are all zeros and its time is that of the
    /// Unix epoch, since it never happened.
    fn record(&self, simulation: &Simulation<'_>) -> SignInRecord {
        let resource = match &self.request.context {
            WhatIfContext::Applications(ids) => ids.first().map(|id| named(*id)),
            WhatIfContext::AuthenticationContext(_) | WhatIfContext::UserAction(_) => None,
        };
        let legacy = simulation.client.and_then(|client| client.legacy_protocol);
        let facts = RequestFacts {
            user: simulation.user,
            app: simulation
                .client
                .map(|client| NamedApp { id: client.app_id, display_name: &client.title }),
            client_app_used: Some(client_app_used(simulation.client_app_type, legacy)),
            resource,
            device: simulation.device.as_ref(),
            ip_address: self.request.conditions.ip_address,
            second_factor: simulation.second_factor,
            ..RequestFacts::new(
                RequestId::from_u128(0),
                CorrelationId::from_u128(0),
                NO_TIME,
                self.tenant.unwrap_or(TenantId::from_u128(0)),
            )
        };
        let verdict = Verdict::Policy {
            decision: &simulation.decision,
            policies: self.policies,
            rules: self.rules,
            token_protection: simulation.token_protection,
        };
        SignInRecord::new(&facts, verdict)
    }
}

fn named(id: AppId) -> NamedApp<'static> {
    let known = Catalog::builtin().resource_by_id(id);
    NamedApp { id, display_name: known.map_or("", |resource| &resource.display_name) }
}

fn logged(record: &SignInRecord) -> String {
    let status = record.token_protection_status_details;
    let status = status
        .map_or_else(String::new, |status| format!(", signInSessionStatusCode {}", status.code));
    let entries = record.applied_conditional_access_policies.iter();
    let unmet: Vec<String> = entries
        .filter(|entry| !entry.session_controls_not_satisfied.is_empty())
        .map(|entry| format!("{} not satisfied", entry.session_controls_not_satisfied.join(", ")))
        .collect();
    let unmet = if unmet.is_empty() { String::new() } else { format!(", {}", unmet.join(", ")) };
    let status_word = json!(record.conditional_access_status);
    format!(
        "errorCode {}, conditionalAccessStatus {}{status}{unmet}",
        record.status.error_code,
        status_word.as_str().unwrap_or_default()
    )
}

fn counted_policies(count: usize) -> String {
    if count == 1 { "1 policy".to_owned() } else { format!("{count} policies") }
}

const fn state(state: PolicyState) -> &'static str {
    match state {
        PolicyState::Enabled => "",
        PolicyState::Disabled => " [off]",
        PolicyState::EnabledForReportingButNotEnforced => " [report-only]",
    }
}

const fn evidence(evidence: Evidence) -> &'static str {
    match evidence {
        Evidence::None => "none",
        Evidence::DeviceCredential => "device-credential",
        Evidence::Possession => "possession",
    }
}

const fn factor(proof: SecondFactorProof) -> &'static str {
    match proof {
        SecondFactorProof::Absent => "absent",
        SecondFactorProof::Passed => "passed",
    }
}
