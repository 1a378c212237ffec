//! A run: its namespace, and the lease that ends its objects if nobody else does.

use std::time::Duration;

use tokio::task::JoinHandle;

use crate::error::Result;
use crate::object::Namespace;
use crate::store::Store;

/// How long a job's objects outlive a driver that died.
pub(crate) const LEASE: Duration = Duration::from_secs(60);

/// A run: its threads and its objects end with it.
#[derive(Debug)]
pub(crate) struct Job {
    namespace: Namespace,
    /// The driver's task that renews the lease; a worker takes part in a job that it neither began nor ends.
    renewal: Option<JoinHandle<()>>,
}

impl Job {
    /// Begins a job.
    pub(crate) async fn begin(
        namespace: Namespace,
        store: std::sync::Arc<dyn Store>,
    ) -> Result<Self> {
        store.renew(&namespace, LEASE).await?;
        let renewed = namespace.clone();
        let renewal = tokio::spawn(async move {
            loop {
                tokio::time::sleep(LEASE / 3).await;
                if let Err(error) = store.renew(&renewed, LEASE).await {
                    tracing::warn!(%error, job = %renewed, "the job's lease could not be renewed");
                }
            }
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

    pub(crate) fn namespace(&self) -> &Namespace {
        &self.namespace
    }

    /// Removes the job's objects, if it began here.
    pub(crate) async fn end(&self, store: &dyn Store) -> Result<()> {
        let Some(renewal) = &self.renewal else {
            return Ok(());
        };
        renewal.abort();
        store.clear(&self.namespace).await
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        if let Some(renewal) = &self.renewal {
            renewal.abort();
        }
    }
}
