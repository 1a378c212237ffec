//! One run of a cloud thread as a value.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::object::Namespace;
use crate::runtime::Limits;

/// The identity of a cloud thread, which no other thread of any job has.
///
/// ```
/// # #[crucial::cloud_thread]
/// # async fn double(n: u32) -> u32 {
/// #     n * 2
/// # }
/// # #[crucial::main] async fn main() -> crucial::Result<()> {
/// let thread = double::spawn(4);
/// let id = thread.id(); // is there after the handle, and goes into maps, objects and logs
/// assert_eq!(thread.await?, 8);
/// let ended = crucial::Map::create("ended", [(id, 8)].into()).await?;
/// assert_eq!(ended.get(&id).await?, Some(8));
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ThreadId(u128);

impl ThreadId {
    /// A new identity.
    ///
    /// ```
    /// let id = crucial::ThreadId::random();
    /// assert_ne!(id, crucial::ThreadId::random());
    /// assert_eq!(id.to_string().len(), 32); // in hexadecimal
    /// ```
    #[must_use]
    pub fn random() -> Self {
        Self(rand::random())
    }

    pub(crate) fn to_bytes(self) -> Bytes {
        Bytes::copy_from_slice(&self.0.to_be_bytes())
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        Some(Self(u128::from_be_bytes(bytes.try_into().ok()?)))
    }
}

impl fmt::Display for ThreadId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Debug for ThreadId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// One run of a cloud thread: all that a worker needs to know.
///
/// It carries no secret: a worker finds the store in its own environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Invocation {
    /// The thread.
    pub(crate) id: ThreadId,
    /// The function that runs, by its full path.
    pub(crate) thread: String,
    /// What to call the thread in messages; the function's path unless it was given a name.
    pub(crate) label: String,
    /// The function's signature as the caller knows it.
    pub(crate) fingerprint: u64,
    /// The encoded arguments.
    pub(crate) args: Bytes,
    /// The job.
    pub(crate) job: Namespace,
    /// The namespace of objects that outlive the job.
    pub(crate) application: Namespace,
    /// The store's address as the caller sees it, without secrets, for messages.
    pub(crate) store: String,
    /// The limits of the job, whatever the worker's own are.
    pub(crate) limits: Limits,
    /// When the thread has to have ended, in milliseconds since 1970.
    pub(crate) deadline_ms: u64,
    /// Which try this is, from 0.
    pub(crate) attempt: u32,
    /// How many threads deep this one was spawned.
    pub(crate) depth: u32,
    /// The caller's W3C `traceparent`, if it has one.
    pub(crate) trace: Option<String>,
}

impl Invocation {
    /// How long the thread may still run.
    pub(crate) fn time_left(&self) -> Duration {
        Duration::from_millis(self.deadline_ms.saturating_sub(unix_ms()))
    }
}

/// The time of day, in milliseconds since 1970.
pub(crate) fn unix_ms() -> u64 {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(now.as_millis()).unwrap_or(u64::MAX)
}

/// The thread that the current task runs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ThreadContext {
    pub(crate) depth: u32,
    /// How long it may take.
    pub(crate) limit: Duration,
}

tokio::task_local! {
    pub(crate) static THREAD: ThreadContext;
}

impl ThreadContext {
    /// The current task's; that of the job's main function outside of any thread.
    pub(crate) fn current() -> Self {
        THREAD.try_with(|thread| *thread).unwrap_or(Self {
            depth: 0,
            limit: Duration::MAX,
        })
    }

    /// How deep the current task is: 0 in the job's main function.
    pub(crate) fn depth() -> u32 {
        Self::current().depth
    }

    /// Runs code that is not a future as part of this thread.
    pub(crate) fn scope_blocking<R>(self, run: impl FnOnce() -> R) -> R {
        THREAD.sync_scope(self, run)
    }
}
