//! Objects in this process: the reference that other stores are measured against.

mod kept;
mod slot;
#[cfg(test)]
#[path = "../../unit/store/embedded/tests.rs"]
mod tests;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, PoisonError, RwLock};
use std::task::Poll;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use tokio::time::Instant;

use self::kept::Kept;
use self::slot::Slot;
use super::{Change, Changes, Description, Details, Life, Store, Stored, Watch};
use crate::error::{Error, Result};
use crate::object::{Call, Key, MethodKind, Namespace, Value, milliseconds};
use crate::runtime::Limits;

/// Objects in this process. They end with it.
#[derive(Debug)]
pub(crate) struct EmbeddedStore {
    limits: Limits,
    // Read-locked by every call for one look-up, write-locked only where an object is first named or a job ends.
    slots: RwLock<HashMap<Key, Arc<Slot>>>,
}

impl EmbeddedStore {
    /// An empty store.
    #[must_use]
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            limits,
            slots: RwLock::default(),
        }
    }

    fn slot(&self, key: &Key) -> Arc<Slot> {
        if let Some(slot) = self.present(key) {
            return slot;
        }
        let mut slots = self.slots.write().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(slots.entry(key.clone()).or_default())
    }
}

impl EmbeddedStore {
    /// The slot of that key, if it has ever been asked for: whoever only looks makes none.
    fn present(&self, key: &Key) -> Option<Arc<Slot>> {
        let slots = self.slots.read().unwrap_or_else(PoisonError::into_inner);
        slots.get(key).map(Arc::clone)
    }

    /// The keys of the objects that there are.
    fn living(&self) -> Vec<Key> {
        let slots = self.slots.read().unwrap_or_else(PoisonError::into_inner);
        let living = slots.iter().filter(|(_, slot)| slot.is_taken());
        living.map(|(key, _)| key.clone()).collect()
    }
}

#[async_trait]
impl Store for EmbeddedStore {
    async fn call(&self, call: Call) -> Result<Poll<Value>> {
        let slot = self.slot(&call.key);
        let (result, hint) = {
            let mut place = slot
                .turn(&call.key, call.method.name, self.limits.method)
                .await?;
            if place.is_none()
                && (call.object.implicit
                    || (call.method.kind == MethodKind::Read && call.object.script.is_some()))
            {
                // As on a server: nothing stored reads as an empty collection.
                let init = Call {
                    args: Vec::new(),
                    ..call.clone()
                };
                let description = Description {
                    object: call.object.name.to_owned(),
                    detail: call.object.name.to_owned(),
                };
                let mut fresh = Kept::new(&init, description, self.limits.value_bytes)?;
                let result = fresh.call(&call)?;
                let hint = fresh.announcement(&call, &result);
                if call.object.implicit {
                    *place = Some(fresh);
                }
                (result, hint)
            } else {
                let kept = place.as_mut().ok_or_else(|| Error::NotFound {
                    key: call.key.clone(),
                    lost: false,
                })?;
                let result = kept.call(&call)?;
                let hint = kept.announcement(&call, &result);
                (result, hint)
            }
        };
        if let Some(hint) = hint {
            slot.changes.announce(Change::Hint(hint));
        }
        Ok(result)
    }

    async fn create(&self, init: Call, description: Description) -> Result<bool> {
        let slot = self.slot(&init.key);
        {
            let mut place = slot.turn(&init.key, "create", self.limits.method).await?;
            if place.is_some() {
                return Ok(false);
            }
            *place = Some(Kept::new(&init, description, self.limits.value_bytes)?);
        }
        slot.changes.announce(Change::Resync);
        Ok(true)
    }

    async fn describe(&self, key: &Key) -> Result<Option<Description>> {
        let slot = self.slot(key);
        let place = slot.turn(key, "describe", self.limits.method).await?;
        Ok(place.as_ref().map(|kept| kept.description.clone()))
    }

    async fn destroy(&self, key: &Key) -> Result<bool> {
        let slot = self.slot(key);
        let mut place = slot.turn(key, "destroy", self.limits.method).await?;
        let existed = place.take().is_some();
        drop(place);
        if existed {
            slot.changes.announce(Change::Resync);
        }
        Ok(existed)
    }

    async fn expire(&self, key: &Key, after: Option<Duration>) -> Result<bool> {
        let slot = self.slot(key);
        let mut place = slot.turn(key, "expire", self.limits.method).await?;
        let Some(kept) = place.as_mut() else {
            return Ok(false);
        };
        kept.expires =
            after.map(|after| Instant::now() + Duration::from_millis(milliseconds(after)));
        Ok(true)
    }

    async fn details(&self, keys: &[Key]) -> Result<Vec<Option<Details>>> {
        let mut all = Vec::with_capacity(keys.len());
        for key in keys {
            let Some(slot) = self.present(key) else {
                all.push(None);
                continue;
            };
            let place = slot.turn(key, "details", self.limits.method).await?;
            all.push(place.as_ref().map(Kept::details));
        }
        Ok(all)
    }

    async fn stored(&self, key: &Key, _: usize) -> Result<Option<Stored>> {
        let Some(slot) = self.present(key) else {
            return Ok(None);
        };
        let place = slot.turn(key, "stored", self.limits.method).await?;
        let state = place.as_ref().map(Kept::stored).transpose();
        state
            .map(|state| state.map(Stored::State))
            .map_err(|error| Error::Corrupt {
                key: key.clone(),
                reason: error.to_string(),
            })
    }

    async fn objects(
        &self,
        namespace: &Namespace,
        place: &[u8],
        count: usize,
    ) -> Result<(Vec<Key>, Option<Bytes>)> {
        // The place of the next page is the last name of this one: names begin with no slash of their own.
        let after = place.strip_prefix(b"/");
        let mut keys: Vec<Key> = self
            .living()
            .into_iter()
            .filter(|key| key.namespace() == namespace.as_str())
            .filter(|key| after.is_none_or(|after| key.object().as_bytes() > after))
            .collect();
        keys.sort_unstable();
        let more = keys.len() > count;
        keys.truncate(count);
        let last = keys.last().filter(|_| more);
        let next = last.map(|last| [b"/", last.object().as_bytes()].concat().into());
        Ok((keys, next))
    }

    async fn namespaces(&self) -> Result<Vec<(Namespace, usize, Life)>> {
        let mut counts = BTreeMap::new();
        for key in self.living() {
            *counts.entry(Namespace::new(key.namespace())?).or_insert(0) += 1;
        }
        let counts = counts.into_iter();
        Ok(counts
            .map(|(namespace, objects)| (namespace, objects, Life::Process))
            .collect())
    }

    async fn watch(&self, key: &Key) -> Result<Watch> {
        Ok(self.slot(key).changes.watch(None))
    }

    async fn watch_inbox(&self, _: &Key, _: &str) -> Result<Watch> {
        // Here all watchers hear everything.
        Ok(Changes::default().watch(None))
    }

    async fn renew(&self, _: &Namespace, _: Duration) -> Result<()> {
        // Objects of this process can't outlive the process that would renew them.
        Ok(())
    }

    async fn prolong(&self, _: &Namespace, _: Duration) -> Result<bool> {
        Ok(true)
    }

    async fn clear(&self, namespace: &Namespace, _: bool) -> Result<()> {
        let mut slots = self.slots.write().unwrap_or_else(PoisonError::into_inner);
        slots.retain(|key, _| key.namespace() != namespace.as_str());
        Ok(())
    }

    async fn quiesce(&self) {
        // Calls end before they return.
    }

    fn address(&self) -> &str {
        "embedded:"
    }

    fn is_shared(&self) -> bool {
        false
    }
}
