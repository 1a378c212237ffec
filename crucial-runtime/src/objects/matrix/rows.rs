//! The rows of matrices.

use super::{Matrix, machine};
use crate::call::Call;
use crate::error::Result;
use crate::objects::numbers::{Borrowed, Element, Numbers};

/// Rows, one at a time, and their sums.
impl<T: Element> Matrix<T> {
    /// One row.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// use crucial::{Grid, Matrix};
    ///
    /// let scores = Matrix::create("scores", Grid::from_rows([[1, 2], [3, 4]])?).await?;
    /// assert_eq!(scores.get_row(1).await?, [3, 4]);
    /// assert!(scores.get_row(2).await.is_err()); // unlike `get`, which gives `None`
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Refused`](crate::Error::Refused) beyond the last row.
    pub fn get_row(&self, row: usize) -> Call<impl Future<Output = Result<Vec<T>>>> {
        Call::new(async move {
            let Numbers(numbers) = self.handle.ask(&machine::GET_ROW, (row,)).await?;
            Ok(numbers)
        })
    }

    /// Replaces one row.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// use crucial::{Grid, Matrix};
    ///
    /// let table = Matrix::create("table", Grid::filled(2, 2, 0)).await?;
    /// table.set_row(0, &[5, 6]).await?;
    /// assert!(table.set_row(1, &[7]).await.is_err()); // a row has two numbers
    /// assert_eq!(table.to_grid().await?.numbers(), [5, 6, 0, 0]);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Refused`](crate::Error::Refused) beyond the last row, or for another length.
    pub fn set_row(&self, row: usize, numbers: &[T]) -> Call<impl Future<Output = Result<()>>> {
        Call::new(async move {
            let args = (row, Borrowed(numbers));
            self.handle.ask(&machine::SET_ROW, args).await
        })
    }

    /// Adds to one row.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// use crucial::{Grid, Matrix};
    ///
    /// let sums = Matrix::create("sums", Grid::filled(2, 2, 0.0)).await?;
    /// for (cluster, point) in [(0, [1.0, 2.0]), (1, [5.0, 5.0]), (0, [3.0, 4.0])] {
    ///     sums.add_row(cluster, &point).await?;
    /// }
    /// assert_eq!(sums.get_row(0).await?, [4.0, 6.0]);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Refused`](crate::Error::Refused) beyond the last row, for another length, or where an `i64` would overflow.
    pub fn add_row(&self, row: usize, numbers: &[T]) -> Call<impl Future<Output = Result<()>>> {
        Call::new(async move { self.axpy_row(row, T::ONE, numbers).await })
    }

    /// Adds `factor` times other numbers to one row.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// use crucial::{Grid, Matrix};
    ///
    /// let weights = Matrix::create("weights", Grid::filled(2, 2, 1.0)).await?;
    /// weights.axpy_row(1, -0.5, &[2.0, 4.0]).await?;
    /// assert_eq!(weights.to_grid().await?.numbers(), [1.0, 1.0, 0.0, -1.0]);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`add_row`](Self::add_row).
    pub fn axpy_row(
        &self,
        row: usize,
        factor: T,
        numbers: &[T],
    ) -> Call<impl Future<Output = Result<()>>> {
        Call::new(async move {
            let args = (row, factor, Borrowed(numbers));
            self.handle.ask(&machine::ADD_ROW, args).await
        })
    }

    /// Multiplies the numbers of one row.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// use crucial::{Grid, Matrix};
    ///
    /// let means = Matrix::create("means", Grid::from_rows([[4.0, 6.0], [5.0, 5.0]])?).await?;
    /// means.scale_row(0, 1.0 / 2.0).await?; // the sum of two points becomes their mean
    /// assert_eq!(means.to_grid().await?.numbers(), [2.0, 3.0, 5.0, 5.0]);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Refused`](crate::Error::Refused) beyond the last row, or where an `i64` would overflow.
    pub fn scale_row(&self, row: usize, factor: T) -> Call<impl Future<Output = Result<()>>> {
        Call::new(async move { self.handle.ask(&machine::SCALE_ROW, (row, factor)).await })
    }

    /// The sum of each row.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// use crucial::{Grid, Matrix};
    ///
    /// let sales = Matrix::create("sales", Grid::from_rows([[1, 2, 3], [4, 5, 6]])?).await?;
    /// assert_eq!(sales.row_sums().await?, [6, 15]);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Refused`](crate::Error::Refused) where one does not fit an `i64`.
    pub fn row_sums(&self) -> Call<impl Future<Output = Result<Vec<T>>>> {
        Call::new(async move {
            let Numbers(sums) = self.handle.ask(&machine::ROW_SUMS, ()).await?;
            Ok(sums)
        })
    }
}
