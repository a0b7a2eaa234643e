//! The tenant's directory: who the users are, what they belong to, which devices are registered.
//!
//! It is read from a file whose shape follows Microsoft Graph ([`Directory::from_json`]) and then
//! changes only through methods named for what happens in a tenant: a device is added, a password
//! is set, tokens are revoked. It knows no token and no policy; the provider asks it for facts.
//!
//! Two numbers of a user end tokens early. [`User::password_epoch`] moves with each password, so a
//! token obtained with an older one is recognised; [`User::tokens_valid_from`] is the time of the
//! last revocation.
//!
//! # Simulated
//! A guest's devices stand in this directory too: the lab plays the home tenant. They count
//! for the guest only as far as [`User::device_trust`] goes.

mod change;
mod credential;
mod device;
mod error;
mod guarded;
mod load;
mod model;
mod place;
mod raw;
mod read;
mod risk;

use std::collections::{BTreeMap, BTreeSet};

use crate::base::id::{AppId, DeviceId, GroupId, LocationId, RoleTemplateId, TenantId, UserId};
use crate::jose::{JwkThumbprint, P256PublicKey};

pub use credential::{CredentialFault, PasswordVerifier, SecondFactor};
pub use device::{Device, DeviceObjectId, Edition, Ownership, RegistrationMethod, TrustType};
pub use error::DirectoryError;
pub use load::MAX_FILE_LEN;
pub use model::{
    App, Group, GuestOrExternalUserType, InboundTrust, IpRange, LocationExtent, NamedLocation,
    User, UserKey, UserType,
};
pub use place::{
    CountryCode, LocationTrust, MULTIFACTOR_TRUSTED_IPS, MatchedLocations, NotACountry,
};
pub use risk::{InsiderRiskLevel, RiskLevel, StatedRisk};

/// The directory that comes with the lab: Contoso with eleven users and thirteen devices.
///
/// A user's password is `lab password of NAME`, where NAME is the part of the sign-in name
/// before the `@`. Everybody but `breakglass` has a second factor; its shared secret is the SHA-256
/// of `lab second factor of NAME`.
pub const SAMPLE: &[u8] = include_bytes!("../data/directory.json");

/// The users, groups, devices and keys of one tenant.
#[derive(Clone, Debug)]
pub struct Directory {
    tenant: TenantId,
    users: BTreeMap<UserId, User>,
    by_name: BTreeMap<String, UserId>,
    groups: BTreeMap<GroupId, Group>,
    groups_of_user: BTreeMap<UserId, Vec<GroupId>>,
    groups_of_group: BTreeMap<GroupId, Vec<GroupId>>,
    devices: BTreeMap<DeviceId, Device>,
    by_device_key: BTreeMap<JwkThumbprint, DeviceId>,
    apps: BTreeMap<AppId, App>,
    named_locations: BTreeMap<LocationId, NamedLocation>,
}

impl Directory {
    /// A tenant without anybody in it.
    #[must_use]
    pub const fn empty(tenant: TenantId) -> Self {
        Self {
            tenant,
            users: BTreeMap::new(),
            by_name: BTreeMap::new(),
            groups: BTreeMap::new(),
            groups_of_user: BTreeMap::new(),
            groups_of_group: BTreeMap::new(),
            devices: BTreeMap::new(),
            by_device_key: BTreeMap::new(),
            apps: BTreeMap::new(),
            named_locations: BTreeMap::new(),
        }
    }

    /// The tenant's id.
    #[must_use]
    pub const fn tenant(&self) -> TenantId {
        self.tenant
    }

    /// The user with this object id.
    #[must_use]
    pub fn user(&self, id: UserId) -> Option<&User> {
        self.users.get(&id)
    }

    /// The user with this sign-in name, whatever its case.
    #[must_use]
    pub fn user_by_upn(&self, user_principal_name: &str) -> Option<&User> {
        self.users.get(self.by_name.get(&folded(user_principal_name))?)
    }

    /// The user who registered this key.
    #[must_use]
    pub fn user_by_key(&self, thumbprint: &JwkThumbprint) -> Option<&User> {
        let holds = |user: &&User| user.user_keys.iter().any(|key| key.thumbprint() == *thumbprint);
        self.users.values().find(holds)
    }

    /// All users, by object id.
    pub fn users(&self) -> impl Iterator<Item = &User> {
        self.users.values()
    }

    /// The group with this object id.
    #[must_use]
    pub fn group(&self, id: GroupId) -> Option<&Group> {
        self.groups.get(&id)
    }

    /// All groups, by object id.
    pub fn groups(&self) -> impl Iterator<Item = &Group> {
        self.groups.values()
    }

    /// Every group the user belongs to, directly or through member groups. Circles of groups do no
    /// harm: each group is visited once.
    #[must_use]
    pub fn groups_of(&self, user: UserId) -> BTreeSet<GroupId> {
        let mut found = BTreeSet::new();
        let mut next: Vec<GroupId> = self.groups_of_user.get(&user).cloned().unwrap_or_default();
        while let Some(group) = next.pop() {
            if found.insert(group) {
                next.extend(self.groups_of_group.get(&group).into_iter().flatten());
            }
        }
        found
    }

    /// The directory roles the user holds.
    #[must_use]
    pub fn roles_of(&self, user: UserId) -> BTreeSet<RoleTemplateId> {
        self.users.get(&user).map(|user| user.roles.clone()).unwrap_or_default()
    }

    /// The device with this device id.
    #[must_use]
    pub fn device(&self, id: DeviceId) -> Option<&Device> {
        self.devices.get(&id)
    }

    /// The device of this name. Names need not be unique: of several, the one with the
    /// smallest device id.
    #[must_use]
    pub fn device_by_name(&self, display_name: &str) -> Option<&Device> {
        self.devices.values().find(|device| device.display_name == display_name)
    }

    /// The device that registered this device key.
    ///
    /// # Security
    /// The device is asked again whether the key is still its own, so a key that was exchanged
    /// behind the index's back finds nothing rather than the wrong device.
    #[must_use]
    pub fn device_by_key(&self, thumbprint: &JwkThumbprint) -> Option<&Device> {
        let device = self.devices.get(self.by_device_key.get(thumbprint)?)?;
        let own = device.device_key.as_ref().map(P256PublicKey::thumbprint);
        (own == Some(*thumbprint)).then_some(device)
    }

    /// All devices, by device id.
    pub fn devices(&self) -> impl Iterator<Item = &Device> {
        self.devices.values()
    }

    /// How many devices the user has registered.
    #[must_use]
    pub fn devices_of(&self, user: UserId) -> usize {
        self.devices.values().filter(|device| device.registered_owner == Some(user)).count()
    }

    /// The application with this id, if the tenant knows one besides the catalogue's.
    #[must_use]
    pub fn app(&self, id: AppId) -> Option<&App> {
        self.apps.get(&id)
    }

    /// All applications the tenant knows besides the catalogue's, by id.
    pub fn apps(&self) -> impl Iterator<Item = &App> {
        self.apps.values()
    }

    /// The named location with this id.
    #[must_use]
    pub fn named_location(&self, id: LocationId) -> Option<&NamedLocation> {
        self.named_locations.get(&id)
    }

    /// All named locations, by id.
    pub fn named_locations(&self) -> impl Iterator<Item = &NamedLocation> {
        self.named_locations.values()
    }

    /// Takes in a group whose members are known to exist.
    fn index_group(&mut self, group: Group) {
        for &member in &group.members {
            self.groups_of_user.entry(member).or_default().push(group.id);
        }
        for &member in &group.member_groups {
            self.groups_of_group.entry(member).or_default().push(group.id);
        }
        self.groups.insert(group.id, group);
    }
}

/// The form in which sign-in names are compared.
fn folded(user_principal_name: &str) -> String {
    user_principal_name.to_lowercase()
}

/// The JSON Schema of a directory file.
#[cfg(feature = "cli")]
#[must_use]
pub fn directory_schema() -> schemars::Schema {
    schemars::schema_for!(raw::RawDirectory)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Timestamp;

    fn sample() -> Directory {
        Directory::from_json(SAMPLE).unwrap()
    }

    fn id(directory: &Directory, name: &str) -> UserId {
        directory.user_by_upn(&format!("{name}@contoso.example")).unwrap().id()
    }

    fn group_names(directory: &Directory, user: UserId) -> Vec<&str> {
        let mut names: Vec<&str> = directory
            .groups_of(user)
            .into_iter()
            .map(|group| directory.group(group).unwrap().display_name.as_str())
            .collect();
        names.sort_unstable();
        names
    }

    #[test]
    fn the_sample_loads_in_both_forms() {
        let extended = sample();
        let plain = include_bytes!("../../tests/samples/directory.json");
        let plain = Directory::from_json(plain).unwrap();
        for directory in [&extended, &plain] {
            assert_eq!(directory.tenant().to_string(), "a1b2c3d4-0000-4000-8000-00000000c0de");
            let counts = (directory.users().count(), directory.groups().count());
            assert_eq!((counts, directory.devices().count()), ((11, 4), 13));
        }
        // The plain sample is the extended one less what only the lab adds.
        for device in plain.devices() {
            let mut same = extended.device(device.device_id).unwrap().clone();
            same.edition = device.edition;
            assert_eq!(same, *device);
        }
        for user in plain.users() {
            assert!(user.password().is_none() && user.second_factor().is_none());
            assert!(user.account_enabled && user.roles.is_empty() && user.licences.is_empty());
            assert_eq!(extended.groups_of(user.id()), plain.groups_of(user.id()));
        }
    }

    #[test]
    fn everybody_in_the_sample_can_sign_in() {
        let directory = sample();
        let now = Timestamp::from_unix(1_773_144_000);
        for user in directory.users() {
            let name = user.user_principal_name().split('@').next().unwrap();
            let password = format!("lab password of {name}");
            let verifier = user.password().unwrap();
            assert!(verifier.matches(&password.as_str().into()), "{name}");
            assert!(!verifier.matches(&"lab password of".into()), "{name}");
            assert_eq!(user.second_factor().is_none(), name == "breakglass");
        }
        let alice = directory.user_by_upn("alice@contoso.example").unwrap();
        let shared = ring::digest::digest(&ring::digest::SHA256, b"lab second factor of alice");
        let code = SecondFactor::from_octets(shared.as_ref()).unwrap().code(now);
        assert!(alice.second_factor().unwrap().good_until(&code, now).is_some());
    }

    #[test]
    fn sign_in_names_do_not_mind_case() {
        let directory = sample();
        let alice = directory.user_by_upn("ALICE@Contoso.Example").unwrap();
        assert_eq!(alice.user_principal_name(), "alice@contoso.example");
        assert!(directory.user_by_upn("alice").is_none());
    }

    #[test]
    fn membership_is_transitive() {
        let directory = sample();
        let all = ["All-Employees", "Kiosk-Exempt", "TP-Pilot"];
        assert_eq!(group_names(&directory, id(&directory, "alice")), all);
        let ivan = group_names(&directory, id(&directory, "ivan"));
        assert_eq!(ivan, ["All-Employees", "Kiosk-Exempt"]);
        let emergency = group_names(&directory, id(&directory, "breakglass"));
        assert_eq!(emergency, ["Break-glass"]);
        assert!(directory.groups_of(UserId::from_u128(1)).is_empty());
    }

    #[test]
    fn a_circle_of_groups_ends() {
        let mut file: serde_json::Value = serde_json::from_slice(SAMPLE).unwrap();
        file["groups"][0]["memberGroups"] =
            serde_json::json!(["20000000-0000-4000-8000-000000000004"]);
        file["groups"][1]["memberGroups"] =
            serde_json::json!(["20000000-0000-4000-8000-000000000002"]);
        let directory = Directory::from_json(file.to_string().as_bytes()).unwrap();
        let all = ["All-Employees", "Kiosk-Exempt", "TP-Pilot"];
        assert_eq!(group_names(&directory, id(&directory, "ivan")), all);
        let emergency = group_names(&directory, id(&directory, "breakglass"));
        assert_eq!(emergency, ["Break-glass"]);
    }

    #[test]
    fn facts_of_the_extended_sample() {
        let directory = sample();
        let breakglass = id(&directory, "breakglass");
        let administrator = "62e90394-69f5-4237-9190-012177145e10".parse().unwrap();
        assert!(directory.roles_of(breakglass).contains(&administrator));
        assert!(directory.roles_of(id(&directory, "alice")).is_empty());
        let heidi = directory.user_by_upn("heidi@fabrikam.example").unwrap();
        assert_eq!(heidi.user_type, UserType::Guest);
        assert!(heidi.home_tenant.is_some() && heidi.device_trust.trusts_devices());
        assert!(!directory.user(breakglass).unwrap().device_trust.trusts_devices());
        assert!(heidi.licences.is_empty());
        let alice = directory.user(id(&directory, "alice")).unwrap();
        assert!(alice.licences.contains("AAD_PREMIUM"));
        assert_eq!(directory.device_by_name("AZVM-1").unwrap().edition, Edition::Server);
        assert_eq!(directory.devices_of(alice.id()), 2);
        assert_eq!((directory.apps().count(), directory.named_locations().count()), (1, 2));
        let locations: Vec<_> = directory.named_locations().map(|one| &one.extent).collect();
        let LocationExtent::IpRanges { trusted: true, ranges } = locations[0] else { panic!() };
        assert_eq!((ranges.len(), ranges[0].prefix), (2, 24));
        let LocationExtent::Countries { codes, .. } = locations[1] else { panic!() };
        assert!(codes.contains("NO"));
    }

    #[cfg(feature = "cli")]
    #[test]
    fn the_schema_names_every_part_and_closes_every_object() {
        let schema = serde_json::to_value(directory_schema()).unwrap();
        assert_eq!(schema["title"], "Directory");
        assert_eq!(schema["additionalProperties"], false);
        let definitions = schema["$defs"].as_object().unwrap();
        for name in ["User", "UserSim", "PasswordVerifier", "Group", "Device", "DeviceSim"] {
            assert_eq!(definitions[name]["additionalProperties"], false, "{name}");
            for (member, shape) in definitions[name]["properties"].as_object().unwrap() {
                assert!(shape.get("description").is_some(), "{name}.{member}");
            }
        }
    }
}
