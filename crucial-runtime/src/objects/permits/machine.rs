//! The state machine of permits: so many, lent in order of arrival on leases of the processes that ask.
//!
//! A semaphore lends its permits. A lock lends all of them to one writer or one to each reader, with the
//! value that it protects. A notification is a permit that is used up.

use std::collections::{BTreeMap, BTreeSet};
use std::task::Poll;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::object::{Method, Object, Refusal, ServerScript, Value};
use crate::objects::argument::{self, instant, parse};
use crate::objects::proxy::methods;

/// The largest number of permits: what a lock has, so that a writer's share leaves none to readers.
pub(in crate::objects) const ALL: u64 = u32::MAX as u64;

/// What [`ACQUIRE`] answers instead of a ticket: all that can be had now are lent.
pub(in crate::objects) const BUSY: i64 = 0;
/// Nothing is lent any more.
pub(in crate::objects) const CLOSED: i64 = -2;

/// As many holders are named to those who look.
const HOLDERS: usize = 100;

/// More tickets than these are not named one by one where they are announced.
const NAMED: usize = 64;

/// The state.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
pub(crate) struct Permits {
    /// Where there is no object, all are zero and it is not.
    exists: bool,
    free: u64,
    /// Those that are free and those that are lent.
    total: u64,
    /// How many may lie free, where there is a limit.
    most: Option<u64>,
    /// The number of the next ticket.
    next: u64,
    closed: bool,
    waiting: BTreeMap<u64, Share>,
    held: BTreeMap<u64, Share>,
    sessions: BTreeMap<Bytes, Session>,
    /// What a lock protects.
    value: Option<Bytes>,
    /// Whom the call under way has to tell.
    #[serde(skip)]
    told: Told,
}

/// What a ticket is for.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Share {
    session: Bytes,
    count: u64,
}

/// A process that has asked for permits.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Session {
    /// Its tickets below are of a lease that has ended.
    first: u64,
    /// When its lease ends, in milliseconds since 1970.
    ends: u64,
}

#[derive(Debug, Default, Clone)]
struct Told {
    tickets: Vec<u64>,
    everybody: bool,
}

methods! {
    ACQUIRE = update("acquire");
    GRANTED = read("granted");
    RELEASE = update("release");
    FORGET = update("forget");
    WRITE = update("write");
    RENEW = idempotent("renew");
    ADD = update("add");
    SHRINK = update("shrink");
    WAKE_ALL = update("wake_all");
    CLOSE = update("close");
    AVAILABLE = read("available");
    STATUS = read("status");
    LOOK = read("look");
    VALUE = read("value");
}

impl Object for Permits {
    const NAME: &'static str = "Permits";
    const METHODS: &'static [Method] = METHODS;
    const SCRIPT: Option<ServerScript> = Some(ServerScript {
        source: include_str!("../permits.lua"),
        index: true,
    });

    fn init(args: &[Bytes]) -> Result<Self, Refusal> {
        let (free, total, most, value) = match args {
            [] => return Ok(Self::default()),
            [free, total, most] => (free, total, most, None),
            [free, total, most, value] => (free, total, most, Some(value.clone())),
            _ => {
                return Err(Refusal::args(
                    "permits start from three numbers and a value",
                ));
            }
        };
        Ok(Self {
            exists: true,
            free: parse(free)?,
            total: parse(total)?,
            most: if most.is_empty() {
                None
            } else {
                Some(parse(most)?)
            },
            next: 1,
            value,
            ..Self::default()
        })
    }

    fn timeless(method: &str, mut reply: Value) -> Value {
        if let Value::List(parts) = &mut reply {
            match method {
                "acquire" => argument::some_time(parts, 3),
                "renew" => argument::some_time(parts, 1),
                "look" => {
                    if let Some(Value::List(holders)) = parts.get_mut(6) {
                        for place in (2..holders.len()).step_by(3) {
                            argument::some_time(holders, place);
                        }
                    }
                }
                _ => {}
            }
        }
        reply
    }

    /// The next ticket.
    fn clock(&self) -> u64 {
        self.next
    }

    fn clock_before(method: &str, reply: &Value) -> Option<u64> {
        match reply {
            Value::List(parts) if method == "acquire" => match parts[..] {
                // Why there is no ticket.
                [_, _] => None,
                [Value::Int(ticket), ..] => u64::try_from(ticket).ok(),
                _ => None,
            },
            _ => None,
        }
    }

    fn announcement(&mut self, _: &str, _: &[Bytes], _: &Value) -> Option<Bytes> {
        let Told { tickets, everybody } = std::mem::take(&mut self.told);
        if everybody || tickets.len() > NAMED {
            return Some(Bytes::new());
        }
        let names: Vec<_> = tickets.iter().map(u64::to_string).collect();
        (!names.is_empty()).then(|| names.join(" ").into())
    }

    fn apply(&mut self, method: &str, args: &[Bytes]) -> Result<Poll<Value>, Refusal> {
        let reply = match (method, args) {
            ("granted" | "available" | "status" | "look" | "value", _) if !self.exists => {
                Value::Nil
            }
            ("granted", [ticket]) => {
                let ticket = parse(ticket)?;
                if self.waiting.contains_key(&ticket) {
                    return Ok(Poll::Pending);
                }
                match (self.held.contains_key(&ticket), &self.value) {
                    (true, Some(value)) => Value::Bytes(value.clone()),
                    (held, _) => held.into(),
                }
            }
            ("available", [now]) => {
                let mut settled = self.clone();
                settled.settle(instant(now)?);
                number(settled.free)
            }
            ("status", []) => Value::List(self.status()),
            ("look", [now]) => {
                let mut reply = self.status();
                reply.push(self.value.clone().into());
                reply.push(self.holders(instant(now)?));
                Value::List(reply)
            }
            ("value", []) => self.value.clone().into(),
            (_, [.., now]) => {
                let now = instant(now)?;
                self.settle(now);
                return self.change(method, args, now).map(Poll::Ready);
            }
            _ => return Err(Refusal::no_such_method(method)),
        };
        Ok(Poll::Ready(reply))
    }
}

impl Permits {
    fn status(&self) -> Vec<Value> {
        vec![
            number(self.free),
            number(self.total),
            self.waiting.len().into(),
            self.held.len().into(),
            self.closed.into(),
        ]
    }

    /// Who holds something, in the order of the tickets: a session, how much it holds, and in how many milliseconds its
    /// lease ends.
    fn holders(&self, now: u64) -> Value {
        let holders = self.held.values().take(HOLDERS).flat_map(|share| {
            let ends = self
                .sessions
                .get(&share.session)
                .map_or(0, |known| known.ends);
            [
                Value::Bytes(share.session.clone()),
                number(share.count),
                number(ends.saturating_sub(now)),
            ]
        });
        Value::List(holders.collect())
    }

    fn change(&mut self, method: &str, args: &[Bytes], now: u64) -> Result<Value, Refusal> {
        Ok(match (method, args) {
            ("acquire", [session, lease, count, queue, _]) => {
                let (ends, queue) = (now + parse::<u64>(lease)?, queue == "1");
                self.acquire(session, ends, parse(count)?, queue, now)
            }
            ("release", [ticket, count, _]) => {
                let (ticket, all) = (parse(ticket)?, count.is_empty());
                if self.waiting.remove(&ticket).is_some() {
                    self.grant();
                    return Ok(true.into());
                }
                let Some(share) = self.held.get(&ticket) else {
                    return Ok(false.into());
                };
                let count = if all { share.count } else { parse(count)? };
                self.give_back(ticket, count).into()
            }
            ("forget", [ticket, _]) => match self.held.remove(&parse(ticket)?) {
                Some(share) => {
                    self.total -= share.count;
                    true.into()
                }
                None => false.into(),
            },
            ("write", [ticket, value, keep, _]) => {
                let (ticket, keep) = (parse(ticket)?, parse::<u64>(keep)?);
                // Only who has all of them is alone with the value.
                match self.held.get(&ticket) {
                    Some(share) if share.count == self.total && keep <= self.total => {
                        self.value = Some(value.clone());
                        if keep < self.total {
                            self.give_back(ticket, self.total - keep);
                        }
                        true.into()
                    }
                    _ => false.into(),
                }
            }
            ("renew", [session, lease, _]) => {
                let ends = now + parse::<u64>(lease)?;
                let first = match self.sessions.get_mut(session) {
                    Some(known) => {
                        known.ends = ends;
                        known.first
                    }
                    None => self.next,
                };
                Value::List(vec![number(first), self.earliest_other(session, now)])
            }
            ("add", [count, _]) => {
                let count: u64 = parse(count)?;
                if self.total + count > ALL {
                    return Ok(Value::Int(-1));
                }
                self.total += count;
                self.free += count;
                self.grant();
                number(self.total)
            }
            ("shrink", [count, _]) => {
                let count = parse::<u64>(count)?.min(self.free);
                self.free -= count;
                self.total -= count;
                number(count)
            }
            ("wake_all", [_]) => {
                let woken = std::mem::take(&mut self.waiting);
                self.told.everybody |= !woken.is_empty();
                let count = woken.len();
                let used_up = woken
                    .into_iter()
                    .map(|(ticket, share)| (ticket, Share { count: 0, ..share }));
                self.held.extend(used_up);
                count.into()
            }
            ("close", [_]) => {
                self.closed = true;
                self.waiting.clear();
                self.told.everybody = true;
                Value::Nil
            }
            _ => return Err(Refusal::no_such_method(method)),
        })
    }

    /// Ticket, whether it is granted, the session's first ticket, when another's lease ends, and where
    /// it is granted the value; or why there is no ticket, and how many permits there are.
    fn acquire(&mut self, session: &Bytes, ends: u64, count: u64, queue: bool, now: u64) -> Value {
        let at_once = self.waiting.is_empty() && count <= self.free;
        let refused = if self.closed {
            Some(CLOSED)
        } else {
            (!at_once && !queue).then_some(BUSY)
        };
        if let Some(reason) = refused {
            return Value::Int(reason);
        }
        let ticket = self.next;
        self.next += 1;
        let known = self.sessions.entry(session.clone()).or_insert(Session {
            first: ticket,
            ends,
        });
        known.ends = ends;
        let first = known.first;
        let share = Share {
            session: session.clone(),
            count,
        };
        let mut reply = vec![
            number(ticket),
            at_once.into(),
            number(first),
            self.earliest_other(session, now),
        ];
        if at_once {
            self.free -= count;
            self.held.insert(ticket, share);
            reply.extend(self.value.clone().map(Value::Bytes));
        } else {
            self.waiting.insert(ticket, share);
        }
        Value::List(reply)
    }

    /// Takes back what was lent on leases that have ended.
    fn settle(&mut self, now: u64) {
        let ended = self
            .sessions
            .extract_if(.., |_, session| session.ends <= now);
        let ended: BTreeSet<Bytes> = ended.map(|(session, _)| session).collect();
        if ended.is_empty() {
            return;
        }
        self.waiting
            .retain(|_, share| !ended.contains(&share.session));
        let lost = self
            .held
            .extract_if(.., |_, share| ended.contains(&share.session));
        self.free += lost.map(|(_, share)| share.count).sum::<u64>();
        self.grant();
    }

    /// Whether so many were held under that ticket; they are free now.
    fn give_back(&mut self, ticket: u64, count: u64) -> bool {
        match self.held.get_mut(&ticket) {
            Some(share) if share.count == count => {
                self.held.remove(&ticket);
            }
            Some(share) if share.count > count => share.count -= count,
            _ => return false,
        }
        self.free += count;
        self.grant();
        true
    }

    /// Lends what is free to those who have waited longest.
    fn grant(&mut self) {
        while let Some(first) = self.waiting.first_entry()
            && first.get().count <= self.free
        {
            let (ticket, share) = first.remove_entry();
            self.free -= share.count;
            self.held.insert(ticket, share);
            self.told.tickets.push(ticket);
        }
        if let Some(most) = self.most {
            let over = self.free.saturating_sub(most);
            self.free -= over;
            self.total -= over;
        }
    }

    /// In how many milliseconds the earliest lease of another session ends; -1 where there is none.
    fn earliest_other(&self, session: &Bytes, now: u64) -> Value {
        let others = self.sessions.iter().filter(|(other, _)| *other != session);
        let earliest = others.map(|(_, other)| other.ends).min();
        earliest.map_or(Value::Int(-1), |ends| number(ends - now))
    }
}

fn number(number: u64) -> Value {
    Value::Int(i64::try_from(number).unwrap_or(i64::MAX))
}
