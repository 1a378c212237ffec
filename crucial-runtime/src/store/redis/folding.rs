//! Calls of one process that follow one another and add up: they travel as one.

use std::task::Poll;

use bytes::Bytes;

use super::lane::Answer;
use super::operation::Operation;
use crate::object::{Call, Value};

/// Calls that the server sees as one.
pub(super) struct Folded<'a> {
    calls: Vec<&'a Call>,
    /// The arguments of the one call, where they are not those of the only one.
    args: Option<Vec<Bytes>>,
}

impl<'a> Folded<'a> {
    /// Folds what can be folded of a batch, in order.
    pub(super) fn all(operations: &'a [Operation]) -> Vec<Self> {
        let calls: Vec<&Call> = operations.iter().map(Operation::call).collect();
        calls
            .chunk_by(|a, b| a.method == b.method)
            .flat_map(Self::of_method)
            .collect()
    }

    fn of_method(calls: &[&'a Call]) -> Vec<Self> {
        if let [first, _, ..] = calls {
            let args: Vec<&[Bytes]> = calls.iter().map(|call| &call.args[..]).collect();
            if let Some(args) = (first.object.fold)(first.method.name, &args) {
                return vec![Self {
                    calls: calls.to_vec(),
                    args: Some(args),
                }];
            }
        }
        calls
            .iter()
            .map(|call| Self {
                calls: vec![call],
                args: None,
            })
            .collect()
    }

    /// The name of the method.
    pub(super) fn method(&self) -> &'static str {
        self.calls.first().map_or("", |call| call.method.name)
    }

    /// The server's own command for it.
    pub(super) fn native(&self) -> &'static str {
        let first = self.calls.first();
        first.and_then(|call| call.method.native).unwrap_or("")
    }

    /// The arguments that are sent.
    pub(super) fn args(&self) -> &[Bytes] {
        match &self.args {
            Some(args) => args,
            None => self.calls.first().map_or(&[], |call| &call.args),
        }
    }

    /// The answer of each of the calls, from that of the one.
    pub(super) fn unfold(&self, answer: Answer) -> Vec<Answer> {
        match (answer, &self.calls[..]) {
            (Ok(Poll::Ready(reply)), [first, _, ..]) => {
                let args: Vec<&[Bytes]> = self.calls.iter().map(|call| &call.args[..]).collect();
                let replies: Vec<Value> = (first.object.unfold)(first.method.name, &args, &reply);
                replies
                    .into_iter()
                    .map(|reply| Ok(Poll::Ready(reply)))
                    .collect()
            }
            (answer, calls) => vec![answer; calls.len()],
        }
    }
}
