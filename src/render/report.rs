//! What `tplab report` prints: a query over a log, as text, JSON and CSV.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};

use super::page::{Page, Tone, counted};
use super::remedy;
use super::table::{Grid, Rows};
use crate::base::Timestamp;
use crate::signin::query::{
    Answer, Cell, Counting, Filter, Query, ReadyReport, Standing, Steps, UserEvidence, Variant,
    Window,
};
use crate::signin::read::{LogTable, Summary};

/// What all logs of a report came to.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LogsRead {
    /// Records read, in the window or not.
    pub records: u64,
    /// Records skipped, by code.
    pub skipped: BTreeMap<&'static str, u64>,
    /// Logs that break off in the middle of a record.
    pub unfinished: u64,
}

impl LogsRead {
    /// Adds a log.
    pub fn add(&mut self, log: &Summary) {
        self.records += log.records;
        self.unfinished += u64::from(log.unfinished.is_some());
        for (code, count) in &log.skipped {
            *self.skipped.entry(code).or_default() += count;
        }
    }
}

/// What was asked, as JSON.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Asked<'r> {
    report: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    variant: Option<&'static str>,
    table: &'static str,
    /// Strictly later than this.
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<String>,
    /// This or later.
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<String>,
    /// Earlier than this.
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    correlation: Option<&'r str>,
    counting: &'static str,
    read: &'r LogsRead,
}

/// What was asked and what was found.
#[derive(Debug, Serialize)]
struct WithRows<'r, R> {
    #[serde(flatten)]
    asked: Asked<'r>,
    #[serde(skip_serializing_if = "Option::is_none")]
    steps: Option<Steps>,
    rows: &'r R,
}

impl<'r> Asked<'r> {
    fn new(
        report: &'static str,
        variant: Option<Variant>,
        filter: &Filter<'r>,
        counting: Counting,
        read: &'r LogsRead,
    ) -> Self {
        let text = |time: Timestamp| time.to_string();
        let (after, from, to) = match filter.window {
            Window::Since { bound } => (Some(text(bound)), None, None),
            Window::Between { from, to } => (None, from.map(text), to.map(text)),
        };
        Self {
            report,
            variant: variant.map(variant_name),
            table: match filter.table {
                None => "all",
                Some(LogTable::Interactive) => "interactive",
                Some(LogTable::NonInteractive) => "nonInteractive",
                Some(LogTable::Other) => "other",
            },
            after,
            from,
            to,
            user: filter.user,
            correlation: filter.correlation,
            counting: match counting {
                Counting::EachRecord => "eachRecord",
                Counting::Exact { .. } => "exact",
            },
            read,
        }
    }

    /// Where the rows come from, and what is special about them.
    fn say(&self, page: &mut Page) {
        let table = match self.table {
            "interactive" => "SigninLogs",
            "nonInteractive" => "AADNonInteractiveUserSignInLogs",
            _ => "both tables",
        };
        let mut window = String::new();
        for (word, time) in
            [("later than", &self.after), ("from", &self.from), ("before", &self.to)]
        {
            if let Some(time) = time {
                window.push_str(&format!(", {word} {time}"));
            }
        }
        page.say(0, Tone::Aside, &format!("{table}{window}"));
        for (what, value) in [("user", self.user), ("sign-in", self.correlation)] {
            if let Some(value) = value {
                page.say(0, Tone::Aside, &format!("{what} {value}"));
            }
        }
        if self.counting == "eachRecord" {
            page.say(
                0,
                Tone::Lost,
                "every record is counted as a request of its own (--assume-unique-ids): one that \
                 was delivered twice counts twice",
            );
        }
        let skipped: u64 = self.read.skipped.values().sum();
        if skipped > 0 {
            let what =
                format!("{} skipped: the numbers leave them out", counted_u64(skipped, "record"));
            page.say(0, Tone::Lost, &what);
        }
    }
}

fn counted_u64(count: u64, noun: &str) -> String {
    counted(usize::try_from(count).unwrap_or(usize::MAX), noun)
}

const fn variant_name(variant: Variant) -> &'static str {
    match variant {
        Variant::AsPublished => "asPublished",
        Variant::Corrected => "corrected",
        Variant::Newest => "newest",
    }
}

const fn query_name(query: Query) -> &'static str {
    match query {
        Query::Apps => "apps",
        Query::Codes => "codes",
        Query::DeviceState => "device-state",
        Query::Users => "users",
        Query::Weeks => "weeks",
    }
}

/// The answer of a query with what was asked.
#[derive(Clone, Copy, Debug)]
pub struct QueryReport<'r> {
    /// The query.
    pub query: Query,
    /// Which text of it.
    pub variant: Variant,
    /// What it looked at.
    pub filter: Filter<'r>,
    /// How it counted.
    pub counting: Counting,
    /// What it found.
    pub answer: &'r Answer,
    /// What was read.
    pub read: &'r LogsRead,
}

impl QueryReport<'_> {
    fn asked(&self) -> Asked<'_> {
        let name = query_name(self.query);
        Asked::new(name, Some(self.variant), &self.filter, self.counting, self.read)
    }

    /// For people.
    #[must_use]
    pub fn to_page(&self) -> Page {
        let what = match self.query {
            Query::Apps => "Requests by application",
            Query::Codes => "Requests by binding status code",
            Query::DeviceState => "Requests whose device state does not do, by user",
            Query::Users => "Requests by user, application and resource",
            Query::Weeks => "Requests by week",
        };
        let how = match (self.variant, self.query) {
            (Variant::AsPublished, Query::Codes | Query::Weeks) => "counted as published",
            (Variant::AsPublished, _) => "as published",
            (Variant::Corrected, _) => "corrected",
            (Variant::Newest, _) => "newest form",
        };
        let mut page = Page::new();
        page.say(0, Tone::Heading, &format!("{what}, {how}"));
        self.asked().say(&mut page);
        page.gap();
        if self.answer.table.rows.is_empty() {
            page.say(0, Tone::Plain, "No request of this log is counted.");
        } else {
            page.table(&self.grid().to_text(Rows::Close, None), |_| Tone::Plain);
        }
        if self.query == Query::Codes {
            self.meanings(&mut page);
        }
        page.gap();
        page.say(0, Tone::Aside, &steps(self.query, &self.answer.steps, self.read));
        page
    }

    /// Columns that fit a page; JSON and CSV have all.
    fn grid(&self) -> Grid {
        let newest = self.variant == Variant::Newest;
        let left_out =
            |name: &str| newest && matches!(name, "Users" | "BlockedUsersSelfRemediable");
        let columns = &self.answer.table.columns;
        let shown = columns.iter().filter(|name| !left_out(name));
        let mut grid = Grid::with_columns(shown.map(|name| heading(name)));
        for row in &self.answer.table.rows {
            let cells = columns.iter().zip(row).filter(|(name, _)| !left_out(name));
            grid.push(cells.map(|(_, cell)| match cell {
                Cell::Missing => "-".to_owned(),
                Cell::Text(text) if text.is_empty() => "(none)".to_owned(),
                cell => cell.to_string(),
            }));
        }
        grid
    }

    /// What the codes mean, below their table.
    fn meanings(&self, page: &mut Page) {
        page.gap();
        for row in &self.answer.table.rows {
            let code = match row.first() {
                Some(Cell::Number(code)) => Some(*code),
                _ => None,
            };
            let label = code.map_or_else(|| "-".to_owned(), |code| code.to_string());
            page.hang(&label, 6, Tone::Plain, meaning(code));
        }
    }

    /// The documented shape: what was asked and read, rows after each step, rows.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let steps = Some(self.answer.steps);
        json!(WithRows { asked: self.asked(), steps, rows: &self.answer.table })
    }

    /// Header and rows under the names of the published queries.
    #[must_use]
    pub fn to_csv(&self) -> String {
        let header = self.answer.table.columns.iter().map(|name| (*name).to_owned()).collect();
        let row = |row: &Vec<Cell>| row.iter().map(Cell::to_string).collect();
        csv(header, self.answer.table.rows.iter().map(row))
    }
}

/// The names of the columns in a table of 80 columns.
const fn heading(column: &'static str) -> &'static str {
    match column.as_bytes() {
        b"AppDisplayName" => "application",
        b"ResourceDisplayName" => "resource",
        b"UserPrincipalName" => "user",
        b"StatusCode" => "code",
        b"Week" => "week of",
        b"Requests" => "requests",
        b"Users" => "users",
        b"Block" => "block",
        b"Allow" => "allow",
        b"BlockedUsers" => "blocked users",
        b"BlockSelfRemediable" => "can mend",
        b"BlockedUsersSelfRemediable" => "can mend",
        b"PctAllowed" => "allowed %",
        b"PctEnforceable" => "ready %",
        b"count_" => "requests",
        _ => column,
    }
}

fn meaning(code: Option<i64>) -> &'static str {
    match code.map(u16::try_from) {
        None => "The record does not say.",
        Some(Ok(code)) => remedy::status_meaning(code),
        Some(Err(_)) => remedy::status_meaning(u16::MAX),
    }
}

fn steps(query: Query, steps: &Steps, read: &LogsRead) -> String {
    let read = format!("{} read", counted_u64(read.records, "record"));
    let Steps { table, time, column, resource, expanded, label, result, distinct } = steps;
    match query {
        Query::DeviceState => format!(
            "{read}; {table} of the table, {time} in the window, {column} with a binding status, \
             {result} with the code"
        ),
        Query::Apps | Query::Codes | Query::Users | Query::Weeks => format!(
            "{read}; {table} of the table, {time} in the window, {column} with policies, \
             {resource} for the resources; {expanded} policy entries, {label} of token protection \
             alone, {result} that applied; {distinct} counted"
        ),
    }
}

/// Who would pass enforcement, with what was asked.
#[derive(Clone, Copy, Debug)]
pub struct ReadinessReport<'r> {
    /// What it looked at.
    pub filter: Filter<'r>,
    /// How it counted.
    pub counting: Counting,
    /// What it found.
    pub ready: &'r ReadyReport,
    /// What was read.
    pub read: &'r LogsRead,
}

impl ReadinessReport<'_> {
    fn asked(&self) -> Asked<'_> {
        Asked::new("ready", None, &self.filter, self.counting, self.read)
    }

    /// For people.
    #[must_use]
    pub fn to_page(&self) -> Page {
        let mut page = Page::new();
        page.say(0, Tone::Heading, "Who would pass enforcement of token protection");
        self.asked().say(&mut page);
        for (standing, heading) in [
            (Standing::Ready, "Ready: every request that the policy applied to was bound"),
            (Standing::NotReady, "Not ready: a request would be refused"),
            (Standing::NoEvidence, "No evidence: the policy applied to no request"),
        ] {
            let users: Vec<&UserEvidence> = self.ready.with(standing).collect();
            page.heading(&format!("{heading} ({})", users.len()));
            match standing {
                Standing::NoEvidence => {
                    for user in users {
                        page.say(2, Tone::Plain, &user.user);
                    }
                }
                Standing::NotReady => not_ready(&mut page, &users),
                Standing::Ready => ready(&mut page, &users),
            }
        }
        page.gap();
        let read = counted_u64(self.read.records, "record");
        page.say(
            0,
            Tone::Aside,
            &format!(
                "{read} read. A user who is not in the log is in no list; few requests or days are \
                 little evidence."
            ),
        );
        page
    }

    /// The documented shape.
    #[must_use]
    pub fn to_json(&self) -> Value {
        json!(WithRows { asked: self.asked(), steps: None, rows: &self.ready.users })
    }

    /// One line a user; failures as `code:requests`, applications set apart by `;`.
    #[must_use]
    pub fn to_csv(&self) -> String {
        let header = ["user", "standing", "requests", "passed", "days", "failures", "apps"];
        let row = |user: &UserEvidence| {
            let failures = user.failures.iter().map(|failing| {
                let code = failing.code.map_or_else(|| "none".to_owned(), |code| code.to_string());
                format!("{code}:{}", failing.requests)
            });
            vec![
                user.user.clone(),
                json!(user.standing).as_str().unwrap_or_default().to_owned(),
                user.requests.to_string(),
                user.passed.to_string(),
                user.days.to_string(),
                failures.collect::<Vec<_>>().join(";"),
                user.apps.join(";"),
            ]
        };
        csv(header.map(str::to_owned).to_vec(), self.ready.users.iter().map(row))
    }
}

fn ready(page: &mut Page, users: &[&UserEvidence]) {
    let mut grid = Grid::with_columns(["user", "requests", "days", "applications"]);
    for user in users {
        grid.push([
            user.user.clone(),
            user.requests.to_string(),
            user.days.to_string(),
            user.apps.join(", "),
        ]);
    }
    if !users.is_empty() {
        page.table(&grid.to_text(Rows::Close, None), |_| Tone::Plain);
    }
}

fn not_ready(page: &mut Page, users: &[&UserEvidence]) {
    let mut grid = Grid::with_columns(["user", "requests", "bound", "days", "refused", "by"]);
    let mut codes: Vec<Option<i64>> = Vec::new();
    for user in users {
        for (at, failing) in user.failures.iter().enumerate() {
            codes.push(failing.code);
            let first = |text: String| if at == 0 { text } else { String::new() };
            let code = failing.code.map_or_else(|| "no code".to_owned(), |code| code.to_string());
            grid.push([
                first(user.user.clone()),
                first(user.requests.to_string()),
                first(user.passed.to_string()),
                first(user.days.to_string()),
                failing.requests.to_string(),
                format!("{code} {}", failing.apps.join(", ")),
            ]);
        }
    }
    if users.is_empty() {
        return;
    }
    page.table(&grid.to_text(Rows::Close, None), |_| Tone::Plain);
    codes.sort_unstable();
    codes.dedup();
    page.gap();
    for code in codes {
        let label = code.map_or_else(|| "no code".to_owned(), |code| code.to_string());
        let mut text = meaning(code).to_owned();
        if let Some(code) = code.and_then(|code| u16::try_from(code).ok()).filter(|code| *code > 0)
        {
            text.push_str(&format!(" To mend it: {}.", remedy::status_advice(code)));
        }
        page.hang(&format!("  {label}"), 10, Tone::Plain, &text);
    }
}

fn csv(header: Vec<String>, rows: impl Iterator<Item = Vec<String>>) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    // A list of octets takes everything.
    let _ = writer.write_record(header);
    for row in rows {
        let _ = writer.write_record(row);
    }
    let octets = writer.into_inner().unwrap_or_default();
    String::from_utf8_lossy(&octets).into_owned()
}
