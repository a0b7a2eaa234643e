//! What the administrator does between the steps of a story.

use crate::base::id::{DeviceId, UserId};

use super::policies::policy_set;
use super::run::End;
use super::scenario::{Admin, AdminAction, ScenarioError};
use super::world::{World, gone};

impl World {
    pub(super) fn administer(&mut self, step: usize, admin: &Admin) -> Result<End, ScenarioError> {
        let gone = |_| ScenarioError::OutOfOrder { step, why: "it is no longer in the directory" };
        match admin.action {
            AdminAction::ChangePassword => self.change_password(step, admin)?,
            AdminAction::DeleteDevice => {
                let device = self.device_named(step, admin)?;
                self.network.provider.delete_device(device);
            }
            AdminAction::DeleteUser => {
                let user = self.user_named(step, admin)?;
                self.network.provider.delete_user(user);
            }
            AdminAction::DisableDevice | AdminAction::EnableDevice => {
                let device = self.device_named(step, admin)?;
                let enabled = admin.action == AdminAction::EnableDevice;
                self.network.provider.set_device_enabled(device, enabled).map_err(gone)?;
            }
            AdminAction::DisableUser => {
                let user = self.user_named(step, admin)?;
                self.network.provider.set_user_enabled(user, false).map_err(gone)?;
            }
            AdminAction::RevokeTokens => {
                let user = self.user_named(step, admin)?;
                let now = self.network.clock.now();
                self.network.provider.revoke_tokens(user, now).map_err(gone)?;
            }
            AdminAction::RotateSigningKey => {
                let now = self.network.clock.now();
                let network = &mut self.network;
                let rotated = network.provider.rotate_signing_key(now, &mut network.provider_rng);
                let why = "the issuing backend has no new key to give";
                rotated.map_err(|_| ScenarioError::OutOfOrder { step, why })?;
            }
            AdminAction::SetPolicies => {
                let wanted = admin.policies.as_deref().unwrap_or_default();
                self.network.provider.set_policies(policy_set(wanted)?);
            }
        }
        Ok(End::Done)
    }

    fn change_password(&mut self, step: usize, admin: &Admin) -> Result<(), ScenarioError> {
        let user = self.user_named(step, admin)?;
        let name = admin.user.as_deref().unwrap_or_default();
        let Some(person) = self.people.get_mut(name) else { return Ok(()) };
        let now = self.network.clock.elapsed();
        let mut rng = self.seed.stream(&format!("new password/{}/{}", person.upn, now.0));
        person.change_password(&mut rng);
        let verifier = person.verifier(&mut rng);
        let why = "the user is no longer in the directory";
        self.network
            .provider
            .set_password(user, verifier)
            .map_err(|_| ScenarioError::OutOfOrder { step, why })
    }

    fn user_named(&mut self, step: usize, admin: &Admin) -> Result<UserId, ScenarioError> {
        let name = admin.user.as_deref().unwrap_or_default();
        self.meet(step, name)?;
        let unknown = || gone(step);
        self.people.get(name).map(|person| person.id).ok_or_else(unknown)
    }

    /// A device of the directory, or one that was registered in this story.
    fn device_named(&self, step: usize, admin: &Admin) -> Result<DeviceId, ScenarioError> {
        let name = admin.device.as_deref().unwrap_or_default();
        let directory = self.network.provider.directory();
        let known = directory.device_by_name(name).map(|device| device.device_id);
        let booted = || self.machines.get(name).and_then(|machine| machine.broker.device_id());
        let unknown = || gone(step);
        known.or_else(booted).ok_or_else(unknown)
    }
}

impl Admin {
    pub(super) fn sentence(&self) -> String {
        let user = self.user.as_deref().unwrap_or("?");
        let device = self.device.as_deref().unwrap_or("?");
        match self.action {
            AdminAction::ChangePassword => format!("{user} gets a new password"),
            AdminAction::DeleteDevice => format!("the administrator deletes the device {device}"),
            AdminAction::DeleteUser => format!("the administrator deletes the user {user}"),
            AdminAction::DisableDevice => format!("the administrator disables the device {device}"),
            AdminAction::DisableUser => format!("the administrator disables the user {user}"),
            AdminAction::EnableDevice => format!("the administrator enables the device {device}"),
            AdminAction::RevokeTokens => format!("the administrator revokes the tokens of {user}"),
            AdminAction::RotateSigningKey => "the provider gets a new signing key".to_owned(),
            AdminAction::SetPolicies => "the administrator changes the policies".to_owned(),
        }
    }
}
