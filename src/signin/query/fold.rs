//! [`Fold`]: a query as one pass over events.
//!
//! The steps are those of the published text, in its order; each has its line here. Comments name
//! the quirk (Q1 to Q12, `docs/reference/report.md`) that a line has on purpose.

use std::collections::BTreeMap;

use serde::Serialize;

use super::QueryError;
use super::groups::{Groups, Names};
use super::ids::{Counter, Counting};
use super::table::{Cell, Percent, Table};
use super::window::Filter;
use crate::base::Timestamp;
use crate::signin::read::{Controls, Entry, EntryResult, Event, Label, Policies};

/// What is counted. The first three are published, the others are the first one by another column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Query {
    /// Requests by application.
    Apps,
    /// Requests by binding status code.
    Codes,
    /// Users whose device's state does not do.
    DeviceState,
    /// Requests by user, application and resource.
    Users,
    /// Requests by week.
    Weeks,
}

/// Which text of the query.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Variant {
    /// As printed in 2025 (and, for Windows, still in 2026), with all its quirks.
    #[default]
    AsPublished,
    /// With the second test for `Binding` that was meant, and with code 1004 beside 1003.
    Corrected,
    /// As corrected, with what users can mend themselves, and with the resources of Azure Virtual
    /// Desktop and Windows 365.
    Newest,
}

/// The resources of the seed's test.
const RESOURCES: &[&str] = &["Office 365 Exchange Online", "Office 365 SharePoint Online"];
/// Those that the Windows guide adds (and takes away again by the next line: Q12).
const MORE_RESOURCES: &[&str] = &["Azure Virtual Desktop", "Windows 365", "Windows Cloud Login"];

/// Rows after each step, for whoever compares with another engine. The query by device state has
/// the first two and the last only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Steps {
    /// Rows of the table.
    pub table: u64,
    /// `TimeGenerated > ago(7d)`
    pub time: u64,
    /// `ConditionalAccessPolicies != "[]"`; by device state `TokenProtectionStatusDetails != ""`.
    pub column: u64,
    /// The resources, and the user where one is asked for.
    pub resource: u64,
    /// `mv-expand`
    pub expanded: u64,
    /// `enforcedSessionControls contains`
    pub label: u64,
    /// `result`; by device state the code.
    pub result: u64,
    /// `summarize by`
    pub distinct: u64,
}

/// What a query found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Rows after each step.
    pub steps: Steps,
    /// The result.
    pub table: Table,
}

/// A row of the first `summarize`, without its `Id`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    /// Application, user, code or week.
    of: u32,
    user: u32,
    /// By user: application and resource; otherwise 0.
    app: u32,
    resource: u32,
    verdict: Verdict,
}

/// `Result` and `IsSelfRemediable`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Verdict {
    Allow,
    Block,
    BlockSelfRemediable,
}

/// A query under way.
#[derive(Debug)]
pub struct Fold<'q> {
    query: Query,
    variant: Variant,
    filter: Filter<'q>,
    steps: Steps,
    names: Names,
    groups: Groups<Key>,
    counter: Counter,
    /// Rows by user: the query by device state counts no requests.
    rows: BTreeMap<u32, u64>,
}

impl<'q> Fold<'q> {
    /// A query that has seen nothing yet.
    #[must_use]
    pub fn new(query: Query, variant: Variant, filter: Filter<'q>, counting: Counting) -> Self {
        Self {
            query,
            variant,
            filter,
            steps: Steps::default(),
            names: Names::default(),
            groups: Groups::new(),
            counter: Counter::new(counting),
            rows: BTreeMap::new(),
        }
    }

    /// Takes an event in.
    ///
    /// # Errors
    /// [`QueryError`], if the result would grow beyond its limits.
    pub fn add(&mut self, event: &Event<'_>) -> Result<(), QueryError> {
        if !self.filter.table(event) {
            return Ok(());
        }
        self.steps.table += 1;
        // Strictly later: Q9.
        if !self.filter.window.contains(event.time) {
            return Ok(());
        }
        self.steps.time += 1;
        match self.query {
            Query::DeviceState => self.device_state(event),
            Query::Apps | Query::Codes | Query::Users | Query::Weeks => self.requests(event),
        }
    }

    fn requests(&mut self, event: &Event<'_>) -> Result<(), QueryError> {
        let column = &event.policies;
        if *column == Policies::EmptyText {
            return Ok(());
        }
        self.steps.column += 1;
        // Q10.
        if !self.resource(&event.resource) || !self.filter.person(event) {
            return Ok(());
        }
        self.steps.resource += 1;
        let entries = match column {
            // Null expands to one row with null.
            Policies::Absent => &[Entry::NULL][..],
            Policies::EmptyText => &[],
            Policies::Entries(entries) => entries,
        };
        // Entries of one record that come out alike are one row of `summarize by`.
        let mut seen: [Option<Verdict>; 3] = [None; 3];
        for entry in entries {
            self.steps.expanded += 1;
            // Q1, Q2: the label alone between brackets, in any case.
            if entry.enforced.sole.is_none() {
                continue;
            }
            self.steps.label += 1;
            // Q11: what is not applied disappears.
            if matches!(entry.result, EntryResult::NotApplied | EntryResult::ReportOnlyNotApplied) {
                continue;
            }
            self.steps.result += 1;
            let verdict = self.verdict(entry, event);
            if let Some(place) =
                seen.iter_mut().find(|place| place.is_none_or(|one| one == verdict))
                && place.replace(verdict).is_none()
            {
                self.count(event, verdict)?;
            }
        }
        Ok(())
    }

    fn resource(&self, name: &str) -> bool {
        RESOURCES.contains(&name)
            || (self.variant == Variant::Newest && MORE_RESOURCES.contains(&name))
    }

    /// Q4: a report-only failure is a Block too. Q7: an absent array is none.
    fn verdict(&self, entry: &Entry, event: &Event<'_>) -> Verdict {
        let unmet = entry.unmet.unwrap_or_default();
        let mentions = |controls: Controls, label| controls.mentioned.contains(label);
        let blocked = mentions(unmet, Label::SignInTokenProtection)
            || match self.variant {
                // Q3: the second test is the first one again.
                Variant::AsPublished => false,
                Variant::Corrected | Variant::Newest => mentions(unmet, Label::Binding),
            };
        match blocked {
            false => Verdict::Allow,
            true if self.variant == Variant::Newest && self_remediable(event) => {
                Verdict::BlockSelfRemediable
            }
            true => Verdict::Block,
        }
    }

    /// Q5: the verdict is part of what is distinct.
    fn count(&mut self, event: &Event<'_>, verdict: Verdict) -> Result<(), QueryError> {
        let user = self.names.number(&event.user)?;
        let mut key = Key { of: 0, user, app: 0, resource: 0, verdict };
        match self.query {
            Query::Apps => key.of = self.names.number(&event.app)?,
            Query::Codes => {
                let code = event.token_protection.and_then(|details| details.code);
                key.of = match code {
                    None => self.names.number("")?,
                    Some(code) => self.names.number(&code.to_string())?,
                };
            }
            Query::Users => {
                key.of = user;
                key.app = self.names.number(&event.app)?;
                key.resource = self.names.number(&event.resource)?;
            }
            Query::Weeks => {
                let monday = event.time.map(|time| monday(time.day())).unwrap_or_default();
                key.of = self.names.number(&monday)?;
            }
            Query::DeviceState => {}
        }
        let group = self.groups.number(key)?;
        self.counter.count(group, &event.id)
    }

    /// Q6: rows and not requests.
    fn device_state(&mut self, event: &Event<'_>) -> Result<(), QueryError> {
        let Some(details) = event.token_protection.filter(|_| self.filter.person(event)) else {
            return Ok(());
        };
        self.steps.column += 1;
        let wanted = match details.code {
            Some(1003) => true,
            Some(1004) => self.variant != Variant::AsPublished,
            _ => false,
        };
        if !wanted {
            return Ok(());
        }
        self.steps.result += 1;
        let user = self.names.number(&event.user)?;
        *self.rows.entry(user).or_default() += 1;
        Ok(())
    }

    /// The result.
    #[must_use]
    pub fn finish(mut self) -> Answer {
        let counter = std::mem::replace(&mut self.counter, Counter::new(Counting::EachRecord));
        let counts = counter.finish();
        self.steps.distinct = counts.values().sum();
        let table = match self.query {
            Query::DeviceState => self.users_with_rows(),
            Query::Apps | Query::Codes | Query::Users | Query::Weeks => self.summarize(&counts),
        };
        Answer { steps: self.steps, table }
    }

    fn users_with_rows(&self) -> Table {
        let row = |(user, count): (&u32, &u64)| {
            vec![Cell::Text(self.names.text(*user).to_owned()), Cell::Count(*count)]
        };
        let mut rows: Vec<_> = self.rows.iter().map(row).collect();
        rows.sort();
        Table { columns: vec!["UserPrincipalName", "count_"], rows }
    }

    /// The second `summarize`, `extend` and `sort`.
    fn summarize(&self, counts: &BTreeMap<u32, u64>) -> Table {
        let mut groups: BTreeMap<(u32, u32, u32), Sums> = BTreeMap::new();
        for (key, group) in self.groups.iter() {
            let sums = groups.entry((key.of, key.app, key.resource)).or_default();
            sums.add(*key, counts.get(&group).copied().unwrap_or_default());
        }
        let row = |(key, mut sums): ((u32, u32, u32), Sums)| {
            sums.close();
            let mut row = self.key_cells(key);
            row.extend(self.columns().iter().map(|column| sums.cell(column)));
            row
        };
        let keys = self.key_columns();
        let mut rows: Vec<Vec<Cell>> = groups.into_iter().map(row).collect();
        rows.sort_by(|one, other| {
            let requests = |row: &Vec<Cell>| match self.query {
                Query::Apps => row.get(keys.len()).cloned(),
                _ => None,
            };
            // Ties by the keys, so that the order is one.
            requests(other).cmp(&requests(one)).then_with(|| one.cmp(other))
        });
        Table { columns: keys.iter().chain(self.columns()).copied().collect(), rows }
    }

    const fn key_columns(&self) -> &'static [&'static str] {
        match self.query {
            Query::Apps => &["AppDisplayName"],
            Query::Codes => &["StatusCode"],
            Query::DeviceState => &["UserPrincipalName"],
            Query::Users => &["UserPrincipalName", "AppDisplayName", "ResourceDisplayName"],
            Query::Weeks => &["Week"],
        }
    }

    /// Columns after the keys, in the order of the text.
    const fn columns(&self) -> &'static [&'static str] {
        match (self.query, self.variant) {
            (Query::Users, Variant::AsPublished | Variant::Corrected) => {
                &["Requests", "Block", "Allow", "PctAllowed"]
            }
            (Query::Users, Variant::Newest) => &[
                "Requests",
                "Allow",
                "Block",
                "BlockSelfRemediable",
                "PctAllowed",
                "PctEnforceable",
            ],
            (_, Variant::AsPublished | Variant::Corrected) => {
                &["Requests", "Users", "Block", "Allow", "BlockedUsers", "PctAllowed"]
            }
            (_, Variant::Newest) => &[
                "Requests",
                "Users",
                "Allow",
                "Block",
                "BlockSelfRemediable",
                "BlockedUsers",
                "BlockedUsersSelfRemediable",
                "PctAllowed",
                "PctEnforceable",
            ],
        }
    }

    fn key_cells(&self, (of, app, resource): (u32, u32, u32)) -> Vec<Cell> {
        let text = |number| Cell::Text(self.names.text(number).to_owned());
        match self.query {
            Query::Codes => vec![match self.names.text(of).parse() {
                Ok(code) => Cell::Number(code),
                Err(_) => Cell::Missing,
            }],
            Query::Users => vec![text(of), text(app), text(resource)],
            Query::Apps | Query::DeviceState | Query::Weeks => vec![text(of)],
        }
    }
}

/// Block with a code that goes away once the user signs in again.
fn self_remediable(event: &Event<'_>) -> bool {
    let code = event.token_protection.and_then(|details| details.code);
    matches!(code, Some(1003 | 1004))
}

/// The Monday of the week that a day is in, UTC, such as `2026-03-02`.
pub(super) fn monday(day: i64) -> String {
    // 1970-01-01 was a Thursday.
    let monday = day - (day + 3).rem_euclid(7);
    date(monday)
}

/// A day in the form of ISO 8601.
pub(super) fn date(day: i64) -> String {
    let time = Timestamp::from_unix(day.saturating_mul(86_400)).to_string();
    time.split_once('T').map_or(time.clone(), |(date, _)| date.to_owned())
}

/// What is summed over a group.
#[derive(Debug, Default)]
struct Sums {
    allow: u64,
    block: u64,
    remediable: u64,
    /// Numbers of users, with duplicates until it is closed.
    users: Vec<u32>,
    blocked_users: Vec<u32>,
    remediable_users: Vec<u32>,
}

impl Sums {
    fn add(&mut self, key: Key, count: u64) {
        self.users.push(key.user);
        match key.verdict {
            Verdict::Allow => self.allow += count,
            Verdict::Block => {
                self.block += count;
                self.blocked_users.push(key.user);
            }
            Verdict::BlockSelfRemediable => {
                self.block += count;
                self.remediable += count;
                self.blocked_users.push(key.user);
                self.remediable_users.push(key.user);
            }
        }
    }

    fn close(&mut self) {
        for users in [&mut self.users, &mut self.blocked_users, &mut self.remediable_users] {
            users.sort_unstable();
            users.dedup();
        }
    }

    fn cell(&self, column: &str) -> Cell {
        let total = self.allow + self.block;
        let percent = |part| Percent::of(part, total).map_or(Cell::Missing, Cell::Percent);
        match column {
            "Allow" => Cell::Count(self.allow),
            "Block" => Cell::Count(self.block),
            "BlockSelfRemediable" => Cell::Count(self.remediable),
            "BlockedUsers" => Cell::Count(self.blocked_users.len() as u64),
            "BlockedUsersSelfRemediable" => Cell::Count(self.remediable_users.len() as u64),
            "PctAllowed" => percent(self.allow),
            "PctEnforceable" => percent(self.allow + self.remediable),
            "Requests" => Cell::Count(total),
            "Users" => Cell::Count(self.users.len() as u64),
            _ => Cell::Missing,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;
    use crate::signin::ndjson::Shape;
    use crate::signin::query::Window;
    use crate::signin::read::{BindingStatus, EventTime, LogTable, TokenProtection};

    /// A request of one of a hundred users with one of ten applications.
    fn event(number: u32) -> Event<'static> {
        let entry = r#"[{"enforcedSessionControls":["Binding"],"result":"success"}]"#;
        Event {
            shape: Shape::LogAnalytics,
            table: Some(LogTable::NonInteractive),
            time: Some(EventTime::at(Timestamp::from_unix(i64::from(number)))),
            id: Cow::Owned(format!("00000000-0000-4000-8000-{number:012x}")),
            correlation: Cow::Borrowed(""),
            user: Cow::Owned(format!("user{}@contoso.example", number % 100)),
            app: Cow::Owned(format!("app {}", number % 10)),
            resource: Cow::Borrowed("Office 365 Exchange Online"),
            policies: Policies::Entries(serde_json::from_str(entry).unwrap()),
            token_protection: Some(TokenProtection { status: BindingStatus::Bound, code: Some(0) }),
        }
    }

    #[test]
    fn state_grows_with_the_groups_alone() {
        let filter = Filter {
            table: None,
            window: Window::Between { from: None, to: None },
            user: None,
            correlation: None,
        };
        for query in [Query::Apps, Query::Codes, Query::DeviceState, Query::Users] {
            let mut fold = Fold::new(query, Variant::Newest, filter, Counting::EachRecord);
            let mut sizes = Vec::new();
            for number in 0..20_000 {
                fold.add(&event(number)).unwrap();
                if number % 10_000 == 5_000 {
                    let groups = fold.groups.iter().count();
                    sizes.push((groups, fold.rows.len(), fold.counter.remembered()));
                }
            }
            assert_eq!(sizes[0], sizes[1], "{query:?}");
            assert_eq!(sizes[0].2, 0, "{query:?}");
            let counted = fold.finish().steps.distinct;
            assert_eq!(counted, if query == Query::DeviceState { 0 } else { 20_000 });
        }
    }
}
