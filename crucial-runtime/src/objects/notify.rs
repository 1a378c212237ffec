//! A notification: somebody is told that something has happened.

use bytes::Bytes;

use super::argument;
use super::permits::Share;
use super::permits::machine::{self, Permits};
use super::proxy::proxy;
use crate::call::Call;
use crate::error::Result;
use crate::object::{Handle, Value};

/// Tells one waiting thread, or all, that something has happened, as `tokio::sync::Notify`.
///
/// [`notify_one`](Self::notify_one) wakes who has waited longest; if nobody waits, it is kept for the next
/// one who does, once. Nothing is lost: whom it wakes takes it, and if that one is gone meanwhile (its future
/// was dropped, its process died or was frozen for longer than its [lease](crate::Builder::lease)), the next
/// gets it.
///
/// Methods fail with [`Error::NotFound`](crate::Error::NotFound) where it does not exist (any more), and with
/// the errors of the store.
///
/// ```
/// # #[tokio::main] async fn main() -> crucial::Result<()> {
/// # let runtime = crucial::Runtime::builder().build().await?;
/// # let _entered = runtime.enter();
/// use crucial::Notify;
///
/// let ready = Notify::create("ready", ()).await?;
/// let waiting = tokio::spawn({
///     let ready = ready.clone();
///     async move { ready.notified().await }
/// });
/// ready.notify_one().await?;
/// waiting.await.unwrap()?;
/// # Ok(()) }
/// ```
pub struct Notify {
    handle: Handle<Permits>,
}

proxy!(Notify, machine: Permits, init: ());

impl Notify {
    fn arguments(_: &Handle<Permits>, (): ()) -> Result<Vec<Bytes>> {
        Ok(arguments(1))
    }

    async fn read(&self) -> Result<()> {
        exists(&self.handle).await
    }

    /// Waits to be notified. One round trip if a notification is kept, otherwise four and one announcement.
    ///
    /// One waits from when the call has reached the store: a [`notify_waiters`](Self::notify_waiters)
    /// of before is not for it.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let ready = crucial::Notify::create("ready", ()).await?;
    /// tokio::try_join!(ready.notified(), ready.notify_one())?; // whichever comes first
    /// # Ok(()) }
    /// ```
    ///
    /// With a [limit](crate::Call::timeout):
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let ready = crucial::Notify::create("ready", ()).await?;
    /// let limit = std::time::Duration::from_millis(5);
    /// assert!(matches!(ready.notified().timeout(limit).await, Err(crucial::Error::TimedOut { .. })));
    /// ready.notify_one().await?; // for the next one: who gave up is out of the queue
    /// ready.notified().timeout(limit).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Cancellation
    ///
    /// To drop the future gives back the place in the queue; a notification that had just come goes to the next.
    ///
    /// # Errors
    ///
    /// [`Error::TimedOut`](crate::Error::TimedOut) after the runtime's
    /// [wait limit](crate::Builder::wait_limit), and those of the store.
    pub fn notified(&self) -> Call<impl Future<Output = Result<()>>> {
        Call::new(async move {
            let (share, _) = Share::acquire(&self.handle, "notified", 1).await?;
            take(share);
            Ok(())
        })
    }

    /// Wakes who has waited longest, or is kept for the next one who waits, if none is kept yet. One round trip.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let ready = crucial::Notify::create("ready", ()).await?;
    /// ready.notify_one().await?;
    /// ready.notify_one().await?; // one is kept already
    /// ready.notified().await?;
    /// let again = ready.notified().timeout(std::time::Duration::ZERO).await;
    /// assert!(matches!(again, Err(crucial::Error::TimedOut { .. })));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn notify_one(&self) -> Call<impl Future<Output = Result<()>>> {
        Call::new(async move { notify_one(&self.handle).await })
    }

    /// Wakes all who wait now, and gives how many they were; nothing is kept. One round trip.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let news = crucial::Notify::create("news", ()).await?;
    /// assert_eq!(news.notify_waiters().await?, 0); // nobody waited,
    /// let late = news.notified().timeout(std::time::Duration::ZERO).await;
    /// assert!(matches!(late, Err(crucial::Error::TimedOut { .. }))); // so who comes later waits for the next
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn notify_waiters(&self) -> Call<impl Future<Output = Result<usize>>> {
        Call::new(async move { notify_all(&self.handle).await })
    }
}

/// What starts without a notification and keeps so many at the most.
pub(super) fn arguments(most: u32) -> Vec<Bytes> {
    vec![
        argument::number(0),
        argument::number(1),
        argument::number(most),
    ]
}

pub(super) async fn exists(handle: &Handle<Permits>) -> Result<()> {
    match handle.call(&machine::STATUS, Vec::new()).await? {
        Value::Nil => Err(handle.not_found()),
        _ => Ok(()),
    }
}

pub(super) async fn notify_one(handle: &Handle<Permits>) -> Result<()> {
    let arguments = vec![argument::number(1), argument::now()];
    handle.call(&machine::ADD, arguments).await.map(drop)
}

pub(super) async fn notify_all(handle: &Handle<Permits>) -> Result<usize> {
    let reply = handle
        .call(&machine::WAKE_ALL, vec![argument::now()])
        .await?;
    handle.number(&reply)
}

/// The notification has arrived: it is used up. Until that is noted, the lease would give it to the next.
pub(super) fn take(notification: Share) {
    notification.end_later(&machine::FORGET, Vec::new());
}
