//! Machines: a device with its broker and what its apps keep, or a bare computer.

use std::collections::BTreeMap;

use crate::base::Secret;
use crate::base::stream::Stream;
use crate::broker::Broker;

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
    /// On disk.
    pub(super) refresh_token: Option<Secret<String>>,
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
