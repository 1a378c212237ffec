//! The state machine of a matrix: its grid of numbers, and the rounds of those who reduce by it.

use std::task::Poll;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::Grid;
use crate::codec::{self, CodecError};
use crate::object::{Method, Object, Refusal, Value};
use crate::objects::numbers::{
    All, Borrowed, Bound, Element, Entry, Numbers, Reducing, Rounds, Slices, arguments,
    check_lines, reply, timeless,
};
use crate::objects::proxy::methods;

/// The state.
#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
#[serde(bound = "T: Element")]
pub(crate) struct MatrixState<T> {
    pub(in crate::objects) grid: Grid<T>,
    #[serde(default)]
    pub(in crate::objects) rounds: Rounds<T>,
}

methods! {
    SHAPE = read("shape");
    TO_GRID = read("to_grid");
    GET = read("get");
    GET_ROW = read("get_row");
    GET_COLUMN = read("get_column");
    ROW_SUMS = read("row_sums");
    COLUMN_SUMS = read("column_sums");
    TIMES = read("times");
    TIMES_TRANSPOSED = read("times_transposed");
    SUM = read("sum");
    MEAN = read("mean");
    EXTREME = read("extreme");
    NORM = read("norm");
    DOT = read("dot");
    DOT_AT = read("dot_at");
    SET = update("set");
    SET_ROW = update("set_row");
    SET_COLUMN = update("set_column");
    FILL = update("fill");
    REPLACE = update("replace");
    ADD_SCALED = update("add_scaled");
    ADD_AT = update("add_at");
    ADD_ALL = update("add_all");
    ADD_ROW = update("add_row");
    ADD_COLUMN = update("add_column");
    BOUND = update("bound");
    BOUND_AT = update("bound_at");
    SCALE = update("scale");
    SCALE_ROW = update("scale_row");
    SCALE_COLUMN = update("scale_column");
    CONTRIBUTE = update("contribute");
    REDUCED = read("reduced");
    GIVE_UP = update("give_up");
    RESET_ROUNDS = update("reset_rounds");
    RENEW = idempotent("renew");
    LEAVE = idempotent("leave");
    ROUND_STATUS = read("round_status");
}

impl<T: Element> MatrixState<T> {
    pub(super) fn of(grid: Grid<T>) -> Self {
        Self {
            grid,
            rounds: Rounds::default(),
        }
    }

    fn shape(&self) -> (usize, usize) {
        (self.grid.rows(), self.grid.columns())
    }

    /// The numbers, to be changed.
    fn changing(&mut self) -> &mut Vec<T> {
        self.rounds.keep_result(self.grid.numbers());
        self.grid.storage()
    }

    /// Checks that as many numbers were given as a row, or a column, has.
    fn check_length(&self, kind: &str, given: usize, wanted: usize) -> Result<(), Refusal> {
        if given == wanted {
            return Ok(());
        }
        let (rows, columns) = self.shape();
        Err(Refusal::args(format_args!(
            "{given} numbers were given, but {kind} of a matrix of {rows} x {columns} has {wanted}"
        )))
    }

    /// Numbers that go with those of the matrix, one for one.
    fn matching<'a>(&self, other: &'a Grid<T>) -> Result<&'a [T], Refusal> {
        let (rows, columns) = self.shape();
        if (other.rows(), other.columns()) == (rows, columns) {
            Ok(other.numbers())
        } else {
            Err(Refusal::args(format_args!(
                "{} x {} numbers were given for a matrix of {rows} x {columns}",
                other.rows(),
                other.columns()
            )))
        }
    }

    /// The row, to be changed.
    fn changing_row(&mut self, row: usize) -> Result<&mut [T], Refusal> {
        check_lines(Some(row), None, self.shape())?;
        let columns = self.grid.columns();
        Ok(&mut self.changing()[row * columns..][..columns])
    }

    fn column(&self, column: usize) -> Result<Vec<T>, Refusal> {
        check_lines(None, Some(column), self.shape())?;
        let rows = self.grid.iter_rows();
        Ok(rows.map(|row| row[column]).collect())
    }

    /// Replaces the column by what is made of it.
    fn change_column(
        &mut self,
        column: usize,
        change: impl FnOnce(&mut [T]) -> Result<(), Refusal>,
    ) -> Result<(), Refusal> {
        let mut numbers = self.column(column)?;
        change(&mut numbers)?;
        let columns = self.grid.columns();
        for (place, number) in self.changing()[column..]
            .iter_mut()
            .step_by(columns)
            .zip(numbers)
        {
            *place = number;
        }
        Ok(())
    }

    /// Each row's sum of products with the vector.
    fn times(&self, vector: &Numbers<T>) -> Result<Numbers<T>, Refusal> {
        self.check_length("a row", vector.0.len(), self.grid.columns())?;
        let products = self.grid.iter_rows().map(|row| row.dot(&vector.0));
        products.collect::<Result<_, _>>().map(Numbers)
    }

    /// Each column's sum of products with the vector, without turning the matrix round.
    fn times_transposed(&self, vector: &Numbers<T>) -> Result<Numbers<T>, Refusal> {
        self.check_length("a column", vector.0.len(), self.grid.rows())?;
        let mut sums = vec![T::Sum::default(); self.grid.columns()];
        let refuse = || Refusal::args("the sum of the products is no `i64`");
        for (row, factor) in self.grid.iter_rows().zip(&vector.0) {
            for (sum, number) in sums.iter_mut().zip(row) {
                *sum = T::gather(*sum, *number, *factor).ok_or_else(refuse)?;
            }
        }
        let fitted = sums.into_iter().map(T::gathered).collect::<Option<_>>();
        fitted.map(Numbers).ok_or_else(refuse)
    }
}

impl<T: Element> Object for MatrixState<T> {
    const NAME: &'static str = T::MATRIX;
    const METHODS: &'static [Method] = METHODS;
    const CAREFUL: bool = true;

    fn encode(&self) -> Result<Bytes, CodecError> {
        codec::encode_own(self)
    }

    fn size(&self) -> Result<usize, CodecError> {
        Ok(self.grid.size() + self.rounds.size())
    }

    /// Only the end of a round is waited for.
    fn announcement(&mut self, _: &str, _: &[Bytes], _: &Value) -> Option<Bytes> {
        self.rounds.take_news().then(Bytes::new)
    }

    fn timeless(method: &str, reply: Value) -> Value {
        timeless::<T>(method, reply)
    }

    fn apply(&mut self, method: &str, args: &[Bytes]) -> Result<Poll<Value>, Refusal> {
        let numbers = self.grid.numbers();
        match method {
            "shape" => reply(&self.shape()),
            "to_grid" => reply(&self.grid),
            "get" => {
                let (row, column) = arguments(args)?;
                reply(&self.grid.get(row, column))
            }
            "get_row" => {
                let (row,) = arguments(args)?;
                check_lines(Some(row), None, self.shape())?;
                reply(&Borrowed(self.grid.row(row).unwrap_or_default()))
            }
            "get_column" => {
                let (column,) = arguments(args)?;
                reply(&Borrowed(&self.column(column)?))
            }
            "row_sums" => {
                let sums = self.grid.iter_rows().map(Slices::sum);
                reply(&Numbers(sums.collect::<Result<Vec<T>, _>>()?))
            }
            "column_sums" => {
                reply(&self.times_transposed(&Numbers(vec![T::ONE; self.grid.rows()]))?)
            }
            "times" => {
                let (vector,) = arguments(args)?;
                reply(&self.times(&vector)?)
            }
            "times_transposed" => {
                let (vector,) = arguments(args)?;
                reply(&self.times_transposed(&vector)?)
            }
            "dot" => {
                let (grid,): (Grid<T>,) = arguments(args)?;
                reply(&numbers.dot(self.matching(&grid)?)?)
            }
            "set" => {
                let entry: (usize, usize, T) = arguments(args)?;
                let (place, number) = entry.placed(self.shape())?;
                reply(&std::mem::replace(&mut self.changing()[place], number))
            }
            "set_row" => {
                let (row, numbers): (usize, Numbers<T>) = arguments(args)?;
                self.check_length("a row", numbers.0.len(), self.grid.columns())?;
                self.changing_row(row)?.copy_from_slice(&numbers.0);
                reply(&())
            }
            "set_column" => {
                let (column, numbers): (usize, Numbers<T>) = arguments(args)?;
                self.check_length("a column", numbers.0.len(), self.grid.rows())?;
                self.change_column(column, |old| {
                    old.copy_from_slice(&numbers.0);
                    Ok(())
                })?;
                reply(&())
            }
            "replace" => {
                let (grid,): (Grid<T>,) = arguments(args)?;
                let (rows, columns) = self.shape();
                if self.rounds.came() > 0 && (grid.rows(), grid.columns()) != (rows, columns) {
                    return Err(Refusal::args(format_args!(
                        "a round gathers parts of {rows} x {columns}; the matrix can't be {} x {} before it ends",
                        grid.rows(),
                        grid.columns()
                    )));
                }
                self.rounds.keep_result(self.grid.numbers());
                self.grid = grid;
                reply(&())
            }
            "add_scaled" => {
                let (factor, grid): (T, Grid<T>) = arguments(args)?;
                let numbers = self.matching(&grid)?;
                self.changing().add_scaled(factor, numbers)?;
                reply(&())
            }
            "add_all" => {
                let (parts,): (Vec<Grid<T>>,) = arguments(args)?;
                let mut sum = numbers.to_vec();
                for part in &parts {
                    sum.add_scaled(T::ONE, self.matching(part)?)?;
                }
                *self.changing() = sum;
                reply(&())
            }
            "add_row" => {
                let (row, factor, numbers): (usize, T, Numbers<T>) = arguments(args)?;
                self.check_length("a row", numbers.0.len(), self.grid.columns())?;
                self.changing_row(row)?.add_scaled(factor, &numbers.0)?;
                reply(&())
            }
            "add_column" => {
                let (column, factor, numbers): (usize, T, Numbers<T>) = arguments(args)?;
                self.check_length("a column", numbers.0.len(), self.grid.rows())?;
                self.change_column(column, |old| old.add_scaled(factor, &numbers.0))?;
                reply(&())
            }
            "bound" => {
                let (bound, grid): (Bound, Grid<T>) = arguments(args)?;
                let numbers = self.matching(&grid)?;
                self.changing().bound(bound, numbers);
                reply(&())
            }
            "scale_row" => {
                let (row, factor): (usize, T) = arguments(args)?;
                self.changing_row(row)?.scale(factor)?;
                reply(&())
            }
            "scale_column" => {
                let (column, factor): (usize, T) = arguments(args)?;
                self.change_column(column, |numbers| numbers.scale(factor))?;
                reply(&())
            }
            _ => {
                let shape = self.shape();
                let numbers = self.grid.storage();
                All {
                    numbers,
                    shape,
                    rounds: &mut self.rounds,
                }
                .apply::<(usize, usize, T)>(method, args)
            }
        }
    }
}

impl<T: Element> Reducing for MatrixState<T> {
    type Element = T;
    const CONTRIBUTE: &'static Method = &CONTRIBUTE;
    const REDUCED: &'static Method = &REDUCED;
    const GIVE_UP: &'static Method = &GIVE_UP;
    const RENEW: &'static Method = &RENEW;
    const LEAVE: &'static Method = &LEAVE;
}
