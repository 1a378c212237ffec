//! Models with a clock, against the same without.

use std::collections::BTreeSet;
use std::task::Poll;

use proptest::prelude::*;

use super::busy::busy;
use crate::linearizability::search::Limit;
use crate::linearizability::{CheckError, History, Model};

/// Tickets that are drawn and given back.
#[derive(Debug, Default, Clone, PartialEq, Eq, Hash)]
struct Tickets<const CLOCK: bool> {
    next: u64,
    out: BTreeSet<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Call {
    Draw,
    GiveBack(u64),
    Out,
}

impl<const CLOCK: bool> Model for Tickets<CLOCK> {
    type Call = Call;
    type Reply = u64;

    fn apply(&mut self, call: &Call) -> Poll<u64> {
        Poll::Ready(match call {
            Call::Draw => {
                let ticket = self.next;
                self.next += 1;
                self.out.insert(ticket);
                ticket
            }
            Call::GiveBack(ticket) => self.out.remove(ticket).into(),
            Call::Out => self.out.len() as u64,
        })
    }

    fn clock(&self) -> u64 {
        self.next
    }

    fn clock_before(call: &Call, reply: &u64) -> Option<u64> {
        (CLOCK && *call == Call::Draw).then_some(*reply)
    }
}

/// A call at some moment: how long before it began and how long after it ended, and whether it was answered, and rightly.
type Made = (Call, (u64, u64), u8);

fn made() -> impl Strategy<Value = Made> {
    let call = prop_oneof![
        3 => Just(Call::Draw),
        2 => (0_u64..4).prop_map(Call::GiveBack),
        1 => Just(Call::Out),
    ];
    (call, (0_u64..6, 0_u64..6), 0_u8..16)
}

/// What callers of tickets might have seen.
fn history(calls: &[Made]) -> History<Call, u64> {
    let mut tickets = Tickets::<true>::default();
    let mut history = History::new();
    for (place, (call, (before, after), chance)) in calls.iter().enumerate() {
        let at = 2 * place as u64 + 6;
        if *chance == 0 {
            history.in_doubt("a", at - before.., *call);
            continue;
        }
        let Poll::Ready(reply) = tickets.apply(call) else {
            continue;
        };
        match chance {
            1 | 2 => history.in_doubt("a", at - before.., *call),
            3 => history.late("a", at - before.., *call, reply),
            4 => history.replied("a", at - before..at + after, *call, reply ^ 1),
            _ => history.replied("a", at - before..at + after, *call, reply),
        }
    }
    history
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_clock_changes_no_verdict(calls in prop::collection::vec(made(), 0..12)) {
        let history = history(&calls);
        let with = history.check(Tickets::<true>::default());
        let without = history.check(Tickets::<false>::default());
        prop_assert_eq!(with.is_ok(), without.is_ok(), "{:?}, {:?}", with, without);
    }
}

#[test]
fn a_clock_spares_tries() {
    let call = |random| match random % 3 {
        0 => Call::GiveBack(random % 89),
        1 => Call::Draw,
        _ => Call::Out,
    };
    let history = busy(Tickets::<true>::default(), 300, 8, 1_000, call);
    let limit = || Limit(20_000);
    let with = history.check_within(Tickets::<true>::default(), limit());
    assert!(with.is_ok(), "{with:?}");
    let without = history.check_within(Tickets::<false>::default(), limit());
    assert!(matches!(without, Err(CheckError::Undecided { .. })));
}

#[test]
fn a_ticket_that_was_drawn_twice_is_shown() {
    let mut history = History::new();
    history.replied("a", 0..1, Call::Draw, 0);
    history.replied("b", 2..3, Call::Draw, 1);
    history.replied("c", 4..5, Call::Out, 2);
    history.replied("d", 6..7, Call::Draw, 1);
    let error = history.check(Tickets::<true>::default()).unwrap_err();
    let CheckError::NotLinearizable(violation) = error else {
        panic!("{error}");
    };
    assert_eq!(violation.unexplained(), "[6 to 7] d: Draw -> 1");
    assert!(violation.to_string().contains("next: 2"), "{violation}");
}
