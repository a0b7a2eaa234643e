//! The JSON of a rehearsal. Its shape is documented in `docs/reference/rollout.md`.

use serde::Serialize;

use super::help::{act, tell};
use crate::render::remedy;
use crate::rollout::{Report, ShardResult, Trouble};

/// Findings, with the help desk's sentences.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RolloutJson<'r> {
    /// Sign-ins that were re-run with real cryptography and left the same records.
    pub verified: usize,
    /// The findings.
    #[serde(flatten)]
    pub report: &'r Report,
    /// Sentences by cause.
    pub help_desk: Vec<HelpDeskJson<'r>>,
    /// What is needed to merge shards; none for a whole run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shard_result: Option<ShardResult>,
}

/// What the help desk says and does about one cause.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HelpDeskJson<'r> {
    /// The cause.
    pub trouble: Trouble,
    /// What the user sees.
    pub code: u32,
    /// `signInSessionStatusCode`.
    pub status: u16,
    /// Apps that show it.
    pub apps: &'r [String],
    /// What the status means.
    pub means: &'static str,
    /// What to tell the user.
    pub tell: &'static str,
    /// What to do.
    #[serde(rename = "do")]
    pub act: String,
}

impl<'r> RolloutJson<'r> {
    /// The findings as JSON.
    #[must_use]
    pub fn of(report: &'r Report, verified: usize, shard_result: Option<ShardResult>) -> Self {
        let help_desk = report.causes.iter().map(|cause| HelpDeskJson {
            trouble: cause.trouble,
            code: cause.code,
            status: cause.status,
            apps: &cause.apps,
            means: remedy::status_meaning(cause.status),
            tell: tell(cause),
            act: act(cause),
        });
        Self { verified, report, help_desk: help_desk.collect(), shard_result }
    }
}
