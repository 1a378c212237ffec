//! A set that many threads read and change.

mod algebra;
pub(super) mod machine;
mod removal;
#[cfg(test)]
#[cfg(feature = "redis")]
#[path = "../../unit/objects/set/spec.rs"]
mod spec;

use std::borrow::Borrow;
use std::collections::HashSet;
use std::marker::PhantomData;

use bytes::Bytes;
use serde::Serialize;

use self::machine::SetState;
use super::map::Unique;
use super::pages::{self, Pages};
use super::proxy::proxy;
use crate::call::Call;
use crate::error::Result;
use crate::object::Handle;

/// A shared set, as `HashSet`.
///
/// Elements are the same if they encode to the same bytes. An element is refused with
/// [`Error::Codec`](crate::Error::Codec) where its bytes differ from one time to the next (a `HashSet`).
/// Elements are in no order.
///
/// Every method takes effect at once for all threads, however many elements it is about, and
/// exactly once; each is one round trip unless it says otherwise. Methods fail with
/// [`Error::NotFound`](crate::Error::NotFound) where they change a set that does not exist (which
/// reads as an empty one), with [`Error::Codec`](crate::Error::Codec) where what is stored is no
/// `T`, with [`Error::TooLarge`](crate::Error::TooLarge) where the elements are, and with the
/// errors of the store.
///
/// ```
/// # #[tokio::main] async fn main() -> crucial::Result<()> {
/// # let runtime = crucial::Runtime::builder().build().await?;
/// # let _entered = runtime.enter();
/// use std::collections::HashSet;
/// use crucial::Set;
///
/// let seen = Set::<String>::create("seen", HashSet::new()).await?;
/// assert!(seen.insert("a".into()).await?);
/// assert!(!seen.insert("a".into()).await?);
/// assert!(seen.contains("a").await?);
/// # Ok(()) }
/// ```
pub struct Set<T> {
    handle: Handle<SetState>,
    types: PhantomData<fn() -> (T,)>,
}

proxy!(Set<T: Unique>, machine: SetState, init: HashSet<T>);

impl<T: Unique> Set<T> {
    fn arguments(handle: &Handle<SetState>, init: HashSet<T>) -> Result<Vec<Bytes>> {
        handle.encode_all_exact::<T, T>("an element", init)
    }

    async fn read(&self) -> Result<HashSet<T>> {
        self.to_hash_set().await
    }

    /// Whether the element is there.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let guests = crucial::Set::create("guests", ["Ada".to_owned()].into()).await?;
    /// assert!(guests.contains("Ada").await?);
    /// assert!(!guests.contains("Bob").await?);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn contains<Q>(&self, element: &Q) -> Call<impl Future<Output = Result<bool>>>
    where
        T: Borrow<Q>,
        Q: Serialize + Sync + ?Sized,
    {
        Call::new(async move { self.contains_all([element]).await })
    }

    /// Which of these elements are there, in their order.
    ///
    /// ```
    /// # #[tokio::main] async fn main() -> crucial::Result<()> {
    /// # let runtime = crucial::Runtime::builder().build().await?;
    /// # let _entered = runtime.enter();
    /// let primes = crucial::Set::create("primes", [2, 3, 5, 7].into()).await?;
    /// assert_eq!(primes.contains_many(&[1, 2, 3, 4]).await?, [false, true, true, false]);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn contains_many<'a, Q>(
        &self,
        elements: impl IntoIterator<Item = &'a Q> + Send,
    ) -> Call<impl Future<Output = Result<Vec<bool>>>>
    where
        T: Borrow<Q>,
        Q: Serialize + ?Sized + 'a,
    {
        Call::new(async move {
            let elements = self
                .handle
                .encode_all_exact::<T, &Q>("an element", elements)?;
            if elements.is_empty() {
                return Ok(Vec::new());
            }
            let reply = self.handle.call(&machine::CONTAINS_MANY, elements).await?;
            let flags = self.handle.list(&reply)?.iter();
            flags.map(|flag| self.handle.flag(flag)).collect()
        })
    }

    /// Whether all of these elements are there.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let primes = crucial::Set::create("primes", [2, 3, 5].into()).await?;
    /// assert!(primes.contains_all(&[2, 5]).await?);
    /// assert!(!primes.contains_all(&[2, 4]).await?);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn contains_all<'a, Q>(
        &self,
        elements: impl IntoIterator<Item = &'a Q> + Send,
    ) -> Call<impl Future<Output = Result<bool>>>
    where
        T: Borrow<Q>,
        Q: Serialize + ?Sized + 'a,
    {
        Call::new(async move {
            let contained = self.contains_many(elements).await?;
            Ok(contained.into_iter().all(|contained| contained))
        })
    }

    /// How many elements there are, in constant time.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let primes = crucial::Set::create("primes", [2, 3, 5].into()).await?;
    /// primes.extend([5, 7]).await?;
    /// assert_eq!(primes.len().await?, 4); // 5 counts once
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn len(&self) -> Call<impl Future<Output = Result<usize>>> {
        Call::new(async move {
            let reply = self.handle.call(&machine::LEN, Vec::new()).await?;
            self.handle.number(&reply)
        })
    }

    /// Whether there are no elements.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let open = crucial::Set::create("open", [17].into()).await?;
    /// assert!(!open.is_empty().await?);
    /// open.remove(&17).await?;
    /// assert!(open.is_empty().await?);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn is_empty(&self) -> Call<impl Future<Output = Result<bool>>> {
        Call::new(async move { Ok(self.len().await? == 0) })
    }

    /// All elements, as of one moment.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let primes = crucial::Set::create("primes", [2, 3, 5].into()).await?;
    /// let mut copy = primes.to_hash_set().await?;
    /// assert_eq!(copy, [5, 3, 2].into());
    /// copy.clear();
    /// assert_eq!(primes.len().await?, 3); // the shared set is left alone
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn to_hash_set(&self) -> Call<impl Future<Output = Result<HashSet<T>>>> {
        Call::new(async move {
            let reply = self.handle.call(&machine::ELEMENTS, Vec::new()).await?;
            self.handle.elements(&reply)
        })
    }

    /// All elements, page by page, of about so many each: neither the server nor this process is held up by
    /// a large set.
    ///
    /// Elements that are there from the first page to the last are seen at least once. Others may be
    /// seen or not. Where many elements are removed meanwhile a server may show some of the rest once
    /// more, and after a restart or a fail-over the pages begin anew, with all elements once more; within
    /// a page none comes twice.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let numbers = crucial::Set::create("numbers", (1..=100).collect()).await?;
    /// let (mut pages, mut seen) = (numbers.pages(30), std::collections::HashSet::new());
    /// while let Some(page) = pages.next().await? {
    ///     seen.extend(page);
    /// }
    /// assert_eq!(seen, (1..=100).collect());
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn pages(&self, size: usize) -> Pages<T> {
        let handle = self.handle.clone();
        Pages::new(pages::begin(), move |place| {
            let handle = handle.clone();
            async move {
                let reply = handle
                    .call(&machine::SCAN, pages::scan(place, size))
                    .await?;
                let (next, page) = handle.scanned(&reply)?;
                Ok((handle.elements(page)?, next))
            }
        })
    }

    /// Adds an element; `false` if it was there.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let visited = crucial::Set::create("visited", [1].into()).await?;
    /// assert!(visited.insert(2).await?); // of many threads, one is told so
    /// assert!(!visited.insert(2).await?);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn insert(&self, element: T) -> Call<impl Future<Output = Result<bool>>> {
        Call::new(async move { Ok(self.extend([element]).await? == 1) })
    }

    /// Adds many elements, all at once, and gives how many of them were new.
    ///
    /// ```
    /// # #[tokio::main] async fn main() -> crucial::Result<()> {
    /// # let runtime = crucial::Runtime::builder().build().await?;
    /// # let _entered = runtime.enter();
    /// let primes = crucial::Set::create("primes", [2, 3].into()).await?;
    /// assert_eq!(primes.extend([3, 5, 7]).await?, 2);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn extend(
        &self,
        new: impl IntoIterator<Item = T> + Send,
    ) -> Call<impl Future<Output = Result<usize>>> {
        Call::new(async move {
            let elements = self.handle.encode_all_exact::<T, T>("an element", new)?;
            let reply = self.handle.call(&machine::INSERT_ALL, elements).await?;
            self.handle.number(&reply)
        })
    }
}
