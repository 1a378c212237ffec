//! The calls of this process that are being seen to.

use std::time::Duration;

use super::Fault;
use crate::object::Call;
use crate::store::redis::answer::Answer;
use crate::store::redis::core::Core;
use crate::store::redis::earlier::Earlier;
use crate::store::redis::operation::is_read;

/// What a call gave in an attempt that was refused. It goes with the call wherever that goes: a repeat of it may be
/// under way and yet succeed, and then the call has run.
#[derive(Debug)]
pub(in crate::store::redis) struct Attempt {
    pub(super) seq: String,
    pub(super) answers: Vec<Answer>,
    pub(super) earlier: Earlier,
}

/// The calls of this process that are being seen to.
pub(super) struct Own<'a> {
    pub(super) seq: String,
    pub(super) calls: Vec<&'a Call>,
    /// What the first of them gave in an attempt that was refused. A repeat of it may be under way and yet succeed.
    pub(super) attempt: Option<Vec<Answer>>,
    /// The answers to those before them.
    pub(super) answered: Vec<Answer>,
    /// What the server may know of them.
    pub(super) earlier: Earlier,
}

impl<'a> Own<'a> {
    /// Calls, the first of which may have been attempted before.
    pub(super) fn of(core: &Core, calls: Vec<&'a Call>, attempt: Option<Attempt>) -> Self {
        let (seq, attempt, earlier) = match attempt {
            Some(attempt) => (attempt.seq, Some(attempt.answers), attempt.earlier),
            None => (core.next_seq(), None, Earlier::default()),
        };
        Self {
            seq,
            calls,
            attempt,
            answered: Vec::new(),
            earlier,
        }
    }

    /// Gives the calls that are left a number of which the server knows nothing.
    pub(super) fn begin_anew(&mut self, core: &Core) {
        self.seq = core.next_seq();
        self.attempt = None;
        self.earlier = Earlier::default();
    }

    /// The fault of calls that may have run, and whose replies nobody has any more.
    pub(super) fn in_doubt(&self) -> Fault {
        let since = self.earlier.since();
        Fault::InDoubt(since.map_or(Duration::ZERO, |since| since.elapsed()))
    }

    pub(super) fn reads_only(&self) -> bool {
        self.calls.iter().all(|call| is_read(call))
    }

    /// Takes the answers to the first of the calls that are left.
    pub(super) fn take_answers(&mut self, answers: Vec<Answer>) {
        self.calls.drain(..answers.len().min(self.calls.len()));
        self.answered.extend(answers);
    }

    /// Answers all calls that are left.
    pub(super) fn answer_all(&mut self, answer: impl FnMut(&Call) -> Answer) {
        self.answered.extend(self.calls.drain(..).map(answer));
    }
}
