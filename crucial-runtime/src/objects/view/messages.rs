//! Queues and topics as people see them: what they hold for others, and who waits.

use serde_json::json;

use super::{View, elements};
use crate::error::Result;
use crate::object::{Handle, Key, Value};
use crate::objects::argument;
use crate::objects::queue::machine::{self as queue, QueueState};
use crate::objects::topic::machine::{self as topic, TopicState};

pub(super) async fn queue(key: Key, count: usize) -> Result<View> {
    let handle = Handle::<QueueState>::at(key);
    // One more tells that there are more.
    let arguments = vec![argument::count(count + 1), argument::now()];
    let reply = handle.call(&queue::LOOK, arguments).await?;
    if reply == Value::Nil {
        return Err(handle.not_found());
    }
    let [
        capacity,
        max_deliveries,
        closed,
        _,
        leased,
        _,
        takers,
        putters,
        held,
        dead,
    ] = handle.list(&reply)?
    else {
        return Err(handle.unexpected("the queue", &reply));
    };
    let limit = |number: &Value| {
        let number: u64 = handle.number(number)?;
        Result::<Option<u64>>::Ok((number > 0).then_some(number))
    };
    let (held, dead) = (handle.list(held)?, handle.list(dead)?);
    let content = json!({
        "capacity": limit(capacity)?,
        "max_deliveries": limit(max_deliveries)?,
        "elements": elements(held.iter().take(count)),
        "leased": handle.number::<u64>(leased)?,
        "dead_letters": elements(dead.iter().take(count)),
        "waiting_to_take": handle.number::<u64>(takers)?,
        "waiting_to_put": handle.number::<u64>(putters)?,
        "closed": handle.flag(closed)?,
    });
    Ok(View {
        content,
        complete: held.len().max(dead.len()) <= count,
    })
}

/// As many messages as are received at a time.
pub(super) async fn topic(key: Key) -> Result<View> {
    let handle = Handle::<TopicState>::at(key);
    let status = handle.call(&topic::STATUS, Vec::new()).await?;
    let oldest = vec![argument::number(0)];
    let reply = handle.call(&topic::READ, oldest).await?;
    if status == Value::Nil || reply == Value::Nil {
        return Err(handle.not_found());
    }
    let ([backlog, ..], [next, closed, first, messages @ ..]) =
        (handle.list(&status)?, handle.list(&reply)?)
    else {
        return Err(handle.unexpected("the topic", &reply));
    };
    let (next, first): (u64, u64) = (handle.number(next)?, handle.number(first)?);
    let content = json!({
        "backlog": handle.number::<u64>(backlog)?,
        "published": next,
        "first": first,
        "messages": elements(messages),
        "closed": handle.flag(closed)?,
    });
    Ok(View {
        content,
        complete: first + messages.len() as u64 >= next,
    })
}
