//! The state machine of an atomic: its value as bytes.

use std::task::Poll;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::combined::{Combined, Operation};
use super::fold;
use super::stored;
use crate::object::{Method, Object, Refusal, ServerScript, Value};
use crate::objects::proxy::methods;

/// The value of an atomic; `None` where there is no object.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct AtomicState(Option<Bytes>);

methods! {
    GET = native("get", "GET");
    SET = update("set");
    SWAP = update("swap");
    COMPARE_EXCHANGE = update("compare_exchange");
    ADD = update("add");
    COMBINE = update("combine");
}

/// Numbers of at least this size are given as text: doubles, in which servers count, lose digits there.
const EXACT: i64 = 1 << 53;

impl Object for AtomicState {
    const NAME: &'static str = "Atomic";
    const METHODS: &'static [Method] = METHODS;
    const SCRIPT: Option<ServerScript> = Some(ServerScript {
        source: include_str!("../atomic.lua"),
    });
    const WAITS: bool = false;

    fn init(args: &[Bytes]) -> Result<Self, Refusal> {
        match args {
            [] => Ok(Self(None)),
            [value] => Ok(Self(Some(value.clone()))),
            _ => Err(Refusal::args("an atomic starts from one value")),
        }
    }

    fn fold(method: &str, calls: &[&[Bytes]]) -> Option<Vec<Bytes>> {
        if method == ADD.name {
            fold::fold(calls)
        } else {
            None
        }
    }

    fn unfold(_: &str, calls: &[&[Bytes]], reply: &Value) -> Vec<Value> {
        fold::unfold(calls, reply)
    }

    fn apply(&mut self, method: &str, args: &[Bytes]) -> Result<Poll<Value>, Refusal> {
        let reply = match (method, args) {
            ("get", []) => self.0.clone().into(),
            ("set", [value]) => {
                self.0 = Some(value.clone());
                Value::Nil
            }
            ("swap", [value]) => self.0.replace(value.clone()).into(),
            ("compare_exchange", [current, new]) => {
                if self.0.as_ref() == Some(current) {
                    self.0 = Some(new.clone());
                    Value::Nil
                } else {
                    self.0.clone().into()
                }
            }
            ("add", [addend, kind]) => self.combine(Operation::Add, addend, kind)?,
            ("combine", [operation, operand, kind]) => {
                let operation = Operation::ALL
                    .into_iter()
                    .find(|known| known.name().as_bytes() == operation && *known != Operation::Add)
                    .ok_or_else(|| Refusal::args("there is no such operation"))?;
                self.combine(operation, operand, kind)?
            }
            _ => return Err(Refusal::no_such_method(method)),
        };
        Ok(Poll::Ready(reply))
    }
}

impl AtomicState {
    fn combine(
        &mut self,
        operation: Operation,
        operand: &[u8],
        kind: &[u8],
    ) -> Result<Value, Refusal> {
        match kind {
            b"i8" => self.combine_as::<i8>(operation, operand),
            b"i16" => self.combine_as::<i16>(operation, operand),
            b"i32" => self.combine_as::<i32>(operation, operand),
            b"i64" => self.combine_as::<i64>(operation, operand),
            b"u1" => self.combine_as::<bool>(operation, operand),
            b"u8" => self.combine_as::<u8>(operation, operand),
            b"u16" => self.combine_as::<u16>(operation, operand),
            b"u32" => self.combine_as::<u32>(operation, operand),
            b"u64" => self.combine_as::<u64>(operation, operand),
            b"f32" => self.combine_as::<f32>(operation, operand),
            b"f64" => self.combine_as::<f64>(operation, operand),
            _ => Err(Refusal::args("there is no such kind of number")),
        }
    }

    fn combine_as<T: Combined>(
        &mut self,
        operation: Operation,
        operand: &[u8],
    ) -> Result<Value, Refusal> {
        let value = self.0.as_ref();
        let value = value.ok_or_else(|| Refusal::args("there is no value to combine with"))?;
        let operand = match operation {
            Operation::Add => {
                T::of_addend(operand).ok_or_else(|| Refusal::args("that can't be added"))?
            }
            _ => stored::decode(operand)?,
        };
        let combined = stored::decode::<T>(value)?
            .combine(operation, operand)
            .ok_or_else(|| Refusal::args("the type has no such operation"))?;
        let combined = stored::encode(&combined)?;
        let before = self.0.replace(combined);
        Ok(match before {
            Some(before) if T::IS_TEXT => small(before),
            before => before.into(),
        })
    }
}

/// A whole number as scripts give it: the number where it is exact, its text otherwise.
pub(super) fn small(stored: Bytes) -> Value {
    let number = std::str::from_utf8(&stored)
        .ok()
        .and_then(|text| text.parse().ok());
    match number {
        Some(number) if (1 - EXACT..EXACT).contains(&number) => Value::Int(number),
        _ => Value::Bytes(stored),
    }
}
