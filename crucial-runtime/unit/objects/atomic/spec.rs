//! The script of an atomic against its state machine, which runs Rust's own arithmetic.

use bytes::Bytes;
use proptest::prelude::*;

use super::combined::{Combined, Operation};
use super::machine::{self, AtomicState};
use super::stored;
use crate::objects::spec::{self, Step, element, elements};

const NUMBER: &[Operation] = &[Operation::Add, Operation::Min, Operation::Max];
const BITS: &[Operation] = &[
    Operation::And,
    Operation::Or,
    Operation::Xor,
    Operation::Nand,
];

fn check_number<T: Combined + std::fmt::Debug>(
    value: impl Strategy<Value = T> + Clone,
    operations: &'static [Operation],
) {
    let encode = |value| stored::encode::<T>(&value).unwrap();
    let kind = Bytes::from_static(T::KIND.unwrap().as_bytes());
    let combine = (
        prop::sample::select(operations),
        value.clone(),
        any::<bool>(),
    )
        .prop_map(move |(operation, value, subtract)| -> Step {
            match operation {
                Operation::Add => (&machine::ADD, vec![value.addend(subtract), kind.clone()]),
                operation => {
                    let name = Bytes::from_static(operation.name().as_bytes());
                    (&machine::COMBINE, vec![name, encode(value), kind.clone()])
                }
            }
        });
    // Of what is no whole number, sums are not checked.
    let kind = Bytes::from_static(T::KIND.unwrap().as_bytes());
    let checked = (value.clone(), any::<bool>()).prop_map(move |(value, subtract)| -> Step {
        let operation: &[u8] = if subtract { b"sub" } else { b"add" };
        let operation = Bytes::from_static(operation);
        match T::IS_TEXT && *kind != b"u1"[..] {
            true => (
                &machine::CHECKED,
                vec![operation, encode(value), kind.clone()],
            ),
            false => (&machine::GET, vec![]),
        }
    });
    let one = value.clone().prop_map(move |value| vec![encode(value)]);
    let two = (value.clone(), value).prop_map(move |(a, b)| vec![encode(a), encode(b)]);
    let step = prop_oneof![
        8 => combine,
        4 => checked,
        2 => one.clone().prop_map(|args| -> Step { (&machine::SET, args) }),
        1 => one.clone().prop_map(|args| -> Step { (&machine::SWAP, args) }),
        1 => two.prop_map(|args| -> Step { (&machine::COMPARE_EXCHANGE, args) }),
        1 => Just::<Step>((&machine::GET, vec![])),
    ];
    spec::check::<AtomicState>(120, spec::cases(one, step), &[(&machine::GET, vec![])], &[]);
}

macro_rules! integers {
    ($($name:ident: $integer:ty;)+) => {$(
        #[test]
        fn $name() {
            let limits = vec![
                <$integer>::MIN,
                <$integer>::MIN + 1,
                <$integer>::MAX / 2,
                <$integer>::MAX / 2 + 1,
                <$integer>::MAX - 1,
                <$integer>::MAX,
            ];
            // Around 2^53, where doubles begin to lose digits, as far as the type reaches.
            let inexact = (-2_i64..=2, any::<bool>()).prop_map(|(near, below)| {
                let number = (1_i64 << 53) + near;
                (if below { -number } else { number }) as $integer
            });
            let small = (-3_i64..=100).prop_map(|number| number as $integer);
            check_number::<$integer>(
                prop_oneof![
                    2 => any::<$integer>(),
                    2 => prop::sample::select(limits),
                    1 => inexact,
                    3 => small,
                ],
                &Operation::ALL,
            );
        }
    )+};
}

integers! {
    i8_values: i8;
    i16_values: i16;
    i32_values: i32;
    i64_values: i64;
    u8_values: u8;
    u16_values: u16;
    u32_values: u32;
    u64_values: u64;
}

macro_rules! floats {
    ($($name:ident: $float:ty, $bits:ty;)+) => {$(
        #[test]
        fn $name() {
            let special = vec![
                0.0, -0.0, 1.0, -1.5, 0.1, 1e30,
                <$float>::MIN, <$float>::MAX, <$float>::MIN_POSITIVE, <$float>::EPSILON,
                <$float>::from_bits(1), <$float>::INFINITY, <$float>::NEG_INFINITY,
                <$float>::NAN, -<$float>::NAN, <$float>::from_bits(<$bits>::MAX),
            ];
            let bits = any::<$bits>().prop_map(<$float>::from_bits);
            check_number::<$float>(
                prop_oneof![3 => prop::sample::select(special), 2 => bits, 2 => -100.0 as $float..100.0],
                NUMBER,
            );
        }
    )+};
}

floats! {
    f32_values: f32, u32;
    f64_values: f64, u64;
}

#[test]
fn bool_values() {
    check_number::<bool>(any::<bool>(), BITS);
}

#[test]
fn any_values() {
    let step = prop_oneof![
        element().prop_map(|value| -> Step { (&machine::SET, vec![value]) }),
        element().prop_map(|value| -> Step { (&machine::SWAP, vec![value]) }),
        elements(2..3).prop_map(|args| -> Step { (&machine::COMPARE_EXCHANGE, args) }),
        Just::<Step>((&machine::GET, vec![])),
    ];
    spec::check::<AtomicState>(
        150,
        spec::cases(elements(1..2), step),
        &[(&machine::GET, vec![])],
        &[],
    );
}
