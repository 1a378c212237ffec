//! Runs one task to its outcome.

use std::time::Duration;

use bytes::Bytes;

use crate::panics::CatchPanic;
use crate::runtime::Runtime;
use crate::thread::{
    Ending, Invocation, JoinFailure, Outcome, Running, THREAD, ThreadContext, Wire, find,
};

/// Runs a task: looks its function up, calls it, and makes a value of however it ends.
pub(crate) async fn run(runtime: &Runtime, task: Invocation) -> Outcome {
    let (depth, limit) = (task.depth, task.time_left());
    call(runtime, depth, limit, move || {
        let entry = find(&task.thread, Some(task.fingerprint))?;
        Ok(entry.start(Wire::Packed, task.args))
    })
    .await
}

/// Runs what `start` starts, so long at the most.
pub(super) async fn call(
    runtime: &Runtime,
    depth: u32,
    limit: Duration,
    start: impl FnOnce() -> Result<Running, Ending> + Send + 'static,
) -> Outcome {
    // One of the two places where a panic of user code is caught; the other is the dispatcher of object methods.
    let thread = CatchPanic(Box::pin(THREAD.scope(
        ThreadContext { depth, limit },
        async move { start()?.await },
    )));
    match runtime.scope(thread).await {
        Ok(ended) => bounded(runtime, ended),
        Err(panic) => Outcome::Ended(JoinFailure::Panicked(panic)),
    }
}

/// How a thread ended, unless what it returned is too large.
fn bounded(runtime: &Runtime, ended: Result<Bytes, Ending>) -> Outcome {
    let limit = runtime.limits().value_bytes;
    match ended {
        Ok(value) if value.len() <= limit => Outcome::Returned(value),
        Ok(value) => Outcome::Ended(JoinFailure::Codec(format!(
            "returned {} bytes, over the limit of {limit}; put bulk data into a shared object, or raise the limit with `Builder::max_value_bytes`",
            value.len()
        ))),
        Err(JoinFailure::Failed(error)) => {
            let failed = error.within(limit).map(JoinFailure::Failed);
            Outcome::Ended(failed.unwrap_or_else(|failure| failure))
        }
        Err(failure) => Outcome::Ended(failure),
    }
}
