//! Handles events one at a time, and keeps warm between them what the next one can use.

use std::fmt::Display;
use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::Value;
use tokio::sync::{Mutex as AsyncMutex, OnceCell, oneshot};
use tokio::task::AbortHandle;
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep, timeout};

use super::event::{Event, EventError, Hello, Packed};
use super::{parcel, run};
use crate::config::Builder;
use crate::error::Error;
use crate::executor::Executor;
use crate::job::LEASE;
use crate::object::Namespace;
use crate::runtime::{Limits, Runtime};
use crate::store::Store;
use crate::thread::{BEAT, Completions, Invocation, JoinFailure, Outcome, ThreadId};

/// What is left of a function's time for saying that it is over.
const MARGIN: Duration = Duration::from_millis(1500);
/// What a thread that took too long gets to notice, before it is left behind.
const CUT: Duration = Duration::from_secs(1);

/// One worker: it handles events one at a time.
#[derive(Debug)]
pub(crate) struct Worker {
    pub(super) builder: Builder,
    /// The store, and the limits that it keeps.
    store: AsyncMutex<Option<(Limits, Arc<dyn Store>)>>,
    executor: OnceCell<Arc<dyn Executor>>,
    /// The job of the event before, which most likely is that of the next one as well.
    // A plain mutex: it guards one look and is never held across an await.
    job: Mutex<Option<Runtime>>,
    /// The thread that runs, and whose sender is dropped when it has ended.
    // A plain mutex: it guards one look and is never held across an await.
    thread: Mutex<Option<(AbortHandle, oneshot::Receiver<()>)>>,
    /// The thread whose end a panic writes that ends the process, and its job.
    pub(super) last: Mutex<Option<(ThreadId, Namespace)>>,
    retired: AtomicBool,
}

/// Why an event was not handled, for the function's log and for whoever waits for the answer.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) kind: &'static str,
    pub(super) message: String,
}

impl Failure {
    pub(super) fn new(kind: &'static str, message: impl Display) -> Self {
        let message = message.to_string();
        Self { kind, message }
    }
}

impl From<EventError> for Failure {
    fn from(error: EventError) -> Self {
        Self::new("Crucial.Event", error)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::new("Crucial.Error", error)
    }
}

impl Worker {
    pub(crate) fn new(builder: Builder) -> Self {
        Self {
            builder,
            store: AsyncMutex::new(None),
            executor: OnceCell::new(),
            job: Mutex::new(None),
            thread: Mutex::new(None),
            last: Mutex::new(None),
            retired: AtomicBool::new(false),
        }
    }

    /// Whether a thread that was cut off may still be running here: the process is not to be used again.
    pub(crate) fn retired(&self) -> bool {
        self.retired.load(Ordering::Relaxed)
    }

    /// Stops the thread that runs here and ends its job, whose driver is gone: nobody else would.
    ///
    /// Each worker of a job does so after its own thread has stopped, so the last of them leaves nothing behind.
    pub(crate) async fn end_job(&self) {
        let thread = lock(&self.thread).take();
        if let Some((thread, ended)) = thread {
            thread.abort();
            // One that does not yield goes on until the process ends.
            let _ = timeout(CUT, ended).await;
        }
        let Some(runtime) = lock(&self.job).take() else {
            return;
        };
        let job = runtime.namespace();
        if let Err(error) = runtime.store().clear(job, false).await {
            tracing::warn!(%error, %job, "a job whose driver is gone could not be ended");
        }
    }

    /// Connects to the store ahead of the first event.
    pub(super) async fn warm(&self) {
        if let Err(error) = self.store().await {
            // The first event tries again and tells its caller.
            tracing::warn!(%error, "the worker has no store yet");
        }
    }

    /// Handles one event; `deadline_ms` is when the function's time is over, in milliseconds since 1970.
    pub(super) async fn handle(&self, event: Value, deadline_ms: u64) -> Result<Value, Failure> {
        let deadline_ms = deadline_ms.saturating_sub(ms(MARGIN));
        match Event::read(event)? {
            Event::Run(packed) => self.run(*packed, deadline_ms).await.map(|()| Value::Null),
            Event::Hello(hello) => self.greet(&hello).await,
            Event::ByHand(call) => self.by_hand(call, deadline_ms).await,
        }
    }

    async fn greet(&self, hello: &Hello) -> Result<Value, Failure> {
        let store = self.store().await?;
        check(store.as_ref(), &hello.job, &hello.store).await?;
        Ok(Hello::answer())
    }

    async fn run(&self, packed: Packed, deadline_ms: u64) -> Result<(), Failure> {
        let Packed { mut task, parcel } = packed;
        let store = self.store_within(task.limits).await?;
        check(store.as_ref(), &task.job, &task.store).await?;
        let runtime = self.runtime(&task).await?;
        task.deadline_ms = task.deadline_ms.min(deadline_ms);
        let _entered = runtime.enter();
        // The thread may outlive the driver, and needs its objects until it is done.
        let _kept = runtime
            .job()
            .keep(Arc::clone(runtime.store()), runtime.limits().job);
        runtime
            .scope(self.run_once(&runtime, task, parcel))
            .await
            .map_err(Failure::from)
    }

    /// Runs a thread, unless this try of it has been taken, and writes how it ended.
    async fn run_once(
        &self,
        runtime: &Runtime,
        mut task: Invocation,
        parcel: bool,
    ) -> Result<(), Error> {
        let (id, job) = (task.id, task.job.clone());
        let threads = Completions::of(&job)?;
        if !threads.begin(id, task.attempt, &task.label).await? {
            tracing::debug!(thread = %id, "the event was delivered before");
            return Ok(());
        }
        let args = if parcel {
            parcel::take(&job, id).await.map(|args| task.args = args)
        } else {
            Ok(())
        };
        let outcome = match args {
            Ok(()) => self.supervise(runtime, &threads, task).await,
            Err(error) => Some(Outcome::Ended(JoinFailure::NotStarted(format!(
                "its arguments are not in the store: {error}"
            )))),
        };
        if let Some(outcome) = outcome {
            complete(&threads, id, outcome).await?;
        }
        // The process may be frozen once the handler has returned.
        runtime.joins().settled().await;
        runtime.take_leave().await;
        runtime.store().quiesce().await;
        Ok(())
    }

    /// Runs a thread and gives signs of life for it; `None` where it was given up meanwhile.
    async fn supervise(
        &self,
        runtime: &Runtime,
        threads: &Completions,
        task: Invocation,
    ) -> Option<Outcome> {
        let (id, limit) = (task.id, task.time_left());
        let running = {
            let runtime = runtime.clone();
            async move { run::run(&runtime, task).await }
        };
        *lock(&self.last) = Some((id, runtime.namespace().clone()));
        let outcome = self.bounded(running, limit, given_up(threads, id)).await;
        *lock(&self.last) = None;
        outcome
    }

    /// Runs a thread until its time is over or it is given up (`None`). The process is then retired,
    /// since a thread that does not yield can't be stopped.
    pub(super) async fn bounded(
        &self,
        running: impl Future<Output = Outcome> + Send + 'static,
        limit: Duration,
        given_up: impl Future<Output = ()>,
    ) -> Option<Outcome> {
        // A tokio task of its own: one that never yields must not keep the signs of life from being given.
        let (ending, ended) = oneshot::channel();
        let mut thread = tokio::spawn(async move {
            let _ending: oneshot::Sender<()> = ending;
            running.await
        });
        *lock(&self.thread) = Some((thread.abort_handle(), ended));
        let outcome = tokio::select! {
            outcome = &mut thread => {
                // It does not panic and nobody aborts it.
                Some(outcome.unwrap_or_else(|error| {
                    Outcome::Ended(JoinFailure::Lost(format!("its task ended early: {error}")))
                }))
            }
            () = given_up => None,
            () = sleep(limit + CUT) => Some(Outcome::Ended(JoinFailure::TimedOut(limit))),
        };
        if matches!(
            outcome,
            None | Some(Outcome::Ended(JoinFailure::TimedOut(_)))
        ) {
            thread.abort();
            self.retired.store(true, Ordering::Relaxed);
        }
        outcome
    }

    /// The store, whichever limits it keeps.
    async fn store(&self) -> Result<Arc<dyn Store>, Error> {
        if let Some((_, store)) = &*self.store.lock().await {
            return Ok(Arc::clone(store));
        }
        self.store_within(self.builder.limits()).await
    }

    /// The store with those limits: that of the event before, if it has them, or one connected anew.
    pub(super) async fn store_within(&self, limits: Limits) -> Result<Arc<dyn Store>, Error> {
        let mut kept = self.store.lock().await;
        if let Some((within, store)) = &*kept
            && within.of_store() == limits.of_store()
        {
            return Ok(Arc::clone(store));
        }
        let store = self.builder.clone().within(limits).connect_store().await?;
        *kept = Some((limits, Arc::clone(&store)));
        Ok(store)
    }

    pub(super) async fn executor(&self) -> Result<&Arc<dyn Executor>, Error> {
        self.executor
            .get_or_try_init(|| self.builder.start_executor())
            .await
    }

    /// The runtime of that job.
    async fn runtime(&self, task: &Invocation) -> Result<Runtime, Error> {
        let warm = {
            let job = lock(&self.job);
            job.clone().filter(|runtime| {
                *runtime.namespace() == task.job
                    && *runtime.application() == task.application
                    && runtime.limits() == task.limits
            })
        };
        if let Some(runtime) = warm {
            return Ok(runtime);
        }
        let (store, executor) = (
            self.store_within(task.limits).await?,
            self.executor().await?,
        );
        let runtime = self
            .builder
            .clone()
            .within(task.limits)
            .join(task.job.clone())
            .application(task.application.as_str())
            .build_on(store, Arc::clone(executor))
            .await?;
        *lock(&self.job) = Some(runtime.clone());
        Ok(runtime)
    }
}

/// Refuses a job that the store of this worker does not know.
pub(super) async fn check(
    store: &dyn Store,
    job: &Namespace,
    callers: &str,
) -> Result<(), Failure> {
    let own = store.address();
    let callers = match callers {
        "" => String::new(),
        address => format!(" (the caller's is {address})"),
    };
    if !store.is_shared() {
        return Err(Failure::new(
            "Crucial.Store",
            format!(
                "this worker's store is `{own}`, which no other process reaches{callers}; set CRUCIAL_STORE in the function's environment to the same server as the caller's"
            ),
        ));
    }
    if !store.prolong(job, LEASE).await? {
        return Err(Failure::new(
            "Crucial.Store",
            format!(
                "the store at {own} knows no job `{job}`: either the job has ended, or the function's CRUCIAL_STORE and the caller's are not the same server{callers}"
            ),
        ));
    }
    Ok(())
}

/// Writes how a thread ended; what can't be written is written shorter.
pub(super) async fn complete(
    threads: &Completions,
    id: ThreadId,
    outcome: Outcome,
) -> Result<(), Error> {
    let Err(error) = threads.complete(id, &outcome).await else {
        return Ok(());
    };
    let lost = JoinFailure::Lost(format!("its outcome could not be stored: {error}"));
    threads.complete(id, &Outcome::Ended(lost)).await.map(drop)
}

/// Gives signs of life for a thread until somebody has written its end.
async fn given_up(threads: &Completions, id: ThreadId) {
    let mut beats = interval_at(Instant::now() + BEAT, BEAT);
    // One that took long is not made up for by many at once.
    beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        beats.tick().await;
        match threads.beat(id).await {
            Ok(true) => {}
            Ok(false) => return,
            // The thread runs on: the store may be back in time for its end.
            Err(error) => {
                tracing::warn!(thread = %id, %error, "a sign of life did not get through")
            }
        }
    }
}

pub(super) fn lock<T>(place: &Mutex<T>) -> MutexGuard<'_, T> {
    place.lock().unwrap_or_else(PoisonError::into_inner)
}

fn ms(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
