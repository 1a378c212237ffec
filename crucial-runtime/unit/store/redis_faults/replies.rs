//! Large replies, beside announcements: a server with default settings ends a connection that has subscriptions as soon
//! as 32 MB wait for it.

use bytes::Bytes;
use crucial_tests::{Options, RedisServer};
use futures_util::TryStreamExt;
use futures_util::future::try_join_all;

use crate::config::Builder;
use crate::error::Error;
use crate::objects::{Atomic, Latch, List, Map, SortedMap};
use crate::runtime::Runtime;
use crate::store::Change;
use crate::store::conformance::Bench;
use crate::thread::{Completions, Outcome, Progress, ThreadId};

const MB: usize = 1024 * 1024;

fn text(bytes: usize) -> String {
    "x".repeat(bytes)
}

/// A program in which something waits, as in each that has threads.
struct Stage {
    server: RedisServer,
    runtime: Runtime,
    latch: Latch,
    waiter: tokio::task::JoinHandle<crate::Result<()>>,
}

impl Stage {
    async fn new() -> Self {
        let server = RedisServer::start(Options::default()).await;
        let builder = Builder::new().store(server.url());
        let runtime = builder.max_value_bytes(256 * MB).build().await.unwrap();
        let latch = runtime.scope(Latch::create("latch", 1)).await.unwrap();
        let waiter = tokio::spawn({
            let (latch, runtime) = (latch.clone(), runtime.clone());
            async move { runtime.scope(latch.wait()).await }
        });
        while listeners(&server).await == 0 {
            tokio::task::yield_now().await;
        }
        Self {
            server,
            runtime,
            latch,
            waiter,
        }
    }

    /// The waiter is told, and no connection was ended.
    async fn end(self) {
        self.runtime.scope(self.latch.count_down()).await.unwrap();
        self.waiter.await.unwrap().unwrap();
        let ended = "client_output_buffer_limit_disconnections:";
        assert_eq!(self.server.statistic("stats", ended).await, 0);
        assert_eq!(self.server.clients().await, 2);
    }
}

/// How many connections have subscriptions.
async fn listeners(server: &RedisServer) -> usize {
    let list = server.command(&["CLIENT", "LIST", "TYPE", "pubsub"]).await;
    let list: String = redis::from_redis_value(list).unwrap();
    list.lines().count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn large_values_are_read_beside_a_waiter() {
    let stage = Stage::new().await;
    let value = text(40 * MB);
    let reads = async {
        let atomic = Atomic::create("atomic", value.clone()).await?;
        assert!(atomic.load().await? == value, "a value");
        assert!(atomic.swap(text(1)).await? == value, "the value before");
        let map = Map::create("map", [(1_u8, value.clone())].into()).await?;
        assert!(map.get(&1).await?.as_ref() == Some(&value), "an entry");
        assert!(map.remove(&1).await? == Some(value), "what was removed");
        crate::Result::<()>::Ok(())
    };
    stage.runtime.scope(reads).await.unwrap();
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn large_collections_are_read_beside_a_waiter() {
    let stage = Stage::new().await;
    let value = text(100_000);
    let entries = || (0..400_u32).map(|key| (key, value.clone()));
    let keys: Vec<u32> = (0..400).collect();
    let reads = async {
        let map = Map::create("map", entries().collect()).await?;
        let sorted = SortedMap::create("sorted", entries().collect()).await?;
        let values: Vec<String> = entries().map(|(_, value)| value).collect();
        let list = List::create("list", values.clone()).await?;
        // At once, and in one call.
        let got = try_join_all(keys.iter().map(|key| map.get(key))).await?;
        assert!(got.into_iter().flatten().eq(values.iter().cloned()), "gets");
        let got = map.get_many(&keys).await?;
        assert!(got.into_iter().flatten().eq(values.iter().cloned()), "bulk");
        // As a whole, and page by page.
        assert_eq!(map.to_hash_map().await?.len(), 400);
        assert!(list.to_vec().await? == values, "a list");
        assert_eq!(
            sorted
                .pages(400)
                .into_stream()
                .try_collect::<Vec<_>>()
                .await?
                .len(),
            400
        );
        let pages =
            try_join_all((0..4).map(|_| map.pages(400).into_stream().try_collect::<Vec<_>>()));
        assert!(pages.await?.iter().all(|pages| pages.len() == 400));
        crate::Result::<()>::Ok(())
    };
    stage.runtime.scope(reads).await.unwrap();
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn large_results_of_threads_are_read_beside_a_waiter() {
    let stage = Stage::new().await;
    let completions = Completions::of(stage.runtime.namespace()).unwrap();
    let outcome = Outcome::Returned(Bytes::from(vec![7; MB]));
    let ids: Vec<ThreadId> = (0..40).map(|_| ThreadId::random()).collect();
    let ends = async {
        for id in &ids {
            assert!(completions.complete(*id, &outcome).await?);
        }
        completions.progress(&ids).await
    };
    let ended = stage.runtime.scope(ends).await.unwrap();
    assert!(ended == vec![Progress::Ended(outcome); 40], "all results");
    stage.end().await;
}

/// Whichever connection is cut: who watches is told to look, and hears again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn watchers_outlast_the_end_of_either_connection() {
    let server = RedisServer::start(Options::default()).await;
    let bench = Bench::on(&server.url()).await;
    let key = bench.account("account", 0).await;
    assert_eq!(
        server.clients().await,
        1,
        "nobody listens before somebody waits"
    );
    let mut watch = bench.store().watch(&key).await.unwrap();
    assert_eq!(server.clients().await, 2);
    for round in 1..=4 {
        server.command(&["CLIENT", "KILL", "TYPE", "pubsub"]).await;
        assert_eq!(watch.changed().await, Change::Resync);
        assert_eq!(bench.add(&key, 1).await.unwrap(), 2 * round - 1);
        assert!(matches!(watch.changed().await, Change::Hint(_)));
        server.command(&["CLIENT", "KILL", "TYPE", "normal"]).await;
        assert_eq!(bench.add(&key, 1).await.unwrap(), 2 * round);
        assert!(matches!(watch.changed().await, Change::Hint(_)));
    }
    assert_eq!(server.clients().await, 2);
}

/// Replies of whoever leads come as announcements: those that are lost are asked for.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn announcements_that_are_cut_off_double_and_lose_nothing() {
    for kind in ["pubsub", "normal"] {
        let server = RedisServer::start(Options::default()).await;
        super::increments_are_exact(server.url(), 20, async |_| {
            server.command(&["CLIENT", "KILL", "TYPE", kind]).await;
        })
        .await;
    }
}

/// The connection is there for as long as it is needed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_waits_no_longer_has_no_second_connection() {
    let server = RedisServer::start(Options::default()).await;
    let bench = Bench::on(&server.url()).await;
    let key = bench.account("account", 0).await;
    for _ in 0..2 {
        let watch = bench.store().watch(&key).await.unwrap();
        assert_eq!(server.clients().await, 2);
        drop(watch);
        // It lingers for some seconds.
        while server.clients().await > 1 {
            tokio::task::yield_now().await;
        }
    }
}

/// What its runtime did not outlive is made again by the next call from another one.
#[test]
fn a_runtime_that_is_shut_down_deafens_nobody() {
    let tokio = || {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        builder.worker_threads(1).enable_all().build().unwrap()
    };
    let (first, second) = (tokio(), tokio());
    let (server, bench, key) = second.block_on(async {
        let server = RedisServer::start(Options::default()).await;
        let bench = Bench::on(&server.url()).await;
        let key = bench.account("account", 0).await;
        (server, bench, key)
    });
    let store = bench.store();
    let mut watch = {
        let key = key.clone();
        first.block_on(async move { store.watch(&key).await.unwrap() })
    };
    first.shutdown_background();
    second.block_on(async {
        bench.balance(&key).await;
        assert_eq!(watch.changed().await, Change::Resync);
        bench.add(&key, 1).await.unwrap();
        assert!(matches!(watch.changed().await, Change::Hint(_)));
        drop(server);
    });
}

/// A server that lets less wait for a client than the object has.
async fn narrow_server() -> RedisServer {
    RedisServer::start(Options {
        users: vec!["plain on >pw ~* &* +@all -@dangerous +info".to_owned()],
        settings: vec!["client-output-buffer-limit normal 1mb 1mb 1".to_owned()],
        ..Options::default()
    })
    .await
}

/// The reply can't come, however often it is asked for: it is given up soon, and nobody else is disturbed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reply_that_cannot_come_is_given_up() {
    let server = narrow_server().await;
    for url in [server.url(), server.url_as("plain", "pw")] {
        let runtime = Builder::new().store(&url).build().await.unwrap();
        let entered = runtime.enter();
        let small = Map::create("small", [(1_u8, 2_u8)].into()).await.unwrap();
        let map = Map::create("map", [(1_u8, text(20 * MB))].into())
            .await
            .unwrap();
        let atomic = Atomic::create("atomic", text(20 * MB)).await.unwrap();
        let others = tokio::spawn({
            let runtime = runtime.clone();
            async move {
                let reads = async {
                    for _ in 0..200 {
                        assert_eq!(small.get(&1).await.unwrap(), Some(2));
                    }
                };
                runtime.scope(reads).await;
            }
        });
        server.command(&["CONFIG", "RESETSTAT"]).await;
        let mut told = vec![("get", map.get(&1).await.unwrap_err())];
        match atomic.load().await {
            Err(error) => told.push(("get", error)),
            // Valkey sends a string without a copy of it, which its limit does not count.
            Ok(value) => assert_eq!(value.len(), 20 * MB),
        }
        for (method, error) in told {
            assert!(matches!(error, Error::Unanswered { .. }), "{error}");
            is_told(&error, method, url.contains("plain"));
        }
        // What may have changed something is in doubt.
        let error = atomic.swap(text(1)).await.unwrap_err();
        assert!(matches!(error, Error::InDoubt { .. }), "{error}");
        is_told(&error, "swap", url.contains("plain"));
        let ended = "client_output_buffer_limit_disconnections:";
        let ended = server.statistic("stats", ended).await;
        assert!(ended <= 3 * 8, "{ended} connections");
        others.await.unwrap();
        drop(entered);
        runtime.shutdown().await.unwrap();
    }
}

fn is_told(error: &Error, method: &str, is_plain: bool) {
    let error = error.to_string();
    let size = error
        .split("takes ")
        .nth(1)
        .and_then(|rest| rest.split(' ').next());
    let size: usize = size.and_then(|size| size.parse().ok()).unwrap_or_default();
    assert!(size >= 20 * MB || method == "swap", "{error}");
    let limit = match is_plain {
        true => "client-output-buffer-limit",
        false => "client-output-buffer-limit normal 1048576 1048576 1`",
    };
    for part in [method, limit, "at a time"] {
        assert!(error.contains(part), "{part:?} is missing in {error}");
    }
}

/// Each of them may be answered, but not all on one connection.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replies_that_have_no_room_together_come_one_by_one() {
    let server = narrow_server().await;
    let runtime = Builder::new().store(server.url()).build().await.unwrap();
    let _entered = runtime.enter();
    let mut atomics = Vec::new();
    for n in 0..40 {
        let name = format!("atomic-{n}");
        let atomic = Atomic::create(&name, text(900_000 + n)).await;
        atomics.push(atomic.unwrap());
    }
    let read = try_join_all(atomics.iter().map(Atomic::load))
        .await
        .unwrap();
    assert!(read.iter().map(String::len).eq(900_000..900_040));
}

/// A request that the server does not take is not sent for a minute either.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_that_is_not_taken_is_given_up() {
    let server = RedisServer::start(Options {
        settings: vec!["proto-max-bulk-len 1mb".to_owned()],
        ..Options::default()
    })
    .await;
    let runtime = Builder::new().store(server.url()).build().await.unwrap();
    let _entered = runtime.enter();
    let map = Map::create("map", [(1_u8, text(1))].into()).await.unwrap();
    let atomic = Atomic::create("atomic", text(1)).await.unwrap();
    for error in [
        map.insert(1, text(2 * MB)).await.unwrap_err(),
        atomic.store(text(2 * MB)).await.unwrap_err(),
        Atomic::create("other", text(2 * MB)).await.unwrap_err(),
    ] {
        assert!(error.to_string().contains("proto-max-bulk-len"), "{error}");
    }
    assert_eq!(map.get(&1).await.unwrap(), Some(text(1)));
    assert_eq!(atomic.load().await.unwrap(), text(1));
}
