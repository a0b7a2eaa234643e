//! Shards: parts of a fleet that machines rehearse apart, and their results put together.
//!
//! A shard has whole users, so that what is said of a user needs one shard only. The records of all
//! shards are exactly those of the undivided run, and so are the counts once they are merged.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::counts::{Counts, CountsFile};
use super::error::RolloutError;
use super::plan::PlanFile;
use super::rehearsal::Rehearsal;

/// Shard `index` of `of`, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Shard {
    /// Which, from 1.
    index: u32,
    /// Of how many.
    of: u32,
}

/// The text names no shard.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a shard is written `i/n` with i from 1 to n and n at most 10000, such as `2/7`")]
pub struct NotAShard;

impl Shard {
    /// The undivided whole.
    pub const WHOLE: Self = Self { index: 1, of: 1 };

    /// Shard `index` of `of`; none if there is no such shard.
    #[must_use]
    pub fn new(index: u32, of: u32) -> Option<Self> {
        ((1..=10_000).contains(&of) && (1..=of).contains(&index)).then_some(Self { index, of })
    }

    /// Which, from 1.
    #[must_use]
    pub const fn index(self) -> u32 {
        self.index
    }

    /// Of how many.
    #[must_use]
    pub const fn of(self) -> u32 {
        self.of
    }

    /// Whether it is all there is.
    #[must_use]
    pub const fn is_whole(self) -> bool {
        self.of == 1
    }

    /// Whether the user at this place of the fleet belongs to it.
    #[must_use]
    pub const fn has_user(self, place: usize) -> bool {
        place % self.of as usize == self.index as usize - 1
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.of)
    }
}

impl FromStr for Shard {
    type Err = NotAShard;

    fn from_str(text: &str) -> Result<Self, NotAShard> {
        let (index, of) = text.split_once('/').ok_or(NotAShard)?;
        let number = |digits: &str| digits.parse::<u32>().map_err(|_| NotAShard);
        Self::new(number(index)?, number(of)?).ok_or(NotAShard)
    }
}

/// What a shard's result must hold so that results can be merged.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ShardResult {
    /// Which shard.
    pub shard: Shard,
    /// The plan, with the content of its policy files.
    pub plan_file: PlanFile,
    /// Number of sign-ins of the undivided run.
    pub sign_ins: u64,
    /// SHA-256 of the directory file, in hexadecimal; none for a made-up fleet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub directory: Option<String>,
    /// Counts of situations by week.
    pub counts: CountsFile,
}

impl ShardResult {
    /// Whether two results are of the same run: plan, number of sign-ins and directory.
    #[must_use]
    pub fn is_of_the_same_run(&self, other: &Self) -> bool {
        self.plan_file == other.plan_file
            && self.sign_ins == other.sign_ins
            && self.directory == other.directory
            && self.shard.of == other.shard.of
    }
}

/// The counts of the undivided run from those of all its shards, each with the name it goes by.
///
/// # Errors
/// `rollout.shard` if one is of another run, stands twice or is missing, or does not have the counts
/// that it should.
pub fn merge(
    rehearsal: &Rehearsal,
    results: &[(String, ShardResult)],
) -> Result<Counts, RolloutError> {
    let wrong = |path: &str, why| RolloutError::Shard { path: path.to_owned(), why };
    let mut counts = Counts::new(rehearsal);
    let mut seen = std::collections::BTreeSet::new();
    let first = results.first().ok_or_else(|| wrong("shards", "there are none"))?;
    for (path, result) in results {
        if !result.is_of_the_same_run(&first.1) {
            return Err(wrong(path, "it is of another run than the first one"));
        }
        if !seen.insert(result.shard.index) {
            return Err(wrong(path, "the same shard stands twice"));
        }
    }
    if seen.len() != first.1.shard.of as usize {
        return Err(wrong("shards", "one of them is missing"));
    }
    for (path, result) in results {
        let part = Counts::from_file(rehearsal, &result.counts).map_err(|error| match error {
            RolloutError::Shard { why, .. } => wrong(path, why),
            other => other,
        })?;
        counts.merge(&part)?;
    }
    match counts.total() == rehearsal.total() {
        true => Ok(counts),
        false => Err(wrong("counts", "they are not those of a complete run")),
    }
}
