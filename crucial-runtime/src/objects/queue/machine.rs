//! The state machine of a queue: elements in order, those out on lease, and who waits.

use std::collections::{BTreeMap, BTreeSet};
use std::task::Poll;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::line::Line;
use crate::object::{Method, Object, Refusal, ServerScript, Value};
use crate::objects::argument::{self, instant, parse};
use crate::objects::proxy::methods;

/// What [`PUT`] and [`TAKE`] answer first: nothing could be done now.
pub(super) const NOT_NOW: i64 = 0;
/// It is done.
pub(super) const DONE: i64 = 1;
/// The queue is closed.
pub(super) const CLOSED: i64 = 2;

/// In place of the called: everybody who waits should look.
const EVERYBODY: Value = Value::Int(1);

/// The latest end of a lease, in milliseconds since 1970: the year 2109.
const LATEST: u64 = (1 << 42) - 1;

/// The state.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct QueueState {
    /// Whether there is a queue.
    exists: bool,
    /// How many elements it holds at the most, waiting and out on lease; zero for any number.
    capacity: u64,
    /// How often an element is delivered on lease before it is a dead letter; zero for any number of times.
    max_deliveries: u64,
    closed: bool,
    /// The number of the next element.
    next: u64,
    /// What can be taken, by number.
    ready: BTreeMap<u64, Element>,
    /// What is out on lease, by number.
    leased: BTreeMap<u64, Lease>,
    /// The leases by the time of their end.
    ends: BTreeSet<(u64, u64)>,
    /// What has been delivered too often, oldest first.
    dead: Vec<(u64, Bytes)>,
    takers: Line,
    putters: Line,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Element {
    bytes: Bytes,
    /// How often it has been delivered on lease.
    deliveries: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Lease {
    element: Element,
    until: u64,
}

methods! {
    STATUS = read("status");
    PEEK = read("peek");
    CONTENTS = read("contents");
    DEAD = read("dead");
    PUT = update("put");
    AWAIT_ROOM = update("await_room");
    TAKE = update("take");
    DRAIN = update("drain");
    LEAVE_PUTTERS = update("leave_putters");
    LEAVE_TAKERS = update("leave_takers");
    GIVE_BACK = update("give_back");
    ACK = update("ack");
    RELEASE = update("release");
    EXTEND = update("extend");
    CLOSE = update("close");
    DRAIN_DEAD = update("drain_dead");
}

impl Object for QueueState {
    const NAME: &'static str = "Queue";
    const METHODS: &'static [Method] = METHODS;
    const SCRIPT: Option<ServerScript> = Some(ServerScript {
        source: include_str!("../queue.lua"),
    });

    fn init(args: &[Bytes]) -> Result<Self, Refusal> {
        let [capacity, max_deliveries, elements @ ..] = args else {
            return match args {
                [] => Ok(Self::default()),
                _ => Err(Refusal::args(
                    "a queue starts from a capacity, a number of deliveries, and elements",
                )),
            };
        };
        let mut queue = Self {
            exists: true,
            capacity: parse(capacity)?,
            max_deliveries: parse(max_deliveries)?,
            ..Self::default()
        };
        queue.append(elements);
        Ok(queue)
    }

    fn timeless(method: &str, mut reply: Value) -> Value {
        if let ("take", Value::List(parts)) = (method, &mut reply)
            && parts.first() == Some(&Value::Int(NOT_NOW))
        {
            argument::some_time(parts, 2);
        }
        reply
    }

    /// Whom the call has called: tickets, or nothing for everybody.
    fn announcement(&mut self, _: &str, _: &[Bytes], reply: &Value) -> Option<Bytes> {
        let Value::List(parts) = reply else {
            return None;
        };
        match parts.get(1)? {
            Value::List(called) => {
                let mut tickets = Vec::new();
                for ticket in called {
                    if let Value::Bytes(ticket) = ticket {
                        tickets.push(&ticket[..]);
                    }
                }
                Some(tickets.join(&b' ').into())
            }
            Value::Int(_) => Some(Bytes::new()),
            _ => None,
        }
    }

    fn apply(&mut self, method: &str, args: &[Bytes]) -> Result<Poll<Value>, Refusal> {
        let reply = match (method, args) {
            ("status", [now]) => self.status(instant(now)?),
            ("peek", [now]) => {
                let (back, _) = self.ended(instant(now)?);
                let back = back.first().map(|id| (*id, &self.leased[id].element.bytes));
                let ready = self
                    .ready
                    .first_key_value()
                    .map(|(id, element)| (*id, &element.bytes));
                let first = back.into_iter().chain(ready).min_by_key(|(id, _)| *id);
                first.map(|(_, bytes)| bytes.clone()).into()
            }
            ("contents", []) => self.contents(),
            ("dead", [now]) => {
                let (_, dying) = self.ended(instant(now)?);
                let dying = dying.iter().map(|id| &self.leased[id].element.bytes);
                let dead = self.dead.iter().map(|(_, bytes)| bytes);
                let dead: Vec<_> = dead.chain(dying).cloned().collect();
                dead.into()
            }
            ("put", [ticket, patience, elements @ .., now]) => {
                let now = instant(now)?;
                self.begin(now);
                let code = self.put(ticket, later(now, parse(patience)?), elements);
                self.answer(code)
            }
            ("await_room", [ticket, patience, now]) => {
                let now = instant(now)?;
                self.begin(now);
                let code = self.await_room(ticket, later(now, parse(patience)?));
                self.answer(code)
            }
            ("take", [ticket, patience, count, lease, now]) => {
                let now = instant(now)?;
                let patience = later(now, parse(patience)?);
                let lease = match &lease[..] {
                    [] => None,
                    lease => Some(later(now, parse(lease)?)),
                };
                self.begin(now);
                let reply = self.take(ticket, patience, parse(count)?, lease, now);
                self.answer(reply)
            }
            ("drain", [now]) => {
                self.begin(instant(now)?);
                let mut reply = vec![Value::Int(DONE)];
                for (id, element) in std::mem::take(&mut self.ready) {
                    reply.extend(delivered(id, element));
                }
                self.answer(reply)
            }
            ("leave_putters", [ticket]) => {
                let left = self.putters.leave(ticket);
                self.answer(vec![left.into()])
            }
            ("leave_takers", [ticket]) => {
                let left = self.takers.leave(ticket);
                self.answer(vec![left.into()])
            }
            ("give_back", elements) => {
                let (elements, rest) = elements.as_chunks();
                if !rest.is_empty() {
                    return Err(Refusal::args("elements come back with two numbers each"));
                }
                let mut count = 0_usize;
                for [id, deliveries, bytes] in elements {
                    let id = parse(id)?;
                    if self.is_out(id) {
                        let element = Element {
                            bytes: bytes.clone(),
                            deliveries: parse(deliveries)?,
                        };
                        self.ready.insert(id, element);
                        count += 1;
                    }
                }
                self.answer(vec![count.into()])
            }
            ("ack", [held @ .., now]) => {
                let settled = self.settle(held, instant(now)?, |_, _, _| {})?;
                self.answer(settled)
            }
            ("release", [held @ .., now]) => {
                let settled = self.settle(held, instant(now)?, Self::bring_back)?;
                self.answer(settled)
            }
            ("extend", [id, delivery, lease, now]) => {
                let now = instant(now)?;
                let until = later(now, parse(lease)?);
                let held = [id.clone(), delivery.clone()];
                let settled = self.settle(&held, now, |queue, id, element| {
                    queue.lease(id, element, until);
                })?;
                self.answer(settled)
            }
            ("close", []) => {
                let open = !std::mem::replace(&mut self.closed, true);
                let mut reply = self.answer(vec![open.into()]);
                if let Value::List(parts) = &mut reply {
                    parts[1] = EVERYBODY;
                }
                reply
            }
            ("drain_dead", [now]) => {
                self.begin(instant(now)?);
                let dead: Vec<_> = self.dead.drain(..).map(|(_, bytes)| bytes.into()).collect();
                self.answer([vec![Value::Int(DONE)], dead].concat())
            }
            _ => return Err(Refusal::no_such_method(method)),
        };
        Ok(Poll::Ready(reply))
    }
}

impl QueueState {
    fn append(&mut self, elements: &[Bytes]) {
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
    fn ended(&self, now: u64) -> (Vec<u64>, Vec<u64>) {
        let ended = self.ends.range(..=(now, u64::MAX));
        let mut ended: Vec<u64> = ended.map(|(_, id)| *id).collect();
        ended.sort_unstable();
        ended
            .into_iter()
            .partition(|id| !self.is_worn(&self.leased[id].element))
    }

    /// Whether somebody has taken the element of that number.
    fn is_out(&self, id: u64) -> bool {
        let here = self.ready.contains_key(&id) || self.leased.contains_key(&id);
        id < self.next && !here && self.dead.iter().all(|(dead, _)| *dead != id)
    }

    /// Whether an element may not be delivered again.
    fn is_worn(&self, element: &Element) -> bool {
        self.max_deliveries > 0 && element.deliveries >= self.max_deliveries
    }

    /// What is due by now: leases that have ended, and callers who are dead.
    fn begin(&mut self, now: u64) {
        let (back, dying) = self.ended(now);
        for id in back.into_iter().chain(dying) {
            if let Some(element) = self.end_lease(id) {
                self.bring_back(id, element);
            }
        }
        self.takers.advance(now);
        self.putters.advance(now);
    }

    fn lease(&mut self, id: u64, element: Element, until: u64) {
        self.ends.insert((until, id));
        self.leased.insert(id, Lease { element, until });
    }

    fn end_lease(&mut self, id: u64) -> Option<Element> {
        let lease = self.leased.remove(&id)?;
        self.ends.remove(&(lease.until, id));
        Some(lease.element)
    }

    /// Puts an element that was out back where it was, or with the dead ones.
    fn bring_back(&mut self, id: u64, element: Element) {
        if self.is_worn(&element) {
            self.dead.push((id, element.bytes));
        } else {
            self.ready.insert(id, element);
        }
    }

    fn put(&mut self, ticket: &Bytes, until: u64, elements: &[Bytes]) -> Vec<Value> {
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
    fn await_room(&mut self, ticket: &Bytes, until: u64) -> Vec<Value> {
        if self.closed {
            self.putters.leave(ticket);
            return vec![Value::Int(CLOSED)];
        }
        self.putters.join(ticket, until);
        let turn = self.putters.share(ticket, self.room()) > 0;
        vec![Value::Int(if turn { DONE } else { NOT_NOW })]
    }

    /// What a [`TAKE`] answers: elements, or how long it is until the lease ends that this caller has to wait for.
    fn take(
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
    fn settle(
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
    fn answer(&mut self, mut reply: Vec<Value>) -> Value {
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

    fn status(&self, now: u64) -> Value {
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
    fn contents(&self) -> Value {
        if !self.exists {
            return Value::Nil;
        }
        let leased = self.leased.iter().map(|(id, lease)| (id, &lease.element));
        let elements: BTreeMap<_, _> = self.ready.iter().chain(leased).collect();
        let elements = elements
            .into_values()
            .map(|element| element.bytes.clone().into());
        let numbers = [number(self.capacity), number(self.max_deliveries)];
        Value::List(numbers.into_iter().chain(elements).collect())
    }
}

/// An element as it is handed out: its number, how often it has been delivered, itself.
fn delivered(id: u64, element: Element) -> [Value; 3] {
    [number(id), number(element.deliveries), element.bytes.into()]
}

fn later(now: u64, by: u64) -> u64 {
    now.saturating_add(by).min(LATEST)
}

fn number(number: u64) -> Value {
    Value::Int(i64::try_from(number).unwrap_or(i64::MAX))
}
