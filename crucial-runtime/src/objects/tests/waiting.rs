//! Promises, latches and barriers.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::elsewhere::{Frozen, LEASE, another};
use super::on_every_store;
use crate::object::Handle;
use crate::objects::argument;
use crate::objects::barrier::machine::{ARRIVE, BarrierState, STATUS};
use crate::{Barrier, BarrierWait, Error, Latch, Promise, Result};

on_every_store! {
    promises_are_kept_once
    failed_promises_tell_why
    latches_open
    waits_end_with_the_object
    barriers_are_cyclic
    a_party_that_gives_up_breaks_the_barrier
    a_party_that_goes_away_breaks_the_barrier
    a_reset_sends_parties_away
    arrivals_can_be_waited_for_later
    a_barrier_without_parties_says_so
    barriers_hold_any_number_of_parties
    parties_drop_out
    a_dead_party_breaks_the_barrier
    a_frozen_party_breaks_the_barrier
    a_party_that_takes_leave_is_not_missed
    a_party_that_a_generation_passed_without_is_not_missed
    a_wait_without_time_breaks_the_barrier
}

const LONG: Duration = Duration::from_secs(60);
const SHORT: Duration = Duration::from_millis(20);

fn party(barrier: &Barrier) -> JoinHandle<Result<BarrierWait>> {
    let barrier = barrier.clone();
    tokio::spawn(async move { barrier.wait_timeout(LONG).await })
}

/// Until so many parties have come.
async fn gathered(barrier: &Barrier, count: u32) -> Result<()> {
    let arrived = async {
        while barrier.waiting().await? != count {
            tokio::task::yield_now().await;
        }
        Ok(())
    };
    timeout(LONG, arrived).await.unwrap()
}

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

async fn barriers_are_cyclic() -> Result<()> {
    const PARTIES: u32 = 40;
    let barrier = Barrier::create("barrier", PARTIES).await?;
    let parties: Vec<_> = (0..PARTIES)
        .map(|_| {
            let barrier = barrier.clone();
            tokio::spawn(async move {
                let mut waits = Vec::new();
                for _ in 0..5 {
                    waits.push(barrier.wait_timeout(LONG).await?);
                }
                Ok::<_, Error>(waits)
            })
        })
        .collect();
    let mut places = vec![Vec::new(); 5];
    for party in parties {
        for (round, wait) in party.await.unwrap()?.into_iter().enumerate() {
            assert_eq!(wait.generation(), round as u64);
            assert_eq!(wait.is_leader(), wait.place() == PARTIES - 1);
            places[round].push(wait.place());
        }
    }
    for mut places in places {
        places.sort_unstable();
        assert_eq!(places, (0..PARTIES).collect::<Vec<_>>());
    }
    assert_eq!(
        (barrier.waiting().await?, barrier.parties().await?),
        (0, PARTIES)
    );
    Ok(())
}

async fn a_party_that_gives_up_breaks_the_barrier() -> Result<()> {
    let barrier = Barrier::create("barrier", 3).await?;
    let other = party(&barrier);
    gathered(&barrier, 1).await?;
    let gave_up = barrier.wait_timeout(SHORT).await;
    assert!(
        matches!(gave_up, Err(Error::TimedOut { waited, .. }) if waited == SHORT),
        "{gave_up:?}"
    );
    assert!(matches!(
        other.await.unwrap(),
        Err(Error::BrokenBarrier { .. })
    ));
    assert!(matches!(
        barrier.wait().await,
        Err(Error::BrokenBarrier { .. })
    ));
    assert!(barrier.is_broken().await?);
    barrier.reset().await?;
    assert!(!barrier.is_broken().await?);
    let (a, b) = (party(&barrier), party(&barrier));
    barrier.wait().await?;
    assert!(a.await.unwrap().is_ok() && b.await.unwrap().is_ok());
    Ok(())
}

async fn a_party_that_goes_away_breaks_the_barrier() -> Result<()> {
    let barrier = Barrier::create("barrier", 3).await?;
    let (stays, goes) = (party(&barrier), party(&barrier));
    gathered(&barrier, 2).await?;
    goes.abort();
    assert!(matches!(
        stays.await.unwrap(),
        Err(Error::BrokenBarrier { .. })
    ));

    // Gone before it knows that it has come.
    barrier.reset().await?;
    let stays = party(&barrier);
    gathered(&barrier, 1).await?;
    tokio::select! {
        biased;
        wait = barrier.wait() => panic!("{wait:?}"),
        () = tokio::task::yield_now() => {}
    }
    assert!(matches!(
        stays.await.unwrap(),
        Err(Error::BrokenBarrier { .. })
    ));
    Ok(())
}

async fn a_reset_sends_parties_away() -> Result<()> {
    let barrier = Barrier::create("barrier", 2).await?;
    let first = party(&barrier);
    gathered(&barrier, 1).await?;
    barrier.reset().await?;
    assert!(matches!(
        first.await.unwrap(),
        Err(Error::BrokenBarrier { .. })
    ));
    let second = party(&barrier);
    assert_eq!(barrier.wait().await?.generation(), 1);
    assert_eq!(second.await.unwrap()?.generation(), 1);
    Ok(())
}

async fn arrivals_can_be_waited_for_later() -> Result<()> {
    let barrier = Barrier::create("barrier", 2).await?;
    let first = barrier.arrive().await?;
    let too_soon = barrier.wait_for_timeout(first, SHORT).await;
    assert!(matches!(too_soon, Err(Error::TimedOut { .. })));
    assert!(
        !barrier.is_broken().await?,
        "whoever has come needs not stay"
    );
    assert!(barrier.wait().await?.is_leader());
    assert_eq!(barrier.wait_for(first).await?.place(), 0);
    barrier.reset().await?;
    assert_eq!(
        barrier.wait_for(first).await?.place(),
        0,
        "it is whole for good"
    );
    Ok(())
}

async fn a_barrier_without_parties_says_so() -> Result<()> {
    let barrier = Barrier::create("barrier", 0).await?;
    let refused = barrier.wait().await.unwrap_err().to_string();
    assert!(
        refused.contains("number of parties") && refused.contains("barrier"),
        "{refused}"
    );
    Ok(())
}

/// No early release, no hang: who is released has all others behind it.
async fn barriers_hold_any_number_of_parties() -> Result<()> {
    const CYCLES: usize = 100;
    for count in [2, 3, 7, 12, 50, 97, 200, 1_800] {
        let barrier = Barrier::create(&format!("barrier-{count}"), count).await?;
        let come: Arc<Vec<_>> = Arc::new((0..CYCLES).map(|_| AtomicU32::new(0)).collect());
        let parties: Vec<_> = (0..count)
            .map(|_| {
                let (barrier, come) = (barrier.clone(), Arc::clone(&come));
                tokio::spawn(async move {
                    let mut led = 0;
                    for (cycle, come) in come.iter().enumerate() {
                        come.fetch_add(1, Ordering::Relaxed);
                        let wait = barrier.wait_timeout(LONG).await?;
                        assert_eq!(wait.generation(), cycle as u64);
                        assert_eq!(come.load(Ordering::Relaxed), count, "an early release");
                        led += u32::from(wait.is_leader());
                    }
                    Ok::<_, Error>(led)
                })
            })
            .collect();
        let mut led = 0;
        for party in parties {
            led += party.await.unwrap()?;
        }
        assert_eq!(led as usize, CYCLES, "each generation has one leader");
    }
    Ok(())
}

async fn parties_drop_out() -> Result<()> {
    let barrier = Barrier::create("barrier", 3).await?;
    let (a, b) = (party(&barrier), party(&barrier));
    gathered(&barrier, 2).await?;
    assert_eq!(barrier.arrive_and_drop().await?, 2);
    assert!(!a.await.unwrap()?.is_leader() && !b.await.unwrap()?.is_leader());
    let a = party(&barrier);
    gathered(&barrier, 1).await?;
    assert_eq!(barrier.arrive_and_drop().await?, 1);
    assert_eq!(a.await.unwrap()?.generation(), 1);
    assert!(barrier.wait().await?.is_leader());
    assert_eq!(barrier.arrive_and_drop().await?, 0);
    for refused in [
        barrier.wait().await.unwrap_err(),
        barrier.arrive_and_drop().await.unwrap_err(),
    ] {
        assert!(matches!(refused, Error::Refused { .. }), "{refused}");
    }
    let broken = Barrier::create("broken", 2).await?;
    assert!(broken.wait_timeout(SHORT).await.is_err());
    let refused = broken.arrive_and_drop().await;
    assert!(matches!(refused, Err(Error::BrokenBarrier { .. })));
    Ok(())
}

/// Comes as a process that is gone as soon as it has come.
async fn dead(barrier: &Barrier) -> Result<()> {
    let handle = Handle::<BarrierState>::at(barrier.key().clone());
    let arguments = vec![
        "dead".into(),
        argument::number(LEASE.as_millis()),
        argument::number(1),
        argument::now(),
    ];
    handle.call(&ARRIVE, arguments).await.map(drop)
}

async fn a_dead_party_breaks_the_barrier() -> Result<()> {
    let barrier = Barrier::create("barrier", 3).await?;
    // While it waits.
    let other = party(&barrier);
    gathered(&barrier, 1).await?;
    dead(&barrier).await?;
    let broken = other.await.unwrap();
    assert!(
        matches!(broken, Err(Error::BrokenBarrier { .. })),
        "{broken:?}"
    );
    let broken = barrier.wait().await;
    assert!(
        matches!(broken, Err(Error::BrokenBarrier { .. })),
        "{broken:?}"
    );
    // On its way to the next generation.
    barrier.reset().await?;
    let (a, b) = (party(&barrier), party(&barrier));
    gathered(&barrier, 2).await?;
    dead(&barrier).await?;
    assert!(a.await.unwrap().is_ok() && b.await.unwrap().is_ok());
    let (a, b) = (party(&barrier), party(&barrier));
    for party in [a, b] {
        let broken = party.await.unwrap();
        assert!(
            matches!(broken, Err(Error::BrokenBarrier { .. })),
            "{broken:?}"
        );
    }
    Ok(())
}

async fn a_frozen_party_breaks_the_barrier() -> Result<()> {
    let barrier = Barrier::create("barrier", 3).await?;
    let theirs = barrier.clone();
    let frozen = Frozen::new(
        async move || {
            let waiting = party(&theirs);
            gathered(&theirs, 1).await.unwrap();
            Some(waiting)
        },
        async |waiting: Option<JoinHandle<Result<BarrierWait>>>| waiting.unwrap().await.unwrap(),
    )
    .await;
    let other = party(&barrier);
    let broken = other.await.unwrap();
    assert!(
        matches!(broken, Err(Error::BrokenBarrier { .. })),
        "{broken:?}"
    );
    let thawed = frozen.thaw().await;
    assert!(
        matches!(thawed, Err(Error::BrokenBarrier { .. })),
        "{thawed:?}"
    );
    Ok(())
}

async fn a_party_that_takes_leave_is_not_missed() -> Result<()> {
    let barrier = Barrier::create("barrier", 2).await?;
    let other = another(LEASE).await;
    let first = other.scope(barrier.arrive()).await?;
    other.take_leave().await;
    drop(other);
    // Longer than its lease.
    let alone = barrier.wait_for_timeout(first, LEASE * 2).await;
    assert!(matches!(alone, Err(Error::TimedOut { .. })), "{alone:?}");
    assert!(!barrier.is_broken().await?);
    assert!(barrier.wait().await?.is_leader());
    Ok(())
}

async fn a_party_that_a_generation_passed_without_is_not_missed() -> Result<()> {
    let barrier = Barrier::create("barrier", 1).await?;
    dead(&barrier).await?;
    let broken_when_it_is_missed = async |barrier: &Barrier| {
        let handle = Handle::<BarrierState>::at(barrier.key().clone());
        let later = argument::number(4_000_000_000_000_u64);
        let status = handle.call(&STATUS, vec![later]).await?;
        handle.flag(&handle.list(&status)?[2])
    };
    assert!(broken_when_it_is_missed(&barrier).await?);
    let other = another(LEASE).await;
    other.scope(barrier.wait()).await?;
    other.scope(barrier.wait()).await?;
    other.take_leave().await;
    assert!(!broken_when_it_is_missed(&barrier).await?);
    Ok(())
}

async fn a_wait_without_time_breaks_the_barrier() -> Result<()> {
    let barrier = Barrier::create("barrier", 2).await?;
    let no_time = barrier.wait_timeout(Duration::ZERO).await;
    assert!(
        matches!(no_time, Err(Error::TimedOut { .. })),
        "{no_time:?}"
    );
    assert!(barrier.is_broken().await?);
    Ok(())
}
