//! Servers whose memory is full.

mod leases;

use std::time::Duration;

use crucial_tests::{Options, RedisServer};
use futures_util::future::join_all;

use super::server_with_plain_user;
use crate::config::Builder;
use crate::error::{Error, Result};
use crate::objects::{
    Atomic, Barrier, Latch, List, Map, Notify, Promise, Queue, QueueInit, Rate, RateLimiter, Set,
    SortedMap, Topic, TopicInit, Vector,
};
use crate::store::conformance::Bench;

/// A lease that does not end during a test.
const LONG: Duration = Duration::from_secs(600);
const LIMIT: Duration = Duration::from_secs(30);

async fn limit_memory(server: &RedisServer, bytes: &str) {
    server.command(&["CONFIG", "SET", "maxmemory", bytes]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_server_says_so_and_loses_nothing() {
    let server = RedisServer::start(Options::default()).await;
    let bench = Bench::on(&server.url()).await;
    let key = bench.account("account", 1).await;
    limit_memory(&server, "1").await;
    let error = bench.add(&key, 1).await.unwrap_err();
    assert!(error.to_string().contains("memory is full"), "{error}");
    assert_eq!(bench.balance(&key).await, 1);
    limit_memory(&server, "0").await;
    assert_eq!(bench.add(&key, 1).await.unwrap(), 2);
}

/// Memory may end between the commands of a creation: what is said to have failed is not there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_object_is_created_as_a_whole_where_memory_ends() {
    let server = RedisServer::start(Options::default()).await;
    let bench = Bench::on(&server.url()).await;
    let mut connection = server.connection().await;
    let (mut created, mut refused) = (0, 0);
    for room in (0..4096).step_by(16) {
        let memory: String = redis::cmd("INFO")
            .arg("memory")
            .query_async(&mut connection)
            .await
            .unwrap();
        let used = memory
            .lines()
            .find_map(|line| line.strip_prefix("used_memory:"));
        let limit = used.unwrap().parse::<u64>().unwrap() + room;
        let mut limit_to = async |bytes: u64| {
            let mut set = redis::cmd("CONFIG");
            set.arg("SET").arg("maxmemory").arg(bytes);
            set.exec_async(&mut connection).await.unwrap();
        };
        let name = format!("account-{room}");
        // The script that goes on where functions are refused is to be unknown each time.
        server.command(&["SCRIPT", "FLUSH"]).await;
        limit_to(limit).await;
        let told = bench.try_create(&bench.key(&name), 1).await;
        limit_to(0).await;
        let there = bench.store().describe(&bench.key(&name)).await.unwrap();
        match told {
            Ok(_) => created += 1,
            Err(_) => refused += 1,
        }
        assert_eq!(there.is_some(), told.is_ok(), "{room}: {told:?}");
    }
    assert!(created > 0 && refused > 0, "{created} and {refused}");
}

/// A full server can be read and emptied, but takes nothing in: neither new objects nor parts of calls.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_library_on_a_full_server() {
    let server = server_with_plain_user().await;
    for url in [server.url(), server.url_as("plain", "pw")] {
        let runtime = Builder::new().store(url).build().await.unwrap();
        let _entered = runtime.enter();
        let counter = Atomic::<u64>::create("counter", 1).await.unwrap();
        let map = Map::<u8, u8>::create("map", [(1, 1), (2, 2), (3, 3)].into())
            .await
            .unwrap();
        let list = List::<u8>::create("list", vec![1, 2]).await.unwrap();
        let promise = Promise::<u8>::create("promise", None).await.unwrap();
        let latch = Latch::create("latch", 1).await.unwrap();
        let set = Set::<u8>::create("set", [1].into()).await.unwrap();
        let sorted = SortedMap::<u8, u8>::create("sorted", [(1, 1)].into())
            .await
            .unwrap();
        let topic = Topic::<u8>::create("topic", TopicInit { backlog: 8 })
            .await
            .unwrap();
        let vector = Vector::<i64>::create("vector", vec![0; 2]).await.unwrap();
        let rate = Rate {
            permits: 1,
            per: LONG,
            burst: 3,
        };
        let limiter = RateLimiter::create("limiter", rate).await.unwrap();
        let notify = Notify::create("notify", ()).await.unwrap();
        limit_memory(&server, "1").await;
        let refused = [
            counter.fetch_add(1).await.unwrap_err(),
            map.insert(4, 4).await.unwrap_err(),
            map.extend((5_u8..200).map(|n| (n, n))).await.unwrap_err(),
            list.push_back(3).await.unwrap_err(),
            promise.complete(7).await.unwrap_err(),
            latch.count_down().await.unwrap_err(),
            set.insert(2).await.unwrap_err(),
            sorted.insert(2, 2).await.unwrap_err(),
            topic.publish(1).await.unwrap_err(),
            vector.add(&[1, 1]).await.unwrap_err(),
            limiter.try_acquire_many(1).await.unwrap_err(),
            notify.notify_one().await.unwrap_err(),
            Map::<u8, u8>::create("other", [(1, 1)].into())
                .await
                .unwrap_err(),
            Barrier::create("barrier", 2).await.unwrap_err(),
        ];
        for error in refused {
            assert!(error.to_string().contains("memory is full"), "{error}");
        }
        // Nothing was half done.
        assert_eq!(counter.load().await.unwrap(), 1);
        assert_eq!(map.len().await.unwrap(), 3);
        assert_eq!(list.to_vec().await.unwrap(), [1, 2]);
        assert!(!promise.is_done().await.unwrap());
        assert_eq!(latch.count().await.unwrap(), 1);
        assert_eq!(set.len().await.unwrap(), 1);
        assert_eq!(sorted.len().await.unwrap(), 1);
        assert_eq!(topic.published().await.unwrap(), 0);
        assert_eq!(vector.snapshot().await.unwrap(), [0, 0]);
        assert_eq!(limiter.available().await.unwrap(), 3);
        for name in ["other", "barrier"] {
            let key = runtime.namespace().key(name).unwrap();
            assert!(runtime.store().describe(&key).await.unwrap().is_none());
        }
        // What makes room is done.
        assert_eq!(map.remove(&1).await.unwrap(), Some(1));
        assert_eq!(list.pop_front().await.unwrap(), Some(1));
        map.clear().await.unwrap();
        assert!(map.destroy().await.unwrap());
        assert_eq!(list.to_vec().await.unwrap(), [2]);
        limit_memory(&server, "0").await;
        // And the objects are as usable as before.
        assert_eq!(counter.fetch_add(1).await.unwrap(), 1);
        assert!(promise.complete(7).await.unwrap());
        assert_eq!(latch.count_down().await.unwrap(), 0);
        vector.add(&[1, 1]).await.unwrap();
        let kept = notify.notified().timeout(Duration::ZERO).await;
        assert!(matches!(kept, Err(Error::TimedOut { .. })), "{kept:?}");
        runtime.shutdown().await.unwrap();
    }
}

fn is_full(error: &Error) -> bool {
    matches!(error, Error::Server { .. }) && error.to_string().contains("memory is full")
}

/// Until so many elements wait to be taken.
async fn until_back(queue: &Queue<u32>, count: usize) {
    let back = async {
        while queue.len().await.unwrap() != count {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(LIMIT, back).await.unwrap();
}

/// What leaves a queue makes room, so it leaves; what would go in is refused.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn queues_on_a_full_server() {
    let server = server_with_plain_user().await;
    for url in [server.url(), server.url_as("plain", "pw")] {
        let runtime = Builder::new().store(url).build().await.unwrap();
        let _entered = runtime.enter();
        let elements = |elements: std::ops::Range<u32>| QueueInit {
            elements: elements.collect(),
            ..QueueInit::default()
        };
        let queue = Queue::create("queue", elements(0..9)).await.unwrap();
        let held = queue.take_leased(LONG).await.unwrap();
        limit_memory(&server, "1").await;
        for error in [
            queue.put(9).await.unwrap_err(),
            queue.try_put(9).await.unwrap_err(),
            queue.put_many(9..200).await.unwrap_err(),
            Queue::create("other", elements(0..9)).await.unwrap_err(),
        ] {
            assert!(is_full(&error), "{error}");
            assert!(error.to_string().contains("`maxmemory`"), "{error}");
        }
        let other = runtime.namespace().key("other").unwrap();
        assert!(runtime.store().describe(&other).await.unwrap().is_none());
        assert_eq!(queue.len().await.unwrap(), 8);

        // For good, and on lease.
        assert_eq!(held.ack().await.unwrap(), 0);
        assert_eq!(queue.take().await.unwrap(), 1);
        assert_eq!(queue.try_take().await.unwrap(), Some(2));
        let kept = queue.take_leased(LONG).await.unwrap();
        assert_eq!((*kept, kept.attempt()), (3, 1));
        kept.extend(LONG).await.unwrap();
        let leased = queue.take_many_leased(3, LONG).await.unwrap();
        let [back, gone, dropped] = leased.try_into().unwrap();
        assert_eq!((*back, *gone, *dropped), (4, 5, 6));
        back.release().await.unwrap();
        assert_eq!(gone.ack().await.unwrap(), 5);
        drop(dropped);
        until_back(&queue, 4).await;
        // So does what was not settled in time.
        let late = queue.take_leased(Duration::from_millis(20)).await.unwrap();
        until_back(&queue, 4).await;
        assert!(matches!(late.ack().await, Err(Error::DeliveryLost { .. })));
        let again = queue.take_leased(LONG).await.unwrap();
        assert_eq!((*again, again.attempt()), (4, 3));
        again.release().await.unwrap();
        assert_eq!(queue.drain().await.unwrap(), [4, 6, 7, 8]);
        assert_eq!(kept.ack().await.unwrap(), 3);
        assert_eq!(queue.try_take().await.unwrap(), None);
        // Whoever waits takes a place in line.
        let error = queue.take().await.unwrap_err();
        assert!(is_full(&error), "{error}");
        assert_eq!(queue.waiting_to_take().await.unwrap(), 0);

        limit_memory(&server, "0").await;
        let waiting = tokio::spawn({
            let queue = queue.clone();
            async move { queue.take_many(2).timeout(LIMIT).await }
        });
        queue.put_many(9..11).await.unwrap();
        let mut taken = waiting.await.unwrap().unwrap();
        taken.extend(queue.drain().await.unwrap());
        assert_eq!(taken, [9, 10]);
        limit_memory(&server, "1").await;
        assert!(queue.close().await.unwrap());
        limit_memory(&server, "0").await;
        runtime.shutdown().await.unwrap();
    }
}

/// Runs a test on a queue of the numbers below that, on a server with room for nothing more: with functions and without.
async fn on_a_full_queue(elements: u32, test: impl AsyncFn(Queue<u32>)) {
    let server = server_with_plain_user().await;
    for url in [server.url(), server.url_as("plain", "pw")] {
        let runtime = Builder::new().store(url).build().await.unwrap();
        let _entered = runtime.enter();
        let queue = Queue::create("queue", QueueInit::default()).await.unwrap();
        queue.put_many(0..elements).await.unwrap();
        limit_memory(&server, "1").await;
        test(queue).await;
        limit_memory(&server, "0").await;
        runtime.shutdown().await.unwrap();
    }
}

/// What was taken by somebody who has gone comes back, for which there has to be room.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dropped_takes_come_back_on_a_full_server() {
    const ELEMENTS: u32 = 20;
    on_a_full_queue(ELEMENTS, async |queue| {
        let mut found = Vec::new();
        for _ in 0..ELEMENTS {
            tokio::select! {
                biased;
                // It was answered at once.
                taken = queue.take() => found.push(taken.unwrap()),
                () = std::future::ready(()) => {}
            }
        }
        let all = async {
            while found.len() < ELEMENTS as usize {
                found.extend(queue.drain().await.unwrap());
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(LIMIT, all).await.unwrap();
        found.sort_unstable();
        assert_eq!(found, (0..ELEMENTS).collect::<Vec<_>>());
    })
    .await;
}

/// Calls of all kinds, of one process and so in the same batches: an element is in the queue or with one who took it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_server_loses_nothing_of_a_queue() {
    const ELEMENTS: u32 = 400;
    on_a_full_queue(ELEMENTS, async |queue| {
        let calls = (0..ELEMENTS).map(|n| {
            let queue = queue.clone();
            async move {
                Result::Ok(match n % 4 {
                    0 => vec![queue.take().await?],
                    1 => vec![queue.take_leased(LONG).await?.ack().await?],
                    2 => {
                        queue.take_leased(LONG).await?.release().await?;
                        Vec::new()
                    }
                    _ => match queue.put(ELEMENTS + n).await {
                        Ok(()) => Vec::new(),
                        Err(error) if is_full(&error) => vec![ELEMENTS + n],
                        Err(error) => return Err(error),
                    },
                })
            }
        });
        let mut found = Vec::new();
        for call in join_all(calls).await {
            found.extend(call.unwrap());
        }
        assert_eq!(queue.leased().await.unwrap(), 0);
        found.extend(queue.drain().await.unwrap());
        found.sort_unstable();
        // What was taken, what is there, and what was refused.
        let all = (0..ELEMENTS).chain((0..ELEMENTS).filter(|n| n % 4 == 3).map(|n| ELEMENTS + n));
        assert_eq!(found, all.collect::<Vec<_>>());
    })
    .await;
}

/// What travels with a call that is refused is not refused with it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deliveries_are_acknowledged_beside_what_is_put() {
    const ELEMENTS: u32 = 40;
    on_a_full_queue(ELEMENTS, async |queue| {
        let deliveries = queue
            .take_many_leased(ELEMENTS as usize, LONG)
            .await
            .unwrap();
        // The first of them goes by itself, all others behind a call that puts.
        let calls = deliveries.into_iter().map(|delivery| {
            let (queue, more) = (queue.clone(), ELEMENTS + *delivery);
            async move { (tokio::join!(delivery.ack(), queue.put(more)), more) }
        });
        let (mut acknowledged, mut put) = (Vec::new(), Vec::new());
        for ((ack, putting), more) in join_all(calls).await {
            acknowledged.push(ack.unwrap());
            match putting {
                Ok(()) => put.push(more),
                Err(error) => assert!(is_full(&error), "{error}"),
            }
        }
        assert_eq!(acknowledged, (0..ELEMENTS).collect::<Vec<_>>());
        assert_eq!(queue.drain().await.unwrap(), put);
    })
    .await;
}
