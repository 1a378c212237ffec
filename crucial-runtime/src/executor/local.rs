//! Cloud threads as tasks of this process.

use async_trait::async_trait;

use super::Executor;
use crate::runtime::Runtime;
use crate::thread::{Ending, Invocation};
use crate::worker;

/// Runs cloud threads as tasks of this process, on its tokio runtime.
#[derive(Debug, Default)]
pub(crate) struct LocalExecutor;

#[async_trait]
impl Executor for LocalExecutor {
    async fn start(&self, runtime: &Runtime, task: Invocation) -> Result<(), Ending> {
        let runtime = runtime.clone();
        tokio::spawn(async move {
            let id = task.id;
            let outcome = worker::run(&runtime, task).await;
            runtime.joins().complete(&runtime, id, outcome).await;
        });
        Ok(())
    }

    async fn shutdown(&self) {}
}
