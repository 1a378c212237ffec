//! The worker as AWS Lambda sees it: the loop of `lambda_runtime` around the handler.

use std::sync::Arc;

use lambda_runtime::tower::util::MapResultLayer;
use lambda_runtime::{Diagnostic, Error, LambdaEvent, Runtime, service_fn};
use serde_json::Value;

use super::handler::{Failure, Worker};
use crate::panics;

/// Handles events until the Lambda runtime API is gone or this process is not to be used again.
pub(crate) async fn serve(worker: Arc<Worker>) -> Result<(), Error> {
    if panics::ABORTS {
        let dying = Arc::clone(&worker);
        panics::tell(move |panic| dying.last_word(panic));
    }
    worker.warm().await;
    let handling = Arc::clone(&worker);
    let handler = service_fn(move |event: LambdaEvent<Value>| {
        let worker = Arc::clone(&handling);
        async move {
            let LambdaEvent { payload, context } = event;
            worker.handle(payload, context.deadline).await
        }
    });
    // The layer sees an event's end after the answer has been sent, before the next event is asked for.
    let retire = MapResultLayer::new(move |handled: Result<(), Error>| {
        if worker.retired() {
            return Err("a thread was cut off here, so the process is replaced".into());
        }
        handled
    });
    Runtime::new(handler).layer(retire).run().await
}

impl From<Failure> for Diagnostic {
    fn from(failure: Failure) -> Self {
        Self {
            error_type: failure.kind.to_owned(),
            error_message: failure.message,
        }
    }
}
