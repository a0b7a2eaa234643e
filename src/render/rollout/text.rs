//! The findings at 80 columns.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::help::{act, tell};
use super::{grouped, percent};
use crate::render::page::{Page, Tone, counted};
use crate::render::table::{Grid, Rows};
use crate::rollout::{CauseRow, Mode, RemedyRow, Report, Totals};

/// Rows of a list that may be long.
const MOST: usize = 12;

/// The findings for people.
#[must_use]
pub fn rollout_page(report: &Report, verified: usize) -> Page {
    let mut page = Page::new();
    page.say(0, Tone::Heading, &report.plan);
    page.say(
        0,
        Tone::Plain,
        &format!(
            "{} of {} under the rules of {}, seed {}. {} re-run with real cryptography: the \
             records are the same.",
            counted_grouped(report.totals.sign_ins, "sign-in"),
            counted_grouped(report.users, "user"),
            report.rules,
            report.seed,
            counted(verified, "sign-in"),
        ),
    );
    totals(&mut page, report);
    weeks(&mut page, report);
    phases(&mut page, report);
    apps(&mut page, report);
    causes(&mut page, report);
    remedies(&mut page, report);
    users(&mut page, report);
    page
}

fn counted_grouped(count: u64, noun: &str) -> String {
    format!("{} {noun}{}", grouped(count), if count == 1 { "" } else { "s" })
}

fn totals(page: &mut Page, report: &Report) {
    page.heading("When every phase is On");
    let mut grid = Grid::with_columns(["", "as it is", "", "after what is recommended", ""]);
    let pair = |of: fn(&Totals) -> u64| {
        let one = |totals: &Totals| [grouped(of(totals)), percent(of(totals), totals.sign_ins)];
        let ([a, b], [c, d]) = (one(&report.totals), one(&report.after));
        [a, b, c, d]
    };
    for (name, of) in [
        ("bound", (|totals| totals.bound) as fn(&Totals) -> u64),
        ("blocked by the roll-out", |totals| totals.blocked),
        ("refused by another policy", |totals| totals.refused),
        ("not covered", |totals| totals.not_covered),
    ] {
        grid.push(std::iter::once(name.to_owned()).chain(pair(of)));
    }
    let users = [report.totals.blocked_users, report.after.blocked_users].map(grouped);
    let [before, after] = users;
    grid.push([
        "users blocked at least once".to_owned(),
        before,
        String::new(),
        after,
        String::new(),
    ]);
    page.table(&grid.to_text(Rows::Close, None), |_| Tone::Plain);
}

fn weeks(page: &mut Page, report: &Report) {
    page.heading("Week by week");
    let head = ["week", "begins", "phase", "mode", "bound", "would block", "blocked"];
    let mut grid = Grid::with_columns(head);
    for row in &report.weeks {
        let day = row.begins.to_string().chars().take(10).collect::<String>();
        grid.push([
            row.week.to_string(),
            day,
            row.phase.clone(),
            mode(row.mode).to_owned(),
            grouped(row.bound),
            grouped(row.would_block),
            grouped(row.blocked),
        ]);
    }
    page.table(&grid.to_text(Rows::Close, None), |_| Tone::Plain);
}

pub(super) const fn mode(mode: Mode) -> &'static str {
    match mode {
        Mode::On => "On",
        Mode::ReportOnly => "report-only",
    }
}

fn phases(page: &mut Page, report: &Report) {
    page.heading("Phase by phase");
    page.say(
        0,
        Tone::Plain,
        "\"would block\" is what report-only foretold for the phase's users; \"blocked\" is what On \
         then refused, earlier phases included. Ready users were bound throughout.",
    );
    let head = ["phase", "users", "ready", "would block", "users", "blocked", "users"];
    let mut grid = Grid::with_columns(head);
    for row in &report.phases {
        let numbers = [
            row.users,
            row.ready,
            row.would_block,
            row.would_block_users,
            row.blocked,
            row.blocked_users,
        ];
        grid.push(std::iter::once(row.name.clone()).chain(numbers.map(grouped)));
    }
    page.table(&grid.to_text(Rows::Close, None), |_| Tone::Plain);
}

fn apps(page: &mut Page, report: &Report) {
    page.heading("Apps that are blocked");
    let mut grid = Grid::with_columns(["app", "sign-ins", "blocked", "users", "after"]);
    for row in report.apps.iter().filter(|row| row.blocked > 0) {
        let numbers = [row.sign_ins, row.blocked, row.blocked_users, row.after];
        grid.push(std::iter::once(row.app.clone()).chain(numbers.map(grouped)));
    }
    page.table(&grid.to_text(Rows::Close, None), |_| Tone::Plain);
}

fn causes(page: &mut Page, report: &Report) {
    page.heading("For the help desk");
    if report.causes.is_empty() {
        page.say(2, Tone::Stopped, "Nobody is blocked.");
    }
    for cause in &report.causes {
        page.gap();
        page.say(0, Tone::Plain, &headline(cause));
        page.hang("  apps", 9, Tone::Aside, &cause.apps.join(", "));
        page.hang("  tell", 9, Tone::Plain, tell(cause));
        page.hang("  do", 9, Tone::Plain, &act(cause));
        let helps: Vec<String> = cause
            .remedies
            .iter()
            .map(|one| format!("{} ({})", one.remedy, percent(one.sign_ins, cause.blocked)))
            .collect();
        let helps = match helps.is_empty() {
            true => "nothing known".to_owned(),
            false => helps.join(", "),
        };
        page.hang("  helps", 9, Tone::Plain, &helps);
    }
}

fn headline(cause: &CauseRow) -> String {
    format!(
        "{}/{} {}: {} of {}, {} after",
        cause.code,
        cause.status,
        cause.trouble.title(),
        counted_grouped(cause.blocked, "sign-in"),
        counted_grouped(cause.users, "user"),
        grouped(cause.after),
    )
}

fn remedies(page: &mut Page, report: &Report) {
    page.heading("What would help, and what it costs");
    page.say(
        0,
        Tone::Plain,
        "`*` costs no protection and is done in the figures \"after\". A theft that an exclusion \
         reopens was evaluated against the policies with and without it.",
    );
    page.gap();
    for remedy in &report.remedies {
        let sign = if remedy.recommended { "*" } else { " " };
        let text = format!(
            "{}: {}; helps {} of {}",
            remedy.id,
            remedy.title,
            counted_grouped(remedy.helps, "sign-in"),
            counted_grouped(remedy.users, "user"),
        );
        page.hang(sign, 3, Tone::Plain, &text);
        if let Some(rule) = &remedy.rule {
            page.hang("", 5, Tone::Aside, rule);
        }
        if let Some(cost) = cost(remedy) {
            page.hang("", 5, Tone::Lost, &cost);
        }
    }
}

/// What an exclusion reopens, in one sentence; none for what leaves the policies alone.
pub(super) fn cost(remedy: &RemedyRow) -> Option<String> {
    if !remedy.kind.starts_with("exclude") {
        return None;
    }
    if remedy.reopens.is_empty() {
        return Some("reopens no theft of the matrix".to_owned());
    }
    let mut towards: BTreeMap<_, Vec<&str>> = BTreeMap::new();
    for row in &remedy.reopens {
        let key = (row.theft, row.code, row.users, row.of);
        towards.entry(key).or_default().push(&row.resource);
    }
    let rows: Vec<String> = towards
        .into_iter()
        .map(|((theft, code, users, of), resources)| {
            let (title, resources) = (theft.title(), resources.join(" and "));
            let victims = counted(of, "victim");
            format!("{title} towards {resources} ({code} before; {users} of {victims})")
        })
        .collect();
    Some(format!("reopens: {}", rows.join("; ")))
}

fn users(page: &mut Page, report: &Report) {
    let ready = &report.readiness;
    page.heading("Who can come into the next group");
    page.say(
        0,
        Tone::Plain,
        &format!(
            "{} ready (at least {} covered sign-ins, all bound), {} with an unbound one, {} with \
             too few to tell.",
            counted_grouped(ready.ready, "user"),
            ready.asked,
            counted_grouped(ready.not_ready, "user"),
            counted_grouped(ready.too_little, "user"),
        ),
    );
    list(page, "Ready and not in the first phase", &ready.candidates);
    let mut worst: Vec<_> = report.by_user.iter().filter(|user| user.blocked > 0).collect();
    worst.sort_by_key(|user| Reverse(user.blocked));
    let worst: Vec<String> = worst
        .into_iter()
        .map(|user| {
            let codes: Vec<_> = user.statuses.iter().map(ToString::to_string).collect();
            format!("{} ({}; {})", user.user_principal_name, user.blocked, codes.join(", "))
        })
        .collect();
    list(page, "Blocked most (sign-ins; status codes)", &worst);
}

fn list(page: &mut Page, heading: &str, names: &[String]) {
    if names.is_empty() {
        return;
    }
    page.gap();
    page.say(0, Tone::Plain, &format!("{heading}:"));
    let shown: Vec<&str> = names.iter().take(MOST).map(String::as_str).collect();
    let more = names.len().saturating_sub(MOST);
    let rest = match more {
        0 => String::new(),
        more => format!(", and {more} more (--json has them all)"),
    };
    page.say(2, Tone::Plain, &format!("{}{rest}", shown.join(", ")));
}
