//! [`LatencyModel`]: how long a key store takes, in simulated time.

use rand::Rng;
use rand_distr::{Distribution as _, StandardNormal};

use crate::base::time::Nanos;

/// The 95th percentile of the standard normal distribution.
const Z95: f64 = 1.644_853_626_951_472_2;

/// A lognormal duration, given by its median and its 95th percentile.
///
/// A median of zero means no time at all, and nothing is drawn; a `p95` below `p50` counts as
/// `p50`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Latency {
    /// Half of all operations take no longer.
    pub p50: Nanos,
    /// 95 of 100 operations take no longer.
    pub p95: Nanos,
}

impl Latency {
    /// No time at all.
    pub const NONE: Self = Self { p50: Nanos(0), p95: Nanos(0) };

    const fn from_millis(p50: u64, p95: u64) -> Self {
        Self { p50: Nanos::from_millis(p50), p95: Nanos::from_millis(p95) }
    }

    const fn from_micros(p50: u64, p95: u64) -> Self {
        Self { p50: Nanos(p50 * 1000), p95: Nanos(p95 * 1000) }
    }

    /// One duration: `p50 * exp(sigma * z)`, where `sigma` puts the 95th percentile at `p95`.
    pub(super) fn draw(self, rng: &mut impl Rng) -> Nanos {
        if self.p50 == Nanos(0) {
            return Nanos(0);
        }
        let median = self.p50.0 as f64;
        let sigma = (self.p95.max(self.p50).0 as f64 / median).ln() / Z95;
        let z: f64 = StandardNormal.sample(rng);
        Nanos((median * (sigma * z).exp()) as u64)
    }
}

/// The durations of the three operations of a key store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LatencyModel {
    /// A signature under a device, DPoP or user key.
    pub sign: Latency,
    /// Unwrapping a session key or opening an answer: one key agreement.
    pub unwrap: Latency,
    /// Deriving the key for one message from a session key.
    pub derive: Latency,
}

impl LatencyModel {
    /// No operation takes time, as of software keys.
    pub const NONE: Self =
        Self { sign: Latency::NONE, unwrap: Latency::NONE, derive: Latency::NONE };

    /// TPMs as Chrome found them.
    ///
    /// # Source
    /// `sign`: the W3C DBSC explainer reports a study by Chrome, p50 200 ms and p95 600 ms.
    ///
    /// # Simulated
    /// The other two are our assumptions; no figure is published. `unwrap` is taken to cost what
    /// `sign` does, since both are one private operation on P-256. `derive` is taken to cost a
    /// quarter, p50 50 ms and p95 150 ms: an HMAC is quick, but the session key stays in the TPM,
    /// so each derivation loads it and waits for a command. It is not free.
    #[must_use]
    pub const fn chrome_tpm() -> Self {
        Self {
            sign: Latency::from_millis(200, 600),
            unwrap: Latency::from_millis(200, 600),
            derive: Latency::from_millis(50, 150),
        }
    }

    /// Keys in the memory of a process: nothing but the processor's own time.
    ///
    /// # Simulated
    /// Our assumption for a machine with two shared cores of x86-64: a signature or a key agreement
    /// on P-256 takes 200 us, which lies between ring and the slower `p256`
    /// (`cargo bench --bench jose --bench latency` shows both); a derivation and its MAC 2 us, rounded
    /// up from that bench. The 95th percentile is twice the median, for what else a busy machine does.
    #[must_use]
    pub const fn processor() -> Self {
        Self {
            sign: Latency::from_micros(200, 400),
            unwrap: Latency::from_micros(200, 400),
            derive: Latency::from_micros(2, 4),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::stream::Seed;

    #[test]
    fn percentiles_are_where_they_were_put() {
        let mut rng = Seed(11).stream("latency");
        let latency = LatencyModel::chrome_tpm().sign;
        let mut drawn: Vec<_> = (0..20_000).map(|_| latency.draw(&mut rng)).collect();
        drawn.sort_unstable();
        let near = |at: usize, millis: u64| {
            let ratio = drawn[at].0 as f64 / Nanos::from_millis(millis).0 as f64;
            assert!((0.97..1.03).contains(&ratio), "{} at {at}", drawn[at]);
        };
        near(10_000, 200);
        near(19_000, 600);
    }

    #[test]
    fn none_takes_no_time_and_draws_nothing() {
        let (mut rng, mut same) = (Seed(1).stream("a"), Seed(1).stream("a"));
        assert_eq!(Latency::NONE.draw(&mut rng), Nanos(0));
        assert_eq!(rng.next_u64(), same.next_u64());
    }

    #[test]
    fn a_flat_latency_is_its_median() {
        let flat = Latency { p50: Nanos(1_000), p95: Nanos(10) };
        assert_eq!(flat.draw(&mut Seed(1).stream("flat")), Nanos(1_000));
    }
}
