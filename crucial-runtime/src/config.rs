//! What a runtime is built from: a builder, and the environment, which is read only here.

use std::env;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use url::Url;

use crate::error::{Error, Result};
use crate::executor::{Executor, LocalExecutor};
use crate::job::Job;
use crate::object::Namespace;
use crate::runtime::{Limits, Runtime};
use crate::store::{EmbeddedStore, Store};

/// What AWS Lambda allows a function at the most; waits and threads take no longer unless told so.
const LAMBDA_LIMIT: Duration = Duration::from_secs(15 * 60);
/// A value that is larger takes seconds to move and belongs in an object of its own.
const VALUE_BYTES: usize = 64 * 1024 * 1024;

pub(crate) const STORE: &str = "CRUCIAL_STORE";
pub(crate) const EXECUTOR: &str = "CRUCIAL_EXECUTOR";
pub(crate) const NAMESPACE: &str = "CRUCIAL_NAMESPACE";
pub(crate) const APPLICATION: &str = "CRUCIAL_APPLICATION";
pub(crate) const PROCESSES: &str = "CRUCIAL_PROCESSES";

/// Sets up a [`Runtime`].
#[derive(Clone)]
#[must_use = "a runtime is made by `build`"]
pub struct Builder {
    store: String,
    executor: String,
    namespace: Option<String>,
    application: String,
    processes: Option<usize>,
    /// A job that another process began: its objects stay when this runtime ends.
    joins: Option<Namespace>,
    limits: Limits,
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
            joins: None,
            limits: Limits {
                wait: LAMBDA_LIMIT,
                thread: LAMBDA_LIMIT,
                value_bytes: VALUE_BYTES,
            },
        }
    }

    /// What the environment asks for: `CRUCIAL_STORE`, `CRUCIAL_EXECUTOR`, `CRUCIAL_PROCESSES`,
    /// `CRUCIAL_NAMESPACE`, `CRUCIAL_APPLICATION`.
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

    /// How many processes `process` may start at the most (as `CRUCIAL_PROCESSES`).
    pub fn processes(mut self, count: usize) -> Self {
        self.processes = Some(count);
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

    /// How many bytes the arguments of a call or a thread may take; 64 MiB otherwise.
    pub fn max_value_bytes(mut self, limit: usize) -> Self {
        self.limits.value_bytes = limit;
        self
    }

    /// Takes part in a job that another process began.
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
        let application = Namespace::new(&self.application)?;
        let namespace = match (&self.joins, &self.namespace) {
            (Some(job), _) => job.clone(),
            (None, Some(name)) => Namespace::new(name)?,
            (None, None) => Namespace::random(),
        };
        let store = store.connect().await?;
        let executor = executor.start(&self).await?;
        let job = match self.joins {
            Some(job) => Job::join(job),
            None => Job::begin(namespace, Arc::clone(&store)).await?,
        };
        Ok(Runtime::new(store, executor, job, application, self.limits))
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

/// A store's address, checked.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum StoreUrl {
    Embedded,
    Redis(Url),
}

impl std::str::FromStr for StoreUrl {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let refuse = |reason: String| Error::Config {
            setting: STORE,
            reason,
        };
        if text == "embedded:" {
            return Ok(Self::Embedded);
        }
        let known = "it takes `embedded:`, `redis://[user:password@]host[:port][/database]` or `rediss://…` for TLS";
        // The text may hold a password, so errors never repeat it.
        let url = Url::parse(text)
            .map_err(|error| refuse(format!("is no address of a store ({error}); {known}")))?;
        match url.scheme() {
            "redis" | "rediss" if url.host_str().is_some_and(|host| !host.is_empty()) => {}
            "redis" | "rediss" => {
                return Err(refuse(format!("the address names no host; {known}")));
            }
            "redis+cluster" | "rediss+cluster" => {
                return Err(refuse(format!("clusters are not supported yet; {known}")));
            }
            scheme => return Err(refuse(format!("`{scheme}:` is no kind of store; {known}"))),
        }
        let database = url.path().trim_matches('/');
        if !database.is_empty() && database.parse::<u32>().is_err() {
            return Err(refuse(format!(
                "`/{database}` is no database number; {known}"
            )));
        }
        Ok(Self::Redis(url))
    }
}

impl StoreUrl {
    async fn connect(&self) -> Result<Arc<dyn Store>> {
        match self {
            Self::Embedded => Ok(Arc::new(EmbeddedStore::new())),
            #[cfg(feature = "redis")]
            Self::Redis(url) => Ok(Arc::new(crate::store::RedisStore::connect(url).await?)),
            #[cfg(not(feature = "redis"))]
            Self::Redis(_) => Err(Error::Config {
                setting: STORE,
                reason: "this program was built without the feature `redis` of `crucial-runtime`; build it with the feature".to_owned(),
            }),
        }
    }
}

/// Where threads run, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ExecutorSpec {
    Local,
    Process,
    Lambda(String),
}

impl std::str::FromStr for ExecutorSpec {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match (text, text.strip_prefix("lambda:")) {
            ("local", _) => Ok(Self::Local),
            ("process", _) => Ok(Self::Process),
            (_, Some(function)) if !function.is_empty() => Ok(Self::Lambda(function.to_owned())),
            _ => Err(Error::Config {
                setting: EXECUTOR,
                reason: format!(
                    "{text:?} is no executor; it takes `local`, `process` or `lambda:<function name, ARN or name:alias>`"
                ),
            }),
        }
    }
}

impl ExecutorSpec {
    async fn start(&self, _builder: &Builder) -> Result<Arc<dyn Executor>> {
        match self {
            Self::Local => Ok(Arc::new(LocalExecutor)),
            Self::Process | Self::Lambda(_) => Err(Error::Config {
                setting: EXECUTOR,
                reason: "this program was built without the feature `lambda` of `crucial-runtime`; build it with the feature".to_owned(),
            }),
        }
    }
}

fn variable(name: &'static str) -> Result<Option<String>> {
    match env::var(name) {
        Ok(value) if value.is_empty() => Ok(None),
        Ok(value) => Ok(Some(value)),
        Err(env::VarError::NotPresent) => Ok(None),
        Err(env::VarError::NotUnicode(_)) => Err(Error::Config {
            setting: name,
            reason: "its value is no text".to_owned(),
        }),
    }
}
