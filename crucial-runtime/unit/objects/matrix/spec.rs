//! The state machine of a matrix against what is meant, written down naively.

use std::iter;
use std::task::Poll;

use proptest::prelude::*;
use serde::Serialize;

use super::Grid;
use super::machine::MatrixState;
use crate::codec;
use crate::object::{Object, Refusal, Value};
use crate::objects::numbers::{Bound, Numbers};

const ROWS: usize = 3;
const COLUMNS: usize = 2;

/// A call on a row or a column, or on all.
#[derive(Debug, Clone)]
enum Step {
    Set(usize, usize, i64),
    SetRow(usize, Vec<i64>),
    SetColumn(usize, Vec<i64>),
    AddRow(usize, i64, Vec<i64>),
    AddColumn(usize, i64, Vec<i64>),
    ScaleRow(usize, i64),
    ScaleColumn(usize, i64),
    AddAt(i64, Vec<(usize, usize, i64)>),
    BoundAt(bool, Vec<(usize, usize, i64)>),
    AddScaled(i64, Vec<Vec<i64>>),
}

fn small() -> impl Strategy<Value = i64> {
    prop_oneof![20 => -9..10_i64, 1 => Just(i64::MAX)]
}

fn numbers(count: usize) -> impl Strategy<Value = Vec<i64>> {
    prop_oneof![
        9 => prop::collection::vec(small(), count),
        1 => prop::collection::vec(small(), 0..count + 2),
    ]
}

fn entries() -> impl Strategy<Value = Vec<(usize, usize, i64)>> {
    let place = prop_oneof![
        20 => (0..ROWS, 0..COLUMNS),
        1 => prop::sample::select(vec![(ROWS, 0), (0, COLUMNS)]),
    ];
    let entry = (place, small()).prop_map(|((r, c), n)| (r, c, n));
    prop::collection::vec(entry, 0..5)
}

fn step() -> impl Strategy<Value = Step> {
    let (row, column) = (|| 0..ROWS + 1, || 0..COLUMNS + 1);
    prop_oneof![
        (row(), column(), small()).prop_map(|(r, c, n)| Step::Set(r, c, n)),
        (row(), numbers(COLUMNS)).prop_map(|(r, n)| Step::SetRow(r, n)),
        (column(), numbers(ROWS)).prop_map(|(c, n)| Step::SetColumn(c, n)),
        (row(), -2..3_i64, numbers(COLUMNS)).prop_map(|(r, f, n)| Step::AddRow(r, f, n)),
        (column(), -2..3_i64, numbers(ROWS)).prop_map(|(c, f, n)| Step::AddColumn(c, f, n)),
        (row(), -2..3_i64).prop_map(|(r, f)| Step::ScaleRow(r, f)),
        (column(), -2..3_i64).prop_map(|(c, f)| Step::ScaleColumn(c, f)),
        (-2..3_i64, entries()).prop_map(|(f, entries)| Step::AddAt(f, entries)),
        (any::<bool>(), entries()).prop_map(|(least, entries)| Step::BoundAt(least, entries)),
        (
            -2..3_i64,
            prop::collection::vec(prop::collection::vec(small(), COLUMNS), ROWS - 1..ROWS + 1)
        )
            .prop_map(|(f, rows)| Step::AddScaled(f, rows)),
    ]
}

type Rows = Vec<Vec<i64>>;

/// What the step is to do, or nothing where it is refused.
fn naive(rows: &Rows, step: &Step) -> Option<Rows> {
    let mut after = rows.clone();
    let add = |place: &mut i64, factor: i64, number: i64| -> Option<()> {
        *place = place.checked_add(factor.checked_mul(number)?)?;
        Some(())
    };
    let fits = |numbers: &[i64], count: usize| (numbers.len() == count).then_some(());
    match step {
        Step::Set(r, c, number) => *after.get_mut(*r)?.get_mut(*c)? = *number,
        Step::SetRow(r, numbers) => {
            fits(numbers, COLUMNS)?;
            after.get_mut(*r)?.clone_from(numbers);
        }
        Step::SetColumn(c, numbers) => {
            fits(numbers, ROWS)?;
            for (row, number) in after.iter_mut().zip(numbers) {
                *row.get_mut(*c)? = *number;
            }
        }
        Step::AddRow(r, factor, numbers) => {
            fits(numbers, COLUMNS)?;
            for (place, number) in after.get_mut(*r)?.iter_mut().zip(numbers) {
                add(place, *factor, *number)?;
            }
        }
        Step::AddColumn(c, factor, numbers) => {
            fits(numbers, ROWS)?;
            for (row, number) in after.iter_mut().zip(numbers) {
                add(row.get_mut(*c)?, *factor, *number)?;
            }
        }
        Step::ScaleRow(r, factor) => {
            for place in after.get_mut(*r)? {
                *place = place.checked_mul(*factor)?;
            }
        }
        Step::ScaleColumn(c, factor) => {
            for row in &mut after {
                let place = row.get_mut(*c)?;
                *place = place.checked_mul(*factor)?;
            }
        }
        Step::AddAt(factor, entries) => {
            for (r, c, number) in entries {
                add(after.get_mut(*r)?.get_mut(*c)?, *factor, *number)?;
            }
        }
        Step::BoundAt(least, entries) => {
            for (r, c, number) in entries {
                let place = after.get_mut(*r)?.get_mut(*c)?;
                *place = if *least {
                    *number.min(place)
                } else {
                    *number.max(place)
                };
            }
        }
        Step::AddScaled(factor, other) => {
            (other.len() == ROWS).then_some(())?;
            for (row, other) in after.iter_mut().zip(other) {
                for (place, number) in row.iter_mut().zip(other) {
                    add(place, *factor, *number)?;
                }
            }
        }
    }
    Some(after)
}

fn apply<A: Serialize>(
    state: &mut MatrixState<i64>,
    method: &str,
    args: A,
) -> Result<bytes::Bytes, Refusal> {
    match state.apply(method, &[codec::encode_own(&args).unwrap()])? {
        Poll::Ready(Value::Bytes(reply)) => Ok(reply),
        other => panic!("{other:?}"),
    }
}

fn run(state: &mut MatrixState<i64>, step: &Step) -> Result<bytes::Bytes, Refusal> {
    match step.clone() {
        Step::Set(r, c, n) => apply(state, "set", (r, c, n)),
        Step::SetRow(r, n) => apply(state, "set_row", (r, Numbers(n))),
        Step::SetColumn(c, n) => apply(state, "set_column", (c, Numbers(n))),
        Step::AddRow(r, f, n) => apply(state, "add_row", (r, f, Numbers(n))),
        Step::AddColumn(c, f, n) => apply(state, "add_column", (c, f, Numbers(n))),
        Step::ScaleRow(r, f) => apply(state, "scale_row", (r, f)),
        Step::ScaleColumn(c, f) => apply(state, "scale_column", (c, f)),
        Step::AddAt(f, entries) => apply(state, "add_at", (f, entries)),
        Step::BoundAt(true, entries) => apply(state, "bound_at", (Bound::Min, entries)),
        Step::BoundAt(false, entries) => apply(state, "bound_at", (Bound::Max, entries)),
        Step::AddScaled(f, rows) => apply(state, "add_scaled", (f, Grid::from_rows(rows).unwrap())),
    }
}

/// The sums of products, if they all fit.
fn products(lines: impl Iterator<Item = Vec<i64>>, vector: &[i64]) -> Option<Vec<i64>> {
    lines
        .map(|line| {
            let mut products = line.iter().zip(vector);
            let sum = products.try_fold(0_i128, |sum, (a, b)| {
                sum.checked_add(i128::from(*a) * i128::from(*b))
            });
            i64::try_from(sum?).ok()
        })
        .collect()
}

proptest! {
    #[test]
    fn the_machine_does_what_is_meant(
        start in prop::collection::vec(prop::collection::vec(-9..10_i64, COLUMNS), ROWS),
        steps in prop::collection::vec(step(), 0..20),
        vector in prop::collection::vec(-9..10_i64, ROWS),
        other in prop::collection::vec(prop::collection::vec(small(), COLUMNS), ROWS),
        entries in entries(),
    ) {
        let mut machine = MatrixState::of(Grid::from_rows(&start).unwrap());
        let mut model = start;
        for step in &steps {
            let done = run(&mut machine, step);
            match naive(&model, step) {
                Some(after) => {
                    prop_assert!(done.is_ok(), "{step:?}: {done:?}");
                    model = after;
                }
                None => prop_assert!(matches!(done, Err(Refusal::Args(_))), "{step:?}: {done:?}"),
            }
            let grid: Grid<i64> = codec::decode(&apply(&mut machine, "to_grid", ()).unwrap()).unwrap();
            prop_assert_eq!(grid.iter_rows().map(<[i64]>::to_vec).collect::<Vec<_>>(), model.clone());
            let bytes = codec::encode_own(&machine).unwrap();
            let room = machine.size().unwrap() - bytes.len();
            prop_assert!(room < 400, "{room} bytes more than there are");
            let columns = |model: &Rows| -> Rows {
                (0..COLUMNS).map(|c| model.iter().map(|row| row[c]).collect()).collect()
            };
            for (method, expected) in [
                ("times", products(model.iter().cloned(), &vector[..COLUMNS])),
                ("times_transposed", products(columns(&model).into_iter(), &vector)),
            ] {
                let argument = if method == "times" { &vector[..COLUMNS] } else { &vector[..] };
                let got = apply(&mut machine, method, (Numbers(argument.to_vec()),));
                match expected {
                    Some(expected) => {
                        let got: Numbers<i64> = codec::decode(&got.unwrap()).unwrap();
                        prop_assert_eq!(got.0, expected, "{}", method);
                    }
                    None => prop_assert!(got.is_err(), "{method}"),
                }
            }
            let flat = |rows: &Rows| rows.concat();
            let all = products(iter::once(flat(&model)), &flat(&other)).map(|sums| sums[0]);
            let named: Option<(Vec<i64>, Vec<i64>)> = entries
                .iter()
                .map(|(r, c, n)| Some((*model.get(*r)?.get(*c)?, *n)))
                .collect();
            let some = named.and_then(|(mine, given)| products(iter::once(mine), &given));
            let grid = Grid::from_rows(&other).unwrap();
            for (got, expected) in [
                (apply(&mut machine, "dot", (grid,)), all),
                (apply(&mut machine, "dot_at", (&entries,)), some.map(|sums| sums[0])),
            ] {
                match expected {
                    Some(sum) => prop_assert_eq!(codec::decode::<i64>(&got.unwrap()).unwrap(), sum),
                    None => prop_assert!(matches!(got, Err(Refusal::Args(_))), "{got:?}"),
                }
            }
            for (method, lines) in [("row_sums", model.clone()), ("column_sums", columns(&model))] {
                let got = apply(&mut machine, method, ());
                match products(lines.into_iter(), &[1; ROWS]) {
                    Some(expected) => {
                        let got: Numbers<i64> = codec::decode(&got.unwrap()).unwrap();
                        prop_assert_eq!(got.0, expected, "{}", method);
                    }
                    None => prop_assert!(got.is_err(), "{method}"),
                }
            }
        }
    }
}
