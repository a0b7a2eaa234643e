//! Reading the catalogue's files, and refusing what does not hang together.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::limitation::Row;
use super::model::{ClientApp, DeviceKind, Resource, Source};
use super::rule_pack::RulePack;
use super::{Catalog, ClientRegistration};
use crate::base::json::{self, JsonError};

/// The texts a catalogue is read from.
#[derive(Clone, Copy, Debug)]
pub struct CatalogFiles<'a> {
    /// `{"clients": [ClientApp]}`.
    pub clients: &'a [u8],
    /// `{"deviceKinds": [DeviceKind]}`.
    pub device_kinds: &'a [u8],
    /// `{"limitations": [...]}`: each a cause and its effect by rule pack.
    pub limitations: &'a [u8],
    /// `{"resources": [Resource]}`.
    pub resources: &'a [u8],
    /// One [`RulePack`] each, in any order.
    pub rule_packs: &'a [&'a [u8]],
    /// `{"sources": [Source]}`.
    pub sources: &'a [u8],
}

impl CatalogFiles<'static> {
    /// The files that come with the lab.
    pub const BUILTIN: Self = Self {
        clients: include_bytes!("../data/catalog/clients.json"),
        device_kinds: include_bytes!("../data/catalog/device-kinds.json"),
        limitations: include_bytes!("../data/catalog/limitations.json"),
        resources: include_bytes!("../data/catalog/resources.json"),
        rule_packs: &[
            include_bytes!("../data/catalog/rules-2023-06.json"),
            include_bytes!("../data/catalog/rules-2025-05.json"),
            include_bytes!("../data/catalog/rules-2026-09.json"),
        ],
        sources: include_bytes!("../data/catalog/sources.json"),
    };
}

/// Why a catalogue was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CatalogError {
    /// Two entries of a kind have one name.
    #[error("the {kind} `{name}` stands twice in the catalogue")]
    Duplicate {
        /// Client, resource, device kind, rule pack or source.
        kind: &'static str,
        /// The name.
        name: String,
    },
    /// A text is not JSON of the documented shape.
    #[error("{kind} file: {error}")]
    Json {
        /// Which text.
        kind: &'static str,
        /// Where and why.
        error: JsonError,
    },
    /// A legacy client without a protocol, or a protocol on another client.
    #[error("the client `{name}` must have a legacy protocol if, and only if, it is legacy")]
    LegacyProtocol {
        /// The client.
        name: String,
    },
    /// There is no rule pack at all.
    #[error("a catalogue needs at least one rule pack")]
    NoRulePack,
    /// A rule pack names something that is not there.
    #[error("the rule pack `{pack}` names the {kind} `{name}`, which the catalogue does not have")]
    Unknown {
        /// The pack.
        pack: String,
        /// Client, resource or device kind.
        kind: &'static str,
        /// The name.
        name: String,
    },
    /// A statement names a source that is not there, or no source at all.
    #[error("`{at}` gives the source `{tag}`, which is not among the sources")]
    UnknownSource {
        /// The entry that makes the statement.
        at: String,
        /// The tag; empty if there is none.
        tag: String,
    },
}

impl CatalogError {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Duplicate { .. } => "catalog.duplicate",
            Self::Json { .. } => "catalog.json",
            Self::LegacyProtocol { .. } => "catalog.legacy_protocol",
            Self::NoRulePack => "catalog.no_rule_pack",
            Self::Unknown { .. } => "catalog.unknown_name",
            Self::UnknownSource { .. } => "catalog.unknown_source",
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Clients {
    clients: Vec<ClientApp>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct DeviceKinds {
    device_kinds: Vec<DeviceKind>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Limitations {
    limitations: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Resources {
    resources: Vec<Resource>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sources {
    sources: Vec<Source>,
}

impl Catalog {
    /// Reads a catalogue and checks that names are unique and references resolve.
    ///
    /// # Errors
    /// [`CatalogError`], the first fault found.
    pub fn load(files: &CatalogFiles<'_>) -> Result<Self, CatalogError> {
        let mut rule_packs = Vec::with_capacity(files.rule_packs.len());
        for text in files.rule_packs {
            rule_packs.push(read::<RulePack>("rule pack", text)?);
        }
        if rule_packs.is_empty() {
            return Err(CatalogError::NoRulePack);
        }
        // ISO dates sort as text.
        rule_packs.sort_by(|a, b| a.date.cmp(&b.date));
        let rows = read::<Limitations>("limitation", files.limitations)?.limitations;
        unique("limitation", rows.iter().map(|row| row.id.clone()))?;
        check_effects(&rows, &rule_packs)?;
        for pack in &mut rule_packs {
            pack.limitations = rows.iter().filter_map(|row| row.under(&pack.id)).collect();
        }
        let catalog = Self {
            clients: read::<Clients>("client", files.clients)?.clients,
            resources: read::<Resources>("resource", files.resources)?.resources,
            device_kinds: read::<DeviceKinds>("device kind", files.device_kinds)?.device_kinds,
            rule_packs,
            sources: read::<Sources>("source", files.sources)?.sources,
        };
        catalog.check_names()?;
        catalog.check_clients()?;
        catalog.check_packs()?;
        catalog.check_sources()?;
        Ok(catalog)
    }

    fn check_names(&self) -> Result<(), CatalogError> {
        unique("client", self.clients.iter().map(|entry| entry.name.clone()))?;
        unique("device kind", self.device_kinds.iter().map(|entry| entry.name.clone()))?;
        unique("resource", self.resources.iter().map(|entry| entry.name.clone()))?;
        unique("resource", self.resources.iter().map(|entry| entry.app_id.to_string()))?;
        unique("resource", self.resources.iter().map(|entry| entry.origin.clone()))?;
        unique("rule pack", self.rule_packs.iter().map(|entry| entry.id.clone()))?;
        unique("source", self.sources.iter().map(|entry| entry.tag.clone()))
    }

    fn check_clients(&self) -> Result<(), CatalogError> {
        for client in &self.clients {
            let legacy = client.registration == ClientRegistration::Legacy;
            if legacy != client.legacy_protocol.is_some() {
                return Err(CatalogError::LegacyProtocol { name: client.name.clone() });
            }
        }
        Ok(())
    }

    fn check_packs(&self) -> Result<(), CatalogError> {
        for pack in &self.rule_packs {
            let known = |there: bool, kind, name: &str| {
                let fault =
                    || CatalogError::Unknown { pack: pack.id.clone(), kind, name: name.to_owned() };
                if there { Ok(()) } else { Err(fault()) }
            };
            for rule in &pack.apps {
                known(self.client(&rule.client).is_some(), "client", &rule.client)?;
            }
            for rule in &pack.resources {
                known(self.resource(&rule.resource).is_some(), "resource", &rule.resource)?;
            }
            for fact in &pack.unsupported_device_kinds {
                known(self.device_kind(&fact.value).is_some(), "device kind", &fact.value)?;
            }
            for filter in &pack.filters {
                let kind = &filter.device_kind;
                known(self.device_kind(kind).is_some(), "device kind", kind)?;
            }
            for cause in pack.limitations.iter().map(|row| &row.cause) {
                known(self.client(&cause.client).is_some(), "client", &cause.client)?;
                known(self.resource(&cause.resource).is_some(), "resource", &cause.resource)?;
                let Some(kind) = &cause.device else { continue };
                known(self.device_kind(kind).is_some(), "device kind", kind)?;
            }
        }
        Ok(())
    }

    fn check_sources(&self) -> Result<(), CatalogError> {
        let clients = self.clients.iter().map(|entry| (entry.name.as_str(), &entry.source));
        let resources = self.resources.iter().map(|entry| (entry.name.as_str(), &entry.source));
        let kinds = self.device_kinds.iter().map(|entry| (entry.name.as_str(), &entry.source));
        let packs = self.rule_packs.iter().flat_map(statements);
        for (at, tags) in clients.chain(resources).chain(kinds).chain(packs) {
            let refuse = |tag: &str| {
                Err(CatalogError::UnknownSource { at: at.to_owned(), tag: tag.to_owned() })
            };
            if tags.is_empty() {
                return refuse("");
            }
            if let Some(tag) = tags.iter().find(|tag| self.source(tag).is_none()) {
                return refuse(tag);
            }
        }
        Ok(())
    }
}

/// Every limitation has an effect, and every effect is one of a pack that is there.
fn check_effects(rows: &[Row], packs: &[RulePack]) -> Result<(), CatalogError> {
    let unknown = |row: &Row, name: &str| CatalogError::Unknown {
        pack: row.id.clone(),
        kind: "rule pack",
        name: name.to_owned(),
    };
    for row in rows {
        if row.effects.is_empty() {
            return Err(unknown(row, ""));
        }
        let known = |name: &&String| packs.iter().any(|pack| pack.id == **name);
        if let Some(name) = row.effects.keys().find(|name| !known(name)) {
            return Err(unknown(row, name));
        }
    }
    Ok(())
}

/// Every statement of a pack with its source tags.
fn statements(pack: &RulePack) -> impl Iterator<Item = (&str, &Vec<String>)> {
    let single = [
        &pack.error_code.source,
        &pack.control_label.source,
        &pack.licence.source,
        &pack.fresh_sign_in.source,
        &pack.external_users.source,
    ];
    let methods = &pack.unsupported_registration_methods;
    let kinds = &pack.unsupported_device_kinds;
    (single.into_iter())
        .chain(pack.systems.iter().map(|rule| &rule.source))
        .chain(pack.apps.iter().map(|rule| &rule.source))
        .chain(pack.resources.iter().map(|rule| &rule.source))
        .chain(methods.iter().chain(kinds).map(|fact| &fact.source))
        .chain(pack.availability.iter().map(|entry| &entry.source))
        .chain(pack.status_codes.iter().map(|entry| &entry.source))
        .chain(pack.filters.iter().map(|entry| &entry.source))
        .chain(pack.advice.iter().map(|entry| &entry.source))
        .chain(pack.limitations.iter().map(|entry| &entry.source))
        .map(|tags| (pack.id.as_str(), tags))
}

fn read<T: DeserializeOwned>(kind: &'static str, text: &[u8]) -> Result<T, CatalogError> {
    json::from_slice(text).map_err(|error| CatalogError::Json { kind, error })
}

fn unique(kind: &'static str, names: impl Iterator<Item = String>) -> Result<(), CatalogError> {
    let mut seen = BTreeSet::new();
    for name in names {
        if !seen.insert(name.clone()) {
            return Err(CatalogError::Duplicate { kind, name });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Loads the built-in files with one replacement in the clients' text.
    fn clients(from: &str, to: &str) -> CatalogError {
        let text = std::str::from_utf8(CatalogFiles::BUILTIN.clients).unwrap();
        assert!(text.contains(from), "{from}");
        let text = text.replacen(from, to, 1);
        let files = CatalogFiles { clients: text.as_bytes(), ..CatalogFiles::BUILTIN };
        Catalog::load(&files).unwrap_err()
    }

    #[test]
    fn the_built_in_files_load() {
        let catalog = Catalog::load(&CatalogFiles::BUILTIN).unwrap();
        let packs: Vec<&str> = catalog.rule_packs().iter().map(|pack| pack.id.as_str()).collect();
        assert_eq!(packs, ["2023-06", "2025-05", "2026-09"]);
        assert!(catalog.clients().len() > 40 && catalog.device_kinds().len() > 20);
    }

    #[test]
    fn every_source_is_used() {
        let catalog = Catalog::builtin();
        let mut used: BTreeSet<&str> = BTreeSet::new();
        let entries = catalog.clients.iter().map(|entry| &entry.source);
        let entries = entries.chain(catalog.resources.iter().map(|entry| &entry.source));
        let entries = entries.chain(catalog.device_kinds.iter().map(|entry| &entry.source));
        let packs = catalog.rule_packs.iter().flat_map(statements).map(|(_, tags)| tags);
        used.extend(entries.chain(packs).flatten().map(String::as_str));
        for source in catalog.sources() {
            assert!(used.contains(source.tag.as_str()), "{}", source.tag);
        }
    }

    #[test]
    fn faults_are_named() {
        let error = clients("\"word\"", "\"outlook\"");
        assert_eq!(error.to_string(), "the client `outlook` stands twice in the catalogue");
        assert_eq!(error.code(), "catalog.duplicate");

        let error = clients("\"teams\"", "\"tems\"");
        let CatalogError::Unknown { kind: "client", ref name, .. } = error else {
            panic!("{error}")
        };
        assert_eq!((name.as_str(), error.code()), ("teams", "catalog.unknown_name"));

        let error = clients("\"D-APL\"", "\"D-XXX\"");
        assert_eq!(error.code(), "catalog.unknown_source");
        assert_eq!(clients("[\"D-WIN\"", "[\"D-WIN\", 3").code(), "catalog.json");
        assert_eq!(clients("\"pop3\"", "null").code(), "catalog.legacy_protocol");

        let rows = std::str::from_utf8(CatalogFiles::BUILTIN.limitations).unwrap();
        let rows = rows.replacen("\"2023-06\": {", "\"2023-07\": {", 1);
        let files = CatalogFiles { limitations: rows.as_bytes(), ..CatalogFiles::BUILTIN };
        let error = Catalog::load(&files).unwrap_err();
        let CatalogError::Unknown { kind: "rule pack", ref name, .. } = error else {
            panic!("{error}")
        };
        assert_eq!(name, "2023-07");

        let error = clients("\"22.217\"", "\"new\"");
        let CatalogError::Json { error, .. } = error else { panic!("{error}") };
        assert_eq!(error.path(), "clients[6].minBrokerVersion");

        let without_packs = CatalogFiles { rule_packs: &[], ..CatalogFiles::BUILTIN };
        assert_eq!(Catalog::load(&without_packs).unwrap_err(), CatalogError::NoRulePack);
    }
    #[test]
    fn sentences() {
        let name = || "x".to_owned();
        let error = crate::base::json::from_slice::<u8>(b"[]").unwrap_err();
        for (error, sentence) in [
            (
                CatalogError::Duplicate { kind: "client", name: name() },
                "the client `x` stands twice in the catalogue",
            ),
            (CatalogError::Json { kind: "client", error }, "client file: line 1, column "),
            (
                CatalogError::LegacyProtocol { name: name() },
                "the client `x` must have a legacy protocol if, and only if, it is legacy",
            ),
            (CatalogError::NoRulePack, "a catalogue needs at least one rule pack"),
            (
                CatalogError::Unknown { pack: "p".to_owned(), kind: "client", name: name() },
                "the rule pack `p` names the client `x`, which the catalogue does not have",
            ),
            (
                CatalogError::UnknownSource { at: "p".to_owned(), tag: name() },
                "`p` gives the source `x`, which is not among the sources",
            ),
        ] {
            assert!(error.to_string().starts_with(sentence), "{error}");
        }
    }
}
