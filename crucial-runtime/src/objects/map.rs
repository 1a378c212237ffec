//! A map that many threads read and change.

pub(super) mod machine;
#[cfg(test)]
#[cfg(feature = "redis")]
#[path = "../../unit/objects/map/spec.rs"]
pub(super) mod spec;

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;
use std::marker::PhantomData;

use bytes::Bytes;
use serde::Serialize;

use self::machine::MapState;
use super::argument;
use super::atomic::Retries;
use super::keyed::{keyed, merge_all, merged};
use super::pages::{self, Pages};
use super::proxy::proxy;
use crate::call::Call;
use crate::error::Result;
use crate::object::{Handle, Method, Value};
use crate::thread::Portable;

/// A shared map, as `HashMap` or `java.util.concurrent.ConcurrentHashMap`.
///
/// Keys are the same if they encode to the same bytes. A key is refused with
/// [`Error::Codec`](crate::Error::Codec) where its bytes differ from one time to the next (a `HashSet`), or where
/// a borrowed form encodes differently from the key; text that compares without case makes different keys.
/// Entries are in no order.
///
/// Every method takes effect at once for all threads, however many entries it is about, and
/// exactly once; each is one round trip unless it says otherwise. Beside the errors that they
/// name, methods fail with [`Error::NotFound`](crate::Error::NotFound) where they change a map that does not exist
/// (which reads as an empty one), with [`Error::Codec`](crate::Error::Codec) where what is stored is no `K` or `V`, and
/// with the errors of the store.
///
/// ```
/// # #[tokio::main] async fn main() -> crucial::Result<()> {
/// # let runtime = crucial::Runtime::builder().build().await?;
/// # let _entered = runtime.enter();
/// use std::collections::HashMap;
/// use crucial::Map;
///
/// let ages = Map::<String, u32>::create("ages", HashMap::new()).await?;
/// ages.insert("Ada".into(), 36).await?;
/// assert_eq!(ages.get("Ada").await?, Some(36));
/// assert_eq!(ages.update("Ada".into(), |age| age.map(|age| age + 1)).await?, Some(37));
/// assert_eq!(ages.remove("Ada").await?, Some(37));
/// assert!(ages.is_empty().await?);
/// # Ok(()) }
/// ```
pub struct Map<K, V> {
    handle: Handle<MapState>,
    types: PhantomData<fn() -> (K, V)>,
}

/// What the key of a [`Map`] or the element of a [`Set`](crate::Set) is.
pub trait Unique: Portable + Eq + Hash {}

#[diagnostic::do_not_recommend]
impl<T: Portable + Eq + Hash> Unique for T {}

proxy!(Map<K: Unique, V: Portable>, machine: MapState, init: HashMap<K, V>);

impl<K: Unique, V: Portable> Map<K, V> {
    fn arguments(handle: &Handle<MapState>, init: HashMap<K, V>) -> Result<Vec<Bytes>> {
        entries(handle, init)
    }

    async fn read(&self) -> Result<HashMap<K, V>> {
        self.to_hash_map().await
    }

    keyed!("Map", machine);

    /// All keys, as of one moment.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let ages = crucial::Map::create("ages", [("Ada".to_owned(), 36), ("Bob".to_owned(), 9)].into()).await?;
    /// let mut names = ages.keys().await?;
    /// names.sort(); // they come in no order
    /// assert_eq!(names, ["Ada", "Bob"]);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn keys(&self) -> Call<impl Future<Output = Result<Vec<K>>>> {
        Call::new(async move {
            let reply = self.handle.call(&machine::KEYS, Vec::new()).await?;
            self.handle.elements(&reply)
        })
    }

    /// All values, as of one moment.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let votes = crucial::Map::create("votes", [('a', 2_u32), ('b', 2), ('c', 5)].into()).await?;
    /// let votes = votes.values().await?; // equal ones as often as they are there
    /// assert_eq!((votes.len(), votes.iter().sum::<u32>()), (3, 9));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn values(&self) -> Call<impl Future<Output = Result<Vec<V>>>> {
        Call::new(async move {
            let reply = self.handle.call(&machine::VALUES, Vec::new()).await?;
            self.handle.elements(&reply)
        })
    }

    /// All entries, as of one moment.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let ages = crucial::Map::create("ages", [("Ada".to_owned(), 36), ("Bob".to_owned(), 9)].into()).await?;
    /// let oldest = ages.entries().await?.into_iter().max_by_key(|(_, age)| *age);
    /// assert_eq!(oldest, Some(("Ada".to_owned(), 36)));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn entries(&self) -> Call<impl Future<Output = Result<Vec<(K, V)>>>> {
        Call::new(async move {
            let reply = self.handle.call(&machine::ENTRIES, Vec::new()).await?;
            self.handle.entries(&reply)
        })
    }

    /// All entries, as of one moment.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let squares = crucial::Map::create("squares", [(1, 1), (2, 4)].into()).await?;
    /// let mut copy = squares.to_hash_map().await?;
    /// assert_eq!(copy.remove(&2), Some(4));
    /// assert_eq!(squares.get(&2).await?, Some(4)); // the shared map is left alone
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn to_hash_map(&self) -> Call<impl Future<Output = Result<HashMap<K, V>>>> {
        Call::new(async move {
            let reply = self.handle.call(&machine::ENTRIES, Vec::new()).await?;
            self.handle.entries(&reply)
        })
    }

    /// All entries, page by page, of about so many each: neither the server nor this process is held up by a
    /// large map.
    ///
    /// Entries that are there from the first page to the last are seen at least once, with a value
    /// that they had meanwhile. Others may be seen or not. Where many entries are removed
    /// meanwhile a server may show some of the rest once more, and after a restart or a fail-over
    /// the pages begin anew, with all entries once more; within a page none comes twice.
    ///
    /// ```
    /// # #[tokio::main] async fn main() -> crucial::Result<()> {
    /// # let runtime = crucial::Runtime::builder().build().await?;
    /// # let _entered = runtime.enter();
    /// let ages = crucial::Map::create("ages", [("Ada".to_owned(), 36), ("Bob".to_owned(), 9)].into()).await?;
    /// let mut pages = ages.pages(1000);
    /// while let Some(page) = pages.next().await? {
    ///     for (name, age) in page {
    ///         println!("{name} is {age}");
    ///     }
    /// }
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn pages(&self, size: usize) -> Pages<(K, V)> {
        let handle = self.handle.clone();
        Pages::new(pages::begin(), move |place| {
            let handle = handle.clone();
            async move {
                let reply = handle
                    .call(&machine::SCAN, pages::scan(place, size))
                    .await?;
                let (next, page) = handle.scanned(&reply)?;
                Ok((handle.entries(page)?, next))
            }
        })
    }

    /// Removes all entries and gives them: none is lost to a change in between. Two round
    /// trips where that is more than 64 KB.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let clicks = crucial::Map::create("clicks", [("home".to_owned(), 3)].into()).await?;
    /// assert_eq!(clicks.drain().await?, [("home".to_owned(), 3)].into()); // counted once, here
    /// clicks.insert("home".into(), 1).await?;
    /// assert_eq!(clicks.drain().await?, [("home".to_owned(), 1)].into());
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn drain(&self) -> Call<impl Future<Output = Result<HashMap<K, V>>>> {
        Call::new(async move {
            let reply = self.handle.call(&machine::DRAIN, Vec::new()).await?;
            self.handle.entries(&reply)
        })
    }

    fn encode_key<Q: Serialize + ?Sized>(&self, key: &Q) -> Result<Bytes> {
        self.handle.encode_exact::<K, Q>("a key", key)
    }
}

/// Keys and values in turn.
fn entries<K: Portable, V: Portable>(
    handle: &Handle<MapState>,
    entries: impl IntoIterator<Item = (K, V)>,
) -> Result<Vec<Bytes>> {
    let mut flat = Vec::new();
    for (key, value) in entries {
        flat.push(handle.encode_exact::<K, K>("a key", &key)?);
        flat.push(handle.encode("a value", &value)?);
    }
    Ok(flat)
}
