//! Where threads run: one narrow contract, and the executors that keep it.

#[cfg(feature = "lambda")]
mod lambda;
mod local;
#[cfg(feature = "lambda")]
mod process;

use std::fmt::Debug;

use async_trait::async_trait;

use crate::runtime::Runtime;
use crate::thread::{Ending, Invocation};

#[cfg(feature = "lambda")]
pub(crate) use lambda::LambdaExecutor;
pub(crate) use local::LocalExecutor;
#[cfg(feature = "lambda")]
pub(crate) use process::ProcessExecutor;

/// Where threads run.
#[async_trait]
pub(crate) trait Executor: Debug + Send + Sync + 'static {
    /// Starts one task. It returns once the task has been taken on; the outcome reaches the job's
    /// completion keys, written by the worker or, where the worker died, by the executor that saw it.
    async fn start(&self, runtime: &Runtime, task: Invocation) -> Result<(), Ending>;

    /// Stops what runs; tasks that have not ended are lost.
    async fn shutdown(&self);

    /// Whether threads may go on after [`shutdown`](Self::shutdown), where nothing of this process reaches them.
    fn is_outlived(&self) -> bool {
        false
    }
}
