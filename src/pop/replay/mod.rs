//! The replay window: every proof is good once.
//!
//! A proof is named by the thumbprint of its key and its `jti`, which a [`ReplayKey`] makes a
//! [`ReplayTag`] of 128 bits. A [`ReplayWindow`] takes each tag once and remembers it until the last
//! moment at which the same proof could pass again: `iat` plus the greatest age, not first use plus
//! the greatest age, so a proof dated ahead is remembered longer.
//!
//! ```text
//! (thumbprint, jti) --ReplayKey--> ReplayTag --test_and_set--> Ok: first use
//!                                                          --> Seen, Full, Away: refused
//! ```
//!
//! [`Window`] lives in the memory of one server. Servers that answer for the same tokens share one
//! window, or a proof is good once at each of them; they share its key too, since all of them must
//! make the same tag of the same proof.

mod ends;
mod table;
mod tag;
mod window;

pub use tag::{ReplayKey, ReplayTag};
pub use window::Window;

use std::sync::Arc;

use crate::base::Timestamp;

/// A memory of proofs that were used: each is accepted once.
///
/// # Security
/// A false accept is a replay: somebody who saw a proof uses it again. A false refusal costs an
/// honest client one more proof. So whatever cannot be known refuses: when the memory is full, when
/// it cannot be asked, and when the time of an entry is over and it may have been forgotten. An
/// implementation must never forget an entry before its time to make room for another.
///
/// # Source
/// RFC 9449 sections 4.3 (check 11 and after) and 11.1.
pub trait ReplayWindow: Send + Sync {
    /// Takes `tag` if it was not taken before, and remembers it up to and including `until`.
    ///
    /// Test and entry are one step: of many callers with one tag exactly one gets `Ok`. `until` is
    /// the `iat` of the proof plus the greatest age that the caller accepts.
    ///
    /// # Errors
    /// [`ReplayError`]; each of them refuses the proof.
    fn test_and_set(
        &self,
        tag: ReplayTag,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<(), ReplayError>;
}

/// Why a replay window did not take a proof. Each reason refuses it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
pub enum ReplayError {
    /// A shared window did not answer, not in time, or not as it should.
    #[error("the shared replay window cannot be asked")]
    Away,
    /// The window holds as many live entries as it may, and forgets none early.
    #[error("the replay window is full")]
    Full,
    /// The proof was used before, or its time is over by the latest clock that the window was shown,
    /// so that it may have been used and forgotten.
    #[error("the proof was used before")]
    Seen,
}

impl ReplayError {
    /// The stable code of this error.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Away => "pop.replay_away",
            Self::Full => "pop.replay_full",
            Self::Seen => "pop.replay_seen",
        }
    }
}

/// A window with the key of its tags, as servers share it. A clone is the same window.
#[derive(Clone)]
pub struct SharedReplay {
    window: Arc<dyn ReplayWindow>,
    key: Arc<ReplayKey>,
}

impl SharedReplay {
    /// `window`, with the tags that `key` makes.
    #[must_use]
    pub fn new(window: impl ReplayWindow + 'static, key: ReplayKey) -> Self {
        Self { window: Arc::new(window), key: Arc::new(key) }
    }

    /// The window.
    #[must_use]
    pub fn window(&self) -> &dyn ReplayWindow {
        &*self.window
    }

    /// The key of its tags.
    #[must_use]
    pub fn key(&self) -> &ReplayKey {
        &self.key
    }
}

/// Shows neither entries nor key.
impl std::fmt::Debug for SharedReplay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SharedReplay")
    }
}
