//! One counter: `Atomic::fetch_add`, exactly once, over the server's own `INCR`, at most once.

use std::time::{Duration, Instant};

use crucial::Atomic;
use futures_util::future::try_join_all;
use redis::aio::MultiplexedConnection;
use serde_json::{Value, json};

use crate::Result;
use crate::samples::{median, percentile, rounded};
use crate::server::Server;

const TASKS: u32 = 64;
/// How many calls are made one way before as many are made the other: the machine has other moods a second later.
const TURN: u32 = 100;

pub(crate) async fn run(quick: bool) -> Result<Value> {
    let (rounds, turns): (u32, u32) = if quick { (5, 10) } else { (15, 50) };
    let server = Server::start().await;
    let (runtime, _entered) = server.runtime().await?;
    let counter = Atomic::<u64>::create("counter", 0).await?;
    let raw = server.connection().await?;

    // What the first calls pay, such as loading scripts, is no part of the comparison.
    sequential_ours(&counter).await?;
    sequential_raw(&raw).await?;
    let (mut latency, mut throughput) = (Vec::new(), Vec::new());
    println!("round   one call after another: p50       64 tasks: calls/s");
    println!("        INCR     fetch_add  ratio         INCR     fetch_add  ratio");
    for round in 1..=rounds {
        let (mut raw_samples, mut our_samples) = (Vec::new(), Vec::new());
        let (mut raw_time, mut our_time) = (Duration::ZERO, Duration::ZERO);
        for _ in 0..turns {
            raw_samples.extend(sequential_raw(&raw).await?);
            our_samples.extend(sequential_ours(&counter).await?);
            raw_time += parallel_raw(&raw).await?;
            our_time += parallel_ours(&counter).await?;
        }
        let us = |samples: &mut [Duration]| percentile(samples, 0.5).as_secs_f64() * 1e6;
        let (raw_p50, our_p50) = (us(&mut raw_samples), us(&mut our_samples));
        let rate = |time: Duration| f64::from(turns * TURN * TASKS) / time.as_secs_f64();
        let (raw_rate, our_rate) = (rate(raw_time), rate(our_time));
        latency.push(our_p50 / raw_p50);
        throughput.push(our_rate / raw_rate);
        println!(
            "{round:>5}   {raw_p50:>5.1} us  {our_p50:>5.1} us  {:>6.2}      {raw_rate:>9.0}  {our_rate:>9.0}  {:>6.2}",
            our_p50 / raw_p50,
            our_rate / raw_rate,
        );
    }
    let expected = u64::from(TURN) * (1 + u64::from(rounds * turns) * (1 + u64::from(TASKS)));
    let counted = counter.load().await?;
    if counted != expected {
        return Err(format!("the counter is {counted}, it should be {expected}").into());
    }
    runtime.shutdown().await?;
    Ok(json!({
        "latency_ratio": rounded(median(&mut latency)),
        "throughput_ratio": rounded(median(&mut throughput)),
    }))
}

async fn sequential_ours(counter: &Atomic<u64>) -> Result<Vec<Duration>> {
    let mut samples = Vec::with_capacity(TURN as usize);
    for _ in 0..TURN {
        let start = Instant::now();
        counter.fetch_add(1).await?;
        samples.push(start.elapsed());
    }
    Ok(samples)
}

async fn sequential_raw(raw: &MultiplexedConnection) -> Result<Vec<Duration>> {
    let mut raw = raw.clone();
    let mut samples = Vec::with_capacity(TURN as usize);
    for _ in 0..TURN {
        let start = Instant::now();
        let _: u64 = redis::cmd("INCR").arg("raw").query_async(&mut raw).await?;
        samples.push(start.elapsed());
    }
    Ok(samples)
}

async fn parallel_ours(counter: &Atomic<u64>) -> Result<Duration> {
    let start = Instant::now();
    let tasks = (0..TASKS).map(|_| {
        let counter = counter.clone();
        tokio::spawn(async move {
            for _ in 0..TURN {
                counter.fetch_add(1).await?;
            }
            crucial::Result::<()>::Ok(())
        })
    });
    for result in try_join_all(tasks).await? {
        result?;
    }
    Ok(start.elapsed())
}

async fn parallel_raw(raw: &MultiplexedConnection) -> Result<Duration> {
    let start = Instant::now();
    let tasks = (0..TASKS).map(|_| {
        let mut raw = raw.clone();
        tokio::spawn(async move {
            for _ in 0..TURN {
                let _: u64 = redis::cmd("INCR").arg("raw").query_async(&mut raw).await?;
            }
            redis::RedisResult::<()>::Ok(())
        })
    });
    for result in try_join_all(tasks).await? {
        result?;
    }
    Ok(start.elapsed())
}
