//! A semaphore: so many permits, lent in order of arrival.

mod permit;

use bytes::Bytes;

use super::argument;
use super::permits::Share;
use super::permits::machine::{self, Permits};
use super::proxy::proxy;
use crate::call::Call;
use crate::error::{Error, Result};
use crate::object::{Handle, Value};

pub use permit::SemaphorePermit;

/// A shared semaphore, as `tokio::sync::Semaphore` or `java.util.concurrent.Semaphore`: so many permits,
/// acquired and given back by any thread of any process.
///
/// Whoever comes first is served first: a request for few permits does not overtake one for many.
///
/// # Leases
///
/// A [`SemaphorePermit`] is given back when it is dropped. It is also bound to the process that acquired
/// it: if that process dies, or is frozen or cut off from the store for longer than its
/// [lease](crate::Builder::lease), what it held goes to others, and so does its place in the queue. The
/// process finds out by [`SemaphorePermit::is_lost`] and by the error of whatever it does with the permit.
///
/// # Cancellation
///
/// To drop the future of any of the methods that acquire gives back the place in the queue, and the
/// permits where they had just been granted, also while the request is on its way.
///
/// # Errors
///
/// Methods fail with the errors of the store as well, and with [`Error::NotFound`] where the semaphore
/// does not exist (any more).
///
/// ```
/// # #[tokio::main] async fn main() -> crucial::Result<()> {
/// # let runtime = crucial::Runtime::builder().build().await?;
/// # let _entered = runtime.enter();
/// use crucial::Semaphore;
///
/// let downloads = Semaphore::create("downloads", 2).await?;
/// let first = downloads.acquire().await?;
/// let second = downloads.acquire().await?;
/// assert!(downloads.try_acquire().await?.is_none());
/// first.release().await?;
/// assert!(downloads.try_acquire().await?.is_some());
/// # drop(second);
/// # Ok(()) }
/// ```
pub struct Semaphore {
    handle: Handle<Permits>,
}

proxy!(Semaphore, machine: Permits, init: u32);

impl Semaphore {
    fn arguments(_: &Handle<Permits>, permits: u32) -> Result<Vec<Bytes>> {
        let permits = argument::number(permits);
        Ok(vec![permits.clone(), permits, Bytes::new()])
    }

    async fn read(&self) -> Result<u32> {
        self.permits().await
    }

    /// Acquires a permit when it is this one's turn. One round trip if one is free, otherwise four and one
    /// announcement.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let one = crucial::Semaphore::create("one", 1).await?;
    /// let permit = one.acquire().await?;
    /// let (next, ()) = tokio::try_join!(one.acquire(), permit.release())?; // waits for the first
    /// assert_eq!(next.num_permits(), 1);
    /// # Ok(()) }
    /// ```
    ///
    /// With a [limit](crate::Call::timeout):
    ///
    /// ```
    /// # #[tokio::main] async fn main() -> crucial::Result<()> {
    /// # let runtime = crucial::Runtime::builder().build().await?;
    /// # let _entered = runtime.enter();
    /// use crucial::{Error, Semaphore};
    ///
    /// let semaphore = Semaphore::create("one", 1).await?;
    /// let _permit = semaphore.acquire().await?;
    /// let limit = std::time::Duration::from_millis(5);
    /// assert!(matches!(semaphore.acquire().timeout(limit).await, Err(Error::TimedOut { .. })));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::TimedOut`] after the runtime's [wait limit](crate::Builder::wait_limit); [`Error::Closed`].
    pub fn acquire(&self) -> Call<impl Future<Output = Result<SemaphorePermit>>> {
        Call::new(async move { self.acquire_share(1).await })
    }

    /// Acquires so many permits, all at once. The cost is that of [`acquire`](Self::acquire). As in tokio, a request for
    /// more permits than the semaphore has in all waits until they are [added](Self::add_permits), and those behind it wait
    /// as well.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let memory = crucial::Semaphore::create("memory", 5).await?;
    /// let most = memory.acquire_many(4).await?;
    /// assert_eq!((most.num_permits(), memory.available_permits().await?), (4, 1));
    /// # Ok(()) }
    /// ```
    ///
    /// With a [limit](crate::Call::timeout):
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let memory = crucial::Semaphore::create("memory", 3).await?;
    /// let _one = memory.acquire().await?;
    /// let limit = std::time::Duration::from_millis(5);
    /// let all = memory.acquire_many(3).timeout(limit).await;
    /// assert!(matches!(all, Err(crucial::Error::TimedOut { .. })));
    /// assert_eq!(memory.available_permits().await?, 2); // it has not kept some of them
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`acquire`](Self::acquire).
    pub fn acquire_many(&self, count: u32) -> Call<impl Future<Output = Result<SemaphorePermit>>> {
        Call::new(async move { self.acquire_share(count).await })
    }

    /// A permit, if one is free and nobody waits for it. One round trip.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let requests = crucial::Semaphore::create("requests", 1).await?;
    /// let first = requests.try_acquire().await?;
    /// let second = requests.try_acquire().await?; // to be told to come again later
    /// assert_eq!((first.is_some(), second.is_some()), (true, false));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Closed`].
    pub fn try_acquire(&self) -> Call<impl Future<Output = Result<Option<SemaphorePermit>>>> {
        Call::new(async move { self.try_acquire_many(1).await })
    }

    /// So many permits, if they are free and nobody waits for them. One round trip.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let memory = crucial::Semaphore::create("memory", 3).await?;
    /// let two = memory.try_acquire_many(2).await?;
    /// assert!(two.is_some());
    /// assert!(memory.try_acquire_many(2).await?.is_none());
    /// assert_eq!(memory.available_permits().await?, 1); // all of them or none
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`acquire_many`](Self::acquire_many).
    pub fn try_acquire_many(
        &self,
        count: u32,
    ) -> Call<impl Future<Output = Result<Option<SemaphorePermit>>>> {
        Call::new(async move {
            let share = Share::try_acquire(&self.handle, count).await?;
            Ok(share.map(|(share, _)| SemaphorePermit { share }))
        })
    }

    /// How many permits are free. One round trip.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let memory = crucial::Semaphore::create("memory", 3).await?;
    /// let two = memory.acquire_many(2).await?;
    /// assert_eq!(memory.available_permits().await?, 1);
    /// two.release().await?;
    /// assert_eq!(memory.available_permits().await?, 3);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn available_permits(&self) -> Call<impl Future<Output = Result<u32>>> {
        Call::new(async move {
            let now = vec![argument::now()];
            match self.handle.call(&machine::AVAILABLE, now).await? {
                Value::Nil => Err(self.handle.not_found()),
                free => self.handle.number(&free),
            }
        })
    }

    /// How many permits there are in all, free or held. One round trip.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let memory = crucial::Semaphore::create("memory", 3).await?;
    /// let _two = memory.acquire_many(2).await?;
    /// assert_eq!(memory.permits().await?, 3);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn permits(&self) -> Call<impl Future<Output = Result<u32>>> {
        Call::new(async move { self.status().await.map(|(permits, _)| permits) })
    }

    /// Adds permits, and gives how many there are now. One round trip.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let gate = crucial::Semaphore::create("gate", 0).await?; // nobody passes,
    /// let (permit, permits) = tokio::try_join!(gate.acquire(), gate.add_permits(2))?; // until it is opened
    /// assert_eq!((permit.num_permits(), permits), (1, 2));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] beyond [`u32::MAX`] permits.
    pub fn add_permits(&self, count: u32) -> Call<impl Future<Output = Result<u32>>> {
        Call::new(async move {
            let arguments = vec![argument::number(count), argument::now()];
            match self.handle.call(&machine::ADD, arguments).await? {
                Value::Int(-1) => Err(Error::Refused {
                    key: self.handle.key().clone(),
                    method: "add_permits".to_owned(),
                    reason: format!("there would be more than {} permits", u32::MAX),
                }),
                total => self.handle.number(&total),
            }
        })
    }

    /// Removes so many permits, as far as they are free, and gives how many were. One round trip.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let workers = crucial::Semaphore::create("workers", 5).await?;
    /// let _two = workers.acquire_many(2).await?;
    /// assert_eq!(workers.forget_permits(9).await?, 3); // those that are held stay
    /// assert_eq!(workers.permits().await?, 2);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn forget_permits(&self, count: u32) -> Call<impl Future<Output = Result<u32>>> {
        Call::new(async move {
            let arguments = vec![argument::number(count), argument::now()];
            let forgotten = self.handle.call(&machine::SHRINK, arguments).await?;
            self.handle.number(&forgotten)
        })
    }

    /// Lends no permit any more: whoever waits, or comes, gets [`Error::Closed`]. Those that are held
    /// stay held. One round trip.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let shop = crucial::Semaphore::create("shop", 2).await?;
    /// let inside = shop.acquire().await?;
    /// shop.close().await?;
    /// assert!(matches!(shop.acquire().await, Err(crucial::Error::Closed { .. })));
    /// inside.release().await?; // was held to the end
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn close(&self) -> Call<impl Future<Output = Result<()>>> {
        Call::new(async move {
            let now = vec![argument::now()];
            self.handle.call(&machine::CLOSE, now).await.map(drop)
        })
    }

    /// Whether [`close`](Self::close) was called. One round trip.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let shop = crucial::Semaphore::create("shop", 1).await?;
    /// let mut served = 0;
    /// while !shop.is_closed().await? {
    ///     served += shop.acquire().await?.num_permits();
    ///     shop.close().await?;
    /// }
    /// assert_eq!(served, 1);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn is_closed(&self) -> Call<impl Future<Output = Result<bool>>> {
        Call::new(async move { self.status().await.map(|(_, closed)| closed) })
    }

    async fn acquire_share(&self, count: u32) -> Result<SemaphorePermit> {
        let (share, _) = Share::acquire(&self.handle, "acquire", count).await?;
        Ok(SemaphorePermit { share })
    }

    /// How many permits there are, and whether it is closed.
    async fn status(&self) -> Result<(u32, bool)> {
        let reply = self.handle.call(&machine::STATUS, Vec::new()).await?;
        match &reply {
            Value::Nil => Err(self.handle.not_found()),
            Value::List(parts) => match &parts[..] {
                [_, total, _, _, closed] => {
                    Ok((self.handle.number(total)?, self.handle.flag(closed)?))
                }
                _ => Err(self.handle.unexpected("the status", &reply)),
            },
            _ => Err(self.handle.unexpected("the status", &reply)),
        }
    }
}
