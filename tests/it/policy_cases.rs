//! The attack matrix at policy level, the pitfalls of a roll-out, and what one entry says.
//! (conditional-access 3.5, 8.2 and 9)

use token_protection_lab::base::{Check, Danger};
use token_protection_lab::policy::{
    AppliedPolicyResult, ConditionalAccessStatus, Evidence, Platform, PolicySet, SecondFactorProof,
};
use token_protection_lab::signin::AppliedPolicyRecord;

use crate::support::case::{Case, device, policies};

/// Codes of decision and status under b, b+d1, b+d1+d2, b+d1+d2+d3.
fn row(case: &Case) -> [(u32, u16); 4] {
    [&["b"][..], &["b", "d1"], &["b", "d1", "d2"], &["b", "d1", "d2", "d3"]]
        .map(|letters| case.codes(&policies(letters)))
}

#[test]
fn attack_matrix_of_a_stolen_unbound_refresh_token() {
    let windows = row(&Case::thief(Platform::Windows));
    assert_eq!(windows, [(530084, 1002), (530084, 1002), (53000, 1002), (53000, 1002)]);
    let linux = row(&Case::thief(Platform::Linux));
    assert_eq!(linux, [(0, 1002), (53003, 1002), (53003, 1002), (53003, 1002)]);
    let mac = row(&Case::thief(Platform::MacOs));
    assert_eq!(mac, [(0, 1002), (0, 1002), (53000, 1002), (53000, 1002)]);
    assert_eq!(row(&Case::thief(Platform::Unknown)), linux);
    let legacy = Case { client: "imap-client", ..Case::thief(Platform::Windows) };
    assert_eq!(row(&legacy), [(0, 1002), (0, 1002), (53000, 1002), (53003, 1002)]);
}

#[test]
fn the_good_user_passes_all_of_them() {
    assert_eq!(row(&Case::new()), [(0, 0); 4]);
}

/// Code of decision and status, result and integers of policy b.
type Pitfall = (u32, u16, AppliedPolicyResult, u32, u32);

fn under_b(case: &Case) -> Pitfall {
    let set = policies(&["b"]);
    let decision = case.decide(&set);
    let entry = decision.entries()[0];
    let code = decision.denial().map_or(0, |denial| denial.code);
    let (yes, no) = (entry.conditions_satisfied.bits(), entry.conditions_not_satisfied.bits());
    (code, case.status().code, entry.result, yes, no)
}

fn failure(status: u16) -> Pitfall {
    (530084, status, AppliedPolicyResult::Failure, 23, 0)
}

#[test]
fn pitfall_unmanaged_device() {
    assert_eq!(under_b(&Case::thief(Platform::Windows)), failure(1002));
}

#[test]
fn pitfall_registered_without_fresh_sign_in() {
    assert_eq!(under_b(&Case::on("carol@contoso.example", "PC-CAROL")), failure(1003));
}

#[test]
fn pitfall_virtual_machines_and_jump_boxes() {
    for name in ["AZVM-1", "CLOUDPC-1", "AVD-0"] {
        assert_eq!(under_b(&Case::on("frank@contoso.example", name)), failure(1003), "{name}");
    }
}

#[test]
fn pitfall_portals_are_not_in_scope() {
    let portal = Case {
        client: "azure-portal",
        resource: "azure-management",
        ..Case::thief(Platform::Windows)
    };
    assert_eq!(under_b(&portal), (0, 1002, AppliedPolicyResult::NotApplied, 0, 1));
}

#[test]
fn pitfall_shared_device() {
    // A second user with a session of its own on Alice's laptop is bound; on a Mac it is not.
    let (_, code, ..) = under_b(&Case::on("bob@contoso.example", "LT-ALICE"));
    assert_eq!(code, 0);
    let (_, code, ..) = under_b(&Case::on("bob@contoso.example", "MAC-IVAN"));
    assert_eq!(code, 1007);
}

#[test]
fn pitfall_app_without_modern_authentication_slips_past() {
    let legacy = Case { client: "imap-client", ..Case::thief(Platform::Windows) };
    assert_eq!(under_b(&legacy), (0, 1002, AppliedPolicyResult::NotApplied, 7, 16));
    assert_eq!(legacy.codes(&policies(&["b", "d3"])), (53003, 1002));
}

#[test]
fn pitfall_modern_app_outside_the_broker() {
    let shell = Case { client: "sharepoint-powershell", ..Case::new() };
    assert_eq!(under_b(&shell), failure(1008));
}

#[test]
fn pitfall_other_platforms_are_not_covered() {
    let mac = Case { platform: Platform::MacOs, ..Case::on("dave@contoso.example", "MAC-IVAN") };
    assert_eq!(under_b(&mac), (0, 1007, AppliedPolicyResult::NotApplied, 3, 4));
}

#[test]
fn pitfall_platform_condition_left_out() {
    let text = include_str!("../../src/data/policies/b-token-protection-enabled.json");
    let mut open: serde_json::Value = serde_json::from_str(text).unwrap();
    open["conditions"]["platforms"] = serde_json::Value::Null;
    let open = PolicySet::from_json(open.to_string().as_bytes()).unwrap();
    assert_eq!(Case::thief(Platform::Android).codes(&open), (530084, 1002));
    let mut phone = device("LT-ALICE");
    phone.operating_system = "Android".into();
    let registered = Case { platform: Platform::Android, device: Some(phone), ..Case::new() };
    assert_eq!(registered.codes(&open), (530084, 1006));
}

#[test]
fn pitfall_external_user() {
    let heidi = Case { user: "heidi@fabrikam.example", ..Case::new() };
    assert_eq!(under_b(&heidi), failure(1002));
}

#[test]
fn pitfall_report_only_never_denies() {
    let set = policies(&["a"]);
    let result = |case: &Case| {
        let decision = case.decide(&set);
        assert!(decision.denial().is_none());
        assert_eq!(decision.status(), ConditionalAccessStatus::NotApplied);
        decision.entries()[0].result
    };
    assert_eq!(result(&Case::new()), AppliedPolicyResult::ReportOnlySuccess);
    assert_eq!(result(&Case::thief(Platform::Windows)), AppliedPolicyResult::ReportOnlyFailure);
    assert_eq!(result(&Case::thief(Platform::Linux)), AppliedPolicyResult::ReportOnlyNotApplied);
}

#[test]
fn pitfall_second_factor_is_no_binding() {
    let mfa = with_id(&policies(&["d2"]), 21, |policy| {
        policy["grantControls"]["builtInControls"] = serde_json::json!(["mfa"]);
    });
    let set = PolicySet::join([policies(&["b"]), mfa]).unwrap();
    let decision = Case::thief(Platform::Windows).decide(&set);
    let results: Vec<_> = decision.entries().iter().map(|entry| entry.result).collect();
    assert_eq!(results, [AppliedPolicyResult::Failure, AppliedPolicyResult::Success]);
    let without = Case { second_factor: SecondFactorProof::Absent, ..Case::new() };
    assert_eq!(without.codes(&set), (50076, 0));
}

/// The only policy of `set`, changed, under another id.
fn with_id(set: &PolicySet, id: u32, change: impl FnOnce(&mut serde_json::Value)) -> PolicySet {
    let mut policy = set.iter().next().unwrap().document().clone();
    policy["id"] = serde_json::json!(format!("11111111-0000-4000-8000-{id:012}"));
    change(&mut policy);
    PolicySet::from_json(policy.to_string().as_bytes()).unwrap()
}

#[test]
fn entries_say_what_the_log_says() {
    let set = policies(&["b", "d2", "a"]);
    let case = Case::thief(Platform::Windows);
    let decision = case.decide(&set);
    let records: Vec<AppliedPolicyRecord> = decision
        .entries()
        .iter()
        .map(|entry| AppliedPolicyRecord::new(entry, set.get(entry.policy).unwrap(), case.rules()))
        .collect();
    let expected = serde_json::json!([
        {
            "id": "11111111-0000-4000-8000-000000000002",
            "displayName": "CA-TP-02 Require token protection",
            "enforcedGrantControls": [],
            "enforcedSessionControls": ["SignInTokenProtection"],
            "sessionControlsNotSatisfied": ["SignInTokenProtection"],
            "result": "failure",
            "conditionsSatisfied": "application,users,devicePlatform,clientType",
            "conditionsNotSatisfied": "none",
        },
        {
            "id": "11111111-0000-4000-8000-000000000012",
            "displayName": "CA-12 Require compliant device",
            "enforcedGrantControls": ["RequireCompliantDevice"],
            "enforcedSessionControls": [],
            "sessionControlsNotSatisfied": [],
            "result": "failure",
            "conditionsSatisfied": "application,users",
            "conditionsNotSatisfied": "none",
        },
        {
            "id": "11111111-0000-4000-8000-000000000001",
            "displayName": "CA-TP-01 Require token protection (report-only)",
            "enforcedGrantControls": [],
            "enforcedSessionControls": ["SignInTokenProtection"],
            "sessionControlsNotSatisfied": ["SignInTokenProtection"],
            "result": "reportOnlyFailure",
            "conditionsSatisfied": "application,users,devicePlatform,clientType",
            "conditionsNotSatisfied": "none",
        },
    ]);
    assert_eq!(serde_json::to_value(&records).unwrap(), expected);
    assert_eq!(decision.status(), ConditionalAccessStatus::Failure);
    assert_eq!(decision.failed_policies().count(), 2);
}

#[test]
fn label_and_code_are_those_of_the_day() {
    let set = policies(&["b"]);
    let thief = Case { rules: "2023-06", ..Case::thief(Platform::Windows) };
    let decision = thief.decide(&set);
    let denial = decision.denial().unwrap();
    assert_eq!((denial.code, denial.control.label(thief.rules())), (53003, "Binding"));
    assert_eq!(denial.check(), Check::PolicyTokenProtection);
    let explanation = thief.explain(&set).to_string();
    assert!(explanation.contains("refuses with 53003: Binding is not met"), "{explanation}");
}

#[test]
fn the_deciding_policy_is_the_one_with_the_smallest_id() {
    let later = with_id(&policies(&["d2"]), 13, |_| ());
    let earlier = with_id(&policies(&["d2"]), 11, |_| ());
    for sets in [[later.clone(), earlier.clone()], [earlier, later]] {
        let decision = Case::thief(Platform::MacOs).decide(&PolicySet::join(sets).unwrap());
        let denial = decision.denial().unwrap();
        assert!(denial.policy.to_string().ends_with("11"), "{denial:?}");
    }
}

#[test]
fn a_check_taken_out_changes_the_outcome_and_not_the_entries() {
    let set = policies(&["b", "d1", "d2", "d3"]);
    let thief = |danger| Case { danger, ..Case::thief(Platform::Windows) };
    let sound = thief(Danger::NONE).decide(&set);
    // POL-01
    let grants = Danger::danger_without(Check::PolicyGrants).unwrap();
    assert_eq!(thief(grants).codes(&set), (530084, 1002));
    assert_eq!(thief(grants).decide(&set).entries(), sound.entries());
    // POL-02
    let binding = Danger::danger_without(Check::PolicyTokenProtection).unwrap();
    assert_eq!(thief(binding).codes(&policies(&["b"])), (0, 1002));
    assert_eq!(thief(binding).decide(&set).entries(), sound.entries());
}

#[test]
fn a_device_credential_meets_a_compliant_device_control() {
    let shown = |evidence| Case {
        client: "azure-cli",
        resource: "azure-management",
        evidence,
        ..Case::new()
    };
    let set = policies(&["b", "d1", "d2", "d3"]);
    assert_eq!(shown(Evidence::DeviceCredential).codes(&set), (0, 1008));
    assert_eq!(shown(Evidence::None).codes(&set), (53000, 1002));
}
