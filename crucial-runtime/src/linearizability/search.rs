//! The search for an order of the calls that explains their answers.
//!
//! Wing and Gong: try each call that began before the first answer among those that are left, and go on from
//! the state that it leaves; go back where no call fits. Lowe: what was reached once by the same calls in
//! another order, with the same state, need not be tried again. Added here:
//!
//! * A call that fits and can't change anything is taken without a look at the others: whatever order there is
//!   from here on, there is one with that call first.
//! * Calls in doubt are tried last, where nothing else fits, so that they take effect just before they show;
//!   of equal ones the oldest, because it fits wherever another does. An order in which they take effect soon after
//!   they began, if at all, is looked for before any other.
//! * A call that may take effect twice may do so first where it is still to be put in order; once it is, it makes no
//!   difference whether it did.
//! * Where the model has a clock, and a call that is still to be put in order was answered when that showed less than it
//!   does, there is no way on.
//! * What a call does to a state is worked out once.

mod choices;
mod doubtful;
mod stuck;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::rc::Rc;
use std::task::Poll;

use self::choices::Choices;
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
    /// Half a gigabyte of memory where states are small.
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
    /// What the model's clock showed when each of the first took effect, if its reply tells.
    clocks: Vec<Option<u64>>,
    /// Those that are still to be put in order, by that.
    timed: BTreeSet<(u64, usize)>,
    states: Vec<Rc<M>>,
    ids: HashMap<Rc<M>, StateId>,
    /// Where steps lead, as far as that was worked out lately.
    ways: HashMap<(StateId, Step), Option<StateId>>,
    /// What was reached before: the calls done, the calls in doubt that happened, the state.
    seen: HashSet<Box<[u64]>>,
    trail: Vec<Frame>,
    deepest: Deepest,
    limit: Limit,
    /// How many states of affairs an earlier search tried.
    tried: usize,
    /// Within what time after their start calls in doubt are taken to have happened, if they have.
    soon: u64,
    /// Whether any was passed over because it was too late for it.
    passed_over: bool,
    /// Whether the clock told that there was no way on.
    turned_back: bool,
}

/// How a search ended.
enum Outcome {
    Explained,
    /// No order explains the answers.
    Exhausted,
    /// As many states of affairs were tried as may be.
    GivenUp,
}

type StateId = u32;

/// How many states of affairs are tried to say where a search ends that has ended.
const REPORTED: usize = 100_000;
/// How many ways are remembered.
const WAYS: usize = 1 << 20;

/// The call that is put next in order, by its place in one of the lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
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

impl<'a, M: Model> Search<'a, M> {
    pub(super) fn new(mut calls: Calls<'a, M>, model: M, limit: Limit) -> Self {
        calls.sort_by_key(|call| call.started);
        let (certain, doubtful): (Vec<_>, Vec<_>) = calls
            .into_iter()
            .partition(|call| call.end.deadline().is_some());
        let doubtful = Doubtful::all(doubtful);
        let events = Events::of(&certain);
        let deepest = Deepest::nowhere(&events);
        let model = Rc::new(model);
        let clocks: Vec<_> = certain.iter().map(|call| call.clock::<M>()).collect();
        let timed = clocks.iter().enumerate();
        let timed = timed.filter_map(|(call, clock)| Some(((*clock)?, call)));
        Self {
            timed: timed.collect(),
            clocks,
            middles: certain.iter().map(|call| call.middle()).collect(),
            done: Bits::new(certain.len()),
            happened: Bits::new(doubtful.len()),
            again: BTreeSet::new(),
            certain,
            doubtful,
            states: vec![Rc::clone(&model)],
            ids: HashMap::from([(model, 0)]),
            ways: HashMap::new(),
            seen: HashSet::new(),
            trail: Vec::new(),
            deepest,
            events,
            limit,
            tried: 0,
            soon: u64::MAX,
            passed_over: false,
            turned_back: false,
        }
    }

    pub(super) fn run(mut self) -> Result<(), Stuck<'a, M>> {
        if !self.doubtful.is_empty() {
            let waited = self.certain.iter().filter_map(|call| call.waited());
            self.soon = waited.max().unwrap_or(0);
        }
        let mut outcome = self.search();
        if self.passed_over && !matches!(outcome, Outcome::Explained) {
            self.soon = u64::MAX;
            self.passed_over = false;
            let before = self.begin_again();
            outcome = self.search();
            if let Outcome::GivenUp = outcome {
                self.go_no_less_far(before);
            }
        }
        match outcome {
            Outcome::Explained => Ok(()),
            Outcome::Exhausted if self.turned_back => self.find_the_end(),
            Outcome::Exhausted => Err(self.stuck(None)),
            Outcome::GivenUp => Err(self.stuck(Some(self.tried + self.seen.len()))),
        }
    }

    /// Looks for an order, and leaves nothing in order where it found none.
    fn search(&mut self) -> Outcome {
        let mut state = 0;
        let mut here = self.choices();
        loop {
            let Some(mut choices) = here else {
                return Outcome::Explained;
            };
            if self.seen.len() > self.budget() {
                self.note(choices.first, state);
                while let Some(frame) = self.trail.pop() {
                    self.undo(frame.step, frame.again);
                }
                return Outcome::GivenUp;
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
                    return Outcome::Exhausted;
                };
                self.undo(frame.step, frame.again);
                state = frame.before;
                if frame.instead.is_some() {
                    break frame.instead;
                }
            };
        }
    }

    /// How many states of affairs this search may try: half of all that are left where another may follow.
    fn budget(&self) -> usize {
        let left = self.limit.0.saturating_sub(self.tried);
        if self.passed_over { left / 2 } else { left }
    }

    /// Whether a call that is still to be put in order was answered when the clock showed less than it does.
    fn is_too_late(&self, state: StateId) -> bool {
        let first = self.timed.first();
        first.is_some_and(|(clock, _)| *clock < self.states[state as usize].clock())
    }

    /// Searches without a look at the clock, where that has told that no way leads on: how far the search got does not
    /// tell then which answer is the first that can't be explained.
    fn find_the_end(mut self) -> Result<(), Stuck<'a, M>> {
        self.clocks.fill(None);
        self.timed.clear();
        self.soon = u64::MAX;
        let before = self.begin_again();
        self.limit = Limit(self.tried + REPORTED);
        match self.search() {
            // The clock was none.
            Outcome::Explained => return Ok(()),
            Outcome::Exhausted => {}
            Outcome::GivenUp => self.go_no_less_far(before),
        }
        Err(self.stuck(None))
    }

    /// Forgets what was tried, and how far that got.
    fn begin_again(&mut self) -> Deepest {
        self.tried += self.seen.len();
        self.seen.clear();
        std::mem::replace(&mut self.deepest, Deepest::nowhere(&self.events))
    }

    /// The state after that step, if it can be taken.
    fn way(&mut self, state: StateId, step: Step) -> Option<StateId> {
        if let Some(after) = self.ways.get(&(state, step)) {
            return *after;
        }
        let after = match step {
            Step::Certain(call) => self.explained(state, self.certain[call]),
            Step::Again(call) => Some(self.apply(state, &self.certain[call].call).1),
            Step::Doubtful(call) => {
                let effect = &self.doubtful[call];
                let operation = effect.operation;
                if effect.answered {
                    self.explained(state, operation)
                } else {
                    Some(self.apply(state, &operation.call).1)
                }
            }
        };
        if self.ways.len() >= WAYS {
            self.ways.clear();
        }
        self.ways.insert((state, step), after);
        after
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

    /// Takes the step, unless that leads where the search has been before, or where there is no way on; whether its call
    /// had taken effect before.
    fn visit(&mut self, step: Step, after: StateId) -> Option<bool> {
        let again = self.mark(step);
        if self.is_too_late(after) {
            self.turned_back = true;
            self.unmark(step, again);
            return None;
        }
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
                if let Some(clock) = self.clocks[call] {
                    self.timed.remove(&(clock, call));
                }
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
                if let Some(clock) = self.clocks[call] {
                    self.timed.insert((clock, call));
                }
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
