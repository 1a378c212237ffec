//! Vectors and matrices.

use super::on_every_store;
use crate::{Error, Grid, Matrix, Norm, Reduction, Result, Vector};

on_every_store! {
    vectors_compute
    vectors_of_whole_numbers_are_checked
    matrices_compute
    single_numbers_are_computed_with
    what_does_not_fit_is_refused
    many_add_at_once
    large_vectors_travel
}

fn refused<T: std::fmt::Debug>(result: Result<T>, words: &[&str]) {
    let error = result.unwrap_err();
    assert!(matches!(error, Error::Refused { .. }), "{error}");
    let text = error.to_string();
    for word in words {
        assert!(text.contains(word), "{text:?} without {word:?}");
    }
}

async fn vectors_compute() -> Result<()> {
    let vector = Vector::create("vector", vec![1.0, -2.0, 3.0]).await?;
    assert_eq!((vector.len().await?, vector.is_empty().await?), (3, false));
    vector.add(&[0.5, 0.5, 0.5]).await?;
    vector.axpy(-2.0, &[1.0, 0.0, 1.0]).await?;
    assert_eq!(vector.snapshot().await?, [-0.5, -1.5, 1.5]);
    vector.add_sparse([(0, 1.0), (2, 1.0), (0, 0.5)]).await?;
    assert_eq!(
        vector.add_and_get(&[0.0, 0.5, 0.5]).await?,
        [1.0, -1.0, 3.0]
    );
    vector
        .add_all(vec![vec![1.0, 0.0, 0.0], vec![0.0, 2.0, 1.0]])
        .await?;
    vector.scale(2.0).await?;
    assert_eq!(vector.to_vec().await?, [4.0, 2.0, 8.0]);
    vector.minimum(&[f64::NAN, 1.0, 9.0]).await?;
    vector.maximum(&[5.0, f64::NAN, 0.0]).await?;
    assert_eq!(vector.to_vec().await?, [5.0, 1.0, 8.0]);
    assert_eq!(vector.dot(&[1.0, 1.0, 0.5]).await?, 10.0);
    assert_eq!(
        (vector.sum().await?, vector.mean().await?),
        (14.0, Some(14.0 / 3.0))
    );
    assert_eq!(
        (vector.min().await?, vector.max().await?),
        (Some(1.0), Some(8.0))
    );
    assert_eq!(vector.norm(Norm::L1).await?, 14.0);
    assert_eq!(vector.norm(Norm::L2).await?, 90_f64.sqrt());
    assert_eq!(vector.norm(Norm::Max).await?, 8.0);
    assert_eq!(
        (vector.get(1).await?, vector.get(3).await?),
        (Some(1.0), None)
    );
    assert_eq!(vector.set(1, f64::NAN).await?, 1.0);
    assert!(vector.norm(Norm::Max).await?.is_nan());
    vector.set_range(1, &[2.0, 3.0]).await?;
    assert_eq!(vector.get_range(0..2).await?, [5.0, 2.0]);
    vector.fill(-0.0).await?;
    assert!(vector.to_vec().await?.iter().all(|n| n.is_sign_negative()));
    vector.assign(&[]).await?;
    assert_eq!((vector.mean().await?, vector.max().await?), (None, None));
    assert_eq!(vector.sum().await?, 0.0);
    assert!(vector.is_empty().await?);
    Ok(())
}

async fn vectors_of_whole_numbers_are_checked() -> Result<()> {
    let vector = Vector::create("vector", vec![i64::MAX, 0, i64::MIN]).await?;
    refused(vector.add(&[1, 0, 0]).await, &["number 0", "i64"]);
    refused(vector.add_sparse([(1, 7), (2, -1)]).await, &["number 2"]);
    refused(vector.scale(2).await, &["number 0", "factor"]);
    refused(vector.add_all([[0, 1, 0], [0, 0, -1]]).await, &["number 2"]);
    refused(vector.axpy(2, &[0, i64::MAX, 0]).await, &["number 1"]);
    refused(vector.dot(&[1, 0, -1]).await, &["products"]);
    assert_eq!(vector.to_vec().await?, [i64::MAX, 0, i64::MIN]);
    assert_eq!(vector.sum().await?, -1);
    assert_eq!(vector.mean().await?, Some(-1.0 / 3.0));
    Ok(())
}

async fn matrices_compute() -> Result<()> {
    let matrix = Matrix::create("matrix", Grid::from_rows([[1, 2], [3, 4], [5, 6]])?).await?;
    assert_eq!(matrix.shape().await?, (3, 2));
    assert_eq!(matrix.get_row(1).await?, [3, 4]);
    assert_eq!(matrix.get_column(1).await?, [2, 4, 6]);
    assert_eq!(matrix.row_sums().await?, [3, 7, 11]);
    assert_eq!(matrix.column_sums().await?, [9, 12]);
    assert_eq!(matrix.times(&[1, -1]).await?, [-1, -1, -1]);
    assert_eq!(matrix.times_transposed(&[1, 0, -1]).await?, [-4, -4]);
    matrix.add_row(0, &[10, 10]).await?;
    matrix.axpy_row(1, -1, &[3, 4]).await?;
    matrix.add_column(1, &[1, 1, 1]).await?;
    matrix.axpy_column(0, 2, &[0, 1, 0]).await?;
    assert_eq!(
        matrix.snapshot().await?,
        Grid::from_rows([[11, 13], [2, 1], [5, 7]])?
    );
    matrix.scale_row(1, 3).await?;
    matrix.scale_column(0, 2).await?;
    matrix.set_row(0, &[0, 1]).await?;
    matrix.set_column(1, &[7, 8, 9]).await?;
    matrix
        .add_sparse([(0, 0, 1), (0, 0, 1), (2, 1, -9)])
        .await?;
    assert_eq!(matrix.to_grid().await?.numbers(), [2, 7, 12, 8, 10, 0]);
    assert_eq!(
        (matrix.set(2, 1, 4).await?, matrix.get(2, 1).await?),
        (0, Some(4))
    );
    assert_eq!(matrix.get(3, 0).await?, None);
    let ones = Grid::filled(3, 2, 1);
    matrix.add(&ones).await?;
    matrix.axpy(-2, &ones).await?;
    matrix
        .add_all(&[ones.clone(), ones.clone(), ones.clone()])
        .await?;
    matrix.scale(2).await?;
    assert_eq!(matrix.to_grid().await?.numbers(), [8, 18, 28, 20, 24, 12]);
    matrix.minimum(&Grid::filled(3, 2, 20)).await?;
    matrix.maximum(&Grid::filled(3, 2, 10)).await?;
    assert_eq!(matrix.to_grid().await?.numbers(), [10, 18, 20, 20, 20, 12]);
    assert_eq!(
        (matrix.sum().await?, matrix.mean().await?),
        (100, Some(100.0 / 6.0))
    );
    assert_eq!(
        (matrix.min().await?, matrix.max().await?),
        (Some(10), Some(20))
    );
    assert_eq!(matrix.norm(Norm::L1).await?, 100.0);
    matrix.fill(3).await?;
    matrix.assign(&Grid::filled(1, 1, 5)).await?;
    assert_eq!(matrix.to_grid().await?.into_numbers(), [5]);
    Ok(())
}

async fn single_numbers_are_computed_with() -> Result<()> {
    let nan = f64::NAN;
    let vector = Vector::create("vector", vec![1.0, nan, 3.0]).await?;
    vector
        .axpy_sparse(-2.0, [(0, 1.0), (2, 0.5), (0, 1.0)])
        .await?;
    vector
        .minimum_sparse([(1, 7.0), (2, nan), (1, 5.0), (1, 6.0)])
        .await?;
    assert_eq!(vector.to_vec().await?, [-3.0, 5.0, 2.0]);
    vector
        .maximum_sparse([(0, nan), (0, 4.0), (2, -1.0)])
        .await?;
    assert_eq!(vector.to_vec().await?, [4.0, 5.0, 2.0]);
    assert_eq!(
        vector.dot_sparse([(0, 1.0), (0, 0.5), (1, -1.0)]).await?,
        1.0
    );
    assert_eq!(vector.dot_sparse([]).await?, 0.0);

    let matrix = Matrix::create("matrix", Grid::from_rows([[1, 2], [3, 4], [5, 6]])?).await?;
    matrix
        .axpy_sparse(-1, [(2, 0, 5), (0, 1, 1), (0, 1, 1)])
        .await?;
    matrix.minimum_sparse([(1, 0, -1), (1, 0, 9)]).await?;
    matrix.maximum_sparse([(2, 0, 7), (2, 1, 0)]).await?;
    assert_eq!(matrix.to_grid().await?.numbers(), [1, 0, -1, 4, 7, 6]);
    assert_eq!(matrix.dot_sparse([(1, 1, 2), (2, 0, -1)]).await?, 1);
    let other = Grid::from_rows([[1, 1], [1, 0], [0, 2]])?;
    assert_eq!(matrix.dot(&other).await?, 12);

    // One that is refused takes all others with it.
    let large = i64::MAX;
    refused(
        matrix.axpy_sparse(2, [(0, 0, 1), (0, 1, large)]).await,
        &["number 1"],
    );
    refused(
        matrix.axpy_sparse(1, [(2, 1, 1), (2, 1, large)]).await,
        &["number 5"],
    );
    refused(
        matrix.minimum_sparse([(0, 0, -9), (3, 0, 0)]).await,
        &["no row 3"],
    );
    refused(
        matrix.maximum_sparse([(0, 0, 9), (0, 2, 0)]).await,
        &["no column 2"],
    );
    refused(matrix.dot_sparse([(3, 0, 0)]).await, &["no row 3", "3 x 2"]);
    refused(matrix.dot_sparse([(1, 1, large)]).await, &["products"]);
    refused(matrix.dot(&Grid::filled(2, 3, 0)).await, &["2 x 3"]);
    refused(matrix.dot(&Grid::filled(3, 2, large)).await, &["products"]);
    assert_eq!(matrix.to_grid().await?.numbers(), [1, 0, -1, 4, 7, 6]);
    for at_three in [
        vector.axpy_sparse(1.0, [(0, 9.0), (3, 0.0)]).await,
        vector.minimum_sparse([(0, -9.0), (3, 0.0)]).await,
        vector.maximum_sparse([(0, 9.0), (3, 0.0)]).await,
        vector.dot_sparse([(3, 0.0)]).await.map(drop),
    ] {
        refused(at_three, &["no number 3", "vector of 3"]);
    }
    assert_eq!(vector.to_vec().await?, [4.0, 5.0, 2.0]);
    Ok(())
}

async fn what_does_not_fit_is_refused() -> Result<()> {
    let vector = Vector::create("vector", vec![1.0, 2.0]).await?;
    let lengths = ["3 numbers", "vector of 2"];
    refused(vector.add(&[0.0; 3]).await, &lengths);
    refused(vector.minimum(&[0.0; 3]).await, &lengths);
    refused(vector.dot(&[0.0; 3]).await, &lengths);
    refused(vector.add_all([vec![9.0; 2], vec![9.0; 3]]).await, &lengths);
    refused(vector.set(2, 0.0).await, &["no number 2", "vector of 2"]);
    refused(
        vector.add_sparse([(0, 9.0), (7, 9.0)]).await,
        &["no number 7"],
    );
    refused(vector.get_range(1..3).await, &["2 numbers from number 1"]);
    refused(
        vector.set_range(usize::MAX, &[9.0; 2]).await,
        &["vector of 2"],
    );
    refused(
        vector.reduce(0, &[0.0; 2], Reduction::Sum).await,
        &["no parties"],
    );
    assert_eq!(vector.to_vec().await?, [1.0, 2.0]);

    let matrix = Matrix::create("matrix", Grid::filled(2, 3, 1.0)).await?;
    let shape = "matrix of 2 x 3";
    refused(matrix.get_row(2).await, &["no row 2", shape]);
    refused(
        matrix.add_column(3, &[9.0; 2]).await,
        &["no column 3", shape],
    );
    refused(matrix.set(0, 3, 9.0).await, &["no column 3", shape]);
    refused(
        matrix.add_row(0, &[9.0; 2]).await,
        &["2 numbers", "has 3", shape],
    );
    refused(
        matrix.set_column(0, &[9.0; 3]).await,
        &["3 numbers", "has 2"],
    );
    refused(matrix.times(&[1.0; 2]).await, &["2 numbers", "has 3"]);
    refused(matrix.times_transposed(&[1.0; 3]).await, &["has 2"]);
    refused(
        matrix.add_sparse([(0, 0, 9.0), (2, 0, 9.0)]).await,
        &["no row 2"],
    );
    refused(
        matrix.add(&Grid::filled(3, 2, 9.0)).await,
        &["3 x 2", shape],
    );
    assert_eq!(matrix.to_grid().await?, Grid::filled(2, 3, 1.0));

    // The same bytes, read as another type of number, are another object.
    for error in [
        Vector::<i64>::open("vector").await.unwrap_err(),
        Vector::<f64>::open("matrix").await.unwrap_err(),
    ] {
        assert!(matches!(error, Error::WrongType { .. }), "{error}");
    }
    assert!(vector.destroy().await?);
    let gone = vector.add(&[1.0, 1.0]).await;
    assert!(matches!(gone, Err(Error::NotFound { .. })), "{gone:?}");
    Ok(())
}

async fn many_add_at_once() -> Result<()> {
    let vector = Vector::create("vector", vec![0_i64; 100]).await?;
    let tasks: Vec<_> = (0..50)
        .map(|id| {
            let vector = vector.clone();
            tokio::spawn(async move {
                for _ in 0..20 {
                    vector.add(&[1; 100]).await?;
                    vector.add_sparse([(id, 1), (99 - id, 1)]).await?;
                }
                Ok::<_, Error>(())
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap()?;
    }
    assert_eq!(vector.to_vec().await?, [1020; 100]);
    Ok(())
}

async fn large_vectors_travel() -> Result<()> {
    let numbers: Vec<f64> = (0..131_072).map(f64::from).collect();
    let vector = Vector::create("vector", numbers.clone()).await?;
    vector.add(&numbers).await?;
    vector.scale(0.5).await?;
    assert!(vector.to_vec().await? == numbers);
    let (a, b) = tokio::join!(
        vector.reduce(2, &numbers, Reduction::Mean),
        vector.reduce(2, &numbers, Reduction::Mean)
    );
    assert!(a? == numbers && b? == numbers);
    Ok(())
}
