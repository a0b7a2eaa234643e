//! ES256 under keys that come again: the table backend beside ring and p256, by how many keys, and a
//! budget of tables under two popularities.
//!
//! 2,048 distinct signatures in random order; a second part is no criterion group but one run with a
//! clock around it, since tables are built meanwhile and that has to count.

#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "a bench fails by panicking")]
#![allow(clippy::disallowed_methods, reason = "the second part reads the clock")]

#[allow(dead_code, unreachable_pub, reason = "shared by several benches")]
#[path = "support/gate.rs"]
mod gate;

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group};
use rand::RngExt as _;
use token_protection_lab::base::stream::{Seed, Stream, octets};
use token_protection_lab::jose::{
    KnownKeys, P256, Ring, RingSigningKey, Signer as _, VerifyEs256, known_keys::TableUse,
};

/// Messages, order and popularity come from this seed; ring draws its keys from the system.
const SEED: Seed = Seed(0x4e_95);

/// Distinct signatures per measurement.
const SIGNATURES: usize = 2_048;

/// Keys of the second part.
const POPULATION: usize = 10_000;

/// Its budget in octets.
const BUDGET: usize = 64 << 20;

/// Requests of the second part.
const REQUESTS: usize = 200_000;

struct Signed {
    key: [u8; 65],
    message: [u8; 300],
    signature: [u8; 64],
}

fn signers(count: usize) -> Vec<RingSigningKey> {
    (0..count).map(|_| RingSigningKey::generate().unwrap()).collect()
}

fn sign(signer: &RingSigningKey, rng: &mut Stream) -> Signed {
    let message = octets(rng);
    let signature = signer.sign(&message).unwrap().try_into().unwrap();
    Signed { key: signer.public_key().to_sec1(), message, signature }
}

fn verify(backend: &impl VerifyEs256, signed: &Signed) -> bool {
    backend.accepts(&signed.key, &signed.message, &signed.signature)
}

/// Under random keys of the set, so neither order nor key can be guessed.
fn signatures(signers: &[RingSigningKey], rng: &mut Stream) -> Vec<Signed> {
    (0..SIGNATURES).map(|_| sign(&signers[rng.random_range(..signers.len())], rng)).collect()
}

/// Tables for all of them.
fn knowing(signed: &[Signed]) -> KnownKeys {
    let known = KnownKeys::with_budget(BUDGET, &mut SEED.stream("known")).unwrap();
    for _ in 0..64 {
        signed.iter().for_each(|signed| known.accepted(&signed.key));
        known.maintain(usize::MAX);
    }
    known
}

fn verify_by_keys(c: &mut Criterion) {
    for count in [1, 100, 1_000] {
        let mut rng = SEED.stream("signatures");
        let signed = signatures(&signers(count), &mut rng);
        let known = knowing(&signed);
        assert!(signed.iter().all(|signed| verify(&known, signed)));
        let counts = known.counts();
        assert_eq!((counts.misses, counts.undecided), (0, 0), "every key has a table");
        let mut group = c.benchmark_group("known_keys/verify");
        group.throughput(Throughput::Elements(1));
        group.bench_function(BenchmarkId::new("known", count), |b| run(b, &known, &signed));
        group.bench_function(BenchmarkId::new("ring", count), |b| run(b, &Ring, &signed));
        if count == 1 {
            group.bench_function(BenchmarkId::new("p256", count), |b| run(b, &P256, &signed));
            // What the backend costs a key that has no table.
            let stranger = KnownKeys::with_budget(BUDGET, &mut rng).unwrap();
            group.bench_function(BenchmarkId::new("cold", count), |b| run(b, &stranger, &signed));
        }
        group.finish();
        compare(count, &known, &signed);
    }
}

fn run(b: &mut criterion::Bencher<'_>, backend: &impl VerifyEs256, signed: &[Signed]) {
    let mut next = signed.iter().cycle();
    b.iter(|| assert!(verify(backend, black_box(next.next().unwrap()))));
}

/// The ratio from interleaved runs: for each handful of signatures the best time of each backend, so
/// that whatever else the machine does falls on both or on none.
fn compare(count: usize, known: &KnownKeys, signed: &[Signed]) {
    const ROUNDS: usize = 10;
    let handfuls: Vec<&[Signed]> = signed.chunks(16).collect();
    let mut best = vec![[Duration::MAX; 2]; handfuls.len()];
    for _ in 0..ROUNDS {
        for (signed, best) in handfuls.iter().zip(&mut best) {
            best[0] = best[0].min(time(|| assert!(signed.iter().all(|one| verify(known, one)))));
            best[1] = best[1].min(time(|| assert!(signed.iter().all(|one| verify(&Ring, one)))));
        }
    }
    let micros = |at: usize| {
        best.iter().map(|best| best[at].as_secs_f64()).sum::<f64>() * 1e6 / SIGNATURES as f64
    };
    let (ours, ring) = (micros(0), micros(1));
    println!("known_keys/{count}: {ours:.2} us, ring {ring:.2} us, ratio {:.2}", ring / ours);
}

fn time(work: impl FnOnce()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

/// Two threads with one backend: how much more they do than one.
fn two_threads() {
    for count in [1, 100] {
        let signed = signatures(&signers(count), &mut SEED.stream("threads"));
        let known = knowing(&signed);
        let pass = || assert!(signed.iter().all(|signed| verify(&known, signed)));
        let name = format!("known keys, {count}: two threads / one");
        gate::throughput(&name, "at least 1.8", |twice| {
            time(|| {
                std::thread::scope(|scope| {
                    scope.spawn(pass);
                    if twice {
                        scope.spawn(pass);
                    }
                });
            })
        });
    }
}

/// Which key comes with each request.
enum Popularity {
    Uniform,
    /// The key of rank k comes with a weight of 1 / k.
    Zipf,
}

impl Popularity {
    fn ranks(&self, rng: &mut Stream) -> Vec<usize> {
        let weight = |rank: usize| match self {
            Self::Uniform => 1.0,
            Self::Zipf => 1.0 / (rank + 1) as f64,
        };
        let sums: Vec<f64> = (0..POPULATION)
            .scan(0.0, |sum, rank| {
                *sum += weight(rank);
                Some(*sum)
            })
            .collect();
        let all = sums[POPULATION - 1];
        let pick = |rng: &mut Stream| {
            let draw = rng.random::<f64>() * all;
            sums.partition_point(|sum| *sum < draw)
        };
        (0..REQUESTS).map(|_| pick(rng).min(POPULATION - 1)).collect()
    }
}

/// Requests of 10,000 keys, a budget of 64 MiB, from the first request on; beside it the same with
/// tables off. Tables are built on this thread, so their cost is in the time.
fn budget() {
    const BATCH: usize = 500;
    let mut rng = SEED.stream("population");
    let signed: Vec<Signed> =
        signers(POPULATION).iter().map(|signer| sign(signer, &mut rng)).collect();
    for (name, popularity) in [("uniform", Popularity::Uniform), ("zipf", Popularity::Zipf)] {
        let ranks = popularity.ranks(&mut rng);
        let before = resident();
        let known = KnownKeys::with_budget(BUDGET, &mut rng).unwrap();
        let cold = KnownKeys::with_budget(BUDGET, &mut rng).unwrap();
        cold.switch(TableUse::Off);
        let serve = |backend: &KnownKeys, ranks: &[usize]| {
            for &rank in ranks {
                assert!(verify(backend, black_box(&signed[rank])));
                backend.accepted(&signed[rank].key);
            }
            backend.maintain(64);
        };
        let (mut with, mut without) = (Vec::new(), Vec::new());
        for ranks in ranks.chunks(BATCH) {
            with.push(time(|| serve(&known, ranks)));
            without.push(time(|| serve(&cold, ranks)));
        }
        let (counts, grown) = (known.counts(), resident().saturating_sub(before));
        assert!(counts.octets <= BUDGET);
        let micros = |times: &[Duration]| {
            times.iter().sum::<Duration>().as_secs_f64() * 1e6 / (times.len() * BATCH) as f64
        };
        let half = with.len() / 2;
        // Over the whole run, not by pairs: the batches in which tables are built have to count.
        let ratio = micros(&with) / micros(&without);
        match popularity {
            Popularity::Uniform => gate::print(
                "64 MiB for 10,000 keys, uniform, whole run: with tables / cold keys alone",
                "at most 1.05",
                vec![ratio],
            ),
            Popularity::Zipf => gate::print(
                "64 MiB for 10,000 keys, Zipf, whole run: cold keys alone / with tables",
                "at least 1.2",
                vec![1.0 / ratio],
            ),
        }
        gate::print(
            &format!("64 MiB for 10,000 keys, {name}: resident growth in MiB"),
            "at most 96",
            vec![(grown >> 20) as f64],
        );
        println!(
            "known_keys/budget/{name}: {:.2} us, cold alone {:.2} us, time ratio {:.3}; later half {:.3}; \
             hit rate {:.3}; built {}, replaced {}, held {} of {}; {} of {} MiB; grown by {} MiB",
            micros(&with),
            micros(&without),
            ratio,
            micros(&with[half..]) / micros(&without[half..]),
            counts.hit_rate(),
            counts.built,
            counts.replaced,
            counts.held,
            known.capacity(),
            counts.octets >> 20,
            BUDGET >> 20,
            grown >> 20,
        );
    }
}

/// Resident octets of this process, where the system tells.
fn resident() -> usize {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    pages.split(' ').nth(1).and_then(|pages| pages.parse().ok()).unwrap_or(0_usize) * 4_096
}

criterion_group!(benches, verify_by_keys);

fn main() {
    benches();
    // One look each is enough where benches only have to run.
    if !std::env::args().any(|argument| argument == "--test") {
        two_threads();
        budget();
    }
    Criterion::default().configure_from_args().final_summary();
}
