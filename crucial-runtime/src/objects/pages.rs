//! A collection page by page, so that neither the server nor the client has to hold all of it at a time.

use std::fmt;

use bytes::Bytes;
use futures_util::Stream;
use futures_util::future::BoxFuture;
use futures_util::stream::{self, TryStreamExt};

use crate::call::Call;
use crate::error::Result;
use crate::object::{Handle, Object, Value};

/// What a page begins with: opaque to all but the object. `None` at the end.
type Place = Option<Bytes>;
type Fetch<T> = Box<dyn Fn(Bytes) -> BoxFuture<'static, Result<(Vec<T>, Place)>> + Send + Sync>;

/// The elements of a collection, page by page; one round trip a page.
///
/// While pages are turned the collection may change: each page is as of a moment of its own. What that
/// means for the whole is said where the pages come from, such as [`Map::pages`](crate::Map::pages).
///
/// ```
/// # #[tokio::main] async fn main() -> crucial::Result<()> {
/// # let runtime = crucial::Runtime::builder().build().await?;
/// # let _entered = runtime.enter();
/// let squares = crucial::SortedMap::create("squares", (0..1000_u64).map(|n| (n, n * n)).collect()).await?;
/// let (mut pages, mut sum) = (squares.pages(100), 0);
/// while let Some(page) = pages.next().await? {
///     sum += page.iter().map(|(_, square)| square).sum::<u64>();
/// }
/// assert_eq!(sum, 332_833_500);
/// # Ok(()) }
/// ```
pub struct Pages<T> {
    fetch: Fetch<T>,
    place: Place,
}

impl<T: Send + 'static> Pages<T> {
    pub(crate) fn new<F>(begin: Bytes, fetch: impl Fn(Bytes) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<(Vec<T>, Option<Bytes>)>> + Send + 'static,
    {
        Self {
            fetch: Box::new(move |place| Box::pin(fetch(place))),
            place: Some(begin),
        }
    }

    /// The next page, which is never empty; `None` after the last. One round trip, seldom more: a server may
    /// look at a part of a collection in which there is nothing.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let letters = crucial::SortedMap::create("letters", [(1, 'a'), (2, 'b'), (3, 'c')].into()).await?;
    /// let mut pages = letters.pages(2);
    /// assert_eq!(pages.next().await?, Some(vec![(1, 'a'), (2, 'b')]));
    /// assert_eq!(pages.next().await?, Some(vec![(3, 'c')]));
    /// assert_eq!(pages.next().await?, None);
    /// # Ok(()) }
    /// ```
    ///
    /// # Cancellation
    ///
    /// Dropped, or failed, it has not turned the page: the next call asks for the same one.
    ///
    /// # Errors
    ///
    /// [`Error::Codec`](crate::Error::Codec) where what is stored is of another type, and those of the store.
    #[expect(
        clippy::should_implement_trait,
        reason = "it is named as that of streams"
    )]
    pub fn next(&mut self) -> Call<impl Future<Output = Result<Option<Vec<T>>>>> {
        Call::new(async move {
            while let Some(place) = &self.place {
                let (page, next) = (self.fetch)(place.clone()).await?;
                self.place = next;
                if !page.is_empty() {
                    return Ok(Some(page));
                }
            }
            Ok(None)
        })
    }

    /// The elements one by one, as a [`Stream`]. It ends after an error.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// use futures_util::TryStreamExt;
    ///
    /// let letters = crucial::SortedMap::create("letters", [(1, 'a'), (2, 'b'), (3, 'c')].into()).await?;
    /// let stream = letters.pages(2).into_stream();
    /// let word: String = stream.map_ok(|(_, letter)| letter).try_collect().await?;
    /// assert_eq!(word, "abc");
    /// # Ok(()) }
    /// ```
    pub fn into_stream(self) -> impl Stream<Item = Result<T>> + Send {
        let pages = stream::try_unfold(self, async |mut pages| {
            Ok::<_, crate::Error>(pages.next().await?.map(|page| (page, pages)))
        });
        pages
            .map_ok(|page| stream::iter(page.into_iter().map(Ok)))
            .try_flatten()
    }
}

impl<T> fmt::Debug for Pages<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pages")
            .field("at_end", &self.place.is_none())
            .finish_non_exhaustive()
    }
}

/// Where a scan begins, and what says that it has ended: the server's word for both.
const ENDS: &[u8] = b"0";

/// What the server's scanning commands take, from a place on: about so many elements.
pub(super) fn scan(place: Bytes, size: usize) -> Vec<Bytes> {
    vec![
        place,
        Bytes::from_static(b"COUNT"),
        super::argument::count(size.max(1)),
    ]
}

/// Where a scan begins.
pub(super) fn begin() -> Bytes {
    Bytes::from_static(ENDS)
}

impl<O: Object> Handle<O> {
    /// What a scanning command answers with: the place of the next page, and what is on this one.
    pub(super) fn scanned<'a>(&self, reply: &'a Value) -> Result<(Option<Bytes>, &'a Value)> {
        match reply {
            Value::List(parts) => match &parts[..] {
                [Value::Bytes(next), page @ Value::List(_)] => {
                    Ok(((next != ENDS).then(|| next.clone()), page))
                }
                _ => Err(self.unexpected("the page", reply)),
            },
            _ => Err(self.unexpected("the page", reply)),
        }
    }
}

/// Scans of state machines: in the order of the keys, so that nothing is seen twice, up to the last key that there was
/// at the beginning, so that they end however much is inserted meanwhile.
pub(super) mod machine {
    use std::ops::Bound;

    use bytes::Bytes;

    use super::ENDS;
    use crate::object::{Refusal, Value};
    use crate::objects::argument::parse;

    /// The keys that are still to be seen.
    pub(in crate::objects) struct Rest {
        after: Bound<Bytes>,
        until: Bytes,
    }

    impl Rest {
        /// The keys after a place, where `last` is the last one that there is.
        pub(in crate::objects) fn after(
            place: &Bytes,
            last: Option<&Bytes>,
        ) -> Result<Self, Refusal> {
            if place == ENDS {
                return Ok(Self {
                    after: Bound::Unbounded,
                    until: last.cloned().unwrap_or_default(),
                });
            }
            let (length, keys) = place
                .strip_prefix(b"+")
                .and_then(<[u8]>::split_first_chunk)
                .ok_or_else(|| Refusal::args("it is no place in a scan"))?;
            let keys = place.slice_ref(keys);
            match usize::try_from(u32::from_be_bytes(*length)) {
                Ok(length) if length <= keys.len() && keys[length..] <= keys[..length] => {
                    Ok(Self {
                        after: Bound::Excluded(keys.slice(length..)),
                        until: keys.slice(..length),
                    })
                }
                _ => Err(Refusal::args("it is no place in a scan")),
            }
        }

        pub(in crate::objects) fn range(&self) -> (Bound<Bytes>, Bound<Bytes>) {
            (self.after.clone(), Bound::Included(self.until.clone()))
        }

        /// A page of the entries in the [range](Self::range), and the place after it.
        pub(in crate::objects) fn page<E>(
            &self,
            entries: impl Iterator<Item = E>,
            size: &[u8],
            key: impl Fn(&E) -> &Bytes,
            values: impl Fn(Vec<E>) -> Value,
        ) -> Result<Value, Refusal> {
            let size = parse::<usize>(size)?.max(1);
            let mut entries = entries.peekable();
            let page: Vec<E> = entries.by_ref().take(size).collect();
            let next = match page.last() {
                Some(last) if entries.peek().is_some() => {
                    // Keys are at most as large as values may be.
                    let length = u32::try_from(self.until.len()).unwrap_or(u32::MAX);
                    [b"+", &length.to_be_bytes()[..], &self.until, key(last)].concat()
                }
                _ => ENDS.to_vec(),
            };
            Ok(Value::List(vec![Bytes::from(next).into(), values(page)]))
        }
    }
}
