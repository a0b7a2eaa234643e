//! Every member of a policy: what fits it, what does not, and what refuses the policy.
//! (conditional-access 2 and 3)

use std::collections::BTreeMap;

use serde_json::{Value, json};
use token_protection_lab::base::{Danger, Lifetime};
use token_protection_lab::catalog::{RulePack, well_known};
use token_protection_lab::directory::{
    GuestOrExternalUserType, InsiderRiskLevel, LocationTrust, RiskLevel, UserType,
};
use token_protection_lab::policy::filter::{AttributeValue, AttributeValues};
use token_protection_lab::policy::{
    AppliedPolicy, AppliedPolicyResult, AuthenticationMethod, ClientAppType, ClientProtection,
    ExternalUser, Flags, Identity, Platform, PolicyError, PolicySet, Remediation,
    SecondFactorProof, ServicePrincipalFacts, ServicePrincipalHome, ServicePrincipalKind, SignIn,
    Target, TransferMethod, UserAction, UserFacts, evaluate,
};

use crate::support::case::Case;

const ID: &str = "00000000-0000-4000-8000-0000000000f1";
const OTHER: &str = "00000000-0000-4000-8000-0000000000f2";
const PORTAL: &str = "c44b4083-3bb0-49c1-b47d-974e53cbdf3c";

/// Blocks everybody everywhere, with one member set by JSON pointer.
fn policy(members: &[(&str, Value)]) -> Value {
    let mut policy = json!({
        "id": "11111111-0000-4000-8000-000000000001", "displayName": "one", "state": "enabled",
        "conditions": {
            "users": {"includeUsers": ["All"]},
            "applications": {"includeApplications": ["All"]},
            "clientAppTypes": ["all"],
        },
        "grantControls": {"operator": "OR", "builtInControls": ["block"]},
    });
    for (pointer, value) in members {
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        if policy.pointer(parent).is_none() {
            let (grandparent, parent) = parent.rsplit_once('/').unwrap();
            policy.pointer_mut(grandparent).unwrap()[parent] = json!({});
        }
        policy.pointer_mut(parent).unwrap()[name] = value.clone();
    }
    policy
}

fn read(policy: &Value) -> Result<PolicySet, PolicyError> {
    PolicySet::from_json(policy.to_string().as_bytes())
}

fn leak<T>(value: T) -> &'static T {
    Box::leak(Box::new(value))
}

/// The entry of `policy` for Alice's sign-in, changed.
fn entry(policy: &Value, edit: impl FnOnce(&mut SignIn<'_>)) -> (AppliedPolicy, u32) {
    let set = read(policy).unwrap();
    assert_eq!(set.to_json(), *policy, "what was read is written back");
    Case::new().with_facts(|facts| {
        let mut sign_in = *facts;
        edit(&mut sign_in);
        let decision = evaluate(&set, &sign_in, RulePack::newest(), Danger::NONE);
        let code = decision.denial().map_or(0, |denial| denial.code);
        (decision.entries()[0], code)
    })
}

/// Whether a policy with these members applies.
fn applies(members: &[(&str, Value)], edit: impl FnOnce(&mut SignIn<'_>)) -> bool {
    entry(&policy(members), edit).0.result == AppliedPolicyResult::Failure
}

/// The conditions that a policy satisfied and the ones that stopped it.
fn bits(members: &[(&str, Value)], edit: impl FnOnce(&mut SignIn<'_>)) -> (u32, u32) {
    let (entry, _) = entry(&policy(members), edit);
    (entry.conditions_satisfied.bits(), entry.conditions_not_satisfied.bits())
}

fn same(_: &mut SignIn<'_>) {}

fn user(sign_in: &mut SignIn<'_>, edit: impl FnOnce(&mut UserFacts<'_>)) {
    let Identity::User(user) = &mut sign_in.identity else { panic!("a user") };
    edit(user);
}

fn external(kind: GuestOrExternalUserType, tenant: Option<&str>) -> impl Fn(&mut SignIn<'_>) {
    let tenant = tenant.map(|tenant| tenant.parse().unwrap());
    move |sign_in| user(sign_in, |it| it.external = Some(ExternalUser { kind, tenant }))
}

#[test]
fn users_by_kind_of_guest_and_tenant() {
    use GuestOrExternalUserType as Kind;
    let member = "/conditions/users/includeGuestsOrExternalUsers";
    let nobody = ("/conditions/users/includeUsers", json!([]));
    let of = |types: &str, tenants: Value| {
        let value = json!({"guestOrExternalUserTypes": types, "externalTenants": tenants});
        [nobody.clone(), (member, value)]
    };
    let all = json!({
        "@odata.type": "#microsoft.graph.conditionalAccessAllExternalTenants",
        "membershipKind": "all",
    });
    let one = json!({
        "@odata.type": "#microsoft.graph.conditionalAccessEnumeratedExternalTenants",
        "membershipKind": "enumerated", "members": [ID],
    });
    let guests = of("internalGuest,b2bCollaborationGuest", all);
    assert!(!applies(&guests, same));
    assert!(applies(&guests, external(Kind::B2bCollaborationGuest, Some(OTHER))));
    assert!(!applies(&guests, external(Kind::ServiceProvider, Some(OTHER))));
    let of_one = of("internalGuest,b2bCollaborationGuest", one);
    assert!(applies(&of_one, external(Kind::B2bCollaborationGuest, Some(ID))));
    assert!(!applies(&of_one, external(Kind::B2bCollaborationGuest, Some(OTHER))));
    assert!(!applies(&of_one, external(Kind::B2bCollaborationGuest, None)));
    assert!(applies(&of_one, external(Kind::InternalGuest, None)), "who has no home tenant");
    let words = [
        ("internalGuest", Kind::InternalGuest),
        ("b2bCollaborationGuest", Kind::B2bCollaborationGuest),
        ("b2bCollaborationMember", Kind::B2bCollaborationMember),
        ("b2bDirectConnectUser", Kind::B2bDirectConnectUser),
        ("otherExternalUser", Kind::OtherExternalUser),
        ("serviceProvider", Kind::ServiceProvider),
    ];
    for (word, kind) in words {
        for (_, other) in words {
            let members = of(word, Value::Null);
            assert_eq!(applies(&members, external(other, None)), kind == other, "{word}");
        }
        let excluded = json!({"guestOrExternalUserTypes": word});
        let members = [("/conditions/users/excludeGuestsOrExternalUsers", excluded)];
        assert_eq!(bits(&members, external(kind, None)), (1, 2));
        assert!(applies(&members, same));
    }
}

#[test]
fn guests_or_external_users_takes_both() {
    let members = [("/conditions/users/includeUsers", json!(["GuestsOrExternalUsers"]))];
    assert!(!applies(&members, same));
    assert!(applies(&members, |it| user(it, |user| user.user_type = UserType::Guest)));
    let member = GuestOrExternalUserType::B2bCollaborationMember;
    assert!(applies(&members, external(member, None)));
}

#[test]
fn nobody_and_nothing_are_choices() {
    assert_eq!(bits(&[("/conditions/users/includeUsers", json!(["None"]))], same), (1, 2));
    let nothing = [("/conditions/applications/includeApplications", json!(["None"]))];
    assert_eq!(bits(&nothing, same), (0, 1));
}

#[test]
fn groups_of_applications() {
    let include = "/conditions/applications/includeApplications";
    let to = |id: &str| {
        let ids = leak([id.parse().unwrap()]);
        move |sign_in: &mut SignIn<'_>| sign_in.target = Target::Resources(ids)
    };
    let office = [(include, json!(["Office365"]))];
    assert!(applies(&office, same));
    assert!(!applies(&office, to(PORTAL)));
    let portals = [(include, json!(["MicrosoftAdminPortals"]))];
    assert!(!applies(&portals, same));
    assert!(applies(&portals, to(PORTAL)));
    let but = [("/conditions/applications/excludeApplications", json!(["Office365"]))];
    assert!(!applies(&but, same));
    assert!(applies(&but, to(PORTAL)));
    // One resource in scope is enough, and an exclusion touches its own resource alone.
    let both = leak([well_known::EXCHANGE, PORTAL.parse().unwrap()]);
    assert!(applies(&but, |it| it.target = Target::Resources(both)));
}

#[test]
fn user_actions_and_authentication_contexts() {
    let applications = "/conditions/applications";
    let action = json!({"includeUserActions": ["urn:user:registersecurityinfo"]});
    let registers = |action| move |it: &mut SignIn<'_>| it.target = Target::UserAction(action);
    let members = [(applications, action)];
    assert!(applies(&members, registers(UserAction::RegisterSecurityInfo)));
    assert!(!applies(&members, registers(UserAction::RegisterDevice)));
    assert!(!applies(&members, same));
    assert!(!applies(&[], registers(UserAction::RegisterDevice)), "All is about resources");
    let context = json!({"includeAuthenticationContextClassReferences": ["c37"]});
    let step_up = |name: &'static str| {
        move |it: &mut SignIn<'_>| {
            it.target = Target::AuthenticationContext(name.parse().unwrap());
        }
    };
    let members = [(applications, context)];
    assert!(applies(&members, step_up("c37")));
    assert!(!applies(&members, step_up("c1")));
    assert!(!applies(&members, same));
}

fn attributes(value: &str) -> AttributeValues {
    BTreeMap::from([("Lab_Kind".to_owned(), AttributeValue::One(value.to_owned()))])
}

#[test]
fn application_filters() {
    let rule = "CustomSecurityAttribute.Lab_Kind -eq \"secret\"";
    let filter = |mode: &str| json!({"mode": mode, "rule": rule});
    let of = |value: &str| {
        let all = leak(BTreeMap::from([(well_known::EXCHANGE, attributes(value))]));
        move |it: &mut SignIn<'_>| it.app_attributes = all
    };
    let include = json!({"includeApplications": [], "applicationFilter": filter("include")});
    let include = [("/conditions/applications", include)];
    assert!(applies(&include, of("Secret")));
    assert!(!applies(&include, of("public")));
    assert!(!applies(&include, same));
    let exclude = [("/conditions/applications/applicationFilter", filter("exclude"))];
    assert!(!applies(&exclude, of("secret")));
    assert!(applies(&exclude, same));
}

#[test]
fn locations() {
    let at = |trusted: bool, id: &str| {
        let locations = leak([id.parse().unwrap()].into_iter().collect());
        move |it: &mut SignIn<'_>| {
            it.place.locations = locations;
            it.place.trust = match trusted {
                true => LocationTrust::Trusted,
                false => LocationTrust::NotTrusted,
            };
        }
    };
    let include = "/conditions/locations/includeLocations";
    assert_eq!(bits(&[(include, json!([ID]))], at(false, ID)), (1035, 0));
    assert_eq!(bits(&[(include, json!([ID]))], at(false, OTHER)), (3, 1032));
    assert!(applies(&[(include, json!(["All"]))], same), "an unknown place is a place");
    assert!(applies(&[(include, json!(["AllTrusted"]))], at(true, ID)));
    assert!(!applies(&[(include, json!(["AllTrusted"]))], at(false, ID)));
    let but = |list: Value| {
        let value = json!({"includeLocations": ["All"], "excludeLocations": list});
        [("/conditions/locations", value)]
    };
    assert!(!applies(&but(json!(["AllTrusted"])), at(true, OTHER)));
    assert!(!applies(&but(json!([ID])), at(false, ID)));
    assert!(applies(&but(json!([ID])), at(false, OTHER)));
    let trusted_ips = "00000000-0000-0000-0000-000000000000";
    assert!(!applies(&but(json!([trusted_ips])), at(true, trusted_ips)));
}

#[test]
fn platforms_and_unknown_ones() {
    let on = |platform| move |it: &mut SignIn<'_>| it.platform = platform;
    let all = [("/conditions/platforms", json!({"includePlatforms": ["all"]}))];
    assert!(applies(&all, on(Platform::Unknown)));
    let names = json!(["android", "iOS", "windows", "windowsPhone", "macOS", "linux"]);
    let named = [("/conditions/platforms", json!({"includePlatforms": names}))];
    assert!(applies(&named, on(Platform::Linux)));
    assert_eq!(bits(&named, on(Platform::Unknown)), (3, 4));
    let but = json!({"includePlatforms": ["all"], "excludePlatforms": names});
    let but = [("/conditions/platforms", but)];
    assert!(applies(&but, on(Platform::Unknown)) && !applies(&but, on(Platform::MacOs)));
}

#[test]
fn active_sync_from_supported_platforms() {
    let members = [("/conditions/clientAppTypes", json!(["easSupported"]))];
    let by = |client, platform| {
        move |it: &mut SignIn<'_>| {
            it.client_app_type = client;
            it.platform = platform;
        }
    };
    assert!(applies(&members, by(ClientAppType::ExchangeActiveSync, Platform::Ios)));
    assert!(!applies(&members, by(ClientAppType::ExchangeActiveSync, Platform::Unknown)));
    assert_eq!(bits(&members, by(ClientAppType::Other, Platform::Ios)), (3, 16));
    let eas = [("/conditions/clientAppTypes", json!(["exchangeActiveSync"]))];
    assert!(applies(&eas, by(ClientAppType::ExchangeActiveSync, Platform::Unknown)));
}

#[test]
fn device_filters_and_the_states_before_them() {
    let filter = |mode: &str, rule: &str| {
        [("/conditions/devices/deviceFilter", json!({"mode": mode, "rule": rule}))]
    };
    let gone = |it: &mut SignIn<'_>| it.device = None;
    let joined = "device.trustType -eq \"AzureAD\"";
    assert!(applies(&filter("include", joined), same));
    assert!(!applies(&filter("exclude", joined), same));
    assert_eq!(bits(&filter("include", joined), gone), (3, 256));
    assert!(applies(&filter("exclude", joined), gone));
    // The trap of 3.3: an exclusion by a negative operator lets unregistered devices escape.
    let not_company = "device.deviceOwnership -ne \"Company\"";
    assert!(!applies(&filter("exclude", not_company), gone));
    assert!(applies(&filter("exclude", not_company), same));
    let states = |include: &str, exclude: Value| {
        [(
            "/conditions/deviceStates",
            json!({"includeStates": [include], "excludeStates": exclude}),
        )]
    };
    assert!(!applies(&states("All", json!(["Compliant"])), same));
    assert!(applies(&states("All", json!(["Compliant"])), gone));
    assert!(applies(&states("All", json!(["DomainJoined"])), same));
    assert!(applies(&states("Compliant", json!([])), same));
    let old = json!({"includeDevices": ["All"], "excludeDevices": ["Compliant"]});
    assert!(!applies(&[("/conditions/devices", old.clone())], same));
    assert!(applies(&[("/conditions/devices", old)], gone));
    let states = json!({"includeDeviceStates": ["DomainJoined"]});
    assert_eq!(bits(&[("/conditions/devices", states)], same), (3, 256));
}

#[test]
fn risks_and_flows() {
    let set = |edit: fn(&mut SignIn<'_>)| edit;
    for (pointer, value, fits, bit) in [
        (
            "/conditions/signInRiskLevels",
            json!(["high", "medium"]),
            set(|it| it.risk.sign_in = RiskLevel::High),
            32,
        ),
        ("/conditions/userRiskLevels", json!(["low"]), set(|it| it.risk.user = RiskLevel::Low), 64),
        (
            "/conditions/insiderRiskLevels",
            json!("moderate,elevated"),
            set(|it| it.risk.insider = Some(InsiderRiskLevel::Elevated)),
            65536,
        ),
        (
            "/conditions/authenticationFlows",
            json!({"transferMethods": "deviceCodeFlow"}),
            set(|it| it.transfer_method = Some(TransferMethod::DeviceCodeFlow)),
            32768,
        ),
    ] {
        assert_eq!(bits(&[(pointer, value.clone())], fits), (3 | bit, 0), "{pointer}");
        assert_eq!(bits(&[(pointer, value)], same), (3, bit), "{pointer}");
    }
    let none = [("/conditions/signInRiskLevels", json!(["none"]))];
    assert!(applies(&none, same), "no risk is a level");
    let other = |it: &mut SignIn<'_>| {
        it.transfer_method = Some(TransferMethod::AuthenticationTransfer);
    };
    let flows =
        |text: &str| [("/conditions/authenticationFlows", json!({"transferMethods": text}))];
    assert!(!applies(&flows("deviceCodeFlow"), other));
    assert!(applies(&flows("deviceCodeFlow,authenticationTransfer"), other));
    assert!(applies(&flows("none"), same), "`none` configures nothing");
}

#[test]
fn workload_identities() {
    let of = |client_applications: Value| {
        policy(&[
            ("/conditions/users", json!({"includeUsers": ["None"]})),
            ("/conditions/clientApplications", client_applications),
        ])
    };
    let workload = |id: &str, kind, home| {
        let attributes = leak(attributes("secret"));
        let id = id.parse().unwrap();
        move |it: &mut SignIn<'_>| {
            let facts = ServicePrincipalFacts { id, kind, home, attributes };
            it.identity = Identity::ServicePrincipal(facts);
        }
    };
    use ServicePrincipalHome::{OtherTenant, ThisTenant};
    use ServicePrincipalKind::{Agent, Application};
    let result = |policy: &Value, edit: &dyn Fn(&mut SignIn<'_>)| {
        let (entry, _) = entry(policy, |it| edit(it));
        (entry.conditions_satisfied.bits(), entry.conditions_not_satisfied.bits())
    };
    let mine = of(json!({"includeServicePrincipals": ["ServicePrincipalsInMyTenant"]}));
    assert_eq!(result(&mine, &workload(ID, Application, ThisTenant)), (8193, 0));
    assert_eq!(result(&mine, &workload(ID, Application, OtherTenant)), (1, 8192));
    assert_eq!(result(&mine, &workload(ID, Agent, ThisTenant)), (1, 8192));
    assert_eq!(result(&mine, &same), (1, 8192), "a user is no workload");
    let one = of(json!({"includeServicePrincipals": [ID], "excludeServicePrincipals": [OTHER]}));
    assert_eq!(result(&one, &workload(ID, Application, OtherTenant)), (8193, 0));
    assert_eq!(result(&one, &workload(OTHER, Application, OtherTenant)), (1, 8192));
    let rule = "CustomSecurityAttribute.Lab_Kind -eq \"secret\"";
    let filter = of(json!({
        "includeServicePrincipals": ["ServicePrincipalsInMyTenant"],
        "servicePrincipalFilter": {"mode": "exclude", "rule": rule},
    }));
    assert_eq!(result(&filter, &workload(ID, Application, ThisTenant)), (1, 8192));
    let agents = of(json!({
        "includeAgentIdServicePrincipals": ["All"], "excludeAgentIdServicePrincipals": [OTHER],
    }));
    assert_eq!(result(&agents, &workload(ID, Agent, OtherTenant)), (8193, 0));
    assert_eq!(result(&agents, &workload(OTHER, Agent, OtherTenant)), (1, 8192));
    assert_eq!(result(&agents, &workload(ID, Application, ThisTenant)), (1, 8192));
    let agents_by_filter =
        of(json!({"agentIdServicePrincipalFilter": {"mode": "include", "rule": rule}}));
    assert_eq!(result(&agents_by_filter, &workload(ID, Agent, ThisTenant)), (8193, 0));
    let everybody = policy(&[]);
    assert_eq!(result(&everybody, &workload(ID, Application, ThisTenant)), (1, 2));
    let risky = |levels: &str, value: Value| {
        let mut policy = mine.clone();
        policy["conditions"][levels] = value;
        policy
    };
    let high = |it: &mut SignIn<'_>| {
        workload(ID, Application, ThisTenant)(it);
        it.risk.service_principal = RiskLevel::High;
    };
    let by_risk = risky("servicePrincipalRiskLevels", json!(["high"]));
    assert_eq!(result(&by_risk, &high), (24577, 0));
    assert_eq!(result(&by_risk, &workload(ID, Application, ThisTenant)), (8193, 16384));
    let mut agent_risk = agents.clone();
    agent_risk["conditions"]["agentIdRiskLevels"] = json!("medium,high");
    let risky_agent = |it: &mut SignIn<'_>| {
        workload(ID, Agent, ThisTenant)(it);
        it.risk.agent = RiskLevel::Medium;
    };
    assert_eq!(result(&agent_risk, &risky_agent), (24577, 0));
    assert_eq!(result(&agent_risk, &workload(ID, Agent, ThisTenant)), (8193, 16384));
}

/// Code of a policy that asks for these controls, before and after `edit`.
fn codes(grant: Value, session: Value, edit: impl Fn(&mut SignIn<'_>)) -> (u32, u32) {
    let policy = policy(&[("/grantControls", grant), ("/sessionControls", session)]);
    let bare = |it: &mut SignIn<'_>| {
        it.authentication.second_factor = SecondFactorProof::Absent;
        it.device = None;
    };
    let before = entry(&policy, bare).1;
    let after = entry(&policy, |it| {
        bare(it);
        edit(it);
    });
    (before, after.1)
}

fn one(control: &str) -> Value {
    json!({"operator": "OR", "builtInControls": [control]})
}

#[test]
fn every_grant_control_has_its_code_and_its_evidence() {
    let null = Value::Null;
    let mfa = |it: &mut SignIn<'_>| it.authentication.second_factor = SecondFactorProof::Passed;
    assert_eq!(codes(one("mfa"), null.clone(), mfa), (50076, 0));
    assert_eq!(codes(one("block"), null.clone(), mfa), (53003, 53003));
    let device = leak(crate::support::case::device("LT-ALICE"));
    let shown = |it: &mut SignIn<'_>| it.device = Some(device);
    assert_eq!(codes(one("compliantDevice"), null.clone(), shown), (53000, 0));
    assert_eq!(codes(one("domainJoinedDevice"), null.clone(), shown), (53001, 53001));
    let hybrid = leak(crate::support::case::device("LT-BOB"));
    if hybrid.trust_type.as_str() == "ServerAd" {
        let shown = |it: &mut SignIn<'_>| it.device = Some(hybrid);
        assert_eq!(codes(one("domainJoinedDevice"), null.clone(), shown), (53001, 0));
    }
    for (control, code, protection) in [
        ("approvedApplication", 53002, ClientProtection::ApprovedClientApp),
        ("compliantApplication", 53009, ClientProtection::AppProtectionPolicy),
    ] {
        let protected = |it: &mut SignIn<'_>| it.client_protection = Flags::of(&[protection]);
        assert_eq!(codes(one(control), null.clone(), protected), (code, 0));
    }
    for kind in [Remediation::PasswordChange, Remediation::RiskRemediation] {
        let remedied = |it: &mut SignIn<'_>| it.authentication.remediation = Flags::of(&[kind]);
        assert_eq!(codes(one("riskRemediation"), null.clone(), remedied), (50142, 0));
    }
    let terms = json!({"operator": "OR", "builtInControls": [], "termsOfUse": [ID]});
    let accepted = leak([ID.parse().unwrap()].into_iter().collect());
    let accepts = |it: &mut SignIn<'_>| it.authentication.terms_accepted = accepted;
    assert_eq!(codes(terms, null.clone(), accepts), (50158, 0));
    let both = json!({"operator": "AND", "termsOfUse": [ID, OTHER]});
    assert_eq!(codes(both, null.clone(), accepts), (50158, 50158));
    let either = json!({"operator": "OR", "termsOfUse": [ID, OTHER]});
    assert_eq!(codes(either, null.clone(), accepts), (50158, 0));
    let custom = json!({"operator": "OR", "customAuthenticationFactors": ["RequireDuoMfa"]});
    let satisfied = leak(["RequireDuoMfa".to_owned()].into_iter().collect());
    let satisfies = |it: &mut SignIn<'_>| it.authentication.custom_controls = satisfied;
    assert_eq!(codes(custom, null, satisfies), (50158, 0));
}

#[test]
fn a_password_change_is_asked_with_a_second_factor_after_user_risk() {
    let policy = policy(&[
        (
            "/grantControls",
            json!({"operator": "AND", "builtInControls": ["mfa", "passwordChange"]}),
        ),
        ("/conditions/userRiskLevels", json!(["high"])),
    ]);
    let risky = |it: &mut SignIn<'_>| it.risk.user = RiskLevel::High;
    assert_eq!(entry(&policy, risky).1, 50142);
    let changed = |it: &mut SignIn<'_>| {
        risky(it);
        it.authentication.remediation = Flags::of(&[Remediation::PasswordChange]);
    };
    assert_eq!(entry(&policy, changed).1, 0);
    assert_eq!(entry(&policy, same).0.result, AppliedPolicyResult::NotApplied);
}

#[test]
fn authentication_strengths_by_combination_and_by_id() {
    use AuthenticationMethod as M;
    let with = |strength: Value| json!({"operator": "OR", "authenticationStrength": strength});
    let by = |methods: &'static [M]| {
        move |it: &mut SignIn<'_>| it.authentication.methods = Flags::of(methods)
    };
    let null = || Value::Null;
    let own = || {
        with(json!({
            "id": ID, "displayName": "own", "policyType": "custom",
            "requirementsSatisfied": "mfa", "combinationConfigurations": [],
            "allowedCombinations": ["password,softwareOath", "fido2"],
        }))
    };
    assert_eq!(codes(own(), null(), by(&[M::Password, M::SoftwareOath])), (50076, 0));
    assert_eq!(codes(own(), null(), by(&[M::Password])), (50076, 50076));
    assert_eq!(codes(own(), null(), by(&[M::Fido2, M::Sms])), (50076, 0));
    let built_in = |last: u8| with(json!({"id": format!("00000000-0000-0000-0000-{last:012}")}));
    let otp: &[M] = &[M::Password, M::SoftwareOath];
    assert_eq!(codes(built_in(2), null(), by(otp)), (50076, 0));
    assert_eq!(codes(built_in(3), null(), by(otp)), (50076, 50076));
    assert_eq!(codes(built_in(3), null(), by(&[M::DeviceBasedPush])), (50076, 0));
    assert_eq!(codes(built_in(4), null(), by(&[M::DeviceBasedPush])), (50076, 50076));
    assert_eq!(codes(built_in(4), null(), by(&[M::WindowsHelloForBusiness])), (50076, 0));
}

#[test]
fn with_or_one_control_is_enough_and_a_block_never_yields() {
    let grant = |operator: &str, controls: Value| json!({"operator": operator, "builtInControls": controls, "termsOfUse": [ID]});
    let mfa = |it: &mut SignIn<'_>| it.authentication.second_factor = SecondFactorProof::Passed;
    let both = json!(["mfa", "compliantDevice"]);
    assert_eq!(codes(grant("OR", both.clone()), Value::Null, mfa), (50076, 0));
    assert_eq!(codes(grant("AND", both), Value::Null, mfa), (50076, 53000));
    assert_eq!(codes(grant("OR", json!(["mfa", "block"])), Value::Null, mfa), (53003, 53003));
}

#[test]
fn how_often_to_sign_in() {
    let often = |members: Value| {
        let mut frequency = json!({"isEnabled": true});
        frequency.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        json!({"signInFrequency": frequency})
    };
    let code = |session: &Value, first: u32, second: Option<u32>| {
        let policy =
            policy(&[("/grantControls", Value::Null), ("/sessionControls", session.clone())]);
        let (entry, code) = entry(&policy, |it| {
            it.authentication.primary_age = Lifetime::from_secs(first);
            it.authentication.secondary_age = second.map(Lifetime::from_secs);
        });
        assert_eq!(code != 0, entry.result == AppliedPolicyResult::Failure);
        code
    };
    let hours = often(json!({"value": 4, "type": "hours", "frequencyInterval": "timeBased"}));
    assert_eq!(code(&hours, 14_400, None), 0);
    assert_eq!(code(&hours, 14_401, None), 70043);
    assert_eq!(code(&hours, 0, Some(14_401)), 70043);
    let days = often(json!({"value": 1, "type": "days"}));
    assert_eq!((code(&days, 86_400, None), code(&days, 86_401, None)), (0, 70043));
    let second = often(json!({
        "value": 4, "type": "hours", "authenticationType": "secondaryAuthentication",
    }));
    assert_eq!(code(&second, 90_000, Some(0)), 0);
    assert_eq!(code(&second, 0, Some(14_401)), 70043);
    assert_eq!(code(&second, 0, None), 70043);
    let every = often(json!({"value": null, "type": null, "frequencyInterval": "everyTime"}));
    assert_eq!((code(&every, 300, None), code(&every, 301, None)), (0, 70043));
}

#[test]
fn other_session_controls_are_recorded_and_never_unmet() {
    for (session, label) in [
        (
            json!({"applicationEnforcedRestrictions": {"isEnabled": true}}),
            "AppEnforcedRestrictions",
        ),
        (
            json!({"cloudAppSecurity": {"isEnabled": true, "cloudAppSecurityType": "monitorOnly"}}),
            "CloudAppSecurity",
        ),
        (
            json!({"persistentBrowser": {"isEnabled": true, "mode": "never"}}),
            "PersistentBrowserSessionMode",
        ),
        (
            json!({"continuousAccessEvaluation": {"mode": "strictLocation"}}),
            "ContinuousAccessEvaluation",
        ),
        (json!({"disableResilienceDefaults": true}), "DisableResilienceDefaults"),
        (
            json!({"globalSecureAccessFilteringProfile": {"isEnabled": true, "profileId": ID}}),
            "GlobalSecureAccessFilteringProfile",
        ),
    ] {
        let policy = policy(&[("/grantControls", Value::Null), ("/sessionControls", session)]);
        let set = read(&policy).unwrap();
        let controls = set.iter().next().unwrap().session_controls();
        let labels: Vec<&str> = controls.iter().map(|control| control.label()).collect();
        assert_eq!(labels, [label]);
        assert_eq!(entry(&policy, same).0.result, AppliedPolicyResult::Success);
    }
}

#[test]
fn what_graph_does_not_take_together_is_refused_with_its_place() {
    let change = |operator: &str, controls: Value| {
        ("/grantControls", json!({"operator": operator, "builtInControls": controls}))
    };
    let risk = ("/conditions/userRiskLevels", json!(["high"]));
    let both = || change("AND", json!(["mfa", "passwordChange"]));
    let off = || ("/sessionControls", json!({"continuousAccessEvaluation": {"mode": "disabled"}}));
    let some_apps = || ("/conditions/applications/includeApplications", json!([PORTAL]));
    let browser = || ("/conditions/clientAppTypes", json!(["browser"]));
    let joined = json!({"mode": "include", "rule": "device.trustType -eq \"AzureAD\""});
    let built_in = "grantControls.builtInControls";
    let evaluation = "sessionControls.continuousAccessEvaluation";
    let frequency = |value: Value| ("/sessionControls", json!({"signInFrequency": value}));
    for (members, code, path) in [
        (vec![change("AND", json!(["passwordChange"])), risk.clone()], "contradiction", built_in),
        (
            vec![change("OR", json!(["mfa", "passwordChange"])), risk.clone()],
            "contradiction",
            built_in,
        ),
        (vec![both()], "contradiction", built_in),
        (vec![both(), risk.clone(), some_apps()], "contradiction", built_in),
        (vec![both(), risk.clone(), browser()], "contradiction", built_in),
        (vec![off(), some_apps()], "contradiction", evaluation),
        (vec![off(), browser()], "contradiction", evaluation),
        (
            vec![("/conditions/clientApplications", json!({"includeServicePrincipals": [ID]}))],
            "contradiction",
            "conditions.users",
        ),
        (
            vec![(
                "/conditions/users/includeGuestsOrExternalUsers",
                json!({
                    "guestOrExternalUserTypes": "internalGuest",
                    "externalTenants": {"membershipKind": "all", "members": [ID]},
                }),
            )],
            "contradiction",
            "conditions.users.includeGuestsOrExternalUsers.externalTenants.members",
        ),
        (
            vec![(
                "/conditions/users/excludeGuestsOrExternalUsers",
                json!({
                    "guestOrExternalUserTypes": "internalGuest",
                    "externalTenants": {"membershipKind": "enumerated", "members": []},
                }),
            )],
            "incomplete",
            "conditions.users.excludeGuestsOrExternalUsers.externalTenants.members",
        ),
        (
            vec![(
                "/conditions/devices",
                json!({"deviceFilter": joined, "includeDevices": ["All"]}),
            )],
            "contradiction",
            "conditions.devices",
        ),
        (
            vec![("/conditions/locations", json!({"excludeLocations": ["AllTrusted"]}))],
            "incomplete",
            "conditions.locations.includeLocations",
        ),
        (
            vec![frequency(json!({
                "isEnabled": true, "value": 1, "type": "days", "frequencyInterval": "everyTime",
            }))],
            "contradiction",
            "sessionControls.signInFrequency.value",
        ),
        (
            vec![frequency(json!({"isEnabled": true, "value": 0, "type": "days"}))],
            "incomplete",
            "sessionControls.signInFrequency.value",
        ),
        (
            vec![frequency(json!({"isEnabled": true, "value": 1}))],
            "incomplete",
            "sessionControls.signInFrequency.value",
        ),
        (
            vec![("/sessionControls", json!({"persistentBrowser": {"isEnabled": true}}))],
            "incomplete",
            "sessionControls.persistentBrowser.mode",
        ),
        (
            vec![("/grantControls/authenticationStrength", json!({"id": ID}))],
            "incomplete",
            "grantControls.authenticationStrength.allowedCombinations",
        ),
        (
            vec![(
                "/grantControls/authenticationStrength",
                json!({"id": ID, "combinationConfigurations": [{"x": 1}], "allowedCombinations": ["fido2"]}),
            )],
            "not_evaluated_member",
            "grantControls.authenticationStrength.combinationConfigurations",
        ),
    ] {
        let error = read(&policy(&members)).unwrap_err();
        assert_eq!(error.code(), format!("policy.{code}"), "{error}");
        assert!(error.to_string().contains(&format!("`{path}`")), "{error}");
    }
    assert!(read(&policy(&[both(), risk])).is_ok());
    assert!(read(&policy(&[off()])).is_ok());
}

#[test]
fn words_that_nobody_documents_are_refused_with_their_place() {
    for (pointer, value, path) in [
        (
            "/conditions/users/includeGuestsOrExternalUsers",
            json!({"guestOrExternalUserTypes": "internalGuest,stranger"}),
            "conditions.users.includeGuestsOrExternalUsers.guestOrExternalUserTypes",
        ),
        (
            "/conditions/locations",
            json!({"includeLocations": ["here"]}),
            "conditions.locations.includeLocations[0]",
        ),
        (
            "/conditions/applications/includeUserActions",
            json!(["urn:user:dance"]),
            "conditions.applications.includeUserActions[0]",
        ),
        (
            "/conditions/applications/includeAuthenticationContextClassReferences",
            json!(["c1", "c100"]),
            "conditions.applications.includeAuthenticationContextClassReferences[1]",
        ),
        ("/conditions/signInRiskLevels", json!(["extreme"]), "conditions.signInRiskLevels[0]"),
        ("/conditions/insiderRiskLevels", json!("grave"), "conditions.insiderRiskLevels"),
        (
            "/conditions/insiderRiskLevels",
            json!("unknownFutureValue"),
            "conditions.insiderRiskLevels",
        ),
        (
            "/conditions/authenticationFlows",
            json!({"transferMethods": "pigeon"}),
            "conditions.authenticationFlows.transferMethods",
        ),
        (
            "/conditions/deviceStates",
            json!({"includeStates": ["Shiny"]}),
            "conditions.deviceStates.includeStates[0]",
        ),
        (
            "/conditions/devices/deviceFilter",
            json!({"mode": "sometimes", "rule": "device.model -eq \"x\""}),
            "conditions.devices.deviceFilter.mode",
        ),
        ("/grantControls/termsOfUse", json!(["x"]), "grantControls.termsOfUse[0]"),
        (
            "/sessionControls/cloudAppSecurity",
            json!({"isEnabled": true, "cloudAppSecurityType": "x"}),
            "sessionControls.cloudAppSecurity.cloudAppSecurityType",
        ),
        (
            "/sessionControls/continuousAccessEvaluation",
            json!({"mode": "x"}),
            "sessionControls.continuousAccessEvaluation.mode",
        ),
    ] {
        let error = read(&policy(&[(pointer, value)])).unwrap_err();
        assert_eq!(error.code(), "policy.unknown_value", "{error}");
        assert!(error.to_string().contains(&format!("`{path}`")), "{error}");
    }
}

#[test]
fn a_filter_that_does_not_parse_refuses_the_policy() {
    for pointer in
        ["/conditions/devices/deviceFilter", "/conditions/applications/applicationFilter"]
    {
        let bad =
            |rule: Value| read(&policy(&[(pointer, json!({"mode": "include", "rule": rule}))]));
        let error = bad(json!("x -like \"y\"")).unwrap_err();
        assert!(error.code().starts_with("policy.filter_"), "{error}");
        let path = format!("{}.rule", pointer.trim_start_matches('/').replace('/', "."));
        assert!(error.to_string().contains(&format!("`{path}`")), "{error}");
        assert_eq!(bad(Value::Null).unwrap_err().code(), "policy.missing");
        let no_mode = policy(&[(pointer, json!({"rule": "device.model -eq \"x\""}))]);
        assert_eq!(read(&no_mode).unwrap_err().code(), "policy.missing");
    }
}

#[test]
fn exports_with_all_their_nulls_and_annotations_are_read() {
    let export = json!({
        "@odata.context": "https://graph.microsoft.com/beta/$metadata#policies",
        "value": [policy(&[
            ("/templateId", Value::Null),
            ("/partialEnablementStrategy", Value::Null),
            ("/createdDateTime", json!("2026-01-01T00:00:00Z")),
            ("/conditions/times", Value::Null),
            ("/conditions/clients", Value::Null),
            ("/conditions/deviceStates", Value::Null),
            ("/conditions/devices", Value::Null),
            ("/conditions/userRiskLevels", json!([])),
            ("/conditions/insiderRiskLevels", Value::Null),
            ("/conditions/agentIdRiskLevels", Value::Null),
            ("/conditions/clientApplications", Value::Null),
            ("/conditions/applications/globalSecureAccess", Value::Null),
            ("/grantControls/authenticationStrength", Value::Null),
            ("/grantControls/authenticationStrength@odata.context", json!("https://x")),
            ("/sessionControls", json!({"networkAccessSecurity": null, "signInFrequency": null})),
        ])],
    });
    let set = read(&export).unwrap();
    assert_eq!(set.to_json(), export);
    assert!(set.warnings().is_empty());
}

#[test]
fn every_sample_is_read_and_written_as_it_came() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/samples/policies");
    let mut folders = vec![root];
    let mut count = 0;
    while let Some(folder) = folders.pop() {
        for file in std::fs::read_dir(folder).unwrap() {
            let path = file.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "json") {
                let text = std::fs::read(&path).unwrap();
                let set = PolicySet::from_json(&text).unwrap();
                let document: Value = serde_json::from_slice(&text).unwrap();
                assert_eq!(set.to_json(), document, "{}", path.display());
                count += 1;
            }
        }
    }
    assert_eq!(count, 19);
}
