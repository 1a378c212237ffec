//! Operations that the server runs itself: the methods of scripted objects, and removal.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;

use bytes::Bytes;
use redis::{Cmd, Pipeline};

use super::answer::Answer;
use super::core::Core;
use super::fault::Fault;
use super::folding::Folded;
use super::names::{self, Names};
use super::operation::Operation;
use super::records::{Made, Records};
use super::script::Script;
use super::slots::Slot;
use super::{jobs, value};
use crate::object::{Call, ServerScript};
use crate::store::Description;

/// From which size on, in bytes, a reply that has come is not to be remembered.
const LARGE: usize = 64 * 1024;

/// What the server is known to remember of this process and an object.
#[derive(Debug, Default)]
pub(super) struct Remembered {
    records: Records,
    /// Whether the object has been brought into being, and its name noted, by its first call.
    born: AtomicBool,
    /// The keys that its script is given.
    keys: OnceLock<Vec<String>>,
}

impl Remembered {
    fn keys(&self, names: &Names, methods: ServerScript) -> &[String] {
        self.keys.get_or_init(|| {
            let mut keys = vec![names.data().to_owned(), names.description()];
            keys.extend(methods.index.then(|| names.index()));
            keys.push(names.records());
            keys
        })
    }
}

/// Sends a batch for one object as one script call.
pub(super) async fn fly(
    core: &Core,
    names: &Names,
    slot: Slot,
    remembered: &Remembered,
    operations: &[Operation],
) -> Vec<Answer> {
    let answers = match operations {
        // What is seldom is kept apart, so that what is not stays small.
        [Operation::Destroy(call)] => Box::pin(destroy(core, names, slot, call)).await,
        operations => run(core, names, slot, remembered, operations).await,
    };
    answers.unwrap_or_else(|fault| operations.iter().map(|_| Err(fault.clone())).collect())
}

async fn run(
    core: &Core,
    names: &Names,
    slot: Slot,
    remembered: &Remembered,
    operations: &[Operation],
) -> Result<Vec<Answer>, Fault> {
    let Some(first) = operations.first() else {
        return Ok(Vec::new());
    };
    let Some(methods) = first.call().object.script else {
        return Err(Fault::Server("the object has no script".to_owned()));
    };
    let calls = Folded::all(operations);
    let batch = Batch {
        core,
        names,
        slot,
        first,
        calls: &calls,
        methods,
        keys: remembered.keys(names, methods),
    };
    if operations.iter().all(Operation::is_read) {
        return Ok(batch.send(None, Birth::Never).await?.0);
    }
    let now = Made::now(&core.link.clock);
    let renew = remembered.records.are_due(slot, now);
    let implicit = first.call().object.implicit;
    let birth = match first {
        Operation::Create(_, found) => Birth::Created(found),
        _ if implicit && !remembered.born.load(Ordering::Relaxed) => Birth::Implicit,
        _ => Birth::Never,
    };
    let mut sent = batch.send(Some(renew), birth).await;
    if let (Err(Fault::Absent), true, Birth::Never) = (&sent, implicit, birth) {
        // It has been removed since: it comes into being once more.
        sent = Box::pin(batch.send(Some(renew), Birth::Implicit)).await;
    }
    if let Err(Fault::Ended) = &sent
        && Box::pin(jobs::revive(core, first.call().key.namespace())).await?
    {
        sent = Box::pin(batch.send(Some(renew), birth)).await;
    }
    let (answers, noted) = match sent {
        Ok(sent) => sent,
        Err(fault) => {
            remembered.born.store(false, Ordering::Relaxed);
            return Err(fault);
        }
    };
    if renew {
        remembered.records.renewed(slot, now);
    }
    remembered.born.store(noted, Ordering::Relaxed);
    Ok(answers)
}

/// Calls that travel together.
struct Batch<'a> {
    core: &'a Core,
    names: &'a Names,
    slot: Slot,
    first: &'a Operation,
    calls: &'a [Folded<'a>],
    methods: ServerScript,
    /// Those of the script, of which reads need all but the records.
    keys: &'a [String],
}

/// What becomes of an object that does not exist.
#[derive(Clone, Copy)]
enum Birth<'a> {
    /// Nothing: the calls fail.
    Never,
    /// It is created by the first operation.
    Created(&'a Description),
    /// It is there from the first call on.
    Implicit,
}

impl Batch<'_> {
    /// Sends the batch; updates with whether their record is to live its full life again.
    ///
    /// The second of what it gives is whether the object is noted as one of its namespace.
    async fn send(
        &self,
        update: Option<bool>,
        birth: Birth<'_>,
    ) -> Result<(Vec<Answer>, bool), Fault> {
        let object = self.first.call().object;
        let script = self.core.scripts.of(self.methods);
        let job = self.first.call().key.namespace();
        let called = || {
            let ends = || self.core.terms.end_of(job);
            match birth {
                Birth::Never => String::new(),
                Birth::Created(found) => {
                    format!("\ncreate{}\n{}\n{}", ends(), found.object, found.detail)
                }
                Birth::Implicit => format!("\nimplicit{}\n{1}\n{1}", ends(), object.name),
            }
        };
        let seq = update.map_or_else(String::new, |_| self.core.next_seq());
        let record = names::record(&self.core.session, self.slot);
        let renew = if update == Some(true) { "+" } else { "" };
        let keys = match update {
            Some(_) => self.keys,
            None => &self.keys[..self.keys.len() - 1],
        };
        let args = self.calls.iter().flat_map(Folded::args);
        let bytes = args.map(Bytes::len).sum::<usize>();
        let replies = self
            .core
            .exchange(Some(&script), |sending| {
                let called = called();
                let mut command = sending.run(&script, keys, called.len() + bytes);
                if update.is_some() {
                    let refuse_after = sending.refuse_after();
                    command.arg(format!("{seq}{record}{renew}{refuse_after}{called}"));
                } else {
                    // Reads are sent again as they are.
                    command.arg("");
                }
                for call in self.calls {
                    command.arg(call.method()).arg(call.args().len());
                    for arg in call.args() {
                        command.arg(&arg[..]);
                    }
                }
                let mut pipeline = Pipeline::with_capacity(1);
                pipeline.add_command(command);
                if !called.is_empty() {
                    pipeline.add_command(register(self.first.call()));
                }
                pipeline
            })
            .await?;
        let mut replies = replies.into_iter();
        let (reply, noted) = (replies.next(), replies.next());
        let reply = reply.unwrap_or(redis::Value::Nil);
        if update.is_some() && value::weight(&reply) > LARGE {
            Box::pin(self.forget(&record, &seq)).await;
        }
        let replies = match value::items(reply) {
            Err(Fault::Ended) => {
                Box::pin(unregister(self.core, self.first.call())).await?;
                return Err(Fault::Ended);
            }
            replies => replies?,
        };
        let created =
            matches!(birth, Birth::Created(_)) && replies.first() == Some(&redis::Value::Int(1));
        let noted = match noted {
            Some(redis::Value::ServerError(error)) if created => {
                // The server has just become full. An object that is not noted would outlive its job.
                let call = self.first.call();
                Box::pin(destroy(self.core, self.names, self.slot, call)).await?;
                return Err(Fault::of(&error));
            }
            Some(redis::Value::ServerError(_)) => false,
            _ => true,
        };
        if replies.len() != self.calls.len() {
            let (replies, calls) = (replies.len(), self.calls.len());
            return Err(Fault::Server(format!(
                "it gave {replies} replies to {calls} calls"
            )));
        }
        Ok((Folded::answers(self.calls, replies), noted))
    }
}

impl Batch<'_> {
    /// Lets the server forget a large reply that has come. Where that fails it does so by itself, later.
    async fn forget(&self, record: &str, seq: &str) {
        let script = self.core.scripts.alone(include_str!("forget.lua"));
        let forgotten = self.core.exchange(Some(&script), |sending| {
            let mut command = sending.run(&script, &[self.names.records()], 0);
            command.arg(seq).arg(record);
            let mut pipeline = Pipeline::new();
            pipeline.add_command(command);
            pipeline
        });
        if let Err(fault) = forgotten.await {
            tracing::debug!(?fault, "the record of a large reply stays until it ends");
        }
    }
}

pub(super) async fn destroy(
    core: &Core,
    names: &Names,
    slot: Slot,
    call: &Call,
) -> Result<Vec<Answer>, Fault> {
    let script: std::sync::Arc<Script> = core.scripts.alone(include_str!("destroy.lua"));
    let seq = core.next_seq();
    let replies = core
        .exchange(Some(&script), |sending| {
            let mut pipeline = Pipeline::new();
            pipeline.add_command(registration("SREM", call));
            let keys = [
                names.description(),
                names.records(),
                names.waiting(),
                names.data().to_owned(),
                names.index(),
                names.state(),
                names.lease(),
                names.queue(),
                names.suspects(),
            ];
            let mut command = sending.run(&script, &keys, 0);
            command
                .arg(&seq)
                .arg(names::record(&core.session, slot))
                .arg(sending.refuse_after())
                .arg(names.channel())
                .arg(names::inbox(""));
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

/// Strikes off an object that was not created, since its job has ended.
pub(super) async fn unregister(core: &Core, call: &Call) -> Result<(), Fault> {
    core.ask(registration("SREM", call)).await.map(drop)
}

fn registration(command: &str, call: &Call) -> Cmd {
    let mut command = redis::cmd(command);
    command
        .arg(names::objects_of(call.key.namespace()))
        .arg(call.key.object());
    command
}
