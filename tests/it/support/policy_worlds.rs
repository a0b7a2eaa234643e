//! Generated policies and requests, from a number: the same number, the same world.
//!
//! Every member of a policy has a chance to be configured and a chance to fit the request, so that
//! each condition and each control comes to decide.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::slow_filter::{Filter, Subject};
use super::slow_policy::{Machine, Request, Target, Who};

pub const USERS: [&str; 3] = [
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
const TENANTS: [&str; 2] =
    ["00000000-0000-4000-8000-0000000000d1", "00000000-0000-4000-8000-0000000000d2"];
const WORKLOADS: [&str; 3] = [
    "00000000-0000-4000-8000-0000000000e1",
    "00000000-0000-4000-8000-0000000000e2",
    "00000000-0000-4000-8000-0000000000e3",
];
const LOCATIONS: [&str; 3] = [
    "00000000-0000-4000-8000-0000000000f1",
    "00000000-0000-4000-8000-0000000000f2",
    "00000000-0000-0000-0000-000000000000",
];
const AGREEMENTS: [&str; 2] =
    ["00000000-0000-4000-8000-000000000a91", "00000000-0000-4000-8000-000000000a92"];
const CUSTOM: [&str; 2] = ["RequireDuoMfa", "RequireOther"];
/// Exchange, SharePoint (both Office365), Azure management, Azure portal (an admin portal), nothing.
const APPS: [&str; 5] = [
    "00000002-0000-0ff1-ce00-000000000000",
    "00000003-0000-0ff1-ce00-000000000000",
    "797f4846-ba00-4fd7-ba43-dac1f8f63013",
    "c44b4083-3bb0-49c1-b47d-974e53cbdf3c",
    "00000000-0000-4000-8000-0000000000aa",
];
const EXTERNAL: [&str; 6] = [
    "internalGuest",
    "b2bCollaborationGuest",
    "b2bCollaborationMember",
    "b2bDirectConnectUser",
    "otherExternalUser",
    "serviceProvider",
];
const PLATFORMS: [&str; 6] = ["android", "iOS", "linux", "macOS", "windows", "windowsPhone"];
const CLIENTS: [&str; 4] =
    ["browser", "mobileAppsAndDesktopClients", "exchangeActiveSync", "other"];
const ACTIONS: [&str; 2] = ["urn:user:registerdevice", "urn:user:registersecurityinfo"];
const CONTEXTS: [&str; 2] = ["c1", "c37"];
const RISKS: [&str; 5] = ["low", "medium", "high", "hidden", "none"];
const INSIDER: [&str; 3] = ["minor", "moderate", "elevated"];
const TRANSFER: [&str; 2] = ["deviceCodeFlow", "authenticationTransfer"];
const METHODS: [&str; 5] = ["password", "softwareOath", "fido2", "sms", "windowsHelloForBusiness"];
const COMBINATIONS: [&str; 4] =
    ["password,softwareOath", "fido2", "password, sms", "windowsHelloForBusiness"];
const BUILT_IN: [&str; 5] =
    ["mfa", "compliantDevice", "domainJoinedDevice", "approvedApplication", "compliantApplication"];

/// A stream of choices that follows from a number (SplitMix64).
pub struct Dice(u64);

impl Dice {
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Below `limit`.
    pub fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }

    /// True so many times in a hundred.
    pub fn percent(&mut self, share: usize) -> bool {
        self.below(100) < share
    }

    fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }

    /// Each with a chance of two in five, in order.
    fn some<T: Copy>(&mut self, of: &[T]) -> Vec<T> {
        of.iter().copied().filter(|_| self.percent(40)).collect()
    }

    /// At least one.
    fn few<T: Copy>(&mut self, of: &[T]) -> Vec<T> {
        let one = self.pick(of);
        let mut few = self.some(of);
        if few.is_empty() {
            few.push(one);
        }
        few
    }

    /// A member that is often not there: null, or what `make` makes.
    fn maybe(&mut self, share: usize, make: impl FnOnce(&mut Self) -> Value) -> Value {
        if self.percent(share) { make(self) } else { Value::Null }
    }
}

/// Generated policies, with the trees behind their filters.
#[derive(Clone, Debug, Default)]
pub struct Policies {
    pub documents: Vec<Value>,
    pub filters: BTreeMap<String, Filter>,
}

pub fn policy_id(number: usize) -> String {
    format!("11111111-0000-4000-8000-{number:012}")
}

impl Policies {
    /// Up to `most` policies with ids of their own, in no particular order.
    pub fn generate(dice: &mut Dice, most: usize) -> Self {
        let mut all = Self::default();
        let count = dice.below(most + 1);
        let turn = dice.below(most + 1);
        for number in 0..count {
            let id = policy_id((number * 7 + turn) % 97 + 1);
            all.add(dice, &id);
        }
        all
    }

    /// Adds a generated policy.
    pub fn add(&mut self, dice: &mut Dice, id: &str) {
        let policy = self.policy(dice, id);
        self.documents.push(policy);
    }

    fn policy(&mut self, dice: &mut Dice, id: &str) -> Value {
        let workloads = dice.percent(15);
        let (grant, session) = controls(dice);
        let changes_password = grant["builtInControls"]
            .as_array()
            .is_some_and(|list| list.contains(&json!("passwordChange")));
        let mut conditions = self.conditions(dice, workloads);
        if changes_password {
            // Graph takes no other condition and all resources.
            conditions = json!({
                "users": users(dice), "clientAppTypes": ["all"],
                "applications": {"includeApplications": ["All"]},
                "userRiskLevels": dice.few(&RISKS),
            });
        }
        json!({
            "id": id,
            "displayName": "generated",
            "state": match dice.below(10) {
                0 => "disabled",
                1..=3 => "enabledForReportingButNotEnforced",
                _ => "enabled",
            },
            "conditions": conditions,
            "grantControls": grant,
            "sessionControls": session,
        })
    }

    fn conditions(&mut self, dice: &mut Dice, workloads: bool) -> Value {
        let applications = self.applications(dice);
        let client_applications = if workloads { self.workloads(dice) } else { Value::Null };
        let devices = if dice.percent(25) { self.device_filter(dice) } else { Value::Null };
        let states = match devices {
            Value::Null => dice.maybe(10, |dice| {
                json!({
                    "includeStates": dice.few(&["All", "All", "Compliant", "DomainJoined"]),
                    "excludeStates": dice.some(&["Compliant", "domainJoined"]),
                })
            }),
            _ => Value::Null,
        };
        json!({
            "applications": applications,
            "users": match (workloads, dice.below(2)) {
                (true, 0) => Value::Null,
                (true, _) => json!({"includeUsers": ["None"]}),
                (false, _) => users(dice),
            },
            "clientApplications": client_applications,
            "locations": dice.maybe(25, |dice| {
                let words: Vec<&str> =
                    LOCATIONS.iter().copied().chain(["All", "All", "AllTrusted"]).collect();
                json!({
                    "includeLocations": dice.few(&words),
                    "excludeLocations": dice.some(&["alltrusted", LOCATIONS[0], LOCATIONS[2]]),
                })
            }),
            "platforms": dice.maybe(30, |dice| {
                let include = if dice.percent(50) { vec!["all"] } else { dice.few(&PLATFORMS) };
                let exclude = if dice.percent(50) { vec![] } else { dice.some(&PLATFORMS) };
                json!({"includePlatforms": include, "excludePlatforms": exclude})
            }),
            "clientAppTypes": match dice.below(10) {
                0..=4 => json!(["all"]),
                5 => json!([]),
                6 => json!(["easSupported", "Browser"]),
                _ => json!(dice.few(&CLIENTS)),
            },
            "devices": devices,
            "deviceStates": states,
            "signInRiskLevels": dice.maybe(15, |dice| json!(dice.few(&RISKS))),
            "userRiskLevels": dice.maybe(15, |dice| json!(dice.few(&RISKS))),
            "servicePrincipalRiskLevels":
                dice.maybe(if workloads { 30 } else { 2 }, |dice| json!(dice.few(&RISKS))),
            "agentIdRiskLevels":
                dice.maybe(if workloads { 20 } else { 2 }, |dice| json!(dice.few(&RISKS[..3]).join(","))),
            "insiderRiskLevels":
                dice.maybe(10, |dice| json!(dice.few(&INSIDER).join(", "))),
            "authenticationFlows":
                dice.maybe(15, |dice| json!({"transferMethods": dice.few(&TRANSFER).join(",")})),
        })
    }

    fn applications(&mut self, dice: &mut Dice) -> Value {
        let words: Vec<&str> =
            APPS.iter().copied().chain(["Office365", "microsoftAdminPortals"]).collect();
        let filter = if dice.percent(15) { self.attribute_filter(dice) } else { Value::Null };
        json!({
            "includeApplications": match dice.below(10) {
                0 => vec!["None"],
                1..=5 => vec!["All"],
                _ => dice.few(&words),
            },
            "excludeApplications": if dice.percent(70) { vec![] } else { dice.some(&words) },
            "includeUserActions": if dice.percent(70) { vec![] } else { dice.few(&ACTIONS) },
            "includeAuthenticationContextClassReferences":
                if dice.percent(70) { vec![] } else { dice.few(&CONTEXTS) },
            "applicationFilter": filter,
        })
    }

    fn workloads(&mut self, dice: &mut Dice) -> Value {
        let words: Vec<&str> =
            WORKLOADS.iter().copied().chain(["ServicePrincipalsInMyTenant"; 2]).collect();
        let agents: Vec<&str> = WORKLOADS.iter().copied().chain(["All"]).collect();
        let filters = [20, 20].map(|share| {
            if dice.percent(share) { self.attribute_filter(dice) } else { Value::Null }
        });
        let [of_principals, of_agents] = filters;
        json!({
            "includeServicePrincipals": dice.few(&words),
            "excludeServicePrincipals": if dice.percent(70) { vec![] } else { dice.some(&WORKLOADS) },
            "servicePrincipalFilter": of_principals,
            "includeAgentIdServicePrincipals": if dice.percent(50) { vec![] } else { dice.few(&agents) },
            "excludeAgentIdServicePrincipals":
                if dice.percent(70) { vec![] } else { dice.some(&WORKLOADS) },
            "agentIdServicePrincipalFilter": of_agents,
        })
    }

    fn device_filter(&mut self, dice: &mut Dice) -> Value {
        let filter = tree(dice, 2, &device_comparison);
        let prefix = dice.pick(&["device.", "device.", ""]);
        let rule = self.keep(filter, prefix);
        json!({"deviceFilter": {"mode": dice.pick(&["include", "exclude"]), "rule": rule}})
    }

    fn attribute_filter(&mut self, dice: &mut Dice) -> Value {
        let filter = tree(dice, 1, &attribute_comparison);
        let rule = self.keep(filter, "CustomSecurityAttribute.");
        json!({"mode": dice.pick(&["include", "exclude"]), "rule": rule})
    }

    fn keep(&mut self, filter: Filter, prefix: &str) -> String {
        let rule = filter.render(prefix);
        self.filters.insert(rule.clone(), filter);
        rule
    }
}

fn users(dice: &mut Dice) -> Value {
    let external = |dice: &mut Dice| {
        let tenants = match dice.below(3) {
            0 => Value::Null,
            1 => json!({
                "@odata.type": "#microsoft.graph.conditionalAccessAllExternalTenants",
                "membershipKind": "all",
            }),
            _ => json!({"membershipKind": "enumerated", "members": dice.few(&TENANTS)}),
        };
        json!({
            "guestOrExternalUserTypes": dice.few(&EXTERNAL).join(","), "externalTenants": tenants,
        })
    };
    let words: Vec<&str> = USERS.iter().copied().chain(["GuestsOrExternalUsers"]).collect();
    json!({
        "includeUsers": match dice.below(10) {
            0 => vec!["None"],
            1..=5 => vec!["ALL"],
            _ => dice.few(&words),
        },
        "excludeUsers": if dice.percent(70) { vec![] } else { dice.some(&words) },
        "includeGroups": if dice.percent(60) { vec![] } else { dice.few(&GROUPS) },
        "excludeGroups": if dice.percent(80) { vec![] } else { vec![dice.pick(&GROUPS)] },
        "includeRoles": if dice.percent(80) { vec![] } else { dice.few(&ROLES) },
        "excludeRoles": if dice.percent(80) { vec![] } else { vec![dice.pick(&ROLES)] },
        "includeGuestsOrExternalUsers": dice.maybe(20, external),
        "excludeGuestsOrExternalUsers": dice.maybe(15, external),
    })
}

/// Grant and session controls that ask something.
fn controls(dice: &mut Dice) -> (Value, Value) {
    let operator = dice.pick(&["AND", "OR", "or"]);
    let mut built_in = match dice.below(12) {
        0 => vec!["block"],
        1 => vec!["riskRemediation"],
        2..=4 => vec![],
        _ => dice.few(&BUILT_IN),
    };
    if dice.percent(2) {
        built_in.push("Block");
    }
    let mut grant = json!({
        "operator": operator,
        "builtInControls": built_in,
        "termsOfUse": if dice.percent(85) { vec![] } else { dice.few(&AGREEMENTS) },
        "customAuthenticationFactors": if dice.percent(85) { vec![] } else { dice.few(&CUSTOM) },
        "authenticationStrength@odata.context": "https://graph.microsoft.com/beta/$metadata",
        "authenticationStrength": dice.maybe(15, |dice| json!({
            "id": "00000000-0000-0000-0000-0000000000aa", "displayName": "generated",
            "policyType": "custom", "requirementsSatisfied": "mfa",
            "allowedCombinations": dice.few(&COMBINATIONS),
        })),
    });
    if dice.percent(10) {
        grant = json!({"operator": "AND", "builtInControls": ["mfa", "passwordChange"]});
    }
    let session = json!({
        "secureSignInSession": dice.maybe(25, |dice| json!({"isEnabled": dice.percent(90)})),
        "signInFrequency": dice.maybe(20, |dice| match dice.below(3) {
            0 => json!({
                "isEnabled": true, "value": null, "type": null, "frequencyInterval": "everyTime",
                "authenticationType": "secondaryAuthentication",
            }),
            1 => json!({
                "isEnabled": true, "value": 1, "type": "days", "frequencyInterval": "timeBased",
                "authenticationType": "primaryAndSecondaryAuthentication",
            }),
            _ => json!({"isEnabled": dice.percent(80), "value": 4, "type": "hours"}),
        }),
        // Recorded, and never unmet; it also makes sure that something is asked.
        "persistentBrowser": {"isEnabled": true, "mode": dice.pick(&["never", "always"])},
        "cloudAppSecurity": dice.maybe(10, |_| json!({
            "isEnabled": true, "cloudAppSecurityType": "monitorOnly",
        })),
    });
    (grant, session)
}

/// A tree of comparisons, at most so deep.
fn tree(dice: &mut Dice, depth: usize, leaf: &dyn Fn(&mut Dice) -> Filter) -> Filter {
    if depth == 0 || dice.percent(30) {
        return leaf(dice);
    }
    let parts = |dice: &mut Dice| {
        let count = dice.below(2) + 2;
        (0..count).map(|_| tree(dice, depth - 1, leaf)).collect()
    };
    match dice.below(3) {
        0 => Filter::All(parts(dice)),
        1 => Filter::Any(parts(dice)),
        _ => Filter::Not(Box::new(tree(dice, depth - 1, leaf))),
    }
}

fn device_comparison(dice: &mut Dice) -> Filter {
    const ON_TEXT: &[&str] = &[
        "eq",
        "ne",
        "startsWith",
        "notStartsWith",
        "endsWith",
        "notEndsWith",
        "contains",
        "notContains",
        "in",
        "notIn",
    ];
    let (property, operators, pool): (_, &[&'static str], &[&str]) = match dice.below(5) {
        0 => ("trustType", &["eq", "ne"], &["AzureAD", "ServerAD", "Workplace"]),
        1 => ("isCompliant", &["eq", "ne"], &["True", "false"]),
        2 => ("systemLabels", &["contains", "notContains"], &["CloudPC", "Cloud", "MultiUser"]),
        3 => ("extensionAttribute1", ON_TEXT, &["SAW", "saw-2", "x"]),
        _ => ("model", ON_TEXT, &["Book", "Book 3", "k 3", "Pad"]),
    };
    compare(dice, property, operators, pool)
}

fn attribute_comparison(dice: &mut Dice) -> Filter {
    let property = dice.pick(&["Lab_Kind", "Lab_Owner"]);
    compare(dice, property, &["eq", "ne", "in", "notIn"], &["a", "B", "c"])
}

fn compare(
    dice: &mut Dice,
    property: &'static str,
    operators: &[&'static str],
    pool: &[&str],
) -> Filter {
    let operator = dice.pick(operators);
    let values = match operator {
        "in" | "notIn" => dice.few(pool),
        "eq" | "ne" if dice.percent(10) => vec![],
        _ => vec![dice.pick(pool)],
    };
    Filter::Compare { property, operator, values: values.into_iter().map(str::to_owned).collect() }
}

/// A request about the same users, resources and places.
pub fn request(dice: &mut Dice) -> Request {
    let registers = dice.percent(5);
    let second = dice.pick(&[None, Some(0), Some(3), Some(30)]);
    Request {
        who: who(dice),
        target: target(dice, registers),
        app_attributes: APPS.iter().map(|id| ((*id).to_owned(), attributes(dice))).collect(),
        platform: if dice.percent(90) { dice.pick(&PLATFORMS) } else { "unknown" },
        client: if dice.percent(40) { CLIENTS[1] } else { dice.pick(&CLIENTS) },
        locations: texts(dice.some(&LOCATIONS)),
        trusted: dice.percent(40),
        device: if dice.percent(70) { Some(machine(dice)) } else { None },
        sign_in_risk: dice.pick(&RISKS),
        user_risk: dice.pick(&RISKS),
        workload_risk: dice.pick(&RISKS),
        agent_risk: dice.pick(&RISKS),
        insider_risk: if dice.percent(60) { Some(dice.pick(&INSIDER)) } else { None },
        transfer: if dice.percent(60) { Some(dice.pick(&TRANSFER)) } else { None },
        mfa: dice.percent(50),
        methods: dice.some(&METHODS),
        first_factor: dice.pick(&[0, 0, 3, 30]),
        second_factor: second,
        terms: texts(dice.some(&AGREEMENTS)),
        custom: dice.some(&CUSTOM).into_iter().map(str::to_owned).collect(),
        password_changed: dice.percent(30),
        risk_remedied: dice.percent(30),
        approved_app: dice.percent(50),
        protected_app: dice.percent(50),
        bound: dice.percent(50),
        registers_a_device: registers,
    }
}

fn texts(ids: Vec<&str>) -> Vec<String> {
    ids.into_iter().map(str::to_owned).collect()
}

fn who(dice: &mut Dice) -> Who {
    if dice.percent(15) {
        return Who::Workload {
            id: dice.pick(&WORKLOADS).to_owned(),
            agent: dice.percent(40),
            mine: dice.percent(60),
            attributes: attributes(dice),
        };
    }
    let external = dice.percent(35).then(|| {
        let tenant = dice.percent(70).then(|| dice.pick(&TENANTS).to_owned());
        (dice.pick(&EXTERNAL), tenant)
    });
    Who::User {
        id: dice.pick(&USERS).to_owned(),
        guest: dice.percent(20),
        external,
        groups: texts(dice.some(&GROUPS)),
        roles: texts(dice.some(&ROLES)),
    }
}

fn target(dice: &mut Dice, registers: bool) -> Target {
    match dice.below(10) {
        _ if registers && dice.percent(60) => Target::Action(ACTIONS[0]),
        0 => Target::Action(dice.pick(&ACTIONS)),
        1 => Target::Context(dice.pick(&CONTEXTS).to_owned()),
        _ => Target::Resources(texts(dice.few(&APPS))),
    }
}

fn attributes(dice: &mut Dice) -> Subject {
    let mut values = BTreeMap::new();
    for name in ["Lab_Kind", "Lab_Owner"] {
        if dice.percent(60) {
            values.insert(name, vec![dice.pick(&["A", "b", "d"]).to_owned()]);
        }
    }
    Subject { values, extension_attributes_hidden: false }
}

fn machine(dice: &mut Dice) -> Machine {
    let compliant = dice.pick(&[None, Some(false), Some(true), Some(true)]);
    let managed = dice.percent(30);
    let trust = dice.pick(&["AzureAd", "ServerAd", "Workplace"]);
    let (compliant, hybrid_joined) = (compliant, trust == "ServerAd");
    let mut values = BTreeMap::from([("trustType", vec![trust.to_owned()])]);
    if let Some(compliant) = compliant {
        let word = if compliant { "True" } else { "False" };
        values.insert("isCompliant", vec![word.to_owned()]);
    }
    values.insert("systemLabels", texts(dice.some(&["CloudPC", "multiuser"])));
    for (name, pool) in [("extensionAttribute1", ["SAW", "saw-2"]), ("model", ["Book 3", "pad"])] {
        if dice.percent(60) {
            values.insert(name, vec![dice.pick(&pool).to_owned()]);
        }
    }
    let compliant = compliant == Some(true);
    let hidden = !(managed || compliant || hybrid_joined);
    let properties = Subject { values, extension_attributes_hidden: hidden };
    Machine { compliant, hybrid_joined, managed, properties }
}
