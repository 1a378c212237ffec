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
///
/// ```
/// use std::task::Poll;
/// use crucial::linearizability::{History, Model};
///
/// /// A sum, to which calls add as long as it stays below 10.
/// #[derive(Debug, Clone, PartialEq, Eq, Hash)]
/// struct Sum(u32);
///
/// impl Model for Sum {
///     type Call = u32;
///     type Reply = u32;
///
///     fn apply(&mut self, more: &u32) -> Poll<u32> {
///         self.0 += more;
///         if self.0 <= 9 { Poll::Ready(self.0) } else { Poll::Pending }
///     }
/// }
///
/// let mut history = History::new();
/// history.replied("a", 0..5, 2, 5); // at the same time as the next, so it may come second
/// history.replied("b", 1..4, 3, 3);
/// assert!(history.check(Sum(0)).is_ok());
/// history.replied("c", 6..7, 1, 4); // begun when both had ended, so it has to see both
/// assert!(history.check(Sum(0)).is_err());
/// ```
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

    /// What the model's clock showed when it took effect, if its reply tells.
    pub(super) fn clock<M: Model<Call = C, Reply = R>>(&self) -> Option<u64> {
        match &self.end {
            End::Answered(_, Poll::Ready(reply)) => M::clock_before(&self.call, reply),
            _ => None,
        }
    }

    /// How long it was waited for, if it was answered.
    pub(super) fn waited(&self) -> Option<u64> {
        match self.end {
            End::Answered(at, _) => Some(at.saturating_sub(self.started)),
            _ => None,
        }
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
    ///
    /// ```
    /// # use std::task::Poll;
    /// # use crucial::linearizability::{History, Model};
    /// # #[derive(Debug, Clone, PartialEq, Eq, Hash)]
    /// # struct Sum(u32);
    /// # impl Model for Sum {
    /// #     type Call = u32;
    /// #     type Reply = u32;
    /// #     fn apply(&mut self, more: &u32) -> Poll<u32> {
    /// #         self.0 += more;
    /// #         if self.0 <= 9 { Poll::Ready(self.0) } else { Poll::Pending }
    /// #     }
    /// # }
    /// let history = History::new();
    /// assert!(history.check(Sum(0)).is_ok()); // without answers there is nothing to explain
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self {
            operations: Vec::new(),
        }
    }

    /// A call that was answered with a reply.
    ///
    /// ```
    /// # use std::task::Poll;
    /// # use crucial::linearizability::{History, Model};
    /// # #[derive(Debug, Clone, PartialEq, Eq, Hash)]
    /// # struct Sum(u32);
    /// # impl Model for Sum {
    /// #     type Call = u32;
    /// #     type Reply = u32;
    /// #     fn apply(&mut self, more: &u32) -> Poll<u32> {
    /// #         self.0 += more;
    /// #         if self.0 <= 9 { Poll::Ready(self.0) } else { Poll::Pending }
    /// #     }
    /// # }
    /// let mut history = History::new(); // of the sum that `History` shows
    /// history.replied("a", 0..1, 2, 2);
    /// history.replied("b", 2..3, 1, 3);
    /// assert!(history.check(Sum(0)).is_ok());
    /// assert!(history.check(Sum(1)).is_err()); // from 1, the first would have been told 3
    /// ```
    pub fn replied(&mut self, caller: impl Into<String>, during: Range<u64>, call: C, reply: R) {
        let end = End::Answered(during.end, Poll::Ready(reply));
        self.push(caller.into(), during.start, call, end);
    }

    /// A call that was told that the object is not ready for it.
    ///
    /// ```
    /// # use std::task::Poll;
    /// # use crucial::linearizability::{History, Model};
    /// # #[derive(Debug, Clone, PartialEq, Eq, Hash)]
    /// # struct Sum(u32);
    /// # impl Model for Sum {
    /// #     type Call = u32;
    /// #     type Reply = u32;
    /// #     fn apply(&mut self, more: &u32) -> Poll<u32> {
    /// #         self.0 += more;
    /// #         if self.0 <= 9 { Poll::Ready(self.0) } else { Poll::Pending }
    /// #     }
    /// # }
    /// let mut history = History::new();
    /// history.replied("a", 0..1, 8, 8);
    /// history.pending("b", 2..3, 2); // 8 and 2 are too much
    /// assert!(history.check(Sum(0)).is_ok());
    /// history.pending("c", 4..5, 1); // 8 and 1 are not
    /// assert!(history.check(Sum(0)).is_err());
    /// ```
    pub fn pending(&mut self, caller: impl Into<String>, during: Range<u64>, call: C) {
        let end = End::Answered(during.end, Poll::Pending);
        self.push(caller.into(), during.start, call, end);
    }

    /// A call that took effect, whatever its reply was.
    ///
    /// ```
    /// # use std::task::Poll;
    /// # use crucial::linearizability::{History, Model};
    /// # #[derive(Debug, Clone, PartialEq, Eq, Hash)]
    /// # struct Sum(u32);
    /// # impl Model for Sum {
    /// #     type Call = u32;
    /// #     type Reply = u32;
    /// #     fn apply(&mut self, more: &u32) -> Poll<u32> {
    /// #         self.0 += more;
    /// #         if self.0 <= 9 { Poll::Ready(self.0) } else { Poll::Pending }
    /// #     }
    /// # }
    /// let mut history = History::new();
    /// history.effective("a", 0..1, 2);
    /// history.replied("b", 2..3, 1, 3);
    /// assert!(history.check(Sum(0)).is_ok());
    /// history.replied("c", 4..5, 1, 2); // as if there had been no call of a
    /// assert!(history.check(Sum(0)).is_err());
    /// ```
    pub fn effective(&mut self, caller: impl Into<String>, during: Range<u64>, call: C) {
        let end = End::Effective(during.end);
        self.push(caller.into(), during.start, call, end);
    }

    /// A call without an answer: it may have taken effect once (or [twice](Model::repeats)), at any time after its
    /// start, or may yet.
    ///
    /// ```
    /// # use std::task::Poll;
    /// # use crucial::linearizability::{History, Model};
    /// # #[derive(Debug, Clone, PartialEq, Eq, Hash)]
    /// # struct Sum(u32);
    /// # impl Model for Sum {
    /// #     type Call = u32;
    /// #     type Reply = u32;
    /// #     fn apply(&mut self, more: &u32) -> Poll<u32> {
    /// #         self.0 += more;
    /// #         if self.0 <= 9 { Poll::Ready(self.0) } else { Poll::Pending }
    /// #     }
    /// # }
    /// let mut history = History::new();
    /// history.in_doubt("a", 0.., 2);
    /// history.replied("b", 1..2, 1, 1); // not yet
    /// history.replied("c", 3..4, 1, 4); // by now
    /// assert!(history.check(Sum(0)).is_ok());
    /// history.replied("d", 5..6, 1, 3); // taken back?
    /// assert!(history.check(Sum(0)).is_err());
    /// ```
    pub fn in_doubt(&mut self, caller: impl Into<String>, during: RangeFrom<u64>, call: C) {
        self.push(caller.into(), during.start, call, End::InDoubt);
    }

    /// A call that was answered after all that matters here: it may have taken effect before, with that reply, or not.
    ///
    /// ```
    /// # use std::task::Poll;
    /// # use crucial::linearizability::{History, Model};
    /// # #[derive(Debug, Clone, PartialEq, Eq, Hash)]
    /// # struct Sum(u32);
    /// # impl Model for Sum {
    /// #     type Call = u32;
    /// #     type Reply = u32;
    /// #     fn apply(&mut self, more: &u32) -> Poll<u32> {
    /// #         self.0 += more;
    /// #         if self.0 <= 9 { Poll::Ready(self.0) } else { Poll::Pending }
    /// #     }
    /// # }
    /// let mut history = History::new();
    /// history.late("a", 0.., 2, 2); // if it came in time, it came first
    /// history.replied("b", 1..2, 1, 1); // so it did not,
    /// assert!(history.check(Sum(0)).is_ok());
    /// history.replied("c", 3..4, 1, 4); // and c can't have seen it
    /// assert!(history.check(Sum(0)).is_err());
    /// ```
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
    ///
    /// ```
    /// # use crucial::linearizability::History;
    /// let mut history = History::new();
    /// history.replied("a", 0..1, 2, 2);
    /// history.in_doubt("b", 1.., 3); // counts, whether it took effect or not
    /// assert_eq!(history.len(), 2);
    /// ```
    #[must_use]
    pub fn len(&self) -> usize {
        self.operations.len()
    }

    /// Whether there are none.
    ///
    /// ```
    /// # use crucial::linearizability::History;
    /// let mut history = History::new();
    /// assert!(history.is_empty());
    /// history.effective("a", 0..1, "push");
    /// assert!(!history.is_empty());
    /// # history.replied("a", 2..3, "pop", ());
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.operations.is_empty()
    }

    /// Whether the calls, each at some moment between its start and its end, one after the other, starting from
    /// that state, give the answers that were given.
    ///
    /// This is the algorithm of Wing and Gong with the improvements of Lowe ("Testing for linearizability", 2017).
    ///
    /// ```
    /// # use std::task::Poll;
    /// # use crucial::linearizability::{CheckError, History, Model};
    /// # #[derive(Debug, Clone, PartialEq, Eq, Hash)]
    /// # struct Sum(u32);
    /// # impl Model for Sum {
    /// #     type Call = u32;
    /// #     type Reply = u32;
    /// #     fn apply(&mut self, more: &u32) -> Poll<u32> {
    /// #         self.0 += more;
    /// #         if self.0 <= 9 { Poll::Ready(self.0) } else { Poll::Pending }
    /// #     }
    /// # }
    /// let mut history = History::new(); // of the sum that `History` shows
    /// history.replied("a", 0..3, 2, 2);
    /// history.replied("b", 1..4, 1, 1); // one of them must have seen the other
    /// assert!(matches!(history.check(Sum(0)), Err(CheckError::NotLinearizable(_))));
    /// ```
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
