//! Vectors and matrices as people see them: their numbers, and the round that gathers.

use serde_json::{Value as Json, json};

use super::View;
use crate::error::Result;
use crate::object::{Handle, Key};
use crate::objects::matrix::machine::MatrixState;
use crate::objects::numbers::{Element, Rounds};
use crate::objects::vector::machine::VectorState;

pub(super) async fn vector<T: Element>(key: Key, count: usize) -> Result<View> {
    let state = Handle::<VectorState<T>>::at(key).snapshot().await?;
    let numbers = &state.numbers.0;
    let first = &numbers[..numbers.len().min(count)];
    Ok(View {
        content: content(&row(first), &state.rounds),
        complete: numbers.len() <= count,
    })
}

pub(super) async fn matrix<T: Element>(key: Key, count: usize) -> Result<View> {
    let MatrixState { grid, rounds } = Handle::<MatrixState<T>>::at(key).snapshot().await?;
    let rows = count.div_ceil(grid.columns().max(1));
    let first: Json = grid.iter_rows().take(rows).map(row).collect();
    Ok(View {
        content: content(&first, &rounds),
        complete: grid.rows() <= rows,
    })
}

fn row<T: Element>(numbers: &[T]) -> Json {
    numbers.iter().map(|number| number.as_json()).collect()
}

fn content<T: Element>(numbers: &Json, rounds: &Rounds<T>) -> Json {
    json!({
        "numbers": numbers,
        "parties_waiting": rounds.came(),
        "round_broken": rounds.is_broken(),
    })
}
