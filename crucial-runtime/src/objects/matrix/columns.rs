//! The columns of matrices.

use super::{Matrix, machine};
use crate::call::Call;
use crate::error::Result;
use crate::objects::numbers::{Borrowed, Element, Numbers};

/// Columns, one at a time, and their sums.
impl<T: Element> Matrix<T> {
    /// One column.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// use crucial::{Grid, Matrix};
    ///
    /// let scores = Matrix::create("scores", Grid::from_rows([[1, 2], [3, 4]])?).await?;
    /// assert_eq!(scores.get_column(0).await?, [1, 3]); // a number of each row
    /// assert!(scores.get_column(2).await.is_err());
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Refused`](crate::Error::Refused) beyond the last column.
    pub fn get_column(&self, column: usize) -> Call<impl Future<Output = Result<Vec<T>>>> {
        Call::new(async move {
            let Numbers(numbers) = self.handle.ask(&machine::GET_COLUMN, (column,)).await?;
            Ok(numbers)
        })
    }

    /// Replaces one column.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// use crucial::{Grid, Matrix};
    ///
    /// let table = Matrix::create("table", Grid::filled(2, 3, 0)).await?;
    /// table.set_column(2, &[5, 6]).await?;
    /// assert_eq!(table.to_grid().await?.numbers(), [0, 0, 5, 0, 0, 6]);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Refused`](crate::Error::Refused) beyond the last column, or for another length.
    pub fn set_column(
        &self,
        column: usize,
        numbers: &[T],
    ) -> Call<impl Future<Output = Result<()>>> {
        Call::new(async move {
            let args = (column, Borrowed(numbers));
            self.handle.ask(&machine::SET_COLUMN, args).await
        })
    }

    /// Adds to one column.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// use crucial::{Grid, Matrix};
    ///
    /// let times = Matrix::create("times", Grid::from_rows([[1, 9], [2, 9]])?).await?;
    /// times.add_column(0, &[10, 20]).await?;
    /// assert_eq!(times.get_column(0).await?, [11, 22]);
    /// assert!(times.add_column(1, &[1, i64::MAX]).await.is_err()); // the second would overflow
    /// assert_eq!(times.get_column(1).await?, [9, 9]);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Refused`](crate::Error::Refused) beyond the last column, for another length, or where an `i64` would
    /// overflow.
    pub fn add_column(
        &self,
        column: usize,
        numbers: &[T],
    ) -> Call<impl Future<Output = Result<()>>> {
        Call::new(async move { self.axpy_column(column, T::ONE, numbers).await })
    }

    /// Adds `factor` times other numbers to one column.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// use crucial::{Grid, Matrix};
    ///
    /// let prices = Matrix::create("prices", Grid::from_rows([[100, 5], [200, 5]])?).await?;
    /// let net = prices.get_column(0).await?;
    /// prices.axpy_column(1, 2, &net).await?;
    /// assert_eq!(prices.get_column(1).await?, [205, 405]);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`add_column`](Self::add_column).
    pub fn axpy_column(
        &self,
        column: usize,
        factor: T,
        numbers: &[T],
    ) -> Call<impl Future<Output = Result<()>>> {
        Call::new(async move {
            let args = (column, factor, Borrowed(numbers));
            self.handle.ask(&machine::ADD_COLUMN, args).await
        })
    }

    /// Multiplies the numbers of one column.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// use crucial::{Grid, Matrix};
    ///
    /// let units = Matrix::create("units", Grid::from_rows([[1, 2], [3, 4]])?).await?;
    /// units.scale_column(1, 1000).await?;
    /// assert_eq!(units.to_grid().await?.numbers(), [1, 2000, 3, 4000]);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Refused`](crate::Error::Refused) beyond the last column, or where an `i64` would overflow.
    pub fn scale_column(&self, column: usize, factor: T) -> Call<impl Future<Output = Result<()>>> {
        Call::new(async move {
            let args = (column, factor);
            self.handle.ask(&machine::SCALE_COLUMN, args).await
        })
    }

    /// The sum of each column.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// use crucial::{Grid, Matrix};
    ///
    /// let votes = Matrix::create("votes", Grid::from_rows([[1, 0, 2], [3, 1, 0]])?).await?;
    /// assert_eq!(votes.column_sums().await?, [4, 1, 2]);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Refused`](crate::Error::Refused) where one does not fit an `i64`.
    pub fn column_sums(&self) -> Call<impl Future<Output = Result<Vec<T>>>> {
        Call::new(async move {
            let Numbers(sums) = self.handle.ask(&machine::COLUMN_SUMS, ()).await?;
            Ok(sums)
        })
    }
}
