//! What the lab knows of real products: apps, resources, kinds of devices, and the dated rules of
//! token protection.
//!
//! All of it is data in `src/data/catalog`, every entry with the tags of the documents it comes
//! from ([`Source`]); `SIM` marks what we invented, and an id we invented says so. The room knows no
//! protocol, no user and no policy: it says what an app is and what a date demanded, and `policy`
//! draws the conclusions.
//!
//! Registration methods, trust types and device kinds are plain text here, in the spelling of
//! the directory file, because this room and the directory do not know each other.

mod load;
mod model;
mod policy_words;
mod rule_pack;
mod version;
pub mod well_known;

use std::sync::LazyLock;

use crate::base::id::AppId;

pub use load::{CatalogError, CatalogFiles};
pub use model::{
    BrokerUse, ClientApp, ClientRegistration, DeviceKind, LegacyProtocol, OperatingSystem,
    Resource, Source,
};
pub use policy_words::{ApplicationGroup, BuiltInStrength, GroupMember, PolicyWords};
pub use rule_pack::{
    AppRule, AppSupport, ExternalUsers, Fact, FreshSignIn, Licence, ProtectedClient, ResourceRule,
    RulePack, SystemMinimum, SystemRule,
};
pub use version::{NotAVersion, Version};

/// Everything the lab knows of real products.
#[derive(Clone, Debug)]
pub struct Catalog {
    clients: Vec<ClientApp>,
    resources: Vec<Resource>,
    device_kinds: Vec<DeviceKind>,
    rule_packs: Vec<RulePack>,
    sources: Vec<Source>,
}

static BUILTIN: LazyLock<Catalog> = LazyLock::new(|| {
    // INVARIANT: the files are part of the build, and `load::tests` reads them.
    #[expect(clippy::expect_used, reason = "the data is compiled in and tested")]
    Catalog::load(&CatalogFiles::BUILTIN).expect("the built-in catalogue is sound")
});

impl Catalog {
    /// The catalogue that comes with the lab.
    #[must_use]
    pub fn builtin() -> &'static Self {
        &BUILTIN
    }
    /// All apps, in the order of the file.
    #[must_use]
    pub fn clients(&self) -> &[ClientApp] {
        &self.clients
    }

    /// The app with this catalogue name.
    #[must_use]
    pub fn client(&self, name: &str) -> Option<&ClientApp> {
        self.clients.iter().find(|client| client.name == name)
    }

    /// All apps that sign in under one client id: Outlook, Word and perpetual Office share theirs.
    pub fn clients_with_id(&self, id: AppId) -> impl Iterator<Item = &ClientApp> {
        self.clients.iter().filter(move |client| client.app_id == id)
    }

    /// The first app with this client id. What is asked of all of them (a redirect URI, say) is
    /// asked through [`Catalog::clients_with_id`].
    #[must_use]
    pub fn client_by_id(&self, id: AppId) -> Option<&ClientApp> {
        self.clients.iter().find(|client| client.app_id == id)
    }

    /// All resources, in the order of the file.
    #[must_use]
    pub fn resources(&self) -> &[Resource] {
        &self.resources
    }

    /// The resource with this catalogue name.
    #[must_use]
    pub fn resource(&self, name: &str) -> Option<&Resource> {
        self.resources.iter().find(|resource| resource.name == name)
    }

    /// The resource with this application id.
    #[must_use]
    pub fn resource_by_id(&self, id: AppId) -> Option<&Resource> {
        self.resources.iter().find(|resource| resource.app_id == id)
    }

    /// The resource that `text` names: an application id, the lab's origin or a real identifier
    /// URI, with or without one trailing slash.
    #[must_use]
    pub fn resource_by_identifier(&self, text: &str) -> Option<&Resource> {
        if let Ok(id) = text.parse() {
            return self.resource_by_id(id);
        }
        let text = text.strip_suffix('/').unwrap_or(text);
        self.resources.iter().find(|resource| {
            resource.origin == text || resource.identifiers.iter().any(|name| name == text)
        })
    }

    /// All device kinds, in the order of the file.
    #[must_use]
    pub fn device_kinds(&self) -> &[DeviceKind] {
        &self.device_kinds
    }

    /// The device kind with this catalogue name.
    #[must_use]
    pub fn device_kind(&self, name: &str) -> Option<&DeviceKind> {
        self.device_kinds.iter().find(|kind| kind.name == name)
    }

    /// The dated rule packs, oldest first; never empty.
    #[must_use]
    pub fn rule_packs(&self) -> &[RulePack] {
        &self.rule_packs
    }

    /// The documents that the data comes from.
    #[must_use]
    pub fn sources(&self) -> &[Source] {
        &self.sources
    }

    /// The document behind a source tag.
    #[must_use]
    pub fn source(&self, tag: &str) -> Option<&Source> {
        self.sources.iter().find(|source| source.tag == tag)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_apps_share_one_id() {
        let office = Catalog::builtin().clients_with_id(well_known::OFFICE_CLIENT);
        let names: Vec<&str> = office.map(|client| client.name.as_str()).collect();
        assert_eq!(names, ["outlook", "word", "excel", "powerpoint", "office-perpetual"]);
        let first = Catalog::builtin().client_by_id(well_known::OFFICE_CLIENT);
        assert_eq!(first.map(|client| client.name.as_str()), Some("outlook"));
    }

    #[test]
    fn resources_are_found_by_every_name() {
        let catalog = Catalog::builtin();
        for text in [
            "00000002-0000-0ff1-ce00-000000000000",
            "https://exchange.lab.example",
            "https://outlook.office365.com/",
        ] {
            let found = catalog.resource_by_identifier(text);
            assert_eq!(found.map(|resource| resource.app_id), Some(well_known::EXCHANGE), "{text}");
        }
        assert!(catalog.resource_by_identifier("https://outlook.office365.com//").is_none());
        assert!(catalog.resource_by_identifier("").is_none());
    }

    #[test]
    fn exchange_alone_speaks_password_protocols() {
        let speaking = Catalog::builtin().resources().iter();
        let speaking: Vec<&str> = speaking
            .filter(|resource| !resource.legacy_protocols.is_empty())
            .map(|resource| resource.name.as_str())
            .collect();
        assert_eq!(speaking, ["exchange"]);
    }

    #[test]
    fn legacy_clients_and_only_they_have_a_protocol() {
        for client in Catalog::builtin().clients() {
            let legacy = client.registration == ClientRegistration::Legacy;
            assert_eq!(client.legacy_protocol.is_some(), legacy, "{}", client.name);
            assert!(!legacy || client.redirect_uris.is_empty(), "{}", client.name);
            assert!(!legacy || client.broker == BrokerUse::Outside, "{}", client.name);
        }
    }

    #[test]
    fn an_invented_id_says_so() {
        let ours = |id: AppId| id.as_u128() >> 96 == 0x5e00_0000;
        for client in Catalog::builtin().clients() {
            assert_eq!(client.simulated_id, ours(client.app_id), "{}", client.name);
            if client.simulated_id {
                assert!(client.source.iter().any(|tag| tag == "SIM"), "{}", client.name);
            }
        }
    }

    #[test]
    fn the_minimum_versions_of_the_sources() {
        let minimum = |name: &str| Catalog::builtin().client(name).unwrap().min_broker_version;
        for (name, text) in [
            ("onedrive", "22.217"),
            ("teams", "1.6.00.1331"),
            ("power-bi-desktop", "2.117.841.0"),
            ("exchange-powershell", "3.7.0"),
            ("graph-powershell", "2.0.0"),
            ("visual-studio", "17.0"),
            ("windows-app", "2.0.379.0"),
        ] {
            assert_eq!(minimum(name), Some(text.parse().unwrap()), "{name}");
        }
    }
}
