//! The replay window in Redis, against a real `redis-server`.
//!
//! Without that program the tests say `SKIPPED` and pass, unless `TPLAB_REQUIRE_REDIS=1`.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use token_protection_lab::base::stream::Seed;
use token_protection_lab::base::{Lifetime, Timestamp};
use token_protection_lab::jose::JwkThumbprint;
use token_protection_lab::pop::{ReplayError, ReplayKey, ReplayTag, ReplayWindow as _};
use token_protection_lab::server::redis_window::{OpenError, RedisSettings, RedisWindow};

/// The clock of our servers; Redis has its own.
const NOW: Timestamp = Timestamp::from_unix(1_760_000_000);
/// Long enough that no proof can be from before Redis was started.
const UNTIL: Timestamp = Timestamp::from_unix(1_760_000_000 + 400);

fn later(seconds: u32) -> Timestamp {
    NOW + Lifetime::from_secs(seconds)
}

fn settings() -> RedisSettings {
    // Generous, since tests run beside others; a server that is away is noticed all the same.
    RedisSettings { timeout: Duration::from_secs(5), ..RedisSettings::default() }
}

fn tag(number: u64) -> ReplayTag {
    let jkt: JwkThumbprint = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I".parse().unwrap();
    let key = ReplayKey::generate(&mut Seed(9449).stream("replay"));
    key.tag(&jkt, &number.to_be_bytes())
}

/// A `redis-server` of our own, killed at the end.
struct Server {
    port: u16,
    running: Child,
}

impl Server {
    /// `None` if the program is missing and need not be there.
    fn start(options: &[&str]) -> Option<Self> {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        Self::start_at(port, options)
    }

    fn start_at(port: u16, options: &[&str]) -> Option<Self> {
        let started = Command::new("redis-server")
            .args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
            .args(["--port", &port.to_string(), "--dir", &std::env::temp_dir().to_string_lossy()])
            .args(options)
            .stdout(Stdio::null())
            .spawn();
        let running = match started {
            Ok(running) => running,
            Err(error) => {
                let required = std::env::var("TPLAB_REQUIRE_REDIS").is_ok_and(|it| it == "1");
                assert!(!required, "redis-server is required: {error}");
                eprintln!("SKIPPED: redis-server cannot be started: {error}");
                return None;
            }
        };
        let server = Self { port, running };
        let patience = deadline();
        while !server.answers() {
            assert!(patience.has_left(), "redis-server did not come up on port {port}");
            std::thread::sleep(Duration::from_millis(20));
        }
        Some(server)
    }

    fn address(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    fn open(&self) -> RedisWindow {
        RedisWindow::open(&self.address(), settings(), NOW).unwrap()
    }

    fn answers(&self) -> bool {
        let client = redis::Client::open(self.address()).unwrap();
        let connection = client.get_connection_with_timeout(Duration::from_millis(500));
        connection.is_ok_and(|mut it| redis::cmd("PING").query::<String>(&mut it).is_ok())
    }

    fn ask<T: redis::FromRedisValue>(&self, command: &[&str]) -> T {
        let client = redis::Client::open(self.address()).unwrap();
        let mut connection = client.get_connection().unwrap();
        let (name, arguments) = command.split_first().unwrap();
        redis::cmd(name).arg(arguments).query(&mut connection).unwrap()
    }

    /// Stops or continues the process, so that it is there and says nothing.
    fn signal(&self, name: &str) {
        let process = self.running.id().to_string();
        assert!(Command::new("kill").args([name, &process]).status().unwrap().success());
    }

    fn kill(mut self) -> u16 {
        self.running.kill().unwrap();
        self.running.wait().unwrap();
        self.port
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.running.kill();
        let _ = self.running.wait();
    }
}

struct Deadline(Instant);

#[expect(clippy::disallowed_methods, reason = "waits for a real process")]
fn deadline() -> Deadline {
    Deadline(Instant::now() + Duration::from_secs(20))
}

impl Deadline {
    #[expect(clippy::disallowed_methods, reason = "waits for a real process")]
    fn has_left(&self) -> bool {
        Instant::now() < self.0
    }
}

#[test]
fn redis_two_servers_share_one_window() {
    let Some(server) = Server::start(&[]) else { return };
    let (one, other) = (server.open(), server.open());
    assert_eq!(one.test_and_set(tag(1), UNTIL, NOW), Ok(()));
    assert_eq!(one.test_and_set(tag(1), UNTIL, NOW), Err(ReplayError::Seen));
    assert_eq!(other.test_and_set(tag(1), UNTIL, NOW), Err(ReplayError::Seen));
    assert_eq!(other.test_and_set(tag(2), UNTIL, NOW), Ok(()));
    assert_eq!(one.test_and_set(tag(2), UNTIL, later(1)), Err(ReplayError::Seen));
    // Another prefix is another window.
    let apart = RedisSettings { prefix: "apart:".to_owned(), ..settings() };
    let apart = RedisWindow::open(&server.address(), apart, NOW).unwrap();
    assert_eq!(apart.test_and_set(tag(1), UNTIL, NOW), Ok(()));
}

#[test]
fn redis_of_many_that_ask_at_once_exactly_one_wins() {
    let Some(server) = Server::start(&[]) else { return };
    let windows = [server.open(), server.open()];
    let tags: Vec<_> = (0..200).map(tag).collect();
    let won: usize = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..6)
            .map(|thread| {
                let (window, tags) = (&windows[thread % 2], &tags);
                let won = move || tags.iter().filter(|tag| take(window, **tag)).count();
                scope.spawn(won)
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!(won, tags.len());
}

fn take(window: &RedisWindow, tag: ReplayTag) -> bool {
    match window.test_and_set(tag, UNTIL, NOW) {
        Ok(()) => true,
        Err(error) => {
            assert_eq!(error, ReplayError::Seen);
            false
        }
    }
}

#[test]
fn redis_keeps_an_entry_to_its_end_and_the_margin() {
    let Some(server) = Server::start(&[]) else { return };
    let window = server.open();
    assert_eq!(window.test_and_set(tag(1), UNTIL, NOW), Ok(()));
    let key: Vec<String> = server.ask(&["KEYS", "replay:*"]);
    let left: i64 = server.ask(&["PTTL", &key[0]]);
    // 400 seconds, the last one whole, and 30 of margin, less what passed since.
    assert!((401_000..=431_000).contains(&left), "{left} ms");

    // A clock ahead of Redis or behind it changes nothing: this one is far behind.
    let brief = RedisSettings {
        margin: Lifetime::from_secs(0),
        longest: Lifetime::from_secs(0),
        prefix: "brief:".to_owned(),
        ..settings()
    };
    let past = Timestamp::from_unix(1_000);
    let window = RedisWindow::open(&server.address(), brief, past).unwrap();
    let until = past + Lifetime::from_secs(1);
    assert_eq!(window.test_and_set(tag(2), until, past), Ok(()));
    let patience = deadline();
    while server.ask::<Vec<String>>(&["KEYS", "brief:*"]).len() == 1 {
        assert!(patience.has_left(), "the entry stays for ever");
        std::thread::sleep(Duration::from_millis(50));
    }
    // Its time over by our clock, it is refused without being asked for.
    assert_eq!(
        window.test_and_set(tag(2), until, past + Lifetime::from_secs(2)),
        Err(ReplayError::Seen)
    );
    // And a clock set back does not admit it again.
    assert_eq!(window.test_and_set(tag(2), until, past), Err(ReplayError::Seen));
}

#[test]
fn redis_away_refuses_and_comes_back() {
    let Some(server) = Server::start(&[]) else { return };
    let window = server.open();
    assert_eq!(window.test_and_set(tag(1), UNTIL, NOW), Ok(()));
    let port = server.kill();
    assert_eq!(window.test_and_set(tag(2), UNTIL, NOW), Err(ReplayError::Away));
    assert_eq!(window.test_and_set(tag(1), UNTIL, NOW), Err(ReplayError::Away));
    let gone = RedisWindow::open(&format!("redis://127.0.0.1:{port}"), settings(), NOW);
    assert_eq!(gone.unwrap_err(), OpenError::Away);

    // It comes back with nothing in it, 100 seconds later by our clock.
    let Some(server) = Server::start_at(port, &[]) else { return };
    assert_eq!(server.ask::<i64>(&["DBSIZE"]), 0);
    // What may have been used before is refused, the one that was among them.
    assert_eq!(window.test_and_set(tag(1), UNTIL, later(100)), Err(ReplayError::Away));
    let last_unsure = later(100 + 330 + 30);
    assert_eq!(window.test_and_set(tag(3), last_unsure, later(130)), Err(ReplayError::Away));
    // What cannot is taken, once.
    assert_eq!(window.test_and_set(tag(3), later(461), later(161)), Ok(()));
    assert_eq!(window.test_and_set(tag(3), later(461), later(161)), Err(ReplayError::Seen));
}

#[test]
fn redis_that_says_nothing_refuses_in_time() {
    let Some(server) = Server::start(&[]) else { return };
    let brief = RedisSettings { timeout: Duration::from_millis(200), ..settings() };
    let window = RedisWindow::open(&server.address(), brief, NOW).unwrap();
    server.signal("-STOP");
    let patience = deadline();
    assert_eq!(window.test_and_set(tag(1), UNTIL, NOW), Err(ReplayError::Away));
    // With a connection of its own as well.
    assert_eq!(window.test_and_set(tag(2), UNTIL, NOW), Err(ReplayError::Away));
    assert!(patience.has_left());
    server.signal("-CONT");
    // The first question may have arrived: then that proof is used up. Others are taken.
    while window.test_and_set(tag(3), UNTIL, NOW) == Err(ReplayError::Away) {
        assert!(patience.has_left(), "it does not come back");
    }
    assert_eq!(window.test_and_set(tag(3), UNTIL, NOW), Err(ReplayError::Seen));
}

#[test]
fn redis_that_may_forget_is_refused_and_one_that_is_full_says_so() {
    let evicting = ["--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru"];
    let Some(server) = Server::start(&evicting) else { return };
    let opened = RedisWindow::open(&server.address(), settings(), NOW);
    assert_eq!(opened.unwrap_err(), OpenError::Evicts);

    let small = ["--maxmemory", "3mb", "--maxmemory-policy", "noeviction"];
    let Some(server) = Server::start(&small) else { return };
    let window = server.open();
    let refused =
        (0..100_000).find_map(|number| window.test_and_set(tag(number), UNTIL, NOW).err());
    assert_eq!(refused, Some(ReplayError::Full));
    // What is in it is still known.
    assert_eq!(server.ask::<i64>(&["EXISTS", "replay:"]), 0);
    server.ask::<()>(&["CONFIG", "SET", "maxmemory", "0"]);
    assert_eq!(window.test_and_set(tag(0), UNTIL, NOW), Err(ReplayError::Seen));
}

#[test]
fn redis_answers_that_are_unknown_refuse() {
    assert_eq!(
        RedisWindow::open("http://127.0.0.1", settings(), NOW).unwrap_err(),
        OpenError::Address
    );
    let info = "uptime_in_seconds:9999\r\nmaxmemory_policy:noeviction\r\n";
    let answers = [("+QUEUED\r\n", ReplayError::Away), (":1\r\n", ReplayError::Away)];
    for (answer, expected) in answers.into_iter().chain([
        ("-READONLY a replica\r\n", ReplayError::Away),
        ("-MOVED 1 127.0.0.1:1\r\n", ReplayError::Away),
        ("-OOM used up\r\n", ReplayError::Full),
        ("$-1\r\n", ReplayError::Seen),
    ]) {
        let window = RedisWindow::open(&imitation(info, answer), settings(), NOW).unwrap();
        assert_eq!(window.test_and_set(tag(1), UNTIL, NOW), Err(expected), "{answer}");
    }
    for info in ["", "uptime_in_seconds:1\r\n", "maxmemory_policy:noeviction\r\n"] {
        let opened = RedisWindow::open(&imitation(info, "+OK\r\n"), settings(), NOW);
        assert_eq!(opened.unwrap_err(), OpenError::Away, "{info}");
    }
}

/// Something that speaks the protocol, and gives `answer` to every `SET`.
fn imitation(info: &'static str, answer: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            imitate(stream.unwrap(), info, answer);
        }
    });
    format!("redis://127.0.0.1:{port}")
}

fn imitate(mut stream: TcpStream, info: &str, answer: &str) {
    let mut chunk = [0; 4096];
    while let Ok(length @ 1..) = stream.read(&mut chunk) {
        let asked = String::from_utf8_lossy(&chunk[..length]).into_owned();
        let mut said = "+OK\r\n".repeat(asked.matches("SETINFO").count());
        if asked.contains("$4\r\nINFO\r\n") {
            said += &format!("${}\r\n{info}\r\n", info.len());
        }
        if asked.contains("$3\r\nSET\r\n") {
            said += answer;
        }
        stream.write_all(said.as_bytes()).unwrap();
    }
}
