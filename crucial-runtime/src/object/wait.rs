//! Calls that wait: awakened by announced changes, with a slow look for safety.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::oneshot;
use tokio::time::timeout;

use super::{Call, Key, Limit, MethodKind, Value};
use crate::chance;
use crate::error::Result;
use crate::runtime::Runtime;
use crate::store::{Change, Store, Watch};

/// Who waits for what in this process.
///
/// Waiters that make the same reading call share one: a barrier with a thousand parties in one
/// process looks once after an announcement, not a thousand times.
#[derive(Debug, Default)]
pub(crate) struct Waits {
    // A plain mutex: it guards a few map operations and is never held across an await.
    shared: Mutex<HashMap<Question, Vec<Waiter>>>,
}

/// A reading call: object, method, arguments.
type Question = (Key, &'static str, Vec<Bytes>);
/// `None` tells the waiter to ask for itself (and to meet the error itself).
type Waiter = oneshot::Sender<Option<Value>>;

impl Waits {
    /// Makes the call until its method is ready for it, within the [limit here](Limit::here).
    pub(crate) async fn wait(&self, runtime: &Runtime, call: Call) -> Result<Value> {
        let limit = Limit::here_of(runtime);
        self.wait_for(runtime, call, Concern::Any, limit).await
    }

    /// The same, by a call that only some announcements concern.
    pub(crate) async fn wait_for(
        &self,
        runtime: &Runtime,
        call: Call,
        concern: Concern,
        limit: Limit,
    ) -> Result<Value> {
        let (key, method) = (call.key.clone(), call.method.name);
        let store = runtime.store().as_ref();
        let answer = if call.method.kind == MethodKind::Read {
            let answer = async {
                if concern.is_shared()
                    && let Some(value) = self.ask_together(runtime, &call, &concern).await
                {
                    return Ok(Some(value));
                }
                ask(store, &call, &concern, None).await
            };
            let heard = if limit.is_zero() {
                None
            } else {
                limit.waiting(answer).await
            };
            match heard {
                Some(answer) => answer?,
                // The others may not have looked since this caller came, or not heard of the change yet.
                None => limit.asking(&key, method, look(store, &call)).await?,
            }
        } else {
            // Cut off on its way, it might take effect after its caller has been told that the time is over.
            ask(store, &call, &concern, Some(&limit)).await?
        };
        answer.ok_or_else(|| limit.error(&key, method))
    }

    async fn ask_together(
        &self,
        runtime: &Runtime,
        call: &Call,
        concern: &Concern,
    ) -> Option<Value> {
        let question = (call.key.clone(), call.method.name, call.args.clone());
        let (waiter, answer) = oneshot::channel();
        let first = match self.lock().entry(question.clone()) {
            Entry::Occupied(mut waiting) => {
                waiting.get_mut().push(waiter);
                false
            }
            Entry::Vacant(vacant) => {
                vacant.insert(vec![waiter]);
                true
            }
        };
        if first {
            let (runtime, call, concern) = (runtime.clone(), call.clone(), concern.clone());
            tokio::spawn(async move {
                runtime
                    .waits()
                    .answer_all(runtime.store().as_ref(), question, call, concern)
                    .await
            });
        }
        answer.await.ok().flatten()
    }

    /// Asks for as long as anybody waits for the answer.
    async fn answer_all(
        &self,
        store: &dyn Store,
        question: Question,
        call: Call,
        concern: Concern,
    ) {
        let mut watch = None;
        loop {
            // Only those who waited before the store was asked get its answer: for others it may be stale.
            let Some(waiters) = self.take_waiters(&question) else {
                return;
            };
            match store.call(call.clone()).await {
                Ok(Poll::Ready(value)) => {
                    for waiter in waiters {
                        let _ = waiter.send(Some(value.clone()));
                    }
                    continue;
                }
                Ok(Poll::Pending) => self
                    .lock()
                    .entry(question.clone())
                    .or_default()
                    .extend(waiters),
                Err(_) => {
                    for waiter in waiters {
                        let _ = waiter.send(None);
                    }
                    continue;
                }
            }
            match &mut watch {
                Some(watch) => changed(watch, &concern).await,
                None => match store.watch(&call.key).await {
                    Ok(started) => watch = Some(started),
                    Err(_) => {
                        for waiter in self.take_waiters(&question).unwrap_or_default() {
                            let _ = waiter.send(None);
                        }
                    }
                },
            }
        }
    }

    /// Those who wait now; `None`, and the question is gone, where nobody does.
    fn take_waiters(&self, question: &Question) -> Option<Vec<Waiter>> {
        let mut shared = self.lock();
        let waiters = shared.get_mut(question)?;
        let mut waiters = std::mem::take(waiters);
        waiters.retain(|waiter| !waiter.is_closed());
        if waiters.is_empty() {
            shared.remove(question);
            return None;
        }
        Some(waiters)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Question, Vec<Waiter>>> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whom a waiting call is about, as announcements name them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Concern {
    /// Every change may be the one.
    Any,
    /// What is announced with that number, which many wait for: the generation of a barrier.
    Number(Bytes),
    /// What is announced with that number, which is the caller's own: its place in a queue. As it
    /// was not ready when it got the number, it need not look before it watches.
    Own(Bytes),
}

impl Concern {
    /// Whether others here may wait for the same.
    fn is_shared(&self) -> bool {
        !matches!(self, Self::Own(_))
    }

    /// Whether that change asks for another look.
    fn is_met_by(&self, change: &Change) -> bool {
        match (self, change) {
            (Self::Any, _) | (_, Change::Resync) => true,
            (Self::Number(number) | Self::Own(number), Change::Hint(hint)) => {
                hint.is_empty()
                    || hint
                        .split(|byte| *byte == b' ')
                        .any(|named| named == number)
            }
        }
    }
}

/// Makes the call once.
async fn look(store: &dyn Store, call: &Call) -> Result<Option<Value>> {
    match store.call(call.clone()).await? {
        Poll::Ready(value) => Ok(Some(value)),
        Poll::Pending => Ok(None),
    }
}

/// Makes the call, and makes it again after each change that concerns it, until it is ready. It is not made again
/// after the limit: nothing is then the answer, and nothing has been done.
async fn ask(
    store: &dyn Store,
    call: &Call,
    concern: &Concern,
    limit: Option<&Limit>,
) -> Result<Option<Value>> {
    let mut watch: Option<Watch> = None;
    if !concern.is_shared() {
        watch = Some(store.watch(&call.key).await?);
    }
    loop {
        if let Some(value) = look(store, call).await? {
            return Ok(Some(value));
        }
        match (&mut watch, limit) {
            (_, Some(limit)) if limit.is_over() => return Ok(None),
            (Some(watch), None) => changed(watch, concern).await,
            (Some(watch), Some(limit)) => {
                if limit.waiting(changed(watch, concern)).await.is_none() {
                    return Ok(None);
                }
            }
            // What changed before the watch began was not announced to it: look once more.
            (None, _) => watch = Some(store.watch(&call.key).await?),
        }
    }
}

/// The next announcement of its concern, or the time for a slow look: announcements are hints and may
/// get lost.
async fn changed(watch: &mut Watch, concern: &Concern) {
    let slow = Duration::from_secs(1).mul_f64(chance::factor(0.5..1.0));
    let heard = async { while !concern.is_met_by(&watch.changed().await) {} };
    let _ = timeout(slow, heard).await;
}
