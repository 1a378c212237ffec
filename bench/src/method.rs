//! A method of a user's object, called from many processes: `accumulate` adds 25 x 100 numbers to as many.
//!
//! The baseline is what one writes without Crucial: fetch the state, run the method, put the new state there if the
//! version is the old one, otherwise wait a little and try again.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crucial::Runtime;
use futures_util::future::try_join_all;
use redis::Script;
use redis::aio::MultiplexedConnection;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::Result;
use crate::delay::Delay;
use crate::samples::{median, percentile, rounded};
use crate::server::Server;

const NUMBERS: usize = 25 * 100;
/// How long one side's turn takes; then it is the other's.
const TURN: Duration = Duration::from_millis(500);
/// What a network in between adds, each way.
const ONE_WAY: Duration = Duration::from_millis(2);

/// Sums that grow by what is added to them.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Sums {
    sums: Vec<f64>,
    calls: u64,
}

#[crucial::shared]
impl Sums {
    /// Adds a part; how many there have been.
    pub(crate) fn accumulate(&mut self, part: Vec<f64>) -> u64 {
        for (sum, number) in self.sums.iter_mut().zip(part) {
            *sum += number;
        }
        self.calls += 1;
        self.calls
    }
}

impl Sums {
    fn new() -> Self {
        Self {
            sums: vec![0.0; NUMBERS],
            calls: 0,
        }
    }
}

/// What one turn came to.
struct Turn {
    calls: u64,
    rate: f64,
    latencies: Vec<Duration>,
}

/// Clients of one server, ours and raw, each with a connection of its own.
struct Clients {
    ours: Vec<(Runtime, SumsProxy)>,
    raw: Vec<MultiplexedConnection>,
    /// Of the raw state and its version.
    keys: Arc<[String; 2]>,
    cas: Arc<Script>,
}

impl Clients {
    /// So many, for the objects of the first.
    async fn new(server: &Server, name: &'static str, count: usize) -> Result<Self> {
        let mut raw = Vec::new();
        let mut runtimes = Vec::new();
        for _ in 0..count {
            raw.push(server.connection().await?);
            runtimes.push(server.unentered().await?);
        }
        let sums = runtimes[0]
            .scope(SumsProxy::create("sums", Sums::new()))
            .await?;
        let _: () = redis::cmd("MSET")
            .arg(format!("{name}:state"))
            .arg(rmp_serde::to_vec_named(&Sums::new())?)
            .arg(format!("{name}:version"))
            .arg(0)
            .query_async(&mut raw[0].clone())
            .await?;
        let cas = Script::new(
            "if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
             redis.call('SET', KEYS[1], ARGV[2])
             redis.call('INCR', KEYS[2])
             return 1",
        );
        Ok(Self {
            ours: runtimes
                .into_iter()
                .map(|runtime| (runtime, sums.clone()))
                .collect(),
            raw,
            keys: Arc::new([format!("{name}:state"), format!("{name}:version")]),
            cas: Arc::new(cas),
        })
    }

    /// A turn of so many of ours, with so many tasks each.
    async fn ours(&self, clients: usize, tasks: usize) -> Result<Turn> {
        let part: Arc<Vec<f64>> = Arc::new(vec![1.0; NUMBERS]);
        let start = Instant::now();
        let all = self.ours[..clients].iter().flat_map(|(runtime, sums)| {
            (0..tasks).map(|_| {
                let (runtime, sums, part) = (runtime.clone(), sums.clone(), Arc::clone(&part));
                tokio::spawn(async move {
                    let calls = async {
                        let mut latencies = Vec::new();
                        while start.elapsed() < TURN {
                            let called = Instant::now();
                            sums.accumulate(Vec::clone(&part)).await?;
                            latencies.push(called.elapsed());
                        }
                        crucial::Result::<_>::Ok(latencies)
                    };
                    runtime.scope(calls).await
                })
            })
        });
        let mut latencies = Vec::new();
        for task in try_join_all(all).await? {
            latencies.extend(task?);
        }
        Ok(Turn::of(latencies, start))
    }

    /// A turn of so many raw ones.
    async fn raw(&self, clients: usize) -> Result<Turn> {
        let part: Arc<Vec<f64>> = Arc::new(vec![1.0; NUMBERS]);
        let start = Instant::now();
        let all = self.raw[..clients].iter().map(|connection| {
            let (mut connection, part) = (connection.clone(), Arc::clone(&part));
            let (keys, cas) = (Arc::clone(&self.keys), Arc::clone(&self.cas));
            tokio::spawn(async move {
                let mut latencies = Vec::new();
                while start.elapsed() < TURN {
                    let called = Instant::now();
                    compare_and_set(&mut connection, &keys, &cas, &part).await?;
                    latencies.push(called.elapsed());
                }
                Result::<_>::Ok(latencies)
            })
        });
        let mut latencies = Vec::new();
        for task in try_join_all(all).await? {
            latencies.extend(task?);
        }
        Ok(Turn::of(latencies, start))
    }

    /// Fails unless so many calls have been counted, ours and raw.
    async fn check(&self, (ours, raw): (u64, u64)) -> Result<()> {
        let (runtime, sums) = &self.ours[0];
        let counted = runtime.scope(sums.snapshot()).await?;
        let stored: Vec<u8> = redis::cmd("GET")
            .arg(&self.keys[0])
            .query_async(&mut self.raw[0].clone())
            .await?;
        let stored: Sums = rmp_serde::from_slice(&stored)?;
        for (sums, calls) in [(counted, ours), (stored, raw)] {
            #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
            let expected = calls as f64;
            if sums.calls != calls
                || sums
                    .sums
                    .iter()
                    .any(|sum| sum.to_bits() != expected.to_bits())
            {
                return Err(format!("{} calls of {calls} were counted", sums.calls).into());
            }
        }
        Ok(())
    }
}

impl Turn {
    fn of(latencies: Vec<Duration>, start: Instant) -> Self {
        let calls = latencies.len() as u64;
        #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
        let rate = calls as f64 / start.elapsed().as_secs_f64();
        Self {
            calls,
            rate,
            latencies,
        }
    }
}

/// One call of the baseline.
async fn compare_and_set(
    connection: &mut MultiplexedConnection,
    [state_key, version_key]: &[String; 2],
    cas: &Script,
    part: &[f64],
) -> Result<u64> {
    let mut pause = Duration::from_micros(200);
    loop {
        let (state, version): (Vec<u8>, u64) = redis::cmd("MGET")
            .arg(state_key)
            .arg(version_key)
            .query_async(connection)
            .await?;
        let mut sums: Sums = rmp_serde::from_slice(&state)?;
        let reply = sums.accumulate(part.to_vec());
        let done: bool = cas
            .key(state_key)
            .key(version_key)
            .arg(version)
            .arg(rmp_serde::to_vec_named(&sums)?)
            .invoke_async(connection)
            .await?;
        if done {
            return Ok(reply);
        }
        sleep(pause.mul_f64(rand::random_range(0.0..1.0))).await;
        pause = (pause * 2).min(Duration::from_millis(20));
    }
}

/// One comparison: so many of our clients, with so many tasks each, and so many raw ones.
struct Case {
    name: &'static str,
    clients: usize,
    tasks: usize,
    raw: usize,
    ratios: Vec<f64>,
    latencies: Vec<Duration>,
}

impl Case {
    fn new(name: &'static str, clients: usize, tasks: usize, raw: usize) -> Self {
        let (ratios, latencies) = (Vec::new(), Vec::new());
        Self {
            name,
            clients,
            tasks,
            raw,
            ratios,
            latencies,
        }
    }

    /// A turn each; how many calls ours and the raw ones made.
    async fn round(&mut self, on: &Clients, round: u32) -> Result<(u64, u64)> {
        let raw = on.raw(self.raw).await?;
        let ours = on.ours(self.clients, self.tasks).await?;
        let (ratio, ms) = (ours.rate / raw.rate, |latencies: &mut [Duration], part| {
            percentile(latencies, part).as_secs_f64() * 1e3
        });
        let (mut own, mut others) = (ours.latencies, raw.latencies);
        println!(
            "{round:>5}  {:<22} {:>9.0} {:>9.0} {ratio:>7.2}   {:>6.2} {:>6.2}   {:>7.2} {:>7.2}",
            self.name,
            raw.rate,
            ours.rate,
            ms(&mut own, 0.5),
            ms(&mut own, 0.99),
            ms(&mut others, 0.5),
            ms(&mut others, 0.99),
        );
        self.ratios.push(ratio);
        self.latencies.extend(own);
        Ok((ours.calls, raw.calls))
    }
}

pub(crate) async fn run(quick: bool) -> Result<Value> {
    let rounds = if quick { 2 } else { 7 };
    let server = Server::start().await;
    let network = Delay::start(server.address()?, ONE_WAY).await?;
    let far = server.behind(network.port());
    let near = Clients::new(&server, "near", 64).await?;
    let far = Clients::new(&far, "far", 64).await?;
    let mut cases = [
        Case::new("1 client", 1, 1, 1),
        Case::new("8 clients", 8, 1, 8),
        Case::new("64 clients", 64, 1, 64),
        Case::new("1 client, 64 tasks", 1, 64, 64),
    ];
    let mut distant = Case::new("64 clients, +4 ms", 64, 1, 64);
    println!(
        "                                      calls/s                ours, ms        naive, ms"
    );
    println!(
        "round                             naive      ours   ratio      p50    p99       p50     p99"
    );
    // What the first calls pay, such as loading scripts, is no part of the comparison.
    let mut near_calls = Case::new("(warm-up)", 64, 1, 64).round(&near, 0).await?;
    let mut far_calls = Case::new("(warm-up, +4 ms)", 64, 1, 64)
        .round(&far, 0)
        .await?;
    for round in 1..=rounds {
        for case in &mut cases {
            let (ours, raw) = case.round(&near, round).await?;
            near_calls = (near_calls.0 + ours, near_calls.1 + raw);
        }
        let (ours, raw) = distant.round(&far, round).await?;
        far_calls = (far_calls.0 + ours, far_calls.1 + raw);
    }
    near.check(near_calls).await?;
    far.check(far_calls).await?;
    let [one, eight, many, tasks] = &mut cases;
    Ok(json!({
        "ratio_1": rounded(median(&mut one.ratios)),
        "ratio_8": rounded(median(&mut eight.ratios)),
        "ratio_64": rounded(median(&mut many.ratios)),
        "p99_ms_64": rounded(percentile(&mut many.latencies, 0.99).as_secs_f64() * 1e3),
        "ratio_1_process_64_tasks": rounded(median(&mut tasks.ratios)),
        "ratio_64_far": rounded(median(&mut distant.ratios)),
    }))
}
