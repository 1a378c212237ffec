//! A running cloud thread, seen by whoever started it.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::sync::oneshot;

use super::invocation::ThreadId;
use super::{JoinError, JoinFailure, Outcome, Portable};
use crate::codec;

/// A cloud thread that has been started. Awaiting it joins the thread; dropping it detaches the thread.
///
/// The future is cancel safe.
///
/// ```
/// # use std::time::Duration;
/// #[crucial::cloud_thread]
/// async fn pass(gate: crucial::Latch) -> crucial::Result<String> {
///     gate.wait().await?;
///     Ok("passed".to_owned())
/// }
///
/// # #[crucial::main] async fn main() -> crucial::Result<()> {
/// let gate = crucial::Latch::create("gate", 1).await?;
/// let mut thread = pass::spawn(gate.clone());
/// let early = tokio::time::timeout(Duration::from_millis(10), &mut thread).await;
/// assert!(early.is_err()); // it is still at the gate, and can still be joined
/// gate.count_down().await?;
/// assert_eq!(thread.await?, "passed");
/// # Ok(()) }
/// ```
#[must_use = "awaiting the handle joins the thread; drop it to let the thread run on"]
pub struct JoinHandle<T> {
    id: ThreadId,
    thread: String,
    outcome: Awaited,
    value: PhantomData<fn() -> T>,
}

enum Awaited {
    Coming(oneshot::Receiver<Outcome>),
    Known(Option<Outcome>),
}

impl<T> JoinHandle<T> {
    pub(crate) fn new(id: ThreadId, thread: String, outcome: oneshot::Receiver<Outcome>) -> Self {
        Self {
            id,
            thread,
            outcome: Awaited::Coming(outcome),
            value: PhantomData,
        }
    }

    pub(crate) fn failed(thread: String, failure: JoinFailure) -> Self {
        let outcome = Awaited::Known(Some(Outcome::Ended(failure)));
        Self {
            id: ThreadId::random(),
            thread,
            outcome,
            value: PhantomData,
        }
    }

    /// The thread's identity.
    ///
    /// ```
    /// # #[crucial::cloud_thread]
    /// # async fn double(n: u32) -> u32 {
    /// #     n * 2
    /// # }
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let (first, second) = (double::spawn(1), double::spawn(1));
    /// assert_ne!(first.id(), second.id());
    /// assert_eq!(first.await?, second.await?);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn id(&self) -> ThreadId {
        self.id
    }

    /// The thread's name.
    ///
    /// ```
    /// # #[crucial::cloud_thread]
    /// # async fn double(n: u32) -> u32 {
    /// #     n * 2
    /// # }
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let (plain, named) = (double::spawn(1), double::task(1).name("doubler").spawn());
    /// assert!(plain.thread().ends_with("::double")); // the function's path
    /// assert_eq!(named.thread(), "doubler");
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn thread(&self) -> &str {
        &self.thread
    }

    /// Whether the thread has ended, as far as this process has heard.
    ///
    /// ```
    /// # #[crucial::cloud_thread]
    /// # async fn pass(gate: crucial::Latch) -> crucial::Result<()> {
    /// #     gate.wait().await
    /// # }
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let gate = crucial::Latch::create("gate", 1).await?;
    /// let mut thread = pass::spawn(gate.clone());
    /// assert!(!thread.is_finished());
    /// gate.count_down().await?;
    /// (&mut thread).await?;
    /// assert!(thread.is_finished());
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn is_finished(&self) -> bool {
        match &self.outcome {
            Awaited::Coming(outcome) => !outcome.is_empty() || outcome.is_terminated(),
            Awaited::Known(_) => true,
        }
    }
}

impl<T: Portable> Future for JoinHandle<T> {
    type Output = Result<T, JoinError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let gone = || Outcome::Ended(JoinFailure::Lost("its runtime was shut down".to_owned()));
        let outcome = match &mut self.outcome {
            Awaited::Coming(outcome) => match Pin::new(outcome).poll(cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(outcome) => outcome.unwrap_or_else(|_| gone()),
            },
            Awaited::Known(outcome) => outcome.take().unwrap_or_else(gone),
        };
        self.outcome = Awaited::Known(None);
        let result = match outcome {
            Outcome::Returned(value) => codec::decode(&value).map_err(|error| {
                JoinFailure::Codec(format!("returned what can't be decoded: {error}"))
            }),
            Outcome::Ended(failure) => Err(failure),
        };
        Poll::Ready(result.map_err(|failure| JoinError {
            thread: self.thread.clone(),
            failure,
        }))
    }
}

impl<T> fmt::Debug for JoinHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinHandle")
            .field("thread", &self.thread)
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}
