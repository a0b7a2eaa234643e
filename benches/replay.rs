//! The replay window in its steady state: each entry comes in as an old one ends.
//!
//! `replay/insert/THREADS/LIVE` is one `test_and_set` with so many live entries, all threads on one
//! window; with two threads the time is that of one insert of each. The tag, made before, is
//! `replay/tag`. Octets an entry are printed first: everything the window ever allocates.

#![allow(clippy::disallowed_methods, reason = "a bench reads the clock")]
#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    missing_docs,
    reason = "a bench fails by panicking and exports nothing"
)]

use std::hint::black_box;
use std::sync::Barrier;
use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use token_protection_lab::base::stream::Seed;
use token_protection_lab::base::{Lifetime, Timestamp};
use token_protection_lab::jose::JwkThumbprint;
use token_protection_lab::pop::{ReplayError, ReplayKey, ReplayTag, ReplayWindow, Window};

/// Live entries. The checks run every bench once, and there the first size says as much.
const SIZES: [u64; 4] = [10_000, 100_000, 1_000_000, 10_000_000];
/// Seconds that an entry lives, its first and last included; all sizes are multiples.
const LIFE: u64 = 250;
const JKT: &str = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";

/// Makes tags as a verifier does, a new one each time.
struct Tags {
    key: ReplayKey,
    jkt: JwkThumbprint,
    next: u64,
}

impl Tags {
    fn new() -> Self {
        // The seed is arbitrary; it only keeps runs alike.
        let key = ReplayKey::generate(&mut Seed(9449).stream("replay"));
        Self { key, jkt: JKT.parse().unwrap(), next: 0 }
    }

    fn take(&mut self, count: u64) -> Vec<ReplayTag> {
        let numbers = self.next..self.next + count;
        self.next += count;
        numbers.map(|number| self.key.tag(&self.jkt, &number.to_be_bytes())).collect()
    }
}

/// A window full to the last place, and where its clock stands.
struct Full {
    window: Window,
    live: u64,
    inserted: u64,
    tags: Tags,
}

impl Full {
    fn of(live: u64) -> Self {
        let window = Window::with_capacity(usize::try_from(live).unwrap());
        let mut full = Self { window, live, inserted: 0, tags: Tags::new() };
        // Twice round, so that places have been used before and their pages are there.
        for _ in 0..20 {
            full.insert(live / 10, 1);
        }
        let now = full.at(full.inserted - 1);
        let refused = full.tags.take(1)[0];
        assert_eq!(full.window.test_and_set(refused, now, now), Err(ReplayError::Full));
        full
    }

    /// The second of the insert with this number: as many a second as end in it.
    fn at(&self, number: u64) -> Timestamp {
        let each_second = self.live / LIFE;
        Timestamp::from_unix(1_760_000_000 + i64::try_from(number / each_second).unwrap())
    }

    /// So many inserts by each thread: how long that took.
    fn insert(&mut self, each: u64, threads: u64) -> Duration {
        let tags: Vec<_> = (0..threads).map(|_| self.tags.take(each)).collect();
        let start = Barrier::new(usize::try_from(threads).unwrap());
        let this = &*self;
        let took = std::thread::scope(|scope| {
            let running: Vec<_> = (0..threads)
                .zip(&tags)
                .map(|(thread, tags)| {
                    let start = &start;
                    scope.spawn(move || {
                        start.wait();
                        let began = Instant::now();
                        this.insert_all(tags, thread, threads);
                        began.elapsed()
                    })
                })
                .collect();
            running.into_iter().map(|thread| thread.join().unwrap()).max().unwrap()
        });
        self.inserted += each * threads;
        took
    }

    fn insert_all(&self, tags: &[ReplayTag], thread: u64, threads: u64) {
        let life = Lifetime::from_secs(LIFE as u32 - 1);
        let mut refused = 0;
        for (tag, number) in tags.iter().zip(0_u64..) {
            let now = self.at(self.inserted + number * threads + thread);
            let verdict = self.window.test_and_set(black_box(*tag), now + life, now);
            refused += u64::from(verdict.is_err());
        }
        assert_eq!(refused, 0);
    }
}

fn bench(criterion: &mut Criterion) {
    let once = std::env::args().any(|argument| argument == "--test");
    let sizes = if once { &SIZES[..1] } else { &SIZES[..] };
    for live in sizes {
        let capacity = usize::try_from(*live).unwrap();
        let made = allocation_counter::measure(|| drop(Window::with_capacity(capacity)));
        println!(
            "{live} live entries: {} octets, {:.2} an entry",
            made.bytes_max,
            made.bytes_max as f64 / *live as f64
        );
    }
    let mut tags = Tags::new();
    criterion.bench_function("replay/tag", |bencher| {
        bencher.iter(|| {
            tags.next += 1;
            tags.key.tag(black_box(&tags.jkt), black_box(&tags.next.to_be_bytes()))
        });
    });
    let mut group = criterion.benchmark_group("replay/insert");
    group.sample_size(20).warm_up_time(Duration::from_millis(500));
    group.measurement_time(Duration::from_secs(3));
    for threads in [1, 2] {
        group.throughput(Throughput::Elements(threads));
        for live in sizes {
            let id = BenchmarkId::new(threads.to_string(), live);
            let mut full = None;
            group.bench_function(id, |bencher| {
                let full = full.get_or_insert_with(|| Full::of(*live));
                bencher.iter_custom(|inserts| full.insert(inserts, threads));
            });
        }
    }
    group.finish();
}

criterion_group!(benches, bench);
criterion_main!(benches);
