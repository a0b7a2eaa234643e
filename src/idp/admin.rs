//! What an administrator does: everything that ends tokens early (prt-protocol 5.5), key rotation,
//! policies. These are calls and not messages: the lab has no administration protocol.

use crate::base::Timestamp;
use crate::base::id::{DeviceId, UserId};
use crate::base::stream::Stream;
use crate::directory::{Directory, PasswordVerifier, SecondFactor};
use crate::jose::{self, P256PublicKey};
use crate::policy::PolicySet;

use super::{DpopSettings, Provider, ProviderSettings};

/// The user or device is not in the directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no such user or device in the directory")]
pub struct NotInDirectory;

impl Provider {
    /// The directory, to read.
    #[must_use]
    pub const fn directory(&self) -> &Directory {
        &self.directory
    }

    /// Sets a password; tokens obtained with the old one end (REV-03).
    ///
    /// # Errors
    /// [`NotInDirectory`].
    pub fn set_password(
        &mut self,
        user: UserId,
        verifier: PasswordVerifier,
    ) -> Result<(), NotInDirectory> {
        self.directory.set_password(user, verifier).map_err(|_| NotInDirectory)
    }

    /// Enrols a second factor.
    ///
    /// # Errors
    /// [`NotInDirectory`].
    pub fn set_second_factor(
        &mut self,
        user: UserId,
        factor: SecondFactor,
    ) -> Result<(), NotInDirectory> {
        self.directory.set_second_factor(user, factor).map_err(|_| NotInDirectory)
    }

    /// Ends every token of a user (REV-02).
    ///
    /// # Errors
    /// [`NotInDirectory`].
    pub fn revoke_tokens(&mut self, user: UserId, now: Timestamp) -> Result<(), NotInDirectory> {
        self.directory.revoke_tokens(user, now).map_err(|_| NotInDirectory)
    }

    /// Disables or enables a user (USR-02).
    ///
    /// # Errors
    /// [`NotInDirectory`].
    pub fn set_user_enabled(&mut self, user: UserId, enabled: bool) -> Result<(), NotInDirectory> {
        self.directory.user_mut(user).ok_or(NotInDirectory)?.account_enabled = enabled;
        Ok(())
    }

    /// Deletes a user.
    pub fn delete_user(&mut self, user: UserId) {
        self.directory.remove_user(user);
    }

    /// Disables or enables a device (DEV-02).
    ///
    /// # Errors
    /// [`NotInDirectory`].
    pub fn set_device_enabled(
        &mut self,
        device: DeviceId,
        enabled: bool,
    ) -> Result<(), NotInDirectory> {
        self.directory.device_mut(device).ok_or(NotInDirectory)?.account_enabled = enabled;
        Ok(())
    }

    /// Deletes a device (DEV-01).
    pub fn delete_device(&mut self, device: DeviceId) {
        self.directory.remove_device(device);
    }

    /// Gives a device that the directory file names the keys it was registered with before the
    /// story begins.
    ///
    /// # Errors
    /// [`NotInDirectory`].
    pub fn provision_device(
        &mut self,
        device: DeviceId,
        device_key: P256PublicKey,
        transport_key: P256PublicKey,
    ) -> Result<(), NotInDirectory> {
        self.directory
            .set_device_keys(device, device_key, transport_key)
            .map_err(|_| NotInDirectory)
    }

    /// Replaces the policies of the tenant.
    pub fn set_policies(&mut self, policies: PolicySet) {
        self.policies = policies;
    }

    /// Changes what the provider insists on, from the next request on. Lifetimes of tokens already
    /// issued stay, and so do the issuing backend and what DPoP proofs are protected by.
    pub fn set_settings(&mut self, settings: ProviderSettings) {
        self.families.set_lifetimes(&settings.lifetimes);
        let DpopSettings { nonces, replay, .. } = self.settings.dpop;
        self.settings = settings;
        self.settings.dpop = DpopSettings { nonces, replay, ..settings.dpop };
    }

    /// What the provider insists on.
    #[must_use]
    pub const fn settings(&self) -> &ProviderSettings {
        &self.settings
    }

    /// A new signing key; old ones stay published until the tokens they signed have expired.
    ///
    /// # Errors
    /// `jose.signing_failed` if the backend has no key to give.
    pub fn rotate_signing_key(
        &mut self,
        now: Timestamp,
        rng: &mut Stream,
    ) -> Result<(), jose::Error> {
        let spans = self.settings.lifetimes;
        self.keys.rotate(now, now + spans.access_token + spans.skew, rng)
    }
}
