//! A Conditional Access policy as it is evaluated: ids sorted, words as bits.
//!
//! A policy is read once and never changes. Next to what evaluation needs it keeps the Graph
//! document it came from, so that writing gives back what was read, members without influence and
//! annotations included.

use serde_json::Value;

use super::conditions::Conditions;
use super::controls::{GrantControls, SessionControl, SessionControls};
use super::flags::Flags;
use crate::base::id::PolicyId;

/// A policy that was read and is complete.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    pub(super) id: PolicyId,
    pub(super) state: PolicyState,
    pub(super) conditions: Conditions,
    pub(super) grant: GrantControls,
    pub(super) session: SessionControls,
    pub(super) display_name: String,
    pub(super) document: Value,
}

impl Policy {
    /// The id, unique within a set.
    #[must_use]
    pub const fn id(&self) -> PolicyId {
        self.id
    }

    /// The name an administrator gave it.
    #[must_use]
    pub fn display_name(&self) -> &str {
        &self.display_name
    }

    /// Whether it is enforced, only reported, or off.
    #[must_use]
    pub const fn state(&self) -> PolicyState {
        self.state
    }

    /// To whom and to what it applies.
    #[must_use]
    pub const fn conditions(&self) -> &Conditions {
        &self.conditions
    }

    /// What it asks for before it grants.
    #[must_use]
    pub const fn grant_controls(&self) -> &GrantControls {
        &self.grant
    }

    /// What it asks of the session: the controls that are on.
    #[must_use]
    pub const fn session_controls(&self) -> Flags<SessionControl> {
        self.session.controls
    }

    /// What it asks of the session, with how often and how.
    #[must_use]
    pub const fn session(&self) -> &SessionControls {
        &self.session
    }

    /// The Graph document, with documented words in their documented spelling.
    #[must_use]
    pub const fn document(&self) -> &Value {
        &self.document
    }
}

/// `state`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PolicyState {
    /// Evaluated and enforced.
    Enabled,
    /// Not evaluated.
    Disabled,
    /// Evaluated and only reported ("report-only").
    EnabledForReportingButNotEnforced,
}

/// Ids in ascending order, without repetition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdSet<T>(Box<[T]>);

impl<T: Ord + Copy> IdSet<T> {
    /// Whether `id` is in it.
    #[must_use]
    pub fn contains(&self, id: &T) -> bool {
        self.0.binary_search(id).is_ok()
    }

    /// Whether nothing is in it.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many ids there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// The ids, ascending.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.0.iter()
    }
}

impl<T> Default for IdSet<T> {
    fn default() -> Self {
        Self(Box::default())
    }
}

impl<T: Ord> FromIterator<T> for IdSet<T> {
    fn from_iter<I: IntoIterator<Item = T>>(ids: I) -> Self {
        let mut ids: Vec<T> = ids.into_iter().collect();
        ids.sort_unstable();
        ids.dedup();
        Self(ids.into_boxed_slice())
    }
}
