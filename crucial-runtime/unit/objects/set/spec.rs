//! The script of a set against its state machine.

use proptest::prelude::*;

use super::machine::{self, SetState};
use crate::objects::pages;
use crate::objects::spec::{self, Step, elements};

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => elements(0..6).prop_map(|args| -> Step { (&machine::INSERT_ALL, args) }),
        2 => elements(0..6).prop_map(|args| -> Step { (&machine::REMOVE_ALL, args) }),
        1 => Just::<Step>((&machine::CLEAR, vec![])),
        1 => Just::<Step>((&machine::DRAIN, vec![])),
        1 => elements(1..6).prop_map(|args| -> Step { (&machine::CONTAINS_MANY, args) }),
        1 => Just::<Step>((&machine::LEN, vec![])),
    ]
}

#[test]
fn the_script_does_what_the_machine_does() {
    spec::check::<SetState>(
        300,
        spec::cases(elements(0..8), step()),
        &[
            (&machine::ELEMENTS, vec![]),
            (&machine::LEN, vec![]),
            (&machine::SCAN, pages::scan(pages::begin(), 100)),
        ],
        &[("elements", 1), ("drain", 1), ("scan", 1)],
    );
}
