//! What a rehearsal found: figures by week, phase, app, cause and user, what would have helped and
//! what it costs, and who is ready.

use serde::Serialize;

use super::theft::Reopened;
use super::timeline::Mode;
use super::trouble::Trouble;
use crate::base::Timestamp;
use crate::base::id::UserId;

/// The findings of a rehearsal.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// The plan's name.
    pub plan: String,
    /// The rule pack.
    pub rules: String,
    /// Root of all chance.
    pub seed: u64,
    /// Users who sign in.
    pub users: u64,
    /// When every phase is On.
    pub totals: Totals,
    /// The same once everything that is recommended has been done.
    pub after: Totals,
    /// Weeks, as they would pass.
    pub weeks: Vec<WeekRow>,
    /// Phases.
    pub phases: Vec<PhaseRow>,
    /// Apps with sign-ins, most blocked ones first.
    pub apps: Vec<AppRow>,
    /// Error and status codes of blocked sign-ins, most frequent first.
    pub codes: Vec<CodeRow>,
    /// Causes of blocked sign-ins, most frequent first.
    pub causes: Vec<CauseRow>,
    /// What would have helped, most helpful first.
    pub remedies: Vec<RemedyRow>,
    /// Who is ready.
    pub readiness: Readiness,
    /// Every user by name.
    pub by_user: Vec<UserRow>,
}

/// Sign-ins by how they come out when every phase is On.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Totals {
    /// All.
    pub sign_ins: u64,
    /// Bound, where the policy applies.
    pub bound: u64,
    /// Refused by the policy that is rolled out, and by no other.
    pub blocked: u64,
    /// Users with a blocked sign-in.
    pub blocked_users: u64,
    /// Refused by another policy.
    pub refused: u64,
    /// Outside the reach of the policy.
    pub not_covered: u64,
}

/// A week as it would pass under the plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WeekRow {
    /// From 1.
    pub week: u32,
    /// Its first second, RFC 3339.
    #[serde(serialize_with = "as_text")]
    pub begins: Timestamp,
    /// The phase's name.
    pub phase: String,
    /// Whether the phase's groups are watched or covered.
    pub mode: Mode,
    /// All sign-ins.
    pub sign_ins: u64,
    /// Bound, where a policy of the roll-out applies.
    pub bound: u64,
    /// Let in, but report-only says that they would be refused.
    pub would_block: u64,
    /// Refused by a policy of the roll-out.
    pub blocked: u64,
    /// Refused by another policy.
    pub refused: u64,
    /// Outside the reach of the roll-out so far.
    pub not_covered: u64,
}

/// A phase: what report-only foretold, and what On then refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PhaseRow {
    /// Its name.
    pub name: String,
    /// Users whom it brings in.
    pub users: u64,
    /// Those of them who are ready.
    pub ready: u64,
    /// Sign-ins in its report-only weeks that would be refused.
    pub would_block: u64,
    /// Users with such a sign-in.
    pub would_block_users: u64,
    /// Sign-ins refused in its weeks On.
    pub blocked: u64,
    /// Users with such a sign-in.
    pub blocked_users: u64,
}

/// One app.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AppRow {
    /// Catalogue name.
    pub app: String,
    /// The name in the log.
    pub display_name: String,
    /// All sign-ins.
    pub sign_ins: u64,
    /// Blocked when every phase is On.
    pub blocked: u64,
    /// Users with a blocked sign-in.
    pub blocked_users: u64,
    /// Blocked once everything recommended has been done.
    pub after: u64,
}

/// Error code and status code of blocked sign-ins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CodeRow {
    /// What the user sees.
    pub code: u32,
    /// `signInSessionStatusCode`.
    pub status: u16,
    /// Blocked sign-ins.
    pub blocked: u64,
    /// Users with one.
    pub users: u64,
    /// Blocked once everything recommended has been done.
    pub after: u64,
}

/// Why sign-ins are blocked: the help desk's row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CauseRow {
    /// What is unusual.
    pub trouble: Trouble,
    /// What the user sees.
    pub code: u32,
    /// `signInSessionStatusCode`.
    pub status: u16,
    /// Apps that show it, by the name in the log.
    pub apps: Vec<String>,
    /// Blocked sign-ins.
    pub blocked: u64,
    /// Users with one.
    pub users: u64,
    /// Blocked once everything recommended has been done.
    pub after: u64,
    /// Ids of remedies that help here, with the sign-ins that they help, most helpful first.
    pub remedies: Vec<Helps>,
}

/// How far a remedy helps against a cause.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Helps {
    /// The remedy.
    pub remedy: String,
    /// Sign-ins that are no longer blocked.
    pub sign_ins: u64,
}

/// A remedy with its use and its price.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RemedyRow {
    /// Its stable name.
    pub id: String,
    /// What to do.
    pub title: String,
    /// `app`, `excludeDevices`, `excludeGroup`, `excludeGuests`, `excludeUsers`, `register`,
    /// `registerAgain`, `trustHomeDevices` or `updateSystem`.
    pub kind: &'static str,
    /// The device filter rule, if it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// The users that it excludes, if it does.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub excludes: Vec<String>,
    /// Sign-ins that are no longer blocked, were it done alone.
    pub helps: u64,
    /// Users who have such a sign-in.
    pub users: u64,
    /// Thefts that work again.
    pub reopens: Vec<Reopened>,
    /// Whether it helps and costs no protection: those are done in the figures "after".
    pub recommended: bool,
}

/// Who may come into a next group.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Readiness {
    /// So many covered sign-ins are asked for, all of them bound.
    pub asked: u64,
    /// Users with that many, all bound.
    pub ready: u64,
    /// Users with an unbound one.
    pub not_ready: u64,
    /// Users with too few.
    pub too_little: u64,
    /// Names of ready users whom the first phase does not bring in: candidates for a pilot.
    pub candidates: Vec<String>,
}

/// One user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UserRow {
    /// The user.
    pub id: UserId,
    /// Sign-in name.
    pub user_principal_name: String,
    /// The first phase that brings the user in, by name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phase: Option<String>,
    /// All sign-ins.
    pub sign_ins: u64,
    /// Those a policy for everybody would cover.
    pub covered: u64,
    /// Those of them that are not bound.
    pub unbound: u64,
    /// Blocked when every phase is On.
    pub blocked: u64,
    /// Blocked once everything recommended has been done.
    pub after: u64,
    /// Status codes of blocked sign-ins.
    pub statuses: Vec<u16>,
    /// Whether the user may come into the next group.
    pub readiness: Ready,
}

/// Whether a user may come into the next group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Ready {
    /// An unbound sign-in that the policy would cover.
    No,
    /// Too few covered sign-ins to tell.
    TooLittle,
    /// Enough covered sign-ins, all bound.
    Yes,
}

fn as_text<S: serde::Serializer>(time: &Timestamp, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(time)
}
