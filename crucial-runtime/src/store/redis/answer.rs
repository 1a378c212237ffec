//! What comes back for one operation.

use std::task::Poll;

use super::fault::Fault;
use crate::object::Value;

/// What comes back for one operation.
pub(super) type Answer = Result<Poll<Value>, Fault>;

/// The flag that creating and destroying answer with.
pub(super) fn flag(answer: Poll<Value>) -> Result<bool, Fault> {
    match answer {
        Poll::Ready(Value::Int(flag)) => Ok(flag == 1),
        other => Err(Fault::Server(format!(
            "it gave an unexpected reply: {other:?}"
        ))),
    }
}
