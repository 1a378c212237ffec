//! The script of a barrier against its state machine.

use bytes::Bytes;
use proptest::prelude::*;

use super::machine::{self, BarrierState};
use crate::objects::argument::number;
use crate::objects::spec::{self, Case, Step};

fn parties() -> impl Strategy<Value = Vec<Bytes>> {
    (0_u32..5).prop_map(|parties| vec![number(parties)])
}

fn session() -> impl Strategy<Value = Bytes> {
    prop::sample::select(vec!["ada", "bob", "eve"]).prop_map(Bytes::from)
}

/// Times may go back, as clocks do; mostly no lease ends.
fn now() -> impl Strategy<Value = Bytes> {
    prop_oneof![6 => 0_u32..30, 1 => 0_u32..100].prop_map(number)
}

fn lease() -> impl Strategy<Value = Bytes> {
    (20_u32..60).prop_map(number)
}

fn generation() -> impl Strategy<Value = Bytes> {
    prop_oneof![0_u32..4, 0_u32..24].prop_map(number)
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        // As a process sends them, which lets them be folded.
        6 => Just::<Step>((&machine::ARRIVE, vec!["ada".into(), number(40), number(1), number(7)])),
        6 => (session(), lease(), 1_u32..9, now())
            .prop_map(|(s, l, c, n)| -> Step { (&machine::ARRIVE, vec![s, l, number(c), n]) }),
        1 => now().prop_map(|n| -> Step { (&machine::ARRIVE_AND_DROP, vec![n]) }),
        1 => (generation(), now()).prop_map(|(g, n)| -> Step { (&machine::GIVE_UP, vec![g, n]) }),
        4 => now().prop_map(|n| -> Step { (&machine::RESET, vec![n]) }),
        2 => (session(), lease(), now())
            .prop_map(|(s, l, n)| -> Step { (&machine::RENEW, vec![s, l, n]) }),
        1 => (session(), now()).prop_map(|(s, n)| -> Step { (&machine::LEAVE, vec![s, n]) }),
        2 => generation().prop_map(|g| -> Step { (&machine::PASSED, vec![g]) }),
        1 => now().prop_map(|n| -> Step { (&machine::STATUS, vec![n]) }),
    ]
}

/// One generation after the other, broken or not, more of them than are remembered.
fn rounds() -> impl Strategy<Value = Case> {
    (2..4_usize, prop::collection::vec(any::<bool>(), 12..30)).prop_map(|(parties, whole)| Case {
        init: Some(vec![number(parties)]),
        groups: whole
            .into_iter()
            .map(|whole| {
                let arguments = vec!["ada".into(), number(40), number(1), number(7)];
                let arrive: Step = (&machine::ARRIVE, arguments);
                let reset: Step = (&machine::RESET, vec![number(7)]);
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
    let past = (0..32).map(|generation| -> Step { (&machine::PASSED, vec![number(generation)]) });
    let status = [0, 30, 200].map(|now| -> Step { (&machine::STATUS, vec![number(now)]) });
    let looks = [0, 30, 200].map(|now| -> Step { (&machine::LOOK, vec![number(now)]) });
    let reads: Vec<_> = status.into_iter().chain(looks).chain(past).collect();
    spec::check::<BarrierState>(
        400,
        prop_oneof![3 => spec::cases(parties(), step()), 1 => rounds()],
        &reads,
        &[],
    );
}
