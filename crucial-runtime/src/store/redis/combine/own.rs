//! The calls of this process that are being seen to.

use std::time::Duration;

use crate::object::Call;
use crate::store::redis::answer::Answer;
use crate::store::redis::core::Core;
use crate::store::redis::fault::Fault;
use crate::store::redis::operation::is_read;
use crate::store::redis::sent::Sent;

/// The calls of this process that are being seen to.
pub(super) struct Own<'a> {
    pub(super) calls: Vec<&'a Call>,
    /// The answers to those before them.
    pub(super) answered: Vec<Answer>,
    /// Their number, and what the server may know of them.
    pub(super) sent: Sent,
}

impl<'a> Own<'a> {
    /// Calls, the first of which may have been sent before.
    pub(super) fn of(core: &Core, calls: Vec<&'a Call>, sent: Option<Sent>) -> Self {
        Self {
            calls,
            answered: Vec::new(),
            sent: sent.unwrap_or_else(|| Sent::under(core.next_seq())),
        }
    }

    /// Calls that only read: they need no number.
    pub(super) fn reads(calls: Vec<&'a Call>) -> Self {
        Self {
            calls,
            answered: Vec::new(),
            sent: Sent::default(),
        }
    }

    /// Gives the calls that are left a number of which the server knows nothing.
    pub(super) fn begin_anew(&mut self, core: &Core) {
        self.sent = Sent::under(core.next_seq());
    }

    /// The fault of calls that may have run, and whose replies nobody has any more.
    pub(super) fn in_doubt(&self) -> Fault {
        let since = self.sent.earlier.since();
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
