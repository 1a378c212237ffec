//! The state machine of a map: encoded keys and values.

use std::collections::{BTreeMap, HashMap};
use std::task::Poll;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::object::{Method, Object, Refusal, ServerScript, Value};
use crate::objects::argument;
use crate::objects::pages::machine::Rest;
use crate::objects::proxy::methods;

/// The entries. Sorted, so that replies are; servers give them in any order.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct MapState(pub(in crate::objects) BTreeMap<Bytes, Bytes>);

methods! {
    GET_MANY = native("get_many", "HMGET");
    CONTAINS_KEY = native("contains_key", "HEXISTS");
    LEN = native("len", "HLEN");
    KEYS = native("keys", "HKEYS");
    VALUES = native("values", "HVALS");
    ENTRIES = native("entries", "HGETALL");
    SCAN = native("scan", "HSCAN");
    INSERT = update("insert");
    INSERT_ALL = update("insert_all");
    INSERT_IF_ABSENT = update("insert_if_absent");
    REPLACE = update("replace");
    COMPARE_EXCHANGE = update("compare_exchange");
    EXCHANGE_ALL = update("exchange_all");
    REMOVE = update("remove");
    REMOVE_ALL = update("remove_all");
    CLEAR = update("clear");
    DRAIN = update("drain");
}

impl Object for MapState {
    const NAME: &'static str = "Map";
    const METHODS: &'static [Method] = METHODS;
    const UNORDERED: &'static [(&'static str, usize)] =
        &[("entries", 2), ("drain", 2), ("keys", 1), ("values", 1)];
    const SCRIPT: Option<ServerScript> = Some(ServerScript {
        source: concat!(
            "local ORDER = false\nbegin = stateless\n",
            include_str!("../map.lua")
        ),
        index: false,
    });
    const WAITS: bool = false;

    fn init(args: &[Bytes]) -> Result<Self, Refusal> {
        let entries = argument::pairs(args)?.iter().cloned();
        Ok(Self(entries.map(|[key, value]| (key, value)).collect()))
    }

    /// Insertions of one process that follow one another are one insertion of many entries; so are look-ups.
    fn fold(method: &str, calls: &[&[Bytes]]) -> Option<Vec<Bytes>> {
        let folds = match method {
            "insert" => calls.iter().all(|call| call.len() == 2),
            _ => method == GET_MANY.name,
        };
        folds.then(|| calls.concat())
    }

    fn unfold(method: &str, calls: &[&[Bytes]], reply: &Value) -> Vec<Value> {
        match reply {
            Value::List(before) if method == INSERT.name => befores(calls, before),
            Value::List(found) => split(calls, found),
            _ => vec![reply.clone(); calls.len()],
        }
    }

    fn apply(&mut self, method: &str, args: &[Bytes]) -> Result<Poll<Value>, Refusal> {
        let reply = match (method, args) {
            ("get_many", keys) => {
                let values: Vec<_> = keys.iter().map(|key| self.0.get(key).cloned()).collect();
                values.into()
            }
            ("contains_key", [key]) => self.0.contains_key(key).into(),
            ("len", []) => self.0.len().into(),
            ("keys", []) => self.0.keys().cloned().collect::<Vec<_>>().into(),
            ("values", []) => self.0.values().cloned().collect::<Vec<_>>().into(),
            ("entries", []) => flat(self.0.clone()),
            ("scan", [place, _, size]) => {
                let last = self.0.last_key_value().map(|(key, _)| key);
                let rest = Rest::after(place, last)?;
                let values = |page: Vec<_>| flat(page.into_iter().map(owned));
                rest.page(self.0.range(rest.range()), size, |(key, _)| key, values)?
            }
            ("insert", [key, value]) => self.0.insert(key.clone(), value.clone()).into(),
            ("insert", entries) => {
                let keys = argument::pairs(entries)?.iter().map(|[key, _]| key);
                let before: Vec<_> = keys.map(|key| self.0.get(key).cloned()).collect();
                self.insert_all(entries)?;
                before.into()
            }
            ("insert_all", entries) => self.insert_all(entries)?.into(),
            ("insert_if_absent", [key, value]) => match self.0.get(key) {
                Some(present) => present.clone().into(),
                None => {
                    self.0.insert(key.clone(), value.clone());
                    Value::Nil
                }
            },
            ("replace", [key, value]) => self
                .0
                .get_mut(key)
                .map(|present| std::mem::replace(present, value.clone()))
                .into(),
            ("compare_exchange", [key, current, new]) => {
                let (current, new) = (argument::optional(current)?, argument::optional(new)?);
                let present = self.0.get(key).cloned();
                if present != current {
                    Value::List(vec![present.into()])
                } else {
                    match new {
                        Some(new) => self.0.insert(key.clone(), new),
                        None => self.0.remove(key),
                    };
                    Value::Nil
                }
            }
            ("exchange_all", exchanges) => self.exchange_all(exchanges)?,
            ("remove", [key]) => self.0.remove(key).into(),
            ("remove_all", keys) => {
                let removed = keys.iter().filter(|key| self.0.remove(*key).is_some());
                removed.count().into()
            }
            ("clear", []) => {
                self.0.clear();
                Value::Nil
            }
            ("drain", []) => flat(std::mem::take(&mut self.0)),
            _ => return Err(Refusal::no_such_method(method)),
        };
        Ok(Poll::Ready(reply))
    }
}

impl MapState {
    /// Inserts keys and values in turn; how many keys were new.
    fn insert_all(&mut self, entries: &[Bytes]) -> Result<usize, Refusal> {
        let before = self.0.len();
        for [key, value] in argument::pairs(entries)? {
            self.0.insert(key.clone(), value.clone());
        }
        Ok(self.0.len() - before)
    }

    /// Gives keys new values where they have the ones that they should; of the others, which they are, counted
    /// from zero, and what they have. No key comes twice.
    fn exchange_all(&mut self, exchanges: &[Bytes]) -> Result<Value, Refusal> {
        let (exchanges, rest) = exchanges.as_chunks();
        if !rest.is_empty() {
            return Err(Refusal::args("an exchange has no new value"));
        }
        let mut overtaken = Vec::new();
        for (index, [key, current, new]) in exchanges.iter().enumerate() {
            let present = self.0.get(key).cloned();
            if present == argument::optional(current)? {
                self.0.insert(key.clone(), new.clone());
            } else {
                overtaken.extend([index.into(), present.into()]);
            }
        }
        Ok(Value::List(overtaken))
    }
}

/// What each of the insertions found, from what was there before all of them.
fn befores(calls: &[&[Bytes]], before: &[Value]) -> Vec<Value> {
    let mut inserted = HashMap::new();
    let replies = calls.iter().zip(before).map(|(call, before)| {
        // A key that comes again finds what came with it the last time.
        let last = inserted.insert(&call[0], &call[1]);
        last.map_or_else(|| before.clone(), |last| last.clone().into())
    });
    replies.collect()
}

/// To each call as many of the values as it has arguments.
pub(in crate::objects) fn split(calls: &[&[Bytes]], mut values: &[Value]) -> Vec<Value> {
    let replies = calls.iter().map(|call| {
        let (own, rest) = values.split_at(call.len().min(values.len()));
        values = rest;
        Value::List(own.to_vec())
    });
    replies.collect()
}

fn owned((key, value): (&Bytes, &Bytes)) -> (Bytes, Bytes) {
    (key.clone(), value.clone())
}

/// Keys and values in turn.
pub(in crate::objects) fn flat(entries: impl IntoIterator<Item = (Bytes, Bytes)>) -> Value {
    let flat: Vec<_> = entries
        .into_iter()
        .flat_map(|(key, value)| [key, value])
        .collect();
    flat.into()
}
