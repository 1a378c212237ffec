//! The script of a rate limiter against its state machine.

use bytes::Bytes;
use proptest::prelude::*;

use super::machine::{self, LARGEST, RateLimiterState};
use crate::objects::argument;
use crate::objects::spec::{self, Step};

fn number(range: std::ops::Range<u64>) -> impl Strategy<Value = Bytes> {
    range.prop_map(argument::number)
}

/// Times of calls, which need not rise, some of them far away.
fn now() -> impl Strategy<Value = Bytes> {
    prop_oneof![20 => number(0..200), 1 => number(1 << 40..1 << 42)]
}

fn permits() -> impl Strategy<Value = Bytes> {
    prop_oneof![20 => number(0..6), 1 => number(1 << 20..1 << 32)]
}

fn step() -> impl Strategy<Value = Step> {
    let limit = prop_oneof![
        number(0..2),
        number(0..500),
        Just(argument::number(LARGEST))
    ];
    prop_oneof![
        8 => (permits(), limit, now()).prop_map(|(permits, limit, now)| -> Step {
            (&machine::RESERVE, vec![permits, limit, now])
        }),
        3 => (number(0..6), number(0..4), now()).prop_map(|(number, permits, now)| -> Step {
            (&machine::GIVE_BACK, vec![number, permits, now])
        }),
        1 => now().prop_map(|now| -> Step { (&machine::STATUS, vec![now]) }),
    ]
}

/// Rates of any size that a proxy lets through.
fn init() -> impl Strategy<Value = Vec<Bytes>> {
    let small = (1..6_u64, 1..30_u64, 1..6_u64);
    let large = (1..1_u64 << 32, 1..1_u64 << 20, 1..1_u64 << 32);
    prop_oneof![3 => small, 1 => large].prop_flat_map(|(permits, per, burst)| {
        number(0..100).prop_map(move |now| {
            let mut rate = [permits, per, burst].map(argument::number).to_vec();
            rate.push(now);
            rate
        })
    })
}

#[test]
fn the_script_does_what_the_machine_does() {
    let reads: Vec<Step> = [0, 10, 100, 1000, 1 << 41]
        .map(|now: u64| -> Step { (&machine::STATUS, vec![argument::number(now)]) })
        .into();
    spec::check::<RateLimiterState>(500, spec::cases(init(), step()), &reads, &[]);
}
