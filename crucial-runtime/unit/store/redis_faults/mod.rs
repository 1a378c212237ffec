//! What a server may do to its clients: cut connections, forget scripts, fail over, refuse, hold garbage.

mod doors;
mod ends;
mod eviction;
mod failover;
mod full;
mod jobs;
mod lost;
mod pages;
mod pauses;
mod refusals;
mod replies;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crucial_tests::{Options, RedisServer};

use super::conformance::Bench;
use crate::objects::Atomic;

/// The keys that a job should have taken with it.
pub(super) async fn job_keys(server: &RedisServer) -> Vec<String> {
    let lives = server.lives().await.into_iter();
    // The records of calls on objects that were removed end by themselves.
    lives
        .filter_map(|(key, life)| (life < 0 || !key.ends_with("}:r")).then_some(key))
        .collect()
}

/// Increments of a user's object and of one of the library, from several processes' worth of connections, whatever
/// `disturb` does to them meanwhile.
async fn increments_are_exact<F: Future<Output = ()>>(
    url: String,
    rounds: usize,
    disturb: impl Fn(usize) -> F,
) {
    let driver = Bench::on(&url).await;
    let key = driver.account("account", 0).await;
    let counter = driver.runtime.scope(Atomic::<u64>::create("counter", 0));
    let counter = counter.await.unwrap();
    let done = Arc::new(AtomicBool::new(false));
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let (url, key, done) = (url.clone(), key.clone(), Arc::clone(&done));
            let counter = counter.clone();
            tokio::spawn(async move {
                let own = Bench::on(&url).await;
                let (mut balances, mut counts) = (Vec::new(), Vec::new());
                while !done.load(Ordering::Relaxed) {
                    let (a, b, count) = tokio::join!(
                        own.add(&key, 1),
                        own.add(&key, 1),
                        own.runtime.scope(counter.fetch_add(1))
                    );
                    balances.extend([a.unwrap(), b.unwrap()]);
                    counts.push(count.unwrap());
                }
                (balances, counts)
            })
        })
        .collect();
    for round in 0..rounds {
        let before = driver.balance(&key).await;
        disturb(round).await;
        // The next disturbance comes when the last has been overcome.
        while driver.balance(&key).await < before + 20 {
            tokio::task::yield_now().await;
        }
    }
    done.store(true, Ordering::Relaxed);
    let (mut balances, mut counts) = (Vec::new(), Vec::new());
    for task in tasks {
        let (some_balances, some_counts) = task.await.unwrap();
        balances.extend(some_balances);
        counts.extend(some_counts);
    }
    balances.sort_unstable();
    let expected: Vec<i64> = (1..=i64::try_from(balances.len()).unwrap()).collect();
    assert!(balances == expected, "each acknowledged increment ran once");
    assert_eq!(driver.balance(&key).await, *expected.last().unwrap());
    counts.sort_unstable();
    let expected: Vec<u64> = (0..u64::try_from(counts.len()).unwrap()).collect();
    assert!(counts == expected, "each acknowledged count ran once");
    let counted = driver.runtime.scope(counter.load()).await.unwrap();
    assert_eq!(counted, u64::try_from(counts.len()).unwrap());
}

/// A read that is sent again is a read still, of which the server keeps no record.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reads_go_on_when_their_connection_is_cut() {
    let server = RedisServer::start(Options::default()).await;
    let bench = Bench::on(&server.url()).await;
    let create = crate::Promise::<u8>::create("promise", None);
    let promise = bench.runtime.scope(create).await.unwrap();
    let done = Arc::new(AtomicBool::new(false));
    let (told, runtime) = (Arc::clone(&done), bench.runtime.clone());
    let reading = tokio::spawn(async move {
        let reads = async {
            let mut reads = 0_u64;
            while !told.load(Ordering::Relaxed) {
                assert!(!promise.is_done().await.unwrap());
                reads += 1;
            }
            reads
        };
        runtime.scope(reads).await
    });
    for _ in 0..100 {
        // It is connected, and so asks.
        while server.clients().await == 0 && !reading.is_finished() {
            tokio::task::yield_now().await;
        }
        server.kill_clients().await;
    }
    done.store(true, Ordering::Relaxed);
    assert!(reading.await.unwrap() > 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cut_connections_double_nothing() {
    let server = RedisServer::start(Options::default()).await;
    increments_are_exact(server.url(), 30, async |_| {
        server.kill_clients().await;
    })
    .await;
}

/// A user for whom the server keeps no functions.
const PLAIN: &str = "plain on >pw ~* &* +@all -@dangerous +info -function -fcall";

async fn server_with_plain_user() -> RedisServer {
    RedisServer::start(Options {
        users: vec![PLAIN.to_owned()],
        ..Options::default()
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn forgotten_functions_and_scripts_are_loaded_again() {
    let server = server_with_plain_user().await;
    for (url, kind) in [
        (server.url(), "FUNCTION"),
        (server.url_as("plain", "pw"), "SCRIPT"),
    ] {
        increments_are_exact(url, 30, async |_| {
            server.command(&[kind, "FLUSH"]).await;
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scripts_are_functions_where_the_user_may_have_them() {
    let server = server_with_plain_user().await;
    for (url, used, unused) in [
        (server.url(), "cmdstat_fcall:", "cmdstat_evalsha:"),
        (
            server.url_as("plain", "pw"),
            "cmdstat_evalsha:",
            "cmdstat_fcall:",
        ),
    ] {
        let bench = Bench::on(&url).await;
        server.command(&["CONFIG", "RESETSTAT"]).await;
        let key = bench.account("account", 1).await;
        assert_eq!(bench.add(&key, 1).await.unwrap(), 2);
        let statistics = server.info("commandstats").await;
        assert!(statistics.contains(used), "{used} {statistics}");
        assert!(!statistics.contains(unused), "{unused} {statistics}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restarted_server_is_found_again() {
    let mut server = RedisServer::start(Options::default()).await;
    let bench = Bench::on(&server.url()).await;
    let key = bench.account("account", 1).await;
    let mut watch = bench.store().watch(&key).await.unwrap();
    server.restart().await;
    assert_eq!(bench.add(&key, 1).await.unwrap(), 2);
    // Whoever watched is told to look, and hears again.
    watch.changed().await;
    assert_eq!(bench.add(&key, 1).await.unwrap(), 3);
    watch.changed().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn waiters_outlast_cut_connections() {
    let server = RedisServer::start(Options::default()).await;
    let bench = Bench::on(&server.url()).await;
    let key = bench.account("account", 0).await;
    let mut watch = bench.store().watch(&key).await.unwrap();
    for round in 1..=10 {
        server.kill_clients().await;
        watch.changed().await;
        assert_eq!(bench.add(&key, 1).await.unwrap(), round);
    }
}
