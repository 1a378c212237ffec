//! A condition variable: waiting, with a mutex unlocked meanwhile, for somebody to change what it protects.

use std::time::Duration;

use bytes::Bytes;

use super::mutex::{Mutex, MutexGuard};
use super::notify;
use super::permits::Share;
use super::permits::machine::Permits;
use super::proxy::proxy;
use crate::call::Call;
use crate::error::{Error, Result};
use crate::object::{Handle, Limit};
use crate::thread::Portable;

/// A condition variable, as `std::sync::Condvar`: a thread that holds a [`Mutex`](crate::Mutex) waits here,
/// with the mutex unlocked meanwhile, until another has changed what the mutex protects and notifies it.
///
/// A waiter is in the queue before its mutex is unlocked, so no notification is missed. As with other
/// condition variables a waiter may wake without one (a process that was frozen for longer than its
/// [lease](crate::Builder::lease) lost its place), and what it waits for may be gone again when it gets the
/// mutex: look again, or [`wait_while`](Self::wait_while).
///
/// # Cancellation
///
/// To drop the future of a wait leaves the mutex unlocked, what was changed under the guard written, and
/// nobody's notification lost: one that had come goes to the next.
///
/// # Errors
///
/// Methods fail with the errors of the store as well, with [`Error::NotFound`] where the condition variable or
/// the mutex does not exist (any more), and with [`Error::LeaseLost`] where the guard was lost before.
///
/// ```
/// # #[tokio::main] async fn main() -> crucial::Result<()> {
/// # let runtime = crucial::Runtime::builder().build().await?;
/// # let _entered = runtime.enter();
/// use crucial::{Condvar, Mutex};
///
/// let (jobs, more) = (Mutex::create("jobs", 0).await?, Condvar::create("more", ()).await?);
/// let worker = tokio::spawn({
///     let (jobs, more) = (jobs.clone(), more.clone());
///     async move {
///         let guard = jobs.lock().await?;
///         let mut guard = more.wait_while(guard, |jobs| *jobs == 0).await?;
///         *guard -= 1;
///         guard.unlock().await
///     }
/// });
/// jobs.with(|jobs| *jobs += 1).await?;
/// more.notify_one().await?;
/// worker.await.unwrap()?;
/// assert_eq!(jobs.snapshot().await?, 0);
/// # Ok(()) }
/// ```
pub struct Condvar {
    handle: Handle<Permits>,
}

proxy!(Condvar, machine: Permits, init: ());

impl Condvar {
    fn arguments(_: &Handle<Permits>, (): ()) -> Result<Vec<Bytes>> {
        Ok(notify::arguments(0))
    }

    async fn read(&self) -> Result<()> {
        notify::exists(&self.handle).await
    }

    /// Writes what was changed, unlocks, waits to be notified and locks again. Five round trips, one
    /// announcement, and what locking costs.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let flag = crucial::Mutex::create("flag", false).await?;
    /// let raised = crucial::Condvar::create("raised", ()).await?;
    /// let guard = flag.lock().await?;
    /// let raise = async {
    ///     flag.with(|flag| *flag = true).await?; // gets the lock, as waiting has unlocked it
    ///     raised.notify_one().await
    /// };
    /// let (guard, ()) = tokio::try_join!(raised.wait(guard), raise)?;
    /// assert!(*guard);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::TimedOut`] after the runtime's [wait limit](crate::Builder::wait_limit), which leaves the mutex
    /// unlocked.
    pub fn wait<T: Portable>(
        &self,
        guard: MutexGuard<T>,
    ) -> Call<impl Future<Output = Result<MutexGuard<T>>>> {
        Call::new(async move {
            let limit = Limit::here()?;
            match self.notified(guard, limit).await? {
                (mutex, Some(place)) => relock(mutex, place).await,
                (_, None) => Err(limit.error(self.handle.key(), "wait")),
            }
        })
    }

    /// [`wait`](Self::wait), at most for so long before it locks again, as it then does in any case; `true`
    /// with the guard if the time was over.
    ///
    /// ```
    /// # #[tokio::main] async fn main() -> crucial::Result<()> {
    /// # let runtime = crucial::Runtime::builder().build().await?;
    /// # let _entered = runtime.enter();
    /// let mutex = crucial::Mutex::create("mutex", 0).await?;
    /// let never = crucial::Condvar::create("never", ()).await?;
    /// let limit = std::time::Duration::from_millis(5);
    /// let (_guard, timed_out) = never.wait_timeout(mutex.lock().await?, limit).await?;
    /// assert!(timed_out);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the condition variable, the mutex and the store.
    pub fn wait_timeout<T: Portable>(
        &self,
        guard: MutexGuard<T>,
        limit: Duration,
    ) -> Call<impl Future<Output = Result<(MutexGuard<T>, bool)>>> {
        Call::new(async move {
            match self.notified(guard, Limit::new(limit)).await? {
                (mutex, Some(place)) => Ok((relock(mutex, place).await?, false)),
                (mutex, None) => Ok((mutex.lock().await?, true)),
            }
        })
    }

    /// Waits as long as the condition holds; one that does not hold at first costs nothing, otherwise each look costs as
    /// much as [`wait`](Self::wait).
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let jobs = crucial::Mutex::create("jobs", Vec::new()).await?;
    /// let more = crucial::Condvar::create("more", ()).await?;
    /// let put = async {
    ///     jobs.with(|jobs| jobs.extend(["wash", "dry"].map(str::to_owned))).await?;
    ///     more.notify_one().await
    /// };
    /// let take = async { more.wait_while(jobs.lock().await?, Vec::is_empty).await };
    /// let (mut guard, ()) = tokio::try_join!(take, put)?;
    /// assert_eq!(guard.pop().as_deref(), Some("dry"));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`wait`](Self::wait).
    pub fn wait_while<T: Portable>(
        &self,
        mut guard: MutexGuard<T>,
        mut condition: impl FnMut(&T) -> bool + Send,
    ) -> Call<impl Future<Output = Result<MutexGuard<T>>>> {
        Call::new(async move {
            while condition(&guard) {
                guard = self.wait(guard).await?;
            }
            Ok(guard)
        })
    }

    /// [`wait_while`](Self::wait_while), at most for so long before it locks for the last time; `true` with the guard
    /// if the time was over and the condition held still. With a limit of zero it only looks.
    ///
    /// ```
    /// # #[tokio::main] async fn main() -> crucial::Result<()> {
    /// # let runtime = crucial::Runtime::builder().build().await?;
    /// # let _entered = runtime.enter();
    /// let jobs = crucial::Mutex::create("jobs", 0).await?;
    /// let more = crucial::Condvar::create("more", ()).await?;
    /// let limit = std::time::Duration::from_millis(5);
    /// let guard = jobs.lock().await?;
    /// let (guard, timed_out) = more.wait_timeout_while(guard, limit, |jobs| *jobs == 0).await?;
    /// assert!(timed_out && *guard == 0);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`wait_timeout`](Self::wait_timeout).
    pub fn wait_timeout_while<T: Portable>(
        &self,
        mut guard: MutexGuard<T>,
        limit: Duration,
        mut condition: impl FnMut(&T) -> bool + Send,
    ) -> Call<impl Future<Output = Result<(MutexGuard<T>, bool)>>> {
        Call::new(async move {
            let limit = Limit::new(limit);
            while condition(&guard) {
                if limit.is_over() {
                    return Ok((guard, true));
                }
                (guard, _) = self.wait_timeout(guard, limit.left()).await?;
            }
            Ok((guard, false))
        })
    }

    /// Wakes who has waited longest. If nobody waits, nothing is kept. One round trip.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let jobs = crucial::Mutex::create("jobs", 0).await?;
    /// let more = crucial::Condvar::create("more", ()).await?;
    /// more.notify_one().await?; // nobody waits, and unlike that of a `Notify` it is not kept
    /// let limit = std::time::Duration::from_millis(5);
    /// let (_guard, timed_out) = more.wait_timeout(jobs.lock().await?, limit).await?;
    /// assert!(timed_out);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn notify_one(&self) -> Call<impl Future<Output = Result<()>>> {
        Call::new(async move { notify::notify_one(&self.handle).await })
    }

    /// Wakes all who wait, and gives how many they were. One round trip.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let open = crucial::Mutex::create("open", false).await?;
    /// let changed = crucial::Condvar::create("changed", ()).await?;
    /// let guard = open.lock().await?;
    /// let opening = async {
    ///     open.with(|open| *open = true).await?; // only once the other one waits
    ///     changed.notify_all().await
    /// };
    /// let (guard, woken) = tokio::try_join!(changed.wait(guard), opening)?;
    /// assert_eq!((*guard, woken), (true, 1));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn notify_all(&self) -> Call<impl Future<Output = Result<usize>>> {
        Call::new(async move { notify::notify_all(&self.handle).await })
    }

    /// Unlocks the mutex and waits to be notified; without a place where the time was over first.
    async fn notified<T: Portable>(
        &self,
        guard: MutexGuard<T>,
        limit: Limit,
    ) -> Result<(Mutex<T>, Option<Share>)> {
        let Some(mutex) = guard.mutex() else {
            return Err(Error::LeaseLost {
                key: self.handle.key().clone(),
            });
        };
        let place = Share::queue(&self.handle, "wait", 1).await?;
        guard.unlock().await?;
        match limit.waiting(place.granted()).await {
            Some(notified) => notified.map(|_| (mutex, Some(place))),
            None => {
                place.leave().await;
                Ok((mutex, None))
            }
        }
    }
}

/// Locks for the caller that was notified. Until the mutex is locked, the notification is given back if this ends: the next
/// caller gets it.
async fn relock<T: Portable>(mutex: Mutex<T>, place: Share) -> Result<MutexGuard<T>> {
    let guard = mutex.lock().await?;
    notify::take(place);
    Ok(guard)
}
