//! Rounds of parties that reduce their parts to one.

use std::collections::HashSet;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::elsewhere::Frozen;
use super::on_every_store;
use crate::{Error, Grid, Matrix, Reduction, Result, Runtime, Vector, runtime};

on_every_store! {
    few_parties_reduce_again_and_again
    many_parties_reduce
    eighteen_hundred_parties_reduce
    the_parts_are_reduced_as_asked
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

/// So many parties, in turn in these runtimes, reduce so many times; all get all parts, and the same bits.
async fn reduces(runtimes: &[Runtime], parties: u32, cycles: u32) -> Result<()> {
    let name = format!("vector-{parties}");
    let vector = Vector::create(&name, vec![0.0; 4]).await?;
    let tasks: Vec<_> = (0..parties)
        .zip(runtimes.iter().cycle())
        .map(|(id, runtime)| {
            let (vector, runtime) = (vector.clone(), runtime.clone());
            tokio::spawn(async move {
                let party = async {
                    let mut results = Vec::new();
                    for cycle in 0..cycles {
                        let mine = [
                            1.0,
                            f64::from(id),
                            f64::from(cycle),
                            0.1 / f64::from(id + 1),
                        ];
                        let all = vector.reduce_timeout(parties, &mine, Reduction::Sum, LONG);
                        results.push(all.await?);
                    }
                    Ok::<_, Error>(results)
                };
                runtime.scope(party).await
            })
        })
        .collect();
    let mut results = Vec::new();
    for task in tasks {
        results.push(task.await.unwrap()?);
    }
    let count = f64::from(parties);
    for cycle in 0..cycles {
        let of_cycle: HashSet<Vec<u64>> = results
            .iter()
            .map(|results| {
                results[cycle as usize]
                    .iter()
                    .map(|n| n.to_bits())
                    .collect()
            })
            .collect();
        assert_eq!(
            of_cycle.len(),
            1,
            "one result for all of {parties} in round {cycle}"
        );
        let [came, ids, cycles, _] = results[0][cycle as usize][..] else {
            panic!("{results:?}")
        };
        let expected = [count, count * (count - 1.0) / 2.0, count * f64::from(cycle)];
        assert_eq!(
            [came, ids, cycles],
            expected,
            "{parties} parties, round {cycle}"
        );
    }
    assert_eq!(vector.to_vec().await?, results[0][cycles as usize - 1]);
    assert_eq!(vector.parties_waiting().await?, 0);
    assert!(vector.destroy().await?);
    Ok(())
}

async fn few_parties_reduce_again_and_again() -> Result<()> {
    let here = [runtime::current()?];
    for (parties, cycles) in [(1, 10), (2, 100), (3, 100), (7, 60), (12, 40)] {
        reduces(&here, parties, cycles).await?;
    }
    Ok(())
}

async fn many_parties_reduce() -> Result<()> {
    let here = [runtime::current()?];
    for (parties, cycles) in [(50, 20), (97, 15), (200, 10)] {
        reduces(&here, parties, cycles).await?;
    }
    Ok(())
}

async fn eighteen_hundred_parties_reduce() -> Result<()> {
    reduces(&[runtime::current()?], 1_800, 4).await
}

#[cfg(feature = "redis")]
mod over_runtimes {
    use crucial_tests::{Options, RedisServer};

    use crate::config::Builder;

    /// Runtimes with connections of their own, as so many processes have them.
    async fn reduces(sizes: &[(u32, u32)], disturb: bool) {
        let server = RedisServer::start(Options::default()).await;
        let mut runtimes = Vec::new();
        for _ in 0..8 {
            let builder = Builder::new().store(server.url());
            runtimes.push(builder.build().await.unwrap());
        }
        let all = async {
            for (parties, cycles) in sizes {
                super::reduces(&runtimes, *parties, *cycles).await.unwrap();
            }
        };
        let all = runtimes[0].scope(all);
        if disturb {
            let killing = async {
                loop {
                    server.kill_clients().await;
                    tokio::time::sleep(std::time::Duration::from_millis(20)).await;
                }
            };
            tokio::select! {
                () = all => {}
                () = killing => {}
            }
        } else {
            all.await;
        }
        for runtime in runtimes {
            runtime.shutdown().await.unwrap();
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn few_parties_reduce() {
        reduces(&[(2, 50), (3, 30), (7, 20), (12, 10)], false).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn many_parties_reduce() {
        reduces(&[(50, 5), (97, 4), (200, 3)], false).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn eighteen_hundred_parties_reduce() {
        reduces(&[(1_800, 2)], false).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn cut_connections_count_no_part_twice() {
        reduces(&[(12, 20)], true).await;
    }
}

fn party(vector: &Vector<i64>, part: [i64; 2]) -> JoinHandle<Result<Vec<i64>>> {
    let vector = vector.clone();
    tokio::spawn(async move { vector.reduce_timeout(3, &part, Reduction::Sum, LONG).await })
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

async fn the_parts_are_reduced_as_asked() -> Result<()> {
    let vector = Vector::create("vector", vec![9.0; 3]).await?;
    for (reduction, expected) in [
        (Reduction::Sum, [4.0, 0.0, f64::NAN]),
        (Reduction::Mean, [2.0, 0.0, f64::NAN]),
        (Reduction::Min, [1.0, -5.0, 7.0]),
        (Reduction::Max, [3.0, 5.0, 7.0]),
    ] {
        let (a, b) = tokio::join!(
            vector.reduce(2, &[1.0, 5.0, f64::NAN], reduction),
            vector.reduce(2, &[3.0, -5.0, 7.0], reduction)
        );
        let bits = |numbers: &[f64]| -> Vec<u64> {
            let bits = |n: &f64| if n.is_nan() { u64::MAX } else { n.to_bits() };
            numbers.iter().map(bits).collect()
        };
        assert_eq!(bits(&a?), bits(&expected), "{reduction:?}");
        assert_eq!(bits(&b?), bits(&expected), "{reduction:?}");
        assert_eq!(bits(&vector.to_vec().await?), bits(&expected));
    }
    let counts = Vector::create("counts", vec![0_i64; 1]).await?;
    let (a, b) = tokio::join!(
        counts.reduce(2, &[-2], Reduction::Mean),
        counts.reduce(2, &[-1], Reduction::Mean)
    );
    assert_eq!((a?, b?), (vec![-1], vec![-1]), "rounded towards zero");

    let matrix = Matrix::create("matrix", Grid::filled(2, 2, 0)).await?;
    let part = Grid::from_rows([[1, 2], [3, 4]])?;
    let (a, b) = tokio::join!(
        matrix.reduce(2, &part, Reduction::Sum),
        matrix.reduce_timeout(2, &part, Reduction::Sum, LONG)
    );
    assert_eq!(
        (a?.numbers(), b?.numbers()),
        (&[2, 4, 6, 8][..], &[2, 4, 6, 8][..])
    );
    let misfit = matrix
        .reduce(2, &Grid::filled(4, 1, 0), Reduction::Sum)
        .await;
    let text = misfit.unwrap_err().to_string();
    assert!(text.contains("the object 2 x 2 numbers"), "{text}");
    Ok(())
}

async fn a_party_that_gives_up_breaks_the_round() -> Result<()> {
    let vector = Vector::create("vector", vec![0, 0]).await?;
    let other = party(&vector, [1, 1]);
    gathered(&vector, 1).await?;
    let gave_up = vector
        .reduce_timeout(3, &[1, 1], Reduction::Sum, SHORT)
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
        let refused = vector.reduce_timeout(parties, part, reduction, LONG).await;
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
        let refused = vector.replace(&[1]).await.unwrap_err().to_string();
        assert!(
            refused.contains("a round gathers parts of 2 numbers"),
            "{refused}"
        );
        assert_eq!(vector.reduce(3, &[1, 1], Reduction::Sum).await?, [3, 3]);
        // The others may not have looked yet.
        vector.fill(7).await?;
        vector.replace(&[1, 2, 3]).await?;
        for one in parties {
            assert_eq!(one.await.unwrap()?, [3, 3]);
        }
        vector.replace(&[0, 0]).await?;
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
        let all = vector.reduce_timeout(2, &[1, 1], Reduction::Sum, LONG);
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
