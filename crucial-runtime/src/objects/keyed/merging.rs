//! Many entries merged into a map: values fetched together, merged here, written back together where nobody was faster.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use bytes::Bytes;
use futures_util::future::try_join_all;

use crate::error::Result;
use crate::object::{Handle, Object, Value};
use crate::objects::argument;
use crate::objects::atomic::Retries;
use crate::objects::map::machine::{EXCHANGE_ALL, GET_MANY};
use crate::runtime;
use crate::thread::Portable;

/// How many keys, and how many bytes, are exchanged in one call at the most: it holds up others at the server.
const CALL_KEYS: usize = 2_000;
const CALL_BYTES: usize = 512 * 1024;
/// How many keys are under way together.
const WAVE_KEYS: usize = 16 * CALL_KEYS;

/// What is to be merged into one key.
struct Part {
    key: Bytes,
    /// One after the other.
    values: Vec<Bytes>,
}

/// A part with the value that it meets and the one that is to be.
struct Exchange {
    part: Part,
    present: Option<Bytes>,
    merged: Bytes,
}

/// Merges encoded entries into a map; how many of the keys were new.
pub(in crate::objects) async fn merge_all<O: Object, V: Portable>(
    handle: &Handle<O>,
    entries: Vec<(Bytes, Bytes)>,
    merge: &(impl Fn(V, V) -> V + Send + Sync),
) -> Result<usize> {
    let mut new = 0;
    let mut parts = by_key(entries).into_iter().peekable();
    while parts.peek().is_some() {
        let wave: Vec<_> = std::iter::from_fn(|| {
            let call: Vec<_> = parts.by_ref().take(CALL_KEYS).collect();
            (!call.is_empty()).then_some(call)
        })
        .take(WAVE_KEYS / CALL_KEYS)
        .map(|parts| merge_some(handle, parts, merge))
        .collect();
        new += try_join_all(wave).await?.into_iter().sum::<usize>();
    }
    Ok(new)
}

/// Each key once, in the order in which they come.
fn by_key(entries: Vec<(Bytes, Bytes)>) -> Vec<Part> {
    let mut places = HashMap::with_capacity(entries.len());
    let mut parts: Vec<Part> = Vec::with_capacity(entries.len());
    for (key, value) in entries {
        match places.entry(key.clone()) {
            Entry::Occupied(place) => {
                let place: usize = *place.get();
                parts[place].values.push(value);
            }
            Entry::Vacant(place) => {
                place.insert(parts.len());
                let values = vec![value];
                parts.push(Part { key, values });
            }
        }
    }
    parts
}

async fn merge_some<O: Object, V: Portable>(
    handle: &Handle<O>,
    parts: Vec<Part>,
    merge: &(impl Fn(V, V) -> V + Send + Sync),
) -> Result<usize> {
    let mut retries = Retries::new(handle.key().clone(), "merge_many")?;
    let keys = parts.iter().map(|part| part.key.clone()).collect();
    let reply = handle.call(&GET_MANY, keys).await?;
    let found = handle.list(&reply)?.iter();
    let mut left = parts
        .into_iter()
        .zip(found)
        .map(|(part, present)| Ok((part, stored(handle, present)?)))
        .collect::<Result<Vec<_>>>()?;
    let mut new = 0;
    while !left.is_empty() {
        let exchanges = left
            .into_iter()
            .map(|(part, present)| {
                let merged = merged(handle, present.as_ref(), &part.values, merge)?;
                Ok(Exchange {
                    part,
                    present,
                    merged,
                })
            })
            .collect::<Result<Vec<_>>>()?;
        let calls = fitting(exchanges)?;
        left = Vec::new();
        for (inserted, overtaken) in
            try_join_all(calls.into_iter().map(|call| exchange(handle, call))).await?
        {
            new += inserted;
            left.extend(overtaken);
        }
        if !left.is_empty() {
            retries.pause().await?;
        }
    }
    Ok(new)
}

/// What a value becomes when these are merged into it, one after the other.
pub(in crate::objects) fn merged<O: Object, V: Portable>(
    handle: &Handle<O>,
    present: Option<&Bytes>,
    values: &[Bytes],
    merge: &(impl Fn(V, V) -> V + Send + Sync),
) -> Result<Bytes> {
    if let (None, [only]) = (present, values) {
        return Ok(only.clone());
    }
    let decode = |value: &Bytes| handle.decode("a value", value);
    let mut all = present.into_iter().chain(values);
    let Some(first) = all.next() else {
        return Ok(Bytes::new());
    };
    let result = all.try_fold(decode(first)?, |before, value| {
        Ok::<_, crate::Error>(merge(before, decode(value)?))
    })?;
    handle.encode("a value", &result)
}

/// Calls that are not too large, neither for the runtime's limit nor for others at the server.
fn fitting(exchanges: Vec<Exchange>) -> Result<Vec<Vec<Exchange>>> {
    let limit = runtime::current()?.limits().value_bytes.min(CALL_BYTES);
    let (mut calls, mut call, mut bytes) = (Vec::new(), Vec::new(), 0);
    for exchange in exchanges {
        let present = exchange.present.as_ref().map_or(0, Bytes::len);
        let size = exchange.part.key.len() + present + exchange.merged.len() + 1;
        if bytes + size > limit && !call.is_empty() {
            calls.push(std::mem::take(&mut call));
            bytes = 0;
        }
        bytes += size;
        call.push(exchange);
    }
    calls.push(call);
    Ok(calls)
}

/// Makes the exchanges of one call: how many keys were new, and what is to be done again, with the values there now.
async fn exchange<O: Object>(
    handle: &Handle<O>,
    call: Vec<Exchange>,
) -> Result<(usize, Vec<(Part, Option<Bytes>)>)> {
    let arguments = call.iter().flat_map(|exchange| {
        [
            exchange.part.key.clone(),
            argument::option(exchange.present.clone()),
            exchange.merged.clone(),
        ]
    });
    let reply = handle.call(&EXCHANGE_ALL, arguments.collect()).await?;
    let (overtaken, rest) = handle.list(&reply)?.as_chunks();
    if !rest.is_empty() {
        return Err(handle.unexpected("the reply", &reply));
    }
    let mut overtaken = overtaken
        .iter()
        .map(|[index, present]| Ok((handle.number::<usize>(index)?, stored(handle, present)?)))
        .collect::<Result<HashMap<_, _>>>()?;
    let (mut new, mut again) = (0, Vec::new());
    for (index, exchange) in call.into_iter().enumerate() {
        match overtaken.remove(&index) {
            Some(present) => again.push((exchange.part, present)),
            None => new += usize::from(exchange.present.is_none()),
        }
    }
    Ok((new, again))
}

fn stored<O: Object>(handle: &Handle<O>, reply: &Value) -> Result<Option<Bytes>> {
    match reply {
        Value::Nil => Ok(None),
        Value::Bytes(bytes) => Ok(Some(bytes.clone())),
        other => Err(handle.unexpected("a value", other)),
    }
}
