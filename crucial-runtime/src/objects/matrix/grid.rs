//! The plain value of a matrix.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::objects::numbers::{Element, Numbers};

/// The plain value of a [`Matrix`](crate::Matrix): rows of equal length, one after the other.
///
/// ```
/// use crucial::Grid;
///
/// let grid = Grid::from_rows([[1, 2, 3], [4, 5, 6]])?;
/// assert_eq!((grid.rows(), grid.columns()), (2, 3));
/// assert_eq!(grid.row(1), Some(&[4, 5, 6][..]));
/// assert_eq!(grid.get(0, 2), Some(3));
/// assert_eq!(grid.numbers(), [1, 2, 3, 4, 5, 6]);
/// assert_eq!(Grid::filled(2, 2, 0.5).numbers(), [0.5; 4]);
/// # Ok::<(), crucial::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(bound = "T: Element", try_from = "Unchecked<T>")]
pub struct Grid<T> {
    rows: usize,
    columns: usize,
    numbers: Numbers<T>,
}

#[derive(Deserialize)]
#[serde(bound = "T: Element")]
struct Unchecked<T> {
    rows: usize,
    columns: usize,
    numbers: Numbers<T>,
}

impl<T: Element> TryFrom<Unchecked<T>> for Grid<T> {
    type Error = Error;

    fn try_from(grid: Unchecked<T>) -> Result<Self> {
        Self::new(grid.rows, grid.columns, grid.numbers.0)
    }
}

impl<T: Element> Grid<T> {
    /// A grid of so many rows and columns, of numbers row by row.
    ///
    /// ```
    /// let grid = crucial::Grid::new(2, 3, vec![1, 2, 3, 4, 5, 6])?;
    /// assert_eq!(grid.row(1), Some(&[4, 5, 6][..]));
    /// assert!(crucial::Grid::new(2, 3, vec![1, 2, 3, 4]).is_err());
    /// # Ok::<(), crucial::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Other`] where there are not as many numbers.
    pub fn new(rows: usize, columns: usize, numbers: Vec<T>) -> Result<Self> {
        if rows.checked_mul(columns) != Some(numbers.len()) {
            return Err(Error::other(format!(
                "{} numbers were given for {rows} rows of {columns}",
                numbers.len()
            )));
        }
        Ok(Self {
            rows,
            columns,
            numbers: Numbers(numbers),
        })
    }

    /// A grid that has the same number everywhere.
    ///
    /// ```
    /// let ones = crucial::Grid::filled(2, 3, 1);
    /// assert_eq!(ones, crucial::Grid::from_rows([[1, 1, 1], [1, 1, 1]])?);
    /// # Ok::<(), crucial::Error>(())
    /// ```
    ///
    /// # Panics
    ///
    /// If memory can't hold that many numbers.
    #[must_use]
    pub fn filled(rows: usize, columns: usize, number: T) -> Self {
        Self {
            rows,
            columns,
            numbers: Numbers(vec![number; rows.saturating_mul(columns)]),
        }
    }

    /// A grid of these rows, the first one first.
    ///
    /// ```
    /// use crucial::Grid;
    ///
    /// let points = vec![vec![0.5, 1.5], vec![2.5, 3.5], vec![4.5, 5.5]];
    /// let grid = Grid::from_rows(&points)?;
    /// assert_eq!((grid.rows(), grid.columns()), (3, 2));
    /// assert!(Grid::from_rows([vec![1, 2], vec![3]]).is_err());
    /// assert_eq!(Grid::from_rows([[0; 9]; 0])?, Grid::filled(0, 0, 0)); // without rows there are no columns
    /// # Ok::<(), crucial::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Other`] where they differ in length.
    pub fn from_rows<R: AsRef<[T]>>(rows: impl IntoIterator<Item = R>) -> Result<Self> {
        let mut grid = Self::default();
        for row in rows {
            let row = row.as_ref();
            if grid.rows > 0 && row.len() != grid.columns {
                return Err(Error::other(format!(
                    "row {} has {} numbers, those before it have {}",
                    grid.rows,
                    row.len(),
                    grid.columns
                )));
            }
            grid.columns = row.len();
            grid.rows += 1;
            grid.numbers.0.extend_from_slice(row);
        }
        Ok(grid)
    }

    /// How many rows there are.
    ///
    /// ```
    /// let grid = crucial::Grid::from_rows([[1, 2, 3], [4, 5, 6]])?;
    /// assert_eq!(grid.rows(), 2);
    /// assert_eq!(grid.row(grid.rows()), None); // they are counted from 0
    /// # Ok::<(), crucial::Error>(())
    /// ```
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// How many columns there are.
    ///
    /// ```
    /// let grid = crucial::Grid::from_rows([[1, 2, 3], [4, 5, 6]])?;
    /// assert_eq!(grid.columns(), 3);
    /// assert_eq!(crucial::Grid::filled(0, 3, 0.0).columns(), 3); // even where there are no rows
    /// # Ok::<(), crucial::Error>(())
    /// ```
    #[must_use]
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// All numbers, row by row.
    ///
    /// ```
    /// let grid = crucial::Grid::from_rows([[1, 2], [3, 4]])?;
    /// assert_eq!(grid.numbers(), [1, 2, 3, 4]);
    /// let (row, column) = (1, 0);
    /// assert_eq!(grid.numbers()[row * grid.columns() + column], 3);
    /// # Ok::<(), crucial::Error>(())
    /// ```
    #[must_use]
    pub fn numbers(&self) -> &[T] {
        &self.numbers.0
    }

    /// All numbers, row by row, to be changed.
    ///
    /// ```
    /// let mut grid = crucial::Grid::from_rows([[1, 2], [3, 4]])?;
    /// for number in grid.numbers_mut() {
    ///     *number *= 10;
    /// }
    /// assert_eq!(grid.numbers(), [10, 20, 30, 40]);
    /// # Ok::<(), crucial::Error>(())
    /// ```
    pub fn numbers_mut(&mut self) -> &mut [T] {
        &mut self.numbers.0
    }

    /// All numbers, row by row.
    ///
    /// ```
    /// use crucial::Grid;
    ///
    /// let grid = Grid::from_rows([[1, 2], [3, 4]])?;
    /// let (rows, columns) = (grid.rows(), grid.columns());
    /// let halves = grid.into_numbers().into_iter().map(|number| number as f64 / 2.0);
    /// assert_eq!(Grid::new(rows, columns, halves.collect())?.row(1), Some(&[1.5, 2.0][..]));
    /// # Ok::<(), crucial::Error>(())
    /// ```
    #[must_use]
    pub fn into_numbers(self) -> Vec<T> {
        self.numbers.0
    }

    /// One row, or `None` beyond the last.
    ///
    /// ```
    /// let grid = crucial::Grid::from_rows([[1, 2], [3, 4]])?;
    /// assert_eq!(grid.row(0), Some(&[1, 2][..]));
    /// assert_eq!(grid.row(2), None);
    /// # Ok::<(), crucial::Error>(())
    /// ```
    #[must_use]
    pub fn row(&self, row: usize) -> Option<&[T]> {
        let start = (row < self.rows).then_some(row * self.columns)?;
        self.numbers.0.get(start..start + self.columns)
    }

    /// One number, or `None` beyond the last row or column.
    ///
    /// ```
    /// let grid = crucial::Grid::from_rows([[1, 2], [3, 4]])?;
    /// assert_eq!(grid.get(1, 0), Some(3));
    /// assert_eq!(grid.get(0, 2), None); // no number of the next row
    /// # Ok::<(), crucial::Error>(())
    /// ```
    #[must_use]
    pub fn get(&self, row: usize, column: usize) -> Option<T> {
        self.row(row)?.get(column).copied()
    }

    /// All rows, the first one first.
    ///
    /// ```
    /// let grid = crucial::Grid::from_rows([[1, 2], [3, 4]])?;
    /// let sums: Vec<i64> = grid.iter_rows().map(|row| row.iter().sum()).collect();
    /// assert_eq!(sums, [3, 7]);
    /// # Ok::<(), crucial::Error>(())
    /// ```
    pub fn iter_rows(&self) -> impl Iterator<Item = &[T]> {
        (0..self.rows).filter_map(|row| self.row(row))
    }

    /// About how many bytes it rests in.
    pub(super) fn size(&self) -> usize {
        64 + self.numbers.size()
    }

    /// The numbers, whose count stays.
    pub(super) fn storage(&mut self) -> &mut Vec<T> {
        &mut self.numbers.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec;

    #[test]
    fn a_grid_that_is_none_is_refused() {
        let ragged = Grid::from_rows([vec![1], vec![2, 3]]).unwrap_err();
        assert!(ragged.to_string().contains("row 1 has 2 numbers"));
        let short = Grid::new(2, 2, vec![1, 2, 3]).unwrap_err().to_string();
        assert!(short.contains("3 numbers") && short.contains("2 rows of 2"));
        let cut = codec::encode_own(&(2_usize, 2_usize, Numbers(vec![1_i64]))).unwrap();
        assert!(codec::decode::<Grid<i64>>(&cut).is_err());
        let large = codec::encode_own(&(usize::MAX, 2_usize, Numbers::<i64>(vec![]))).unwrap();
        assert!(codec::decode::<Grid<i64>>(&large).is_err());
        let good = Grid::filled(2, 1, 7_i64);
        assert_eq!(
            codec::decode::<Grid<i64>>(&codec::encode_own(&good).unwrap()).unwrap(),
            good
        );
        assert_eq!(Grid::<f64>::filled(3, 0, 1.0).row(2), Some(&[][..]));
        assert_eq!(Grid::<f64>::filled(3, 0, 1.0).row(3), None);
    }
}
