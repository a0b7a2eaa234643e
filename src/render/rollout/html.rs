//! The findings as one HTML page that needs nothing else: no script, no font, no address.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::chart::{Bar, legend, lying, upright};
use super::help::{act, tell};
use super::text::{cost, mode};
use super::{grouped, percent};
use crate::render::remedy;
use crate::rollout::{CauseRow, Ready, Report, Totals};

const STYLE: &str = "
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 64rem; padding: 0 1rem; color: #1b1f24; background: #fff }
h2 { margin-top: 2.5rem }
table { border-collapse: collapse; width: 100%; margin: .8rem 0 }
caption { text-align: left; padding: .3rem 0; color: #57606a }
th, td { border: 1px solid #d0d7de; padding: .3rem .6rem; text-align: left; vertical-align: top }
td.n { text-align: right; white-space: nowrap }
small { color: #57606a }
code { font: .85em ui-monospace, monospace; overflow-wrap: anywhere }
figure { margin: 1rem 0 } svg.chart { width: 100%; height: auto; background: #fff; border: 1px solid #d0d7de }
details { margin: .8rem 0 }
.key { display: inline-block; width: 1em; height: 1em; margin: 0 .4em 0 1em; vertical-align: -.1em; border: 1px solid #57606a }
";

/// The findings as a page.
#[must_use]
pub fn rollout_html(report: &Report) -> String {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (report.plan) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                h1 { (report.plan) }
                p {
                    (grouped(report.totals.sign_ins)) " simulated sign-ins of "
                    (grouped(report.users)) " users under the rules of " (report.rules)
                    ", seed " (report.seed) "."
                }
                (totals(report))
                (weeks(report))
                (phases(report))
                (causes(report))
                (apps(report))
                (remedies(report))
                (users(report))
                p { small {
                    "A rehearsal by Token Protection Lab: a simulation with no connection with "
                    "Microsoft. Shares and habits of the fleet are stated assumptions."
                } }
            }
        }
    }
    .into_string()
}

fn figure(svg: String, parts: &[&str], caption: &str) -> Markup {
    html! {
        @if !svg.is_empty() {
            figure {
                (PreEscaped(svg))
                figcaption {
                    @for (style, name) in legend(parts) { span.key style=(style) {} (name) "  " }
                    br;
                    small { (caption) }
                }
            }
        }
    }
}

fn number(number: u64) -> Markup {
    html! { td.n { (grouped(number)) } }
}

fn totals(report: &Report) -> Markup {
    let row = |name: &str, of: fn(&Totals) -> u64| {
        html! { tr {
            th scope="row" { (name) }
            @for totals in [&report.totals, &report.after] {
                td.n { (grouped(of(totals))) }
                td.n { (percent(of(totals), totals.sign_ins)) }
            }
        } }
    };
    html! {
        h2 { "When every phase is On" }
        table {
            thead { tr {
                th scope="col" { "sign-ins" }
                th scope="colgroup" colspan="2" { "as it is" }
                th scope="colgroup" colspan="2" { "after what is recommended" }
            } }
            tbody {
                (row("bound", |totals| totals.bound))
                (row("blocked by the roll-out", |totals| totals.blocked))
                (row("refused by another policy", |totals| totals.refused))
                (row("not covered", |totals| totals.not_covered))
                tr {
                    th scope="row" { "users blocked at least once" }
                    @for totals in [&report.totals, &report.after] {
                        (number(totals.blocked_users)) td {}
                    }
                }
            }
        }
    }
}

fn weeks(report: &Report) -> Markup {
    let bars: Vec<Bar> = report
        .weeks
        .iter()
        .map(|row| Bar {
            name: format!("week {}", row.week),
            parts: vec![row.bound, row.would_block, row.blocked],
        })
        .collect();
    let parts = &["bound", "report-only: would block", "blocked"];
    html! {
        h2 { "Week by week" }
        (figure(
            upright(&bars, parts),
            parts,
            "Sign-ins that the roll-out covers. Its report-only groups are let in.",
        ))
        table {
            thead { tr {
                @for name in ["week", "begins", "phase", "mode", "sign-ins", "bound", "would block",
                    "blocked", "refused by others", "not covered"] {
                    th scope="col" { (name) }
                }
            } }
            tbody { @for row in &report.weeks { tr {
                th scope="row" { (row.week) }
                td { (row.begins.to_string().chars().take(10).collect::<String>()) }
                td { (row.phase) }
                td { (mode(row.mode)) }
                @for value in [row.sign_ins, row.bound, row.would_block, row.blocked, row.refused,
                    row.not_covered] { (number(value)) }
            } } }
        }
    }
}

fn phases(report: &Report) -> Markup {
    let bars: Vec<Bar> = report
        .phases
        .iter()
        .map(|row| Bar { name: row.name.clone(), parts: vec![row.ready, row.users - row.ready] })
        .collect();
    html! {
        h2 { "Phases and users who are ready" }
        (figure(
            lying(&bars, &["ready", "not ready"]),
            &["ready", "not ready"],
            "Users whom each phase brings in: ready ones were bound throughout, with enough \
             sign-ins to tell.",
        ))
        table {
            thead { tr {
                @for name in ["phase", "users", "ready", "would block", "users", "blocked once On",
                    "users"] {
                    th scope="col" { (name) }
                }
            } }
            tbody { @for row in &report.phases { tr {
                th scope="row" { (row.name) }
                @for value in [row.users, row.ready, row.would_block, row.would_block_users,
                    row.blocked, row.blocked_users] { (number(value)) }
            } } }
        }
    }
}

fn causes(report: &Report) -> Markup {
    let bars: Vec<Bar> = report
        .causes
        .iter()
        .map(|cause| Bar {
            name: format!("{} {}", cause.status, cause.trouble.title()),
            parts: vec![cause.blocked - cause.after.min(cause.blocked), 0, cause.after],
        })
        .collect();
    let parts = &["mended by what is recommended", "", "still blocked"];
    html! {
        h2 { "Why sign-ins are blocked, and what the help desk says" }
        (figure(
            lying(&bars, parts),
            parts,
            "Blocked sign-ins by status code and cause.",
        ))
        table {
            thead { tr {
                @for name in ["cause", "codes", "blocked", "users", "after", "apps",
                    "tell the user", "do"] {
                    th scope="col" { (name) }
                }
            } }
            tbody { @for cause in &report.causes { (cause_row(cause)) } }
        }
    }
}

fn cause_row(cause: &CauseRow) -> Markup {
    html! { tr {
        th scope="row" { (cause.trouble.title()) }
        td title=(remedy::status_meaning(cause.status)) { (cause.code) "/" (cause.status) }
        (number(cause.blocked)) (number(cause.users)) (number(cause.after))
        td { (cause.apps.join(", ")) }
        td { (tell(cause)) }
        td { (act(cause)) }
    } }
}

fn apps(report: &Report) -> Markup {
    let blocked = || report.apps.iter().filter(|row| row.blocked > 0);
    let bars: Vec<Bar> = blocked()
        .map(|row| Bar {
            name: row.app.clone(),
            parts: vec![row.sign_ins - row.blocked, 0, row.blocked],
        })
        .collect();
    let parts = &["let in", "", "blocked"];
    html! {
        h2 { "Apps" }
        (figure(lying(&bars, parts), parts, "Sign-ins of apps that are blocked somewhere."))
        table {
            thead { tr {
                @for name in ["app", "name in the log", "sign-ins", "blocked", "users", "after"] {
                    th scope="col" { (name) }
                }
            } }
            tbody { @for row in blocked() { tr {
                th scope="row" { (row.app) }
                td { (row.display_name) }
                @for value in [row.sign_ins, row.blocked, row.blocked_users, row.after] {
                    (number(value))
                }
            } } }
        }
    }
}

fn remedies(report: &Report) -> Markup {
    html! {
        h2 { "What would help, and what it costs" }
        table {
            caption {
                "Each alone. What costs no protection is recommended and done in the figures "
                "“after”. Costs are thefts that the policies refused before and let "
                "through with the exclusion."
            }
            thead { tr {
                @for name in ["remedy", "recommended", "sign-ins helped", "users", "cost"] {
                    th scope="col" { (name) }
                }
            } }
            tbody { @for remedy in &report.remedies { tr {
                th scope="row" {
                    (remedy.title)
                    @if let Some(rule) = &remedy.rule { br; code { (rule) } }
                }
                td { @if remedy.recommended { "yes" } @else { "no" } }
                (number(remedy.helps)) (number(remedy.users))
                td { (cost(remedy).unwrap_or_default()) }
            } } }
        }
    }
}

fn users(report: &Report) -> Markup {
    let ready = &report.readiness;
    let word = |ready: Ready| match ready {
        Ready::No => "no",
        Ready::TooLittle => "too little to tell",
        Ready::Yes => "yes",
    };
    html! {
        h2 { "Users" }
        p {
            (grouped(ready.ready)) " ready (at least " (ready.asked) " covered sign-ins, all bound), "
            (grouped(ready.not_ready)) " with an unbound one, " (grouped(ready.too_little))
            " with too few to tell. " (grouped(ready.candidates.len() as u64))
            " ready users are not in the first phase."
        }
        details {
            summary { "Every user" }
            table {
                thead { tr {
                    @for name in ["user", "phase", "sign-ins", "covered", "unbound", "blocked",
                        "after", "codes", "ready"] {
                        th scope="col" { (name) }
                    }
                } }
                tbody { @for user in &report.by_user { tr {
                    th scope="row" { (user.user_principal_name) }
                    td { (user.phase.as_deref().unwrap_or("none")) }
                    @for value in [user.sign_ins, user.covered, user.unbound, user.blocked,
                        user.after] { (number(value)) }
                    td { (user.statuses.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")) }
                    td { (word(user.readiness)) }
                } } }
            }
        }
    }
}
