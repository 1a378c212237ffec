//! Objects in this process: the reference that other stores are measured against.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::task::Poll;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use bytes::Bytes;

use super::{Change, Changes, Description, Store, Watch};
use crate::error::{Error, Result};
use crate::object::{Call, Key, MethodKind, Namespace, ObjectType, Refusal, State, Value};

/// Objects in this process. They end with it.
#[derive(Debug, Default)]
pub(crate) struct EmbeddedStore {
    // Read-locked by every call for one look-up, write-locked only where an object is first named or a job ends.
    slots: RwLock<HashMap<Key, Arc<Slot>>>,
}

/// The place of one object, which outlasts the object for whoever watches it.
#[derive(Debug, Default)]
struct Slot {
    // Held while a method runs: that is what makes methods atomic. Never held across an await.
    kept: Mutex<Option<Kept>>,
    changes: Changes,
}

/// One object.
struct Kept {
    object: &'static ObjectType,
    description: Description,
    state: State,
    /// The state after the last update, which a user's method that panics or waits goes back to.
    /// The library's own methods leave the state alone in those cases and need none.
    committed: Option<Bytes>,
    expires: Option<Instant>,
}

impl std::fmt::Debug for Kept {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Kept")
            .field("description", &self.description)
            .finish_non_exhaustive()
    }
}

impl EmbeddedStore {
    /// An empty store.
    #[must_use]
    pub(crate) fn new() -> Self {
        Self::default()
    }

    fn slot(&self, key: &Key) -> Arc<Slot> {
        if let Some(slot) = self
            .slots
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(key)
        {
            return Arc::clone(slot);
        }
        let mut slots = self.slots.write().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(slots.entry(key.clone()).or_default())
    }
}

impl Slot {
    /// The object, unless it has expired.
    fn lock(&self) -> MutexGuard<'_, Option<Kept>> {
        // A method that panics is caught inside; the lock is poisoned by nothing.
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.as_ref().is_some_and(|kept| {
            kept.expires
                .is_some_and(|expires| expires <= Instant::now())
        }) {
            *kept = None;
        }
        kept
    }
}

impl Kept {
    fn new(init: &Call, description: Description) -> Result<Self> {
        let corrupt = |reason: String| Error::Corrupt {
            key: init.key.clone(),
            reason,
        };
        let state = init
            .object
            .init(&init.args)
            .map_err(|refusal| Error::refused(&init.key, "init", refusal))?;
        let committed = match init.object.script {
            Some(_) => None,
            None => Some(
                init.object
                    .encode(&state)
                    .map_err(|error| corrupt(error.to_string()))?,
            ),
        };
        Ok(Self {
            object: init.object,
            description,
            state,
            committed,
            expires: None,
        })
    }

    fn call(&mut self, call: &Call) -> Result<Poll<Value>> {
        if self.object.name != call.object.name {
            return Err(Error::WrongType {
                key: call.key.clone(),
                expected: format!("a `{}`", call.object.name),
                found: format!("a `{}`", self.description.detail),
            });
        }
        let result = self.object.apply(&mut self.state, call.method, &call.args);
        if call.method.kind != MethodKind::Read && self.committed.is_some() {
            self.settle(call, matches!(result, Ok(Poll::Ready(_))))?;
        }
        if let Err(Refusal::Panicked(_)) = &result {
            self.settle(call, false)?;
        }
        result.map_err(|refusal| Error::refused(&call.key, call.method.name, refusal))
    }

    /// What watchers are told of that call.
    fn announcement(&mut self, call: &Call, result: &Poll<Value>) -> Option<Bytes> {
        match result {
            Poll::Ready(reply) if call.method.kind != MethodKind::Read => {
                self.object.announcement(&mut self.state, call, reply)
            }
            _ => None,
        }
    }

    /// Keeps what the call did, or goes back to what was before it.
    fn settle(&mut self, call: &Call, keep: bool) -> Result<()> {
        let corrupt = |error: crate::codec::CodecError| Error::Corrupt {
            key: call.key.clone(),
            reason: error.to_string(),
        };
        let Some(committed) = &mut self.committed else {
            return Ok(());
        };
        if keep {
            match self.object.encode(&self.state) {
                Ok(bytes) => *committed = bytes,
                Err(error) => {
                    self.state = self.object.decode(committed).map_err(corrupt)?;
                    return Err(corrupt(error));
                }
            }
        } else {
            self.state = self.object.decode(committed).map_err(corrupt)?;
        }
        Ok(())
    }
}

#[async_trait]
impl Store for EmbeddedStore {
    async fn call(&self, call: Call) -> Result<Poll<Value>> {
        let slot = self.slot(&call.key);
        let (result, hint) = {
            let mut place = slot.lock();
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
                let mut fresh = Kept::new(&init, description)?;
                let result = fresh.call(&call)?;
                let hint = fresh.announcement(&call, &result);
                if call.object.implicit {
                    *place = Some(fresh);
                }
                (result, hint)
            } else {
                let kept = place.as_mut().ok_or_else(|| Error::NotFound {
                    key: call.key.clone(),
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
            let mut place = slot.lock();
            if place.is_some() {
                return Ok(false);
            }
            *place = Some(Kept::new(&init, description)?);
        }
        slot.changes.announce(Change::Resync);
        Ok(true)
    }

    async fn describe(&self, key: &Key) -> Result<Option<Description>> {
        Ok(self
            .slot(key)
            .lock()
            .as_ref()
            .map(|kept| kept.description.clone()))
    }

    async fn destroy(&self, key: &Key) -> Result<bool> {
        let slot = self.slot(key);
        let existed = slot.lock().take().is_some();
        if existed {
            slot.changes.announce(Change::Resync);
        }
        Ok(existed)
    }

    async fn expire(&self, key: &Key, after: Option<Duration>) -> Result<bool> {
        let slot = self.slot(key);
        let mut place = slot.lock();
        let Some(kept) = place.as_mut() else {
            return Ok(false);
        };
        kept.expires = after.and_then(|after| Instant::now().checked_add(after));
        Ok(true)
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

    async fn knows(&self, _: &Namespace) -> Result<bool> {
        Ok(true)
    }

    async fn clear(&self, namespace: &Namespace) -> Result<()> {
        let mut slots = self.slots.write().unwrap_or_else(PoisonError::into_inner);
        slots.retain(|key, _| key.namespace() != namespace.as_str());
        Ok(())
    }

    fn address(&self) -> &str {
        "embedded:"
    }

    fn is_shared(&self) -> bool {
        false
    }
}
