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
//! * A call that may take effect twice may do so first where it is still to be put in order; once it is, it makes no
//!   difference whether it did.

mod doubtful;
mod stuck;

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap, HashSet};
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
    /// Calls that have taken effect once before that which was answered, and are still to be put in order.
    again: BTreeSet<usize>,
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
    /// Before the effect that was answered.
    Again(usize),
    Doubtful(usize),
}

/// A step that was taken, and what else might have been done instead.
struct Frame {
    step: Step,
    /// Whether the call had taken effect before.
    again: bool,
    before: StateId,
    instead: Option<Choices>,
}

/// What may come next at one point of the search.
struct Choices {
    /// The call with the first answer of those that are left: one that began after it can't come next.
    first: usize,
    /// Of the calls that took effect those that fit here and have not been tried, with the states after them.
    fitting: Option<Vec<(usize, StateId)>>,
    /// Of these the ones that may take effect once more than they fit.
    again: Option<Vec<(usize, StateId)>>,
    next_doubtful: usize,
}

impl<'a, M: Model> Search<'a, M> {
    pub(super) fn new(mut calls: Calls<'a, M>, model: M, limit: Limit) -> Self {
        calls.sort_by_key(|call| call.started);
        let (certain, doubtful): (Vec<_>, Vec<_>) = calls
            .into_iter()
            .partition(|call| call.end.deadline().is_some());
        let doubtful = Doubtful::all(doubtful);
        let events = Events::of(&certain);
        let deepest = Deepest::at(events.first_answer().unwrap_or(0));
        let model = Rc::new(model);
        Self {
            middles: certain.iter().map(|call| call.middle()).collect(),
            done: Bits::new(certain.len()),
            happened: Bits::new(doubtful.len()),
            again: BTreeSet::new(),
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
            if let Some((step, again, after)) = self.choose(state, &mut choices) {
                let mut instead = Some(choices);
                if let Step::Certain(call) = step {
                    self.events.lift(call);
                    if self.certain[call].changes_nothing::<M>() {
                        instead = None;
                    }
                }
                let before = state;
                self.trail.push(Frame {
                    step,
                    again,
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
                self.undo(frame.step, frame.again);
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
            again: None,
            next_doubtful: 0,
        })
    }

    /// The next step from here, whether its call had taken effect before, and the state after it.
    fn choose(&mut self, state: StateId, choices: &mut Choices) -> Option<(Step, bool, StateId)> {
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
            let operation = effect.operation;
            if Some(operation.started) > latest {
                break;
            }
            let call = choices.next_doubtful;
            choices.next_doubtful += 1;
            let twin_first = effect
                .twin
                .is_some_and(|twin| !self.happened.contains(twin));
            if self.happened.contains(call) || twin_first {
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

    /// The calls that may take effect here before they do as they were answered, and change something.
    fn repeating(&mut self, state: StateId, first: usize) -> Vec<(usize, StateId)> {
        let mut repeating = Vec::new();
        for call in self.events.until(first) {
            let asked = &self.certain[call].call;
            if M::repeats(asked) && !self.again.contains(&call) {
                let (_, after) = self.apply(state, asked);
                if after != state {
                    repeating.push((call, after));
                }
            }
        }
        repeating
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

    /// Takes the step, unless that leads where the search has been before; whether its call had taken effect before.
    fn visit(&mut self, step: Step, after: StateId) -> Option<bool> {
        let again = self.mark(step);
        let mut key = vec![after.into()];
        self.done.put_down(&mut key);
        self.happened.put_down(&mut key);
        key.extend(self.again.iter().map(|call| *call as u64));
        let is_new = self.seen.insert(key.into_boxed_slice());
        if !is_new {
            self.unmark(step, again);
        }
        is_new.then_some(again)
    }

    fn undo(&mut self, step: Step, again: bool) {
        self.unmark(step, again);
        if let Step::Certain(call) = step {
            self.events.put_back(call);
        }
    }

    fn mark(&mut self, step: Step) -> bool {
        match step {
            Step::Certain(call) => {
                self.done.insert(call);
                self.again.remove(&call)
            }
            Step::Again(call) => !self.again.insert(call),
            Step::Doubtful(call) => {
                self.happened.insert(call);
                false
            }
        }
    }

    fn unmark(&mut self, step: Step, again: bool) {
        match step {
            Step::Certain(call) => {
                self.done.remove(call);
                if again {
                    self.again.insert(call);
                }
            }
            Step::Again(call) => {
                self.again.remove(&call);
            }
            Step::Doubtful(call) => self.happened.remove(call),
        }
    }
}
