//! How elements of a set are taken out: some of them, any of them, all of them.

use std::borrow::Borrow;
use std::collections::HashSet;

use serde::Serialize;

use super::{Set, Unique, machine};
use crate::call::Call;
use crate::error::Result;
use crate::objects::argument;

impl<T: Unique> Set<T> {
    /// Removes an element; `false` if it was not there.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let open = crucial::Set::create("open", ["a".to_owned()].into()).await?;
    /// assert!(open.remove("a").await?);
    /// assert!(!open.remove("a").await?);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn remove<Q>(&self, element: &Q) -> Call<impl Future<Output = Result<bool>>>
    where
        T: Borrow<Q>,
        Q: Serialize + Sync + ?Sized,
    {
        Call::new(async move { Ok(self.remove_many([element]).await? == 1) })
    }

    /// Removes many elements, all at once, and gives how many of them there were.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let primes = crucial::Set::create("primes", [2, 3, 5].into()).await?;
    /// assert_eq!(primes.remove_many(&[3, 4, 5]).await?, 2);
    /// assert_eq!(primes.to_hash_set().await?, [2].into());
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn remove_many<'a, Q>(
        &self,
        elements: impl IntoIterator<Item = &'a Q> + Send,
    ) -> Call<impl Future<Output = Result<usize>>>
    where
        T: Borrow<Q>,
        Q: Serialize + ?Sized + 'a,
    {
        Call::new(async move {
            let elements = self
                .handle
                .encode_all_exact::<T, &Q>("an element", elements)?;
            let reply = self.handle.call(&machine::REMOVE_ALL, elements).await?;
            self.handle.number(&reply)
        })
    }

    /// Removes any element and gives it; `None` where there is none.
    ///
    /// ```
    /// # #[tokio::main] async fn main() -> crucial::Result<()> {
    /// # let runtime = crucial::Runtime::builder().build().await?;
    /// # let _entered = runtime.enter();
    /// let work = crucial::Set::create("work", [1, 2, 3].into()).await?;
    /// let mut sum = 0;
    /// while let Some(item) = work.pop().await? {
    ///     sum += item;
    /// }
    /// assert_eq!(sum, 6);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn pop(&self) -> Call<impl Future<Output = Result<Option<T>>>> {
        Call::new(async move { Ok(self.pop_many(1).await?.pop()) })
    }

    /// Removes any elements, at most so many, and gives them.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let work = crucial::Set::create("work", [1, 2, 3].into()).await?;
    /// let mut taken = work.pop_many(2).await?;
    /// assert_eq!((taken.len(), work.len().await?), (2, 1));
    /// taken.extend(work.pop_many(2).await?); // as many as there are
    /// taken.sort();
    /// assert_eq!(taken, [1, 2, 3]);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn pop_many(&self, count: usize) -> Call<impl Future<Output = Result<Vec<T>>>> {
        Call::new(async move {
            let arguments = vec![argument::count(count)];
            let reply = self.handle.call(&machine::POP, arguments).await?;
            self.handle.elements(&reply)
        })
    }

    /// Removes all elements.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let primes = crucial::Set::create("primes", [2, 3, 5].into()).await?;
    /// primes.clear().await?;
    /// assert!(!primes.contains(&2).await?);
    /// assert!(primes.insert(2).await?); // the set itself is still there
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn clear(&self) -> Call<impl Future<Output = Result<()>>> {
        Call::new(async move {
            self.handle
                .call(&machine::CLEAR, Vec::new())
                .await
                .map(drop)
        })
    }

    /// Removes all elements and gives them: none is lost to a change in between. Two round
    /// trips where that is more than 64 KB.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let changed = crucial::Set::create("changed", ["a".to_owned()].into()).await?;
    /// assert_eq!(changed.drain().await?, ["a".to_owned()].into());
    /// changed.insert("b".into()).await?;
    /// assert_eq!(changed.drain().await?, ["b".to_owned()].into());
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn drain(&self) -> Call<impl Future<Output = Result<HashSet<T>>>> {
        Call::new(async move {
            let reply = self.handle.call(&machine::DRAIN, Vec::new()).await?;
            self.handle.elements(&reply)
        })
    }
}
