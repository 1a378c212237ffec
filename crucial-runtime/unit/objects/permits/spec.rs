//! The script of permits against their state machine.

use bytes::Bytes;
use proptest::prelude::*;

use super::machine::{self, Permits};
use crate::objects::argument::number;
use crate::objects::spec::{self, Step};

/// What a semaphore, a lock and a notification start from.
fn init() -> impl Strategy<Value = Vec<Bytes>> {
    prop_oneof![
        (0_u32..6).prop_map(|permits| vec![number(permits), number(permits), Bytes::new()]),
        Just(vec![
            number(machine::ALL),
            number(machine::ALL),
            Bytes::new(),
            "value".into()
        ]),
        (0_u32..2).prop_map(|most| vec![number(0), number(1), number(most)]),
    ]
}

fn session() -> impl Strategy<Value = Bytes> {
    prop::sample::select(vec!["ada", "bob", "eve"]).prop_map(Bytes::from)
}

fn count() -> impl Strategy<Value = Bytes> {
    prop_oneof![
        4 => (0_u64..4).prop_map(number),
        1 => Just(number(machine::ALL)),
        1 => Just(number(machine::ALL - 1)),
    ]
}

/// Times may go back, as clocks do.
fn now() -> impl Strategy<Value = Bytes> {
    (0_u32..100).prop_map(number)
}

fn lease() -> impl Strategy<Value = Bytes> {
    (1_u32..40).prop_map(number)
}

fn ticket() -> impl Strategy<Value = Bytes> {
    (1_u32..12).prop_map(number)
}

fn step() -> impl Strategy<Value = Step> {
    let queue = any::<bool>().prop_map(|queue| number(u8::from(queue)));
    let all_or = prop_oneof![Just(Bytes::new()), count()];
    let keep = prop::sample::select(vec![0, 1, machine::ALL]).prop_map(number);
    prop_oneof![
        8 => (session(), lease(), count(), queue, now())
            .prop_map(|(s, l, c, q, n)| -> Step { (&machine::ACQUIRE, vec![s, l, c, q, n]) }),
        4 => (ticket(), all_or, now())
            .prop_map(|(t, c, n)| -> Step { (&machine::RELEASE, vec![t, c, n]) }),
        1 => (ticket(), now()).prop_map(|(t, n)| -> Step { (&machine::FORGET, vec![t, n]) }),
        2 => (ticket(), spec::element(), keep, now())
            .prop_map(|(t, v, k, n)| -> Step { (&machine::WRITE, vec![t, v, k, n]) }),
        2 => (session(), lease(), now())
            .prop_map(|(s, l, n)| -> Step { (&machine::RENEW, vec![s, l, n]) }),
        2 => (count(), now()).prop_map(|(c, n)| -> Step { (&machine::ADD, vec![c, n]) }),
        1 => (count(), now()).prop_map(|(c, n)| -> Step { (&machine::SHRINK, vec![c, n]) }),
        1 => now().prop_map(|n| -> Step { (&machine::WAKE_ALL, vec![n]) }),
        2 => ticket().prop_map(|t| -> Step { (&machine::GRANTED, vec![t]) }),
        1 => now().prop_map(|n| -> Step { (&machine::AVAILABLE, vec![n]) }),
        1 => Just::<Step>((&machine::STATUS, vec![])),
    ]
}

#[test]
fn the_script_does_what_the_machine_does() {
    // Closing ends what can happen, so it comes seldom.
    let step = prop_oneof![
        40 => step(),
        1 => now().prop_map(|n| -> Step { (&machine::CLOSE, vec![n]) }),
    ];
    let mut reads: Vec<Step> = vec![
        (&machine::LOOK, vec![number(50)]),
        (&machine::VALUE, vec![]),
    ];
    reads.extend((1..16).map(|ticket| -> Step { (&machine::GRANTED, vec![number(ticket)]) }));
    reads.extend([0, 50, 200].map(|now| -> Step { (&machine::AVAILABLE, vec![number(now)]) }));
    spec::check::<Permits>(400, spec::cases(init(), step), &reads, &[]);
}
