//! Many objects: what a call costs, and what an object takes, with 1, 1,000 and 100,000 of them.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use crucial::{Atomic, Map};
use futures_util::stream::{self, StreamExt, TryStreamExt};
use redis::aio::MultiplexedConnection;
use serde_json::{Value, json};

use crate::Result;
use crate::samples::{median, percentile, rounded};
use crate::server::Server;

/// How many objects there are, case by case.
const LIVE: [u32; 3] = [1, 1_000, 100_000];
/// How many are made at a time.
const AT_ONCE: usize = 64;
/// How many calls are made with one number of objects before as many are made with the next.
const TURN: u32 = 200;

pub(crate) async fn run(quick: bool) -> Result<Value> {
    let (rounds, turns) = if quick { (5, 3) } else { (15, 10) };
    let server = Server::start().await;
    let (runtime, _entered) = server.runtime().await?;
    let mut raw = server.connection().await?;

    let before = used(&mut raw).await?;
    let mut live = Vec::new();
    for count in LIVE {
        live.push(counters(count).await?);
    }
    let created: u32 = LIVE.iter().sum();
    let with_records = (used(&mut raw).await? - before) / f64::from(created);
    let alone = bytes_of(&mut raw, live[2][0].key().as_str()).await?;
    let map = Map::create("small-map", HashMap::from([(1_u32, 1_u32)])).await?;
    let small_map = bytes_of(&mut raw, map.key().as_str()).await?;

    for (count, counters) in LIVE.iter().zip(&live) {
        call(counters).await?;
        call_raw(&raw, *count).await?;
    }
    let mut medians = [const { Vec::new() }; 6];
    println!("round   one call after another, p50, us");
    println!("              1 object       1,000 objects    100,000 objects");
    println!("        INCR  fetch_add     INCR  fetch_add     INCR  fetch_add");
    for round in 1..=rounds {
        let mut samples = [const { Vec::new() }; 6];
        for _ in 0..turns {
            for (case, (count, counters)) in LIVE.iter().zip(&live).enumerate() {
                samples[2 * case].extend(call_raw(&raw, *count).await?);
                samples[2 * case + 1].extend(call(counters).await?);
            }
        }
        print!("{round:>5} ");
        for (case, samples) in samples.iter_mut().enumerate() {
            let p50 = percentile(samples, 0.5).as_secs_f64() * 1e6;
            medians[case].push(p50);
            print!(" {p50:>8.1}");
        }
        println!();
    }
    let us: Vec<f64> = medians.iter_mut().map(|m| median(m)).collect();
    runtime.shutdown().await?;
    Ok(json!({
        "us_per_call": { "1": rounded(us[1]), "1000": rounded(us[3]), "100000": rounded(us[5]) },
        "raw_us_per_call": { "1": rounded(us[0]), "1000": rounded(us[2]), "100000": rounded(us[4]) },
        "growth_to_1000": rounded(us[3] / us[1]),
        "growth_to_100000": rounded(us[5] / us[1]),
        "bytes_per_counter": alone,
        "bytes_per_map_of_one": small_map,
        "bytes_per_counter_with_records": rounded(with_records),
    }))
}

async fn counters(count: u32) -> Result<Vec<Atomic<u64>>> {
    let made =
        stream::iter((0..count).map(|n| async move {
            Atomic::<u64>::create(&format!("counter-{count}-{n}"), 0).await
        }));
    Ok(made.buffered(AT_ONCE).try_collect().await?)
}

/// Which of so many the next call is about: all over the place, and the same for both.
fn spread(count: u32) -> impl Iterator<Item = usize> {
    let mut state = 1_u64;
    (0..TURN).map(move |_| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((state >> 33) % u64::from(count)).unwrap_or(0)
    })
}

async fn call(counters: &[Atomic<u64>]) -> Result<Vec<Duration>> {
    let mut samples = Vec::with_capacity(TURN as usize);
    for n in spread(u32::try_from(counters.len())?) {
        let start = Instant::now();
        counters[n].fetch_add(1).await?;
        samples.push(start.elapsed());
    }
    Ok(samples)
}

async fn call_raw(raw: &MultiplexedConnection, count: u32) -> Result<Vec<Duration>> {
    let mut raw = raw.clone();
    let mut samples = Vec::with_capacity(TURN as usize);
    for n in spread(count) {
        let key = format!("raw-{count}-{n}");
        let start = Instant::now();
        let _: u64 = redis::cmd("INCR").arg(&key).query_async(&mut raw).await?;
        samples.push(start.elapsed());
    }
    Ok(samples)
}

/// The memory that the server uses, in bytes.
async fn used(raw: &mut MultiplexedConnection) -> Result<f64> {
    let info: String = redis::cmd("INFO").arg("memory").query_async(raw).await?;
    let used = info
        .lines()
        .find_map(|line| line.strip_prefix("used_memory:"))
        .ok_or("the server does not say how much memory it uses")?;
    Ok(used.trim().parse()?)
}

/// What an object's keys take, without the record of the last call, which ends after ten minutes.
async fn bytes_of(raw: &mut MultiplexedConnection, key: &str) -> Result<u64> {
    let mut bytes = 0;
    for suffix in ["", ":m", ":h", ":s"] {
        let mut command = redis::cmd("MEMORY");
        command
            .arg("USAGE")
            .arg(format!("crucial:{{{key}}}{suffix}"));
        let part: Option<u64> = command.query_async(raw).await?;
        bytes += part.unwrap_or(0);
    }
    Ok(bytes)
}
