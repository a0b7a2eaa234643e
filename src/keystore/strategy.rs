//! [`Strategy`]: which key proves possession on each request, and what that costs in time.
//!
//! Every strategy is a few operations once, when the key or the PRT comes to the device, and a few
//! for each request. Each operation runs in hardware or in the memory of a process, by its
//! [`LatencyModel`]. The same clock and the same distributions serve the simulator; here they are
//! played alone, many times, so that medians can be told.

use super::latency::{Latency, LatencyModel};
use crate::base::stream::{Seed, Stream};
use crate::base::time::{ManualClock, Nanos, Timestamp};

/// How requests prove possession of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Strategy {
    /// Protocol 4: the device key in hardware signs each use of the PRT, and the transport key opens
    /// each answer.
    DeviceKey,
    /// The session key stays in hardware, which derives a key for each use of the PRT and one for
    /// each answer.
    SessionKeyInHardware,
    /// The session key is unwrapped in hardware once and then lies in the memory of the broker.
    SessionKeyInMemory,
    /// A DPoP key in hardware signs a proof for each request.
    DpopInHardware,
    /// A DPoP key in the memory of a process signs a proof for each request.
    DpopInMemory,
}

/// How often each operation of a key store is needed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Operations {
    /// Signatures.
    pub sign: u32,
    /// Key agreements: unwrapping a session key, opening an answer.
    pub unwrap: u32,
    /// Derivations from a session key.
    pub derive: u32,
}

impl Operations {
    const NONE: Self = Self { sign: 0, unwrap: 0, derive: 0 };
}

/// What a strategy costs in time, over many seeded runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    /// Median of what is paid once.
    pub once: Nanos,
    /// Half of all requests take no longer.
    pub p50: Nanos,
    /// 95 of 100 requests take no longer.
    pub p95: Nanos,
}

/// Requests that percentiles are taken over.
const SAMPLE: usize = 20_001;
/// Runs that medians of sums are taken over.
const RUNS: usize = 501;

impl Strategy {
    /// All of them, in the order of the pages.
    pub const ALL: [Self; 5] = [
        Self::DeviceKey,
        Self::SessionKeyInHardware,
        Self::SessionKeyInMemory,
        Self::DpopInHardware,
        Self::DpopInMemory,
    ];

    /// The name in outputs.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::DeviceKey => "device key (protocol 4)",
            Self::SessionKeyInHardware => "session key in hardware",
            Self::SessionKeyInMemory => "session key in memory",
            Self::DpopInHardware => "DPoP key in hardware",
            Self::DpopInMemory => "DPoP key in memory",
        }
    }

    /// What is paid once. With a PRT: the device key signs its request, and the answer is opened or
    /// the session key unwrapped, all in hardware. Making keys is not counted.
    #[must_use]
    pub const fn once(self) -> Operations {
        match self {
            Self::DeviceKey | Self::SessionKeyInHardware | Self::SessionKeyInMemory => {
                Operations { sign: 1, unwrap: 1, ..Operations::NONE }
            }
            Self::DpopInHardware | Self::DpopInMemory => Operations::NONE,
        }
    }

    /// What each request costs: its proof and, at the token endpoint, opening the answer.
    #[must_use]
    pub const fn each(self) -> Operations {
        match self {
            Self::DeviceKey => Operations { sign: 1, unwrap: 1, ..Operations::NONE },
            Self::SessionKeyInHardware | Self::SessionKeyInMemory => {
                Operations { derive: 2, ..Operations::NONE }
            }
            Self::DpopInHardware | Self::DpopInMemory => Operations { sign: 1, ..Operations::NONE },
        }
    }

    /// Where the operations of each request run.
    #[must_use]
    pub const fn model(self) -> LatencyModel {
        match self {
            Self::DeviceKey | Self::SessionKeyInHardware | Self::DpopInHardware => {
                LatencyModel::chrome_tpm()
            }
            Self::SessionKeyInMemory | Self::DpopInMemory => LatencyModel::processor(),
        }
    }

    /// Median and 95th percentile of a request. The same seed gives the same times.
    #[must_use]
    pub fn times(self, seed: Seed) -> Times {
        let mut run = Run::of(self, seed, "request");
        let mut each: Vec<_> = (0..SAMPLE).map(|_| run.request()).collect();
        let mut once: Vec<_> = (0..SAMPLE).map(|_| run.once()).collect();
        Times {
            once: percentile(&mut once, 50),
            p50: percentile(&mut each, 50),
            p95: percentile(&mut each, 95),
        }
    }

    /// Median time in keys after each of so many requests, what is paid once included.
    #[must_use]
    pub fn after_each(self, requests: usize, seed: Seed) -> Vec<Nanos> {
        let mut sums = vec![Vec::with_capacity(RUNS); requests];
        let mut run = Run::of(self, seed, "sum");
        for _ in 0..RUNS {
            let start = run.clock.elapsed();
            run.once();
            for sum in &mut sums {
                run.request();
                sum.push(Nanos(run.clock.elapsed().0 - start.0));
            }
        }
        sums.iter_mut().map(|sum| percentile(sum, 50)).collect()
    }
}

/// A strategy played on the simulated clock.
struct Run {
    strategy: Strategy,
    clock: ManualClock,
    chance: Stream,
}

impl Run {
    fn of(strategy: Strategy, seed: Seed, what: &str) -> Self {
        let chance = seed.stream(&format!("{what}/{}", strategy.label()));
        Self { strategy, clock: ManualClock::starting_at(Timestamp::from_unix(0)), chance }
    }

    fn once(&mut self) -> Nanos {
        self.pass(self.strategy.once(), LatencyModel::chrome_tpm())
    }

    fn request(&mut self) -> Nanos {
        self.pass(self.strategy.each(), self.strategy.model())
    }

    fn pass(&mut self, operations: Operations, model: LatencyModel) -> Nanos {
        let mut took = Nanos(0);
        let mut add = |latency: Latency, times| {
            (0..times).for_each(|_| took += latency.draw(&mut self.chance));
        };
        add(model.sign, operations.sign);
        add(model.unwrap, operations.unwrap);
        add(model.derive, operations.derive);
        self.clock.advance(took);
        took
    }
}

/// The smallest of `times` that `percent` of them do not exceed; zero of none.
fn percentile(times: &mut [Nanos], percent: usize) -> Nanos {
    times.sort_unstable();
    let at = (times.len() * percent).div_ceil(100).saturating_sub(1);
    times.get(at).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEED: Seed = Seed(5);

    fn millis(of: Nanos) -> f64 {
        of.0 as f64 / 1e6
    }

    #[test]
    fn one_operation_has_the_percentiles_of_its_model() {
        let dpop = Strategy::DpopInHardware.times(SEED);
        assert_eq!(dpop.once, Nanos(0));
        assert!((196.0..204.0).contains(&millis(dpop.p50)), "{dpop:?}");
        assert!((585.0..615.0).contains(&millis(dpop.p95)), "{dpop:?}");
    }

    #[test]
    fn a_session_key_in_hardware_still_pays_and_is_cheaper_than_the_device_key() {
        let [device, hardware, memory, ..] = Strategy::ALL.map(|strategy| strategy.times(SEED));
        assert!(millis(hardware.p50) > 100.0, "two derivations: {hardware:?}");
        assert!(device.p50.0 > 3 * hardware.p50.0, "{device:?}");
        assert!(hardware.p50.0 > 1_000 * memory.p50.0, "{memory:?}");
        // All three pay the same once, each drawn for itself.
        for other in [hardware, memory] {
            assert!((0.97..1.03).contains(&(millis(other.once) / millis(device.once))));
        }
    }

    #[test]
    fn sums_grow_from_what_is_paid_once_and_repeat_with_the_seed() {
        let sums = Strategy::SessionKeyInHardware.after_each(40, SEED);
        assert_eq!(sums, Strategy::SessionKeyInHardware.after_each(40, SEED));
        assert_ne!(sums, Strategy::SessionKeyInHardware.after_each(40, Seed(6)));
        assert!(sums.is_sorted());
        assert!(millis(sums[0]) > 400.0, "{}", sums[0]);
        let memory = Strategy::SessionKeyInMemory.after_each(40, SEED);
        assert!(millis(memory[39]) < 1.1 * millis(memory[0]), "paid once: {}", memory[39]);
    }

    #[test]
    fn percentiles_of_few_and_of_none() {
        assert_eq!(percentile(&mut [], 50), Nanos(0));
        let mut times = [3, 1, 2, 4].map(Nanos);
        assert_eq!(percentile(&mut times, 50), Nanos(2));
        assert_eq!(percentile(&mut times, 95), Nanos(4));
    }
}
