//! Jobs on the server: a lease, the list of their objects, and the sweep of those whose driver died.

use std::time::Duration;

use redis::Pipeline;

use super::core::Core;
use super::fault::Fault;
use super::lane::SLOTS;
use super::names::{self, JOBS, Names};
use super::value;
use crate::object::{Namespace, Value};

/// How many objects are removed a round trip.
const CHUNK: usize = 500;

/// Keeps a job alive for so long from now.
pub(super) async fn renew(
    core: &Core,
    namespace: &Namespace,
    lease: Duration,
) -> Result<(), Fault> {
    let lease_ms = u64::try_from(lease.as_millis()).unwrap_or(u64::MAX);
    let mut pipeline = Pipeline::new();
    pipeline.add_command(
        redis::cmd("SET")
            .arg(names::job(namespace.as_str()))
            .arg(1)
            .arg("PX")
            .arg(lease_ms)
            .clone(),
    );
    pipeline.add_command(redis::cmd("SADD").arg(JOBS).arg(namespace.as_str()).clone());
    all(core, pipeline).await.map(drop)
}

/// Keeps a job alive for so long from now if it has begun and neither ended nor died; whether it has.
pub(super) async fn prolong(
    core: &Core,
    namespace: &Namespace,
    lease: Duration,
) -> Result<bool, Fault> {
    let lease_ms = u64::try_from(lease.as_millis()).unwrap_or(u64::MAX);
    let mut command = redis::cmd("PEXPIRE");
    command.arg(names::job(namespace.as_str())).arg(lease_ms);
    Ok(value::plain(core.ask(command).await?)? == Value::Int(1))
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

/// Removes all objects of a namespace, and the job.
pub(super) async fn clear(core: &Core, namespace: &Namespace) -> Result<(), Fault> {
    let objects = names::objects(namespace);
    loop {
        let found = core
            .ask(redis::cmd("SPOP").arg(&objects).arg(CHUNK).clone())
            .await?;
        let Value::List(found) = value::plain(found)? else {
            break;
        };
        if found.is_empty() {
            break;
        }
        let mut pipeline = Pipeline::new();
        for object in &found {
            let Value::Bytes(object) = object else {
                continue;
            };
            // Names are checked on their way in; one that is not ours has no keys of ours.
            let Some(key) = std::str::from_utf8(object)
                .ok()
                .and_then(|object| namespace.key(object).ok())
            else {
                continue;
            };
            let names = Names::of(&key);
            let mut command = redis::cmd("UNLINK");
            command
                .arg(names.data())
                .arg(names.index())
                .arg(names.state())
                .arg(names.description())
                .arg(names.lease())
                .arg(names.queue())
                .arg(names.waiting())
                .arg(names.suspects());
            for slot in 0..SLOTS {
                command.arg(names.record(&core.session, slot));
            }
            pipeline.add_command(command);
        }
        all(core, pipeline).await?;
    }
    let mut pipeline = Pipeline::new();
    pipeline.add_command(
        redis::cmd("UNLINK")
            .arg(names::job(namespace.as_str()))
            .arg(&objects)
            .clone(),
    );
    pipeline.add_command(redis::cmd("SREM").arg(JOBS).arg(namespace.as_str()).clone());
    all(core, pipeline).await.map(drop)
}

/// Removes what is left of jobs whose lease has run out.
pub(super) async fn sweep(core: &Core) -> Result<(), Fault> {
    let Value::List(jobs) =
        value::plain(core.ask(redis::cmd("SMEMBERS").arg(JOBS).clone()).await?)?
    else {
        return Ok(());
    };
    for job in jobs {
        let Value::Bytes(job) = job else { continue };
        let Some(namespace) = std::str::from_utf8(&job)
            .ok()
            .and_then(|job| Namespace::new(job).ok())
        else {
            continue;
        };
        if !knows(core, &namespace).await? {
            tracing::info!(job = %namespace, "removing the objects of a job that died");
            clear(core, &namespace).await?;
        }
    }
    Ok(())
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
