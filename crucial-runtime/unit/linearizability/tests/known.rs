//! Histories of which a person can tell whether they are linearizable.

use std::task::Poll;

use crate::linearizability::{CheckError, History, Model};

/// A number that can be read, written, counted up, and waited for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Number(pub(super) u8);

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Call {
    Get,
    /// The number before.
    Set(u8),
    /// As [`Self::Set`], but the reply is always zero.
    Put(u8),
    /// The number before.
    Add(u8),
    /// Ready once the number is at least that.
    Reached(u8),
    /// Takes that away once there is as much.
    Take(u8),
    /// As [`Self::Set`], but it may take effect twice.
    Reset(u8),
}

use Call::{Add, Get, Put, Reached, Reset, Set, Take};

impl Model for Number {
    type Call = Call;
    type Reply = u8;

    fn apply(&mut self, call: &Call) -> Poll<u8> {
        let before = self.0;
        match call {
            Get => {}
            Set(value) | Reset(value) => self.0 = *value,
            Put(value) => {
                self.0 = *value;
                return Poll::Ready(0);
            }
            Add(value) => self.0 = self.0.wrapping_add(*value),
            Reached(least) if self.0 < *least => return Poll::Pending,
            Reached(_) => {}
            Take(value) if self.0 < *value => {
                // To be thrown away.
                self.0 = 99;
                return Poll::Pending;
            }
            Take(value) => self.0 -= *value,
        }
        Poll::Ready(before)
    }

    fn reads(call: &Call) -> bool {
        matches!(call, Get | Reached(_))
    }

    fn repeats(call: &Call) -> bool {
        matches!(call, Reset(_))
    }
}

/// One call of a history.
#[derive(Debug, Clone)]
pub(super) enum Entry {
    Replied(u64, u64, Call, u8),
    Pending(u64, u64, Call),
    Effective(u64, u64, Call),
    Late(u64, Call, u8),
    InDoubt(u64, Call),
}

use Entry::{Effective, InDoubt, Late, Pending, Replied};

pub(super) fn history(entries: &[Entry]) -> History<Call, u8> {
    let mut history = History::new();
    for (number, entry) in entries.iter().cloned().enumerate() {
        let caller = number.to_string();
        match entry {
            Replied(from, to, call, reply) => history.replied(caller, from..to, call, reply),
            Pending(from, to, call) => history.pending(caller, from..to, call),
            Effective(from, to, call) => history.effective(caller, from..to, call),
            Late(from, call, reply) => history.late(caller, from.., call, reply),
            InDoubt(from, call) => history.in_doubt(caller, from.., call),
        }
    }
    history
}

pub(super) fn good(what: &str, entries: &[Entry]) {
    if let Err(error) = history(entries).check(Number(0)) {
        panic!("{what}: {error}");
    }
}

/// The history is bad, and what is shown of it contains that text.
pub(super) fn bad(what: &str, entries: &[Entry], shown: &str) {
    match history(entries).check(Number(0)) {
        Ok(()) => panic!("{what}: nothing was found"),
        Err(CheckError::NotLinearizable(violation)) => {
            let text = violation.to_string();
            assert!(violation.unexplained().contains(shown), "{what}: {text}");
            assert!(text.contains(violation.unexplained()), "{what}: {text}");
        }
        Err(error) => panic!("{what}: {error}"),
    }
}

#[test]
fn what_is_in_order() {
    good("nothing", &[]);
    good(
        "one after the other",
        &[
            Replied(0, 1, Set(1), 0),
            Replied(2, 3, Get, 1),
            Replied(4, 5, Add(2), 1),
            Replied(6, 7, Get, 3),
        ],
    );
    good(
        "a read beside a write sees it or not",
        &[
            Replied(0, 9, Set(1), 0),
            Replied(1, 2, Get, 0),
            Replied(3, 4, Get, 1),
            Replied(5, 6, Get, 1),
        ],
    );
    good(
        "calls that overlap run in another order than they began or ended in",
        &[
            Replied(0, 9, Add(1), 2),
            Replied(1, 8, Add(1), 1),
            Replied(2, 7, Add(1), 0),
        ],
    );
    good(
        "a write that would have changed nothing at first came last",
        &[
            Replied(0, 9, Put(0), 0),
            Replied(1, 8, Put(1), 0),
            Replied(2, 3, Get, 1),
            Replied(10, 11, Get, 0),
        ],
    );
    good(
        "an end and a start at one time overlap",
        &[Replied(0, 1, Set(1), 0), Replied(1, 2, Get, 0)],
    );
    good(
        "a wait that is not over",
        &[
            Pending(0, 1, Reached(1)),
            Replied(2, 5, Add(1), 0),
            Pending(3, 4, Reached(1)),
            Replied(6, 7, Reached(1), 1),
        ],
    );
    good(
        "a call that waits changes nothing",
        &[Pending(0, 1, Take(1)), Replied(2, 3, Get, 0)],
    );
    good(
        "a call without a reply took effect in time",
        &[
            Effective(0, 3, Set(5)),
            Replied(1, 2, Get, 0),
            Replied(4, 5, Get, 5),
        ],
    );
}

#[test]
fn what_no_order_explains() {
    bad(
        "a stale read",
        &[
            Replied(0, 1, Set(1), 0),
            Replied(2, 3, Set(2), 1),
            Replied(4, 5, Get, 1),
        ],
        "Get -> 1",
    );
    bad(
        "a read from the future",
        &[Replied(0, 1, Get, 1), Replied(2, 3, Set(1), 0)],
        "Get -> 1",
    );
    bad(
        "two reads that see a write in turns",
        &[
            Replied(0, 9, Set(1), 0),
            Replied(1, 2, Get, 1),
            Replied(3, 4, Get, 0),
        ],
        "Get -> 0",
    );
    bad(
        "a lost update",
        &[Replied(0, 3, Add(1), 0), Replied(1, 2, Add(1), 0)],
        "Add(1) -> 0",
    );
    bad(
        "an increment made twice",
        &[Replied(0, 1, Add(1), 0), Replied(2, 3, Add(1), 2)],
        "Add(1) -> 2",
    );
    bad(
        "an increment made by nobody",
        &[Replied(0, 1, Add(1), 0), Replied(2, 3, Get, 2)],
        "Get -> 2",
    );
    bad(
        "replies in another order than the calls",
        &[Replied(0, 1, Add(1), 1), Replied(2, 3, Add(1), 0)],
        "Add(1) -> 1",
    );
    bad(
        "not ready, though it was",
        &[Replied(0, 1, Add(1), 0), Pending(2, 3, Reached(1))],
        "Reached(1) -> not ready",
    );
    bad(
        "ready, though it was not",
        &[Replied(0, 1, Reached(1), 0), Replied(2, 3, Add(1), 0)],
        "Reached(1) -> 0",
    );
    bad(
        "a call that waited took effect",
        &[
            Replied(0, 1, Add(1), 0),
            Pending(2, 3, Take(2)),
            Replied(4, 5, Get, 99),
        ],
        "Get -> 99",
    );
}

#[test]
fn what_is_shown_of_a_bad_history() {
    let mut entries: Vec<_> = (0..100)
        .map(|n| Replied(10 * n, 10 * n + 1, Add(1), n as u8))
        .collect();
    entries.extend([
        InDoubt(1_000, Add(7)),
        Replied(1_001, 1_009, Set(50), 100),
        Pending(1_010, 1_011, Reached(52)),
        Replied(1_012, 1_013, Get, 51),
        Replied(1_020, 1_021, Get, 50),
    ]);
    let error = history(&entries).check(Number(0)).unwrap_err();
    let expected = "\
the object is not linearizable: no order of its calls explains this answer
    [1012 to 1013] 103: Get -> 51
when that call ran, the object can only have been, as far as the answers before tell,
    Number(57)
    Number(50)
after these calls, in an order that explains them,
    (91 calls before)
";
    let text = error.to_string();
    assert!(text.starts_with(expected), "{text}");
    // What came later is not told: it plays no part.
    assert!(!text.contains("1020"), "{text}");
}
