//! What a runtime is built from: a builder, and the environment, which is read only here.

mod environment;
mod executor_spec;
mod limits;
mod store_url;
mod threads;
mod variables;

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

use environment::variable;
pub(crate) use environment::{EXECUTOR, LEASE, PROCESS, STORE, is_worker, mistyped};
#[cfg(feature = "lambda")]
pub(crate) use environment::{is_drivers_own, is_emulated};
use executor_spec::ExecutorSpec;
use store_url::StoreUrl;

/// What AWS Lambda allows a function at the most; waits and threads take no longer unless told so.
const LAMBDA_LIMIT: Duration = Duration::from_secs(15 * 60);
/// Long enough for a pause of process or network that is no death, short enough to wait for.
const LEASE_LENGTH: Duration = Duration::from_secs(10);
/// Shorter ones would be lost to the jitter of networks and schedulers.
const SHORTEST_LEASE: Duration = Duration::from_millis(50);
/// Any method takes some time.
const SHORTEST_METHOD: Duration = Duration::from_millis(1);
const LONGEST_LEASE: Duration = Duration::from_secs(24 * 3600);

/// Sets up a [`Runtime`].
///
/// # What travels with a job
///
/// [`wait_limit`](Self::wait_limit), [`thread_limit`](Self::thread_limit), [`method_limit`](Self::method_limit),
/// [`max_value_bytes`](Self::max_value_bytes) and [`lease`](Self::lease) change what a program means. They belong to the
/// job: its threads have them as well, in whatever process they run and however that process is set up. So do the names,
/// [`namespace`](Self::namespace) and [`application`](Self::application).
///
/// The rest is a matter of the machine, and each process has its own: [`store`](Self::store) (a worker may reach the
/// server by another address), [`executor`](Self::executor), [`processes`](Self::processes).
///
/// A program sets them by the arguments of [`#[crucial::main]`](macro@crate::main); variables of the environment
/// override these, and calls on a builder override variables.
///
/// ```
/// # #[tokio::main] async fn main() -> crucial::Result<()> {
/// let builder = crucial::Runtime::builder().application("shop");
/// let (tuesday, friday) = (builder.clone().namespace("tuesday"), builder.namespace("friday"));
/// let (tuesday, friday) = (tuesday.build().await?, friday.build().await?);
/// assert_eq!(tuesday.application(), friday.application());
/// assert_ne!(tuesday.namespace(), friday.namespace());
/// # Ok(()) }
/// ```
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

impl Default for Builder {
    fn default() -> Self {
        Self::new()
    }
}

impl Builder {
    /// The defaults: state in this process, threads of this process.
    ///
    /// ```
    /// # #[tokio::main] async fn main() -> crucial::Result<()> {
    /// let runtime = crucial::Builder::new().build().await?;
    /// let _entered = runtime.enter();
    /// let hits = crucial::Atomic::create("hits", 1).await?; // no server, no variable is needed
    /// assert_eq!(hits.load().await?, 1);
    /// # Ok(()) }
    /// ```
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

    /// Where objects live (as `CRUCIAL_STORE`): `embedded:`, or the address of a server.
    ///
    /// * `redis://[user:password@]host[:port][/database]`, also called `valkey://`;
    /// * `rediss://…` or `valkeys://…` for TLS;
    /// * `unix:///path/of/the/socket[?db=0&user=…&pass=…]`, also called `redis+unix://`.
    ///
    /// Users and passwords percent-encode the characters that have a meaning in an address: `%2F` for `/`, `%40` for `@`, `%23` for `#`.
    /// Errors print neither.
    ///
    /// ```
    /// # use crucial::{Error, Runtime};
    /// # #[tokio::main] async fn main() -> crucial::Result<()> {
    /// let _here = Runtime::builder().store("embedded:").build().await?;
    /// let refused = Runtime::builder().store("memcached://me:secret@cache").build().await;
    /// let Err(Error::Config { setting, reason }) = refused else { panic!("{refused:?}") };
    /// assert_eq!(setting, "CRUCIAL_STORE");
    /// assert!(!reason.contains("secret"));
    /// # Ok(()) }
    /// ```
    pub fn store(mut self, url: impl Into<String>) -> Self {
        self.store = url.into();
        self
    }

    /// The namespace of the job's objects; random otherwise (as `CRUCIAL_NAMESPACE`).
    ///
    /// ```
    /// # use crucial::{Error, Runtime};
    /// # #[tokio::main] async fn main() -> crucial::Result<()> {
    /// let nightly = Runtime::builder().namespace("nightly").build().await?;
    /// assert_eq!(nightly.namespace().as_str(), "nightly");
    /// let refused = Runtime::builder().namespace("every/night").build().await;
    /// assert!(matches!(refused, Err(Error::Name { .. }))); // a slash ends a namespace
    /// # Ok(()) }
    /// ```
    pub fn namespace(mut self, name: impl Into<String>) -> Self {
        self.namespace = Some(name.into());
        self
    }

    /// The namespace of objects that outlive the job; `app` otherwise (as `CRUCIAL_APPLICATION`).
    ///
    /// ```
    /// # use crucial::Shared;
    /// # #[tokio::main] async fn main() -> crucial::Result<()> {
    /// let runtime = crucial::Runtime::builder().application("shop").build().await?;
    /// let _entered = runtime.enter();
    /// let sold = runtime.application().key("sold")?;
    /// let sold = crucial::Atomic::open_or_create_at(sold, 0_u64).await?; // stays when the job ends
    /// assert_eq!(sold.key().as_str(), "shop/sold");
    /// # Ok(()) }
    /// ```
    pub fn application(mut self, name: impl Into<String>) -> Self {
        self.application = name.into();
        self
    }

    /// Notes the calls of this runtime, to [check](crate::linearizability) them.
    ///
    /// ```
    /// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let recorder = crucial::linearizability::Recorder::new();
    /// let runtime = crucial::Runtime::builder().recorder(&recorder).build().await?;
    /// let hits = runtime.scope(crucial::Atomic::create("hits", 0)).await?;
    /// runtime.scope(hits.fetch_add(1)).await?;
    /// assert_eq!(recorder.check()?.operations, 2);
    /// # Ok(()) }
    /// ```
    #[cfg(feature = "test-util")]
    pub fn recorder(mut self, recorder: &Recorder) -> Self {
        self.recorder = Some(recorder.clone());
        self
    }

    /// Takes part in a job that another process began.
    #[cfg(any(feature = "lambda", test))]
    pub(crate) fn join(mut self, job: Namespace) -> Self {
        self.joins = Some(job);
        self
    }

    /// Connects to the store, makes the executor ready and begins the job. Must run in tokio.
    ///
    /// ```
    /// # #[tokio::main] async fn main() -> crucial::Result<()> {
    /// // Other processes can't reach a store inside this one.
    /// let refused = crucial::Runtime::builder().store("embedded:").executor("process").build().await;
    /// assert!(matches!(refused, Err(crucial::Error::Config { setting: "CRUCIAL_EXECUTOR", .. })));
    /// # Ok(()) }
    /// ```
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
        limits::check_lease(self.lease.unwrap_or(LEASE_LENGTH))?;
        if self.limits.method < SHORTEST_METHOD {
            return Err(Error::Config {
                setting: "Builder::method_limit",
                reason: format!(
                    "{:?} is not enough for any method; it takes {SHORTEST_METHOD:?} or more",
                    self.limits.method
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

    /// With the limits of the job that it takes part in.
    #[cfg(feature = "lambda")]
    pub(crate) fn within(mut self, limits: Limits) -> Self {
        self.lease = Some(limits.lease);
        self.limits = limits;
        self
    }

    #[cfg(feature = "lambda")]
    pub(crate) fn limits(&self) -> Limits {
        self.limits
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
            None => Job::begin(namespace, Arc::clone(&store), self.limits.job).await?,
        };
        // Objects inside this process end with it: nobody outlives it to whom a lease would have to fall, and
        // a process that computes for long without a pause must not lose what it holds to itself.
        let assumed = if store.is_shared() {
            LEASE_LENGTH
        } else {
            LONGEST_LEASE
        };
        let lease = self.lease.unwrap_or(assumed);
        // Those of a job that is joined come with an event, in which nothing is trusted.
        limits::check_lease(lease)?;
        let limits = Limits {
            lease,
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
