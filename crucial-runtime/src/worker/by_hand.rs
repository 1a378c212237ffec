//! Calls a function as a person asked for it: JSON in, JSON out.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::event::ByHand;
use super::handler::{Failure, Worker, check};
use super::run;
use crate::thread::{Ending, JoinError, JoinFailure, Outcome, Wire, find_by_end, unix_ms};

impl Worker {
    /// Calls the function in a job of its own, or in the one that the call names.
    pub(super) async fn by_hand(&self, call: ByHand, deadline_ms: u64) -> Result<Value, Failure> {
        let entry = find_by_end(&call.thread)
            .map_err(|failure| Failure::new(kind(&failure), failure.to_string()))?;
        let args =
            serde_json::to_vec(&call.args).map_err(|error| Failure::new("Crucial.Event", error))?;
        let store = self.store_within(self.builder.limits()).await?;
        let builder = match &call.job {
            Some(job) => {
                check(store.as_ref(), job, "").await?;
                self.builder.clone().join(job.clone())
            }
            None => self.builder.clone(),
        };
        let runtime = builder
            .build_on(store, Arc::clone(self.executor().await?))
            .await?;
        let limit = Duration::from_millis(deadline_ms.saturating_sub(unix_ms()));
        let limit = limit.min(runtime.limits().thread);
        let entered = runtime.enter();
        let running = {
            let runtime = runtime.clone();
            async move {
                run::call(&runtime, 0, limit, move || {
                    Ok(entry.start(Wire::Json, args.into()))
                })
                .await
            }
        };
        let outcome = self.bounded(running, limit, pending()).await;
        runtime.joins().settled().await;
        drop(entered);
        runtime.job().end(runtime.store().as_ref(), false).await?;
        match outcome {
            Some(Outcome::Returned(json)) => {
                serde_json::from_slice(&json).map_err(|error| Failure::new("Crucial.Codec", error))
            }
            Some(Outcome::Ended(failure)) => Err(ended(entry.name(), failure)),
            None => Err(ended(entry.name(), JoinFailure::Cancelled)),
        }
    }
}

/// The end of a thread as a function error.
fn ended(thread: &str, failure: Ending) -> Failure {
    let kind = kind(&failure);
    let thread = thread.to_owned();
    Failure::new(kind, JoinError { thread, failure })
}

/// What a function error calls the failure of a thread.
fn kind(failure: &Ending) -> &'static str {
    match failure {
        JoinFailure::Panicked(_) => "Crucial.Panicked",
        JoinFailure::Failed(_) => "Crucial.Failed",
        JoinFailure::TimedOut(_) => "Crucial.TimedOut",
        JoinFailure::Skew(_) => "Crucial.Skew",
        JoinFailure::Codec(_) => "Crucial.Codec",
        _ => "Crucial.Ended",
    }
}
