//! How entries of a sorted map are taken out: at its ends, by ranges, all of them.

use std::collections::BTreeMap;
use std::ops::RangeBounds;

use super::{Sorted, SortedMap, machine, methods};
use crate::call::Call;
use crate::error::Result;
use crate::objects::argument;
use crate::thread::Portable;

impl<K: Sorted, V: Portable> SortedMap<K, V> {
    /// Removes the entry of the least key and gives it.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let due = crucial::SortedMap::create("due", [(30, 'c'), (10, 'a')].into()).await?;
    /// assert_eq!(due.pop_first().await?, Some((10, 'a')));
    /// assert_eq!(due.pop_first().await?, Some((30, 'c')));
    /// assert_eq!(due.pop_first().await?, None);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn pop_first(&self) -> Call<impl Future<Output = Result<Option<(K, V)>>>> {
        Call::new(async move { Ok(self.pop_first_many(1).await?.pop()) })
    }

    /// Removes the entry of the greatest key and gives it.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let bids = crucial::SortedMap::create("bids", [(120, 'a'), (150, 'b')].into()).await?;
    /// assert_eq!(bids.pop_last().await?, Some((150, 'b')));
    /// assert_eq!(bids.last().await?, Some((120, 'a')));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn pop_last(&self) -> Call<impl Future<Output = Result<Option<(K, V)>>>> {
        Call::new(async move { Ok(self.pop_last_many(1).await?.pop()) })
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
    pub fn pop_first_many(&self, count: usize) -> Call<impl Future<Output = Result<Vec<(K, V)>>>> {
        Call::new(async move {
            let arguments = vec![argument::count(count)];
            let reply = self.handle.call(&machine::POP_FIRST, arguments).await?;
            self.decode_entries(&reply)
        })
    }

    /// Removes the entries of the greatest keys, at most so many, and gives them, the greatest first.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let bids = crucial::SortedMap::create("bids", [(120, 'a'), (150, 'b'), (90, 'c')].into()).await?;
    /// assert_eq!(bids.pop_last_many(2).await?, [(150, 'b'), (120, 'a')]);
    /// assert_eq!(bids.pop_last_many(2).await?, [(90, 'c')]); // as many as there are
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn pop_last_many(&self, count: usize) -> Call<impl Future<Output = Result<Vec<(K, V)>>>> {
        Call::new(async move {
            let arguments = vec![argument::count(count)];
            let reply = self.handle.call(&machine::POP_LAST, arguments).await?;
            self.decode_entries(&reply)
        })
    }

    /// Removes the entries of a range of keys, and gives how many there were.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let log = crucial::SortedMap::create("log", [(1, 'a'), (2, 'b'), (3, 'c')].into()).await?;
    /// assert_eq!(log.remove_range(..3).await?, 2);
    /// assert_eq!(log.entries().await?, [(3, 'c')]);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn remove_range(
        &self,
        range: impl RangeBounds<K> + Send,
    ) -> Call<impl Future<Output = Result<usize>>> {
        Call::new(async move {
            let ends = self.ends(&range)?;
            let reply = self
                .handle
                .call(&machine::REMOVE_RANGE, ends.into())
                .await?;
            self.handle.number(&reply)
        })
    }

    /// Removes all entries and gives them: none is lost to a change in between. Two round
    /// trips where that is more than 64 KB.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let readings = crucial::SortedMap::create("readings", [(2, 0.5), (1, 0.25)].into()).await?;
    /// assert_eq!(readings.drain().await?, [(1, 0.25), (2, 0.5)].into());
    /// assert_eq!(readings.drain().await?, [].into());
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn drain(&self) -> Call<impl Future<Output = Result<BTreeMap<K, V>>>> {
        Call::new(async move {
            let reply = self.handle.call(&methods::DRAIN, Vec::new()).await?;
            self.decode_entries(&reply)
        })
    }
}
