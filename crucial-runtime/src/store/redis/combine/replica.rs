//! A cached state, and running calls on it.

use std::task::Poll;

use bytes::Bytes;
use tokio::time::Instant;

use super::pulse::Pulse;
use super::{Fault, decode};
use crate::object::{Call, Method, MethodKind, ObjectType, Refusal, State};
use crate::store::redis::lane::Answer;

/// A state as it is, or was, stored.
pub(super) struct Replica {
    /// Rises by one with each commit; an object that is created anew starts somewhere else.
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

/// One call, wherever it comes from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Work<'a> {
    pub(super) method: &'static Method,
    pub(super) args: &'a [Bytes],
}

impl<'a> Work<'a> {
    pub(super) fn of(call: &'a Call) -> Self {
        Self {
            method: call.method,
            args: &call.args,
        }
    }
}

impl Replica {
    /// The state as it is stored: 8 bytes of version, then the state.
    pub(super) fn read(
        object: &ObjectType,
        bytes: &Bytes,
        confirmed: Instant,
    ) -> Result<Self, Fault> {
        let Some((version, _)) = bytes.split_first_chunk::<8>() else {
            return Err(super::garbled("fewer than the 8 bytes of a version"));
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
        calls: &[Work<'_>],
        limit: usize,
        pulse: &Pulse,
    ) -> Result<(Vec<Answer>, Option<Bytes>), Fault> {
        let (answers, changed) = self.try_run(object, calls, None, pulse)?;
        if !changed {
            return Ok((answers, None));
        }
        if let Ok(stored) = object.encode_within(&self.state, limit) {
            return Ok((answers, Some(stored)));
        }
        // Once more, to see whose call it is that leaves what can't be stored.
        self.rewind(object)?;
        let (answers, changed) = self.try_run(object, calls, Some(limit), pulse)?;
        let stored = changed.then(|| object.encode_within(&self.state, limit));
        Ok((answers, stored.transpose().map_err(Fault::Refused)?))
    }

    /// Runs the calls in order and says whether the state has changed.
    fn try_run(
        &mut self,
        object: &'static ObjectType,
        calls: &[Work<'_>],
        limit: Option<usize>,
        pulse: &Pulse,
    ) -> Result<(Vec<Answer>, bool), Fault> {
        let _working = pulse.batch();
        let mut answers: Vec<Answer> = Vec::with_capacity(calls.len());
        let mut changed = false;
        // The state to go back to, and the first call that is not in it.
        let mut checkpoint = (self.stored.clone(), 0);
        for (index, call) in calls.iter().enumerate() {
            pulse.call(call.method);
            let mut result = object.apply(&mut self.state, call.method, call.args);
            let update = call.method.kind != MethodKind::Read;
            let ready = matches!(result, Ok(Poll::Ready(_)));
            if let (true, true, Some(limit)) = (ready, update, limit)
                && let Err(refusal) = object.check_within(&self.state, limit)
            {
                result = Err(refusal);
            }
            let undo = match &result {
                Ok(Poll::Ready(_)) => false,
                Err(Refusal::Panicked(_) | Refusal::State(_) | Refusal::TooLarge { .. }) => true,
                Ok(Poll::Pending) | Err(_) => update && !object.careful,
            };
            changed |= update && matches!(result, Ok(Poll::Ready(_)));
            answers.push(result.map_err(Fault::Refused));
            if undo {
                self.state = decode(object, &checkpoint.0)?;
                for (answer, before) in answers.iter_mut().zip(calls).take(index).skip(checkpoint.1)
                {
                    // None of these has been answered yet: what they give now is what counts.
                    if matches!(answer, Ok(Poll::Ready(_))) {
                        *answer = object
                            .apply(&mut self.state, before.method, before.args)
                            .map_err(Fault::Refused);
                    }
                }
                let bytes = object
                    .encode_within(&self.state, usize::MAX)
                    .map_err(Fault::Refused)?;
                checkpoint = (bytes, index + 1);
            }
        }
        Ok((answers, changed))
    }
}
