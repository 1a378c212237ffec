//! The state machine of a barrier: generations of parties.

use std::collections::VecDeque;
use std::task::Poll;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::object::{Method, Object, Refusal, ServerScript, Value};
use crate::objects::argument::parse;
use crate::objects::proxy::methods;

/// How many broken generations are remembered for parties that have not looked since. To those of
/// one that is forgotten every generation of that time counts as broken: it is no lie that would
/// let a party go on alone.
const REMEMBERED: usize = 16;

/// What [`GIVE_UP`] and [`PASSED`] say of a generation.
pub(super) const BROKEN: i64 = 0;
/// All parties of the generation have come.
pub(super) const TRIPPED: i64 = 1;
/// The generation was whole until this call broke it.
pub(super) const BROKEN_BY_THIS: i64 = 2;

/// The state.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct BarrierState {
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
}

methods! {
    STATUS = read("status");
    PASSED = read("passed");
    ARRIVE = update("arrive");
    GIVE_UP = update("give_up");
    RESET = update("reset");
}

impl Object for BarrierState {
    const NAME: &'static str = "Barrier";
    const METHODS: &'static [Method] = METHODS;
    const SCRIPT: Option<ServerScript> = Some(ServerScript {
        source: include_str!("../barrier.lua"),
    });

    fn init(args: &[Bytes]) -> Result<Self, Refusal> {
        match args {
            [] => Ok(Self::default()),
            [parties] => Ok(Self {
                parties: parse(parties)?,
                ..Self::default()
            }),
            _ => Err(Refusal::args("a barrier starts from a number of parties")),
        }
    }

    fn apply(&mut self, method: &str, args: &[Bytes]) -> Result<Poll<Value>, Refusal> {
        let reply = match (method, args) {
            ("status", []) => Value::List(vec![
                Value::Int(self.parties.into()),
                Value::Int(self.waiting.into()),
                self.broken.into(),
                number(self.generation),
            ]),
            // Somebody came to it, so it had parties: it has been removed.
            ("passed", [_]) if self.parties == 0 => Value::Nil,
            ("passed", [generation]) => match self.ended(parse(generation)?) {
                Some(end) => Value::Int(end),
                None => return Ok(Poll::Pending),
            },
            ("arrive", []) => self.arrive(),
            ("give_up", [generation]) => Value::Int(match self.ended(parse(generation)?) {
                Some(end) => end,
                None => {
                    self.broken = true;
                    BROKEN_BY_THIS
                }
            }),
            ("reset", []) => {
                if self.broken || self.waiting > 0 {
                    self.ended_broken.push_back(self.generation);
                    if self.ended_broken.len() > REMEMBERED {
                        self.ended_broken.pop_front();
                    }
                    self.next();
                }
                Value::Nil
            }
            _ => return Err(Refusal::no_such_method(method)),
        };
        Ok(Poll::Ready(reply))
    }
}

impl BarrierState {
    /// Generation, place and whether it is complete; nothing at a broken barrier, zero at one of no parties.
    fn arrive(&mut self) -> Value {
        if self.broken {
            return Value::Nil;
        }
        if self.parties == 0 {
            return Value::Int(0);
        }
        let (generation, place) = (self.generation, self.waiting);
        self.waiting += 1;
        let complete = self.waiting == self.parties;
        if complete {
            self.next();
        }
        Value::List(vec![
            number(generation),
            Value::Int(place.into()),
            complete.into(),
        ])
    }

    fn next(&mut self) {
        self.generation += 1;
        self.waiting = 0;
        self.broken = false;
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
}

fn number(generation: u64) -> Value {
    Value::Int(i64::try_from(generation).unwrap_or(i64::MAX))
}
