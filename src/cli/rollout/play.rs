//! Playing all sign-ins: chunks are made in parallel and taken in order.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, OnceLock};
use std::thread;

use token_protection_lab::rollout::{Counts, Rehearsal, Shard};
use token_protection_lab::signin::SignInRecord;
use token_protection_lab::signin::ndjson::{Shape, Writer};

use super::super::failure::Failure;
use super::super::progress::Progress;
use super::sink::Sink;

/// Sign-ins of one chunk: so few that their lines stay in a core's cache until they are written.
const CHUNK: u64 = 256;
/// Chunks that a thread may be ahead.
const AHEAD: usize = 2;

/// How far a run came.
pub(super) enum Played {
    All,
    UpTo(u64),
}

/// What becomes of records.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    /// Lines of this shape.
    Lines(Shape),
    /// Nothing: no record is made.
    Nothing,
    /// The records themselves.
    #[cfg_attr(not(feature = "parquet"), expect(dead_code, reason = "Parquet alone asks for them"))]
    Records,
}

/// A chunk: its records, and situation and week of each of its sign-ins.
pub(super) struct Chunk {
    pub(super) lines: Vec<u8>,
    pub(super) records: Vec<SignInRecord>,
    seen: Vec<(u32, u32)>,
    /// All sign-ins below this number are in this chunk or an earlier one.
    pub(super) end: u64,
}

/// What chunks are made of.
#[derive(Clone, Copy)]
struct Task<'r> {
    rehearsal: &'r Rehearsal,
    shard: Shard,
    wanted: Wanted,
}

pub(super) fn play(
    rehearsal: &Rehearsal,
    shard: Shard,
    threads: usize,
    mut sink: Sink,
    counts: &mut Counts,
) -> Result<Played, Failure> {
    let stop = stop_flag();
    let from = sink.position();
    count_again(rehearsal, shard, from, counts);
    let task = Task { rehearsal, shard, wanted: sink.wanted() };
    let mut progress = Progress::start();
    let total = rehearsal.total();
    let mut at = from;
    thread::scope(|scope| -> Result<(), Failure> {
        let lanes: Vec<(Receiver<Chunk>, Sender<Vec<u8>>)> = (0..threads)
            .map(|lane| {
                let (send, receive) = sync_channel(AHEAD);
                let (back, written) = channel();
                scope.spawn(move || task.lane(from, lane, threads, &send, &written));
                (receive, back)
            })
            .collect();
        // The lanes take turns, so their chunks come in order.
        for (lane, back) in lanes.iter().cycle() {
            if at >= total || stop.load(Ordering::Relaxed) {
                break;
            }
            let Ok(chunk) = lane.recv() else { break };
            for (situation, week) in &chunk.seen {
                counts.count(*situation, *week);
            }
            at = chunk.end;
            sink.take(&chunk)?;
            // A lane that is done needs no buffer any more.
            let _ = back.send(chunk.lines);
            progress.tell(at as usize, total as usize);
        }
        Ok(())
    })?;
    if at < total {
        sink.interrupt()?;
        return Ok(Played::UpTo(at));
    }
    sink.finish()?;
    Ok(Played::All)
}

impl Task<'_> {
    /// Every chunk whose turn is this lane's. A receiver that is gone ends it. Buffers that come
    /// back are filled again.
    fn lane(
        self,
        from: u64,
        lane: usize,
        lanes: usize,
        to: &SyncSender<Chunk>,
        written: &Receiver<Vec<u8>>,
    ) {
        let mut writer = match self.wanted {
            Wanted::Lines(shape) => Some(Writer::new(Vec::new(), shape)),
            Wanted::Nothing | Wanted::Records => None,
        };
        let mut start = from + lane as u64 * CHUNK;
        while start < self.rehearsal.total() {
            let mut chunk = self.chunk(start, writer.as_mut());
            if let Some(writer) = &mut writer {
                let mut next = written.try_recv().unwrap_or_default();
                next.clear();
                chunk.lines = writer.go_on_with(next);
            }
            if to.send(chunk).is_err() {
                return;
            }
            start += lanes as u64 * CHUNK;
        }
    }

    fn chunk(self, start: u64, mut writer: Option<&mut Writer<Vec<u8>>>) -> Chunk {
        let end = (start + CHUNK).min(self.rehearsal.total());
        let mut chunk = Chunk { lines: Vec::new(), records: Vec::new(), seen: Vec::new(), end };
        let ours = |number: &u64| self.shard.has_user(self.rehearsal.user_of(*number));
        for drawn in (start..end).filter(ours).filter_map(|number| self.rehearsal.draw(number)) {
            chunk.seen.push((drawn.situation.index, drawn.week));
            if self.wanted == Wanted::Nothing {
                continue;
            }
            let Some(record) = self.rehearsal.record(&drawn) else { continue };
            match &mut writer {
                // A vector takes whatever is written.
                Some(writer) => drop(writer.write(&record)),
                None => chunk.records.push(record),
            }
        }
        chunk
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
