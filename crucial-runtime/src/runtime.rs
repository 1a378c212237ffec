//! A job's store, executor and names, found by proxies wherever they are used.

mod current;

use std::sync::{Arc, Weak};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::config::Builder;
use crate::error::Result;
use crate::executor::Executor;
use crate::job::Job;
use crate::object::{Errands, Inboxes, Leases, Namespace, Waits};
use crate::store::Store;
use crate::thread::Joins;

pub use current::Entered;
pub(crate) use current::{block_on, current};

/// What runs a job: where its objects live, where its threads run, and what both are called.
///
/// Cheap to clone. [`#[crucial::main]`](crate::main) makes one from the environment; tests and
/// embedders build one and enter it:
///
/// ```
/// # #[tokio::main] async fn main() -> crucial::Result<()> {
/// let runtime = crucial::Runtime::builder().store("embedded:").build().await?;
/// let _entered = runtime.enter();
/// let hits = crucial::Atomic::<u64>::create("hits", 0).await?;
/// assert_eq!(hits.fetch_add(1).await?, 0);
/// runtime.shutdown().await
/// # }
/// ```
///
/// What it does in the background (renewing leases, hearing announcements, waiting for threads) runs on the tokio
/// runtime that needed it first, as a rule the one that it was built on. Use it from that one; from others only while
/// that one lives.
#[derive(Debug, Clone)]
pub struct Runtime(Arc<Inner>);

/// A runtime that background tasks use for as long as others keep it.
#[derive(Debug, Clone)]
pub(crate) struct WeakRuntime(Weak<Inner>);

impl WeakRuntime {
    pub(crate) fn upgrade(&self) -> Option<Runtime> {
        self.0.upgrade().map(Runtime)
    }
}

#[derive(Debug)]
struct Inner {
    store: Arc<dyn Store>,
    executor: Arc<dyn Executor>,
    job: Job,
    application: Namespace,
    limits: Limits,
    waits: Waits,
    leases: Leases,
    inboxes: Inboxes,
    errands: Errands,
    joins: Joins,
}

/// How long and how large things may get. They are the job's: its threads take them along.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Limits {
    pub(crate) wait: Duration,
    pub(crate) thread: Duration,
    pub(crate) value_bytes: usize,
    /// How long one method of an object may run.
    pub(crate) method: Duration,
    /// How long a process that runs the calls of others may give no sign of life.
    pub(crate) lead: Duration,
    pub(crate) lease: Duration,
    /// How long a job lives on without a sign of its driver.
    pub(crate) job: Duration,
}

impl Runtime {
    /// A runtime to be set up by hand; nothing is read from the environment.
    ///
    /// ```
    /// # #[tokio::main] async fn main() -> crucial::Result<()> {
    /// let runtime = crucial::Runtime::builder().namespace("tuesday").build().await?;
    /// let hits = runtime.scope(crucial::Atomic::create("hits", 0)).await?;
    /// assert_eq!(hits.key().as_str(), "tuesday/hits");
    /// # Ok(()) }
    /// ```
    pub fn builder() -> Builder {
        Builder::new()
    }

    /// A runtime as the environment asks for: `CRUCIAL_STORE`, `CRUCIAL_EXECUTOR` and the rest.
    ///
    /// ```
    /// # #[tokio::main] async fn main() -> crucial::Result<()> {
    /// let runtime = crucial::Runtime::from_env().await?;
    /// let _entered = runtime.enter();
    /// let hits = crucial::Atomic::create("hits", 0).await?;
    /// assert_eq!(hits.key().namespace(), runtime.namespace().as_str());
    /// runtime.shutdown().await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Config`](crate::Error::Config) for settings that make no sense (alone or together), and
    /// [`Error::Unreachable`](crate::Error::Unreachable), [`Error::Login`](crate::Error::Login), [`Error::Unsupported`](crate::Error::Unsupported) of the store.
    pub async fn from_env() -> Result<Self> {
        Builder::from_env()?.build().await
    }

    pub(crate) fn new(
        store: Arc<dyn Store>,
        executor: Arc<dyn Executor>,
        job: Job,
        application: Namespace,
        limits: Limits,
    ) -> Self {
        let (waits, joins) = (Waits::default(), Joins::default());
        let (leases, errands) = (
            Leases::new(job.namespace(), limits.lease),
            Errands::default(),
        );
        let inboxes = Inboxes::new();
        Self(Arc::new(Inner {
            store,
            executor,
            job,
            application,
            limits,
            waits,
            leases,
            inboxes,
            errands,
            joins,
        }))
    }

    /// The runtime of the current task.
    ///
    /// ```
    /// use crucial::{Error, Runtime};
    ///
    /// # #[tokio::main] async fn main() -> crucial::Result<()> {
    /// assert!(matches!(Runtime::current(), Err(Error::NoRuntime)));
    /// let runtime = Runtime::builder().build().await?;
    /// let _entered = runtime.enter();
    /// assert_eq!(Runtime::current()?.namespace(), runtime.namespace());
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::NoRuntime`](crate::Error::NoRuntime) where none was entered.
    pub fn current() -> Result<Self> {
        current()
    }

    /// Makes this the runtime of everything that runs on the current tokio runtime, until the guard is dropped.
    ///
    /// ```
    /// # use crucial::Runtime;
    /// # #[tokio::main] async fn main() -> crucial::Result<()> {
    /// let runtime = Runtime::builder().build().await?;
    /// let entered = runtime.enter();
    /// let spawned = tokio::spawn(async { Runtime::current() });
    /// assert!(spawned.await.is_ok_and(|found| found.is_ok())); // tasks find it too
    /// drop(entered);
    /// assert!(Runtime::current().is_err());
    /// # Ok(()) }
    /// ```
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime.
    #[must_use = "the runtime is left when the guard is dropped"]
    pub fn enter(&self) -> Entered {
        Entered::new(self.clone())
    }

    /// Makes this the runtime of one future (but not of what it starts with `tokio::spawn`).
    ///
    /// ```
    /// # use crucial::{Atomic, Runtime};
    /// # #[tokio::main] async fn main() -> crucial::Result<()> {
    /// let (left, right) = (Runtime::builder().build().await?, Runtime::builder().build().await?);
    /// left.scope(Atomic::create("hits", 0)).await?;
    /// let there = right.scope(Atomic::<i32>::open("hits")).await; // another job
    /// assert!(matches!(there, Err(crucial::Error::NotFound { .. })));
    /// # Ok(()) }
    /// ```
    pub async fn scope<F: Future>(&self, future: F) -> F::Output {
        current::SCOPE.scope(self.clone(), future).await
    }

    /// The same for code that is not a future.
    pub(crate) fn scope_blocking<R>(&self, run: impl FnOnce() -> R) -> R {
        current::SCOPE.sync_scope(self.clone(), run)
    }

    /// The namespace of this job's objects.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let hits = crucial::Atomic::create("hits", 0).await?;
    /// let runtime = crucial::Runtime::current()?;
    /// assert_eq!(hits.key(), &runtime.namespace().key("hits")?);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn namespace(&self) -> &Namespace {
        self.0.job.namespace()
    }

    /// The namespace of `#[shared(persistent)]` objects, which outlive the job.
    ///
    /// ```
    /// #[crucial::shared]
    /// struct Game {
    ///     score: u64,
    ///     #[shared(persistent)]
    ///     best: u64,
    /// }
    ///
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let runtime = crucial::Runtime::current()?;
    /// let game = Game::create("game", GameInit { score: 0, best: 0 }).await?;
    /// assert_eq!(game.best.key().namespace(), runtime.application().as_str());
    /// assert_eq!(game.score.key().namespace(), runtime.namespace().as_str());
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn application(&self) -> &Namespace {
        &self.0.application
    }

    /// Where objects live.
    pub(crate) fn store(&self) -> &Arc<dyn Store> {
        &self.0.store
    }

    /// Where threads run.
    pub(crate) fn executor(&self) -> &Arc<dyn Executor> {
        &self.0.executor
    }

    /// Ends the job: stops its executor and, where the job began here, removes its objects.
    ///
    /// One round trip for each 500 objects.
    ///
    /// ```
    /// # #[tokio::main] async fn main() -> crucial::Result<()> {
    /// let runtime = crucial::Runtime::builder().build().await?;
    /// let _entered = runtime.enter();
    /// let hits = crucial::Atomic::create("hits", 0).await?;
    /// runtime.shutdown().await?;
    /// assert!(!hits.exists().await?);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store; the objects then end with the job's lease.
    pub async fn shutdown(&self) -> Result<()> {
        self.0.executor.shutdown().await;
        self.take_leave().await;
        self.0.store.quiesce().await;
        let others = self.0.executor.is_outlived();
        self.0.job.end(self.0.store.as_ref(), others).await
    }

    /// Finishes what is done in the background, and leaves what this process is a member of: it may be
    /// frozen, or end, after this.
    pub(crate) async fn take_leave(&self) {
        self.0.errands.settled().await;
        self.0.leases.leave(self).await;
    }

    pub(crate) fn downgrade(&self) -> WeakRuntime {
        WeakRuntime(Arc::downgrade(&self.0))
    }

    pub(crate) fn waits(&self) -> &Waits {
        &self.0.waits
    }

    pub(crate) fn leases(&self) -> &Leases {
        &self.0.leases
    }

    pub(crate) fn inboxes(&self) -> &Inboxes {
        &self.0.inboxes
    }

    pub(crate) fn errands(&self) -> &Errands {
        &self.0.errands
    }

    pub(crate) fn joins(&self) -> &Joins {
        &self.0.joins
    }

    #[cfg(feature = "lambda")]
    pub(crate) fn job(&self) -> &Job {
        &self.0.job
    }

    pub(crate) fn limits(&self) -> Limits {
        self.0.limits
    }

    pub(crate) fn wait_limit(&self) -> Duration {
        self.0.limits.wait
    }
}
