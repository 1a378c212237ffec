//! What the order of keys is good for: ranges, the first and the last, ranks.

use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::ops::{Bound, RangeBounds};

use bytes::Bytes;
use serde::Serialize;

use super::{Sorted, SortedMap, machine, methods};
use crate::call::Call;
use crate::error::Result;
use crate::object::Value;
use crate::objects::argument;
use crate::objects::pages::Pages;
use crate::thread::Portable;

impl<K: Sorted, V: Portable> SortedMap<K, V> {
    /// All keys in their order, as of one moment.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let rooms = ["9", "10"].map(|room| (room.to_owned(), ()));
    /// let rooms = crucial::SortedMap::create("rooms", rooms.into()).await?;
    /// assert_eq!(rooms.keys().await?, ["10", "9"]); // in the order of text
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn keys(&self) -> Call<impl Future<Output = Result<Vec<K>>>> {
        Call::new(async move { self.range_keys(..).await })
    }

    /// All values in the order of their keys, as of one moment.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let laps = crucial::SortedMap::create("laps", [(2, 31.5), (1, 32.0)].into()).await?;
    /// assert_eq!(laps.values().await?, [32.0, 31.5]); // of the first lap, of the second
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn values(&self) -> Call<impl Future<Output = Result<Vec<V>>>> {
        Call::new(async move {
            let entries = self.entries().await?.into_iter();
            Ok(entries.map(|(_, value)| value).collect())
        })
    }

    /// All entries in the order of their keys, as of one moment.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let temperatures = crucial::SortedMap::create("temperatures", [(5, 'c'), (-3, 'a'), (0, 'b')].into()).await?;
    /// assert_eq!(temperatures.entries().await?, [(-3, 'a'), (0, 'b'), (5, 'c')]);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn entries(&self) -> Call<impl Future<Output = Result<Vec<(K, V)>>>> {
        Call::new(async move { self.range(..).await })
    }

    /// All entries, as of one moment.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let steps = crucial::SortedMap::create("steps", [(1, 'a'), (2, 'b')].into()).await?;
    /// let mut copy = steps.to_btree_map().await?;
    /// assert_eq!(copy.pop_first(), Some((1, 'a')));
    /// assert_eq!(steps.first().await?, Some((1, 'a'))); // the shared map is left alone
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn to_btree_map(&self) -> Call<impl Future<Output = Result<BTreeMap<K, V>>>> {
        Call::new(async move {
            let reply = self.handle.call(&methods::ENTRIES, Vec::new()).await?;
            self.decode_entries(&reply)
        })
    }

    /// The entry of the least key.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let due = crucial::SortedMap::create("due", [(30, 'c'), (10, 'a')].into()).await?;
    /// assert_eq!(due.first().await?, Some((10, 'a')));
    /// due.clear().await?;
    /// assert_eq!(due.first().await?, None);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn first(&self) -> Call<impl Future<Output = Result<Option<(K, V)>>>> {
        Call::new(async move { Ok(self.range_first(.., 1).await?.pop()) })
    }

    /// The entry of the greatest key.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let versions = crucial::SortedMap::create("versions", [((1, 9), 'a'), ((1, 10), 'b')].into()).await?;
    /// assert_eq!(versions.last().await?, Some(((1, 10), 'b')));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn last(&self) -> Call<impl Future<Output = Result<Option<(K, V)>>>> {
        Call::new(async move { Ok(self.range_last(.., 1).await?.pop()) })
    }

    /// The entry of the greatest key that is at most this one.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let prices = crucial::SortedMap::create("prices", [(2020, 10), (2024, 12)].into()).await?; // by year
    /// assert_eq!(prices.floor(&2023).await?, Some((2020, 10)));
    /// assert_eq!(prices.floor(&2024).await?, Some((2024, 12)));
    /// assert_eq!(prices.floor(&2019).await?, None);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn floor(&self, key: &K) -> Call<impl Future<Output = Result<Option<(K, V)>>>>
    where
        K: Sync,
    {
        Call::new(async move {
            Ok(self
                .range_last((Bound::Unbounded, Bound::Included(key)), 1)
                .await?
                .pop())
        })
    }

    /// The entry of the least key that is at least this one.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let boxes = crucial::SortedMap::create("boxes", [(1, 'S'), (5, 'M'), (20, 'L')].into()).await?; // by size
    /// assert_eq!(boxes.ceiling(&5).await?, Some((5, 'M')));
    /// assert_eq!(boxes.ceiling(&6).await?, Some((20, 'L')));
    /// assert_eq!(boxes.ceiling(&21).await?, None);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn ceiling(&self, key: &K) -> Call<impl Future<Output = Result<Option<(K, V)>>>>
    where
        K: Sync,
    {
        Call::new(async move {
            Ok(self
                .range_first((Bound::Included(key), Bound::Unbounded), 1)
                .await?
                .pop())
        })
    }

    /// The entries of a range of keys in their order, as of one moment.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let squares = crucial::SortedMap::create("squares", (1..9).map(|n| (n, n * n)).collect()).await?;
    /// assert_eq!(squares.range(2..4).await?, [(2, 4), (3, 9)]);
    /// assert_eq!(squares.range(7..=8).await?, [(7, 49), (8, 64)]);
    /// assert_eq!(squares.range(9..).await?, []);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn range(
        &self,
        range: impl RangeBounds<K> + Send,
    ) -> Call<impl Future<Output = Result<Vec<(K, V)>>>> {
        Call::new(async move {
            let ends = self.ends(&range)?;
            self.range_at_most(&machine::RANGE_FIRST, ends, argument::number(-1))
                .await
        })
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
    pub fn range_first(
        &self,
        range: impl RangeBounds<K> + Send,
        count: usize,
    ) -> Call<impl Future<Output = Result<Vec<(K, V)>>>> {
        Call::new(async move {
            let ends = self.ends(&range)?;
            self.range_at_most(&machine::RANGE_FIRST, ends, argument::count(count))
                .await
        })
    }

    /// The last entries of a range of keys, at most so many, the last one first: the top ten of a table of
    /// scores, say, whose keys begin with the score.
    ///
    /// ```
    /// # #[tokio::main] async fn main() -> crucial::Result<()> {
    /// # let runtime = crucial::Runtime::builder().build().await?;
    /// # let _entered = runtime.enter();
    /// let squares = crucial::SortedMap::create("squares", (1..9).map(|n| (n, n * n)).collect()).await?;
    /// assert_eq!(squares.range_last(..4, 2).await?, [(3, 9), (2, 4)]);
    ///
    /// let scores = [((70, "Ada"), ()), ((95, "Eve"), ()), ((9, "Bob"), ())];
    /// let scores = scores.map(|((score, name), ())| ((score, name.to_owned()), ()));
    /// let scores = crucial::SortedMap::create("scores", scores.into()).await?;
    /// let top: Vec<_> = scores.range_last(.., 2).await?.into_iter().map(|((_, name), ())| name).collect();
    /// assert_eq!(top, ["Eve", "Ada"]);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn range_last(
        &self,
        range: impl RangeBounds<K> + Send,
        count: usize,
    ) -> Call<impl Future<Output = Result<Vec<(K, V)>>>> {
        Call::new(async move {
            let ends = self.ends(&range)?;
            self.range_at_most(&machine::RANGE_LAST, ends, argument::count(count))
                .await
        })
    }

    /// The keys of a range in their order, as of one moment.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let seats = [((1, 5), 'a'), ((1, 9), 'b'), ((2, 3), 'c')]; // by row and place
    /// let seats = crucial::SortedMap::create("seats", seats.into()).await?;
    /// assert_eq!(seats.range_keys((1, 0)..(2, 0)).await?, [(1, 5), (1, 9)]); // those of row 1
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn range_keys(
        &self,
        range: impl RangeBounds<K> + Send,
    ) -> Call<impl Future<Output = Result<Vec<K>>>> {
        Call::new(async move {
            let ends = self.ends(&range)?;
            let reply = self.handle.call(&machine::RANGE_KEYS, ends.into()).await?;
            let keys = self.handle.list(&reply)?.iter();
            keys.map(|key| self.decode_key(key)).collect()
        })
    }

    /// How many keys are in a range. Logarithmic time.
    ///
    /// ```
    /// # #[tokio::main] async fn main() -> crucial::Result<()> {
    /// # let runtime = crucial::Runtime::builder().build().await?;
    /// # let _entered = runtime.enter();
    /// let squares = crucial::SortedMap::create("squares", (1..9).map(|n| (n * n, n)).collect()).await?;
    /// assert_eq!(squares.range_len(10..50).await?, 4);
    /// assert_eq!(squares.rank(&9).await?, Some(2));
    /// assert_eq!(squares.floor(&60).await?, Some((49, 7)));
    /// assert_eq!(squares.ceiling(&65).await?, None);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn range_len(
        &self,
        range: impl RangeBounds<K> + Send,
    ) -> Call<impl Future<Output = Result<usize>>> {
        Call::new(async move {
            let ends = self.ends(&range)?;
            let reply = self.handle.call(&machine::RANGE_LEN, ends.into()).await?;
            self.handle.number(&reply)
        })
    }

    /// How many keys are less than this one, which there has to be. Logarithmic time.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let heights = crucial::SortedMap::create("heights", [(182, 'a'), (164, 'b'), (175, 'c')].into()).await?;
    /// assert_eq!(heights.rank(&175).await?, Some(1));
    /// assert_eq!(heights.rank(&170).await?, None); // nobody is of this height
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn rank<Q>(&self, key: &Q) -> Call<impl Future<Output = Result<Option<usize>>>>
    where
        K: Borrow<Q>,
        Q: Serialize + Sync + ?Sized,
    {
        Call::new(async move {
            let key = self.encode_key(key)?;
            match self.handle.call(&machine::RANK, vec![key]).await? {
                Value::Nil => Ok(None),
                rank => self.handle.number(&rank).map(Some),
            }
        })
    }

    /// All entries in the order of their keys, page by page, of so many each: neither the server nor
    /// this process is held up by a large map.
    ///
    /// A page begins after the last key of the one before it. So no key is seen twice, and entries that are
    /// there from the first page to the last are all seen; others may be seen or not.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let squares = crucial::SortedMap::create("squares", [(1, 1), (2, 4), (3, 9)].into()).await?;
    /// let mut pages = squares.pages(2);
    /// assert_eq!(pages.next().await?, Some(vec![(1, 1), (2, 4)]));
    /// squares.insert(4, 16).await?; // behind the place where the next page begins
    /// assert_eq!(pages.next().await?, Some(vec![(3, 9), (4, 16)]));
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn pages(&self, size: usize) -> Pages<(K, V)> {
        self.pages_between([Bytes::from_static(b"-"), Bytes::from_static(b"+")], size)
    }

    /// The entries of a range of keys as [`pages`](Self::pages) gives all.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let squares = crucial::SortedMap::create("squares", (1..9).map(|n| (n, n * n)).collect()).await?;
    /// let mut pages = squares.range_pages(3..6, 2)?;
    /// assert_eq!(pages.next().await?, Some(vec![(3, 9), (4, 16)]));
    /// assert_eq!(pages.next().await?, Some(vec![(5, 25)]));
    /// assert_eq!(pages.next().await?, None);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Codec`](crate::Error::Codec) where an end of the range does not encode.
    pub fn range_pages(&self, range: impl RangeBounds<K>, size: usize) -> Result<Pages<(K, V)>> {
        Ok(self.pages_between(self.ends(&range)?, size))
    }

    fn pages_between(&self, [low, high]: [Bytes; 2], size: usize) -> Pages<(K, V)> {
        let (map, size) = (self.clone(), size.max(1));
        Pages::new(low, move |low| {
            let (map, high) = (map.clone(), high.clone());
            async move {
                let arguments = vec![low, high, argument::count(size)];
                let reply = map.handle.call(&machine::RANGE_FIRST, arguments).await?;
                let next = match map.handle.list(&reply)? {
                    [.., Value::Bytes(last), _] => Some([b"(", &last[..]].concat().into()),
                    _ => None,
                };
                let page: Vec<_> = map.decode_entries(&reply)?;
                let next = next.filter(|_| page.len() == size);
                Ok((page, next))
            }
        })
    }
}
