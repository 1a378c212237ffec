//! Starting a cloud thread.

use std::marker::PhantomData;
use std::time::Duration;

use bytes::Bytes;
use serde::Serialize;

use super::handle::JoinHandle;
use super::invocation::{Invocation, ThreadContext, ThreadId, unix_ms};
use super::{Ending, JoinFailure, Portable};
use crate::codec;
use crate::object::milliseconds;
use crate::runtime::{self, Runtime};

/// How deep threads may spawn threads: AWS Lambda cuts recursion at about as many hops.
const DEEPEST: u32 = 15;

/// A cloud thread that has not been started: `name::task(…)` makes one, [`spawn`](Self::spawn) starts it.
///
/// `T` and `E` are those of the [`JoinHandle`].
///
/// ```
/// #[crucial::cloud_thread]
/// async fn double(n: u32) -> u32 {
///     n * 2
/// }
///
/// # #[crucial::main]
/// # async fn main() -> crucial::Result<()> {
/// let thread = double::task(4).name("doubler").timeout(std::time::Duration::from_secs(5)).spawn();
/// assert_eq!(thread.await?, 8);
/// # Ok(()) }
/// ```
#[derive(Debug)]
#[must_use = "a thread starts with `spawn`"]
pub struct Task<T, E = String> {
    thread: &'static str,
    fingerprint: u64,
    args: Result<Bytes, Ending>,
    label: Option<String>,
    timeout: Option<Duration>,
    result: PhantomData<fn() -> Result<T, E>>,
}

impl<T, E> Task<T, E> {
    /// A run of the registered function of that name with these arguments (a tuple).
    ///
    /// `A` is what they are read as.
    pub(crate) fn new<A: Portable, V: Serialize>(
        thread: &'static str,
        fingerprint: u64,
        args: &V,
    ) -> Self {
        let args = codec::encode_as::<A, V>(args).map_err(|error| {
            JoinFailure::Codec(format!(
                "was given arguments that can't be encoded: {error}"
            ))
        });
        Self {
            thread,
            fingerprint,
            args,
            label: None,
            timeout: None,
            result: PhantomData,
        }
    }
}

impl<T: Portable, E: Portable> Task<T, E> {
    /// What to call the thread in errors and logs; the function's path otherwise.
    ///
    /// ```
    /// # #[crucial::cloud_thread]
    /// # async fn rows(file: String) -> Result<usize, String> {
    /// #     if file.is_empty() { Err("it is empty".to_owned()) } else { Ok(file.lines().count()) }
    /// # }
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let joined = rows::task(String::new()).name("row counter").spawn().await;
    /// assert!(joined.is_err_and(|error| error.to_string() == "cloud thread `row counter` failed: it is empty"));
    /// # Ok(()) }
    /// ```
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.label = Some(name.into());
        self
    }

    /// How long the thread may take from now on, at most 139 years; the runtime's
    /// [thread limit](crate::Builder::thread_limit) otherwise.
    ///
    /// With a limit of zero an async function runs up to its first wait, and returns if it needs none. A sync function
    /// has half a second at the least.
    ///
    /// ```
    /// # use std::time::Duration;
    /// #[crucial::cloud_thread]
    /// async fn forever() {
    ///     std::future::pending().await
    /// }
    ///
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let joined = forever::task().timeout(Duration::from_millis(20)).spawn().await;
    /// assert!(joined.is_err_and(|error| error.is_timeout()));
    /// # Ok(()) }
    /// ```
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = Some(limit);
        self
    }

    /// Starts the thread at once, as `std::thread::spawn` does. Dropping the handle detaches the thread.
    ///
    /// Whatever keeps it from starting, a missing runtime included, is what joining it gives.
    ///
    /// ```
    /// # #[crucial::cloud_thread]
    /// # async fn double(n: u32) -> u32 {
    /// #     n * 2
    /// # }
    /// # #[tokio::main] async fn main() -> crucial::Result<()> {
    /// let lost = double::task(4).spawn().await; // no runtime was entered
    /// assert!(lost.is_err_and(|error| matches!(error.failure, crucial::JoinFailure::NotStarted(_))));
    /// let runtime = crucial::Runtime::builder().build().await?;
    /// let _entered = runtime.enter();
    /// assert_eq!(double::task(4).spawn().await?, 8);
    /// # Ok(()) }
    /// ```
    pub fn spawn(self) -> JoinHandle<T, E> {
        let label = self.label.unwrap_or_else(|| self.thread.to_owned());
        let started = runtime::current()
            .map_err(|error| JoinFailure::NotStarted(error.to_string()))
            .and_then(|runtime| {
                let args = self.args?;
                check(&runtime, &args)?;
                let timeout = self.timeout.unwrap_or(runtime.limits().thread);
                let timeout_ms = milliseconds(timeout);
                let task = Invocation {
                    id: ThreadId::random(),
                    thread: self.thread.to_owned(),
                    label: label.clone(),
                    fingerprint: self.fingerprint,
                    args,
                    job: runtime.namespace().clone(),
                    application: runtime.application().clone(),
                    store: runtime.store().address().to_owned(),
                    limits: runtime.limits(),
                    deadline_ms: unix_ms().saturating_add(timeout_ms),
                    attempt: 0,
                    depth: ThreadContext::depth() + 1,
                    trace: None,
                };
                Ok((runtime, task, timeout))
            });
        match started {
            Ok((runtime, task, timeout)) => {
                let id = task.id;
                let outcome = runtime.joins().start(&runtime, task, timeout);
                JoinHandle::new(id, label, outcome)
            }
            Err(failure) => JoinHandle::failed(label, failure),
        }
    }
}

fn check(runtime: &Runtime, args: &Bytes) -> Result<(), Ending> {
    let limit = runtime.limits().value_bytes;
    if args.len() > limit {
        return Err(JoinFailure::NotStarted(format!(
            "its arguments have {} bytes, over the limit of {limit}; put bulk data into a shared object and pass that, or raise the limit with `Builder::max_value_bytes`",
            args.len()
        )));
    }
    if ThreadContext::depth() >= DEEPEST {
        return Err(JoinFailure::NotStarted(format!(
            "threads have spawned threads {DEEPEST} deep; AWS Lambda cuts deeper recursion"
        )));
    }
    Ok(())
}
