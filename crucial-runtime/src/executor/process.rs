//! Cloud threads in processes of this machine, behind a local Lambda runtime API.

use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use async_trait::async_trait;
use serde_json::Value;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::JoinHandle;

use super::Executor;
use crate::emulator::{Casualty, Emulator, Function, Pool, Reply, Request};
use crate::error::{Error, Result};
use crate::runtime::{Runtime, WeakRuntime};
use crate::thread::{Ending, Invocation, JoinFailure, Outcome};
use crate::worker::{Event, pack};

/// Runs cloud threads in processes of this program, which are started on demand, one thread at a time each.
///
/// The processes stay for further threads. Threads that they spawn come back here, through the
/// emulator's `Invoke` API.
#[derive(Debug)]
pub(crate) struct ProcessExecutor {
    emulator: Emulator,
    pool: Pool,
    /// The runtime whose threads these are.
    runtime: Arc<OnceLock<WeakRuntime>>,
    // A plain mutex: it guards one look and is never held across an await.
    reporting: Mutex<Option<JoinHandle<()>>>,
}

impl ProcessExecutor {
    pub(crate) async fn start(function: Function) -> Result<Self> {
        let name = function.name().to_owned();
        let refuse = |reason: String| Error::Config {
            setting: crate::config::EXECUTOR,
            reason,
        };
        let emulator = Emulator::start((Ipv4Addr::LOCALHOST, 0).into(), [function])
            .await
            .map_err(|error| refuse(format!("`process` can't listen on 127.0.0.1: {error}")))?;
        let pool = emulator
            .pool(&name)
            .ok_or_else(|| refuse("`process` has no function".to_owned()))?
            .clone();
        let runtime = Arc::default();
        let reporting = tokio::spawn(report(Arc::clone(&runtime), pool.casualties()));
        Ok(Self {
            emulator,
            pool,
            runtime,
            reporting: Mutex::new(Some(reporting)),
        })
    }
}

#[async_trait]
impl Executor for ProcessExecutor {
    async fn start(&self, runtime: &Runtime, task: Invocation) -> Result<(), Ending> {
        self.runtime.get_or_init(|| runtime.downgrade());
        let label = task.label.clone();
        let event = pack(runtime, task).await?;
        self.pool.submit(Request::new(event, label));
        Ok(())
    }

    async fn shutdown(&self) {
        self.emulator.shutdown().await;
        let reporting = self
            .reporting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(reporting) = reporting {
            // What is written after the job has ended would stay; it fails only if it panicked.
            let _ = reporting.await;
        }
    }
}

/// Writes how threads ended whose processes can't any more.
async fn report(runtime: Arc<OnceLock<WeakRuntime>>, mut casualties: UnboundedReceiver<Casualty>) {
    while let Some(Casualty { payload, reply }) = casualties.recv().await {
        let Some(runtime) = runtime.get().and_then(WeakRuntime::upgrade) else {
            return;
        };
        let Some(task) = Event::task_in(&payload) else {
            continue;
        };
        let outcome = Outcome::Ended(failure(reply));
        let ending = runtime.joins().complete(&runtime, task.id, outcome);
        runtime.scope(ending).await;
    }
}

/// What the end of an event is to its thread.
fn failure(reply: Reply) -> Ending {
    match reply {
        // Nobody is told of these.
        Reply::Returned(_) => {
            JoinFailure::Lost("its process answered without running it".to_owned())
        }
        Reply::Error(body) => {
            let error: Value = serde_json::from_slice(&body).unwrap_or_default();
            let message = error["errorMessage"].as_str();
            JoinFailure::Lost(
                message
                    .unwrap_or("its process failed without a reason")
                    .to_owned(),
            )
        }
        Reply::NotStarted(reason) => JoinFailure::NotStarted(reason),
        Reply::Died(reason) | Reply::TimedOut(reason) | Reply::ShutDown(reason) => {
            JoinFailure::Lost(reason)
        }
        Reply::OutOfMemory(reason) => JoinFailure::OutOfMemory(reason),
    }
}
