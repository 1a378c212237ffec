//! Read-write locks.

use futures_util::future::{BoxFuture, FutureExt};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::{LONG, SHORT};
use crate::objects::tests::elsewhere::Frozen;
use crate::objects::tests::on_every_store;
use crate::objects::tests::semaphores::{queue, queued};
use crate::objects::tests::waiting::turns;
use crate::{Error, Result, RwLock, RwLockReadGuard, RwLockWriteGuard};

on_every_store! {
    readers_share_and_writers_do_not
    writers_are_not_starved
    a_writer_commits_and_discards
    a_writer_becomes_a_reader
    a_frozen_reader_finds_out
    a_frozen_writer_overwrites_nothing
    a_frozen_writer_becomes_no_reader
    a_dropped_wait_leaves_the_queue
}

fn reader(lock: &RwLock<u32>) -> JoinHandle<Result<RwLockReadGuard<u32>>> {
    let lock = lock.clone();
    tokio::spawn(async move { lock.read().timeout(LONG).await })
}

/// Until nobody waits for the lock or holds it.
async fn free(lock: &RwLock<u32>) -> Result<()> {
    let free = async {
        while queue(lock.key()).await? != (0, 0) {
            tokio::task::yield_now().await;
        }
        Ok(())
    };
    timeout(LONG, free).await.unwrap()
}

async fn readers_share_and_writers_do_not() -> Result<()> {
    let lock = RwLock::create("lock", 5_u32).await?;
    let (one, two) = (lock.read().await?, lock.try_read().await?.unwrap());
    assert_eq!((*one, *two), (5, 5));
    assert!(lock.try_write().await?.is_none());
    let waited = lock.write().timeout(SHORT).await;
    assert!(matches!(waited, Err(Error::TimedOut { .. })), "{waited:?}");
    queued(lock.key(), 0).await?;
    one.unlock().await?;
    two.unlock().await?;
    let mut writer = lock.write().await?;
    *writer += 1;
    assert!(lock.try_read().await?.is_none());
    let waiting: Vec<_> = (0..100).map(|_| reader(&lock)).collect();
    queued(lock.key(), 100).await?;
    writer.unlock().await?;
    for reader in waiting {
        assert_eq!(*reader.await.unwrap()?, 6);
    }
    Ok(())
}

async fn writers_are_not_starved() -> Result<()> {
    let lock = RwLock::create("lock", 0_u32).await?;
    let first = lock.read().await?;
    let theirs = lock.clone();
    let writer = tokio::spawn(async move {
        let mut guard = theirs.write().timeout(LONG).await?;
        *guard = 1;
        guard.unlock().await
    });
    queued(lock.key(), 1).await?;
    assert!(lock.try_read().await?.is_none(), "a writer waits");
    let late = reader(&lock);
    queued(lock.key(), 2).await?;
    first.unlock().await?;
    writer.await.unwrap()?;
    assert_eq!(*late.await.unwrap()?, 1);
    Ok(())
}

async fn a_writer_commits_and_discards() -> Result<()> {
    let lock = RwLock::create("lock", 0_u32).await?;
    let mut writer = lock.write().await?;
    let first = writer.token();
    assert!(first > 0 && !writer.is_lost());
    assert!(writer.lost().now_or_never().is_none());
    writer.commit().await?;
    *writer = 1;
    assert_eq!(lock.snapshot().await?, 0, "not written yet");
    writer.commit().await?;
    assert_eq!(lock.snapshot().await?, 1);
    assert!(lock.try_read().await?.is_none(), "the lock is kept");
    *writer = 2;
    writer.discard().await?;
    let next = lock.try_write().await?.unwrap();
    assert_eq!(*next, 1, "what was not committed is discarded");
    assert!(next.token() > first);
    next.discard().await?;
    assert_eq!(queue(lock.key()).await?, (0, 0));
    Ok(())
}

async fn a_writer_becomes_a_reader() -> Result<()> {
    let lock = RwLock::create("lock", 0_u32).await?;
    let mut writer = lock.write().await?;
    *writer = 1;
    let waiting = reader(&lock);
    queued(lock.key(), 1).await?;
    let own = writer.downgrade().await?;
    assert_eq!((*own, *waiting.await.unwrap()?), (1, 1));
    assert!(lock.try_write().await?.is_none());
    own.unlock().await?;
    // Without a change there is nothing to write.
    let same = lock.write().timeout(LONG).await?.downgrade().await?;
    assert_eq!(*same, 1);
    Ok(())
}

async fn a_frozen_reader_finds_out() -> Result<()> {
    let lock = RwLock::create("lock", 0_u32).await?;
    let theirs = lock.clone();
    let frozen = Frozen::new(
        async move || theirs.read().await.unwrap(),
        async |guard: RwLockReadGuard<u32>| {
            assert!(guard.is_lost());
            guard.unlock().await
        },
    )
    .await;
    let mut writer = lock.write().timeout(LONG).await?;
    *writer = 1;
    writer.unlock().await?;
    let lost = frozen.thaw().await;
    assert!(matches!(lost, Err(Error::LeaseLost { .. })), "{lost:?}");
    Ok(())
}

async fn a_frozen_writer_overwrites_nothing() -> Result<()> {
    let lock = RwLock::create("lock", 1_u32).await?;
    let theirs = lock.clone();
    let frozen = Frozen::new(
        async move || {
            let mut guard = theirs.write().await.unwrap();
            *guard = 2;
            guard
        },
        async |mut guard: RwLockWriteGuard<u32>| {
            assert!(guard.is_lost());
            guard.lost().await;
            (guard.token(), guard.commit().await, guard.discard().await)
        },
    )
    .await;
    let mut writer = lock.write().timeout(LONG).await?;
    *writer = 3;
    writer.commit().await?;
    let (token, committed, discarded) = frozen.thaw().await;
    assert!(token < writer.token());
    for lost in [committed, discarded] {
        assert!(matches!(lost, Err(Error::LeaseLost { .. })), "{lost:?}");
    }
    assert_eq!(lock.snapshot().await?, 3);
    assert!(!writer.is_lost());
    writer.unlock().await
}

async fn a_frozen_writer_becomes_no_reader() -> Result<()> {
    let lock = RwLock::create("lock", 1_u32).await?;
    let theirs = lock.clone();
    let frozen = Frozen::new(
        async move || theirs.write().await.unwrap(),
        async |mut guard: RwLockWriteGuard<u32>| {
            *guard = 2;
            guard.lost().await;
            guard.downgrade().await.map(drop)
        },
    )
    .await;
    let writer = lock.write().timeout(LONG).await?;
    let lost = frozen.thaw().await;
    assert!(matches!(lost, Err(Error::LeaseLost { .. })), "{lost:?}");
    assert_eq!(lock.snapshot().await?, 1);
    writer.unlock().await
}

async fn a_dropped_wait_leaves_the_queue() -> Result<()> {
    type Wait = fn(RwLock<u32>) -> BoxFuture<'static, Result<()>>;
    let waits: [Wait; 2] = [
        |lock| async move { lock.read().await.map(drop) }.boxed(),
        |lock| async move { lock.write().await.map(drop) }.boxed(),
    ];
    let lock = RwLock::create("lock", 0_u32).await?;
    for wait in waits {
        let writer = lock.write().timeout(LONG).await?;
        let gone = tokio::spawn(wait(lock.clone()));
        queued(lock.key(), 1).await?;
        gone.abort();
        queued(lock.key(), 0).await?;
        writer.unlock().await?;
        // At any moment of its way.
        for count in 0..40 {
            tokio::select! {
                biased;
                locked = wait(lock.clone()) => locked?,
                () = turns(count) => {}
            }
        }
        free(&lock).await?;
    }
    // Readers that stood behind a writer do not wait for one that is gone.
    let first = lock.read().await?;
    let [_, write] = waits;
    let gone = tokio::spawn(write(lock.clone()));
    queued(lock.key(), 1).await?;
    let behind = reader(&lock);
    queued(lock.key(), 2).await?;
    gone.abort();
    behind.await.unwrap()?.unlock().await?;
    first.unlock().await
}
