//! Looking after what is stored: which namespaces and objects there are, what is in them, and away with them.
//!
//! All functions use the current [`Runtime`](crate::Runtime); to look at another one's store, run them
//! within its [`scope`](crate::Runtime::scope). Lists are fetched in pages, so that a server with millions of
//! objects is not held up by being looked at.
//!
//! ```
//! # #[tokio::main] async fn main() -> crucial::Result<()> {
//! # let runtime = crucial::Runtime::builder().namespace("tuesday").build().await?;
//! # let _entered = runtime.enter();
//! use std::time::Duration;
//! use crucial::{Map, admin};
//!
//! let ages = Map::create("ages", [("Ada".to_owned(), 36_u32)].into()).await?;
//! for object in admin::objects("tuesday").await? {
//!     println!("{}: {}, {:?} bytes", object.key, object.detail, object.bytes);
//! }
//! let ages = admin::inspect(ages.key()).await?.expect("it has just been created");
//! assert_eq!(ages.state.to_string(), r#"{"Ada":36}"#);
//! admin::expire(&ages.object.key, Some(Duration::from_secs(3600))).await?;
//! admin::remove_namespace("tuesday").await?;
//! assert!(admin::objects("tuesday").await?.is_empty());
//! # Ok(()) }
//! ```

mod inspect;
#[cfg(test)]
#[path = "../../unit/admin/tests/mod.rs"]
mod tests;

use std::time::Duration;

use bytes::Bytes;

use crate::error::Result;
use crate::object::{Key, Namespace};
use crate::objects::Pages;
use crate::runtime;
use crate::store::Details;

pub use crate::store::Life;
pub use inspect::{Inspection, inspect};

/// How many objects a page of [`objects`] has.
const PAGE: usize = 200;

/// A namespace: a job, or an application.
///
/// ```
/// # use crucial::admin;
/// # #[crucial::main] async fn main() -> crucial::Result<()> {
/// let seen = crucial::Set::create("seen", [1, 2].into()).await?;
/// let here = &admin::namespaces().await?[0];
/// assert_eq!((here.namespace.as_str(), here.objects), (seen.key().namespace(), 1));
/// assert_eq!(here.life, admin::Life::Process); // on a server: a job with its lease, or an application
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct NamespaceInfo {
    /// Its name.
    pub namespace: Namespace,
    /// How many objects it has; on a server this counts those whose time has run out until their job ends.
    pub objects: usize,
    /// What ends it.
    pub life: Life,
}

/// An object, seen from outside.
///
/// ```
/// # use crucial::admin;
/// # #[crucial::main] async fn main() -> crucial::Result<()> {
/// crucial::Map::create("means", [(7_u32, 0.5)].into()).await?;
/// let here = crucial::Runtime::current()?.namespace().clone();
/// let means = &admin::objects(here.as_str()).await?[0];
/// assert_eq!((&*means.object, &*means.detail), ("Map", "Map<u32, f64>"));
/// assert_eq!(means.expires_in, None); // it ends with the job
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ObjectInfo {
    /// Where it lives.
    pub key: Key,
    /// Its type: `Map`, or the path of a type of yours.
    pub object: String,
    /// The type in full: `Map<u32, f64>`.
    pub detail: String,
    /// How much memory it takes on the server, or how long its encoded state is in this process; `None` where
    /// the server does not tell.
    pub bytes: Option<u64>,
    /// When it ends by itself; `None` where it does so with its job.
    pub expires_in: Option<Duration>,
}

impl ObjectInfo {
    fn of(key: Key, details: Details) -> Self {
        Self {
            key,
            object: details.description.object,
            detail: details.description.detail,
            bytes: details.bytes,
            expires_in: details.expires_in,
        }
    }
}

/// All namespaces that have objects or are jobs, in the order of their names.
///
/// A server has no list of applications: it is asked for all of its keys, a thousand a round trip, and for the
/// lists of those that are namespaces.
///
/// ```
/// use crucial::{Atomic, Namespace, Shared, admin};
///
/// # #[crucial::main] async fn main() -> crucial::Result<()> {
/// for day in ["tuesday", "monday"] {
///     Atomic::create_at(Namespace::new(day)?.key("hits")?, 0).await?;
/// }
/// let days = admin::namespaces().await?.into_iter().map(|found| found.namespace.to_string());
/// assert_eq!(days.collect::<Vec<_>>(), ["monday", "tuesday"]);
/// # Ok(()) }
/// ```
///
/// # Errors
///
/// Those of the store.
pub async fn namespaces() -> Result<Vec<NamespaceInfo>> {
    let runtime = runtime::current()?;
    let found = runtime.store().namespaces().await?.into_iter();
    let infos = found.map(|(namespace, objects, life)| NamespaceInfo {
        namespace,
        objects,
        life,
    });
    Ok(infos.collect())
}

/// All objects of a namespace, in the order of their names. Two round trips for each 200 of them.
///
/// ```
/// # use crucial::admin;
/// # #[crucial::main] async fn main() -> crucial::Result<()> {
/// crucial::Latch::create("phase/2", 1).await?;
/// crucial::Latch::create("phase/1", 1).await?;
/// let here = crucial::Runtime::current()?.namespace().clone();
/// let objects = admin::objects(here.as_str()).await?;
/// let names: Vec<_> = objects.iter().map(|found| found.key.object()).collect();
/// assert_eq!(names, ["phase/1", "phase/2"]);
/// # Ok(()) }
/// ```
///
/// # Errors
///
/// [`Error::Name`](crate::Error::Name) for a name that is none, and those of the store.
pub async fn objects(namespace: impl AsRef<str> + Send) -> Result<Vec<ObjectInfo>> {
    let mut pages = pages(namespace, PAGE)?;
    let mut objects = Vec::new();
    while let Some(page) = pages.next().await? {
        objects.extend(page);
    }
    objects.sort_unstable_by(|a: &ObjectInfo, b| a.key.cmp(&b.key));
    // Where objects come and go meanwhile a server may name one twice.
    objects.dedup_by(|a, b| a.key == b.key);
    Ok(objects)
}

/// The objects of a namespace in no order, page by page, of about so many each. Two round trips a page.
///
/// Objects that are there from the first page to the last are seen at least once; others may be seen or not.
///
/// ```
/// # use crucial::admin;
/// # #[crucial::main] async fn main() -> crucial::Result<()> {
/// for n in 0..25 {
///     crucial::Atomic::create(&format!("part/{n}"), n).await?;
/// }
/// let here = crucial::Runtime::current()?.namespace().clone();
/// let (mut pages, mut seen) = (admin::pages(here.as_str(), 10)?, 0);
/// while let Some(page) = pages.next().await? {
///     seen += page.len();
/// }
/// assert_eq!(seen, 25);
/// # Ok(()) }
/// ```
///
/// # Errors
///
/// [`Error::Name`](crate::Error::Name) for a name that is none, and
/// [`Error::NoRuntime`](crate::Error::NoRuntime).
pub fn pages(namespace: impl AsRef<str>, size: usize) -> Result<Pages<ObjectInfo>> {
    let namespace = Namespace::new(namespace)?;
    let runtime = runtime::current()?;
    Ok(Pages::new(Bytes::from_static(b"0"), move |place| {
        let (runtime, namespace) = (runtime.clone(), namespace.clone());
        async move {
            let store = runtime.store();
            let (keys, next) = store.objects(&namespace, &place, size.max(1)).await?;
            let details = store.details(&keys).await?;
            let objects = keys.into_iter().zip(details);
            // Of those whose time has run out, a server still knows the names.
            let objects = objects.filter_map(|(key, found)| Some(ObjectInfo::of(key, found?)));
            Ok((objects.collect(), next))
        }
    }))
}

/// Removes an object after so long, or with `None` when its job ends; `false` if there is none. One round trip.
///
/// After no time at all it is gone at once. A part of a millisecond counts as a whole one, and no time is longer than
/// 2^42 milliseconds, some 139 years.
///
/// ```
/// # use std::time::Duration;
/// # use crucial::admin;
/// # #[crucial::main] async fn main() -> crucial::Result<()> {
/// let hits = crucial::Atomic::create("hits", 0).await?;
/// assert!(admin::expire(hits.key(), Some(Duration::from_secs(60))).await?);
/// assert!(hits.expires_in().await?.is_some_and(|left| left <= Duration::from_secs(60)));
/// admin::expire(hits.key(), None).await?;
/// assert_eq!(hits.expires_in().await?, None);
/// # Ok(()) }
/// ```
///
/// # Errors
///
/// Those of the store.
pub async fn expire(key: &Key, after: Option<Duration>) -> Result<bool> {
    runtime::current()?.store().expire(key, after).await
}

/// Removes an object, whatever it is; `false` if there was none. Whoever waits for it gets an error. One round trip.
///
/// ```
/// # use crucial::admin;
/// # #[crucial::main] async fn main() -> crucial::Result<()> {
/// let hits = crucial::Atomic::create("hits", 0).await?;
/// assert!(admin::remove(hits.key()).await?);
/// assert!(!admin::remove(hits.key()).await?); // there is none any more
/// assert!(matches!(hits.load().await, Err(crucial::Error::NotFound { .. })));
/// # Ok(()) }
/// ```
///
/// # Errors
///
/// Those of the store.
pub async fn remove(key: &Key) -> Result<bool> {
    runtime::current()?.store().destroy(key).await
}

/// Removes all objects of a namespace; one that has none is no error. One round trip for each 500 of them.
///
/// Whoever still works in it gets errors; a job that still renews its lease comes back to the list of
/// namespaces, without objects, until it ends.
///
/// ```
/// # use crucial::{Atomic, Namespace, Shared, admin};
/// # #[crucial::main] async fn main() -> crucial::Result<()> {
/// let monday = Namespace::new("monday")?;
/// let hits = Atomic::create_at(monday.key("hits")?, 0).await?;
/// let today = Atomic::create("hits", 0).await?;
/// admin::remove_namespace(monday.as_str()).await?;
/// assert_eq!((hits.exists().await?, today.exists().await?), (false, true));
/// # Ok(()) }
/// ```
///
/// # Errors
///
/// [`Error::Name`](crate::Error::Name) for a name that is none, and those of the store.
pub async fn remove_namespace(namespace: impl AsRef<str> + Send) -> Result<()> {
    let namespace = Namespace::new(namespace)?;
    runtime::current()?.store().clear(&namespace, false).await
}
