//! Operations that the server runs itself: the methods of scripted objects, and removal.

use std::task::Poll;

use redis::{Cmd, Pipeline};

use super::core::Core;
use super::fault::Fault;
use super::lane::{Answer, Operation};
use super::names::{self, Names};
use super::script::Script;
use super::{RECORD_LIFE, value};
use crate::object::{Call, MethodKind, Value};

/// Sends a batch for one object as one script call.
pub(super) async fn fly(core: &Core, names: &Names, operations: &[Operation]) -> Vec<Answer> {
    let answers = match operations {
        [Operation::Create(call, description)] => {
            let detail = (description.object.as_str(), description.detail.as_str());
            run(core, names, "create", detail, std::slice::from_ref(&call)).await
        }
        [Operation::Destroy(call)] => destroy(core, names, call).await,
        operations => {
            let calls: Vec<&Call> = operations
                .iter()
                .filter_map(|operation| match operation {
                    Operation::Call(call) => Some(call),
                    Operation::Create(..) | Operation::Destroy(_) => None,
                })
                .collect();
            let implicit = calls.first().is_some_and(|call| call.object.implicit);
            let name = calls.first().map_or("", |call| call.object.name);
            run(
                core,
                names,
                if implicit { "implicit" } else { "call" },
                (name, name),
                &calls,
            )
            .await
        }
    };
    answers.unwrap_or_else(|fault| operations.iter().map(|_| Err(fault.clone())).collect())
}

async fn run(
    core: &Core,
    names: &Names,
    mode: &str,
    description: (&str, &str),
    calls: &[&Call],
) -> Result<Vec<Answer>, Fault> {
    let Some(first) = calls.first() else {
        return Ok(Vec::new());
    };
    let Some(methods) = first.object.script else {
        return Err(Fault::Server("the object has no script".to_owned()));
    };
    let script = core.scripts.of(methods);
    let reads = mode != "create"
        && calls
            .iter()
            .all(|call| call.method.kind == MethodKind::Read);
    let seq = if reads {
        String::new()
    } else {
        core.next_seq()
    };
    let registered = (mode != "call" && !reads).then(|| register(first));
    let replies = core
        .exchange(Some(&script), |refuse_after| {
            let mut pipeline = Pipeline::new();
            let mut command = redis::cmd("EVALSHA");
            command
                .arg(&script.digest)
                .arg(if reads { 2 } else { 3 })
                .arg(names.data())
                .arg(names.description());
            if !reads {
                command.arg(names.record(&core.session));
            }
            command
                .arg(&seq)
                .arg(ttl())
                .arg(refuse_after)
                .arg(names.channel())
                .arg(mode);
            command.arg(description.0).arg(description.1);
            for call in calls {
                command.arg(call.method.name).arg(call.args.len());
                for arg in &call.args {
                    command.arg(&arg[..]);
                }
            }
            pipeline.add_command(command);
            if let Some(register) = &registered {
                pipeline.add_command(register.clone());
            }
            pipeline
        })
        .await?;
    let reply = replies.into_iter().next().unwrap_or(redis::Value::Nil);
    let answers: Vec<Answer> = value::items(reply)?.into_iter().map(value::reply).collect();
    if answers.len() == calls.len() {
        Ok(answers)
    } else {
        Err(Fault::Server(format!(
            "it gave {} replies to {} calls",
            answers.len(),
            calls.len()
        )))
    }
}

async fn destroy(core: &Core, names: &Names, call: &Call) -> Result<Vec<Answer>, Fault> {
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
                .arg(names.record(&core.session));
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
