//! Runs one task to its outcome.

use std::time::Duration;

use tokio::time::timeout;

use crate::panics::CatchPanic;
use crate::runtime::Runtime;
use crate::thread::{Invocation, JoinFailure, Outcome, Running, THREAD, ThreadContext, Wire, find};

/// Runs a task: looks its function up, calls it, and makes a value of however it ends.
pub(crate) async fn run(runtime: &Runtime, task: Invocation) -> Outcome {
    let (depth, limit) = (task.depth, task.time_left());
    call(runtime, depth, limit, move || {
        let entry = find(&task.thread, Some(task.fingerprint))?;
        Ok(entry.start(Wire::Postcard, task.args))
    })
    .await
}

/// Runs what `start` starts, so long at the most.
pub(super) async fn call(
    runtime: &Runtime,
    depth: u32,
    limit: Duration,
    start: impl FnOnce() -> Result<Running, JoinFailure> + Send + 'static,
) -> Outcome {
    // One of the two places where a panic of user code is caught; the other is the dispatcher of object methods.
    let thread = CatchPanic(Box::pin(
        THREAD.scope(ThreadContext { depth }, async move { start()?.await }),
    ));
    match timeout(limit, runtime.scope(thread)).await {
        Ok(Ok(Ok(value))) => bounded(runtime, value),
        Ok(Ok(Err(failure))) => Outcome::Ended(failure),
        Ok(Err(panic)) => Outcome::Ended(JoinFailure::Panicked(panic)),
        Err(_) => Outcome::Ended(JoinFailure::TimedOut(limit)),
    }
}

fn bounded(runtime: &Runtime, value: bytes::Bytes) -> Outcome {
    let limit = runtime.limits().value_bytes;
    if value.len() <= limit {
        return Outcome::Returned(value);
    }
    Outcome::Ended(JoinFailure::Codec(format!(
        "returned {} bytes, over the limit of {limit}; put bulk data into a shared object, or raise the limit with `Builder::max_value_bytes`",
        value.len()
    )))
}
