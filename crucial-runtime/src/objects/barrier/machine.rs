//! The state machine of a barrier: generations of parties, each on a lease of its process.

use std::collections::{BTreeMap, VecDeque};
use std::task::Poll;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::object::{Method, Object, Refusal, ServerScript, Value};
use crate::objects::argument::{self, instant, parse};
use crate::objects::proxy::methods;

/// How many broken generations are remembered for parties that have not looked since. To those of
/// one that is forgotten every generation of that time counts as broken: it is no lie that would
/// let a party go on alone.
const REMEMBERED: usize = 16;

/// As many processes are named to those who look.
const SHOWN: usize = 100;

/// What [`GIVE_UP`] and [`PASSED`] say of a generation.
pub(super) const BROKEN: i64 = 0;
/// All parties of the generation have come.
pub(super) const TRIPPED: i64 = 1;
/// The generation was whole until this call broke it.
pub(super) const BROKEN_BY_THIS: i64 = 2;

/// What [`ARRIVE_AND_DROP`] says of a barrier without parties.
pub(super) const NOBODY: i64 = -1;

/// The state.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct BarrierState {
    /// Where there is no object, all are zero and it is not.
    exists: bool,
    /// How many parties a generation has; zero where nobody said.
    parties: u32,
    /// The number of the generation that gathers now.
    generation: u64,
    /// How many of its parties have come.
    waiting: u32,
    /// Whether it is broken, until a reset.
    broken: bool,
    /// The broken generations before it, as far as they are remembered.
    ended_broken: VecDeque<u64>,
    sessions: BTreeMap<Bytes, Session>,
    /// Whom the call under way has to tell.
    #[serde(skip)]
    told: Told,
}

/// A process whose parties have come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Session {
    /// When its lease ends, in milliseconds since 1970.
    ends: u64,
    /// The generation that it last came to.
    last: u64,
}

#[derive(Debug, Default, Clone, PartialEq, Eq)]
struct Told {
    /// Those who wait for the end of these generations.
    generations: Vec<u64>,
    everybody: bool,
}

methods! {
    STATUS = read("status");
    LOOK = read("look");
    PASSED = read("passed");
    ARRIVE = update("arrive");
    ARRIVE_AND_DROP = update("arrive_and_drop");
    GIVE_UP = update("give_up");
    RESET = update("reset");
    RENEW = idempotent("renew");
    LEAVE = idempotent("leave");
}

impl Object for BarrierState {
    const NAME: &'static str = "Barrier";
    const METHODS: &'static [Method] = METHODS;
    const SCRIPT: Option<ServerScript> = Some(ServerScript {
        source: include_str!("../barrier.lua"),
        index: true,
    });

    fn init(args: &[Bytes]) -> Result<Self, Refusal> {
        match args {
            [] => Ok(Self::default()),
            [parties] => Ok(Self {
                exists: true,
                parties: parse(parties)?,
                ..Self::default()
            }),
            _ => Err(Refusal::args("a barrier starts from a number of parties")),
        }
    }

    /// The parties of a process that come at once come together.
    fn fold(method: &str, calls: &[&[Bytes]]) -> Option<Vec<Bytes>> {
        let [session, lease, _, now] = calls.first()? else {
            return None;
        };
        let alike = |call: &&[Bytes]| matches!(call, [other, length, _, then] if (other, length, then) == (session, lease, now));
        if method != ARRIVE.name || !calls.iter().all(alike) {
            return None;
        }
        let counts = calls.iter().map(|call| parse::<u64>(&call[2]));
        let count = counts.sum::<Result<u64, _>>().ok()?;
        let count = argument::number(count);
        Some(vec![session.clone(), lease.clone(), count, now.clone()])
    }

    fn unfold(method: &str, calls: &[&[Bytes]], reply: &Value) -> Vec<Value> {
        let same = || vec![reply.clone(); calls.len()];
        let Value::List(parts) = reply else {
            return same();
        };
        let &[
            Value::Int(generation),
            Value::Int(place),
            Value::Int(parties),
            Value::Int(left),
        ] = &parts[..]
        else {
            return same();
        };
        if method != ARRIVE.name || parties < 1 {
            return same();
        }
        let mut come = place;
        let of = |call: &&[Bytes]| {
            let (round, place) = (come / parties, come % parties);
            come += call.get(2).and_then(|count| parse(count).ok()).unwrap_or(1);
            let numbers = [generation + round, place, parties, left];
            Value::List(numbers.map(Value::Int).into())
        };
        calls.iter().map(of).collect()
    }

    fn timeless(method: &str, mut reply: Value) -> Value {
        if let Value::List(parts) = &mut reply {
            match method {
                "arrive" => argument::some_time(parts, 3),
                "renew" => argument::some_time(parts, 1),
                "look" => {
                    for place in (1..parts.len()).step_by(2) {
                        argument::some_time(parts, place);
                    }
                }
                _ => {}
            }
        }
        reply
    }

    fn announcement(&mut self, _: &str, _: &[Bytes], _: &Value) -> Option<Bytes> {
        let told = std::mem::take(&mut self.told);
        if told.everybody {
            return Some(Bytes::new());
        }
        let names: Vec<_> = told.generations.iter().map(u64::to_string).collect();
        (!names.is_empty()).then(|| names.join(" ").into())
    }

    fn apply(&mut self, method: &str, args: &[Bytes]) -> Result<Poll<Value>, Refusal> {
        let reply = match (method, args) {
            ("status", [now]) => Value::List(vec![
                Value::Int(self.parties.into()),
                Value::Int(self.waiting.into()),
                self.is_broken(instant(now)?).into(),
                number(self.generation),
            ]),
            ("look", [now]) => {
                let now = instant(now)?;
                let come = self.sessions.iter();
                let come = come.filter(|(_, session)| session.last == self.generation);
                let parts = come.take(SHOWN).flat_map(|(name, session)| {
                    let left = session.ends.saturating_sub(now);
                    [Value::Bytes(name.clone()), number(left)]
                });
                Value::List(parts.collect())
            }
            ("passed", [_]) if !self.exists => Value::Nil,
            ("passed", [generation]) => match self.ended(parse(generation)?) {
                Some(end) => Value::Int(end),
                None => return Ok(Poll::Pending),
            },
            (_, [.., now]) => {
                let now = instant(now)?;
                self.settle(now);
                self.change(method, args, now)?
            }
            _ => return Err(Refusal::no_such_method(method)),
        };
        Ok(Poll::Ready(reply))
    }
}

impl BarrierState {
    fn change(&mut self, method: &str, args: &[Bytes], now: u64) -> Result<Value, Refusal> {
        Ok(match (method, args) {
            ("arrive", [session, lease, count, _]) => {
                let ends = now + parse::<u64>(lease)?;
                self.arrive(session, ends, parse(count)?, now)
            }
            ("arrive_and_drop", [_]) if self.broken => Value::Nil,
            ("arrive_and_drop", [_]) if self.parties == 0 => Value::Int(NOBODY),
            ("arrive_and_drop", [_]) => {
                self.parties -= 1;
                if self.waiting == self.parties {
                    self.next();
                }
                Value::Int(self.parties.into())
            }
            ("give_up", [generation, _]) => Value::Int(match self.ended(parse(generation)?) {
                Some(end) => end,
                None => {
                    self.break_now();
                    BROKEN_BY_THIS
                }
            }),
            ("reset", [_]) => {
                if self.broken || self.waiting > 0 {
                    self.ended_broken.push_back(self.generation);
                    if self.ended_broken.len() > REMEMBERED {
                        self.ended_broken.pop_front();
                    }
                    self.next();
                }
                Value::Nil
            }
            ("renew", [session, lease, _]) => {
                let ends = now + parse::<u64>(lease)?;
                if let Some(known) = self.sessions.get_mut(session) {
                    known.ends = ends;
                }
                // A barrier lends nothing that could be lost without its breaking.
                Value::List(vec![Value::Int(0), self.earliest_other(session, now)])
            }
            ("leave", [session, _]) => {
                self.sessions.remove(session);
                Value::Nil
            }
            _ => return Err(Refusal::no_such_method(method)),
        })
    }

    /// Generation and place of the first of so many parties, how many parties a generation has, and
    /// when another's lease ends; nothing at a broken barrier, zero at one of no parties.
    fn arrive(&mut self, session: &Bytes, ends: u64, mut count: u64, now: u64) -> Value {
        if self.broken {
            return Value::Nil;
        }
        if self.parties == 0 {
            return Value::Int(0);
        }
        let (generation, place) = (self.generation, self.waiting);
        let mut last = generation;
        while count > 0 {
            let missing = self.parties - self.waiting;
            let come = u32::try_from(count).map_or(missing, |count| count.min(missing));
            last = self.generation;
            count -= u64::from(come);
            self.waiting += come;
            if self.waiting == self.parties {
                self.next();
            }
        }
        self.sessions
            .insert(session.clone(), Session { ends, last });
        Value::List(vec![
            number(generation),
            Value::Int(place.into()),
            Value::Int(self.parties.into()),
            self.earliest_other(session, now),
        ])
    }

    fn next(&mut self) {
        self.told.generations.push(self.generation);
        self.generation += 1;
        self.waiting = 0;
        self.broken = false;
    }

    fn break_now(&mut self) {
        self.broken = true;
        self.told.everybody = true;
    }

    /// Breaks the barrier if it has lost a party.
    fn settle(&mut self, now: u64) {
        if self.is_broken(now) && !self.broken {
            self.break_now();
        }
        self.sessions.retain(|_, session| session.ends > now);
    }

    /// Whether it is, or has lost a process that came to this generation or to the one before: its
    /// parties are waited for. One that has let a whole generation pass without it is not missed.
    fn is_broken(&self, now: u64) -> bool {
        let missed = |session: &Session| session.ends <= now && session.last + 1 >= self.generation;
        self.broken || self.sessions.values().any(missed)
    }

    /// How a generation ended, if it did.
    fn ended(&self, generation: u64) -> Option<i64> {
        if generation >= self.generation {
            return self.broken.then_some(BROKEN);
        }
        let forgotten = self.ended_broken.len() == REMEMBERED
            && self
                .ended_broken
                .front()
                .is_some_and(|first| generation < *first);
        let broken = forgotten || self.ended_broken.contains(&generation);
        Some(if broken { BROKEN } else { TRIPPED })
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
