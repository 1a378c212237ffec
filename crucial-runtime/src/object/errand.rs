//! What is done for somebody who is gone: a call is finished, what was held is given back.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::timeout;

use crate::error::Result;
use crate::runtime::{self, Runtime};

/// How long the end of a job waits for errands; the leases end what they would have given back.
const LIMIT: Duration = Duration::from_secs(10);

/// The errands of this process that are under way.
#[derive(Debug)]
pub(crate) struct Errands(watch::Sender<usize>);

impl Default for Errands {
    fn default() -> Self {
        Self(watch::Sender::new(0))
    }
}

impl Errands {
    /// Waits until there are none, at most for some seconds: the process may be frozen or end after this.
    pub(crate) async fn settled(&self) {
        let mut under_way = self.0.subscribe();
        // The sender is `self`, so the channel is open.
        let _ = timeout(LIMIT, under_way.wait_for(|count| *count == 0)).await;
    }
}

/// One errand under way.
struct UnderWay(Runtime);

impl UnderWay {
    fn new(runtime: &Runtime) -> Self {
        runtime.errands().0.send_modify(|count| *count += 1);
        Self(runtime.clone())
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.errands().0.send_modify(|count| *count -= 1);
    }
}

/// Where and how errands are done: in the runtime, and on the tokio runtime, of whoever sends them.
#[derive(Debug, Clone)]
pub(crate) struct Errand {
    runtime: Runtime,
    tokio: tokio::runtime::Handle,
}

impl Errand {
    /// For whoever is here now.
    ///
    /// # Errors
    ///
    /// [`Error::NoRuntime`](crate::Error::NoRuntime).
    pub(crate) fn here() -> Result<Self> {
        Ok(Self {
            runtime: runtime::current()?,
            tokio: tokio::runtime::Handle::current(),
        })
    }

    pub(crate) fn runtime(&self) -> &Runtime {
        &self.runtime
    }

    /// Does it in the background.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let under_way = UnderWay::new(&self.runtime);
        self.tokio.spawn(async move {
            let runtime = under_way.0.clone();
            runtime.scope(task).await;
            drop(under_way);
        });
    }

    /// Does it here. If the future is dropped once it has begun, it goes on in the background, and
    /// what it gives is dropped there: where a call brings something that has to be given back, only
    /// its answer tells what.
    pub(crate) fn finish<T: Send + 'static>(
        &self,
        task: impl Future<Output = T> + Send + 'static,
    ) -> Finish<T> {
        Finish {
            task: Some(Box::pin(task)),
            begun: false,
            errand: self.clone(),
        }
    }
}

/// The future of [`Errand::finish`].
pub(crate) struct Finish<T: Send + 'static> {
    task: Option<Pin<Box<dyn Future<Output = T> + Send>>>,
    begun: bool,
    errand: Errand,
}

impl<T: Send + 'static> Future for Finish<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        self.begun = true;
        let Some(task) = &mut self.task else {
            return Poll::Pending;
        };
        let given = ready!(task.as_mut().poll(cx));
        self.task = None;
        Poll::Ready(given)
    }
}

impl<T: Send + 'static> Drop for Finish<T> {
    fn drop(&mut self) {
        if let Some(task) = self.task.take().filter(|_| self.begun) {
            self.errand.spawn(async move { drop(task.await) });
        }
    }
}
