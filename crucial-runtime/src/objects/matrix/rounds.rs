//! Rounds in which parties reduce matrices to one.

use std::time::Duration;

use super::{Grid, Matrix};
use crate::error::Result;
use crate::objects::numbers::{Borrowed, Element, Part, Reduction, reduce};

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
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// use crucial::{Grid, Matrix, Reduction::Mean};
    ///
    /// let model = Matrix::create("model", Grid::filled(1, 2, 0.0)).await?;
    /// let (one, other) = (Grid::filled(1, 2, 1.0), Grid::from_rows([[3.0, 0.0]])?);
    /// let limit = std::time::Duration::from_secs(60);
    /// let one = model.reduce_timeout(2, &one, Mean, limit);
    /// let other = model.reduce_timeout(2, &other, Mean, limit);
    /// let (one, other) = tokio::try_join!(one, other)?;
    /// assert_eq!(one.numbers(), [2.0, 0.5]);
    /// assert_eq!(other, one);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`reduce`](Self::reduce), with [`Error::TimedOut`](crate::Error::TimedOut) after `limit`.
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
