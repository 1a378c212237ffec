//! Parties that die, freeze or take leave.

use tokio::task::JoinHandle;

use super::{gathered, party};
use crate::object::Handle;
use crate::objects::argument;
use crate::objects::barrier::machine::{ARRIVE, BarrierState, STATUS};
use crate::objects::tests::elsewhere::{Frozen, LEASE, another};
use crate::objects::tests::on_every_store;
use crate::{Barrier, BarrierWait, Error, Result};

on_every_store! {
    a_dead_party_breaks_the_barrier
    a_frozen_party_breaks_the_barrier
    a_party_that_takes_leave_is_not_missed
    a_party_that_a_generation_passed_without_is_not_missed
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
    let alone = barrier.wait_for(first).timeout(LEASE * 2).await;
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
