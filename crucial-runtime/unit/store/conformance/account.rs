//! A user's object for the cases, as `#[crucial::shared]` would write it.

use std::task::Poll;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::codec;
use crate::error::Result;
use crate::object::{Method, Object, Refusal, Value};

/// A user's object.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Account {
    pub(super) balance: i64,
    pub(super) ballast: Vec<u8>,
}

pub(super) static ADD: Method = Method::update("add");
pub(super) static ADD_OR_PANIC: Method = Method::update("add_or_panic");
pub(super) static BALANCE: Method = Method::read("balance");
pub(super) static AT_LEAST: Method = Method::read("at_least");
pub(super) static TAKE: Method = Method::update("take");
pub(super) static LOAD: Method = Method::update("load");
pub(super) static UNKNOWN: Method = Method::update("unknown");

impl Object for Account {
    const NAME: &'static str = "tests::Account";
    const METHODS: &'static [Method] = &[ADD, ADD_OR_PANIC, BALANCE, AT_LEAST, TAKE, LOAD];

    fn apply(&mut self, method: &str, args: &[Bytes]) -> Result<Poll<Value>, Refusal> {
        let [args] = args else {
            return Err(Refusal::args("one argument"));
        };
        if method == "load" {
            self.ballast = codec::decode(args)?;
            return Ok(Poll::Ready(Value::from(self.ballast.len())));
        }
        let n: i64 = codec::decode(args)?;
        Ok(match method {
            "add" => {
                self.balance += n;
                Poll::Ready(Value::Int(self.balance))
            }
            "add_or_panic" => {
                self.balance += n;
                assert!(self.balance % 7 != 0, "a multiple of seven");
                Poll::Ready(Value::Int(self.balance))
            }
            "balance" => Poll::Ready(Value::Int(self.balance)),
            "at_least" if self.balance >= n => Poll::Ready(Value::Int(self.balance)),
            "at_least" => Poll::Pending,
            "take" => {
                // What a method that waits did to the state is undone.
                self.balance -= n;
                if self.balance < 0 {
                    Poll::Pending
                } else {
                    Poll::Ready(Value::Int(self.balance))
                }
            }
            _ => return Err(Refusal::no_such_method(method)),
        })
    }
}

/// Another type, to be found under the wrong key.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Other;

impl Object for Other {
    const NAME: &'static str = "tests::Other";
    const METHODS: &'static [Method] = &[BALANCE];

    fn apply(&mut self, method: &str, _: &[Bytes]) -> Result<Poll<Value>, Refusal> {
        Err(Refusal::no_such_method(method))
    }
}
