//! What a dated document says around the rules: where the feature is available, what the status
//! codes mean, which device filters it prints, and what it advises.

use serde::{Deserialize, Serialize};

use super::model::OperatingSystem;
use super::rule_pack::ProtectedClient;

/// How far a feature has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Stage {
    /// For everybody.
    GenerallyAvailable,
    /// For trial.
    Preview,
}

/// Where token protection is available, and how far it has come there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Availability {
    /// Native apps or browsers.
    pub client: ProtectedClient,
    /// On these systems.
    pub systems: Vec<OperatingSystem>,
    /// How far.
    pub stage: Stage,
    /// What a reader should know about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Source tags.
    pub source: Vec<String>,
}

/// A value of `signInSessionStatusCode` that the documents of the date explain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StatusCode {
    /// 0 is bound.
    pub code: u16,
    /// What it says of the request.
    pub meaning: String,
    /// What the user or the administrator can do.
    pub remedy: String,
    /// Source tags.
    pub source: Vec<String>,
}

/// A device filter that a document prints, to exclude devices that cannot meet the control.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PublishedFilter {
    /// The kind of device of the catalogue that it is meant for.
    pub device_kind: String,
    /// As the document prints it.
    pub published: String,
    /// As the filter reference would have it: `-contains` on collections, `device.` in front.
    pub rule: String,
    /// Source tags.
    pub source: Vec<String>,
}

/// What advice is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Topic {
    /// Which client app types the policy names.
    ClientApps,
    /// Which other policies close what this one leaves open.
    Companions,
    /// The application group `Office365` as a target.
    Office365,
    /// What users without a registered device see.
    UnregisteredUsers,
}

impl Topic {
    /// The name in the catalogue's files.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ClientApps => "clientApps",
            Self::Companions => "companions",
            Self::Office365 => "office365",
            Self::UnregisteredUsers => "unregisteredUsers",
        }
    }
}

/// A piece of advice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Advice {
    /// What it is about.
    pub topic: Topic,
    /// A sentence.
    pub text: String,
    /// Source tags.
    pub source: Vec<String>,
}
