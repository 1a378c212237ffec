//! How far the search got, for people to see where it ended.

use std::rc::Rc;

use super::{Calls, Search, StateId, Step};
use crate::linearizability::bits::Bits;
use crate::linearizability::events::Events;
use crate::linearizability::history::Operation;
use crate::linearizability::model::Model;

/// How many of the states that do not explain an answer are kept for people to see.
const STATES: usize = 6;

/// How far the search got.
#[derive(Default)]
pub(super) struct Deepest {
    first: usize,
    trail: Vec<Step>,
    states: Vec<StateId>,
}

impl Deepest {
    /// With nothing in order.
    pub(super) fn nowhere(events: &Events) -> Self {
        Self::at(events.first_answer().unwrap_or(0))
    }

    /// Not beyond that call's answer.
    fn at(first: usize) -> Self {
        Self {
            first,
            ..Self::default()
        }
    }
}

/// The first answer that can't be explained.
pub(in crate::linearizability) struct Stuck<'a, M: Model> {
    pub(in crate::linearizability) unexplained: &'a Operation<M::Call, M::Reply>,
    /// The states in which the object may have been.
    pub(in crate::linearizability) states: Vec<Rc<M>>,
    /// Calls in an order that explains the answers before.
    pub(in crate::linearizability) before: Calls<'a, M>,
    /// Other calls that had begun and have no place in that order.
    pub(in crate::linearizability) under_way: Calls<'a, M>,
    /// After how many tries the search was given up, if it was.
    pub(in crate::linearizability) undecided: Option<usize>,
}

impl<'a, M: Model> Search<'a, M> {
    /// Notes a state that does not explain the first answer that is left, if the search got no further.
    pub(super) fn note(&mut self, first: usize, state: StateId) {
        let (here, there) = (
            self.events.rank[first],
            self.events.rank[self.deepest.first],
        );
        if here < there {
            return;
        }
        let deepest = &mut self.deepest;
        if here > there {
            *deepest = Deepest::at(first);
        }
        if deepest.states.len() < STATES && !deepest.states.contains(&state) {
            deepest.states.push(state);
        }
        if deepest.trail.len() < self.trail.len() {
            deepest.trail = self.trail.iter().map(|frame| frame.step).collect();
        }
    }

    /// Goes by an earlier search where that got further.
    pub(super) fn go_no_less_far(&mut self, before: Deepest) {
        if self.events.rank[before.first] > self.events.rank[self.deepest.first] {
            self.deepest = before;
        }
    }

    /// What is told of a search that did not succeed.
    pub(super) fn stuck(&self, undecided: Option<usize>) -> Stuck<'a, M> {
        let deepest = &self.deepest;
        let unexplained = self.certain[deepest.first];
        let latest = unexplained.end.deadline().unwrap_or(u64::MAX);
        let (mut done, mut happened) = (
            Bits::new(self.certain.len()),
            Bits::new(self.doubtful.len()),
        );
        let mut before = Vec::new();
        for step in &deepest.trail {
            match *step {
                Step::Certain(call) => {
                    done.insert(call);
                    before.push(self.certain[call]);
                }
                Step::Again(call) => before.push(self.certain[call]),
                Step::Doubtful(call) => {
                    happened.insert(call);
                    before.push(self.doubtful[call].operation);
                }
            }
        }
        let certain = self.certain.iter().enumerate();
        let certain = certain
            .filter(|(call, _)| *call != deepest.first && !done.contains(*call))
            .map(|(_, operation)| *operation);
        let doubtful = self.doubtful.iter().enumerate();
        let doubtful = doubtful
            .filter(|(call, effect)| effect.answered && !happened.contains(*call))
            .map(|(_, effect)| effect.operation);
        let under_way = certain
            .chain(doubtful)
            .filter(|operation| operation.started <= latest)
            .collect();
        Stuck {
            unexplained,
            states: deepest
                .states
                .iter()
                .map(|state| Rc::clone(&self.states[*state as usize]))
                .collect(),
            before,
            under_way,
            undecided,
        }
    }
}
