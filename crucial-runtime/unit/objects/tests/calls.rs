//! Limits of calls, and calls of code that is not async.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use super::on_every_store;
use crate::error::{Error, Result};
use crate::{Atomic, Latch, Mutex, Shared};

on_every_store! {
    threads_that_are_not_async_block
    async_code_is_told_to_await
    a_limit_is_that_of_the_whole_call
    a_limit_ends_with_its_call
}

async fn threads_that_are_not_async_block() -> Result<()> {
    let sum = Atomic::create("sum", 0_u64).await?;
    let opened = Latch::create("opened", 1).await?;
    let threads: Vec<_> = (1..=4)
        .map(|n| {
            let (sum, opened) = (sum.clone(), opened.clone());
            let work = move || -> Result<u64> {
                opened.wait().blocking()?;
                sum.fetch_add(n).blocking()
            };
            if n % 2 == 0 {
                std::thread::spawn(work)
            } else {
                let (sender, receiver) = std::sync::mpsc::channel();
                tokio::task::spawn_blocking(move || sender.send(work()));
                std::thread::spawn(move || receiver.recv().unwrap())
            }
        })
        .collect();
    opened.count_down().await?;
    tokio::task::spawn_blocking(move || {
        for thread in threads {
            thread.join().unwrap().unwrap();
        }
    })
    .await
    .unwrap();
    assert_eq!(sum.load().await?, 10);
    Ok(())
}

async fn async_code_is_told_to_await() -> Result<()> {
    let sum = Atomic::create("sum", 0_u64).await?;
    let panic = catch_unwind(AssertUnwindSafe(|| sum.load().blocking())).unwrap_err();
    let text = panic.downcast_ref::<&str>().unwrap();
    assert!(text.contains("use `.await` there"), "{text}");
    Ok(())
}

/// `with` locks and writes: both are within the one limit.
async fn a_limit_is_that_of_the_whole_call() -> Result<()> {
    let total = Mutex::create("total", 1).await?;
    let guard = total.lock().await?;
    let short = Duration::from_millis(20);
    let late = total.with(|total| *total += 1).timeout(short).await;
    assert!(
        matches!(late, Err(Error::TimedOut { waited, .. }) if waited == short),
        "{late:?}"
    );
    guard.unlock().await?;
    total.with(|total| *total += 1).timeout(short).await?;
    assert_eq!(total.snapshot().await?, 2);
    Ok(())
}

/// What is called after a call, or beside it in one task, has its own limit or none.
async fn a_limit_ends_with_its_call() -> Result<()> {
    let (never, soon) = (
        Latch::create("never", 1).await?,
        Latch::create("soon", 1).await?,
    );
    let short = Duration::from_millis(20);
    let (waited, late) = tokio::join!(soon.wait(), async {
        let late = never.wait().timeout(short).await;
        soon.count_down().await.map(|_| late)
    });
    let late = late?;
    assert!(matches!(late, Err(Error::TimedOut { .. })), "{late:?}");
    waited
}

/// The server is silent for longer than a caller waits, and does then what it was asked.
#[cfg(feature = "redis")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_silent_server_is_waited_for_no_longer_than_a_limit() {
    let server = crucial_tests::RedisServer::start(crucial_tests::Options::default()).await;
    let builder = crate::config::Builder::new().store(server.url());
    super::check(builder, || async {
        let hits = Atomic::create("hits", 0_u64).await?;
        let key = crate::Runtime::current()?.namespace().key("later")?;
        server.command(&["CLIENT", "PAUSE", "7000", "ALL"]).await;
        let limit = Duration::from_millis(1);
        let (load, add, create, exists) = tokio::join!(
            hits.load().timeout(limit),
            hits.fetch_add(1).timeout(limit),
            Atomic::<u64>::create("other", 0).timeout(limit),
            hits.exists().timeout(limit),
        );
        assert!(matches!(load, Err(Error::Unanswered { .. })), "{load:?}");
        assert!(matches!(add, Err(Error::InDoubt { .. })), "{add:?}");
        assert!(matches!(create, Err(Error::InDoubt { .. })), "{create:?}");
        assert!(
            matches!(exists, Err(Error::Unanswered { .. })),
            "{exists:?}"
        );
        // Without a limit the same calls are answered in the end.
        assert_eq!(hits.load().await?, 1);
        Atomic::create_at(key, 1_u64).await?;
        Ok(())
    })
    .await;
}
