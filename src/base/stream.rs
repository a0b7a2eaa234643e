//! Seeded chance: one root seed per run, one independent stream per party.
//!
//! Each party draws from its own stream, named by a label, so one more draw in the broker does not
//! change what the provider draws. `ChaCha20Rng` is stable between versions of `rand`, which
//! `StdRng` is not.

use rand::SeedableRng as _;
use sha2::{Digest as _, Sha256};

/// The generator that every room takes as `rng`.
pub type Stream = rand::rngs::ChaCha20Rng;

/// The root seed of a run. The same seed, version and scenario give the same bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Seed(pub u64);

impl Seed {
    /// The stream of the party named `label`: ChaCha20 keyed with SHA-256 of seed and label.
    #[must_use]
    pub fn stream(self, label: &str) -> Stream {
        let mut hash = Sha256::new();
        hash.update(b"token-protection-lab/stream/");
        hash.update(self.0.to_be_bytes());
        hash.update(label.as_bytes());
        Stream::from_seed(hash.finalize().into())
    }
}

impl std::fmt::Display for Seed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// `N` fresh octets from `rng`.
pub fn octets<const N: usize>(rng: &mut impl rand::Rng) -> [u8; N] {
    let mut out = [0; N];
    rng.fill_bytes(&mut out);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_a_function_of_seed_and_label() {
        let draw = |seed, label| octets::<16>(&mut Seed(seed).stream(label));
        assert_eq!(draw(7, "broker"), draw(7, "broker"));
        assert_ne!(draw(7, "broker"), draw(7, "provider"));
        assert_ne!(draw(7, "broker"), draw(8, "broker"));
    }
}
