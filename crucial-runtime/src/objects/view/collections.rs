//! Collections as people see them: their elements, or their entries.

use bytes::Bytes;
use serde_json::Value as Json;

use super::{View, elements, shown, strings};
use crate::codec::{entries_as_json, plain_key};
use crate::error::Result;
use crate::object::{Handle, Key, Value};
use crate::objects::list::machine::{self as list, ListState};
use crate::objects::map::machine::{self as map, MapState};
use crate::objects::set::machine::{self as set, SetState};
use crate::objects::sorted_map::machine::{self as sorted_map, SortedMapState};
use crate::objects::{argument, pages};

pub(super) async fn map(key: Key, count: usize) -> Result<View> {
    let handle = Handle::<MapState>::at(key);
    let place = pages::scan(pages::begin(), count);
    let reply = handle.call(&map::SCAN, place).await?;
    let (next, page) = handle.scanned(&reply)?;
    Ok(View {
        content: entries(listed(page), shown),
        complete: next.is_none(),
    })
}

pub(super) async fn sorted_map(key: Key, count: usize) -> Result<View> {
    let handle = Handle::<SortedMapState>::at(key);
    let all = [&b"-"[..], b"+"].map(Bytes::from_static);
    let range = [&all[..], &[argument::count(count + 1)]].concat();
    let reply = handle.call(&sorted_map::RANGE_FIRST, range).await?;
    let key = |key: &[u8]| shown(plain_key(key).unwrap_or(key));
    let (first, complete) = first_of(&reply, 2 * count);
    Ok(View {
        content: entries(first, key),
        complete,
    })
}

pub(super) async fn list(key: Key, count: usize) -> Result<View> {
    let handle = Handle::<ListState>::at(key);
    let range = vec![argument::number(0), argument::count(count)];
    let reply = handle.call(&list::RANGE, range).await?;
    let (first, complete) = first_of(&reply, count);
    Ok(View {
        content: elements(first),
        complete,
    })
}

pub(super) async fn set(key: Key, count: usize) -> Result<View> {
    let handle = Handle::<SetState>::at(key);
    let place = pages::scan(pages::begin(), count);
    let reply = handle.call(&set::SCAN, place).await?;
    let (next, page) = handle.scanned(&reply)?;
    Ok(View {
        content: elements(listed(page)),
        complete: next.is_none(),
    })
}

/// Not more than so many values, and whether that is all of them.
fn first_of(reply: &Value, count: usize) -> (&[Value], bool) {
    let values = listed(reply);
    (&values[..values.len().min(count)], values.len() <= count)
}

fn listed(reply: &Value) -> &[Value] {
    match reply {
        Value::List(values) => values,
        _ => &[],
    }
}

fn entries(flat: &[Value], key: impl Fn(&[u8]) -> Json) -> Json {
    let flat: Vec<_> = strings(flat).collect();
    let (pairs, _) = flat.as_chunks();
    let entries = pairs.iter().map(|[k, value]| (key(k), shown(value)));
    entries_as_json(entries.collect())
}
