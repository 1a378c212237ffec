//! Calls that wait: awakened by announced changes, with a slow look for safety.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout, timeout_at};

use super::{Call, Key, MethodKind, Value};
use crate::chance;
use crate::error::{Error, Result};
use crate::runtime::Runtime;
use crate::store::{Store, Watch};

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
    /// Makes the call until its method is ready for it, at most for `limit`.
    pub(crate) async fn wait(
        &self,
        runtime: &Runtime,
        call: Call,
        limit: Option<Duration>,
    ) -> Result<Value> {
        let limit = limit.unwrap_or(runtime.wait_limit());
        let (key, method) = (call.key.clone(), call.method.name);
        let answer = async {
            if call.method.kind == MethodKind::Read
                && let Some(value) = self.ask_together(runtime, &call).await
            {
                return Ok(value);
            }
            ask(runtime.store().as_ref(), &call).await
        };
        // A limit beyond the clock's range is no limit.
        let Some(deadline) = Instant::now().checked_add(limit) else {
            return answer.await;
        };
        match timeout_at(deadline, answer).await {
            Ok(result) => result,
            Err(_) => Err(Error::TimedOut {
                key,
                method,
                waited: limit,
            }),
        }
    }

    async fn ask_together(&self, runtime: &Runtime, call: &Call) -> Option<Value> {
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
            let (runtime, call) = (runtime.clone(), call.clone());
            tokio::spawn(async move {
                runtime
                    .waits()
                    .answer_all(runtime.store().as_ref(), question, call)
                    .await
            });
        }
        answer.await.ok().flatten()
    }

    /// Asks for as long as anybody waits for the answer.
    async fn answer_all(&self, store: &dyn Store, question: Question, call: Call) {
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
                Some(watch) => changed(watch).await,
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

/// Makes the call, and makes it again after each change, until it is ready.
async fn ask(store: &dyn Store, call: &Call) -> Result<Value> {
    let mut watch: Option<Watch> = None;
    loop {
        if let Poll::Ready(value) = store.call(call.clone()).await? {
            return Ok(value);
        }
        match &mut watch {
            Some(watch) => changed(watch).await,
            // What changed before the watch began was not announced to it: look once more.
            None => watch = Some(store.watch(&call.key).await?),
        }
    }
}

/// The next announcement, or the time for a slow look: announcements are hints and may get lost.
async fn changed(watch: &mut Watch) {
    let slow = Duration::from_secs(1).mul_f64(chance::factor(0.5..1.0));
    let _ = timeout(slow, watch.changed()).await;
}
