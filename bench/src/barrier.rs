//! A cyclic barrier, with all parties in one process and over several: from the last arrival to each release.

use std::env;
use std::future::Future;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crucial::{Barrier, Runtime};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines, stdout};
use tokio::process::{Child, ChildStdout, Command};

use crate::Result;
use crate::samples::{percentile, rounded};
use crate::server::Server;

const PARTIES: u32 = 1_800;
/// This one among them.
const PROCESSES: u32 = 8;
/// In the processes that this one starts: the server and the namespace.
const PARTY: &str = "BENCH_PARTY";
const NAME: &str = "barrier";
const OVER_PROCESSES: &str = "barrier-of-processes";
/// For the last but one to fall asleep after it has been counted.
const SETTLE: Duration = Duration::from_millis(5);

pub(crate) async fn run(quick: bool) -> Result<Value> {
    let rounds = if quick { 10 } else { 100 };
    let server = Server::start().await;
    let (runtime, _entered) = server.runtime().await?;

    let ours = Barrier::create(NAME, PARTIES).await?;
    let tokio = Arc::new(tokio::sync::Barrier::new(PARTIES as usize));
    let (mut our_samples, mut base_samples) = (Vec::new(), Vec::new());
    // The first round pays for scripts.
    for round in 0..=rounds {
        let come = Arc::new(AtomicUsize::new(0));
        let base = released(
            || {
                let (tokio, come) = (Arc::clone(&tokio), Arc::clone(&come));
                async move {
                    come.fetch_add(1, Ordering::Relaxed);
                    tokio.wait().await;
                    crucial::Result::Ok(now())
                }
            },
            async || Ok(come.load(Ordering::Relaxed)),
        );
        let base = base.await?;
        let our = released(
            || pass(ours.clone()),
            async || Ok(ours.waiting().await? as usize),
        )
        .await?;
        if round > 0 {
            base_samples.extend(base);
            our_samples.extend(our);
        }
    }
    println!("from the last arrival to each of {PARTIES} releases, {rounds} rounds, ms");
    println!("                        p50      p99      max");
    print("tokio::sync::Barrier", &mut base_samples);
    print("crucial::Barrier", &mut our_samples);
    let ms = |part: f64, samples: &mut [Duration]| {
        rounded(percentile(samples, part).as_secs_f64() * 1e3)
    };
    let mut over_processes = over_processes(&server, &runtime, rounds).await?;
    print("over 8 processes", &mut over_processes);
    let cycle = cycle(&ours, rounds as u32).await?;
    println!("\n{PARTIES} parties that come again at once: {cycle:.1?} a round");
    let figures = json!({
        "p50_ms": ms(0.5, &mut our_samples),
        "p99_ms": ms(0.99, &mut our_samples),
        "processes_p50_ms": ms(0.5, &mut over_processes),
        "processes_p99_ms": ms(0.99, &mut over_processes),
        "cycle_ms": rounded(cycle.as_secs_f64() * 1e3),
    });
    runtime.shutdown().await?;
    Ok(figures)
}

/// Lets all parties come but one, and when they wait the last; how long each was released after that.
async fn released<F>(
    pass: impl Fn() -> F,
    waiting: impl AsyncFn() -> Result<usize>,
) -> Result<Vec<Duration>>
where
    F: Future<Output = crucial::Result<Duration>> + Send + 'static,
{
    let others: Vec<_> = (1..PARTIES).map(|_| tokio::spawn(pass())).collect();
    while waiting().await? < others.len() {
        tokio::time::sleep(SETTLE).await;
    }
    tokio::time::sleep(SETTLE).await;
    let start = now();
    let mut released = vec![tokio::spawn(pass()).await??];
    for party in others {
        released.push(party.await??);
    }
    Ok(released.iter().map(|at| at.saturating_sub(start)).collect())
}

/// How long a round takes in which all parties come to the next at once.
async fn cycle(barrier: &Barrier, rounds: u32) -> Result<Duration> {
    let start = now();
    let parties: Vec<_> = (0..PARTIES)
        .map(|_| {
            let barrier = barrier.clone();
            tokio::spawn(async move {
                for _ in 0..rounds {
                    barrier.wait().await?;
                }
                crucial::Result::<()>::Ok(())
            })
        })
        .collect();
    for party in parties {
        party.await??;
    }
    Ok((now() - start) / rounds)
}

/// The same with the parties in eight processes, of which this is one.
async fn over_processes(
    server: &Server,
    runtime: &Runtime,
    rounds: usize,
) -> Result<Vec<Duration>> {
    let barrier = Barrier::create(OVER_PROCESSES, PARTIES).await?;
    let own = PARTIES / PROCESSES;
    let mut others = Vec::new();
    for _ in 1..PROCESSES {
        others.push(Other::start(
            server.url(),
            runtime.namespace().as_str(),
            own,
        )?);
    }
    let mut samples = Vec::new();
    for round in 0..=rounds {
        let here: Vec<_> = (1..own)
            .map(|_| tokio::spawn(pass(barrier.clone())))
            .collect();
        while barrier.waiting().await? < PARTIES - 1 {
            tokio::time::sleep(SETTLE).await;
        }
        tokio::time::sleep(SETTLE).await;
        let start = now();
        let mut released = vec![pass(barrier.clone()).await?];
        for party in here {
            released.push(party.await??);
        }
        for other in &mut others {
            released.extend(other.released().await?);
        }
        // The first round pays for connections and scripts.
        if round > 0 {
            samples.extend(released.iter().map(|at| at.saturating_sub(start)));
        }
    }
    Ok(samples)
}

/// When this party was released, by the clock that all processes have in common.
async fn pass(barrier: Barrier) -> crucial::Result<Duration> {
    barrier.wait().await?;
    Ok(now())
}

fn now() -> Duration {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
}

/// Another process with some of the parties.
struct Other {
    lines: Lines<BufReader<ChildStdout>>,
    _process: Child,
}

impl Other {
    fn start(url: &str, namespace: &str, parties: u32) -> Result<Self> {
        let mut process = Command::new(env::current_exe()?)
            .arg("barrier")
            .env(PARTY, format!("{url} {namespace} {parties}"))
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let output = process.stdout.take().ok_or("it has no output")?;
        Ok(Self {
            lines: BufReader::new(output).lines(),
            _process: process,
        })
    }

    /// When its parties were released in the next round.
    async fn released(&mut self) -> Result<Vec<Duration>> {
        let line = self.lines.next_line().await?.ok_or("a process ended")?;
        let times = line
            .split(' ')
            .map(|micros| Ok(Duration::from_micros(micros.parse()?)));
        times.collect()
    }
}

/// What this process is to do, if it is one that the benchmark has started.
pub(crate) fn party() -> Option<String> {
    env::var(PARTY).ok()
}

/// Waits at the barrier with some of the parties, again and again, until it is killed.
pub(crate) async fn attend(party: &str) -> Result<()> {
    let [url, namespace, parties] = party.split(' ').collect::<Vec<_>>()[..] else {
        return Err(format!("{PARTY} is {party:?}").into());
    };
    let parties: u32 = parties.parse()?;
    let runtime = Runtime::builder()
        .store(url)
        .namespace(namespace)
        .build()
        .await?;
    let _entered = runtime.enter();
    let barrier = Barrier::open(OVER_PROCESSES).await?;
    loop {
        let waiting: Vec<_> = (0..parties)
            .map(|_| tokio::spawn(pass(barrier.clone())))
            .collect();
        let mut line = Vec::new();
        for party in waiting {
            line.push(party.await??.as_micros().to_string());
        }
        let line = line.join(" ") + "\n";
        stdout().write_all(line.as_bytes()).await?;
        stdout().flush().await?;
    }
}

fn print(name: &str, samples: &mut [Duration]) {
    let ms = |part, samples: &mut [Duration]| percentile(samples, part).as_secs_f64() * 1e3;
    println!(
        "{name:<20} {:>8.3} {:>8.3} {:>8.3}",
        ms(0.5, samples),
        ms(0.99, samples),
        ms(1.0, samples)
    );
}
