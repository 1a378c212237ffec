//! The script of a map against its state machine.

use bytes::Bytes;
use proptest::prelude::*;

use super::machine::{self, MapState};
use crate::objects::spec::{self, Step, element, elements};
use crate::objects::{argument, pages};

pub(in crate::objects) fn entries(
    count: std::ops::Range<usize>,
) -> impl Strategy<Value = Vec<Bytes>> {
    prop::collection::vec((element(), element()), count)
        .prop_map(|entries| entries.into_iter().flat_map(|(k, v)| [k, v]).collect())
}

/// Keys, no two the same, what they should have, and their new values.
fn exchanges() -> impl Strategy<Value = Vec<Bytes>> {
    let exchange = (prop::option::of(element()), element());
    prop::collection::btree_map(element(), exchange, 0..5).prop_map(|exchanges| {
        exchanges
            .into_iter()
            .flat_map(|(key, (current, new))| [key, argument::option(current), new])
            .collect()
    })
}

/// All of a collection of this size on one page.
pub(in crate::objects) fn scan() -> Vec<Bytes> {
    pages::scan(pages::begin(), 100)
}

pub(in crate::objects) fn step() -> impl Strategy<Value = Step> {
    let option = || prop::option::of(element()).prop_map(argument::option);
    prop_oneof![
        entries(1..2).prop_map(|args| -> Step { (&machine::INSERT, args) }),
        entries(0..6).prop_map(|args| -> Step { (&machine::INSERT_ALL, args) }),
        entries(1..2).prop_map(|args| -> Step { (&machine::INSERT_IF_ABSENT, args) }),
        entries(1..2).prop_map(|args| -> Step { (&machine::REPLACE, args) }),
        (element(), option(), option()).prop_map(|(key, current, new)| -> Step {
            (&machine::COMPARE_EXCHANGE, vec![key, current, new])
        }),
        exchanges().prop_map(|args| -> Step { (&machine::EXCHANGE_ALL, args) }),
        elements(1..2).prop_map(|args| -> Step { (&machine::REMOVE, args) }),
        elements(0..6).prop_map(|args| -> Step { (&machine::REMOVE_ALL, args) }),
        Just::<Step>((&machine::CLEAR, vec![])),
        Just::<Step>((&machine::DRAIN, vec![])),
        elements(1..6).prop_map(|args| -> Step { (&machine::GET_MANY, args) }),
        elements(1..2).prop_map(|args| -> Step { (&machine::CONTAINS_KEY, args) }),
        Just::<Step>((&machine::LEN, vec![])),
    ]
}

#[test]
fn the_script_does_what_the_machine_does() {
    spec::check::<MapState>(
        400,
        spec::cases(entries(0..8), step()),
        &[
            (&machine::ENTRIES, vec![]),
            (&machine::KEYS, vec![]),
            (&machine::VALUES, vec![]),
            (&machine::LEN, vec![]),
            (&machine::SCAN, scan()),
        ],
        &[
            ("entries", 2),
            ("drain", 2),
            ("keys", 1),
            ("values", 1),
            ("scan", 2),
        ],
    );
}
