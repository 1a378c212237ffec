//! The end of a thread, told by a process that ends of a panic (`panic = "abort"`).

use std::sync::Arc;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use super::handler::{Worker, complete, lock};
use crate::config::Builder;
use crate::error::{Error, Result};
use crate::executor::LocalExecutor;
use crate::job::LEASE;
use crate::object::Namespace;
use crate::panics::Panic;
use crate::thread::{Completions, JoinFailure, Outcome, ThreadId};

/// How long the process stays for it. A store that does not answer by then is most likely gone.
const LIMIT: Duration = Duration::from_secs(5);

impl Worker {
    /// Writes that the thread that runs here has panicked; returns once that is done, or can't be.
    pub(super) fn last_word(&self, panic: Panic) {
        // Further panics find nothing left to say, one in here as well.
        let Some((id, job)) = lock(&self.last).take() else {
            return;
        };
        let builder = self.builder.clone();
        let (tell, told) = mpsc::channel();
        // A thread, a tokio runtime and a connection of its own: the worker's own may wait for what panicked.
        let writer =
            thread::Builder::new().spawn(move || tell.send(write(builder, job, id, panic)));
        let failure = match writer.map(|_| told.recv_timeout(LIMIT)) {
            Ok(Ok(Ok(()))) => return,
            Ok(Ok(Err(error))) => error.to_string(),
            Ok(Err(_)) => format!("the store did not answer within {LIMIT:?}"),
            Err(error) => error.to_string(),
        };
        tracing::error!(thread = %id, failure, "the panic of a cloud thread could not be stored");
    }
}

fn write(builder: Builder, job: Namespace, id: ThreadId, panic: Panic) -> Result<()> {
    let tokio = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Error::other)?;
    tokio.block_on(async {
        let store = builder.connect_store().await?;
        if !store.prolong(&job, LEASE).await? {
            // Nobody joins a thread of a job that has ended.
            return Ok(());
        }
        let executor = Arc::new(LocalExecutor);
        let runtime = builder.join(job).build_on(store, executor).await?;
        let threads = Completions::of(runtime.namespace())?;
        let outcome = Outcome::Ended(JoinFailure::Panicked(panic));
        runtime.scope(complete(&threads, id, outcome)).await
    })
}
