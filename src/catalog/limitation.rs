//! [`Limitation`]: what the source documents say does not work, each as a row that cannot lie.
//!
//! A row names its cause as facts of a request ([`Situation`]), what a sign-in then comes to under
//! each pack ([`Effect`]), and the remedy. `sim::modelled` turns the facts into a request and asks
//! the policies; a test compares what comes out with the row.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::version::Version;

/// A limitation under the rules of one date.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Limitation {
    /// Short name, lower case with hyphens; the same in every pack.
    pub id: String,
    /// The limitation as a sentence without a full stop.
    pub title: String,
    /// The request that runs into it.
    pub cause: Situation,
    /// What becomes of that request.
    pub effect: Effect,
    /// What to do about it.
    pub remedy: String,
    /// Source tags.
    pub source: Vec<String>,
}

/// What becomes of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Effect {
    /// `signInSessionStatusCode` of its record; 0 is bound.
    pub status: u16,
    /// The number after `AADSTS`; 0 if the request goes through.
    pub error: u32,
    /// `result` of the entry of the policy that was asked, in Graph's spelling.
    pub result: String,
    /// Where this date differs from the others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// A request in names of the catalogue. Absent members leave the ordinary case: a member of the
/// tenant in Outlook towards Exchange Online, on a joined Windows laptop, through the broker.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Situation {
    /// The policy asked, by its built-in name.
    pub policy: String,
    /// A client of the catalogue.
    pub client: String,
    /// Its release, if not the catalogue's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_version: Option<Version>,
    /// A resource of the catalogue.
    pub resource: String,
    /// A device kind of the catalogue; none for a machine that is not registered.
    pub device: Option<String>,
    /// Its version, if not that of the kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operating_system_version: Option<Version>,
    /// Whether its user signed in freshly while registering it.
    pub registration: Registration,
    /// Where its key lives.
    pub key: KeyHome,
    /// Whose it is.
    pub owner: Owner,
    /// Whether it is managed.
    pub management: Management,
    /// Who signs in.
    pub user: SignedInUser,
    /// The platform the user agent claims, if not that of the device.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub platform: Option<String>,
    /// What the request shows of its device.
    pub shows: Shows,
    /// What became of earlier requests of the sign-in.
    pub history: History,
}

/// Whether the user signed in freshly while registering.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Registration {
    /// Yes.
    #[default]
    Fresh,
    /// No.
    NotFresh,
}

/// Where a device key lives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum KeyHome {
    /// In hardware.
    #[default]
    Hardware,
    /// In software.
    Software,
}

/// Who registered the device.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Owner {
    /// Somebody else, or nobody.
    Another,
    /// The user who signs in.
    #[default]
    User,
}

/// Whether a device is managed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Management {
    /// Yes.
    #[default]
    Managed,
    /// No.
    Unmanaged,
}

/// Who signs in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum SignedInUser {
    /// A guest whose home tenant's devices count for nothing here.
    Guest,
    /// A guest whose home tenant's devices are trusted.
    GuestOfTrustedTenant,
    /// A user of the tenant.
    #[default]
    Member,
}

/// What a request shows of its device.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Shows {
    /// What an honest client shows: possession through the broker or in a browser, a device
    /// credential outside the broker, nothing over a legacy protocol.
    #[default]
    AsUsual,
    /// A device credential, although the client could use the broker.
    DeviceCredential,
    /// Nothing: a token alone.
    Nothing,
}

/// What became of earlier requests of the sign-in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum History {
    /// None was refused.
    #[default]
    Clean,
    /// One was refused as unbound.
    DeniedAsUnbound,
}

impl Default for Situation {
    fn default() -> Self {
        Self {
            policy: "b".to_owned(),
            client: "outlook".to_owned(),
            client_version: None,
            resource: "exchange".to_owned(),
            device: Some("windows-laptop".to_owned()),
            operating_system_version: None,
            registration: Registration::default(),
            key: KeyHome::default(),
            owner: Owner::default(),
            management: Management::default(),
            user: SignedInUser::default(),
            platform: None,
            shows: Shows::default(),
            history: History::default(),
        }
    }
}

/// A row of the file: one limitation with its effect by pack.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Row {
    pub(super) id: String,
    title: String,
    #[serde(default)]
    pub(super) cause: Situation,
    remedy: String,
    pub(super) source: Vec<String>,
    /// By the id of the pack; a pack that is absent does not have the limitation.
    pub(super) effects: BTreeMap<String, Effect>,
}

impl Row {
    /// The row under one pack, if that pack has it.
    pub(super) fn under(&self, pack: &str) -> Option<Limitation> {
        let effect = self.effects.get(pack)?.clone();
        Some(Limitation {
            id: self.id.clone(),
            title: self.title.clone(),
            cause: self.cause.clone(),
            effect,
            remedy: self.remedy.clone(),
            source: self.source.clone(),
        })
    }
}
