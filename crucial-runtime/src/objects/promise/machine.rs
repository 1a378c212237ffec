//! The state machine of a promise: open, kept or failed, and then for good.

use std::task::Poll;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::object::{Method, Object, Refusal, ServerScript, Value};
use crate::objects::proxy::methods;

/// What is known of the promise, a letter and what belongs to it; `None` where there is no object.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PromiseState(Option<Bytes>);

/// Nothing has come yet.
pub(in crate::objects) const OPEN: u8 = b'O';
/// The value has come and follows.
pub(in crate::objects) const KEPT: u8 = b'K';
/// The promise was failed; the reason follows.
pub(in crate::objects) const FAILED: u8 = b'F';

methods! {
    TRY_GET = native("try_get", "GET");
    IS_DONE = read("is_done");
    GET = read("get");
    SETTLE = update("settle");
}

impl Object for PromiseState {
    const NAME: &'static str = "Promise";
    const METHODS: &'static [Method] = METHODS;
    const SCRIPT: Option<ServerScript> = Some(ServerScript {
        source: include_str!("../promise.lua"),
        index: false,
    });

    fn init(args: &[Bytes]) -> Result<Self, Refusal> {
        match args {
            [] => Ok(Self(None)),
            [known] => Ok(Self(Some(known.clone()))),
            _ => Err(Refusal::args("a promise starts open or kept")),
        }
    }

    fn apply(&mut self, method: &str, args: &[Bytes]) -> Result<Poll<Value>, Refusal> {
        let open = self.0.as_ref().map(|known| known.first() == Some(&OPEN));
        let reply = match (method, args) {
            ("try_get", []) => self.0.clone().into(),
            ("is_done", []) => open.map(|open| !open).into(),
            ("get", []) if open == Some(true) => return Ok(Poll::Pending),
            ("get", []) => self.0.clone().into(),
            ("settle", [known]) => {
                let first = open == Some(true);
                if first {
                    self.0 = Some(known.clone());
                }
                first.into()
            }
            _ => return Err(Refusal::no_such_method(method)),
        };
        Ok(Poll::Ready(reply))
    }
}
