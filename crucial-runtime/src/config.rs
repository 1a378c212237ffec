//! What a runtime is built from: a builder, and the environment, which is read only here.

mod environment;
mod executor_spec;
mod store_url;

use std::fmt;
#[cfg(feature = "lambda")]
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::error::{Error, Result};
use crate::executor::Executor;
use crate::job::Job;
#[cfg(feature = "test-util")]
use crate::linearizability::Recorder;
use crate::object::Namespace;
use crate::runtime::{Limits, Runtime};
use crate::store::Store;

#[cfg(feature = "lambda")]
use environment::FUNCTION;
#[cfg(feature = "test-util")]
use environment::RECORD;
#[cfg(feature = "lambda")]
pub(crate) use environment::is_emulated;
use environment::variable;
pub(crate) use environment::{
    APPLICATION, EXECUTOR, LEASE, NAMESPACE, PROCESS, PROCESSES, STORE, is_worker,
};
use executor_spec::ExecutorSpec;
use store_url::StoreUrl;

/// What AWS Lambda allows a function at the most; waits and threads take no longer unless told so.
const LAMBDA_LIMIT: Duration = Duration::from_secs(15 * 60);
/// A value that is larger takes seconds to move and belongs in an object of its own.
const VALUE_BYTES: usize = 64 * 1024 * 1024;
/// Long enough for a pause of process or network that is no death, short enough to wait for.
const LEASE_LENGTH: Duration = Duration::from_secs(10);
/// Shorter ones would be lost to the jitter of networks and schedulers.
const SHORTEST_LEASE: Duration = Duration::from_millis(50);
const LONGEST_LEASE: Duration = Duration::from_secs(24 * 3600);

/// A method that takes longer holds up everybody else at its object for too long.
const METHOD_LIMIT: Duration = Duration::from_secs(30);
/// How long the callers of an object wait for a process that died running their calls.
const LEAD: Duration = Duration::from_secs(1);

/// Sets up a [`Runtime`].
#[derive(Clone)]
#[must_use = "a runtime is made by `build`"]
pub struct Builder {
    store: String,
    executor: String,
    namespace: Option<String>,
    application: String,
    processes: Option<usize>,
    #[cfg(feature = "lambda")]
    program: Option<PathBuf>,
    #[cfg(feature = "lambda")]
    endpoint: Option<String>,
    /// Whether this process serves threads that others spawn.
    #[cfg(feature = "lambda")]
    worker: bool,
    #[cfg(feature = "test-util")]
    recorder: Option<Recorder>,
    /// A job that another process began: its objects stay when this runtime ends.
    joins: Option<Namespace>,
    limits: Limits,
    lease: Option<Duration>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            wait: LAMBDA_LIMIT,
            thread: LAMBDA_LIMIT,
            value_bytes: VALUE_BYTES,
            lease: LEASE_LENGTH,
            method: METHOD_LIMIT,
            lead: LEAD,
        }
    }
}

impl Default for Builder {
    fn default() -> Self {
        Self::new()
    }
}

impl Builder {
    /// The defaults: state in this process, threads of this process.
    pub fn new() -> Self {
        Self {
            store: "embedded:".to_owned(),
            executor: "local".to_owned(),
            namespace: None,
            application: "app".to_owned(),
            processes: None,
            #[cfg(feature = "lambda")]
            program: None,
            #[cfg(feature = "lambda")]
            endpoint: None,
            #[cfg(feature = "lambda")]
            worker: false,
            #[cfg(feature = "test-util")]
            recorder: None,
            joins: None,
            limits: Limits::default(),
            lease: None,
        }
    }

    /// What the environment asks for: `CRUCIAL_STORE`, `CRUCIAL_EXECUTOR`, `CRUCIAL_PROCESSES`,
    /// `CRUCIAL_NAMESPACE`, `CRUCIAL_APPLICATION`, `CRUCIAL_LEASE`.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] for a variable that can't be read.
    pub fn from_env() -> Result<Self> {
        let mut builder = Self::new();
        if let Some(store) = variable(STORE)? {
            builder.store = store;
        }
        if let Some(executor) = variable(EXECUTOR)? {
            builder.executor = executor;
        }
        builder.namespace = variable(NAMESPACE)?;
        if let Some(application) = variable(APPLICATION)? {
            builder.application = application;
        }
        if let Some(processes) = variable(PROCESSES)? {
            let count = processes.parse().ok().filter(|count| *count > 0);
            let count = count.ok_or_else(|| Error::Config {
                setting: PROCESSES,
                reason: format!(
                    "{processes:?} is no number of processes; it takes a whole number from 1"
                ),
            })?;
            builder.processes = Some(count);
        }
        if let Some(lease) = variable(LEASE)? {
            let length = lease.parse().ok();
            let length = length.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
            let length = length.ok_or_else(|| Error::Config {
                setting: LEASE,
                reason: format!(
                    "{lease:?} is no length of a lease; it takes seconds, such as 10 or 0.5"
                ),
            })?;
            builder.lease = Some(length);
        }
        #[cfg(feature = "test-util")]
        if let Some(directory) = variable(RECORD)? {
            let recorder = Recorder::into_directory(directory);
            builder.recorder = Some(recorder.map_err(|error| Error::Config {
                setting: RECORD,
                reason: error.to_string(),
            })?);
        }
        Ok(builder)
    }

    /// [`from_env`](Self::from_env) for a program of that name.
    pub(crate) fn from_env_of(application: &str) -> Result<Self> {
        let mut builder = Self::from_env()?;
        if variable(APPLICATION)?.is_none() {
            builder.application = application.to_owned();
        }
        Ok(builder)
    }

    /// [`from_env_of`](Self::from_env_of) in a worker, whose own threads go to the same function unless told otherwise.
    #[cfg(feature = "lambda")]
    pub(crate) fn worker_of(application: &str) -> Result<Self> {
        let mut builder = Self::from_env_of(application)?;
        builder.worker = true;
        // A job that is begun here, for a call by hand, must not end with that of somebody else.
        builder.namespace = None;
        let shared = builder.store.parse::<StoreUrl>()? != StoreUrl::Embedded;
        if let (None, true, Some(function)) = (variable(EXECUTOR)?, shared, variable(FUNCTION)?) {
            builder.executor = format!("lambda:{function}");
        }
        Ok(builder)
    }

    /// Where objects live: `embedded:`, `redis://…`, `rediss://…` (as `CRUCIAL_STORE`).
    pub fn store(mut self, url: impl Into<String>) -> Self {
        self.store = url.into();
        self
    }

    /// Where threads run: `local`, `process` or `lambda:<function>` (as `CRUCIAL_EXECUTOR`).
    pub fn executor(mut self, executor: impl Into<String>) -> Self {
        self.executor = executor.into();
        self
    }

    /// The namespace of the job's objects; random otherwise (as `CRUCIAL_NAMESPACE`).
    pub fn namespace(mut self, name: impl Into<String>) -> Self {
        self.namespace = Some(name.into());
        self
    }

    /// The namespace of objects that outlive the job; `app` otherwise (as `CRUCIAL_APPLICATION`).
    pub fn application(mut self, name: impl Into<String>) -> Self {
        self.application = name.into();
        self
    }

    /// How many processes `process` may start at the most, 128 otherwise (as `CRUCIAL_PROCESSES`).
    ///
    /// Further threads wait until a process is free; threads that wait for one another, at a barrier
    /// for example, need a process each.
    pub fn processes(mut self, count: usize) -> Self {
        self.processes = Some(count);
        self
    }

    /// The program that `process` starts, whose `main` is annotated with
    /// [`#[crucial::main]`](crate::main); this program otherwise.
    #[cfg(feature = "lambda")]
    pub fn program(mut self, path: impl Into<PathBuf>) -> Self {
        self.program = Some(path.into());
        self
    }

    /// The address at which `lambda:<function>` finds AWS Lambda; otherwise where the AWS SDK finds it
    /// (`AWS_ENDPOINT_URL_LAMBDA`, the profile, the region).
    #[cfg(feature = "lambda")]
    pub fn lambda_endpoint(mut self, url: impl Into<String>) -> Self {
        self.endpoint = Some(url.into());
        self
    }

    /// How long a call may wait that was given no limit of its own; 15 minutes otherwise.
    pub fn wait_limit(mut self, limit: Duration) -> Self {
        self.limits.wait = limit;
        self
    }

    /// How long a cloud thread may take that was given no limit of its own; 15 minutes otherwise.
    pub fn thread_limit(mut self, limit: Duration) -> Self {
        self.limits.thread = limit;
        self
    }

    /// How long one method of a shared object may run before it counts as one that never ends; 30 seconds otherwise.
    ///
    /// Callers are then told ([`Error::Poison`]) instead of waiting on. A method that blocks or computes for longer
    /// belongs in a cloud thread.
    pub fn method_limit(mut self, limit: Duration) -> Self {
        self.limits.method = limit;
        self
    }

    /// How long callers wait for a process that died running their calls; one second otherwise.
    #[cfg(all(test, feature = "redis"))]
    pub(crate) fn lead(mut self, lease: Duration) -> Self {
        self.limits.lead = lease;
        self
    }

    /// How many bytes the arguments of a call or a thread may take, and the state of a user's object; 64 MiB otherwise.
    pub fn max_value_bytes(mut self, limit: usize) -> Self {
        self.limits.value_bytes = limit;
        self
    }

    /// How long what this process holds of an object (a permit, a lock, a place in a queue or at a
    /// barrier) stays its own after it was last heard of; 10 seconds otherwise (as `CRUCIAL_LEASE`, in
    /// seconds).
    ///
    /// While the process runs and reaches the store it renews its leases, each third of that time and at
    /// least every three seconds, by one call an object. If it dies, or is frozen or cut off for longer, what it held goes to others. So
    /// does what is held by futures that compute for longer without awaiting anything, on all of the
    /// threads of tokio: leave one free, or ask for more time here. In a store inside the process
    /// leases end only if asked for.
    pub fn lease(mut self, length: Duration) -> Self {
        self.lease = Some(length);
        self
    }

    /// Notes the calls of this runtime, to [check](crate::linearizability) them.
    #[cfg(feature = "test-util")]
    pub fn recorder(mut self, recorder: &Recorder) -> Self {
        self.recorder = Some(recorder.clone());
        self
    }

    /// Takes part in a job that another process began.
    #[cfg(feature = "lambda")]
    pub(crate) fn join(mut self, job: Namespace) -> Self {
        self.joins = Some(job);
        self
    }

    /// Connects to the store, makes the executor ready and begins the job. Must run in tokio.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] for settings that make no sense (alone or together), and
    /// [`Error::Unreachable`], [`Error::Login`], [`Error::Unsupported`] of the store.
    pub async fn build(self) -> Result<Runtime> {
        // Otherwise a program that builds its runtime by hand would start itself over and over.
        if variable(PROCESS)?.is_some() {
            return Err(Error::Config {
                setting: EXECUTOR,
                reason: "this process was started to run cloud threads, but its `main` builds a runtime of its own; annotate `main` with `#[crucial::main]`, or name the program to start with `Builder::program`".to_owned(),
            });
        }
        let length = self.lease.unwrap_or(LEASE_LENGTH);
        if !(SHORTEST_LEASE..=LONGEST_LEASE).contains(&length) {
            return Err(Error::Config {
                setting: LEASE,
                reason: format!(
                    "{length:?} is no length of a lease; it takes from {SHORTEST_LEASE:?} to {LONGEST_LEASE:?}"
                ),
            });
        }
        let store: StoreUrl = self.store.parse()?;
        let executor: ExecutorSpec = self.executor.parse()?;
        if store == StoreUrl::Embedded && executor != ExecutorSpec::Local {
            return Err(Error::Config {
                setting: EXECUTOR,
                reason: format!(
                    "`{}` runs threads in other processes, which can't reach a store inside this one; set {STORE} to a server (`redis://…`), or {EXECUTOR} to `local`",
                    self.executor
                ),
            });
        }
        let store = store.connect(self.limits).await?;
        let executor = executor.start(&self).await?;
        self.build_on(store, executor).await
    }

    #[cfg(feature = "lambda")]
    pub(crate) async fn connect_store(&self) -> Result<Arc<dyn Store>> {
        self.store.parse::<StoreUrl>()?.connect(self.limits).await
    }

    #[cfg(feature = "lambda")]
    pub(crate) async fn start_executor(&self) -> Result<Arc<dyn Executor>> {
        self.executor.parse::<ExecutorSpec>()?.start(self).await
    }

    /// The runtime on a store and an executor that are there already.
    pub(crate) async fn build_on(
        self,
        store: Arc<dyn Store>,
        executor: Arc<dyn Executor>,
    ) -> Result<Runtime> {
        #[cfg(feature = "test-util")]
        let store = match &self.recorder {
            Some(recorder) => recorder.around(store),
            None => store,
        };
        let application = Namespace::new(&self.application)?;
        let namespace = match (&self.joins, &self.namespace) {
            (Some(job), _) => job.clone(),
            (None, Some(name)) => Namespace::new(name)?,
            (None, None) => Namespace::random(),
        };
        let job = match self.joins {
            Some(job) => Job::join(job),
            None => Job::begin(namespace, Arc::clone(&store)).await?,
        };
        // Objects inside this process end with it: nobody outlives it to whom a lease would have to fall, and
        // a process that computes for long without a pause must not lose what it holds to itself.
        let assumed = if store.is_shared() {
            LEASE_LENGTH
        } else {
            LONGEST_LEASE
        };
        let limits = Limits {
            lease: self.lease.unwrap_or(assumed),
            ..self.limits
        };
        Ok(Runtime::new(store, executor, job, application, limits))
    }
}

impl fmt::Debug for Builder {
    /// The store's password is left out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("executor", &self.executor)
            .field("namespace", &self.namespace)
            .finish_non_exhaustive()
    }
}
