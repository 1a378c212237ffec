//! The state machine of a queue: elements in order, those out on lease, and who waits.

mod acts;

use std::collections::{BTreeMap, BTreeSet};
use std::task::Poll;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use self::acts::delivered;
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
    LOOK = read("look");
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
        index: true,
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
            ("look", [count, now]) => self.look(parse(count)?, instant(now)?),
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

fn later(now: u64, by: u64) -> u64 {
    now.saturating_add(by).min(LATEST)
}

fn number(number: u64) -> Value {
    Value::Int(i64::try_from(number).unwrap_or(i64::MAX))
}
