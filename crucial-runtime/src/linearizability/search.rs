//! The search for an order of the calls that explains their answers.
//!
//! Wing and Gong: try each call that began before the first answer among those that are left, and go on from
//! the state that it leaves; go back where no call fits. Lowe: what was reached once by the same calls in
//! another order, with the same state, need not be tried again. Added here:
//!
//! * A call that fits and can't change anything is taken without a look at the others: whatever order there is
//!   from here on, there is one with that call first.
//! * Calls in doubt are tried last, where nothing else fits, so that they take effect just before they show;
//!   of equal ones the oldest, because it fits wherever another does.
//! * A call that may take effect twice is in doubt once more, until it takes the effect that was answered.

mod doubtful;
mod stuck;

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;
use std::task::Poll;

use self::doubtful::Doubtful;
use self::stuck::Deepest;
pub(super) use self::stuck::Stuck;
use super::bits::Bits;
use super::events::Events;
use super::history::{End, Operation};
use super::model::Model;

/// How many states of affairs are tried before the search is given up.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limit(pub(super) usize);

impl Default for Limit {
    /// Under half a gigabyte of memory.
    fn default() -> Self {
        Self(4_000_000)
    }
}

type Calls<'a, M> = Vec<&'a Operation<<M as Model>::Call, <M as Model>::Reply>>;

/// The search.
pub(super) struct Search<'a, M: Model> {
    /// The calls that took effect, by their start.
    certain: Calls<'a, M>,
    /// Effects that there may have been, by the start of their calls.
    doubtful: Vec<Doubtful<'a, M>>,
    /// The middle of each of the first, doubled.
    middles: Vec<u64>,
    events: Events,
    /// Which calls have been put in order so far.
    done: Bits,
    happened: Bits,
    states: Vec<Rc<M>>,
    ids: HashMap<Rc<M>, StateId>,
    /// What was reached before: the calls done, the calls in doubt that happened, the state.
    seen: HashSet<Box<[u64]>>,
    trail: Vec<Frame>,
    deepest: Deepest,
    limit: Limit,
}

type StateId = u32;

/// The call that is put next in order, by its place in one of the lists.
#[derive(Debug, Clone, Copy)]
enum Step {
    Certain(usize),
    Doubtful(usize),
}

/// A step that was taken, and what else might have been done instead.
struct Frame {
    step: Step,
    before: StateId,
    instead: Option<Choices>,
}

/// What may come next at one point of the search.
struct Choices {
    /// The call with the first answer of those that are left: one that began after it can't come next.
    first: usize,
    /// Of the calls that took effect those that fit here and have not been tried, with the states after them.
    fitting: Option<Vec<(usize, StateId)>>,
    next_doubtful: usize,
}

impl<'a, M: Model> Search<'a, M> {
    pub(super) fn new(mut calls: Calls<'a, M>, model: M, limit: Limit) -> Self {
        calls.sort_by_key(|call| call.started);
        let (certain, doubtful): (Vec<_>, Vec<_>) = calls
            .into_iter()
            .partition(|call| call.end.deadline().is_some());
        let doubtful = Doubtful::all(&certain, doubtful);
        let events = Events::of(&certain);
        let deepest = Deepest::at(events.first_answer().unwrap_or(0));
        let model = Rc::new(model);
        Self {
            middles: certain.iter().map(|call| call.middle()).collect(),
            done: Bits::new(certain.len()),
            happened: Bits::new(doubtful.len()),
            certain,
            doubtful,
            states: vec![Rc::clone(&model)],
            ids: HashMap::from([(model, 0)]),
            seen: HashSet::new(),
            trail: Vec::new(),
            deepest,
            events,
            limit,
        }
    }

    pub(super) fn run(mut self) -> Result<(), Stuck<'a, M>> {
        let mut state = 0;
        let mut here = self.choices();
        loop {
            let Some(mut choices) = here else {
                return Ok(());
            };
            if self.seen.len() > self.limit.0 {
                self.note(choices.first, state);
                return Err(self.stuck(Some(self.seen.len())));
            }
            if let Some((step, after, alternatives)) = self.choose(state, &mut choices) {
                if let Step::Certain(call) = step {
                    self.events.lift(call);
                }
                let instead = alternatives.then_some(choices);
                let before = state;
                self.trail.push(Frame {
                    step,
                    before,
                    instead,
                });
                state = after;
                here = self.choices();
                continue;
            }
            self.note(choices.first, state);
            here = loop {
                let Some(frame) = self.trail.pop() else {
                    return Err(self.stuck(None));
                };
                self.undo(frame.step);
                state = frame.before;
                if frame.instead.is_some() {
                    break frame.instead;
                }
            };
        }
    }

    /// What may come next; nothing where all answers are explained.
    fn choices(&self) -> Option<Choices> {
        self.events.first_answer().map(|first| Choices {
            first,
            fitting: None,
            next_doubtful: 0,
        })
    }

    /// The next step from here, the state after it, and whether another might be taken instead.
    fn choose(&mut self, state: StateId, choices: &mut Choices) -> Option<(Step, StateId, bool)> {
        if choices.fitting.is_none() {
            let fitting = self.fitting(state, choices.first);
            choices.fitting = Some(fitting);
        }
        while let Some((call, after)) = choices.fitting.as_mut().and_then(Vec::pop) {
            if self.visit(Step::Certain(call), after) {
                let alternatives = !self.certain[call].changes_nothing::<M>();
                return Some((Step::Certain(call), after, alternatives));
            }
            if self.certain[call].changes_nothing::<M>() {
                return None;
            }
        }
        let latest = self.certain[choices.first].end.deadline();
        while let Some(effect) = self.doubtful.get(choices.next_doubtful) {
            let operation = effect.operation;
            if Some(operation.started) > latest {
                break;
            }
            let call = choices.next_doubtful;
            choices.next_doubtful += 1;
            let twin_first = effect
                .twin
                .is_some_and(|twin| !self.happened.contains(twin));
            let too_late = effect.before.is_some_and(|call| self.done.contains(call));
            if self.happened.contains(call) || twin_first || too_late {
                continue;
            }
            let after = if effect.answered {
                self.explained(state, operation)
            } else {
                Some(self.apply(state, &operation.call).1)
            };
            let Some(after) = after else {
                continue;
            };
            if after == state {
                continue;
            }
            if self.visit(Step::Doubtful(call), after) {
                return Some((Step::Doubtful(call), after, true));
            }
        }
        None
    }

    /// The calls that fit here, the likeliest last: one that can't change anything alone, otherwise that whose
    /// start and answer came first, taken together.
    fn fitting(&mut self, state: StateId, first: usize) -> Vec<(usize, StateId)> {
        let mut fitting = Vec::new();
        for call in self.events.until(first) {
            if let Some(after) = self.explained(state, self.certain[call]) {
                if self.certain[call].changes_nothing::<M>() {
                    return vec![(call, after)];
                }
                fitting.push((call, after));
            }
        }
        fitting.sort_by_key(|(call, _)| Reverse(self.middles[*call]));
        fitting
    }

    /// The state after that call, if it gives the answer that was given.
    fn explained(
        &mut self,
        state: StateId,
        operation: &Operation<M::Call, M::Reply>,
    ) -> Option<StateId> {
        let (given, after) = self.apply(state, &operation.call);
        match &operation.end {
            End::Answered(_, answer) => (given == *answer).then_some(after),
            End::Late(reply) => {
                matches!(given, Poll::Ready(given) if given == *reply).then_some(after)
            }
            End::Effective(_) | End::InDoubt => Some(after),
        }
    }

    fn apply(&mut self, state: StateId, call: &M::Call) -> (Poll<M::Reply>, StateId) {
        let before = &self.states[state as usize];
        let mut after = M::clone(before);
        let given = after.apply(call);
        if given.is_pending() || after == **before {
            return (given, state);
        }
        if let Some(known) = self.ids.get(&after) {
            return (given, *known);
        }
        let id = self.states.len() as StateId;
        let after = Rc::new(after);
        self.states.push(Rc::clone(&after));
        self.ids.insert(after, id);
        (given, id)
    }

    /// Marks the call as done, unless that leads where the search has been before.
    fn visit(&mut self, step: Step, after: StateId) -> bool {
        self.mark(step, true);
        let mut key = vec![after.into()];
        self.done.put_down(&mut key);
        self.happened.put_down(&mut key);
        let is_new = self.seen.insert(key.into_boxed_slice());
        if !is_new {
            self.mark(step, false);
        }
        is_new
    }

    fn undo(&mut self, step: Step) {
        self.mark(step, false);
        if let Step::Certain(call) = step {
            self.events.put_back(call);
        }
    }

    fn mark(&mut self, step: Step, done: bool) {
        let (set, call) = match step {
            Step::Certain(call) => (&mut self.done, call),
            Step::Doubtful(call) => (&mut self.happened, call),
        };
        if done {
            set.insert(call);
        } else {
            set.remove(call);
        }
    }
}
