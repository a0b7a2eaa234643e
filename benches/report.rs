//! Reading a log and folding queries over it: records a second, and the memory of a million.
//!
//! The log is the sample, repeated with other ids, so that policies, codes and columns are mixed as
//! they are there. The million events go to the fold without their text: what grows is then the
//! state of the query and nothing else.

#![allow(clippy::unwrap_used, reason = "a bench fails by panicking")]

use std::hint::black_box;
use std::sync::Once;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use token_protection_lab::base::Timestamp;
use token_protection_lab::signin::query::{
    Counting, Filter, Fold, Query, QueryError, Readiness, Variant, Window,
};
use token_protection_lab::signin::read::{self, OnBad, ReadError};

const SAMPLE: &str = include_str!("../tests/samples/signin-logs-small.ndjson");
/// Times the sample is repeated.
const COPIES: u32 = 50;

#[derive(Debug)]
#[expect(dead_code, reason = "shown when the bench fails")]
enum Failed {
    Query(QueryError),
    Read(ReadError),
}

impl From<QueryError> for Failed {
    fn from(error: QueryError) -> Self {
        Self::Query(error)
    }
}

impl From<ReadError> for Failed {
    fn from(error: ReadError) -> Self {
        Self::Read(error)
    }
}

/// Every copy has ids of its own: the first digits of an `Id` are the number of the copy.
fn log() -> String {
    let mut log = String::new();
    for copy in 0..COPIES {
        for line in SAMPLE.lines() {
            let (before, after) = line.split_once("\"Id\":\"").unwrap();
            log.push_str(&format!("{before}\"Id\":\"{copy:08x}{}\n", &after[8..]));
        }
    }
    log
}

fn all() -> Filter<'static> {
    Filter {
        table: None,
        window: Window::Between { from: None, to: Some(Timestamp::from_unix(i64::MAX / 4)) },
        user: None,
        correlation: None,
    }
}

fn apps(counting: Counting) -> Fold<'static> {
    Fold::new(Query::Apps, Variant::AsPublished, all(), counting)
}

fn reading(criterion: &mut Criterion) {
    let log = log();
    let records = log.lines().count() as u64;
    let read = read::each::<ReadError>(log.as_bytes(), OnBad::Refuse, |_, _| Ok(())).unwrap();
    assert_eq!(read.records, records);
    let mut group = criterion.benchmark_group("report");
    group.throughput(Throughput::Elements(records));
    group.sample_size(20);
    group.bench_function("read", |bencher| {
        bencher.iter(|| {
            read::each::<ReadError>(black_box(log.as_bytes()), OnBad::Refuse, |_, event| {
                black_box(event);
                Ok(())
            })
            .unwrap()
        });
    });
    for (name, counting) in
        [("apps/exact", Counting::default()), ("apps/each-record", Counting::EachRecord)]
    {
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let mut fold = apps(counting);
                read::each::<Failed>(black_box(log.as_bytes()), OnBad::Refuse, |_, event| {
                    Ok(fold.add(event)?)
                })
                .unwrap();
                fold.finish()
            });
        });
    }
    group.bench_function("ready", |bencher| {
        bencher.iter(|| {
            let mut ready = Readiness::new(all(), Counting::default());
            read::each::<Failed>(black_box(log.as_bytes()), OnBad::Refuse, |_, event| {
                Ok(ready.add(event)?)
            })
            .unwrap();
            ready.finish()
        });
    });
    group.finish();
}

/// Resident memory in KiB, where the system tells.
fn resident() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// The first of each is told: later ones use the memory that earlier ones gave back.
static TOLD: [Once; 2] = [Once::new(), Once::new()];

/// A million requests that all count.
fn million(counting: Counting) -> u64 {
    const RECORDS: u64 = 1_000_000;
    let line = SAMPLE.lines().next().unwrap();
    let before = resident();
    let mut fold = apps(counting);
    read::each::<Failed>(line.as_bytes(), OnBad::Refuse, |_, event| {
        let mut event = event.clone();
        for number in 0..RECORDS {
            // A multiplication by an odd number gives every id once, in no order.
            let id = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            event.id = format!("{:08x}-0000-4000-8000-{:012x}", id >> 32, id & 0xffff_ffff).into();
            fold.add(&event)?;
        }
        Ok(())
    })
    .unwrap();
    let after = resident();
    if let (Some(before), Some(after)) = (before, after) {
        let [each, exact] = &TOLD;
        let told = if counting == Counting::EachRecord { each } else { exact };
        told.call_once(|| {
            let state = after.saturating_sub(before);
            println!("report/million: {state} KiB of state, {counting:?}");
        });
    }
    let counted = fold.finish().steps.distinct;
    assert_eq!(counted, RECORDS);
    counted
}

fn folding(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("report/million");
    group.throughput(Throughput::Elements(1_000_000));
    group.sample_size(10);
    for (name, counting) in [("each-record", Counting::EachRecord), ("exact", Counting::default())]
    {
        group.bench_function(name, |bencher| {
            bencher.iter_batched(|| counting, million, BatchSize::PerIteration);
        });
    }
    group.finish();
}

criterion_group!(benches, reading, folding);
criterion_main!(benches);
