//! What the proxies of users' objects ask for.

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Handle;
use crate::call::Call;
use crate::codec;
use crate::error::{Error, Result};
use crate::object::{Key, Method, Object, SNAPSHOT, Value};
use crate::thread::Portable;

impl<O: Object> Handle<O> {
    /// Creates a user's object under that key. One round trip.
    ///
    /// # Errors
    ///
    /// [`Error::Exists`] where the key is taken, and those of the store.
    pub async fn create_at(key: Key, state: O) -> Result<Self> {
        let handle = Self::at(key);
        let init = handle.state(&state)?;
        handle.create(init, O::NAME).await?;
        Ok(handle)
    }

    /// Opens a user's object under that key. One round trip.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`], [`Error::WrongType`], and those of the store.
    pub async fn open_at(key: Key) -> Result<Self> {
        let handle = Self::at(key);
        handle.open(O::NAME).await?;
        Ok(handle)
    }

    /// Makes one call of a user's method: one argument, a tuple, and a reply.
    ///
    /// # Errors
    ///
    /// [`Error::Codec`], and those of the store.
    pub async fn invoke<A: Portable, R: Portable>(
        &self,
        method: &'static Method,
        args: A,
    ) -> Result<R> {
        let args = vec![self.encode("an argument", &args)?];
        let value = self.call(method, args).await?;
        self.decode_value("the reply", &value)
    }

    /// Makes one call of a method of the library's own that takes a tuple.
    pub(crate) async fn ask<A: Serialize, R: DeserializeOwned + 'static>(
        &self,
        method: &'static Method,
        args: A,
    ) -> Result<R> {
        let args = vec![self.encode_own("an argument", &args)?];
        let value = self.call(method, args).await?;
        self.decode_value("the reply", &value)
    }

    /// [`ask`](Self::ask) for a method that waits.
    pub(crate) async fn ask_waiting<A: Serialize, R: DeserializeOwned + 'static>(
        &self,
        method: &'static Method,
        args: A,
    ) -> Result<R> {
        let args = vec![self.encode_own("an argument", &args)?];
        let value = self.wait(method, args).await?;
        self.decode_value("the reply", &value)
    }

    /// [`invoke`](Self::invoke) for a method that returns [`Poll`](std::task::Poll).
    ///
    /// # Errors
    ///
    /// [`Error::TimedOut`], [`Error::Codec`], and those of the store.
    pub async fn invoke_waiting<A: Portable, R: Portable>(
        &self,
        method: &'static Method,
        args: A,
    ) -> Result<R> {
        let args = vec![self.encode("an argument", &args)?];
        let value = self.wait(method, args).await?;
        self.decode_value("the reply", &value)
    }

    /// The whole state, as of one moment. One round trip.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`], [`Error::Corrupt`], and those of the store.
    pub fn snapshot(&self) -> Call<impl Future<Output = Result<O>> + Send> {
        Call::new(async {
            let Value::Bytes(bytes) = self.call(&SNAPSHOT, Vec::new()).await? else {
                return Err(Error::Corrupt {
                    key: self.key.clone(),
                    reason: "its snapshot is no state".to_owned(),
                });
            };
            codec::decode(&bytes).map_err(|error| Error::Corrupt {
                key: self.key.clone(),
                reason: error.to_string(),
            })
        })
    }

    /// The bytes of the initial state of a user's object.
    ///
    /// # Errors
    ///
    /// [`Error::Codec`] where the state does not encode.
    pub fn state(&self, state: &O) -> Result<Vec<Bytes>> {
        match state.encode() {
            Ok(bytes) => Ok(vec![bytes]),
            Err(source) => Err(Error::Codec {
                key: self.key.clone(),
                what: "the initial state",
                source,
            }),
        }
    }
}
