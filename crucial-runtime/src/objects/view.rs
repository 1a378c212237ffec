//! What people see of an object of the library: its elements as JSON, as far as their types are known.

use bytes::Bytes;
use serde_json::Value as Json;

use super::atomic::{AtomicState, stored};
use super::list::machine::{self as list, ListState};
use super::map::machine::{self as map, MapState};
use super::set::machine::{self as set, SetState};
use super::sorted_map::machine::{self as sorted_map, SortedMapState};
use super::{argument, pages};
use crate::codec::{Shape, bytes_as_json, entries_as_json, plain_key, value_as_json};
use crate::error::Result;
use crate::object::{Handle, Key, Value};
use crate::store::Description;

/// The beginning of an object's content, and whether that is all of it.
pub(crate) struct View {
    pub(crate) content: Json,
    pub(crate) complete: bool,
}

/// The content of an object of a type whose elements are encoded values, at most about so many of them; nothing for
/// other types.
pub(crate) async fn view(
    key: &Key,
    description: &Description,
    count: usize,
) -> Result<Option<View>> {
    let shapes = Shape::parameters(&description.detail);
    let shape = |index: usize| shapes.get(index).and_then(Option::as_ref);
    let key = key.clone();
    Ok(Some(match description.object.as_str() {
        "Atomic" => {
            let handle = Handle::<AtomicState>::at(key);
            let reply = handle
                .call(&super::atomic::machine::GET, Vec::new())
                .await?;
            View {
                content: match &reply {
                    Value::Bytes(bytes) => stored::as_json(bytes, shape(0)),
                    _ => Json::Null,
                },
                complete: true,
            }
        }
        "Map" => {
            let handle = Handle::<MapState>::at(key);
            let place = pages::scan(pages::begin(), count);
            let reply = handle.call(&map::SCAN, place).await?;
            let (next, page) = handle.scanned(&reply)?;
            View {
                content: entries(page, |key| shown(key, shape(0)), shape(1)),
                complete: next.is_none(),
            }
        }
        "SortedMap" => {
            let handle = Handle::<SortedMapState>::at(key);
            let all = [&b"-"[..], b"+"].map(Bytes::from_static);
            let range = [&all[..], &[argument::count(count + 1)]].concat();
            let reply = handle.call(&sorted_map::RANGE_FIRST, range).await?;
            let key = |key: &[u8]| shown(plain_key(key).unwrap_or(key), shape(0));
            let (first, complete) = first_of(&reply, 2 * count);
            View {
                content: entries(&first, key, shape(1)),
                complete,
            }
        }
        "List" => {
            let handle = Handle::<ListState>::at(key);
            let range = vec![argument::number(0), argument::count(count)];
            let reply = handle.call(&list::RANGE, range).await?;
            let (first, complete) = first_of(&reply, count);
            View {
                content: elements(&first, shape(0)),
                complete,
            }
        }
        "Set" => {
            let handle = Handle::<SetState>::at(key);
            let place = pages::scan(pages::begin(), count);
            let reply = handle.call(&set::SCAN, place).await?;
            let (next, page) = handle.scanned(&reply)?;
            View {
                content: elements(page, shape(0)),
                complete: next.is_none(),
            }
        }
        _ => return Ok(None),
    }))
}

/// Not more than so many values, and whether that is all of them.
fn first_of(reply: &Value, count: usize) -> (Value, bool) {
    match reply {
        Value::List(values) => {
            let first = values.iter().take(count).cloned().collect();
            (Value::List(first), values.len() <= count)
        }
        other => (other.clone(), true),
    }
}

fn elements(list: &Value, shape: Option<&Shape>) -> Json {
    strings(list).map(|element| shown(element, shape)).collect()
}

fn entries(list: &Value, key: impl Fn(&[u8]) -> Json, shape: Option<&Shape>) -> Json {
    let flat: Vec<_> = strings(list).collect();
    let (pairs, _) = flat.as_chunks();
    let entries = pairs.iter().map(|[k, value]| (key(k), shown(value, shape)));
    entries_as_json(entries.collect())
}

fn strings(list: &Value) -> impl Iterator<Item = &Bytes> {
    let values = match list {
        Value::List(values) => &values[..],
        _ => &[],
    };
    values.iter().filter_map(|value| match value {
        Value::Bytes(bytes) => Some(bytes),
        _ => None,
    })
}

/// An encoded value of that shape; its bytes where it is of none, or of another one.
fn shown(bytes: &[u8], shape: Option<&Shape>) -> Json {
    shape
        .and_then(|shape| value_as_json(bytes, shape).ok())
        .unwrap_or_else(|| bytes_as_json(bytes))
}
