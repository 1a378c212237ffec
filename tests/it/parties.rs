//! Barriers, rounds and locks over processes: nobody goes early, nothing hangs, and who dies or freezes is missed.

use std::process::{Command, Stdio};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout};
use tokio::time::timeout;

use crate::ways::{PROCESSES, Ways, printed};

/// Far more than any of these takes, far less than a wait without a limit of its own.
const LIMIT: Duration = Duration::from_secs(120);
/// Long enough that on a busy machine nobody loses it who lives.
const LEASE: Duration = Duration::from_secs(2);
/// How long those that meet a party go on waiting for it at the most when it dies or is frozen. It is missed when one
/// lease has ended; two more are for a busy machine to bring the news to all threads, and to the program.
const MISSED: Duration = LEASE.saturating_mul(3);

/// Parties of all sizes in eight processes do that a hundred times, and the program says so.
async fn again_and_again(what: &str, said: &str) {
    let ways = Ways::new().await;
    let processes = PROCESSES.to_string();
    let sizes = ["2", "3", "7", "12", "50", "97", "200", "1800"];
    let flags = [&[what, "100", &processes], &sizes[..]].concat();
    let run = timeout(LIMIT, ways.process().run("parties", &flags)).await;
    let text = printed("parties", run.expect("nothing hangs"));
    let expected = sizes.map(|size| format!("{size} parties: {said}\n"));
    assert_eq!(text, expected.concat());
}

#[tokio::test(flavor = "multi_thread")]
async fn eight_processes_meet_again_and_again() {
    again_and_again("cycle", "100 leaders").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn eight_processes_reduce_again_and_again() {
    again_and_again("reduce", "all right").await;
}

/// A program whose processes are to be harmed.
struct Running {
    lines: Lines<BufReader<ChildStdout>>,
    program: Child,
}

impl Running {
    fn start(ways: &Ways, flags: &[&str]) -> Self {
        let mut command = ways.process().command("parties", flags);
        let command = command
            .env("CRUCIAL_LEASE", LEASE.as_secs_f64().to_string())
            .stdout(Stdio::piped());
        let mut program = command.spawn().unwrap();
        let lines = BufReader::new(program.stdout.take().unwrap()).lines();
        Self { lines, program }
    }

    async fn line(&mut self) -> String {
        let line = timeout(LIMIT, self.lines.next_line()).await;
        let line = line.expect("nothing hangs").unwrap();
        line.expect("the program goes on")
    }

    /// A process that runs threads.
    async fn process(&mut self) -> u32 {
        let line = self.line().await;
        let process = line.strip_prefix("process ").expect(&line);
        process.parse().unwrap()
    }

    /// The others learn in time that one of them is missed: so many lines say how it ended for each.
    async fn ends(&mut self, count: usize) -> Vec<String> {
        let ends = async {
            let mut ends = Vec::new();
            for _ in 0..count {
                ends.push(self.line().await);
            }
            ends.sort_unstable();
            ends
        };
        let ends = timeout(MISSED, ends).await;
        ends.expect("nobody waits for longer than leases last")
    }

    async fn end(mut self) {
        let end = timeout(LIMIT, self.program.wait()).await;
        assert!(end.expect("it ends").unwrap().success());
    }
}

fn signal(name: &str, process: u32) {
    let sent = Command::new("kill")
        .args([name, &process.to_string()])
        .status();
    assert!(sent.unwrap().success());
}

/// Of eight processes that do that until somebody is missed, one is killed.
async fn one_is_killed(what: &str) {
    let ways = Ways::new().await;
    let mut running = Running::start(&ways, &[what, "8"]);
    let victim = running.process().await;
    for _ in 1..PROCESSES {
        running.process().await;
    }
    signal("-KILL", victim);
    let mut expected = vec!["broken"; PROCESSES - 1];
    expected.push("dead");
    assert_eq!(running.ends(PROCESSES).await, expected);
    assert_eq!(running.line().await, "whole again");
    running.end().await;
}

/// One of them is frozen, and goes on when the others have missed it.
async fn one_is_frozen(what: &str) {
    let ways = Ways::new().await;
    let mut running = Running::start(&ways, &[what, "8"]);
    let victim = running.process().await;
    for _ in 1..PROCESSES {
        running.process().await;
    }
    signal("-STOP", victim);
    let broken = vec!["broken"; PROCESSES - 1];
    assert_eq!(running.ends(PROCESSES - 1).await, broken);
    signal("-CONT", victim);
    assert_eq!(running.line().await, "broken");
    assert_eq!(running.line().await, "whole again");
    running.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_party_breaks_the_barrier() {
    one_is_killed("meet").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_party_breaks_the_round() {
    one_is_killed("gather").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_party_breaks_the_barrier_and_finds_out() {
    one_is_frozen("meet").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_party_breaks_the_round_and_finds_out() {
    one_is_frozen("gather").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_holder_is_succeeded() {
    let ways = Ways::new().await;
    let mut running = Running::start(&ways, &["hold", "5"]);
    let victim = running.process().await;
    signal("-KILL", victim);
    for expected in ["succeeded", "dead", "value 50"] {
        assert_eq!(running.line().await, expected);
    }
    running.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_holder_is_succeeded_and_overwrites_nothing() {
    let ways = Ways::new().await;
    let mut running = Running::start(&ways, &["hold", "5"]);
    let victim = running.process().await;
    signal("-STOP", victim);
    assert_eq!(running.line().await, "succeeded");
    signal("-CONT", victim);
    for expected in ["lease lost", "value 50"] {
        assert_eq!(running.line().await, expected);
    }
    running.end().await;
}
