//! Operations that the server runs itself: the methods of scripted objects, and removal.

use std::task::Poll;

use redis::{Cmd, Pipeline};

use super::core::Core;
use super::fault::Fault;
use super::folding::Folded;
use super::lane::{Answer, Operation, Slot};
use super::names::{self, Names};
use super::script::Script;
use super::{RECORD_LIFE, value};
use crate::object::{Call, Value};

/// Sends a batch for one object as one script call.
pub(super) async fn fly(
    core: &Core,
    names: &Names,
    slot: Slot,
    operations: &[Operation],
) -> Vec<Answer> {
    let answers = match operations {
        [Operation::Destroy(call)] => destroy(core, names, slot, call).await,
        operations => run(core, names, slot, operations).await,
    };
    answers.unwrap_or_else(|fault| operations.iter().map(|_| Err(fault.clone())).collect())
}

async fn run(
    core: &Core,
    names: &Names,
    slot: Slot,
    operations: &[Operation],
) -> Result<Vec<Answer>, Fault> {
    let Some(first) = operations.first() else {
        return Ok(Vec::new());
    };
    let object = first.call().object;
    let Some(methods) = object.script else {
        return Err(Fault::Server("the object has no script".to_owned()));
    };
    let script = core.scripts.of(methods);
    // What the object is to be called if this brings it into being.
    let birth = match first {
        Operation::Create(_, found) => format!("create\n{}\n{}", found.object, found.detail),
        _ if object.implicit => format!("implicit\n{0}\n{0}", object.name),
        _ => String::new(),
    };
    let reads = operations.iter().all(Operation::is_read);
    let seq = if reads {
        String::new()
    } else {
        core.next_seq()
    };
    let calls = Folded::all(operations);
    let record = (!reads).then(|| names.record(&core.session, slot));
    let replies = core
        .exchange(Some(&script), |refuse_after| {
            let mut command = redis::cmd("EVALSHA");
            command.arg(&script.digest).arg(2 + usize::from(!reads));
            command
                .arg(names.data())
                .arg(names.description())
                .arg(&record);
            command.arg(&seq).arg(refuse_after).arg(&birth);
            for call in &calls {
                command.arg(call.method()).arg(call.args().len());
                for arg in call.args() {
                    command.arg(&arg[..]);
                }
            }
            let mut pipeline = Pipeline::new();
            pipeline.add_command(command);
            if !birth.is_empty() && !reads {
                pipeline.add_command(register(first.call()));
            }
            pipeline
        })
        .await?;
    let reply = replies.into_iter().next().unwrap_or(redis::Value::Nil);
    let replies = value::items(reply)?;
    if replies.len() != calls.len() {
        let (replies, calls) = (replies.len(), calls.len());
        return Err(Fault::Server(format!(
            "it gave {replies} replies to {calls} calls"
        )));
    }
    let answers = calls.iter().zip(replies);
    Ok(answers
        .flat_map(|(call, reply)| call.unfold(value::reply(reply)))
        .collect())
}

async fn destroy(
    core: &Core,
    names: &Names,
    slot: Slot,
    call: &Call,
) -> Result<Vec<Answer>, Fault> {
    let script: std::sync::Arc<Script> = core.scripts.alone(include_str!("destroy.lua"));
    let seq = core.next_seq();
    let replies = core
        .exchange(Some(&script), |refuse_after| {
            let mut pipeline = Pipeline::new();
            pipeline.add_command(registration("SREM", call));
            let mut command = redis::cmd("EVALSHA");
            command.arg(&script.digest).arg(5);
            command
                .arg(names.description())
                .arg(names.record(&core.session, slot));
            command
                .arg(names.data())
                .arg(names.index())
                .arg(names.state());
            command
                .arg(&seq)
                .arg(ttl())
                .arg(refuse_after)
                .arg(names.channel());
            pipeline.add_command(command);
            pipeline
        })
        .await?;
    let reply = replies.into_iter().next_back().unwrap_or(redis::Value::Nil);
    Ok(vec![value::plain(reply).map(Poll::Ready)])
}

/// Notes the object among those of its namespace, so that it is found when the job ends.
///
/// It is noted after it has been created and struck off before it is removed: whoever creates it anew has seen it
/// removed, so its note comes last.
pub(super) fn register(call: &Call) -> Cmd {
    registration("SADD", call)
}

fn registration(command: &str, call: &Call) -> Cmd {
    let mut command = redis::cmd(command);
    command
        .arg(names::objects_of(call.key.namespace()))
        .arg(call.key.object());
    command
}

/// How long the server remembers what a session did last, in milliseconds.
pub(super) fn ttl() -> u64 {
    u64::try_from(RECORD_LIFE.as_millis()).unwrap_or(u64::MAX)
}

/// The flag that creating and destroying answer with.
pub(super) fn flag(answer: Poll<Value>) -> Result<bool, Fault> {
    match answer {
        Poll::Ready(Value::Int(flag)) => Ok(flag == 1),
        other => Err(Fault::Server(format!(
            "it gave an unexpected reply: {other:?}"
        ))),
    }
}
