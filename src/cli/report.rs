//! `tplab report`

use std::fs::File;
use std::io::{BufRead, BufReader, Read};

use clap::{Args, Subcommand, ValueEnum};
use serde_json::json;
use token_protection_lab::base::Timestamp;
use token_protection_lab::render::page::{Page, Tone, printable};
use token_protection_lab::render::report::{LogsRead, QueryReport, ReadinessReport};
use token_protection_lab::render::sign_in::SignInView;
use token_protection_lab::signin::query::{
    Counting, Filter, Fold, Query, QueryError, Readiness, Variant, Window,
};
use token_protection_lab::signin::read::{
    self, Detail, Event, LogTable, OnBad, ReadError, Record, Summary,
};

use super::failure::Failure;
use super::input::in_words;
use super::output::{Finished, Verdict, warn};
use super::progress::Progress;

/// Octets that are read at once.
const BUFFER: usize = 1 << 18;
/// Records between two looks at the clock of the progress bar.
const STRIDE: u64 = 4096;
/// More records of one id or sign-in than this are counted and not shown.
const MOST_SHOWN: usize = 1000;

#[derive(Args)]
#[command(
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    after_help = "\
A LOG holds sign-in records, one a line or in one JSON document: rows of
SigninLogs and AADNonInteractiveUserSignInLogs, Graph signIn objects, or
diagnostic exports. `-` is standard input. All logs count together.

Examples:
  tplab report tests/samples/signin-logs-small.ndjson --now 2026-03-10T12:00:00Z
  tplab report users log.ndjson --corrected --user carol@contoso.example
  tplab report ready log.ndjson --days 28 --format csv > ready.csv
  tplab report show bde32a22-0e8f-51ff-b1a5-0c53c9b7e6ae log.ndjson

Exit codes: 0 done, 1 records were skipped (--skip-bad), 2 bad usage or a log
that was refused: nothing is printed then."
)]
pub(crate) struct Report {
    #[command(subcommand)]
    what: Option<What>,
    #[command(flatten)]
    asked: Asked,
}

#[derive(Subcommand)]
enum What {
    /// Requests blocked and allowed, by application (the default)
    #[command(after_help = "Example:\n  tplab report apps log.ndjson --newest")]
    Apps(Asked),
    /// The same by user, application and resource
    #[command(after_help = "Example:\n  tplab report users log.ndjson --corrected")]
    Users(Asked),
    /// Users whose device's state does not do (code 1003)
    #[command(after_help = "Example:\n  tplab report device-state log.ndjson --days 28")]
    DeviceState(Asked),
    /// Requests blocked and allowed, by binding status code
    #[command(after_help = "Example:\n  tplab report codes log.ndjson --corrected")]
    Codes(Asked),
    /// Requests blocked and allowed, by week
    #[command(after_help = "Example:\n  tplab report weeks log.ndjson --days 90")]
    Weeks(Asked),
    /// Users who would pass enforcement throughout the period
    #[command(after_help = "Example:\n  tplab report ready log.ndjson --days 28 --format csv")]
    Ready(Readily),
    /// One sign-in as the portal shows it, with why and what to do
    Show(Show),
}

#[derive(Args)]
struct Asked {
    #[command(flatten)]
    text: Text,
    #[command(flatten)]
    logs: Logs,
    #[command(flatten)]
    scope: Scope,
}

/// Which text of a query.
#[derive(Args)]
#[group(multiple = false)]
struct Text {
    /// As the published query counts, quirks included (the default)
    #[arg(long)]
    as_published: bool,
    /// With the test for `Binding` that was meant, and code 1004 too
    #[arg(long)]
    corrected: bool,
    /// As corrected, with what users can mend and with Windows 365
    #[arg(long)]
    newest: bool,
}

impl Text {
    const fn variant(&self) -> Variant {
        match (self.corrected, self.newest) {
            (true, _) => Variant::Corrected,
            (_, true) => Variant::Newest,
            _ => Variant::AsPublished,
        }
    }
}

#[derive(Args)]
struct Readily {
    #[command(flatten)]
    logs: Logs,
    #[command(flatten)]
    scope: Scope,
}

/// What is read and how it is printed.
#[derive(Args)]
struct Logs {
    /// Logs; `-` is standard input
    #[arg(value_name = "LOG", required = true)]
    logs: Vec<String>,
    /// Leave out records that cannot be read, count them, and exit 1
    #[arg(long)]
    skip_bad: bool,
    /// How to print it
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// The same as --format json
    #[arg(long, conflicts_with = "format")]
    json: bool,
}

/// Which records count.
#[derive(Args)]
struct Scope {
    /// Records later than this many days of 24 hours before --now
    #[arg(long, value_name = "N", default_value_t = 7, conflicts_with_all = ["from", "to"],
        value_parser = clap::value_parser!(u16).range(1..=3650))]
    days: u16,
    /// Records of this time or later, instead of --days
    #[arg(long, value_name = "TIME")]
    from: Option<Timestamp>,
    /// Records earlier than this time
    #[arg(long, value_name = "TIME")]
    to: Option<Timestamp>,
    /// The time of the query [default: the system clock]
    #[arg(long, value_name = "TIME", conflicts_with_all = ["from", "to"])]
    now: Option<Timestamp>,
    /// Records of one table [default: noninteractive; for ready, all]
    #[arg(long, value_enum, value_name = "TABLE")]
    table: Option<Table>,
    /// One user, by user principal name
    #[arg(long, value_name = "UPN")]
    user: Option<String>,
    /// One sign-in, by correlation id
    #[arg(long, value_name = "ID")]
    correlation: Option<String>,
    /// Take every record for a request of its own: memory for groups alone
    #[arg(long)]
    assume_unique_ids: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Table {
    /// Both
    All,
    /// SigninLogs
    Interactive,
    /// AADNonInteractiveUserSignInLogs
    Noninteractive,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Csv,
    Json,
    Text,
}

#[derive(Args)]
#[command(after_help = "\
Examples:
  tplab report show bde32a22-0e8f-51ff-b1a5-0c53c9b7e6ae log.ndjson
  tplab report show log.ndjson \\
    --correlation 7258172e-31cc-5e53-b14c-b032dace742c")]
struct Show {
    /// Without --correlation: the request id, then the logs
    #[arg(value_name = "ID|LOG", required = true)]
    id_and_logs: Vec<String>,
    /// Every request of this sign-in
    #[arg(long, value_name = "ID")]
    correlation: Option<String>,
    /// Leave out records that cannot be read, count them, and exit 1
    #[arg(long)]
    skip_bad: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Why a log gave no result.
pub(crate) enum LogFailure {
    Query(QueryError),
    Read(ReadError),
}

impl From<QueryError> for LogFailure {
    fn from(error: QueryError) -> Self {
        Self::Query(error)
    }
}

impl From<ReadError> for LogFailure {
    fn from(error: ReadError) -> Self {
        Self::Read(error)
    }
}

impl Report {
    pub(crate) fn run(self) -> Result<Finished, Failure> {
        match self.what {
            None => self.asked.run(Query::Apps),
            Some(What::Apps(asked)) => asked.run(Query::Apps),
            Some(What::Codes(asked)) => asked.run(Query::Codes),
            Some(What::DeviceState(asked)) => asked.run(Query::DeviceState),
            Some(What::Ready(asked)) => asked.run(),
            Some(What::Show(show)) => show.run(),
            Some(What::Users(asked)) => asked.run(Query::Users),
            Some(What::Weeks(asked)) => asked.run(Query::Weeks),
        }
    }
}

impl Asked {
    fn run(&self, query: Query) -> Result<Finished, Failure> {
        let filter = self.scope.filter(Table::Noninteractive)?;
        let (variant, counting) = (self.text.variant(), self.scope.counting());
        let mut fold = Fold::new(query, variant, filter, counting);
        let read = self.logs.each(|_, event| Ok(fold.add(event)?))?;
        let answer = fold.finish();
        let report = QueryReport { query, variant, filter, counting, answer: &answer, read: &read };
        self.logs.finished(&read, || report.to_page(), || report.to_json(), || report.to_csv())
    }
}

impl Readily {
    fn run(&self) -> Result<Finished, Failure> {
        let filter = self.scope.filter(Table::All)?;
        let counting = self.scope.counting();
        let mut readiness = Readiness::new(filter, counting);
        let read = self.logs.each(|_, event| Ok(readiness.add(event)?))?;
        let ready = readiness.finish();
        let report = ReadinessReport { filter, counting, ready: &ready, read: &read };
        self.logs.finished(&read, || report.to_page(), || report.to_json(), || report.to_csv())
    }
}

impl Scope {
    fn filter(&self, table: Table) -> Result<Filter<'_>, Failure> {
        let window = match (self.from, self.to) {
            (None, None) => Window::last_days(self.days, self.now.unwrap_or_else(system_clock)),
            (Some(from), Some(to)) if from >= to => return Err(Failure::EmptyWindow { from, to }),
            (from, to) => Window::Between { from, to },
        };
        Ok(Filter {
            table: match self.table.unwrap_or(table) {
                Table::All => None,
                Table::Interactive => Some(LogTable::Interactive),
                Table::Noninteractive => Some(LogTable::NonInteractive),
            },
            window,
            user: self.user.as_deref(),
            correlation: self.correlation.as_deref(),
        })
    }

    fn counting(&self) -> Counting {
        match self.assume_unique_ids {
            true => Counting::EachRecord,
            false => Counting::default(),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "an edge reads the clock, once a report")]
fn system_clock() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let seconds = since.map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX));
    Timestamp::from_unix(seconds)
}

impl Logs {
    fn each(
        &self,
        visit: impl FnMut(Record<'_>, &Event<'_>) -> Result<(), LogFailure>,
    ) -> Result<LogsRead, Failure> {
        each(&self.logs, self.skip_bad, visit)
    }

    fn finished(
        &self,
        read: &LogsRead,
        page: impl FnOnce() -> Page,
        json: impl FnOnce() -> serde_json::Value,
        csv: impl FnOnce() -> String,
    ) -> Result<Finished, Failure> {
        let finished = match if self.json { Format::Json } else { self.format } {
            Format::Csv => Finished::raw(csv()),
            Format::Json => Finished::json(&json())?,
            Format::Text => Finished::page(page()),
        };
        Ok(finished.with(verdict(read)))
    }
}

fn verdict(read: &LogsRead) -> Verdict {
    match read.skipped.is_empty() {
        true => Verdict::AsExpected,
        false => Verdict::Otherwise,
    }
}

/// Reads all logs, one after the other; tells on standard error what was left out.
fn each(
    logs: &[String],
    skip_bad: bool,
    mut visit: impl FnMut(Record<'_>, &Event<'_>) -> Result<(), LogFailure>,
) -> Result<LogsRead, Failure> {
    let on_bad = if skip_bad { OnBad::Skip } else { OnBad::Refuse };
    let mut read = LogsRead::default();
    for log in logs {
        let name = if log == "-" { "standard input" } else { log };
        let summary = match log.as_str() {
            "-" => one(std::io::stdin().lock(), None, on_bad, &mut visit),
            path => {
                let refuse = |why| Failure::File { path: path.to_owned(), why };
                let file = File::open(path).map_err(|error| refuse(in_words(&error)))?;
                let facts = file.metadata().ok();
                if facts.as_ref().is_some_and(std::fs::Metadata::is_dir) {
                    return Err(refuse("is a directory, and a file is wanted".to_owned()));
                }
                let length = facts.filter(std::fs::Metadata::is_file).map(|facts| facts.len());
                one(BufReader::with_capacity(BUFFER, file), length, on_bad, &mut visit)
            }
        };
        let summary = summary.map_err(|error| match error {
            LogFailure::Query(error) => Failure::Query { error },
            LogFailure::Read(error) => Failure::Log { name: name.to_owned(), error },
        })?;
        tell(name, &summary);
        read.add(&summary);
    }
    Ok(read)
}

/// Counts the octets that go through it.
struct Counted<R> {
    from: R,
    octets: std::rc::Rc<std::cell::Cell<u64>>,
}

impl<R: BufRead> Read for Counted<R> {
    fn read(&mut self, to: &mut [u8]) -> std::io::Result<usize> {
        let count = self.from.read(to)?;
        self.octets.set(self.octets.get() + count as u64);
        Ok(count)
    }
}

impl<R: BufRead> BufRead for Counted<R> {
    fn fill_buf(&mut self) -> std::io::Result<&[u8]> {
        self.from.fill_buf()
    }

    fn consume(&mut self, count: usize) {
        self.octets.set(self.octets.get() + count as u64);
        self.from.consume(count);
    }
}

fn one(
    from: impl BufRead,
    length: Option<u64>,
    on_bad: OnBad,
    visit: &mut impl FnMut(Record<'_>, &Event<'_>) -> Result<(), LogFailure>,
) -> Result<Summary, LogFailure> {
    let octets = std::rc::Rc::<std::cell::Cell<u64>>::default();
    let from = Counted { from, octets: std::rc::Rc::clone(&octets) };
    let mut progress = Progress::start();
    let mut records = 0_u64;
    read::each::<LogFailure>(from, on_bad, |record, event| {
        records += 1;
        if let Some(length) = length.filter(|_| records.is_multiple_of(STRIDE)) {
            let kib = |octets: u64| usize::try_from(octets / 1024).unwrap_or(usize::MAX);
            progress.tell(kib(octets.get()), kib(length));
        }
        visit(record, event)
    })
}

fn tell(name: &str, log: &Summary) {
    if let Some(place) = log.unfinished {
        warn(&format!("{name}: {place}: it breaks off in the middle of a record; the rest counts"));
    }
    if let Some(first) = &log.first_skipped {
        let kinds: Vec<String> =
            log.skipped.iter().map(|(code, count)| format!("{count} {code}")).collect();
        warn(&format!(
            "{name}: {} of {} records skipped ({}); the first: {first}",
            log.skipped(),
            log.skipped() + log.records,
            kinds.join(", ")
        ));
    }
}

impl Show {
    fn run(&self) -> Result<Finished, Failure> {
        let (id, logs) = match (&self.correlation, self.id_and_logs.split_first()) {
            (Some(id), _) => (id, self.id_and_logs.as_slice()),
            (None, Some((id, logs))) if !logs.is_empty() => (id, logs),
            _ => return Err(Failure::NoLog),
        };
        let mut found = Found::default();
        let read = each(logs, self.skip_bad, |record, event| {
            let of = if self.correlation.is_some() { &event.correlation } else { &event.id };
            if of.eq_ignore_ascii_case(id) {
                found.add(record)?;
            }
            Ok(())
        })?;
        if found.texts.is_empty() {
            return Err(Failure::NoRecord { id: id.clone() });
        }
        let finished = match self.json {
            true => Finished::json(&json!({"read": read, "signIns": found.views()?}))?,
            false => Finished::page(found.to_page()?),
        };
        Ok(finished.with(verdict(&read)))
    }
}

/// Records that were asked for, in the order of the logs; the same record twice is one.
#[derive(Default)]
struct Found {
    texts: Vec<(String, u64)>,
    more: u64,
}

impl Found {
    fn add(&mut self, record: Record<'_>) -> Result<(), ReadError> {
        let room = self.texts.len() < MOST_SHOWN;
        match self.texts.iter_mut().find(|(text, _)| text == record.text) {
            Some((_, times)) => *times += 1,
            None if room => {
                // What cannot be shown is refused where it stands.
                let refuse = |fault| ReadError { place: record.place, fault };
                Detail::parse(record.text).map_err(refuse)?;
                self.texts.push((record.text.to_owned(), 1));
            }
            None => self.more += 1,
        }
        Ok(())
    }

    fn views(&self) -> Result<Vec<SignInView>, Failure> {
        let view = |(text, _): &(String, u64)| {
            Detail::parse(text).map(|detail| SignInView::new(&detail)).map_err(Failure::Record)
        };
        self.texts.iter().map(view).collect()
    }

    fn to_page(&self) -> Result<Page, Failure> {
        let mut page = Page::new();
        for (view, (_, times)) in self.views()?.iter().zip(&self.texts) {
            page.gap();
            page.append(view.to_page());
            if *times > 1 {
                let text = format!("This record is in the logs {times} times.");
                page.say(2, Tone::Aside, &printable(&text));
            }
        }
        if self.more > 0 {
            page.gap();
            page.say(0, Tone::Lost, &format!("{} more records are not shown", self.more));
        }
        Ok(page)
    }
}
