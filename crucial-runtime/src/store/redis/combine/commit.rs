//! What a leader did, on its way to the server; and giving a lease up.

use bytes::Bytes;
use redis::Pipeline;

use super::lead::{Following, Lead};
use super::own::Own;
use super::parcel::{self, SEQ};
use super::site::{SLOT, Site};
use super::stage;
use crate::object::{ObjectType, Value};
use crate::store::redis::fault::Fault;
use crate::store::redis::{names, value};

/// Callers fetch larger replies themselves: scripts pay for every byte that they see.
const PUSHED: usize = 8 * 1024;

/// A caller whose calls were run.
pub(super) struct Caller {
    pub(super) session: String,
    /// The number of its calls, and the replies.
    pub(super) record: Bytes,
    /// Whether it waits in another process.
    pub(super) elsewhere: bool,
}

/// What a leader did.
pub(super) struct Commit<'a> {
    pub(super) object: &'static ObjectType,
    pub(super) token: &'a [u8],
    pub(super) before: u64,
    /// The same where nothing was done.
    pub(super) after: u64,
    /// The new state, if there is one.
    pub(super) stored: Option<&'a Bytes>,
    pub(super) callers: &'a [Caller],
    /// Calls of this process that it gave up before.
    pub(super) forsaken: bool,
    pub(super) following: Following,
    /// Whether what waits is little enough to be fetched unseen.
    pub(super) little: bool,
    pub(super) lease_ms: u64,
}

/// What the server says.
pub(super) enum Committed {
    /// Done, and still led: the suspect, whose calls wait, and what waits if it was fetched.
    Kept(Bytes, Vec<Value>, Option<redis::Value>),
    /// Done, and handed over.
    Handed,
    /// Done, and let go.
    Released,
    /// Not done: another process leads.
    Fenced,
    /// Not done: these calls had been run before.
    Ran(Vec<Bytes>),
    /// There is no object any more.
    Absent,
}

impl Commit<'_> {
    pub(super) async fn send(&self, site: &Site<'_>) -> Result<Committed, Fault> {
        let (core, names) = (site.core, site.names);
        let script = core.scripts.alone(concat!(
            include_str!("common.lua"),
            include_str!("commit.lua")
        ));
        let staging = names.staging(&core.session, &core.next_seq());
        let fetch = self.little && matches!(self.following, Following::Whoever | Following::Same);
        let large = |caller: &Caller| caller.record.len() > PUSHED;
        let replies = core
            .exchange(Some(&script), |sending| {
                let mut pipeline = Pipeline::new();
                if self.forsaken {
                    pipeline.cmd("HDEL").arg(names.queue()).arg(&core.session);
                }
                if let Some(stored) = self.stored {
                    pipeline.add_command(stage::state(&staging, self.after, stored));
                }
                for (place, caller) in self.callers.iter().enumerate() {
                    if large(caller) {
                        pipeline.add_command(stage::bytes(&reply(&staging, place), &caller.record));
                    }
                }
                let mut keys = vec![
                    names.lease(),
                    names.state(),
                    names.queue(),
                    names.waiting(),
                    names.suspects(),
                    staging.clone(),
                    names.records(),
                ];
                for (place, caller) in self.callers.iter().enumerate() {
                    if large(caller) {
                        keys.push(reply(&staging, place));
                        keys.push(names.reply(&caller.session));
                    }
                }
                let inline = |caller: &Caller| match large(caller) {
                    true => SEQ,
                    false => caller.record.len(),
                };
                let records = self.callers.iter().map(inline).sum();
                let mut commit = sending.run(&script, &keys, records);
                commit.arg(self.token).arg(&core.session);
                commit.arg(&self.before.to_be_bytes()[..]);
                commit.arg(&self.after.to_be_bytes()[..]);
                commit.arg(if self.stored.is_some() { "new" } else { "" });
                commit.arg(self.lease_ms).arg(SLOT).arg(names::inbox(""));
                commit.arg(if self.object.waits && self.stored.is_some() {
                    names.channel()
                } else {
                    String::new()
                });
                commit.arg(match &self.following {
                    Following::Whoever => "",
                    Following::Same => "keep",
                    Following::Longest => "pass",
                    Following::At(place) => place,
                });
                commit.arg(if self.little { "1" } else { "list" });
                for caller in self.callers {
                    let large = large(caller);
                    commit.arg(&caller.session);
                    commit.arg(if large { "s" } else { "r" });
                    commit.arg(if caller.elsewhere { "1" } else { "" });
                    commit.arg(&caller.record[..inline(caller)]);
                }
                pipeline.add_command(commit);
                if fetch {
                    pipeline.cmd("HGETALL").arg(names.queue());
                }
                pipeline
            })
            .await?;
        // The first error is the cause of those after it: a state that the server had no room for is missing later.
        let mut replies = value::all_well(replies)?;
        let queue = if fetch { replies.pop() } else { None };
        let Some(Value::List(answer)) = replies.pop().map(value::plain).transpose()? else {
            return Err(Fault::garbled("no answer to a commit"));
        };
        let mut answer = answer.into_iter();
        let Some(Value::Bytes(kind)) = answer.next() else {
            return Err(Fault::garbled("no answer to a commit"));
        };
        let mut texts = answer.by_ref().map(|value| match value {
            Value::Bytes(bytes) => bytes,
            _ => Bytes::new(),
        });
        Ok(match &kind[..] {
            b"K" => {
                let suspect = texts.next().unwrap_or_default();
                Committed::Kept(suspect, answer.collect(), queue)
            }
            b"H" => Committed::Handed,
            b"D" => Committed::Released,
            b"F" => Committed::Fenced,
            b"X" => Committed::Ran(texts.collect()),
            b"A" => Committed::Absent,
            _ => return Err(Fault::garbled("an unknown answer to a commit")),
        })
    }
}

/// Gives up a lease: the calls that were to be run fail, and others look for themselves.
///
/// The fault as the callers of this process meet it: where another process may lead by now, it may run what waits.
pub(super) async fn abandon(
    site: &Site<'_>,
    lead: &Lead,
    own: Option<&Own<'_>>,
    fault: Fault,
) -> Fault {
    // Those that waited in the queue have been seen by others.
    let waits = own.filter(|own| own.sent.earlier.doubt);
    let in_doubt = |fault| match waits.and_then(|own| own.sent.earlier.since()) {
        Some(since) => Fault::InDoubt(since.elapsed()),
        None => fault,
    };
    // Who can't reach the server can tell it nothing; its lease runs out.
    if fault.is_doubt() || matches!(fault, Fault::Unreachable { .. }) {
        return in_doubt(fault);
    }
    let (core, names) = (site.core, site.names);
    let script = core.scripts.alone(concat!(
        include_str!("common.lua"),
        include_str!("abandon.lua")
    ));
    let told = core
        .exchange(Some(&script), |sending| {
            let mut abandon = sending.run(
                &script,
                &[
                    names.lease(),
                    names.state(),
                    names.queue(),
                    names.waiting(),
                    names.suspects(),
                ],
                0,
            );
            abandon.arg(&lead.token()[..]).arg(names::inbox(""));
            abandon.arg(&parcel::pack_fault(&fault)[..]);
            for place in lead.places(&core.session) {
                abandon.arg(place);
            }
            if let Some(own) = waits {
                abandon.arg(format!("{}{}", own.sent.seq, core.session));
            }
            let mut pipeline = Pipeline::new();
            pipeline.add_command(abandon);
            pipeline
        })
        .await;
    match told.and_then(value::all_well) {
        Ok(replies) if replies.first() == Some(&redis::Value::Int(1)) => fault,
        Ok(_) => in_doubt(fault),
        Err(unheard) => {
            tracing::warn!(
                fault = ?unheard,
                "a lease could not be given up; others wait until it ends"
            );
            in_doubt(fault)
        }
    }
}

fn reply(staging: &str, place: usize) -> String {
    format!("{staging}:{place}")
}
