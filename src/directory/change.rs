//! What happens in a tenant: devices come and go, passwords change, tokens are revoked.

use super::credential::{PasswordVerifier, SecondFactor};
use super::device::Device;
use super::error::DirectoryError;
use super::model::User;
use super::{Directory, folded};
use crate::base::Timestamp;
use crate::base::id::{DeviceId, UserId};
use crate::jose::{JwkThumbprint, P256PublicKey};

impl Directory {
    /// Registers a device.
    ///
    /// # Errors
    /// `directory.device_exists`, `directory.key_in_use` (a device key names one device),
    /// `directory.no_such_user` for its owner. Nothing has changed then.
    pub fn add_device(&mut self, device: Device) -> Result<(), DirectoryError> {
        let id = device.device_id;
        if self.devices.contains_key(&id) {
            return Err(DirectoryError::DeviceExists { device: id });
        }
        if let Some(user) = device.registered_owner.filter(|user| !self.users.contains_key(user)) {
            return Err(DirectoryError::NoSuchUser { user });
        }
        if let Some(key) = &device.device_key {
            self.claim_device_key(id, key.thumbprint())?;
        }
        self.devices.insert(id, device);
        Ok(())
    }

    /// A device, to change facts about it. Its keys change through
    /// [`Directory::set_device_keys`] and its device id never.
    pub fn device_mut(&mut self, id: DeviceId) -> Option<&mut Device> {
        self.devices.get_mut(&id)
    }

    /// Gives a device its device key and its session transport key.
    ///
    /// # Errors
    /// `directory.no_such_device`, `directory.key_in_use`. Nothing has changed then.
    pub fn set_device_keys(
        &mut self,
        id: DeviceId,
        device_key: P256PublicKey,
        transport_key: P256PublicKey,
    ) -> Result<(), DirectoryError> {
        let missing = DirectoryError::NoSuchDevice { device: id };
        let old = self.devices.get(&id).ok_or_else(|| missing.clone())?.device_key.clone();
        self.claim_device_key(id, device_key.thumbprint())?;
        if let Some(old) = old.filter(|old| *old != device_key) {
            self.release_device_key(id, old.thumbprint());
        }
        let device = self.devices.get_mut(&id).ok_or(missing)?;
        device.device_key = Some(device_key);
        device.transport_key = Some(transport_key);
        Ok(())
    }

    /// Deletes a device and gives it back. User keys that were made on it stay registered.
    pub fn remove_device(&mut self, id: DeviceId) -> Option<Device> {
        let device = self.devices.remove(&id)?;
        if let Some(key) = &device.device_key {
            self.release_device_key(id, key.thumbprint());
        }
        Some(device)
    }

    /// A user, to change facts about the account.
    pub fn user_mut(&mut self, id: UserId) -> Option<&mut User> {
        self.users.get_mut(&id)
    }

    /// Deletes a user and gives the account back. Groups lose the member; devices of the user stay,
    /// without an owner.
    pub fn remove_user(&mut self, id: UserId) -> Option<User> {
        let user = self.users.remove(&id)?;
        self.by_name.remove(&folded(&user.user_principal_name));
        for group in self.groups_of_user.remove(&id).unwrap_or_default() {
            if let Some(group) = self.groups.get_mut(&group) {
                group.members.remove(&id);
            }
        }
        for device in self.devices.values_mut() {
            device.registered_owner = device.registered_owner.filter(|owner| *owner != id);
        }
        Some(user)
    }

    /// Sets a new password. The password epoch moves on, which ends what the old one obtained.
    ///
    /// # Errors
    /// `directory.no_such_user`.
    pub fn set_password(
        &mut self,
        id: UserId,
        password: PasswordVerifier,
    ) -> Result<(), DirectoryError> {
        let user = self.users.get_mut(&id).ok_or(DirectoryError::NoSuchUser { user: id })?;
        user.password = Some(password);
        user.password_epoch = user.password_epoch.saturating_add(1);
        Ok(())
    }

    /// Enrols a second factor, in place of an earlier one.
    ///
    /// # Errors
    /// `directory.no_such_user`.
    pub fn set_second_factor(
        &mut self,
        id: UserId,
        factor: SecondFactor,
    ) -> Result<(), DirectoryError> {
        let user = self.users.get_mut(&id).ok_or(DirectoryError::NoSuchUser { user: id })?;
        user.second_factor = Some(factor);
        Ok(())
    }

    /// Revokes all tokens of a user that were made before `now` (Graph `revokeSignInSessions`). An
    /// earlier `now` than at the last revocation changes nothing.
    ///
    /// # Errors
    /// `directory.no_such_user`.
    pub fn revoke_tokens(&mut self, id: UserId, now: Timestamp) -> Result<(), DirectoryError> {
        let user = self.users.get_mut(&id).ok_or(DirectoryError::NoSuchUser { user: id })?;
        user.tokens_valid_from = user.tokens_valid_from.max(now);
        user.token_epoch = user.token_epoch.saturating_add(1);
        Ok(())
    }

    fn claim_device_key(
        &mut self,
        id: DeviceId,
        thumbprint: JwkThumbprint,
    ) -> Result<(), DirectoryError> {
        if self.device_by_key(&thumbprint).is_some_and(|device| device.device_id != id) {
            return Err(DirectoryError::KeyInUse { thumbprint });
        }
        self.by_device_key.insert(thumbprint, id);
        Ok(())
    }

    /// Forgets a device key, unless it has become the key of another device.
    fn release_device_key(&mut self, id: DeviceId, thumbprint: JwkThumbprint) {
        if self.by_device_key.get(&thumbprint) == Some(&id) {
            self.by_device_key.remove(&thumbprint);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::stream::Seed;
    use crate::directory::{DeviceObjectId, SAMPLE};
    use crate::jose::SigningKey;

    fn sample() -> Directory {
        Directory::from_json(SAMPLE).unwrap()
    }

    fn keys() -> [P256PublicKey; 3] {
        let mut rng = Seed(7).stream("directory");
        std::array::from_fn(|_| SigningKey::generate(&mut rng).public_key().clone())
    }

    fn alice(directory: &Directory) -> &User {
        directory.user_by_upn("alice@contoso.example").unwrap()
    }

    fn new_device(directory: &Directory, id: u128, key: &P256PublicKey) -> Device {
        Device {
            id: DeviceObjectId::from_u128(id),
            device_id: DeviceId::from_u128(id),
            device_key: Some(key.clone()),
            ..directory.device_by_name("LT-ALICE").unwrap().clone()
        }
    }

    #[test]
    fn a_device_is_found_by_its_own_key_only() {
        let [first, second, third] = keys();
        let mut directory = sample();
        let device = new_device(&directory, 1, &first);
        let id = device.device_id;
        directory.add_device(device.clone()).unwrap();
        let by_key = |directory: &Directory, key: &P256PublicKey| {
            directory.device_by_key(&key.thumbprint()).map(|device| device.device_id)
        };
        assert_eq!(by_key(&directory, &first), Some(id));
        assert_eq!(by_key(&directory, &second), None);

        assert_eq!(directory.add_device(device).unwrap_err().code(), "directory.device_exists");
        let twin = new_device(&directory, 2, &first);
        assert_eq!(directory.add_device(twin).unwrap_err().code(), "directory.key_in_use");
        assert!(directory.device(DeviceId::from_u128(2)).is_none());

        directory.set_device_keys(id, second.clone(), third.clone()).unwrap();
        assert_eq!((by_key(&directory, &first), by_key(&directory, &second)), (None, Some(id)));
        let device = directory.device(id).unwrap();
        assert_eq!(device.transport_key, Some(third.clone()));

        // A key that was exchanged behind the index finds nobody.
        directory.device_mut(id).unwrap().device_key = Some(third.clone());
        assert_eq!((by_key(&directory, &second), by_key(&directory, &third)), (None, None));
        directory.device_mut(id).unwrap().device_key = Some(second.clone());
        assert_eq!(directory.remove_device(id).map(|device| device.device_id), Some(id));
        assert_eq!(by_key(&directory, &second), None);
        assert!(directory.remove_device(id).is_none());
        let again = directory.set_device_keys(id, first, third).unwrap_err();
        assert_eq!(again.code(), "directory.no_such_device");
    }

    #[test]
    fn a_device_cannot_take_the_key_of_another() {
        let [first, second, transport] = keys();
        let mut directory = sample();
        for (id, key) in [(1, &first), (2, &second)] {
            directory.add_device(new_device(&directory, id, key)).unwrap();
        }
        let two = DeviceId::from_u128(2);
        let error = directory.set_device_keys(two, first, transport).unwrap_err();
        assert_eq!(error.code(), "directory.key_in_use");
        let found = directory.device_by_key(&second.thumbprint());
        assert_eq!(found.map(|device| device.device_id), Some(two));
    }

    #[test]
    fn the_owner_of_a_device_must_exist() {
        let [key, ..] = keys();
        let mut directory = sample();
        let mut device = new_device(&directory, 1, &key);
        device.registered_owner = Some(UserId::from_u128(9));
        assert_eq!(directory.add_device(device).unwrap_err().code(), "directory.no_such_user");
        assert!(directory.device_by_key(&key.thumbprint()).is_none());
    }

    #[test]
    fn a_new_password_moves_the_epoch() {
        let mut directory = sample();
        let id = alice(&directory).id();
        let iterations = PasswordVerifier::DEFAULT_ITERATIONS;
        let verifier = PasswordVerifier::make(&"new".into(), &[1; 16], iterations);
        directory.set_password(id, verifier.clone()).unwrap();
        assert_eq!(alice(&directory).password_epoch(), 1);
        assert!(alice(&directory).password().unwrap().matches(&"new".into()));
        assert!(!alice(&directory).password().unwrap().matches(&"lab password of alice".into()));
        let nobody = directory.set_password(UserId::from_u128(9), verifier).unwrap_err();
        assert_eq!(nobody.code(), "directory.no_such_user");
    }

    #[test]
    fn revocation_never_moves_back() {
        let mut directory = sample();
        let id = alice(&directory).id();
        let at = Timestamp::from_unix;
        assert_eq!(alice(&directory).tokens_valid_from(), at(0));
        for (now, valid_from) in [(100, 100), (50, 100), (101, 101)] {
            directory.revoke_tokens(id, at(now)).unwrap();
            assert_eq!(alice(&directory).tokens_valid_from(), at(valid_from));
        }
        let nobody = directory.revoke_tokens(UserId::from_u128(9), at(1)).unwrap_err();
        assert_eq!(nobody.code(), "directory.no_such_user");
    }

    #[test]
    fn a_removed_user_leaves_groups_and_devices_behind() {
        let mut directory = sample();
        let id = alice(&directory).id();
        assert!(directory.remove_user(id).is_some());
        assert!(directory.remove_user(id).is_none());
        assert!(directory.user_by_upn("alice@contoso.example").is_none());
        assert!(directory.groups_of(id).is_empty());
        assert!(directory.groups().all(|group| !group.members.contains(&id)));
        assert_eq!(directory.device_by_name("LT-ALICE").unwrap().registered_owner, None);
    }
}
