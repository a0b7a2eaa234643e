//! [`World`]: the parties of one run, set up from scenario, settings and seed.

use std::collections::BTreeMap;

use crate::attacker::{Capability, Loot};
use crate::base::stream::Seed;
use crate::base::time::ManualClock;
use crate::base::{Danger, Timestamp};
use crate::broker::{Broker, BrokerSettings};
use crate::catalog::{Catalog, ClientApp, Resource, RulePack};
use crate::directory::Directory;
use crate::idp::{self, Provider, StartError};
use crate::keystore::{KeyStore, LatencyModel};
use crate::policy::PolicySet;
use crate::pop::dpop::Recipient;
use crate::resource::{ResourceServer, ResourceSettings};
use crate::wire::dpop::TokenType;

use super::machine::{AppKeys, Machine, user_agent};
use super::network::{Host, Network, Port, Seen, Server};
use super::people::Person;
use super::policies::policy_set;
use super::scenario::{ClaimedPlatform, Scenario, ScenarioError, user};
use super::settings::{LatencyKind, Settings};
use super::trace::Trace;

/// When every story begins: 2026-03-02T08:00:00Z.
const START: Timestamp = Timestamp::from_unix(1_772_438_400);

/// The parties of one run.
pub(super) struct World {
    pub(super) seed: Seed,
    pub(super) settings: Settings,
    pub(super) network: Network,
    pub(super) people: BTreeMap<String, Person>,
    pub(super) machines: BTreeMap<String, Machine>,
    pub(super) thief: Thief,
    /// Platforms of machines that the scenario declares and nobody registered.
    bare: BTreeMap<String, ClaimedPlatform>,
}

/// The thief: a machine of its own, what it may do, and what it holds.
pub(super) struct Thief {
    pub(super) machine: Machine,
    pub(super) capabilities: Vec<Capability>,
    pub(super) loot: Vec<Loot>,
    /// Name of the victim whose sign-in was relayed last.
    pub(super) phished: Option<String>,
}

impl World {
    pub(super) fn new(
        scenario: &Scenario,
        settings: Settings,
        seed: Seed,
        danger: Danger,
    ) -> Result<Self, ScenarioError> {
        let directory = scenario.tenant()?;
        let policies = policy_set(&settings.policies)?;
        let rules = RulePack::named(&settings.rules).unwrap_or_else(RulePack::newest);
        let bare =
            scenario.devices.iter().filter_map(|one| Some((one.name.clone(), one.platform?)));
        let bare = bare.collect();
        let world = Self::with(directory, policies, rules, settings, seed, danger)?;
        Ok(Self { bare, ..world })
    }

    /// The parties around a directory that is read already.
    pub(super) fn with(
        directory: Directory,
        policies: PolicySet,
        rules: &'static RulePack,
        settings: Settings,
        seed: Seed,
        danger: Danger,
    ) -> Result<Self, ScenarioError> {
        let mut provider_rng = seed.stream("provider");
        let told = settings.provider(danger);
        let provider = Provider::new(directory, policies, rules, told, &mut provider_rng).map_err(
            |error| match error {
                StartError::Jose(error) => ScenarioError::Directory(error.to_string()),
                StartError::Unprotected(error) => ScenarioError::Unprotected(error),
            },
        )?;
        let network = Network {
            clock: ManualClock::starting_at(START),
            resources: resources(&provider, &settings, seed, danger)?,
            provider,
            provider_rng,
            trace: Trace::default(),
            taps: Vec::new(),
            interception: None,
            seen: Seen::default(),
        };
        let machine = machine(
            "thief",
            ClaimedPlatform::Windows.user_agent(),
            "198.51.100.66",
            &network,
            &settings,
            seed,
        );
        Ok(Self {
            seed,
            settings,
            network,
            people: BTreeMap::new(),
            machines: BTreeMap::new(),
            thief: Thief { machine, capabilities: Vec::new(), loot: Vec::new(), phished: None },
            bare: BTreeMap::new(),
        })
    }

    /// Makes sure that user `name` is there as a person with a password.
    pub(super) fn meet(&mut self, step: usize, name: &str) -> Result<(), ScenarioError> {
        if self.people.contains_key(name) {
            return Ok(());
        }
        let unknown = || gone(step);
        let user = user(self.network.provider.directory(), name).ok_or_else(unknown)?;
        let (id, upn) = (user.id(), user.user_principal_name().to_owned());
        let mut rng = self.seed.stream(&format!("person/{upn}"));
        let person = Person::new(id, &upn, &mut rng).map_err(|_| unknown())?;
        let provider = &mut self.network.provider;
        provider.set_password(id, person.verifier(&mut rng)).map_err(|_| unknown())?;
        provider.set_second_factor(id, person.second_factor().clone()).map_err(|_| unknown())?;
        self.people.insert(name.to_owned(), person);
        Ok(())
    }

    /// Makes sure that the machine is there. One that the directory names was registered before the
    /// story began: it has its keys, and the directory knows their public halves. Any other is a
    /// bare Windows computer.
    pub(super) fn boot(&mut self, step: usize, name: &str) -> Result<(), ScenarioError> {
        if self.machines.contains_key(name) {
            return Ok(());
        }
        let known = self.network.provider.directory().device_by_name(name);
        let bare = self.bare.get(name).copied().unwrap_or_default();
        let agent = known.map_or(bare.user_agent(), |device| user_agent(&device.operating_system));
        let registered = known.map(|device| device.device_id);
        let address = format!("192.0.2.{}", 10 + self.machines.len() % 200);
        let mut machine = machine(name, agent, &address, &self.network, &self.settings, self.seed);
        if let Some(id) = registered {
            let broken = |()| gone(step);
            let keys = machine.broker.generate_keys(&mut machine.rng);
            let (device_key, transport_key) = keys.map_err(|_| broken(()))?;
            let provider = &mut self.network.provider;
            provider.provision_device(id, device_key, transport_key).map_err(|_| broken(()))?;
            machine.broker.provisioned(id).map_err(|_| broken(()))?;
        }
        self.machines.insert(name.to_owned(), machine);
        Ok(())
    }

    /// Sets a machine back to its image: a computer of the same system that nobody registered.
    pub(super) fn reset(&mut self, step: usize, name: &str) -> Result<(), ScenarioError> {
        self.boot(step, name)?;
        let Some(old) = self.machines.get(name) else { return Ok(()) };
        // Chance of its own: the image makes other keys than the machine did before.
        let label = format!("{name}/reset at {}", self.network.clock.elapsed().0);
        let (agent, address) = (&old.user_agent, &old.address);
        let fresh = machine(&label, agent, address, &self.network, &self.settings, self.seed);
        let fresh = Machine { name: name.to_owned(), ..fresh };
        self.machines.insert(name.to_owned(), fresh);
        Ok(())
    }

    /// The thief may do this from now on; the first time the narrator says so.
    pub(super) fn grant(&mut self, capability: Capability) {
        if !self.thief.capabilities.contains(&capability) {
            self.thief.capabilities.push(capability);
            self.network.trace.note(capability.sentence());
        }
    }
}

/// A machine's way out.
pub(super) fn port<'n>(network: &'n mut Network, machine: &Machine) -> Port<'n> {
    Port { network, party: machine.name.clone(), address: Some(machine.address.clone()) }
}

/// A client of the catalogue.
pub(super) fn client(step: usize, name: &str) -> Result<&'static ClientApp, ScenarioError> {
    Catalog::builtin().client(name).ok_or_else(|| gone(step))
}

/// A resource of the catalogue.
pub(super) fn resource(step: usize, name: &str) -> Result<&'static Resource, ScenarioError> {
    Catalog::builtin().resource(name).ok_or_else(|| gone(step))
}

/// Names are looked up before a run; this one has gone since.
pub(super) const fn gone(step: usize) -> ScenarioError {
    ScenarioError::OutOfOrder { step, why: "it names something that is not there any more" }
}

/// The servers of every resource of the catalogue, by host name.
fn resources(
    provider: &Provider,
    settings: &Settings,
    seed: Seed,
    danger: Danger,
) -> Result<BTreeMap<String, Host>, ScenarioError> {
    let mut hosts = BTreeMap::new();
    for resource in Catalog::builtin().resources() {
        let told = ResourceSettings {
            id: resource.app_id,
            display_name: resource.display_name.clone(),
            origin: resource.origin.clone(),
            issuer: provider.issuer().to_owned(),
            legacy_protocols: protocols(resource),
            clock_skew: settings.clock.skew,
            accepted: settings.accepted_tokens(),
            danger,
        };
        let host = resource.origin.trim_start_matches("https://").to_owned();
        hosts.insert(host, servers(&told, settings, seed)?);
    }
    Ok(hosts)
}

fn protocols(resource: &Resource) -> Vec<String> {
    resource.legacy_protocols.iter().map(|one| one.client_app_used().to_owned()).collect()
}

/// The servers behind one name: alike, with nonces of their own, and with a memory of proofs of
/// their own or one for all.
fn servers(
    told: &ResourceSettings,
    settings: &Settings,
    seed: Seed,
) -> Result<Host, ScenarioError> {
    let mut rng = seed.stream(&format!("resource/{}", told.origin));
    let shared = settings.replay_window(&mut rng).filter(|_| settings.dpop.shared_window);
    let mut servers = Vec::new();
    for number in 1..=settings.dpop.servers {
        let mut rng = seed.stream(&format!("resource/{}/{number}", told.origin));
        let window = shared.clone().or_else(|| settings.replay_window(&mut rng));
        let recipient = Recipient::new(settings.recipient(window), &mut rng)?;
        let server = ResourceServer::new(told.clone(), recipient)
            .map_err(|error| ScenarioError::Directory(error.to_string()))?;
        servers.push(Server { server, rng });
    }
    Ok(Host::of(servers))
}

pub(super) fn machine(
    name: &str,
    user_agent: &str,
    address: &str,
    network: &Network,
    settings: &Settings,
    seed: Seed,
) -> Machine {
    let latency = match settings.latency {
        LatencyKind::None => LatencyModel::NONE,
        LatencyKind::Tpm => LatencyModel::chrome_tpm(),
    };
    let chance = seed.stream(&format!("key store/{name}"));
    let store = KeyStore::new(settings.protection(), latency, chance);
    let token_type = settings.token_type();
    let told = BrokerSettings {
        protocol: settings.broker_protocol(),
        token_type,
        kdf: settings.broker_kdf(),
        issuer: network.provider.issuer().to_owned(),
        origin: idp::ORIGIN.to_owned(),
        user_agent: user_agent.to_owned(),
    };
    let mut rng = seed.stream(&format!("machine/{name}"));
    let mut broker = Broker::new(store, told);
    if token_type == TokenType::Dpop {
        // A store that has just been made keeps what it makes.
        let _ = broker.ensure_dpop_key(&mut rng);
    }
    let label = name.to_owned();
    Machine {
        name: name.to_owned(),
        user_agent: user_agent.to_owned(),
        address: address.to_owned(),
        broker,
        app_keys: AppKeys::new(token_type, settings.protection(), latency, seed, label),
        rng,
        apps: BTreeMap::new(),
        browser_credential: None,
    }
}
