//! Two sets at a time. Each is as of a moment of its own: nothing is atomic over several objects.

use std::collections::HashSet;

use futures_util::future::try_join;

use super::{Set, Unique};
use crate::call::Call;
use crate::error::Result;

impl<T: Unique> Set<T> {
    /// The elements that are in this set, in the other one, or in both.
    ///
    /// Both are fetched, at the same time, each as of a moment of its own. One round trip.
    ///
    /// ```
    /// # #[tokio::main] async fn main() -> crucial::Result<()> {
    /// # let runtime = crucial::Runtime::builder().build().await?;
    /// # let _entered = runtime.enter();
    /// let even = crucial::Set::create("even", [2, 4, 6].into()).await?;
    /// let primes = crucial::Set::create("primes", [2, 3, 5].into()).await?;
    /// assert_eq!(even.union(&primes).await?.len(), 5);
    /// assert_eq!(even.intersection(&primes).await?, [2].into());
    /// assert_eq!(even.difference(&primes).await?, [4, 6].into());
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn union(&self, other: &Self) -> Call<impl Future<Output = Result<HashSet<T>>>> {
        Call::new(async move {
            let (mut elements, others) = self.both(other).await?;
            elements.extend(others);
            Ok(elements)
        })
    }

    /// The elements that are in both sets; as [`union`](Self::union).
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let [ada, bob] = [("ada", [9, 10, 14]), ("bob", [10, 11, 14])]; // when they have time
    /// let ada = crucial::Set::create(ada.0, ada.1.into()).await?;
    /// let bob = crucial::Set::create(bob.0, bob.1.into()).await?;
    /// assert_eq!(ada.intersection(&bob).await?, [10, 14].into());
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn intersection(&self, other: &Self) -> Call<impl Future<Output = Result<HashSet<T>>>> {
        Call::new(async move {
            let (mut elements, others) = self.both(other).await?;
            elements.retain(|element| others.contains(element));
            Ok(elements)
        })
    }

    /// The elements that are in this set and not in the other one; as [`union`](Self::union).
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let all = crucial::Set::create("all", [1, 2, 3].into()).await?;
    /// let done = crucial::Set::create("done", [2, 4].into()).await?;
    /// assert_eq!(all.difference(&done).await?, [1, 3].into());
    /// assert_eq!(done.difference(&all).await?, [4].into());
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn difference(&self, other: &Self) -> Call<impl Future<Output = Result<HashSet<T>>>> {
        Call::new(async move {
            let (mut elements, others) = self.both(other).await?;
            elements.retain(|element| !others.contains(element));
            Ok(elements)
        })
    }

    async fn both(&self, other: &Self) -> Result<(HashSet<T>, HashSet<T>)> {
        try_join(self.to_hash_set(), other.to_hash_set()).await
    }
}
