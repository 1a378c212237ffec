//! A latch: many wait until something has happened so many times.

pub(super) mod machine;
#[cfg(test)]
#[cfg(feature = "redis")]
#[path = "../../unit/objects/latch/spec.rs"]
mod spec;

use bytes::Bytes;

use self::machine::LatchState;
use super::argument;
use super::proxy::proxy;
use crate::call::Call;
use crate::error::Result;
use crate::object::{Handle, Value};

/// A shared latch, as `java.util.concurrent.CountDownLatch`: it is counted down, and once it is at
/// zero it lets everybody through.
///
/// Methods fail with [`Error::NotFound`](crate::Error::NotFound) where the latch does not exist,
/// and with the errors of the store.
///
/// ```
/// # #[tokio::main] async fn main() -> crucial::Result<()> {
/// # let runtime = crucial::Runtime::builder().build().await?;
/// # let _entered = runtime.enter();
/// use crucial::Latch;
///
/// let ready = Latch::create("ready", 3).await?;
/// for _ in 0..3 {
///     let ready = ready.clone();
///     tokio::spawn(async move { ready.count_down().await });
/// }
/// ready.wait().await?;
/// assert_eq!(ready.count().await?, 0);
/// # Ok(()) }
/// ```
pub struct Latch {
    handle: Handle<LatchState>,
}

proxy!(Latch, machine: LatchState, init: u32);

impl Latch {
    fn arguments(_: &Handle<LatchState>, count: u32) -> Result<Vec<Bytes>> {
        Ok(vec![argument::number(count)])
    }

    async fn read(&self) -> Result<u32> {
        self.count().await
    }

    /// How often the latch has still to be counted down. One round trip.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let parts = crucial::Latch::create("parts", 3).await?;
    /// parts.count_down().await?;
    /// assert_eq!(3 - parts.count().await?, 1); // how far the work has come
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn count(&self) -> Call<impl Future<Output = Result<u32>>> {
        Call::new(async move {
            match self.handle.call(&machine::COUNT, Vec::new()).await? {
                Value::Nil => Err(self.handle.not_found()),
                count => self.handle.number(&count),
            }
        })
    }

    /// Counts down by one, unless the count is zero, and gives what is left. One round trip.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let parts = crucial::Latch::create("parts", 2).await?;
    /// assert_eq!(parts.count_down().await?, 1);
    /// assert_eq!(parts.count_down().await?, 0); // whoever gets this was the last
    /// assert_eq!(parts.count_down().await?, 0);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn count_down(&self) -> Call<impl Future<Output = Result<u32>>> {
        Call::new(async move { self.count_down_by(1).await })
    }

    /// Counts down by so many, at most to zero, and gives what is left. One round trip.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let rows = crucial::Latch::create("rows", 10).await?;
    /// assert_eq!(rows.count_down_by(4).await?, 6); // a batch is done
    /// assert_eq!(rows.count_down_by(100).await?, 0);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn count_down_by(&self, by: u32) -> Call<impl Future<Output = Result<u32>>> {
        Call::new(async move {
            let arguments = vec![argument::number(by)];
            let reply = self.handle.call(&machine::COUNT_DOWN, arguments).await?;
            self.handle.number(&reply)
        })
    }

    /// Waits until the count is zero. One round trip if it is, otherwise four and one announcement, for
    /// all who wait in a process together.
    ///
    /// Dropping the future does nothing to the latch.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let ready = crucial::Latch::create("ready", 1).await?;
    /// let ((), left) = tokio::try_join!(ready.wait(), ready.count_down())?;
    /// assert_eq!(left, 0);
    /// ready.wait().await?; // at once, from now on
    /// # Ok(()) }
    /// ```
    ///
    /// With a [limit](crate::Call::timeout):
    ///
    /// ```
    /// # #[tokio::main] async fn main() -> crucial::Result<()> {
    /// # let runtime = crucial::Runtime::builder().build().await?;
    /// # let _entered = runtime.enter();
    /// let never = crucial::Latch::create("never", 1).await?;
    /// let error = never.wait().timeout(std::time::Duration::from_millis(5)).await.unwrap_err();
    /// assert!(matches!(error, crucial::Error::TimedOut { .. }));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::TimedOut`](crate::Error::TimedOut) after the runtime's
    /// [wait limit](crate::Builder::wait_limit), and those of the store.
    pub fn wait(&self) -> Call<impl Future<Output = Result<()>>> {
        Call::new(async move {
            match self.handle.wait(&machine::WAIT, Vec::new()).await? {
                Value::Nil => Err(self.handle.not_found()),
                _ => Ok(()),
            }
        })
    }

    /// Whether the count is zero. One round trip.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let ready = crucial::Latch::create("ready", 1).await?;
    /// assert!(!ready.try_wait().await?);
    /// ready.count_down().await?;
    /// assert!(ready.try_wait().await?);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn try_wait(&self) -> Call<impl Future<Output = Result<bool>>> {
        Call::new(async move { Ok(self.count().await? == 0) })
    }

    /// Starts again from a new count if the count is zero; otherwise leaves it and gives `false`.
    /// Who still waits for the old count may then wait for the new one. One round trip.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let round = crucial::Latch::create("round", 1).await?;
    /// assert!(!round.try_reset(2).await?); // this round is not over
    /// round.count_down().await?;
    /// assert!(round.try_reset(2).await?);
    /// assert_eq!(round.count().await?, 2);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn try_reset(&self, count: u32) -> Call<impl Future<Output = Result<bool>>> {
        Call::new(async move {
            let arguments = vec![argument::number(count)];
            let reply = self.handle.call(&machine::TRY_RESET, arguments).await?;
            self.handle.flag(&reply)
        })
    }
}
