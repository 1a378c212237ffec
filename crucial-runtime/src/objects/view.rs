//! What people see of an object of the library: its state as JSON, as far as the types in it are known.

mod collections;
mod messages;
mod numbers;
mod threads;
mod values;
mod waiting;

use bytes::Bytes;
use serde_json::Value as Json;

use crate::codec::{bytes_as_json, value_as_json};
use crate::error::Result;
use crate::object::{Key, Value};
use crate::store::Description;

/// The beginning of an object's content, and whether that is all of it.
pub(crate) struct View {
    pub(crate) content: Json,
    pub(crate) complete: bool,
}

impl View {
    /// All of it.
    fn whole(content: Json) -> Self {
        Self {
            content,
            complete: true,
        }
    }
}

/// What an object of the library holds, at most about so many elements of it; nothing for other types.
pub(crate) async fn view(
    key: &Key,
    description: &Description,
    count: usize,
) -> Result<Option<View>> {
    let key = key.clone();
    let view = match description.object.as_str() {
        "Atomic" => values::atomic(key, &description.detail).await?,
        "Promise" => values::promise(key).await?,
        "Map" => collections::map(key, count).await?,
        "SortedMap" => collections::sorted_map(key, count).await?,
        "List" => collections::list(key, count).await?,
        "Set" => collections::set(key, count).await?,
        "Queue" => messages::queue(key, count).await?,
        "Topic" => messages::topic(key).await?,
        "Vector<f64>" => numbers::vector::<f64>(key, count).await?,
        "Vector<i64>" => numbers::vector::<i64>(key, count).await?,
        "Matrix<f64>" => numbers::matrix::<f64>(key, count).await?,
        "Matrix<i64>" => numbers::matrix::<i64>(key, count).await?,
        "Latch" => waiting::latch(key).await?,
        "Barrier" => waiting::barrier(key).await?,
        "Permits" => return waiting::permits(key, &description.detail).await,
        "RateLimiter" => waiting::rate_limiter(key).await?,
        "Threads" => threads::threads(&key, count).await?,
        _ => return Ok(None),
    };
    Ok(Some(view))
}

fn elements<'a>(values: impl IntoIterator<Item = &'a Value>) -> Json {
    strings(values).map(|element| shown(element)).collect()
}

fn strings<'a>(values: impl IntoIterator<Item = &'a Value>) -> impl Iterator<Item = &'a Bytes> {
    values.into_iter().filter_map(|value| match value {
        Value::Bytes(bytes) => Some(bytes),
        _ => None,
    })
}

/// An encoded value; its bytes where they are none.
fn shown(bytes: &[u8]) -> Json {
    value_as_json(bytes).unwrap_or_else(|_| bytes_as_json(bytes))
}
