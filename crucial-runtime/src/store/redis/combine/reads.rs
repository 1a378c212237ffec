//! The stored state: fetching it, and asking whether the cached one still is it.

use redis::Cmd;
use tokio::time::Instant;

use super::combining::Combining;
use super::replica::Replica;
use crate::object::{Call, ObjectType, Value};
use crate::store::redis::core::Core;
use crate::store::redis::description::describe;
use crate::store::redis::fault::Fault;
use crate::store::redis::names::Names;
use crate::store::redis::value;

impl Combining {
    /// Whether the cached state is as young as all of the calls want it.
    pub(super) fn is_fresh_enough(&self, calls: &[&Call]) -> bool {
        self.cached.as_ref().is_some_and(|cached| {
            let age = cached.confirmed.elapsed();
            calls.iter().all(|call| call.method.stale >= Some(age))
        })
    }

    /// The cached state, whatever its age, or the stored one.
    pub(super) async fn known(
        &mut self,
        core: &Core,
        names: &Names,
        object: &ObjectType,
    ) -> Result<&mut Replica, Fault> {
        if self.cached.is_none() {
            self.cached = Some(fetch(core, names, object).await?);
        }
        self.cached.as_mut().ok_or(Fault::Absent)
    }

    /// Asks whether the cached state is the stored one; if not, it is forgotten.
    pub(super) async fn is_current(&mut self, core: &Core, names: &Names) -> Result<bool, Fault> {
        let Some(cached) = &self.cached else {
            return Ok(false);
        };
        // A copy: a decoded state may not be lent across an await.
        let known = cached.version.to_be_bytes();
        let asked = Instant::now();
        let mut command = redis::cmd("GETRANGE");
        command.arg(names.state()).arg(0).arg(7);
        let Value::Bytes(version) = value::plain(core.ask(command).await?)? else {
            return Err(Fault::garbled("no version"));
        };
        let current = version[..] == known;
        if let Some(cached) = self.cached.as_mut().filter(|_| current) {
            cached.confirmed = asked;
        } else {
            // The next fetch finds out what is there instead, or why there is nothing.
            self.cached = None;
        }
        Ok(current)
    }
}

/// Asks for the state as it is stored.
pub(super) fn get(names: &Names) -> Cmd {
    let mut command = redis::cmd("GET");
    command.arg(names.state());
    command
}

/// The state as it is stored.
pub(super) async fn fetch(
    core: &Core,
    names: &Names,
    object: &ObjectType,
) -> Result<Replica, Fault> {
    loop {
        let asked = Instant::now();
        match value::plain(core.ask(get(names)).await?)? {
            Value::Nil => missing(core, names, object).await?,
            Value::Bytes(bytes) => return Replica::read(object, &bytes, asked),
            _ => return Err(Fault::garbled("no bytes")),
        }
    }
}

/// Why there was no state: no object, or one of another kind. No fault where there is one by now.
pub(super) async fn missing(core: &Core, names: &Names, object: &ObjectType) -> Result<(), Fault> {
    // Both come and go together, and are looked at together: others may create and remove the object all the time.
    let mut command = redis::cmd("EXISTS");
    command.arg(names.description()).arg(names.state());
    let there = value::plain(core.ask(command).await?)?;
    match describe(core, names).await? {
        None => Err(Fault::Absent),
        Some(found) if found.object != object.name => Err(Fault::WrongType {
            expected: format!("a `{}`", object.name),
            found: format!("a `{}`", found.detail),
        }),
        Some(_) if there == Value::Int(1) => Err(Fault::garbled("a description without a state")),
        Some(_) => Ok(()),
    }
}
