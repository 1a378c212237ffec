//! The state machine of a sorted map: that of a map, and what needs the order of the encoded keys.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::task::Poll;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::object::{Method, Object, Refusal, ServerScript, Value};
use crate::objects::argument::parse;
use crate::objects::map::machine::{MapState, flat};
use crate::objects::proxy::methods;

/// The entries.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SortedMapState(MapState);

methods! {
    RANGE_FIRST = read("range_first");
    RANGE_LAST = read("range_last");
    RANGE_KEYS = read("range_keys");
    RANGE_LEN = read("range_len");
    RANK = read("rank");
    REMOVE_RANGE = update("remove_range");
    POP_FIRST = update("pop_first");
    POP_LAST = update("pop_last");
}

impl Object for SortedMapState {
    const NAME: &'static str = "SortedMap";
    const METHODS: &'static [Method] = METHODS;
    const UNORDERED: &'static [(&'static str, usize)] = &[("entries", 2), ("drain", 2)];
    const SCRIPT: Option<ServerScript> = Some(ServerScript {
        source: concat!(
            "local ORDER\nbegin = function() ORDER = INDEX end\n",
            include_str!("../map.lua"),
            include_str!("../sorted_map.lua")
        ),
        index: true,
    });
    const WAITS: bool = false;

    fn init(args: &[Bytes]) -> Result<Self, Refusal> {
        MapState::init(args).map(Self)
    }

    fn fold(method: &str, calls: &[&[Bytes]]) -> Option<Vec<Bytes>> {
        MapState::fold(method, calls)
    }

    fn unfold(method: &str, calls: &[&[Bytes]], reply: &Value) -> Vec<Value> {
        MapState::unfold(method, calls, reply)
    }

    fn apply(&mut self, method: &str, args: &[Bytes]) -> Result<Poll<Value>, Refusal> {
        let entries = &mut self.0.0;
        let reply = match (method, args) {
            ("range_first", [low, high, count]) => {
                let range = range(entries, low, high)?;
                flat(range.into_iter().take(limit(count)?))
            }
            ("range_last", [low, high, count]) => {
                let range = range(entries, low, high)?;
                flat(range.into_iter().rev().take(limit(count)?))
            }
            ("range_keys", [low, high]) => {
                let range = range(entries, low, high)?.into_iter();
                range.map(|(key, _)| key).collect::<Vec<_>>().into()
            }
            ("range_len", [low, high]) => range(entries, low, high)?.len().into(),
            ("rank", [key]) => entries.keys().position(|other| other == key).into(),
            ("remove_range", [low, high]) => {
                let range = range(entries, low, high)?;
                for (key, _) in &range {
                    entries.remove(key);
                }
                range.len().into()
            }
            ("pop_first", [count]) => {
                flat(std::iter::from_fn(|| entries.pop_first()).take(parse(count)?))
            }
            ("pop_last", [count]) => {
                flat(std::iter::from_fn(|| entries.pop_last()).take(parse(count)?))
            }
            _ => return self.0.apply(method, args),
        };
        Ok(Poll::Ready(reply))
    }
}

/// The entries between two ends; none where the ends have changed places.
fn range(
    entries: &BTreeMap<Bytes, Bytes>,
    low: &Bytes,
    high: &Bytes,
) -> Result<Vec<(Bytes, Bytes)>, Refusal> {
    let (low, high) = (bound(low)?, bound(high)?);
    let empty = match (&low, &high) {
        (Bound::Included(low), Bound::Included(high)) => low > high,
        (
            Bound::Included(low) | Bound::Excluded(low),
            Bound::Included(high) | Bound::Excluded(high),
        ) => low >= high,
        _ => false,
    };
    if empty {
        return Ok(Vec::new());
    }
    let range = entries.range((low, high));
    Ok(range
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect())
}

/// One end of a range, as the server's commands take it.
fn bound(end: &Bytes) -> Result<Bound<Bytes>, Refusal> {
    match end.first() {
        Some(b'[') => Ok(Bound::Included(end.slice(1..))),
        Some(b'(') => Ok(Bound::Excluded(end.slice(1..))),
        Some(b'-' | b'+') if end.len() == 1 => Ok(Bound::Unbounded),
        _ => Err(Refusal::args("it is no end of a range")),
    }
}

/// How many entries, all if it is negative.
fn limit(count: &[u8]) -> Result<usize, Refusal> {
    let count: i64 = parse(count)?;
    Ok(usize::try_from(count).unwrap_or(usize::MAX))
}
