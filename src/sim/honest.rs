//! What honest users and their devices do.

use crate::app::{App, SignInRequest};
use crate::base::{Secret, Timestamp};
use crate::broker::registration::{JoinFacts, JoinType};
use crate::broker::uses::AppRequest;
use crate::broker::{AppTokens, BrokerError};
use crate::catalog::{
    BrokerUse, ClientApp, ClientRegistration, Owner, Resource, Version, well_known,
};
use crate::directory::{Device, TrustType};

use super::machine::{Holder, Kept, Machine};
use super::modelled::serves;
use super::network::Network;
use super::people::Person;
use super::run::End;
use super::scenario::{
    Access, Actor, Legacy, OnDevice, RegisterDevice, ScenarioError, SignInMethod,
};
use super::visit::{Errand, ask, fetch, served_or_refused};
use super::world::{World, client, gone, port, resource};

/// An access with its names looked up.
struct Found<'w> {
    network: &'w mut Network,
    machine: &'w mut Machine,
    person: &'w mut Person,
    client: &'static ClientApp,
    resource: &'static Resource,
}

impl World {
    pub(super) fn sign_in(&mut self, step: usize, access: &Access) -> Result<End, ScenarioError> {
        let found = self.find(step, access)?;
        match found.client.registration {
            ClientRegistration::Legacy => {
                let protocol = found.client.legacy_protocol;
                let legacy = Legacy {
                    user: access.user.clone(),
                    protocol: protocol.map_or("IMAP4", |one| one.client_app_used()).to_owned(),
                    resource: access.resource.clone(),
                    platform: super::scenario::ClaimedPlatform::Windows,
                    by: Actor::User,
                    expect: None,
                };
                self.legacy(step, &legacy)
            }
            ClientRegistration::Browser | ClientRegistration::Confidential => {
                Ok(found.in_browser(access))
            }
            ClientRegistration::Native if found.goes_through_broker(access) => {
                Ok(found.through_broker(access))
            }
            ClientRegistration::Native => Ok(found.outside_broker(access)),
        }
    }

    pub(super) fn browse(&mut self, step: usize, access: &Access) -> Result<End, ScenarioError> {
        let kept = self.machines.get_mut(&access.device);
        let credential = kept.and_then(|machine| machine.browser_credential.take());
        let found = self.find(step, access)?;
        Ok(match credential {
            Some(credential) => found.with_credential(access, &credential),
            None => found.in_browser(access),
        })
    }

    pub(super) fn refresh(&mut self, step: usize, access: &Access) -> Result<End, ScenarioError> {
        let found = self.find(step, access)?;
        let key = (access.user.clone(), access.app.clone());
        let kept = found.machine.apps.get(&key).and_then(|kept| kept.refresh_token.clone());
        let why = "the app has no refresh token yet; let it sign in first";
        let token = kept.ok_or(ScenarioError::OutOfOrder { step, why })?;
        Ok(match found.goes_through_broker(access) {
            true => found.refresh_through_broker(access, &token),
            false => found.refresh_outside(access, &token),
        })
    }

    pub(super) fn fetch_again(
        &mut self,
        step: usize,
        access: &Access,
    ) -> Result<End, ScenarioError> {
        let found = self.find(step, access)?;
        found.with_kept_token(step, access, Errand::Content)
    }

    pub(super) fn write(&mut self, step: usize, access: &Access) -> Result<End, ScenarioError> {
        let found = self.find(step, access)?;
        found.with_kept_token(step, access, Errand::Note)
    }

    pub(super) fn legacy(&mut self, step: usize, legacy: &Legacy) -> Result<End, ScenarioError> {
        self.meet(step, &legacy.user)?;
        let resource = resource(step, &legacy.resource)?;
        if legacy.by == Actor::Thief {
            self.grant(crate::attacker::Capability::KnowPassword);
        }
        let Some(person) = self.people.get(&legacy.user) else { return Ok(End::Refused) };
        let (upn, password) = (&person.upn, person.password());
        let agent = legacy.platform.user_agent();
        let mut port = port(&mut self.network, &self.thief.machine);
        if legacy.by == Actor::User {
            "mail client".clone_into(&mut port.party);
            port.address = Some("192.0.2.9".to_owned());
        }
        let served = crate::app::legacy_fetch(
            &mut port,
            agent,
            &resource.origin,
            &legacy.protocol,
            upn,
            password,
        );
        Ok(served_or_refused(served))
    }

    pub(super) fn make_browser_credential(
        &mut self,
        step: usize,
        who: &OnDevice,
    ) -> Result<End, ScenarioError> {
        let (network, machine, person) = self.on_device(step, who)?;
        if ensure_prt(network, machine, person, SignInMethod::Password).is_err() {
            return Ok(End::Refused);
        }
        let browser = app_for(network, machine, client(step, "outlook-web")?, None);
        let exchange = resource(step, "exchange")?.app_id.to_string();
        let request = SignInRequest { resource: &exchange, scope: "openid", ..Default::default() };
        let mut out = port(network, machine);
        let Machine { broker, rng, .. } = &mut *machine;
        let Ok(nonce) = browser.challenge(&mut out, rng, request) else {
            return Ok(End::Refused);
        };
        let signed = broker.browser_credential(&mut out, rng, &person.upn, &nonce);
        let Ok(credential) = signed else { return Ok(End::Refused) };
        machine.browser_credential = Some(credential);
        Ok(End::Done)
    }

    pub(super) fn renew(&mut self, step: usize, who: &OnDevice) -> Result<End, ScenarioError> {
        let (network, machine, person) = self.on_device(step, who)?;
        let mut out = port(network, machine);
        let done = machine.broker.renew(&mut out, &mut machine.rng, &person.upn);
        done_or_refused(step, done)
    }

    pub(super) fn roll(&mut self, step: usize, who: &OnDevice) -> Result<End, ScenarioError> {
        let (network, machine, person) = self.on_device(step, who)?;
        done_or_refused(step, new_prt(network, machine, person, SignInMethod::Password))
    }

    pub(super) fn register_device(
        &mut self,
        step: usize,
        register: &RegisterDevice,
    ) -> Result<End, ScenarioError> {
        let unknown = || gone(step);
        let method =
            crate::directory::RegistrationMethod::named(&register.method).ok_or_else(unknown)?;
        let who =
            OnDevice { user: register.user.clone(), device: register.device.clone(), expect: None };
        let (network, machine, person) = self.on_device(step, &who)?;
        let facts = JoinFacts {
            join_type: match method.trust_type() {
                TrustType::AzureAd => JoinType::Joined,
                TrustType::ServerAd => JoinType::Hybrid,
                TrustType::Workplace => JoinType::Registered,
            },
            device_type: register.operating_system.clone(),
            os_version: register.operating_system_version.clone(),
            display_name: register.device.clone(),
            method: register.method.clone(),
        };
        Ok(join(network, machine, person, &facts))
    }

    pub(super) fn register_user_key(
        &mut self,
        step: usize,
        who: &OnDevice,
    ) -> Result<End, ScenarioError> {
        let (network, machine, person) = self.on_device(step, who)?;
        let Some(token) = registration_token(network, machine, person, true) else {
            return Ok(End::Refused);
        };
        let mut out = port(network, machine);
        let done =
            machine.broker.register_user_key(&mut out, &mut machine.rng, &token, &person.upn);
        done_or_refused(step, done)
    }

    pub(super) fn on_device(
        &mut self,
        step: usize,
        who: &OnDevice,
    ) -> Result<(&mut Network, &mut Machine, &mut Person), ScenarioError> {
        self.meet(step, &who.user)?;
        self.boot(step, &who.device)?;
        let why = "the user or the device is not there";
        let missing = ScenarioError::OutOfOrder { step, why };
        match (self.machines.get_mut(&who.device), self.people.get_mut(&who.user)) {
            (Some(machine), Some(person)) => Ok((&mut self.network, machine, person)),
            _ => Err(missing),
        }
    }

    fn find(&mut self, step: usize, access: &Access) -> Result<Found<'_>, ScenarioError> {
        let client = client(step, &access.app)?;
        let resource = resource(step, &access.resource)?;
        let who =
            OnDevice { user: access.user.clone(), device: access.device.clone(), expect: None };
        let (network, machine, person) = self.on_device(step, &who)?;
        Ok(Found { network, machine, person, client, resource })
    }
}

impl Found<'_> {
    fn with_kept_token(
        self,
        step: usize,
        access: &Access,
        errand: Errand,
    ) -> Result<End, ScenarioError> {
        let key = (access.user.clone(), access.app.clone());
        let why = "the app has no access token yet; let it sign in first";
        let missing = ScenarioError::OutOfOrder { step, why };
        let Kept { access_token, holder, .. } =
            self.machine.apps.get(&key).cloned().ok_or(missing)?;
        Ok(ask(self.network, self.machine, self.resource, &access_token, &holder, errand))
    }

    /// Whether the app asks the broker: it is integrated, new enough, and the device registered.
    fn goes_through_broker(&self, access: &Access) -> bool {
        let version: Option<Version> = version(self.client, access);
        let new_enough = match (self.client.min_broker_version, version) {
            (Some(minimum), Some(version)) => version >= minimum,
            _ => true,
        };
        self.client.broker == BrokerUse::Integrated && new_enough && self.registered()
    }

    /// Whether the machine is registered for this person. On Windows a registration belongs to one
    /// account: a second user of the same machine has none.
    fn registered(&self) -> bool {
        let Some(id) = self.machine.broker.device_id() else { return false };
        let device = self.network.provider.directory().device(id);
        let owner = |device: &Device| match device.registered_owner == Some(self.person.id) {
            true => Owner::User,
            false => Owner::Another,
        };
        device.is_none_or(|device| serves(device, owner(device)))
    }

    fn through_broker(self, access: &Access) -> End {
        if ensure_prt(self.network, self.machine, self.person, access.method).is_err() {
            return End::Refused;
        }
        let version = version(self.client, access).map(|version| version.to_string());
        let ask = self.ask(version.as_deref());
        let mut out = port(self.network, self.machine);
        let tokens = self.machine.broker.token(
            &mut out,
            &mut self.machine.rng,
            &self.person.upn,
            &ask.as_request(),
        );
        self.keep_and_fetch(access, tokens.ok(), Holder::Broker)
    }

    fn refresh_through_broker(self, access: &Access, token: &Secret<String>) -> End {
        let version = version(self.client, access).map(|version| version.to_string());
        let ask = self.ask(version.as_deref());
        let mut out = port(self.network, self.machine);
        let tokens = self.machine.broker.redeem_app_token(
            &mut out,
            &mut self.machine.rng,
            &self.person.upn,
            &ask.as_request(),
            token,
        );
        self.keep_and_fetch(access, tokens.ok(), Holder::Broker)
    }

    fn refresh_outside(self, access: &Access, token: &Secret<String>) -> End {
        let app = app_for(self.network, self.machine, self.client, version(self.client, access));
        let resource = self.resource.app_id.to_string();
        let credential = match self.registered() {
            true => device_credential(self.network, self.machine),
            false => None,
        };
        let mut out = port(self.network, self.machine);
        let mut app = app.with_dpop(self.machine.app_keys.of(&self.client.name));
        let tokens = app.refresh(&mut out, token, &resource, credential.as_ref());
        let holder = self.own_key();
        self.keep_and_fetch(access, tokens.ok(), holder)
    }

    /// The person types into the app's own sign-in page; a registered device is shown along with it.
    fn outside_broker(self, access: &Access) -> End {
        let app = app_for(self.network, self.machine, self.client, version(self.client, access));
        let resource = self.resource.app_id.to_string();
        let second = access.method == SignInMethod::PasswordAndSecondFactor;
        let login = self.person.login(&mut self.network.clock, second);
        let request = SignInRequest {
            resource: &resource,
            scope: "openid offline_access",
            login: Some(&login),
            ..Default::default()
        };
        let registered = self.registered();
        let mut out = port(self.network, self.machine);
        let Machine { broker, rng, app_keys, .. } = &mut *self.machine;
        let mut app = app.with_dpop(app_keys.of(&self.client.name));
        let tokens = match registered {
            true => app.sign_in_with_device(&mut out, rng, broker, request),
            false => app.sign_in(&mut out, rng, request),
        };
        let holder = self.own_key();
        self.keep_and_fetch(access, tokens.ok(), holder)
    }

    /// With the PRT if the device has one to give, else the person types.
    fn in_browser(self, access: &Access) -> End {
        if !self.registered() {
            return self.outside_broker(access);
        }
        if ensure_prt(self.network, self.machine, self.person, access.method).is_err() {
            return End::Refused;
        }
        let app = app_for(self.network, self.machine, self.client, version(self.client, access));
        let resource = self.resource.app_id.to_string();
        let request = SignInRequest {
            resource: &resource,
            scope: "openid offline_access",
            ..Default::default()
        };
        let mut out = port(self.network, self.machine);
        let Machine { broker, rng, app_keys, .. } = &mut *self.machine;
        let mut app = app.with_dpop(app_keys.of(&self.client.name));
        let tokens = app.sign_in_with_prt(&mut out, rng, broker, &self.person.upn, request);
        let holder = self.own_key();
        self.keep_and_fetch(access, tokens.ok(), holder)
    }

    fn with_credential(self, access: &Access, credential: &Secret<String>) -> End {
        let app = app_for(self.network, self.machine, self.client, version(self.client, access));
        let resource = self.resource.app_id.to_string();
        let request = SignInRequest {
            resource: &resource,
            scope: "openid offline_access",
            browser_credential: Some(credential),
            ..Default::default()
        };
        let mut out = port(self.network, self.machine);
        let Machine { rng, app_keys, .. } = &mut *self.machine;
        let mut app = app.with_dpop(app_keys.of(&self.client.name));
        let tokens = app.sign_in(&mut out, rng, request);
        let holder = self.own_key();
        self.keep_and_fetch(access, tokens.ok(), holder)
    }

    /// What tokens get bound to that the app asks for by itself.
    fn own_key(&self) -> Holder {
        Holder::App(self.client.name.clone())
    }

    fn ask<'a>(&self, version: Option<&'a str>) -> Ask<'a> {
        Ask { client: self.client, version, resource: self.resource.app_id.to_string() }
    }

    fn keep_and_fetch(self, access: &Access, tokens: Option<AppTokens>, holder: Holder) -> End {
        let Some(tokens) = tokens else { return End::Refused };
        let key = (access.user.clone(), access.app.clone());
        let token = &tokens.access_token;
        let end = fetch(self.network, self.machine, self.resource, token, &holder);
        let AppTokens { access_token, refresh_token, .. } = tokens;
        let kept = Kept { access_token, holder, resource: self.resource, refresh_token };
        self.machine.apps.insert(key, kept);
        end
    }
}

/// What an app asks the broker for, owning the text of the resource.
struct Ask<'a> {
    client: &'static ClientApp,
    version: Option<&'a str>,
    resource: String,
}

impl Ask<'_> {
    fn as_request(&self) -> AppRequest<'_> {
        AppRequest {
            client: self.client.app_id,
            client_version: self.version,
            client_sku: Some(&self.client.name),
            resource: &self.resource,
            scope: "offline_access",
        }
    }
}

fn version(client: &ClientApp, access: &Access) -> Option<Version> {
    let stated = access.version.as_deref().and_then(|text| text.parse().ok());
    stated.or(client.version)
}

/// The app as it runs on a machine.
pub(super) fn app_for(
    network: &Network,
    machine: &Machine,
    client: &ClientApp,
    version: Option<Version>,
) -> App {
    App {
        client_id: client.app_id,
        sku: Some(client.name.clone()),
        redirect_uri: client.redirect_uris.first().cloned().unwrap_or_default(),
        version: version.or(client.version).map(|version| version.to_string()),
        user_agent: machine.user_agent.clone(),
        issuer: network.provider.issuer().to_owned(),
    }
}

/// A refusal by somebody else is what the story shows; a step that cannot begin is a mistake in it.
pub(super) fn done_or_refused(
    step: usize,
    done: Result<(), BrokerError>,
) -> Result<End, ScenarioError> {
    match done {
        Ok(()) => Ok(End::Done),
        Err(BrokerError::NoPrt { .. }) => {
            Err(ScenarioError::OutOfOrder { step, why: "the device has no PRT of this user yet" })
        }
        Err(BrokerError::NotRegistered | BrokerError::NoKeys) => {
            Err(ScenarioError::OutOfOrder { step, why: "the device is not registered" })
        }
        Err(_) => Ok(End::Refused),
    }
}

fn ensure_prt(
    network: &mut Network,
    machine: &mut Machine,
    person: &mut Person,
    method: SignInMethod,
) -> Result<(), BrokerError> {
    let now: Timestamp = network.clock.now();
    match machine.broker.prt_expires(&person.upn) {
        Some(expires) if now < expires => Ok(()),
        _ => new_prt(network, machine, person, method),
    }
}

fn new_prt(
    network: &mut Network,
    machine: &mut Machine,
    person: &mut Person,
    method: SignInMethod,
) -> Result<(), BrokerError> {
    let otc = match method {
        SignInMethod::PasswordAndSecondFactor => {
            Some(person.second_factor_code(&mut network.clock))
        }
        SignInMethod::Password | SignInMethod::UserKey => None,
    };
    let mut out = port(network, machine);
    match method {
        SignInMethod::UserKey => machine.broker.prt_with_user_key(&mut out, &person.upn),
        SignInMethod::Password | SignInMethod::PasswordAndSecondFactor => {
            machine.broker.prt_with_password(&mut out, &person.upn, person.password(), otc)
        }
    }
}

/// A device credential, if the machine is registered: a nonce, then a signature.
fn device_credential(network: &mut Network, machine: &mut Machine) -> Option<Secret<String>> {
    machine.broker.device_id()?;
    let mut out = port(network, machine);
    let nonce = machine.broker.nonce(&mut out).ok()?;
    machine.broker.device_credential(&mut out, &nonce).ok()
}

/// An access token for the registration service, by an interactive sign-in of the broker client.
pub(super) fn registration_token(
    network: &mut Network,
    machine: &mut Machine,
    person: &mut Person,
    with_second_factor: bool,
) -> Option<Secret<String>> {
    let broker_client =
        crate::catalog::Catalog::builtin().client_by_id(well_known::BROKER_CLIENT)?;
    let app = app_for(network, machine, broker_client, None);
    let login = person.login(&mut network.clock, with_second_factor);
    let resource = well_known::DEVICE_REGISTRATION_SERVICE.to_string();
    let request = SignInRequest {
        resource: &resource,
        scope: "openid offline_access",
        login: Some(&login),
        ..Default::default()
    };
    let mut out = port(network, machine);
    // The broker client is the broker: its tokens are bound to the broker's key.
    let prover = machine.app_keys.of_broker(&mut machine.broker);
    let tokens = app.with_dpop(prover).sign_in(&mut out, &mut machine.rng, request);
    tokens.ok().map(|tokens| tokens.access_token)
}

/// Signs in to the registration service and registers the machine, or registers it again.
fn join(
    network: &mut Network,
    machine: &mut Machine,
    person: &mut Person,
    facts: &JoinFacts,
) -> End {
    let Some(token) = registration_token(network, machine, person, false) else {
        return End::Refused;
    };
    let mut out = port(network, machine);
    match machine.broker.register(&mut out, &mut machine.rng, &token, facts) {
        Ok(_) => End::Done,
        Err(_) => End::Refused,
    }
}
