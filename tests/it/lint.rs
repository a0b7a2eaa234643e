//! The rules of `lint`: what each sample set yields, and cases of our own for every rule.

use serde_json::{Value, json};
use token_protection_lab::catalog::RulePack;
use token_protection_lab::directory::{self, Directory};
use token_protection_lab::policy::PolicySet;
use token_protection_lab::policy::lint::{Emergency, Finding, LintInput, LintRule, Severity, lint};

use crate::docs::root;

const PILOT: &str = "20000000-0000-4000-8000-000000000001";
const BREAK_GLASS: &str = "20000000-0000-4000-8000-000000000002";
const EMPLOYEES: &str = "20000000-0000-4000-8000-000000000003";
const KIOSK: &str = "20000000-0000-4000-8000-000000000004";
const ALICE: &str = "990e7e37-0c3b-5907-af67-85c7a31ff1e4";
const BREAKGLASS_USER: &str = "36fa17b5-53c5-5ce5-9b01-71615c53d0a9";
const EXCHANGE: &str = "00000002-0000-0ff1-ce00-000000000000";
const TEAMS: &str = "cc15fd57-2c6c-4117-a88c-83b1d56b4bbe";
const AVD: &str = "9cdead84-a844-4324-93f2-b2e6bb768d07";
const AZURE: &str = "797f4846-ba00-4fd7-ba43-dac1f8f63013";

fn sample(name: &str) -> Value {
    let folder = root().join("tests/samples/policies");
    let file =
        std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).find(|path| {
            path.file_name().unwrap().to_str().unwrap().starts_with(&format!("{name}-"))
                && path.is_file()
        });
    serde_json::from_slice(&std::fs::read(file.unwrap()).unwrap()).unwrap()
}

fn flawed(name: &str) -> Vec<Value> {
    let folder = root().join("tests/samples/policies/flawed").join(name);
    let mut files: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
        .iter()
        .map(|path| serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap())
        .collect()
}

fn directory() -> Directory {
    Directory::from_json(include_bytes!("../samples/directory.json")).unwrap()
}

/// The findings for these policies.
struct Tenant {
    policies: Vec<Value>,
    directory: Option<Directory>,
    rules: &'static RulePack,
    emergency: Vec<String>,
}

impl Tenant {
    fn of(policies: Vec<Value>) -> Self {
        let directory = Some(directory());
        Self { policies, directory, rules: RulePack::newest(), emergency: Vec::new() }
    }

    /// Policy b, changed, with its companions.
    fn with(change: impl FnOnce(&mut Value)) -> Self {
        let mut policy = sample("b");
        change(&mut policy);
        Self::of(vec![policy, sample("d1"), sample("d2"), sample("d3")])
    }

    /// Policy b with its companions, one of which is changed.
    fn with_companion(name: &str, change: impl FnOnce(&mut Value)) -> Self {
        let mut change = Some(change);
        let mut policies = vec![sample("b")];
        for one in ["d1", "d2", "d3"] {
            let mut policy = sample(one);
            if one == name {
                change.take().unwrap()(&mut policy);
            }
            policies.push(policy);
        }
        Self::of(policies)
    }

    fn without_directory(mut self) -> Self {
        self.directory = None;
        self
    }

    fn rules(mut self, id: &str) -> Self {
        self.rules = RulePack::named(id).unwrap();
        self
    }

    fn emergency(mut self, name: &str) -> Self {
        self.emergency.push(name.to_owned());
        self
    }

    fn findings(&self) -> Vec<Finding> {
        let text = Value::from(self.policies.clone()).to_string();
        let policies = PolicySet::from_json(text.as_bytes()).unwrap();
        let mut emergency = Emergency::default();
        for name in &self.emergency {
            emergency.add(name, self.directory.as_ref()).unwrap();
        }
        lint(&LintInput {
            policies: &policies,
            directory: self.directory.as_ref(),
            rules: self.rules,
            emergency: &emergency,
        })
    }

    /// Ids and severities, in order.
    fn ids(&self) -> Vec<String> {
        let short = |finding: &Finding| {
            let letter = finding.severity.as_str().chars().next().unwrap();
            format!("{}{letter}", finding.rule.id())
        };
        self.findings().iter().map(short).collect()
    }

    #[track_caller]
    fn has(&self, rule: LintRule, severity: Severity) -> Finding {
        let found = self.findings();
        let of_rule = found.iter().find(|finding| finding.rule == rule);
        let finding = of_rule.unwrap_or_else(|| panic!("{} is missing: {found:#?}", rule.id()));
        assert_eq!(finding.severity, severity, "{finding:#?}");
        finding.clone()
    }

    #[track_caller]
    fn lacks(&self, rule: LintRule) {
        let found = self.findings();
        assert!(found.iter().all(|finding| finding.rule != rule), "{found:#?}");
    }
}

use LintRule as L;
use Severity::{Error, Information, Warning};

fn users(policy: &mut Value, member: &str, ids: &[&str]) {
    policy["conditions"]["users"][member] = json!(ids);
}

fn targets(policy: &mut Value, ids: &[&str]) {
    policy["conditions"]["applications"]["includeApplications"] = json!(ids);
}

fn platforms(policy: &mut Value, include: &[&str], exclude: &[&str]) {
    policy["conditions"]["platforms"] =
        json!({"includePlatforms": include, "excludePlatforms": exclude});
}

fn filter(policy: &mut Value, mode: &str, rule: &str) {
    policy["conditions"]["devices"] = json!({"deviceFilter": {"mode": mode, "rule": rule}});
}

#[test]
fn the_sample_sets_yield_exactly_this() {
    let set = |name: &str| {
        Tenant::of(["d1", "d2", "d3"].map(sample).into_iter().chain([sample(name)]).collect())
    };
    assert_eq!(set("a").ids(), ["L13i"]);
    assert_eq!(set("b").ids(), ["L13i"]);
    // The seed's filter takes out every device of the sample but those nobody owns.
    assert_eq!(set("c1").ids(), [""; 0]);
    assert_eq!(set("c2").ids(), [""; 0]);
    for name in ["a", "b", "c1", "c2"] {
        assert_eq!(set(name).without_directory().ids(), [""; 0], "{name}");
    }
    assert_eq!(Tenant::of(vec![sample("a")]).ids(), ["L10e", "L13i"]);

    for (name, with, without) in [
        ("1-no-companion", &["L01e", "L02e", "L10e", "L13i"][..], &["L01e", "L02e", "L10e"][..]),
        ("2-client-apps-unset", &["L03e", "L13i"], &["L03e"]),
        // Nobody is left, so nobody goes unprotected; without a directory nobody can tell.
        ("3-broad-exclusion", &["L07e"], &[]),
        ("4-negative-filter", &["L02e", "L08e", "L13i"], &["L02e", "L08e"]),
    ] {
        let tenant = Tenant::of(flawed(name));
        assert_eq!(tenant.ids(), with, "{name}");
        assert_eq!(tenant.without_directory().ids(), without, "{name}");
    }
}

#[test]
fn a_finding_says_where_why_and_what_to_do() {
    let finding = Tenant::of(flawed("4-negative-filter")).has(L::L08, Error);
    assert_eq!(finding.location.path, "conditions.devices.deviceFilter.rule");
    assert_eq!(
        finding.location.policy_id.unwrap().to_string(),
        "11111111-0000-4000-8000-000000000023"
    );
    let json = serde_json::to_value(&finding).unwrap();
    assert_eq!((&json["id"], &json["severity"]), (&json!("L08"), &json!("error")));
    for member in ["why", "fix", "source"] {
        assert!(!json[member].as_str().unwrap().is_empty(), "{member}");
    }
    let about_the_tenant = Tenant::of(flawed("1-no-companion")).has(L::L10, Error);
    assert_eq!(about_the_tenant.location.policy_id, None);
}

#[test]
fn l01_unknown_platforms_are_blocked_for_those_who_are_protected() {
    // A report-only companion is named, and does not count.
    let reporting = Tenant::with_companion("d1", |policy| {
        policy["state"] = json!("enabledForReportingButNotEnforced");
    });
    assert!(reporting.has(L::L01, Warning).why.contains("only reports"));
    // One user of the pilot group slips out of the companion.
    let excluded = |policy: &mut Value| users(policy, "excludeUsers", &[ALICE]);
    let why = Tenant::with_companion("d1", excluded).has(L::L01, Warning).why;
    assert!(why.contains("1 of its users (alice@contoso.example)"), "{why}");
    Tenant::with_companion("d1", excluded).without_directory().has(L::L01, Warning);
    // Nested: the companion excludes a group that holds the pilot group two levels down.
    Tenant::with_companion("d1", |policy| users(policy, "excludeGroups", &[KIOSK]))
        .has(L::L01, Warning);
    // Another resource, another kind of client, another place, a risk, or the platform itself.
    Tenant::with_companion("d1", |policy| targets(policy, &[EXCHANGE])).has(L::L01, Warning);
    Tenant::with_companion("d1", |policy| {
        policy["conditions"]["clientAppTypes"] = json!(["browser"]);
    })
    .has(L::L01, Warning);
    Tenant::with_companion("d1", |policy| {
        policy["conditions"]["locations"] =
            json!({"includeLocations": ["All"], "excludeLocations": ["AllTrusted"]});
    })
    .has(L::L01, Warning);
    Tenant::with_companion("d1", |policy| {
        policy["conditions"]["signInRiskLevels"] = json!(["high"]);
    })
    .has(L::L01, Warning);
    Tenant::with_companion("d1", |policy| platforms(policy, &["linux"], &[])).has(L::L01, Warning);
    Tenant::with_companion("d1", |policy| filter(policy, "include", "device.model -ne null"))
        .has(L::L01, Warning);
    // Without the compliant device it is an open door.
    Tenant::of(vec![sample("b"), sample("d3")]).has(L::L01, Error);

    Tenant::with_companion("d1", |_| {}).lacks(L::L01);
    // By the nested group, by Office 365, by a filter that strangers match: the same effect.
    Tenant::with_companion("d1", |policy| {
        users(policy, "includeUsers", &[]);
        users(policy, "includeGroups", &[EMPLOYEES]);
        targets(policy, &["Office365"]);
        filter(policy, "exclude", "device.trustType -eq \"AzureAD\"");
    })
    .lacks(L::L01);
    // The policy covers every platform itself, or is not enabled.
    Tenant::with(|policy| policy["conditions"]["platforms"] = Value::Null).lacks(L::L01);
    Tenant::of(vec![sample("a")]).lacks(L::L01);
    // Emergency accounts are left out on purpose.
    Tenant::with(|policy| users(policy, "includeGroups", &[PILOT, BREAK_GLASS])).lacks(L::L01);
}

/// Policy b and its companions without a directory, each changed in the same way but for its place.
fn by_id(mut change: impl FnMut(usize, &mut Value)) -> Tenant {
    let mut policies = ["b", "d1", "d2", "d3"].map(sample).to_vec();
    policies.iter_mut().enumerate().for_each(|(at, policy)| change(at, policy));
    Tenant::of(policies).without_directory()
}

#[test]
fn without_a_directory_companions_cover_what_they_name_together() {
    // Two companions, one group each.
    let groups = [PILOT, EMPLOYEES];
    let mut split = by_id(|at, policy| {
        users(policy, "includeUsers", if at == 0 { &[] } else { &["All"] });
        users(policy, "includeGroups", if at == 0 { &groups } else { &[] });
    });
    split.lacks(L::L01);
    users(&mut split.policies[1], "includeUsers", &[]);
    users(&mut split.policies[1], "includeGroups", &groups[..1]);
    split.has(L::L01, Warning);
    let mut second = split.policies[1].clone();
    second["id"] = json!("11111111-0000-4000-8000-0000000000ab");
    users(&mut second, "includeGroups", &groups[1..]);
    split.policies.push(second);
    split.lacks(L::L01);

    // The same external users are left out everywhere, or by the companion alone.
    let partners = |kinds: &str, members: &[&str]| {
        json!({"guestOrExternalUserTypes": kinds,
            "externalTenants": {"membershipKind": "enumerated", "members": members}})
    };
    let tenants = ["30000000-0000-4000-8000-000000000001", "30000000-0000-4000-8000-000000000002"];
    let exclude = |ours: Value, theirs: Value| {
        by_id(|at, policy| {
            let excluded = if at == 0 { &ours } else { &theirs };
            policy["conditions"]["users"]["excludeGuestsOrExternalUsers"] = excluded.clone();
        })
    };
    let both = || partners("serviceProvider,otherExternalUser", &tenants);
    exclude(both(), both()).lacks(L::L01);
    exclude(both(), partners("serviceProvider", &tenants[..1])).lacks(L::L01);
    exclude(Value::Null, both()).has(L::L01, Error);
    exclude(partners("serviceProvider", &tenants[..1]), partners("serviceProvider", &tenants))
        .has(L::L01, Error);
    exclude(
        partners("serviceProvider", &tenants),
        json!({"guestOrExternalUserTypes": "serviceProvider",
            "externalTenants": {"membershipKind": "all"}}),
    )
    .has(L::L01, Error);

    // Every kind of every tenant is what the word says.
    let every = "internalGuest,b2bCollaborationGuest,b2bCollaborationMember,b2bDirectConnectUser,\
                 otherExternalUser,serviceProvider";
    let guests = |kinds: &str| {
        by_id(|at, policy| {
            users(policy, "includeUsers", if at == 0 { &["GuestsOrExternalUsers"] } else { &[] });
            users(policy, "includeGroups", &[]);
            if at > 0 {
                policy["conditions"]["users"]["includeGuestsOrExternalUsers"] =
                    json!({"guestOrExternalUserTypes": kinds});
            }
        })
    };
    guests(every).lacks(L::L01);
    guests("b2bCollaborationGuest").has(L::L01, Error);
}

#[test]
fn companions_may_leave_out_the_resources_that_the_policy_leaves_out() {
    let leaves_out = |ours: &[&str], theirs: &[&str]| {
        let mut policies = ["b", "d1", "d2", "d3"].map(sample);
        for (at, policy) in policies.iter_mut().enumerate() {
            policy["conditions"]["applications"]["excludeApplications"] =
                json!(if at == 0 { ours } else { theirs });
        }
        targets(&mut policies[0], &["All"]);
        Tenant::of(policies.to_vec())
    };
    leaves_out(&[AZURE, TEAMS], &[AZURE]).lacks(L::L01);
    leaves_out(&["Office365"], &[TEAMS]).lacks(L::L01);
    leaves_out(&[TEAMS], &[AZURE]).has(L::L01, Error);
    leaves_out(&[TEAMS], &["Office365"]).has(L::L01, Error);
}

#[test]
fn l02_platforms_left_out_ask_for_a_device() {
    let without_d2 = || vec![sample("b"), sample("d1"), sample("d3")];
    let why = Tenant::of(without_d2()).has(L::L02, Error).why;
    assert!(why.contains("Android, iOS, macOS:"), "{why}");
    Tenant::of(without_d2()).without_directory().has(L::L02, Error);
    let reporting = Tenant::with_companion("d2", |policy| {
        policy["state"] = json!("enabledForReportingButNotEnforced");
    });
    assert!(reporting.has(L::L02, Error).why.contains("`CA-12 Require compliant device` would"));
    // A second factor is not a device.
    Tenant::with_companion("d2", |policy| {
        policy["grantControls"]["builtInControls"] = json!(["compliantDevice", "mfa"]);
    })
    .has(L::L02, Error);
    Tenant::with_companion("d2", |policy| platforms(policy, &["iOS", "macOS"], &[]))
        .has(L::L02, Error);

    Tenant::with(|_| {}).lacks(L::L02);
    // Or equal: both controls with AND, hybrid joined, one of two kinds of device, or a block.
    for (operator, controls) in [
        ("AND", json!(["compliantDevice", "mfa"])),
        ("OR", json!(["domainJoinedDevice"])),
        ("OR", json!(["compliantDevice", "domainJoinedDevice"])),
    ] {
        Tenant::with_companion("d2", |policy| {
            policy["grantControls"]["operator"] = json!(operator);
            policy["grantControls"]["builtInControls"] = controls;
        })
        .lacks(L::L02);
    }
    let mut all_but_windows = without_d2();
    platforms(&mut all_but_windows[1], &["all"], &["windows"]);
    Tenant::of(all_but_windows).lacks(L::L02);
    // Another token-protection policy takes care of the platforms that are left.
    let mut apple = without_d2();
    let mut second = sample("b");
    second["id"] = json!("11111111-0000-4000-8000-0000000000aa");
    platforms(&mut second, &["iOS", "macOS"], &[]);
    platforms(&mut apple[1], &["all"], &["iOS", "windows", "macOS"]);
    apple.push(second);
    Tenant::of(apple).lacks(L::L02);
}

#[test]
fn l03_browsers_towards_native_resources() {
    for types in
        [json!(["all"]), json!(["browser"]), json!(["browser", "mobileAppsAndDesktopClients"])]
    {
        Tenant::with(|policy| policy["conditions"]["clientAppTypes"] = types).has(L::L03, Error);
    }
    Tenant::with(|policy| {
        targets(policy, &[TEAMS]);
        policy["conditions"]["clientAppTypes"] = json!(["all"]);
    })
    .has(L::L03, Error);
    Tenant::with(|_| {}).lacks(L::L03);
    Tenant::with(|policy| {
        targets(policy, &[AZURE]);
        policy["conditions"]["clientAppTypes"] = json!(["browser"]);
    })
    .lacks(L::L03);
    // Other policies may be about every kind of client.
    Tenant::of(vec![sample("d1"), sample("d2"), sample("d3")]).lacks(L::L03);
}

#[test]
fn l04_groups_of_apps() {
    for target in ["All", "Office365", "MicrosoftAdminPortals"] {
        Tenant::with(|policy| targets(policy, &[target])).has(L::L04, Error);
    }
    Tenant::with(|_| {}).lacks(L::L04);
    Tenant::of(vec![sample("d2")]).lacks(L::L04);
}

#[test]
fn l05_platforms_that_cannot_be_bound() {
    let on = |include: &[&str]| Tenant::with(|policy| platforms(policy, include, &[]));
    on(&["android"]).has(L::L05, Error);
    on(&["windows", "linux"]).has(L::L05, Error);
    on(&["all"]).has(L::L05, Error);
    Tenant::with(|policy| policy["conditions"]["platforms"] = Value::Null).has(L::L05, Error);
    on(&["windows", "macOS"]).rules("2025-05").has(L::L05, Error);
    on(&["windows", "macOS", "iOS"]).lacks(L::L05);
    on(&["windows"]).rules("2023-06").lacks(L::L05);
    // The companions name every platform, and may.
    Tenant::of(vec![sample("d1"), sample("d2")]).lacks(L::L05);
}

#[test]
fn l06_emergency_accounts() {
    let none = || Tenant::with(|policy| users(policy, "excludeGroups", &[]));
    none().has(L::L06, Warning);
    none().without_directory().has(L::L06, Warning);
    // It excludes somebody, and not them.
    let other = || Tenant::with(|policy| users(policy, "excludeGroups", &[KIOSK]));
    other().has(L::L06, Warning);
    Tenant::with(|_| {}).emergency("alice@contoso.example").has(L::L06, Error);
    // A companion that would lock them out.
    Tenant::with_companion("d2", |policy| users(policy, "excludeGroups", &[])).has(L::L06, Error);

    Tenant::with(|_| {}).lacks(L::L06);
    other().without_directory().lacks(L::L06);
    other().without_directory().emergency(KIOSK).lacks(L::L06);
    Tenant::with(|policy| {
        users(policy, "excludeGroups", &[]);
        users(policy, "excludeUsers", &[BREAKGLASS_USER]);
    })
    .lacks(L::L06);
    let unknown = Emergency::default().add("nobody@contoso.example", Some(&directory()));
    assert_eq!(unknown.unwrap_err().code(), "policy.lint_emergency_unknown");
}

#[test]
fn l07_exclusions_that_empty_a_policy() {
    Tenant::with(|policy| users(policy, "excludeGroups", &[EMPLOYEES])).has(L::L07, Error);
    Tenant::with(|policy| users(policy, "excludeGroups", &[PILOT]))
        .without_directory()
        .has(L::L07, Error);
    // Ten of eleven are employees or guests of the pilot.
    Tenant::with_companion("d3", |policy| users(policy, "excludeGroups", &[EMPLOYEES]))
        .has(L::L07, Warning);
    Tenant::with(|_| {}).lacks(L::L07);
    Tenant::with(|policy| users(policy, "excludeUsers", &[ALICE])).lacks(L::L07);
    // Exactly half is not more than half.
    let bob = "4aeb59f7-d3ab-503f-9d9e-a226c5024dea";
    Tenant::with(|policy| {
        users(policy, "includeGroups", &[]);
        users(policy, "includeUsers", &[ALICE, bob]);
        users(policy, "excludeUsers", &[bob]);
    })
    .lacks(L::L07);
}

#[test]
fn l08_exclusions_by_a_negative_comparison() {
    let excluded = |rule: &'static str| Tenant::with(move |policy| filter(policy, "exclude", rule));
    excluded("device.extensionAttribute1 -ne \"SAW\"").has(L::L08, Error);
    excluded("-not (device.trustType -eq \"AzureAD\")").has(L::L08, Error);
    // Positive words with the same effect.
    excluded("device.model -eq null").has(L::L08, Error);
    excluded("device.model -ne \"x\" -and device.isCompliant -eq \"True\"").has(L::L08, Warning);
    excluded("device.profileType -eq \"SecureVM\"").lacks(L::L08);
    Tenant::with(|policy| filter(policy, "include", "device.model -ne \"x\"")).lacks(L::L08);
    Tenant::with(|_| {}).lacks(L::L08);
}

#[test]
fn l09_collections_compared_as_texts() {
    let excluded = |rule: &'static str| Tenant::with(move |policy| filter(policy, "exclude", rule));
    excluded("systemLabels -eq \"CloudPC\" and trustType -eq \"AzureAD\"").has(L::L09, Warning);
    excluded("device.physicalIds -in [\"[ZTDId]:1\"]").has(L::L09, Warning);
    excluded("device.systemLabels -contains \"CloudPC\"").lacks(L::L09);
    excluded("device.trustType -eq \"AzureAD\"").lacks(L::L09);
}

#[test]
fn l10_legacy_clients() {
    Tenant::of(vec![sample("b"), sample("d1")]).has(L::L10, Error);
    let only = |types: Value| {
        let mut policies = vec![sample("b"), sample("d1"), sample("d3")];
        policies[2]["conditions"]["clientAppTypes"] = types;
        Tenant::of(policies)
    };
    let why = only(json!(["other"])).has(L::L10, Error).why;
    assert!(why.contains("Exchange ActiveSync") && !why.contains("other legacy"), "{why}");
    only(json!(["exchangeActiveSync"])).has(L::L10, Error);
    // No token protection at all: nobody is stopped, neither by a policy about a user action nor by
    // one about workloads.
    Tenant::of(vec![sample("d1")]).has(L::L10, Warning);
    let mut registering = sample("d2");
    targets(&mut registering, &[]);
    registering["conditions"]["applications"]["includeUserActions"] =
        json!(["urn:user:registersecurityinfo"]);
    Tenant::of(vec![registering]).has(L::L10, Warning);
    let mut workloads = sample("d2");
    workloads["conditions"]["users"] = json!({"includeUsers": ["None"]});
    workloads["conditions"]["clientApplications"] =
        json!({"includeServicePrincipals": ["ServicePrincipalsInMyTenant"]});
    Tenant::of(vec![workloads]).without_directory().has(L::L10, Warning);
    Tenant::of(vec![sample("d2")]).lacks(L::L10);

    only(json!(["exchangeActiveSync", "other"])).lacks(L::L10);
    // A device that legacy clients cannot show stops them as well.
    Tenant::of(vec![sample("b"), sample("d1"), sample("d2")]).lacks(L::L10);
}

#[test]
fn l11_another_session_control_beside_it() {
    for (name, control) in [
        (
            "signInFrequency",
            json!({"isEnabled": true, "value": 4, "type": "hours",
            "frequencyInterval": "timeBased",
            "authenticationType": "primaryAndSecondaryAuthentication"}),
        ),
        ("applicationEnforcedRestrictions", json!({"isEnabled": true})),
    ] {
        Tenant::with(|policy| policy["sessionControls"][name] = control).has(L::L11, Warning);
    }
    Tenant::with(|policy| {
        policy["sessionControls"]["applicationEnforcedRestrictions"] = json!({"isEnabled": false});
    })
    .lacks(L::L11);
    Tenant::with(|_| {}).lacks(L::L11);
}

#[test]
fn l12_resources_that_are_not_protected() {
    let finding = Tenant::with(|policy| targets(policy, &[EXCHANGE, AZURE])).has(L::L12, Error);
    assert_eq!(finding.location.path, "conditions.applications.includeApplications[1]");
    // The place is that of the document, whatever the order of the ids.
    let upper = AZURE.to_uppercase();
    let finding =
        Tenant::with(|policy| targets(policy, &[TEAMS, &upper, EXCHANGE])).has(L::L12, Error);
    assert_eq!(finding.location.path, "conditions.applications.includeApplications[1]");
    // What is excluded again is no target.
    Tenant::with(|policy| {
        targets(policy, &[EXCHANGE, AZURE]);
        policy["conditions"]["applications"]["excludeApplications"] = json!([AZURE]);
    })
    .lacks(L::L12);
    Tenant::with(|policy| targets(policy, &["5e000000-0000-4000-8000-00000000dead"]))
        .has(L::L12, Error);
    Tenant::with(|policy| targets(policy, &[TEAMS])).rules("2025-05").has(L::L12, Error);
    Tenant::with(|policy| {
        targets(policy, &[AVD]);
        policy["conditions"]["clientAppTypes"] = json!(["browser"]);
    })
    .has(L::L12, Error);
    Tenant::with(|policy| targets(policy, &[EXCHANGE, TEAMS, AVD])).lacks(L::L12);
    Tenant::with(|policy| {
        targets(policy, &[AZURE]);
        policy["conditions"]["clientAppTypes"] = json!(["browser"]);
    })
    .lacks(L::L12);
}

#[test]
fn l13_devices_of_covered_users_alone() {
    let why = Tenant::with(|_| {}).has(L::L13, Information).why;
    for name in ["AVD-0", "CLOUDPC-1", "PAD-HOST-1", "AZVM-1"] {
        assert!(why.contains(name), "{why}");
    }
    // Self-deployed and bulk-enrolled ones belong to nobody.
    assert!(!why.contains("AP-SELF-1") && !why.contains("BULK-1"), "{why}");
    let one = Tenant::with(|policy| {
        filter(policy, "exclude", "device.systemLabels -contains \"AzureResource\"");
    })
    .has(L::L13, Information);
    assert!(!one.why.contains("AVD-0") && one.why.contains("CLOUDPC-1"), "{}", one.why);
    let alice = Tenant::with(|policy| {
        users(policy, "includeGroups", &[]);
        users(policy, "includeUsers", &[ALICE]);
    });
    let why = alice.has(L::L13, Information).why;
    assert!(why.contains("CLOUDPC-1") && !why.contains("AVD-0"), "{why}");

    let judy = "3dc6ba8b-dbd7-5195-9e84-30ad1f620691";
    Tenant::with(|policy| {
        users(policy, "includeGroups", &[]);
        users(policy, "includeUsers", &[judy]);
    })
    .lacks(L::L13);
    Tenant::with(|_| {}).rules("2023-06").lacks(L::L13);
    Tenant::with(|policy| platforms(policy, &["macOS"], &[])).lacks(L::L13);
}

#[test]
fn l14_resources_of_windows_elsewhere() {
    for (resource, platform) in [(AVD, "macOS"), ("0af06dc6-e4b5-4f28-818e-e78e62d137a5", "iOS")] {
        let finding = Tenant::with(|policy| {
            targets(policy, &[resource]);
            platforms(policy, &["windows", platform], &[]);
        })
        .has(L::L14, Error);
        assert!(finding.why.contains(platform), "{}", finding.why);
    }
    let finding = Tenant::with(|policy| {
        targets(policy, &[TEAMS, AVD, EXCHANGE]);
        platforms(policy, &["windows", "macOS"], &[]);
    })
    .has(L::L14, Error);
    assert_eq!(finding.location.path, "conditions.applications.includeApplications[1]");
    Tenant::with(|policy| targets(policy, &[AVD])).lacks(L::L14);
    Tenant::with(|policy| platforms(policy, &["windows", "macOS"], &[])).lacks(L::L14);
}

#[test]
fn l15_the_licence_of_the_rule_pack() {
    // The built-in directory has Entra ID P1, which was not enough in 2025.
    let licensed = |rules: &str, change: fn(&mut Value)| {
        let mut file: Value = serde_json::from_slice(directory::SAMPLE).unwrap();
        change(&mut file);
        let mut tenant = Tenant::with(|_| {}).rules(rules);
        tenant.directory = Some(Directory::from_json(file.to_string().as_bytes()).unwrap());
        tenant
    };
    licensed("2025-05", |_| {}).has(L::L15, Warning);
    let without = |file: &mut Value| file["users"][0]["licences"] = json!([]);
    let why = licensed("2026-09", without).has(L::L15, Warning).why;
    assert!(why.contains("1 of 9") && why.contains("alice@contoso.example"), "{why}");
    licensed("2026-09", |_| {}).lacks(L::L15);
    // A directory that records no licence says nothing, and neither does none at all.
    Tenant::with(|_| {}).lacks(L::L15);
    Tenant::with(|_| {}).without_directory().lacks(L::L15);
}

#[test]
fn only_policies_that_are_on_are_checked() {
    let off = |policy: &mut Value| {
        policy["state"] = json!("disabled");
        policy["conditions"]["clientAppTypes"] = json!(["all"]);
        policy["conditions"]["platforms"] = Value::Null;
        users(policy, "excludeGroups", &[EMPLOYEES]);
        filter(policy, "exclude", "device.systemLabels -ne \"x\"");
    };
    assert_eq!(Tenant::with(off).ids(), [""; 0]);
}

#[test]
fn every_finding_has_a_severity_of_its_rule() {
    for name in ["1-no-companion", "2-client-apps-unset", "3-broad-exclusion", "4-negative-filter"]
    {
        for finding in Tenant::of(flawed(name)).findings() {
            assert!(finding.rule.severities().contains(&finding.severity), "{finding:#?}");
        }
    }
    let ids: Vec<&str> = LintRule::ALL.iter().map(|rule| rule.id()).collect();
    let expected: Vec<String> = (1..=15).map(|number| format!("L{number:02}")).collect();
    assert_eq!(ids, expected);
}
