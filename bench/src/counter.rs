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

pub(crate) async fn run(quick: bool) -> Result<Value> {
    let (rounds, calls): (u32, u32) = if quick { (5, 1_000) } else { (15, 5_000) };
    let server = Server::start().await;
    let (runtime, _entered) = server.runtime().await?;
    let counter = Atomic::<u64>::create("counter", 0).await?;
    let raw = server.connection().await?;

    // What the first calls pay, such as loading scripts, is no part of the comparison.
    sequential_ours(&counter, 100).await?;
    sequential_raw(&raw, 100).await?;
    let (mut latency, mut throughput) = (Vec::new(), Vec::new());
    println!("round   one call after another: p50       64 tasks: calls/s");
    println!("        INCR     fetch_add  ratio         INCR     fetch_add  ratio");
    for round in 1..=rounds {
        let raw_p50 = percentile(&mut sequential_raw(&raw, calls).await?, 0.5);
        let our_p50 = percentile(&mut sequential_ours(&counter, calls).await?, 0.5);
        let raw_rate = parallel_raw(&raw, calls).await?;
        let our_rate = parallel_ours(&counter, calls).await?;
        latency.push(our_p50.as_secs_f64() / raw_p50.as_secs_f64());
        throughput.push(our_rate / raw_rate);
        println!(
            "{round:>5}   {:>5.1} us  {:>5.1} us  {:>6.2}      {raw_rate:>9.0}  {our_rate:>9.0}  {:>6.2}",
            raw_p50.as_secs_f64() * 1e6,
            our_p50.as_secs_f64() * 1e6,
            latency[latency.len() - 1],
            throughput[throughput.len() - 1],
        );
    }
    let expected = 100 + u64::from(rounds) * u64::from(calls) * (1 + u64::from(TASKS));
    let counted = counter.get().await?;
    if counted != expected {
        return Err(format!("the counter is {counted}, it should be {expected}").into());
    }
    runtime.shutdown().await?;
    Ok(json!({
        "latency_ratio": rounded(median(&mut latency)),
        "throughput_ratio": rounded(median(&mut throughput)),
    }))
}

async fn sequential_ours(counter: &Atomic<u64>, calls: u32) -> Result<Vec<Duration>> {
    let mut samples = Vec::with_capacity(calls as usize);
    for _ in 0..calls {
        let start = Instant::now();
        counter.fetch_add(1).await?;
        samples.push(start.elapsed());
    }
    Ok(samples)
}

async fn sequential_raw(raw: &MultiplexedConnection, calls: u32) -> Result<Vec<Duration>> {
    let mut raw = raw.clone();
    let mut samples = Vec::with_capacity(calls as usize);
    for _ in 0..calls {
        let start = Instant::now();
        let _: u64 = redis::cmd("INCR").arg("raw").query_async(&mut raw).await?;
        samples.push(start.elapsed());
    }
    Ok(samples)
}

async fn parallel_ours(counter: &Atomic<u64>, calls: u32) -> Result<f64> {
    let start = Instant::now();
    let tasks = (0..TASKS).map(|_| {
        let counter = counter.clone();
        tokio::spawn(async move {
            for _ in 0..calls {
                counter.fetch_add(1).await?;
            }
            crucial::Result::<()>::Ok(())
        })
    });
    for result in try_join_all(tasks).await? {
        result?;
    }
    Ok(f64::from(TASKS) * f64::from(calls) / start.elapsed().as_secs_f64())
}

async fn parallel_raw(raw: &MultiplexedConnection, calls: u32) -> Result<f64> {
    let start = Instant::now();
    let tasks = (0..TASKS).map(|_| {
        let mut raw = raw.clone();
        tokio::spawn(async move {
            for _ in 0..calls {
                let _: u64 = redis::cmd("INCR").arg("raw").query_async(&mut raw).await?;
            }
            redis::RedisResult::<()>::Ok(())
        })
    });
    for result in try_join_all(tasks).await? {
        result?;
    }
    Ok(f64::from(TASKS) * f64::from(calls) / start.elapsed().as_secs_f64())
}
