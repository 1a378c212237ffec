//! Jobs on the server: a lease, the list of their objects, and the sweep of those whose driver died.

use std::sync::Weak;
use std::time::Duration;

use bytes::Bytes;
use redis::Pipeline;
use tokio::time::{Instant, sleep};

use super::core::Core;
use super::fault::Fault;
use super::names::{self, JOBS, Names};
use super::terms::Asked;
use super::value;
use crate::chance;
use crate::object::{Namespace, Value, milliseconds};
use crate::pause::Pause;

/// How many objects are removed a round trip.
const CHUNK: usize = 500;
/// For how many leases the server remembers that a job was found without its own.
const NOTED: u64 = 10;

/// Keeps a job alive for so long from now.
pub(super) async fn renew(
    core: &Core,
    namespace: &Namespace,
    lease: Duration,
) -> Result<(), Fault> {
    let asked = Instant::now();
    let mut kept = redis::cmd("SET");
    kept.arg(names::job(namespace.as_str())).arg(1);
    kept.arg("PX").arg(milliseconds(lease));
    let mut pipeline = Pipeline::new();
    pipeline.add_command(kept);
    pipeline.add_command(redis::cmd("UNLINK").arg(names::dying(namespace)).clone());
    pipeline.add_command(redis::cmd("SADD").arg(JOBS).arg(namespace.as_str()).clone());
    all(core, pipeline).await?;
    let clock = &core.link.clock;
    let renewed = Asked::Renewed(lease);
    core.terms
        .granted(namespace.as_str(), clock, asked, lease, renewed);
    Ok(())
}

/// Keeps a job alive for so long from now if it has begun and neither ended nor died; whether it has.
pub(super) async fn prolong(
    core: &Core,
    namespace: &Namespace,
    lease: Duration,
) -> Result<bool, Fault> {
    let asked = Instant::now();
    let mut command = redis::cmd("PEXPIRE");
    command
        .arg(names::job(namespace.as_str()))
        .arg(milliseconds(lease));
    let kept = value::plain(core.ask(command).await?)? == Value::Int(1);
    if kept {
        let clock = &core.link.clock;
        core.terms
            .granted(namespace.as_str(), clock, asked, lease, Asked::Prolonged);
    }
    Ok(kept)
}

/// Asks for the lease of a job anew, after which the server has refused to create something; whether it lives.
///
/// The process that renews it may have been late. A thread elsewhere only looks until when the lease is: its job ends when
/// the processes that keep it are silent, however much the thread writes.
pub(super) async fn revive(core: &Core, namespace: &str) -> Result<bool, Fault> {
    let Ok(job) = Namespace::new(namespace) else {
        return Ok(false);
    };
    match core.terms.asked(namespace) {
        Some(Asked::Renewed(lease)) => renew(core, &job, lease).await.map(|()| true),
        Some(Asked::Prolonged) => look_up(core, &job).await,
        None => Ok(false),
    }
}

/// Learns until when the lease of a job is; whether it has one.
async fn look_up(core: &Core, namespace: &Namespace) -> Result<bool, Fault> {
    let asked = Instant::now();
    let left = redis::cmd("PTTL")
        .arg(names::job(namespace.as_str()))
        .clone();
    let Value::Int(left) = value::plain(core.ask(left).await?)? else {
        return Ok(false);
    };
    let Ok(left) = u64::try_from(left) else {
        return Ok(false);
    };
    let (clock, left) = (&core.link.clock, Duration::from_millis(left));
    core.terms
        .granted(namespace.as_str(), clock, asked, left, Asked::Prolonged);
    Ok(true)
}

/// Whether the job has begun and neither ended nor died.
async fn knows(core: &Core, namespace: &Namespace) -> Result<bool, Fault> {
    let found = core
        .ask(
            redis::cmd("EXISTS")
                .arg(names::job(namespace.as_str()))
                .clone(),
        )
        .await?;
    Ok(value::plain(found)? == Value::Int(1))
}

/// Has the next sweep look for what is left of a job that has no lease any more.
pub(super) async fn haunted(core: &Core, namespace: &Namespace) -> Result<(), Fault> {
    let noted = redis::cmd("SADD").arg(JOBS).arg(namespace.as_str()).clone();
    core.ask(noted).await.map(drop)
}

/// Removes all objects of a namespace, and the job.
///
/// Where `others` may still write until the lease that they know of ends, a sweep looks once more after that.
pub(super) async fn clear(core: &Core, namespace: &Namespace, others: bool) -> Result<(), Fault> {
    if others {
        remove_named(core, namespace).await?;
        forget(core, namespace).await?;
        return haunted(core, namespace).await;
    }
    remove_objects(core, namespace).await?;
    forget(core, namespace).await
}

/// Removes all objects of a namespace.
///
/// Names are read, the objects removed, and the names struck off after that: wherever this is interrupted, whoever does
/// it again finds what is left.
async fn remove_objects(core: &Core, namespace: &Namespace) -> Result<(), Fault> {
    let objects = names::objects(namespace);
    loop {
        let mut read = redis::cmd("SRANDMEMBER");
        read.arg(&objects).arg(CHUNK);
        let Value::List(found) = value::plain(core.ask(read).await?)? else {
            return Ok(());
        };
        let found: Vec<Bytes> = found.into_iter().filter_map(value::bytes).collect();
        if found.is_empty() {
            return Ok(());
        }
        unlink(core, namespace, &found).await?;
        let mut strike = redis::cmd("SREM");
        strike.arg(&objects);
        for name in &found {
            strike.arg(&name[..]);
        }
        core.ask(strike).await?;
    }
}

/// Removes all objects of a namespace, but keeps their names: whoever creates one anew meanwhile need not be seen.
async fn remove_named(core: &Core, namespace: &Namespace) -> Result<(), Fault> {
    let mut cursor = Bytes::from_static(b"0");
    loop {
        let mut scan = redis::cmd("SSCAN");
        scan.arg(names::objects(namespace)).arg(&cursor[..]);
        scan.arg("COUNT").arg(CHUNK);
        let page = value::plain(core.ask(scan).await?)?;
        let Value::List(page) = page else {
            return Ok(());
        };
        let mut page = page.into_iter();
        let (Some(Value::Bytes(next)), Some(Value::List(found))) = (page.next(), page.next())
        else {
            return Ok(());
        };
        let found: Vec<Bytes> = found.into_iter().filter_map(value::bytes).collect();
        unlink(core, namespace, &found).await?;
        if next == "0" {
            return Ok(());
        }
        cursor = next;
    }
}

/// Removes the objects of those names.
async fn unlink(core: &Core, namespace: &Namespace, found: &[Bytes]) -> Result<(), Fault> {
    // Names are checked on their way in; one that is not ours has no keys of ours.
    let keys = found.iter().filter_map(|name| {
        let name = std::str::from_utf8(name).ok()?;
        namespace.key(name).ok()
    });
    let mut removal = Pipeline::new();
    for key in keys {
        removal.add_command(redis::cmd("UNLINK").arg(&Names::of(&key).all()[..]).clone());
    }
    all(core, removal).await.map(drop)
}

/// Forgets a job whose objects have been removed. The list of their names goes with the last of them.
async fn forget(core: &Core, namespace: &Namespace) -> Result<(), Fault> {
    let (job, dying) = (names::job(namespace.as_str()), names::dying(namespace));
    let mut pipeline = Pipeline::new();
    pipeline.add_command(redis::cmd("UNLINK").arg(job).arg(dying).clone());
    pipeline.add_command(redis::cmd("SREM").arg(JOBS).arg(namespace.as_str()).clone());
    all(core, pipeline).await.map(drop)
}

/// Removes what is left of jobs whose lease has run out, until none is left of which that is known or seems so.
pub(super) async fn sweep(core: Weak<Core>, lease: Duration) {
    let mut pause = Pause::new(lease, lease * 8);
    loop {
        let Some(core) = core.upgrade() else { return };
        let next = match look(&core, lease).await {
            Ok(0) => return,
            Ok(_) => {
                pause.reset();
                lease.mul_f64(chance::factor(1.01..1.1))
            }
            Err(fault) => {
                tracing::warn!(?fault, "what dead jobs left could not be removed yet");
                pause.next()
            }
        };
        drop(core);
        sleep(next).await;
    }
}

/// Looks once for jobs whose lease has run out; how many there are to look for again a lease later.
///
/// A job is removed when it was found without its lease twice, a lease apart: a server that has lost the lease in a
/// fail-over, and kept the name, has it back from whoever renews it. A job that was removed is looked at once more, a
/// lease later: what was on its way then has arrived.
async fn look(core: &Core, lease: Duration) -> Result<usize, Fault> {
    let jobs = value::plain(core.ask(redis::cmd("SMEMBERS").arg(JOBS).clone()).await?)?;
    let Value::List(jobs) = jobs else {
        return Ok(0);
    };
    let mut dying = 0;
    for job in jobs.into_iter().filter_map(value::bytes) {
        let namespace = std::str::from_utf8(&job).ok().map(Namespace::new);
        let Some(Ok(namespace)) = namespace else {
            continue;
        };
        if knows(core, &namespace).await? {
            continue;
        }
        let mut counted = redis::cmd("SCARD");
        counted.arg(names::objects(&namespace));
        let is_empty = value::plain(core.ask(counted).await?)? == Value::Int(0);
        match (since(core, &namespace, lease).await?, is_empty) {
            (true, true) => {
                forget(core, &namespace).await?;
                continue;
            }
            (true, false) => {
                tracing::info!(job = %namespace, "removing the objects of a job that died");
                remove_objects(core, &namespace).await?;
                let again = redis::cmd("UNLINK").arg(names::dying(&namespace)).clone();
                core.ask(again).await?;
                since(core, &namespace, lease).await?;
            }
            (false, _) => {}
        }
        dying += 1;
    }
    Ok(dying)
}

/// Whether the job was found without its lease a lease ago; noted, if it was not found so before.
async fn since(core: &Core, namespace: &Namespace, lease: Duration) -> Result<bool, Fault> {
    let lease = milliseconds(lease);
    let name = names::dying(namespace);
    let mut note = redis::cmd("SET");
    note.arg(&name)
        .arg(1)
        .arg("NX")
        .arg("PX")
        .arg(lease.saturating_mul(NOTED));
    let mut pipeline = Pipeline::new();
    pipeline.add_command(note);
    pipeline.add_command(redis::cmd("PTTL").arg(&name).clone());
    let left = match all(core, pipeline).await?.pop() {
        Some(Value::Int(left)) => u64::try_from(left).unwrap_or(u64::MAX),
        _ => u64::MAX,
    };
    Ok(left <= lease.saturating_mul(NOTED - 1))
}

/// Sends commands that may be repeated, and fails with the first error among their replies.
async fn all(core: &Core, pipeline: Pipeline) -> Result<Vec<Value>, Fault> {
    if pipeline.is_empty() {
        return Ok(Vec::new());
    }
    core.exchange(None, |_| pipeline.clone())
        .await?
        .into_iter()
        .map(value::plain)
        .collect()
}
