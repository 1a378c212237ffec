//! The script of a list against its state machine.

use bytes::Bytes;
use proptest::prelude::*;

use super::machine::{self, ListState};
use crate::objects::argument;
use crate::objects::spec::{self, Step, element, elements};

fn index() -> impl Strategy<Value = Bytes> {
    prop_oneof![8 => 0_usize..8, 1 => Just(usize::MAX)].prop_map(argument::count)
}

fn step() -> impl Strategy<Value = Step> {
    let end = || prop_oneof![4 => index(), 1 => Just(argument::number(-1))];
    prop_oneof![
        2 => elements(1..6).prop_map(|args| -> Step { (&machine::PUSH_BACK, args) }),
        2 => elements(1..6).prop_map(|args| -> Step { (&machine::PUSH_FRONT, args) }),
        1 => Just::<Step>((&machine::PUSH_BACK, vec![])),
        2 => index().prop_map(|count| -> Step { (&machine::POP_BACK, vec![count]) }),
        2 => index().prop_map(|count| -> Step { (&machine::POP_FRONT, vec![count]) }),
        2 => (index(), element()).prop_map(|(index, new)| -> Step { (&machine::SET, vec![index, new]) }),
        2 => (index(), element(), element())
            .prop_map(|(index, current, new)| -> Step { (&machine::COMPARE_EXCHANGE, vec![index, current, new]) }),
        2 => (index(), index()).prop_map(|(a, b)| -> Step { (&machine::SWAP, vec![a, b]) }),
        2 => (index(), element()).prop_map(|(index, new)| -> Step { (&machine::INSERT, vec![index, new]) }),
        2 => index().prop_map(|index| -> Step { (&machine::REMOVE, vec![index]) }),
        2 => elements(0..3).prop_map(|args| -> Step { (&machine::REMOVE_ALL, args) }),
        1 => index().prop_map(|len| -> Step { (&machine::TRUNCATE, vec![len]) }),
        1 => index().prop_map(|len| -> Step { (&machine::KEEP_LAST, vec![len]) }),
        1 => elements(1..2).prop_map(|args| -> Step { (&machine::REMOVE_FIRST, args) }),
        1 => element().prop_map(|element| -> Step {
            (&machine::POSITION, vec![element, Bytes::from_static(b"RANK"), argument::number(-1)])
        }),
        1 => Just::<Step>((&machine::DRAIN, vec![])),
        1 => end().prop_map(|index| -> Step { (&machine::GET, vec![index]) }),
        1 => prop::collection::vec(index(), 0..4).prop_map(|args| -> Step { (&machine::GET_MANY, args) }),
        1 => Just::<Step>((&machine::LEN, vec![])),
        1 => (index(), end()).prop_map(|(first, last)| -> Step { (&machine::RANGE, vec![first, last]) }),
        1 => elements(1..2).prop_map(|args| -> Step { (&machine::POSITION, args) }),
    ]
}

#[test]
fn the_script_does_what_the_machine_does() {
    spec::check::<ListState>(
        500,
        spec::cases(elements(0..8), step()),
        &[
            (
                &machine::RANGE,
                vec![argument::number(0), argument::number(-1)],
            ),
            (&machine::LEN, vec![]),
        ],
        &[],
    );
}
