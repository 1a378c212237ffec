//! The script of a queue against its state machine.

use bytes::Bytes;
use proptest::prelude::*;

use super::machine::{self, QueueState};
use crate::object::Method;
use crate::objects::argument;
use crate::objects::spec::{self, Case, Step, element, elements};

fn number(range: std::ops::Range<u64>) -> impl Strategy<Value = Bytes> {
    range.prop_map(argument::number)
}

/// Times of calls, which need not rise.
fn now() -> impl Strategy<Value = Bytes> {
    prop_oneof![20 => number(0..40), 1 => number((1 << 42) - 2..(1 << 42) + 2)]
}

/// Tickets of two processes, and none.
fn ticket() -> impl Strategy<Value = Bytes> {
    prop::sample::select(vec![&b""[..], b"", b"a:1", b"a:2", b"a:10", b"b:1", b"b:2"])
        .prop_map(Bytes::from_static)
}

fn patience() -> impl Strategy<Value = Bytes> {
    prop_oneof![8 => number(1..30), 1 => Just(argument::number(1_u64 << 42))]
}

fn lease() -> impl Strategy<Value = Bytes> {
    prop_oneof![1 => Just(Bytes::new()), 2 => number(1..20)]
}

/// The numbers of deliveries, which may be held.
fn held(count: std::ops::Range<usize>) -> impl Strategy<Value = Vec<Bytes>> {
    let pair = (number(0..12), number(0..4));
    prop::collection::vec(pair, count).prop_map(|pairs| {
        pairs
            .into_iter()
            .flat_map(|(id, count)| [id, count])
            .collect()
    })
}

fn step() -> impl Strategy<Value = Step> {
    let timed = |mut args: Vec<Bytes>, now: Bytes| {
        args.push(now);
        args
    };
    prop_oneof![
        6 => (ticket(), patience(), elements(0..4), now()).prop_map(move |(ticket, patience, elements, now)| -> Step {
            (&machine::PUT, timed([vec![ticket, patience], elements].concat(), now))
        }),
        2 => (ticket(), patience(), now()).prop_filter_map("a ticket", |(ticket, patience, now)| {
            (!ticket.is_empty()).then(|| -> Step { (&machine::AWAIT_ROOM, vec![ticket, patience, now]) })
        }),
        8 => (ticket(), patience(), number(1..4), lease(), now()).prop_map(|(ticket, patience, count, lease, now)| -> Step {
            (&machine::TAKE, vec![ticket, patience, count, lease, now])
        }),
        1 => now().prop_map(|now| -> Step { (&machine::DRAIN, vec![now]) }),
        1 => ticket().prop_map(|ticket| -> Step { (&machine::LEAVE_PUTTERS, vec![ticket]) }),
        1 => ticket().prop_map(|ticket| -> Step { (&machine::LEAVE_TAKERS, vec![ticket]) }),
        2 => (number(0..12), number(0..4), element()).prop_map(|(id, count, element)| -> Step {
            (&machine::GIVE_BACK, vec![id, count, element])
        }),
        3 => (held(0..4), now()).prop_map(move |(held, now)| -> Step { (&machine::ACK, timed(held, now)) }),
        3 => (held(0..4), now()).prop_map(move |(held, now)| -> Step { (&machine::RELEASE, timed(held, now)) }),
        2 => (held(1..2), patience(), now()).prop_map(move |(held, lease, now)| -> Step {
            (&machine::EXTEND, timed([held, vec![lease]].concat(), now))
        }),
        1 => Just::<Step>((&machine::CLOSE, vec![])),
        1 => now().prop_map(|now| -> Step { (&machine::DRAIN_DEAD, vec![now]) }),
        1 => now().prop_map(|now| -> Step { (&machine::DEAD, vec![now]) }),
        1 => now().prop_map(|now| -> Step { (&machine::STATUS, vec![now]) }),
        1 => now().prop_map(|now| -> Step { (&machine::PEEK, vec![now]) }),
    ]
}

fn init() -> impl Strategy<Value = Vec<Bytes>> {
    (number(0..5), number(0..3), elements(0..4))
        .prop_map(|(capacity, most, elements)| [vec![capacity, most], elements].concat())
}

#[test]
fn the_script_does_what_the_machine_does() {
    let at = |now: u64| vec![argument::number(now)];
    spec::check::<QueueState>(
        1000,
        spec::cases(init(), step()),
        &[
            (&machine::STATUS, at(20)),
            (&machine::STATUS, at(50)),
            (&machine::PEEK, at(50)),
            (&machine::DEAD, at(50)),
            (&machine::CONTENTS, vec![]),
            (
                &machine::LOOK,
                vec![argument::number(2), argument::number(50)],
            ),
            (
                &machine::LOOK,
                vec![argument::number(9), argument::number(50)],
            ),
        ],
        &[],
    );
}

/// Calls of one batch, at one time, of which one makes something due that the next has to see to.
#[test]
fn a_call_sees_to_what_the_call_before_it_made_due() {
    let text = |words: &[&'static str]| -> Vec<Bytes> {
        words.iter().map(|word| Bytes::from(*word)).collect()
    };
    // The first two calls of a group travel by themselves.
    let group = |steps: &[(&'static Method, &[&'static str])]| -> Vec<Step> {
        let alone: Step = (&machine::LEAVE_TAKERS, text(&[""]));
        let steps = steps.iter().map(|(method, args)| (*method, text(args)));
        [alone.clone(), alone].into_iter().chain(steps).collect()
    };
    let cases = [
        // Whoever is first in line goes, and the next one is dead.
        vec![
            group(&[(&machine::PUT, &["a:1", "50", "x", "10"])]),
            group(&[(&machine::PUT, &["a:2", "5", "y", "10"])]),
            group(&[(&machine::DRAIN, &["12"])]),
            group(&[
                (&machine::PUT, &["a:1", "50", "30"]),
                (&machine::PUT, &["b:1", "50", "z", "30"]),
            ]),
        ],
        // A lease that is over as soon as it begins.
        vec![group(&[
            (&machine::TAKE, &["", "1", "1", "0", "30"]),
            (&machine::TAKE, &["", "1", "1", "9", "30"]),
            (&machine::EXTEND, &["0", "2", "0", "30"]),
            (&machine::TAKE, &["", "1", "1", "9", "30"]),
        ])],
        // Somebody who has no patience.
        vec![
            group(&[(&machine::DRAIN, &["10"])]),
            group(&[
                (&machine::TAKE, &["a:1", "0", "1", "", "30"]),
                (&machine::TAKE, &["a:2", "50", "1", "", "30"]),
                (&machine::PUT, &["b:1", "50", "x", "30"]),
            ]),
        ],
    ];
    let init = text(&["1", "0", "first"]);
    let cases = prop::sample::select(cases.to_vec()).prop_map(move |groups| Case {
        init: Some(init.clone()),
        groups,
    });
    let status = (&machine::STATUS, text(&["30"]));
    spec::check::<QueueState>(12, cases, &[status], &[]);
}
