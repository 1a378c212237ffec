//! The script of a barrier against its state machine.

use bytes::Bytes;
use proptest::prelude::*;

use super::machine::{self, BarrierState};
use crate::objects::argument;
use crate::objects::spec::{self, Case, Step};

fn small() -> impl Strategy<Value = Vec<Bytes>> {
    (0_u32..5).prop_map(|number| vec![argument::number(number)])
}

fn generation() -> impl Strategy<Value = Vec<Bytes>> {
    (0_u32..24).prop_map(|number| vec![argument::number(number)])
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        12 => Just::<Step>((&machine::ARRIVE, vec![])),
        1 => small().prop_map(|args| -> Step { (&machine::GIVE_UP, args) }),
        1 => generation().prop_map(|args| -> Step { (&machine::GIVE_UP, args) }),
        4 => Just::<Step>((&machine::RESET, vec![])),
        2 => generation().prop_map(|args| -> Step { (&machine::PASSED, args) }),
        1 => Just::<Step>((&machine::STATUS, vec![])),
    ]
}

/// One generation after the other, broken or not, more of them than are remembered.
fn rounds() -> impl Strategy<Value = Case> {
    (2..4_usize, prop::collection::vec(any::<bool>(), 12..30)).prop_map(|(parties, whole)| Case {
        init: Some(vec![argument::count(parties)]),
        groups: whole
            .into_iter()
            .map(|whole| {
                let arrive: Step = (&machine::ARRIVE, vec![]);
                let reset: Step = (&machine::RESET, vec![]);
                if whole {
                    vec![arrive; parties]
                } else {
                    vec![arrive, reset]
                }
            })
            .collect(),
    })
}

#[test]
fn the_script_does_what_the_machine_does() {
    let past = (0..32)
        .map(|generation| -> Step { (&machine::PASSED, vec![argument::number(generation)]) });
    let status: Step = (&machine::STATUS, vec![]);
    let reads: Vec<_> = std::iter::once(status).chain(past).collect();
    spec::check::<BarrierState>(
        300,
        prop_oneof![3 => spec::cases(small(), step()), 1 => rounds()],
        &reads,
        &[],
    );
}
