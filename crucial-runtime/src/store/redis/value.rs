//! Between the server's replies and the values of calls.

use std::task::Poll;

use bytes::Bytes;

use super::fault::Fault;
use crate::object::Value;

/// The reply of one method.
pub(super) fn reply(value: redis::Value) -> Result<Poll<Value>, Fault> {
    match value {
        redis::Value::SimpleString(text) if text == "PENDING" => Ok(Poll::Pending),
        redis::Value::SimpleString(text) => match text.strip_prefix("ERR ") {
            // A method that the server stopped, alone of its batch.
            Some(error) => {
                let (code, text) = error.split_once(' ').unwrap_or((error, ""));
                Err(Fault::of_text(code.trim_start_matches('-'), text))
            }
            None => Err(unexpected(&text)),
        },
        value => Ok(Poll::Ready(plain(value)?)),
    }
}

/// A reply that is data and nothing else.
pub(super) fn plain(value: redis::Value) -> Result<Value, Fault> {
    Ok(match value {
        redis::Value::Nil | redis::Value::Okay => Value::Nil,
        redis::Value::Int(number) => Value::Int(number),
        redis::Value::Boolean(flag) => Value::Int(flag.into()),
        redis::Value::BulkString(bytes) => Value::Bytes(Bytes::from(bytes)),
        redis::Value::Array(values) | redis::Value::Set(values) => list(values.into_iter())?,
        redis::Value::Map(entries) => {
            list(entries.into_iter().flat_map(|(key, value)| [key, value]))?
        }
        redis::Value::ServerError(error) => return Err(Fault::of(&error)),
        other => return Err(unexpected(&other)),
    })
}

/// A reply that is a list, taken apart.
pub(super) fn items(value: redis::Value) -> Result<Vec<redis::Value>, Fault> {
    match value {
        redis::Value::Array(values) => Ok(values),
        redis::Value::ServerError(error) => Err(Fault::of(&error)),
        other => Err(unexpected(&other)),
    }
}

/// The replies of a pipeline, unless one of them is an error: the first is the cause of those after it.
pub(super) fn all_well(replies: Vec<redis::Value>) -> Result<Vec<redis::Value>, Fault> {
    match replies.iter().find_map(|reply| match reply {
        redis::Value::ServerError(error) => Some(Fault::of(error)),
        _ => None,
    }) {
        Some(fault) => Err(fault),
        None => Ok(replies),
    }
}

/// The strings of a list.
pub(super) fn strings(list: Value) -> Vec<Bytes> {
    let values = match list {
        Value::List(values) => values,
        _ => Vec::new(),
    };
    values.into_iter().filter_map(bytes).collect()
}

/// The bytes of a value that is bytes.
pub(super) fn bytes(value: Value) -> Option<Bytes> {
    match value {
        Value::Bytes(bytes) => Some(bytes),
        _ => None,
    }
}

/// About how many bytes a reply has.
pub(super) fn weight(value: &redis::Value) -> usize {
    match value {
        redis::Value::BulkString(bytes) => bytes.len(),
        redis::Value::Array(values) | redis::Value::Set(values) => values.iter().map(weight).sum(),
        _ => 0,
    }
}

fn list(values: impl Iterator<Item = redis::Value>) -> Result<Value, Fault> {
    values.map(plain).collect::<Result<_, _>>().map(Value::List)
}

fn unexpected(value: &dyn std::fmt::Debug) -> Fault {
    let text: String = format!("{value:?}").chars().take(200).collect();
    Fault::Server(format!("it gave an unexpected reply: {text}"))
}
