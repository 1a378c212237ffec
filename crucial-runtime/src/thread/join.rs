//! Joining: one listener a job, however many threads, and a slow look for those that nothing is heard of.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Mutex as AsyncMutex, oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::completions::{Completions, Progress};
use super::{Ending, Invocation, JoinFailure, Outcome, ThreadId};
use crate::error::{Error, Result};
use crate::runtime::{Runtime, WeakRuntime};
use crate::store::{Change, Watch};

/// A thread whose worker has given no sign of life for so long is lost. Workers give one every [`BEAT`].
const SILENCE: Duration = Duration::from_secs(15);
/// How often a worker says that it is still there.
#[cfg_attr(
    not(feature = "lambda"),
    expect(dead_code, reason = "threads of this process give none")
)]
pub(crate) const BEAT: Duration = Duration::from_secs(3);
/// What a worker gets on top of its time to say itself that it took too long.
const GRACE: Duration = Duration::from_secs(3);
/// How many threads are asked for at a time.
const CHUNK: usize = 1000;

/// The threads that this process started and has not heard the end of.
#[derive(Debug, Default)]
pub(crate) struct Joins {
    // A plain mutex: it guards a map operation and is never held across an await.
    pending: Mutex<HashMap<ThreadId, Pending>>,
    /// What hears of ends. It ends with the tokio runtime that it runs on; the next thread then begins another.
    listener: AsyncMutex<Option<JoinHandle<()>>>,
    /// How many threads are being started.
    launching: watch::Sender<usize>,
}

#[derive(Debug)]
struct Pending {
    /// Its name, for people.
    name: String,
    outcome: oneshot::Sender<Outcome>,
    timeout: Duration,
    /// When to give the thread up; `None` is beyond the clock's range.
    deadline: Option<Instant>,
    /// The last sign of life, and when it was seen.
    heard: Option<(i64, Instant)>,
}

impl Joins {
    /// Starts a task and returns where its outcome will arrive.
    pub(crate) fn start(
        &self,
        runtime: &Runtime,
        task: Invocation,
        timeout: Duration,
    ) -> oneshot::Receiver<Outcome> {
        let (sender, outcome) = oneshot::channel();
        let deadline = Instant::now()
            .checked_add(timeout)
            .and_then(|end| end.checked_add(GRACE));
        self.lock().insert(
            task.id,
            Pending {
                name: task.label.clone(),
                outcome: sender,
                timeout,
                deadline,
                heard: None,
            },
        );
        self.launching.send_modify(|count| *count += 1);
        let launch = Launch {
            runtime: runtime.clone(),
            id: task.id,
            done: false,
        };
        tokio::spawn(launch.run(task));
        outcome
    }

    /// Waits until every thread that was spawned here has been handed to the executor.
    #[cfg(feature = "lambda")]
    pub(crate) async fn settled(&self) {
        // The sender is `self`, so the channel is open.
        let _ = self
            .launching
            .subscribe()
            .wait_for(|count| *count == 0)
            .await;
    }

    /// Writes how a thread ended, unless that has been written, and tells whoever joins it here.
    pub(crate) async fn complete(&self, runtime: &Runtime, id: ThreadId, outcome: Outcome) {
        // Where it is called from, that runtime need not be entered.
        let name = self.lock().get(&id).map(|pending| pending.name.clone());
        let written = runtime.scope(async {
            let completions = Completions::of(runtime.namespace())?;
            match &name {
                Some(name) => completions.complete_named(id, name, &outcome).await,
                None => completions.complete(id, &outcome).await,
            }
        });
        match written.await {
            Ok(true) => self.resolve(id, outcome),
            // Somebody was first; the listener hears of it.
            Ok(false) => {}
            Err(Error::Ended { .. }) => {
                // Nobody is left to ask for it but whoever holds the handle here.
                self.resolve(id, outcome);
            }
            Err(error) => {
                tracing::error!(thread = %id, %error, "the outcome of a cloud thread could not be stored");
                self.resolve(
                    id,
                    Outcome::Ended(JoinFailure::Lost(format!(
                        "its outcome could not be stored: {error}"
                    ))),
                );
            }
        }
    }

    async fn launch(&self, runtime: &Runtime, task: Invocation) {
        let id = task.id;
        // The watch begins before the first thread starts, so that no end goes unheard.
        let started = match self.listen(runtime).await {
            Ok(()) => runtime.executor().start(runtime, task).await,
            Err(error) => Err(JoinFailure::NotStarted(error.to_string())),
        };
        if let Err(failure) = started {
            self.complete(runtime, id, Outcome::Ended(failure)).await;
        }
    }

    /// Begins to listen for the ends of the job's threads, unless somebody does.
    async fn listen(&self, runtime: &Runtime) -> Result<()> {
        let mut listener = self.listener.lock().await;
        if listener.as_ref().is_none_or(JoinHandle::is_finished) {
            *listener = Some(listen(runtime).await?);
        }
        Ok(())
    }

    fn resolve(&self, id: ThreadId, outcome: Outcome) {
        let pending = self.lock().remove(&id);
        if let Some(pending) = pending {
            // Nobody joins a detached thread, which is no fault.
            let _ = pending.outcome.send(outcome);
        }
    }

    async fn heard(&self, completions: &Completions, change: Change) {
        let Change::Hint(hint) = change else {
            return self.look(completions).await;
        };
        match Completions::announced(&hint) {
            Some((id, Some(outcome))) => self.resolve(id, outcome),
            Some((id, None)) => self.look_at(completions, &[id]).await,
            None => {}
        }
    }

    /// Looks for the ends of all threads, and gives up those that are overdue or silent.
    async fn look(&self, completions: &Completions) {
        let ids: Vec<ThreadId> = {
            let mut pending = self.lock();
            pending.retain(|_, pending| !pending.outcome.is_closed());
            pending.keys().copied().collect()
        };
        for ids in ids.chunks(CHUNK) {
            self.look_at(completions, ids).await;
        }
    }

    async fn look_at(&self, completions: &Completions, ids: &[ThreadId]) {
        let progress = match completions.progress(ids).await {
            Ok(progress) => progress,
            // The next look may find the store again; until then the deadline holds.
            Err(error) => {
                tracing::warn!(%error, "the job's completion keys can't be read");
                vec![Progress::Waiting; ids.len()]
            }
        };
        for (id, progress) in ids.iter().zip(progress) {
            let given_up = match progress {
                Progress::Ended(outcome) => {
                    self.resolve(*id, outcome);
                    None
                }
                Progress::Running(beats) => self.overdue(*id, Some(beats)),
                Progress::Waiting => self.overdue(*id, None),
            };
            if let Some(failure) = given_up {
                let outcome = Outcome::Ended(failure);
                match completions.complete(*id, &outcome).await {
                    // It ended in the meantime: the announcement, or the next look, brings the truth.
                    Ok(false) => {}
                    Ok(true) | Err(_) => self.resolve(*id, outcome),
                }
            }
        }
    }

    /// Why the thread is to be given up, if it is.
    fn overdue(&self, id: ThreadId, beats: Option<i64>) -> Option<Ending> {
        let now = Instant::now();
        let mut all = self.lock();
        let pending = all.get_mut(&id)?;
        if pending.deadline.is_some_and(|deadline| now >= deadline) {
            return Some(JoinFailure::TimedOut(pending.timeout));
        }
        match (beats, pending.heard) {
            (Some(beats), Some((before, when))) if beats == before => {
                (now - when > SILENCE).then(|| {
                    JoinFailure::Lost(format!(
                        "its worker has given no sign of life for {SILENCE:?}"
                    ))
                })
            }
            (Some(beats), _) => {
                pending.heard = Some((beats, now));
                None
            }
            (None, _) => None,
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<ThreadId, Pending>> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The start of one thread, which ends with the tokio runtime that it runs on.
struct Launch {
    runtime: Runtime,
    id: ThreadId,
    done: bool,
}

impl Launch {
    async fn run(mut self, task: Invocation) {
        self.runtime.joins().launch(&self.runtime, task).await;
        self.done = true;
    }
}

impl Drop for Launch {
    fn drop(&mut self) {
        let joins = self.runtime.joins();
        joins.launching.send_modify(|count| *count -= 1);
        if !self.done {
            // Nobody will hear of its end: its handle is told by the end of the channel.
            joins.lock().remove(&self.id);
        }
    }
}

/// What hears of the ends of threads. When it is dropped with its tokio runtime, nobody does.
struct Listener {
    runtime: WeakRuntime,
    completions: Completions,
    watch: Watch,
}

impl Drop for Listener {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.upgrade() {
            let unheard = std::mem::take(&mut *runtime.joins().lock());
            // Each handle is told by the end of its channel, which wakes tasks: not under the lock.
            drop(unheard);
        }
    }
}

async fn listen(runtime: &Runtime) -> Result<JoinHandle<()>> {
    let completions = Completions::of(runtime.namespace())?;
    let watch = runtime.store().watch(completions.key()).await?;
    let listener = Listener {
        runtime: runtime.downgrade(),
        completions,
        watch,
    };
    Ok(tokio::spawn(listener.follow()))
}

impl Listener {
    async fn follow(mut self) {
        let mut slow = next_look();
        loop {
            // Announcements are hints and may get lost; a stream of them must not put off the slow look.
            let change = tokio::time::timeout_at(slow, self.watch.changed())
                .await
                .unwrap_or_else(|_| {
                    slow = next_look();
                    Change::Resync
                });
            let Some(runtime) = self.runtime.upgrade() else {
                return;
            };
            runtime
                .scope(runtime.joins().heard(&self.completions, change))
                .await;
        }
    }
}

fn next_look() -> Instant {
    Instant::now() + Duration::from_millis(rand::random_range(500..1000))
}
