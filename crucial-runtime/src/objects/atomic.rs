//! A value that many threads read and change, each change at once for all of them.

mod combined;
mod fold;
pub(super) mod machine;
mod number;
#[cfg(test)]
#[cfg(feature = "redis")]
#[path = "../../unit/objects/atomic/spec.rs"]
mod spec;
pub(super) mod stored;

use std::marker::PhantomData;
use std::time::Duration;

use bytes::Bytes;
use rand::Rng;

pub(super) use self::machine::AtomicState;
use super::proxy::proxy;
use crate::call::Call;
use crate::codec::CodecError;
use crate::error::{Error, Result};
use crate::object::{Handle, Limit, Value};
use crate::thread::Portable;

pub use combined::{AtomicBits, AtomicNumber};

/// A shared value, as `std::sync::atomic` has them, of any type.
///
/// Integers, `bool` and floats are added to, compared and combined where they live; integers,
/// `bool`, `char` and `String` are stored as text that people can read. Values of other types are
/// read and changed as a whole, by comparison of their encoded bytes:
/// [`compare_exchange`](Self::compare_exchange) refuses a current value whose bytes differ from one time to the next (a
/// `HashMap`); take a `BTreeMap`, or a shared object of your own. A `#[crucial::shared]` struct turns fields of these
/// types into atomics.
///
/// Methods named `fetch_…`, [`update`](Self::update) and [`try_update`](Self::try_update) give the value before the
/// change, as in std, and those named `…_and_get` the value after it. Every change takes effect exactly once and every method is one
/// round trip unless it says otherwise. A method fails with
/// [`Error::NotFound`] where the object does not exist and with [`Error::Codec`] where what is
/// stored is no `T`.
///
/// ```
/// # #[tokio::main] async fn main() -> crucial::Result<()> {
/// # let runtime = crucial::Runtime::builder().build().await?;
/// # let _entered = runtime.enter();
/// use crucial::Atomic;
/// use serde::{Deserialize, Serialize};
///
/// let hits = Atomic::create("hits", 0_u64).await?;
/// assert_eq!(hits.fetch_add(2).await?, 0);
/// assert_eq!(hits.load().await?, 2);
///
/// #[derive(Debug, PartialEq, Serialize, Deserialize)]
/// enum Light { Red, Green }
///
/// let light = Atomic::create("light", Light::Red).await?;
/// assert_eq!(light.compare_exchange(Light::Red, Light::Green).await?, Ok(Light::Red));
/// assert_eq!(light.compare_exchange(Light::Red, Light::Green).await?, Err(Light::Green));
/// # Ok(()) }
/// ```
pub struct Atomic<T> {
    handle: Handle<AtomicState>,
    types: PhantomData<fn() -> (T,)>,
}

proxy!(Atomic<T: Portable>, machine: AtomicState, init: T);

impl<T: Portable> Atomic<T> {
    #[expect(
        clippy::needless_pass_by_value,
        reason = "`create` takes the initial value of every object by value"
    )]
    fn arguments(handle: &Handle<AtomicState>, init: T) -> Result<Vec<Bytes>> {
        Ok(vec![encode(handle, &init)?])
    }

    async fn read(&self) -> Result<T> {
        self.load().await
    }

    /// The value.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let hits = crucial::Atomic::create("hits", 3_u64).await?;
    /// let same = crucial::Atomic::<u64>::open("hits").await?;
    /// assert_eq!(same.load().await?, 3);
    /// hits.destroy().await?;
    /// assert!(matches!(same.load().await, Err(crucial::Error::NotFound { .. })));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`], [`Error::Codec`], and those of the store.
    pub fn load(&self) -> Call<impl Future<Output = Result<T>>> {
        Call::new(async move {
            let stored = self.stored().await?;
            self.decode(&stored)
        })
    }

    /// Replaces the value.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let winner = crucial::Atomic::create("winner", None).await?;
    /// winner.store(Some("ann".to_owned())).await?;
    /// winner.store(Some("bob".to_owned())).await?; // whatever stood there
    /// assert_eq!(winner.load().await?.as_deref(), Some("bob"));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`], [`Error::Codec`], [`Error::TooLarge`], and those of the store.
    pub fn store(&self, value: T) -> Call<impl Future<Output = Result<()>>> {
        Call::new(async move {
            let value = encode(&self.handle, &value)?;
            self.handle.call(&machine::SET, vec![value]).await.map(drop)
        })
    }

    /// Replaces the value and gives the one before.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let begun = crucial::Atomic::create("begun", false).await?;
    /// assert!(!begun.swap(true).await?); // the first one here
    /// assert!(begun.swap(true).await?);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`], [`Error::Codec`], [`Error::TooLarge`], and those of the store.
    pub fn swap(&self, value: T) -> Call<impl Future<Output = Result<T>>> {
        Call::new(async move {
            let value = encode(&self.handle, &value)?;
            let before = self.handle.call(&machine::SWAP, vec![value]).await?;
            self.decode_reply(&before)
        })
    }

    /// Replaces the value if it is `current`: `Ok` with the value before, or `Err` with the value
    /// that stands there instead. Floats are compared bit by bit.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let owner = crucial::Atomic::create("owner", None).await?;
    /// let (ann, bob) = ("ann".to_owned(), "bob".to_owned());
    /// assert_eq!(owner.compare_exchange(None, Some(ann.clone())).await?, Ok(None));
    /// assert_eq!(owner.compare_exchange(None, Some(bob)).await?, Err(Some(ann))); // too late
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`], [`Error::Codec`], [`Error::TooLarge`], and those of the store.
    pub fn compare_exchange(
        &self,
        current: T,
        new: T,
    ) -> Call<impl Future<Output = Result<Result<T, T>>>> {
        Call::new(async move {
            let expected = stored::encode_exact(&current)
                .map_err(|source| self.handle.garbled("the value", source))?;
            let new = encode(&self.handle, &new)?;
            match self.exchange(expected, new).await? {
                None => Ok(Ok(current)),
                Some(actual) => self.decode(&actual).map(Err),
            }
        })
    }

    /// Replaces the value by what `change` makes of it, unless that is `None`: `Ok` with the value
    /// before, or `Err` with the value that was left alone.
    ///
    /// `change` runs here, and again whenever another change came first. Two round trips where none
    /// did. For changes that many threads make at the same time, a method of a shared object of
    /// your own is faster.
    ///
    /// ```
    /// # #[tokio::main] async fn main() -> crucial::Result<()> {
    /// # let runtime = crucial::Runtime::builder().build().await?;
    /// # let _entered = runtime.enter();
    /// let tickets = crucial::Atomic::create("tickets", 1_u32).await?;
    /// assert_eq!(tickets.try_update(|left| left.checked_sub(1)).await?, Ok(1));
    /// assert_eq!(tickets.try_update(|left| left.checked_sub(1)).await?, Err(0));
    /// # Ok(()) }
    /// ```
    ///
    /// # Cancellation
    ///
    /// To drop the future does not take a change back that is on its way; until then the value is left alone.
    ///
    /// # Errors
    ///
    /// [`Error::TimedOut`] where other changes kept coming first for the runtime's
    /// [wait limit](crate::Builder::wait_limit); [`Error::NotFound`], [`Error::Codec`],
    /// [`Error::TooLarge`], and those of the store.
    pub fn try_update(
        &self,
        change: impl FnMut(T) -> Option<T> + Send,
    ) -> Call<impl Future<Output = Result<Result<T, T>>>> {
        Call::new(async move {
            match self.changed("try_update", change).await? {
                Ok((before, _)) => self.decode(&before).map(Ok),
                Err(unchanged) => self.decode(&unchanged).map(Err),
            }
        })
    }

    /// Replaces the value by what `change` makes of it, and gives the value before.
    ///
    /// `change` runs here, and again whenever another change came first. Two round trips where none did.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let path = crucial::Atomic::create("path", "/".to_owned()).await?;
    /// assert_eq!(path.update(|path| path + "home").await?, "/");
    /// assert_eq!(path.load().await?, "/home");
    /// # Ok(()) }
    /// ```
    ///
    /// # Cancellation
    ///
    /// As [`try_update`](Self::try_update).
    ///
    /// # Errors
    ///
    /// As [`try_update`](Self::try_update).
    pub fn update(
        &self,
        mut change: impl FnMut(T) -> T + Send,
    ) -> Call<impl Future<Output = Result<T>>> {
        Call::new(async move {
            let change = |value| Some(change(value));
            match self.changed("update", change).await? {
                Ok((before, _)) | Err(before) => self.decode(&before),
            }
        })
    }

    /// Replaces the value by what `change` makes of it, and gives the value after.
    ///
    /// `change` runs here, and again whenever another change came first. Two round trips where none did.
    ///
    /// ```
    /// # #[tokio::main] async fn main() -> crucial::Result<()> {
    /// # let runtime = crucial::Runtime::builder().build().await?;
    /// # let _entered = runtime.enter();
    /// let path = crucial::Atomic::create("path", "/".to_owned()).await?;
    /// assert_eq!(path.update_and_get(|path| path + "home").await?, "/home");
    /// # Ok(()) }
    /// ```
    ///
    /// # Cancellation
    ///
    /// As [`try_update`](Self::try_update).
    ///
    /// # Errors
    ///
    /// As [`try_update`](Self::try_update).
    pub fn update_and_get(
        &self,
        mut change: impl FnMut(T) -> T + Send,
    ) -> Call<impl Future<Output = Result<T>>> {
        Call::new(async move {
            let change = |value| Some(change(value));
            match self.changed("update_and_get", change).await? {
                Ok((_, after)) | Err(after) => self.decode(&after),
            }
        })
    }

    /// Tries until no other change comes first: the bytes before and after it, or those that were left alone.
    async fn changed(
        &self,
        method: &'static str,
        mut change: impl FnMut(T) -> Option<T> + Send,
    ) -> Result<Result<(Bytes, Bytes), Bytes>> {
        let mut retries = Retries::new(self.handle.key().clone(), method)?;
        let mut stored = self.stored().await?;
        loop {
            let Some(new) = change(self.decode(&stored)?) else {
                return Ok(Err(stored));
            };
            let new = encode(&self.handle, &new)?;
            match self.exchange(stored.clone(), new.clone()).await? {
                None => return Ok(Ok((stored, new))),
                Some(actual) => stored = actual,
            }
            retries.pause().await?;
        }
    }

    /// The value's bytes.
    async fn stored(&self) -> Result<Bytes> {
        match self.handle.call(&machine::GET, Vec::new()).await? {
            Value::Bytes(stored) => Ok(stored),
            Value::Nil => Err(self.handle.not_found()),
            other => Err(self.handle.unexpected("the value", &other)),
        }
    }

    /// Replaces the bytes if they are these; otherwise gives those that are there.
    async fn exchange(&self, current: Bytes, new: Bytes) -> Result<Option<Bytes>> {
        let arguments = vec![current, new];
        match self
            .handle
            .call(&machine::COMPARE_EXCHANGE, arguments)
            .await?
        {
            Value::Nil => Ok(None),
            Value::Bytes(actual) => Ok(Some(actual)),
            other => Err(self.handle.unexpected("the value", &other)),
        }
    }

    fn decode(&self, stored: &[u8]) -> Result<T> {
        stored::decode(stored).map_err(|source| self.garbled(source))
    }

    fn garbled(&self, source: CodecError) -> Error {
        Error::Codec {
            key: self.handle.key().clone(),
            what: "the value",
            source,
        }
    }

    fn decode_reply(&self, reply: &Value) -> Result<T> {
        match reply {
            Value::Bytes(stored) => self.decode(stored),
            Value::Int(number) => {
                stored::decode_number(*number).map_err(|source| self.garbled(source))
            }
            Value::Nil | Value::List(_) => Err(self.handle.unexpected("the value", reply)),
        }
    }
}

impl<T: Portable> Atomic<Option<T>> {
    /// Leaves `None` and gives the value before.
    ///
    /// ```
    /// # #[tokio::main] async fn main() -> crucial::Result<()> {
    /// # let runtime = crucial::Runtime::builder().build().await?;
    /// # let _entered = runtime.enter();
    /// let job = crucial::Atomic::create("job", Some(7)).await?;
    /// assert_eq!(job.take().await?, Some(7));
    /// assert_eq!(job.take().await?, None);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`], [`Error::Codec`], and those of the store.
    pub fn take(&self) -> Call<impl Future<Output = Result<Option<T>>>> {
        Call::new(async move { self.swap(None).await })
    }
}

fn encode<T: Portable>(handle: &Handle<AtomicState>, value: &T) -> Result<Bytes> {
    stored::encode(value).map_err(|source| handle.garbled("the value", source))
}

/// The pauses of a change that is tried until no other comes first.
pub(super) struct Retries {
    key: crate::Key,
    method: &'static str,
    limit: Limit,
    longest_ms: u64,
}

impl Retries {
    pub(super) fn new(key: crate::Key, method: &'static str) -> Result<Self> {
        Ok(Self {
            key,
            method,
            limit: Limit::here()?,
            longest_ms: 0,
        })
    }

    /// Lets others go first, for a random while that grows: those who collide in step would collide again.
    pub(super) async fn pause(&mut self) -> Result<()> {
        if self.limit.is_over() {
            return Err(self.limit.error(&self.key, self.method));
        }
        let pause = rand::rng().random_range(0..=self.longest_ms);
        self.longest_ms = (self.longest_ms * 2 + 1).min(63);
        if pause == 0 {
            tokio::task::yield_now().await;
        } else {
            tokio::time::sleep(Duration::from_millis(pause)).await;
        }
        Ok(())
    }
}
