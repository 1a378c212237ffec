//! Operations that the server runs itself: the methods of scripted objects, their creation, and removal.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use redis::Pipeline;

use super::answer::Answer;
use super::core::Core;
use super::engine::Slot;
use super::fault::Fault;
use super::folding::Folded;
use super::names::{self, Names};
use super::operation::{Operation, is_read};
use super::records::{Made, Records};
use super::removal::destroy;
use super::{jobs, registration, value};
use crate::object::{Call, ServerScript};
use crate::store::Description;

/// From which size on, in bytes, a reply that has come is not to be remembered.
const LARGE: usize = 64 * 1024;
/// Where the records of scripted batches begin. The record before them is that of the combining engine: a key that is used
/// as two types has calls of both under way.
const FIRST: Slot = 1;

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
    if let [Operation::Destroy] = operations {
        // `destroy` is rare: boxing it keeps the common future small.
        return vec![Box::pin(destroy(core, names, FIRST + slot)).await];
    }
    let calls: Vec<&Call> = operations.iter().filter_map(Operation::call).collect();
    let created = match operations {
        [Operation::Create(_, description)] => Some(description),
        _ => None,
    };
    let answers = run(core, names, slot, remembered, &calls, created).await;
    answers.unwrap_or_else(|fault| calls.iter().map(|_| Err(fault.clone())).collect())
}

/// Runs calls, or creates the object by the only one.
async fn run(
    core: &Core,
    names: &Names,
    slot: Slot,
    remembered: &Remembered,
    calls: &[&Call],
    created: Option<&Description>,
) -> Result<Vec<Answer>, Fault> {
    let Some(object) = calls.first().map(|call| call.object) else {
        return Ok(Vec::new());
    };
    let Some(methods) = object.script else {
        return Err(Fault::Server("the object has no script".to_owned()));
    };
    let folded = Folded::all(calls);
    let batch = Batch {
        core,
        names,
        slot: FIRST + slot,
        type_name: object.name,
        calls: &folded,
        methods,
        keys: remembered.keys(names, methods),
    };
    if created.is_none() && calls.iter().all(|call| is_read(call)) {
        return Ok(batch.send(None, Birth::Never).await?.0);
    }
    let now = Made::now(&core.link.clock);
    let renew = remembered.records.are_due(slot, now);
    let birth = match created {
        Some(description) => Birth::Created(description),
        None if object.implicit && !remembered.born.load(Ordering::Relaxed) => Birth::Implicit,
        None => Birth::Never,
    };
    let mut sent = batch.send(Some(renew), birth).await;
    if let (Err(Fault::Absent), true, Birth::Never) = (&sent, object.implicit, birth) {
        // It has been removed since: it comes into being once more.
        sent = Box::pin(batch.send(Some(renew), Birth::Implicit)).await;
    }
    if let Err(Fault::Ended) = &sent
        && Box::pin(jobs::revive(core, names.key().namespace())).await?
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
    /// Where the server remembers the batch.
    slot: Slot,
    type_name: &'static str,
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
        let script = self.core.scripts.of(self.methods);
        let job = self.names.key().namespace();
        let called = || {
            let ends = || self.core.terms.end_of(job);
            match birth {
                Birth::Never => String::new(),
                Birth::Created(found) => {
                    format!("\ncreate{}\n{}\n{}", ends(), found.object, found.detail)
                }
                Birth::Implicit => format!("\nimplicit{}\n{1}\n{1}", ends(), self.type_name),
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
                    pipeline.add_command(registration::note(self.names));
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
                Box::pin(registration::take_back(self.core, self.names)).await?;
                return Err(Fault::Ended);
            }
            replies => replies?,
        };
        let created =
            matches!(birth, Birth::Created(_)) && replies.first() == Some(&redis::Value::Int(1));
        let noted = match noted {
            Some(redis::Value::ServerError(error)) if created => {
                // The server has just become full. An object that is not noted would outlive its job.
                let removed = Box::pin(destroy(self.core, self.names, self.slot));
                removed.await.map(drop)?;
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
