//! [`Counts`]: how often each situation came up in each week. All that a run keeps.
//!
//! Its size follows from the fleet and the weeks and not from the number of sign-ins, and counts of
//! parts add up to the counts of the whole, in any order.

use serde::{Deserialize, Serialize};

use super::error::RolloutError;
use super::rehearsal::{Drawn, Rehearsal};

/// Counts of situations by week.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counts {
    weeks: usize,
    cells: Vec<u32>,
}

/// Counts as a result file holds them: for each situation that came up its number, then pairs of
/// week and count.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(transparent)]
pub struct CountsFile(Vec<Vec<u32>>);

impl Counts {
    /// No sign-ins yet.
    #[must_use]
    pub fn new(rehearsal: &Rehearsal) -> Self {
        let weeks = rehearsal.weeks() as usize;
        let situations = rehearsal.fleet().situations() as usize;
        Self { weeks, cells: vec![0; weeks * situations] }
    }

    /// Counts a sign-in.
    pub fn add(&mut self, drawn: &Drawn<'_>) {
        self.count(drawn.situation.index, drawn.week);
    }

    /// Counts a sign-in by the number of its situation and its week.
    pub fn count(&mut self, situation: u32, week: u32) {
        let at = self.place(situation, week);
        if let Some(cell) = self.cells.get_mut(at) {
            *cell = cell.saturating_add(1);
        }
    }

    /// Adds the counts of another part of the same rehearsal.
    ///
    /// # Errors
    /// `rollout.shard` if they are of another fleet or another number of weeks.
    pub fn merge(&mut self, other: &Self) -> Result<(), RolloutError> {
        if (self.weeks, self.cells.len()) != (other.weeks, other.cells.len()) {
            let why = "its counts are of another fleet or plan";
            return Err(RolloutError::Shard { path: "counts".to_owned(), why });
        }
        for (cell, more) in self.cells.iter_mut().zip(&other.cells) {
            *cell = cell.saturating_add(*more);
        }
        Ok(())
    }

    /// How often a situation came up in a week.
    #[must_use]
    pub fn of(&self, situation: u32, week: u32) -> u32 {
        self.cells.get(self.place(situation, week)).copied().unwrap_or(0)
    }

    /// How often a situation came up, week by week.
    #[must_use]
    pub fn weeks_of(&self, situation: u32) -> &[u32] {
        let first = self.place(situation, 0);
        self.cells.get(first..first + self.weeks).unwrap_or_default()
    }

    /// All sign-ins counted.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.cells.iter().map(|count| u64::from(*count)).sum()
    }

    /// The counts as a result file holds them.
    #[must_use]
    pub fn to_file(&self) -> CountsFile {
        let rows = self.cells.chunks(self.weeks.max(1)).zip(0_u32..).filter_map(|(row, number)| {
            let pairs = row.iter().zip(0_u32..).filter(|(count, _)| **count > 0);
            let cells: Vec<u32> = pairs.flat_map(|(count, week)| [week, *count]).collect();
            (!cells.is_empty()).then(|| std::iter::once(number).chain(cells).collect())
        });
        CountsFile(rows.collect())
    }

    /// Reads the counts of a result file.
    ///
    /// # Errors
    /// `rollout.shard` if a situation or week is not one of this rehearsal.
    pub fn from_file(rehearsal: &Rehearsal, file: &CountsFile) -> Result<Self, RolloutError> {
        let mut counts = Self::new(rehearsal);
        let wrong = |why| RolloutError::Shard { path: "counts".to_owned(), why };
        for row in &file.0 {
            let (situation, cells) = row.split_first().ok_or_else(|| wrong("an empty row"))?;
            let pairs = cells.chunks_exact(2);
            if !pairs.remainder().is_empty() {
                return Err(wrong("a week without its count"));
            }
            for pair in pairs {
                let &[week, count] = pair else { continue };
                let inside = (week as usize) < counts.weeks;
                let at = counts.place(*situation, week);
                let cell = counts.cells.get_mut(at).filter(|cell| inside && **cell == 0);
                *cell.ok_or_else(|| wrong("a situation that the plan does not have"))? = count;
            }
        }
        Ok(counts)
    }

    fn place(&self, situation: u32, week: u32) -> usize {
        situation as usize * self.weeks + week as usize
    }
}
