//! What generated code calls. Nothing here is for people, and anything may change in any version.

use std::task::Poll;

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;

pub use crate::main_fn::{MainReturn, main};
pub use crate::object::{Handle, Method, Object, Refusal, Root, Value};
pub use crate::thread::{
    Plain, Portable, ThreadEntry, ThreadReturn, Wire, run_async, run_blocking,
};
pub use bytes;
pub use inventory;
pub use serde;

use crate::codec;

/// Decodes the arguments of a user's method, a tuple.
///
/// # Errors
///
/// [`Refusal::Args`].
pub fn arguments<A: DeserializeOwned>(args: &[Bytes]) -> Result<A, Refusal> {
    let [args] = args else {
        return Err(Refusal::args("one tuple was expected"));
    };
    Ok(codec::decode(args)?)
}

/// Encodes the reply of a user's method.
///
/// # Errors
///
/// [`Refusal::Reply`].
pub fn ready<R: Serialize>(reply: &R) -> Result<Poll<Value>, Refusal> {
    match codec::encode(reply) {
        Ok(bytes) => Ok(Poll::Ready(Value::Bytes(bytes))),
        Err(error) => Err(Refusal::Reply(error.to_string())),
    }
}

/// Encodes the reply of a user's method that waits.
///
/// # Errors
///
/// [`Refusal::Reply`].
pub fn poll<R: Serialize>(reply: &Poll<R>) -> Result<Poll<Value>, Refusal> {
    match reply {
        Poll::Ready(reply) => ready(reply),
        Poll::Pending => Ok(Poll::Pending),
    }
}
