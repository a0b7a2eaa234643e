//! A fleet that is made up: users, groups and devices in stated shares, as a directory file.
//!
//! What comes out is JSON in the shape of every directory file, so `lint`, `whatif` and the policies
//! see nothing but a directory, and whoever exports it gets the same rehearsal back.
//!
//! # Simulated
//! A group with the name of a device lists who else works on it.

use rand::seq::SliceRandom as _;
use serde_json::{Value, json};

use super::plan::PlanFile;
use super::shares::{Assigns, Share};
use crate::base::id::{DeviceId, GroupId, UserId};
use crate::base::stream::Stream;
use crate::catalog::Catalog;
use crate::directory::DeviceObjectId;

/// The tenant and the two groups that the built-in policies name.
const TENANT: &str = "a1b2c3d4-0000-4000-8000-00000000c0de";
const PILOT: &str = "20000000-0000-4000-8000-000000000001";
const BREAK_GLASS: &str = "20000000-0000-4000-8000-000000000002";
const WAVE: &str = "20000000-0000-4000-8000-000000000003";
const ADMINISTRATOR: &str = "62e90394-69f5-4237-9190-012177145e10";
/// Homes of guests; devices of the first one are believed.
const TRUSTED_HOME: &str = "f0000000-0000-4000-8000-00000000000a";
const OTHER_HOME: &str = "f0000000-0000-4000-8000-00000000000b";

/// So many people use one shared device.
const SHARING: usize = 4;
/// Device objects of one user of a pooled desktop.
const POOLED: usize = 3;

const FIRST: &[&str] = &[
    "Ada", "Ben", "Carla", "Dev", "Elif", "Finn", "Greta", "Hugo", "Ines", "Jun", "Kira", "Lars",
    "Mina", "Noor", "Omar", "Pia", "Quinn", "Rosa", "Sven", "Tara", "Uma", "Vito", "Wanda", "Yara",
];
const LAST: &[&str] = &[
    "Abel",
    "Berg",
    "Costa",
    "Duarte",
    "Eriksen",
    "Fischer",
    "Garcia",
    "Haddad",
    "Ito",
    "Jansen",
    "Kowalski",
    "Lindqvist",
    "Moreau",
    "Novak",
    "Okafor",
    "Petrov",
    "Rossi",
    "Singh",
    "Tanaka",
    "Vargas",
];

/// The directory file of the plan's made-up fleet.
#[must_use]
pub fn directory_file(plan: &PlanFile) -> Value {
    let shares = plan.shares();
    let mut making = Making { rng: plan.root().stream("fleet"), ..Making::default() };
    let mains = mains(plan, &shares.shares, &mut making.rng);
    for (at, main) in mains.iter().enumerate() {
        making.user(at, *main);
    }
    let also: Vec<_> = shares.shares.iter().filter(|one| one.assigns == Assigns::Also).collect();
    making.phones(&also);
    making.share_devices();
    making.groups();
    json!({
        "tenantId": TENANT,
        "users": making.users,
        "groups": making.groups,
        "devices": making.devices,
        "crossTenantAccess": [
            { "tenantId": TRUSTED_HOME, "inboundTrust": { "isCompliantDeviceAccepted": true } },
            { "tenantId": OTHER_HOME },
        ],
    })
}

/// The main device of every user, in an order of chance: exact counts, and at least one user of
/// each share where there are users enough.
fn mains<'s>(plan: &PlanFile, shares: &'s [Share], rng: &mut Stream) -> Vec<Option<&'s Share>> {
    let users = plan.fleet.users as usize;
    let mut mains = Vec::with_capacity(users);
    for share in shares.iter().filter(|share| share.assigns == Assigns::Device) {
        let wanted = (share.share * users as f64).round() as usize;
        let least = usize::from(share.share > 0.0 && users >= 100);
        mains.extend(std::iter::repeat_n(Some(share), wanted.max(least)));
    }
    mains.resize(users.max(mains.len()), None);
    mains.shuffle(rng);
    mains.truncate(users);
    mains
}

struct Making {
    rng: Stream,
    users: Vec<Value>,
    /// Object id and whether the user is a person of the tenant, by index.
    people: Vec<(UserId, bool)>,
    devices: Vec<Value>,
    groups: Vec<Value>,
    /// Users waiting to share a Windows computer and a Mac.
    sharing: [Vec<UserId>; 2],
}

impl Default for Making {
    fn default() -> Self {
        Self {
            rng: crate::base::stream::Seed(0).stream("fleet"),
            users: Vec::new(),
            people: Vec::new(),
            devices: Vec::new(),
            groups: Vec::new(),
            sharing: [Vec::new(), Vec::new()],
        }
    }
}

impl Making {
    fn user(&mut self, at: usize, main: Option<&Share>) {
        let id = UserId::random(&mut self.rng);
        let name = main.map_or("windows-laptop", |share| share.name.as_str());
        let guest = name.starts_with("guest-");
        let person = !matches!(name, "surface-hub" | "teams-room" | "power-automate");
        let (upn, display) = names(at, name, guest, person);
        let mut user = json!({
            "id": id.to_string(),
            "userPrincipalName": upn,
            "displayName": display,
            "userType": if guest { "Guest" } else { "Member" },
            "licences": if guest { json!([]) } else { json!(["AAD_PREMIUM"]) },
        });
        if guest {
            let home = if name == "guest-trusted" { TRUSTED_HOME } else { OTHER_HOME };
            put(&mut user, "sim", json!({ "homeTenantId": home }));
        }
        self.users.push(user);
        self.people.push((id, person && !guest));
        match name {
            "unmanaged" => {}
            "shared-windows" => self.sharing[0].push(id),
            "shared-mac" => self.sharing[1].push(id),
            "vdi-pooled" => {
                for number in 1..=POOLED {
                    let mut device =
                        self.device("cloud-pc-hybrid", &format!("VDI-{at:04}-{number}"));
                    put(&mut device, "systemLabels", json!(["AzureVirtualDesktop", "MultiUser"]));
                    self.owned(device, id);
                }
            }
            _ => {
                let kind = main.and_then(|share| share.kind.as_deref()).unwrap_or("windows-laptop");
                let device = self.device(kind, &format!("{}-{at:04}", prefix(name)));
                self.owned(edited(device, name), id);
            }
        }
    }

    fn phones(&mut self, also: &[&Share]) {
        use rand::RngExt as _;
        for at in 0..self.people.len() {
            let Some(&(id, true)) = self.people.get(at) else { continue };
            let drawn: f64 = self.rng.random();
            let mut sum = 0.0;
            let found = also.iter().find(|share| {
                sum += share.share;
                drawn < sum
            });
            if let Some(share) = found {
                let kind = share.kind.as_deref().unwrap_or("android");
                let device = self.device(kind, &format!("{}-{at:04}", prefix(&share.name)));
                self.owned(device, id);
            }
        }
    }

    /// Each shared device is registered by the first of those who share it.
    fn share_devices(&mut self) {
        let waiting = std::mem::take(&mut self.sharing);
        for (kind, (label, people)) in ["windows-laptop-registered", "mac"]
            .into_iter()
            .zip(["SHARED-PC", "SHARED-MAC"].into_iter().zip(waiting))
        {
            for (number, party) in people.chunks(SHARING).enumerate() {
                let name = format!("{label}-{number:03}");
                let mut device = self.device(kind, &name);
                put(&mut device, "profileType", json!("Shared"));
                let owner = party.first().map(ToString::to_string);
                let hardware = kind != "mac";
                put(
                    &mut device,
                    "sim",
                    json!({ "registeredOwner": owner, "hardwareBackedKey": hardware }),
                );
                self.devices.push(device);
                let others: Vec<_> = party.iter().skip(1).map(ToString::to_string).collect();
                let id = GroupId::random(&mut self.rng).to_string();
                self.groups.push(json!({ "id": id, "displayName": name, "members": others }));
            }
        }
    }

    /// Pilot: one member in twenty, at least two; wave: one in four; an emergency account.
    fn groups(&mut self) {
        let mut people: Vec<UserId> = self.people.iter().map(|(id, _)| *id).collect();
        people.shuffle(&mut self.rng);
        let pilot = (people.len() / 20).max(2).min(people.len());
        let wave = people.len() / 4;
        let text = |ids: &[UserId]| ids.iter().map(ToString::to_string).collect::<Vec<_>>();
        let (first, rest) = people.split_at(pilot);
        let second = rest.get(..wave.min(rest.len())).unwrap_or_default();
        let rooms: Vec<_> = self
            .users
            .iter()
            .filter(|user| {
                let name = user.get("displayName").and_then(Value::as_str).unwrap_or_default();
                name.starts_with("hub-") || name.starts_with("mtr-")
            })
            .filter_map(|user| user.get("id").cloned())
            .collect();
        let id = GroupId::random(&mut self.rng).to_string();
        self.groups.push(json!({ "id": id, "displayName": "Meeting rooms", "members": rooms }));
        let emergency = UserId::random(&mut self.rng).to_string();
        self.users.push(json!({
            "id": emergency,
            "userPrincipalName": "breakglass@contoso.example",
            "displayName": "Emergency access",
            "roles": [ADMINISTRATOR],
        }));
        self.groups.push(json!({ "id": PILOT, "displayName": "TP-Pilot", "members": text(first) }));
        self.groups
            .push(json!({ "id": WAVE, "displayName": "TP-Wave-1", "members": text(second) }));
        self.groups.push(
            json!({ "id": BREAK_GLASS, "displayName": "Break-glass", "members": [emergency] }),
        );
    }

    /// A device of a kind of the catalogue: managed and compliant.
    fn device(&mut self, kind: &str, name: &str) -> Value {
        let object = DeviceObjectId::random(&mut self.rng).to_string();
        let id = DeviceId::random(&mut self.rng).to_string();
        let mut device = json!({
            "id": object,
            "deviceId": id,
            "displayName": name,
            "isCompliant": true,
            "isManaged": true,
            "deviceOwnership": "Company",
        });
        let Some(kind) = Catalog::builtin().device_kind(kind) else { return device };
        put(&mut device, "operatingSystem", json!(kind.operating_system));
        let version = kind.operating_system_version.to_string();
        put(&mut device, "operatingSystemVersion", json!(version));
        put(&mut device, "trustType", json!(kind.trust_type));
        put(&mut device, "profileType", json!(kind.profile_type));
        put(&mut device, "systemLabels", json!(kind.system_labels));
        if let Some(profile) = &kind.enrollment_profile_name {
            put(&mut device, "enrollmentProfileName", json!(profile));
        }
        let server = kind.system == crate::catalog::OperatingSystem::WindowsServer;
        let mut sim = json!({ "registrationMethod": kind.registration_method });
        if server {
            put(&mut sim, "edition", json!("server"));
        }
        if matches!(kind.name.as_str(), "surface-hub" | "teams-rooms-windows") {
            put(&mut sim, "kind", json!(kind.name));
        }
        put(&mut device, "sim", sim);
        device
    }

    fn owned(&mut self, mut device: Value, owner: UserId) {
        if let Some(sim) = device.get_mut("sim") {
            put(sim, "registeredOwner", json!(owner.to_string()));
        }
        self.devices.push(device);
    }
}

/// What a share changes about a device of its kind.
fn edited(mut device: Value, share: &str) -> Value {
    match share {
        "legacy-registration" | "registered" => {
            put(&mut device, "deviceOwnership", json!("Personal"));
            let fresh = share == "registered";
            if let Some(sim) = device.get_mut("sim") {
                put(sim, "freshSignInAtRegistration", json!(fresh));
            }
        }
        "mac-software-key" => {
            if let Some(sim) = device.get_mut("sim") {
                put(sim, "hardwareBackedKey", json!(false));
            }
        }
        _ => {}
    }
    device
}

fn put(object: &mut Value, name: &str, value: Value) {
    if let Some(members) = object.as_object_mut() {
        members.insert(name.to_owned(), value);
    }
}

fn prefix(name: &str) -> &'static str {
    match name {
        "android" => "AND",
        "autopilot-self-deploying" => "KIOSK",
        "avd-host" => "AVD",
        "azure-vm" => "AZVM",
        "bulk-enrolled" => "BULK",
        "cloud-pc" => "CPC",
        "iphone" => "IPH",
        "linux" => "LX",
        "mac" | "mac-software-key" => "MAC",
        "old-server" | "server-jump-box" => "SRV",
        "power-automate" => "PA",
        "surface-hub" => "HUB",
        "teams-room" => "MTR",
        _ => "LT",
    }
}

fn names(at: usize, share: &str, guest: bool, person: bool) -> (String, String) {
    if !person {
        let name = format!("{}-{at:04}", prefix(share).to_lowercase());
        return (format!("{name}@contoso.example"), name);
    }
    let pick = |from: &[&'static str], at: usize| from.get(at % from.len()).copied().unwrap_or("X");
    let (first, last) = (pick(FIRST, at), pick(LAST, at / FIRST.len()));
    let round = at / (FIRST.len() * LAST.len());
    let number = if round == 0 { String::new() } else { round.to_string() };
    let domain = if guest { "partner.example" } else { "contoso.example" };
    let upn = format!("{}.{}{number}@{domain}", first.to_lowercase(), last.to_lowercase());
    (upn, format!("{first} {last}{}{number}", if round == 0 { "" } else { " " }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directory::Directory;

    fn made(users: u32) -> (PlanFile, Directory) {
        let mut plan = PlanFile::builtin();
        plan.fleet.users = users;
        let text = directory_file(&plan).to_string();
        (plan, Directory::from_json(text.as_bytes()).unwrap())
    }

    #[test]
    fn a_fleet_is_a_directory_in_the_stated_shares() {
        let (plan, directory) = made(1_000);
        assert_eq!(directory.users().count(), 1_001, "one emergency account besides");
        let hybrid = directory.devices().filter(|device| {
            device.trust_type == crate::directory::TrustType::ServerAd
                && device.operating_system_version == "10.0.22631"
        });
        let wanted = plan.shares().named("hybrid").unwrap().share;
        assert_eq!(hybrid.count(), (wanted * 1_000.0) as usize);
        let legacy = directory.devices().filter(|device| !device.fresh_sign_in_at_registration);
        assert_eq!(legacy.count(), 40);
        let shared = directory.devices().filter(|device| device.profile_type == "Shared");
        assert_eq!(shared.count(), 10 + 5);
    }

    #[test]
    fn the_same_seed_makes_the_same_fleet_and_another_seed_another() {
        let plan = PlanFile::builtin();
        let other = PlanFile { seed: 7, ..plan.clone() };
        assert_eq!(directory_file(&plan), directory_file(&plan));
        assert_ne!(directory_file(&plan), directory_file(&other));
    }

    #[test]
    fn the_largest_fleet_is_a_directory_that_can_be_read() {
        made(super::super::plan::MAX_USERS);
        made(1);
    }
}
