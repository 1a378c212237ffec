//! A store whose calls are noted.

use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::future::BoxFuture;

use super::event::{self, Answered, Asked, Deed};
use super::recorder::Recorder;
use crate::error::Result;
use crate::object::{Call, Key, Namespace, ObjectType, Value};
use crate::store::{Description, Details, Life, Store, Stored, Watch};

/// A store whose calls are noted. A call whose future is dropped has no end in the notes: it is in doubt.
#[derive(Debug)]
pub(super) struct RecordedStore {
    store: Arc<dyn Store>,
    recorder: Recorder,
}

impl RecordedStore {
    pub(super) fn new(store: Arc<dyn Store>, recorder: Recorder) -> Self {
        Self { store, recorder }
    }

    async fn noted<T>(
        &self,
        asked: Asked,
        object: Option<&'static ObjectType>,
        outcome: impl Future<Output = Result<T>> + Send,
        told: impl FnOnce(&T) -> Answered + Send,
    ) -> Result<T> {
        let call = self.recorder.began(asked, object)?;
        let outcome = outcome.await;
        self.recorder.ended(call, event::answer(&outcome, told));
        outcome
    }
}

// A method that the trait gains must be noted too.
#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl Store for RecordedStore {
    async fn call(&self, call: Call) -> Result<Poll<Value>> {
        if call.method.stale.is_some() {
            // It may be answered with what was: that is no observation.
            return self.store.call(call).await;
        }
        let deed = Deed::Call {
            object: call.object.name.into(),
            method: call.method.name.into(),
            kind: call.method.kind,
            args: call.args.clone(),
        };
        let (asked, object) = (Asked::Of(call.key.clone(), deed), call.object);
        self.noted(asked, Some(object), self.store.call(call), event::reply)
            .await
    }

    async fn create(&self, init: Call, description: Description) -> Result<bool> {
        let deed = Deed::Create {
            args: init.args.clone(),
            description: description.clone(),
        };
        let (asked, object) = (Asked::Of(init.key.clone(), deed), init.object);
        let created = self.store.create(init, description);
        self.noted(asked, Some(object), created, |done| Answered::Flag(*done))
            .await
    }

    async fn describe(&self, key: &Key) -> Result<Option<Description>> {
        let asked = Asked::Of(key.clone(), Deed::Describe);
        let described = self.store.describe(key);
        self.noted(asked, None, described, |found| {
            Answered::Described(found.clone())
        })
        .await
    }

    async fn destroy(&self, key: &Key) -> Result<bool> {
        let asked = Asked::Of(key.clone(), Deed::Destroy);
        let destroyed = self.store.destroy(key);
        self.noted(asked, None, destroyed, |done| Answered::Flag(*done))
            .await
    }

    async fn expire(&self, key: &Key, after: Option<Duration>) -> Result<bool> {
        let nanos = after.map(|after| u64::try_from(after.as_nanos()).unwrap_or(u64::MAX));
        let asked = Asked::Of(key.clone(), Deed::Expire(nanos));
        let set = self.store.expire(key, after);
        self.noted(asked, None, set, |done| Answered::Flag(*done))
            .await
    }

    // What is asked to look after objects is not noted: it is of no one moment.

    async fn details(&self, keys: &[Key]) -> Result<Vec<Option<Details>>> {
        self.store.details(keys).await
    }

    async fn stored(&self, key: &Key, count: usize) -> Result<Option<Stored>> {
        self.store.stored(key, count).await
    }

    async fn objects(
        &self,
        namespace: &Namespace,
        place: &[u8],
        count: usize,
    ) -> Result<(Vec<Key>, Option<Bytes>)> {
        self.store.objects(namespace, place, count).await
    }

    async fn namespaces(&self) -> Result<Vec<(Namespace, usize, Life)>> {
        self.store.namespaces().await
    }

    async fn watch(&self, key: &Key) -> Result<Watch> {
        self.store.watch(key).await
    }

    async fn watch_inbox(&self, key: &Key, inbox: &str) -> Result<Watch> {
        self.store.watch_inbox(key, inbox).await
    }

    async fn renew(&self, namespace: &Namespace, lease: Duration) -> Result<()> {
        self.store.renew(namespace, lease).await
    }

    async fn prolong(&self, namespace: &Namespace, lease: Duration) -> Result<bool> {
        self.store.prolong(namespace, lease).await
    }

    async fn clear(&self, namespace: &Namespace, others: bool) -> Result<()> {
        let asked = Asked::Clear(namespace.clone());
        let cleared = self.store.clear(namespace, others);
        self.noted(asked, None, cleared, |()| Answered::Done).await
    }

    async fn quiesce(&self) {
        self.store.quiesce().await;
    }

    fn has_lost(&self, key: &Key) -> bool {
        self.store.has_lost(key)
    }

    async fn together<'a>(&'a self, calls: BoxFuture<'a, ()>) {
        self.store.together(calls).await;
    }

    fn address(&self) -> &str {
        self.store.address()
    }

    fn is_shared(&self) -> bool {
        self.store.is_shared()
    }
}
