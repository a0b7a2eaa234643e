//! Ratios of two things measured in one run: a gate that a slower or busier machine does not move.

use std::time::{Duration, Instant};

/// Pairs of batches; each pair gives one ratio.
const PAIRS: usize = 1_001;

/// How long `times` calls take.
#[expect(clippy::disallowed_methods, reason = "a bench reads the clock")]
pub fn clock(times: usize, mut call: impl FnMut()) -> Duration {
    let start = Instant::now();
    for _ in 0..times {
        call();
    }
    start.elapsed()
}

/// Runs two calls in turns, `batch` of each at a time, and prints the median of how many times as
/// long the first takes; nine of ten pairs lie in the range beside it.
///
/// Nothing is printed when criterion only tests that benches run.
pub fn ratio(
    name: &str,
    limit: &str,
    batch: usize,
    mut first: impl FnMut(),
    mut second: impl FnMut(),
) {
    if std::env::args().any(|argument| argument == "--test") {
        first();
        second();
        return;
    }
    let ratios: Vec<f64> = (0..PAIRS)
        .map(|turn| {
            // Who goes first has the colder caches: they take turns at that, too.
            let (one, other);
            if turn % 2 == 0 {
                one = clock(batch, &mut first);
                other = clock(batch, &mut second);
            } else {
                other = clock(batch, &mut second);
                one = clock(batch, &mut first);
            }
            one.as_secs_f64() / other.as_secs_f64()
        })
        .collect();
    print(name, limit, ratios);
}

/// Prints the median of the ratios, which is held against the limit, and the range of nine in ten.
pub fn print(name: &str, limit: &str, mut ratios: Vec<f64>) {
    ratios.sort_by(f64::total_cmp);
    let at = |part: usize| ratios[ratios.len() * part / 100];
    println!("gate {name}: {:.3} ({:.3} to {:.3}), {limit}", at(50), at(5), at(95));
}

/// Runs the same work on one thread and on two in turns, as much on each thread, and prints the
/// median of how many times the throughput two give.
pub fn throughput(name: &str, limit: &str, mut run: impl FnMut(bool) -> Duration) {
    let testing = std::env::args().any(|argument| argument == "--test");
    let pairs = if testing { 1 } else { PAIRS / 16 };
    let gains: Vec<f64> =
        (0..pairs).map(|_| 2.0 * run(false).as_secs_f64() / run(true).as_secs_f64()).collect();
    if !testing {
        print(name, limit, gains);
    }
}
