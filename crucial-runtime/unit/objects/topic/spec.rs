//! The script of a topic against its state machine.

use bytes::Bytes;
use proptest::prelude::*;

use super::machine::{self, TopicState};
use crate::objects::argument;
use crate::objects::spec::{self, Case, Step, elements};

fn from() -> impl Strategy<Value = Vec<Bytes>> {
    prop_oneof![8 => 0..40_u64, 1 => Just(1 << 53)].prop_map(|from| vec![argument::number(from)])
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => elements(0..6).prop_map(|args| -> Step { (&machine::PUBLISH, args) }),
        3 => from().prop_map(|args| -> Step { (&machine::READ, args) }),
        1 => Just::<Step>((&machine::STATUS, vec![])),
        1 => Just::<Step>((&machine::CLOSE, vec![])),
    ]
}

fn init() -> impl Strategy<Value = Vec<Bytes>> {
    (1..8_u32).prop_map(|backlog| vec![argument::number(backlog)])
}

/// More, and larger, messages than one read gives.
fn bulk() -> impl Strategy<Value = Case> {
    let sizes = prop::collection::vec(
        prop_oneof![Just(1), Just(50_000), Just(300_000_usize)],
        1..8,
    );
    (sizes, 0..300_usize).prop_map(|(sizes, small)| Case {
        init: Some(vec![argument::number(250)]),
        // One after the other: too large to be of one batch.
        groups: std::iter::once(vec![Bytes::from_static(b"x"); small])
            .chain(
                sizes
                    .into_iter()
                    .map(|size| vec![Bytes::from(vec![b'y'; size])]),
            )
            .map(|messages| -> Vec<Step> { vec![(&machine::PUBLISH, messages)] })
            .collect(),
    })
}

#[test]
fn the_script_does_what_the_machine_does() {
    let mut reads: Vec<Step> = [0, 5, 20, 100, 250, 300]
        .map(|from: u64| -> Step { (&machine::READ, vec![argument::number(from)]) })
        .into();
    reads.push((&machine::STATUS, vec![]));
    spec::check::<TopicState>(
        300,
        prop_oneof![8 => spec::cases(init(), step()), 1 => bulk()],
        &reads,
        &[],
    );
}
