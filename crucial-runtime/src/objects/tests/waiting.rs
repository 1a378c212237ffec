//! Promises and latches, and what ends everybody's wait.

use std::time::Duration;

use tokio::time::timeout;

use super::barriers::gathered;
use super::on_every_store;
use crate::{Barrier, Error, Latch, Promise, Result};

on_every_store! {
    promises_are_kept_once
    failed_promises_tell_why
    latches_open
    waits_end_with_the_object
}

const LONG: Duration = Duration::from_secs(60);
const SHORT: Duration = Duration::from_millis(20);

async fn promises_are_kept_once() -> Result<()> {
    let promise = Promise::<String>::create("promise", None).await?;
    assert!(!promise.is_done().await?);
    assert_eq!(promise.try_get().await?, None);
    assert!(matches!(
        promise.get_timeout(SHORT).await,
        Err(Error::TimedOut { .. })
    ));
    let waiters: Vec<_> = (0..20)
        .map(|_| {
            let promise = promise.clone();
            tokio::spawn(async move { promise.get().await })
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
    kept.get().await?;
    Ok(())
}

async fn failed_promises_tell_why() -> Result<()> {
    let promise = Promise::<u8>::create("promise", None).await?;
    let waiter = tokio::spawn({
        let promise = promise.clone();
        async move { promise.get().await }
    });
    assert!(promise.fail("the disk is full").await?);
    for error in [
        waiter.await.unwrap().unwrap_err(),
        promise.try_get().await.unwrap_err(),
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
        latch.wait_timeout(SHORT).await,
        Err(Error::TimedOut { .. })
    ));
    assert!(!latch.try_reset(9).await?);
    let waiters: Vec<_> = (0..20)
        .map(|_| {
            let latch = latch.clone();
            tokio::spawn(async move { latch.wait_timeout(LONG).await })
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
            async move { latch.wait_timeout(LONG).await }
        }),
        tokio::spawn({
            let promise = promise.clone();
            async move { promise.get_timeout(LONG).await.map(drop) }
        }),
        tokio::spawn({
            let barrier = barrier.clone();
            async move { barrier.wait_timeout(LONG).await.map(drop) }
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
