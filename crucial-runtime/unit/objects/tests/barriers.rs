//! Barriers.

mod dead;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::on_every_store;
use crate::{Barrier, BarrierWait, Error, Result};

on_every_store! {
    barriers_are_cyclic
    a_party_that_gives_up_breaks_the_barrier
    a_party_that_goes_away_breaks_the_barrier
    a_reset_sends_parties_away
    arrivals_can_be_waited_for_later
    a_barrier_without_parties_says_so
    barriers_hold_any_number_of_parties
    parties_drop_out
    a_wait_without_time_breaks_the_barrier
}

const LONG: Duration = Duration::from_secs(60);
const SHORT: Duration = Duration::from_millis(20);

pub(super) fn party(barrier: &Barrier) -> JoinHandle<Result<BarrierWait>> {
    let barrier = barrier.clone();
    tokio::spawn(async move { barrier.wait().timeout(LONG).await })
}

/// Until so many parties have come.
pub(super) async fn gathered(barrier: &Barrier, count: u32) -> Result<()> {
    let arrived = async {
        while barrier.waiting().await? != count {
            tokio::task::yield_now().await;
        }
        Ok(())
    };
    timeout(LONG, arrived).await.unwrap()
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
                    waits.push(barrier.wait().timeout(LONG).await?);
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
    let gave_up = barrier.wait().timeout(SHORT).await;
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
    let too_soon = barrier.wait_for(first).timeout(SHORT).await;
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
                        let wait = barrier.wait().timeout(LONG).await?;
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
    assert!(broken.wait().timeout(SHORT).await.is_err());
    let refused = broken.arrive_and_drop().await;
    assert!(matches!(refused, Err(Error::BrokenBarrier { .. })));
    Ok(())
}

async fn a_wait_without_time_breaks_the_barrier() -> Result<()> {
    let barrier = Barrier::create("barrier", 2).await?;
    let no_time = barrier.wait().timeout(Duration::ZERO).await;
    assert!(
        matches!(no_time, Err(Error::TimedOut { .. })),
        "{no_time:?}"
    );
    assert!(barrier.is_broken().await?);
    Ok(())
}
