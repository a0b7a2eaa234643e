//! Laws of policy evaluation, on generated policies and requests, against a second evaluator.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use proptest::strategy::ValueTree as _;
use serde_json::{Value, json};
use token_protection_lab::base::Danger;
use token_protection_lab::base::id::{AppId, GroupId, RoleTemplateId, UserId};
use token_protection_lab::catalog::RulePack;
use token_protection_lab::directory::{Device, TrustType, UserType};
use token_protection_lab::policy::{
    Authentication, ClientAppType, Decision, Identity, Outcome, Platform, PolicySet, Purpose,
    SecondFactorProof, SignIn, Target, TokenProtectionStatus, UserFacts, evaluate,
};

use crate::support::slow_policy::{self, Answer, Entry, Request};

const CASES: u32 = 6_000;
const USERS: [&str; 3] = [
    "00000000-0000-4000-8000-0000000000a1",
    "00000000-0000-4000-8000-0000000000a2",
    "00000000-0000-4000-8000-0000000000a3",
];
const GROUPS: [&str; 3] = [
    "00000000-0000-4000-8000-0000000000b1",
    "00000000-0000-4000-8000-0000000000b2",
    "00000000-0000-4000-8000-0000000000b3",
];
const ROLES: [&str; 2] =
    ["00000000-0000-4000-8000-0000000000c1", "00000000-0000-4000-8000-0000000000c2"];
const APPS: [&str; 3] = [
    "00000002-0000-0ff1-ce00-000000000000",
    "00000003-0000-0ff1-ce00-000000000000",
    "797f4846-ba00-4fd7-ba43-dac1f8f63013",
];
const PLATFORMS: [(&str, Platform); 7] = [
    ("android", Platform::Android),
    ("iOS", Platform::Ios),
    ("linux", Platform::Linux),
    ("macOS", Platform::MacOs),
    ("windows", Platform::Windows),
    ("windowsPhone", Platform::WindowsPhone),
    ("unknown", Platform::Unknown),
];
const CLIENTS: [(&str, ClientAppType); 4] = [
    ("browser", ClientAppType::Browser),
    ("mobileAppsAndDesktopClients", ClientAppType::MobileAppsAndDesktopClients),
    ("exchangeActiveSync", ClientAppType::ExchangeActiveSync),
    ("other", ClientAppType::Other),
];

fn some_of<const N: usize>(of: [&'static str; N]) -> impl Strategy<Value = Vec<&'static str>> {
    // Half of all lists are empty, as in real policies.
    prop_oneof![Just(Vec::new()), subsequence(of.to_vec(), 0..=N)]
}

fn state() -> impl Strategy<Value = &'static str> {
    prop_oneof![
        6 => select(&["enabled", "Enabled"][..]),
        3 => Just("enabledForReportingButNotEnforced"),
        1 => Just("disabled"),
    ]
}

fn users() -> impl Strategy<Value = Value> {
    let included = prop_oneof![
        4 => select(&["All", "ALL"][..]).prop_map(|all| vec![all]),
        1 => select(&["None", "none"][..]).prop_map(|none| vec![none]),
        2 => Just(vec!["GuestsOrExternalUsers"]),
        4 => subsequence(USERS.to_vec(), 1..=2),
        1 => Just(Vec::new()),
    ];
    let excluded = prop_oneof![
        4 => Just(Vec::new()),
        1 => Just(vec!["guestsOrExternalUsers"]),
        1 => subsequence(USERS.to_vec(), 1..=1),
    ];
    let few = || prop_oneof![3 => Just(Vec::new()), 1 => subsequence(GROUPS.to_vec(), 1..=1)];
    let roles = || prop_oneof![3 => Just(Vec::new()), 1 => subsequence(ROLES.to_vec(), 1..=1)];
    (included, excluded, some_of(GROUPS), few(), roles(), roles()).prop_map(
        |(included, excluded, groups, not_groups, roles, not_roles)| {
            // A policy that includes nobody at all is refused when it is read.
            let nobody = included.is_empty() && groups.is_empty() && roles.is_empty();
            json!({
                "includeUsers": if nobody { vec!["None"] } else { included },
                "excludeUsers": excluded,
                "includeGroups": groups,
                "excludeGroups": not_groups,
                "includeRoles": roles,
                "excludeRoles": not_roles,
            })
        },
    )
}

fn applications() -> impl Strategy<Value = Value> {
    let included = prop_oneof![
        4 => Just(vec!["All"]),
        1 => Just(vec!["none"]),
        4 => subsequence(APPS.to_vec(), 1..=2),
    ];
    let excluded = prop_oneof![3 => Just(Vec::new()), 1 => subsequence(APPS.to_vec(), 1..=1)];
    (included, excluded).prop_map(|(included, excluded)| {
        json!({"includeApplications": included, "excludeApplications": excluded})
    })
}

fn platforms() -> impl Strategy<Value = Value> {
    let names = || {
        let known: Vec<&str> = PLATFORMS.iter().map(|(name, _)| *name).take(6).collect();
        subsequence(known, 1..=3)
    };
    let included = prop_oneof![Just(vec!["all"]), names()];
    let excluded = prop_oneof![2 => Just(Vec::new()), 2 => names(), 1 => Just(vec!["All"])];
    prop_oneof![
        Just(Value::Null),
        Just(json!({"includePlatforms": [], "excludePlatforms": []})),
        (included, excluded).prop_map(|(included, excluded)| {
            json!({"includePlatforms": included, "excludePlatforms": excluded})
        }),
    ]
}

fn clients() -> impl Strategy<Value = Value> {
    let names: Vec<&str> = CLIENTS.iter().map(|(name, _)| *name).collect();
    prop_oneof![
        Just(json!(["all"])),
        Just(json!([])),
        Just(json!(["Browser", "ALL"])),
        subsequence(names, 1..=3).prop_map(|names| json!(names)),
    ]
}

fn controls() -> impl Strategy<Value = (Value, Value)> {
    let grant = prop_oneof![
        1 => Just(vec!["block"]),
        4 => subsequence(vec!["mfa", "compliantDevice", "domainJoinedDevice"], 1..=3),
        1 => Just(vec!["Block", "MFA"]),
    ];
    let operator = select(vec![json!("AND"), json!("OR"), json!("or"), Value::Null]);
    let grant = (grant, operator)
        .prop_map(|(controls, operator)| json!({"operator": operator, "builtInControls": controls}))
        .boxed();
    let session = Just(json!({"secureSignInSession": {"isEnabled": true}})).boxed();
    let off = select(vec![Value::Null, json!({"secureSignInSession": {"isEnabled": false}})]);
    prop_oneof![
        3 => (grant.clone(), off),
        3 => (Just(Value::Null), session.clone()),
        1 => (grant, session),
    ]
}

fn policy() -> impl Strategy<Value = Value> {
    (state(), users(), applications(), platforms(), clients(), controls()).prop_map(
        |(state, users, applications, platforms, clients, (grant, session))| {
            json!({
                "displayName": "generated",
                "state": state,
                "conditions": {
                    "users": users,
                    "applications": applications,
                    "platforms": platforms,
                    "clientAppTypes": clients,
                },
                "grantControls": grant,
                "sessionControls": session,
            })
        },
    )
}

/// Up to seven policies with ids of their own, in no particular order.
fn policies() -> impl Strategy<Value = Vec<Value>> {
    let ids: Vec<u32> = (1..=7).collect();
    (prop::collection::vec(policy(), 0..=7), Just(ids).prop_shuffle()).prop_map(
        |(mut policies, ids)| {
            for (policy, id) in policies.iter_mut().zip(ids) {
                policy["id"] = json!(policy_id(id));
            }
            policies
        },
    )
}

fn policy_id(number: u32) -> String {
    format!("11111111-0000-4000-8000-{number:012}")
}

fn request() -> impl Strategy<Value = Request> {
    let who = (select(USERS.to_vec()), any::<bool>(), some_of(GROUPS), some_of(ROLES));
    let what = (subsequence(APPS.to_vec(), 1..=2), select(PLATFORMS.to_vec()));
    let how = (select(CLIENTS.to_vec()), any::<[bool; 4]>(), prop::bool::weighted(0.05));
    (who, what, how).prop_map(|(who, (resources, platform), (client, shown, registers))| {
        let (user, guest, groups, roles) = who;
        let texts = |ids: Vec<&str>| ids.into_iter().map(str::to_owned).collect();
        let [compliant, hybrid_joined, mfa, bound] = shown;
        Request {
            user: user.to_owned(),
            guest,
            groups: texts(groups),
            roles: texts(roles),
            resources: texts(resources),
            platform: platform.0,
            client: client.0,
            compliant,
            hybrid_joined,
            mfa,
            bound,
            registers_a_device: registers,
        }
    })
}

fn read(policies: &[Value]) -> PolicySet {
    PolicySet::from_json(&serde_json::to_vec(policies).unwrap()).unwrap()
}

/// The fast evaluator's opinion of the same request.
fn decide(policies: &[Value], request: &Request) -> Decision {
    let ids = |texts: &[String]| -> Vec<AppId> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    };
    let groups: BTreeSet<GroupId> = request.groups.iter().map(|id| id.parse().unwrap()).collect();
    let roles: BTreeSet<RoleTemplateId> =
        request.roles.iter().map(|id| id.parse().unwrap()).collect();
    let user: UserId = request.user.parse().unwrap();
    let device = device(request);
    let facts = UserFacts {
        id: user,
        user_type: if request.guest { UserType::Guest } else { UserType::Member },
        external: None,
        groups: &groups,
        roles: &roles,
    };
    let resources = ids(&request.resources);
    let sign_in = SignIn {
        platform: PLATFORMS.iter().find(|(name, _)| *name == request.platform).unwrap().1,
        client_app_type: CLIENTS.iter().find(|(name, _)| *name == request.client).unwrap().1,
        device: Some(&device),
        authentication: Authentication {
            second_factor: if request.mfa {
                SecondFactorProof::Passed
            } else {
                SecondFactorProof::Absent
            },
            ..Authentication::FRESH
        },
        token_protection: if request.bound {
            TokenProtectionStatus::BOUND
        } else {
            TokenProtectionStatus::unbound(1002)
        },
        purpose: if request.registers_a_device { Purpose::Bootstrap } else { Purpose::Access },
        ..SignIn::new(Identity::User(facts), Target::Resources(&resources))
    };
    evaluate(&read(policies), &sign_in, RulePack::newest(), Danger::NONE)
}

/// A device that shows nothing but what the request says of it.
fn device(request: &Request) -> Device {
    let mut device = crate::support::case::device("LT-ALICE");
    device.is_compliant = Some(request.compliant);
    device.trust_type =
        if request.hybrid_joined { TrustType::ServerAd } else { TrustType::AzureAd };
    device
}

/// The fast decision in the words of the slow one.
fn in_words(decision: &Decision) -> Answer {
    let word = |value: Value| -> &'static str { value.as_str().unwrap().to_owned().leak() };
    let mut entries: Vec<Entry> = decision
        .entries()
        .iter()
        .map(|entry| Entry {
            policy: entry.policy.to_string(),
            result: word(serde_json::to_value(entry.result).unwrap()),
            satisfied: entry.conditions_satisfied.bits(),
            not_satisfied: entry.conditions_not_satisfied.bits(),
            session_controls_not_satisfied: entry
                .session_controls_not_satisfied
                .iter()
                .map(|_| "SignInTokenProtection")
                .collect(),
        })
        .collect();
    entries.sort();
    Answer {
        refused: decision.denial().map(|denial| (denial.code, denial.policy.to_string())),
        entries,
        status: word(serde_json::to_value(decision.status()).unwrap()),
    }
}

fn slow(policies: &[Value], request: &Request) -> Answer {
    slow_policy::evaluate(policies, request, 530084)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: CASES, ..ProptestConfig::default() })]

    #[test]
    fn both_evaluators_agree(policies in policies(), request in request()) {
        prop_assert_eq!(in_words(&decide(&policies, &request)), slow(&policies, &request));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    #[test]
    fn the_order_of_policies_does_not_matter(
        (policies, shuffled) in policies()
            .prop_flat_map(|policies| (Just(policies.clone()), Just(policies).prop_shuffle())),
        request in request(),
    ) {
        prop_assert_eq!(decide(&policies, &request), decide(&shuffled, &request));
    }

    #[test]
    fn a_copy_under_a_new_id_does_not_matter(
        policies in policies(),
        at in any::<prop::sample::Index>(),
        request in request(),
    ) {
        prop_assume!(!policies.is_empty());
        let mut doubled = policies.clone();
        let mut copy = at.get(&policies).clone();
        copy["id"] = json!(policy_id(99));
        doubled.push(copy);
        let (once, twice) = (decide(&policies, &request), decide(&doubled, &request));
        prop_assert_eq!(once.outcome(), twice.outcome());
        prop_assert_eq!(once.status(), twice.status());
    }

    #[test]
    fn another_block_never_turns_a_refusal_into_a_grant(
        policies in policies(),
        block in policy(),
        request in request(),
    ) {
        let mut more = policies.clone();
        more.push(block);
        let added = more.last_mut().unwrap();
        added["id"] = json!(policy_id(99));
        added["grantControls"] = json!({"operator": "OR", "builtInControls": ["block"]});
        let (before, after) = (decide(&policies, &request), decide(&more, &request));
        if before.denial().is_some() {
            prop_assert!(after.denial().is_some());
        }
    }

    #[test]
    fn report_only_never_changes_an_outcome(
        policies in policies(),
        reported in policy(),
        request in request(),
    ) {
        let mut more = policies.clone();
        more.push(reported);
        let added = more.last_mut().unwrap();
        added["id"] = json!(policy_id(99));
        added["state"] = json!("enabledForReportingButNotEnforced");
        let (before, after) = (decide(&policies, &request), decide(&more, &request));
        prop_assert_eq!(before.outcome(), after.outcome());
        prop_assert_eq!(before.status(), after.status());
    }

    #[test]
    fn what_is_read_is_written_and_read_again(policies in policies()) {
        let written = read(&policies).to_json();
        let again = PolicySet::from_json(&serde_json::to_vec(&written).unwrap()).unwrap();
        prop_assert_eq!(again.to_json(), written.clone());
        prop_assert_eq!(written.as_array().map(Vec::len), Some(policies.len()));
    }
}

/// The generator is not vacuous: every result and every code comes up.
#[test]
fn generated_requests_reach_every_result() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let (mut results, mut codes) = (BTreeSet::new(), BTreeSet::new());
    for _ in 0..2_000 {
        let mut tree = (policies(), request()).new_tree(&mut runner).unwrap().current();
        tree.0.truncate(7);
        let answer = slow(&tree.0, &tree.1);
        results.extend(answer.entries.iter().map(|entry| entry.result));
        codes.insert(answer.refused.map_or(0, |(code, _)| code));
        if let Outcome::Deny(denial) = decide(&tree.0, &tree.1).outcome() {
            assert!(read(&tree.0).get(denial.policy).is_some());
        }
    }
    assert_eq!(codes, BTreeSet::from([0, 50076, 53000, 53001, 53003, 530084]));
    assert_eq!(results.len(), 8, "{results:?}");
}
