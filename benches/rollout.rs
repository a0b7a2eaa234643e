//! Sign-ins a second: drawn, with their record, and with the record as a row of bytes.

#![allow(missing_docs, clippy::unwrap_used, reason = "a bench fails by panicking")]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use token_protection_lab::directory::Directory;
use token_protection_lab::rollout::{Counts, PlanFile, Rehearsal, directory_file};
use token_protection_lab::signin::ndjson::{Shape, Writer};

/// Users of the fleet; the seed is the built-in plan's.
const USERS: u32 = 500;
/// Sign-ins of one pass, spread over the whole plan.
const PASS: u64 = 2_000;

fn rehearsal() -> Rehearsal {
    let mut plan = PlanFile::builtin();
    plan.fleet.users = USERS;
    let directory = Directory::from_json(directory_file(&plan).to_string().as_bytes()).unwrap();
    Rehearsal::new(plan, directory, None).unwrap()
}

fn bench(criterion: &mut Criterion) {
    let rehearsal = rehearsal();
    let step = rehearsal.total() / PASS;
    let numbers = || (0..PASS).map(|at| at * step);
    let records = numbers().filter_map(|number| rehearsal.record(&rehearsal.draw(number)?));
    assert_eq!(records.count() as u64, PASS, "every sign-in leaves a record");

    let mut group = criterion.benchmark_group("rollout");
    group.throughput(Throughput::Elements(PASS));
    group.bench_function("drawn", |bencher| {
        let mut counts = Counts::new(&rehearsal);
        bencher.iter(|| {
            for number in numbers() {
                counts.add(&rehearsal.draw(number).unwrap());
            }
        });
    });
    group.bench_function("recorded", |bencher| {
        bencher.iter(|| {
            for number in numbers() {
                let drawn = rehearsal.draw(number).unwrap();
                black_box(rehearsal.record(&drawn));
            }
        });
    });
    group.bench_function("written", |bencher| {
        bencher.iter(|| {
            let mut writer = Writer::new(Vec::new(), Shape::LogAnalytics);
            for number in numbers() {
                let drawn = rehearsal.draw(number).unwrap();
                writer.write(&rehearsal.record(&drawn).unwrap()).unwrap();
            }
            black_box(writer.finish().unwrap())
        });
    });
    group.finish();
    let mut counts = Counts::new(&rehearsal);
    numbers().for_each(|number| counts.add(&rehearsal.draw(number).unwrap()));
    criterion.bench_function("rollout/report", |bencher| {
        bencher.iter(|| black_box(rehearsal.report(&counts).unwrap()));
    });
}

criterion_group!(benches, bench);
criterion_main!(benches);
