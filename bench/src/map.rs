//! One map: `Map`, exactly once, over the server's own `HSET`, `HGET` and a pipeline of them, at most once.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use crucial::Map;
use futures_util::future::try_join_all;
use redis::aio::MultiplexedConnection;
use serde_json::{Value, json};

use crate::Result;
use crate::samples::{median, rounded};
use crate::server::Server;

const TASKS: u32 = 64;
/// How many calls each task makes one way before it makes as many the other.
const TURN: u32 = 50;
/// How many entries one bulk call is about.
const BULK: u32 = 10_000;
/// How many keys there are.
const KEYS: u32 = TASKS * TURN;

pub(crate) async fn run(quick: bool) -> Result<Value> {
    let (rounds, turns): (u32, u32) = if quick { (5, 5) } else { (15, 20) };
    let server = Server::start().await;
    let (runtime, _entered) = server.runtime().await?;
    let map = Map::<u32, String>::create("map", HashMap::new()).await?;
    let bulk = Map::<u32, String>::create("bulk", HashMap::new()).await?;
    let raw = server.connection().await?;

    // What the first calls pay, such as loading scripts, is no part of the comparison.
    insert_ours(&map).await?;
    insert_raw(&raw).await?;
    insert_all_ours(&bulk).await?;
    insert_all_raw(&raw).await?;
    let (mut inserts, mut gets, mut bulks) = (Vec::new(), Vec::new(), Vec::new());
    println!(
        "round   64 tasks: calls/s                                              10,000 entries at once: entries/s"
    );
    println!(
        "        HSET       insert   ratio       HGET        get    ratio         pipeline  insert_all  ratio"
    );
    for round in 1..=rounds {
        let mut times = [Duration::ZERO; 6];
        for _ in 0..turns {
            times[0] += insert_raw(&raw).await?;
            times[1] += insert_ours(&map).await?;
            times[2] += get_raw(&raw).await?;
            times[3] += get_ours(&map).await?;
        }
        for _ in 0..turns.div_ceil(4) {
            times[4] += insert_all_raw(&raw).await?;
            times[5] += insert_all_ours(&bulk).await?;
        }
        let rate = |count: u32, time: Duration| f64::from(count) / time.as_secs_f64();
        let calls = turns * KEYS;
        let entries = turns.div_ceil(4) * BULK;
        let rates = [calls, calls, calls, calls, entries, entries];
        let rates: Vec<f64> = rates
            .into_iter()
            .zip(times)
            .map(|(n, t)| rate(n, t))
            .collect();
        let ratio = |ours: usize| rates[ours] / rates[ours - 1];
        inserts.push(ratio(1));
        gets.push(ratio(3));
        bulks.push(ratio(5));
        println!(
            "{round:>5}   {:>8.0}  {:>8.0}  {:>5.2}   {:>9.0}  {:>9.0}  {:>5.2}        {:>9.0}  {:>9.0}  {:>5.2}",
            rates[0],
            rates[1],
            ratio(1),
            rates[2],
            rates[3],
            ratio(3),
            rates[4],
            rates[5],
            ratio(5),
        );
    }
    let found = (map.len().await?, bulk.len().await?);
    if found != (KEYS as usize, BULK as usize) {
        return Err(format!("the maps have {found:?} entries, not {KEYS} and {BULK}").into());
    }
    runtime.shutdown().await?;
    Ok(json!({
        "insert_ratio": rounded(median(&mut inserts)),
        "get_ratio": rounded(median(&mut gets)),
        "insert_all_ratio": rounded(median(&mut bulks)),
    }))
}

/// A value of 32 bytes.
fn value(key: u32) -> String {
    format!("{key:032}")
}

async fn insert_ours(map: &Map<u32, String>) -> Result<Duration> {
    let start = Instant::now();
    let tasks = (0..TASKS).map(|task| {
        let map = map.clone();
        tokio::spawn(async move {
            for key in task * TURN..(task + 1) * TURN {
                map.insert(key, value(key)).await?;
            }
            crucial::Result::<()>::Ok(())
        })
    });
    for result in try_join_all(tasks).await? {
        result?;
    }
    Ok(start.elapsed())
}

async fn insert_raw(raw: &MultiplexedConnection) -> Result<Duration> {
    let start = Instant::now();
    let tasks = (0..TASKS).map(|task| {
        let mut raw = raw.clone();
        tokio::spawn(async move {
            for key in task * TURN..(task + 1) * TURN {
                let mut command = redis::cmd("HSET");
                command.arg("raw").arg(key).arg(value(key));
                let _: u32 = command.query_async(&mut raw).await?;
            }
            redis::RedisResult::<()>::Ok(())
        })
    });
    for result in try_join_all(tasks).await? {
        result?;
    }
    Ok(start.elapsed())
}

async fn get_ours(map: &Map<u32, String>) -> Result<Duration> {
    let start = Instant::now();
    let tasks = (0..TASKS).map(|task| {
        let map = map.clone();
        tokio::spawn(async move {
            for key in task * TURN..(task + 1) * TURN {
                assert!(map.get(&key).await?.is_some());
            }
            crucial::Result::<()>::Ok(())
        })
    });
    for result in try_join_all(tasks).await? {
        result?;
    }
    Ok(start.elapsed())
}

async fn get_raw(raw: &MultiplexedConnection) -> Result<Duration> {
    let start = Instant::now();
    let tasks = (0..TASKS).map(|task| {
        let mut raw = raw.clone();
        tokio::spawn(async move {
            for key in task * TURN..(task + 1) * TURN {
                let mut command = redis::cmd("HGET");
                command.arg("raw").arg(key);
                let found: Option<String> = command.query_async(&mut raw).await?;
                assert!(found.is_some());
            }
            redis::RedisResult::<()>::Ok(())
        })
    });
    for result in try_join_all(tasks).await? {
        result?;
    }
    Ok(start.elapsed())
}

async fn insert_all_ours(map: &Map<u32, String>) -> Result<Duration> {
    let start = Instant::now();
    map.extend((0..BULK).map(|key| (key, value(key)))).await?;
    Ok(start.elapsed())
}

async fn insert_all_raw(raw: &MultiplexedConnection) -> Result<Duration> {
    let start = Instant::now();
    let mut pipeline = redis::pipe();
    for key in 0..BULK {
        pipeline
            .cmd("HSET")
            .arg("raw-bulk")
            .arg(key)
            .arg(value(key))
            .ignore();
    }
    let () = pipeline.query_async(&mut raw.clone()).await?;
    Ok(start.elapsed())
}
