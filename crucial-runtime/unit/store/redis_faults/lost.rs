//! Objects that the server has lost, and those that are missing for another reason.

use std::time::Duration;

use crucial_tests::{Options, RedisServer};
use futures_util::future::BoxFuture;

use crate::config::Builder;
use crate::error::{Error, Result};
use crate::objects::{
    Atomic, Barrier, Latch, List, Map, Mutex, Promise, Queue, Semaphore, Set, SortedMap, Topic,
    TopicInit,
};
use crate::store::conformance::Bench;

type Deed = Box<dyn Fn() -> BoxFuture<'static, Result<()>> + Send + Sync>;

/// How to use, remove and set the end of an object that is there.
struct Known {
    name: &'static str,
    uses: Deed,
    destroy: Deed,
    expire: Deed,
}

macro_rules! known {
    ($($name:literal: $create:expr, |$object:ident| $use:expr;)+) => {
        vec![$({
            let object = $create.await.unwrap();
            let deed = |deed: Deed| deed;
            let (used, destroyed, expired) = (object.clone(), object.clone(), object);
            Known {
                name: $name,
                uses: deed(Box::new(move || {
                    let $object = used.clone();
                    Box::pin(async move { $use.await.map(drop) })
                })),
                destroy: deed(Box::new(move || {
                    let object = destroyed.clone();
                    Box::pin(async move { object.destroy().await.map(drop) })
                })),
                expire: deed(Box::new(move || {
                    let object = expired.clone();
                    Box::pin(async move {
                        object.expire(Some(Duration::from_millis(1))).await?;
                        while object.exists().await? {
                            tokio::task::yield_now().await;
                        }
                        Ok(())
                    })
                })),
            }
        }),+]
    };
}

async fn all() -> Vec<Known> {
    known! {
        "atomic": Atomic::create("atomic", 1_u64), |it| it.fetch_add(1);
        "map": Map::create("map", [(1_u8, 1_u8)].into()), |it| it.insert(1, 2);
        "sorted": SortedMap::create("sorted", [(1_u8, 1_u8)].into()), |it| it.insert(1, 2);
        "set": Set::create("set", [1_u8].into()), |it| it.insert(2);
        "list": List::create("list", vec![1_u8]), |it| it.push_back(1);
        "queue": Queue::<u8>::create("queue", Default::default()), |it| it.put(1);
        "topic": Topic::create("topic", TopicInit::default()), |it| it.publish(1_u8);
        "promise": Promise::create("promise", Some(1_u8)), |it| it.wait();
        "latch": Latch::create("latch", 9), |it| it.count_down();
        "barrier": Barrier::create("barrier", 1), |it| it.wait();
        "semaphore": Semaphore::create("semaphore", 100), |it| async move { it.acquire().await?.release().await };
        "mutex": Mutex::create("mutex", 1_u8), |it| async move { it.lock().await?.unlock().await };
    }
}

fn is_missing(known: &str, outcome: Result<()>, wanted: bool) {
    let error = outcome.unwrap_err();
    let text = error.to_string();
    let Error::NotFound { key, lost } = error else {
        panic!("{known}: {text}")
    };
    assert_eq!((key.object(), lost), (known, wanted), "{text}");
    for part in ["the server has lost it", "appendonly yes", "noeviction"] {
        assert_eq!(text.contains(part), wanted, "{part:?}: {text}");
    }
    assert_eq!(text.contains("`create` it first"), !wanted, "{text}");
}

/// What a server does that loses everything.
async fn lose(server: &mut RedisServer, how: &str) {
    match how {
        "FLUSHALL" => drop(server.command(&["FLUSHALL"]).await),
        "restart" => {
            server.command(&["FLUSHALL"]).await;
            server.restart().await;
        }
        _ => {
            let set = |setting: [&'static str; 2]| async move {
                ["CONFIG", "SET", setting[0], setting[1]]
            };
            for setting in [["maxmemory-policy", "allkeys-random"], ["maxmemory", "1"]] {
                server.command(&set(setting).await).await;
            }
            while server.statistic("keyspace", "db0:keys=").await > 0 {
                tokio::task::yield_now().await;
            }
            server.command(&["CONFIG", "SET", "maxmemory", "0"]).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_server_has_lost_is_told_from_what_never_was() {
    for how in ["FLUSHALL", "restart", "eviction"] {
        let mut server = RedisServer::start(Options::default()).await;
        let runtime = Builder::new().store(server.url()).build().await.unwrap();
        let bench = Bench {
            runtime: runtime.clone(),
        };
        let _entered = runtime.enter();
        let objects = all().await;
        let account = bench.account("account", 0).await;
        bench.add(&account, 1).await.unwrap();
        for Known { uses, .. } in &objects {
            uses().await.unwrap();
        }
        lose(&mut server, how).await;
        for Known { name, uses, .. } in &objects {
            is_missing(name, uses().await, true);
        }
        is_missing("account", bench.add(&account, 1).await.map(drop), true);
        // As it does not come back by itself, so it is told by whatever asks.
        is_missing(
            "atomic",
            Atomic::<u64>::open("atomic").await.map(drop),
            true,
        );
        is_missing("never", Atomic::<u64>::open("never").await.map(drop), false);
        // It may be made anew, and lost again.
        let again = Atomic::create("atomic", 1_u64).await.unwrap();
        assert_eq!(again.fetch_add(1).await.unwrap(), 1);
        lose(&mut server, "FLUSHALL").await;
        is_missing("atomic", again.fetch_add(1).await.map(drop), true);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_removed_here_or_has_expired_is_not_lost() {
    let server = RedisServer::start(Options::default()).await;
    let runtime = Builder::new().store(server.url()).build().await.unwrap();
    let _entered = runtime.enter();
    for ends in [
        |known: &Known| (known.destroy)(),
        |known: &Known| (known.expire)(),
    ] {
        let objects = all().await;
        for known in &objects {
            (known.uses)().await.unwrap();
            ends(known).await.unwrap();
            is_missing(known.name, (known.uses)().await, false);
        }
    }
}

/// A process that has opened nothing, but had an answer, has been told as much.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_proxy_that_came_from_elsewhere_and_had_an_answer_knows() {
    let server = RedisServer::start(Options::default()).await;
    let builder = || Builder::new().store(server.url()).namespace("shared");
    let (one, other) = (
        builder().build().await.unwrap(),
        builder().build().await.unwrap(),
    );
    let map = one
        .scope(Map::create("map", [(1_u8, 1_u8)].into()))
        .await
        .unwrap();
    let list = one.scope(List::create("list", vec![1_u8])).await.unwrap();
    let uses = async {
        assert_eq!(map.get(&1).await?, Some(1));
        assert_eq!(list.push_back(2).await?, 2);
        Result::<()>::Ok(())
    };
    other.scope(uses).await.unwrap();
    server.command(&["FLUSHALL"]).await;
    let _entered = other.enter();
    is_missing("map", map.insert(1, 2).await.map(drop), true);
    is_missing("list", list.push_back(1).await.map(drop), true);
}
