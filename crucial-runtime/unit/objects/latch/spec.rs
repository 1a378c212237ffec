//! The script of a latch against its state machine.

use bytes::Bytes;
use proptest::prelude::*;

use super::machine::{self, LatchState};
use crate::objects::argument;
use crate::objects::spec::{self, Step};

fn count() -> impl Strategy<Value = Vec<Bytes>> {
    prop_oneof![8 => 0_u32..4, 1 => Just(u32::MAX)].prop_map(|count| vec![argument::number(count)])
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => count().prop_map(|args| -> Step { (&machine::COUNT_DOWN, args) }),
        1 => count().prop_map(|args| -> Step { (&machine::TRY_RESET, args) }),
        1 => Just::<Step>((&machine::COUNT, vec![])),
        1 => Just::<Step>((&machine::WAIT, vec![])),
    ]
}

#[test]
fn the_script_does_what_the_machine_does() {
    spec::check::<LatchState>(
        150,
        spec::cases(count(), step()),
        &[(&machine::COUNT, vec![]), (&machine::WAIT, vec![])],
        &[],
    );
}
