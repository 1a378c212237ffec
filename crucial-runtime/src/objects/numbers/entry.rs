//! A number with its place, as sparse methods take them.

use serde::de::DeserializeOwned;

use super::Element;
use crate::object::Refusal;

/// A number and where it belongs: an index of a vector, or a row and a column of a matrix.
pub(in crate::objects) trait Entry<T>: DeserializeOwned + 'static {
    /// Its place among all numbers of that shape, and the number.
    fn placed(self, shape: (usize, usize)) -> Result<(usize, T), Refusal>;
}

impl<T: Element> Entry<T> for (usize, T) {
    fn placed(self, (length, _): (usize, usize)) -> Result<(usize, T), Refusal> {
        let (index, number) = self;
        if index < length {
            Ok((index, number))
        } else {
            Err(Refusal::args(format_args!(
                "there is no number {index} in a vector of {length}"
            )))
        }
    }
}

impl<T: Element> Entry<T> for (usize, usize, T) {
    fn placed(self, shape: (usize, usize)) -> Result<(usize, T), Refusal> {
        let (row, column, number) = self;
        check_lines(Some(row), Some(column), shape)?;
        let (_, columns) = shape;
        Ok((row * columns + column, number))
    }
}

/// Entries at their places, if there are all of these.
pub(in crate::objects) fn placed<T, E: Entry<T>>(
    entries: Vec<E>,
    shape: (usize, usize),
) -> Result<Vec<(usize, T)>, Refusal> {
    entries
        .into_iter()
        .map(|entry| entry.placed(shape))
        .collect()
}

/// Checks that a matrix of that shape has such a row, and such a column.
pub(in crate::objects) fn check_lines(
    row: Option<usize>,
    column: Option<usize>,
    (rows, columns): (usize, usize),
) -> Result<(), Refusal> {
    for (kind, index, count) in [("row", row, rows), ("column", column, columns)] {
        if let Some(index) = index.filter(|index| *index >= count) {
            return Err(Refusal::args(format_args!(
                "there is no {kind} {index} in a matrix of {rows} x {columns}"
            )));
        }
    }
    Ok(())
}
