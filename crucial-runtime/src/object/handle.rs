//! A key with the type of its object: what every proxy is made of.

mod user;

use std::any::type_name;
use std::fmt;
use std::marker::PhantomData;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Call, Concern, Key, Limit, Method, MethodKind, Object, ObjectType, Value};
use crate::codec::{self, CodecError};
use crate::error::{Error, Result};
use crate::runtime::{self, Runtime};
use crate::store::Description;
use crate::thread::Portable;

/// A reference to the object under a key. It holds no connection: it uses the runtime it finds itself in.
pub struct Handle<O> {
    key: Key,
    object: PhantomData<fn() -> O>,
}

static INIT: Method = Method::update("init");

impl<O: Object> Handle<O> {
    /// The object under that key, without looking whether there is one.
    #[must_use]
    pub const fn at(key: Key) -> Self {
        Self {
            key,
            object: PhantomData,
        }
    }

    /// The key.
    #[must_use]
    pub fn key(&self) -> &Key {
        &self.key
    }

    /// Creates the object; `detail` tells people its type. One round trip.
    ///
    /// # Errors
    ///
    /// [`Error::Exists`] where the key is taken.
    pub async fn create(&self, init: Vec<Bytes>, detail: &str) -> Result<()> {
        if self.try_create(init, detail).await? {
            Ok(())
        } else {
            Err(Error::Exists {
                key: self.key.clone(),
            })
        }
    }

    /// Creates the object unless it exists. One round trip.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn try_create(&self, init: Vec<Bytes>, detail: &str) -> Result<bool> {
        let description = Description {
            object: O::NAME.to_owned(),
            detail: detail.to_owned(),
        };
        let runtime = runtime::current()?;
        let call = self.call_of(&runtime, &INIT, init)?;
        let creating = runtime.store().create(call, description);
        Limit::bounding(&self.key, "create", MethodKind::Update, creating).await
    }

    /// Checks that the object exists and is of this type. One round trip.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] and [`Error::WrongType`].
    pub async fn open(&self, detail: &str) -> Result<()> {
        self.opened(detail).await.map(drop)
    }

    /// What [`open`](Self::open) finds.
    pub(crate) async fn opened(&self, detail: &str) -> Result<Description> {
        match self.look("open").await? {
            None => Err(self.missing()),
            Some(found) if found.object == O::NAME => Ok(found),
            Some(found) => Err(Error::WrongType {
                key: self.key.clone(),
                expected: format!("a `{detail}`"),
                found: format!("a `{}`", found.detail),
            }),
        }
    }

    /// Removes the object; `false` if there was none. One round trip.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn destroy(&self) -> crate::Call<impl Future<Output = Result<bool>> + Send> {
        crate::Call::new(async {
            let runtime = runtime::current()?;
            let removing = runtime.store().destroy(&self.key);
            Limit::bounding(&self.key, "destroy", MethodKind::Update, removing).await
        })
    }

    /// Whether the object exists. One round trip.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn exists(&self) -> crate::Call<impl Future<Output = Result<bool>> + Send> {
        crate::Call::new(async { Ok(self.look("exists").await?.is_some()) })
    }

    /// Removes the object after so long, or with `None` when its job ends, if it is of one; `false` if there is none. One
    /// round trip.
    ///
    /// After no time at all it is gone at once. A part of a millisecond counts as a whole one, and no time is longer than
    /// 2^42 milliseconds, some 139 years.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn expire(
        &self,
        after: Option<Duration>,
    ) -> crate::Call<impl Future<Output = Result<bool>> + Send> {
        crate::Call::new(async move {
            let runtime = runtime::current()?;
            let setting = runtime.store().expire(&self.key, after);
            Limit::bounding(&self.key, "expire", MethodKind::Update, setting).await
        })
    }

    /// How long it is until the object ends by itself; `None` where it does so with its job. One round trip.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`], and those of the store.
    pub fn expires_in(&self) -> crate::Call<impl Future<Output = Result<Option<Duration>>> + Send> {
        crate::Call::new(async {
            let runtime = runtime::current()?;
            let keys = std::slice::from_ref(&self.key);
            let asking = runtime.store().details(keys);
            let details =
                Limit::bounding(&self.key, "expires_in", MethodKind::Read, asking).await?;
            match details.into_iter().next().flatten() {
                Some(details) => Ok(details.expires_in),
                None => Err(self.missing()),
            }
        })
    }

    /// [`open`](Self::open) that also checks the type in full.
    pub(crate) async fn open_exactly(&self, detail: &str) -> Result<()> {
        let found = self.opened(detail).await?;
        if found.detail == detail {
            return Ok(());
        }
        Err(Error::WrongType {
            key: self.key.clone(),
            expected: format!("a `{detail}`"),
            found: format!("a `{}`", found.detail),
        })
    }

    async fn look(&self, method: &str) -> Result<Option<Description>> {
        let runtime = runtime::current()?;
        let looking = runtime.store().describe(&self.key);
        Limit::bounding(&self.key, method, MethodKind::Read, looking).await
    }

    /// The object is not there (any more).
    pub(crate) fn missing(&self) -> Error {
        let key = self.key.clone();
        let lost = runtime::current().is_ok_and(|runtime| runtime.store().has_lost(&key));
        Error::NotFound { key, lost }
    }

    /// Makes one call that does not wait.
    ///
    /// # Errors
    ///
    /// [`Error::TooLarge`], those of the store, and a method that waits all the same is refused.
    pub async fn call(&self, method: &'static Method, args: Vec<Bytes>) -> Result<Value> {
        let runtime = runtime::current()?;
        let call = self.call_of(&runtime, method, args)?;
        let answer = runtime.store().call(call);
        match Limit::bounding(&self.key, method.name, method.kind, answer).await? {
            Poll::Ready(value) => Ok(value),
            Poll::Pending => Err(Error::Refused {
                key: self.key.clone(),
                method: method.name.to_owned(),
                reason: "it waits, though its type says that it doesn't".to_owned(),
            }),
        }
    }

    /// Makes one call that waits until the object is ready for it, within the [limit here](Limit::here).
    ///
    /// # Errors
    ///
    /// [`Error::TimedOut`], [`Error::TooLarge`], and those of the store.
    pub async fn wait(&self, method: &'static Method, args: Vec<Bytes>) -> Result<Value> {
        let runtime = runtime::current()?;
        let call = self.call_of(&runtime, method, args)?;
        runtime.waits().wait(&runtime, call).await
    }

    /// [`wait`](Self::wait) within that limit, which only announcements of its concern awaken.
    pub(crate) async fn wait_for(
        &self,
        method: &'static Method,
        args: Vec<Bytes>,
        concern: Concern,
        limit: Limit,
    ) -> Result<Value> {
        let runtime = runtime::current()?;
        let call = self.call_of(&runtime, method, args)?;
        runtime
            .waits()
            .wait_for(&runtime, call, concern, limit)
            .await
    }

    /// Encodes a value of the user's.
    pub(crate) fn encode<T: Portable>(&self, what: &'static str, value: &T) -> Result<Bytes> {
        codec::encode(value).map_err(|source| self.garbled(what, source))
    }

    /// [`encode`](Self::encode) of each.
    pub(crate) fn encode_all<T: Portable>(
        &self,
        what: &'static str,
        values: impl IntoIterator<Item = T>,
    ) -> Result<Vec<Bytes>> {
        let values = values.into_iter();
        values.map(|value| self.encode(what, &value)).collect()
    }

    /// Encodes what stands for a `T` of the user's and is compared by its bytes.
    pub(crate) fn encode_exact<T: Portable, V: Serialize + ?Sized>(
        &self,
        what: &'static str,
        value: &V,
    ) -> Result<Bytes> {
        codec::encode_exact::<T, V>(value).map_err(|source| self.garbled(what, source))
    }

    /// [`encode_exact`](Self::encode_exact) of each.
    pub(crate) fn encode_all_exact<T: Portable, V: Serialize>(
        &self,
        what: &'static str,
        values: impl IntoIterator<Item = V>,
    ) -> Result<Vec<Bytes>> {
        let values = values.into_iter();
        values
            .map(|value| self.encode_exact::<T, V>(what, &value))
            .collect()
    }

    /// Encodes a value of the library's own.
    pub(crate) fn encode_own<V: Serialize + ?Sized>(
        &self,
        what: &'static str,
        value: &V,
    ) -> Result<Bytes> {
        codec::encode_own(value).map_err(|source| self.garbled(what, source))
    }

    pub(crate) fn decode<T: DeserializeOwned + 'static>(
        &self,
        what: &'static str,
        bytes: &[u8],
    ) -> Result<T> {
        codec::decode(bytes).map_err(|source| self.garbled(what, source))
    }

    /// A value that does not encode, or bytes that are no such value.
    pub(crate) fn garbled(&self, what: &'static str, source: CodecError) -> Error {
        Error::Codec {
            key: self.key.clone(),
            what,
            source,
        }
    }

    pub(crate) fn decode_value<T: DeserializeOwned + 'static>(
        &self,
        what: &'static str,
        value: &Value,
    ) -> Result<T> {
        match value {
            Value::Bytes(bytes) => self.decode(what, bytes),
            _ => Err(self.unexpected(what, value)),
        }
    }

    /// The store answered what the object's methods never answer.
    pub(crate) fn unexpected(&self, what: &'static str, value: &Value) -> Error {
        let reason = format!(
            "{what} is an unexpected {value:?} for a `{}`",
            type_name::<O>()
        );
        Error::Corrupt {
            key: self.key.clone(),
            reason,
        }
    }

    fn call_of(
        &self,
        runtime: &Runtime,
        method: &'static Method,
        args: Vec<Bytes>,
    ) -> Result<Call> {
        let size = args.iter().map(Bytes::len).sum();
        let limit = runtime.limits().value_bytes;
        if size > limit {
            return Err(Error::TooLarge {
                what: format!("a call of `{}` of object `{}`", method.name, self.key),
                size,
                limit,
            });
        }
        Ok(Call {
            key: self.key.clone(),
            object: ObjectType::of::<O>(),
            method,
            args,
        })
    }
}

impl<O> Handle<O> {
    /// [`fmt::Debug`] of a proxy of that name.
    ///
    /// # Errors
    ///
    /// Those of the formatter.
    pub fn describe(&self, proxy: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple(proxy).field(&self.key).finish()
    }
}

/// The key of an object of the current job.
pub(crate) fn key_here(name: &str) -> Result<Key> {
    runtime::current().and_then(|runtime: Runtime| runtime.namespace().key(name))
}

impl<O> Clone for Handle<O> {
    fn clone(&self) -> Self {
        Self {
            key: self.key.clone(),
            object: PhantomData,
        }
    }
}

impl<O> fmt::Debug for Handle<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.describe("Handle", f)
    }
}

impl<O> PartialEq for Handle<O> {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl<O> Eq for Handle<O> {}

impl<O> Serialize for Handle<O> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.key.serialize(serializer)
    }
}

impl<'de, O> Deserialize<'de> for Handle<O> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self {
            key: Key::deserialize(deserializer)?,
            object: PhantomData,
        })
    }
}
