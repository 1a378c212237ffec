//! Long histories of many callers that overlap.

use std::collections::VecDeque;
use std::task::Poll;

use super::known::Call::{Add, Get, Reached};
use super::known::Number;
use crate::linearizability::search::Limit;
use crate::linearizability::{CheckError, History, Model};

/// What concurrent callers of a queue see, in an order of its own making.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Queue(VecDeque<u32>);

#[derive(Debug, PartialEq)]
enum Turn {
    Push(u32),
    Pop,
}

impl Model for Queue {
    type Call = Turn;
    type Reply = Option<u32>;

    fn apply(&mut self, turn: &Turn) -> Poll<Option<u32>> {
        Poll::Ready(match turn {
            Turn::Push(item) => {
                self.0.push_back(*item);
                None
            }
            Turn::Pop => self.0.pop_front(),
        })
    }
}

/// What really happened, seen through intervals of sixteen callers that overlap; one call in so many is in doubt.
pub(super) fn busy<M: Model>(
    mut model: M,
    calls: u64,
    doubt: u64,
    width: u64,
    call: impl Fn(u64) -> M::Call,
) -> History<M::Call, M::Reply> {
    let mut history = History::new();
    let mut random = 1_u64;
    let mut next = || {
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        random >> 40
    };
    for number in 0..calls {
        let at = number * 100 + 1_000;
        let call = call(next());
        let caller = (number % 16).to_string();
        let (from, to) = (at - next() % width, at + next() % width);
        if next() % doubt == 0 {
            if next() % 2 == 0 {
                let _ = model.apply(&call);
            }
            history.in_doubt(caller, from.., call);
        } else if let Poll::Ready(reply) = model.apply(&call) {
            history.replied(caller, from..to, call, reply);
        }
    }
    history
}

#[test]
fn thousands_of_calls_of_sixteen_callers() {
    // Every reply tells the state.
    let count = |random| {
        if random % 4 == 0 {
            Get
        } else {
            Add((random % 3) as u8)
        }
    };
    let mut history = busy(Number(0), 8_000, 500, 700, count);
    history.check(Number(0)).unwrap();
    history.replied("late", 900_000..900_001, Reached(0), 255);
    history.replied("late", 900_002..900_003, Add(1), 0);
    assert!(history.check(Number(0)).is_err());

    // What went into a queue shows when it comes out.
    let turn = |random| {
        if random % 5 < 2 {
            Turn::Push(random as u32)
        } else {
            Turn::Pop
        }
    };
    let empty = Queue(VecDeque::new());
    let mut history = busy(empty.clone(), 2_000, 1_000, 400, turn);
    history.check(empty.clone()).unwrap();
    // An item that was never put in, at the end of all that.
    history.replied("late", 900_000..900_001, Turn::Pop, Some(1 << 30));
    // To be sure of that takes all orders of what was put in; the answer that is in the way is found at once.
    let error = history.check_within(empty, Limit(20_000)).unwrap_err();
    assert!(
        matches!(&error, CheckError::Undecided { furthest, .. } if furthest.unexplained().starts_with("[900000")),
        "{error}"
    );
}
