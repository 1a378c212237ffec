//! Reads that may be answered from this process's copy: what they cost a server, and how old they get.

use std::time::Duration;

use crucial_tests::{Options, RedisServer};
use tokio::time::Instant;

use super::conformance::Bench;
use crate::error::Error;
use crate::object::{Key, Method};

const LONG: Duration = Duration::from_secs(3600);
const BOUND: Duration = Duration::from_millis(30);
static OLD: Method = Method::cached("balance", LONG);
static YOUNG: Method = Method::cached("balance", BOUND);

/// How many commands the server has run that read or change an object.
async fn commands(server: &RedisServer) -> u64 {
    let stats = server.info("commandstats").await;
    let calls = |line: &str| -> Option<u64> {
        line.split_once("calls=")?.1.split(',').next()?.parse().ok()
    };
    stats
        .lines()
        .filter(|line| {
            ["get:", "getrange:", "evalsha:", "fcall:"]
                .iter()
                .any(|name| line.starts_with(&format!("cmdstat_{name}")))
        })
        .filter_map(calls)
        .sum()
}

async fn read(bench: &Bench, key: &Key, method: &'static Method) -> i64 {
    bench.number(key, method, 0).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_young_copy_is_read_without_a_round_trip() {
    let server = RedisServer::start(Options::default()).await;
    let (one, other) = (
        Bench::on(&server.url()).await,
        Bench::on(&server.url()).await,
    );
    let key = one.account("account", 1).await;
    assert_eq!(read(&other, &key, &OLD).await, 1);
    assert_eq!(one.add(&key, 1).await.unwrap(), 2);
    let before = commands(&server).await;
    for _ in 0..1000 {
        assert_eq!(read(&one, &key, &OLD).await, 2, "its own change");
        assert_eq!(read(&other, &key, &OLD).await, 1, "as it was");
    }
    assert_eq!(commands(&server).await, before);

    // What is read in another way is known from then on.
    assert_eq!(other.balance(&key).await, 2);
    assert_eq!(read(&other, &key, &OLD).await, 2);
    assert_eq!(other.add(&key, 5).await.unwrap(), 7);
    assert_eq!(read(&other, &key, &OLD).await, 7);
    assert!(commands(&server).await > before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_copy_is_read_beyond_its_age() {
    let server = RedisServer::start(Options::default()).await;
    let (writer, reader) = (
        Bench::on(&server.url()).await,
        Bench::on(&server.url()).await,
    );
    let key = writer.account("account", 0).await;
    let mut seen = 0;
    for n in 1..=20 {
        assert_eq!(writer.add(&key, 1).await.unwrap(), n);
        let written = Instant::now();
        loop {
            let began = written.elapsed();
            let balance = read(&reader, &key, &YOUNG).await;
            assert!((seen..=n).contains(&balance), "{balance} after {seen}");
            seen = balance;
            if began > BOUND {
                assert_eq!(balance, n, "{began:?} after the change");
                break;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_read_one_copy_at_once() {
    let server = RedisServer::start(Options::default()).await;
    let bench = Bench::on(&server.url()).await;
    let key = bench.account("account", 0).await;
    let readers: Vec<_> = (0..4)
        .map(|_| {
            let (bench, key) = (bench.clone(), key.clone());
            tokio::spawn(async move {
                let mut seen = 0;
                while seen < 200 {
                    let balance = read(&bench, &key, &OLD).await;
                    assert!(balance >= seen, "{balance} after {seen}");
                    seen = balance;
                    tokio::task::yield_now().await;
                }
            })
        })
        .collect();
    for n in 1..=200 {
        assert_eq!(bench.add(&key, 1).await.unwrap(), n);
        assert_eq!(read(&bench, &key, &OLD).await, n, "its own change");
    }
    for reader in readers {
        reader.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_ends_with_its_object() {
    let server = RedisServer::start(Options::default()).await;
    let bench = Bench::on(&server.url()).await;
    let key = bench.account("account", 3).await;
    assert_eq!(read(&bench, &key, &OLD).await, 3);
    assert!(bench.store().destroy(&key).await.unwrap());
    let gone = bench.number(&key, &OLD, 0).await;
    assert!(matches!(gone, Err(Error::NotFound { .. })), "{gone:?}");
    assert!(bench.account("account", 5).await == key);
    assert_eq!(read(&bench, &key, &OLD).await, 5);
}
