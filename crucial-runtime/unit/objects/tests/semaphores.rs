//! Semaphores, and through them all that is lent on leases.

use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::elsewhere::{Frozen, LEASE, another};
use super::on_every_store;
use crate::object::{Handle, Value};
use crate::objects::argument;
use crate::objects::permits::machine::{ACQUIRE, Permits, STATUS};
use crate::{Error, Latch, Result, Semaphore, SemaphorePermit};

on_every_store! {
    permits_are_lent_and_come_back
    whoever_comes_first_is_served_first
    permits_are_added_and_removed
    a_closed_semaphore_lends_nothing
    a_dropped_future_gives_back
    a_dead_process_gives_back
    a_dead_waiter_blocks_nobody
    a_frozen_process_finds_out
    a_frozen_waiter_queues_again
    a_living_process_keeps_what_it_holds
    too_few_permits_are_waited_for
    what_makes_no_sense_is_refused
    waits_end_with_the_semaphore
    a_thousand_wait_in_one_queue
}

const LONG: Duration = Duration::from_secs(60);
const SHORT: Duration = Duration::from_millis(20);

/// Waits in the queue, and gives back at once.
fn waiter(semaphore: &Semaphore, count: u32) -> JoinHandle<Result<()>> {
    let semaphore = semaphore.clone();
    tokio::spawn(async move {
        let permit = semaphore.acquire_many(count).timeout(LONG).await?;
        permit.release().await
    })
}

/// How many wait for the object, and how many hold something of it.
pub(super) async fn queue(key: &crate::Key) -> Result<(usize, usize)> {
    let handle = Handle::<Permits>::at(key.clone());
    let status = handle.call(&STATUS, Vec::new()).await?;
    let [_, _, waiting, held, _] = handle.list(&status)? else {
        panic!("{status:?}");
    };
    Ok((handle.number(waiting)?, handle.number(held)?))
}

/// Until so many wait for the object.
pub(super) async fn queued(key: &crate::Key, count: usize) -> Result<()> {
    let queued = async {
        while queue(key).await?.0 != count {
            tokio::task::yield_now().await;
        }
        Ok(())
    };
    timeout(LONG, queued).await.unwrap()
}

/// Until so many permits are free.
async fn free(semaphore: &Semaphore, count: u32) -> Result<()> {
    let free = async {
        while semaphore.available_permits().await? != count {
            tokio::task::yield_now().await;
        }
        Ok(())
    };
    timeout(LONG, free).await.unwrap()
}

/// Asks as a process that is gone as soon as it has asked.
pub(super) async fn dead(key: &crate::Key, count: u64) -> Result<()> {
    let handle = Handle::<Permits>::at(key.clone());
    let arguments = vec![
        "dead".into(),
        argument::number(LEASE.as_millis()),
        argument::number(count),
        argument::number(1),
        argument::now(),
    ];
    let reply = handle.call(&ACQUIRE, arguments).await?;
    assert_eq!(
        handle.list(&reply)?[2],
        Value::Int(handle.number(&handle.list(&reply)?[0])?)
    );
    Ok(())
}

async fn permits_are_lent_and_come_back() -> Result<()> {
    let semaphore = Semaphore::create("semaphore", 3).await?;
    let one = semaphore.acquire().await?;
    let two = semaphore.acquire_many(2).await?;
    assert_eq!((one.num_permits(), two.num_permits()), (1, 2));
    assert_eq!(semaphore.available_permits().await?, 0);
    assert!(semaphore.try_acquire().await?.is_none());
    let waited = semaphore.acquire().timeout(SHORT).await;
    assert!(
        matches!(waited, Err(Error::TimedOut { waited, .. }) if waited == SHORT),
        "{waited:?}"
    );
    // Whoever gave up leaves the queue.
    queued(semaphore.key(), 0).await?;
    one.release().await?;
    let mut three = semaphore.try_acquire_many(1).await?.unwrap();
    let next = waiter(&semaphore, 1);
    queued(semaphore.key(), 1).await?;
    drop(two);
    next.await.unwrap()?;
    free(&semaphore, 2).await?;
    assert!(three.release_some(1).await.is_err());
    assert_eq!(semaphore.snapshot().await?, 3);
    three.release().await?;
    let mut all = semaphore.acquire_many(3).await?;
    all.release_some(2).await?;
    assert_eq!(
        (all.num_permits(), semaphore.available_permits().await?),
        (1, 2)
    );
    assert!(!all.is_lost());
    Ok(())
}

async fn whoever_comes_first_is_served_first() -> Result<()> {
    let semaphore = Semaphore::create("semaphore", 3).await?;
    let held = semaphore.acquire_many(2).await?;
    let many = waiter(&semaphore, 3);
    queued(semaphore.key(), 1).await?;
    // One is free, but it is not this one's turn.
    assert!(semaphore.try_acquire().await?.is_none());
    let few = waiter(&semaphore, 1);
    queued(semaphore.key(), 2).await?;
    held.release().await?;
    many.await.unwrap()?;
    few.await.unwrap()?;

    let order = crate::List::create("order", Vec::new()).await?;
    let held = semaphore.acquire_many(3).await?;
    let mut waiters = Vec::new();
    for place in 0..20_usize {
        let (theirs, order) = (semaphore.clone(), order.clone());
        waiters.push(tokio::spawn(async move {
            let permit = theirs.acquire_many(3).timeout(LONG).await?;
            order.push_back(place).await?;
            permit.release().await
        }));
        queued(semaphore.key(), place + 1).await?;
    }
    held.release().await?;
    for waiter in waiters {
        waiter.await.unwrap()?;
    }
    assert_eq!(order.snapshot().await?, (0..20).collect::<Vec<_>>());
    Ok(())
}

async fn permits_are_added_and_removed() -> Result<()> {
    let semaphore = Semaphore::create("semaphore", 1).await?;
    let held = semaphore.acquire().await?;
    let next = waiter(&semaphore, 1);
    queued(semaphore.key(), 1).await?;
    assert_eq!(semaphore.add_permits(4).await?, 5);
    next.await.unwrap()?;
    assert_eq!(semaphore.forget_permits(9).await?, 4);
    assert_eq!(semaphore.permits().await?, 1);
    held.forget().await?;
    assert_eq!(semaphore.permits().await?, 0);
    Ok(())
}

async fn a_closed_semaphore_lends_nothing() -> Result<()> {
    let semaphore = Semaphore::create("semaphore", 1).await?;
    let held = semaphore.acquire().await?;
    let next = waiter(&semaphore, 1);
    queued(semaphore.key(), 1).await?;
    assert!(!semaphore.is_closed().await?);
    semaphore.close().await?;
    assert!(semaphore.is_closed().await?);
    assert!(matches!(next.await.unwrap(), Err(Error::Closed { .. })));
    held.release().await?;
    let closed = semaphore.try_acquire().await;
    assert!(matches!(closed, Err(Error::Closed { .. })), "{closed:?}");
    Ok(())
}

async fn a_dropped_future_gives_back() -> Result<()> {
    let semaphore = Semaphore::create("semaphore", 2).await?;
    let held = semaphore.acquire_many(2).await?;
    let gone = waiter(&semaphore, 2);
    queued(semaphore.key(), 1).await?;
    let stays = waiter(&semaphore, 1);
    queued(semaphore.key(), 2).await?;
    gone.abort();
    queued(semaphore.key(), 1).await?;
    held.release().await?;
    stays.await.unwrap()?;
    // Gone while the request is on its way, or right after it has been granted.
    for turns in 0..40 {
        let patience = async {
            for _ in 0..turns {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            biased;
            permit = semaphore.acquire() => drop(permit?),
            () = patience => {}
        }
    }
    free(&semaphore, 2).await?;
    assert_eq!(queue(semaphore.key()).await?, (0, 0));
    Ok(())
}

async fn a_dead_process_gives_back() -> Result<()> {
    let semaphore = Semaphore::create("semaphore", 2).await?;
    dead(semaphore.key(), 2).await?;
    assert_eq!(semaphore.available_permits().await?, 0);
    let permit = semaphore.acquire_many(2).timeout(LONG).await?;
    permit.release().await?;
    // Nobody but a read looks.
    dead(semaphore.key(), 2).await?;
    free(&semaphore, 2).await
}

async fn a_dead_waiter_blocks_nobody() -> Result<()> {
    let semaphore = Semaphore::create("semaphore", 2).await?;
    let held = semaphore.acquire().await?;
    dead(semaphore.key(), 2).await?;
    assert_eq!(queue(semaphore.key()).await?, (1, 1));
    let permit = semaphore.acquire().timeout(LONG).await?;
    assert_eq!(queue(semaphore.key()).await?, (0, 2));
    permit.release().await?;
    held.release().await
}

async fn a_frozen_process_finds_out() -> Result<()> {
    let semaphore = Semaphore::create("semaphore", 2).await?;
    let theirs = semaphore.clone();
    let frozen = Frozen::new(
        async move || theirs.acquire_many(2).await.unwrap(),
        async |mut permit: SemaphorePermit| {
            permit.lost().await;
            assert!(permit.is_lost());
            (permit.release_some(1).await, permit.release().await)
        },
    )
    .await;
    let permit = semaphore.acquire_many(2).timeout(LONG).await?;
    let (some, all) = frozen.thaw().await;
    for lost in [some, all] {
        assert!(matches!(lost, Err(Error::LeaseLost { .. })), "{lost:?}");
    }
    assert_eq!(
        queue(semaphore.key()).await?,
        (0, 1),
        "what was lost is not given back twice"
    );
    permit.release().await
}

async fn a_frozen_waiter_queues_again() -> Result<()> {
    let semaphore = Semaphore::create("semaphore", 1).await?;
    let held = semaphore.acquire().await?;
    let theirs = semaphore.clone();
    let frozen = Frozen::new(
        async move || {
            let waiting = waiter(&theirs, 1);
            queued(theirs.key(), 1).await.unwrap();
            Some(waiting)
        },
        async |waiting: Option<JoinHandle<Result<()>>>| waiting.unwrap().await.unwrap(),
    )
    .await;
    queued(semaphore.key(), 0).await?;
    let thawed = tokio::spawn(frozen.thaw());
    queued(semaphore.key(), 1).await?;
    held.release().await?;
    thawed.await.unwrap()
}

async fn a_living_process_keeps_what_it_holds() -> Result<()> {
    let semaphore = Semaphore::create("semaphore", 2).await?;
    let other = another(LEASE).await;
    let (one, two) = other
        .scope(async { (semaphore.acquire().await, semaphore.acquire().await) })
        .await;
    let (one, two) = (one?, two?);
    // As long as several leases.
    let waited = semaphore.acquire().timeout(LEASE * 4).await;
    assert!(matches!(waited, Err(Error::TimedOut { .. })), "{waited:?}");
    assert!(!one.is_lost() && !two.is_lost());
    one.release().await?;
    two.release().await
}

async fn too_few_permits_are_waited_for() -> Result<()> {
    let semaphore = Semaphore::create("semaphore", 0).await?;
    assert_eq!(semaphore.acquire_many(0).await?.num_permits(), 0);
    let none = semaphore.try_acquire_many(0).await?;
    assert_eq!(none.map(|none| none.num_permits()), Some(0));
    assert!(semaphore.try_acquire().await?.is_none());
    let late = semaphore
        .acquire_many(3)
        .timeout(Duration::from_millis(5))
        .await;
    assert!(matches!(late, Err(Error::TimedOut { .. })), "{late:?}");
    let waiting = tokio::spawn({
        let semaphore = semaphore.clone();
        async move { semaphore.acquire_many(3).await }
    });
    while queue(semaphore.key()).await?.0 == 0 {
        tokio::task::yield_now().await;
    }
    semaphore.add_permits(2).await?;
    assert!(semaphore.try_acquire().await?.is_none(), "it overtakes");
    semaphore.add_permits(1).await?;
    let three = waiting.await.unwrap()?;
    assert_eq!(three.num_permits(), 3);
    three.release().await?;
    assert_eq!(semaphore.available_permits().await?, 3);
    Ok(())
}

async fn what_makes_no_sense_is_refused() -> Result<()> {
    let semaphore = Semaphore::create("semaphore", 2).await?;
    let mut held = semaphore.acquire_many(2).await?;
    let refusals = [
        (
            semaphore.add_permits(u32::MAX).await.err(),
            "more than 4294967295",
        ),
        (held.release_some(2).await.err(), "2 are held"),
        (held.release_some(3).await.err(), "2 are held"),
    ];
    for (error, part) in refusals {
        let error = error.unwrap();
        assert!(matches!(error, Error::Refused { .. }), "{error:?}");
        assert!(error.to_string().contains(part), "{error}");
    }
    let at_once = semaphore.acquire().timeout(Duration::ZERO).await;
    assert!(
        matches!(at_once, Err(Error::TimedOut { .. })),
        "{at_once:?}"
    );
    assert_eq!(queue(semaphore.key()).await?, (0, 1));
    held.release().await?;
    semaphore
        .acquire()
        .timeout(Duration::ZERO)
        .await?
        .release()
        .await?;
    Latch::create("latch", 1).await?;
    let other = Semaphore::open("latch").await;
    assert!(matches!(other, Err(Error::WrongType { .. })), "{other:?}");
    Ok(())
}

async fn waits_end_with_the_semaphore() -> Result<()> {
    let semaphore = Semaphore::create("semaphore", 1).await?;
    let held = semaphore.acquire().await?;
    let next = waiter(&semaphore, 1);
    queued(semaphore.key(), 1).await?;
    assert!(semaphore.destroy().await?);
    let ended = timeout(LONG, next).await.unwrap().unwrap();
    assert!(matches!(ended, Err(Error::NotFound { .. })), "{ended:?}");
    assert!(matches!(held.release().await, Err(Error::NotFound { .. })));
    assert!(semaphore.acquire().await.is_err());
    Ok(())
}

async fn a_thousand_wait_in_one_queue() -> Result<()> {
    let semaphore = Semaphore::create("semaphore", 4).await?;
    let held = semaphore.acquire_many(4).await?;
    let waiters: Vec<_> = (0..1_000).map(|_| waiter(&semaphore, 1)).collect();
    queued(semaphore.key(), 1_000).await?;
    held.release().await?;
    for waiter in waiters {
        waiter.await.unwrap()?;
    }
    assert_eq!(queue(semaphore.key()).await?, (0, 0));
    assert_eq!(semaphore.available_permits().await?, 4);
    Ok(())
}
