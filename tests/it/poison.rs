//! A call that ends every process that runs it is given up in the end, and the others at its object go on.

use std::os::unix::process::ExitStatusExt;
use std::process::Stdio;
use std::time::Duration;

use crucial_tests::{Options, RedisServer, Signal, program, signal};
use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::{Instant, interval, timeout};

/// Far more than all of it takes, far less than a call waits for its answer.
const LIMIT: Duration = Duration::from_secs(40);
/// Two that led for everybody, and two that ran the call alone.
const DEATHS: usize = 4;
/// What waits to be run, as the store keeps it.
const WAITING: &str = "crucial:{app/fuse}:q";

/// A process at the object; it ends with the test.
struct Process {
    child: Child,
    input: ChildStdin,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Process {
    async fn start(server: &RedisServer) -> Self {
        let mut child = Command::from(program("fuse"))
            .env("CRUCIAL_STORE", server.url())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let input = child.stdin.take().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut process = Self {
            child,
            input,
            lines,
        };
        assert_eq!(process.line().await.as_deref(), Some("ready"));
        process
    }

    async fn tell(&mut self, line: &str) {
        let line = format!("{line}\n");
        self.input.write_all(line.as_bytes()).await.unwrap();
    }

    /// What it says next; nothing if it has ended.
    async fn line(&mut self) -> Option<String> {
        let line = timeout(LIMIT, self.lines.next_line()).await;
        line.expect("it says something, or ends").unwrap()
    }

    /// What it says to that.
    async fn ask(&mut self, line: &str) -> String {
        self.tell(line).await;
        self.line().await.expect("it lives")
    }

    fn signal(&self, what: Signal) {
        signal(self.child.id().expect("it lives"), what);
    }
}

/// Waits until the calls of so many processes wait for whoever leads; those that are being run are among them.
async fn until_waiting(server: &RedisServer, count: i64) {
    let mut ticks = interval(Duration::from_millis(5));
    let deadline = Instant::now() + LIMIT;
    while server.command(&["HLEN", WAITING]).await != redis::Value::Int(count) {
        assert!(Instant::now() < deadline, "not everybody waits");
        ticks.tick().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_aborts_whoever_runs_it_is_given_up() {
    let server = RedisServer::start(Options::default()).await;
    let mut caller = Process::start(&server).await;
    let mut others = Vec::new();
    for _ in 0..=DEATHS {
        others.push(Process::start(&server).await);
    }
    // They meet, so that from now on each asks whoever leads.
    for count in [1, 3] {
        let counted = others[0].ask("count").await;
        assert_eq!(counted, format!("counted {count}"));
        let counted = caller.ask("count").await;
        assert_eq!(counted, format!("counted {}", count + 1));
    }

    // While one leads, the call comes to wait, and others behind it.
    assert_eq!(others[0].ask("hold").await, "holding");
    caller.tell("burn").await;
    until_waiting(&server, 2).await;
    for other in &mut others[1..] {
        other.tell("work").await;
    }
    until_waiting(&server, 2 + DEATHS as i64).await;
    // Its caller must not be the one that runs it.
    caller.signal(Signal::STOP);
    others[0].tell("go").await;

    let mut ends: FuturesUnordered<_> = others
        .iter_mut()
        .enumerate()
        .map(|(place, other)| async move { (place, other.line().await) })
        .collect();
    let mut dead = Vec::new();
    for _ in 0..DEATHS {
        let (place, line) = ends.next().await.unwrap();
        assert_eq!(line, None, "it has nothing to say");
        dead.push(place);
    }
    drop(ends);
    assert!(dead.contains(&0), "the first to run it: {dead:?}");
    for place in &dead {
        let status = others[*place].child.wait().await.unwrap();
        assert_eq!(status.signal(), Some(Signal::ABORT.as_raw()), "{status}");
    }

    // It has killed enough: the one that is left does not run it, and goes on with the rest.
    let left = (0..others.len()).find(|place| !dead.contains(place));
    let survivor = &mut others[left.unwrap()];
    let worked = survivor.ask("stop").await;
    assert!(worked.starts_with("worked "), "{worked}");
    assert_ne!(worked, "worked 0");
    caller.signal(Signal::CONT);
    let told = caller.line().await.expect("it lives");
    for part in [
        "poison: `burn` of object `app/fuse`",
        "died of it",
        "not run again",
        "aborts",
    ] {
        assert!(told.contains(part), "{part:?} is missing in: {told}");
    }

    // The object is as usable as before, also for those who come anew.
    let mut newcomer = Process::start(&server).await;
    let mut counts = Vec::new();
    for process in [&mut caller, survivor, &mut newcomer] {
        let counted = process.ask("count").await;
        let count = counted.strip_prefix("counted ").expect(&counted);
        counts.push(count.parse::<u64>().unwrap());
    }
    let first = counts[0];
    assert_eq!(counts, [first, first + 1, first + 2]);
    until_waiting(&server, 0).await;
}
