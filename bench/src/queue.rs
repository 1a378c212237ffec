//! A queue over the server's own `LPUSH` and `BRPOP`: handing over to a consumer that waits, and many at both ends.

use std::time::{Duration, Instant};

use crucial::{Queue, QueueInit};
use futures_util::future::try_join_all;
use redis::aio::MultiplexedConnection;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::Result;
use crate::samples::{median, percentile, rounded};
use crate::server::Server;

/// Producers, and as many consumers.
const PARTIES: u32 = 8;
/// How many elements each producer puts in a turn.
const EACH: u32 = 250;
/// For a consumer to fall asleep before the next element comes.
const SETTLE: Duration = Duration::from_millis(1);

pub(crate) async fn run(quick: bool) -> Result<Value> {
    let (rounds, hands, turns) = if quick { (3, 50, 2) } else { (15, 200, 8) };
    let server = Server::start().await;
    let (runtime, _entered) = server.runtime().await?;
    let queue = Queue::create("queue", QueueInit::default()).await?;
    let raw = Raw::new(&server).await?;

    // What the first calls pay, such as loading scripts, is no part of the comparison.
    parallel_raw(&raw).await?;
    parallel_ours(&queue).await?;
    let (mut latency, mut throughput, mut p50) = (Vec::new(), Vec::new(), Vec::new());
    println!(
        "round   handed over to a waiting consumer, p50      8 producers, 8 consumers: elements/s"
    );
    println!(
        "        LPUSH, BRPOP   put, take   ratio            LPUSH, BRPOP   put, take   ratio"
    );
    for round in 1..=rounds {
        let (mut raw_samples, mut our_samples) = (Vec::new(), Vec::new());
        let (mut raw_time, mut our_time) = (Duration::ZERO, Duration::ZERO);
        for _ in 0..turns {
            raw_samples.extend(hand_over_raw(&raw, hands / turns).await?);
            our_samples.extend(hand_over_ours(&queue, hands / turns).await?);
            raw_time += parallel_raw(&raw).await?;
            our_time += parallel_ours(&queue).await?;
        }
        let us = |samples: &mut [Duration]| percentile(samples, 0.5).as_secs_f64() * 1e6;
        let (raw_p50, our_p50) = (us(&mut raw_samples), us(&mut our_samples));
        let rate = |time: Duration| f64::from(turns * PARTIES * EACH) / time.as_secs_f64();
        let (raw_rate, our_rate) = (rate(raw_time), rate(our_time));
        latency.push(our_p50 / raw_p50);
        throughput.push(our_rate / raw_rate);
        p50.push(our_p50);
        println!(
            "{round:>5}   {raw_p50:>9.1} us  {our_p50:>7.1} us  {:>6.2}          {raw_rate:>12.0}  {our_rate:>10.0}  {:>6.2}",
            our_p50 / raw_p50,
            our_rate / raw_rate,
        );
    }
    let left = queue.len().await?;
    if left != 0 {
        return Err(format!("{left} elements are left").into());
    }
    runtime.shutdown().await?;
    Ok(json!({
        "handover_ratio": rounded(median(&mut latency)),
        "handover_p50_us": rounded(median(&mut p50)),
        "throughput_ratio": rounded(median(&mut throughput)),
    }))
}

/// Plain connections: a consumer that blocks needs one of its own.
struct Raw {
    producers: MultiplexedConnection,
    consumers: Vec<MultiplexedConnection>,
}

impl Raw {
    async fn new(server: &Server) -> Result<Self> {
        let mut consumers = Vec::new();
        for _ in 0..PARTIES {
            consumers.push(server.connection().await?);
        }
        Ok(Self {
            producers: server.connection().await?,
            consumers,
        })
    }
}

async fn push(connection: &mut MultiplexedConnection, element: u32) -> redis::RedisResult<()> {
    let mut push = redis::cmd("LPUSH");
    push.arg("raw").arg(element).exec_async(connection).await
}

async fn pop(connection: &mut MultiplexedConnection) -> redis::RedisResult<u32> {
    let mut pop = redis::cmd("BRPOP");
    let (_, element): (String, u32) = pop.arg("raw").arg(0).query_async(connection).await?;
    Ok(element)
}

/// From before an element is put to when a consumer that waited has it.
async fn hand_over_raw(raw: &Raw, count: u32) -> Result<Vec<Duration>> {
    let (mut producer, mut consumer) = (raw.producers.clone(), raw.consumers[0].clone());
    let (sender, mut taken) = mpsc::unbounded_channel();
    let consumer = tokio::spawn(async move {
        for _ in 0..count {
            pop(&mut consumer).await?;
            let _ = sender.send(Instant::now());
        }
        redis::RedisResult::Ok(())
    });
    let mut samples = Vec::new();
    for element in 0..count {
        tokio::time::sleep(SETTLE).await;
        let start = Instant::now();
        push(&mut producer, element).await?;
        samples.push(taken.recv().await.ok_or("the consumer is gone")? - start);
    }
    consumer.await??;
    Ok(samples)
}

async fn hand_over_ours(queue: &Queue<u32>, count: u32) -> Result<Vec<Duration>> {
    let (sender, mut taken) = mpsc::unbounded_channel();
    let consumer = tokio::spawn({
        let queue = queue.clone();
        async move {
            for _ in 0..count {
                queue.take().await?;
                let _ = sender.send(Instant::now());
            }
            crucial::Result::<()>::Ok(())
        }
    });
    let mut samples = Vec::new();
    for element in 0..count {
        tokio::time::sleep(SETTLE).await;
        let start = Instant::now();
        queue.put(element).await?;
        samples.push(taken.recv().await.ok_or("the consumer is gone")? - start);
    }
    consumer.await??;
    Ok(samples)
}

async fn parallel_raw(raw: &Raw) -> Result<Duration> {
    let start = Instant::now();
    let producers = (0..PARTIES).map(|_| {
        let mut connection = raw.producers.clone();
        tokio::spawn(async move {
            for element in 0..EACH {
                push(&mut connection, element).await?;
            }
            redis::RedisResult::Ok(())
        })
    });
    let consumers = raw.consumers.iter().map(|connection| {
        let mut connection = connection.clone();
        tokio::spawn(async move {
            for _ in 0..EACH {
                pop(&mut connection).await?;
            }
            redis::RedisResult::Ok(())
        })
    });
    let parties: Vec<_> = producers.chain(consumers).collect();
    for party in try_join_all(parties).await? {
        party?;
    }
    Ok(start.elapsed())
}

async fn parallel_ours(queue: &Queue<u32>) -> Result<Duration> {
    let start = Instant::now();
    let producers = (0..PARTIES).map(|_| {
        let queue = queue.clone();
        tokio::spawn(async move {
            for element in 0..EACH {
                queue.put(element).await?;
            }
            crucial::Result::<()>::Ok(())
        })
    });
    let consumers = (0..PARTIES).map(|_| {
        let queue = queue.clone();
        tokio::spawn(async move {
            for _ in 0..EACH {
                queue.take().await?;
            }
            crucial::Result::<()>::Ok(())
        })
    });
    let parties: Vec<_> = producers.chain(consumers).collect();
    for party in try_join_all(parties).await? {
        party?;
    }
    Ok(start.elapsed())
}
