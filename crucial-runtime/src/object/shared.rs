//! What all proxies have in common: they are made, opened and destroyed by name.

use std::future::Future;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Key;
use crate::error::Result;

/// A proxy: a reference to a shared object, or to a struct of them, that clones and travels freely.
///
/// Implemented by the library's objects, by the `…Proxy` of every user object and by every
/// `#[crucial::shared]` struct.
pub trait Shared: Clone + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// The plain value that the object starts from and that [`snapshot`](Self::snapshot) gives back.
    type Init: Send;

    /// Creates the object under that key.
    ///
    /// # Errors
    ///
    /// [`Error::Exists`](crate::Error::Exists) where the key is taken, and those of the store.
    fn create_at(key: Key, init: Self::Init) -> impl Future<Output = Result<Self>> + Send;

    /// Opens the object under that key.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`](crate::Error::NotFound) and [`Error::WrongType`](crate::Error::WrongType), and those of the store.
    fn open_at(key: Key) -> impl Future<Output = Result<Self>> + Send;

    /// Opens the object under that key, having created it if there was none.
    ///
    /// # Errors
    ///
    /// [`Error::WrongType`](crate::Error::WrongType); [`Error::NotFound`](crate::Error::NotFound) where somebody
    /// removes it just when it has been found; and those of the store.
    fn open_or_create_at(key: Key, init: Self::Init) -> impl Future<Output = Result<Self>> + Send {
        async move {
            match Self::create_at(key.clone(), init).await {
                Err(crate::Error::Exists { .. }) => Self::open_at(key).await,
                other => other,
            }
        }
    }

    /// The plain value, each object's as of one moment.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`](crate::Error::NotFound), and those of the store.
    fn snapshot(&self) -> impl Future<Output = Result<Self::Init>> + Send;

    /// Removes the object; `false` if there was none.
    ///
    /// # Errors
    ///
    /// Those of the store.
    fn destroy(&self) -> impl Future<Output = Result<bool>> + Send;

    /// Where the object lives.
    fn key(&self) -> &Key;
}
