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
    CHECKED = update("checked");
}

/// Numbers of at least this size are given as text: doubles, in which servers count, lose digits there.
pub(super) const EXACT: i64 = 1 << 53;

impl Object for AtomicState {
    const NAME: &'static str = "Atomic";
    const METHODS: &'static [Method] = METHODS;
    const SCRIPT: Option<ServerScript> = Some(ServerScript {
        source: include_str!("../atomic.lua"),
        index: false,
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
            ("checked", [operation, operand, kind]) => self.checked(operation, operand, kind)?,
            _ => return Err(Refusal::no_such_method(method)),
        };
        Ok(Poll::Ready(reply))
    }
}

/// Does something with the type of that name.
macro_rules! of_kind {
    ($kind:expr, |$type:ident| $run:expr) => {
        of_kind!($kind, $type, $run, b"i8": i8, b"i16": i16, b"i32": i32, b"i64": i64, b"u1": bool,
            b"u8": u8, b"u16": u16, b"u32": u32, b"u64": u64, b"f32": f32, b"f64": f64)
    };
    ($kind:expr, $type:ident, $run:expr, $($name:literal: $known:ty),+) => {
        match $kind {
            $($name => {
                type $type = $known;
                $run
            })+
            _ => Err(Refusal::args("there is no such kind of number")),
        }
    };
}

impl AtomicState {
    fn combine(
        &mut self,
        operation: Operation,
        operand: &[u8],
        kind: &[u8],
    ) -> Result<Value, Refusal> {
        of_kind!(kind, |T| self.combine_as::<T>(operation, operand))
    }

    /// Adds, or subtracts with `sub`; nothing is done and given where the sum does not fit.
    fn checked(&mut self, operation: &[u8], operand: &[u8], kind: &[u8]) -> Result<Value, Refusal> {
        let subtract = match operation {
            b"add" => false,
            b"sub" => true,
            _ => return Err(Refusal::args("there is no such operation")),
        };
        of_kind!(kind, |T| self.checked_as::<T>(operand, subtract))
    }

    fn checked_as<T: Combined>(
        &mut self,
        operand: &[u8],
        subtract: bool,
    ) -> Result<Value, Refusal> {
        let value: T = stored::decode(self.present()?)?;
        let Some(sum) = value.checked(stored::decode(operand)?, subtract) else {
            return Ok(Value::Nil);
        };
        let sum = stored::encode(&sum)?;
        Ok(self.0.replace(sum).map(small).into())
    }

    fn present(&self) -> Result<&Bytes, Refusal> {
        let value = self.0.as_ref();
        value.ok_or_else(|| Refusal::args("there is no value to combine with"))
    }

    fn combine_as<T: Combined>(
        &mut self,
        operation: Operation,
        operand: &[u8],
    ) -> Result<Value, Refusal> {
        let value = self.present()?;
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
