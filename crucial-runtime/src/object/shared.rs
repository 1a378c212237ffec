//! What all proxies have in common: they are made, opened and destroyed by name.

use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Key;
use crate::call::Call;
use crate::error::Result;

/// A proxy: a reference to a shared object, or to a struct of them, that clones and travels freely.
///
/// Implemented by the library's objects, by the `…Proxy` of every user object and by every
/// `#[crucial::shared]` struct.
///
/// ```
/// use crucial::{Atomic, Key, List, Runtime, Shared};
///
/// /// Another object of the same kind with the same content.
/// async fn copy<S: Shared>(from: &S, to: Key) -> crucial::Result<S> {
///     S::create_at(to, from.snapshot().await?).await
/// }
///
/// # #[crucial::main] async fn main() -> crucial::Result<()> {
/// let list = List::create("list", vec![1, 2]).await?;
/// let copied = copy(&list, Runtime::current()?.namespace().key("copy")?).await?;
/// list.push_back(3).await?;
/// assert_eq!(copied.snapshot().await?, [1, 2]);
/// # Ok(()) }
/// ```
pub trait Shared: Clone + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// The plain value that the object starts from and that [`snapshot`](Self::snapshot) gives back.
    type Init: Send;

    /// Creates the object under that key. One round trip; four for a struct, whose fields are made at once.
    ///
    /// ```
    /// # use crucial::{Atomic, Error, Namespace, Shared};
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let key = Namespace::new("reports")?.key("monday")?;
    /// let report = Atomic::create_at(key.clone(), 12).await?;
    /// assert_eq!(report.load().await?, 12);
    /// assert!(matches!(Atomic::create_at(key, 13).await, Err(Error::Exists { .. })));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Exists`](crate::Error::Exists) where the key is taken, and those of the store.
    fn create_at(key: Key, init: Self::Init) -> impl Future<Output = Result<Self>> + Send;

    /// Opens the object under that key. One round trip; three for a struct.
    ///
    /// ```
    /// # use crucial::{Atomic, Error, List, Shared};
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let number = Atomic::create("number", 7).await?;
    /// let same = Atomic::<i32>::open_at(number.key().clone()).await?;
    /// assert_eq!(same.load().await?, 7);
    /// let list = List::<i32>::open_at(number.key().clone()).await;
    /// assert!(matches!(list, Err(Error::WrongType { .. })));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`](crate::Error::NotFound) and [`Error::WrongType`](crate::Error::WrongType), and those of
    /// the store.
    fn open_at(key: Key) -> impl Future<Output = Result<Self>> + Send;

    /// Opens the object under that key, having created it if there was none. One or two round trips; for a struct
    /// four.
    ///
    /// ```
    /// # use crucial::{Atomic, Namespace, Shared};
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let key = Namespace::new("reports")?.key("monday")?;
    /// let first = Atomic::open_or_create_at(key.clone(), 12).await?;
    /// let second = Atomic::open_or_create_at(key, 13).await?; // too late to say what it starts from
    /// assert_eq!(second.load().await?, 12);
    /// assert_eq!(first.key(), second.key());
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::WrongType`](crate::Error::WrongType); [`Error::NotFound`](crate::Error::NotFound) where somebody
    /// removes it just when it has been found; and those of the store.
    fn open_or_create_at(key: Key, init: Self::Init) -> impl Future<Output = Result<Self>> + Send {
        async move {
            match Self::create_at(key.clone(), init).await {
                Err(crate::Error::Exists { .. }) => Self::open_at(key).await,
                other => other,
            }
        }
    }

    /// The plain value, each object's as of one moment. One round trip, for a struct as well: its fields are read at once.
    ///
    /// ```
    /// # use crucial::Shared;
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let ages = crucial::SortedMap::create("ages", [("Ada".to_owned(), 36)].into()).await?;
    /// let before = ages.snapshot().await?;
    /// ages.insert("Ada".to_owned(), 37).await?;
    /// assert_eq!(before["Ada"], 36); // a value, which does not follow
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`](crate::Error::NotFound), and those of the store.
    fn snapshot(&self) -> Call<impl Future<Output = Result<Self::Init>> + Send>;

    /// Removes the object; `false` if there was none. One round trip; two for a struct.
    ///
    /// ```
    /// # use crucial::Shared;
    /// # #[crucial::shared]
    /// # struct Votes {
    /// #     yes: u64,
    /// #     no: u64,
    /// # }
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let votes = VotesInit { yes: 1, no: 2 };
    /// let votes = Votes::create("votes", votes).await?;
    /// let yes = votes.yes.clone();
    /// assert!(Shared::destroy(&votes).await?);
    /// assert!(!yes.exists().await?); // a struct takes its fields along
    /// assert!(!Shared::destroy(&yes).await?);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    fn destroy(&self) -> Call<impl Future<Output = Result<bool>> + Send>;

    /// Whether the object exists. One round trip.
    ///
    /// ```
    /// # use crucial::Shared;
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let latch = crucial::Latch::create("latch", 1).await?;
    /// assert!(Shared::exists(&latch).await?);
    /// latch.destroy().await?;
    /// assert!(!Shared::exists(&latch).await?);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    fn exists(&self) -> Call<impl Future<Output = Result<bool>> + Send>;

    /// Removes the object after so long, or with `None` when its job ends, if it is of one; `false` if there is none. One
    /// round trip; two for a struct, whose fields end with it, except persistent ones.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use crucial::Shared;
    /// # #[crucial::shared]
    /// # struct Votes {
    /// #     yes: u64,
    /// # }
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let votes = Votes::create("votes", VotesInit { yes: 1 }).await?;
    /// assert!(Shared::expire(&votes, Some(Duration::from_secs(60))).await?);
    /// assert!(votes.yes.expires_in().await? <= Some(Duration::from_secs(60)));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    fn expire(&self, after: Option<Duration>) -> Call<impl Future<Output = Result<bool>> + Send>;

    /// How long it is until the object ends by itself; `None` where it ends with its job. One round trip.
    ///
    /// ```
    /// # use crucial::Shared;
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let latch = crucial::Latch::create("latch", 1).await?;
    /// assert_eq!(Shared::expires_in(&latch).await?, None);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`](crate::Error::NotFound), and those of the store.
    fn expires_in(&self) -> Call<impl Future<Output = Result<Option<Duration>>> + Send>;

    /// Where the object lives.
    ///
    /// ```
    /// fn name(shared: &impl crucial::Shared) -> &str {
    ///     shared.key().object()
    /// }
    ///
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let latch = crucial::Latch::create("latch", 1).await?;
    /// assert_eq!(name(&latch), "latch");
    /// # Ok(()) }
    /// ```
    fn key(&self) -> &Key;
}
