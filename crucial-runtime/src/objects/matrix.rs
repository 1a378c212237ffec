//! A matrix of numbers that many threads compute with.

mod columns;
mod grid;
pub(super) mod machine;
mod rounds;
mod rows;
#[cfg(test)]
#[path = "../../unit/objects/matrix/spec.rs"]
mod spec;

use std::marker::PhantomData;

use bytes::Bytes;

use self::machine::MatrixState;
use super::numbers::{Borrowed, Bound, Element, Norm, Numbers, numbers};
use super::proxy::proxy;
use crate::call::Call;
use crate::error::Result;
use crate::object::Handle;

pub use grid::Grid;

/// A shared matrix of `f64` or `i64`: centroids, weights, a table of counts, whose rows threads add to and read.
///
/// All that is said of a [`Vector`](crate::Vector) holds here too: shapes have to fit, `i64` is checked, a NaN gives way
/// where numbers are compared, every method happens at once and is one round trip while one process uses the matrix (when
/// others do as well, one that changes it is two to four), and on a server the whole matrix travels with the changes of a
/// process. Rows and columns are counted from 0.
///
/// Methods fail with [`Error::NotFound`](crate::Error::NotFound) where the matrix does not exist, with
/// [`Error::Refused`](crate::Error::Refused) where shapes or results do not fit (`i64` would overflow, there is no such
/// row), and with the errors of the store.
///
/// ```
/// # #[tokio::main] async fn main() -> crucial::Result<()> {
/// # let runtime = crucial::Runtime::builder().build().await?;
/// # let _entered = runtime.enter();
/// use crucial::{Grid, Matrix};
///
/// let centroids = Matrix::create("centroids", Grid::filled(2, 3, 0.0)).await?;
/// centroids.add_row(1, &[1.0, 2.0, 3.0]).await?;
/// centroids.add_sparse([(0, 2, 4.0)]).await?;
/// centroids.scale_row(1, 0.5).await?;
/// assert_eq!(centroids.get_row(1).await?, [0.5, 1.0, 1.5]);
/// assert_eq!(centroids.get_column(2).await?, [4.0, 1.5]);
/// assert_eq!(centroids.times(&[1.0, 1.0, 1.0]).await?, [4.0, 3.0]);
/// let refused = centroids.add_row(2, &[0.0; 3]).await.unwrap_err();
/// assert!(refused.to_string().contains("no row 2 in a matrix of 2 x 3"));
/// # Ok(()) }
/// ```
pub struct Matrix<T> {
    handle: Handle<MatrixState<T>>,
    types: PhantomData<fn() -> (T,)>,
}

proxy!(Matrix<T: Element>, machine: MatrixState<T>, init: Grid<T>);
numbers!(Matrix, entry: (usize, usize, T), "a row, a column and a number");

impl<T: Element> Matrix<T> {
    fn arguments(handle: &Handle<MatrixState<T>>, init: Grid<T>) -> Result<Vec<Bytes>> {
        handle.state(&MatrixState::of(init))
    }

    async fn read(&self) -> Result<Grid<T>> {
        self.to_grid().await
    }

    /// All numbers.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// use crucial::{Grid, Matrix};
    ///
    /// let counts = Matrix::create("counts", Grid::filled(2, 2, 0)).await?;
    /// counts.add_sparse([(0, 1, 3)]).await?;
    /// assert_eq!(counts.to_grid().await?, Grid::from_rows([[0, 3], [0, 0]])?);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn to_grid(&self) -> Call<impl Future<Output = Result<Grid<T>>>> {
        Call::new(async move { self.handle.ask(&machine::TO_GRID, ()).await })
    }

    /// How many rows and columns there are.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// use crucial::{Grid, Matrix};
    ///
    /// let table = Matrix::create("table", Grid::filled(2, 3, 0.0)).await?;
    /// let (rows, columns) = table.shape().await?;
    /// assert_eq!((rows, columns), (2, 3));
    /// table.set_row(0, &vec![1.0; columns]).await?;
    /// assert_eq!(table.sum().await?, 3.0);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn shape(&self) -> Call<impl Future<Output = Result<(usize, usize)>>> {
        Call::new(async move { self.handle.ask(&machine::SHAPE, ()).await })
    }

    /// One number, or `None` beyond the last row or column.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// use crucial::{Grid, Matrix};
    ///
    /// let board = Matrix::create("board", Grid::from_rows([[1, 2], [3, 4]])?).await?;
    /// assert_eq!(board.get(1, 0).await?, Some(3));
    /// assert_eq!(board.get(0, 2).await?, None); // there is no third column
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn get(&self, row: usize, column: usize) -> Call<impl Future<Output = Result<Option<T>>>> {
        Call::new(async move { self.handle.ask(&machine::GET, (row, column)).await })
    }

    /// Replaces one number and gives the one before.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// use crucial::{Grid, Matrix};
    ///
    /// let seats = Matrix::create("seats", Grid::filled(2, 3, 0)).await?;
    /// assert_eq!(seats.set(1, 2, 42).await?, 0); // it was free
    /// assert_eq!(seats.set(1, 2, 43).await?, 42);
    /// assert_eq!(seats.get_row(1).await?, [0, 0, 43]);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Refused`](crate::Error::Refused) beyond the last row or column.
    pub fn set(
        &self,
        row: usize,
        column: usize,
        number: T,
    ) -> Call<impl Future<Output = Result<T>>> {
        Call::new(async move {
            let args = (row, column, number);
            self.handle.ask(&machine::SET, args).await
        })
    }

    /// Replaces all numbers, and with them the shape.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// use crucial::{Grid, Matrix};
    ///
    /// let image = Matrix::create("image", Grid::filled(2, 2, 0.0)).await?;
    /// image.assign(&Grid::from_rows([[0.5, 1.0, 0.5]])?).await?;
    /// assert_eq!(image.shape().await?, (1, 3));
    /// assert_eq!(image.get_row(0).await?, [0.5, 1.0, 0.5]);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Refused`](crate::Error::Refused) for another shape while parties have come to a round of
    /// [`reduce`](Self::reduce).
    pub fn assign(&self, grid: &Grid<T>) -> Call<impl Future<Output = Result<()>>> {
        Call::new(async move { self.handle.ask(&machine::REPLACE, (grid,)).await })
    }

    /// Adds other numbers, one to each.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// use crucial::{Grid, Matrix};
    ///
    /// let counts = Matrix::create("counts", Grid::from_rows([[1, 2], [3, 4]])?).await?;
    /// counts.add(&Grid::from_rows([[10, 0], [0, 10]])?).await?;
    /// assert_eq!(counts.to_grid().await?.numbers(), [11, 2, 3, 14]);
    /// assert!(counts.add(&Grid::filled(1, 4, 0)).await.is_err()); // as many numbers, but another shape
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Refused`](crate::Error::Refused) for another shape, or where an `i64` would overflow.
    pub fn add(&self, grid: &Grid<T>) -> Call<impl Future<Output = Result<()>>> {
        Call::new(async move { self.axpy(T::ONE, grid).await })
    }

    /// Adds `factor` times other numbers.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// use crucial::{Grid, Matrix};
    ///
    /// let weights = Matrix::create("weights", Grid::filled(2, 2, 1.0)).await?;
    /// let (rate, gradient) = (0.5, Grid::from_rows([[2.0, 0.0], [0.0, -2.0]])?);
    /// weights.axpy(-rate, &gradient).await?;
    /// assert_eq!(weights.to_grid().await?.numbers(), [0.0, 1.0, 1.0, 2.0]);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`add`](Self::add).
    pub fn axpy(&self, factor: T, grid: &Grid<T>) -> Call<impl Future<Output = Result<()>>> {
        Call::new(async move { self.handle.ask(&machine::ADD_SCALED, (factor, grid)).await })
    }

    /// Adds several parts, all or none of them.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// use crucial::{Grid, Matrix};
    ///
    /// let totals = Matrix::create("totals", Grid::filled(1, 2, 0)).await?;
    /// let (one, tall) = (Grid::from_rows([[1, 2]])?, Grid::filled(2, 1, 7));
    /// assert!(totals.add_all(&[one.clone(), tall]).await.is_err()); // and nothing was added
    /// totals.add_all(&[one.clone(), one]).await?;
    /// assert_eq!(totals.get_row(0).await?, [2, 4]);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`add`](Self::add).
    pub fn add_all(&self, parts: &[Grid<T>]) -> Call<impl Future<Output = Result<()>>> {
        Call::new(async move { self.handle.ask(&machine::ADD_ALL, (parts,)).await })
    }

    /// Keeps the smaller of each number and the other one; a NaN gives way.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// use crucial::{Grid, Matrix};
    ///
    /// let distances = Matrix::create("distances", Grid::filled(2, 2, f64::INFINITY)).await?;
    /// distances.minimum(&Grid::from_rows([[0.0, 3.0], [5.0, f64::NAN]])?).await?;
    /// assert_eq!(distances.to_grid().await?.numbers(), [0.0, 3.0, 5.0, f64::INFINITY]);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Refused`](crate::Error::Refused) for another shape.
    pub fn minimum(&self, grid: &Grid<T>) -> Call<impl Future<Output = Result<()>>> {
        Call::new(async move { self.handle.ask(&machine::BOUND, (Bound::Min, grid)).await })
    }

    /// Keeps the larger of each number and the other one; a NaN gives way.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// use crucial::{Grid, Matrix};
    ///
    /// let peaks = Matrix::create("peaks", Grid::from_rows([[4, 1]])?).await?;
    /// peaks.maximum(&Grid::from_rows([[2, 3]])?).await?;
    /// assert_eq!(peaks.get_row(0).await?, [4, 3]);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Refused`](crate::Error::Refused) for another shape.
    pub fn maximum(&self, grid: &Grid<T>) -> Call<impl Future<Output = Result<()>>> {
        Call::new(async move { self.handle.ask(&machine::BOUND, (Bound::Max, grid)).await })
    }

    /// The sum of the products of all numbers with those of another grid.
    ///
    /// ```
    /// # #[tokio::main] async fn main() -> crucial::Result<()> {
    /// # let runtime = crucial::Runtime::builder().build().await?;
    /// # let _entered = runtime.enter();
    /// use crucial::{Grid, Matrix};
    ///
    /// let weights = Matrix::create("weights", Grid::from_rows([[1, 2], [3, 4]])?).await?;
    /// assert_eq!(weights.dot(&Grid::from_rows([[1, 0], [0, 1]])?).await?, 5);
    /// assert_eq!(weights.dot_sparse([(0, 0, 1), (1, 1, 1)]).await?, 5);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Refused`](crate::Error::Refused) for another shape, or where it does not fit an `i64` (what is between may
    /// be larger).
    pub fn dot(&self, grid: &Grid<T>) -> Call<impl Future<Output = Result<T>>> {
        Call::new(async move { self.handle.ask(&machine::DOT, (grid,)).await })
    }

    /// The matrix times a vector: each row's sum of products with it. The matrix stays where it is.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// use crucial::{Grid, Matrix};
    ///
    /// let layer = Matrix::create("layer", Grid::from_rows([[1, 2], [3, 4], [5, 6]])?).await?;
    /// assert_eq!(layer.times(&[1, 10]).await?, [21, 43, 65]); // one for each row
    /// assert!(layer.times(&[1, 10, 100]).await.is_err());
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Refused`](crate::Error::Refused) where the vector has not as many numbers as there are columns, or where a
    /// sum does not fit an `i64`.
    pub fn times(&self, vector: &[T]) -> Call<impl Future<Output = Result<Vec<T>>>> {
        Call::new(async move {
            let args = (Borrowed(vector),);
            let Numbers(products) = self.handle.ask(&machine::TIMES, args).await?;
            Ok(products)
        })
    }

    /// The transposed matrix times a vector: each column's sum of products with it.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// use crucial::{Grid, Matrix};
    ///
    /// let layer = Matrix::create("layer", Grid::from_rows([[1, 2], [3, 4], [5, 6]])?).await?;
    /// assert_eq!(layer.times_transposed(&[1, 0, 2]).await?, [11, 14]); // one for each column
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Refused`](crate::Error::Refused) where the vector has not as many numbers as there are rows, or where a sum
    /// does not fit an `i64`.
    pub fn times_transposed(&self, vector: &[T]) -> Call<impl Future<Output = Result<Vec<T>>>> {
        Call::new(async move {
            let args = (Borrowed(vector),);
            let products = self.handle.ask(&machine::TIMES_TRANSPOSED, args).await?;
            let Numbers(products) = products;
            Ok(products)
        })
    }
}
