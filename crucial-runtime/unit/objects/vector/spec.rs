//! The state machine of a vector against what is meant, written down naively.

use std::task::Poll;

use bytes::Bytes;
use proptest::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::machine::VectorState;
use crate::codec;
use crate::object::{Object, Refusal, Value};
use crate::objects::numbers::{Borrowed, Bound, Norm, Numbers};

/// A call, with small whole numbers, which floats add exactly.
#[derive(Debug, Clone)]
enum Step {
    Set(usize, i64),
    SetRange(usize, Vec<i64>),
    Fill(i64),
    Replace(Vec<i64>),
    AddScaled(i64, Vec<i64>),
    AddAt(i64, Vec<(usize, i64)>),
    AddAll(Vec<Vec<i64>>),
    Bound(bool, Vec<i64>),
    BoundAt(bool, Vec<(usize, i64)>),
    Scale(i64),
}

const LENGTH: usize = 4;

fn numbers() -> impl Strategy<Value = Vec<i64>> {
    prop_oneof![
        8 => prop::collection::vec(-9..10_i64, LENGTH),
        1 => prop::collection::vec(-9..10_i64, 0..LENGTH + 2),
        1 => prop::collection::vec(prop::sample::select(vec![i64::MIN, i64::MAX, 1]), LENGTH),
    ]
}

fn entries() -> impl Strategy<Value = Vec<(usize, i64)>> {
    let number = prop_oneof![
        20 => -9..10_i64,
        1 => prop::sample::select(vec![i64::MIN, i64::MAX]),
    ];
    let index = prop_oneof![20 => 0..LENGTH, 1 => Just(LENGTH)];
    prop::collection::vec((index, number), 0..6)
}

fn step() -> impl Strategy<Value = Step> {
    let index = || 0..LENGTH + 1;
    prop_oneof![
        (index(), any::<i8>()).prop_map(|(index, n)| Step::Set(index, n.into())),
        (index(), prop::collection::vec(-9..10_i64, 0..4))
            .prop_map(|(start, numbers)| Step::SetRange(start, numbers)),
        any::<i8>().prop_map(|n| Step::Fill(n.into())),
        prop::collection::vec(-9..10_i64, LENGTH).prop_map(Step::Replace),
        (-3..4_i64, numbers()).prop_map(|(factor, numbers)| Step::AddScaled(factor, numbers)),
        (-3..4_i64, entries()).prop_map(|(factor, entries)| Step::AddAt(factor, entries)),
        prop::collection::vec(numbers(), 0..3).prop_map(Step::AddAll),
        (any::<bool>(), numbers()).prop_map(|(least, numbers)| Step::Bound(least, numbers)),
        (any::<bool>(), entries()).prop_map(|(least, entries)| Step::BoundAt(least, entries)),
        (-3..4_i64).prop_map(Step::Scale),
    ]
}

/// What the step is to do, or nothing where it is refused.
fn naive(state: &[i64], step: &Step) -> Option<Vec<i64>> {
    let zipped = |other: &[i64], f: &dyn Fn(i64, i64) -> Option<i64>| -> Option<Vec<i64>> {
        if other.len() != state.len() {
            return None;
        }
        (0..state.len()).map(|i| f(state[i], other[i])).collect()
    };
    let mut after = state.to_vec();
    match step {
        Step::Set(index, number) => *after.get_mut(*index)? = *number,
        Step::SetRange(start, numbers) => {
            if start + numbers.len() > state.len() {
                return None;
            }
            for (i, number) in numbers.iter().enumerate() {
                after[start + i] = *number;
            }
        }
        Step::Fill(number) => after = vec![*number; state.len()],
        Step::Replace(numbers) => after.clone_from(numbers),
        Step::AddScaled(factor, numbers) => {
            after = zipped(numbers, &|a, b| a.checked_add(factor.checked_mul(b)?))?;
        }
        Step::AddAt(factor, entries) => {
            for (index, number) in entries {
                let place = after.get_mut(*index)?;
                *place = place.checked_add(factor.checked_mul(*number)?)?;
            }
        }
        Step::AddAll(parts) => {
            for part in parts {
                if part.len() != after.len() {
                    return None;
                }
                for (place, number) in after.iter_mut().zip(part) {
                    *place = place.checked_add(*number)?;
                }
            }
        }
        Step::Bound(true, numbers) => after = zipped(numbers, &|a, b| Some(a.min(b)))?,
        Step::Bound(false, numbers) => after = zipped(numbers, &|a, b| Some(a.max(b)))?,
        Step::BoundAt(least, entries) => {
            for (index, number) in entries {
                let place = after.get_mut(*index)?;
                *place = if *least {
                    *number.min(place)
                } else {
                    *number.max(place)
                };
            }
        }
        Step::Scale(factor) => {
            after = state
                .iter()
                .map(|a| a.checked_mul(*factor))
                .collect::<Option<_>>()?;
        }
    }
    Some(after)
}

fn apply<O: Object, A: Serialize>(state: &mut O, method: &str, args: &A) -> Result<Bytes, Refusal> {
    let args = [codec::encode_own(args).unwrap()];
    match state.apply(method, &args)? {
        Poll::Ready(Value::Bytes(reply)) => Ok(reply),
        other => panic!("{other:?}"),
    }
}

fn ask<O: Object, A: Serialize, R: DeserializeOwned + 'static>(
    state: &mut O,
    method: &str,
    args: A,
) -> R {
    codec::decode(&apply(state, method, &args).unwrap()).unwrap()
}

fn run(state: &mut VectorState<i64>, step: &Step) -> Result<Bytes, Refusal> {
    let bound = |least: bool| if least { Bound::Min } else { Bound::Max };
    match step.clone() {
        Step::Set(index, number) => apply(state, "set", &(index, number)),
        Step::SetRange(start, numbers) => apply(state, "set_range", &(start, Numbers(numbers))),
        Step::Fill(number) => apply(state, "fill", &(number,)),
        Step::Replace(numbers) => apply(state, "replace", &(Numbers(numbers),)),
        Step::AddScaled(factor, numbers) => apply(state, "add_scaled", &(factor, Numbers(numbers))),
        Step::AddAt(factor, entries) => apply(state, "add_at", &(factor, entries)),
        Step::AddAll(parts) => {
            let parts: Vec<_> = parts.into_iter().map(Numbers).collect();
            apply(state, "add_all", &(parts,))
        }
        Step::Bound(least, numbers) => apply(state, "bound", &(bound(least), Numbers(numbers))),
        Step::BoundAt(least, entries) => apply(state, "bound_at", &(bound(least), entries)),
        Step::Scale(factor) => apply(state, "scale", &(factor,)),
    }
}

proptest! {
    #[test]
    fn the_machine_does_what_is_meant(
        start in prop::collection::vec(-9..10_i64, LENGTH),
        steps in prop::collection::vec(step(), 0..20),
        entries in entries(),
    ) {
        let mut machine = VectorState::of(start.clone());
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
            let numbers: Numbers<i64> = ask(&mut machine, "to_vec", ());
            prop_assert_eq!(&numbers.0, &model, "{:?}", step);

            let wide: i128 = model.iter().copied().map(i128::from).sum();
            match i64::try_from(wide) {
                Ok(sum) => prop_assert_eq!(ask::<_, _, i64>(&mut machine, "sum", ()), sum),
                Err(_) => prop_assert!(apply(&mut machine, "sum", &()).is_err()),
            }
            // Two products of the largest numbers are more than an `i128` holds.
            let products = entries.iter().try_fold(0_i128, |sum, (index, number)| {
                sum.checked_add(i128::from(*model.get(*index)?) * i128::from(*number))
            });
            let dot = apply(&mut machine, "dot_at", &(&entries,));
            match products.and_then(|sum| i64::try_from(sum).ok()) {
                Some(sum) => prop_assert_eq!(codec::decode::<i64>(&dot.unwrap()).unwrap(), sum),
                None => prop_assert!(matches!(dot, Err(Refusal::Args(_))), "{dot:?}"),
            }
            let least: Option<i64> = ask(&mut machine, "extreme", (Bound::Min,));
            prop_assert_eq!(least, model.iter().min().copied());
            let largest: Option<i64> = ask(&mut machine, "extreme", (Bound::Max,));
            prop_assert_eq!(largest, model.iter().max().copied());
            let bytes = codec::encode_own(&machine).unwrap();
            let room = machine.size().unwrap() - bytes.len();
            prop_assert!(room < 400, "{room} bytes more than there are");
            prop_assert_eq!(&codec::decode::<VectorState<i64>>(&bytes).unwrap(), &machine);
        }
    }

    #[test]
    fn floats_are_measured_as_by_hand(
        pairs in prop::collection::vec((-1e3..1e3_f64, -1e3..1e3_f64), 0..20),
    ) {
        let (a, b): (Vec<f64>, Vec<f64>) = pairs.into_iter().unzip();
        let mut machine = VectorState::of(a.clone());
        let near = |x: f64, y: f64| (x - y).abs() <= 1e-9 * (1.0 + y.abs());
        let dot: f64 = ask(&mut machine, "dot", (Borrowed(&b),));
        prop_assert!(near(dot, a.iter().zip(&b).map(|(a, b)| a * b).sum()));
        let norm = |machine: &mut _, norm: Norm| ask::<_, _, f64>(machine, "norm", (norm,));
        prop_assert!(near(norm(&mut machine, Norm::L1), a.iter().map(|a| a.abs()).sum()));
        prop_assert!(near(norm(&mut machine, Norm::L2), a.iter().map(|a| a * a).sum::<f64>().sqrt()));
        prop_assert!(near(norm(&mut machine, Norm::Max), a.iter().fold(0.0, |m: f64, a| m.max(a.abs()))));
        let mean: Option<f64> = ask(&mut machine, "mean", ());
        prop_assert_eq!(mean.is_some(), !a.is_empty());
        if let Some(mean) = mean {
            prop_assert!(near(mean * a.len() as f64, a.iter().sum()));
        }
        let range: Numbers<f64> = ask(&mut machine, "get_range", (0, a.len() / 2));
        prop_assert_eq!(&range.0[..], &a[..a.len() / 2]);
    }
}
