//! A second opinion on Conditional Access: slow, obvious, and written from the documents
//! (conditional-access sections 2 to 4) and not from `src/policy`.
//!
//! It reads the Graph JSON itself, as text, knows no sets and no bits, and lists everything before
//! it decides. Integers of conditions are those that the diagnostic export shows. Filters are asked
//! as the trees they were rendered from (`slow_filter`); nothing here parses one.

use std::collections::BTreeMap;

use serde_json::Value;

use super::slow_filter::{Filter, Subject};

/// One request, in the words of the documents. Ids are text in lower case.
#[derive(Clone, Debug)]
pub struct Request {
    pub who: Who,
    pub target: Target,
    /// Attributes of applications, by id.
    pub app_attributes: BTreeMap<String, Subject>,
    /// `windows`, `macOS`, ... or `unknown`.
    pub platform: &'static str,
    /// `browser`, `mobileAppsAndDesktopClients`, `exchangeActiveSync` or `other`.
    pub client: &'static str,
    /// Named locations the address is in.
    pub locations: Vec<String>,
    pub trusted: bool,
    pub device: Option<Machine>,
    pub sign_in_risk: &'static str,
    pub user_risk: &'static str,
    pub workload_risk: &'static str,
    pub agent_risk: &'static str,
    pub insider_risk: Option<&'static str>,
    pub transfer: Option<&'static str>,
    pub mfa: bool,
    pub methods: Vec<&'static str>,
    /// Hours since the factors.
    pub first_factor: u32,
    pub second_factor: Option<u32>,
    pub terms: Vec<String>,
    pub custom: Vec<String>,
    pub password_changed: bool,
    pub risk_remedied: bool,
    pub approved_app: bool,
    pub protected_app: bool,
    pub bound: bool,
    pub registers_a_device: bool,
}

#[derive(Clone, Debug)]
pub enum Who {
    User {
        id: String,
        guest: bool,
        external: Option<(&'static str, Option<String>)>,
        groups: Vec<String>,
        roles: Vec<String>,
    },
    Workload {
        id: String,
        agent: bool,
        mine: bool,
        attributes: Subject,
    },
}

#[derive(Clone, Debug)]
pub enum Target {
    Resources(Vec<String>),
    Action(&'static str),
    Context(String),
}

/// A device that authenticated.
#[derive(Clone, Debug)]
pub struct Machine {
    pub compliant: bool,
    pub hybrid_joined: bool,
    pub managed: bool,
    /// What a filter sees of it.
    pub properties: Subject,
}

/// What one policy did.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    pub policy: String,
    pub result: String,
    pub satisfied: u32,
    pub not_satisfied: u32,
    pub grants: Vec<&'static str>,
    pub sessions: Vec<&'static str>,
}

/// What all policies did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Code, control and policy of a refusal.
    pub refused: Option<(u32, &'static str, String)>,
    /// By policy id.
    pub entries: Vec<Entry>,
    pub status: String,
}

/// The order of codes in 3.4.
const ORDER: &[(&str, u32)] = &[
    ("block", 53003),
    ("mfa", 50076),
    ("authenticationStrength", 50076),
    ("compliantDevice", 53000),
    ("domainJoinedDevice", 53001),
    ("approvedApplication", 53002),
    ("compliantApplication", 53009),
    ("passwordChange", 50142),
    ("riskRemediation", 50142),
    ("termsOfUse", 50158),
    ("customAuthenticationFactors", 50158),
    ("signInFrequency", 70043),
    ("secureSignInSession", 530084),
];

/// Needs the user to act (3.4).
const USER_ACTS: &[&str] = &[
    "mfa",
    "authenticationStrength",
    "passwordChange",
    "riskRemediation",
    "termsOfUse",
    "customAuthenticationFactors",
];

/// Evaluates `policies` (Graph objects) for `request`; `filters` are the trees behind the rules.
pub fn evaluate(
    policies: &[Value],
    request: &Request,
    filters: &BTreeMap<String, Filter>,
) -> Answer {
    let asked = Asked { request, filters };
    let mut entries: Vec<Entry> = policies.iter().map(|policy| asked.one(policy)).collect();
    let mut refusals = Vec::new();
    for entry in entries.iter().filter(|entry| entry.result == "failure") {
        for control in entry.grants.iter().chain(&entry.sessions) {
            let rank = ORDER.iter().position(|(name, _)| name == control).unwrap();
            refusals.push((rank, entry.policy.clone()));
        }
    }
    refusals.sort();
    entries.sort();
    let refused = refusals.first().map(|(rank, policy)| {
        let (control, code) = ORDER[*rank];
        (code, control, policy.clone())
    });
    let saw = |result| entries.iter().any(|entry| entry.result == result);
    let status = match (saw("failure"), saw("success")) {
        (true, _) => "failure",
        (false, true) => "success",
        (false, false) => "notApplied",
    };
    Answer { refused, entries, status: status.to_owned() }
}

struct Asked<'r> {
    request: &'r Request,
    filters: &'r BTreeMap<String, Filter>,
}

impl Asked<'_> {
    fn one(&self, policy: &Value) -> Entry {
        let state = policy["state"].as_str().unwrap().to_lowercase();
        let report_only = state == "enabledforreportingbutnotenforced";
        let mut entry = Entry {
            policy: policy["id"].as_str().unwrap().to_lowercase(),
            result: if report_only { "reportOnlyNotApplied" } else { "notApplied" }.to_owned(),
            satisfied: 0,
            not_satisfied: 0,
            grants: Vec::new(),
            sessions: Vec::new(),
        };
        if state == "disabled" {
            entry.result = "notEnabled".to_owned();
            return entry;
        }
        let conditions = &policy["conditions"];
        let made_for_it = matches!(self.request.target, Target::Action("urn:user:registerdevice"))
            && says(&conditions["applications"]["includeUserActions"], "urn:user:registerdevice");
        if self.request.registers_a_device && !made_for_it {
            return entry;
        }
        for (bits, configured, holds) in self.conditions(conditions) {
            match (configured, holds) {
                (false, _) => {}
                (true, true) => entry.satisfied += bits,
                (true, false) => {
                    entry.not_satisfied = bits;
                    return entry;
                }
            }
        }
        entry.grants = self.unmet_grants(&policy["grantControls"]);
        entry.sessions = self.unmet_sessions(&policy["sessionControls"]);
        let unmet = !entry.grants.is_empty() || !entry.sessions.is_empty();
        let only_prompts = entry.sessions.is_empty()
            && entry.grants.iter().all(|control| USER_ACTS.contains(control));
        let result = match (report_only, unmet) {
            (false, false) => "success",
            (false, true) => "failure",
            (true, false) => "reportOnlySuccess",
            (true, true) if only_prompts => "reportOnlyInterrupted",
            (true, true) => "reportOnlyFailure",
        };
        entry.result = result.to_owned();
        entry
    }

    /// Bits, whether the condition is configured, whether it holds; in the order of the walk.
    fn conditions(&self, all: &Value) -> Vec<(u32, bool, bool)> {
        let request = self.request;
        let workloads = is_object(&all["clientApplications"]);
        let (platforms, locations) = (&all["platforms"], &all["locations"]);
        let clients = texts(&all["clientAppTypes"]);
        let user = matches!(request.who, Who::User { .. });
        let agent = matches!(request.who, Who::Workload { agent: true, .. });
        let eas = request.client == "exchangeActiveSync"
            && ["android", "iOS", "macOS", "windows"].contains(&request.platform);
        let flows = flags(&all["authenticationFlows"]["transferMethods"]);
        let insider = flags(&all["insiderRiskLevels"]);
        let of_agents = flags(&all["agentIdRiskLevels"]);
        let of_workloads = &all["servicePrincipalRiskLevels"];
        vec![
            (1, true, self.application(&all["applications"])),
            (2, !workloads, self.user(&all["users"])),
            (8192, workloads, self.workload(&all["clientApplications"])),
            (
                8 + 1024,
                lists(locations, "includeLocations"),
                self.place(&locations["includeLocations"])
                    && !self.place(&locations["excludeLocations"]),
            ),
            (
                4,
                lists(platforms, "includePlatforms"),
                self.platform(&platforms["includePlatforms"])
                    && !self.platform(&platforms["excludePlatforms"]),
            ),
            (
                16,
                !clients.is_empty() && !clients.contains(&"all".to_owned()),
                clients.contains(&request.client.to_lowercase())
                    || (eas && clients.contains(&"eassupported".to_owned())),
            ),
            self.device(all),
            (
                32,
                lists(all, "signInRiskLevels"),
                says(&all["signInRiskLevels"], request.sign_in_risk),
            ),
            (
                64,
                lists(all, "userRiskLevels"),
                user && says(&all["userRiskLevels"], request.user_risk),
            ),
            (
                16384,
                lists(all, "servicePrincipalRiskLevels") || !of_agents.is_empty(),
                match (user, agent) {
                    (true, _) => false,
                    (false, true) => of_agents.contains(&request.agent_risk.to_owned()),
                    (false, false) => says(of_workloads, request.workload_risk),
                },
            ),
            (
                32768,
                !flows.is_empty(),
                request.transfer.is_some_and(|it| flows.contains(&it.to_lowercase())),
            ),
            (
                65536,
                !insider.is_empty(),
                user && request.insider_risk.is_some_and(|it| insider.contains(&it.to_owned())),
            ),
        ]
    }

    fn application(&self, applications: &Value) -> bool {
        let include = &applications["includeApplications"];
        let exclude = &applications["excludeApplications"];
        let filter = &applications["applicationFilter"];
        let mode = filter["mode"].as_str().map(str::to_lowercase);
        let nothing = Subject::default();
        let matches = |id: &String, wanted: &str| {
            let subject = self.request.app_attributes.get(id).unwrap_or(&nothing);
            mode.as_deref() == Some(wanted) && self.filter(&filter["rule"], subject)
        };
        let listed = |list: &Value, id: &String| {
            says(list, id)
                || (says(list, "Office365") && group("Office365").contains(id))
                || (says(list, "MicrosoftAdminPortals")
                    && group("MicrosoftAdminPortals").contains(id))
        };
        match &self.request.target {
            Target::Resources(ids) => ids.iter().any(|id| {
                let included =
                    says(include, "All") || listed(include, id) || matches(id, "include");
                included && !listed(exclude, id) && !matches(id, "exclude")
            }),
            Target::Action(action) => says(&applications["includeUserActions"], action),
            Target::Context(context) => {
                says(&applications["includeAuthenticationContextClassReferences"], context)
            }
        }
    }

    fn user(&self, users: &Value) -> bool {
        let Who::User { id, guest, external, groups, roles } = &self.request.who else {
            return false;
        };
        let named = |side: &str| {
            let list = &users[format!("{side}Users")];
            let of = &users[format!("{side}GuestsOrExternalUsers")];
            let tenants = &of["externalTenants"];
            let of_kind = external.as_ref().is_some_and(|(kind, tenant)| {
                let enumerated = says_word(&tenants["membershipKind"], "enumerated");
                let of_tenant = !enumerated
                    || *kind == "internalGuest"
                    || tenant.as_ref().is_some_and(|tenant| says(&tenants["members"], tenant));
                flags(&of["guestOrExternalUserTypes"]).contains(&kind.to_lowercase()) && of_tenant
            });
            (says(list, "All") && side == "include")
                || says(list, id)
                || ((*guest || external.is_some()) && says(list, "GuestsOrExternalUsers"))
                || groups.iter().any(|id| says(&users[format!("{side}Groups")], id))
                || roles.iter().any(|id| says(&users[format!("{side}Roles")], id))
                || of_kind
        };
        named("include") && !named("exclude")
    }

    fn workload(&self, all: &Value) -> bool {
        let Who::Workload { id, agent, mine, attributes } = &self.request.who else {
            return false;
        };
        let (middle, filter, everything) = match agent {
            true => ("AgentIdServicePrincipals", &all["agentIdServicePrincipalFilter"], "All"),
            false => {
                ("ServicePrincipals", &all["servicePrincipalFilter"], "ServicePrincipalsInMyTenant")
            }
        };
        let matches = |mode: &str| {
            says_word(&filter["mode"], mode) && self.filter(&filter["rule"], attributes)
        };
        let include = &all[format!("include{middle}")];
        let included = says(include, id)
            || (says(include, everything) && (*agent || *mine))
            || matches("include");
        included && !says(&all[format!("exclude{middle}")], id) && !matches("exclude")
    }

    fn place(&self, list: &Value) -> bool {
        says(list, "All")
            || (says(list, "AllTrusted") && self.request.trusted)
            || self.request.locations.iter().any(|id| says(list, id))
    }

    fn platform(&self, list: &Value) -> bool {
        says(list, "all") || says(list, self.request.platform)
    }

    fn device(&self, all: &Value) -> (u32, bool, bool) {
        let (filter, states) = (&all["devices"]["deviceFilter"], &all["deviceStates"]);
        let shown = self.request.device.as_ref().filter(|_| self.modern());
        let (compliant, joined) =
            shown.map_or((false, false), |it| (it.compliant, it.hybrid_joined));
        let in_state = |list: &Value| {
            (says(list, "Compliant") && compliant) || (says(list, "DomainJoined") && joined)
        };
        if let Some(mode) = filter["mode"].as_str().map(str::to_lowercase) {
            let unregistered = Subject::default();
            let subject = shown.map_or(&unregistered, |it| &it.properties);
            let matched = self.filter(&filter["rule"], subject);
            return (256, true, matched == (mode == "include"));
        }
        let include = &states["includeStates"];
        let included = says(include, "All") || in_state(include);
        (256, lists(states, "includeStates"), included && !in_state(&states["excludeStates"]))
    }

    fn filter(&self, rule: &Value, subject: &Subject) -> bool {
        self.filters[rule.as_str().unwrap()].holds(subject)
    }

    fn unmet_grants(&self, grant: &Value) -> Vec<&'static str> {
        let request = self.request;
        let either = says_word(&grant["operator"], "OR");
        let several = |list: &Value, have: &[String]| {
            let wanted = texts(list);
            let has = |one: &String| have.iter().any(|own| own.to_lowercase() == *one);
            if either { wanted.iter().any(has) } else { wanted.iter().all(has) }
        };
        let strength = &grant["authenticationStrength"];
        let combinations = texts(&strength["allowedCombinations"]);
        let strong = combinations.iter().any(|combination| {
            let used = |one: &str| request.methods.iter().any(|it| it.to_lowercase() == one);
            combination.split(',').all(|one| used(one.trim()))
        });
        let device =
            |told: fn(&Machine) -> bool| self.modern() && request.device.as_ref().is_some_and(told);
        let met = |control: &str| match control {
            "mfa" => request.mfa && self.modern(),
            "authenticationStrength" => strong && self.modern(),
            "compliantDevice" => device(|it| it.compliant),
            "domainJoinedDevice" => device(|it| it.hybrid_joined),
            "approvedApplication" => request.approved_app,
            "compliantApplication" => request.protected_app,
            "passwordChange" => request.password_changed,
            "riskRemediation" => request.risk_remedied || request.password_changed,
            "termsOfUse" => several(&grant["termsOfUse"], &request.terms),
            "customAuthenticationFactors" => {
                several(&grant["customAuthenticationFactors"], &request.custom)
            }
            _ => false,
        };
        let asked: Vec<&'static str> = ORDER
            .iter()
            .map(|(name, _)| *name)
            .filter(|name| match *name {
                "authenticationStrength" => is_object(strength),
                "termsOfUse" | "customAuthenticationFactors" => lists(grant, name),
                _ => says(&grant["builtInControls"], name),
            })
            .collect();
        if either && !asked.contains(&"block") && asked.iter().any(|control| met(control)) {
            return Vec::new();
        }
        asked.into_iter().filter(|control| !met(control)).collect()
    }

    fn unmet_sessions(&self, session: &Value) -> Vec<&'static str> {
        let request = self.request;
        let on = |name: &str| session[name]["isEnabled"] == Value::Bool(true);
        let mut unmet = Vec::new();
        if on("signInFrequency") {
            let frequency = &session["signInFrequency"];
            let unit = if says_word(&frequency["type"], "days") { 24 } else { 1 };
            // Every time allows minutes; requests here are hours apart.
            let limit = match says_word(&frequency["frequencyInterval"], "everyTime") {
                true => 0,
                false => frequency["value"].as_u64().unwrap() * unit,
            };
            let recent = |hours: u32| u64::from(hours) <= limit;
            let second_only =
                says_word(&frequency["authenticationType"], "secondaryAuthentication");
            let met = match (second_only, request.second_factor) {
                (true, second) => second.is_some_and(recent),
                (false, None) => recent(request.first_factor),
                (false, Some(second)) => recent(request.first_factor) && recent(second),
            };
            if !met {
                unmet.push("signInFrequency");
            }
        }
        if on("secureSignInSession") && !(request.bound && self.modern()) {
            unmet.push("secureSignInSession");
        }
        unmet
    }

    /// Legacy clients pass no device state and cannot do a second factor (3.2).
    fn modern(&self) -> bool {
        self.request.client != "exchangeActiveSync" && self.request.client != "other"
    }
}

/// The applications that a word stands for, from the catalogue's file.
fn group(name: &str) -> Vec<String> {
    static FILE: std::sync::LazyLock<Value> = std::sync::LazyLock::new(|| {
        serde_json::from_str(include_str!("../../../src/data/catalog/policy-words.json")).unwrap()
    });
    let groups = FILE["applicationGroups"].as_array().unwrap();
    let group = groups.iter().find(|group| group["name"] == name).unwrap();
    let members = group["members"].as_array().unwrap().iter();
    members.map(|member| member["appId"].as_str().unwrap().to_owned()).collect()
}

/// Whether a list says this; literals and ids are compared without regard to case.
fn says(list: &Value, word: &str) -> bool {
    texts(list).contains(&word.to_lowercase())
}

fn says_word(value: &Value, word: &str) -> bool {
    value.as_str().is_some_and(|text| text.to_lowercase() == word.to_lowercase())
}

/// Whether a list stands there and has something in it.
fn lists(object: &Value, name: &str) -> bool {
    object[name].as_array().is_some_and(|list| !list.is_empty())
}

fn is_object(value: &Value) -> bool {
    value.is_object()
}

/// The texts of an array in lower case.
fn texts(list: &Value) -> Vec<String> {
    let elements = list.as_array().map(Vec::as_slice).unwrap_or_default();
    elements.iter().filter_map(Value::as_str).map(str::to_lowercase).collect()
}

/// The words of a flags enum in lower case; `none` is no word.
fn flags(value: &Value) -> Vec<String> {
    let text = value.as_str().unwrap_or_default().to_lowercase();
    text.split(',')
        .map(|word| word.trim().to_owned())
        .filter(|it| it != "none" && !it.is_empty())
        .collect()
}
