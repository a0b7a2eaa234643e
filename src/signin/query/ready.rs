//! [`Readiness`]: who would pass enforcement throughout.
//!
//! A user may join the next pilot group when every request of theirs that a token-protection policy
//! applied to met it, over a period that covers normal work. The published queries cannot say so:
//! they miss policies with a second session control (Q1), count labels by the wrong word (Q3), and
//! show a share where one failure is a call to the help desk.
//!
//! # Simulated
//! The measure is ours. A request is *in scope* if an entry of its policies lists the control,
//! alone or not, under either label and in any case, and applied (enabled or report-only, whatever
//! came of it). It *passes* if no such entry lists the control as unmet and the request is not
//! unbound. Where an entry does not say what was unmet (Graph v1.0), a failure counts against the
//! user.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::QueryError;
use super::groups::{Groups, Names};
use super::ids::{Counter, Counting};
use super::window::Filter;
use crate::signin::read::{BindingStatus, Entry, EntryResult, Event};

/// What can be said of a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Standing {
    /// No request was in scope: nothing is known.
    NoEvidence,
    /// A request would have been refused.
    NotReady,
    /// Every request in scope passed.
    Ready,
}

/// The evidence for one user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UserEvidence {
    /// `userPrincipalName`
    pub user: String,
    /// What it comes to.
    pub standing: Standing,
    /// Requests in scope.
    pub requests: u64,
    /// Those that passed.
    pub passed: u64,
    /// Days, UTC, with a request in scope.
    pub days: u64,
    /// Applications of the requests in scope, by name.
    pub apps: Vec<String>,
    /// Why the others did not pass, by code.
    pub failures: Vec<Failing>,
}

/// Requests that did not pass, by code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Failing {
    /// `signInSessionStatusCode`; none if the record has none.
    pub code: Option<i64>,
    /// How many.
    pub requests: u64,
    /// Their applications, by name.
    pub apps: Vec<String>,
}

/// Every user of the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ReadyReport {
    /// Users, by name.
    pub users: Vec<UserEvidence>,
}

impl ReadyReport {
    /// Users with this standing, by name.
    pub fn with(&self, standing: Standing) -> impl Iterator<Item = &UserEvidence> {
        self.users.iter().filter(move |user| user.standing == standing)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    Passed,
    Refused(Option<i64>),
}

/// Evidence that is being gathered.
#[derive(Debug)]
pub struct Readiness<'q> {
    filter: Filter<'q>,
    names: Names,
    users: BTreeSet<u32>,
    groups: Groups<(u32, u32, Outcome)>,
    days: Groups<(u32, i64)>,
    counter: Counter,
}

impl<'q> Readiness<'q> {
    /// Nothing is known yet.
    #[must_use]
    pub fn new(filter: Filter<'q>, counting: Counting) -> Self {
        Self {
            filter,
            names: Names::default(),
            users: BTreeSet::new(),
            groups: Groups::new(),
            days: Groups::new(),
            counter: Counter::new(counting),
        }
    }

    /// Takes an event in. One that names no user says nothing of any.
    ///
    /// # Errors
    /// [`QueryError`], if the result would grow beyond its limits.
    pub fn add(&mut self, event: &Event<'_>) -> Result<(), QueryError> {
        let Filter { window, .. } = self.filter;
        let wanted = self.filter.table(event) && window.contains(event.time);
        if !wanted || !self.filter.person(event) || event.user.is_empty() {
            return Ok(());
        }
        let user = self.names.number(&event.user)?;
        self.users.insert(user);
        let Some(outcome) = outcome(event) else { return Ok(()) };
        let app = self.names.number(&event.app)?;
        let group = self.groups.number((user, app, outcome))?;
        if let Some(time) = event.time {
            self.days.number((user, time.day()))?;
        }
        self.counter.count(group, &event.id)
    }

    /// The report.
    #[must_use]
    pub fn finish(self) -> ReadyReport {
        let counts = self.counter.finish();
        let mut evidence: BTreeMap<u32, Gathered> = BTreeMap::new();
        for ((user, app, outcome), group) in self.groups.iter() {
            let count = counts.get(&group).copied().unwrap_or_default();
            evidence.entry(*user).or_default().add(*app, *outcome, count);
        }
        for ((user, _), _) in self.days.iter() {
            evidence.entry(*user).or_default().days += 1;
        }
        let users = self.users.iter().map(|user| {
            let gathered = evidence.remove(user).unwrap_or_default();
            gathered.named(self.names.text(*user), &self.names)
        });
        let mut users: Vec<UserEvidence> = users.collect();
        users.sort_by(|one, other| one.user.cmp(&other.user));
        ReadyReport { users }
    }
}

/// What came of a request; none if it was not in scope.
fn outcome(event: &Event<'_>) -> Option<Outcome> {
    let mut in_scope = event.entries().iter().filter(applied).peekable();
    in_scope.peek()?;
    let unbound =
        event.token_protection.is_some_and(|details| details.status == BindingStatus::Unbound);
    Some(match unbound || in_scope.any(unmet) {
        true => Outcome::Refused(event.token_protection.and_then(|details| details.code)),
        false => Outcome::Passed,
    })
}

fn applied(entry: &&Entry) -> bool {
    !entry.enforced.listed.is_empty()
        && match entry.result {
            EntryResult::Success
            | EntryResult::Failure
            | EntryResult::ReportOnlySuccess
            | EntryResult::ReportOnlyFailure
            | EntryResult::ReportOnlyInterrupted => true,
            EntryResult::NotApplied
            | EntryResult::NotEnabled
            | EntryResult::ReportOnlyNotApplied
            | EntryResult::Other => false,
        }
}

fn unmet(entry: &Entry) -> bool {
    match entry.unmet {
        Some(unmet) => !unmet.listed.is_empty(),
        None => matches!(entry.result, EntryResult::Failure | EntryResult::ReportOnlyFailure),
    }
}

#[derive(Debug, Default)]
struct Gathered {
    passed: u64,
    days: u64,
    apps: BTreeSet<u32>,
    refused: BTreeMap<Option<i64>, (u64, BTreeSet<u32>)>,
}

impl Gathered {
    fn add(&mut self, app: u32, outcome: Outcome, count: u64) {
        self.apps.insert(app);
        match outcome {
            Outcome::Passed => self.passed += count,
            Outcome::Refused(code) => {
                let (requests, apps) = self.refused.entry(code).or_default();
                *requests += count;
                apps.insert(app);
            }
        }
    }

    fn named(self, user: &str, names: &Names) -> UserEvidence {
        let sorted = |numbers: &BTreeSet<u32>| {
            let mut texts: Vec<String> =
                numbers.iter().map(|number| names.text(*number).to_owned()).collect();
            texts.sort();
            texts
        };
        let failures: Vec<Failing> = self
            .refused
            .iter()
            .map(|(code, (requests, apps))| Failing {
                code: *code,
                requests: *requests,
                apps: sorted(apps),
            })
            .collect();
        let refused: u64 = failures.iter().map(|failing| failing.requests).sum();
        UserEvidence {
            user: user.to_owned(),
            standing: match (self.passed, refused) {
                (0, 0) => Standing::NoEvidence,
                (_, 0) => Standing::Ready,
                _ => Standing::NotReady,
            },
            requests: self.passed + refused,
            passed: self.passed,
            days: self.days,
            apps: sorted(&self.apps),
            failures,
        }
    }
}
