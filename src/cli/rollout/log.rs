//! The log of a run: whole lines, and beside it how far it came.
//!
//! `FILE.state` names the run (a digest of plan, directory, seed, shard and shape), the number of
//! sign-ins done and the length of the log at that point. Whatever stands behind that length was
//! being written when the process died; a resumed run cuts it off. The file goes when the run ends.

use std::fs::{File, OpenOptions};
use std::io::{Seek as _, SeekFrom, Write as _};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use token_protection_lab::base::json;

use super::super::failure::Failure;
use super::super::input::read_file;

/// So often the state is written.
const EVERY: Duration = Duration::from_secs(2);

/// A log in the making.
pub(super) struct Log {
    path: String,
    file: File,
    state: State,
    saved: Instant,
}

/// How far a log came.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct State {
    /// Digest of what the log is the log of.
    run: String,
    /// Sign-ins below this number are done.
    position: u64,
    /// Length of the log then.
    octets: u64,
}

impl Log {
    #[expect(clippy::disallowed_methods, reason = "how often a file is written is real time")]
    pub(super) fn open(path: &str, run: String, resume: bool) -> Result<Self, Failure> {
        let state = match resume {
            true => resumed(path, &run)?,
            false => State { run, position: 0, octets: 0 },
        };
        if !resume && std::fs::exists(state_path(path)).unwrap_or(false) {
            let why = "an interrupted run has left its state beside it: go on with --resume, or \
                       remove the `.state` file to begin again";
            return Err(Failure::File { path: path.to_owned(), why: why.to_owned() });
        }
        let opened = OpenOptions::new().create(true).write(true).truncate(false).open(path);
        let mut file = opened.map_err(|error| Failure::file(path, &error))?;
        let length = file.metadata().map_err(|error| Failure::file(path, &error))?.len();
        if length < state.octets {
            let why = format!("it has {length} octets, and {} were written", state.octets);
            return Err(Failure::File { path: path.to_owned(), why });
        }
        file.set_len(state.octets).map_err(|error| Failure::file(path, &error))?;
        file.seek(SeekFrom::End(0)).map_err(|error| Failure::file(path, &error))?;
        let mut log = Self { path: path.to_owned(), file, state, saved: Instant::now() };
        log.save()?;
        Ok(log)
    }

    /// The number of the first sign-in that is not done yet.
    pub(super) const fn position(&self) -> u64 {
        self.state.position
    }

    /// Writes the lines of all sign-ins up to `position`.
    pub(super) fn write(&mut self, lines: &[u8], position: u64) -> Result<(), Failure> {
        self.file.write_all(lines).map_err(|error| Failure::file(&self.path, &error))?;
        self.state.position = position;
        self.state.octets += lines.len() as u64;
        if self.saved.elapsed() >= EVERY {
            self.save()?;
        }
        Ok(())
    }

    /// The run stops here and may go on later.
    pub(super) fn interrupt(mut self) -> Result<(), Failure> {
        self.save()
    }

    /// The run is done: nothing is left to resume.
    pub(super) fn finish(self) -> Result<(), Failure> {
        let path = state_path(&self.path);
        std::fs::remove_file(&path).map_err(|error| Failure::file(&path, &error))
    }

    /// Writes the state beside the log, as one step.
    #[expect(clippy::disallowed_methods, reason = "how often a file is written is real time")]
    fn save(&mut self) -> Result<(), Failure> {
        let path = state_path(&self.path);
        let fresh = format!("{path}.new");
        let text = serde_json::to_vec(&self.state).map_err(|_| Failure::Json)?;
        super::write_file(&fresh, &text)?;
        std::fs::rename(&fresh, &path).map_err(|error| Failure::file(&path, &error))?;
        self.saved = Instant::now();
        Ok(())
    }
}

fn state_path(log: &str) -> String {
    format!("{log}.state")
}

fn resumed(path: &str, run: &str) -> Result<State, Failure> {
    let beside = state_path(path);
    if !std::fs::exists(&beside).unwrap_or(false) {
        let why = "there is no interrupted run to go on with".to_owned();
        return Err(Failure::File { path: beside, why });
    }
    let text = read_file(&beside, 4096)?;
    let refuse = |why: String| Failure::File { path: beside.clone(), why };
    let state: State = json::from_slice(text.as_bytes()).map_err(|why| refuse(why.to_string()))?;
    match state.run == run {
        true => Ok(state),
        false => Err(refuse(
            "it is of another run: plan, directory, seed, number of sign-ins, shard or shape \
             differ"
                .to_owned(),
        )),
    }
}
