//! Calls of one process that follow one another and add up: they travel as one.

use std::task::Poll;

use bytes::Bytes;

use super::answer::Answer;
use super::value;
use crate::object::{Call, Value};

/// Calls that the server sees as one.
pub(super) struct Folded<'a> {
    calls: &'a [&'a Call],
    /// The arguments of the one call, where they are not those of the only one.
    args: Option<Vec<Bytes>>,
}

impl<'a> Folded<'a> {
    /// Folds what can be folded of a batch, in order.
    pub(super) fn all(calls: &'a [&'a Call]) -> Vec<Self> {
        let mut all = Vec::new();
        for same in calls.chunk_by(|a, b| a.method == b.method) {
            match Self::of_several(same) {
                Some(folded) => all.push(folded),
                None => all.extend(same.chunks(1).map(|alone| Self {
                    calls: alone,
                    args: None,
                })),
            }
        }
        all
    }

    /// Calls of one method as one, if there are several and they can be.
    fn of_several(calls: &'a [&'a Call]) -> Option<Self> {
        let [first, _, ..] = calls else {
            return None;
        };
        let args = (first.object.fold)(first.method.name, &args(calls))?;
        Some(Self {
            calls,
            args: Some(args),
        })
    }

    fn first(&self) -> Option<&Call> {
        self.calls.first().copied()
    }

    /// The name of the method.
    pub(super) fn method(&self) -> &'static str {
        self.first().map_or("", |call| call.method.name)
    }

    /// The server's own command for it.
    pub(super) fn native(&self) -> &'static str {
        self.first()
            .and_then(|call| call.method.native)
            .unwrap_or("")
    }

    /// The arguments that are sent.
    pub(super) fn args(&self) -> &[Bytes] {
        match &self.args {
            Some(args) => args,
            None => self.first().map_or(&[], |call| &call.args),
        }
    }

    /// The answers to all calls of a batch, from the replies to what the server saw.
    pub(super) fn answers(
        all: &[Self],
        replies: impl IntoIterator<Item = redis::Value>,
    ) -> Vec<Answer> {
        let mut answers = Vec::with_capacity(all.iter().map(|one| one.calls.len()).sum());
        for (one, reply) in all.iter().zip(replies) {
            one.unfold(value::reply(reply), &mut answers);
        }
        answers
    }

    /// Adds the answer of each of the calls, from that of the one.
    fn unfold(&self, answer: Answer, answers: &mut Vec<Answer>) {
        match (answer, self.calls) {
            (Ok(Poll::Ready(reply)), [first, _, ..]) => {
                let args = args(self.calls);
                let replies: Vec<Value> = (first.object.unfold)(first.method.name, &args, &reply);
                answers.extend(replies.into_iter().map(|reply| Ok(Poll::Ready(reply))));
            }
            (answer, calls) => answers.resize(answers.len() + calls.len(), answer),
        }
    }
}

fn args<'a>(calls: &[&'a Call]) -> Vec<&'a [Bytes]> {
    calls.iter().map(|call| &call.args[..]).collect()
}
