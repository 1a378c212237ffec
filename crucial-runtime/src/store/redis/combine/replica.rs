//! A cached state, and running calls on it.

use std::task::Poll;

use bytes::Bytes;
use tokio::time::Instant;

use super::pulse::Pulse;
use crate::chance;
use crate::object::{Call, ObjectType, Refusal, State};
use crate::store::redis::answer::Answer;
use crate::store::redis::fault::Fault;
use crate::store::redis::operation::is_read;

/// A state as it is, or was, stored.
pub(super) struct Replica {
    /// Another one with each commit, and with each creation.
    pub(super) version: u64,
    pub(super) stored: Bytes,
    /// The same, decoded. While a batch runs, ahead of `stored`.
    pub(super) state: State,
    /// It was the stored one at some time after this.
    pub(super) confirmed: Instant,
}

impl std::fmt::Debug for Replica {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Replica")
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

/// The version of a state that is made from the state of that version.
///
/// A random step on. A server may go back to an older state (a fail-over, a restart), and what is committed from there
/// must not meet the versions that other processes saw before it: they would take their states for the stored one.
pub(super) fn next(version: u64) -> u64 {
    version.wrapping_add(1 + (chance::number() >> 33))
}

impl Replica {
    /// The state as it is stored: 8 bytes of version, then the state.
    pub(super) fn read(
        object: &ObjectType,
        bytes: &Bytes,
        confirmed: Instant,
    ) -> Result<Self, Fault> {
        let Some((version, _)) = bytes.split_first_chunk::<8>() else {
            return Err(Fault::garbled("fewer than the 8 bytes of a version"));
        };
        let stored = bytes.slice(8..);
        let state = decode(object, &stored)?;
        Ok(Self {
            version: u64::from_be_bytes(*version),
            stored,
            state,
            confirmed,
        })
    }

    /// Goes back to what is stored.
    pub(super) fn rewind(&mut self, object: &ObjectType) -> Result<(), Fault> {
        self.state = decode(object, &self.stored)?;
        Ok(())
    }

    /// Runs the calls in order, and gives the state that they leave, to be stored, if it is another one.
    ///
    /// A call that panics, is refused, waits, or leaves a state that can't be stored has no effect.
    pub(super) fn run(
        &mut self,
        object: &'static ObjectType,
        calls: &[&Call],
        limit: usize,
        pulse: &Pulse,
    ) -> Result<(Vec<Answer>, Option<Bytes>), Fault> {
        let run = self.try_run(object, calls, None, pulse)?;
        if !run.changed {
            return Ok((run.answers, None));
        }
        if let Ok(stored) = object.encode_within(&self.state, limit) {
            return Ok((run.answers, Some(stored)));
        }
        // Once more, to see whose call it is that leaves what can't be stored.
        self.rewind(object)?;
        self.try_run(object, calls, Some(limit), pulse)?.end(self)
    }

    /// Runs the calls in order.
    fn try_run<'a>(
        &mut self,
        object: &'static ObjectType,
        calls: &'a [&'a Call],
        limit: Option<usize>,
        pulse: &Pulse,
    ) -> Result<Run<'a>, Fault> {
        let _working = pulse.batch();
        let mut run = Run::of(self, object, calls, limit);
        for _ in calls {
            run.next(self, pulse)?;
        }
        Ok(run)
    }
}

/// Calls that are run one by one, on the stored state of a replica.
pub(super) struct Run<'a> {
    object: &'static ObjectType,
    calls: &'a [&'a Call],
    /// How many bytes the state may take, to be checked after each call; none to check it afterwards.
    limit: Option<usize>,
    answers: Vec<Answer>,
    changed: bool,
    /// The state to go back to, and the first call that is not in it.
    checkpoint: (Bytes, usize),
}

impl<'a> Run<'a> {
    pub(super) fn of(
        replica: &Replica,
        object: &'static ObjectType,
        calls: &'a [&'a Call],
        limit: Option<usize>,
    ) -> Self {
        Self {
            object,
            calls,
            limit,
            answers: Vec::with_capacity(calls.len()),
            changed: false,
            checkpoint: (replica.stored.clone(), 0),
        }
    }

    /// Runs the next call.
    pub(super) fn next(&mut self, replica: &mut Replica, pulse: &Pulse) -> Result<(), Fault> {
        let (object, index) = (self.object, self.answers.len());
        let Some(call) = self.calls.get(index) else {
            return Ok(());
        };
        pulse.call(call.method);
        let mut result = object.apply(&mut replica.state, call.method, &call.args);
        let update = !is_read(call);
        let ready = matches!(result, Ok(Poll::Ready(_)));
        if let (true, true, Some(limit)) = (ready, update, self.limit)
            && let Err(refusal) = object.check_within(&replica.state, limit)
        {
            result = Err(refusal);
        }
        let undo = match &result {
            Ok(Poll::Ready(_)) => false,
            Err(Refusal::Panicked(_) | Refusal::State(_) | Refusal::TooLarge { .. }) => true,
            Ok(Poll::Pending) | Err(_) => update && !object.careful,
        };
        self.changed |= update && matches!(result, Ok(Poll::Ready(_)));
        self.answers.push(result.map_err(Fault::Refused));
        if undo {
            replica.state = decode(object, &self.checkpoint.0)?;
            let before = self.answers.iter_mut().zip(self.calls);
            for (answer, before) in before.take(index).skip(self.checkpoint.1) {
                // None of these has been answered yet: what they give now is what counts.
                if matches!(answer, Ok(Poll::Ready(_))) {
                    *answer = object
                        .apply(&mut replica.state, before.method, &before.args)
                        .map_err(Fault::Refused);
                }
            }
            let bytes = object
                .encode_within(&replica.state, usize::MAX)
                .map_err(Fault::Refused)?;
            self.checkpoint = (bytes, index + 1);
        }
        Ok(())
    }

    /// Answers the next call without running it.
    pub(super) fn refuse(&mut self, fault: Fault) {
        self.answers.push(Err(fault));
    }

    /// The answers, and the state that the calls leave, to be stored, if it is another one.
    pub(super) fn end(self, replica: &Replica) -> Result<(Vec<Answer>, Option<Bytes>), Fault> {
        let limit = self.limit.unwrap_or(usize::MAX);
        let stored = self
            .changed
            .then(|| self.object.encode_within(&replica.state, limit));
        Ok((self.answers, stored.transpose().map_err(Fault::Refused)?))
    }
}

fn decode(object: &ObjectType, stored: &[u8]) -> Result<State, Fault> {
    object
        .decode(stored)
        .map_err(|error| Fault::Corrupt(error.to_string()))
}
