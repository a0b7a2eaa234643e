//! The aftermath: once an administrator has reacted, what of the loot still works, and for how long.
//!
//! Every cell is found by running: the thief obtains its loot under no policy at all, the event
//! happens, time passes, the thief uses the loot. The last second at which that works is searched
//! for; the run is a function of its seed, so the answer is exact. The thief waits and does not
//! renew meanwhile.

use std::sync::OnceLock;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::base::json;
use crate::base::stream::Seed;
use crate::base::{Check, Lifetime};
use crate::token::Lifetimes;

use super::outcome::ThiefOutcome;
use super::run::{RunOptions, run};
use super::scenario::{Admin, AdminAction, Scenario, ScenarioError, Step, Wait};

/// Nobody looks further than this: 100 days.
const HORIZON: u32 = 8_640_000;

/// What an administrator, or time, does after the theft.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// Short name.
    pub id: &'static str,
    /// What happens.
    pub title: &'static str,
    action: Option<AdminAction>,
}

const fn event(id: &'static str, title: &'static str, action: Option<AdminAction>) -> Event {
    Event { id, title, action }
}

/// The columns.
const EVENTS: &[Event] = &[
    event("tokens-revoked", "tokens revoked", Some(AdminAction::RevokeTokens)),
    event("password-changed", "password changed", Some(AdminAction::ChangePassword)),
    event("device-disabled", "device disabled", Some(AdminAction::DisableDevice)),
    event("device-deleted", "device deleted", Some(AdminAction::DeleteDevice)),
    event("access-token-expired", "access token expired", None),
];

/// What of the loot still works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum After {
    /// There was nothing to steal.
    NotApplicable,
    /// It is refused from the event on.
    Refused {
        /// The check that refuses.
        check: Option<Check>,
        /// AADSTS number.
        code: Option<u32>,
    },
    /// It works.
    Works {
        /// The last second after the event at which it works; none if no end was found in 100 days.
        until: Option<Lifetime>,
    },
}

/// One kind of loot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Short name.
    pub id: String,
    /// The loot.
    pub title: String,
    /// Settings of the row, as `name=value`.
    pub settings: Vec<String>,
    /// One cell an event.
    pub cells: Vec<After>,
}

/// The whole table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// Columns in order.
    pub events: Vec<Event>,
    /// Rows in order.
    pub rows: Vec<Row>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RowFile {
    id: String,
    title: String,
    #[serde(default)]
    settings: Map<String, Value>,
    obtain: Vec<Step>,
    #[serde(rename = "use")]
    using: Vec<Step>,
}

/// Plays the whole table. `progress` is told how many cells of how many are done.
///
/// # Errors
/// [`ScenarioError`] if a row cannot be played, which a test excludes.
pub fn table(seed: Seed, progress: &mut dyn FnMut(usize, usize)) -> Result<Table, ScenarioError> {
    let total = row_files().len() * EVENTS.len();
    let mut rows = Vec::with_capacity(row_files().len());
    for file in row_files() {
        let mut cells = Vec::with_capacity(EVENTS.len());
        for event in EVENTS {
            cells.push(file.after(event, seed)?);
            progress(rows.len() * EVENTS.len() + cells.len(), total);
        }
        let shown = |(name, value): (&String, &Value)| match value {
            Value::String(text) => format!("{name}={text}"),
            other => format!("{name}={other}"),
        };
        let settings = file.settings.iter().map(shown).collect();
        rows.push(Row { id: file.id.clone(), title: file.title.clone(), settings, cells });
    }
    Ok(Table { events: EVENTS.to_vec(), rows })
}

impl RowFile {
    fn after(&self, event: &Event, seed: Seed) -> Result<After, ScenarioError> {
        let at = |seconds| self.try_after(event, seconds, seed);
        match at(0)? {
            After::Works { .. } => {}
            other => return Ok(other),
        }
        let works = |seconds| at(seconds).map(|after| matches!(after, After::Works { .. }));
        if works(HORIZON)? {
            return Ok(After::Works { until: None });
        }
        // Works at `good`, does not at `bad`; what has stopped working does not start again.
        let (mut good, mut bad) = (0, HORIZON);
        while bad - good > 1 {
            let middle = good + (bad - good) / 2;
            match works(middle)? {
                true => good = middle,
                false => bad = middle,
            }
        }
        Ok(After::Works { until: Some(Lifetime::from_secs(good)) })
    }

    fn try_after(&self, event: &Event, seconds: u32, seed: Seed) -> Result<After, ScenarioError> {
        let expired = Lifetimes::default();
        let expired = expired.access_token.as_secs() + expired.skew.as_secs() + 1;
        let happening = match event.action {
            Some(action) => Step::Admin(Admin {
                action,
                user: Some("alice".to_owned()),
                device: Some("LT-ALICE".to_owned()),
                policies: None,
            }),
            None => Step::Wait(Wait { seconds: expired, ..Wait::default() }),
        };
        let waiting = Step::Wait(Wait { seconds, ..Wait::default() });
        let mut steps = self.obtain.clone();
        let before = steps.len();
        steps.extend([happening, waiting]);
        steps.extend(self.using.iter().cloned());
        let scenario = Scenario {
            schema: None,
            name: format!("aftermath:{}@{}", self.id, event.id),
            title: self.title.clone(),
            lesson: String::new(),
            settings: self.settings.clone(),
            directory: None,
            devices: Vec::new(),
            steps,
            expect: None,
        };
        let mut outcome = run(&scenario, &RunOptions { seed, ..RunOptions::default() })?;
        // What the thief did before the event does not count.
        outcome.steps.drain(..before);
        Ok(match ThiefOutcome::of(&outcome.steps) {
            ThiefOutcome::GotIn => After::Works { until: None },
            ThiefOutcome::NotApplicable => After::NotApplicable,
            ThiefOutcome::Refused => {
                let deciding = outcome.deciding_step();
                After::Refused {
                    check: deciding.and_then(|step| step.check),
                    code: deciding.and_then(|step| step.code),
                }
            }
        })
    }
}

fn row_files() -> &'static [RowFile] {
    static ROWS: OnceLock<Vec<RowFile>> = OnceLock::new();
    ROWS.get_or_init(|| read_rows().unwrap_or_default())
}

fn read_rows() -> Result<Vec<RowFile>, json::JsonError> {
    json::from_slice(include_bytes!("../data/aftermath.json"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rows_can_be_read() {
        assert_eq!(read_rows().unwrap().len(), 9);
    }
}
