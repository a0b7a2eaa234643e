//! Who signs in, from which machines, with which apps: a directory with habits.
//!
//! The directory says who there is and which devices are registered. What no directory says (a
//! machine that is not registered, an app beside the others) is drawn from stated shares, for each
//! user from a stream of its own, so that one more user changes nothing for the others.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv6Addr};

use rand::RngExt as _;

use super::error::RolloutError;
use super::shares::{Assigns, MixEntry, Shares};
use super::trouble::Trouble;
use crate::base::id::{DeviceId, GroupId, RoleTemplateId, UserId};
use crate::base::stream::{Seed, octets};
use crate::catalog::{
    BrokerUse, Catalog, ClientApp, ClientRegistration, OperatingSystem, Resource, RulePack, Version,
};
use crate::directory::{Device, Directory, Edition, MatchedLocations, TrustType, User, UserType};
use crate::policy::Platform;
use crate::sim::user_agent;

/// A computer in daily use, beside a phone or a second machine.
const MAIN: u32 = 10;
/// A phone.
const PHONE: u32 = 3;
/// A machine used now and then.
const SELDOM: u32 = 1;
/// How often an app of a habit is used, beside the mix of about 100.
const HABIT: u32 = 12;
/// Parts in 1,000 of the sign-ins from a pooled desktop that come before it has registered again.
const LOST: u32 = 250;

/// A directory with the habits of its users.
#[derive(Clone, Debug)]
pub struct Fleet {
    pub(super) directory: Directory,
    pub(super) members: Vec<Member>,
    pub(super) situations: u32,
}

/// A user who signs in.
#[derive(Clone, Debug)]
pub(super) struct Member {
    pub(super) user: UserId,
    pub(super) groups: BTreeSet<GroupId>,
    pub(super) roles: BTreeSet<RoleTemplateId>,
    pub(super) second_factor: bool,
    pub(super) stations: Vec<Station>,
    /// Keys the stream of this user's sign-ins.
    pub(super) key: [u8; 32],
}

/// A machine that a user works on.
#[derive(Clone, Debug)]
pub(super) struct Station {
    /// Device objects, of which one a week is in use; none for an unregistered machine.
    pub(super) devices: Vec<DeviceId>,
    /// Parts in 1,000 of sign-ins without any device.
    pub(super) lost: u32,
    pub(super) user_agent: &'static str,
    pub(super) platform: Platform,
    pub(super) address: IpAddr,
    pub(super) place: MatchedLocations,
    pub(super) trouble: Trouble,
    pub(super) weight: u32,
    pub(super) uses: Vec<Use>,
    /// The number of its first situation.
    pub(super) first: u32,
}

/// An app with what it asks for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Use {
    pub(super) client: &'static ClientApp,
    pub(super) version: Option<Version>,
    pub(super) resource: &'static Resource,
    pub(super) weight: u32,
    pub(super) trouble: Trouble,
}

impl Fleet {
    /// The users of a directory with habits drawn from `seed`. Emergency accounts, which are those
    /// that hold the role of a global administrator and own no device, do not sign in.
    ///
    /// # Errors
    /// `rollout.no_users`.
    pub fn new(
        directory: Directory,
        shares: &Shares,
        rules: &RulePack,
        seed: Seed,
    ) -> Result<Self, RolloutError> {
        let owned = owned(&directory);
        let shared = shared(&directory);
        let mut settling =
            Settling { directory: &directory, shares, rules, seed, stations: 0, situations: 0 };
        let none = Vec::new();
        let users = directory.users().filter(|user| user.account_enabled);
        let people = users.filter_map(|user| {
            let own = owned.get(&user.id()).unwrap_or(&none);
            let others = shared.get(&user.id()).copied();
            let emergency = own.is_empty() && others.is_none() && !user.roles.is_empty();
            (!emergency).then(|| settling.member(user, own, others))
        });
        let members: Vec<Member> = people.collect();
        let situations = settling.situations;
        match members.is_empty() {
            true => Err(RolloutError::NoUsers),
            false => Ok(Self { directory, members, situations }),
        }
    }

    /// The directory.
    #[must_use]
    pub const fn directory(&self) -> &Directory {
        &self.directory
    }

    /// How many users sign in.
    #[must_use]
    pub const fn users(&self) -> usize {
        self.members.len()
    }

    /// How many different sign-ins there can be, time and ids apart.
    #[must_use]
    pub const fn situations(&self) -> u32 {
        self.situations
    }
}

/// Devices by the user who registered them, by device id.
fn owned(directory: &Directory) -> BTreeMap<UserId, Vec<&Device>> {
    let mut owned: BTreeMap<UserId, Vec<&Device>> = BTreeMap::new();
    for device in directory.devices().filter(|device| device.account_enabled) {
        if let Some(owner) = device.registered_owner {
            owned.entry(owner).or_default().push(device);
        }
    }
    owned
}

/// The device whose name is the name of a group that the user is in.
fn shared(directory: &Directory) -> BTreeMap<UserId, &Device> {
    let mut named: BTreeMap<&str, &Device> = BTreeMap::new();
    for device in directory.devices().filter(|device| device.profile_type == "Shared") {
        named.entry(&device.display_name).or_insert(device);
    }
    let groups = directory.groups().filter_map(|group| {
        let device = *named.get(group.display_name.as_str())?;
        Some(group.members.iter().map(move |user| (*user, device)))
    });
    groups.flatten().collect()
}

struct Settling<'s> {
    directory: &'s Directory,
    shares: &'s Shares,
    rules: &'s RulePack,
    seed: Seed,
    stations: u32,
    situations: u32,
}

impl Settling<'_> {
    fn member(&mut self, user: &User, own: &[&Device], shared: Option<&Device>) -> Member {
        let mut rng = self.seed.stream(&format!("habits/{}", user.id()));
        let habits: Vec<&str> = self
            .shares
            .shares
            .iter()
            .filter(|share| share.assigns == Assigns::Habit)
            .filter(|share| rng.random::<f64>() < share.share)
            .map(|share| share.name.as_str())
            .collect();
        let mut stations = self.registered(user, own);
        let phone =
            |station: &Station| matches!(station.platform, Platform::Android | Platform::Ios);
        if stations.iter().all(phone) {
            let trouble = match user.user_type {
                UserType::Guest => Trouble::GuestWithoutTrust,
                UserType::Member => Trouble::Unmanaged,
            };
            stations.push(match shared {
                Some(device) => self.shared_station(user, device),
                None => self.bare(trouble, MAIN),
            });
        }
        self.add_habits(&mut stations, &habits);
        for (name, trouble) in [
            ("unregistered-jump-box", Trouble::UnregisteredJumpBox),
            ("portal-elsewhere", Trouble::PortalElsewhere),
        ] {
            if habits.contains(&name) {
                stations.push(self.besides(trouble));
            }
        }
        for station in &mut stations {
            station.first = self.situations;
            self.situations = self.situations.saturating_add(station.situations());
        }
        Member {
            user: user.id(),
            groups: self.directory.groups_of(user.id()),
            roles: self.directory.roles_of(user.id()),
            second_factor: !habits.contains(&"no-second-factor"),
            stations,
            key: octets(&mut self.seed.stream(&format!("sign-ins/{}", user.id()))),
        }
    }

    /// One station a device; the objects of a pooled desktop make one together.
    fn registered(&mut self, user: &User, own: &[&Device]) -> Vec<Station> {
        let pooled = |device: &&&Device| {
            device.trust_type == TrustType::ServerAd
                && device.system_labels.iter().any(|label| label == "AzureVirtualDesktop")
        };
        let pool: Vec<&Device> = own.iter().filter(pooled).copied().collect();
        let alone = own.iter().filter(|device| pool.len() < 2 || !pooled(device));
        let mut stations: Vec<Station> = alone.map(|device| self.station(user, device)).collect();
        if let (true, Some(first)) = (pool.len() > 1, pool.first()) {
            let mut station = self.station(user, first);
            station.devices = pool.iter().map(|device| device.device_id).collect();
            station.lost = LOST;
            station.trouble = Trouble::PooledDesktop;
            stations.push(station);
        }
        stations
    }

    fn station(&mut self, user: &User, device: &Device) -> Station {
        let agent = user_agent(&device.operating_system);
        let phone = matches!(
            Platform::from_operating_system(&device.operating_system),
            Platform::Ios | Platform::Android
        );
        let system = OperatingSystem::from_device(
            &device.operating_system,
            device.edition == Edition::Server,
        );
        Station {
            devices: vec![device.device_id],
            trouble: Trouble::of_device(user, device, self.rules),
            weight: if phone { PHONE } else { MAIN },
            ..self.empty(agent, self.mix(system))
        }
    }

    /// Somebody else registered it. A Windows account of one's own would need a registration of
    /// one's own unless the whole device is joined; on a Mac the device is shown for everybody.
    fn shared_station(&mut self, user: &User, device: &Device) -> Station {
        let mut station = self.station(user, device);
        let windows = station.platform == Platform::Windows;
        if windows && device.trust_type == TrustType::Workplace {
            station.devices = Vec::new();
            station.trouble = Trouble::SharedAccount;
        }
        station
    }

    fn bare(&mut self, trouble: Trouble, weight: u32) -> Station {
        let mix = self.mix(Some(OperatingSystem::Windows));
        Station { trouble, weight, ..self.empty(user_agent("Windows"), mix) }
    }

    /// A second machine that is not registered: for portals, or to administer from.
    fn besides(&mut self, trouble: Trouble) -> Station {
        let entries: &[(&str, &str)] = match trouble {
            Trouble::PortalElsewhere => {
                &[("azure-portal", "azure-management"), ("browser", "sharepoint")]
            }
            _ => &[
                ("exchange-powershell", "exchange"),
                ("graph-powershell", "exchange"),
                ("azure-portal", "azure-management"),
            ],
        };
        let uses = entries.iter().filter_map(|(app, resource)| used(app, None, resource, HABIT));
        let mut station = self.bare(trouble, SELDOM);
        station.uses = uses.collect();
        station
    }

    fn empty(&mut self, agent: &'static str, uses: Vec<Use>) -> Station {
        self.stations += 1;
        // 2001:db8::/32 is for documentation (RFC 3849).
        let address = Ipv6Addr::from_bits((0x2001_0db8 << 96) | u128::from(self.stations));
        let address = IpAddr::from(address);
        Station {
            devices: Vec::new(),
            lost: 0,
            user_agent: agent,
            platform: Platform::from_user_agent(agent),
            address,
            place: self.directory.place_of(Some(address), None),
            trouble: Trouble::Ordinary,
            weight: MAIN,
            uses,
            first: 0,
        }
    }

    /// The apps of the mix that run on a system. Phones use Outlook Mobile, computers do not.
    fn mix(&self, system: Option<OperatingSystem>) -> Vec<Use> {
        let system = system.unwrap_or(OperatingSystem::Windows);
        let runs = |entry: &&MixEntry| {
            Catalog::builtin().client(&entry.app).is_some_and(|app| app.runs_on.contains(&system))
        };
        let entries = self.shares.apps.iter().filter(runs);
        let uses: Vec<Use> = entries
            .filter_map(|entry| {
                used(&entry.app, entry.version.as_deref(), &entry.resource, entry.weight)
            })
            .collect();
        match uses.is_empty() {
            false => uses,
            true => used("browser", None, "exchange", 1).into_iter().collect(),
        }
    }

    /// Apps beside the mix go to the first computer they run on.
    fn add_habits(&self, stations: &mut [Station], habits: &[&str]) {
        let wanted = self.shares.shares.iter().filter(|one| habits.contains(&one.name.as_str()));
        for share in wanted {
            let (Some(app), Some(resource)) = (&share.app, &share.resource) else { continue };
            let Some(extra) = used(app, share.version.as_deref(), resource, HABIT) else {
                continue;
            };
            let fits = |station: &&mut Station| {
                let system = match station.platform {
                    Platform::Windows => OperatingSystem::Windows,
                    Platform::MacOs => OperatingSystem::MacOs,
                    Platform::Linux => OperatingSystem::Linux,
                    _ => return false,
                };
                extra.client.runs_on.contains(&system)
            };
            if let Some(station) = stations.iter_mut().find(fits) {
                station.uses.push(extra);
            }
        }
    }
}

fn used(app: &str, version: Option<&str>, resource: &str, weight: u32) -> Option<Use> {
    let client = Catalog::builtin().client(app)?;
    let stated = version.and_then(|text| text.parse().ok());
    let version: Option<Version> = stated.or(client.version);
    let resource = Catalog::builtin().resource(resource)?;
    Some(Use { client, version, resource, weight, trouble: Trouble::of_app(client, version) })
}

impl Station {
    /// Slots are its device objects, and one more for none where that can happen.
    pub(super) fn slots(&self) -> u32 {
        let bare = self.devices.is_empty() || self.lost > 0;
        u32::try_from(self.devices.len()).unwrap_or(u32::MAX).saturating_add(u32::from(bare))
    }

    /// Two ways to ask for each slot and app.
    pub(super) fn situations(&self) -> u32 {
        self.slots() * u32::try_from(self.uses.len()).unwrap_or(u32::MAX) * 2
    }
}

impl Use {
    /// Whether the app asks the broker on a registered device.
    pub(super) fn goes_through_broker(&self) -> bool {
        self.client.registration == ClientRegistration::Native
            && self.client.broker == BrokerUse::Integrated
            && self.trouble != Trouble::AppTooOld
    }
}
