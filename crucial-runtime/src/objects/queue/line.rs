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
