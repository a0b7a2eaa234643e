//! A stated population of sign-ins, judged under two rule packs: whose verdict changes from one
//! date to the other.
//!
//! The population is not sampled: every app of the catalogue on every kind of device it runs on and
//! on a machine that is not registered, towards every resource that a policy can name, varied by
//! what rule packs look at (release of the app, fresh registration, key, owner, management, guest).
//! Each is judged as if a policy asked for token protection of it, so that what differs comes from
//! the packs alone. Sign-ins that change alike are merged, or nobody could read the answer.

use std::collections::{BTreeMap, BTreeSet};

use super::modelled::{UnknownInSituation, evaluate_under};
use super::policies::built_in_set;
use crate::catalog::{
    Catalog, ClientApp, DeviceKind, KeyHome, Management, OperatingSystem, Owner, Registration,
    RulePack, SignedInUser, Situation, Version,
};

/// The built-in policy that asks for token protection of everything.
const POLICY: &str = "t";

/// What a sign-in comes to under one pack.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VerdictUnderPack {
    /// `signInSessionStatusCode`; 0 is bound.
    pub status: u16,
    /// The number after `AADSTS`; 0 if it goes through.
    pub error: u32,
    /// How the log calls the control.
    pub label: String,
}

/// Sign-ins that change alike: each app with each device and each resource of the group.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Change {
    /// Under the older pack.
    pub before: VerdictUnderPack,
    /// Under the newer pack.
    pub after: VerdictUnderPack,
    /// Apps, with the release where it matters.
    pub apps: BTreeSet<String>,
    /// Devices, with what is unusual about them.
    pub devices: BTreeSet<String>,
    /// Resources; see [`Comparison::resources`] for all there are.
    pub resources: BTreeSet<String>,
    /// How many sign-ins of the population these are.
    pub sign_ins: usize,
}

/// Both packs over the whole population.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// How many sign-ins were judged.
    pub sign_ins: usize,
    /// How many come out differently.
    pub changed: usize,
    /// All resources of the population.
    pub resources: BTreeSet<String>,
    /// What changes, merged; those whose status changes first.
    pub changes: Vec<Change>,
}

/// One sign-in of the population, with the words that name it in a group.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Member {
    /// The facts.
    pub situation: Situation,
    /// The app as a group names it.
    pub app: String,
    /// The device as a group names it.
    pub device: String,
}

/// Judges the whole population under both packs.
///
/// # Errors
/// [`UnknownInSituation`] if the catalogue contradicts itself, which its tests exclude.
pub fn compare(older: &RulePack, newer: &RulePack) -> Result<Comparison, UnknownInSituation> {
    let policies = built_in_set(POLICY)
        .ok_or_else(|| UnknownInSituation { kind: "policy", name: POLICY.to_owned() })?;
    let verdict = |situation: &Situation, pack: &RulePack| {
        let modelled = evaluate_under(situation, &policies, pack)?;
        let (status, error) = (modelled.status.code, modelled.error());
        Ok(VerdictUnderPack { status, error, label: pack.control_label.value.clone() })
    };
    let mut groups = Groups::default();
    let (mut sign_ins, mut changed) = (0, 0);
    for member in population() {
        sign_ins += 1;
        let before = verdict(&member.situation, older)?;
        let after = verdict(&member.situation, newer)?;
        if before != after {
            changed += 1;
            groups.add(member, before, after);
        }
    }
    Ok(Comparison { sign_ins, changed, resources: resources(), changes: groups.merged() })
}

/// Every sign-in of the population, in the order of the catalogue.
pub fn population() -> impl Iterator<Item = Member> {
    let catalog = Catalog::builtin();
    let releases = |client: &'static ClientApp| releases(client).map(move |it| (client, it));
    catalog.clients().iter().flat_map(releases).flat_map(|(client, release)| {
        devices(client).into_iter().flat_map(move |(device, words)| {
            let member = Member {
                situation: Situation {
                    policy: POLICY.to_owned(),
                    client: client.name.clone(),
                    client_version: release,
                    ..device
                },
                app: match release {
                    Some(version) => format!("{} {version}", client.name),
                    None => client.name.clone(),
                },
                device: words,
            };
            resources().into_iter().map(move |resource| Member {
                situation: Situation { resource, ..member.situation.clone() },
                ..member.clone()
            })
        })
    })
}

/// The release of the catalogue, and one just below the oldest that uses the broker.
fn releases(client: &ClientApp) -> impl Iterator<Item = Option<Version>> + use<> {
    let below = client.min_broker_version.map(Version::just_below);
    std::iter::once(None).chain(below.map(Some))
}

fn resources() -> BTreeSet<String> {
    let targets = Catalog::builtin().resources().iter().filter(|resource| resource.targetable);
    targets.map(|resource| resource.name.clone()).collect()
}

/// The machine that is not registered, and every kind that the app runs on with its variations.
fn devices(client: &ClientApp) -> Vec<(Situation, String)> {
    let bare = Situation { device: None, ..Situation::default() };
    let kinds = Catalog::builtin().device_kinds().iter();
    let kinds = kinds.filter(|kind| client.runs_on.contains(&kind.system));
    let mut all = vec![(bare, "no registered device".to_owned())];
    all.extend(kinds.flat_map(variations));
    all
}

/// A kind as it usually is, and with one fact changed that rule packs look at.
fn variations(kind: &DeviceKind) -> Vec<(Situation, String)> {
    let usual = Situation { device: Some(kind.name.clone()), ..Situation::default() };
    let mut all = vec![(usual.clone(), kind.name.clone())];
    let mut vary = |situation: Situation, words: &str| {
        all.push((situation, format!("{}, {words}", kind.name)));
    };
    let guest = Situation { user: SignedInUser::GuestOfTrustedTenant, ..usual.clone() };
    vary(guest, "of a guest");
    if kind.trust_type == "Workplace" {
        let stale = Situation { registration: Registration::NotFresh, ..usual.clone() };
        vary(stale.clone(), "no fresh sign-in");
        if kind.system == OperatingSystem::Windows {
            let newest = Situation { operating_system_version: Some(WINDOWS_24H2), ..stale };
            vary(newest, "no fresh sign-in, 24H2");
        }
    }
    if kind.system == OperatingSystem::Windows && kind.name == "windows-laptop" {
        let build = Some(BROWSER_BUILD);
        let recent = Situation { operating_system_version: build, ..usual.clone() };
        vary(recent, "build 26100.8246");
    }
    if kind.system.is_apple() {
        let soft = Situation { key: KeyHome::Software, ..usual.clone() };
        vary(Situation { owner: Owner::Another, ..soft.clone() }, "key in software, not the owner");
        vary(soft, "key in software");
        vary(Situation { management: Management::Unmanaged, ..usual }, "not managed");
    }
    all
}

/// Windows 11 24H2, from which on the page of 2025 asks for no fresh sign-in.
const WINDOWS_24H2: Version = Version::new([10, 0, 26100, 0]);
/// The build from which on browsers are covered.
const BROWSER_BUILD: Version = Version::new([10, 0, 26100, 8246]);

type Verdicts = (VerdictUnderPack, VerdictUnderPack);
type Names = BTreeSet<String>;

/// Collects changes and merges those that differ in one respect only: resources first, then apps,
/// then devices. A merged group is always a full product of its three sets.
#[derive(Default)]
struct Groups {
    resources: BTreeMap<(Verdicts, String, String), Names>,
}

impl Groups {
    fn add(&mut self, member: Member, before: VerdictUnderPack, after: VerdictUnderPack) {
        let key = ((before, after), member.app, member.device);
        self.resources.entry(key).or_default().insert(member.situation.resource);
    }

    fn merged(self) -> Vec<Change> {
        let mut apps: BTreeMap<(Verdicts, String, Names), Names> = BTreeMap::new();
        for ((verdicts, app, device), resources) in self.resources {
            apps.entry((verdicts, device, resources)).or_default().insert(app);
        }
        let mut devices: BTreeMap<(Verdicts, Names, Names), Names> = BTreeMap::new();
        for ((verdicts, device, resources), apps) in apps {
            devices.entry((verdicts, apps, resources)).or_default().insert(device);
        }
        let change = |((verdicts, apps, resources), devices): ((Verdicts, Names, Names), Names)| {
            let sign_ins = apps.len() * devices.len() * resources.len();
            let (before, after) = verdicts;
            Change { before, after, apps, devices, resources, sign_ins }
        };
        let mut changes: Vec<Change> = devices.into_iter().map(change).collect();
        changes.sort_by_key(|change| change.before.status == change.after.status);
        changes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packs() -> (&'static RulePack, &'static RulePack, &'static RulePack) {
        let pack = |id| RulePack::named(id).unwrap();
        (pack("2023-06"), pack("2025-05"), pack("2026-09"))
    }

    #[test]
    fn the_population_has_every_app_kind_and_resource_once() {
        let all: Vec<Member> = population().collect();
        let distinct: BTreeSet<&Situation> = all.iter().map(|member| &member.situation).collect();
        assert_eq!(distinct.len(), all.len());
        for client in Catalog::builtin().clients() {
            assert!(all.iter().any(|member| member.situation.client == client.name));
        }
        for kind in Catalog::builtin().device_kinds() {
            assert!(all.iter().any(|m| m.situation.device.as_ref() == Some(&kind.name)));
        }
    }

    #[test]
    fn a_pack_compared_with_itself_changes_nothing() {
        let (_, _, newest) = packs();
        let same = compare(newest, newest).unwrap();
        assert_eq!((same.changed, same.changes.len()), (0, 0));
        assert_eq!(same.sign_ins, population().count());
    }

    /// Unmerging the groups gives exactly the sign-ins that changed.
    #[test]
    fn groups_are_the_changed_sign_ins_and_no_others() {
        let (oldest, _, newest) = packs();
        let comparison = compare(oldest, newest).unwrap();
        let mut named = BTreeMap::new();
        for change in &comparison.changes {
            for app in &change.apps {
                for device in &change.devices {
                    for resource in &change.resources {
                        let key = (app.clone(), device.clone(), resource.clone());
                        let verdicts = (change.before.clone(), change.after.clone());
                        assert!(named.insert(key, verdicts).is_none());
                    }
                }
            }
        }
        assert_eq!(named.len(), comparison.changed);
        assert_eq!(comparison.changes.iter().map(|one| one.sign_ins).sum::<usize>(), named.len());
        let policies = built_in_set(POLICY).unwrap();
        for member in population() {
            let judge = |pack| evaluate_under(&member.situation, &policies, pack).unwrap();
            let (before, after) = (judge(oldest), judge(newest));
            let key = (member.app, member.device, member.situation.resource);
            let found = named.get(&key).map(|(before, after)| {
                ((before.status, before.error), (after.status, after.error))
            });
            // Every log label changed between these two, so every sign-in is named.
            let came = |one: &super::super::modelled::Modelled| (one.status.code, one.error());
            assert_eq!(found, Some((came(&before), came(&after))), "{key:?}");
        }
    }

    #[test]
    fn what_changed_from_2025_to_2026_is_what_the_documents_say() {
        let (_, older, newest) = packs();
        let comparison = compare(older, newest).unwrap();
        let change = |app: &str, device: &str, resource: &str| {
            let found = comparison.changes.iter().find(|change| {
                change.apps.contains(app)
                    && change.devices.contains(device)
                    && change.resources.contains(resource)
            });
            found.map(|change| (change.before.status, change.after.status))
        };
        assert_eq!(change("teams", "mac", "exchange"), Some((1006, 0)));
        assert_eq!(change("teams", "mac, key in software", "exchange"), Some((1006, 1004)));
        assert_eq!(change("power-query", "windows-laptop", "sharepoint"), Some((1008, 0)));
        assert_eq!(
            change("outlook", "windows-laptop-registered, no fresh sign-in, 24H2", "exchange"),
            Some((0, 1003))
        );
        let build = "windows-laptop, build 26100.8246";
        assert_eq!(change("azure-portal", build, "azure-management"), Some((1008, 0)));
        assert_eq!(change("azure-portal", build, "exchange"), None);
        assert_eq!(change("outlook", "windows-laptop", "exchange"), None);
        assert_eq!(change("outlook", "cloud-pc", "exchange"), None);
    }
}
