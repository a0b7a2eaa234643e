//! Machines: a device with its broker and what its apps keep, or a bare computer.

use std::collections::BTreeMap;

use crate::base::Secret;
use crate::base::stream::{Seed, Stream};
use crate::broker::{Broker, DpopClient, Prover};
use crate::catalog::{ClientApp, Resource, well_known};
use crate::keystore::{KeyStore, LatencyModel, Protection};
use crate::wire::dpop::TokenType;

/// A computer that somebody uses.
pub(super) struct Machine {
    /// Display name; the party name in the trace.
    pub(super) name: String,
    /// What its apps send as `User-Agent`.
    pub(super) user_agent: String,
    /// Where the network sees it.
    pub(super) address: String,
    /// Present on every machine; registered or not.
    pub(super) broker: Broker,
    /// DPoP keys of the apps that do not ask the broker.
    pub(super) app_keys: AppKeys,
    /// The machine's own chance.
    pub(super) rng: Stream,
    /// What apps keep, by user and app name.
    pub(super) apps: BTreeMap<(String, String), Kept>,
    /// A browser credential that was made and not used yet.
    pub(super) browser_credential: Option<Secret<String>>,
}

/// What one app keeps.
#[derive(Clone)]
pub(super) struct Kept {
    /// In memory.
    pub(super) access_token: Secret<String>,
    /// Whose key proves it.
    pub(super) holder: Holder,
    /// What it is for.
    pub(super) resource: &'static Resource,
    /// On disk.
    pub(super) refresh_token: Option<Secret<String>>,
}

/// Whose key an access token of this machine is bound to, if it is bound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Holder {
    /// The key of an app outside the broker.
    App(String),
    /// The broker's, which proves for the apps behind it.
    Broker,
}

impl Holder {
    /// Whose key a client uses when it asks for tokens by itself.
    pub(super) fn of(client: &ClientApp) -> Self {
        match client.app_id == well_known::BROKER_CLIENT {
            true => Self::Broker,
            false => Self::App(client.name.clone()),
        }
    }
}

/// The DPoP keys of apps outside the broker: one each, in a store like the device's own, made when
/// it is first needed.
pub(super) struct AppKeys {
    pub(super) token_type: TokenType,
    pub(super) protection: Protection,
    pub(super) latency: LatencyModel,
    pub(super) seed: Seed,
    /// Names the machine's chance.
    pub(super) label: String,
    keys: BTreeMap<String, DpopClient>,
}

impl AppKeys {
    pub(super) const fn new(
        token_type: TokenType,
        protection: Protection,
        latency: LatencyModel,
        seed: Seed,
        label: String,
    ) -> Self {
        Self { token_type, protection, latency, seed, label, keys: BTreeMap::new() }
    }

    /// The key of a holder, for code that needs the machine's other parts at the same time.
    pub(super) fn of_holder<'k>(
        &'k mut self,
        holder: &Holder,
        broker: &'k mut Broker,
    ) -> Option<&'k mut dyn Prover> {
        match holder {
            Holder::App(name) => self.of(name),
            Holder::Broker => self.of_broker(broker),
        }
    }

    /// The key of the broker, on the same terms.
    pub(super) fn of_broker<'b>(&self, broker: &'b mut Broker) -> Option<&'b mut dyn Prover> {
        match self.token_type {
            TokenType::Bearer => None,
            TokenType::Dpop => Some(broker),
        }
    }

    /// The key of an app; nothing where apps ask for bearer tokens.
    pub(super) fn of(&mut self, app: &str) -> Option<&mut dyn Prover> {
        if self.token_type == TokenType::Bearer {
            return None;
        }
        if !self.keys.contains_key(app) {
            let label = format!("key store/{}/{app}", self.label);
            let mut chance = self.seed.stream(&format!("{label}/key"));
            let store = KeyStore::new(self.protection, self.latency, self.seed.stream(&label));
            let key = DpopClient::generate(store, &mut chance).ok()?;
            self.keys.insert(app.to_owned(), key);
        }
        self.keys.get_mut(app).map(|key| key as &mut dyn Prover)
    }
}

impl Machine {
    /// Whoever proves an access token of this holder; nothing where tokens are bearer tokens.
    pub(super) fn prover(&mut self, holder: &Holder) -> Option<&mut dyn Prover> {
        self.app_keys.of_holder(holder, &mut self.broker)
    }
}

/// The user agent of a machine with this operating system.
#[must_use]
pub fn user_agent(operating_system: &str) -> &'static str {
    use super::scenario::ClaimedPlatform as P;
    let name = operating_system.to_ascii_lowercase();
    let platform = match name.as_str() {
        name if name.starts_with("windows") => P::Windows,
        name if name.starts_with("mac") => P::MacOs,
        name if name.starts_with("ios") || name.starts_with("ipad") => P::Ios,
        name if name.starts_with("android") => P::Android,
        name if name.starts_with("linux") => P::Linux,
        _ => P::None,
    };
    platform.user_agent()
}
