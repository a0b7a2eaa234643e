//! From a directory file to a [`Directory`]: every reference resolved, every id unique.
//!
//! Order matters only for the error that is reported first: partners, users, devices (they name
//! users), groups (they name users and each other), user keys (they name devices), the rest.

use std::collections::{BTreeMap, BTreeSet};

use super::error::{DirectoryError, shown};
use super::guarded::Guid;
use super::model::{App, Group, InboundTrust};
use super::raw::{RawApp, RawDevice, RawDirectory, RawGroup, RawLocation, RawUser, RawUserKey};
use super::read::{
    Owners, duplicate, name, read_device, read_location, read_user, read_user_key, unknown,
};
use super::{Directory, folded};
use crate::base::id::{TenantId, UserId};
use crate::base::json;

/// The largest directory file that is read, in octets.
pub const MAX_FILE_LEN: usize = 8 * 1024 * 1024;
const MAX_USERS: usize = 50_000;
const MAX_GROUPS: usize = 10_000;
const MAX_DEVICES: usize = 50_000;
const MAX_OTHERS: usize = 1_000;

/// Keys of a user that wait until the devices are known, with the user's path.
type Waiting = Vec<(String, UserId, Vec<RawUserKey>)>;

impl Directory {
    /// Reads a directory file. Its shape is that of `src/data/directory.json`, and the JSON Schema
    /// of `directory_schema` documents every member.
    ///
    /// # Errors
    /// `directory.too_large`, `directory.json` (not JSON of the documented shape, or an id that is
    /// no GUID), `directory.too_many`, `directory.bad_value`, `directory.bad_key`,
    /// `directory.bad_verifier`, `directory.duplicate`, `directory.ambiguous`,
    /// `directory.unknown_reference`: the first fault found, with its JSON path.
    pub fn from_json(text: &[u8]) -> Result<Self, DirectoryError> {
        if text.len() > MAX_FILE_LEN {
            return Err(DirectoryError::TooLarge { octets: text.len(), limit: MAX_FILE_LEN });
        }
        let raw: RawDirectory = json::from_slice(text)?;
        check_counts(&raw)?;
        let partners = partners(&raw)?;
        let mut directory = Self::empty(raw.tenant_id.0);
        let user_keys = directory.load_users(raw.users, &partners)?;
        directory.load_devices(raw.devices)?;
        directory.load_groups(raw.groups)?;
        directory.load_user_keys(user_keys)?;
        directory.load_apps(raw.apps)?;
        directory.load_locations(raw.named_locations)?;
        Ok(directory)
    }

    fn load_users(
        &mut self,
        users: Vec<RawUser>,
        partners: &BTreeMap<TenantId, InboundTrust>,
    ) -> Result<Waiting, DirectoryError> {
        let mut waiting = Vec::new();
        for (index, mut raw) in users.into_iter().enumerate() {
            let path = format!("users[{index}]");
            let keys = std::mem::take(&mut raw.sim.user_keys);
            let user = read_user(&path, raw, partners)?;
            let id = user.id;
            if !keys.is_empty() {
                waiting.push((path.clone(), id, keys));
            }
            let upn = user.user_principal_name.clone();
            if self.by_name.insert(folded(&upn), id).is_some() {
                return Err(duplicate(format!("{path}.userPrincipalName"), shown(&upn)));
            }
            if self.users.insert(id, user).is_some() {
                return Err(duplicate(format!("{path}.id"), id));
            }
        }
        Ok(waiting)
    }

    fn load_devices(&mut self, devices: Vec<RawDevice>) -> Result<(), DirectoryError> {
        let owners = Owners::of(self);
        let mut read = Vec::with_capacity(devices.len());
        for (index, raw) in devices.into_iter().enumerate() {
            read.push(read_device(&format!("devices[{index}]"), raw, &owners)?);
        }
        let mut object_ids = BTreeSet::new();
        for (index, device) in read.into_iter().enumerate() {
            let path = format!("devices[{index}]");
            if !object_ids.insert(device.id) {
                return Err(duplicate(format!("{path}.id"), device.id));
            }
            self.add_device(device).map_err(|error| match error {
                DirectoryError::DeviceExists { device } => {
                    duplicate(format!("{path}.deviceId"), device)
                }
                DirectoryError::KeyInUse { thumbprint } => {
                    duplicate(format!("{path}.sim.deviceKey"), thumbprint)
                }
                other => other,
            })?;
        }
        Ok(())
    }

    fn load_groups(&mut self, groups: Vec<RawGroup>) -> Result<(), DirectoryError> {
        let known: BTreeSet<_> = groups.iter().map(|group| group.id.0).collect();
        for (index, raw) in groups.into_iter().enumerate() {
            let path = format!("groups[{index}]");
            for (at, Guid(member)) in raw.members.iter().enumerate() {
                if !self.users.contains_key(member) {
                    return Err(unknown(format!("{path}.members[{at}]"), "user", member));
                }
            }
            for (at, Guid(member)) in raw.member_groups.iter().enumerate() {
                if !known.contains(member) {
                    return Err(unknown(format!("{path}.memberGroups[{at}]"), "group", member));
                }
            }
            let id = raw.id.0;
            let group = Group {
                id,
                display_name: name(format!("{path}.displayName"), raw.display_name)?,
                members: raw.members.into_iter().map(|Guid(id)| id).collect(),
                member_groups: raw.member_groups.into_iter().map(|Guid(id)| id).collect(),
            };
            if self.groups.contains_key(&id) {
                return Err(duplicate(format!("{path}.id"), id));
            }
            self.index_group(group);
        }
        Ok(())
    }

    fn load_user_keys(&mut self, waiting: Waiting) -> Result<(), DirectoryError> {
        let mut seen = BTreeSet::new();
        for (user_path, user, keys) in waiting {
            for (at, raw) in keys.into_iter().enumerate() {
                let path = format!("{user_path}.sim.userKeys[{at}]");
                let key = read_user_key(&path, raw)?;
                if !self.devices.contains_key(&key.device) {
                    return Err(unknown(format!("{path}.deviceId"), "device", key.device));
                }
                if !seen.insert(key.thumbprint()) {
                    return Err(duplicate(format!("{path}.jwk"), key.thumbprint()));
                }
                if let Some(user) = self.users.get_mut(&user) {
                    user.user_keys.push(key);
                }
            }
        }
        Ok(())
    }

    fn load_apps(&mut self, apps: Vec<RawApp>) -> Result<(), DirectoryError> {
        for (index, raw) in apps.into_iter().enumerate() {
            let path = format!("apps[{index}]");
            let app_id = raw.app_id.0;
            let display_name = name(format!("{path}.displayName"), raw.display_name)?;
            let app = App {
                app_id,
                display_name,
                redirect_uris: raw.redirect_uris,
                dpop_bound_access_tokens: raw.dpop_bound_access_tokens,
                tls_client_certificate_bound_access_tokens: raw
                    .tls_client_certificate_bound_access_tokens,
            };
            if self.apps.insert(app_id, app).is_some() {
                return Err(duplicate(format!("{path}.appId"), app_id));
            }
        }
        Ok(())
    }

    fn load_locations(&mut self, locations: Vec<RawLocation>) -> Result<(), DirectoryError> {
        for (index, raw) in locations.into_iter().enumerate() {
            let path = format!("namedLocations[{index}]");
            let location = read_location(&path, raw)?;
            let id = location.id;
            if self.named_locations.insert(id, location).is_some() {
                return Err(duplicate(format!("{path}.id"), id));
            }
        }
        Ok(())
    }
}

fn check_counts(raw: &RawDirectory) -> Result<(), DirectoryError> {
    for (path, count, limit) in [
        ("users", raw.users.len(), MAX_USERS),
        ("groups", raw.groups.len(), MAX_GROUPS),
        ("devices", raw.devices.len(), MAX_DEVICES),
        ("apps", raw.apps.len(), MAX_OTHERS),
        ("namedLocations", raw.named_locations.len(), MAX_OTHERS),
        ("crossTenantAccess", raw.cross_tenant_access.len(), MAX_OTHERS),
    ] {
        if count > limit {
            return Err(DirectoryError::TooMany { path: path.to_owned(), count, limit });
        }
    }
    Ok(())
}

fn partners(raw: &RawDirectory) -> Result<BTreeMap<TenantId, InboundTrust>, DirectoryError> {
    let mut partners = BTreeMap::new();
    for (index, partner) in raw.cross_tenant_access.iter().enumerate() {
        let tenant = partner.tenant_id.0;
        let trust = InboundTrust {
            mfa: partner.inbound_trust.is_mfa_accepted,
            compliant_device: partner.inbound_trust.is_compliant_device_accepted,
            hybrid_joined_device: partner.inbound_trust.is_hybrid_joined_device_accepted,
        };
        if partners.insert(tenant, trust).is_some() {
            return Err(duplicate(format!("crossTenantAccess[{index}].tenantId"), tenant));
        }
    }
    Ok(partners)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn sample() -> Value {
        serde_json::from_slice(crate::directory::SAMPLE).unwrap()
    }

    fn load(value: &Value) -> Result<Directory, DirectoryError> {
        Directory::from_json(&serde_json::to_vec(value).unwrap())
    }

    /// Code and path of the refusal of the sample with one member replaced or added.
    fn refused(pointer: &str, value: Value) -> (&'static str, String) {
        let mut file = sample();
        let (parent, member) = pointer.rsplit_once('/').unwrap();
        match file.pointer_mut(parent).unwrap() {
            Value::Array(list) if member == "-" => list.push(value),
            Value::Array(list) => list[member.parse::<usize>().unwrap()] = value,
            parent => parent[member] = value,
        }
        let error = load(&file).unwrap_err();
        (error.code(), error.path().unwrap_or_default().to_owned())
    }

    fn fault(code: &'static str, path: &str) -> (&'static str, String) {
        (code, path.to_owned())
    }

    const ALICE: &str = "990e7e37-0c3b-5907-af67-85c7a31ff1e4";

    #[test]
    fn unknown_members_are_refused_with_their_path() {
        for (pointer, path) in [
            ("/extra", "extra"),
            ("/users/2/password", "users[2].password"),
            ("/users/2/sim/nickname", "users[2].sim.nickname"),
            ("/devices/4/sim/tpm", "devices[4].sim.tpm"),
            ("/groups/1/owners", "groups[1].owners"),
        ] {
            assert_eq!(refused(pointer, json!(1)), fault("directory.json", path));
        }
    }

    #[test]
    fn ids_that_are_none_are_refused_with_their_text() {
        for (pointer, path) in [
            ("/tenantId", "tenantId"),
            ("/users/3/id", "users[3].id"),
            ("/groups/0/members/5", "groups[0].members[5]"),
            ("/devices/1/deviceId", "devices[1].deviceId"),
            ("/users/0/roles", "users[0].roles"),
        ] {
            assert_eq!(refused(pointer, json!("alice")), fault("directory.json", path));
        }
        let mut file = sample();
        file["users"][3]["id"] = json!("x".repeat(10_000));
        let message = load(&file).unwrap_err().to_string();
        assert!(message.contains("xxx") && message.len() < 300, "{message}");
    }

    #[test]
    fn what_must_be_unique_is() {
        let other = "4aeb59f7-d3ab-503f-9d9e-a226c5024dea";
        let device = "d9c6e305-703e-5587-97a0-94f3be4be218";
        for (pointer, value, path) in [
            ("/users/0/id", other, "users[1].id"),
            ("/users/1/userPrincipalName", "ALICE@Contoso.example", "users[1].userPrincipalName"),
            ("/devices/1/deviceId", device, "devices[1].deviceId"),
            ("/devices/1/id", "d966b24f-69bf-5f42-ab50-b2dbd90956c1", "devices[1].id"),
        ] {
            assert_eq!(refused(pointer, json!(value)), fault("directory.duplicate", path));
        }
        for (list, path) in [
            ("groups", "groups[4].id"),
            ("apps", "apps[1].appId"),
            ("namedLocations", "namedLocations[2].id"),
            ("crossTenantAccess", "crossTenantAccess[1].tenantId"),
        ] {
            let first = sample()[list][0].clone();
            let found = refused(&format!("/{list}/-"), first);
            assert_eq!(found, fault("directory.duplicate", path));
        }
    }

    #[test]
    fn references_must_lead_somewhere() {
        let nobody = json!("00000000-0000-4000-8000-00000000dead");
        for (pointer, value, path) in [
            ("/groups/0/members/2", nobody.clone(), "groups[0].members[2]"),
            ("/groups/2/memberGroups/0", nobody.clone(), "groups[2].memberGroups[0]"),
            ("/devices/0/sim/registeredOwner", nobody, "devices[0].sim.registeredOwner"),
            ("/devices/0/sim/registeredOwner", json!("zoe"), "devices[0].sim.registeredOwner"),
            (
                "/devices/0/sim/registeredOwner",
                json!("alice@fabrikam.example"),
                "devices[0].sim.registeredOwner",
            ),
        ] {
            assert_eq!(refused(pointer, value), fault("directory.unknown_reference", path));
        }
    }

    #[test]
    fn the_owner_is_found_by_id_sign_in_name_and_short_name() {
        for owner in [ALICE, "Alice@contoso.example", "alice"] {
            let mut file = sample();
            file["devices"][3]["sim"]["registeredOwner"] = json!(owner);
            let directory = load(&file).unwrap();
            let device = directory.device_by_name("AVD-0").unwrap();
            assert_eq!(device.registered_owner, Some(ALICE.parse().unwrap()), "{owner}");
        }
        let mut file = sample();
        file["users"][1]["userPrincipalName"] = json!("alice@fabrikam.example");
        let error = load(&file).unwrap_err();
        assert_eq!(error.code(), "directory.ambiguous");
        assert_eq!(error.path(), Some("devices[0].sim.registeredOwner"));
    }

    #[test]
    fn bad_values_are_refused() {
        let bad = |path| fault("directory.bad_value", path);
        for (pointer, value, path) in [
            ("/users/0/userPrincipalName", json!("alice"), "users[0].userPrincipalName"),
            ("/users/0/userPrincipalName", json!("a@b@c"), "users[0].userPrincipalName"),
            ("/users/0/displayName", json!("x".repeat(257)), "users[0].displayName"),
            (
                "/users/0/signInSessionsValidFromDateTime",
                json!("yesterday"),
                "users[0].signInSessionsValidFromDateTime",
            ),
            (
                "/devices/0/sim/registrationMethod",
                json!("hybridJoin"),
                "devices[0].sim.registrationMethod",
            ),
            (
                "/devices/0/extensionAttributes/extensionAttribute16",
                json!("x"),
                "devices[0].extensionAttributes.extensionAttribute16",
            ),
            (
                "/namedLocations/0/ipRanges/0/cidrAddress",
                json!("192.0.2.0/33"),
                "namedLocations[0].ipRanges[0].cidrAddress",
            ),
            (
                "/namedLocations/1/countriesAndRegions/0",
                json!("Norway"),
                "namedLocations[1].countriesAndRegions[0]",
            ),
        ] {
            assert_eq!(refused(pointer, value), bad(path));
        }
        // A word that is not one of those the file may use is a matter of its shape.
        let path = fault("directory.json", "devices[0].trustType");
        assert_eq!(refused("/devices/0/trustType", json!("AzureADX")), path);
    }

    #[test]
    fn verifiers_and_keys_are_checked_and_never_shown() {
        let verifier = |salt: &str, hash: &str, iterations: u32| json!({"salt": salt, "hash": hash, "iterations": iterations});
        let hash = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
        let at = "/users/0/sim/password";
        let bad = fault("directory.bad_verifier", "users[0].sim.password");
        assert_eq!(refused(at, verifier("AAAAAAAAAAA", hash, 0)), bad);
        assert_eq!(refused(at, verifier("AAAAAAAAAAA", hash, 1_000_001)), bad);
        assert_eq!(refused(at, verifier("AAAA", hash, 1)), bad);
        assert_eq!(refused(at, verifier("AAAAAAAAAAA", "hunter2", 1)), bad);
        let factor = fault("directory.bad_verifier", "users[0].sim.secondFactor");
        assert_eq!(refused("/users/0/sim/secondFactor", json!({"secret": "hunter2"})), factor);
        let key = json!({"kty": "EC", "crv": "P-256", "x": hash, "y": hash});
        let bad_key = fault("directory.bad_key", "devices[0].sim.deviceKey");
        assert_eq!(refused("/devices/0/sim/deviceKey", key), bad_key);

        for (pointer, value) in [
            ("/users/0/sim/password", json!("hunter2")),
            ("/users/0/sim/password", json!({"hunter2": 1})),
            ("/users/0/sim/password", verifier("hunter2", "hunter2", 1)),
            ("/users/0/sim/secondFactor", json!({"secret": "hunter2"})),
            ("/devices/0/sim/deviceKey", json!("hunter2")),
            ("/devices/0/sim/deviceKey", json!({"kty": "oct", "k": "hunter2"})),
        ] {
            let mut file = sample();
            let (parent, member) = pointer.rsplit_once('/').unwrap();
            file.pointer_mut(parent).unwrap()[member] = value;
            let error = load(&file).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
        }
    }

    #[test]
    fn a_user_key_needs_a_device_and_stands_once() {
        let jwk = json!({
            "kty": "EC", "crv": "P-256",
            "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
            "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
        });
        let key = |device: &str| json!({"jwk": jwk, "deviceId": device});
        let here = "d9c6e305-703e-5587-97a0-94f3be4be218";
        let mut file = sample();
        file["users"][0]["sim"]["userKeys"] = json!([key(here)]);
        let directory = load(&file).unwrap();
        let alice = directory.user_by_upn("alice@contoso.example").unwrap();
        let thumbprint = "oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U".parse().unwrap();
        assert_eq!(alice.user_keys[0].thumbprint(), thumbprint);
        assert_eq!(directory.user_by_key(&thumbprint).map(|user| user.id), Some(alice.id));

        file["users"][1]["sim"]["userKeys"] = json!([key(here)]);
        let error = load(&file).unwrap_err();
        assert_eq!(error.code(), "directory.duplicate");
        assert_eq!(error.path(), Some("users[1].sim.userKeys[0].jwk"));
        let nowhere = json!([key("00000000-0000-4000-8000-00000000dead")]);
        let path = "users[0].sim.userKeys[0].deviceId";
        let found = refused("/users/0/sim/userKeys", nowhere);
        assert_eq!(found, fault("directory.unknown_reference", path));
    }

    #[test]
    fn size_and_counts_are_bounded() {
        let error = Directory::from_json(&vec![b' '; MAX_FILE_LEN + 1]).unwrap_err();
        assert_eq!(error.code(), "directory.too_large");
        let mut file = sample();
        let app = |n: usize| json!({"appId": format!("{n:032x}"), "displayName": "x"});
        file["apps"] = (0..=MAX_OTHERS).map(app).collect();
        let error = load(&file).unwrap_err();
        assert_eq!((error.code(), error.path()), ("directory.too_many", Some("apps")));
    }

    #[test]
    fn duplicate_members_and_leftovers_are_refused() {
        for text in [
            r#"{"tenantId":"a1b2c3d4-0000-4000-8000-00000000c0de","users":[],"users":[]}"#,
            r#"{"tenantId":"a1b2c3d4-0000-4000-8000-00000000c0de","users":[]} x"#,
            "[]",
            "",
        ] {
            let error = Directory::from_json(text.as_bytes()).unwrap_err();
            assert_eq!(error.code(), "directory.json", "{text}");
        }
    }
}
