//! What recorders noted, put together: a history of every object.

mod deeds;
mod files;

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;

use self::deeds::Done;
use super::event::{Answered, Deed, Event};
use super::failure::CheckError;
use super::history::End;
use super::history::History;
use super::machine::{Machine, Reply, Step, Type, comparable};
use super::model::Model;
use super::search::Limit;
use crate::object::{Key, Method, MethodKind, Object, ObjectType, SNAPSHOT, Value};
use crate::objects::TYPES;

/// By how much an object may be removed before or after its time, in nanoseconds: clocks tick, servers are busy.
const SLACK: u64 = 100_000_000;

/// What one or several [recorders](super::Recorder) noted.
#[derive(Default)]
pub struct Recording {
    processes: Vec<Process>,
    types: HashMap<&'static str, &'static ObjectType>,
    limit: Limit,
}

struct Process {
    name: String,
    events: Vec<Event>,
    /// What began later than that is left out, and what ended later may not have happened.
    until: u64,
}

/// What was checked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Checked {
    /// How many objects.
    pub objects: usize,
    /// How many operations on them: calls, those that were not ready, creations and removals.
    pub operations: usize,
    /// How many of these were observations that an object was not ready.
    pub pending: usize,
    /// How many of these nobody knows to have happened.
    pub in_doubt: usize,
    /// How many more objects could not be checked: a call of theirs is in doubt that leaves something to chance, as
    /// [`Set::pop`](crate::Set::pop) does, so that nobody knows what it may have done.
    pub left_out: usize,
}

impl std::ops::AddAssign for Checked {
    fn add_assign(&mut self, other: Self) {
        self.objects += other.objects;
        self.operations += other.operations;
        self.pending += other.pending;
        self.in_doubt += other.in_doubt;
        self.left_out += other.left_out;
    }
}

impl Recording {
    pub(super) fn of_process(id: u32, events: Vec<Event>) -> Self {
        let mut recording = Self::default();
        recording.processes.push(Process {
            name: format!("process {id}"),
            events,
            until: u64::MAX,
        });
        recording
    }

    pub(super) fn know(&mut self, types: impl Iterator<Item = &'static ObjectType>) {
        self.types.extend(types.map(|object| (object.name, object)));
    }

    /// Names a type of the recorded objects: one that no recorder of this process has met. Those of the library are known.
    #[must_use]
    pub fn object<O: Object>(mut self) -> Self {
        self.know([ObjectType::of::<O>()].into_iter());
        self
    }

    /// Leaves out what came later than that, by the machine's monotonic clock: calls that had not been answered by then
    /// may have taken effect, with the answers they got, or not. What came before is linearizable if all of it is.
    ///
    /// It is for objects that lend something, a lock or a place in a queue, for a time that a long test outlasts.
    #[must_use]
    pub fn until(mut self, time: Duration) -> Self {
        let time = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        for process in &mut self.processes {
            process.until = process.until.min(time);
        }
        self
    }

    /// Gives the check of an object up, as [undecided](CheckError::Undecided), once so many states of affairs have been
    /// tried: 4,000,000 unless this says otherwise, which take up to half a gigabyte, and minutes where states are large.
    #[must_use]
    pub fn give_up_after(mut self, tried: usize) -> Self {
        self.limit = Limit(tried);
        self
    }

    /// Adds what others noted of the same objects meanwhile.
    pub fn merge(&mut self, other: Self) {
        self.processes.extend(other.processes);
        self.types.extend(other.types);
    }

    /// How many calls were noted.
    #[must_use]
    pub fn len(&self) -> usize {
        let events = self.processes.iter().flat_map(|process| &process.events);
        events
            .filter(|event| matches!(event, Event::Began { .. }))
            .count()
    }

    /// Whether none were.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Checks every object against its own type.
    ///
    /// The objects must not have existed before the recording began.
    ///
    /// # Errors
    ///
    /// [`CheckError::NotLinearizable`] with the first object found not to be, [`CheckError::Undecided`],
    /// [`CheckError::UnknownType`].
    pub fn check(&self) -> Result<Checked, CheckError> {
        let mut checked = Checked::default();
        for (key, deeds) in self.by_object() {
            checked += self.check_object(key, deeds)?;
        }
        Ok(checked)
    }

    /// The objects of the recording.
    #[must_use]
    pub fn objects(&self) -> Vec<Key> {
        self.by_object().into_keys().cloned().collect()
    }

    /// Checks one object against its own type.
    ///
    /// # Errors
    ///
    /// Those of [`check`](Self::check).
    pub fn check_only(&self, key: &Key) -> Result<Checked, CheckError> {
        match self.by_object().remove(key) {
            Some(deeds) => self.check_object(key, deeds),
            None => Ok(Checked::default()),
        }
    }

    fn check_object(&self, key: &Key, mut deeds: Vec<Done<'_>>) -> Result<Checked, CheckError> {
        deeds.sort_by_key(|deed| deed.started);
        if deeds.iter().any(|done| self.is_left_to_chance(done)) {
            return Ok(Checked {
                left_out: 1,
                ..Checked::default()
            });
        }
        let history = self.history(key, &deeds)?;
        let mut checked = Checked {
            objects: 1,
            ..Checked::default()
        };
        for deed in &deeds {
            checked.operations += 1;
            checked.pending += usize::from(deed.end.is_some_and(|(_, a)| *a == Answered::Pending));
            checked.in_doubt += usize::from(deed.end.is_none() || deed.late);
        }
        let name = format!("object `{key}`");
        history.check_object(&name, Machine::NOTHING, self.limit)?;
        Ok(checked)
    }

    fn history(&self, key: &Key, deeds: &[Done<'_>]) -> Result<History<Step, Reply>, CheckError> {
        let beginning = deeds.first().map_or(0, |first| first.started);
        let specimen = self.specimen(deeds);
        let mut history = History::new();
        for (number, done) in deeds.iter().enumerate() {
            let caller = format!("{} call {}", done.caller, done.call);
            let started = done.started - beginning;
            let number = u32::try_from(number).unwrap_or(u32::MAX);
            let chosen = match done.end {
                Some((_, Answered::Value(value))) => Some(value),
                _ => None,
            };
            let step = self.step(key, done.deed, number, specimen.as_ref(), chosen)?;
            let end = match done.end {
                // A call that changes nothing and told nothing.
                None if !done.deed.changes() => continue,
                // One that may take effect twice may have done so before it was refused.
                Some((_, Answered::Nothing)) if !Machine::repeats(&step) => continue,
                None | Some((_, Answered::Nothing)) => End::InDoubt,
                Some((at, answer)) => match (told(&step, answer), done.late) {
                    (Some(Poll::Pending), true) if !Machine::repeats(&step) => continue,
                    (Some(Poll::Pending), true) => End::InDoubt,
                    (Some(Poll::Ready(reply)), true) => End::Late(reply),
                    (None, true) => End::InDoubt,
                    (Some(answer), false) => End::Answered(at - beginning, answer),
                    (None, false) => End::Effective(at - beginning),
                },
            };
            if let Deed::Expire(Some(after)) = done.deed
                && matches!(
                    end,
                    End::InDoubt
                        | End::Late(Reply::Flag(true))
                        | End::Answered(_, Poll::Ready(Reply::Flag(true)))
                )
            {
                let from = started.saturating_add(*after).saturating_sub(SLACK);
                let vanished = match end.deadline() {
                    Some(at) => End::Effective(at.saturating_add(*after).saturating_add(SLACK)),
                    None => End::InDoubt,
                };
                history.push("the store".to_owned(), from, Step::Vanish(number), vanished);
            }
            history.push(caller, started, step, end);
        }
        Ok(history)
    }

    /// Any state of the user's object that was created here.
    fn specimen(&self, deeds: &[Done<'_>]) -> Option<Bytes> {
        deeds.iter().find_map(|done| match done.deed {
            Deed::Create { args, description } => {
                let object = self.type_of(&description.object)?;
                let state = object.init(args).ok()?;
                object.encode(&state).ok()
            }
            _ => None,
        })
    }

    fn step(
        &self,
        key: &Key,
        deed: &Deed,
        number: u32,
        specimen: Option<&Bytes>,
        chosen: Option<&Value>,
    ) -> Result<Step, CheckError> {
        let known = |name: &str| {
            let object = self.type_of(name).map(Type);
            object.ok_or_else(|| CheckError::UnknownType {
                object: key.to_string(),
                type_name: name.to_owned(),
            })
        };
        Ok(match deed {
            Deed::Call {
                object,
                method,
                kind,
                args,
            } => {
                let object = known(object)?;
                Step::Call {
                    method: method_of(method, *kind),
                    args: args.clone(),
                    given: chosen
                        .filter(|_| object.0.chance.contains(&&**method))
                        .cloned(),
                    specimen: specimen.filter(|_| object.0.script.is_none()).cloned(),
                    object,
                }
            }
            Deed::Create { args, description } => Step::Create {
                object: known(&description.object)?,
                args: args.clone(),
                description: description.clone(),
            },
            Deed::Describe => Step::Describe,
            Deed::Destroy => Step::Destroy,
            Deed::Expire(after) => Step::Expire(after.map(|_| number)),
        })
    }

    /// Whether nobody knows what the call may have done.
    fn is_left_to_chance(&self, done: &Done<'_>) -> bool {
        let Deed::Call { object, method, .. } = done.deed else {
            return false;
        };
        let object = self.type_of(object);
        done.end.is_none() && object.is_some_and(|object| object.chance.contains(&&**method))
    }

    fn type_of(&self, name: &str) -> Option<&'static ObjectType> {
        let library = || TYPES.iter().find(|object| object.name == name);
        self.types.get(name).or_else(library).copied()
    }
}

impl fmt::Debug for Recording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recording")
            .field("processes", &self.processes.len())
            .field("calls", &self.len())
            .finish()
    }
}

fn method_of(name: &str, kind: MethodKind) -> Method {
    if name == SNAPSHOT.name {
        return SNAPSHOT;
    }
    let name = named(name);
    match kind {
        MethodKind::Read => Method::read(name),
        MethodKind::Update => Method::update(name),
        MethodKind::Idempotent => Method::idempotent(name),
    }
}

/// The name for as long as the program runs: there are as many as methods.
fn named(name: &str) -> &'static str {
    static NAMES: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
    let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = names.get(name) {
        return known;
    }
    let name: &'static str = Box::leak(name.into());
    names.insert(name);
    name
}

/// What the answer tells about the step; nothing where it tells only that it took effect.
fn told(step: &Step, answer: &Answered) -> Option<Poll<Reply>> {
    let reply = match (answer, step) {
        (Answered::Pending, _) => return Some(Poll::Pending),
        (Answered::Value(value), Step::Call { object, method, .. }) => {
            Reply::Value(comparable(object.0, method, value.clone()))
        }
        (Answered::Value(value), _) => Reply::Value(value.clone()),
        (Answered::Flag(flag), _) => Reply::Flag(*flag),
        (Answered::Described(found), _) => Reply::Described(found.clone()),
        (Answered::Absent, _) => Reply::Absent,
        (Answered::WrongType, _) => Reply::WrongType,
        (Answered::Done | Answered::Nothing, _) => return None,
    };
    Some(Poll::Ready(reply))
}
