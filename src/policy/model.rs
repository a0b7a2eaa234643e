//! A Conditional Access policy as it is evaluated: ids sorted, words as bits.
//!
//! A policy is read once and never changes. Next to what evaluation needs it keeps the Graph
//! document it came from, so that writing gives back what was read, members without influence and
//! annotations included.

use serde_json::Value;

use super::facts::{ClientAppType, Platform};
use super::flags::{Flag, Flags};
use crate::base::id::{AppId, GroupId, PolicyId, RoleTemplateId, UserId};

/// A policy that was read and is complete.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    pub(super) id: PolicyId,
    pub(super) state: PolicyState,
    pub(super) conditions: Conditions,
    pub(super) grant: GrantControls,
    pub(super) session: Flags<SessionControl>,
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
    pub const fn grant_controls(&self) -> GrantControls {
        self.grant
    }

    /// What it asks of the session.
    #[must_use]
    pub const fn session_controls(&self) -> Flags<SessionControl> {
        self.session
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

/// `conditions`: all that are configured must hold. `None` is a condition that is not configured
/// and matches everything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conditions {
    /// The resources.
    pub applications: Applications,
    /// The users.
    pub users: Users,
    /// The claimed platforms.
    pub platforms: Option<Platforms>,
    /// The kinds of client; a list with `all` counts as not configured.
    pub client_app_types: Option<Flags<ClientAppType>>,
}

/// `conditions.applications`. Exclusion overrides inclusion.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Applications {
    /// Whether `All` is included.
    pub include_all: bool,
    /// Included resources.
    pub include: IdSet<AppId>,
    /// Excluded resources.
    pub exclude: IdSet<AppId>,
}

/// `conditions.users`. Exclusion overrides inclusion.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Users {
    /// Whether `All` is included.
    pub include_all: bool,
    /// Who is included.
    pub include: Principals,
    /// Who is excluded.
    pub exclude: Principals,
}

/// Users named by id, as guests, by group and by role.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Principals {
    /// Whether `GuestsOrExternalUsers` stands there.
    pub guests: bool,
    /// User ids.
    pub users: IdSet<UserId>,
    /// Groups, whose nested members count.
    pub groups: IdSet<GroupId>,
    /// Directory roles.
    pub roles: IdSet<RoleTemplateId>,
}

/// `conditions.platforms`. Exclusion overrides inclusion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Platforms {
    /// Included platforms; `all` stands for every one, the unknown one too.
    pub include: Flags<Platform>,
    /// Excluded platforms.
    pub exclude: Flags<Platform>,
}

/// `grantControls`. Without controls, nothing is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GrantControls {
    /// How several controls combine.
    pub operator: Operator,
    /// The controls.
    pub controls: Flags<GrantControl>,
}

/// `grantControls.operator`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Operator {
    /// All controls must be met; also what several controls mean without an operator.
    #[default]
    And,
    /// One control that is met is enough.
    Or,
}

/// A grant control, in the order in which unmet ones decide (conditional-access 3.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GrantControl {
    /// Refuse.
    Block,
    /// Multifactor authentication.
    Mfa,
    /// A device that its management says is compliant.
    CompliantDevice,
    /// A hybrid joined device.
    DomainJoinedDevice,
}

impl GrantControl {
    /// The name under which sign-in records list it, which is not the policy's word for it.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Block => "Block",
            Self::Mfa => "Mfa",
            Self::CompliantDevice => "RequireCompliantDevice",
            Self::DomainJoinedDevice => "RequireDomainJoinedDevice",
        }
    }

    /// The code of a sign-in that it refuses.
    ///
    /// # Source
    /// conditional-access 1.6. For `mfa` the sources name 50074 and 50076 without saying which;
    /// 50076, "due to a change made by your administrator", is our choice.
    #[must_use]
    pub const fn error_code(self) -> u32 {
        match self {
            Self::Block => 53003,
            Self::Mfa => 50076,
            Self::CompliantDevice => 53000,
            Self::DomainJoinedDevice => 53001,
        }
    }

    /// Whether the user can meet it on the spot, by acting on a prompt.
    #[must_use]
    pub const fn needs_user_action(self) -> bool {
        matches!(self, Self::Mfa)
    }
}

impl Flag for GrantControl {
    const ALL: &'static [Self] =
        &[Self::Block, Self::Mfa, Self::CompliantDevice, Self::DomainJoinedDevice];

    fn bit(self) -> u32 {
        1 << self as u32
    }
}

/// A session control, in the order in which unmet ones decide, after every grant control.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SessionControl {
    /// Token protection: every request of the sign-in must be bound. Its name in records and its
    /// code depend on the rule pack.
    SecureSignInSession,
}

impl Flag for SessionControl {
    const ALL: &'static [Self] = &[Self::SecureSignInSession];

    fn bit(self) -> u32 {
        1 << self as u32
    }
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
