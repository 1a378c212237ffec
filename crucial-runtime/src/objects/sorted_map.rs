//! A map in the order of its keys that many threads read and change.

pub(super) mod machine;
mod ordered;
mod removal;
#[cfg(test)]
#[cfg(feature = "redis")]
#[path = "../../unit/objects/sorted_map/spec.rs"]
mod spec;

use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::ops::{Bound, RangeBounds};

use bytes::Bytes;
use serde::Serialize;

use self::machine::SortedMapState;
use super::argument;
use super::atomic::Retries;
use super::keyed::{keyed, merge_all, merged};
use super::map::machine as methods;
use super::proxy::proxy;
use crate::codec;
use crate::error::{Error, Result};
use crate::object::{Handle, Method, Value};
use crate::thread::Portable;

/// A shared map in the order of its keys, as `BTreeMap` or `java.util.concurrent.ConcurrentSkipListMap`.
///
/// Keys are numbers, text, `bool`, `char`, and tuples, structs, enums, lists and options of them.
/// Their order is that of what they encode to, field by field, which is what `#[derive(Ord)]`
/// gives; floats are in the order of `total_cmp`, and a type whose own `Ord` says otherwise
/// (`Reverse`) is still in this one. A key with a map inside is refused with
/// [`Error::Codec`], and so is one with a field that serde skips. What is said of keys in [`Map`](crate::Map) holds here as well.
///
/// Every method takes effect at once for all threads, however many entries it is about, and
/// exactly once; each is one round trip unless it says otherwise. Beside the errors that they
/// name, methods fail with [`Error::NotFound`] where they change a map that does not exist (which
/// reads as an empty one), with [`Error::Codec`] where what is stored is no `K` or `V`, and with
/// the errors of the store.
///
/// ```
/// # #[tokio::main] async fn main() -> crucial::Result<()> {
/// # let runtime = crucial::Runtime::builder().build().await?;
/// # let _entered = runtime.enter();
/// use std::collections::BTreeMap;
/// use crucial::SortedMap;
///
/// let scores = SortedMap::<u32, String>::create("scores", BTreeMap::new()).await?;
/// scores.extend([(70, "Ada".into()), (9, "Bob".into()), (42, "Eve".into())]).await?;
/// assert_eq!(scores.keys().await?, [9, 42, 70]);
/// assert_eq!(scores.last().await?, Some((70, "Ada".to_owned())));
/// assert_eq!(scores.range(10..70).await?, [(42, "Eve".to_owned())]);
/// # Ok(()) }
/// ```
pub struct SortedMap<K, V> {
    handle: Handle<SortedMapState>,
    types: PhantomData<fn() -> (K, V)>,
}

/// What the key of a [`SortedMap`] is.
pub trait Sorted: Portable + Ord {}

#[diagnostic::do_not_recommend]
impl<T: Portable + Ord> Sorted for T {}

proxy!(SortedMap<K: Sorted, V: Portable>, machine: SortedMapState, init: BTreeMap<K, V>);

impl<K: Sorted, V: Portable> SortedMap<K, V> {
    fn arguments(handle: &Handle<SortedMapState>, init: BTreeMap<K, V>) -> Result<Vec<Bytes>> {
        entries(handle, init)
    }

    async fn read(&self) -> Result<BTreeMap<K, V>> {
        self.to_btree_map().await
    }

    keyed!("SortedMap", methods);

    async fn range_at_most(
        &self,
        method: &'static Method,
        [low, high]: [Bytes; 2],
        count: Bytes,
    ) -> Result<Vec<(K, V)>> {
        let reply = self.handle.call(method, vec![low, high, count]).await?;
        self.decode_entries(&reply)
    }

    /// The ends of a range, as the server takes them.
    fn ends(&self, range: &impl RangeBounds<K>) -> Result<[Bytes; 2]> {
        let end = |bound: Bound<&K>, unbounded: &'static [u8]| -> Result<Bytes> {
            let (kind, key) = match bound {
                Bound::Unbounded => return Ok(Bytes::from_static(unbounded)),
                Bound::Included(key) => (b'[', key),
                Bound::Excluded(key) => (b'(', key),
            };
            let key = self.encode_key(key)?;
            Ok([&[kind][..], &key].concat().into())
        };
        Ok([
            end(range.start_bound(), b"-")?,
            end(range.end_bound(), b"+")?,
        ])
    }

    fn encode_key<Q: Serialize + ?Sized>(&self, key: &Q) -> Result<Bytes> {
        encode_key::<K, Q>(&self.handle, key)
    }

    fn decode_key(&self, key: &Value) -> Result<K> {
        match key {
            Value::Bytes(key) => codec::decode_key(key).map_err(|source| Error::Codec {
                key: self.handle.key().clone(),
                what: "a key",
                source,
            }),
            _ => Err(self.handle.unexpected("a key", key)),
        }
    }

    fn decode_entries<C: FromIterator<(K, V)>>(&self, reply: &Value) -> Result<C> {
        let (pairs, rest) = self.handle.list(reply)?.as_chunks();
        if !rest.is_empty() {
            return Err(self.handle.unexpected("the reply", reply));
        }
        pairs
            .iter()
            .map(|[key, value]| {
                Ok((
                    self.decode_key(key)?,
                    self.handle.decode_value("a value", value)?,
                ))
            })
            .collect()
    }
}

fn encode_key<K: Portable, Q: Serialize + ?Sized>(
    handle: &Handle<SortedMapState>,
    key: &Q,
) -> Result<Bytes> {
    codec::encode_key::<K, Q>(key).map_err(|source| Error::Codec {
        key: handle.key().clone(),
        what: "a key",
        source,
    })
}

/// Keys and values in turn.
fn entries<K: Portable, V: Portable>(
    handle: &Handle<SortedMapState>,
    entries: impl IntoIterator<Item = (K, V)>,
) -> Result<Vec<Bytes>> {
    let mut flat = Vec::new();
    for (key, value) in entries {
        flat.push(encode_key::<K, K>(handle, &key)?);
        flat.push(handle.encode("a value", &value)?);
    }
    Ok(flat)
}
