//! `Call`, which every method of a proxy returns: a future with a limit, and a way to block for code that is not async.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use pin_project_lite::pin_project;

use crate::error::Result;
use crate::object::Limit;
use crate::runtime;

pin_project! {
    /// A call on a shared object. It is a future: nothing is sent before it is first polled.
    ///
    /// [`timeout`](Self::timeout) limits how long it waits; without, the runtime's
    /// [wait limit](crate::Builder::wait_limit) does. [`blocking`](Self::blocking) makes the call from code that is not
    /// async.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// use std::time::Duration;
    /// use crucial::{Error, Queue, QueueInit};
    ///
    /// let jobs = Queue::create("jobs", QueueInit::unbounded()).await?;
    /// let late = jobs.take().timeout(Duration::from_millis(5)).await;
    /// assert!(matches!(late, Err(Error::TimedOut { .. })));
    ///
    /// jobs.put("wash".to_owned()).await?;
    /// assert_eq!(jobs.take().timeout(Duration::ZERO).await?, "wash"); // what is there comes at once
    /// # Ok(()) }
    /// ```
    #[must_use = "a call does nothing until it is awaited, or made with `blocking`"]
    pub struct Call<F> {
        #[pin]
        future: F,
        limit: Option<Limit>,
    }
}

impl<F, T> Call<F>
where
    F: Future<Output = Result<T>>,
{
    /// A call that this future makes.
    #[doc(hidden)]
    pub fn new(future: F) -> Self {
        let limit = None;
        Self { future, limit }
    }

    /// Waits no longer than `limit`, counted from now.
    ///
    /// The limit is one on waiting for other callers: for an element, a lock, the other parties of a barrier. When it is
    /// over the call ends with [`Error::TimedOut`](crate::Error::TimedOut), unless its method says otherwise, and leaves
    /// its place in the queue. A call asks once however short its limit is, so that a limit of zero gives what is there.
    ///
    /// The way to the store and back is not waiting. If the answer of the store has not come five seconds after the end
    /// of the limit, a call that reads ends with [`Error::Unanswered`](crate::Error::Unanswered), and one that changes
    /// something with [`Error::InDoubt`](crate::Error::InDoubt).
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// use std::time::Duration;
    ///
    /// let total = crucial::Mutex::create("total", 1).await?;
    /// let guard = total.lock().await?;
    /// assert!(total.lock().timeout(Duration::from_millis(5)).await.is_err()); // not even in the same thread
    /// guard.unlock().await?;
    /// assert_eq!(*total.lock().timeout(Duration::from_millis(5)).await?, 1);
    /// # Ok(()) }
    /// ```
    pub fn timeout(self, limit: Duration) -> Self {
        Self {
            limit: Some(Limit::new(limit)),
            ..self
        }
    }

    /// Makes the call and blocks the current thread until its end. For code that is not async: a `main`, a cloud thread or
    /// a `std::thread` that is a plain function.
    ///
    /// ```
    /// use crucial::Atomic;
    ///
    /// #[crucial::cloud_thread]
    /// fn add(sum: Atomic<u64>, n: u64) -> crucial::Result<()> {
    ///     sum.fetch_add(n).blocking()?;
    ///     Ok(())
    /// }
    ///
    /// #[crucial::main]
    /// fn main() -> crucial::Result<()> {
    ///     let sum = Atomic::create("sum", 0).blocking()?;
    ///     let threads: Vec<_> = (1..=4).map(|n| add::spawn(sum.clone(), n)).collect();
    ///     for thread in threads {
    ///         thread.blocking()?;
    ///     }
    ///     assert_eq!(sum.load().blocking()?, 10);
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Panics
    ///
    /// Within async code, where it would block everything that shares the thread: use `.await` there.
    ///
    /// # Errors
    ///
    /// Those of the call, and [`Error::NoRuntime`](crate::Error::NoRuntime) on a thread that no runtime started, while
    /// none or several are entered.
    #[track_caller]
    pub fn blocking(self) -> Result<T> {
        runtime::block_on(self)?
    }
}

impl<F: Future> Future for Call<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        match *this.limit {
            Some(limit) => limit.during(|| this.future.poll(context)),
            None => this.future.poll(context),
        }
    }
}

impl<F> fmt::Debug for Call<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let limit = self.limit.as_ref().map(Limit::length);
        f.debug_struct("Call").field("limit", &limit).finish()
    }
}
