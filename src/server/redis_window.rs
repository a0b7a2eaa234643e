//! [`RedisWindow`]: one replay window for several servers, kept by Redis or Valkey.
//!
//! ```text
//! SET <prefix><tag> "" NX PX <milliseconds>   ->  OK: first use    nil: seen
//! ```
//!
//! One command tests and enters, so of servers that ask at once exactly one is told `OK`. Whatever
//! else comes back refuses the proof, and so does no answer in time.
//!
//! # Clocks
//! Redis forgets by its own clock. The life of an entry is therefore sent as a span, counted on our
//! clock from now to the end of `until`, so it does not matter what time Redis thinks it is. A
//! server whose clock is behind ours accepts the proof for longer; the margin is added for that, and
//! for a Redis clock that is stepped while entries live. Entries kept too long cost memory, never a
//! refusal of a fresh proof.
//!
//! # What Redis must promise
//! Not to forget early. One that evicts (`maxmemory-policy` other than `noeviction`) is refused when
//! a connection is made. One that was restarted may have forgotten everything: each connection asks
//! how long it has been up, and proofs that could have been used before that are refused as
//! [`ReplayError::Away`]. That holds for fresh proofs until the greatest `iat` ahead and the margin
//! have passed. What cannot be seen from here: `FLUSHALL`, and a fail-over to a replica that had not
//! yet received the last entries. Use one server, or accept that.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use redis::{Client, Connection, RedisError, Value};

use crate::base::{Lifetime, Timestamp};
use crate::pop::{ReplayError, ReplayTag, ReplayWindow};

/// Idle connections that are kept for the next request.
const IDLE: usize = 16;

/// How a window in Redis is used. All servers that share it have the same settings.
#[derive(Clone, Debug)]
pub struct RedisSettings {
    /// What every key begins with.
    pub prefix: String,
    /// How long to wait for a connection, and for each answer.
    pub timeout: Duration,
    /// By how much the clocks of the servers may differ.
    pub margin: Lifetime,
    /// The longest that a proof is good: its greatest age, and how far ahead its `iat` may lie.
    pub longest: Lifetime,
}

/// Prefix `replay:`, 250 ms, 30 s of margin, and 330 s for proofs of 300 s and 30 s ahead.
impl Default for RedisSettings {
    fn default() -> Self {
        Self {
            prefix: "replay:".to_owned(),
            timeout: Duration::from_millis(250),
            margin: Lifetime::from_secs(30),
            longest: Lifetime::from_secs(330),
        }
    }
}

/// Why a window in Redis cannot be used at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// The address is none, or none that this build can reach.
    #[error("the address of the Redis server is not of the form `redis://host:port`")]
    Address,
    /// No connection, no answer in time, or not one that says what must be known.
    #[error("the Redis server does not answer as it should")]
    Away,
    /// `maxmemory-policy` lets it forget entries whose time is not over.
    #[error("the Redis server may evict entries; set `maxmemory-policy noeviction`")]
    Evicts,
}

impl OpenError {
    /// The stable code of this error.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Address => "server.redis_address",
            Self::Away => "server.redis_away",
            Self::Evicts => "server.redis_evicts",
        }
    }
}

/// A replay window that several servers share through Redis or Valkey.
///
/// Servers that share it share its [`ReplayKey`](crate::pop::ReplayKey) as well. Its bound is the
/// memory of Redis: when that is used up, the answer is [`ReplayError::Full`].
///
/// # Security
/// Redis away, slow, or answering anything unknown is [`ReplayError::Away`], which refuses. If the
/// answer to a first use is lost the proof is used up; an honest client makes a new one. The module
/// says what Redis has to promise.
pub struct RedisWindow {
    client: Client,
    settings: RedisSettings,
    idle: Mutex<Vec<Connection>>,
    /// The latest time shown; a clock set back admits nothing that was forgotten.
    latest: AtomicI64,
    /// Proofs good no longer than this may have been used before Redis was started.
    unsure: AtomicI64,
}

impl RedisWindow {
    /// The window at `address`, for example `redis://127.0.0.1:6379`. Makes one connection.
    ///
    /// # Errors
    /// [`OpenError`]: the address is wrong, the server away, or it evicts.
    pub fn open(address: &str, settings: RedisSettings, now: Timestamp) -> Result<Self, OpenError> {
        let client = Client::open(address).map_err(|_| OpenError::Address)?;
        let window = Self {
            client,
            settings,
            idle: Mutex::default(),
            latest: AtomicI64::new(now.as_unix()),
            unsure: AtomicI64::new(i64::MIN),
        };
        let connection = window.connect(now)?;
        window.keep(connection);
        Ok(window)
    }

    /// A new connection, to a server that keeps what it is given.
    fn connect(&self, now: Timestamp) -> Result<Connection, OpenError> {
        let timeout = self.settings.timeout;
        let away = |_: RedisError| OpenError::Away;
        let mut connection = self.client.get_connection_with_timeout(timeout).map_err(away)?;
        connection.set_read_timeout(Some(timeout)).map_err(away)?;
        connection.set_write_timeout(Some(timeout)).map_err(away)?;
        let info: String = redis::cmd("INFO").query(&mut connection).map_err(away)?;
        let stated = |name| info.lines().find_map(|line| line.strip_prefix(name));
        if stated("maxmemory_policy:").ok_or(OpenError::Away)? != "noeviction" {
            return Err(OpenError::Evicts);
        }
        let up = stated("uptime_in_seconds:").and_then(|text| text.parse().ok());
        let up = Lifetime::from_secs(up.ok_or(OpenError::Away)?);
        let unsure = now.minus(up) + self.settings.longest + self.settings.margin;
        self.unsure.fetch_max(unsure.as_unix(), Ordering::Relaxed);
        Ok(connection)
    }

    /// Asks Redis, over a connection that is kept if it answers.
    fn ask(&self, mut connection: Connection, entry: &Entry) -> Result<(), Refused> {
        if entry.until.as_unix() <= self.unsure.load(Ordering::Relaxed) {
            self.keep(connection);
            return Err(Refused::As(ReplayError::Away));
        }
        let set = || {
            let mut set = redis::cmd("SET");
            set.arg(&entry.key).arg("").arg("NX").arg("PX").arg(entry.milliseconds);
            set
        };
        match set().query::<Value>(&mut connection) {
            Ok(answer) => {
                self.keep(connection);
                match answer {
                    Value::Okay => Ok(()),
                    Value::Nil => Err(Refused::As(ReplayError::Seen)),
                    _ => Err(Refused::As(ReplayError::Away)),
                }
            }
            Err(error) if error.code() == Some("OOM") => Err(Refused::As(ReplayError::Full)),
            Err(error) if error.is_connection_dropped() => Err(Refused::Dropped),
            // A late answer must not be read as that of the next request: the connection goes.
            Err(_) => Err(Refused::As(ReplayError::Away)),
        }
    }

    fn entry(&self, tag: ReplayTag, until: Timestamp, latest: Timestamp) -> Entry {
        let number = u128::from_be_bytes(*tag.as_bytes());
        let life = until.seconds_since(latest).saturating_add(1);
        let kept = life.saturating_add(i64::from(self.settings.margin.as_secs()));
        Entry {
            key: format!("{}{number:032x}", self.settings.prefix),
            milliseconds: kept.saturating_mul(1000),
            until,
        }
    }

    fn kept(&self) -> Option<Connection> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    fn keep(&self, connection: Connection) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < IDLE {
            idle.push(connection);
        }
    }
}

impl ReplayWindow for RedisWindow {
    fn test_and_set(
        &self,
        tag: ReplayTag,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<(), ReplayError> {
        let shown = self.latest.fetch_max(now.as_unix(), Ordering::Relaxed);
        let latest = now.max(Timestamp::from_unix(shown));
        if until < latest {
            return Err(ReplayError::Seen);
        }
        let entry = self.entry(tag, until, latest);
        let kept = self.kept();
        let second_try = kept.is_some();
        if let Some(connection) = kept {
            match self.ask(connection, &entry) {
                Ok(()) => return Ok(()),
                Err(Refused::As(error)) => return Err(error),
                // Closed while it was idle, so the others are closed too.
                Err(Refused::Dropped) => {
                    self.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
                }
            }
        }
        let connection = self.connect(latest).map_err(|_| ReplayError::Away)?;
        self.ask(connection, &entry).map_err(|refused| match refused {
            // The entry may be our own, if the answer was lost and not the question.
            Refused::As(ReplayError::Seen) if second_try => ReplayError::Away,
            Refused::As(error) => error,
            Refused::Dropped => ReplayError::Away,
        })
    }
}

/// Shows where, and no entry.
impl std::fmt::Debug for RedisWindow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RedisWindow").field("settings", &self.settings).finish_non_exhaustive()
    }
}

/// What is sent.
struct Entry {
    key: String,
    milliseconds: i64,
    until: Timestamp,
}

/// Why a proof is not taken.
enum Refused {
    As(ReplayError),
    /// The connection was closed before an answer came.
    Dropped,
}
