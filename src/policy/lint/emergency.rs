//! L06: accounts that must always get in.

use std::collections::BTreeSet;

use super::coverage::Tenant;
use super::finding::{Finding, LintRule, Severity};
use super::view::View;
use crate::base::id::{GroupId, UserId};
use crate::directory::Directory;

/// Emergency accounts of a tenant, and groups of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Emergency {
    /// Accounts.
    pub users: BTreeSet<UserId>,
    /// Groups; their nested members count.
    pub groups: BTreeSet<GroupId>,
}

/// The text names neither a user nor a group.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no id, and no user or group of the directory has this name")]
pub struct NotInDirectory {
    text: String,
}

impl NotInDirectory {
    /// The stable code of this reason.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        "policy.lint_emergency_unknown"
    }
}

/// What a name of an emergency account or group has in it.
const MARKS: &[&str] = &["break-glass", "break glass", "breakglass", "emergency"];

impl Emergency {
    /// Adds an account or a group by id, sign-in name or display name. An id that the directory does
    /// not know counts as both.
    ///
    /// # Errors
    /// `policy.lint_emergency_unknown` if the text is no id and nothing has this name.
    pub fn add(&mut self, text: &str, directory: Option<&Directory>) -> Result<(), NotInDirectory> {
        if let Ok(id) = text.parse::<UserId>() {
            self.users.insert(id);
            self.groups.insert(GroupId::from_u128(id.as_u128()));
            return Ok(());
        }
        let user = directory.and_then(|directory| directory.user_by_upn(text));
        let group = directory.and_then(|directory| {
            directory.groups().find(|group| group.display_name.eq_ignore_ascii_case(text))
        });
        self.users.extend(user.map(|user| user.id()));
        self.groups.extend(group.map(|group| group.id));
        if user.is_none() && group.is_none() {
            let text = text.chars().take(60).collect();
            return Err(NotInDirectory { text });
        }
        Ok(())
    }

    /// Whether nobody is named.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.users.is_empty() && self.groups.is_empty()
    }

    /// These, or if none were named, those of the directory whose names say so.
    pub(super) fn or_named_so(self, directory: Option<&Directory>) -> Self {
        let Some(directory) = directory.filter(|_| self.is_empty()) else { return self };
        let says_so = |name: &str| {
            let name = name.to_lowercase();
            MARKS.iter().any(|mark| name.contains(mark))
        };
        let users = directory
            .users()
            .filter(|user| says_so(user.user_principal_name()) || says_so(&user.display_name));
        let groups = directory.groups().filter(|group| says_so(&group.display_name));
        Self {
            users: users.map(|user| user.id()).collect(),
            groups: groups.map(|group| group.id).collect(),
        }
    }

    /// Whether the user is one of them; `groups` are the user's, nested ones included.
    pub(super) fn holds(&self, user: UserId, groups: &BTreeSet<GroupId>) -> bool {
        self.users.contains(&user) || !groups.is_disjoint(&self.groups)
    }
}

/// L06: token-protection policies exclude them, and no other policy holds them.
pub(super) fn not_excluded(tenant: &Tenant<'_>, findings: &mut Vec<Finding>) {
    for view in tenant.views.iter().filter(|view| view.is_on()) {
        let held = held(tenant, view);
        let (severity, why) = if let Some(names) = held {
            (Severity::Error, format!("it holds the emergency account {names}"))
        } else if !view.protects_tokens() || excludes_some(tenant, view) {
            continue;
        } else if tenant.emergency.is_empty() {
            (Severity::Warning, "it excludes no user and no group".to_owned())
        } else {
            (Severity::Warning, "no emergency account or group is among the excluded".to_owned())
        };
        let path = "conditions.users.excludeUsers";
        findings.push(view.finding(LintRule::L06, severity, path, why));
    }
}

/// Emergency accounts that a policy covers, as far as a directory tells.
fn held(tenant: &Tenant<'_>, view: &View<'_>) -> Option<String> {
    let (roster, covered) = tenant.covered(view)?;
    let held = covered.users.and(&roster.emergency);
    (!held.is_empty()).then(|| roster.names(&held))
}

/// Whether an emergency account or group is excluded; where none is known, whether anybody is.
fn excludes_some(tenant: &Tenant<'_>, view: &View<'_>) -> bool {
    let (exclude, emergency) = (view.exclude(), &tenant.emergency);
    if emergency.is_empty() {
        return !exclude.users.is_empty() || !exclude.groups.is_empty();
    }
    let by_group = emergency.users.iter().any(|user| {
        let groups = tenant.directory.map(|directory| directory.groups_of(*user));
        groups.is_some_and(|groups| groups.iter().any(|id| exclude.groups.contains(id)))
    });
    by_group
        || emergency.users.iter().any(|id| exclude.users.contains(id))
        || emergency.groups.iter().any(|id| exclude.groups.contains(id))
}
