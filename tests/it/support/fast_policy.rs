//! The evaluator of the library, asked in the words of the slow one.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use token_protection_lab::base::id::{AgreementId, AppId, GroupId, LocationId, RoleTemplateId};
use token_protection_lab::base::{Danger, Lifetime};
use token_protection_lab::catalog::RulePack;
use token_protection_lab::directory::{
    Device, GuestOrExternalUserType, InsiderRiskLevel, LocationTrust, RiskLevel, TrustType,
    UserType,
};
use token_protection_lab::policy::filter::{AttributeValue, AttributeValues};
use token_protection_lab::policy::{
    Authentication, AuthenticationMethod, ClientAppType, ClientProtection, Control, Decision,
    ExternalUser, Flag, Flags, GrantControl, Identity, Place, Platform, PolicySet, Purpose,
    Remediation, Risk, SecondFactorProof, ServicePrincipalFacts, ServicePrincipalHome,
    ServicePrincipalKind, SessionControl, SignIn, Target as FastTarget, TokenProtectionStatus,
    TransferMethod, UserAction, UserFacts, evaluate,
};

use super::slow_filter::Subject;
use super::slow_policy::{Answer, Entry, Machine, Request, Target, Who};

/// Reads policies as a file would bring them.
pub fn read(policies: &[Value]) -> PolicySet {
    let text = serde_json::to_vec(policies).unwrap();
    PolicySet::from_json(&text).unwrap_or_else(|error| panic!("{error}\n{policies:#?}"))
}

pub fn decide(policies: &PolicySet, request: &Request) -> Decision {
    with_facts(request, |sign_in| evaluate(policies, sign_in, RulePack::newest(), Danger::NONE))
}

/// The request as policy sees it.
pub fn with_facts<T>(request: &Request, then: impl FnOnce(&SignIn<'_>) -> T) -> T {
    let groups: BTreeSet<GroupId>;
    let roles: BTreeSet<RoleTemplateId>;
    let attributes: AttributeValues;
    let identity = match &request.who {
        Who::User { id, guest, external, groups: of, roles: has } => {
            groups = ids(of);
            roles = ids(has);
            Identity::User(UserFacts {
                id: id.parse().unwrap(),
                user_type: if *guest { UserType::Guest } else { UserType::Member },
                external: external.as_ref().map(|(kind, tenant)| ExternalUser {
                    kind: word::<GuestOrExternalUserType>(kind),
                    tenant: tenant.as_ref().map(|tenant| tenant.parse().unwrap()),
                }),
                groups: &groups,
                roles: &roles,
            })
        }
        Who::Workload { id, agent, mine, attributes: own } => {
            attributes = values(own);
            Identity::ServicePrincipal(ServicePrincipalFacts {
                id: id.parse().unwrap(),
                kind: match agent {
                    true => ServicePrincipalKind::Agent,
                    false => ServicePrincipalKind::Application,
                },
                home: match mine {
                    true => ServicePrincipalHome::ThisTenant,
                    false => ServicePrincipalHome::OtherTenant,
                },
                attributes: &attributes,
            })
        }
    };
    let resources: Vec<AppId>;
    let target = match &request.target {
        Target::Resources(named) => {
            resources = named.iter().map(|id| id.parse().unwrap()).collect();
            FastTarget::Resources(&resources)
        }
        Target::Context(context) => FastTarget::AuthenticationContext(context.parse().unwrap()),
        Target::Action(action) => FastTarget::UserAction(
            *UserAction::ALL.iter().find(|one| one.as_str() == *action).unwrap(),
        ),
    };
    let app_attributes: BTreeMap<AppId, AttributeValues> =
        request.app_attributes.iter().map(|(id, own)| (id.parse().unwrap(), values(own))).collect();
    let locations: BTreeSet<LocationId> = ids(&request.locations);
    let terms: BTreeSet<AgreementId> = ids(&request.terms);
    let custom: BTreeSet<String> = request.custom.iter().cloned().collect();
    let device = request.device.as_ref().map(device);
    then(&SignIn {
        app_attributes: &app_attributes,
        platform: platform(request.platform),
        client_app_type: client(request.client),
        place: Place {
            locations: &locations,
            trust: match request.trusted {
                true => LocationTrust::Trusted,
                false => LocationTrust::NotTrusted,
            },
            ..Place::UNKNOWN
        },
        device: device.as_ref(),
        risk: Risk {
            sign_in: word(request.sign_in_risk),
            user: word(request.user_risk),
            service_principal: word(request.workload_risk),
            insider: request.insider_risk.map(word::<InsiderRiskLevel>),
            agent: word::<RiskLevel>(request.agent_risk),
        },
        transfer_method: request.transfer.map(|method| match method {
            "deviceCodeFlow" => TransferMethod::DeviceCodeFlow,
            _ => TransferMethod::AuthenticationTransfer,
        }),
        authentication: Authentication {
            second_factor: match request.mfa {
                true => SecondFactorProof::Passed,
                false => SecondFactorProof::Absent,
            },
            methods: AuthenticationMethod::ALL
                .iter()
                .copied()
                .filter(|method| request.methods.contains(&method.as_str()))
                .collect(),
            primary_age: hours(request.first_factor),
            secondary_age: request.second_factor.map(hours),
            terms_accepted: &terms,
            custom_controls: &custom,
            remediation: flags([
                (request.password_changed, Remediation::PasswordChange),
                (request.risk_remedied, Remediation::RiskRemediation),
            ]),
        },
        client_protection: flags([
            (request.approved_app, ClientProtection::ApprovedClientApp),
            (request.protected_app, ClientProtection::AppProtectionPolicy),
        ]),
        token_protection: match request.bound {
            true => TokenProtectionStatus::BOUND,
            false => TokenProtectionStatus::unbound(1002),
        },
        purpose: match request.registers_a_device {
            true => Purpose::Bootstrap,
            false => Purpose::Access,
        },
        ..SignIn::new(identity, target)
    })
}

fn ids<I: std::str::FromStr<Err: std::fmt::Debug> + Ord>(texts: &[String]) -> BTreeSet<I> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

fn hours(hours: u32) -> Lifetime {
    Lifetime::from_secs(hours * 3600)
}

fn flags<F: Flag, const N: usize>(each: [(bool, F); N]) -> Flags<F> {
    each.into_iter().filter(|(set, _)| *set).map(|(_, flag)| flag).collect()
}

/// A word as files spell it.
fn word<T: serde::de::DeserializeOwned>(text: &str) -> T {
    serde_json::from_value(Value::from(text)).unwrap()
}

fn platform(name: &str) -> Platform {
    match name {
        "android" => Platform::Android,
        "iOS" => Platform::Ios,
        "linux" => Platform::Linux,
        "macOS" => Platform::MacOs,
        "windows" => Platform::Windows,
        "windowsPhone" => Platform::WindowsPhone,
        _ => Platform::Unknown,
    }
}

fn client(name: &str) -> ClientAppType {
    match name {
        "browser" => ClientAppType::Browser,
        "mobileAppsAndDesktopClients" => ClientAppType::MobileAppsAndDesktopClients,
        "exchangeActiveSync" => ClientAppType::ExchangeActiveSync,
        _ => ClientAppType::Other,
    }
}

fn values(subject: &Subject) -> AttributeValues {
    let one = |values: &Vec<String>| AttributeValue::One(values[0].clone());
    subject.values.iter().map(|(name, values)| ((*name).to_owned(), one(values))).collect()
}

/// A device that shows nothing but what the request says of it.
fn device(machine: &Machine) -> Device {
    let value = |name: &str| machine.properties.values.get(name);
    let text = |name: &str| value(name).map(|values| values[0].clone());
    let mut device = super::case::device("LT-ALICE");
    device.trust_type = match text("trustType").as_deref() {
        Some("ServerAd") => TrustType::ServerAd,
        Some("Workplace") => TrustType::Workplace,
        _ => TrustType::AzureAd,
    };
    device.is_compliant = text("isCompliant").map(|word| word == "True");
    device.is_managed = Some(machine.managed);
    device.system_labels = value("systemLabels").cloned().unwrap_or_default();
    device.model = text("model");
    device.extension_attributes =
        text("extensionAttribute1").into_iter().map(|text| (1, text)).collect();
    device
}

/// The fast decision in the words of the slow one.
pub fn in_words(decision: &Decision) -> Answer {
    let word = |value: Result<Value, _>| -> String {
        let value: Value = value.unwrap_or_else(|error: serde_json::Error| panic!("{error}"));
        value.as_str().unwrap().to_owned()
    };
    let entry = |entry: &token_protection_lab::policy::AppliedPolicy| Entry {
        policy: entry.policy.to_string(),
        result: word(serde_json::to_value(entry.result)),
        satisfied: entry.conditions_satisfied.bits(),
        not_satisfied: entry.conditions_not_satisfied.bits(),
        grants: entry.grant_controls_not_satisfied.iter().map(Control::Grant).map(name).collect(),
        sessions: entry
            .session_controls_not_satisfied
            .iter()
            .map(Control::Session)
            .map(name)
            .collect(),
    };
    let mut entries: Vec<Entry> = decision.entries().iter().map(entry).collect();
    entries.sort();
    Answer {
        refused: decision
            .denial()
            .map(|denial| (denial.code, name(denial.control), denial.policy.to_string())),
        entries,
        status: word(serde_json::to_value(decision.status())),
    }
}

/// The policy's word for a control.
fn name(control: Control) -> &'static str {
    match control {
        Control::Grant(control) => match control {
            GrantControl::Block => "block",
            GrantControl::Mfa => "mfa",
            GrantControl::AuthenticationStrength => "authenticationStrength",
            GrantControl::CompliantDevice => "compliantDevice",
            GrantControl::DomainJoinedDevice => "domainJoinedDevice",
            GrantControl::ApprovedApplication => "approvedApplication",
            GrantControl::CompliantApplication => "compliantApplication",
            GrantControl::PasswordChange => "passwordChange",
            GrantControl::RiskRemediation => "riskRemediation",
            GrantControl::TermsOfUse => "termsOfUse",
            GrantControl::CustomAuthenticationFactor => "customAuthenticationFactors",
        },
        Control::Session(SessionControl::SignInFrequency) => "signInFrequency",
        Control::Session(SessionControl::SecureSignInSession) => "secureSignInSession",
        Control::Session(other) => other.label(),
    }
}
