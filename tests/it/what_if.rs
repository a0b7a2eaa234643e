//! What If: bodies, results and reasons, and the simulation beside them.

use serde_json::{Value, json};
use token_protection_lab::catalog::{Catalog, RulePack};
use token_protection_lab::directory::{self, Directory};
use token_protection_lab::policy::whatif::{Stated, WhatIfError, WhatIfRequest, simulate, what_if};
use token_protection_lab::policy::{Evidence, PolicySet, SecondFactorProof};

const ALICE: &str = "990e7e37-0c3b-5907-af67-85c7a31ff1e4";
const EXCHANGE: &str = "00000002-0000-0ff1-ce00-000000000000";

fn directory() -> Directory {
    Directory::from_json(directory::SAMPLE).unwrap()
}

/// A body: alice to Exchange, with these conditions.
fn body(conditions: Value) -> Value {
    json!({
        "signInIdentity": {"@odata.type": "#microsoft.graph.userSignIn", "userId": ALICE},
        "signInContext": {"@odata.type": "#microsoft.graph.applicationContext",
            "includeApplications": [EXCHANGE]},
        "signInConditions": conditions,
    })
}

fn request(body: &Value) -> Result<WhatIfRequest, WhatIfError> {
    WhatIfRequest::from_json(body.to_string().as_bytes())
}

fn policy(change: impl FnOnce(&mut Value)) -> Value {
    let mut policy: Value = serde_json::from_slice(include_bytes!(
        "../samples/policies/b-token-protection-enabled.json"
    ))
    .unwrap();
    change(&mut policy);
    policy
}

/// All users, all resources, MFA; changed.
fn plain(change: impl FnOnce(&mut Value)) -> Value {
    policy(|policy| {
        policy["conditions"]["clientAppTypes"] = json!(["all"]);
        policy["conditions"]["platforms"] = Value::Null;
        policy["conditions"]["users"]["includeUsers"] = json!(["All"]);
        policy["conditions"]["users"]["includeGroups"] = json!([]);
        policy["conditions"]["applications"]["includeApplications"] = json!(["All"]);
        policy["sessionControls"] = Value::Null;
        policy["grantControls"] = json!({"operator": "OR", "builtInControls": ["mfa"]});
        change(policy);
    })
}

fn set(policies: Vec<Value>) -> PolicySet {
    PolicySet::from_json(Value::from(policies).to_string().as_bytes()).unwrap()
}

/// `analysisReasons` of one policy for a body.
#[track_caller]
fn reasons(policy: Value, body: &Value) -> String {
    let (policies, directory) = (set(vec![policy]), directory());
    let request = request(body).unwrap();
    let answer = what_if(&policies, &request, Some(&directory), RulePack::newest()).unwrap();
    let json = answer.to_json();
    let reasons = json["value"][0]["analysisReasons"].as_str().unwrap().to_owned();
    assert_eq!(json["value"][0]["policyApplies"], reasons == "notSet");
    reasons
}

#[test]
fn each_condition_has_its_reason_and_needs_its_signal() {
    let location = "30000000-0000-4000-8000-000000000001";
    let filter =
        json!({"deviceFilter": {"mode": "include", "rule": "device.trustType -eq \"AzureAD\""}});
    // What the policy asks; a signal that meets it; one that does not; the reason.
    let cases = [
        (
            "platforms",
            json!({"includePlatforms": ["windows"], "excludePlatforms": []}),
            json!({"devicePlatform": "Windows"}),
            json!({"devicePlatform": "macOS"}),
            "devicePlatform",
        ),
        (
            "platforms",
            json!({"includePlatforms": ["all"], "excludePlatforms": ["windows"]}),
            json!({"devicePlatform": "linux"}),
            json!({"devicePlatform": "all"}),
            "devicePlatform",
        ),
        (
            "clientAppTypes",
            json!(["browser"]),
            json!({"clientAppType": "browser"}),
            json!({"clientAppType": "other"}),
            "clientApps",
        ),
        (
            "devices",
            filter,
            json!({"deviceInfo": {"trustType": "AzureAD"}}),
            json!({"deviceInfo": {"trustType": "EntraID"}}),
            "devices",
        ),
        (
            "devices",
            json!({"deviceFilter": {"mode": "exclude", "rule": "device.deviceOwnership -eq \"Company\""}}),
            json!({"deviceInfo": {}}),
            json!({"deviceInfo": {"ownership": "company"}}),
            "devices",
        ),
        (
            "devices",
            json!({"deviceFilter": {"mode": "include", "rule": "device.extensionAttribute3 -eq \"x\" -and device.systemLabels -contains \"A\""}}),
            json!({"deviceInfo": {"extensionAttribute3": "X", "systemLabels": ["b", "a"]}}),
            json!({"deviceInfo": {"extensionAttribute3": "X", "systemLabels": ["ab"]}}),
            "devices",
        ),
        (
            "locations",
            json!({"includeLocations": ["All"], "excludeLocations": ["AllTrusted"]}),
            json!({"ipAddress": "1.2.3.4", "country": "US"}),
            json!({"ipAddress": "203.0.113.9"}),
            "location",
        ),
        (
            "signInRiskLevels",
            json!(["high"]),
            json!({"signInRiskLevel": "high"}),
            json!({"signInRiskLevel": "none"}),
            "signInRisk",
        ),
        (
            "userRiskLevels",
            json!(["low"]),
            json!({"userRiskLevel": "low"}),
            json!({"userRiskLevel": "high"}),
            "userRisk",
        ),
        (
            "insiderRiskLevels",
            json!("minor,elevated"),
            json!({"insiderRiskLevel": "elevated"}),
            json!({"insiderRiskLevel": "none"}),
            "insiderRisk",
        ),
        (
            "authenticationFlows",
            json!({"transferMethods": "deviceCodeFlow"}),
            json!({"authenticationFlow": {"transferMethod": "deviceCodeFlow"}}),
            json!({"authenticationFlow": {"transferMethod": "none"}}),
            "authenticationFlow",
        ),
    ];
    let trusted = directory();
    assert!(trusted.named_locations().next().is_some(), "{location}");
    for (member, asked, met, unmet, reason) in cases {
        let asking = || plain(|policy| policy["conditions"][member] = asked.clone());
        assert_eq!(reasons(asking(), &body(met.clone())), "notSet", "{asked} {met}");
        let address = trusted_address(&trusted);
        let unmet = match member {
            "locations" => json!({"ipAddress": address}),
            _ => unmet,
        };
        assert_eq!(reasons(asking(), &body(unmet.clone())), reason, "{asked} {unmet}");
        assert_eq!(reasons(asking(), &body(json!({}))), reason, "{asked} without a signal");
    }
}

/// An address in the trusted location of the directory.
fn trusted_address(directory: &Directory) -> String {
    use token_protection_lab::directory::LocationExtent;
    let ranges = directory.named_locations().find_map(|location| match &location.extent {
        LocationExtent::IpRanges { trusted: true, ranges } => Some(ranges),
        _ => None,
    });
    ranges.unwrap()[0].address.to_string()
}

#[test]
fn users_targets_and_state_have_their_reasons() {
    let any = body(json!({"devicePlatform": "windows", "clientAppType": "browser"}));
    assert_eq!(reasons(plain(|_| {}), &any), "notSet");
    assert_eq!(reasons(plain(|it| it["state"] = json!("disabled")), &any), "policyNotEnabled");
    let report_only = |it: &mut Value| it["state"] = json!("enabledForReportingButNotEnforced");
    assert_eq!(reasons(plain(report_only), &any), "notSet");
    let not_alice = |it: &mut Value| it["conditions"]["users"]["excludeUsers"] = json!([ALICE]);
    assert_eq!(reasons(plain(not_alice), &any), "users");
    // Nested: alice is in the group that is a member of this one.
    let nested = |it: &mut Value| {
        it["conditions"]["users"]["excludeGroups"] =
            json!(["20000000-0000-4000-8000-000000000004"]);
    };
    assert_eq!(reasons(plain(nested), &any), "users");
    // The first unmet condition is the reason, and the application comes first.
    let both = |it: &mut Value| {
        it["conditions"]["users"]["excludeUsers"] = json!([ALICE]);
        it["conditions"]["applications"]["includeApplications"] = json!(["None"]);
    };
    assert_eq!(reasons(plain(both), &any), "application");
    // A group of apps in the policy covers an application id in the request.
    let office = |it: &mut Value| {
        it["conditions"]["applications"]["includeApplications"] = json!(["Office365"]);
    };
    assert_eq!(reasons(plain(office), &any), "notSet");

    let mut action = any.clone();
    action["signInContext"] = json!({"@odata.type": "#microsoft.graph.userActionContext",
        "userAction": "registerOrJoinDevices"});
    assert_eq!(reasons(plain(|_| {}), &action), "userActions");
    let registers = |it: &mut Value| {
        it["conditions"]["applications"]["includeApplications"] = json!([]);
        it["conditions"]["applications"]["includeUserActions"] = json!(["urn:user:registerdevice"]);
    };
    assert_eq!(reasons(plain(registers), &action), "notSet");

    let mut context = any.clone();
    context["signInContext"] = json!({"@odata.type": "#microsoft.graph.authContext",
        "authenticationContextValue": "c37"});
    assert_eq!(reasons(plain(|_| {}), &context), "authenticationContext");
    let steps_up = |it: &mut Value| {
        it["conditions"]["applications"]["includeApplications"] = json!([]);
        it["conditions"]["applications"]["includeAuthenticationContextClassReferences"] =
            json!(["c37"]);
    };
    assert_eq!(reasons(plain(steps_up), &context), "notSet");
}

#[test]
fn workloads_and_external_users() {
    let principal = "40000000-0000-4000-8000-000000000001";
    let mut workload = body(json!({"servicePrincipalRiskLevel": "high"}));
    workload["signInIdentity"] = json!({"@odata.type": "#microsoft.graph.servicePrincipalSignIn",
        "servicePrincipalId": principal});
    assert_eq!(reasons(plain(|_| {}), &workload), "users");
    let workloads = |ids: Value| {
        plain(|it| {
            it["conditions"]["users"] = Value::Null;
            it["conditions"]["clientApplications"] = json!({"includeServicePrincipals": ids});
            it["grantControls"] = json!({"operator": "OR", "builtInControls": ["block"]});
        })
    };
    assert_eq!(reasons(workloads(json!([principal])), &workload), "notSet");
    assert_eq!(reasons(workloads(json!(["ServicePrincipalsInMyTenant"])), &workload), "notSet");
    assert_eq!(reasons(workloads(json!([ALICE])), &workload), "workloadIdentities");

    let mut guest = body(json!({}));
    guest["signInIdentity"] = json!({"@odata.type": "#microsoft.graph.userSignIn",
        "userId": "50000000-0000-4000-8000-000000000001", "externalUserType": "b2bDirectConnectUser",
        "externalTenantId": "b2b2b2b2-0000-4000-8000-000000000001"});
    let guests = |kinds: &str| {
        plain(|it| {
            it["conditions"]["users"]["includeUsers"] = json!([]);
            it["conditions"]["users"]["includeGuestsOrExternalUsers"] = json!({
                "guestOrExternalUserTypes": kinds,
                "externalTenants": {"@odata.type": "#microsoft.graph.conditionalAccessAllExternalTenants",
                    "membershipKind": "all"}});
        })
    };
    assert_eq!(reasons(guests("internalGuest,b2bDirectConnectUser"), &guest), "notSet");
    assert_eq!(reasons(guests("internalGuest"), &guest), "users");
}

#[test]
fn the_answer_has_graphs_shape() {
    let policies = set(vec![policy(|_| {}), plain(|it| it["id"] = json!(ALICE))]);
    let mut only = body(json!({"devicePlatform": "linux", "clientAppType": "browser"}));
    only["appliedPoliciesOnly"] = json!(true);
    let directory = directory();
    let ask = |body: &Value| {
        let request = request(body).unwrap();
        what_if(&policies, &request, Some(&directory), RulePack::newest()).unwrap()
    };
    let answer = ask(&only).to_json();
    assert_eq!(
        answer["@odata.context"],
        "https://graph.microsoft.com/v1.0/$metadata#Collection(microsoft.graph.whatIfAnalysisResult)"
    );
    assert_eq!(answer["value"].as_array().unwrap().len(), 1);
    only["appliedPoliciesOnly"] = json!(false);
    let answer = ask(&only);
    let json = answer.to_json();
    assert_eq!(json["value"].as_array().unwrap().len(), 2);
    // A result is the whole policy and two members more.
    let mut first = json["value"][0].clone();
    assert_eq!(first["analysisReasons"], "devicePlatform");
    assert_eq!(answer.results[0].reasons.bits(), 128);
    first
        .as_object_mut()
        .unwrap()
        .retain(|name, _| name != "analysisReasons" && name != "policyApplies");
    assert_eq!(first, policy(|_| {}));
}

#[test]
fn bodies_are_read_strictly_and_annotations_silently() {
    let ok = |change: fn(&mut Value)| {
        let mut body = body(json!({}));
        change(&mut body);
        request(&body)
    };
    assert!(ok(|it| it["@odata.etag"] = json!("x")).is_ok());
    assert!(ok(|it| it["signInConditions"]["note@odata.type"] = json!("x")).is_ok());
    assert!(ok(|it| it["signInConditions"]["futureSignal"] = Value::Null).is_ok());
    /// A change to a body, the code that refuses it, and the path.
    type Case = (fn(&mut Value), &'static str, &'static str);
    let cases: &[Case] = &[
        (|it| it["signInIdentity"] = Value::Null, "policy.what_if_missing", "signInIdentity"),
        (|it| it["signInContext"] = Value::Null, "policy.what_if_missing", "signInContext"),
        (|it| it["signInConditions"] = Value::Null, "policy.what_if_missing", "signInConditions"),
        (
            |it| it["signInIdentity"]["userId"] = Value::Null,
            "policy.what_if_missing",
            "signInIdentity.userId",
        ),
        (
            |it| it["signInIdentity"]["userId"] = json!("alice"),
            "policy.unknown_value",
            "signInIdentity.userId",
        ),
        (
            |it| it["signInIdentity"]["@odata.type"] = Value::Null,
            "policy.what_if_missing",
            "signInIdentity.@odata.type",
        ),
        (
            |it| it["signInContext"]["@odata.type"] = json!("#microsoft.graph.userSignIn"),
            "policy.unknown_value",
            "signInContext.@odata.type",
        ),
        (
            |it| it["signInContext"]["includeApplications"] = json!([]),
            "policy.what_if_missing",
            "signInContext.includeApplications",
        ),
        (
            |it| it["signInContext"]["includeApplications"] = json!(["Office365"]),
            "policy.what_if_not_an_application",
            "signInContext.includeApplications[0]",
        ),
        (
            |it| it["signInConditions"]["devicePlatform"] = json!("beos"),
            "policy.unknown_value",
            "signInConditions.devicePlatform",
        ),
        (
            |it| it["signInConditions"]["country"] = json!("Norway"),
            "policy.unknown_value",
            "signInConditions.country",
        ),
        (
            |it| it["signInConditions"]["ipAddress"] = json!("1.2.3"),
            "policy.unknown_value",
            "signInConditions.ipAddress",
        ),
        (
            |it| it["signInConditions"]["deviceInfo"] = json!({"deviceOwnership": "Company"}),
            "policy.what_if_unknown_member",
            "signInConditions.deviceInfo.deviceOwnership",
        ),
        (
            |it| it["signInConditions"]["deviceInfo"] = json!({"isCompliant": "True"}),
            "policy.wrong_type",
            "signInConditions.deviceInfo.isCompliant",
        ),
        (
            |it| it["signInConditions"]["weather"] = json!("rain"),
            "policy.what_if_unknown_member",
            "signInConditions.weather",
        ),
        (|it| it["appliedPoliciesOnly"] = json!("yes"), "policy.wrong_type", "appliedPoliciesOnly"),
        (|it| it["extra"] = json!(1), "policy.what_if_unknown_member", "extra"),
    ];
    for (change, code, path) in cases {
        let error = ok(*change).expect_err(path);
        assert_eq!(error.code(), *code, "{path}: {error}");
        assert!(error.to_string().contains(&format!("`{path}`")), "{path}: {error}");
    }
    for text in ["", "[]", "{\"signInIdentity\":{},\"signInIdentity\":{}}", "\u{feff}{}"] {
        assert!(WhatIfRequest::from_json(text.as_bytes()).is_err(), "{text}");
    }
    let mut stranger = body(json!({}));
    stranger["signInIdentity"]["userId"] = json!("60000000-0000-4000-8000-000000000001");
    let stranger = request(&stranger).unwrap();
    let (policies, directory) = (set(vec![plain(|_| {})]), directory());
    let ask = |directory| what_if(&policies, &stranger, directory, RulePack::newest());
    assert_eq!(ask(Some(&directory)).unwrap_err().code(), "policy.what_if_unknown_user");
    assert!(ask(None).is_ok());
}

#[test]
fn a_simulation_says_what_would_become_of_it() {
    let (policies, directory) = (set(vec![policy(|_| {})]), directory());
    let conditions =
        json!({"devicePlatform": "windows", "clientAppType": "mobileAppsAndDesktopClients"});
    let ask = |body: &Value, stated: Stated<'_>| {
        let request = request(body).unwrap();
        let simulation =
            simulate(&policies, &request, Some(&directory), stated, RulePack::newest()).unwrap();
        let code = simulation.decision.denial().map_or(0, |denial| denial.code);
        (code, simulation.token_protection.code)
    };
    let body_of = |info: Value| {
        let mut conditions = conditions.clone();
        conditions["deviceInfo"] = info;
        body(conditions)
    };
    let outlook = Catalog::builtin().client("outlook");
    let laptop = directory.device_by_name("LT-ALICE").unwrap();
    let by = |evidence| Stated { client: outlook, evidence, ..Stated::default() };
    let plain_body = body_of(Value::Null);
    let with_device = Stated { device: Some(laptop), ..by(Evidence::Possession) };
    assert_eq!(ask(&plain_body, with_device), (0, 0));
    // The same device without evidence is no device; a credential shows it and binds nothing.
    let unshown = Stated { device: Some(laptop), ..by(Evidence::None) };
    assert_eq!(ask(&plain_body, unshown), (530_084, 1002));
    let shown = Stated { device: Some(laptop), ..by(Evidence::DeviceCredential) };
    assert_eq!(ask(&plain_body, shown), (530_084, 1005));
    let shell =
        Stated { client: Catalog::builtin().client("sharepoint-powershell"), ..with_device };
    assert_eq!(ask(&plain_body, shell), (530_084, 1008));
    // By its id in the request; what the request says of it overrides the directory.
    let id = laptop.device_id.to_string();
    assert_eq!(ask(&body_of(json!({"deviceId": id})), by(Evidence::Possession)), (0, 0));
    let old = body_of(json!({"deviceId": id, "operatingSystemVersion": "6.3.9600"}));
    assert_eq!(ask(&old, by(Evidence::Possession)), (530_084, 1006));
    // Described and in no directory.
    let described = body_of(json!({"trustType": "AzureAD", "isCompliant": true}));
    assert_eq!(ask(&described, by(Evidence::Possession)), (0, 0));
    assert_eq!(ask(&body_of(json!({"model": "x"})), by(Evidence::Possession)), (530_084, 1002));

    let unknown = request(&body_of(json!({"deviceId": ALICE}))).unwrap();
    let error = simulate(
        &policies,
        &unknown,
        Some(&directory),
        by(Evidence::Possession),
        RulePack::newest(),
    );
    assert_eq!(error.unwrap_err().code(), "policy.what_if_unknown_device");
}

#[test]
fn a_second_factor_is_stated() {
    let (policies, directory) = (set(vec![plain(|_| {})]), directory());
    let request = request(&body(json!({}))).unwrap();
    let code = |second_factor| {
        let stated = Stated { second_factor, ..Stated::default() };
        let simulation =
            simulate(&policies, &request, Some(&directory), stated, RulePack::newest()).unwrap();
        simulation.decision.denial().map_or(0, |denial| denial.code)
    };
    assert_eq!((code(SecondFactorProof::Absent), code(SecondFactorProof::Passed)), (50076, 0));
}
