//! Sign-in records: their exact shape, and that what is written is read again.
//! (conditional-access 5.1)

use serde_json::{Value, json};
use token_protection_lab::base::Timestamp;
use token_protection_lab::base::id::{CorrelationId, RequestId, SessionId, TenantId};
use token_protection_lab::catalog::{Catalog, LegacyProtocol};
use token_protection_lab::policy::{
    self, ClientAppType, Platform, PolicySet, SecondFactorProof, TransferMethod,
};
use token_protection_lab::signin::{
    AuthenticationProtocol, DeviceDetail, IncomingTokenType, Interactivity, NamedApp, RequestFacts,
    RiskFacts, SignInLocation, SignInLog, SignInRecord, Verdict, client_app_used,
};

use crate::support::case::{Case, device, directory, policies};

const AGENT: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; sim) MSAL/4";

fn request<'a>(case: &'a Case, number: u128) -> RequestFacts<'a> {
    let client = Catalog::builtin().client(case.client).unwrap();
    let resource = Catalog::builtin().resource(case.resource).unwrap();
    let (id, correlation_id) = (RequestId::from_u128(number), CorrelationId::from_u128(0xc0));
    let (now, tenant) = (Timestamp::from_unix(1_773_144_000), TenantId::from_u128(0x7e));
    RequestFacts {
        user: directory().user_by_upn(case.user),
        app: Some(NamedApp { id: client.app_id, display_name: &client.display_name }),
        client_app_used: Some(client_app_used(ClientAppType::of(client), client.legacy_protocol)),
        resource: Some(NamedApp { id: resource.app_id, display_name: &resource.display_name }),
        device: case.device.as_ref(),
        user_agent: Some(AGENT),
        ip_address: Some([198, 51, 100, 10].into()),
        interactivity: Interactivity::NonInteractive,
        incoming_token: IncomingTokenType::RefreshToken,
        protocol: AuthenticationProtocol::OAuth2,
        second_factor: case.second_factor,
        ..RequestFacts::new(id, correlation_id, now, tenant)
    }
}

fn record(case: &Case, set: &PolicySet) -> SignInRecord {
    let decision = case.decide(set);
    let verdict = Verdict::Policy {
        decision: &decision,
        policies: set,
        rules: case.rules(),
        token_protection: case.status(),
    };
    SignInRecord::new(&request(case, 1), verdict)
}

#[test]
fn a_refused_replay_in_full() {
    let record = record(&Case::thief(Platform::Windows), &policies(&["b"]));
    let expected = json!({
        "id": "00000000-0000-0000-0000-000000000001",
        "createdDateTime": "2026-03-10T12:00:00Z",
        "correlationId": "00000000-0000-0000-0000-0000000000c0",
        "originalRequestId": "00000000-0000-0000-0000-000000000001",
        "userPrincipalName": "alice@contoso.example",
        "userId": "990e7e37-0c3b-5907-af67-85c7a31ff1e4",
        "userDisplayName": "Alice Adams",
        "userType": "member",
        "appId": "d3590ed6-52b3-4102-aeff-aad2292ab01c",
        "appDisplayName": "Microsoft Office",
        "clientAppUsed": "Mobile Apps and Desktop clients",
        "resourceId": "00000002-0000-0ff1-ce00-000000000000",
        "resourceDisplayName": "Office 365 Exchange Online",
        "resourceTenantId": "00000000-0000-0000-0000-00000000007e",
        "homeTenantId": "00000000-0000-0000-0000-00000000007e",
        "crossTenantAccessType": "none",
        "status": {
            "errorCode": 530084,
            "failureReason": "Token protection policy of this organization blocked the request.",
        },
        "deviceDetail": {"operatingSystem": "Windows10"},
        "conditionalAccessStatus": "failure",
        "appliedConditionalAccessPolicies": [{
            "id": "11111111-0000-4000-8000-000000000002",
            "displayName": "CA-TP-02 Require token protection",
            "enforcedGrantControls": [],
            "enforcedSessionControls": ["SignInTokenProtection"],
            "sessionControlsNotSatisfied": ["SignInTokenProtection"],
            "result": "failure",
            "conditionsSatisfied": "application,users,devicePlatform,clientType",
            "conditionsNotSatisfied": "none",
        }],
        "isInteractive": false,
        "signInEventTypes": ["nonInteractiveUser"],
        "tokenProtectionStatusDetails": {
            "signInSessionStatus": "unbound",
            "signInSessionStatusCode": 1002,
        },
        "incomingTokenType": "refreshToken",
        "authenticationProtocol": "oAuth2",
        "authenticationRequirement": "multiFactorAuthentication",
        "userAgent": AGENT,
        "ipAddress": "198.51.100.10",
        "sessionLifetimePolicies": [],
        "conditionalAccessAudiences": ["00000002-0000-0ff1-ce00-000000000000"],
    });
    assert_eq!(serde_json::to_value(&record).unwrap(), expected);
}

#[test]
fn a_granted_request() {
    let record = serde_json::to_value(record(&Case::new(), &policies(&["a", "b", "d2"]))).unwrap();
    assert_eq!(
        record["status"],
        json!({
            "errorCode": 0,
            "failureReason": "Other.",
            "additionalDetails": "MFA satisfied by a claim in the token",
        })
    );
    assert_eq!(record["conditionalAccessStatus"], "success");
    assert_eq!(
        record["tokenProtectionStatusDetails"],
        json!({"signInSessionStatus": "bound", "signInSessionStatusCode": 0})
    );
    assert_eq!(
        record["deviceDetail"],
        json!({
            "deviceId": "d9c6e305-703e-5587-97a0-94f3be4be218",
            "displayName": "LT-ALICE",
            "operatingSystem": "Windows10",
            "isCompliant": true,
            "isManaged": true,
            "trustType": "Azure AD joined",
        })
    );
    let results: Vec<&Value> = record["appliedConditionalAccessPolicies"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| &entry["result"])
        .collect();
    assert_eq!(results, ["success", "success", "reportOnlySuccess"]);
}

#[test]
fn a_request_that_failed_before_policy() {
    let case = Case::new();
    let facts = RequestFacts { user: None, device: None, ..request(&case, 1) };
    let record =
        SignInRecord::new(&facts, Verdict::Protocol { code: 50126, token_protection: None });
    let record = serde_json::to_value(record).unwrap();
    assert_eq!(record["status"]["errorCode"], 50126);
    assert_eq!(record["conditionalAccessStatus"], "notApplied");
    assert_eq!(record["appliedConditionalAccessPolicies"], json!([]));
    for absent in ["tokenProtectionStatusDetails", "userPrincipalName", "location"] {
        assert_eq!(record.get(absent), None, "{absent}");
    }
}

#[test]
fn a_missing_second_factor_is_what_was_required() {
    let mut mfa = policies(&["d2"]).to_json();
    mfa[0]["grantControls"]["builtInControls"] = json!(["mfa"]);
    let set = PolicySet::from_json(mfa.to_string().as_bytes()).unwrap();
    let case = Case { second_factor: SecondFactorProof::Absent, ..Case::new() };
    let requirement = |set: &PolicySet| {
        serde_json::to_value(record(&case, set)).unwrap()["authenticationRequirement"].take()
    };
    assert_eq!(requirement(&set), "multiFactorAuthentication");
    assert_eq!(requirement(&policies(&["b"])), "singleFactorAuthentication");
}

#[test]
fn records_are_read_as_they_were_written() {
    let set = policies(&["a", "b", "d1", "d2", "d3"]);
    for case in [
        Case::new(),
        Case::thief(Platform::Linux),
        Case { user: "heidi@fabrikam.example", ..Case::new() },
        Case { client: "imap-client", ..Case::thief(Platform::Windows) },
    ] {
        let written = record(&case, &set);
        let text = serde_json::to_string(&written).unwrap();
        assert_eq!(serde_json::from_str::<SignInRecord>(&text).unwrap(), written);
    }
}

#[test]
fn foreign_records_are_read_too() {
    let mut foreign = serde_json::to_value(record(&Case::new(), &policies(&["b", "d2"]))).unwrap();
    foreign["createdDateTime"] = json!("2026-03-10T12:00:00.4171+00:00");
    foreign["incomingTokenType"] = json!("something new");
    foreign["riskLevelAggregated"] = json!("none");
    foreign.as_object_mut().unwrap().remove("deviceDetail");
    let entry = &mut foreign["appliedConditionalAccessPolicies"][0];
    entry["conditionsSatisfied"] = json!(23);
    entry["conditionsNotSatisfied"] = json!(0);
    entry.as_object_mut().unwrap().remove("sessionControlsNotSatisfied");
    let read: SignInRecord = serde_json::from_value(foreign).unwrap();
    assert_eq!(read.created_date_time.as_unix(), 1_773_144_000);
    assert_eq!(read.incoming_token_type, IncomingTokenType::UnknownFutureValue);
    let entry = &read.applied_conditional_access_policies[0];
    assert_eq!(entry.conditions_satisfied.bits(), 23);
    assert!(entry.session_controls_not_satisfied.is_empty());
}

#[test]
fn the_log_finds_a_record_and_a_sign_in() {
    let case = Case::new();
    let mut log = SignInLog::new();
    for number in 1..=3 {
        let verdict = Verdict::Protocol { code: 70000, token_protection: None };
        let mut record = SignInRecord::new(&request(&case, number), verdict);
        record.correlation_id = CorrelationId::from_u128(number.min(2));
        log.push(record);
    }
    let found = log.find(RequestId::from_u128(2)).unwrap();
    assert_eq!(found.id, RequestId::from_u128(2));
    assert!(log.find(RequestId::from_u128(9)).is_none());
    assert_eq!(log.of_sign_in(CorrelationId::from_u128(2)).count(), 2);
    assert_eq!((log.len(), log.last().unwrap().id), (3, RequestId::from_u128(3)));
}

#[test]
fn a_full_log_drops_the_oldest_record_and_counts_it() {
    let case = Case::new();
    let mut log = SignInLog::with_capacity(2);
    for number in 1..=5 {
        let verdict = Verdict::Protocol { code: 70000, token_protection: None };
        log.push(SignInRecord::new(&request(&case, number), verdict));
    }
    let ids: Vec<_> = log.iter().map(|record| record.id).collect();
    assert_eq!(ids, [4, 5].map(RequestId::from_u128));
    assert_eq!((log.len(), log.dropped()), (2, 3));
    assert!(log.find(RequestId::from_u128(3)).is_none());
    assert_eq!(SignInLog::with_capacity(0), SignInLog::with_capacity(1));
}

#[test]
fn facts_that_the_caller_knows_stand_in_the_record() {
    let case = Case::new();
    let place =
        SignInLocation { country_or_region: Some("NL".to_owned()), ..SignInLocation::default() };
    let facts = RequestFacts {
        location: Some(&place),
        autonomous_system_number: Some(64_500),
        session: Some(SessionId::from_u128(0x5e)),
        token_id: Some(RequestId::from_u128(0x1d)),
        transfer_method: Some(TransferMethod::DeviceCodeFlow.into()),
        risk: RiskFacts {
            during_sign_in: Some(policy::RiskLevel::Medium.into()),
            ..RiskFacts::default()
        },
        ..request(&case, 1)
    };
    let verdict = Verdict::Protocol { code: 70000, token_protection: None };
    let record = serde_json::to_value(SignInRecord::new(&facts, verdict)).unwrap();
    assert_eq!(record["location"], json!({"countryOrRegion": "NL"}));
    assert_eq!(record["autonomousSystemNumber"], 64_500);
    assert_eq!(record["sessionId"], "00000000-0000-0000-0000-00000000005e");
    assert_eq!(record["uniqueTokenIdentifier"], "00000000-0000-0000-0000-00000000001d");
    assert_eq!(record["originalTransferMethod"], "deviceCodeFlow");
    assert_eq!(record["riskLevelDuringSignIn"], "medium");
    for unknown in ["riskLevelAggregated", "riskState", "mfaDetail", "conditionalAccessAudiences"] {
        assert_eq!(record.get(unknown), None, "{unknown}");
    }
}

#[test]
fn a_policy_that_applies_and_asks_for_a_second_factor_is_named_as_the_reason() {
    let asked_by = |state: &str, case: &Case| {
        let mut mfa = policies(&["d2"]).to_json();
        mfa[0]["grantControls"]["builtInControls"] = json!(["mfa"]);
        mfa[0]["state"] = json!(state);
        let set = PolicySet::from_json(mfa.to_string().as_bytes()).unwrap();
        record(case, &set).authentication_requirement_policies
    };
    let asked = asked_by("enabled", &Case::new());
    assert_eq!(
        serde_json::to_value(asked).unwrap(),
        json!([{"requirementProvider": "multiConditionalAccess", "detail": "Conditional Access"}])
    );
    assert!(asked_by("enabledForReportingButNotEnforced", &Case::new()).is_empty());
    assert!(record(&Case::new(), &policies(&["b"])).authentication_requirement_policies.is_empty());
}

#[test]
fn systems_and_clients_are_named_as_the_log_names_them() {
    let system = |name: &str| DeviceDetail::new(Some(&device(name)), "").operating_system.unwrap();
    let names = ["LT-ALICE", "OLD-GRACE", "MAC-IVAN", "AZVM-1"].map(system);
    assert_eq!(names, ["Windows10", "Windows 8.1", "MacOs", "Windows10"]);
    let trust = DeviceDetail::new(Some(&device("PC-CAROL")), "").trust_type;
    assert_eq!(trust.as_deref(), Some("Azure AD registered"));
    let used = |client, protocol| client_app_used(client, protocol);
    assert_eq!(used(ClientAppType::Other, Some(LegacyProtocol::Imap4)), "IMAP4");
    assert_eq!(used(ClientAppType::Other, None), "Other clients");
    assert_eq!(used(ClientAppType::Browser, None), "Browser");
}

#[test]
fn names_are_in_lower_case() {
    let text = include_str!("../../src/data/directory.json");
    let text = text.replace("alice@contoso.example", "Alice@Contoso.example");
    let directory = token_protection_lab::directory::Directory::from_json(text.as_bytes()).unwrap();
    let case = Case::new();
    let facts =
        RequestFacts { user: directory.user_by_upn("alice@contoso.example"), ..request(&case, 1) };
    let record =
        SignInRecord::new(&facts, Verdict::Protocol { code: 53003, token_protection: None });
    assert_eq!(record.user_principal_name.as_deref(), Some("alice@contoso.example"));
}
