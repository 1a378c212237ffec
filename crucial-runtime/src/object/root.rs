//! The object behind a `#[crucial::shared]` struct: that it exists, and its local fields.

use std::task::Poll;

use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{Handle, Key, Method, Object, Refusal, Value};
use crate::error::{Error, Result};

/// The object behind a `#[crucial::shared]` struct.
///
/// It is claimed before the fields are created and published after them, so that whoever opens the
/// struct finds all of its fields, and of two who create it one gets [`Error::Exists`].
#[derive(Debug, Clone)]
pub struct Root(Handle<RootState>);

static PUBLISH: Method = Method::update("publish");
static READ: Method = Method::read("read");

impl Root {
    /// Claims the key for a struct of that type. One round trip.
    ///
    /// # Errors
    ///
    /// [`Error::Exists`] where the key is taken.
    pub async fn claim(key: Key, type_name: &str) -> Result<Self> {
        let root = Self(Handle::at(key));
        let state = root.0.state(&RootState::default())?;
        root.0.create(state, type_name).await?;
        Ok(root)
    }

    /// Makes the struct complete. One round trip.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn publish<L: Serialize>(&self, locals: &L) -> Result<()> {
        let locals = self.0.encode("the local fields", locals)?;
        self.0.call(&PUBLISH, vec![locals]).await.map(drop)
    }

    /// The local fields of the struct, once it is complete. Two round trips.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`]; [`Error::WrongType`]; [`Error::TimedOut`] where whoever creates the struct died.
    pub async fn open<L: DeserializeOwned>(key: Key, type_name: &str) -> Result<L> {
        let root = Self(Handle::at(key));
        let found = root.0.open(type_name).await?;
        if found.detail != type_name {
            return Err(Error::WrongType {
                key: root.0.key().clone(),
                expected: format!("a `{type_name}`"),
                found: format!("a `{}`", found.detail),
            });
        }
        let locals = root.0.wait(&READ, Vec::new(), None).await?;
        root.0.decode_value("the local fields", &locals)
    }

    /// Removes it; `false` if there was none. One round trip.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn destroy(key: Key) -> Result<bool> {
        Handle::<RootState>::at(key).destroy().await
    }
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct RootState {
    locals: Option<Bytes>,
}

impl Object for RootState {
    const NAME: &'static str = "shared struct";
    const METHODS: &'static [Method] = &[PUBLISH, READ];

    fn apply(&mut self, method: &str, args: &[Bytes]) -> Result<Poll<Value>, Refusal> {
        Ok(match (method, args) {
            ("publish", [locals]) => {
                self.locals = Some(locals.clone());
                Poll::Ready(Value::Nil)
            }
            ("read", []) => match &self.locals {
                Some(locals) => Poll::Ready(locals.clone().into()),
                None => Poll::Pending,
            },
            _ => return Err(Refusal::no_such_method(method)),
        })
    }
}
