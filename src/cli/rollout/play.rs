//! Playing all sign-ins: chunks are made in parallel and taken in order.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, OnceLock};
use std::thread;

use token_protection_lab::rollout::{Counts, Rehearsal, Shard};
use token_protection_lab::signin::ndjson::{Shape, Writer};

use super::super::failure::Failure;
use super::super::progress::Progress;
use super::LogFormat;
use super::log::Log;

/// Sign-ins of one chunk.
const CHUNK: u64 = 4096;
/// Chunks that a thread may be ahead.
const AHEAD: usize = 2;

/// How far a run came.
pub(super) enum Played {
    All,
    UpTo(u64),
}

/// A chunk: its records as lines, and situation and week of each of its sign-ins.
struct Chunk {
    lines: Vec<u8>,
    seen: Vec<u64>,
    end: u64,
}

/// What chunks are made of.
#[derive(Clone, Copy)]
struct Task<'r> {
    rehearsal: &'r Rehearsal,
    shard: Shard,
    shape: Option<Shape>,
}

pub(super) fn play(
    rehearsal: &Rehearsal,
    shard: Shard,
    threads: usize,
    mut log: Option<Log>,
    format: LogFormat,
    counts: &mut Counts,
) -> Result<Played, Failure> {
    let stop = stop_flag();
    let from = log.as_ref().map_or(0, Log::position);
    count_again(rehearsal, shard, from, counts);
    let task = Task { rehearsal, shard, shape: log.as_ref().map(|_| format.shape()) };
    let mut progress = Progress::start();
    let total = rehearsal.total();
    let mut at = from;
    thread::scope(|scope| -> Result<(), Failure> {
        let lanes: Vec<Receiver<Chunk>> = (0..threads)
            .map(|lane| {
                let (send, receive) = sync_channel(AHEAD);
                scope.spawn(move || task.lane(from, lane, threads, &send));
                receive
            })
            .collect();
        // The lanes take turns, so their chunks come in order.
        for lane in lanes.iter().cycle() {
            if at >= total || stop.load(Ordering::Relaxed) {
                break;
            }
            let Ok(chunk) = lane.recv() else { break };
            for seen in &chunk.seen {
                counts.count((seen >> 32) as u32, *seen as u32);
            }
            at = chunk.end;
            if let Some(log) = &mut log {
                log.write(&chunk.lines, at)?;
            }
            progress.tell(at as usize, total as usize);
        }
        Ok(())
    })?;
    let all = at >= total;
    match (log, all) {
        (Some(log), true) => log.finish()?,
        (Some(log), false) => log.interrupt()?,
        (None, _) => {}
    }
    Ok(if all { Played::All } else { Played::UpTo(at) })
}

impl Task<'_> {
    /// Every chunk whose turn is this lane's. A receiver that is gone ends it.
    fn lane(self, from: u64, lane: usize, lanes: usize, to: &SyncSender<Chunk>) {
        let mut start = from + lane as u64 * CHUNK;
        while start < self.rehearsal.total() {
            if to.send(self.chunk(start)).is_err() {
                return;
            }
            start += lanes as u64 * CHUNK;
        }
    }

    fn chunk(self, start: u64) -> Chunk {
        let end = (start + CHUNK).min(self.rehearsal.total());
        let mut seen = Vec::with_capacity(CHUNK as usize);
        let mut writer = self.shape.map(|shape| Writer::new(Vec::new(), shape));
        for number in start..end {
            if !self.shard.has_user(self.rehearsal.user_of(number)) {
                continue;
            }
            let Some(drawn) = self.rehearsal.draw(number) else { continue };
            seen.push(u64::from(drawn.situation.index) << 32 | u64::from(drawn.week));
            if let Some(writer) = &mut writer
                && let Some(record) = self.rehearsal.record(&drawn)
            {
                // A vector takes whatever is written.
                let _ = writer.write(&record);
            }
        }
        let lines = writer.and_then(|writer| writer.finish().ok()).unwrap_or_default();
        Chunk { lines, seen, end }
    }
}

/// What a run that goes on has counted before: sign-ins are drawn again, and not written.
fn count_again(rehearsal: &Rehearsal, shard: Shard, to: u64, counts: &mut Counts) {
    for number in (0..to).filter(|number| shard.has_user(rehearsal.user_of(*number))) {
        if let Some(drawn) = rehearsal.draw(number) {
            counts.add(&drawn);
        }
    }
}

/// Set by Ctrl-C. The handler does nothing else.
fn stop_flag() -> Arc<AtomicBool> {
    static STOP: OnceLock<Arc<AtomicBool>> = OnceLock::new();
    let flag = STOP.get_or_init(|| {
        let flag = Arc::new(AtomicBool::new(false));
        let set = Arc::clone(&flag);
        // Where no handler can be set, Ctrl-C ends the process as ever; the log has whole chunks.
        let _ = ctrlc::set_handler(move || set.store(true, Ordering::Relaxed));
        flag
    });
    Arc::clone(flag)
}

impl LogFormat {
    const fn shape(self) -> Shape {
        match self {
            Self::Diagnostic => Shape::Diagnostic,
            Self::Graph => Shape::Graph,
            Self::LogAnalytics => Shape::LogAnalytics,
        }
    }
}
