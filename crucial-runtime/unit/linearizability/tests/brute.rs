//! The checker against one that tries every order.

use std::task::Poll;

use proptest::prelude::*;

use super::known::{Call, Entry, Number, history};
use crate::linearizability::{CheckError, Model};

fn call() -> impl Strategy<Value = Call> {
    prop_oneof![
        2 => Just(Call::Get),
        2 => (0_u8..3).prop_map(Call::Set),
        3 => (0_u8..3).prop_map(Call::Put),
        3 => (1_u8..3).prop_map(Call::Add),
        1 => (0_u8..3).prop_map(Call::Reached),
        1 => (0_u8..3).prop_map(Call::Take),
        2 => (0_u8..3).prop_map(Call::Reset),
    ]
}

fn entry() -> impl Strategy<Value = Entry> {
    let during = (0_u64..12, 0_u64..6).prop_map(|(from, long)| (from, from + long));
    (during, call(), 0_u8..5, 0_u8..13).prop_map(|((from, to), call, reply, kind)| match kind {
        0..8 => Entry::Replied(from, to, call, reply),
        8 => Entry::Pending(from, to, call),
        9 => Entry::Effective(from, to, call),
        10 => Entry::Late(from, call, reply),
        _ => Entry::InDoubt(from, call),
    })
}

/// Histories that something like a number might have had: calls at random moments, now and then a wrong reply.
fn plausible() -> impl Strategy<Value = Vec<Entry>> {
    let ends = (0_u64..3, 0_u64..3);
    prop::collection::vec((call(), ends, 0_u8..20), 0..8).prop_map(|calls| {
        let mut number = Number(0);
        let mut entries = Vec::new();
        for (place, (call, (before, after), chance)) in calls.into_iter().enumerate() {
            let at = 2 * place as u64 + 2;
            let (from, to) = (at - before, at + after);
            let mut next = number.clone();
            let answer = next.apply(&call);
            let kept = if answer.is_ready() {
                next
            } else {
                number.clone()
            };
            entries.push(match (chance, answer) {
                (0, _) => Entry::InDoubt(from, call),
                (1, _) => {
                    number = kept;
                    Entry::InDoubt(from, call)
                }
                (2, Poll::Ready(reply)) => {
                    number = kept;
                    Entry::Replied(from, to, call, reply ^ 1)
                }
                (3, Poll::Ready(reply)) => {
                    number = kept;
                    Entry::Late(from, call, reply)
                }
                (4, Poll::Ready(reply)) => Entry::Late(from, call, reply),
                (_, Poll::Ready(reply)) => {
                    number = kept;
                    Entry::Replied(from, to, call, reply)
                }
                (_, Poll::Pending) => Entry::Pending(from, to, call),
            });
        }
        entries
    })
}

fn bounds(entry: &Entry) -> (u64, Option<u64>) {
    match entry {
        Entry::Replied(from, to, ..)
        | Entry::Pending(from, to, _)
        | Entry::Effective(from, to, _) => (*from, Some(*to)),
        Entry::Late(from, ..) | Entry::InDoubt(from, _) => (*from, None),
    }
}

/// Whether some order of these calls, each of those in doubt or late in it or not, gives the answers.
fn explained(number: &Number, left: &[Entry]) -> bool {
    if left.iter().all(|entry| bounds(entry).1.is_none()) {
        return true;
    }
    (0..left.len()).any(|place| {
        let mut others = left.to_vec();
        let entry = others.remove(place);
        // It can't come first where another was over before it began.
        let (from, _) = bounds(&entry);
        if others
            .iter()
            .any(|other| bounds(other).1.is_some_and(|to| to < from))
        {
            return false;
        }
        let mut after = number.clone();
        let (fits, waits) = match &entry {
            Entry::Replied(_, _, call, reply) | Entry::Late(_, call, reply) => {
                (after.apply(call) == Poll::Ready(*reply), false)
            }
            Entry::Pending(_, _, call) => (after.apply(call).is_pending(), true),
            Entry::Effective(_, _, call) | Entry::InDoubt(_, call) => {
                (true, after.apply(call).is_pending())
            }
        };
        let after = if waits { number } else { &after };
        let again = || {
            once_before(&entry).is_some_and(|(first, second)| {
                let left = [&others[..], &[second]].concat();
                explained(&first, &left)
            })
        };
        (fits && explained(after, &others)) || again()
    })
}

/// What a call that may take effect twice does the first time, and what is left of it.
fn once_before(entry: &Entry) -> Option<(Number, Entry)> {
    let (Entry::Replied(.., Call::Reset(value), _) | Entry::Effective(.., Call::Reset(value))) =
        entry
    else {
        return None;
    };
    let second = match entry.clone() {
        Entry::Replied(from, to, _, reply) => Entry::Replied(from, to, Call::Set(*value), reply),
        _ => Entry::Effective(bounds(entry).0, bounds(entry).1?, Call::Set(*value)),
    };
    Some((Number(*value), second))
}

/// Calls without an answer in time may take effect twice at any time: once more, as a call of its own.
fn with_repeats(entries: &[Entry]) -> Vec<Entry> {
    let again = entries.iter().filter_map(|entry| match entry {
        Entry::Late(from, Call::Reset(value), _) | Entry::InDoubt(from, Call::Reset(value)) => {
            Some(Entry::InDoubt(*from, Call::Set(*value)))
        }
        _ => None,
    });
    entries.iter().cloned().chain(again).collect()
}

fn compare(entries: &[Entry]) -> Result<bool, TestCaseError> {
    let expected = explained(&Number(0), &with_repeats(entries));
    match history(entries).check(Number(0)) {
        Ok(()) => prop_assert!(expected),
        Err(CheckError::NotLinearizable(_)) => prop_assert!(!expected),
        Err(error) => prop_assert!(false, "{error}"),
    }
    Ok(expected)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_histories(entries in prop::collection::vec(entry(), 0..6)) {
        compare(&entries)?;
    }

    #[test]
    fn plausible_histories(entries in plausible()) {
        compare(&entries)?;
    }
}
