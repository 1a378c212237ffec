//! Mutexes and read-write locks.

mod read_write;

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::time::timeout;

use super::elsewhere::Frozen;
use super::on_every_store;
use super::semaphores::{dead, queue, queued};
use super::waiting::turns;
use crate::objects::permits::machine::ALL;
use crate::{Error, Mutex, MutexGuard, Result, RwLock};

on_every_store! {
    a_mutex_protects_its_value
    a_change_waits_no_longer_than_told
    many_change_one_value
    a_dropped_guard_writes_and_unlocks
    a_panic_discards_and_unlocks
    a_dropped_lock_future_gives_back
    a_dropped_change_is_made_or_not
    a_dead_holder_is_succeeded
    a_frozen_holder_overwrites_nothing
    tokens_rise
    locks_refuse_what_makes_no_sense
    locks_end_with_their_objects
}

const LONG: Duration = Duration::from_secs(60);
const SHORT: Duration = Duration::from_millis(20);

/// Until the stored value is that one.
async fn becomes(mutex: &Mutex<u32>, value: u32) -> Result<()> {
    let becomes = async {
        while mutex.snapshot().await? != value {
            tokio::task::yield_now().await;
        }
        Ok(())
    };
    timeout(LONG, becomes).await.unwrap()
}

async fn a_mutex_protects_its_value() -> Result<()> {
    let mutex = Mutex::create("mutex", vec!["a".to_owned()]).await?;
    let mut guard = mutex.lock().await?;
    assert_eq!(*guard, ["a"]);
    guard.push("b".to_owned());
    assert!(mutex.try_lock().await?.is_none());
    let waited = mutex.lock().timeout(SHORT).await;
    assert!(
        matches!(waited, Err(Error::TimedOut { waited, .. }) if waited == SHORT),
        "{waited:?}"
    );
    queued(mutex.key(), 0).await?;
    assert_eq!(mutex.snapshot().await?, ["a"], "not written yet");
    guard.commit().await?;
    assert_eq!(mutex.snapshot().await?, ["a", "b"]);
    guard.push("c".to_owned());
    guard.discard().await?;
    let guard = mutex.try_lock().await?.unwrap();
    assert_eq!(*guard, ["a", "b"], "what was not committed is discarded");
    guard.unlock().await?;
    assert_eq!(mutex.with(|value| value.pop()).await?.as_deref(), Some("b"));
    assert_eq!(*mutex.lock().await?, ["a"]);
    Ok(())
}

async fn a_change_waits_no_longer_than_told() -> Result<()> {
    let mutex = Mutex::create("mutex", 1_u32).await?;
    let guard = mutex.lock().await?;
    for limit in [Duration::ZERO, SHORT] {
        let change = mutex
            .with(|_| panic!("another one holds the lock"))
            .timeout(limit);
        let over = change.await;
        assert!(
            matches!(over, Err(Error::TimedOut { method: "lock", waited, .. }) if waited == limit),
            "{over:?}"
        );
    }
    queued(mutex.key(), 0).await?;
    let theirs = mutex.clone();
    let waiting = tokio::spawn(async move {
        let double = |value: &mut u32| std::mem::replace(value, *value * 2);
        theirs.with(double).timeout(LONG).await
    });
    queued(mutex.key(), 1).await?;
    guard.unlock().await?;
    assert_eq!(waiting.await.unwrap()?, 1);
    mutex
        .with(|value| *value += 1)
        .timeout(Duration::ZERO)
        .await?;
    assert_eq!(mutex.snapshot().await?, 3);
    Ok(())
}

async fn many_change_one_value() -> Result<()> {
    let mutex = Mutex::create("mutex", 0_u64).await?;
    let tasks: Vec<_> = (0..20)
        .map(|_| {
            let mutex = mutex.clone();
            tokio::spawn(async move {
                for _ in 0..10 {
                    let mut guard = mutex.lock().timeout(LONG).await?;
                    *guard += 1;
                    guard.unlock().await?;
                }
                Ok::<_, Error>(())
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap()?;
    }
    assert_eq!(mutex.snapshot().await?, 200);
    assert_eq!(queue(mutex.key()).await?, (0, 0));
    Ok(())
}

async fn a_dropped_guard_writes_and_unlocks() -> Result<()> {
    let mutex = Mutex::create("mutex", 0_u32).await?;
    let mut guard = mutex.lock().await?;
    *guard += 1;
    drop(guard);
    let guard = mutex.lock().timeout(LONG).await?;
    assert_eq!(*guard, 1, "whoever locks next sees it");
    drop(guard);
    // Dropped half-way, unlocking goes on.
    let mut guard = mutex.lock().timeout(LONG).await?;
    *guard += 1;
    tokio::select! {
        biased;
        unlocked = guard.unlock() => unlocked?,
        () = std::future::ready(()) => {}
    }
    assert_eq!(*mutex.lock().timeout(LONG).await?, 2);
    Ok(())
}

async fn a_panic_discards_and_unlocks() -> Result<()> {
    let mutex = Mutex::create("mutex", 7_u32).await?;
    let theirs = mutex.clone();
    let panicked = tokio::spawn(async move {
        let mut guard = theirs.lock().await.unwrap();
        *guard = 8;
        guard.commit().await.unwrap();
        *guard = 9;
        panic!("half done");
    });
    assert!(panicked.await.unwrap_err().is_panic());
    assert_eq!(*mutex.lock().timeout(LONG).await?, 8);
    Ok(())
}

async fn a_dropped_lock_future_gives_back() -> Result<()> {
    let mutex = Mutex::create("mutex", 0_u32).await?;
    let guard = mutex.lock().await?;
    let theirs = mutex.clone();
    let gone = tokio::spawn(async move { theirs.lock().await.map(drop) });
    queued(mutex.key(), 1).await?;
    gone.abort();
    queued(mutex.key(), 0).await?;
    guard.unlock().await?;
    for count in 0..40 {
        tokio::select! {
            biased;
            guard = mutex.lock() => drop(guard?),
            () = turns(count) => {}
        }
    }
    mutex.lock().timeout(LONG).await?.unlock().await?;
    assert_eq!(queue(mutex.key()).await?, (0, 0));
    Ok(())
}

async fn a_dropped_change_is_made_or_not() -> Result<()> {
    let mutex = Mutex::create("mutex", 0_u32).await?;
    let mut made = 0;
    for count in 0..40 {
        let change = |value: &mut u32| {
            *value += 1;
            made += 1;
        };
        tokio::select! {
            biased;
            changed = mutex.with(change) => changed?,
            () = turns(count) => {}
        }
    }
    let guard = mutex.lock().timeout(LONG).await?;
    assert_eq!(*guard, made);
    guard.unlock().await?;
    assert_eq!(queue(mutex.key()).await?, (0, 0));
    Ok(())
}

async fn a_dead_holder_is_succeeded() -> Result<()> {
    let mutex = Mutex::create("mutex", 1_u32).await?;
    dead(mutex.key(), ALL).await?;
    let next = mutex.lock().timeout(LONG).await?;
    assert_eq!(*next, 1);
    // A dead waiter does not stand in the way.
    dead(mutex.key(), ALL).await?;
    let theirs = mutex.clone();
    let waiting = tokio::spawn(async move { theirs.lock().timeout(LONG).await?.unlock().await });
    queued(mutex.key(), 2).await?;
    next.unlock().await?;
    waiting.await.unwrap()
}

async fn a_frozen_holder_overwrites_nothing() -> Result<()> {
    let mutex = Mutex::create("mutex", 1_u32).await?;
    let theirs = mutex.clone();
    let frozen = Frozen::new(
        async move || {
            let mut guard = theirs.lock().await.unwrap();
            *guard = 2;
            guard
        },
        async |mut guard: MutexGuard<u32>| {
            assert!(guard.is_lost());
            guard.lost().await;
            let committed = guard.commit().await;
            (committed, guard.unlock().await)
        },
    )
    .await;
    let mut guard = mutex.lock().timeout(LONG).await?;
    *guard = 3;
    guard.commit().await?;
    let (committed, unlocked) = frozen.thaw().await;
    for lost in [committed, unlocked] {
        let lost = lost.unwrap_err();
        assert!(matches!(lost, Error::LeaseLost { .. }), "{lost}");
        let text = lost.to_string();
        assert!(
            text.contains("mutex") && text.contains("CRUCIAL_LEASE"),
            "{text}"
        );
    }
    assert_eq!(mutex.snapshot().await?, 3);
    assert!(
        mutex.try_lock().await?.is_none(),
        "it is the next one's still"
    );
    guard.unlock().await
}

async fn tokens_rise() -> Result<()> {
    let mutex = Mutex::create("mutex", 0_u32).await?;
    let mut last = 0;
    for _ in 0..5 {
        let guard = mutex.lock().await?;
        assert!(guard.token() > last);
        last = guard.token();
        guard.unlock().await?;
    }
    becomes(&mutex, 0).await
}

/// A value that encodes only while it is small.
#[derive(Debug, Serialize, Deserialize)]
struct Picky(#[serde(serialize_with = "small")] u32);

fn small<S: serde::Serializer>(number: &u32, serializer: S) -> Result<S::Ok, S::Error> {
    if *number > 9 {
        return Err(serde::ser::Error::custom("it is too much"));
    }
    serializer.serialize_u32(*number)
}

async fn locks_refuse_what_makes_no_sense() -> Result<()> {
    let mutex = Mutex::create("mutex", 1_u32).await?;
    let other = Mutex::<String>::open("mutex").await;
    assert!(matches!(other, Err(Error::WrongType { .. })), "{other:?}");
    let other = RwLock::<u32>::open("mutex").await;
    assert!(matches!(other, Err(Error::WrongType { .. })), "{other:?}");
    let guard = mutex.lock().await?;
    let at_once = mutex.lock().timeout(Duration::ZERO).await;
    assert!(
        matches!(at_once, Err(Error::TimedOut { .. })),
        "{at_once:?}"
    );
    guard.unlock().await?;
    mutex.lock().timeout(Duration::ZERO).await?.unlock().await?;

    // What can't be written is told, and the lock is free again.
    let picky = Mutex::create("picky", Picky(1)).await?;
    let mut guard = picky.lock().await?;
    guard.0 = 10;
    assert!(matches!(guard.commit().await, Err(Error::Codec { .. })));
    assert!(matches!(guard.unlock().await, Err(Error::Codec { .. })));
    let mut guard = picky.lock().timeout(LONG).await?;
    assert_eq!(guard.0, 1);
    guard.0 = 10;
    drop(guard);
    assert_eq!(picky.lock().timeout(LONG).await?.0, 1);
    Ok(())
}

async fn locks_end_with_their_objects() -> Result<()> {
    let mutex = Mutex::create("mutex", 1_u32).await?;
    let mut guard = mutex.lock().await?;
    let theirs = mutex.clone();
    let waiting = tokio::spawn(async move { theirs.lock().timeout(LONG).await.map(drop) });
    queued(mutex.key(), 1).await?;
    assert!(mutex.destroy().await?);
    let ended = timeout(LONG, waiting).await.unwrap().unwrap();
    assert!(matches!(ended, Err(Error::NotFound { .. })), "{ended:?}");
    *guard = 2;
    assert!(matches!(guard.commit().await, Err(Error::NotFound { .. })));
    assert!(matches!(guard.unlock().await, Err(Error::NotFound { .. })));
    assert!(matches!(mutex.lock().await, Err(Error::NotFound { .. })));
    assert!(matches!(
        mutex.snapshot().await,
        Err(Error::NotFound { .. })
    ));
    Ok(())
}
