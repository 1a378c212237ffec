//! The script of a sorted map against its state machine.

use bytes::Bytes;
use proptest::prelude::*;

use super::machine::{self, SortedMapState};
use super::methods;
use crate::objects::argument;
use crate::objects::map;
use crate::objects::spec::{self, Step, element};

fn ends() -> impl Strategy<Value = Vec<Bytes>> {
    let end = |unbounded: &'static [u8]| {
        let bounded = (any::<bool>(), element()).prop_map(|(included, key)| {
            let kind: &[u8] = if included { b"[" } else { b"(" };
            Bytes::from([kind, &key].concat())
        });
        prop_oneof![1 => Just(Bytes::from_static(unbounded)), 3 => bounded]
    };
    (end(b"-"), end(b"+")).prop_map(|(low, high)| vec![low, high])
}

fn range() -> impl Strategy<Value = Vec<Bytes>> {
    (ends(), -1_i64..4).prop_map(|(mut range, count)| {
        range.push(argument::number(count));
        range
    })
}

fn count() -> impl Strategy<Value = Vec<Bytes>> {
    (0_usize..4).prop_map(|count| vec![argument::count(count)])
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => map::spec::step(),
        1 => range().prop_map(|args| -> Step { (&machine::RANGE_FIRST, args) }),
        1 => range().prop_map(|args| -> Step { (&machine::RANGE_LAST, args) }),
        1 => ends().prop_map(|args| -> Step { (&machine::RANGE_KEYS, args) }),
        1 => ends().prop_map(|args| -> Step { (&machine::RANGE_LEN, args) }),
        1 => element().prop_map(|key| -> Step { (&machine::RANK, vec![key]) }),
        1 => ends().prop_map(|args| -> Step { (&machine::REMOVE_RANGE, args) }),
        1 => count().prop_map(|args| -> Step { (&machine::POP_FIRST, args) }),
        1 => count().prop_map(|args| -> Step { (&machine::POP_LAST, args) }),
    ]
}

#[test]
fn the_script_does_what_the_machine_does() {
    let all = vec![
        Bytes::from_static(b"-"),
        Bytes::from_static(b"+"),
        argument::number(-1),
    ];
    spec::check::<SortedMapState>(
        400,
        spec::cases(map::spec::entries(0..8), step()),
        &[
            (&machine::RANGE_FIRST, all.clone()),
            (&machine::RANGE_LAST, all),
            (&methods::ENTRIES, vec![]),
            (&methods::LEN, vec![]),
        ],
        &[("entries", 2), ("drain", 2)],
    );
}
