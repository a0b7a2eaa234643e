//! A second opinion on Conditional Access: slow, obvious, and written from the documents
//! (conditional-access sections 2 and 3) and not from `src/policy`.
//!
//! It reads the Graph JSON itself, as text, knows no sets and no bits, and lists everything before
//! it decides. Integers of conditions are those that the diagnostic export shows.

use serde_json::Value;

/// One request, in the words of the documents. Ids are text in lower case.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) user: String,
    pub(crate) guest: bool,
    pub(crate) groups: Vec<String>,
    pub(crate) roles: Vec<String>,
    pub(crate) resources: Vec<String>,
    /// `windows`, `macOS`, ... or `unknown`.
    pub(crate) platform: &'static str,
    /// `browser`, `mobileAppsAndDesktopClients`, `exchangeActiveSync` or `other`.
    pub(crate) client: &'static str,
    pub(crate) compliant: bool,
    pub(crate) hybrid_joined: bool,
    pub(crate) mfa: bool,
    pub(crate) bound: bool,
    pub(crate) registers_a_device: bool,
}

/// What one policy did.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Entry {
    pub(crate) policy: String,
    pub(crate) result: &'static str,
    pub(crate) satisfied: u32,
    pub(crate) not_satisfied: u32,
    pub(crate) session_controls_not_satisfied: Vec<&'static str>,
}

/// What all policies did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    /// Code and policy of a refusal.
    pub(crate) refused: Option<(u32, String)>,
    /// By policy id.
    pub(crate) entries: Vec<Entry>,
    pub(crate) status: &'static str,
}

/// The order of codes in 3.4, as far as the controls are in use.
const ORDER: &[&str] =
    &["block", "mfa", "compliantDevice", "domainJoinedDevice", "secureSignInSession"];

/// Evaluates `policies` (Graph objects) for `request`. Token protection refuses with `code`.
pub(crate) fn evaluate(policies: &[Value], request: &Request, code: u32) -> Answer {
    let mut entries = Vec::new();
    let mut refusals = Vec::new();
    for policy in policies {
        let (entry, unmet) = one(policy, request);
        if entry.result == "failure" {
            for control in unmet {
                let rank = ORDER.iter().position(|name| *name == control).unwrap();
                refusals.push((rank, entry.policy.clone()));
            }
        }
        entries.push(entry);
    }
    refusals.sort();
    entries.sort();
    let codes = [53003, 50076, 53000, 53001, code];
    let refused = refusals.first().map(|(rank, policy)| (codes[*rank], policy.clone()));
    let saw = |result| entries.iter().any(|entry: &Entry| entry.result == result);
    let status = if saw("failure") {
        "failure"
    } else if saw("success") {
        "success"
    } else {
        "notApplied"
    };
    Answer { refused, entries, status }
}

fn one(policy: &Value, request: &Request) -> (Entry, Vec<String>) {
    let state = policy["state"].as_str().unwrap().to_lowercase();
    let report_only = state == "enabledforreportingbutnotenforced";
    let mut entry = Entry {
        policy: policy["id"].as_str().unwrap().to_lowercase(),
        result: "notEnabled",
        satisfied: 0,
        not_satisfied: 0,
        session_controls_not_satisfied: Vec::new(),
    };
    if state == "disabled" {
        return (entry, Vec::new());
    }
    entry.result = if report_only { "reportOnlyNotApplied" } else { "notApplied" };
    if request.registers_a_device {
        return (entry, Vec::new());
    }
    for (bit, configured, holds) in conditions(&policy["conditions"], request) {
        if !configured {
            continue;
        }
        if !holds {
            entry.not_satisfied = bit;
            return (entry, Vec::new());
        }
        entry.satisfied += bit;
    }
    let grants = unmet_grants(&policy["grantControls"], request);
    let mut unmet = grants.clone();
    let wants_binding =
        policy["sessionControls"]["secureSignInSession"]["isEnabled"] == Value::Bool(true);
    if wants_binding && !(request.bound && modern(request)) {
        unmet.push("secureSignInSession".to_owned());
        entry.session_controls_not_satisfied.push("SignInTokenProtection");
    }
    let only_mfa = unmet.iter().all(|control| control == "mfa");
    entry.result = match (report_only, unmet.is_empty()) {
        (false, true) => "success",
        (false, false) => "failure",
        (true, true) => "reportOnlySuccess",
        (true, false) if only_mfa => "reportOnlyInterrupted",
        (true, false) => "reportOnlyFailure",
    };
    (entry, unmet)
}

/// Bit, whether the condition is configured, whether it holds; in the order of the walk.
fn conditions(conditions: &Value, request: &Request) -> Vec<(u32, bool, bool)> {
    let platforms = &conditions["platforms"];
    let clients = texts(&conditions["clientAppTypes"]);
    let platform = request.platform.to_lowercase();
    let named = |list: &Value| {
        let list = texts(list);
        list.contains(&"all".to_owned()) || list.contains(&platform)
    };
    vec![
        (1, true, application(&conditions["applications"], request)),
        (2, true, user(&conditions["users"], request)),
        (
            4,
            !texts(&platforms["includePlatforms"]).is_empty(),
            named(&platforms["includePlatforms"]) && !named(&platforms["excludePlatforms"]),
        ),
        (
            16,
            !clients.is_empty() && !clients.contains(&"all".to_owned()),
            clients.contains(&request.client.to_lowercase()),
        ),
    ]
}

fn application(applications: &Value, request: &Request) -> bool {
    let include = texts(&applications["includeApplications"]);
    let exclude = texts(&applications["excludeApplications"]);
    let included = |id: &String| include.contains(&"all".to_owned()) || include.contains(id);
    request.resources.iter().any(|id| included(id) && !exclude.contains(id))
}

fn user(users: &Value, request: &Request) -> bool {
    let named = |side: &str| {
        let users_named = texts(&users[format!("{side}Users")]);
        users_named.contains(&"all".to_owned())
            || users_named.contains(&request.user)
            || (request.guest && users_named.contains(&"guestsorexternalusers".to_owned()))
            || texts(&users[format!("{side}Groups")]).iter().any(|id| request.groups.contains(id))
            || texts(&users[format!("{side}Roles")]).iter().any(|id| request.roles.contains(id))
    };
    named("include") && !named("exclude")
}

fn unmet_grants(grant: &Value, request: &Request) -> Vec<String> {
    let words = ["block", "mfa", "compliantDevice", "domainJoinedDevice"];
    let asked = texts(&grant["builtInControls"]);
    let asked: Vec<&str> =
        words.into_iter().filter(|word| asked.contains(&word.to_lowercase())).collect();
    let met = |control: &str| match control {
        "mfa" => request.mfa && modern(request),
        "compliantDevice" => request.compliant && modern(request),
        "domainJoinedDevice" => request.hybrid_joined && modern(request),
        _ => false,
    };
    let either = texts(&serde_json::json!([grant["operator"]])) == ["or"];
    if either && !asked.contains(&"block") && asked.iter().any(|control| met(control)) {
        return Vec::new();
    }
    asked.into_iter().filter(|control| !met(control)).map(str::to_owned).collect()
}

/// Legacy clients pass no device state and cannot do a second factor (3.2).
fn modern(request: &Request) -> bool {
    request.client != "exchangeActiveSync" && request.client != "other"
}

/// The texts of an array in lower case; literals and ids are compared without regard to case.
fn texts(list: &Value) -> Vec<String> {
    let elements = list.as_array().map(Vec::as_slice).unwrap_or_default();
    elements.iter().filter_map(Value::as_str).map(str::to_lowercase).collect()
}
