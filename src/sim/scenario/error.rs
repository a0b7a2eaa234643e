//! Why a scenario cannot be run.

use crate::base::json::{self, JsonError};
use crate::pop::dpop::Unprotected;
use crate::sim::settings::SettingError;

/// A scenario that cannot be run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScenarioError {
    /// Longer than is read.
    #[error("the scenario is longer than 1 MiB")]
    TooLong,
    /// Another fault, in a place of the file.
    #[error("line {line}, column {column}: {error}")]
    Located {
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
        /// What is wrong there.
        error: Box<Self>,
    },
    /// A name that cannot be typed on a command line.
    #[error("`name`: `{name}` is not made of at most 64 lower-case letters, digits and hyphens")]
    Name {
        /// As given.
        name: String,
    },
    /// Not JSON of the shape of a scenario.
    #[error("{0}")]
    Json(#[from] JsonError),
    /// Loot that cannot be used in this way.
    #[error("`{path}`: `{how}` is no way to use {loot}; the ways are {known}")]
    Use {
        /// Where it stands, for example `steps[2].use.how`.
        path: String,
        /// As written.
        how: &'static str,
        /// What the thief last took.
        loot: &'static str,
        /// The ways there are.
        known: String,
    },
    /// A wait of no time, or of more than ten years.
    #[error("`steps[{step}].wait`: a wait lasts from 1 second to 3650 days")]
    Wait {
        /// From 0.
        step: usize,
    },
    /// More steps than are run.
    #[error("`steps`: more than 500 steps")]
    TooManySteps,
    /// No steps at all.
    #[error("`steps`: a scenario needs at least one step")]
    NoSteps,
    /// A setting that does not exist or cannot take its value.
    #[error("`settings`: {0}")]
    Setting(#[from] SettingError),
    /// An app, device, policy, resource, user or other name that does not exist.
    #[error("`{path}`: there is no {kind} `{name}`; the nearest is `{nearest}`")]
    UnknownName {
        /// Where it stands, for example `steps[2].signIn.app`.
        path: String,
        /// `app`, `device`, `device kind`, `policy`, `protocol`, `registration method`, `resource`
        /// or `user`.
        kind: &'static str,
        /// As written.
        name: String,
        /// The closest existing name.
        nearest: String,
    },
    /// A device of the scenario that cannot be made.
    #[error("`devices[{at}]`: {why}")]
    Device {
        /// From 0.
        at: usize,
        /// What is wrong.
        why: &'static str,
    },
    /// The scenario's own directory.
    #[error("`directory`: {0}")]
    Directory(String),
    /// Servers that would take every proof as often as it comes.
    #[error("`settings.dpop`: {0}")]
    Unprotected(#[from] Unprotected),
    /// A policy.
    #[error("`settings.policies`: {0}")]
    Policy(String),
    /// A step that needs what no earlier step has made.
    #[error("`steps[{step}]`: {why}")]
    OutOfOrder {
        /// From 0.
        step: usize,
        /// What is missing.
        why: &'static str,
    },
}

impl ScenarioError {
    /// The stable code of this error.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Device { .. } => "sim.device",
            Self::Located { error, .. } => error.code(),
            Self::Name { .. } => "sim.name",
            Self::TooLong => "sim.too_long",
            Self::Json(_) => "sim.json",
            Self::Wait { .. } => "sim.wait",
            Self::TooManySteps => "sim.too_many_steps",
            Self::NoSteps => "sim.no_steps",
            Self::Setting(_) => "sim.setting",
            Self::UnknownName { .. } => "sim.unknown_name",
            Self::Use { .. } => "sim.use",
            Self::Unprotected(error) => error.code(),
            Self::Directory(_) => "sim.directory",
            Self::Policy(_) => "sim.policy",
            Self::OutOfOrder { .. } => "sim.out_of_order",
        }
    }

    /// The same with the line of the text that it is about, if it is about one.
    pub(super) fn located_in(self, text: &[u8]) -> Self {
        let path = match &self {
            Self::Device { at, .. } => format!("devices[{at}]"),
            Self::Name { .. } => "name".to_owned(),
            Self::Setting(error) => format!("settings.{}", escaped(error.name())),
            Self::UnknownName { path, .. } | Self::Use { path, .. } => path.clone(),
            Self::Wait { step } => format!("steps[{step}].wait"),
            _ => return self,
        };
        match json::position(text, &path) {
            Some((line, column)) => Self::Located { line, column, error: Box::new(self) },
            None => self,
        }
    }
}

/// A setting's name has dots of its own.
fn escaped(name: &str) -> String {
    name.replace('.', "\\.")
}
