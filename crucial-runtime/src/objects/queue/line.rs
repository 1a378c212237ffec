//! A line of callers who wait for their turn, first come, first served.

use std::collections::VecDeque;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

/// Who waits for a place or for an element, in the order of coming.
///
/// It is a caller's turn when fewer callers are before it than there is to have. A caller is *called*
/// once it is its turn, so as many are awakened as can go on. One that has not looked for longer than
/// it said is dead, and gives way to those behind it when it has come to the front.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Line {
    waiting: VecDeque<Waiting>,
    /// How many at the front have been called.
    called: usize,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Waiting {
    ticket: Bytes,
    /// Until when it counts as alive, by the time of calls.
    until: u64,
}

impl Line {
    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }

    /// How many are before the holder of that ticket; all are, if it has not come yet.
    pub(super) fn position(&self, ticket: &Bytes) -> usize {
        let mut tickets = self.waiting.iter();
        tickets
            .position(|waiting| waiting.ticket == ticket)
            .unwrap_or(self.waiting.len())
    }

    /// How much of what there is the holder of that ticket may have: all that the others need not.
    pub(super) fn share(&self, ticket: &Bytes, available: usize) -> usize {
        let position = self.position(ticket);
        if position >= available {
            return 0;
        }
        let others = match position < self.waiting.len() {
            true => self.waiting.len() - 1,
            false => self.waiting.len(),
        };
        available.saturating_sub(others).max(1)
    }

    /// Joins the line at its end, or says that the holder of a ticket is still alive.
    pub(super) fn join(&mut self, ticket: &Bytes, until: u64) {
        let mut waiting = self.waiting.iter_mut();
        match waiting.find(|waiting| waiting.ticket == ticket) {
            Some(waiting) => waiting.until = until,
            None => self.waiting.push_back(Waiting {
                ticket: ticket.clone(),
                until,
            }),
        }
    }

    /// Leaves the line; `false` if it was not in it.
    pub(super) fn leave(&mut self, ticket: &Bytes) -> bool {
        let position = self.position(ticket);
        let left = self.waiting.remove(position).is_some();
        if left && position < self.called {
            self.called -= 1;
        }
        left
    }

    /// Removes the dead from the front.
    pub(super) fn advance(&mut self, now: u64) {
        while let Some(first) = self.waiting.front().filter(|first| first.until <= now) {
            let ticket = first.ticket.clone();
            self.leave(&ticket);
        }
    }

    /// Those whose turn it has become.
    pub(super) fn call(&mut self, available: usize) -> impl Iterator<Item = Bytes> {
        let called = available.min(self.waiting.len());
        let before = std::mem::replace(&mut self.called, called);
        let new = self.waiting.iter().take(called).skip(before);
        new.map(|waiting| waiting.ticket.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ticket(number: usize) -> Bytes {
        number.to_string().into()
    }

    fn line(count: usize) -> Line {
        let mut line = Line::default();
        for number in 0..count {
            line.join(&ticket(number), 10);
        }
        line
    }

    #[test]
    fn one_element_calls_one_of_a_thousand() {
        let mut line = line(1000);
        for available in 1..5 {
            let called: Vec<_> = line.call(available).collect();
            assert_eq!(called, [ticket(available - 1)]);
            assert_eq!(line.call(available).count(), 0, "once");
        }
        assert!(line.leave(&ticket(2)));
        assert_eq!(line.call(4).collect::<Vec<_>>(), [ticket(4)]);
        assert!(!line.leave(&ticket(2)));
        assert_eq!(line.call(0).count(), 0);
        assert_eq!(line.call(1).collect::<Vec<_>>(), [ticket(0)], "again");
    }

    #[test]
    fn nobody_gets_what_others_were_called_for() {
        let line = line(3);
        let late = Bytes::from_static(b"late");
        // Ticket, what there is, what its holder may have.
        for (ticket, available, share) in [
            (ticket(0), 0, 0),
            (ticket(0), 1, 1),
            (ticket(1), 1, 0),
            (ticket(1), 2, 1),
            (ticket(0), 3, 1),
            (ticket(2), 3, 1),
            (ticket(0), 7, 5),
            (late.clone(), 3, 0),
            (late, 5, 2),
        ] {
            assert_eq!(line.share(&ticket, available), share, "{ticket:?}");
        }
    }

    #[test]
    fn the_dead_give_way_when_they_come_to_the_front() {
        let mut line = line(3);
        line.join(&ticket(1), 30);
        assert_eq!(line.len(), 3, "it stands there already");
        line.advance(9);
        assert_eq!(line.len(), 3);
        line.advance(10);
        assert_eq!((line.len(), line.position(&ticket(1))), (2, 0));
        line.advance(30);
        assert_eq!(line.len(), 0);
    }
}
