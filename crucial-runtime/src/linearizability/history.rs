//! Which calls began and ended when, and what they were answered.

use std::ops::{Range, RangeFrom};
use std::task::Poll;

use super::failure::CheckError;
use super::model::Model;
use super::report::Violation;
use super::search::{Limit, Search};

/// The calls of one object, by any number of callers, and their answers.
///
/// Times are numbers of any unit. A call that ends at the time at which another starts overlaps with it.
#[derive(Debug, Clone)]
pub struct History<C, R> {
    operations: Vec<Operation<C, R>>,
}

/// One call and how it ended.
#[derive(Debug, Clone)]
pub(super) struct Operation<C, R> {
    /// Whose call it was, for people.
    pub(super) caller: String,
    pub(super) call: C,
    pub(super) started: u64,
    pub(super) end: End<R>,
}

/// How a call ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum End<R> {
    /// With an answer, which must be explained.
    Answered(u64, Poll<R>),
    /// It took effect by then; its reply is not known.
    Effective(u64),
    /// It may have taken effect at any time after its start, with this reply, or not.
    Late(R),
    /// It may take effect at any time after its start, or never.
    InDoubt,
}

impl<C, R> Operation<C, R> {
    /// Whether it had no effect wherever it ran, as far as its answer tells.
    pub(super) fn changes_nothing<M: Model<Call = C>>(&self) -> bool {
        let waits = matches!(self.end, End::Answered(_, Poll::Pending));
        waits && !M::repeats(&self.call) || M::reads(&self.call)
    }

    /// Twice the time between its start and its answer.
    pub(super) fn middle(&self) -> u64 {
        let end = self.end.deadline().unwrap_or(u64::MAX);
        self.started.saturating_add(end)
    }
}

impl<R> End<R> {
    /// Until when it must have taken effect, if it must.
    pub(super) fn deadline(&self) -> Option<u64> {
        match self {
            Self::Answered(at, _) | Self::Effective(at) => Some(*at),
            Self::Late(_) | Self::InDoubt => None,
        }
    }
}

impl<C, R> Default for History<C, R> {
    fn default() -> Self {
        Self::new()
    }
}

impl<C, R> History<C, R> {
    /// A history without calls.
    #[must_use]
    pub fn new() -> Self {
        Self {
            operations: Vec::new(),
        }
    }

    /// A call that was answered with a reply.
    pub fn replied(&mut self, caller: impl Into<String>, during: Range<u64>, call: C, reply: R) {
        let end = End::Answered(during.end, Poll::Ready(reply));
        self.push(caller.into(), during.start, call, end);
    }

    /// A call that was told that the object is not ready for it.
    pub fn pending(&mut self, caller: impl Into<String>, during: Range<u64>, call: C) {
        let end = End::Answered(during.end, Poll::Pending);
        self.push(caller.into(), during.start, call, end);
    }

    /// A call that took effect, whatever its reply was.
    pub fn effective(&mut self, caller: impl Into<String>, during: Range<u64>, call: C) {
        let end = End::Effective(during.end);
        self.push(caller.into(), during.start, call, end);
    }

    /// A call without an answer: it may have taken effect once (or [twice](Model::repeats)), at any time after its start, or may
    /// yet.
    pub fn in_doubt(&mut self, caller: impl Into<String>, during: RangeFrom<u64>, call: C) {
        self.push(caller.into(), during.start, call, End::InDoubt);
    }

    /// A call that was answered after all that matters here: it may have taken effect before, with that reply, or not.
    pub fn late(&mut self, caller: impl Into<String>, during: RangeFrom<u64>, call: C, reply: R) {
        self.push(caller.into(), during.start, call, End::Late(reply));
    }

    pub(super) fn push(&mut self, caller: String, started: u64, call: C, end: End<R>) {
        self.operations.push(Operation {
            caller,
            call,
            started,
            end,
        });
    }

    /// How many calls there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.operations.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.operations.is_empty()
    }

    /// Whether the calls, each at some moment between its start and its end, one after the other, starting from
    /// that state, give the answers that were given.
    ///
    /// This is the algorithm of Wing and Gong with the improvements of Lowe ("Testing for linearizability", 2017).
    ///
    /// # Errors
    ///
    /// [`CheckError::NotLinearizable`] with the first answer that can't be explained, and [`CheckError::Undecided`]
    /// where there are too many orders to try.
    pub fn check<M: Model<Call = C, Reply = R>>(&self, model: M) -> Result<(), CheckError> {
        self.check_within(model, Limit::default())
    }

    pub(super) fn check_within<M: Model<Call = C, Reply = R>>(
        &self,
        model: M,
        limit: Limit,
    ) -> Result<(), CheckError> {
        self.check_object("the object", model, limit)
    }

    pub(super) fn check_object<M: Model<Call = C, Reply = R>>(
        &self,
        object: &str,
        model: M,
        limit: Limit,
    ) -> Result<(), CheckError> {
        let search = Search::new(self.operations.iter().collect(), model, limit);
        let Err(stuck) = search.run() else {
            return Ok(());
        };
        let violation = Violation::new(object, &stuck);
        match stuck.undecided {
            None => Err(CheckError::NotLinearizable(violation)),
            Some(tried) => Err(CheckError::Undecided {
                tried,
                furthest: Box::new(violation),
            }),
        }
    }
}
