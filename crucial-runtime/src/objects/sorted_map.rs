//! A map in the order of its keys that many threads read and change.

pub(super) mod machine;
#[cfg(test)]
#[cfg(feature = "redis")]
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
use super::keyed::keyed;
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
/// [`Error::Codec`]. What is said of keys in [`Map`](crate::Map) holds here as well.
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
/// scores.insert_all([(70, "Ada".into()), (9, "Bob".into()), (42, "Eve".into())]).await?;
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

    /// All keys in their order, as of one moment.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn keys(&self) -> Result<Vec<K>> {
        let ends = self.ends(&(..))?;
        let reply = self.handle.call(&machine::RANGE_KEYS, ends.into()).await?;
        let keys = self.handle.list(&reply)?.iter();
        keys.map(|key| self.decode_key(key)).collect()
    }

    /// All values in the order of their keys, as of one moment.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn values(&self) -> Result<Vec<V>> {
        let entries = self.entries().await?.into_iter();
        Ok(entries.map(|(_, value)| value).collect())
    }

    /// All entries in the order of their keys, as of one moment.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn entries(&self) -> Result<Vec<(K, V)>> {
        self.range(..).await
    }

    /// All entries, as of one moment.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn to_btree_map(&self) -> Result<BTreeMap<K, V>> {
        let reply = self.handle.call(&methods::ENTRIES, Vec::new()).await?;
        self.decode_entries(&reply)
    }

    /// The entry of the least key.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn first(&self) -> Result<Option<(K, V)>> {
        Ok(self.range_first(.., 1).await?.pop())
    }

    /// The entry of the greatest key.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn last(&self) -> Result<Option<(K, V)>> {
        Ok(self.range_last(.., 1).await?.pop())
    }

    /// The entries of a range of keys in their order, as of one moment.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn range(&self, range: impl RangeBounds<K> + Send) -> Result<Vec<(K, V)>> {
        let ends = self.ends(&range)?;
        self.range_at_most(&machine::RANGE_FIRST, ends, argument::number(-1))
            .await
    }

    /// The first entries of a range of keys, at most so many, in their order.
    ///
    /// ```
    /// # #[tokio::main] async fn main() -> crucial::Result<()> {
    /// # let runtime = crucial::Runtime::builder().build().await?;
    /// # let _entered = runtime.enter();
    /// let squares = crucial::SortedMap::create("squares", (1..9).map(|n| (n, n * n)).collect()).await?;
    /// assert_eq!(squares.range_first(4.., 2).await?, [(4, 16), (5, 25)]);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn range_first(
        &self,
        range: impl RangeBounds<K> + Send,
        count: usize,
    ) -> Result<Vec<(K, V)>> {
        let ends = self.ends(&range)?;
        self.range_at_most(&machine::RANGE_FIRST, ends, argument::count(count))
            .await
    }

    /// The last entries of a range of keys, at most so many, the last one first.
    ///
    /// ```
    /// # #[tokio::main] async fn main() -> crucial::Result<()> {
    /// # let runtime = crucial::Runtime::builder().build().await?;
    /// # let _entered = runtime.enter();
    /// let squares = crucial::SortedMap::create("squares", (1..9).map(|n| (n, n * n)).collect()).await?;
    /// assert_eq!(squares.range_last(..4, 2).await?, [(3, 9), (2, 4)]);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn range_last(
        &self,
        range: impl RangeBounds<K> + Send,
        count: usize,
    ) -> Result<Vec<(K, V)>> {
        let ends = self.ends(&range)?;
        self.range_at_most(&machine::RANGE_LAST, ends, argument::count(count))
            .await
    }

    /// Removes the entry of the least key and gives it.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn pop_first(&self) -> Result<Option<(K, V)>> {
        Ok(self.pop_first_many(1).await?.pop())
    }

    /// Removes the entry of the greatest key and gives it.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn pop_last(&self) -> Result<Option<(K, V)>> {
        Ok(self.pop_last_many(1).await?.pop())
    }

    /// Removes the entries of the least keys, at most so many, and gives them in their order.
    ///
    /// ```
    /// # #[tokio::main] async fn main() -> crucial::Result<()> {
    /// # let runtime = crucial::Runtime::builder().build().await?;
    /// # let _entered = runtime.enter();
    /// let due = crucial::SortedMap::create("due", [(30, 'c'), (10, 'a'), (20, 'b')].into()).await?;
    /// assert_eq!(due.pop_first_many(2).await?, [(10, 'a'), (20, 'b')]);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn pop_first_many(&self, count: usize) -> Result<Vec<(K, V)>> {
        let arguments = vec![argument::count(count)];
        let reply = self.handle.call(&machine::POP_FIRST, arguments).await?;
        self.decode_entries(&reply)
    }

    /// Removes the entries of the greatest keys, at most so many, and gives them, the greatest first.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn pop_last_many(&self, count: usize) -> Result<Vec<(K, V)>> {
        let arguments = vec![argument::count(count)];
        let reply = self.handle.call(&machine::POP_LAST, arguments).await?;
        self.decode_entries(&reply)
    }

    /// Removes the entries of a range of keys, and gives how many there were.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn remove_range(&self, range: impl RangeBounds<K> + Send) -> Result<usize> {
        let ends = self.ends(&range)?;
        let reply = self
            .handle
            .call(&machine::REMOVE_RANGE, ends.into())
            .await?;
        self.handle.number(&reply)
    }

    /// Removes all entries and gives them: none is lost to a change in between.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn drain(&self) -> Result<BTreeMap<K, V>> {
        let reply = self.handle.call(&methods::DRAIN, Vec::new()).await?;
        self.decode_entries(&reply)
    }

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
        encode_key(&self.handle, key)
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

fn encode_key<Q: Serialize + ?Sized>(handle: &Handle<SortedMapState>, key: &Q) -> Result<Bytes> {
    codec::encode_key(key).map_err(|source| Error::Codec {
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
        flat.push(encode_key(handle, &key)?);
        flat.push(handle.encode("a value", &value)?);
    }
    Ok(flat)
}
