//! The object that the schedules work on: it remembers who wrote what, in order.

use std::task::Poll;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::super::sim::doom;
use crate::codec;
use crate::object::{Method, Object, Refusal, Value};

/// One entry: who wrote it, and the how-manieth of theirs it is.
pub(super) type Entry = (u32, u32);

/// Where an entry went: the life of the object, the place in it. With it comes back what came along.
pub(super) type Place = (u64, u32, Bytes);

/// Who wrote what, in order.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Ledger {
    /// Which of the objects of that name this is.
    pub(super) life: u64,
    pub(super) log: Vec<Entry>,
    pub(super) mark: u32,
}

pub(super) static APPEND: Method = Method::update("append");
pub(super) static APPEND_AFTER: Method = Method::update("append_after");
pub(super) static APPEND_AND_PANIC: Method = Method::update("append_and_panic");
pub(super) static APPEND_AND_DIE: Method = Method::update("append_and_die");
pub(super) static MARK: Method = Method::idempotent("mark");
pub(super) static LENGTH: Method = Method::read("length");
pub(super) static LENGTH_FROM: Method = Method::read("length_from");
pub(super) static ALL: Method = Method::read("all");

impl Ledger {
    fn append(&mut self, entry: Entry, baggage: Bytes) -> Result<Poll<Value>, Refusal> {
        self.log.push(entry);
        let place: Place = (
            self.life,
            u32::try_from(self.log.len() - 1).unwrap(),
            baggage,
        );
        Ok(Poll::Ready(Value::Bytes(codec::encode_own(&place)?)))
    }

    fn length(&self) -> Result<Poll<Value>, Refusal> {
        let place: Place = (
            self.life,
            u32::try_from(self.log.len()).unwrap(),
            Bytes::new(),
        );
        Ok(Poll::Ready(Value::Bytes(codec::encode_own(&place)?)))
    }
}

impl Object for Ledger {
    const NAME: &'static str = "model::Ledger";
    const METHODS: &'static [Method] = &[
        APPEND,
        APPEND_AFTER,
        APPEND_AND_PANIC,
        APPEND_AND_DIE,
        MARK,
        LENGTH,
        LENGTH_FROM,
        ALL,
    ];

    fn apply(&mut self, method: &str, args: &[Bytes]) -> Result<Poll<Value>, Refusal> {
        let [args] = args else {
            return Err(Refusal::args("one argument"));
        };
        let (entry, least, baggage): (Entry, u32, Bytes) = codec::decode(args)?;
        match method {
            "append" => self.append(entry, baggage),
            "append_after" => {
                let there = u32::try_from(self.log.len()).unwrap() >= least;
                let reply = self.append(entry, baggage)?;
                // What a method that waits did to the state is undone.
                Ok(if there { reply } else { Poll::Pending })
            }
            "append_and_panic" => {
                let _ = self.append(entry, baggage)?;
                panic!("as it was asked to")
            }
            "append_and_die" => {
                doom::strike();
                self.append(entry, baggage)
            }
            "mark" => {
                self.mark = self.mark.max(least);
                Ok(Poll::Ready(Value::Int(self.mark.into())))
            }
            "length" => self.length(),
            "length_from" if u32::try_from(self.log.len()).unwrap() >= least => self.length(),
            "length_from" => Ok(Poll::Pending),
            "all" => Ok(Poll::Ready(Value::Bytes(codec::encode_own(&(
                self.life, &self.log,
            ))?))),
            _ => Err(Refusal::no_such_method(method)),
        }
    }
}
