//! A running cloud thread, seen by whoever started it.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::sync::oneshot;

use super::invocation::ThreadId;
use super::{EncodedError, Ending, JoinError, JoinFailure, Outcome, Portable};
use crate::codec;
use crate::runtime;

/// A cloud thread that has been started. Awaiting it joins the thread; dropping it detaches the thread.
///
/// The future is cancel safe. A handle that is awaited again (`&mut handle`) gives the same end again. The tokio
/// runtime that the first thread was started on hears of the ends of all: a handle whose thread had not ended when that runtime
/// was shut down gives [`JoinFailure::Lost`].
///
/// `E` is the error that the thread's function returns, if that can travel, and otherwise `String`, its text:
/// [`#[cloud_thread]`](macro@crate::cloud_thread#errors-of-your-own) has the rules.
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
pub struct JoinHandle<T, E = String> {
    id: ThreadId,
    name: String,
    outcome: Awaited,
    result: PhantomData<fn() -> Result<T, E>>,
}

enum Awaited {
    Coming(oneshot::Receiver<Outcome>),
    /// Kept, so that a handle which is awaited again tells the truth.
    Known(Outcome),
}

impl<T, E> JoinHandle<T, E> {
    pub(crate) fn new(id: ThreadId, name: String, outcome: oneshot::Receiver<Outcome>) -> Self {
        Self {
            id,
            name,
            outcome: Awaited::Coming(outcome),
            result: PhantomData,
        }
    }

    pub(crate) fn failed(name: String, failure: Ending) -> Self {
        let outcome = Awaited::Known(Outcome::Ended(failure));
        Self {
            id: ThreadId::random(),
            name,
            outcome,
            result: PhantomData,
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
    /// assert!(plain.name().ends_with("::double")); // the function's path
    /// assert_eq!(named.name(), "doubler");
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
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

impl<T: Portable, E: Portable> JoinHandle<T, E> {
    /// Joins the thread and blocks the current one until then. For code that is not async, as
    /// [`Call::blocking`](crate::Call::blocking).
    ///
    /// ```
    /// #[crucial::cloud_thread]
    /// fn double(n: u32) -> u32 {
    ///     n * 2
    /// }
    ///
    /// #[crucial::main]
    /// fn main() -> crucial::Result<()> {
    ///     assert_eq!(double::spawn(21).blocking()?, 42);
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Panics
    ///
    /// Within async code: use `.await` there.
    ///
    /// # Errors
    ///
    /// As the future gives them; [`JoinFailure::NotStarted`] on a thread that no runtime started, while none or several
    /// are entered.
    #[track_caller]
    pub fn blocking(self) -> Result<T, JoinError<E>> {
        let thread = self.name.clone();
        runtime::block_on(self).unwrap_or_else(|error| {
            let failure = JoinFailure::NotStarted(error.to_string());
            Err(JoinError { thread, failure })
        })
    }
}

impl<T: Portable, E: Portable> Future for JoinHandle<T, E> {
    type Output = Result<T, JoinError<E>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let outcome = match &mut self.outcome {
            Awaited::Coming(outcome) => match Pin::new(outcome).poll(cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(outcome) => outcome.unwrap_or_else(|_| unheard()),
            },
            Awaited::Known(outcome) => outcome.clone(),
        };
        self.outcome = Awaited::Known(outcome.clone());
        let result = match outcome {
            Outcome::Returned(value) => codec::decode(&value).map_err(|error| {
                JoinFailure::Codec(format!("returned what can't be decoded: {error}"))
            }),
            Outcome::Ended(failure) => Err(failure.after(EncodedError::decoded)),
        };
        Poll::Ready(result.map_err(|failure| JoinError {
            thread: self.name.clone(),
            failure,
        }))
    }
}

/// The end of a thread that nobody here hears of.
fn unheard() -> Outcome {
    Outcome::Ended(JoinFailure::Lost(
        "the runtime that would have heard of its end was shut down".to_owned(),
    ))
}

impl<T, E> fmt::Debug for JoinHandle<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinHandle")
            .field("name", &self.name)
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}
