//! One schedule: the plan of a seed, run and checked.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;

use super::super::script::Form;
use super::super::sim::{Clock, Mutant, Socket, Trouble, World};
use super::client::Client;
use super::history::{self, Final, History, Record};
use super::ledger;
use super::plan::{Bias, Plan, Process};
use super::scripts;
use crate::chance::{self, seed::Seeded};
use crate::store::Store;

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
) -> Result<Summary, Failure> {
    let _seeded = Seeded::with(seed);
    let plan = Plan::of(seed, bias);
    let mut world = World::new(seed, plan.climate.clone(), mutant, traced);
    prepare(&mut world, &plan);
    let history = History::default();
    let done = perform(&plan, bias, &mut world, &history);
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

fn perform(plan: &Plan, bias: Bias, world: &mut World, history: &History) -> Result<(), String> {
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
    if bias == Bias::Frozen {
        history::nobody_waited_often(&records)?;
    }
    if plan.climate.troubles.is_empty() && world.deaths() > MOST_DEATHS {
        return Err(format!("one call has ended {} processes", world.deaths()));
    }
    if plan.climate.troubles.is_empty() {
        history::only_the_deadly_are_given_up(&records)?;
    }
    // What is left must end by itself, but for the objects.
    world.run_for(2_000_000)?;
    let keys = world.keys();
    for (key, ends) in &keys {
        // Records stay with their object.
        let described = key.strip_suffix(":r").map(|base| format!("{base}:m"));
        let of_object = described.is_some_and(|name| keys.iter().any(|(key, _)| *key == name));
        let lasting = [":s", ":m"].iter().any(|end| key.ends_with(end))
            || key.ends_with("}")
            || key.ends_with("objects")
            || of_object;
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
        Trouble::Closed { heard_after } | Trouble::Deaf { heard_after } => heard_after,
        Trouble::Freeze { life, .. } | Trouble::Pause(life) | Trouble::Full(life) => life,
        Trouble::Silence(life) => life + 15_000,
        Trouble::Forget | Trouble::Evict => 0,
    }
}

/// Calls that wait for nothing but others' leases end soon.
fn nobody_waited_long(records: &[Record], plan: &Plan) -> Result<(), String> {
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
fn audit(world: &mut World) -> Result<Final, String> {
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
