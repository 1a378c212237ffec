//! Operations that the server runs itself: the methods of scripted objects, and removal.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::task::Poll;

use bytes::Bytes;
use redis::{Cmd, Pipeline};
use tokio::time::Instant;

use super::core::Core;
use super::fault::Fault;
use super::folding::Folded;
use super::lane::{Answer, SLOTS, Slot};
use super::names::{self, Names};
use super::operation::Operation;
use super::script::Script;
use super::{RECORD_LIFE, RECORD_RENEWAL, value};
use crate::object::{Call, Value};
use crate::store::Description;

/// From which size on, in bytes, a reply that has come is not to be remembered.
const LARGE: usize = 64 * 1024;

/// What the server is known to remember of this process and an object.
#[derive(Debug, Default)]
pub(super) struct Remembered {
    // Held for a look, never across an await.
    /// When the record of each slot was last made to live its full life.
    renewed: [Mutex<Option<Instant>>; SLOTS],
    /// Whether the object has been brought into being, and its name noted, by its first call.
    born: AtomicBool,
    /// The keys that its script is given, the same for all batches of a slot.
    keys: [OnceLock<[String; 3]>; SLOTS],
}

impl Remembered {
    fn keys(&self, core: &Core, names: &Names, slot: Slot) -> &[String; 3] {
        self.keys[slot].get_or_init(|| {
            let record = names.record(&core.session, slot);
            [names.data().to_owned(), names.description(), record]
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
    let calls = Folded::all(operations);
    let batch = Batch {
        core,
        names,
        slot,
        first,
        calls: &calls,
        keys: remembered.keys(core, names, slot),
    };
    if operations.iter().all(Operation::is_read) {
        return Ok(batch.send(None, Birth::Never).await?.0);
    }
    let renewed = &remembered.renewed[slot];
    let lock = || renewed.lock().unwrap_or_else(PoisonError::into_inner);
    let now = Instant::now();
    let renew = lock().is_none_or(|renewed| now - renewed >= RECORD_RENEWAL);
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
    let (answers, noted) = match sent {
        Ok(sent) => sent,
        Err(fault) => {
            remembered.born.store(false, Ordering::Relaxed);
            return Err(fault);
        }
    };
    if renew {
        *lock() = Some(now);
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
    /// Those of the script, of which reads need no record.
    keys: &'a [String; 3],
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
        let Some(methods) = object.script else {
            return Err(Fault::Server("the object has no script".to_owned()));
        };
        let script = self.core.scripts.of(methods);
        let called = match birth {
            Birth::Never => String::new(),
            Birth::Created(found) => format!("\ncreate\n{}\n{}", found.object, found.detail),
            Birth::Implicit => format!("\nimplicit\n{0}\n{0}", object.name),
        };
        let seq = update.map_or_else(String::new, |_| self.core.next_seq());
        let renew = if update == Some(true) { "+" } else { "" };
        let keys = match update {
            Some(_) => &self.keys[..],
            None => &self.keys[..2],
        };
        let args = self.calls.iter().flat_map(Folded::args);
        let bytes = called.len() + args.map(Bytes::len).sum::<usize>();
        let replies = self
            .core
            .exchange(Some(&script), |sending| {
                let mut command = sending.run(&script, keys, bytes);
                if update.is_some() {
                    let refuse_after = sending.refuse_after();
                    command.arg(format!("{seq}{renew}{refuse_after}{called}"));
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
        if let [_, _, record] = keys
            && value::weight(&reply) > LARGE
        {
            Box::pin(self.forget(record, &seq)).await;
        }
        let replies = value::items(reply)?;
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
            let mut command = sending.run(&script, &[record.to_owned()], 0);
            command.arg(seq);
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
                names.record(&core.session, slot),
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
                .arg(ttl())
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
