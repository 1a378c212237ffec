//! How programs end that are told to, or that die, and what they leave on the server.

use std::fs;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use crucial_tests::{RedisServer, Signal, signal};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout};
use tokio::time::{interval, timeout};

use crate::meeting::{Guest, Meeting};
use crate::programs::{Emulator, server, worker};

/// Far more than a program may take to clean up, far less than calls to a server that is gone are tried.
const LIMIT: Duration = Duration::from_secs(30);

/// A program that has objects and waits.
struct Holder {
    process: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

/// How a program ended, and what it said.
#[derive(Debug)]
struct End {
    status: ExitStatus,
    said: String,
}

impl Holder {
    async fn start(server: &RedisServer, executor: &str, words: &[&str]) -> Self {
        Self::start_with(server, &[("CRUCIAL_EXECUTOR", executor)], words).await
    }

    async fn start_with(server: &RedisServer, variables: &[(&str, &str)], words: &[&str]) -> Self {
        let mut process = worker()
            .arg("hold")
            .args(words)
            .env("CRUCIAL_STORE", server.url())
            .envs(variables.iter().copied())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let mut holder = Self { process, lines };
        holder.says("ready").await;
        holder
    }

    async fn says(&mut self, line: &str) {
        let said = timeout(LIMIT, self.lines.next_line()).await;
        assert_eq!(
            said.expect("it says so soon").unwrap().as_deref(),
            Some(line)
        );
    }

    fn signal(&self, which: Signal) {
        signal(
            self.process.id().expect("it has not been waited for"),
            which,
        );
    }

    async fn end(mut self) -> End {
        let status = timeout(LIMIT, self.process.wait()).await;
        let status = status.expect("it ends soon").unwrap();
        let mut said = String::new();
        let mut errors = self.process.stderr.take().unwrap();
        errors.read_to_string(&mut said).await.unwrap();
        End { status, said }
    }
}

/// The keys that nothing removes.
async fn left(server: &RedisServer) -> Vec<String> {
    let lives = server.lives().await.into_iter();
    lives
        .filter_map(|(key, life)| (life == -1).then_some(key))
        .collect()
}

/// Waits until those processes have ended; nobody waits for them in whose place the kernel does.
async fn ended(guests: Vec<Guest>) {
    let mut ticks = interval(Duration::from_millis(10));
    let ended = async {
        for guest in &guests {
            while is_running(guest.process) {
                ticks.tick().await;
            }
        }
    };
    timeout(LIMIT, ended).await.expect("they end soon");
}

fn is_running(process: u32) -> bool {
    let state = fs::read_to_string(format!("/proc/{process}/stat"));
    // The program's name, in parentheses, may hold anything.
    state.is_ok_and(|text| {
        let state = text.rsplit_once(") ").map(|(_, state)| state);
        state.is_some_and(|state| !state.starts_with('Z'))
    })
}

/// Threads that have come to the meeting.
async fn guests(meeting: &Meeting, count: usize) -> Vec<Guest> {
    let mut guests = Vec::new();
    for _ in 0..count {
        guests.push(meeting.guest().await);
    }
    guests
}

#[tokio::test]
async fn a_signal_ends_the_job_and_then_the_program() {
    let server = server().await;
    let meeting = Meeting::new().await;
    let place = meeting.place().to_string();
    for (which, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        for (executor, words, threads) in [
            ("local", &["wait"][..], 0),
            ("local", &["compute"], 0),
            ("local", &["wait", &place], 1),
            ("local", &["blocking", &place, &place], 2),
            ("process", &["wait", &place, &place], 2),
            ("process", &["compute", &place], 1),
            ("process", &["blocking", &place], 1),
        ] {
            let what = format!("{which:?}, {executor}, {words:?}");
            let holder = Holder::start(&server, executor, words).await;
            let guests = guests(&meeting, threads).await;
            assert_ne!(left(&server).await, [""; 0], "{what}");
            holder.signal(which);
            let end = holder.end().await;
            assert_eq!(end.status.code(), Some(code), "{what}: {end:?}");
            assert_eq!(left(&server).await, [""; 0], "{what}");
            if executor == "process" {
                ended(guests).await;
            }
        }
    }
}

#[tokio::test]
async fn a_server_that_is_gone_or_silent_holds_up_no_program_that_is_told_to_end() {
    let meeting = Meeting::new().await;
    let place = meeting.place().to_string();
    for (which, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        for (executor, words, threads, gone) in [
            ("local", &["wait"][..], 0, true),
            ("local", &["wait"], 0, false),
            ("local", &["compute", &place], 1, true),
            ("process", &["join", &place, &place], 2, true),
            ("process", &["wait", &place], 1, false),
        ] {
            let what = format!("{which:?}, {executor}, {words:?}, gone: {gone}");
            let mut server = server().await;
            let holder = Holder::start(&server, executor, words).await;
            let guests = guests(&meeting, threads).await;
            if gone {
                server.kill();
            } else {
                server.pause();
            }
            holder.signal(which);
            let end = holder.end().await;
            assert_eq!(end.status.code(), Some(code), "{what}: {end:?}");
            for part in ["could not be removed", "within 2s", "later remove them"] {
                assert!(end.said.contains(part), "{what}: {part:?}: {end:?}");
            }
            if executor == "process" {
                ended(guests).await;
            }
        }
    }
}

#[tokio::test]
async fn a_second_signal_ends_a_program_at_once() {
    for (first, second, code) in [
        (Signal::INT, Signal::TERM, 143),
        (Signal::TERM, Signal::INT, 130),
    ] {
        let server = server().await;
        let mut holder = Holder::start(&server, "local", &["wait"]).await;
        server.pause();
        holder.signal(first);
        holder.says("dropped").await;
        holder.signal(second);
        let end = holder.end().await;
        // It would have ended with the code of the first one, and said what is left.
        assert_eq!(end.status.code(), Some(code), "{first:?}: {end:?}");
        assert_eq!(end.said, "", "{first:?}");
    }
}

#[tokio::test]
async fn a_main_that_panics_ends_its_job() {
    let server = server().await;
    let holder = Holder::start(&server, "local", &["panic"]).await;
    let end = holder.end().await;
    assert_eq!(end.status.code(), Some(101), "{end:?}");
    assert!(end.said.contains("held no longer"), "{end:?}");
    assert_eq!(left(&server).await, [""; 0]);
}

#[tokio::test]
async fn processes_end_the_job_of_a_driver_that_is_killed() {
    let meeting = Meeting::new().await;
    let place = meeting.place().to_string();
    for (how, threads) in [("join", 1), ("blocking", 1), ("join", 4)] {
        let what = format!("{how}, {threads} threads");
        let server = server().await;
        let words = [vec![how], vec![&place[..]; threads]].concat();
        let mut holder = Holder::start(&server, "process", &words).await;
        let guests = guests(&meeting, threads).await;
        holder.process.kill().await.unwrap();
        ended(guests).await;
        assert_eq!(left(&server).await, [""; 0], "{what}");
    }
}

#[tokio::test]
async fn processes_end_with_their_driver_though_the_server_is_gone() {
    let meeting = Meeting::new().await;
    let place = meeting.place().to_string();
    for gone in [true, false] {
        let mut server = server().await;
        let mut holder = Holder::start(&server, "process", &["join", &place]).await;
        let guest = meeting.guest().await;
        if gone {
            server.kill();
        } else {
            server.pause();
        }
        holder.process.kill().await.unwrap();
        ended(vec![guest]).await;
    }
}

#[tokio::test]
async fn the_end_of_an_emulator_is_no_end_of_the_jobs_that_use_it() {
    let server = server().await;
    let meeting = Meeting::new().await;
    let mut emulator = Emulator::start(&server.url()).await;
    let exports = emulator.exports.clone();
    let exports: Vec<(&str, &str)> = exports.iter().map(|(n, v)| (&n[..], &v[..])).collect();
    let place = meeting.place().to_string();
    let holder = Holder::start_with(&server, &exports, &["wait", &place]).await;
    let guest = meeting.guest().await;
    let before = left(&server).await;
    emulator.process.kill().await.unwrap();
    ended(vec![guest]).await;
    assert_eq!(left(&server).await, before);
    holder.signal(Signal::TERM);
    assert_eq!(holder.end().await.status.code(), Some(143));
    // Threads on Lambda may outlive their driver: the job stays noted, for the sweep that looks once more.
    let objects = left(&server).await;
    let mut noted = objects.iter().map(String::as_str);
    assert!(
        noted.all(|key| key == "crucial:jobs" || key.ends_with("}:objects")),
        "{objects:?}"
    );
}
