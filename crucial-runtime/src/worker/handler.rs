//! Handles events one at a time, and keeps warm between them what the next one can use.

use std::fmt::Display;
use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;
use tokio::sync::OnceCell;
use tokio::time::{Instant, interval_at, sleep};

use super::event::{Event, EventError, Hello, Packed};
use super::{parcel, run};
use crate::config::Builder;
use crate::error::Error;
use crate::executor::Executor;
use crate::job::LEASE;
use crate::object::Namespace;
use crate::runtime::Runtime;
use crate::store::Store;
use crate::thread::{BEAT, Completions, Invocation, JoinFailure, Outcome, ThreadId};

/// What is left of a function's time for saying that it is over.
const MARGIN: Duration = Duration::from_millis(1500);
/// What a thread that took too long gets to notice, before it is left behind.
const CUT: Duration = Duration::from_secs(1);

/// One worker: it handles events one at a time.
#[derive(Debug)]
pub(super) struct Worker {
    pub(super) builder: Builder,
    store: OnceCell<Arc<dyn Store>>,
    executor: OnceCell<Arc<dyn Executor>>,
    /// The job of the event before, which most likely is that of the next one as well.
    // A plain mutex: it guards one look and is never held across an await.
    job: Mutex<Option<Runtime>>,
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
    pub(super) fn new(builder: Builder) -> Self {
        Self {
            builder,
            store: OnceCell::new(),
            executor: OnceCell::new(),
            job: Mutex::new(None),
            retired: AtomicBool::new(false),
        }
    }

    /// Whether a thread that was cut off may still be running here: the process is not to be used again.
    pub(super) fn retired(&self) -> bool {
        self.retired.load(Ordering::Relaxed)
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
            Event::Run(packed) => self.run(packed, deadline_ms).await.map(|()| Value::Null),
            Event::Hello(hello) => self.greet(&hello).await,
            Event::ByHand(call) => self.by_hand(call, deadline_ms).await,
        }
    }

    async fn greet(&self, hello: &Hello) -> Result<Value, Failure> {
        self.check(&hello.job, &hello.store).await?;
        Ok(Hello::answer())
    }

    async fn run(&self, packed: Packed, deadline_ms: u64) -> Result<(), Failure> {
        let Packed { mut task, parcel } = packed;
        self.check(&task.job, &task.store).await?;
        let runtime = self.runtime(&task).await?;
        task.deadline_ms = task.deadline_ms.min(deadline_ms);
        let _entered = runtime.enter();
        // The thread may outlive the driver, and needs its objects until it is done.
        let _kept = runtime.job().keep(Arc::clone(runtime.store()), LEASE);
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
        if !threads.begin(id, task.attempt).await? {
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
        self.bounded(running, limit, given_up(threads, id)).await
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
        let mut thread = tokio::spawn(running);
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

    /// Refuses a job that the store of this worker does not know.
    pub(super) async fn check(&self, job: &Namespace, callers: &str) -> Result<(), Failure> {
        let store = self.store().await?;
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

    pub(super) async fn store(&self) -> Result<&Arc<dyn Store>, Error> {
        self.store
            .get_or_try_init(|| self.builder.connect_store())
            .await
    }

    pub(super) async fn executor(&self) -> Result<&Arc<dyn Executor>, Error> {
        self.executor
            .get_or_try_init(|| self.builder.start_executor())
            .await
    }

    /// The runtime of that job.
    async fn runtime(&self, task: &Invocation) -> Result<Runtime, Error> {
        let warm = {
            let job = self.job.lock().unwrap_or_else(PoisonError::into_inner);
            job.clone().filter(|runtime| {
                *runtime.namespace() == task.job && *runtime.application() == task.application
            })
        };
        if let Some(runtime) = warm {
            return Ok(runtime);
        }
        let (store, executor) = (self.store().await?, self.executor().await?);
        let runtime = self
            .builder
            .clone()
            .join(task.job.clone())
            .application(task.application.as_str())
            .build_on(Arc::clone(store), Arc::clone(executor))
            .await?;
        *self.job.lock().unwrap_or_else(PoisonError::into_inner) = Some(runtime.clone());
        Ok(runtime)
    }
}

/// Writes how a thread ended; what can't be written is written shorter.
async fn complete(threads: &Completions, id: ThreadId, outcome: Outcome) -> Result<(), Error> {
    let Err(error) = threads.complete(id, &outcome).await else {
        return Ok(());
    };
    let lost = JoinFailure::Lost(format!("its outcome could not be stored: {error}"));
    threads.complete(id, &Outcome::Ended(lost)).await.map(drop)
}

/// Gives signs of life for a thread until somebody has written its end.
async fn given_up(threads: &Completions, id: ThreadId) {
    let mut beats = interval_at(Instant::now() + BEAT, BEAT);
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

fn ms(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
