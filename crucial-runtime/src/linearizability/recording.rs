//! What recorders noted, put together: a history of every object.

mod checked;
mod deeds;
mod files;

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::task::Poll;
use std::time::Duration;

pub use self::checked::Checked;
use self::deeds::{Done, Life};
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
///
/// ```
/// # use crucial::linearizability::Recorder;
/// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let recorder = Recorder::new();
/// let runtime = crucial::Runtime::builder().recorder(&recorder).build().await?;
/// let _entered = runtime.enter();
/// crucial::Latch::create("latch", 1).await?.count_down().await?;
/// let recording = recorder.recording()?;
/// assert_eq!((recording.len(), recording.objects().len()), (2, 1));
/// let checked = recording.check()?;
/// assert_eq!((checked.operations, checked.in_doubt), (2, 0));
/// # Ok(()) }
/// ```
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

    /// Names a type of the recorded objects: one that no recorder of this process has met. Those of the library are
    /// known.
    ///
    /// ```
    /// # use crucial::linearizability::{CheckError, Recorder, Recording};
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Clone, Serialize, Deserialize)]
    /// # struct Tally {
    /// #     votes: u32,
    /// # }
    /// # #[crucial::shared]
    /// # impl Tally {
    /// #     pub fn vote(&mut self) -> u32 {
    /// #         self.votes += 1;
    /// #         self.votes
    /// #     }
    /// # }
    /// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let directory = tempfile::tempdir()?;
    /// # let recorder = Recorder::into_directory(directory.path())?;
    /// # let runtime = crucial::Runtime::builder().recorder(&recorder).build().await?;
    /// # let _entered = runtime.enter();
    /// // What another process noted:
    /// TallyProxy::create("tally", Tally { votes: 0 }).await?.vote().await?;
    /// // The process that checks it:
    /// let recording = Recording::read(directory.path())?;
    /// assert!(matches!(recording.check(), Err(CheckError::UnknownType { .. })));
    /// assert_eq!(recording.object::<Tally>().check()?.operations, 2);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn object<O: Object>(mut self) -> Self {
        self.know([ObjectType::of::<O>()].into_iter());
        self
    }

    /// Leaves out what came later than that, by the machine's monotonic clock: calls that had not been answered by then
    /// may have taken effect, with the answers they got, or not. What came before is linearizable if all of it is.
    ///
    /// It is for objects that lend something, a lock or a place in a queue, for a time that a long test outlasts.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use crucial::linearizability::Recorder;
    /// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let recorder = Recorder::new();
    /// # let runtime = crucial::Runtime::builder().recorder(&recorder).build().await?;
    /// # let _entered = runtime.enter();
    /// crucial::Latch::create("latch", 1).await?;
    /// assert_eq!(recorder.recording()?.until(Duration::MAX).check()?.objects, 1);
    /// assert_eq!(recorder.recording()?.until(Duration::ZERO).check()?.objects, 0); // all came later
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn until(mut self, time: Duration) -> Self {
        let time = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        for process in &mut self.processes {
            process.until = process.until.min(time);
        }
        self
    }

    /// Gives the check of an object up, as [undecided](CheckError::Undecided), once so many states of affairs have
    /// been tried: 4,000,000 unless this says otherwise, which take half a gigabyte, and where states are large minutes
    /// and some gigabytes.
    ///
    /// ```
    /// # use crucial::linearizability::{CheckError, Recorder};
    /// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let recorder = Recorder::new();
    /// # let runtime = crucial::Runtime::builder().recorder(&recorder).build().await?;
    /// # let _entered = runtime.enter();
    /// let hits = crucial::Atomic::create("hits", 0).await?;
    /// for n in 0..10 {
    ///     hits.store(n).await?;
    /// }
    /// let hasty = recorder.recording()?.give_up_after(1);
    /// assert!(matches!(hasty.check(), Err(CheckError::Undecided { .. })));
    /// assert!(recorder.check().is_ok());
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn give_up_after(mut self, tried: usize) -> Self {
        self.limit = Limit(tried);
        self
    }

    /// Adds what others noted of the same objects meanwhile.
    ///
    /// ```
    /// # use crucial::linearizability::{Recorder, Recording};
    /// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mut recordings = Vec::new();
    /// for n in 0..2 {
    ///     let recorder = Recorder::new();
    ///     let runtime = crucial::Runtime::builder().recorder(&recorder).build().await?;
    ///     runtime.scope(crucial::Atomic::create("number", n)).await?;
    ///     recordings.push(recorder.recording()?);
    /// }
    /// let mut all = Recording::default();
    /// recordings.into_iter().for_each(|recording| all.merge(recording));
    /// assert_eq!((all.len(), all.objects().len()), (2, 2));
    /// # Ok(()) }
    /// ```
    pub fn merge(&mut self, other: Self) {
        self.processes.extend(other.processes);
        self.types.extend(other.types);
    }

    /// How many calls were noted.
    ///
    /// ```
    /// # use crucial::linearizability::Recorder;
    /// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let recorder = Recorder::new();
    /// # let runtime = crucial::Runtime::builder().recorder(&recorder).build().await?;
    /// # let _entered = runtime.enter();
    /// let hits = crucial::Atomic::create("hits", 0).await?;
    /// hits.fetch_add(1).await?;
    /// hits.destroy().await?;
    /// assert_eq!(recorder.recording()?.len(), 3); // creations and removals are calls too
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn len(&self) -> usize {
        let events = self.processes.iter().flat_map(|process| &process.events);
        events
            .filter(|event| matches!(event, Event::Began { .. }))
            .count()
    }

    /// Whether none were.
    ///
    /// ```
    /// # use crucial::linearizability::Recorder;
    /// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let recorder = Recorder::new();
    /// # let runtime = crucial::Runtime::builder().recorder(&recorder).build().await?;
    /// # let _entered = runtime.enter();
    /// assert!(recorder.recording()?.is_empty()); // a runtime alone calls no object
    /// crucial::Latch::create("latch", 1).await?;
    /// assert!(!recorder.recording()?.is_empty());
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn history(&self, key: &Key, deeds: &[Done<'_>]) -> Result<History<Step, Reply>, CheckError> {
        let beginning = deeds.first().map_or(0, |first| first.started);
        let life = self.life(deeds);
        let mut history = History::new();
        for (number, done) in deeds.iter().enumerate() {
            let caller = format!("{} call {}", done.caller, done.call);
            let started = done.started - beginning;
            let number = u32::try_from(number).unwrap_or(u32::MAX);
            let chosen = match done.end {
                Some((_, Answered::Value(value))) => Some(value),
                _ => None,
            };
            let step = self.step(key, done.deed, number, &life, chosen)?;
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

    fn step(
        &self,
        key: &Key,
        deed: &Deed,
        number: u32,
        life: &Life,
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
                let is_the_users = object.0.script.is_none();
                Step::Call {
                    method: method_of(method, *kind),
                    args: args.clone(),
                    given: chosen
                        .filter(|_| object.0.chance.contains(&&**method))
                        .cloned(),
                    specimen: life.specimen.clone().filter(|_| is_the_users),
                    mortal: life.mortal,
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

    pub(super) fn type_of(&self, name: &str) -> Option<&'static ObjectType> {
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
