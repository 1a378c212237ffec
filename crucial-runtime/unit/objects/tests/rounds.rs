//! How rounds of parties that reduce end: whole, broken, or with their vector.

use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::elsewhere::Frozen;
use super::on_every_store;
use crate::{Error, Reduction, Result, Vector};

on_every_store! {
    a_party_that_gives_up_breaks_the_round
    a_party_that_goes_away_breaks_the_round
    a_part_that_does_not_fit_breaks_the_round
    a_reset_sends_parties_away
    results_stay_while_the_vector_changes
    rounds_end_with_the_vector
    a_frozen_process_breaks_the_round_that_it_came_to
    a_process_that_froze_between_rounds_breaks_the_next
}

const LONG: Duration = Duration::from_secs(60);
const SHORT: Duration = Duration::from_millis(20);

fn party(vector: &Vector<i64>, part: [i64; 2]) -> JoinHandle<Result<Vec<i64>>> {
    let vector = vector.clone();
    tokio::spawn(async move { vector.reduce(3, &part, Reduction::Sum).timeout(LONG).await })
}

/// Until so many parties have come.
async fn gathered(vector: &Vector<i64>, count: u32) -> Result<()> {
    let arrived = async {
        while vector.parties_waiting().await? != count {
            tokio::task::yield_now().await;
        }
        Ok(())
    };
    timeout(LONG, arrived).await.unwrap()
}

async fn a_party_that_gives_up_breaks_the_round() -> Result<()> {
    let vector = Vector::create("vector", vec![0, 0]).await?;
    let other = party(&vector, [1, 1]);
    gathered(&vector, 1).await?;
    let gave_up = vector
        .reduce(3, &[1, 1], Reduction::Sum)
        .timeout(SHORT)
        .await;
    assert!(
        matches!(gave_up, Err(Error::TimedOut { waited, .. }) if waited == SHORT),
        "{gave_up:?}"
    );
    let broken = other.await.unwrap();
    assert!(
        matches!(broken, Err(Error::BrokenRound { round: 0, .. })),
        "{broken:?}"
    );
    let late = party(&vector, [1, 1]).await.unwrap();
    assert!(matches!(late, Err(Error::BrokenRound { .. })), "{late:?}");
    assert!(vector.is_round_broken().await?);
    assert_eq!(vector.to_vec().await?, [0, 0]);
    vector.reset_rounds().await?;
    assert!(!vector.is_round_broken().await?);
    let all = [
        party(&vector, [1, 2]),
        party(&vector, [1, 2]),
        party(&vector, [1, 2]),
    ];
    for one in all {
        assert_eq!(
            one.await.unwrap()?,
            [3, 6],
            "nothing of the broken round is left"
        );
    }
    Ok(())
}

async fn a_party_that_goes_away_breaks_the_round() -> Result<()> {
    let vector = Vector::create("vector", vec![0, 0]).await?;
    let (stays, goes) = (party(&vector, [1, 1]), party(&vector, [1, 1]));
    gathered(&vector, 2).await?;
    goes.abort();
    let told = stays.await.unwrap();
    assert!(matches!(told, Err(Error::BrokenRound { .. })), "{told:?}");

    // Gone before it knows that its part has come.
    vector.reset_rounds().await?;
    let stays = party(&vector, [1, 1]);
    gathered(&vector, 1).await?;
    tokio::select! {
        biased;
        all = vector.reduce(3, &[1, 1], Reduction::Sum) => panic!("{all:?}"),
        () = tokio::task::yield_now() => {}
    }
    let told = stays.await.unwrap();
    assert!(matches!(told, Err(Error::BrokenRound { .. })), "{told:?}");
    Ok(())
}

async fn a_part_that_does_not_fit_breaks_the_round() -> Result<()> {
    let vector = Vector::create("vector", vec![0, 0]).await?;
    let too_long = [1, 1, 1];
    for (parties, part, reduction, words) in [
        (
            3,
            &too_long[..],
            Reduction::Sum,
            "the part has 3 numbers, the object 2",
        ),
        (4, &too_long[..2], Reduction::Sum, "Sum of 4 parties"),
        (3, &too_long[..2], Reduction::Max, "Max of 3 parties"),
        (3, &[0, i64::MAX][..], Reduction::Sum, "no `i64`"),
    ] {
        let stays = party(&vector, [1, 1]);
        gathered(&vector, 1).await?;
        let refused = vector.reduce(parties, part, reduction).timeout(LONG).await;
        let refused = refused.unwrap_err();
        assert!(matches!(refused, Error::Refused { .. }), "{refused}");
        assert!(refused.to_string().contains(words), "{refused}");
        let told = stays.await.unwrap();
        assert!(matches!(told, Err(Error::BrokenRound { .. })), "{told:?}");
        vector.reset_rounds().await?;
    }
    assert_eq!(vector.to_vec().await?, [0, 0]);
    Ok(())
}

async fn a_reset_sends_parties_away() -> Result<()> {
    let vector = Vector::create("vector", vec![0, 0]).await?;
    for round in 0..20 {
        let waits = party(&vector, [1, 1]);
        gathered(&vector, 1).await?;
        vector.reset_rounds().await?;
        let told = waits.await.unwrap();
        assert!(
            matches!(told, Err(Error::BrokenRound { round: told, .. }) if told == round),
            "{told:?}"
        );
    }
    // Without parties there is nobody to send away.
    vector.reset_rounds().await?;
    let all = [
        party(&vector, [1, 0]),
        party(&vector, [2, 0]),
        party(&vector, [3, 0]),
    ];
    for one in all {
        assert_eq!(one.await.unwrap()?, [6, 0]);
    }
    Ok(())
}

async fn results_stay_while_the_vector_changes() -> Result<()> {
    let vector = Vector::create("vector", vec![0, 0]).await?;
    for _ in 0..20 {
        let parties = [party(&vector, [1, 1]), party(&vector, [1, 1])];
        gathered(&vector, 2).await?;
        let refused = vector.assign(&[1]).await.unwrap_err().to_string();
        assert!(
            refused.contains("a round gathers parts of 2 numbers"),
            "{refused}"
        );
        assert_eq!(vector.reduce(3, &[1, 1], Reduction::Sum).await?, [3, 3]);
        // The others may not have looked yet.
        vector.fill(7).await?;
        vector.assign(&[1, 2, 3]).await?;
        for one in parties {
            assert_eq!(one.await.unwrap()?, [3, 3]);
        }
        vector.assign(&[0, 0]).await?;
    }
    Ok(())
}

async fn rounds_end_with_the_vector() -> Result<()> {
    let vector = Vector::create("vector", vec![0, 0]).await?;
    let waits = party(&vector, [1, 1]);
    gathered(&vector, 1).await?;
    assert!(vector.destroy().await?);
    let told = timeout(LONG, waits).await.unwrap().unwrap();
    assert!(matches!(told, Err(Error::NotFound { .. })), "{told:?}");
    Ok(())
}

async fn a_frozen_process_breaks_the_round_that_it_came_to() -> Result<()> {
    let vector = Vector::create("vector", vec![0, 0]).await?;
    let theirs = vector.clone();
    let frozen = Frozen::new(
        async move || {
            let waits = party(&theirs, [1, 1]);
            gathered(&theirs, 1).await.unwrap();
            [waits]
        },
        async |[waits]: [JoinHandle<Result<Vec<i64>>>; 1]| waits.await.unwrap(),
    )
    .await;
    let told = party(&vector, [1, 1]).await.unwrap();
    assert!(matches!(told, Err(Error::BrokenRound { .. })), "{told:?}");
    let told = frozen.thaw().await;
    assert!(matches!(told, Err(Error::BrokenRound { .. })), "{told:?}");
    Ok(())
}

async fn a_process_that_froze_between_rounds_breaks_the_next() -> Result<()> {
    let vector = Vector::create("vector", vec![0, 0]).await?;
    let reduce = async |vector: Vector<i64>| {
        let all = vector.reduce(2, &[1, 1], Reduction::Sum).timeout(LONG);
        all.await
    };
    let theirs = vector.clone();
    let frozen = Frozen::new(
        async move || {
            assert_eq!(reduce(theirs.clone()).await.unwrap(), [2, 2]);
            theirs
        },
        reduce,
    );
    let (frozen, whole) = tokio::join!(frozen, reduce(vector.clone()));
    assert_eq!(whole?, [2, 2]);
    let told = reduce(vector.clone()).await;
    assert!(
        matches!(told, Err(Error::BrokenRound { round: 1, .. })),
        "{told:?}"
    );
    let told = frozen.thaw().await;
    assert!(
        matches!(told, Err(Error::BrokenRound { round: 1, .. })),
        "{told:?}"
    );
    Ok(())
}
