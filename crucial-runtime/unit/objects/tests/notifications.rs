//! Notifications and condition variables.

use std::time::Duration;

use futures_util::future::{BoxFuture, FutureExt};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::on_every_store;
use super::semaphores::{dead, queue, queued};
use super::waiting::turns;
use crate::{Condvar, Error, Mutex, MutexGuard, Notify, Result};

on_every_store! {
    a_notification_is_kept_once
    notifications_wake_in_order
    all_are_notified
    a_waiter_that_is_gone_passes_it_on
    waits_for_notifications_end
    a_condition_is_waited_for
    no_notification_is_missed
    a_wait_for_a_condition_ends
    a_condition_is_waited_for_so_long
    a_dropped_wait_passes_the_notification_on
    a_dropped_wait_leaves_nothing_behind
}

const LONG: Duration = Duration::from_secs(60);
const SHORT: Duration = Duration::from_millis(20);

fn waiter(notify: &Notify) -> JoinHandle<Result<()>> {
    let notify = notify.clone();
    tokio::spawn(async move { notify.notified().timeout(LONG).await })
}

/// Until no notification is held by whoever took it.
async fn taken(key: &crate::Key) -> Result<()> {
    let taken = async {
        while queue(key).await? != (0, 0) {
            tokio::task::yield_now().await;
        }
        Ok(())
    };
    timeout(LONG, taken).await.unwrap()
}

async fn a_notification_is_kept_once() -> Result<()> {
    let notify = Notify::create("notify", ()).await?;
    notify.notify_one().await?;
    notify.notify_one().await?;
    notify.notified().await?;
    let none = notify.notified().timeout(SHORT).await;
    assert!(matches!(none, Err(Error::TimedOut { .. })), "{none:?}");
    assert_eq!(notify.notify_waiters().await?, 0);
    taken(notify.key()).await?;
    let none = notify.notified().timeout(Duration::ZERO).await;
    assert!(matches!(none, Err(Error::TimedOut { .. })), "{none:?}");
    notify.notify_one().await?;
    notify.notified().timeout(Duration::ZERO).await
}

async fn notifications_wake_in_order() -> Result<()> {
    let notify = Notify::create("notify", ()).await?;
    let mut waiters = Vec::new();
    for place in 0..5 {
        waiters.push(waiter(&notify));
        queued(notify.key(), place + 1).await?;
    }
    for waiter in waiters {
        notify.notify_one().await?;
        waiter.await.unwrap()?;
    }
    taken(notify.key()).await
}

async fn all_are_notified() -> Result<()> {
    let notify = Notify::create("notify", ()).await?;
    let waiters: Vec<_> = (0..200).map(|_| waiter(&notify)).collect();
    queued(notify.key(), 200).await?;
    assert_eq!(notify.notify_waiters().await?, 200);
    for waiter in waiters {
        waiter.await.unwrap()?;
    }
    taken(notify.key()).await?;
    let none = notify.notified().timeout(SHORT).await;
    assert!(matches!(none, Err(Error::TimedOut { .. })), "{none:?}");
    Ok(())
}

async fn a_waiter_that_is_gone_passes_it_on() -> Result<()> {
    let notify = Notify::create("notify", ()).await?;
    // A process that died, having been notified.
    dead(notify.key(), 1).await?;
    notify.notify_one().await?;
    assert_eq!(queue(notify.key()).await?, (0, 1));
    notify.notified().timeout(LONG).await?;
    // One that is dropped while it is in the queue leaves the notification to the next.
    let gone = waiter(&notify);
    queued(notify.key(), 1).await?;
    gone.abort();
    queued(notify.key(), 0).await?;
    notify.notify_one().await?;
    notify.notified().timeout(LONG).await?;
    taken(notify.key()).await?;
    // A future that is dropped at any moment of its way.
    for count in 0..40 {
        notify.notify_one().await?;
        tokio::select! {
            biased;
            notified = notify.notified() => notified?,
            () = turns(count) => notify.notified().timeout(LONG).await?,
        }
        taken(notify.key()).await?;
    }
    Ok(())
}

async fn waits_for_notifications_end() -> Result<()> {
    let notify = Notify::create("notify", ()).await?;
    let waiting = waiter(&notify);
    queued(notify.key(), 1).await?;
    assert!(notify.destroy().await?);
    let ended = timeout(LONG, waiting).await.unwrap().unwrap();
    assert!(matches!(ended, Err(Error::NotFound { .. })), "{ended:?}");
    assert!(matches!(
        notify.notify_one().await,
        Err(Error::NotFound { .. })
    ));
    assert!(matches!(
        notify.snapshot().await,
        Err(Error::NotFound { .. })
    ));
    Condvar::create("condvar", ()).await?;
    let other = Notify::open("condvar").await;
    assert!(matches!(other, Err(Error::WrongType { .. })), "{other:?}");
    Ok(())
}

async fn a_condition_is_waited_for() -> Result<()> {
    let jobs = Mutex::create("jobs", 0_u32).await?;
    let more = Condvar::create("more", ()).await?;
    let workers: Vec<_> = (0..10)
        .map(|_| {
            let (jobs, more) = (jobs.clone(), more.clone());
            tokio::spawn(async move {
                let guard = jobs.lock().await?;
                let mut guard = more.wait_while(guard, |jobs| *jobs == 0).await?;
                *guard -= 1;
                guard.unlock().await
            })
        })
        .collect();
    queued(more.key(), 10).await?;
    jobs.with(|jobs| *jobs += 4).await?;
    for _ in 0..4 {
        more.notify_one().await?;
    }
    queued(more.key(), 6).await?;
    jobs.with(|jobs| *jobs += 6).await?;
    assert_eq!(more.notify_all().await?, 6);
    for worker in workers {
        worker.await.unwrap()?;
    }
    assert_eq!(jobs.snapshot().await?, 0);
    taken(more.key()).await
}

async fn no_notification_is_missed() -> Result<()> {
    const HANDOVERS: u32 = 50;
    let turn = Mutex::create("turn", 0_u32).await?;
    let next = Condvar::create("next", ()).await?;
    // Each takes the turn from the other; a notification that is missed would let both wait.
    let player = |own: u32| {
        let (turn, next) = (turn.clone(), next.clone());
        tokio::spawn(async move {
            for _ in 0..HANDOVERS {
                let guard = turn.lock().await?;
                let mut guard = next.wait_while(guard, |turn| *turn % 2 != own).await?;
                *guard += 1;
                guard.unlock().await?;
                next.notify_one().await?;
            }
            Ok::<_, Error>(())
        })
    };
    for player in [player(0), player(1)] {
        timeout(LONG, player).await.unwrap().unwrap()?;
    }
    assert_eq!(turn.snapshot().await?, 2 * HANDOVERS);
    Ok(())
}

async fn a_wait_for_a_condition_ends() -> Result<()> {
    let mutex = Mutex::create("mutex", 0_u32).await?;
    let never = Condvar::create("never", ()).await?;
    // Without a waiter nothing is kept.
    never.notify_one().await?;
    let mut guard = mutex.lock().await?;
    *guard = 1;
    let (guard, timed_out) = never.wait_timeout(guard, SHORT).await?;
    assert!(timed_out);
    assert_eq!(*guard, 1, "what was changed was written");
    let (guard, timed_out) = never.wait_timeout(guard, Duration::ZERO).await?;
    assert!(timed_out);
    assert!(mutex.try_lock().await?.is_none());
    guard.unlock().await?;
    taken(never.key()).await?;
    let guard = mutex.lock().await?;
    let theirs = never.clone();
    let waiting = tokio::spawn(async move { theirs.wait(guard).await.map(drop) });
    queued(never.key(), 1).await?;
    assert!(never.destroy().await?);
    let ended = timeout(LONG, waiting).await.unwrap().unwrap();
    assert!(matches!(ended, Err(Error::NotFound { .. })), "{ended:?}");
    mutex.lock().timeout(LONG).await?.unlock().await
}

async fn a_condition_is_waited_for_so_long() -> Result<()> {
    let jobs = Mutex::create("jobs", 0_u32).await?;
    let more = Condvar::create("more", ()).await?;
    let mut guard = jobs.lock().await?;
    for limit in [Duration::ZERO, SHORT] {
        let timed_out;
        (guard, timed_out) = more
            .wait_timeout_while(guard, limit, |jobs| *jobs == 0)
            .await?;
        assert!(timed_out && *guard == 0);
        assert!(jobs.try_lock().await?.is_none(), "it is locked in any case");
    }
    // What does not hold is not waited for.
    let (guard, timed_out) = more
        .wait_timeout_while(guard, Duration::ZERO, |_| false)
        .await?;
    assert!(!timed_out);
    let theirs = more.clone();
    let waiting = tokio::spawn(async move {
        let waited = theirs.wait_timeout_while(guard, LONG, |jobs| *jobs < 2);
        let (guard, timed_out) = waited.await?;
        Ok::<_, Error>((*guard, timed_out))
    });
    // A notification alone does not end it.
    for seen in 1..=2 {
        queued(more.key(), 1).await?;
        jobs.with(|jobs| *jobs = seen).await?;
        more.notify_one().await?;
    }
    assert_eq!(waiting.await.unwrap()?, (2, false));
    taken(more.key()).await
}

async fn a_dropped_wait_passes_the_notification_on() -> Result<()> {
    let mutex = Mutex::create("mutex", 0_u32).await?;
    let condvar = Condvar::create("condvar", ()).await?;
    let wait = || {
        let (mutex, condvar) = (mutex.clone(), condvar.clone());
        tokio::spawn(async move {
            let guard = mutex.lock().timeout(LONG).await?;
            condvar.wait(guard).await?.unlock().await
        })
    };
    let goes = wait();
    queued(condvar.key(), 1).await?;
    let stays = wait();
    queued(condvar.key(), 2).await?;
    // Notified, but it does not get the mutex before it is gone.
    let guard = mutex.lock().timeout(LONG).await?;
    condvar.notify_one().await?;
    queued(mutex.key(), 1).await?;
    goes.abort();
    assert!(goes.await.unwrap_err().is_cancelled());
    queued(mutex.key(), 1).await?;
    guard.unlock().await?;
    timeout(LONG, stays).await.unwrap().unwrap()?;
    mutex.lock().timeout(LONG).await?.unlock().await
}

async fn a_dropped_wait_leaves_nothing_behind() -> Result<()> {
    type Wait = fn(Condvar, MutexGuard<u32>) -> BoxFuture<'static, Result<()>>;
    let waits: [Wait; 4] = [
        |condvar, guard| async move { condvar.wait(guard).await.map(drop) }.boxed(),
        |condvar, guard| async move { condvar.wait_timeout(guard, LONG).await.map(drop) }.boxed(),
        |condvar, guard| async move { condvar.wait_while(guard, |_| true).await.map(drop) }.boxed(),
        |condvar, guard| {
            async move {
                condvar
                    .wait_timeout_while(guard, LONG, |_| true)
                    .await
                    .map(drop)
            }
            .boxed()
        },
    ];
    let mutex = Mutex::create("mutex", 0_u32).await?;
    let condvar = Condvar::create("condvar", ()).await?;
    for wait in waits {
        let mut guard = mutex.lock().timeout(LONG).await?;
        let written = *guard + 1;
        *guard = written;
        let gone = tokio::spawn(wait(condvar.clone(), guard));
        queued(condvar.key(), 1).await?;
        gone.abort();
        taken(condvar.key()).await?;
        assert_eq!(condvar.notify_all().await?, 0);
        assert_eq!(*mutex.lock().timeout(LONG).await?, written);
        // At any moment of its way.
        for count in 0..40 {
            let mut guard = mutex.lock().timeout(LONG).await?;
            *guard += 1;
            tokio::select! {
                biased;
                ended = wait(condvar.clone(), guard) => panic!("{ended:?}"),
                () = turns(count) => {}
            }
        }
        taken(condvar.key()).await?;
        assert_eq!(*mutex.lock().timeout(LONG).await?, written + 40);
    }
    taken(mutex.key()).await
}
