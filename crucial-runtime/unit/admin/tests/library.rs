//! What is shown of each object of the library.

use std::time::Duration;

use serde_json::{Value as Json, json};

use super::{Own, state};
use crate::objects::tests::on_every_store;
use crate::{
    Barrier, Condvar, Grid, Key, Latch, Matrix, Mutex, Notify, Promise, Queue, QueueInit, Rate,
    RateLimiter, Result, RwLock, Semaphore, Topic, TopicInit, Vector, admin,
};

on_every_store! {
    every_object_of_the_library_can_be_looked_at
    what_is_held_and_who_waits_is_shown
    large_objects_show_their_beginning
}

async fn check<const N: usize>(objects: [(&Key, Json); N]) -> Result<()> {
    for (key, expected) in objects {
        let mut state = state(key).await?;
        for who in ["holders", "come"] {
            let named = state.get_mut(who).and_then(Json::as_array_mut);
            for process in named.into_iter().flatten() {
                is_this_one(process, key);
            }
        }
        assert_eq!(state, expected, "{key}");
    }
    Ok(())
}

/// That a process is told by its job, its number and its machine, and how long its lease lasts; takes all of that out.
fn is_this_one(process: &mut Json, key: &Key) {
    let process = process.as_object_mut().unwrap();
    let lease = process.remove("lease_ms").unwrap();
    assert!(lease.as_u64().is_some_and(|left| left > 0), "{lease}");
    assert_eq!(process.remove("job").unwrap(), key.namespace());
    let name = process.remove("process").unwrap();
    let (number, machine) = name.as_str().unwrap().split_once('@').unwrap();
    assert_eq!(number, std::process::id().to_string());
    assert!(!machine.is_empty());
}

async fn every_object_of_the_library_can_be_looked_at() -> Result<()> {
    let words = || vec!["a".to_owned(), "b".to_owned()];
    let init = QueueInit {
        capacity: Some(9),
        elements: words(),
        ..QueueInit::default()
    };
    let queue = Queue::create("queue", init).await?;
    let topic = Topic::create("topic", TopicInit { backlog: 2 }).await?;
    topic.publish_many([(1, 'x'), (2, 'y'), (3, 'z')]).await?;
    let open = Promise::<u8>::create("open", None).await?;
    let kept = Promise::create("kept", Some(Some(7))).await?;
    let failed = Promise::<u8>::create("failed", None).await?;
    failed.fail("no paper").await?;
    let floats = Vector::create("floats", vec![1.5, f64::NAN, -0.5]).await?;
    let whole = Vector::create("whole", vec![i64::MIN, 3]).await?;
    let matrix = Matrix::create("matrix", Grid::from_rows([[1, 2], [3, 4], [5, 6]])?).await?;
    let empty = Matrix::create("empty", Grid::<f64>::filled(2, 0, 0.0)).await?;
    let latch = Latch::create("latch", 3).await?;
    let barrier = Barrier::create("barrier", 3).await?;
    let semaphore = Semaphore::create("semaphore", 4).await?;
    let mutex = Mutex::create("mutex", words()).await?;
    let foreign = Mutex::create("foreign", Own(255, true)).await?;
    let lock = RwLock::create("lock", (1, Some(0.5))).await?;
    let notify = Notify::create("notify", ()).await?;
    let condvar = Condvar::create("condvar", ()).await?;
    let rate = RateLimiter::create("rate", Rate::per_second(5)).await?;
    check([
        (
            queue.key(),
            json!({
                "capacity": 9, "max_deliveries": null, "elements": ["a", "b"], "leased": 0, "dead_letters": [],
                "waiting_to_take": 0, "waiting_to_put": 0, "closed": false,
            }),
        ),
        (
            topic.key(),
            json!({
                "backlog": 2, "published": 3, "first": 1, "messages": [[2, "y"], [3, "z"]],
                "closed": false,
            }),
        ),
        (open.key(), json!("open")),
        (kept.key(), json!({ "complete": 7 })),
        (failed.key(), json!({ "failed": "no paper" })),
        (
            floats.key(),
            json!({ "numbers": [1.5, "NaN", -0.5], "parties_waiting": 0, "round_broken": false }),
        ),
        (
            whole.key(),
            json!({ "numbers": [i64::MIN, 3], "parties_waiting": 0, "round_broken": false }),
        ),
        (
            matrix.key(),
            json!({
                "numbers": [[1, 2], [3, 4], [5, 6]], "parties_waiting": 0, "round_broken": false,
            }),
        ),
        (
            empty.key(),
            json!({ "numbers": [[], []], "parties_waiting": 0, "round_broken": false }),
        ),
        (latch.key(), json!(3)),
        (
            barrier.key(),
            json!({ "parties": 3, "waiting": 0, "generation": 0, "broken": false, "come": [] }),
        ),
        (
            semaphore.key(),
            json!({ "permits": 4, "free": 4, "holders": [], "waiting": 0, "closed": false }),
        ),
        (
            mutex.key(),
            json!({ "value": ["a", "b"], "locked": false, "holders": [], "waiting": 0 }),
        ),
        (
            foreign.key(),
            json!({ "value": [255, true], "locked": false, "holders": [], "waiting": 0 }),
        ),
        (
            lock.key(),
            json!({ "value": [1, 0.5], "writing": false, "reading": 0, "holders": [], "waiting": 0 }),
        ),
        (notify.key(), json!({ "notified": false, "waiting": 0 })),
        (condvar.key(), json!({ "waiting": 0 })),
        (
            rate.key(),
            json!({ "permits": 5, "per_ms": 1000, "burst": 5, "available": 5 }),
        ),
    ])
    .await
}

async fn what_is_held_and_who_waits_is_shown() -> Result<()> {
    let hour = Duration::from_secs(3600);
    let init = QueueInit {
        max_deliveries: Some(1),
        elements: vec![1, 2, 3],
        ..QueueInit::default()
    };
    let queue = Queue::create("queue", init).await?;
    queue.take_leased(hour).await?.release().await?;
    let _leased = queue.take_leased(hour).await?;
    queue.close().await?;
    let barrier = Barrier::create("barrier", 2).await?;
    for _ in 0..3 {
        let _came = barrier.arrive().await?;
    }
    let semaphore = Semaphore::create("semaphore", 4).await?;
    let _permits = semaphore.acquire_many(3).await?;
    let mutex = Mutex::create("mutex", 'm').await?;
    let _mutex = mutex.lock().await?;
    let written = RwLock::create("written", 'w').await?;
    let _writer = written.write().await?;
    let read = RwLock::create("read", 'r').await?;
    let _readers = (read.read().await?, read.read().await?);
    let notify = Notify::create("notify", ()).await?;
    notify.notify_one().await?;
    let slow = Rate {
        permits: 1,
        per: hour,
        burst: 5,
    };
    let rate = RateLimiter::create("rate", slow).await?;
    assert!(rate.try_acquire_many(2).await?);
    check([
        (
            queue.key(),
            json!({
                "capacity": null, "max_deliveries": 1, "elements": [2, 3], "leased": 1, "dead_letters": [1],
                "waiting_to_take": 0, "waiting_to_put": 0, "closed": true,
            }),
        ),
        (
            barrier.key(),
            json!({ "parties": 2, "waiting": 1, "generation": 1, "broken": false, "come": [{}] }),
        ),
        (
            semaphore.key(),
            json!({ "permits": 4, "free": 1, "holders": [{ "permits": 3 }], "waiting": 0, "closed": false }),
        ),
        (
            mutex.key(),
            json!({ "value": "m", "locked": true, "holders": [{}], "waiting": 0 }),
        ),
        (
            written.key(),
            json!({ "value": "w", "writing": true, "reading": 0, "holders": [{}], "waiting": 0 }),
        ),
        (
            read.key(),
            json!({ "value": "r", "writing": false, "reading": 2, "holders": [{}, {}], "waiting": 0 }),
        ),
        (notify.key(), json!({ "notified": true, "waiting": 0 })),
        (
            rate.key(),
            json!({ "permits": 1, "per_ms": 3_600_000, "burst": 5, "available": 3 }),
        ),
    ])
    .await
}

async fn large_objects_show_their_beginning() -> Result<()> {
    let init = QueueInit {
        elements: (0..5_000).collect(),
        ..QueueInit::default()
    };
    let queue = Queue::create("queue", init).await?;
    let topic = Topic::create("topic", TopicInit::default()).await?;
    topic.publish_many(0..500).await?;
    let vector = Vector::create("vector", (0..5_000).collect()).await?;
    let matrix = Matrix::create("matrix", Grid::filled(500, 10, 0)).await?;
    for (key, field, count) in [
        (queue.key(), "elements", 1_000),
        (topic.key(), "messages", 128),
        (vector.key(), "numbers", 1_000),
        (matrix.key(), "numbers", 100),
    ] {
        let inspection = admin::inspect(key).await?.expect("it is there");
        assert!(!inspection.complete, "{key}");
        let shown = inspection.state[field].as_array().map(Vec::len);
        assert_eq!(shown, Some(count), "{key}");
    }
    Ok(())
}
