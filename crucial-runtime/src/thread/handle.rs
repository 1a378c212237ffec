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
    #[must_use]
    pub fn id(&self) -> ThreadId {
        self.id
    }

    /// The thread's name.
    #[must_use]
    pub fn thread(&self) -> &str {
        &self.thread
    }

    /// Whether the thread has ended, as far as this process has heard.
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
