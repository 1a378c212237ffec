//! Rounds in which parties reduce matrices to one.

use super::{Grid, Matrix};
use crate::call::Call;
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
    /// With a [limit](crate::Call::timeout):
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// use crucial::{Grid, Matrix, Reduction::Mean};
    ///
    /// let model = Matrix::create("model", Grid::filled(1, 2, 0.0)).await?;
    /// let (one, other) = (Grid::filled(1, 2, 1.0), Grid::from_rows([[3.0, 0.0]])?);
    /// let limit = std::time::Duration::from_secs(60);
    /// let one = model.reduce(2, &one, Mean).timeout(limit);
    /// let other = model.reduce(2, &other, Mean).timeout(limit);
    /// let (one, other) = tokio::try_join!(one, other)?;
    /// assert_eq!(one.numbers(), [2.0, 0.5]);
    /// assert_eq!(other, one);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Vector::reduce`](crate::Vector::reduce).
    pub fn reduce(
        &self,
        parties: u32,
        part: &Grid<T>,
        reduction: Reduction,
    ) -> Call<impl Future<Output = Result<Grid<T>>>> {
        Call::new(async move {
            let (rows, columns) = (part.rows(), part.columns());
            let part = Part {
                parties,
                reduction,
                shape: (rows, columns),
                numbers: Borrowed(part.numbers()),
            };
            let numbers = reduce(&self.handle, part).await?;
            Grid::new(rows, columns, numbers)
        })
    }
}
