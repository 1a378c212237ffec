//! A read-write lock: a value that many may read at a time, or one change.

use std::marker::PhantomData;

use bytes::Bytes;

use super::lock::{self, Locked, READER, WRITER, guard, writer};
use super::permits::machine::Permits;
use super::proxy::proxy;
use crate::call::Call;
use crate::error::Result;
use crate::object::Handle;
use crate::thread::Portable;

/// A value that many threads at a time may read, or one may change, as `tokio::sync::RwLock`.
///
/// Whoever comes first is served first: a reader that comes after a writer that waits does so too, hence
/// neither starves. All else is as with a [`Mutex`](crate::Mutex): the copy of the value that comes with the
/// lock, what a guard that is dropped does, leases, fencing, cancellation and errors.
///
/// To look at the value as it is without keeping writers out, take a [`snapshot`](Self::snapshot).
///
/// ```
/// # #[tokio::main] async fn main() -> crucial::Result<()> {
/// # let runtime = crucial::Runtime::builder().build().await?;
/// # let _entered = runtime.enter();
/// use crucial::RwLock;
///
/// let settings = RwLock::create("settings", vec!["a".to_owned()]).await?;
/// let (one, two) = (settings.read().await?, settings.read().await?);
/// assert!(settings.try_write().await?.is_none());
/// one.unlock().await?;
/// two.unlock().await?;
/// let mut writer = settings.write().await?;
/// writer.push("b".to_owned());
/// let reader = writer.downgrade().await?;
/// assert_eq!(*reader, ["a", "b"]);
/// # Ok(()) }
/// ```
pub struct RwLock<T> {
    handle: Handle<Permits>,
    types: PhantomData<fn() -> (T,)>,
}

proxy!(RwLock<T: Portable>, machine: Permits, init: T, snapshot: value);

impl<T: Portable> RwLock<T> {
    #[expect(clippy::needless_pass_by_value, reason = "as all proxies have it")]
    fn arguments(handle: &Handle<Permits>, init: T) -> Result<Vec<Bytes>> {
        lock::arguments(handle, &init)
    }

    async fn value(&self) -> Result<T> {
        lock::value(&self.handle).await
    }

    /// Locks for reading when it is this one's turn. One round trip if nobody writes or waits to, otherwise
    /// four and one announcement.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let prices = crucial::RwLock::create("prices", vec![3, 5]).await?;
    /// let (one, two) = (prices.read().await?, prices.read().await?); // at the same time
    /// assert_eq!(one[0] + two[1], 8);
    /// # Ok(()) }
    /// ```
    ///
    /// With a [limit](crate::Call::timeout):
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let price = crucial::RwLock::create("price", 3).await?;
    /// let limit = std::time::Duration::from_millis(5);
    /// let writer = price.write().await?;
    /// assert!(matches!(price.read().timeout(limit).await, Err(crucial::Error::TimedOut { .. })));
    /// writer.unlock().await?;
    /// assert_eq!(*price.read().timeout(limit).await?, 3);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::TimedOut`](crate::Error::TimedOut) after the runtime's
    /// [wait limit](crate::Builder::wait_limit), and those of the store.
    pub fn read(&self) -> Call<impl Future<Output = Result<RwLockReadGuard<T>>>> {
        Call::new(async move {
            let locked = Locked::acquire(&self.handle, "read", READER).await?;
            Ok(RwLockReadGuard(locked))
        })
    }

    /// Locks for reading if nobody writes or waits. One round trip.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let price = crucial::RwLock::create("price", 3).await?;
    /// let reader = price.read().await?;
    /// assert_eq!(price.try_read().await?.as_deref(), Some(&3));
    /// reader.unlock().await?;
    /// let _writer = price.write().await?;
    /// assert!(price.try_read().await?.is_none());
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn try_read(&self) -> Call<impl Future<Output = Result<Option<RwLockReadGuard<T>>>>> {
        Call::new(async move {
            let locked = Locked::try_acquire(&self.handle, READER).await?;
            Ok(locked.map(RwLockReadGuard))
        })
    }

    /// Locks for writing when it is this one's turn. One round trip if nobody holds the lock, otherwise
    /// four and one announcement.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let names = crucial::RwLock::create("names", vec!["ann".to_owned()]).await?;
    /// let reader = names.read().await?;
    /// let (mut writer, ()) = tokio::try_join!(names.write(), reader.unlock())?; // waits for the reader
    /// writer.push("bob".to_owned());
    /// writer.unlock().await?;
    /// assert_eq!(names.snapshot().await?, ["ann", "bob"]);
    /// # Ok(()) }
    /// ```
    ///
    /// With a [limit](crate::Call::timeout):
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let price = crucial::RwLock::create("price", 3).await?;
    /// let reader = price.read().await?;
    /// let busy = price.write().timeout(std::time::Duration::ZERO).await;
    /// assert!(matches!(busy, Err(crucial::Error::TimedOut { .. })));
    /// assert_eq!(*reader, 3); // it was not kept waiting, nor are others
    /// assert!(price.try_read().await?.is_some());
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    pub fn write(&self) -> Call<impl Future<Output = Result<RwLockWriteGuard<T>>>> {
        Call::new(async move {
            let locked = Locked::acquire(&self.handle, "write", WRITER).await?;
            Ok(RwLockWriteGuard(locked))
        })
    }

    /// Locks for writing if nobody holds the lock or waits for it. One round trip.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let price = crucial::RwLock::create("price", 3).await?;
    /// if let Some(mut writer) = price.try_write().await? {
    ///     *writer += 1;
    ///     assert!(price.try_write().await?.is_none());
    ///     writer.unlock().await?;
    /// }
    /// assert_eq!(price.snapshot().await?, 4);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn try_write(&self) -> Call<impl Future<Output = Result<Option<RwLockWriteGuard<T>>>>> {
        Call::new(async move {
            let locked = Locked::try_acquire(&self.handle, WRITER).await?;
            Ok(locked.map(RwLockWriteGuard))
        })
    }
}

/// A share in the reading of an [`RwLock`], held by this process on a lease, with a copy of the value.
///
/// ```
/// # #[crucial::main] async fn main() -> crucial::Result<()> {
/// let price = crucial::RwLock::create("price", 3).await?;
/// let reader = price.read().await?;
/// assert!(price.try_write().await?.is_none()); // what was read stays true
/// assert_eq!(*reader, 3);
/// drop(reader); // given back in the background: the writer waits for it
/// *price.write().await? += 1;
/// # Ok(()) }
/// ```
#[must_use = "dropped, the lock is given back"]
pub struct RwLockReadGuard<T: Portable>(Locked<T>);

impl<T: Portable> RwLockReadGuard<T> {
    /// Gives the lock back. One round trip. Dropped half-way, it goes on in the background.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let price = crucial::RwLock::create("price", 3).await?;
    /// let reader = price.read().await?;
    /// let copy = *reader;
    /// reader.unlock().await?; // without an error nobody wrote meanwhile
    /// assert_eq!(price.try_write().await?.as_deref(), Some(&copy));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::LeaseLost`](crate::Error::LeaseLost) where the lock was lost before, so that the value may
    /// have changed while it was read; those of the store.
    pub fn unlock(self) -> Call<impl Future<Output = Result<()>>> {
        Call::new(async move { self.0.unlock().await })
    }
}

guard!(RwLockReadGuard, "RwLock", "read");

/// An [`RwLock`] held for writing by this process on a lease, with a copy of the value, to be changed and
/// written back. Dropped, it does what a [`MutexGuard`](crate::MutexGuard) does.
///
/// ```
/// # #[crucial::main] async fn main() -> crucial::Result<()> {
/// let names = crucial::RwLock::create("names", Vec::new()).await?;
/// let mut writer = names.write().await?;
/// writer.push("ann".to_owned());
/// drop(writer); // written and given back in the background: the reader waits for it
/// assert_eq!(*names.read().await?, ["ann"]);
/// # Ok(()) }
/// ```
#[must_use = "dropped, the lock is given back"]
pub struct RwLockWriteGuard<T: Portable>(Locked<T>);

impl<T: Portable> RwLockWriteGuard<T> {
    /// Writes the value, if it may have been changed, and goes on as a reader: nobody writes in between,
    /// and readers that waited get in. One round trip.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let price = crucial::RwLock::create("price", 3).await?;
    /// let mut writer = price.write().await?;
    /// *writer = 4;
    /// let reader = writer.downgrade().await?;
    /// assert_eq!((*reader, *price.read().await?), (4, 4));
    /// assert!(price.try_write().await?.is_none());
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`commit`](Self::commit); the lock is then given back.
    pub fn downgrade(self) -> Call<impl Future<Output = Result<RwLockReadGuard<T>>>> {
        Call::new(async move {
            let mut locked = self.0;
            match locked.downgrade().await {
                Ok(()) => Ok(RwLockReadGuard(locked)),
                Err(error) => {
                    // What could not be written now must not be written later behind the caller's back.
                    locked.changed = false;
                    Err(error)
                }
            }
        })
    }
}

writer!(RwLockWriteGuard, "RwLock", "write");
