//! Servers that evict what has a time to live.

use crucial_tests::{Options, RedisServer};
use redis::Value;

use super::increments_are_exact;

/// More than the server has room for beside what it holds.
const JUNK: usize = 300;

/// Fills the server with keys that have a time to live, until it evicts some.
async fn evict(server: &RedisServer, round: usize) {
    let junk = "x".repeat(10_000);
    for n in 0..JUNK {
        let key = format!("junk-{round}-{n}");
        server.command(&["SET", &key, &junk, "PX", "1000000"]).await;
    }
}

async fn evicted(server: &RedisServer) -> u64 {
    server.statistic("stats", "evicted_keys:").await
}

/// Calls are repeated while everything that has a time to live is evicted: none counts twice.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_counts_twice_while_the_server_evicts() {
    for policy in ["volatile-lru", "volatile-ttl", "volatile-random"] {
        let server = RedisServer::start(Options::default()).await;
        server
            .command(&["CONFIG", "SET", "maxmemory-policy", policy])
            .await;
        let used = server.statistic("memory", "used_memory:").await;
        let limit = (used + 3_000_000).to_string();
        server
            .command(&["CONFIG", "SET", "maxmemory", &limit])
            .await;
        increments_are_exact(server.url(), 12, |round| {
            let server = &server;
            async move {
                evict(server, round).await;
                server.kill_clients().await;
            }
        })
        .await;
        assert!(evicted(&server).await > 0, "{policy} evicts");
    }
}

/// What tells whether a call has run has no time to live, so that no policy for such keys evicts it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn records_are_not_evicted() {
    let server = RedisServer::start(Options::default()).await;
    let bench = super::Bench::on(&server.url()).await;
    let key = bench.account("account", 1).await;
    assert_eq!(bench.add(&key, 1).await.unwrap(), 2);
    let records = format!("crucial:{{{key}}}:r");
    server
        .command(&["CONFIG", "SET", "maxmemory-policy", "volatile-random"])
        .await;
    let before = server.command(&["HGETALL", &records]).await;
    let limit = (server.statistic("memory", "used_memory:").await + 1_500_000).to_string();
    server
        .command(&["CONFIG", "SET", "maxmemory", &limit])
        .await;
    evict(&server, 0).await;
    let evicted = evicted(&server).await;
    assert!(evicted > 0);
    assert_eq!(server.command(&["HGETALL", &records]).await, before);
    assert_ne!(before, Value::Nil);
    server.command(&["CONFIG", "SET", "maxmemory", "0"]).await;
    assert_eq!(bench.add(&key, 1).await.unwrap(), 3);
}
