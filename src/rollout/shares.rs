//! The documented trouble of fleets and how much of it there is: data, each share with its source.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::base::json;

/// What a share is drawn for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Assigns {
    /// A second device besides the main one.
    Also,
    /// The main device; each user has one of these or an Entra joined laptop.
    Device,
    /// Something the user does; drawn for users of a supplied directory as well.
    Habit,
}

/// One kind of trouble, or of the ordinary, with its part of the users.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Share {
    /// The name in plans.
    pub name: String,
    /// Part of all users, 0 to 1.
    pub share: f64,
    /// What it is drawn for.
    pub assigns: Assigns,
    /// Device kind of the catalogue.
    #[serde(default)]
    pub kind: Option<String>,
    /// App of the catalogue that is used besides.
    #[serde(default)]
    pub app: Option<String>,
    /// Its release, if not the catalogue's.
    #[serde(default)]
    pub version: Option<String>,
    /// What the app asks for.
    #[serde(default)]
    pub resource: Option<String>,
    /// What it is, for people.
    pub title: String,
    /// Source tags of the catalogue; `SIM` marks that the number is ours.
    pub source: Vec<String>,
}

/// One way of working and how often it happens beside the others.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MixEntry {
    /// App of the catalogue.
    pub app: String,
    /// Its release, if not the catalogue's.
    #[serde(default)]
    pub version: Option<String>,
    /// Resource of the catalogue.
    pub resource: String,
    /// Relative frequency.
    pub weight: u32,
    /// Source tags.
    #[serde(default)]
    pub source: Vec<String>,
}

/// All shares and the mix of apps.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Shares {
    /// Shares in the order of the file.
    pub shares: Vec<Share>,
    /// The mix of apps on an ordinary device; an app counts where it runs.
    pub apps: Vec<MixEntry>,
}

static BUILTIN: LazyLock<Shares> = LazyLock::new(|| {
    // INVARIANT: the file is part of the build, and a test reads it.
    #[expect(clippy::expect_used, reason = "the data is compiled in and tested")]
    json::from_slice(include_bytes!("../data/rollout/shares.json")).expect("sound shares")
});

impl Shares {
    /// The shares that come with the lab.
    #[must_use]
    pub fn builtin() -> &'static Self {
        &BUILTIN
    }

    /// The share of this name.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<&Share> {
        self.shares.iter().find(|share| share.name == name)
    }

    /// The built-in shares with a plan's own numbers put in. Names were checked before.
    #[must_use]
    pub(super) fn with(mut self, own: &BTreeMap<String, f64>) -> Self {
        for share in &mut self.shares {
            if let Some(number) = own.get(&share.name) {
                share.share = *number;
            }
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Catalog;

    #[test]
    fn every_name_is_in_the_catalogue_and_every_number_has_a_source() {
        let catalog = Catalog::builtin();
        let shares = Shares::builtin();
        for share in &shares.shares {
            assert!((0.0..=1.0).contains(&share.share), "{}", share.name);
            assert!(share.source.iter().all(|tag| tag == "SIM" || catalog.source(tag).is_some()));
            assert!(share.source.iter().any(|tag| tag == "SIM"), "{}: whose number?", share.name);
            assert!(share.kind.as_ref().is_none_or(|kind| catalog.device_kind(kind).is_some()));
            assert!(share.app.as_ref().is_none_or(|app| catalog.client(app).is_some()));
            assert_eq!(share.app.is_some(), share.resource.is_some(), "{}", share.name);
            assert!(share.resource.as_ref().is_none_or(|one| catalog.resource(one).is_some()));
        }
        for entry in &shares.apps {
            assert!(catalog.client(&entry.app).is_some() && entry.weight > 0, "{}", entry.app);
            assert!(catalog.resource(&entry.resource).is_some(), "{}", entry.resource);
        }
        let main = shares.shares.iter().filter(|share| share.assigns == Assigns::Device);
        assert!(main.map(|share| share.share).sum::<f64>() < 1.0);
    }
}
