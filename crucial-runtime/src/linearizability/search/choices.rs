//! What may come next in the order of the calls, the likeliest first.

use std::cmp::Reverse;

use super::doubtful::Doubtful;
use super::{Search, StateId, Step};
use crate::linearizability::model::Model;

/// What may come next at one point of the search.
pub(super) struct Choices {
    /// The call with the first answer of those that are left: one that began after it can't come next.
    pub(super) first: usize,
    /// Of the calls that took effect those that fit here and have not been tried, with the states after them.
    fitting: Option<Vec<(usize, StateId)>>,
    /// Of these the ones that may take effect once more than they fit.
    again: Option<Vec<(usize, StateId)>>,
    next_doubtful: usize,
}

impl<'a, M: Model> Search<'a, M> {
    /// What may come next; nothing where all answers are explained.
    pub(super) fn choices(&self) -> Option<Choices> {
        self.events.first_answer().map(|first| Choices {
            first,
            fitting: None,
            again: None,
            next_doubtful: 0,
        })
    }

    /// The next step from here, whether its call had taken effect before, and the state after it.
    pub(super) fn choose(
        &mut self,
        state: StateId,
        choices: &mut Choices,
    ) -> Option<(Step, bool, StateId)> {
        if choices.fitting.is_none() {
            let fitting = self.fitting(state, choices.first);
            choices.fitting = Some(fitting);
        }
        while let Some((call, after)) = choices.fitting.as_mut().and_then(Vec::pop) {
            if let Some(again) = self.visit(Step::Certain(call), after) {
                return Some((Step::Certain(call), again, after));
            }
            if self.certain[call].changes_nothing::<M>() {
                return None;
            }
        }
        if choices.again.is_none() {
            let again = self.repeating(state, choices.first);
            choices.again = Some(again);
        }
        while let Some((call, after)) = choices.again.as_mut().and_then(Vec::pop) {
            if self.visit(Step::Again(call), after).is_some() {
                return Some((Step::Again(call), false, after));
            }
        }
        let latest = self.certain[choices.first].end.deadline();
        while let Some(effect) = self.doubtful.get(choices.next_doubtful) {
            if Some(effect.operation.started) > latest {
                break;
            }
            let call = choices.next_doubtful;
            choices.next_doubtful += 1;
            let late = |effect: &Doubtful<'a, M>| {
                Some(effect.operation.started.saturating_add(self.soon)) < latest
            };
            let twin_first = effect
                .twin
                .is_some_and(|twin| !self.happened.contains(twin) && !late(&self.doubtful[twin]));
            if self.happened.contains(call) || twin_first {
                continue;
            }
            let late = late(effect);
            if late && self.passed_over {
                continue;
            }
            let Some(after) = self.way(state, Step::Doubtful(call)) else {
                continue;
            };
            if after == state {
                continue;
            }
            if late {
                self.passed_over = true;
                continue;
            }
            if self.visit(Step::Doubtful(call), after).is_some() {
                return Some((Step::Doubtful(call), false, after));
            }
        }
        None
    }

    /// The calls that fit here, the likeliest last: one that can't change anything alone, otherwise that whose
    /// start and answer came first, taken together.
    fn fitting(&mut self, state: StateId, first: usize) -> Vec<(usize, StateId)> {
        let mut fitting = Vec::new();
        for call in self.events.until(first) {
            if let Some(after) = self.way(state, Step::Certain(call)) {
                if self.certain[call].changes_nothing::<M>() {
                    return vec![(call, after)];
                }
                fitting.push((call, after));
            }
        }
        fitting.sort_by_key(|(call, _)| Reverse(self.middles[*call]));
        fitting
    }

    /// The calls that may take effect here before they do as they were answered, and change something.
    fn repeating(&mut self, state: StateId, first: usize) -> Vec<(usize, StateId)> {
        let mut repeating = Vec::new();
        for call in self.events.until(first) {
            if M::repeats(&self.certain[call].call)
                && !self.again.contains(&call)
                && let Some(after) = self.way(state, Step::Again(call))
                && after != state
            {
                repeating.push((call, after));
            }
        }
        repeating
    }
}
