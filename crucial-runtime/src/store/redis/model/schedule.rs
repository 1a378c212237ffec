//! One schedule: the plan of a seed, run and checked.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::{Instant, sleep, timeout};

use super::super::link::Link;
use super::super::script::Form;
use super::super::sim::{Clock, Mutant, Socket, Trouble, World};
use super::super::{CALL_LIMIT, Options, RedisStore};
use super::history::{self, Asked, Final, History, Outcome, Record};
use super::ledger::{self, Entry, Ledger};
use super::plan::{Bias, Deed, Plan, Process};
use super::scripts;
use crate::chance::{self, seed::Seeded};
use crate::codec;
use crate::error::{Error, Result};
use crate::object::{Call, Key, Method, Namespace, Object, ObjectType, Value};
use crate::objects::AtomicState;
use crate::store::{Description, Store};

/// How many processes one call may end before it is not run again: two that lead, and two that run it alone.
const MOST_DEATHS: u32 = 4;

/// A schedule that failed.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) seed: u64,
    pub(super) reason: String,
    pub(super) trace: Vec<String>,
}

/// What a schedule gave, for comparisons.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Summary {
    pub(super) calls: usize,
    pub(super) took: u64,
    pub(super) trace: Vec<String>,
}

/// Runs the schedule of a seed.
///
/// # Errors
///
/// A [`Failure`] where something that was promised was not kept.
pub(super) fn run(
    seed: u64,
    bias: Bias,
    mutant: Option<&'static Mutant>,
    traced: bool,
) -> std::result::Result<Summary, Failure> {
    let _seeded = Seeded::with(seed);
    let plan = Plan::of(seed, bias);
    let mut world = World::new(seed, plan.climate.clone(), mutant, traced);
    prepare(&mut world, &plan);
    let history = History::default();
    let done = perform(&plan, &mut world, &history);
    let trace = world.take_trace();
    let took = world.now();
    drop(world);
    match done {
        Ok(()) => Ok(Summary {
            calls: history.records().len(),
            took,
            trace,
        }),
        Err(reason) => Err(Failure {
            seed,
            reason: format!("{reason}\nplan: {plan:#?}"),
            trace: trace
                .into_iter()
                .chain(history.records().iter().map(|record| format!("{record:?}")))
                .collect(),
        }),
    }
}

/// Lets the server know the scripts, unless the first to need one is to send it.
fn prepare(world: &mut World, plan: &Plan) {
    if plan.climate.new_server {
        return;
    }
    let form = match plan.climate.without_functions {
        true => Form::Text,
        false => Form::Function,
    };
    for script in scripts::all() {
        world.prepare(&script.load(form));
    }
}

fn perform(plan: &Plan, world: &mut World, history: &History) -> std::result::Result<(), String> {
    // The first process makes the objects; it is in no hurry, and sees to it that nobody waits in vain.
    let awaited = plan.awaited;
    let own = history.clone();
    world.start(|socket, clock| steward(socket, clock, own, awaited));
    for (index, (start, ends, process)) in plan.processes.iter().enumerate() {
        let (start, process, history) = (*start, process.clone(), history.clone());
        world.start_mortal(*ends, |socket, clock| async move {
            sleep(Duration::from_millis(start)).await;
            act(socket, clock, index + 1, process, history).await;
        });
    }
    // Beyond all limits of calls, and everything that may go wrong one after the other.
    let outages: u64 = plan
        .climate
        .troubles
        .iter()
        .map(|(_, trouble)| outage(*trouble))
        .sum();
    world.run(outages + 600_000)?;
    world.calm_down();
    let last = audit(world)?;
    let records = history.records();
    history::check(&records, &last)?;
    nobody_waited_long(&records, plan)?;
    if plan.climate.troubles.is_empty() && world.deaths() > MOST_DEATHS {
        return Err(format!("one call has ended {} processes", world.deaths()));
    }
    if plan.climate.troubles.is_empty() {
        history::only_the_deadly_are_given_up(&records)?;
    }
    // What is left must end by itself, but for the objects.
    world.run_for(2_000_000)?;
    for (key, ends) in world.keys() {
        let lasting = [":s", ":m"].iter().any(|end| key.ends_with(end))
            || key.ends_with("}")
            || key.ends_with("objects");
        // What is left in the queue is run or removed with the object's next call.
        let forsaken = key.ends_with(":q") && plan.may_forsake();
        if !lasting && !ends && !forsaken {
            return Err(format!("{key} stays for ever"));
        }
    }
    Ok(())
}

/// How long that may keep calls waiting, ms.
fn outage(trouble: Trouble) -> u64 {
    match trouble {
        // A broken connection is found by its silence after ten seconds.
        Trouble::Cut { late, .. } | Trouble::Death { late, .. } => late,
        Trouble::Closed { heard_after } => heard_after,
        Trouble::Freeze { life, .. } | Trouble::Pause(life) | Trouble::Full(life) => life,
        Trouble::Silence(life) => life + 15_000,
        Trouble::Forget => 0,
    }
}

/// Calls that wait for nothing but others' leases end soon.
fn nobody_waited_long(records: &[Record], plan: &Plan) -> std::result::Result<(), String> {
    let outages: u64 = plan
        .climate
        .troubles
        .iter()
        .map(|(_, trouble)| outage(*trouble))
        .sum();
    let limit = outages + 20_000;
    for record in records {
        if let Some((end, _)) = &record.end
            && end - record.start > limit
            && !record.waits
        {
            return Err(format!(
                "it took {} ms, {limit} at the most: {record:?}",
                end - record.start
            ));
        }
    }
    Ok(())
}

/// Reads the objects when everything is over.
fn audit(world: &mut World) -> std::result::Result<Final, String> {
    let found = Arc::new(std::sync::Mutex::new(None));
    let place = Arc::clone(&found);
    world.start(|socket, clock| async move {
        let mut client = Client::connect(socket, clock, usize::MAX, History::default()).await;
        let last = client.look().await;
        *place.lock().unwrap() = Some(last);
    });
    world.run(world.now() + 100_000)?;
    let found = found.lock().unwrap().take();
    found.ok_or("nothing was found")?
}

/// Creates the objects, and at the end appends as long as somebody may wait for it.
async fn steward(socket: Socket, clock: Clock, history: History, awaited: u32) {
    let mut client = Client::connect(socket, clock, 0, history).await;
    client.create(1).await;
    sleep(Duration::from_secs(2)).await;
    let mut there = 0;
    while there < awaited {
        // Somebody may have removed it.
        client.create(chance::number() >> 16).await;
        if let Some(place) = client.append(0, &ledger::APPEND, 0, 0).await {
            there = place + 1;
        }
        sleep(Duration::from_millis(5)).await;
    }
    client.store.quiesce().await;
}

async fn act(socket: Socket, clock: Clock, process: usize, tasks: Process, history: History) {
    let client = Client::connect(socket, clock, process, history).await;
    let tasks: Vec<_> = tasks
        .into_iter()
        .enumerate()
        .map(|(task, deeds)| {
            let mut client = client.clone();
            tokio::spawn(async move {
                for deed in deeds {
                    client.perform(task, deed).await;
                }
            })
        })
        .collect();
    for task in tasks {
        if let Err(error) = task.await {
            std::panic::resume_unwind(error.into_panic());
        }
    }
    client.store.quiesce().await;
}

/// A process's view of the store.
#[derive(Clone)]
struct Client {
    store: Arc<RedisStore>,
    clock: Clock,
    process: usize,
    history: History,
    ledger: Key,
    counter: Key,
    /// How many entries each task has written.
    written: BTreeMap<usize, u32>,
}

impl Client {
    async fn connect(socket: Socket, clock: Clock, process: usize, history: History) -> Self {
        let namespace = Namespace::new("model").unwrap();
        let store = loop {
            let link = Link::over(Box::new(socket.clone()), "simulated".to_owned()).await;
            match link {
                Ok(link) => {
                    break RedisStore::over(link, Options::default(), None)
                        .await
                        .unwrap();
                }
                // A process that starts in an outage is started again.
                Err(_) => sleep(Duration::from_millis(50)).await,
            }
        };
        Self {
            store: Arc::new(store),
            clock,
            process,
            history,
            ledger: namespace.key("ledger").unwrap(),
            counter: namespace.key("counter").unwrap(),
            written: BTreeMap::new(),
        }
    }

    async fn perform(&mut self, task: usize, deed: Deed) {
        match deed {
            Deed::Append { baggage } => {
                self.append(task, &ledger::APPEND, 0, baggage).await;
            }
            Deed::AppendAfter(least) => {
                self.append(task, &ledger::APPEND_AFTER, least, 0).await;
            }
            Deed::Panic => {
                self.append(task, &ledger::APPEND_AND_PANIC, 0, 0).await;
            }
            Deed::Die => {
                self.append(task, &ledger::APPEND_AND_DIE, 0, 0).await;
            }
            Deed::Mark(mark) => {
                let call = self.ledger_call(&ledger::MARK, (0, 0), mark, 0);
                self.note(task, Asked::Mark(mark), self.wait(call)).await;
            }
            Deed::Length => {
                let call = self.ledger_call(&ledger::LENGTH, (0, 0), 0, 0);
                self.note(task, Asked::Length, self.wait(call)).await;
            }
            Deed::LengthFrom(least) => {
                let call = self.ledger_call(&ledger::LENGTH_FROM, (0, 0), least, 0);
                self.note_of(task, Asked::Length, true, self.wait(call))
                    .await;
            }
            Deed::Count => {
                let kind = Bytes::from_static(b"u64");
                let call = self.counter_call("add", vec![Bytes::from_static(b"1"), kind]);
                self.note(task, Asked::Count, self.wait(call)).await;
            }
            Deed::Counted => {
                let call = self.counter_call("get", Vec::new());
                self.note(task, Asked::Counted, self.wait(call)).await;
            }
            Deed::Create => self.create_ledger(task, chance::number() >> 16).await,
            Deed::Destroy => {
                let destroyed = async {
                    let destroyed = self.store.destroy(&self.ledger).await?;
                    Ok(Value::from(destroyed))
                };
                self.note(task, Asked::Destroy, destroyed).await;
            }
            Deed::Rest(ms) => sleep(Duration::from_millis(ms)).await,
        }
    }

    /// The place of the entry, if it is known.
    async fn append(
        &mut self,
        task: usize,
        method: &'static Method,
        least: u32,
        baggage: u32,
    ) -> Option<u32> {
        let index = self.written.entry(task).or_default();
        *index += 1;
        let writer = u32::try_from(self.process * 10 + task).unwrap();
        let entry: Entry = (writer, *index);
        let call = self.ledger_call(method, entry, least, baggage);
        let asked = match method.name {
            "append_and_panic" => Asked::Vain(entry),
            "append_and_die" => Asked::Deadly(entry),
            _ => Asked::Append(entry),
        };
        match self.note_of(task, asked, least > 0, self.wait(call)).await {
            Outcome::Placed(_, place) => Some(place),
            _ => None,
        }
    }

    /// Makes both objects.
    async fn create(&self, life: u64) {
        self.create_ledger(0, life).await;
        let init = Call {
            args: vec![Bytes::from_static(b"0")],
            ..self.counter_call("set", Vec::new())
        };
        let created = async {
            let created = self.store.create(init, described::<AtomicState>()).await?;
            Ok(Value::from(created))
        };
        self.note(0, Asked::CreateCounter, created).await;
    }

    async fn create_ledger(&self, task: usize, life: u64) {
        let state = codec::encode_state(&Ledger {
            life,
            ..Ledger::default()
        });
        let init = Call {
            args: vec![state.unwrap()],
            ..self.ledger_call(&ledger::APPEND, (0, 0), 0, 0)
        };
        let created = async {
            let created = self.store.create(init, described::<Ledger>()).await?;
            Ok(Value::from(created))
        };
        self.note(task, Asked::Create(life), created).await;
    }

    /// What there is at the end.
    async fn look(&mut self) -> std::result::Result<Final, String> {
        let call = self.ledger_call(&ledger::ALL, (0, 0), 0, 0);
        let (life, log) = match self.wait(call).await {
            Ok(Value::Bytes(bytes)) => codec::decode(&bytes).unwrap(),
            Ok(other) => return Err(format!("the ledger is {other:?}")),
            Err(Error::NotFound { .. }) => (0, Vec::new()),
            Err(error) => return Err(format!("the ledger can't be read: {error}")),
        };
        let call = self.counter_call("get", Vec::new());
        let count = match self.wait(call).await {
            Ok(value) => number(&value).ok_or_else(|| format!("the counter is {value:?}"))?,
            Err(error) => return Err(format!("the counter can't be read: {error}")),
        };
        Ok(Final { life, log, count })
    }

    fn ledger_call(&self, method: &'static Method, entry: Entry, least: u32, baggage: u32) -> Call {
        let baggage = Bytes::from(vec![b'-'; usize::try_from(baggage).unwrap()]);
        Call {
            key: self.ledger.clone(),
            object: ObjectType::of::<Ledger>(),
            method,
            args: vec![codec::encode(&(entry, least, baggage)).unwrap()],
        }
    }

    fn counter_call(&self, method: &str, args: Vec<Bytes>) -> Call {
        let methods = AtomicState::METHODS.iter();
        Call {
            key: self.counter.clone(),
            object: ObjectType::of::<AtomicState>(),
            method: methods
                .into_iter()
                .find(|known| known.name == method)
                .unwrap(),
            args,
        }
    }

    /// Makes a call until it is ready, as waiting callers do.
    async fn wait(&self, call: Call) -> Result<Value> {
        let started = Instant::now();
        let mut watch = None;
        loop {
            if let Poll::Ready(value) = self.store.call(call.clone()).await? {
                return Ok(value);
            }
            assert!(
                started.elapsed() < CALL_LIMIT * 100,
                "nobody does what {call:?} waits for"
            );
            match &mut watch {
                None => watch = Some(self.store.watch(&call.key).await?),
                Some(watch) => {
                    let slow = Duration::from_secs(1).mul_f64(chance::factor(0.5..1.0));
                    let _ = timeout(slow, watch.changed()).await;
                }
            }
        }
    }

    async fn note(&self, task: usize, asked: Asked, call: impl Future<Output = Result<Value>>) {
        self.note_of(task, asked, false, call).await;
    }

    async fn note_of(
        &self,
        task: usize,
        asked: Asked,
        waits: bool,
        call: impl Future<Output = Result<Value>>,
    ) -> Outcome {
        let record = self.history.begin(Record {
            process: self.process,
            task,
            asked,
            waits,
            start: self.clock.now(),
            end: None,
        });
        let outcome = match call.await {
            Ok(Value::Bytes(bytes)) if asked != Asked::Counted && asked != Asked::Count => {
                let (life, place, _): ledger::Place = codec::decode(&bytes).unwrap();
                Outcome::Placed(life, place)
            }
            Ok(value) => number(&value).map_or_else(
                || Outcome::Refused(format!("a reply of another kind: {value:?}")),
                Outcome::Number,
            ),
            Err(Error::InDoubt { .. }) => Outcome::InDoubt,
            Err(error) => Outcome::Refused(error.to_string()),
        };
        self.history.end(record, self.clock.now(), outcome.clone());
        outcome
    }
}

fn described<O: Object>() -> Description {
    Description {
        object: O::NAME.to_owned(),
        detail: O::NAME.to_owned(),
    }
}

fn number(value: &Value) -> Option<i64> {
    match value {
        Value::Int(number) => Some(*number),
        Value::Bytes(digits) => std::str::from_utf8(digits).ok()?.parse().ok(),
        Value::Nil => Some(0),
        Value::List(_) => None,
    }
}
