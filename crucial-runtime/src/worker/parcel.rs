//! Arguments too large for an event: they wait in the store and travel by reference.

use std::task::Poll;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::event::Packed;
use crate::error::Result;
use crate::object::{Handle, Method, Namespace, Object, Refusal, Value};
use crate::runtime::Runtime;
use crate::thread::{Ending, Invocation, JoinFailure, ThreadId};

/// The largest event that is sent: Lambda takes 1 MiB, of which some is left to its own headers.
const LARGEST_EVENT: usize = 1_000_000;

/// Makes the event of an invocation; arguments that don't fit are put into the store first.
pub(crate) async fn pack(
    runtime: &Runtime,
    mut task: Invocation,
) -> std::result::Result<Bytes, Ending> {
    let failed = |error: &dyn std::fmt::Display| {
        JoinFailure::NotStarted(format!("its arguments can't be sent: {error}"))
    };
    // Four characters carry three bytes.
    let parcel = task.args.len() / 3 * 4 > LARGEST_EVENT - 64 * 1024;
    if parcel {
        let args = std::mem::take(&mut task.args);
        runtime
            .scope(put(&task.job, task.id, args))
            .await
            .map_err(|error| failed(&error))?;
    }
    let event = Packed { task, parcel }
        .to_json()
        .map_err(|error| failed(&error))?;
    if event.len() > LARGEST_EVENT {
        return Err(failed(&"its name is too long"));
    }
    Ok(event)
}

async fn put(job: &Namespace, id: ThreadId, args: Bytes) -> Result<()> {
    let parcel = handle(job, id)?;
    let state = parcel.state(&Parcel(args))?;
    // It is there already where the invocation was packed before and is sent again.
    parcel
        .try_create(state, "arguments of a thread")
        .await
        .map(drop)
}

/// Takes the arguments out of the store. Two round trips.
pub(super) async fn take(job: &Namespace, id: ThreadId) -> Result<Bytes> {
    let parcel = handle(job, id)?;
    let Parcel(args) = parcel.snapshot().await?;
    parcel.destroy().await?;
    Ok(args)
}

fn handle(job: &Namespace, id: ThreadId) -> Result<Handle<Parcel>> {
    Ok(Handle::at(job.key(format!("args/{id}"))?))
}

/// Bytes that wait for whoever they are for.
#[derive(Debug, Serialize, Deserialize)]
struct Parcel(Bytes);

impl Object for Parcel {
    const NAME: &'static str = "Parcel";
    const METHODS: &'static [Method] = &[];
    const WAITS: bool = false;

    fn apply(&mut self, method: &str, _: &[Bytes]) -> Result<Poll<Value>, Refusal> {
        Err(Refusal::no_such_method(method))
    }
}
