//! Policy files: what is read, what is refused and where, what is kept. (conditional-access 2,
//! product 6)

use proptest::prelude::*;
use serde_json::{Value, json};
use token_protection_lab::policy::{
    ClientAppType, Flags, GrantControl, Operator, Platform, PolicyError, PolicySet, PolicyState,
    Warning,
};

const B: &str = include_str!("../../src/data/policies/b-token-protection-enabled.json");
const D2: &str = include_str!("../../src/data/policies/d2-require-compliant-device.json");

fn sample() -> Value {
    serde_json::from_str(B).unwrap()
}

/// The sample with `value` at a JSON pointer.
fn with(pointer: &str, value: Value) -> Value {
    let mut policy = sample();
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    policy.pointer_mut(parent).unwrap()[name] = value;
    policy
}

fn read(policy: &Value) -> Result<PolicySet, PolicyError> {
    PolicySet::from_json(policy.to_string().as_bytes())
}

fn refusal(policy: &Value) -> (&'static str, String) {
    let error = read(policy).unwrap_err();
    (error.code(), error.to_string())
}

#[test]
fn the_samples_are_read_and_written_as_they_came() {
    for text in [
        include_str!("../../src/data/policies/a-token-protection-report-only.json"),
        B,
        include_str!("../../src/data/policies/d1-block-unknown-platforms.json"),
        D2,
        include_str!("../../src/data/policies/d3-block-legacy-authentication.json"),
    ] {
        let set = PolicySet::from_json(text.as_bytes()).unwrap();
        assert_eq!(
            serde_json::to_value(&set).unwrap(),
            serde_json::from_str::<Value>(text).unwrap()
        );
        assert!(set.warnings().is_empty());
    }
}

#[test]
fn the_members_mean_what_they_say() {
    let set = PolicySet::from_json(B.as_bytes()).unwrap();
    let policy = set.iter().next().unwrap();
    assert_eq!(policy.state(), PolicyState::Enabled);
    assert_eq!(policy.display_name(), "CA-TP-02 Require token protection");
    let conditions = policy.conditions();
    assert_eq!(conditions.applications.include.iter().count(), 2);
    assert_eq!(conditions.platforms.unwrap().include, Flags::of(&[Platform::Windows]));
    let native = Flags::of(&[ClientAppType::MobileAppsAndDesktopClients]);
    assert_eq!(conditions.client_app_types, Some(native));
    assert!(policy.grant_controls().controls.is_empty());
    assert!(!policy.session_controls().is_empty());
    let set = PolicySet::from_json(D2.as_bytes()).unwrap();
    let policy = set.iter().next().unwrap();
    assert!(policy.conditions().users.include_all && policy.conditions().platforms.is_none());
    assert_eq!(policy.conditions().client_app_types, None);
    assert_eq!(policy.conditions().users.exclude.roles.iter().count(), 1);
    assert_eq!(policy.grant_controls().operator, Operator::Or);
    assert_eq!(policy.grant_controls().controls, Flags::of(&[GrantControl::CompliantDevice]));
}

#[test]
fn documented_members_that_are_not_evaluated_refuse_the_policy() {
    let cases = [
        ("/conditions/clients", json!(["x"])),
        ("/conditions/times", json!({"x": 1})),
        ("/conditions/applications/globalSecureAccess", json!({"x": 1})),
        ("/conditions/applications/networkAccess", json!({"x": 1})),
        ("/sessionControls/networkAccessSecurity", json!({"isEnabled": true})),
        ("/deletedDateTime", json!("2026-01-01T00:00:00Z")),
    ];
    for (pointer, value) in cases {
        let path = pointer.trim_start_matches('/').replace('/', ".");
        let error = read(&with(pointer, value)).unwrap_err();
        assert_eq!(error, PolicyError::NotEvaluatedMember { path });
    }
}

#[test]
fn documented_members_that_ask_nothing_are_no_reason_to_refuse() {
    for (pointer, value) in [
        ("/conditions/devices", json!({"deviceFilter": null})),
        ("/conditions/locations", json!({"includeLocations": [], "excludeLocations": []})),
        ("/conditions/authenticationFlows", json!({"transferMethods": "none"})),
        ("/conditions/insiderRiskLevels", json!("")),
        ("/conditions/times", json!(null)),
        ("/sessionControls/signInFrequency", json!({"isEnabled": false, "value": 4})),
        ("/sessionControls/disableResilienceDefaults", json!(false)),
        (
            "/conditions/users/includeGuestsOrExternalUsers",
            json!({"guestOrExternalUserTypes": "none", "externalTenants": {"@odata.type": "#x"}}),
        ),
    ] {
        let policy = with(pointer, value);
        assert_eq!(read(&policy).unwrap().to_json(), policy, "{pointer}");
    }
}

#[test]
fn unknown_members_refuse_where_they_would_change_the_meaning() {
    for pointer in [
        "/conditions/weather",
        "/conditions/users/includeAnimals",
        "/conditions/applications/weather",
        "/conditions/platforms/weather",
        "/sessionControls/weather",
        "/sessionControls/secureSignInSession/weather",
    ] {
        let path = pointer.trim_start_matches('/').replace('/', ".");
        for value in [json!("rain"), json!(false), json!(0), json!({"isEnabled": false})] {
            let error = read(&with(pointer, value)).unwrap_err();
            assert_eq!(error, PolicyError::UnknownMember { path: path.clone() });
        }
        for empty in [json!(null), json!([]), json!({}), json!(""), json!({"a": [], "b": null})] {
            let set = read(&with(pointer, empty)).unwrap();
            assert!(set.warnings().is_empty(), "{pointer}");
        }
    }
}

#[test]
fn unknown_members_elsewhere_are_kept_and_named() {
    let policy = with("/partialEnablementStrategy", json!("later"));
    let set = read(&policy).unwrap();
    assert_eq!(set.to_json(), policy);
    assert_eq!(set.warnings().len(), 1);
    assert_eq!(set.warnings()[0].path(), "partialEnablementStrategy");
    let silent = read(&with("/partialEnablementStrategy", json!(null))).unwrap();
    assert!(silent.warnings().is_empty());
    let nested = read(&json!({"value": [policy], "total": 1})).unwrap();
    let paths: Vec<&str> = nested.warnings().iter().map(|warning| warning.path()).collect();
    assert_eq!(paths, ["total", "value[0].partialEnablementStrategy"]);
}

#[test]
fn annotations_are_kept_and_silent_everywhere() {
    for pointer in [
        "/@odata.context",
        "/conditions/@odata.type",
        "/conditions/users/includeUsers@odata.type",
        "/sessionControls/secureSignInSession/@odata.type",
    ] {
        let policy = with(pointer, json!("#x"));
        let set = read(&policy).unwrap();
        assert!(set.warnings().is_empty(), "{pointer}");
        assert_eq!(set.to_json(), policy);
    }
}

#[test]
fn words_are_read_in_any_case_and_written_in_one() {
    let mut policy = sample();
    policy["state"] = json!("ENABLED");
    policy["conditions"]["users"]["includeUsers"] = json!(["all", "guestsorexternalusers"]);
    policy["conditions"]["users"]["excludeUsers"] = json!(["GUESTSOREXTERNALUSERS"]);
    policy["conditions"]["applications"]["includeApplications"] = json!(["none"]);
    policy["conditions"]["platforms"] =
        json!({"includePlatforms": ["ALL"], "excludePlatforms": ["ios"]});
    policy["conditions"]["clientAppTypes"] = json!(["Browser", "OTHER"]);
    policy["grantControls"] = json!({"operator": "or", "builtInControls": ["MFA"]});
    let written = read(&policy).unwrap().to_json();
    assert_eq!(written["state"], "enabled");
    assert_eq!(
        written["conditions"]["users"]["includeUsers"],
        json!(["All", "GuestsOrExternalUsers"])
    );
    assert_eq!(written["conditions"]["users"]["excludeUsers"], json!(["GuestsOrExternalUsers"]));
    assert_eq!(written["conditions"]["applications"]["includeApplications"], json!(["None"]));
    assert_eq!(
        written["conditions"]["platforms"],
        json!({"includePlatforms": ["all"], "excludePlatforms": ["iOS"]})
    );
    assert_eq!(written["conditions"]["clientAppTypes"], json!(["browser", "other"]));
    assert_eq!(written["grantControls"], json!({"operator": "OR", "builtInControls": ["mfa"]}));
}

#[test]
fn a_policy_without_an_id_gets_one_from_its_document() {
    let (first, other) = (with("/id", json!(null)), with("/displayName", json!("Another")));
    let (one, again) = (read(&first).unwrap(), read(&first).unwrap());
    let [Warning::MadeId { path, id }] = one.warnings() else { panic!("{:?}", one.warnings()) };
    assert_eq!(path, "id");
    assert!(one.get(*id).is_some() && again.get(*id).is_some());
    assert_eq!(one.to_json(), first, "what was made is not written back");
    let mut other = other;
    other.as_object_mut().unwrap().remove("id");
    let both = read(&json!({"value": [first, other]})).unwrap();
    assert_eq!(both.len(), 2, "other documents have other ids");
}

#[test]
fn wrong_values_are_refused_with_their_place() {
    let code = |pointer: &str, value| refusal(&with(pointer, value));
    let (name, sentence) = code("/state", json!("on"));
    assert_eq!(name, "policy.unknown_value");
    assert!(sentence.contains("`state`") && sentence.contains("`enabled`"), "{sentence}");
    for (pointer, value, expected) in [
        ("/state", json!(null), "policy.missing"),
        ("/id", json!("seven"), "policy.unknown_value"),
        ("/displayName", json!(""), "policy.missing"),
        ("/conditions", json!(null), "policy.missing"),
        ("/conditions", json!([]), "policy.wrong_type"),
        ("/conditions/users/includeUsers", json!("All"), "policy.wrong_type"),
        ("/conditions/users/includeUsers", json!([null]), "policy.wrong_type"),
        ("/conditions/users/includeUsers", json!(["alice"]), "policy.unknown_value"),
        ("/conditions/users/excludeUsers", json!(["All"]), "policy.unknown_value"),
        ("/conditions/users/includeGroups", json!(["All"]), "policy.unknown_value"),
        ("/conditions/clientAppTypes", json!(["unknownFutureValue"]), "policy.unknown_value"),
        ("/sessionControls/secureSignInSession/isEnabled", json!("yes"), "policy.wrong_type"),
        ("/grantControls", json!({"operator": "XOR"}), "policy.unknown_value"),
    ] {
        assert_eq!(code(pointer, value.clone()).0, expected, "{pointer} {value}");
    }
    let long = code("/state", json!("x".repeat(100_000))).1;
    assert!(long.len() < 400, "an error does not echo a long value whole");
}

#[test]
fn incomplete_policies_are_refused() {
    let none = json!([]);
    let mut nobody = sample();
    nobody["conditions"]["users"]["includeGroups"] = none.clone();
    let mut nothing = sample();
    nothing["conditions"]["applications"]["includeApplications"] = none.clone();
    let users_gone = with("/conditions/users", json!(null));
    let controls_off = with("/sessionControls/secureSignInSession/isEnabled", json!(false));
    let controls_gone = with("/sessionControls", json!(null));
    let platforms = with("/conditions/platforms/includePlatforms", none);
    let mut platforms_left_out = platforms;
    platforms_left_out["conditions"]["platforms"]["excludePlatforms"] = json!(["linux"]);
    for (policy, path) in [
        (nobody, "conditions.users"),
        (users_gone, "conditions.users"),
        (nothing, "conditions.applications"),
        (controls_off, "grantControls"),
        (controls_gone, "grantControls"),
        (platforms_left_out, "conditions.platforms.includePlatforms"),
    ] {
        let (code, sentence) = refusal(&policy);
        assert_eq!(code, "policy.incomplete");
        assert!(sentence.contains(&format!("`{path}`")), "{sentence}");
        assert!(sentence.contains("11111111-0000-4000-8000-000000000002"), "{sentence}");
    }
    let none = with("/conditions/users/includeUsers", json!(["None"]));
    assert!(read(&none).is_ok(), "`None` is a choice, not an omission");
}

#[test]
fn duplicates_are_refused() {
    let twice = json!([sample(), sample()]);
    assert_eq!(refusal(&twice).0, "policy.duplicate_id");
    let set = read(&sample()).unwrap();
    assert_eq!(PolicySet::join([set.clone(), set]).unwrap_err().code(), "policy.duplicate_id");
    let member = B.replacen("\"state\"", "\"state\": \"enabled\", \"state\"", 1);
    assert_eq!(PolicySet::from_json(member.as_bytes()).unwrap_err().code(), "policy.json");
}

#[test]
fn shapes_are_kept_and_errors_name_the_policy() {
    let d2: Value = serde_json::from_str(D2).unwrap();
    for shape in [
        json!([d2, sample()]),
        json!({"@odata.context": "https://x/$metadata", "value": [d2, sample()]}),
        json!([]),
        json!({"value": []}),
    ] {
        assert_eq!(read(&shape).unwrap().to_json(), shape);
    }
    let bad = with("/conditions/devices", json!({"deviceFilter": {"mode": "include"}}));
    let sentence = refusal(&json!({"value": [d2, bad]})).1;
    assert!(sentence.contains("`value[1].conditions.devices.deviceFilter.rule`"), "{sentence}");
    let sentence = refusal(&json!([d2, 7])).1;
    assert!(sentence.contains("`[1]`"), "{sentence}");
    for text in ["7", "null", "\"x\"", "{}", "", "{\"value\": 7}"] {
        assert!(PolicySet::from_json(text.as_bytes()).is_err(), "{text}");
    }
    let joined = PolicySet::join([read(&sample()).unwrap(), read(&d2).unwrap()]).unwrap();
    assert_eq!(joined.to_json(), json!([sample(), d2]));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn no_text_makes_the_reader_panic(at in any::<prop::sample::Index>(), octet in any::<u8>()) {
        let mut text = D2.as_bytes().to_vec();
        *at.get_mut(&mut text) = octet;
        let _ = PolicySet::from_json(&text);
        let _ = PolicySet::from_json(&text[..at.index(text.len())]);
    }
}
