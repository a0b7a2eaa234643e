//! The replay window against a slow model, at its bounds, for ever, and with many threads.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};

use proptest::prelude::*;
use token_protection_lab::base::Timestamp;
use token_protection_lab::base::stream::Seed;
use token_protection_lab::jose::JwkThumbprint;
use token_protection_lab::pop::{ReplayError, ReplayKey, ReplayTag, ReplayWindow, Window};

const fn at(second: i64) -> Timestamp {
    Timestamp::from_unix(second)
}

/// Distinct tags, as a verifier makes them.
struct Tags {
    key: ReplayKey,
    jkt: JwkThumbprint,
}

impl Tags {
    fn new() -> Self {
        let jkt = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I".parse().unwrap();
        Self { key: ReplayKey::generate(&mut Seed(9449).stream("replay")), jkt }
    }

    fn tag(&self, number: u64) -> ReplayTag {
        self.key.tag(&self.jkt, &number.to_be_bytes())
    }
}

/// What a window must answer, said as plainly as possible.
struct Model {
    capacity: usize,
    latest: i64,
    until: BTreeMap<ReplayTag, i64>,
}

impl Model {
    fn new(capacity: usize) -> Self {
        Self { capacity, latest: i64::MIN, until: BTreeMap::new() }
    }

    fn test_and_set(&mut self, tag: ReplayTag, until: i64, now: i64) -> Result<(), ReplayError> {
        self.latest = self.latest.max(now);
        let live: BTreeMap<_, _> =
            self.until.iter().filter(|(_, until)| **until >= self.latest).collect();
        if until < self.latest || live.contains_key(&tag) {
            return Err(ReplayError::Seen);
        }
        if live.len() >= self.capacity {
            return Err(ReplayError::Full);
        }
        self.until.insert(tag, until);
        Ok(())
    }
}

/// A step: which tag, how far its end lies from the clock, and how the clock moves before.
type Step = (u64, i64, i64);

fn steps() -> impl Strategy<Value = (usize, i64, Vec<Step>)> {
    let end =
        prop_oneof![8 => -3..40_i64, 2 => 500..530_i64, 1 => Just(1 << 33), 1 => Just(i64::MAX)];
    let tick = prop_oneof![12 => Just(0), 6 => 0..3_i64, 1 => -30..600_i64, 1 => Just(-5)];
    let start = prop_oneof![4 => Just(1_760_000_000), 1 => Just(-7), 1 => Just(i64::MIN)];
    let step = (0..60_u64, end, tick);
    (0..50_usize, start, prop::collection::vec(step, 1..300))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// RFC 9449 section 11.1: a proof is good once, for as long as it could be good at all.
    #[test]
    fn a_window_answers_as_the_slow_model_does((capacity, start, steps) in steps()) {
        let tags = Tags::new();
        let windows = [1, 2, 3, 16].map(|shards| Window::with_shards(capacity, shards));
        let mut model = Model::new(capacity);
        let mut now = start;
        for (number, end, tick) in steps {
            now = now.saturating_add(tick);
            let (tag, until) = (tags.tag(number), now.saturating_add(end));
            let expected = model.test_and_set(tag, until, now);
            for window in &windows {
                prop_assert_eq!(window.test_and_set(tag, at(until), at(now)), expected);
            }
        }
    }
}

#[test]
fn a_proof_is_good_once_to_its_last_second() {
    let (window, tags) = (Window::with_capacity(10), Tags::new());
    assert_eq!(window.test_and_set(tags.tag(1), at(1300), at(1000)), Ok(()));
    assert_eq!(window.test_and_set(tags.tag(1), at(1300), at(1300)), Err(ReplayError::Seen));
    // The same jti in another proof of the key: still a replay, whatever its own time.
    assert_eq!(window.test_and_set(tags.tag(1), at(1330), at(1300)), Err(ReplayError::Seen));
    assert_eq!(window.test_and_set(tags.tag(1), at(1601), at(1301)), Ok(()));
}

#[test]
fn a_clock_set_back_admits_nothing_that_was_forgotten() {
    let (window, tags) = (Window::with_capacity(10), Tags::new());
    assert_eq!(window.test_and_set(tags.tag(1), at(1300), at(1000)), Ok(()));
    // Time passes, and another entry takes the place.
    assert_eq!(window.test_and_set(tags.tag(2), at(1700), at(1400)), Ok(()));
    assert_eq!(window.test_and_set(tags.tag(1), at(1300), at(1000)), Err(ReplayError::Seen));
    // What is alive by the later clock is judged as ever.
    assert_eq!(window.test_and_set(tags.tag(2), at(1700), at(1000)), Err(ReplayError::Seen));
    assert_eq!(window.test_and_set(tags.tag(3), at(1400), at(1000)), Ok(()));
}

#[test]
fn a_full_window_refuses_and_forgets_nothing() {
    let tags = Tags::new();
    for capacity in [0, 1, 5, 100, 9_000, 40_000] {
        let window = Window::with_capacity(capacity);
        let capacity = capacity as u64;
        for number in 0..capacity {
            let until = at(100 + (number % 7) as i64);
            assert_eq!(window.test_and_set(tags.tag(number), until, at(0)), Ok(()), "{number}");
        }
        for number in capacity..capacity + 20 {
            let refused = window.test_and_set(tags.tag(number), at(100), at(100));
            assert_eq!(refused, Err(ReplayError::Full), "{number} of {capacity}");
        }
        for number in 0..capacity {
            let refused = window.test_and_set(tags.tag(number), at(200), at(100));
            assert_eq!(refused, Err(ReplayError::Seen), "{number} of {capacity}");
        }
        // One second later one in seven has ended, in all shards, and as many find room.
        let ended = capacity.div_ceil(7);
        for number in 0..ended {
            let fresh = tags.tag(1_000_000 + number);
            assert_eq!(window.test_and_set(fresh, at(200), at(101)), Ok(()), "{number}");
        }
        let refused = window.test_and_set(tags.tag(2_000_000), at(200), at(101));
        assert_eq!(refused, Err(ReplayError::Full), "{capacity}");
    }
}

#[test]
fn of_many_threads_with_one_proof_exactly_one_wins() {
    const THREADS: usize = 8;
    const PROOFS: u64 = 500;
    let tags = Tags::new();
    let tags: Arc<Vec<_>> = Arc::new((0..PROOFS).map(|number| tags.tag(number)).collect());
    let window = Arc::new(Window::with_shards(PROOFS as usize, 2));
    let won: Arc<Vec<AtomicUsize>> = Arc::new((0..PROOFS).map(|_| AtomicUsize::new(0)).collect());
    let start = Arc::new(Barrier::new(THREADS));
    let threads: Vec<_> = (0..THREADS)
        .map(|thread| {
            let (window, tags) = (window.clone(), tags.clone());
            let (won, start) = (won.clone(), start.clone());
            std::thread::spawn(move || {
                start.wait();
                for (number, tag) in tags.iter().enumerate() {
                    // Clocks of threads differ by a second.
                    let now = at(1000 + (thread % 2) as i64);
                    match window.test_and_set(*tag, at(1300), now) {
                        Ok(()) => {
                            won[number].fetch_add(1, Ordering::SeqCst);
                        }
                        Err(error) => assert_eq!(error, ReplayError::Seen),
                    }
                }
            })
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    assert!(won.iter().all(|won| won.load(Ordering::SeqCst) == 1));
}

#[test]
fn many_threads_never_take_more_than_the_capacity() {
    let (window, tags) = (Arc::new(Window::with_shards(1000, 4)), Arc::new(Tags::new()));
    let threads: Vec<_> = (0..4_u64)
        .map(|thread| {
            let (window, tags) = (window.clone(), tags.clone());
            std::thread::spawn(move || {
                let mine = (0..500).map(|number| tags.tag(thread * 500 + number));
                mine.filter(|tag| window.test_and_set(*tag, at(50), at(0)).is_ok()).count()
            })
        })
        .collect();
    let taken: usize = threads.into_iter().map(|thread| thread.join().unwrap()).sum();
    assert_eq!(taken, 1000);
}

#[test]
fn a_window_is_bounded_for_ever_and_allocates_nothing_more() {
    const LIVE: u64 = 1500;
    let (window, tags) = (Window::with_capacity(LIVE as usize), Tags::new());
    let mut number = 0;
    for second in 0..299 {
        for _ in 0..LIVE / 300 {
            number += 1;
            let until = at(second + 299);
            assert_eq!(window.test_and_set(tags.tag(number), until, at(second)), Ok(()));
        }
    }
    let mut refused = 0;
    let allocated = allocation_counter::measure(|| {
        for second in 299..40_000 {
            for _ in 0..LIVE / 300 {
                number += 1;
                let until = at(second + 299);
                let verdict = window.test_and_set(tags.tag(number), until, at(second));
                refused += usize::from(verdict.is_err());
            }
            let full = window.test_and_set(tags.tag(0), at(second + 299), at(second));
            refused += usize::from(full != Err(ReplayError::Full));
        }
    });
    assert_eq!((refused, allocated.count_total), (0, 0));
}

#[test]
fn an_entry_costs_at_most_32_octets_with_everything() {
    for capacity in [10_000, 100_000, 1_000_000] {
        let mut window = None;
        let made = allocation_counter::measure(|| window = Some(Window::with_capacity(capacity)));
        let each = made.bytes_max as f64 / capacity as f64;
        assert!(each <= 32.0, "{each} octets an entry at {capacity}");
        drop(window);
    }
}
