//! What the thief does: take, relay, forge, replay. It runs ordinary apps on a machine of its own;
//! what makes it a thief is where the tokens come from.

use crate::app::SignInRequest;
use crate::attacker::{Capability, Loot, forge};
use crate::base::id::AppId;
use crate::base::json;
use crate::base::{Check, Secret};
use crate::broker::loot::CapturedKey;
use crate::broker::registration::{JoinFacts, JoinType};
use crate::broker::uses::AppRequest;
use crate::broker::{Broker, Prover, dpop};
use crate::catalog::{Catalog, ClientApp, Resource, well_known};
use crate::wire::claims::JWT_BEARER;
use crate::wire::dpop::DPOP;
use crate::wire::token::TokenRequest;
use crate::wire::{Link as _, Request};

use super::honest::app_for;
use super::machine::{Holder, Machine};
use super::network::Network;
use super::proof_thief::{NO_PROOF, deliver_first, use_proof};
use super::run::End;
use super::scenario::{LootKind, Phish, ScenarioError, Steal, UseAs, UseLoot, uses};
use super::visit::{Errand, fetch, send, served_or_refused};
use super::world::{World, client, port, resource};

/// A use of loot with its names looked up.
struct Plan<'w> {
    network: &'w mut Network,
    machine: &'w mut Machine,
    client: Option<&'static ClientApp>,
    resource: &'static Resource,
    victim: Option<String>,
    how: UseAs,
}

impl World {
    pub(super) fn steal(&mut self, step: usize, steal: &Steal) -> Result<End, ScenarioError> {
        self.meet(step, &steal.user)?;
        self.grant(steal.loot.capability());
        let why = "nobody has used this device yet, so there is nothing on it";
        let Some(machine) = self.machines.get(&steal.device) else {
            return Err(ScenarioError::OutOfOrder { step, why });
        };
        let upn = self.people.get(&steal.user).map(|person| person.upn.clone()).unwrap_or_default();
        let loot = match (steal.loot, self.people.get(&steal.user)) {
            (LootKind::DpopProofs, _) => self.make_proofs(steal),
            (LootKind::DpopRequest, _) => self.intercept(steal),
            (LootKind::Password, Some(person)) => Some(Loot::Password(person.password().clone())),
            _ => take(&self.network, machine, steal, &upn),
        };
        match loot {
            Some(loot) => {
                self.network.trace.note(format!("the thief now holds {}", loot.name()));
                self.thief.loot.push(loot);
                self.thief.phished = Some(upn);
                Ok(End::Done)
            }
            None => Ok(End::NothingToSteal),
        }
    }

    pub(super) fn phish(&mut self, step: usize, phish: &Phish) -> Result<End, ScenarioError> {
        self.meet(step, &phish.user)?;
        self.grant(Capability::RelayPhish);
        let (client, resource) = (client(step, &phish.app)?, resource(step, &phish.resource)?);
        phish.platform.user_agent().clone_into(&mut self.thief.machine.user_agent);
        let Some(person) = self.people.get_mut(&phish.user) else { return Ok(End::Refused) };
        // The page relays what the person types at once, the second factor included.
        let login = person.login(&mut self.network.clock, true);
        let id = resource.app_id.to_string();
        let request = SignInRequest {
            resource: &id,
            scope: "openid offline_access",
            login: Some(&login),
            ..Default::default()
        };
        self.thief.phished = Some(person.upn.clone());
        let machine = &mut self.thief.machine;
        let app = app_for(&self.network, machine, client, None);
        let mut out = port(&mut self.network, machine);
        // Where tokens are bound, the thief binds them to a key of its own.
        let holder = Holder::of(client);
        let Machine { broker, rng, app_keys, .. } = &mut *machine;
        let mut app = app.with_dpop(app_keys.of_holder(&holder, broker));
        let Ok(tokens) = app.sign_in(&mut out, rng, request) else { return Ok(End::Refused) };
        let (client, token) = (client.app_id, tokens.access_token);
        if let Some(token) = tokens.refresh_token {
            self.thief.loot.push(Loot::RefreshToken { client, token });
        }
        self.thief.loot.push(Loot::OwnAccessToken { client, token: token.clone() });
        // A token for the registration service opens nothing by itself.
        if resource.app_id == well_known::DEVICE_REGISTRATION_SERVICE {
            return Ok(End::Done);
        }
        Ok(fetch(&mut self.network, &mut self.thief.machine, resource, &token, &holder))
    }

    /// Join, PRT by the phished refresh token of the broker client, then a bound token.
    pub(super) fn register_own_device(
        &mut self,
        step: usize,
        wanted: &UseLoot,
    ) -> Result<End, ScenarioError> {
        self.grant(Capability::RegisterDevice);
        let resource = resource(step, &wanted.resource)?;
        let client = client(step, wanted.app.as_deref().unwrap_or("outlook"))?;
        wanted.platform.user_agent().clone_into(&mut self.thief.machine.user_agent);
        let why = "the thief has phished no sign-in yet";
        let missing = || ScenarioError::OutOfOrder { step, why };
        let upn = self.thief.phished.clone().ok_or_else(missing)?;
        let (access, refresh) = self.phished_tokens().ok_or_else(missing)?;
        let facts = JoinFacts {
            join_type: JoinType::Joined,
            device_type: "Windows".to_owned(),
            os_version: "10.0.26100".to_owned(),
            display_name: "THIEF-PC".to_owned(),
            method: "interactiveJoin".to_owned(),
        };
        let machine = &mut self.thief.machine;
        let mut out = port(&mut self.network, machine);
        let Machine { broker, rng, .. } = &mut *machine;
        if broker.register(&mut out, rng, &access, &facts).is_err()
            || broker.prt_with_refresh_token(&mut out, &upn, &refresh).is_err()
        {
            return Ok(End::Refused);
        }
        let id = resource.app_id.to_string();
        let ask = ask(client, &id);
        let Ok(tokens) = broker.token(&mut out, rng, &upn, &ask) else {
            return Ok(End::Refused);
        };
        self.thief.loot.push(Loot::OwnDevice);
        let (token, holder) = (&tokens.access_token, Holder::Broker);
        Ok(fetch(&mut self.network, &mut self.thief.machine, resource, token, &holder))
    }

    fn phished_tokens(&self) -> Option<(Secret<String>, Secret<String>)> {
        let newest = self.thief.loot.iter().rev();
        let access = newest.clone().find_map(|loot| match loot {
            Loot::OwnAccessToken { token, .. } => Some(token.clone()),
            _ => None,
        });
        let refresh = newest.clone().find_map(|loot| match loot {
            Loot::RefreshToken { token, .. } => Some(token.clone()),
            _ => None,
        });
        access.zip(refresh)
    }

    pub(super) fn use_loot(&mut self, step: usize, wanted: &UseLoot) -> Result<End, ScenarioError> {
        let why = "the thief holds nothing yet";
        let Some(mut loot) = self.thief.loot.pop() else {
            // What could not be stolen cannot be used: the cell is not applicable.
            return match self.thief.capabilities.is_empty() {
                true => Err(ScenarioError::OutOfOrder { step, why }),
                false => Ok(End::NothingToSteal),
            };
        };
        let resource = resource(step, &wanted.resource)?;
        let client = wanted.app.as_deref().map(|name| client(step, name)).transpose()?;
        wanted.platform.user_agent().clone_into(&mut self.thief.machine.user_agent);
        // A scenario asks for no other way than what it last took allows: that theft got nothing.
        if !uses(LootKind::of(&loot)).contains(&wanted.how) {
            self.thief.loot.push(loot);
            return Ok(End::NothingToSteal);
        }
        if let Loot::DeviceControl { device } = &loot {
            let end = self.use_device(device, client, resource);
            self.thief.loot.push(loot);
            return Ok(end);
        }
        if let Loot::DpopProofs { token, target, proofs } = &mut loot {
            let proofs = (&*token, &**target, proofs);
            let end = use_proof(&mut self.network, &self.thief.machine, proofs, wanted.how);
            self.thief.loot.push(loot);
            return end.ok_or(ScenarioError::OutOfOrder { step, why: NO_PROOF });
        }
        if let (Loot::AccessToken(token), UseAs::OtherToken) = (&loot, wanted.how) {
            let end = self.use_proof_with_other_token(step, token)?;
            self.thief.loot.push(loot);
            return Ok(end);
        }
        let mut plan = Plan {
            network: &mut self.network,
            machine: &mut self.thief.machine,
            client,
            resource,
            victim: self.thief.phished.clone(),
            how: wanted.how,
        };
        let end = plan.run(&mut loot);
        if let Loot::DpopRequest(_) = loot {
            self.release_held();
        }
        self.thief.loot.push(loot);
        Ok(end)
    }

    /// Code on the device asks its broker; the token then travels to the thief's machine, and a proof
    /// for each request with it.
    fn use_device(
        &mut self,
        device: &str,
        client: Option<&'static ClientApp>,
        resource: &'static Resource,
    ) -> End {
        let upn = self.thief.phished.clone().unwrap_or_default();
        let Some(machine) = self.machines.get_mut(device) else { return End::Refused };
        let Some(client) = client.or_else(|| Catalog::builtin().client("outlook")) else {
            return End::Refused;
        };
        let id = resource.app_id.to_string();
        let mut out = port(&mut self.network, machine);
        let Machine { broker, rng, app_keys, .. } = machine;
        let Ok(tokens) = broker.token(&mut out, rng, &upn, &ask(client, &id)) else {
            return End::Refused;
        };
        // The thief's machine sends the request; where the token is bound, the device proves it.
        let mut out = port(&mut self.network, &self.thief.machine);
        let agent = &self.thief.machine.user_agent;
        let prover = app_keys.of_broker(broker);
        send(&mut out, agent, resource, &tokens.access_token, prover, Errand::Content)
    }
}

impl Plan<'_> {
    fn run(&mut self, loot: &mut Loot) -> End {
        match loot {
            Loot::AccessToken(token) => self.show_token(token),
            Loot::BrokerRefreshToken { client, token } => self.plain_grant(*client, token),
            Loot::BrowserCredential(credential) => self.browse(credential),
            Loot::DerivedKeys(keys) => self.use_keys(keys),
            // Used before a plan is made.
            Loot::DeviceControl { .. } | Loot::DpopProofs { .. } => End::Refused,
            Loot::DpopRequest(held) => deliver_first(self.network, self.machine, held, self.how),
            Loot::KeyStore(broker) | Loot::SessionKey(broker) => self.with_broker(broker),
            Loot::OwnAccessToken { client, token } => self.show_own_token(*client, token),
            Loot::OwnDevice => self.with_own_broker(),
            Loot::Password(password) => self.legacy(password),
            Loot::Prt(prt) => self.use_prt(prt),
            Loot::PrtRequest(request) => self.replay_token_request(request),
            Loot::RefreshToken { client, token } => self.plain_grant(*client, token),
            Loot::ResourceRequest(request) => self.replay_resource_request(request),
        }
    }

    /// A stolen access token. The thief reads what it says: one without `cnf` is shown as a bearer
    /// token; one that is bound needs a proof, and the thief has no key but its own.
    fn show_token(&mut self, token: &Secret<String>) -> End {
        let agent = self.machine.user_agent.clone();
        let mut out = port(self.network, self.machine);
        let stripped = match self.how {
            UseAs::DroppedCnf => forge::without_cnf(token),
            _ => None,
        };
        let token = stripped.as_ref().unwrap_or(token);
        let Machine { broker, rng, .. } = &mut *self.machine;
        let prover: Option<&mut dyn Prover> = match self.how {
            UseAs::Bearer | UseAs::DroppedCnf => None,
            UseAs::OwnKey => broker.ensure_dpop_key(rng).ok().map(|_| broker as _),
            _ if forge::is_bound(token) => broker.ensure_dpop_key(rng).ok().map(|_| broker as _),
            _ => None,
        };
        send(&mut out, &agent, self.resource, token, prover, Errand::Content)
    }

    fn show_own_token(&mut self, client: AppId, token: &Secret<String>) -> End {
        let Some(client) = Catalog::builtin().client_by_id(client) else { return End::Refused };
        fetch(self.network, self.machine, self.resource, token, &Holder::of(client))
    }

    /// RFC 6749 section 6, with nothing to show for a device, and with a key of the thief's own.
    fn plain_grant(&mut self, issued_to: AppId, token: &Secret<String>) -> End {
        let known = Catalog::builtin().client_by_id(issued_to);
        let Some(client) = self.client.or(known) else { return End::Refused };
        let app = app_for(self.network, self.machine, client, None);
        let id = self.resource.app_id.to_string();
        let mut out = port(self.network, self.machine);
        let holder = Holder::of(client);
        let mut app = app.with_dpop(self.machine.prover(&holder));
        match app.refresh(&mut out, token, &id, None) {
            Ok(tokens) => self.fetch(&tokens.access_token, &holder),
            Err(_) => End::Refused,
        }
    }

    /// A browser on the thief's machine sends a credential that another machine's broker signed.
    fn browse(&mut self, credential: &Secret<String>) -> End {
        let Some(client) = self.client.or_else(|| Catalog::builtin().client("outlook-web")) else {
            return End::Refused;
        };
        let app = app_for(self.network, self.machine, client, None);
        let id = self.resource.app_id.to_string();
        let request = SignInRequest {
            resource: &id,
            scope: "openid offline_access",
            browser_credential: Some(credential),
            ..Default::default()
        };
        let mut out = port(self.network, self.machine);
        let Machine { rng, app_keys, .. } = &mut *self.machine;
        let mut app = app.with_dpop(app_keys.of(&client.name));
        match app.sign_in(&mut out, rng, request) {
            Ok(tokens) => self.fetch(&tokens.access_token, &Holder::App(client.name.clone())),
            Err(_) => End::Refused,
        }
    }

    /// Each captured key in turn: as a browser credential, or to sign a token request.
    fn use_keys(&mut self, keys: &[CapturedKey]) -> End {
        let mut end = End::Refused;
        for key in keys {
            end = match self.how {
                UseAs::TokenRequest => self.forged_token_request(key),
                _ => self.forged_browser_credential(key),
            };
            if matches!(end, End::Served(_)) {
                break;
            }
        }
        end
    }

    fn forged_browser_credential(&mut self, key: &CapturedKey) -> End {
        let Some(nonce) = self.nonce() else { return End::Refused };
        let credential = forge::browser_credential(key, &nonce);
        self.browse(&credential)
    }

    /// The provider may accept it; the answer is encrypted under a key that the thief lacks.
    fn forged_token_request(&mut self, key: &CapturedKey) -> End {
        let Some(client) = self.client.or_else(|| Catalog::builtin().client("outlook")) else {
            return End::Refused;
        };
        let Some(nonce) = self.nonce() else { return End::Refused };
        let now = self.network.clock.now();
        let id = self.resource.app_id.to_string();
        let text = forge::token_request(key, client.app_id, &id, &nonce, now);
        let form = TokenRequest::Signed(text).to_form();
        let url = format!("{}/oauth2/token", self.network.provider.issuer());
        let request = http::Request::post(url).body(form.encode().into_bytes());
        let Ok(request) = request else { return End::Refused };
        self.send_and_fail_to_read(request)
    }

    /// A PRT text without its key: signed under a key of the thief's own, or shown in a plain grant.
    fn use_prt(&mut self, prt: &Secret<String>) -> End {
        if self.how == UseAs::PlainGrant {
            let client = self.client.map_or(well_known::BROKER_CLIENT, |client| client.app_id);
            return self.plain_grant(client, prt);
        }
        let key = forge::made_up_key(prt, &mut self.machine.rng);
        self.forged_token_request(&key)
    }

    fn replay_token_request(&mut self, recorded: &Request) -> End {
        let request = match self.how {
            UseAs::Altered => forge::altered(recorded, &self.resource.app_id.to_string()),
            _ => recorded.clone(),
        };
        let end = self.send_and_fail_to_read(request.clone());
        // The recorded proof was good once. Nothing in the request says whose key the next access
        // token is to be bound to, so a proof by the thief's own goes in its place.
        match request.headers().contains_key(DPOP) {
            true => self.send_and_fail_to_read(forge::without_proof(&request)),
            false => end,
        }
    }

    /// Sends a signed request whose answer, if one comes, opens under a key the thief lacks: the
    /// answer is what decides, so the narrator is told.
    fn send_and_fail_to_read(&mut self, request: Request) -> End {
        let mut out = port(self.network, self.machine);
        let answer = match request.headers().contains_key(DPOP) {
            // A recorded one, with the proof of whoever made it.
            true => Some(out.exchange(request)),
            false => match self.machine.app_keys.of_broker(&mut self.machine.broker) {
                None => Some(out.exchange(request)),
                Some(prover) => dpop::exchange(prover, &mut out, request, None).ok(),
            },
        };
        if answer.is_some_and(|answer| answer.status().is_success()) {
            out.note(Check::ResponseUnreadable);
        }
        End::Refused
    }

    fn replay_resource_request(&mut self, recorded: &Request) -> End {
        let mut out = port(self.network, self.machine);
        let response = out.exchange(recorded.clone());
        match response.status().is_success() {
            true => served_or_refused(Ok(response.into_body())),
            false => End::Refused,
        }
    }

    /// A mail client with somebody else's password.
    fn legacy(&mut self, password: &Secret<String>) -> End {
        let upn = self.victim.clone().unwrap_or_default();
        let (origin, agent) = (&self.resource.origin, self.machine.user_agent.clone());
        let mut out = port(self.network, self.machine);
        let served = crate::app::legacy_fetch(&mut out, &agent, origin, "IMAP4", &upn, password);
        served_or_refused(served)
    }

    /// With copied keys the thief's machine is, to the provider, the victim's.
    fn with_broker(&mut self, broker: &mut Broker) -> End {
        let Some(client) = self.client.or_else(|| Catalog::builtin().client("outlook")) else {
            return End::Refused;
        };
        let upn = self.victim.clone().unwrap_or_default();
        let id = self.resource.app_id.to_string();
        let agent = self.machine.user_agent.clone();
        let mut out = port(self.network, self.machine);
        let Machine { rng, app_keys, .. } = &mut *self.machine;
        // A whole key store has the broker's DPoP key too; beside a session key alone, the thief
        // makes one, and the token is bound to that.
        if broker.ensure_dpop_key(rng).is_err() {
            return End::Refused;
        }
        let Ok(tokens) = broker.token(&mut out, rng, &upn, &ask(client, &id)) else {
            return End::Refused;
        };
        let prover = app_keys.of_broker(broker);
        send(&mut out, &agent, self.resource, &tokens.access_token, prover, Errand::Content)
    }

    /// The thief's own device and its own keys, registered under the victim's name.
    fn with_own_broker(&mut self) -> End {
        let Some(client) = self.client.or_else(|| Catalog::builtin().client("outlook")) else {
            return End::Refused;
        };
        let upn = self.victim.clone().unwrap_or_default();
        let id = self.resource.app_id.to_string();
        let mut out = port(self.network, self.machine);
        let Machine { broker, rng, .. } = &mut *self.machine;
        match broker.token(&mut out, rng, &upn, &ask(client, &id)) {
            Ok(tokens) => self.fetch(&tokens.access_token, &Holder::Broker),
            Err(_) => End::Refused,
        }
    }

    fn fetch(&mut self, token: &Secret<String>, holder: &Holder) -> End {
        fetch(self.network, self.machine, self.resource, token, holder)
    }

    fn nonce(&mut self) -> Option<String> {
        let mut out = port(self.network, self.machine);
        self.machine.broker.nonce(&mut out).ok()
    }
}

fn ask<'a>(client: &'a ClientApp, resource: &'a str) -> AppRequest<'a> {
    AppRequest {
        client: client.app_id,
        client_version: None,
        client_sku: Some(&client.name),
        resource,
        scope: "offline_access",
    }
}

fn take(network: &Network, machine: &Machine, steal: &Steal, upn: &str) -> Option<Loot> {
    let broker = &machine.broker;
    let kept = || machine.apps.iter().rev().find(|((user, _), _)| *user == steal.user);
    match steal.loot {
        LootKind::AccessToken => Some(Loot::AccessToken(kept()?.1.access_token.clone())),
        LootKind::BrokerRefreshToken => Loot::broker_refresh_from_disk(broker, upn),
        LootKind::BrowserCredential => {
            let waiting = machine.browser_credential.clone();
            waiting.or_else(|| used_credential(network, &machine.name)).map(Loot::BrowserCredential)
        }
        LootKind::DerivedKey => Loot::derived_keys_from_memory(broker),
        LootKind::DeviceControl => {
            broker.prt_expires(upn)?;
            Some(Loot::DeviceControl { device: machine.name.clone() })
        }
        // Not on the machine: made, held back, or in somebody's head.
        LootKind::DpopProofs | LootKind::DpopRequest | LootKind::Password => None,
        LootKind::KeyStore => Loot::copied_key_store(broker),
        LootKind::Prt => Loot::prt_from_disk(broker, upn),
        LootKind::PrtRequest => {
            network.tapped(&machine.name, is_signed_use).map(|one| Loot::PrtRequest(Box::new(one)))
        }
        LootKind::RefreshToken => {
            let ((_, app), kept) = kept()?;
            let client = Catalog::builtin().client(app)?.app_id;
            Some(Loot::RefreshToken { client, token: kept.refresh_token.clone()? })
        }
        LootKind::ResourceRequest => network
            .tapped(&machine.name, |request| request.uri().path().starts_with("/me"))
            .map(|one| Loot::ResourceRequest(Box::new(one))),
        LootKind::SessionKey => Loot::copied_session_key(broker, upn),
    }
}

/// The credential of the last authorize request that carried one.
fn used_credential(network: &Network, party: &str) -> Option<Secret<String>> {
    use crate::wire::authorize::browser_credential;
    let carries =
        |request: &Request| browser_credential(request).is_ok_and(|found| found.is_some());
    browser_credential(&network.tapped(party, carries)?).ok()?
}

/// A token request that was signed under a PRT, told by its answer's shape being unreadable: the
/// form field `request` with a payload that carries a refresh token.
fn is_signed_use(request: &Request) -> bool {
    let Ok(form) = crate::wire::form::Form::parse(request.body()) else { return false };
    if form.optional("grant_type").as_deref() != Some(JWT_BEARER) {
        return false;
    }
    let Some(jwt) = form.optional("request") else { return false };
    let payload = jwt.split('.').nth(1).and_then(|part| crate::base::b64::decode_url(part).ok());
    let claims = payload
        .and_then(|payload| json::from_secret_slice::<crate::wire::claims::PrtUse>(&payload).ok());
    claims.is_some_and(|claims| claims.resource.is_some())
}

impl LootKind {
    /// The capability that yields it.
    #[must_use]
    pub const fn capability(self) -> Capability {
        match self {
            Self::AccessToken | Self::BrowserCredential | Self::DerivedKey => {
                Capability::ReadProcessMemory
            }
            Self::BrokerRefreshToken
            | Self::KeyStore
            | Self::Prt
            | Self::RefreshToken
            | Self::SessionKey => Capability::ReadDisk,
            Self::DeviceControl | Self::DpopProofs => Capability::RunCode,
            Self::DpopRequest => Capability::InterceptNetwork,
            Self::Password => Capability::KnowPassword,
            Self::PrtRequest | Self::ResourceRequest => Capability::TapNetwork,
        }
    }

    /// What is taken, as a reader sees it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::AccessToken => "an access token",
            Self::BrokerRefreshToken => "a refresh token issued through the broker",
            Self::BrowserCredential => "a signed browser credential",
            Self::DerivedKey => "derived keys and their PRT",
            Self::DeviceControl => "the use of the broker",
            Self::DpopProofs => "DPoP proofs made in advance",
            Self::DpopRequest => "an intercepted DPoP request",
            Self::KeyStore => "a copy of the key store",
            Self::Password => "the password",
            Self::Prt => "the PRT text",
            Self::PrtRequest => "a recorded token request",
            Self::RefreshToken => "a refresh token",
            Self::ResourceRequest => "a recorded resource request",
            Self::SessionKey => "the PRT and its session key",
        }
    }
}
