//! Why a control is met or not: what the sign-in shows for it.

use std::fmt;

use serde::Serialize;

use crate::catalog::RulePack;
use crate::policy::controls::{GrantControl, GrantControls, Met, Operator, SessionControl};
use crate::policy::decision::Control;
use crate::policy::facts::SignIn;
use crate::policy::model::Policy;

/// What a policy asks before it grants.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GrantExplanation {
    /// `AND` or `OR`.
    pub operator: &'static str,
    /// Whether the controls together are met.
    pub outcome: ControlOutcome,
    /// The controls, in deciding order.
    pub controls: Vec<ControlExplanation>,
}

/// A control with the evidence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ControlExplanation {
    /// The name in sign-in records.
    pub control: String,
    /// Whether it is met.
    pub outcome: ControlOutcome,
    /// What was looked at, and what it said.
    pub evidence: String,
}

/// Whether a control is met.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum ControlOutcome {
    /// It is met.
    Met,
    /// It is recorded, and nothing can leave it unmet.
    Recorded,
    /// It is not met.
    Unmet,
}

impl ControlOutcome {
    const fn of(met: bool) -> Self {
        if met { Self::Met } else { Self::Unmet }
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::Met => "met",
            Self::Recorded => "recorded",
            Self::Unmet => "not met",
        }
    }
}

/// None if nothing is asked.
pub(super) fn explain_grant(policy: &Policy, sign_in: &SignIn<'_>) -> Option<GrantExplanation> {
    let grant = policy.grant_controls();
    let met = Met::by(sign_in);
    let controls: Vec<ControlExplanation> = grant
        .controls
        .iter()
        .map(|control| ControlExplanation {
            control: control.label().to_owned(),
            outcome: ControlOutcome::of(met.meets(control, grant)),
            evidence: grant_evidence(control, grant, sign_in),
        })
        .collect();
    (!controls.is_empty()).then(|| GrantExplanation {
        operator: match grant.operator {
            Operator::And => "AND",
            Operator::Or => "OR",
        },
        outcome: ControlOutcome::of(met.unmet(grant).is_empty()),
        controls,
    })
}

pub(super) fn explain_session(
    policy: &Policy,
    sign_in: &SignIn<'_>,
    rules: &RulePack,
) -> Vec<ControlExplanation> {
    let unmet = policy.session().unmet(sign_in);
    let explain = |control: SessionControl| ControlExplanation {
        control: Control::Session(control).label(rules).to_owned(),
        outcome: match control {
            SessionControl::SecureSignInSession | SessionControl::SignInFrequency => {
                ControlOutcome::of(!unmet.contains(control))
            }
            _ => ControlOutcome::Recorded,
        },
        evidence: session_evidence(control, policy, sign_in),
    };
    policy.session_controls().iter().map(explain).collect()
}

fn grant_evidence(control: GrantControl, grant: &GrantControls, sign_in: &SignIn<'_>) -> String {
    let legacy = sign_in.client_app_type.is_legacy();
    let text = match control {
        GrantControl::Block => "nothing meets a block",
        GrantControl::Mfa if legacy => "a legacy client cannot do a second factor",
        GrantControl::Mfa if sign_in.second_factor_passed() => "a second factor was passed",
        GrantControl::Mfa => "no second factor was passed",
        GrantControl::AuthenticationStrength => return strength_evidence(grant, sign_in),
        GrantControl::CompliantDevice | GrantControl::DomainJoinedDevice => {
            return device_evidence(control, sign_in);
        }
        GrantControl::ApprovedApplication => "whether the app is an approved client app",
        GrantControl::CompliantApplication => "whether an app protection policy is in force",
        GrantControl::PasswordChange => "whether the password was changed in this sign-in",
        GrantControl::RiskRemediation => "whether the risk was remedied in this sign-in",
        GrantControl::TermsOfUse => {
            let accepted = &sign_in.authentication.terms_accepted;
            let all = &grant.terms_of_use;
            let count = all.iter().filter(|id| accepted.contains(id)).count();
            return format!("{count} of {} agreements accepted", all.len());
        }
        GrantControl::CustomAuthenticationFactor => {
            let satisfied = &sign_in.authentication.custom_controls;
            let all = &grant.custom_authentication_factors;
            let count = all.iter().filter(|name| satisfied.contains(*name)).count();
            return format!("{count} of {} custom controls satisfied", all.len());
        }
    };
    text.to_owned()
}

fn strength_evidence(grant: &GrantControls, sign_in: &SignIn<'_>) -> String {
    let methods: Vec<&str> =
        sign_in.authentication.methods.iter().map(|method| method.as_str()).collect();
    let used = if methods.is_empty() { "no known method".to_owned() } else { methods.join(", ") };
    let name = grant.authentication_strength.as_ref().map(|it| it.display_name.as_str());
    format!("{used} against `{}`", name.unwrap_or_default())
}

fn device_evidence(control: GrantControl, sign_in: &SignIn<'_>) -> String {
    let Some(device) = sign_in.shown_device() else {
        return match sign_in.client_app_type.is_legacy() {
            true => "a legacy client shows no device".to_owned(),
            false => "no device was shown".to_owned(),
        };
    };
    match (control, device.is_compliant) {
        (GrantControl::DomainJoinedDevice, _) => {
            format!("the device is {}", device.trust_type.as_str())
        }
        (_, Some(true)) => "the device is compliant".to_owned(),
        (_, Some(false)) => "the device is not compliant".to_owned(),
        (_, None) => "nobody has said whether the device is compliant".to_owned(),
    }
}

fn session_evidence(control: SessionControl, policy: &Policy, sign_in: &SignIn<'_>) -> String {
    match control {
        SessionControl::SecureSignInSession if sign_in.client_app_type.is_legacy() => {
            "a legacy client is never bound".to_owned()
        }
        SessionControl::SecureSignInSession if sign_in.is_bound() => {
            "the request is bound".to_owned()
        }
        SessionControl::SecureSignInSession => {
            format!("the request is not bound: {}", sign_in.token_protection.code)
        }
        SessionControl::SignInFrequency => {
            let age = sign_in.authentication.primary_age.as_secs();
            let second = match sign_in.authentication.secondary_age {
                None => "no second factor".to_owned(),
                Some(age) => format!("second factor {} s ago", age.as_secs()),
            };
            let limit = policy.session().sign_in_frequency.and_then(|it| it.interval);
            let limit =
                limit.map_or_else(|| "every time".to_owned(), |it| format!("{} s", it.as_secs()));
            format!("first factor {age} s ago, {second}; asked: {limit}")
        }
        _ => "applied by others: the resource, the proxy, the browser".to_owned(),
    }
}

impl GrantExplanation {
    /// How the controls combine.
    pub(super) fn rule(&self) -> String {
        let rule = match self.operator {
            "OR" => "one of",
            _ => "all of",
        };
        format!("{rule}: {}", self.outcome.as_str())
    }
}

impl fmt::Display for ControlExplanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}; {}", self.control, self.outcome.as_str(), self.evidence)
    }
}
