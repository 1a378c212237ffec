//! A list that many threads read and change at both ends.

mod machine;
#[cfg(test)]
#[cfg(feature = "redis")]
mod spec;

use std::marker::PhantomData;
use std::ops::{Bound, RangeBounds};

use bytes::Bytes;
use serde::Serialize;

use self::machine::ListState;
use super::argument;
use super::atomic::Retries;
use super::proxy::proxy;
use crate::error::Result;
use crate::object::{Handle, Value};
use crate::thread::Portable;

/// A shared list, as `Vec` or `VecDeque`.
///
/// Both ends are reached in constant time; an index or a value in the middle is looked for from the
/// nearer end. An index beyond the end is no panic: methods give `None` or `false`. Where elements
/// are compared, it is by their encoded bytes.
///
/// Every method takes effect at once for all threads, however many elements it is about, and
/// exactly once; each is one round trip unless it says otherwise. Methods fail with
/// [`Error::NotFound`](crate::Error::NotFound) where they change a list that does not exist (which
/// reads as an empty one), with [`Error::Codec`](crate::Error::Codec) where what is stored is no
/// `T`, with [`Error::TooLarge`](crate::Error::TooLarge) where the elements are, and with the
/// errors of the store.
///
/// ```
/// # #[tokio::main] async fn main() -> crucial::Result<()> {
/// # let runtime = crucial::Runtime::builder().build().await?;
/// # let _entered = runtime.enter();
/// use crucial::List;
///
/// let log = List::create("log", vec!["begin".to_owned()]).await?;
/// log.push_back("end".into()).await?;
/// assert_eq!(log.get(0).await?.as_deref(), Some("begin"));
/// assert_eq!(log.pop_back().await?.as_deref(), Some("end"));
/// assert_eq!(log.len().await?, 1);
/// # Ok(()) }
/// ```
pub struct List<T> {
    handle: Handle<ListState>,
    types: PhantomData<fn() -> (T,)>,
}

proxy!(List<T: Portable>, machine: ListState, init: Vec<T>);

impl<T: Portable> List<T> {
    fn arguments(handle: &Handle<ListState>, init: Vec<T>) -> Result<Vec<Bytes>> {
        elements(handle, init)
    }

    async fn read(&self) -> Result<Vec<T>> {
        self.to_vec().await
    }

    /// The element at an index.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn get(&self, index: usize) -> Result<Option<T>> {
        let arguments = vec![argument::count(index)];
        let reply = self.handle.call(&machine::GET, arguments).await?;
        self.handle.element(&reply)
    }

    /// The elements at several indexes.
    ///
    /// ```
    /// # #[tokio::main] async fn main() -> crucial::Result<()> {
    /// # let runtime = crucial::Runtime::builder().build().await?;
    /// # let _entered = runtime.enter();
    /// let letters = crucial::List::create("letters", ('a'..='e').collect()).await?;
    /// assert_eq!(letters.get_many([4, 9, 0]).await?, [Some('e'), None, Some('a')]);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn get_many(
        &self,
        indexes: impl IntoIterator<Item = usize> + Send,
    ) -> Result<Vec<Option<T>>> {
        let arguments = indexes.into_iter().map(argument::count).collect();
        let reply = self.handle.call(&machine::GET_MANY, arguments).await?;
        let elements = self.handle.list(&reply)?.iter();
        elements
            .map(|element| self.handle.element(element))
            .collect()
    }

    /// The first element.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn first(&self) -> Result<Option<T>> {
        self.get(0).await
    }

    /// The last element.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn last(&self) -> Result<Option<T>> {
        let arguments = vec![argument::number(-1)];
        let reply = self.handle.call(&machine::GET, arguments).await?;
        self.handle.element(&reply)
    }

    /// How many elements there are, in constant time.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn len(&self) -> Result<usize> {
        let reply = self.handle.call(&machine::LEN, Vec::new()).await?;
        self.handle.number(&reply)
    }

    /// Whether there are no elements.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn is_empty(&self) -> Result<bool> {
        Ok(self.len().await? == 0)
    }

    /// The elements of a range of indexes, as far as there are any, as of one moment.
    ///
    /// ```
    /// # #[tokio::main] async fn main() -> crucial::Result<()> {
    /// # let runtime = crucial::Runtime::builder().build().await?;
    /// # let _entered = runtime.enter();
    /// let letters = crucial::List::create("letters", ('a'..='e').collect()).await?;
    /// assert_eq!(letters.range(1..3).await?, ['b', 'c']);
    /// assert_eq!(letters.range(3..100).await?, ['d', 'e']);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn range(&self, range: impl RangeBounds<usize> + Send) -> Result<Vec<T>> {
        let Some(ends) = ends(&range) else {
            return Ok(Vec::new());
        };
        let reply = self.handle.call(&machine::RANGE, ends.into()).await?;
        self.handle.elements(&reply)
    }

    /// All elements, as of one moment.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn to_vec(&self) -> Result<Vec<T>> {
        self.range(..).await
    }

    /// The index of the first element that is this one. Linear time.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn position(&self, element: &T) -> Result<Option<usize>>
    where
        T: Sync,
    {
        let arguments = vec![self.handle.encode("an element", element)?];
        match self.handle.call(&machine::POSITION, arguments).await? {
            Value::Nil => Ok(None),
            index => self.handle.number(&index).map(Some),
        }
    }

    /// Whether any element is this one. Linear time.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn contains(&self, element: &T) -> Result<bool>
    where
        T: Sync,
    {
        Ok(self.position(element).await?.is_some())
    }

    /// Adds an element at the back, and gives the new length.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn push_back(&self, element: T) -> Result<usize> {
        self.extend([element]).await
    }

    /// Adds an element at the front, and gives the new length.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn push_front(&self, element: T) -> Result<usize> {
        self.prepend([element]).await
    }

    /// Adds many elements at the back, side by side, and gives the new length.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn extend(&self, new: impl IntoIterator<Item = T> + Send) -> Result<usize> {
        let elements = elements(&self.handle, new)?;
        let reply = self.handle.call(&machine::PUSH_BACK, elements).await?;
        self.handle.number(&reply)
    }

    /// Adds many elements at the front, side by side and in their order, and gives the new length.
    ///
    /// ```
    /// # #[tokio::main] async fn main() -> crucial::Result<()> {
    /// # let runtime = crucial::Runtime::builder().build().await?;
    /// # let _entered = runtime.enter();
    /// let numbers = crucial::List::create("numbers", vec![3]).await?;
    /// assert_eq!(numbers.prepend([1, 2]).await?, 3);
    /// assert_eq!(numbers.to_vec().await?, [1, 2, 3]);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn prepend(&self, new: impl IntoIterator<Item = T> + Send) -> Result<usize> {
        let mut elements = elements(&self.handle, new)?;
        elements.reverse();
        let reply = self.handle.call(&machine::PUSH_FRONT, elements).await?;
        self.handle.number(&reply)
    }

    /// Removes the last element and gives it.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn pop_back(&self) -> Result<Option<T>> {
        Ok(self.pop_back_many(1).await?.pop())
    }

    /// Removes the first element and gives it.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn pop_front(&self) -> Result<Option<T>> {
        Ok(self.pop_front_many(1).await?.pop())
    }

    /// Removes the last elements, at most so many, and gives them, the last one first.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn pop_back_many(&self, count: usize) -> Result<Vec<T>> {
        let arguments = vec![argument::count(count)];
        let reply = self.handle.call(&machine::POP_BACK, arguments).await?;
        self.handle.elements(&reply)
    }

    /// Removes the first elements, at most so many, and gives them in their order.
    ///
    /// ```
    /// # #[tokio::main] async fn main() -> crucial::Result<()> {
    /// # let runtime = crucial::Runtime::builder().build().await?;
    /// # let _entered = runtime.enter();
    /// let work = crucial::List::create("work", (0..5).collect()).await?;
    /// assert_eq!(work.pop_front_many(3).await?, [0, 1, 2]);
    /// assert_eq!(work.pop_front_many(3).await?, [3, 4]);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn pop_front_many(&self, count: usize) -> Result<Vec<T>> {
        let arguments = vec![argument::count(count)];
        let reply = self.handle.call(&machine::POP_FRONT, arguments).await?;
        self.handle.elements(&reply)
    }

    /// Replaces the element at an index and gives the one before; `None`, and nothing is done,
    /// beyond the end.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn set(&self, index: usize, element: T) -> Result<Option<T>> {
        let arguments = vec![
            argument::count(index),
            self.handle.encode("an element", &element)?,
        ];
        let reply = self.handle.call(&machine::SET, arguments).await?;
        self.handle.element(&reply)
    }

    /// Replaces the element at an index by what `change` makes of it, and gives the element after;
    /// `None` beyond the end.
    ///
    /// `change` runs here, and again whenever another change of the element came first. Two round
    /// trips where none did.
    ///
    /// ```
    /// # #[tokio::main] async fn main() -> crucial::Result<()> {
    /// # let runtime = crucial::Runtime::builder().build().await?;
    /// # let _entered = runtime.enter();
    /// let numbers = crucial::List::create("numbers", vec![1, 2]).await?;
    /// assert_eq!(numbers.update(1, |n| n * 10).await?, Some(20));
    /// assert_eq!(numbers.update(2, |n| n * 10).await?, None);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::TimedOut`](crate::Error::TimedOut) where other changes kept coming first for the
    /// runtime's [wait limit](crate::Builder::wait_limit), and those of the store.
    pub async fn update(
        &self,
        index: usize,
        mut change: impl FnMut(T) -> T + Send,
    ) -> Result<Option<T>> {
        let mut retries = Retries::new(self.handle.key().clone(), "update")?;
        let index = argument::count(index);
        let mut stored = self.handle.call(&machine::GET, vec![index.clone()]).await?;
        loop {
            let current = match stored {
                Value::Bytes(current) => current,
                Value::Nil => return Ok(None),
                other => return Err(self.handle.unexpected("the element", &other)),
            };
            let element = change(self.handle.decode("an element", &current)?);
            let new = self.handle.encode("an element", &element)?;
            let arguments = vec![index.clone(), current, new];
            stored = match self
                .handle
                .call(&machine::COMPARE_EXCHANGE, arguments)
                .await?
            {
                Value::Nil => return Ok(Some(element)),
                Value::List(mut actual) if actual.len() == 1 => actual.swap_remove(0),
                other => other,
            };
            retries.pause().await?;
        }
    }

    /// Exchanges two elements; `false`, and nothing is done, where one is beyond the end.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn swap(&self, a: usize, b: usize) -> Result<bool> {
        let arguments = vec![argument::count(a), argument::count(b)];
        let reply = self.handle.call(&machine::SWAP, arguments).await?;
        self.handle.flag(&reply)
    }

    /// Inserts an element at an index, before the one that is there; `false`, and nothing is done,
    /// beyond the end. Linear time.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn insert(&self, index: usize, element: T) -> Result<bool> {
        let arguments = vec![
            argument::count(index),
            self.handle.encode("an element", &element)?,
        ];
        let reply = self.handle.call(&machine::INSERT, arguments).await?;
        self.handle.flag(&reply)
    }

    /// Removes the element at an index and gives it; `None` beyond the end. Linear time.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn remove(&self, index: usize) -> Result<Option<T>> {
        let arguments = vec![argument::count(index)];
        let reply = self.handle.call(&machine::REMOVE, arguments).await?;
        self.handle.element(&reply)
    }

    /// Removes all elements that are one of these, and gives how many that were. Linear time for each of them.
    ///
    /// ```
    /// # #[tokio::main] async fn main() -> crucial::Result<()> {
    /// # let runtime = crucial::Runtime::builder().build().await?;
    /// # let _entered = runtime.enter();
    /// let numbers = crucial::List::create("numbers", vec![1, 2, 1, 3]).await?;
    /// assert_eq!(numbers.remove_all(&[1, 3]).await?, 3);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn remove_all<'a, Q>(
        &self,
        elements: impl IntoIterator<Item = &'a Q> + Send,
    ) -> Result<usize>
    where
        T: std::borrow::Borrow<Q>,
        Q: Serialize + ?Sized + 'a,
    {
        let elements = elements
            .into_iter()
            .map(|element| self.handle.encode("an element", element))
            .collect::<Result<_>>()?;
        let reply = self.handle.call(&machine::REMOVE_ALL, elements).await?;
        self.handle.number(&reply)
    }

    /// Keeps the first elements, at most so many, and removes the others.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn truncate(&self, len: usize) -> Result<()> {
        let arguments = vec![argument::count(len)];
        self.handle
            .call(&machine::TRUNCATE, arguments)
            .await
            .map(drop)
    }

    /// Removes all elements.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn clear(&self) -> Result<()> {
        self.truncate(0).await
    }

    /// Removes all elements and gives them: none is lost to a change in between.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn drain(&self) -> Result<Vec<T>> {
        let reply = self.handle.call(&machine::DRAIN, Vec::new()).await?;
        self.handle.elements(&reply)
    }
}

fn elements<T: Portable>(
    handle: &Handle<ListState>,
    elements: impl IntoIterator<Item = T>,
) -> Result<Vec<Bytes>> {
    elements
        .into_iter()
        .map(|element| handle.encode("an element", &element))
        .collect()
}

/// The first and the last index of a range, as the server takes them; `None` for an empty one.
fn ends(range: &impl RangeBounds<usize>) -> Option<[Bytes; 2]> {
    let first = match range.start_bound() {
        Bound::Included(first) => *first,
        Bound::Excluded(before) => before.checked_add(1)?,
        Bound::Unbounded => 0,
    };
    let last = match range.end_bound() {
        Bound::Included(last) => Some(*last),
        Bound::Excluded(after) => Some(after.checked_sub(1)?),
        Bound::Unbounded => None,
    };
    match last {
        Some(last) if last < first => None,
        Some(last) => Some([argument::count(first), argument::count(last)]),
        None => Some([argument::count(first), argument::number(-1)]),
    }
}
