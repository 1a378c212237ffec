//! The state machine of a set: encoded elements.

use std::collections::BTreeSet;
use std::task::Poll;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::object::{Method, Object, Refusal, ServerScript, Value};
use crate::objects::argument;
use crate::objects::map::machine::split;
use crate::objects::pages::machine::Rest;
use crate::objects::proxy::methods;

/// The elements. Sorted, so that replies are; servers give them in any order.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SetState(BTreeSet<Bytes>);

methods! {
    CONTAINS_MANY = native("contains_many", "SMISMEMBER");
    LEN = native("len", "SCARD");
    ELEMENTS = native("elements", "SMEMBERS");
    SCAN = native("scan", "SSCAN");
    INSERT_ALL = update("insert_all");
    REMOVE_ALL = update("remove_all");
    POP = update("pop");
    CLEAR = update("clear");
    DRAIN = update("drain");
}

impl Object for SetState {
    const NAME: &'static str = "Set";
    const METHODS: &'static [Method] = METHODS;
    const UNORDERED: &'static [(&'static str, usize)] = &[("elements", 1), ("drain", 1)];
    const CHANCE: &'static [&'static str] = &["pop"];
    const SCRIPT: Option<ServerScript> = Some(ServerScript {
        source: include_str!("../set.lua"),
        index: false,
    });
    const WAITS: bool = false;

    fn init(args: &[Bytes]) -> Result<Self, Refusal> {
        Ok(Self(args.iter().cloned().collect()))
    }

    /// Questions of one process that follow one another are one question.
    fn fold(method: &str, calls: &[&[Bytes]]) -> Option<Vec<Bytes>> {
        (method == CONTAINS_MANY.name).then(|| calls.concat())
    }

    fn unfold(_: &str, calls: &[&[Bytes]], reply: &Value) -> Vec<Value> {
        match reply {
            Value::List(flags) => split(calls, flags),
            _ => vec![reply.clone(); calls.len()],
        }
    }

    fn apply_as(
        &mut self,
        method: &str,
        args: &[Bytes],
        reply: &Value,
    ) -> Result<Poll<Value>, Refusal> {
        match method {
            "pop" => self.pop_as(args, reply),
            _ => self.apply(method, args),
        }
    }

    fn apply(&mut self, method: &str, args: &[Bytes]) -> Result<Poll<Value>, Refusal> {
        let reply = match (method, args) {
            ("contains_many", elements) => {
                let found = elements.iter().map(|element| self.0.contains(element));
                found.collect::<Vec<_>>().into()
            }
            ("len", []) => self.0.len().into(),
            ("elements", []) => all(self.0.clone()),
            ("scan", [place, _, size]) => {
                let rest = Rest::after(place, self.0.last())?;
                rest.page(
                    self.0.range(rest.range()),
                    size,
                    |element| element,
                    |page| page.into_iter().cloned().collect::<Vec<_>>().into(),
                )?
            }
            ("insert_all", elements) => {
                let before = self.0.len();
                self.0.extend(elements.iter().cloned());
                (self.0.len() - before).into()
            }
            ("remove_all", elements) => {
                let removed = elements.iter().filter(|element| self.0.remove(*element));
                removed.count().into()
            }
            // Any will do; a server takes them at random.
            ("pop", [count]) => {
                let count = argument::parse(count)?;
                let popped = std::iter::from_fn(|| self.0.pop_first()).take(count);
                popped.collect::<Vec<_>>().into()
            }
            ("clear", []) => {
                self.0.clear();
                Value::Nil
            }
            ("drain", []) => all(std::mem::take(&mut self.0)),
            _ => return Err(Refusal::no_such_method(method)),
        };
        Ok(Poll::Ready(reply))
    }
}

impl SetState {
    /// Any elements, at most so many, are taken: these, if they may be.
    fn pop_as(&mut self, args: &[Bytes], taken: &Value) -> Result<Poll<Value>, Refusal> {
        let ([count], Value::List(taken)) = (args, taken) else {
            return self.apply("pop", args);
        };
        let count: usize = argument::parse(count)?;
        let fits = taken.len() == count.min(self.0.len())
            && taken.iter().all(|element| match element {
                Value::Bytes(element) => self.0.remove(element),
                _ => false,
            });
        Ok(Poll::Ready(if fits {
            Value::List(taken.clone())
        } else {
            Value::Nil
        }))
    }
}

fn all(elements: BTreeSet<Bytes>) -> Value {
    elements.into_iter().collect::<Vec<_>>().into()
}
