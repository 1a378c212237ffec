//! The state machine of a latch: how often it has still to be counted down.

use std::task::Poll;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::object::{Method, Object, Refusal, ServerScript, Value};
use crate::objects::argument::{self, parse};
use crate::objects::proxy::methods;

/// The count; `None` where there is no object.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LatchState(Option<u32>);

methods! {
    COUNT = native("count", "GET");
    WAIT = read("wait");
    COUNT_DOWN = update("count_down");
    TRY_RESET = update("try_reset");
}

impl Object for LatchState {
    const NAME: &'static str = "Latch";
    const METHODS: &'static [Method] = METHODS;
    const SCRIPT: Option<ServerScript> = Some(ServerScript {
        source: include_str!("../latch.lua"),
        index: false,
    });

    fn init(args: &[Bytes]) -> Result<Self, Refusal> {
        match args {
            [] => Ok(Self(None)),
            [count] => Ok(Self(Some(parse(count)?))),
            _ => Err(Refusal::args("a latch starts from one count")),
        }
    }

    fn apply(&mut self, method: &str, args: &[Bytes]) -> Result<Poll<Value>, Refusal> {
        let reply = match (method, args) {
            ("count", []) => self.0.map(argument::number).into(),
            ("wait", []) => match self.0 {
                Some(0) => Value::Int(1),
                Some(_) => return Ok(Poll::Pending),
                None => Value::Nil,
            },
            ("count_down", [by]) => {
                let left = self.0.unwrap_or(0).saturating_sub(parse(by)?);
                self.0 = Some(left);
                Value::Int(left.into())
            }
            ("try_reset", [count]) => {
                let free = self.0.unwrap_or(0) == 0;
                if free {
                    self.0 = Some(parse(count)?);
                }
                free.into()
            }
            _ => return Err(Refusal::no_such_method(method)),
        };
        Ok(Poll::Ready(reply))
    }
}
