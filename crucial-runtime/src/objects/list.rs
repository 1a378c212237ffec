//! A list that many threads read and change at both ends.

mod ends;
pub(super) mod machine;
mod middle;
#[cfg(test)]
#[cfg(feature = "redis")]
#[path = "../../unit/objects/list/spec.rs"]
mod spec;

use std::marker::PhantomData;
use std::ops::{Bound, RangeBounds};

use bytes::Bytes;

use self::machine::ListState;
use super::argument;
use super::pages::Pages;
use super::proxy::proxy;
use crate::call::Call;
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
        handle.encode_all("an element", init)
    }

    async fn read(&self) -> Result<Vec<T>> {
        self.to_vec().await
    }

    /// The element at an index; `None` beyond the end. Linear time, from the nearer end.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let letters = crucial::List::create("letters", vec!['a', 'b']).await?;
    /// assert_eq!(letters.get(1).await?, Some('b'));
    /// assert_eq!(letters.get(2).await?, None);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn get(&self, index: usize) -> Call<impl Future<Output = Result<Option<T>>>> {
        Call::new(async move {
            let arguments = vec![argument::count(index)];
            let reply = self.handle.call(&machine::GET, arguments).await?;
            self.handle.element(&reply)
        })
    }

    /// The elements at several indexes, in the order asked for; `None` for each beyond the end. One round trip.
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
    pub fn get_many(
        &self,
        indexes: impl IntoIterator<Item = usize> + Send,
    ) -> Call<impl Future<Output = Result<Vec<Option<T>>>>> {
        Call::new(async move {
            let arguments = indexes.into_iter().map(argument::count).collect();
            let reply = self.handle.call(&machine::GET_MANY, arguments).await?;
            let elements = self.handle.list(&reply)?.iter();
            elements
                .map(|element| self.handle.element(element))
                .collect()
        })
    }

    /// The first element; `None` if there is none. Constant time.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let line = crucial::List::create("line", vec!["ann".to_owned(), "bob".to_owned()]).await?;
    /// assert_eq!(line.first().await?.as_deref(), Some("ann"));
    /// line.clear().await?;
    /// assert_eq!(line.first().await?, None);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn first(&self) -> Call<impl Future<Output = Result<Option<T>>>> {
        Call::new(async move { self.get(0).await })
    }

    /// The last element; `None` if there is none. Constant time.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let prices = crucial::List::create("prices", vec![3.5, 3.25]).await?;
    /// prices.push_back(4.0).await?;
    /// assert_eq!(prices.last().await?, Some(4.0));
    /// assert_eq!(prices.len().await?, 3); // it is still there
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn last(&self) -> Call<impl Future<Output = Result<Option<T>>>> {
        Call::new(async move {
            let arguments = vec![argument::number(-1)];
            let reply = self.handle.call(&machine::GET, arguments).await?;
            self.handle.element(&reply)
        })
    }

    /// How many elements there are, in constant time.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let steps = crucial::List::create("steps", vec![1, 2, 3]).await?;
    /// steps.pop_front().await?;
    /// assert_eq!(steps.len().await?, 2);
    /// steps.destroy().await?;
    /// assert_eq!(steps.len().await?, 0); // a list that does not exist reads as an empty one
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
    /// let work = crucial::List::create("work", vec!['a']).await?;
    /// assert!(!work.is_empty().await?);
    /// work.pop_back().await?;
    /// assert!(work.is_empty().await? && work.exists().await?);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn is_empty(&self) -> Call<impl Future<Output = Result<bool>>> {
        Call::new(async move { Ok(self.len().await? == 0) })
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
    pub fn range(
        &self,
        range: impl RangeBounds<usize> + Send,
    ) -> Call<impl Future<Output = Result<Vec<T>>>> {
        Call::new(async move {
            let Some(ends) = ends(&range) else {
                return Ok(Vec::new());
            };
            let reply = self.handle.call(&machine::RANGE, ends.into()).await?;
            self.handle.elements(&reply)
        })
    }

    /// All elements, as of one moment.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let log = crucial::List::create("log", vec!["begin".to_owned()]).await?;
    /// log.extend(["work".to_owned(), "end".to_owned()]).await?;
    /// assert_eq!(log.to_vec().await?.join(", "), "begin, work, end");
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn to_vec(&self) -> Call<impl Future<Output = Result<Vec<T>>>> {
        Call::new(async move { self.range(..).await })
    }

    /// All elements, page by page, of so many each: neither the server nor this process is held up by a long
    /// list.
    ///
    /// Pages go by index, each as of a moment of its own: what is added at the back meanwhile is seen as well; what
    /// is inserted or removed before the place moves the rest, so that an element may be seen twice or not at all.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let log = crucial::List::create("log", (0..1000).collect()).await?;
    /// let (mut pages, mut sizes) = (log.pages(400), Vec::new());
    /// while let Some(page) = pages.next().await? {
    ///     sizes.push(page.len());
    /// }
    /// assert_eq!(sizes, [400, 400, 200]);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn pages(&self, size: usize) -> Pages<T> {
        let (handle, size) = (self.handle.clone(), size.clamp(1, 1 << 32));
        Pages::new(argument::number(0), move |place| {
            let handle = handle.clone();
            async move {
                let first: usize = argument::parse(&place).unwrap_or_default();
                let next = first.saturating_add(size);
                let ends = vec![place, argument::count(next - 1)];
                let reply = handle.call(&machine::RANGE, ends).await?;
                let page: Vec<T> = handle.elements(&reply)?;
                let next = (page.len() == size).then(|| argument::count(next));
                Ok((page, next))
            }
        })
    }

    /// The index of the first element that is this one. Linear time.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let letters = crucial::List::create("letters", "banana".chars().collect()).await?;
    /// assert_eq!(letters.position(&'n').await?, Some(2));
    /// assert_eq!(letters.position(&'c').await?, None);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn position(&self, element: &T) -> Call<impl Future<Output = Result<Option<usize>>>>
    where
        T: Sync,
    {
        Call::new(async move {
            let arguments = vec![self.handle.encode_exact::<T, T>("an element", element)?];
            match self.handle.call(&machine::POSITION, arguments).await? {
                Value::Nil => Ok(None),
                index => self.handle.number(&index).map(Some),
            }
        })
    }

    /// The index of the last element that is this one. Linear time.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let letters = crucial::List::create("letters", "banana".chars().collect()).await?;
    /// assert_eq!(letters.last_position(&'n').await?, Some(4));
    /// assert_eq!(letters.last_position(&'b').await?, Some(0)); // from the front, as any index
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn last_position(&self, element: &T) -> Call<impl Future<Output = Result<Option<usize>>>>
    where
        T: Sync,
    {
        Call::new(async move {
            let element = self.handle.encode_exact::<T, T>("an element", element)?;
            let arguments = vec![element, Bytes::from_static(b"RANK"), argument::number(-1)];
            match self.handle.call(&machine::POSITION, arguments).await? {
                Value::Nil => Ok(None),
                index => self.handle.number(&index).map(Some),
            }
        })
    }

    /// Whether any element is this one. Linear time.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let zeros = crucial::List::create("zeros", vec![0.0]).await?;
    /// assert!(zeros.contains(&0.0).await?);
    /// assert!(!zeros.contains(&-0.0).await?); // equal numbers, but other bytes
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn contains(&self, element: &T) -> Call<impl Future<Output = Result<bool>>>
    where
        T: Sync,
    {
        Call::new(async move { Ok(self.position(element).await?.is_some()) })
    }
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
