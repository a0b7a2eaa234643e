//! A progress bar on standard error, for what takes more than a second, on a terminal only.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget};

/// Nobody needs to be told about less.
const PATIENCE: Duration = Duration::from_secs(1);

/// A bar that appears once somebody has waited long enough.
pub(crate) struct Progress {
    since: Instant,
    bar: Option<ProgressBar>,
}

impl Progress {
    /// Starts to wait.
    #[expect(clippy::disallowed_methods, reason = "a person's patience is real time")]
    pub(crate) fn start() -> Self {
        Self { since: Instant::now(), bar: None }
    }

    /// Says that `done` of `total` are done.
    pub(crate) fn tell(&mut self, done: usize, total: usize) {
        if self.bar.is_none() && self.since.elapsed() < PATIENCE {
            return;
        }
        let (done, total) = (done as u64, total as u64);
        // The draw target is silent where standard error is no terminal.
        let bar = self.bar.get_or_insert_with(|| {
            ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr())
        });
        bar.set_length(total);
        bar.set_position(done);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
