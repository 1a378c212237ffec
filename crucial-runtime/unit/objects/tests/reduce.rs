//! Parties that reduce their parts to one, few and many, near and far.

use std::collections::HashSet;
use std::time::Duration;

use super::on_every_store;
use crate::{Error, Grid, Matrix, Reduction, Result, Runtime, Vector, runtime};

on_every_store! {
    parties_reduce_again_and_again
    the_parts_are_reduced_as_asked
}

const LONG: Duration = Duration::from_secs(60);
/// How many parties there are.
const SIZES: [u32; 9] = [1, 2, 3, 7, 12, 50, 97, 200, 1_800];
const CYCLES: u32 = 100;

/// So many parties, in turn in these runtimes, reduce so many times; all get all parts, and the same bits.
///
/// What a party brings is in the result of its own round and no other: whoever were released early would have less.
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
                        let all = vector.reduce(parties, &mine, Reduction::Sum).timeout(LONG);
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

async fn parties_reduce_again_and_again() -> Result<()> {
    let here = [runtime::current()?];
    for parties in SIZES {
        reduces(&here, parties, CYCLES).await?;
    }
    Ok(())
}

#[cfg(feature = "redis")]
mod over_runtimes {
    use crucial_tests::{Options, RedisServer};

    use crate::config::Builder;

    /// Runtimes with connections of their own, as so many processes have them.
    async fn reduces(sizes: &[u32], cycles: u32, disturb: bool) {
        let server = RedisServer::start(Options::default()).await;
        let mut runtimes = Vec::new();
        for _ in 0..8 {
            let builder = Builder::new().store(server.url());
            runtimes.push(builder.build().await.unwrap());
        }
        let all = async {
            for parties in sizes {
                super::reduces(&runtimes, *parties, cycles).await.unwrap();
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
    async fn parties_reduce_again_and_again() {
        reduces(&super::SIZES, super::CYCLES, false).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn cut_connections_count_no_part_twice() {
        reduces(&[12], 20, true).await;
    }
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
        matrix.reduce(2, &part, Reduction::Sum).timeout(LONG)
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
