//! Promises and latches, and what ends everybody's wait.

use std::time::Duration;

use futures_util::future::{BoxFuture, FutureExt};
use tokio::task::yield_now;
use tokio::time::timeout;

use super::barriers::gathered;
use super::on_every_store;
use crate::{Arrival, Barrier, Error, Key, Latch, Promise, Result, runtime};

on_every_store! {
    promises_are_kept_once
    failed_promises_tell_why
    latches_open
    waits_end_with_the_object
    a_dropped_wait_leaves_nothing_behind
}

const LONG: Duration = Duration::from_secs(60);
const SHORT: Duration = Duration::from_millis(20);

/// Lets others have so many turns.
pub(super) async fn turns(count: u32) {
    for _ in 0..count {
        yield_now().await;
    }
}

/// Until somebody in this process waits for the object, or nobody does.
async fn waited_for(key: &Key, wanted: bool) -> Result<()> {
    let runtime = runtime::current()?;
    let known = async {
        loop {
            let waits = format!("{:?}", runtime.waits());
            if !waits.contains("<locked>") && waits.contains(key.as_str()) == wanted {
                break;
            }
            yield_now().await;
        }
    };
    timeout(LONG, known).await.unwrap();
    Ok(())
}

async fn promises_are_kept_once() -> Result<()> {
    let promise = Promise::<String>::create("promise", None).await?;
    assert!(!promise.is_done().await?);
    assert_eq!(promise.get().await?, None);
    assert!(matches!(
        promise.wait().timeout(SHORT).await,
        Err(Error::TimedOut { .. })
    ));
    let waiters: Vec<_> = (0..20)
        .map(|_| {
            let promise = promise.clone();
            tokio::spawn(async move { promise.wait().await })
        })
        .collect();
    assert!(promise.complete("first".into()).await?);
    assert!(!promise.complete("second".into()).await?);
    assert!(!promise.fail("third").await?);
    for waiter in waiters {
        assert_eq!(waiter.await.unwrap()?, "first");
    }
    assert!(promise.is_done().await?);
    assert_eq!(promise.snapshot().await?.as_deref(), Some("first"));
    let kept = Promise::create("kept", Some(())).await?;
    kept.wait().await?;
    Ok(())
}

async fn failed_promises_tell_why() -> Result<()> {
    let promise = Promise::<u8>::create("promise", None).await?;
    let waiter = tokio::spawn({
        let promise = promise.clone();
        async move { promise.wait().await }
    });
    assert!(promise.fail("the disk is full").await?);
    for error in [
        waiter.await.unwrap().unwrap_err(),
        promise.get().await.unwrap_err(),
    ] {
        assert!(matches!(error, Error::PromiseFailed { .. }));
        assert!(error.to_string().contains("the disk is full"), "{error}");
    }
    assert!(promise.is_done().await?);
    Ok(())
}

async fn latches_open() -> Result<()> {
    let latch = Latch::create("latch", 5).await?;
    assert!(!latch.try_wait().await?);
    assert!(matches!(
        latch.wait().timeout(SHORT).await,
        Err(Error::TimedOut { .. })
    ));
    assert!(!latch.try_reset(9).await?);
    let waiters: Vec<_> = (0..20)
        .map(|_| {
            let latch = latch.clone();
            tokio::spawn(async move { latch.wait().timeout(LONG).await })
        })
        .collect();
    assert_eq!(latch.count_down_by(3).await?, 2);
    assert_eq!(latch.count_down().await?, 1);
    assert_eq!(latch.count().await?, 1);
    assert_eq!(latch.count_down_by(9).await?, 0);
    for waiter in waiters {
        waiter.await.unwrap()?;
    }
    assert!(latch.try_wait().await?);
    assert!(latch.try_reset(1).await?);
    assert_eq!(latch.snapshot().await?, 1);
    assert_eq!(Latch::create("open", 0).await?.wait().await?, ());
    Ok(())
}

async fn waits_end_with_the_object() -> Result<()> {
    let latch = Latch::create("latch", 1).await?;
    let promise = Promise::<u8>::create("promise", None).await?;
    let barrier = Barrier::create("barrier", 2).await?;
    let waiters = [
        tokio::spawn({
            let latch = latch.clone();
            async move { latch.wait().timeout(LONG).await }
        }),
        tokio::spawn({
            let promise = promise.clone();
            async move { promise.wait().timeout(LONG).await.map(drop) }
        }),
        tokio::spawn({
            let barrier = barrier.clone();
            async move { barrier.wait().timeout(LONG).await.map(drop) }
        }),
    ];
    gathered(&barrier, 1).await?;
    assert!(latch.destroy().await? && promise.destroy().await? && barrier.destroy().await?);
    for waiter in waiters {
        let ended = timeout(LONG, waiter).await.unwrap().unwrap();
        assert!(matches!(ended, Err(Error::NotFound { .. })), "{ended:?}");
    }
    Ok(())
}

/// What is waited for in vain.
#[derive(Clone)]
struct Awaited {
    promise: Promise<u32>,
    latch: Latch,
    barrier: Barrier,
    arrival: Arrival,
}

async fn a_dropped_wait_leaves_nothing_behind() -> Result<()> {
    type Wait = fn(Awaited) -> BoxFuture<'static, Result<u32>>;
    let promise = Promise::create("promise", None).await?;
    let latch = Latch::create("latch", 1).await?;
    let barrier = Barrier::create("barrier", 2).await?;
    let awaited = Awaited {
        promise: promise.clone(),
        latch: latch.clone(),
        barrier: barrier.clone(),
        arrival: barrier.arrive().await?,
    };
    let waits: [(&Key, Wait); 3] = [
        (promise.key(), |on| {
            async move { on.promise.wait().await }.boxed()
        }),
        (latch.key(), |on| {
            async move { on.latch.wait().await.map(|()| 0) }.boxed()
        }),
        (barrier.key(), |on| {
            async move { Ok(on.barrier.wait_for(on.arrival).await?.place()) }.boxed()
        }),
    ];
    let mut staying = Vec::new();
    for (key, wait) in waits {
        // At any moment of its way.
        for count in 0..40 {
            tokio::select! {
                biased;
                ended = wait(awaited.clone()) => panic!("{key}: {ended:?}"),
                () = turns(count) => {}
            }
        }
        let gone = tokio::spawn(wait(awaited.clone()));
        waited_for(key, true).await?;
        gone.abort();
        waited_for(key, false).await?;
        // One that goes leaves those who wait for the same where they are.
        let gone = tokio::spawn(wait(awaited.clone()));
        waited_for(key, true).await?;
        staying.push(tokio::spawn(wait(awaited.clone())));
        gone.abort();
    }
    assert!(!promise.is_done().await?);
    assert_eq!(latch.count().await?, 1);
    assert_eq!(
        (barrier.waiting().await?, barrier.is_broken().await?),
        (1, false)
    );
    assert!(promise.complete(7).await?);
    assert_eq!(latch.count_down().await?, 0);
    assert!(barrier.wait().await?.is_leader());
    for (stays, given) in staying.into_iter().zip([7, 0, 0]) {
        assert_eq!(timeout(LONG, stays).await.unwrap().unwrap()?, given);
    }
    Ok(())
}
