//! Runs one task to its outcome.

use tokio::time::timeout;

use crate::panics::CatchPanic;
use crate::runtime::Runtime;
use crate::thread::{Invocation, JoinFailure, Outcome, THREAD, ThreadContext, Wire, find};

/// Runs a task: looks its function up, calls it, and makes a value of however it ends.
pub(crate) async fn run(runtime: &Runtime, task: Invocation) -> Outcome {
    let limit = task.time_left();
    let context = ThreadContext { depth: task.depth };
    // One of the two places where a panic of user code is caught; the other is the dispatcher of object methods.
    let thread = CatchPanic(Box::pin(THREAD.scope(context, async move {
        let entry = find(&task.thread, Some(task.fingerprint))?;
        entry.start(Wire::Postcard, task.args).await
    })));
    match timeout(limit, runtime.scope(thread)).await {
        Ok(Ok(Ok(value))) => Outcome::Returned(value),
        Ok(Ok(Err(failure))) => Outcome::Ended(failure),
        Ok(Err(panic)) => Outcome::Ended(JoinFailure::Panicked(panic)),
        Err(_) => Outcome::Ended(JoinFailure::TimedOut(limit)),
    }
}
