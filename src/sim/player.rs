//! [`Player`]: single honest sign-ins with real cryptography, each from a clean start.
//!
//! A rehearsal states the facts of a sign-in; a player brings them about: keys are made and known to
//! the directory, a PRT or a refresh token is obtained while no policy is in force, and then the
//! request in question is sent under the policies of its day.

use std::net::IpAddr;

use crate::base::id::{DeviceId, UserId};
use crate::base::stream::Seed;
use crate::base::time::ManualClock;
use crate::base::{Danger, Lifetime, Timestamp};
use crate::catalog::{ClientApp, ClientRegistration, Resource, RulePack, Version};
use crate::directory::Directory;
use crate::policy::PolicySet;
use crate::signin::SignInRecord;

use super::scenario::{Access, ScenarioError, SignInMethod};
use super::settings::Settings;
use super::world::{World, gone, machine, port};

/// A world without a story.
pub struct Player {
    world: World,
    seed: Seed,
    now: Timestamp,
}

/// One sign-in to play.
#[derive(Clone, Copy, Debug)]
pub struct Played<'a> {
    /// When; not before the sign-in played last.
    pub time: Timestamp,
    /// Who.
    pub user: UserId,
    /// Whether a second factor is given.
    pub method: SignInMethod,
    /// What the machine is called in the trace.
    pub machine: &'a str,
    /// The device that the machine is registered as, if it is.
    pub device: Option<DeviceId>,
    /// What apps on it call themselves.
    pub user_agent: &'a str,
    /// Where the provider sees it.
    pub address: IpAddr,
    /// The app.
    pub client: &'static ClientApp,
    /// Its release, if not the catalogue's.
    pub version: Option<Version>,
    /// What it asks for.
    pub resource: &'static Resource,
    /// How.
    pub way: Way,
}

/// How an app asks for its token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// With the refresh token of an earlier sign-in.
    Refresh,
    /// With the PRT where there is one, else a person signs in.
    SignIn,
}

impl Player {
    /// A provider, resource servers and a clock that reads `begins`.
    ///
    /// # Errors
    /// [`ScenarioError`] if the provider cannot be made from the directory.
    pub fn new(
        directory: Directory,
        rules: &'static RulePack,
        seed: Seed,
        begins: Timestamp,
    ) -> Result<Self, ScenarioError> {
        let settings = Settings::default();
        let policies = PolicySet::empty();
        let mut world = World::with(directory, policies, rules, settings, seed, Danger::NONE)?;
        world.network.clock = ManualClock::starting_at(begins);
        Ok(Self { world, seed, now: begins })
    }

    /// Plays a sign-in under `policies`; the record that it left.
    ///
    /// # Errors
    /// [`ScenarioError`] if it cannot begin: an unknown user or device, nothing to refresh with, or
    /// a request that left no record.
    pub fn play(
        &mut self,
        wanted: &Played<'_>,
        policies: &PolicySet,
    ) -> Result<SignInRecord, ScenarioError> {
        let user = self.world.network.provider.directory().user(wanted.user);
        let user = user.map(|user| user.user_principal_name().to_owned());
        let user = user.ok_or_else(|| gone(0))?;
        self.wait_until(wanted.time);
        self.world.network.provider.set_policies(PolicySet::empty());
        self.world.meet(0, &user)?;
        self.boot(wanted)?;
        let access = Access {
            user,
            device: wanted.machine.to_owned(),
            app: wanted.client.name.clone(),
            version: wanted.version.map(|version| version.to_string()),
            resource: wanted.resource.name.clone(),
            method: wanted.method,
            expect: None,
        };
        if wanted.way == Way::Refresh {
            self.world.sign_in(0, &access)?;
        }
        self.world.network.provider.set_policies(policies.clone());
        let before = self.world.network.provider.log().len();
        match (wanted.client.registration, wanted.way) {
            (ClientRegistration::Legacy, _) => self.hand_on_password(wanted, &access)?,
            (_, Way::Refresh) => drop(self.world.refresh(0, &access)?),
            (_, Way::SignIn) => drop(self.world.sign_in(0, &access)?),
        }
        let why = "the request left no record";
        let log = self.world.network.provider.log();
        let record = log.last().filter(|_| log.len() > before).cloned();
        record.ok_or(ScenarioError::OutOfOrder { step: 0, why })
    }

    fn wait_until(&mut self, time: Timestamp) {
        let seconds = u32::try_from(time.seconds_since(self.now)).unwrap_or(0);
        self.world.network.clock.advance_by(Lifetime::from_secs(seconds));
        self.now = self.now.max(time);
    }

    /// The machine as it is before anybody has signed in on it.
    fn boot(&mut self, wanted: &Played<'_>) -> Result<(), ScenarioError> {
        let world = &mut self.world;
        let address = wanted.address.to_string();
        let (network, settings) = (&world.network, &world.settings);
        let name = wanted.machine;
        let mut fresh = machine(name, wanted.user_agent, &address, network, settings, self.seed);
        if let Some(id) = wanted.device {
            let missing = || gone(0);
            let keys = fresh.broker.generate_keys(&mut fresh.rng);
            let (device_key, transport_key) = keys.map_err(|_| missing())?;
            let provider = &mut world.network.provider;
            provider.provision_device(id, device_key, transport_key).map_err(|_| missing())?;
            fresh.broker.provisioned(id).map_err(|_| missing())?;
        }
        world.machines.insert(name.to_owned(), fresh);
        Ok(())
    }

    /// A mail client with a password, from the machine's own address.
    fn hand_on_password(
        &mut self,
        wanted: &Played<'_>,
        access: &Access,
    ) -> Result<(), ScenarioError> {
        let missing = || gone(0);
        let world = &mut self.world;
        let person = world.people.get(&access.user).ok_or_else(missing)?;
        let machine = world.machines.get(wanted.machine).ok_or_else(missing)?;
        let protocol = wanted.client.legacy_protocol.map_or("IMAP4", |one| one.client_app_used());
        let mut out = port(&mut world.network, machine);
        // Refused or served: the record says it.
        let _ = crate::app::legacy_fetch(
            &mut out,
            wanted.user_agent,
            &wanted.resource.origin,
            protocol,
            &person.upn,
            person.password(),
        );
        Ok(())
    }
}
