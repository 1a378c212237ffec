//! Histories with calls of which nobody knows whether they took effect, or how often.

use super::known::Call::{Add, Get, Reset, Set, Take};
use super::known::Entry::{Effective, InDoubt, Late, Replied};
use super::known::{Number, bad, good, history};
use crate::linearizability::CheckError;
use crate::linearizability::search::Limit;

#[test]
fn calls_that_were_answered_when_all_was_over() {
    good("it happened", &[Late(0, Add(1), 0), Replied(1, 2, Get, 1)]);
    good(
        "not before the end",
        &[Late(0, Add(1), 7), Replied(1, 2, Get, 0)],
    );
    good(
        "the one whose answer says that it was second",
        &[
            Late(0, Add(1), 4),
            Late(0, Add(4), 0),
            Replied(1, 2, Get, 4),
            Replied(3, 4, Get, 5),
        ],
    );
    bad(
        "it happened, but not with that answer",
        &[Late(0, Add(1), 3), Replied(1, 2, Get, 1)],
        "Get",
    );
}

#[test]
fn calls_in_doubt() {
    good("it happened", &[InDoubt(0, Add(1)), Replied(1, 2, Get, 1)]);
    good(
        "it did not happen",
        &[InDoubt(0, Add(1)), Replied(1, 2, Get, 0)],
    );
    good(
        "it happened late",
        &[
            InDoubt(0, Add(1)),
            Replied(1, 2, Get, 0),
            Replied(3, 4, Add(1), 0),
            Replied(5, 6, Get, 2),
        ],
    );
    good(
        "it happened although it would have had to wait before",
        &[
            InDoubt(0, Take(1)),
            Replied(1, 2, Get, 0),
            Replied(3, 4, Add(1), 0),
            Replied(5, 6, Get, 0),
        ],
    );
    good(
        "two failed calls, both of which happened, in the order in which the second began first",
        &[
            InDoubt(0, Set(1)),
            InDoubt(0, Add(4)),
            Replied(1, 2, Get, 4),
            Replied(3, 4, Get, 1),
        ],
    );
    good(
        "two equal failed calls, one of which happened",
        &[
            InDoubt(0, Add(1)),
            InDoubt(3, Add(1)),
            Replied(1, 2, Get, 1),
            Replied(4, 5, Get, 1),
        ],
    );
    bad(
        "it happened twice",
        &[
            InDoubt(0, Add(1)),
            Replied(1, 2, Get, 1),
            Replied(3, 4, Get, 2),
        ],
        "Get -> 2",
    );
    bad(
        "it happened and was undone",
        &[
            InDoubt(0, Add(1)),
            Replied(1, 2, Get, 1),
            Replied(3, 4, Get, 0),
        ],
        "Get -> 0",
    );
    bad(
        "it happened before it began",
        &[Replied(0, 1, Get, 1), InDoubt(2, Add(1))],
        "Get -> 1",
    );
    bad(
        "two overlapping failed calls can't have happened three times",
        &[
            InDoubt(0, Add(1)),
            InDoubt(0, Add(1)),
            Replied(1, 2, Get, 2),
            Replied(3, 4, Get, 3),
        ],
        "Get -> 3",
    );
    bad(
        "of two failed calls the one that had not begun happened",
        &[
            InDoubt(0, Add(1)),
            Replied(1, 2, Get, 4),
            InDoubt(3, Add(4)),
        ],
        "Get -> 4",
    );
    bad(
        "a call that must have taken effect did not",
        &[Effective(0, 1, Set(5)), Replied(2, 3, Get, 0)],
        "Get -> 0",
    );
}

#[test]
fn calls_that_may_take_effect_twice() {
    good(
        "twice, and another call in between",
        &[
            Replied(0, 9, Reset(1), 4),
            Replied(1, 2, Add(3), 1),
            Replied(3, 4, Get, 4),
            Replied(10, 11, Get, 1),
        ],
    );
    good(
        "twice although nobody knows that it happened at all",
        &[
            InDoubt(0, Reset(1)),
            Replied(1, 2, Add(3), 1),
            Replied(3, 4, Get, 1),
        ],
    );
    bad(
        "a third time",
        &[
            Replied(0, 9, Reset(1), 4),
            Replied(1, 2, Add(3), 1),
            Replied(3, 4, Add(3), 1),
            Replied(10, 11, Get, 1),
        ],
        "Get -> 1",
    );
    bad(
        "once more after its answer",
        &[
            Replied(0, 1, Reset(1), 0),
            Replied(2, 3, Add(3), 1),
            Replied(4, 5, Get, 1),
        ],
        "Get -> 1",
    );
    bad(
        "one that takes effect once",
        &[
            Replied(0, 9, Set(1), 4),
            Replied(1, 2, Add(3), 1),
            Replied(10, 11, Get, 1),
        ],
        "Add(3) -> 1",
    );
}

/// What such calls may have done before is no longer of interest once they are put in order.
#[test]
fn many_calls_that_may_take_effect_twice() {
    let reset = |n: u64| {
        Replied(
            10 * n,
            10 * n + 1,
            Reset((n % 7) as u8),
            ((n + 6) % 7) as u8,
        )
    };
    let mut entries = vec![Replied(0, 1, Set(6), 0)];
    entries.extend((7..207).map(reset));
    good("all of them once", &entries);
    entries.push(Replied(3_000, 3_001, Get, 99));
    bad("a reply that none of them explains", &entries, "Get -> 99");
}

#[test]
fn no_tries_at_all() {
    let entries = [InDoubt(0, Add(1)), Replied(1, 2, Get, 1)];
    let checked = history(&entries).check_within(Number(0), Limit(0));
    assert!(matches!(checked, Err(CheckError::Undecided { .. })));
}

/// One that takes effect long after its start, though all others took little time.
#[test]
fn a_call_in_doubt_that_takes_effect_late() {
    let mut entries: Vec<_> = (1..50)
        .map(|n| Replied(10 * n, 10 * n + 1, Get, 0))
        .collect();
    entries.push(InDoubt(0, Add(1)));
    good("never", &entries);
    entries.push(Replied(1_000, 1_001, Get, 1));
    good("at last", &entries);
    entries.push(Replied(1_002, 1_003, Get, 2));
    bad("twice", &entries, "Get -> 2");
}
