//! What guards of mutexes and read-write locks have in common: a copy of the value, and who may write it back.

use bytes::Bytes;

use super::argument;
use super::permits::Share;
use super::permits::machine::{self, ALL, Permits};
use crate::error::{Error, Result};
use crate::object::{Handle, Value};
use crate::thread::Portable;

/// The share of a writer, which leaves none to anybody else.
pub(super) const WRITER: u32 = u32::MAX;
/// The share of a reader.
pub(super) const READER: u32 = 1;

/// What a lock starts from.
pub(super) fn arguments<T: Portable>(handle: &Handle<Permits>, value: &T) -> Result<Vec<Bytes>> {
    let all = argument::number(ALL);
    let value = handle.encode("the value", value)?;
    Ok(vec![all.clone(), all, Bytes::new(), value])
}

/// The value, whoever holds the lock.
pub(super) async fn value<T: Portable>(handle: &Handle<Permits>) -> Result<T> {
    match handle.call(&machine::VALUE, Vec::new()).await? {
        Value::Nil => Err(handle.not_found()),
        value => handle.decode_value("the value", &value),
    }
}

/// A share of a lock, with a copy of the value as it was when the lock was acquired.
pub(super) struct Locked<T: Portable> {
    /// Nothing once the lock has been given back.
    share: Option<Share>,
    pub(super) value: T,
    /// Whether the copy may differ from what is stored.
    pub(super) changed: bool,
}

impl<T: Portable> Locked<T> {
    pub(super) async fn acquire(
        handle: &Handle<Permits>,
        method: &'static str,
        share: u32,
    ) -> Result<Self> {
        let (share, value) = Share::acquire(handle, method, share).await?;
        Self::new(share, &value)
    }

    pub(super) async fn try_acquire(handle: &Handle<Permits>, share: u32) -> Result<Option<Self>> {
        let acquired = Share::try_acquire(handle, share).await?;
        acquired
            .map(|(share, value)| Self::new(share, &value))
            .transpose()
    }

    fn new(share: Share, value: &Value) -> Result<Self> {
        let value = share.handle().decode_value("the value", value)?;
        Ok(Self {
            share: Some(share),
            value,
            changed: false,
        })
    }

    /// Writes the value and keeps the lock.
    pub(super) async fn commit(&mut self) -> Result<()> {
        // Known before the call, as the copy can't be looked at while the lock is written through.
        let written = self.written()?;
        let (Some(written), Some(share)) = (written, &self.share) else {
            return Ok(());
        };
        let rest = vec![written, argument::number(ALL)];
        share.update(&machine::WRITE, rest).await?;
        self.changed = false;
        Ok(())
    }

    /// Writes the value if it was changed, and gives the lock back, also where that fails.
    pub(super) async fn unlock(mut self) -> Result<()> {
        // Taken out first: if the value can't be encoded, the lock is given back all the same.
        let Some(share) = self.share.take() else {
            return Ok(());
        };
        match self.written_by(&share)? {
            Some(value) => {
                let rest = vec![value, argument::number(0)];
                share.end(&machine::WRITE, rest).await
            }
            None => share.release().await,
        }
    }

    /// Gives the lock back and leaves the value as it was.
    pub(super) async fn discard(mut self) -> Result<()> {
        match self.share.take() {
            Some(share) => share.release().await,
            None => Ok(()),
        }
    }

    /// Writes the value if it was changed, and goes on as a reader.
    pub(super) async fn downgrade(&mut self) -> Result<()> {
        let written = self.written()?;
        let Some(share) = &mut self.share else {
            return Ok(());
        };
        share.reduce_to(READER, written).await?;
        self.changed = false;
        Ok(())
    }

    /// The value encoded, if it is to be written.
    fn written(&self) -> Result<Option<Bytes>> {
        match &self.share {
            Some(share) => self.written_by(share),
            None => Ok(None),
        }
    }

    fn written_by(&self, share: &Share) -> Result<Option<Bytes>> {
        let encode = || share.handle().encode("the value", &self.value);
        self.changed.then(encode).transpose()
    }

    pub(super) fn token(&self) -> u64 {
        self.share.as_ref().map_or(0, Share::ticket)
    }

    pub(super) fn is_lost(&self) -> bool {
        self.share.as_ref().is_none_or(|share| !share.is_held())
    }

    pub(super) fn lost(&self) -> impl Future<Output = ()> + Send + use<'_, T> {
        let share = self.share.as_ref();
        async move {
            if let Some(share) = share {
                share.lost().await;
            }
        }
    }

    /// The lock's handle, while it is held.
    pub(super) fn handle(&self) -> Option<&Handle<Permits>> {
        self.share.as_ref().map(Share::handle)
    }
}

impl<T: Portable> Drop for Locked<T> {
    fn drop(&mut self) {
        let Some(share) = self.share.take() else {
            return;
        };
        // What a panic left half done is nobody's to see.
        if std::thread::panicking() {
            return;
        }
        match self.written_by(&share) {
            Ok(Some(value)) => share.end_later(&machine::WRITE, vec![value, argument::number(0)]),
            Ok(None) => {}
            Err(error) => tell(&error),
        }
    }
}

fn tell(error: &Error) {
    tracing::error!(%error, "what was changed under a lock is lost: it could not be encoded when the guard was dropped");
}

/// Gives a guard what it does as long as it holds the lock; examples name the lock and the method that locks it.
macro_rules! guard {
    ($guard:ident, $lock:literal, $method:literal) => {
        impl<T: Portable> $guard<T> {
            /// Whether the lock may have been lost: the lease has ended, or could not be renewed for its length, as
            /// this process was frozen or cut off from the store. Costs nothing.
            ///
            /// ```
            /// # #[crucial::main] async fn main() -> crucial::Result<()> {
            #[doc = concat!("let price = crucial::", $lock, "::create(\"price\", 3).await?;")]
            #[doc = concat!("let guard = price.", $method, "().await?;")]
            /// // Before what can't be taken back and the store can't refuse, such as a mail:
            /// assert!(!guard.is_lost());
            /// assert_eq!(*guard, 3);
            /// # Ok(()) }
            /// ```
            #[must_use]
            pub fn is_lost(&self) -> bool {
                self.0.is_lost()
            }

            /// Waits until the lock [may have been lost](Self::is_lost). Dropping the future does nothing.
            ///
            /// ```
            /// # #[tokio::main] async fn main() -> crucial::Result<()> {
            /// # let lease = std::time::Duration::from_millis(60);
            /// # let runtime = crucial::Runtime::builder().lease(lease).build().await?;
            /// # let _entered = runtime.enter();
            #[doc = concat!("let work = crucial::", $lock, "::create(\"work\", 0).await?;")]
            #[doc = concat!("let guard = work.", $method, "().await?;")]
            /// work.destroy().await?; // the lock goes with it, as it goes when the lease ends
            /// tokio::select! {
            ///     () = guard.lost() => assert!(guard.is_lost()), // stop here: others may have the lock
            ///     () = std::future::pending() => {} // what takes long
            /// }
            /// # Ok(()) }
            /// ```
            pub fn lost(&self) -> impl Future<Output = ()> + Send {
                self.0.lost()
            }
        }

        impl<T: Portable> ::std::ops::Deref for $guard<T> {
            type Target = T;

            fn deref(&self) -> &T {
                &self.0.value
            }
        }

        impl<T: Portable + ::std::fmt::Debug> ::std::fmt::Debug for $guard<T> {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                self.0.value.fmt(f)
            }
        }
    };
}

/// Gives a guard also what only a writer does.
macro_rules! writer {
    ($guard:ident, $lock:literal, $method:literal) => {
        impl<T: Portable> $guard<T> {
            /// Writes the value, if it may have been changed, and keeps the lock. One round trip, or none.
            ///
            /// To drop the future does not take the call back once it is on its way.
            ///
            /// ```
            /// # #[crucial::main] async fn main() -> crucial::Result<()> {
            #[doc = concat!("let list = crucial::", $lock, "::create(\"list\", vec![1]).await?;")]
            #[doc = concat!("let mut guard = list.", $method, "().await?;")]
            /// guard.push(2);
            /// guard.commit().await?;
            /// assert_eq!(list.snapshot().await?, [1, 2]);
            #[doc = concat!("assert!(list.try_", $method, "().await?.is_none()); // locked still")]
            /// # Ok(()) }
            /// ```
            ///
            /// # Errors
            ///
            /// [`Error::LeaseLost`](crate::Error::LeaseLost) where the lock was lost before, which leaves what others
            /// wrote meanwhile; [`Error::TooLarge`](crate::Error::TooLarge); those of the store.
            pub fn commit(&mut self) -> Call<impl Future<Output = Result<()>>> { Call::new(async move {
                self.0.commit().await
            }) }

            /// Writes the value, if it may have been changed, and gives the lock back. One round trip. Dropped
            /// half-way, it goes on in the background.
            ///
            /// ```
            /// # #[crucial::main] async fn main() -> crucial::Result<()> {
            #[doc = concat!("let name = crucial::", $lock, "::create(\"name\", \"ann\".to_owned()).await?;")]
            #[doc = concat!("let mut guard = name.", $method, "().await?;")]
            /// guard.push('a');
            /// assert_eq!(name.snapshot().await?, "ann"); // it is a copy that was changed
            /// guard.unlock().await?;
            /// assert_eq!(name.snapshot().await?, "anna");
            /// # Ok(()) }
            /// ```
            ///
            /// # Errors
            ///
            /// As [`commit`](Self::commit); the lock is given back all the same.
            pub fn unlock(self) -> Call<impl Future<Output = Result<()>>> { Call::new(async move {
                self.0.unlock().await
            }) }

            /// Gives the lock back and leaves the value as it was last [committed](Self::commit). One round trip.
            ///
            /// ```
            /// # #[crucial::main] async fn main() -> crucial::Result<()> {
            #[doc = concat!("let draft = crucial::", $lock, "::create(\"draft\", 1).await?;")]
            #[doc = concat!("let mut guard = draft.", $method, "().await?;")]
            /// *guard = 2;
            /// guard.commit().await?;
            /// *guard = 3;
            /// guard.discard().await?;
            /// assert_eq!(draft.snapshot().await?, 2);
            /// # Ok(()) }
            /// ```
            ///
            /// # Errors
            ///
            /// [`Error::LeaseLost`](crate::Error::LeaseLost) where the lock was lost before, and those of the store.
            pub fn discard(self) -> Call<impl Future<Output = Result<()>>> { Call::new(async move {
                self.0.discard().await
            }) }

            /// The number of this acquisition, higher than that of any before. Give it to other systems with what
            /// you write there, so that they can refuse what comes from a holder of before.
            ///
            /// ```
            /// # #[crucial::main] async fn main() -> crucial::Result<()> {
            #[doc = concat!("let file = crucial::", $lock, "::create(\"file\", ()).await?;")]
            #[doc = concat!("let first = file.", $method, "().await?;")]
            /// let old = first.token();
            /// first.unlock().await?;
            #[doc = concat!("assert!(file.", $method, "().await?.token() > old);")]
            /// # Ok(()) }
            /// ```
            #[must_use]
            pub fn token(&self) -> u64 {
                self.0.token()
            }
        }

        $crate::objects::lock::guard!($guard, $lock, $method);

        /// What is borrowed to be changed is written back, changed or not.
        impl<T: Portable> ::std::ops::DerefMut for $guard<T> {
            fn deref_mut(&mut self) -> &mut T {
                self.0.changed = true;
                &mut self.0.value
            }
        }
    };
}

pub(super) use {guard, writer};
