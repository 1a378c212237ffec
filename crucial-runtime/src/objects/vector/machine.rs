//! The state machine of a vector: its numbers, and the rounds of those who reduce by it.

use std::task::Poll;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::codec::{self, CodecError};
use crate::object::{Method, Object, Refusal, Value};
use crate::objects::numbers::{
    All, Borrowed, Bound, Element, Entry, Numbers, Reducing, Rounds, Slices, arguments, reply,
    timeless,
};
use crate::objects::proxy::methods;

/// The state.
#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
#[serde(bound = "T: Element")]
pub(crate) struct VectorState<T> {
    pub(in crate::objects) numbers: Numbers<T>,
    #[serde(default)]
    pub(in crate::objects) rounds: Rounds<T>,
}

methods! {
    LEN = read("len");
    TO_VEC = read("to_vec");
    GET = read("get");
    GET_RANGE = read("get_range");
    SUM = read("sum");
    MEAN = read("mean");
    EXTREME = read("extreme");
    NORM = read("norm");
    DOT = read("dot");
    DOT_AT = read("dot_at");
    SET = update("set");
    SET_RANGE = update("set_range");
    FILL = update("fill");
    REPLACE = update("replace");
    ADD_SCALED = update("add_scaled");
    ADD_AND_GET = update("add_and_get");
    ADD_AT = update("add_at");
    ADD_ALL = update("add_all");
    BOUND = update("bound");
    BOUND_AT = update("bound_at");
    SCALE = update("scale");
    CONTRIBUTE = update("contribute");
    REDUCED = read("reduced");
    GIVE_UP = update("give_up");
    RESET_ROUNDS = update("reset_rounds");
    RENEW = idempotent("renew");
    LEAVE = idempotent("leave");
    ROUND_STATUS = read("round_status");
}

impl<T: Element> VectorState<T> {
    pub(super) fn of(numbers: Vec<T>) -> Self {
        Self {
            numbers: Numbers(numbers),
            rounds: Rounds::default(),
        }
    }

    fn range(&self, start: usize, count: usize) -> Result<std::ops::Range<usize>, Refusal> {
        let end = start.checked_add(count);
        match end.filter(|end| *end <= self.numbers.0.len()) {
            Some(end) => Ok(start..end),
            None => Err(Refusal::args(format_args!(
                "there are no {count} numbers from number {start} on in a vector of {}",
                self.numbers.0.len()
            ))),
        }
    }

    /// Numbers that go with those of the vector, one for one.
    fn matching<'a>(&self, numbers: &'a Numbers<T>) -> Result<&'a [T], Refusal> {
        if numbers.0.len() == self.numbers.0.len() {
            Ok(&numbers.0)
        } else {
            Err(Refusal::args(format_args!(
                "{} numbers were given for a vector of {}",
                numbers.0.len(),
                self.numbers.0.len()
            )))
        }
    }

    /// The numbers, to be changed.
    fn changing(&mut self) -> &mut Vec<T> {
        self.rounds.keep_result(&self.numbers.0);
        &mut self.numbers.0
    }

    fn shape(&self) -> (usize, usize) {
        (self.numbers.0.len(), 1)
    }
}

impl<T: Element> Object for VectorState<T> {
    const NAME: &'static str = T::VECTOR;
    const METHODS: &'static [Method] = METHODS;
    const CAREFUL: bool = true;

    fn encode(&self) -> Result<Bytes, CodecError> {
        codec::encode_own(self)
    }

    fn size(&self) -> Result<usize, CodecError> {
        Ok(self.numbers.size() + self.rounds.size())
    }

    /// Only the end of a round is waited for.
    fn announcement(&mut self, _: &str, _: &[Bytes], _: &Value) -> Option<Bytes> {
        self.rounds.take_news().then(Bytes::new)
    }

    fn timeless(method: &str, reply: Value) -> Value {
        timeless::<T>(method, reply)
    }

    fn apply(&mut self, method: &str, args: &[Bytes]) -> Result<Poll<Value>, Refusal> {
        match method {
            "len" => reply(&self.numbers.0.len()),
            "to_vec" => reply(&self.numbers),
            "get" => {
                let (index,): (usize,) = arguments(args)?;
                reply(&self.numbers.0.get(index))
            }
            "get_range" => {
                let (start, count) = arguments(args)?;
                let range = self.range(start, count)?;
                reply(&Borrowed(&self.numbers.0[range]))
            }
            "dot" => {
                let (other,): (Numbers<T>,) = arguments(args)?;
                reply(&self.numbers.0.dot(self.matching(&other)?)?)
            }
            "set" => {
                let entry: (usize, T) = arguments(args)?;
                let (index, number) = entry.placed(self.shape())?;
                reply(&std::mem::replace(&mut self.changing()[index], number))
            }
            "set_range" => {
                let (start, numbers): (usize, Numbers<T>) = arguments(args)?;
                let range = self.range(start, numbers.0.len())?;
                self.changing()[range].copy_from_slice(&numbers.0);
                reply(&())
            }
            "replace" => {
                let (numbers,): (Numbers<T>,) = arguments(args)?;
                if self.rounds.came() > 0 && numbers.0.len() != self.numbers.0.len() {
                    return Err(Refusal::args(format_args!(
                        "a round gathers parts of {} numbers; the vector can't have {} before it ends",
                        self.numbers.0.len(),
                        numbers.0.len()
                    )));
                }
                *self.changing() = numbers.0;
                reply(&())
            }
            "add_scaled" => {
                let (factor, numbers): (T, Numbers<T>) = arguments(args)?;
                let numbers = self.matching(&numbers)?;
                self.changing().add_scaled(factor, numbers)?;
                reply(&())
            }
            "add_and_get" => {
                let (numbers,): (Numbers<T>,) = arguments(args)?;
                let numbers = self.matching(&numbers)?;
                self.changing().add_scaled(T::ONE, numbers)?;
                reply(&self.numbers)
            }
            "add_all" => {
                let (parts,): (Vec<Numbers<T>>,) = arguments(args)?;
                let mut sum = self.numbers.0.clone();
                for part in &parts {
                    sum.add_scaled(T::ONE, self.matching(part)?)?;
                }
                *self.changing() = sum;
                reply(&())
            }
            "bound" => {
                let (bound, numbers): (Bound, Numbers<T>) = arguments(args)?;
                let numbers = self.matching(&numbers)?;
                self.changing().bound(bound, numbers);
                reply(&())
            }
            _ => {
                let shape = self.shape();
                let numbers = &mut self.numbers.0;
                All {
                    numbers,
                    shape,
                    rounds: &mut self.rounds,
                }
                .apply::<(usize, T)>(method, args)
            }
        }
    }
}

impl<T: Element> Reducing for VectorState<T> {
    type Element = T;
    const CONTRIBUTE: &'static Method = &CONTRIBUTE;
    const REDUCED: &'static Method = &REDUCED;
    const GIVE_UP: &'static Method = &GIVE_UP;
    const RENEW: &'static Method = &RENEW;
    const LEAVE: &'static Method = &LEAVE;
}
