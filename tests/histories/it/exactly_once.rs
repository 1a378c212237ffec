//! Calls take effect exactly once, though connections are cut, those who lead abort, and processes and the server freeze.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use crucial::{Atomic, Map, Runtime, Shared};
use crucial_tests::{Options, RedisServer};
use crucial_tests_histories::{Dice, Tally, TallyProxy, now};
use tokio::sync::mpsc;
use tokio::time::sleep;

use crate::client::{Client, Said};

/// How many processes, and how many tasks in each.
const CLIENTS: usize = 5;
const TASKS: usize = 4;
const CUTS: usize = 30;
const ABORTS: usize = 16;
const FREEZES: usize = 4;
/// How long one who leads for others may be silent before another takes over.
const LEASE: Duration = Duration::from_secs(1);
/// After each fault, so many calls are answered before the next.
const PROGRESS: u64 = 40;
const LIMIT: Duration = Duration::from_secs(60);

/// A server and the clients that count on it.
struct Stage {
    server: RedisServer,
    directory: tempfile::TempDir,
    clients: Vec<Client>,
    said: mpsc::UnboundedSender<Said>,
    hear: mpsc::UnboundedReceiver<Said>,
    tally: TallyProxy,
    /// When the test itself held up everybody, or one process.
    held_up: Vec<HeldUp>,
}

struct HeldUp {
    /// The process, or nothing for all.
    process: Option<u32>,
    from: Duration,
    to: Duration,
}

impl Stage {
    fn client(&self, number: usize) -> Client {
        let directory = self.directory.path().to_str().unwrap();
        let args = ["count", &self.server.url(), directory, &TASKS.to_string()];
        Client::start(number, &args, &self.said)
    }

    /// Cuts all connections, once every process and the test itself have one.
    async fn cut(&self) {
        let deadline = Instant::now() + LIMIT;
        while self.server.clients().await <= CLIENTS || self.server.kill_clients().await <= CLIENTS
        {
            assert!(Instant::now() < deadline, "a process stays away");
            sleep(Duration::from_millis(2)).await;
        }
    }

    /// Waits until calls are answered again after a fault.
    async fn progress(&self) {
        let before = self.tally.snapshot().await.unwrap().count;
        let deadline = Instant::now() + LIMIT;
        while self.tally.snapshot().await.unwrap().count < before + PROGRESS {
            assert!(Instant::now() < deadline, "nobody counts any more");
            sleep(Duration::from_millis(2)).await;
        }
    }

    async fn hear(&mut self) -> Said {
        let said = tokio::time::timeout(LIMIT, self.hear.recv()).await;
        let said = said.expect("a client says nothing").unwrap();
        let failed = said.1.as_ref().filter(|line| line.starts_with("failed"));
        assert!(failed.is_none(), "a client {failed:?}");
        said
    }

    /// Waits until that client is ready, or has ended.
    async fn wait_for(&mut self, number: usize, line: Option<&str>) {
        while self.hear().await != (number, line.map(str::to_owned)) {}
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_acknowledged_is_what_ran() {
    let server = RedisServer::start(Options::default()).await;
    let runtime = Runtime::builder()
        .store(server.url())
        .application("count")
        .build()
        .await
        .unwrap();
    let _entered = runtime.enter();
    let key = |name| runtime.application().key(name).unwrap();
    let counter = Atomic::<u64>::create_at(key("counter"), 0).await.unwrap();
    let map = Map::<String, u32>::create_at(key("map"), Default::default())
        .await
        .unwrap();
    let tally = TallyProxy::create_at(key("tally"), Tally::default())
        .await
        .unwrap();
    let (said, hear) = mpsc::unbounded_channel();
    let mut stage = Stage {
        server,
        directory: tempfile::tempdir().unwrap(),
        clients: Vec::new(),
        said,
        hear,
        tally,
        held_up: Vec::new(),
    };
    for number in 0..CLIENTS {
        let client = stage.client(number);
        stage.clients.push(client);
    }
    for _ in 0..CLIENTS {
        assert_eq!(stage.hear().await.1.as_deref(), Some("ready"));
    }
    stage.progress().await;

    let mut dice = Dice::of(7);
    for round in 0..CUTS.max(ABORTS) {
        if round < CUTS {
            stage.cut().await;
            stage.progress().await;
        }
        if round < ABORTS {
            // In the middle of a call, or a moment after: while the outcome is on its way to the server.
            let unlucky = round % CLIENTS;
            let how = match round % 4 {
                0 => "abort".to_owned(),
                _ => format!("abort {}", dice.below(400)),
            };
            stage.clients[unlucky].tell(&how).await;
            stage.wait_for(unlucky, None).await;
            let status = stage.clients[unlucky].ended().await;
            assert!(status.code().is_none(), "it ended by itself: {status}");
            stage.clients[unlucky] = stage.client(unlucky);
            stage.wait_for(unlucky, Some("ready")).await;
            stage.progress().await;
        }
        if round < FREEZES {
            let frozen = &stage.clients[round % CLIENTS];
            let (process, from) = (frozen.id(), now());
            frozen.freeze();
            sleep(LEASE * 3 / 2).await;
            stage.clients[round % CLIENTS].thaw();
            stage.held_up.push(HeldUp {
                process,
                from,
                to: now(),
            });
            stage.progress().await;
            let from = now();
            stage.server.pause();
            sleep(LEASE / 2).await;
            stage.server.resume();
            stage.held_up.push(HeldUp {
                process: None,
                from,
                to: now(),
            });
            stage.progress().await;
        }
    }

    for client in &mut stage.clients {
        client.tell("stop").await;
    }
    for number in 0..CLIENTS {
        let status = stage.clients[number].ended().await;
        assert!(status.success(), "{status}");
    }
    let notes = Notes::read(stage.directory.path());
    let held_up = &stage.held_up;
    notes.counted("counter", counter.load().await.unwrap());
    notes.counted("tally", stage.tally.snapshot().await.unwrap().count);
    notes.inserted("map", map.len().await.unwrap() as u64);
    notes.waited(held_up);
}

/// What all clients noted.
#[derive(Default)]
struct Notes {
    objects: BTreeMap<String, Object>,
    answers: Vec<Answer>,
}

/// What they noted of one object.
#[derive(Default)]
struct Object {
    began: u64,
    replies: Vec<u64>,
}

/// When a call was under way.
struct Answer {
    what: String,
    process: u32,
    from: Duration,
    to: Duration,
}

impl Notes {
    fn read(directory: &Path) -> Self {
        let mut notes = Self::default();
        for file in fs::read_dir(directory).unwrap() {
            let path = file.unwrap().path();
            let process: u32 = path.file_stem().unwrap().to_str().unwrap().parse().unwrap();
            for line in fs::read_to_string(&path).unwrap().lines() {
                notes.line(process, line);
            }
        }
        notes
    }

    fn line(&mut self, process: u32, line: &str) {
        let words: Vec<_> = line.split(' ').collect();
        let nanos = |text: &str| Duration::from_nanos(text.parse().unwrap());
        match words.as_slice() {
            ["?", what] => self.objects.entry((*what).to_owned()).or_default().began += 1,
            ["=", what, reply, from, to] => {
                let object = self.objects.get_mut(*what).unwrap();
                object.replies.push(reply.parse().unwrap());
                self.answers.push(Answer {
                    what: (*what).to_owned(),
                    process,
                    from: nanos(from),
                    to: nanos(to),
                });
            }
            // The last line of a process that aborted.
            _ => {}
        }
    }

    /// Each call's reply is the count before it, so no two replies are equal, and only calls of processes that
    /// aborted may have run without an answer.
    fn counted(&self, what: &str, count: u64) {
        let object = &self.objects[what];
        let mut replies = object.replies.clone();
        replies.sort_unstable();
        let acknowledged = replies.len() as u64;
        replies.dedup();
        assert_eq!(
            replies.len() as u64,
            acknowledged,
            "{what}: one reply was given twice"
        );
        assert!(
            replies.last() < Some(&count),
            "{what}: a call was acknowledged and lost"
        );
        object.ran(what, count);
    }

    /// No call found its own key there.
    fn inserted(&self, what: &str, count: u64) {
        let object = &self.objects[what];
        let doubled = object.replies.iter().filter(|reply| **reply != 0).count();
        assert_eq!(doubled, 0, "{what}: calls ran twice");
        object.ran(what, count);
    }

    /// Nobody waited for longer than two leases of one who had died, apart from what the test itself held up.
    fn waited(&self, held_up: &[HeldUp]) {
        let own = |answer: &Answer| {
            let held = held_up
                .iter()
                .filter(|held| held.process.is_none_or(|process| process == answer.process));
            let overlap = |held: &HeldUp| {
                held.to
                    .min(answer.to)
                    .saturating_sub(held.from.max(answer.from))
            };
            (answer.to - answer.from).saturating_sub(held.map(overlap).sum())
        };
        let longest = self
            .answers
            .iter()
            .max_by_key(|answer| own(answer))
            .unwrap();
        let (waited, what) = (own(longest), &longest.what);
        println!("the longest wait was {waited:?}, of `{what}`");
        // Two leases, and what a busy machine takes to run the call.
        assert!(
            waited < 2 * LEASE + LEASE / 2,
            "a call of `{what}` waited {waited:?}"
        );
    }
}

impl Object {
    /// What was acknowledged ran, and of the rest at most what those who aborted had under way.
    fn ran(&self, what: &str, ran: u64) {
        let acknowledged = self.replies.len() as u64;
        let in_doubt = self.began - acknowledged;
        println!("{what}: {acknowledged} acknowledged, {ran} ran, {in_doubt} in doubt");
        assert!(in_doubt <= (ABORTS * TASKS) as u64);
        assert!(
            (acknowledged..=self.began).contains(&ran),
            "{what}: {acknowledged} acknowledged, {ran} ran, {in_doubt} in doubt"
        );
        assert!(acknowledged > 1_000, "{what}: only {acknowledged} calls");
    }
}
