//! A matrix of numbers that many threads compute with.

mod grid;
pub(super) mod machine;
#[cfg(test)]
mod spec;

use std::marker::PhantomData;
use std::time::Duration;

use bytes::Bytes;

use self::machine::MatrixState;
use super::numbers::{Borrowed, Bound, Element, Norm, Numbers, Part, Reduction, numbers, reduce};
use super::proxy::proxy;
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
    /// # Errors
    ///
    /// Those of the store.
    pub async fn to_grid(&self) -> Result<Grid<T>> {
        self.handle.invoke(&machine::TO_GRID, ()).await
    }

    /// How many rows and columns there are.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn shape(&self) -> Result<(usize, usize)> {
        self.handle.invoke(&machine::SHAPE, ()).await
    }

    /// One number, or `None` beyond the last row or column.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn get(&self, row: usize, column: usize) -> Result<Option<T>> {
        self.handle.invoke(&machine::GET, (row, column)).await
    }

    /// Replaces one number and gives the one before.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`](crate::Error::Refused) beyond the last row or column.
    pub async fn set(&self, row: usize, column: usize, number: T) -> Result<T> {
        let args = (row, column, number);
        self.handle.invoke(&machine::SET, args).await
    }

    /// One row.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`](crate::Error::Refused) beyond the last row.
    pub async fn get_row(&self, row: usize) -> Result<Vec<T>> {
        let Numbers(numbers) = self.handle.invoke(&machine::GET_ROW, (row,)).await?;
        Ok(numbers)
    }

    /// One column.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`](crate::Error::Refused) beyond the last column.
    pub async fn get_column(&self, column: usize) -> Result<Vec<T>> {
        let Numbers(numbers) = self.handle.invoke(&machine::GET_COLUMN, (column,)).await?;
        Ok(numbers)
    }

    /// Replaces one row.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`](crate::Error::Refused) beyond the last row, or for another length.
    pub async fn set_row(&self, row: usize, numbers: &[T]) -> Result<()> {
        let args = (row, Borrowed(numbers));
        self.handle.invoke(&machine::SET_ROW, args).await
    }

    /// Replaces one column.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`](crate::Error::Refused) beyond the last column, or for another length.
    pub async fn set_column(&self, column: usize, numbers: &[T]) -> Result<()> {
        let args = (column, Borrowed(numbers));
        self.handle.invoke(&machine::SET_COLUMN, args).await
    }

    /// Replaces all numbers, and with them the shape.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`](crate::Error::Refused) for another shape while parties have come to a round of
    /// [`reduce`](Self::reduce).
    pub async fn replace(&self, grid: &Grid<T>) -> Result<()> {
        self.handle.invoke(&machine::REPLACE, (grid,)).await
    }

    /// Adds other numbers, one to each.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`](crate::Error::Refused) for another shape, or where an `i64` would overflow.
    pub async fn add(&self, grid: &Grid<T>) -> Result<()> {
        self.axpy(T::ONE, grid).await
    }

    /// Adds `factor` times other numbers.
    ///
    /// # Errors
    ///
    /// As [`add`](Self::add).
    pub async fn axpy(&self, factor: T, grid: &Grid<T>) -> Result<()> {
        self.handle
            .invoke(&machine::ADD_SCALED, (factor, grid))
            .await
    }

    /// Adds several parts, all or none of them.
    ///
    /// # Errors
    ///
    /// As [`add`](Self::add).
    pub async fn add_all(&self, parts: &[Grid<T>]) -> Result<()> {
        self.handle.invoke(&machine::ADD_ALL, (parts,)).await
    }

    /// Adds to one row.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`](crate::Error::Refused) beyond the last row, for another length, or where an `i64` would overflow.
    pub async fn add_row(&self, row: usize, numbers: &[T]) -> Result<()> {
        self.axpy_row(row, T::ONE, numbers).await
    }

    /// Adds `factor` times other numbers to one row.
    ///
    /// # Errors
    ///
    /// As [`add_row`](Self::add_row).
    pub async fn axpy_row(&self, row: usize, factor: T, numbers: &[T]) -> Result<()> {
        let args = (row, factor, Borrowed(numbers));
        self.handle.invoke(&machine::ADD_ROW, args).await
    }

    /// Adds to one column.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`](crate::Error::Refused) beyond the last column, for another length, or where an `i64` would
    /// overflow.
    pub async fn add_column(&self, column: usize, numbers: &[T]) -> Result<()> {
        self.axpy_column(column, T::ONE, numbers).await
    }

    /// Adds `factor` times other numbers to one column.
    ///
    /// # Errors
    ///
    /// As [`add_column`](Self::add_column).
    pub async fn axpy_column(&self, column: usize, factor: T, numbers: &[T]) -> Result<()> {
        let args = (column, factor, Borrowed(numbers));
        self.handle.invoke(&machine::ADD_COLUMN, args).await
    }

    /// Multiplies the numbers of one row.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`](crate::Error::Refused) beyond the last row, or where an `i64` would overflow.
    pub async fn scale_row(&self, row: usize, factor: T) -> Result<()> {
        self.handle.invoke(&machine::SCALE_ROW, (row, factor)).await
    }

    /// Multiplies the numbers of one column.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`](crate::Error::Refused) beyond the last column, or where an `i64` would overflow.
    pub async fn scale_column(&self, column: usize, factor: T) -> Result<()> {
        let args = (column, factor);
        self.handle.invoke(&machine::SCALE_COLUMN, args).await
    }

    /// Keeps the smaller of each number and the other one; a NaN gives way.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`](crate::Error::Refused) for another shape.
    pub async fn minimum(&self, grid: &Grid<T>) -> Result<()> {
        self.handle
            .invoke(&machine::BOUND, (Bound::Min, grid))
            .await
    }

    /// Keeps the larger of each number and the other one; a NaN gives way.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`](crate::Error::Refused) for another shape.
    pub async fn maximum(&self, grid: &Grid<T>) -> Result<()> {
        self.handle
            .invoke(&machine::BOUND, (Bound::Max, grid))
            .await
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
    pub async fn dot(&self, grid: &Grid<T>) -> Result<T> {
        self.handle.invoke(&machine::DOT, (grid,)).await
    }

    /// The sum of each row.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`](crate::Error::Refused) where one does not fit an `i64`.
    pub async fn row_sums(&self) -> Result<Vec<T>> {
        let Numbers(sums) = self.handle.invoke(&machine::ROW_SUMS, ()).await?;
        Ok(sums)
    }

    /// The sum of each column.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`](crate::Error::Refused) where one does not fit an `i64`.
    pub async fn column_sums(&self) -> Result<Vec<T>> {
        let Numbers(sums) = self.handle.invoke(&machine::COLUMN_SUMS, ()).await?;
        Ok(sums)
    }

    /// The matrix times a vector: each row's sum of products with it. The matrix stays where it is.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`](crate::Error::Refused) where the vector has not as many numbers as there are columns, or where a
    /// sum does not fit an `i64`.
    pub async fn times(&self, vector: &[T]) -> Result<Vec<T>> {
        let args = (Borrowed(vector),);
        let Numbers(products) = self.handle.invoke(&machine::TIMES, args).await?;
        Ok(products)
    }

    /// The transposed matrix times a vector: each column's sum of products with it.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`](crate::Error::Refused) where the vector has not as many numbers as there are rows, or where a sum
    /// does not fit an `i64`.
    pub async fn times_transposed(&self, vector: &[T]) -> Result<Vec<T>> {
        let args = (Borrowed(vector),);
        let products = self.handle.invoke(&machine::TIMES_TRANSPOSED, args).await?;
        let Numbers(products) = products;
        Ok(products)
    }
}

/// Rounds in which parties reduce their parts to one.
impl<T: Element> Matrix<T> {
    /// [`Vector::reduce`](crate::Vector::reduce), of parts that have the shape of the matrix.
    ///
    /// ```
    /// # #[tokio::main] async fn main() -> crucial::Result<()> {
    /// # let runtime = crucial::Runtime::builder().build().await?;
    /// # let _entered = runtime.enter();
    /// use crucial::{Grid, Matrix, Reduction};
    ///
    /// let largest = Matrix::create("largest", Grid::filled(1, 2, 0)).await?;
    /// let (one, other) = (Grid::from_rows([[3, 1]])?, Grid::from_rows([[2, 5]])?);
    /// let (a, b) = tokio::join!(
    ///     largest.reduce(2, &one, Reduction::Max),
    ///     largest.reduce(2, &other, Reduction::Max),
    /// );
    /// assert_eq!(a?.numbers(), [3, 5]);
    /// assert_eq!(b?, largest.to_grid().await?);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Vector::reduce`](crate::Vector::reduce).
    pub async fn reduce(
        &self,
        parties: u32,
        part: &Grid<T>,
        reduction: Reduction,
    ) -> Result<Grid<T>> {
        self.reduce_at_most(parties, part, reduction, None).await
    }

    /// [`reduce`](Self::reduce), at most for so long; whoever gives up breaks the round.
    ///
    /// # Errors
    ///
    /// As [`reduce`](Self::reduce).
    pub async fn reduce_timeout(
        &self,
        parties: u32,
        part: &Grid<T>,
        reduction: Reduction,
        limit: Duration,
    ) -> Result<Grid<T>> {
        self.reduce_at_most(parties, part, reduction, Some(limit))
            .await
    }

    async fn reduce_at_most(
        &self,
        parties: u32,
        part: &Grid<T>,
        reduction: Reduction,
        limit: Option<Duration>,
    ) -> Result<Grid<T>> {
        let (rows, columns) = (part.rows(), part.columns());
        let part = Part {
            parties,
            reduction,
            shape: (rows, columns),
            numbers: Borrowed(part.numbers()),
        };
        let numbers = reduce(&self.handle, part, limit).await?;
        Grid::new(rows, columns, numbers)
    }
}
