//! A call under way that goes on by itself when its caller drops it.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::store::redis::answer::Answer;

/// A call under way. Dropped by its caller, it flies on by itself: others wait for the lane.
pub(super) struct Flight(Option<Pin<Box<dyn Future<Output = Answer> + Send>>>);

impl Flight {
    pub(super) fn of(call: impl Future<Output = Answer> + Send + 'static) -> Self {
        Self(Some(Box::pin(call)))
    }
}

impl Future for Flight {
    type Output = Answer;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Answer> {
        let Some(flight) = &mut self.0 else {
            return Poll::Pending;
        };
        let answer = std::task::ready!(flight.as_mut().poll(cx));
        self.0 = None;
        Poll::Ready(answer)
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        if let Some(flight) = self.0.take()
            && let Ok(tokio) = tokio::runtime::Handle::try_current()
        {
            tokio.spawn(flight);
        }
    }
}
