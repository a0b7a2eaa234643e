//! The workload of the policy benches, which a test counts the allocations of.
//!
//! Of 100 policies all name applications and client types, 60 name groups (three each, nested two
//! deep), 30 name locations, 30 have a device filter of three comparisons, and 10 apply.

use std::collections::BTreeSet;
use std::net::IpAddr;

use serde_json::{Value, json};
use token_protection_lab::base::id::{GroupId, LocationId, RoleTemplateId, UserId};
use token_protection_lab::catalog::well_known;
use token_protection_lab::directory::{Device, Directory, UserType};
use token_protection_lab::policy::{
    Authentication, ClientAppType, Identity, Place, Platform, PolicySet, SecondFactorProof, SignIn,
    Target, TokenProtectionStatus, UserFacts,
};

/// The user is in ten groups, each in another one: twenty, nested two deep.
const DIRECT_GROUPS: u128 = 10;
const GROUPS: u128 = 0x9_0000;
const LOCATIONS: u128 = 0x8_0000;
pub(crate) const USER: u128 = 1;
pub(crate) const ADDRESS: &str = "198.51.100.7";

fn group(number: u128) -> String {
    GroupId::from_u128(GROUPS + number).to_string()
}

fn location(number: u128) -> String {
    LocationId::from_u128(LOCATIONS + number).to_string()
}

/// So many policies. Ten in a hundred apply; of the others 20 fail by application, 20 by users, 20
/// by location, 20 by client type and 10 by the device filter.
pub(crate) fn policies(count: u32) -> PolicySet {
    let text = Value::Array((0..u128::from(count)).map(policy).collect()).to_string();
    PolicySet::from_json(text.as_bytes()).unwrap()
}

fn policy(number: u128) -> Value {
    let kind = number % 10;
    let elsewhere = format!("{:032x}", 0xa000 + number);
    let exchange = well_known::EXCHANGE.to_string();
    let resources =
        if kind >= 8 { vec![elsewhere.clone()] } else { vec![exchange, elsewhere.clone()] };
    let of_others = |at: u128| group(1_000_000 + number * 3 + at);
    // A policy names the outer groups, so membership is by way of the inner ones.
    let own = group(DIRECT_GROUPS + number % DIRECT_GROUPS);
    let groups = match kind {
        1 | 2 => vec![of_others(0), of_others(1), of_others(2)],
        0 | 3..=5 => vec![own, of_others(1), of_others(2)],
        _ => vec![],
    };
    // No two policies have the same rule.
    let model = if kind == 0 { "Book" } else { "Pad" };
    let rule = format!(
        "device.trustType -eq \"AzureAD\" -and device.displayName -notContains \"X-{number}-\" \
         -and device.model -contains \"{model}\"",
    );
    json!({
        "id": format!("{:032x}", number + 1),
        "displayName": format!("Policy {number}"),
        "state": "enabled",
        "conditions": {
            "applications": { "includeApplications": resources },
            "users": {
                "includeUsers": if groups.is_empty() { vec!["All"] } else { vec![] },
                "includeGroups": groups,
                "excludeGroups": [group(3_000_000)],
            },
            "clientAppTypes":
                [if matches!(kind, 5 | 7) { "browser" } else { "mobileAppsAndDesktopClients" }],
            "locations": match kind {
                0 => json!({"includeLocations": [location(0), location(number + 10)]}),
                3 | 6 => json!({"includeLocations": [location(number + 10), location(number + 11)]}),
                _ => Value::Null,
            },
            "devices": match kind {
                0 | 4 | 8 => json!({"deviceFilter": {"mode": "include", "rule": rule}}),
                _ => Value::Null,
            },
        },
        "grantControls": {"operator": "OR", "builtInControls": ["mfa"]},
        "sessionControls": {"secureSignInSession": {"isEnabled": true}},
    })
}

/// A user, the groups, twelve named locations of three ranges each.
pub(crate) fn directory() -> Directory {
    let user = UserId::from_u128(USER).to_string();
    let inner = (0..DIRECT_GROUPS)
        .map(|number| json!({"id": group(number), "displayName": "inner", "members": [user]}));
    let outer = (0..DIRECT_GROUPS).map(|number| {
        json!({
            "id": group(DIRECT_GROUPS + number), "displayName": "outer",
            "memberGroups": [group(number)],
        })
    });
    let locations = (0..12).map(|number: u128| {
        let ranges: Vec<Value> = (0..3)
            .map(|range| match number {
                0 | 1 => json!({"cidrAddress": format!("198.51.{}.0/24", 98 + range)}),
                _ => json!({"cidrAddress": format!("203.0.{number}.{range}/32")}),
            })
            .collect();
        json!({
            "@odata.type": "#microsoft.graph.ipNamedLocation", "id": location(number),
            "displayName": "location", "isTrusted": number == 1, "ipRanges": ranges,
        })
    });
    let file = json!({
        "tenantId": "a1b2c3d4-0000-4000-8000-00000000c0de",
        "users": [{"id": user, "userPrincipalName": "a@b.example", "displayName": "a"}],
        "groups": inner.chain(outer).collect::<Vec<_>>(),
        "namedLocations": locations.collect::<Vec<_>>(),
    });
    Directory::from_json(file.to_string().as_bytes()).unwrap()
}

/// A laptop of the sample.
fn device() -> Device {
    let sample = Directory::from_json(token_protection_lab::directory::SAMPLE).unwrap();
    let mut device = sample.device_by_name("LT-ALICE").unwrap().clone();
    device.model = Some("Book 3".to_owned());
    device
}

/// The sign-in of the workload: the user in twenty groups and two named locations, on the laptop.
pub(crate) fn with_sign_in<T>(directory: &Directory, then: impl FnOnce(&SignIn<'_>) -> T) -> T {
    let device = device();
    let roles: BTreeSet<RoleTemplateId> = BTreeSet::new();
    let groups = directory.groups_of(UserId::from_u128(USER));
    let address: IpAddr = ADDRESS.parse().unwrap();
    let matched = directory.place_of(Some(address), None);
    assert_eq!((groups.len(), matched.locations.len()), (20, 2));
    let user = UserFacts {
        id: UserId::from_u128(USER),
        user_type: UserType::Member,
        external: None,
        groups: &groups,
        roles: &roles,
    };
    then(&SignIn {
        place: Place::of(Some(address), None, &matched),
        device: Some(&device),
        platform: Platform::Windows,
        client_app_type: ClientAppType::MobileAppsAndDesktopClients,
        authentication: Authentication {
            second_factor: SecondFactorProof::Passed,
            ..Authentication::FRESH
        },
        token_protection: TokenProtectionStatus::BOUND,
        ..SignIn::new(Identity::User(user), Target::Resources(&[well_known::EXCHANGE]))
    })
}
