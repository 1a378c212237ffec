//! A promise: a value that comes later, once.

pub(super) mod machine;
#[cfg(test)]
#[cfg(feature = "redis")]
#[path = "../../unit/objects/promise/spec.rs"]
mod spec;

use std::marker::PhantomData;

use bytes::Bytes;

use self::machine::{FAILED, KEPT, OPEN, PromiseState};
use super::proxy::proxy;
use crate::call::Call;
use crate::error::{Error, Result};
use crate::object::{Handle, Value};
use crate::thread::Portable;

/// A shared value that comes once and that many wait for, as a oneshot channel with any number of
/// receivers, or as `java.util.concurrent.CompletableFuture`.
///
/// The first who completes or fails it decides for good. Methods fail with
/// [`Error::NotFound`] where the promise does not exist, with [`Error::Codec`] where what is stored
/// is no `T`, and with the errors of the store.
///
/// ```
/// # #[tokio::main] async fn main() -> crucial::Result<()> {
/// # let runtime = crucial::Runtime::builder().build().await?;
/// # let _entered = runtime.enter();
/// use crucial::Promise;
///
/// let answer = Promise::<u32>::create("answer", None).await?;
/// let other = answer.clone();
/// tokio::spawn(async move { other.complete(42).await });
/// assert_eq!(answer.wait().await?, 42);
/// assert!(!answer.complete(43).await?);
/// # Ok(()) }
/// ```
pub struct Promise<T> {
    handle: Handle<PromiseState>,
    types: PhantomData<fn() -> (T,)>,
}

proxy!(Promise<T: Portable>, machine: PromiseState, init: Option<T>);

impl<T: Portable> Promise<T> {
    fn arguments(handle: &Handle<PromiseState>, init: Option<T>) -> Result<Vec<Bytes>> {
        Ok(vec![match init {
            Some(value) => kept(handle, &value)?,
            None => Bytes::from_static(&[OPEN]),
        }])
    }

    async fn read(&self) -> Result<Option<T>> {
        self.get().await
    }

    /// Completes the promise; `false`, and nothing is done, where it is complete or failed already.
    /// One round trip.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let winner = crucial::Promise::create("winner", None).await?;
    /// assert!(winner.complete("ann".to_owned()).await?);
    /// assert!(!winner.complete("bob".to_owned()).await?); // too late
    /// assert_eq!(winner.wait().await?, "ann");
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::TooLarge`], and those of the store.
    pub fn complete(&self, value: T) -> Call<impl Future<Output = Result<bool>>> {
        Call::new(async move {
            let kept = kept(&self.handle, &value)?;
            let reply = self.handle.call(&machine::SETTLE, vec![kept]).await?;
            self.handle.flag(&reply)
        })
    }

    /// Fails the promise: whoever waits for it gets [`Error::PromiseFailed`] with that reason.
    /// `false`, and nothing is done, where it is complete or failed already. One round trip.
    ///
    /// ```
    /// # #[tokio::main] async fn main() -> crucial::Result<()> {
    /// # let runtime = crucial::Runtime::builder().build().await?;
    /// # let _entered = runtime.enter();
    /// let answer = crucial::Promise::<u32>::create("answer", None).await?;
    /// assert!(answer.fail("nobody knows").await?);
    /// assert!(answer.wait().await.unwrap_err().to_string().contains("nobody knows"));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::TooLarge`], and those of the store.
    pub fn fail(
        &self,
        reason: impl std::fmt::Display + Send,
    ) -> Call<impl Future<Output = Result<bool>>> {
        Call::new(async move {
            let failed = tagged(FAILED, reason.to_string().as_bytes());
            let reply = self.handle.call(&machine::SETTLE, vec![failed]).await?;
            self.handle.flag(&reply)
        })
    }

    /// Waits for the value. One round trip if it is there, otherwise four and one announcement, for all who wait
    /// in a process together.
    ///
    /// Dropping the future does nothing to the promise.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let answer = crucial::Promise::create("answer", None).await?;
    /// let (value, first) = tokio::try_join!(answer.wait(), answer.complete(42))?;
    /// assert_eq!((value, first), (42, true));
    /// assert_eq!(answer.wait().await?, 42); // and for whoever asks later
    /// # Ok(()) }
    /// ```
    ///
    /// With a [limit](crate::Call::timeout):
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let answer = crucial::Promise::create("answer", None).await?;
    /// let limit = std::time::Duration::from_millis(5);
    /// assert!(matches!(answer.wait().timeout(limit).await, Err(crucial::Error::TimedOut { .. })));
    /// answer.complete(42).await?; // nothing was lost
    /// assert_eq!(answer.wait().timeout(limit).await?, 42);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::PromiseFailed`]; [`Error::TimedOut`] after the runtime's
    /// [wait limit](crate::Builder::wait_limit); and those of the store.
    pub fn wait(&self) -> Call<impl Future<Output = Result<T>>> {
        Call::new(async move {
            let known = self.handle.wait(&machine::GET, Vec::new()).await?;
            match self.known(&known)? {
                Some(value) => Ok(value),
                None => Err(self.handle.unexpected("the value", &known)),
            }
        })
    }

    /// The value, if it has come. One round trip.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let answer = crucial::Promise::create("answer", None).await?;
    /// assert_eq!(answer.get().await?, None);
    /// answer.complete(42).await?;
    /// assert_eq!(answer.get().await?, Some(42));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::PromiseFailed`], and those of the store.
    pub fn get(&self) -> Call<impl Future<Output = Result<Option<T>>>> {
        Call::new(async move {
            let known = self.handle.call(&machine::TRY_GET, Vec::new()).await?;
            self.known(&known)
        })
    }

    /// Whether the promise is complete or failed. One round trip.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let page = crucial::Promise::<String>::create("page", None).await?;
    /// assert!(!page.is_done().await?);
    /// page.fail("there is no such page").await?;
    /// assert!(page.is_done().await?); // though no value ever comes
    /// assert!(matches!(page.get().await, Err(crucial::Error::PromiseFailed { .. })));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn is_done(&self) -> Call<impl Future<Output = Result<bool>>> {
        Call::new(async move {
            match self.handle.call(&machine::IS_DONE, Vec::new()).await? {
                Value::Nil => Err(self.handle.not_found()),
                done => self.handle.flag(&done),
            }
        })
    }

    fn known(&self, known: &Value) -> Result<Option<T>> {
        match known {
            Value::Nil => Err(self.handle.not_found()),
            Value::Bytes(known) if known[..] == [OPEN] => Ok(None),
            Value::Bytes(known) if known.first() == Some(&KEPT) => {
                self.handle.decode("the value", &known[1..]).map(Some)
            }
            Value::Bytes(known) if known.first() == Some(&FAILED) => Err(Error::PromiseFailed {
                key: self.handle.key().clone(),
                reason: String::from_utf8_lossy(&known[1..]).into_owned(),
            }),
            other => Err(self.handle.unexpected("the value", other)),
        }
    }
}

fn kept<T: Portable>(handle: &Handle<PromiseState>, value: &T) -> Result<Bytes> {
    Ok(tagged(KEPT, &handle.encode("the value", value)?))
}

fn tagged(tag: u8, bytes: &[u8]) -> Bytes {
    [&[tag][..], bytes].concat().into()
}
