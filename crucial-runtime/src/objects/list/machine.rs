//! The state machine of a list: encoded elements in order.

use std::collections::VecDeque;
use std::task::Poll;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::object::{Method, Object, Refusal, ServerScript, Value};
use crate::objects::argument::{self, parse};
use crate::objects::proxy::methods;

/// The elements.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ListState(VecDeque<Bytes>);

methods! {
    GET = native("get", "LINDEX");
    LEN = native("len", "LLEN");
    RANGE = native("range", "LRANGE");
    POSITION = native("position", "LPOS");
    GET_MANY = read("get_many");
    PUSH_BACK = update("push_back");
    PUSH_FRONT = update("push_front");
    POP_BACK = update("pop_back");
    POP_FRONT = update("pop_front");
    SET = update("set");
    COMPARE_EXCHANGE = update("compare_exchange");
    SWAP = update("swap");
    INSERT = update("insert");
    REMOVE = update("remove");
    REMOVE_FIRST = update("remove_first");
    REMOVE_ALL = update("remove_all");
    TRUNCATE = update("truncate");
    KEEP_LAST = update("keep_last");
    DRAIN = update("drain");
}

impl Object for ListState {
    const NAME: &'static str = "List";
    const METHODS: &'static [Method] = METHODS;
    const SCRIPT: Option<ServerScript> = Some(ServerScript {
        source: include_str!("../list.lua"),
        index: false,
    });
    const WAITS: bool = false;

    fn init(args: &[Bytes]) -> Result<Self, Refusal> {
        Ok(Self(args.iter().cloned().collect()))
    }

    fn apply(&mut self, method: &str, args: &[Bytes]) -> Result<Poll<Value>, Refusal> {
        let list = &mut self.0;
        let reply = match (method, args) {
            ("get", [index]) => self.at(parse(index)?).into(),
            ("get_many", indexes) => {
                let elements = indexes.iter().map(|index| Ok(self.at(parse(index)?)));
                elements.collect::<Result<Vec<_>, Refusal>>()?.into()
            }
            ("len", []) => list.len().into(),
            ("range", [first, last]) => self.range(parse(first)?, parse(last)?).into(),
            ("position", [element]) => list.iter().position(|other| other == element).into(),
            // The server's way to say: from the back.
            ("position", [element, _, _]) => list.iter().rposition(|other| other == element).into(),
            ("push_back", elements) => {
                list.extend(elements.iter().cloned());
                list.len().into()
            }
            ("push_front", elements) => {
                for element in elements {
                    list.push_front(element.clone());
                }
                list.len().into()
            }
            ("pop_back", [count]) => pop(parse(count)?, || list.pop_back()),
            ("pop_front", [count]) => pop(parse(count)?, || list.pop_front()),
            ("set", [index, element]) => match list.get_mut(parse::<usize>(index)?) {
                Some(place) => std::mem::replace(place, element.clone()).into(),
                None => Value::Nil,
            },
            ("compare_exchange", [index, current, new]) => {
                match list.get_mut(parse::<usize>(index)?) {
                    Some(place) if place == current => {
                        *place = new.clone();
                        Value::Nil
                    }
                    other => Value::List(vec![other.cloned().into()]),
                }
            }
            ("swap", [a, b]) => {
                let (a, b): (usize, usize) = (parse(a)?, parse(b)?);
                let there = a.max(b) < list.len();
                if there {
                    list.swap(a, b);
                }
                there.into()
            }
            ("insert", [index, element]) => {
                let index: usize = parse(index)?;
                let there = index <= list.len();
                if there {
                    list.insert(index, element.clone());
                }
                there.into()
            }
            ("remove", [index]) => list.remove(parse(index)?).into(),
            ("remove_first", [element]) => {
                let place = list.iter().position(|other| other == element);
                place.and_then(|place| list.remove(place)).is_some().into()
            }
            ("remove_all", elements) => {
                let before = list.len();
                list.retain(|element| !elements.contains(element));
                (before - list.len()).into()
            }
            ("truncate", [len]) => {
                list.truncate(parse(len)?);
                Value::Nil
            }
            ("keep_last", [len]) => {
                list.drain(..list.len().saturating_sub(parse(len)?));
                Value::Nil
            }
            ("drain", []) => Vec::from(std::mem::take(list)).into(),
            _ => return Err(Refusal::no_such_method(method)),
        };
        Ok(Poll::Ready(reply))
    }
}

impl ListState {
    /// As the server's command: from the back if the index is negative.
    fn at(&self, index: i64) -> Option<Bytes> {
        let index = match usize::try_from(index) {
            Ok(index) => index,
            Err(_) => self.0.len().checked_sub(argument::size(index))?,
        };
        self.0.get(index).cloned()
    }

    /// As the server's command: both ends belong to the range, and count from the back if negative.
    fn range(&self, first: i64, last: i64) -> Vec<Bytes> {
        let place = |index: i64| match usize::try_from(index) {
            Ok(index) => Some(index),
            Err(_) => self.0.len().checked_sub(argument::size(index)),
        };
        let (first, Some(last)) = (place(first).unwrap_or(0), place(last)) else {
            return Vec::new();
        };
        let count = last.saturating_add(1).saturating_sub(first);
        self.0.iter().skip(first).take(count).cloned().collect()
    }
}

fn pop(count: usize, pop: impl FnMut() -> Option<Bytes>) -> Value {
    let popped: Vec<_> = std::iter::from_fn(pop).take(count).collect();
    popped.into()
}
