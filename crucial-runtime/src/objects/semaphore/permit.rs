//! Permits of a semaphore, held.

use crate::call::Call;
use crate::error::{Error, Result};
use crate::objects::permits::Share;

/// Permits of a [`Semaphore`](crate::Semaphore), held by this process on a lease. Dropped, they are given back in the
/// background; [`release`](Self::release) does it here and says whether they were held to the end.
///
/// ```
/// # #[crucial::main] async fn main() -> crucial::Result<()> {
/// let one = crucial::Semaphore::create("one", 1).await?;
/// {
///     let permit = one.acquire().await?;
///     assert!(!permit.is_lost());
/// } // given back in the background: the next one waits for it
/// assert_eq!(one.acquire().await?.num_permits(), 1);
/// # Ok(()) }
/// ```
#[must_use = "dropped, the permits are given back"]
pub struct SemaphorePermit {
    pub(super) share: Share,
}

impl SemaphorePermit {
    /// How many they are.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let memory = crucial::Semaphore::create("memory", 5).await?;
    /// let mut permits = memory.acquire_many(3).await?;
    /// permits.release_some(1).await?;
    /// assert_eq!(permits.num_permits(), 2); // those that are held now
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn num_permits(&self) -> u32 {
        self.share.count()
    }

    /// Whether they may have been lost: the lease has ended, or could not be renewed for its length, as
    /// this process was frozen or cut off from the store. Costs nothing.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let pages = crucial::Semaphore::create("pages", 1).await?;
    /// let permit = pages.acquire().await?;
    /// let mut printed = 0;
    /// while printed < 3 && !permit.is_lost() {
    ///     printed += 1; // what must not be done by more than so many at a time
    /// }
    /// assert_eq!(printed, 3);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn is_lost(&self) -> bool {
        !self.share.is_held()
    }

    /// Waits until they [may have been lost](Self::is_lost). Dropping the future does nothing.
    ///
    /// ```
    /// # #[tokio::main] async fn main() -> crucial::Result<()> {
    /// # let lease = std::time::Duration::from_millis(60);
    /// # let runtime = crucial::Runtime::builder().lease(lease).build().await?;
    /// # let _entered = runtime.enter();
    /// let printer = crucial::Semaphore::create("printer", 1).await?;
    /// let permit = printer.acquire().await?;
    /// printer.destroy().await?; // whatever is lent goes with it
    /// permit.lost().await;
    /// assert!(permit.is_lost());
    /// # Ok(()) }
    /// ```
    pub async fn lost(&self) {
        self.share.lost().await;
    }

    /// Gives them back. One round trip. Dropped half-way, it goes on in the background.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let one = crucial::Semaphore::create("one", 1).await?;
    /// let permit = one.acquire().await?;
    /// permit.release().await?; // no error: it was held until now
    /// assert!(one.try_acquire().await?.is_some());
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::LeaseLost`] where they were lost before.
    pub fn release(self) -> Call<impl Future<Output = Result<()>>> {
        Call::new(async move { self.share.release().await })
    }

    /// Gives some of them back and keeps the others. One round trip.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let memory = crucial::Semaphore::create("memory", 5).await?;
    /// let mut permits = memory.acquire_many(4).await?;
    /// permits.release_some(3).await?; // the rest of the work needs less
    /// assert_eq!((permits.num_permits(), memory.available_permits().await?), (1, 4));
    /// assert!(matches!(permits.release_some(1).await, Err(crucial::Error::Refused { .. })));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::LeaseLost`] where they were lost before; [`Error::Refused`] for as many as are held
    /// ([`release`](Self::release) them), or more, which are not this one's to give.
    pub fn release_some(&mut self, count: u32) -> Call<impl Future<Output = Result<()>>> {
        Call::new(async move {
            if count >= self.share.count() {
                return Err(Error::Refused {
                    key: self.share.handle().key().clone(),
                    method: "release_some".to_owned(),
                    reason: format!(
                        "{count} permits are to be given back, and {} are held; keep one, or `release` them all",
                        self.share.count()
                    ),
                });
            }
            self.share.reduce(count).await
        })
    }

    /// Uses them up: they never come back, and the semaphore has as many less. One round trip.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let tickets = crucial::Semaphore::create("tickets", 3).await?;
    /// let sold = tickets.acquire_many(2).await?;
    /// sold.forget().await?;
    /// assert_eq!((tickets.permits().await?, tickets.available_permits().await?), (1, 1));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::LeaseLost`] where they were lost before.
    pub fn forget(self) -> Call<impl Future<Output = Result<()>>> {
        Call::new(async move { self.share.forget().await })
    }
}

impl std::fmt::Debug for SemaphorePermit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SemaphorePermit")
            .field("semaphore", self.share.handle().key())
            .field("count", &self.num_permits())
            .finish_non_exhaustive()
    }
}
