//! Strategies for property tests: bytes and texts that parsers meet, sign-ins, mutations of a
//! message.

use proptest::prelude::*;

use super::builders::{DeviceBuilder, Policy, SignIn, Tenant};
use crate::sim::scenario::{ClaimedPlatform, LootKind, UseAs};

/// Any octets, up to `longest`.
pub fn octets(longest: usize) -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(any::<u8>(), 0..=longest)
}

/// One change to a message: a flipped bit, a cut, a doubled slice, an inserted octet.
#[derive(Clone, Debug)]
pub enum Mutation {
    /// Flips a bit.
    Flip(usize, u8),
    /// Cuts everything after a place.
    Cut(usize),
    /// Doubles a slice.
    Double(usize, usize),
    /// Inserts an octet.
    Insert(usize, u8),
}

impl Mutation {
    /// The mutated octets; places wrap around the length.
    #[must_use]
    pub fn apply(&self, octets: &[u8]) -> Vec<u8> {
        let mut out = octets.to_vec();
        let place = |at: usize| at % octets.len().max(1);
        match *self {
            Self::Flip(at, bit) => {
                if let Some(octet) = out.get_mut(place(at)) {
                    *octet ^= 1 << (bit % 8);
                }
            }
            Self::Cut(at) => out.truncate(place(at)),
            Self::Double(from, length) => {
                let from = place(from);
                let until = from.saturating_add(length % 64).min(octets.len());
                if let Some(slice) = octets.get(from..until) {
                    out.splice(until..until, slice.iter().copied());
                }
            }
            Self::Insert(at, octet) => out.insert(place(at).min(out.len()), octet),
        }
        out
    }
}

/// A mutation of a message.
pub fn mutation() -> impl Strategy<Value = Mutation> {
    prop_oneof![
        (any::<usize>(), 0u8..8).prop_map(|(at, bit)| Mutation::Flip(at, bit)),
        any::<usize>().prop_map(Mutation::Cut),
        (any::<usize>(), any::<usize>()).prop_map(|(at, length)| Mutation::Double(at, length)),
        (any::<usize>(), any::<u8>()).prop_map(|(at, octet)| Mutation::Insert(at, octet)),
    ]
}

/// A platform a thief may claim.
pub fn claimed_platform() -> impl Strategy<Value = ClaimedPlatform> {
    prop_oneof![
        Just(ClaimedPlatform::Android),
        Just(ClaimedPlatform::Ios),
        Just(ClaimedPlatform::Linux),
        Just(ClaimedPlatform::MacOs),
        Just(ClaimedPlatform::None),
        Just(ClaimedPlatform::Windows),
    ]
}

/// Loot that holds a bound token and none of the keys it is bound to, and a way to use it.
pub fn keyless_use() -> impl Strategy<Value = (LootKind, UseAs)> {
    let loot = [LootKind::BrokerRefreshToken, LootKind::Prt, LootKind::PrtRequest];
    let pairs = loot.into_iter().flat_map(|loot| loot.uses().iter().map(move |how| (loot, *how)));
    proptest::sample::select(pairs.collect::<Vec<_>>())
}

/// A subset of the built-in policies, by name.
pub fn policies() -> impl Strategy<Value = Vec<&'static str>> {
    proptest::sample::subsequence(vec!["a", "b", "d1", "d2", "d3"], 0..=5)
}

/// A device of a user: any system, membership and registration the directory knows.
pub fn device(owner: &'static str) -> impl Strategy<Value = DeviceBuilder> {
    let system = prop_oneof![
        Just(("Windows", "10.0.26100")),
        Just(("Windows", "10.0.19045")),
        Just(("Windows", "6.3.9600")),
        Just(("macOS", "14.5")),
        Just(("Android", "14")),
    ];
    let joined = prop_oneof![
        Just(("AzureAd", "interactiveJoin")),
        Just(("ServerAd", "hybridJoin")),
        Just(("Workplace", "workplaceJoin")),
        Just(("AzureAd", "cloudPc")),
        Just(("AzureAd", "bulkEnrollment")),
    ];
    (system, joined, any::<bool>(), any::<bool>()).prop_map(
        move |((name, version), (trust, method), compliant, fresh)| {
            DeviceBuilder::named("GENERATED")
                .owner(owner)
                .compliant(compliant)
                .with("operatingSystem", name)
                .with("operatingSystemVersion", version)
                .with("trustType", trust)
                .sim("registrationMethod", method)
                .sim("freshSignInAtRegistration", fresh)
        },
    )
}

/// A policy: any state, platforms and control of those that are evaluated.
pub fn policy() -> impl Strategy<Value = Policy> {
    let platforms = prop_oneof![Just(None), Just(Some(["windows"])), Just(Some(["linux"]))];
    (any::<u32>(), any::<bool>(), platforms, 0u8..4).prop_map(
        |(name, report_only, platforms, control)| {
            let policy = Policy::named(&format!("generated {name}"));
            let policy = match control {
                0 => policy.block(),
                1 => policy.grant("compliantDevice"),
                2 => policy.grant("mfa"),
                _ => policy.token_protection(),
            };
            let policy = match platforms {
                Some(platforms) => policy.platforms(&platforms),
                None => policy,
            };
            if report_only { policy.report_only() } else { policy }
        },
    )
}

/// A world: a user with a generated device signs in to a generated app under up to three policies.
pub fn sign_in() -> impl Strategy<Value = SignIn> {
    let app = prop_oneof![
        Just(("outlook", "exchange")),
        Just(("onedrive", "sharepoint")),
        Just(("azure-cli", "azure-management")),
        Just(("outlook-web", "exchange")),
    ];
    let policies = proptest::collection::vec(policy(), 0..=3);
    (device("zoe"), app, policies, any::<bool>()).prop_map(
        |(device, (app, resource), policies, in_pilot)| {
            SignIn::of("zoe")
                .on("GENERATED")
                .to(app, resource)
                .in_tenant(Tenant::sample().user("zoe", in_pilot).device(device))
                .under(policies)
        },
    )
}
