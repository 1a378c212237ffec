//! A mutex: a value that one at a time may change.

use std::marker::PhantomData;

use bytes::Bytes;

use super::lock::{self, Locked, WRITER, writer};
use super::permits::machine::Permits;
use super::proxy::proxy;
use crate::call::Call;
use crate::error::Result;
use crate::object::Handle;
use crate::thread::Portable;

/// A value that one thread of one process at a time may change, as `tokio::sync::Mutex`.
///
/// The value lives in the store. Locking brings a copy of it, in the same round trip;
/// [`unlock`](MutexGuard::unlock) writes the copy back, if it was changed, and gives the lock back, in one
/// more. Whoever comes first gets the lock first.
///
/// For a single change an [`Atomic`](crate::Atomic), or a method of an object of your own, is cheaper and
/// needs no lock. A lock is for a change that needs to await something else between reading and writing.
///
/// # What a guard that is dropped does
///
/// What a lock in one process does: the lock is free, and what was changed is there. But it is done in the
/// background, as dropping can't await, and where it fails (the lease was lost, the store is out of
/// reach) only the log says so. Where it matters, [`unlock`](MutexGuard::unlock) or
/// [`commit`](MutexGuard::commit): they say what came of it. A panic that unwinds through a guard discards
/// what was not committed and gives the lock back: nobody sees what is half done, and there is no poison.
///
/// # Leases and fencing
///
/// A guard is bound to the process that holds it: if that process dies, or is frozen or cut off from the
/// store for longer than its [lease](crate::Builder::lease), the lock goes to the next. Each acquisition
/// has a [token](MutexGuard::token), higher than all before. The store takes a write only from who holds
/// the lock at that moment: a guard that has outlived its lease gets
/// [`Error::LeaseLost`](crate::Error::LeaseLost), and overwrites nothing.
///
/// # Cancellation
///
/// To drop the future of any of the methods that lock gives back the place in the queue, and the lock where
/// it had just been granted, also while the request is on its way.
///
/// # Errors
///
/// Methods fail with the errors of the store as well, with [`Error::NotFound`](crate::Error::NotFound) where
/// the mutex does not exist (any more), and with [`Error::Codec`](crate::Error::Codec) where what is stored
/// is no `T`.
///
/// ```
/// # #[tokio::main] async fn main() -> crucial::Result<()> {
/// # let runtime = crucial::Runtime::builder().build().await?;
/// # let _entered = runtime.enter();
/// use crucial::Mutex;
///
/// let totals = Mutex::create("totals", vec![1, 2]).await?;
/// let mut guard = totals.lock().await?;
/// guard.push(3);
/// guard.unlock().await?;
/// assert_eq!(*totals.lock().await?, [1, 2, 3]);
/// # Ok(()) }
/// ```
pub struct Mutex<T> {
    handle: Handle<Permits>,
    types: PhantomData<fn() -> (T,)>,
}

proxy!(Mutex<T: Portable>, machine: Permits, init: T);

impl<T: Portable> Mutex<T> {
    #[expect(clippy::needless_pass_by_value, reason = "as all proxies have it")]
    fn arguments(handle: &Handle<Permits>, init: T) -> Result<Vec<Bytes>> {
        lock::arguments(handle, &init)
    }

    async fn read(&self) -> Result<T> {
        lock::value(&self.handle).await
    }

    pub(super) fn of(handle: Handle<Permits>) -> Self {
        let types = PhantomData;
        Self { handle, types }
    }

    /// Locks when it is this one's turn. One round trip if nobody holds the lock, otherwise four and one
    /// announcement.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let total = crucial::Mutex::create("total", 40).await?;
    /// let step = crucial::Atomic::create("step", 2).await?;
    /// let mut guard = total.lock().await?;
    /// *guard += step.load().await?; // nobody else changes the total meanwhile
    /// guard.unlock().await?;
    /// assert_eq!(total.snapshot().await?, 42);
    /// # Ok(()) }
    /// ```
    ///
    /// With a [limit](crate::Call::timeout):
    ///
    /// ```
    /// # #[tokio::main] async fn main() -> crucial::Result<()> {
    /// # let runtime = crucial::Runtime::builder().build().await?;
    /// # let _entered = runtime.enter();
    /// let mutex = crucial::Mutex::create("mutex", 0).await?;
    /// let _guard = mutex.lock().await?;
    /// let limit = std::time::Duration::from_millis(5);
    /// let error = mutex.lock().timeout(limit).await.unwrap_err();
    /// assert!(matches!(error, crucial::Error::TimedOut { .. }));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::TimedOut`](crate::Error::TimedOut) after the runtime's
    /// [wait limit](crate::Builder::wait_limit), and those of the store.
    pub fn lock(&self) -> Call<impl Future<Output = Result<MutexGuard<T>>>> {
        Call::new(async move {
            let locked = Locked::acquire(&self.handle, "lock", WRITER).await?;
            Ok(MutexGuard(locked))
        })
    }

    /// Locks if nobody holds the lock and nobody waits for it. One round trip.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let grade = crucial::Mutex::create("grade", 'a').await?;
    /// let guard = grade.try_lock().await?;
    /// assert_eq!(guard.as_deref(), Some(&'a'));
    /// assert!(grade.try_lock().await?.is_none()); // not even in the same thread
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn try_lock(&self) -> Call<impl Future<Output = Result<Option<MutexGuard<T>>>>> {
        Call::new(async move {
            let locked = Locked::try_acquire(&self.handle, WRITER).await?;
            Ok(locked.map(MutexGuard))
        })
    }

    /// Locks, changes the value and unlocks. Two round trips if nobody holds the lock.
    ///
    /// ```
    /// # #[tokio::main] async fn main() -> crucial::Result<()> {
    /// # let runtime = crucial::Runtime::builder().build().await?;
    /// # let _entered = runtime.enter();
    /// let stack = crucial::Mutex::create("stack", vec!['a', 'b']).await?;
    /// assert_eq!(stack.with(|stack| stack.pop()).await?, Some('b'));
    /// assert_eq!(stack.snapshot().await?, ['a']);
    /// # Ok(()) }
    /// ```
    ///
    /// With a [limit](crate::Call::timeout):
    ///
    /// ```
    /// # #[tokio::main] async fn main() -> crucial::Result<()> {
    /// # let runtime = crucial::Runtime::builder().build().await?;
    /// # let _entered = runtime.enter();
    /// let total = crucial::Mutex::create("total", 1).await?;
    /// let limit = std::time::Duration::from_millis(5);
    /// let guard = total.lock().await?;
    /// let error = total.with(|total| *total += 1).timeout(limit).await.unwrap_err();
    /// assert!(matches!(error, crucial::Error::TimedOut { .. }));
    /// guard.unlock().await?;
    /// total.with(|total| *total += 1).timeout(limit).await?;
    /// assert_eq!(total.snapshot().await?, 2);
    /// # Ok(()) }
    /// ```
    ///
    /// # Cancellation
    ///
    /// To drop the future before `change` has run changes nothing and gives back the place in the queue, or the lock.
    /// What `change` has made is written in the background, and the lock given back.
    ///
    /// # Errors
    ///
    /// As [`lock`](Self::lock) and [`MutexGuard::unlock`].
    pub fn with<R: Send>(
        &self,
        change: impl FnOnce(&mut T) -> R + Send,
    ) -> Call<impl Future<Output = Result<R>>> {
        Call::new(async move { change_under(self.lock().await?, change).await })
    }
}

/// Changes the value and unlocks.
async fn change_under<T: Portable, R: Send>(
    mut guard: MutexGuard<T>,
    change: impl FnOnce(&mut T) -> R + Send,
) -> Result<R> {
    let result = change(&mut guard);
    guard.unlock().await?;
    Ok(result)
}

/// The lock of a [`Mutex`], held by this process on a lease, with a copy of the value, to be changed and
/// written back. See there for what happens when it is dropped.
///
/// ```
/// # #[crucial::main] async fn main() -> crucial::Result<()> {
/// let total = crucial::Mutex::create("total", 1).await?;
/// let mut guard = total.lock().await?;
/// *guard += 1;
/// drop(guard); // written and unlocked in the background: whoever locks next waits for it
/// assert_eq!(*total.lock().await?, 2);
/// # Ok(()) }
/// ```
#[must_use = "dropped, the mutex is unlocked"]
pub struct MutexGuard<T: Portable>(Locked<T>);

impl<T: Portable> MutexGuard<T> {
    pub(super) fn mutex(&self) -> Option<Mutex<T>> {
        self.0.handle().cloned().map(Mutex::of)
    }
}

writer!(MutexGuard, "Mutex", "lock");
