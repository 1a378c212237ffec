//! What guards of mutexes and read-write locks have in common: a copy of the value, and who may write it back.

use std::time::Duration;

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
        limit: Option<Duration>,
    ) -> Result<Self> {
        let (share, value) = Share::acquire(handle, method, share, limit).await?;
        Self::new(share, &value)
    }

    pub(super) async fn try_acquire(
        handle: &Handle<Permits>,
        method: &'static str,
        share: u32,
    ) -> Result<Option<Self>> {
        let acquired = Share::try_acquire(handle, method, share).await?;
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
