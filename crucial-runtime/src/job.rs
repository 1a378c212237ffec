//! A run: its namespace, and the lease that ends its objects if nobody else does.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;

use crate::error::Result;
use crate::object::Namespace;
use crate::pause::Pause;
use crate::store::Store;

/// How long a job's objects outlive a driver that died, and the last thread that still ran then.
pub(crate) const LEASE: Duration = Duration::from_secs(60);

/// A run: its threads and its objects end with it.
#[derive(Debug)]
pub(crate) struct Job {
    namespace: Namespace,
    /// The driver's renewal; a worker takes part in a job that it neither begins nor ends.
    renewal: Option<Renewal>,
}

impl Job {
    /// Begins a job.
    pub(crate) async fn begin(
        namespace: Namespace,
        store: Arc<dyn Store>,
        lease: Duration,
    ) -> Result<Self> {
        store.renew(&namespace, lease).await?;
        let renewal = Renewal::start(namespace.clone(), lease, move |namespace| {
            let store = Arc::clone(&store);
            async move { store.renew(&namespace, lease).await.map(|()| true) }
        });
        Ok(Self {
            namespace,
            renewal: Some(renewal),
        })
    }

    /// Takes part in a job that another process began.
    pub(crate) fn join(namespace: Namespace) -> Self {
        Self {
            namespace,
            renewal: None,
        }
    }

    /// Keeps the objects of the job while a thread of it runs, whatever becomes of the driver, but brings no job back
    /// that has ended: that is over when the driver says so, or when the last of those who keep it is silent.
    #[cfg(any(feature = "lambda", test))]
    pub(crate) fn keep(&self, store: Arc<dyn Store>, lease: Duration) -> Renewal {
        Renewal::start(self.namespace.clone(), lease, move |namespace| {
            let store = Arc::clone(&store);
            async move { store.prolong(&namespace, lease).await }
        })
    }

    pub(crate) fn namespace(&self) -> &Namespace {
        &self.namespace
    }

    /// Removes the job's objects, if it began here. `others` may still run threads of it.
    pub(crate) async fn end(&self, store: &dyn Store, others: bool) -> Result<()> {
        let Some(renewal) = &self.renewal else {
            return Ok(());
        };
        renewal.0.abort();
        store.clear(&self.namespace, others).await
    }
}

/// Renews a job's lease until it is dropped.
#[derive(Debug)]
#[must_use = "the lease is renewed until this is dropped"]
pub(crate) struct Renewal(JoinHandle<()>);

impl Renewal {
    /// Renews three times a lease. Where `renew` says that there is nothing to renew, there may be again: a fail-over
    /// loses a lease that the driver's next renewal brings back.
    fn start<F>(
        namespace: Namespace,
        lease: Duration,
        renew: impl Fn(Namespace) -> F + Send + 'static,
    ) -> Self
    where
        F: Future<Output = Result<bool>> + Send,
    {
        Self(tokio::spawn(async move {
            let mut pause = Pause::new(lease / 20, lease / 3);
            let mut next = lease / 3;
            loop {
                tokio::time::sleep(next).await;
                next = match renew(namespace.clone()).await {
                    Ok(lives) => {
                        if !lives {
                            tracing::debug!(job = %namespace, "the job has no lease");
                        }
                        pause.reset();
                        lease / 3
                    }
                    Err(error) => {
                        tracing::warn!(%error, job = %namespace, "the job's lease could not be renewed");
                        pause.next()
                    }
                };
            }
        }))
    }
}

impl Drop for Renewal {
    fn drop(&mut self) {
        self.0.abort();
    }
}
