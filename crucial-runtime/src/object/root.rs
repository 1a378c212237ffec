//! The object behind a `#[crucial::shared]` struct: that it exists, and its local fields.

use std::fmt;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{Handle, Key, Method, Object, Refusal, Shared, Value};
use crate::call::Call;
use crate::error::Result;
use crate::runtime;
use crate::thread::Portable;

/// The object behind a `#[crucial::shared]` struct.
///
/// It is claimed before the fields are created and published after them, so that whoever opens the
/// struct finds all of its fields, and of two who create it one gets [`Error::Exists`](crate::Error::Exists).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Root(Handle<RootState>);

static PUBLISH: Method = Method::update("publish");
static READ: Method = Method::read("read");

/// How long a claim in a namespace that no job's end clears may stay unpublished: its creator died.
const CLAIM: Duration = Duration::from_secs(60);

impl Root {
    /// Claims the key for a struct of that type. One round trip.
    ///
    /// # Errors
    ///
    /// [`Error::Exists`](crate::Error::Exists) where the key is taken.
    pub async fn claim(key: Key, type_name: &str) -> Result<Self> {
        Self::claim_for(key, type_name, CLAIM).await
    }

    async fn claim_for(key: Key, type_name: &str, claim: Duration) -> Result<Self> {
        let root = Self(Handle::at(key));
        let state = root.0.state(&RootState::default())?;
        root.0.create(state, type_name).await?;
        if root.outlives_the_job()? {
            root.0.expire(Some(claim)).await?;
        }
        Ok(root)
    }

    /// Creates the object of a field of the struct that has been claimed. Two round trips.
    ///
    /// What is there already was left by a creator that died before it published the struct.
    ///
    /// # Errors
    ///
    /// Those of the field.
    pub async fn create<P: Shared>(&self, part: &str, init: P::Init) -> Result<P> {
        let key = self.key().field(part)?;
        runtime::current()?.store().destroy(&key).await?;
        P::create_at(key, init).await
    }

    /// Creates the object of a field that outlives the job, or opens it.
    ///
    /// # Errors
    ///
    /// Those of the field.
    pub async fn keep<P: Shared>(&self, part: &str, init: P::Init) -> Result<P> {
        P::open_or_create_at(self.kept_key(part)?, init).await
    }

    /// Makes the struct complete once its fields are there, or gives it up where one of them is not. One round trip.
    ///
    /// # Errors
    ///
    /// What kept a field from being created, and those of the store.
    pub async fn publish<F>(&self, fields: Result<F>, locals: Result<Bytes>) -> Result<F> {
        let published = match (fields, locals) {
            (Ok(fields), Ok(locals)) => self.0.call(&PUBLISH, vec![locals]).await.map(|_| fields),
            (Err(error), _) | (_, Err(error)) => Err(error),
        };
        if published.is_err() {
            // Another creator may try at once; the error that matters is the first.
            let _ = self.destroy().await;
        } else if self.outlives_the_job()? {
            self.0.expire(None).await?;
        }
        published
    }

    /// Opens a struct of that type: its root and its local fields, once it is complete. Two round trips.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`](crate::Error::NotFound); [`Error::WrongType`](crate::Error::WrongType); [`Error::TimedOut`](crate::Error::TimedOut) where whoever creates the struct died.
    pub async fn open<L: DeserializeOwned + 'static>(
        key: Key,
        type_name: &str,
    ) -> Result<(Self, L)> {
        let root = Self(Handle::at(key));
        root.0.open_exactly(type_name).await?;
        let locals = root.0.wait(&READ, Vec::new()).await?;
        let locals = root.0.decode_value("the local fields", &locals)?;
        Ok((root, locals))
    }

    /// Opens the object of a field.
    ///
    /// # Errors
    ///
    /// Those of the field.
    pub async fn field<P: Shared>(&self, part: &str) -> Result<P> {
        P::open_at(self.key().field(part)?).await
    }

    /// Opens the object of a field that outlives the job.
    ///
    /// # Errors
    ///
    /// Those of the field.
    pub async fn kept<P: Shared>(&self, part: &str) -> Result<P> {
        P::open_at(self.kept_key(part)?).await
    }

    /// The local fields, encoded.
    ///
    /// # Errors
    ///
    /// [`Error::Codec`](crate::Error::Codec).
    pub fn locals<L: Portable>(&self, locals: &L) -> Result<Bytes> {
        self.0.encode("the local fields", locals)
    }

    /// [`fmt::Debug`] of a struct of that name.
    ///
    /// # Errors
    ///
    /// Those of the formatter.
    pub fn describe(&self, name: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.describe(name, f)
    }

    /// Removes it; `false` if there was none. One round trip.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn destroy(&self) -> Call<impl Future<Output = Result<bool>> + Send> {
        self.0.destroy()
    }

    /// Whether the struct exists. One round trip.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn exists(&self) -> Call<impl Future<Output = Result<bool>> + Send> {
        self.0.exists()
    }

    /// Removes it after so long, as [`Handle::expire`]. One round trip.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn expire(
        &self,
        after: Option<Duration>,
    ) -> Call<impl Future<Output = Result<bool>> + Send> {
        self.0.expire(after)
    }

    /// How long it is until it ends by itself. One round trip.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn expires_in(&self) -> Call<impl Future<Output = Result<Option<Duration>>> + Send> {
        self.0.expires_in()
    }

    /// The struct's key.
    #[must_use]
    pub fn key(&self) -> &Key {
        self.0.key()
    }

    fn kept_key(&self, part: &str) -> Result<Key> {
        let application = runtime::current()?.application().clone();
        application.key(self.key().object())?.field(part)
    }

    fn outlives_the_job(&self) -> Result<bool> {
        Ok(self.key().namespace() != runtime::current()?.namespace().as_str())
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Error, Runtime};

    #[tokio::test]
    async fn a_claim_of_a_dead_creator_runs_out_where_no_job_ends_it() {
        let runtime = Runtime::builder().build().await.unwrap();
        let _entered = runtime.enter();
        let key = runtime.application().key("kept").unwrap();
        let dead = Root::claim_for(key.clone(), "Kept", Duration::ZERO).await;
        assert!(dead.is_ok());
        let root = Root::claim_for(key.clone(), "Kept", Duration::MAX)
            .await
            .unwrap();
        let locals = root.locals(&7_u8);
        root.publish(Ok(()), locals).await.unwrap();
        let taken = Root::claim(key.clone(), "Kept").await;
        assert!(matches!(taken, Err(Error::Exists { .. })));
        let (_, locals) = Root::open::<u8>(key, "Kept").await.unwrap();
        assert_eq!(locals, 7);
    }

    #[tokio::test]
    async fn whoever_opens_waits_for_whoever_creates() {
        let runtime = Runtime::builder().build().await.unwrap();
        let _entered = runtime.enter();
        let key = runtime.namespace().key("state").unwrap();
        let root = Root::claim(key.clone(), "State").await.unwrap();
        let opening = tokio::spawn(Root::open::<u8>(key.clone(), "State"));
        let locals = root.locals(&7_u8);
        root.publish(Ok(()), locals).await.unwrap();
        assert_eq!(opening.await.unwrap().unwrap().1, 7);
        let other = Root::open::<u8>(key, "Other").await;
        assert!(matches!(other, Err(Error::WrongType { .. })));
    }
}
