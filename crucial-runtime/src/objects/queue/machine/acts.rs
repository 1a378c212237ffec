//! What callers do to a queue, and what becomes of its elements.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::{CLOSED, DONE, EVERYBODY, Element, Lease, NOT_NOW, QueueState, number};
use crate::object::{Refusal, Value};
use crate::objects::argument::parse;

impl QueueState {
    pub(super) fn append(&mut self, elements: &[Bytes]) {
        for bytes in elements {
            let element = Element {
                bytes: bytes.clone(),
                deliveries: 0,
            };
            self.ready.insert(self.next, element);
            self.next += 1;
        }
    }

    /// How many more elements may come.
    fn room(&self) -> usize {
        let held = self.ready.len() + self.leased.len();
        match self.capacity {
            0 => usize::MAX,
            capacity => usize::try_from(capacity)
                .unwrap_or(usize::MAX)
                .saturating_sub(held),
        }
    }

    /// The elements whose leases have ended: those that can be taken again, and those that are dead.
    pub(super) fn ended(&self, now: u64) -> (Vec<u64>, Vec<u64>) {
        let ended = self.ends.range(..=(now, u64::MAX));
        let mut ended: Vec<u64> = ended.map(|(_, id)| *id).collect();
        ended.sort_unstable();
        ended
            .into_iter()
            .partition(|id| !self.is_worn(&self.leased[id].element))
    }

    /// Whether somebody has taken the element of that number.
    pub(super) fn is_out(&self, id: u64) -> bool {
        let here = self.ready.contains_key(&id) || self.leased.contains_key(&id);
        id < self.next && !here && self.dead.iter().all(|(dead, _)| *dead != id)
    }

    /// Whether an element may not be delivered again.
    fn is_worn(&self, element: &Element) -> bool {
        self.max_deliveries > 0 && element.deliveries >= self.max_deliveries
    }

    /// What is due by now: leases that have ended, and callers who are dead.
    pub(super) fn begin(&mut self, now: u64) {
        let (back, dying) = self.ended(now);
        for id in back.into_iter().chain(dying) {
            if let Some(element) = self.end_lease(id) {
                self.bring_back(id, element);
            }
        }
        self.takers.advance(now);
        self.putters.advance(now);
    }

    pub(super) fn lease(&mut self, id: u64, element: Element, until: u64) {
        self.ends.insert((until, id));
        self.leased.insert(id, Lease { element, until });
    }

    fn end_lease(&mut self, id: u64) -> Option<Element> {
        let lease = self.leased.remove(&id)?;
        self.ends.remove(&(lease.until, id));
        Some(lease.element)
    }

    /// Puts an element that was out back where it was, or with the dead ones.
    pub(super) fn bring_back(&mut self, id: u64, element: Element) {
        if self.is_worn(&element) {
            self.dead.push((id, element.bytes));
        } else {
            self.ready.insert(id, element);
        }
    }

    pub(super) fn put(&mut self, ticket: &Bytes, until: u64, elements: &[Bytes]) -> Vec<Value> {
        if self.closed {
            self.putters.leave(ticket);
            return vec![Value::Int(CLOSED)];
        }
        let count = self.putters.share(ticket, self.room()).min(elements.len());
        if count > 0 || elements.is_empty() {
            self.putters.leave(ticket);
            self.append(&elements[..count]);
            return vec![Value::Int(DONE), count.into()];
        }
        if !ticket.is_empty() {
            self.putters.join(ticket, until);
        }
        vec![Value::Int(NOT_NOW)]
    }

    /// Whether the holder of that ticket could put something now; otherwise it waits in line.
    pub(super) fn await_room(&mut self, ticket: &Bytes, until: u64) -> Vec<Value> {
        if self.closed {
            self.putters.leave(ticket);
            return vec![Value::Int(CLOSED)];
        }
        self.putters.join(ticket, until);
        let turn = self.putters.share(ticket, self.room()) > 0;
        vec![Value::Int(if turn { DONE } else { NOT_NOW })]
    }

    /// What a [`TAKE`] answers: elements, or how long it is until the lease ends that this caller has to wait for.
    pub(super) fn take(
        &mut self,
        ticket: &Bytes,
        patience: u64,
        count: usize,
        lease: Option<u64>,
        now: u64,
    ) -> Vec<Value> {
        let share = self.takers.share(ticket, self.ready.len());
        if share > 0 {
            self.takers.leave(ticket);
            let mut reply = vec![Value::Int(DONE)];
            for _ in 0..share.min(count) {
                let Some((id, mut element)) = self.ready.pop_first() else {
                    break;
                };
                if let Some(until) = lease {
                    element.deliveries += 1;
                    self.lease(id, element.clone(), until);
                }
                reply.extend(delivered(id, element));
            }
            return reply;
        }
        if self.closed && self.ready.is_empty() && self.leased.is_empty() {
            self.takers.leave(ticket);
            return vec![Value::Int(CLOSED)];
        }
        if ticket.is_empty() {
            return vec![Value::Int(NOT_NOW)];
        }
        self.takers.join(ticket, patience);
        let behind = self.takers.position(ticket) - self.ready.len();
        let end = self.ends.iter().nth(behind);
        let left = end.map(|(until, _)| number(until - now));
        vec![Value::Int(NOT_NOW), left.unwrap_or(Value::Nil)]
    }

    /// Ends the leases that are held: pairs of the number of an element and of its delivery. What is done then,
    /// `then` does; whether each was held is the answer.
    pub(super) fn settle(
        &mut self,
        held: &[Bytes],
        now: u64,
        then: impl Fn(&mut Self, u64, Element),
    ) -> Result<Vec<Value>, Refusal> {
        let (held, rest) = held.as_chunks();
        if !rest.is_empty() {
            return Err(Refusal::args("a delivery is known by two numbers"));
        }
        self.begin(now);
        let mut reply = vec![Value::Int(DONE)];
        for [id, delivery] in held {
            let (id, delivery): (u64, u64) = (parse(id)?, parse(delivery)?);
            let lease = self.leased.get(&id);
            let held = lease.is_some_and(|lease| lease.element.deliveries == delivery);
            if held && let Some(element) = self.end_lease(id) {
                then(self, id, element);
            }
            reply.push(held.into());
        }
        Ok(reply)
    }

    /// The reply with those whom this call has called, after its first part.
    pub(super) fn answer(&mut self, mut reply: Vec<Value>) -> Value {
        let room = self.room();
        let takers = self.takers.call(self.ready.len());
        let called: Vec<Bytes> = takers.chain(self.putters.call(room)).collect();
        let over = self.closed && self.ready.is_empty() && self.leased.is_empty();
        let called = if over && self.takers.len() > 0 {
            EVERYBODY
        } else if called.is_empty() {
            Value::Nil
        } else {
            called.into()
        };
        reply.insert(1, called);
        Value::List(reply)
    }

    pub(super) fn status(&self, now: u64) -> Value {
        if !self.exists {
            return Value::Nil;
        }
        let (back, dying) = self.ended(now);
        Value::List(vec![
            number(self.capacity),
            number(self.max_deliveries),
            self.closed.into(),
            (self.ready.len() + back.len()).into(),
            (self.leased.len() - back.len() - dying.len()).into(),
            (self.dead.len() + dying.len()).into(),
            self.takers.len().into(),
            self.putters.len().into(),
        ])
    }

    /// What the queue could be created from.
    pub(super) fn contents(&self) -> Value {
        if !self.exists {
            return Value::Nil;
        }
        let numbers = [number(self.capacity), number(self.max_deliveries)];
        Value::List(numbers.into_iter().chain(self.elements()).collect())
    }

    /// Its status, at most so many of its elements, and at most so many of its dead letters.
    pub(super) fn look(&self, count: usize, now: u64) -> Value {
        let Value::List(mut reply) = self.status(now) else {
            return Value::Nil;
        };
        reply.push(Value::List(self.elements().take(count).collect()));
        let dead = self.dead.iter().take(count);
        reply.push(Value::List(
            dead.map(|(_, bytes)| bytes.clone().into()).collect(),
        ));
        Value::List(reply)
    }

    /// The elements that can be taken and those that are out, in their order.
    fn elements(&self) -> impl Iterator<Item = Value> {
        let leased = self.leased.iter().map(|(id, lease)| (id, &lease.element));
        let elements: BTreeMap<_, _> = self.ready.iter().chain(leased).collect();
        elements
            .into_values()
            .map(|element| element.bytes.clone().into())
    }
}

/// An element as it is handed out: its number, how often it has been delivered, itself.
pub(super) fn delivered(id: u64, element: Element) -> [Value; 3] {
    [number(id), number(element.deliveries), element.bytes.into()]
}
