//! Objects that let people wait, as people see them: what is free, who has it, who waits.

use serde_json::{Value as Json, json};

use super::{View, shown};
use crate::error::Result;
use crate::object::{Handle, Key, Object, Session, Value};
use crate::objects::argument;
use crate::objects::barrier::machine::{self as barrier, BarrierState};
use crate::objects::latch::machine::{self as latch, LatchState};
use crate::objects::permits::machine::{self as permits, Permits};
use crate::objects::rate_limiter::machine::{self as rate_limiter, RateLimiterState};

pub(super) async fn latch(key: Key) -> Result<View> {
    let handle = Handle::<LatchState>::at(key);
    match handle.call(&latch::COUNT, Vec::new()).await? {
        Value::Nil => Err(handle.not_found()),
        count => Ok(View::whole(handle.number::<u32>(&count)?.into())),
    }
}

pub(super) async fn barrier(key: Key) -> Result<View> {
    let handle = Handle::<BarrierState>::at(key);
    let reply = handle.call(&barrier::STATUS, vec![argument::now()]).await?;
    let [parties, waiting, broken, generation] = handle.list(&reply)? else {
        return Err(handle.unexpected("the status", &reply));
    };
    let look = handle.call(&barrier::LOOK, vec![argument::now()]).await?;
    let come = handle.list(&look)?.as_chunks().0.iter();
    let come: Result<Vec<Json>> = come
        .map(|[session, left]| {
            let mut process = process(session);
            process["lease_ms"] = handle.number::<u64>(left)?.into();
            Ok(process)
        })
        .collect();
    Ok(View::whole(json!({
        "parties": handle.number::<u32>(parties)?,
        "waiting": handle.number::<u32>(waiting)?,
        "generation": handle.number::<u64>(generation)?,
        "broken": handle.flag(broken)?,
        "come": come?,
    })))
}

/// Permits, as the object that they are of has them; nothing where that is not known.
pub(super) async fn permits(key: Key, detail: &str) -> Result<Option<View>> {
    let handle = Handle::<Permits>::at(key);
    let reply = handle.call(&permits::LOOK, vec![argument::now()]).await?;
    if reply == Value::Nil {
        return Err(handle.not_found());
    }
    let [free, total, waiting, held, closed, value, holders] = handle.list(&reply)? else {
        return Err(handle.unexpected("the permits", &reply));
    };
    let [free, total, waiting, held] = [
        handle.number::<u64>(free)?,
        handle.number(total)?,
        handle.number(waiting)?,
        handle.number(held)?,
    ];
    let value = match value {
        Value::Bytes(value) => shown(value),
        _ => serde_json::Value::Null,
    };
    let holders = self::holders(&handle, holders)?;
    // A writer has all that there are, a reader has one.
    let written = free == 0;
    let kind = detail.split('<').next().unwrap_or_default();
    Ok(Some(View::whole(match kind {
        "Semaphore" => json!({
            "permits": total,
            "free": free,
            "holders": holders,
            "waiting": waiting,
            "closed": handle.flag(closed)?,
        }),
        "Mutex" => json!({
            "value": value,
            "locked": written,
            "holders": without_counts(holders),
            "waiting": waiting,
        }),
        "RwLock" => json!({
            "value": value,
            "writing": written,
            "reading": if written { 0 } else { held },
            "holders": without_counts(holders),
            "waiting": waiting,
        }),
        "Notify" => json!({ "notified": free > 0, "waiting": waiting }),
        "Condvar" => json!({ "waiting": waiting }),
        _ => return Ok(None),
    })))
}

/// The processes that hold something: how much, and for how long unless they renew their lease.
fn holders<O: Object>(handle: &Handle<O>, holders: &Value) -> Result<Vec<Json>> {
    let (holders, _) = handle.list(holders)?.as_chunks();
    holders
        .iter()
        .map(|[session, count, left]| {
            let mut holder = process(session);
            holder["permits"] = handle.number::<u64>(count)?.into();
            holder["lease_ms"] = handle.number::<u64>(left)?.into();
            Ok(holder)
        })
        .collect()
}

/// Who holds a lock holds all that a writer or a reader can.
fn without_counts(mut holders: Vec<Json>) -> Vec<Json> {
    for holder in &mut holders {
        if let Some(holder) = holder.as_object_mut() {
            holder.remove("permits");
        }
    }
    holders
}

/// A process, as its session names it.
fn process(session: &Value) -> Json {
    let text = match session {
        Value::Bytes(session) => String::from_utf8_lossy(session).into_owned(),
        _ => String::new(),
    };
    match Session::read(&text) {
        Some(session) => json!({ "job": session.job, "process": session.process }),
        None => json!({ "session": text }),
    }
}

pub(super) async fn rate_limiter(key: Key) -> Result<View> {
    let handle = Handle::<RateLimiterState>::at(key);
    let reply = handle
        .call(&rate_limiter::STATUS, vec![argument::now()])
        .await?;
    if reply == Value::Nil {
        return Err(handle.not_found());
    }
    let [permits, per, burst, available] = handle.list(&reply)? else {
        return Err(handle.unexpected("the status", &reply));
    };
    Ok(View::whole(json!({
        "permits": handle.number::<u64>(permits)?,
        "per_ms": handle.number::<u64>(per)?,
        "burst": handle.number::<u64>(burst)?,
        "available": handle.number::<u64>(available)?,
    })))
}
