//! A request to the leader to run calls, or for the lease.

use bytes::Bytes;
use redis::Pipeline;

use super::lead::Lead;
use super::site::{SLOT, Site};
use super::{reads, stage};
use crate::object::{Key, ObjectType, Value};
use crate::store::redis::fault::Fault;
use crate::store::redis::sent::Earlier;
use crate::store::redis::{names, value};

/// How many bytes of a state or of a reply may go through a script, which pays for each.
const INLINE: usize = 8 * 1024;

/// One request.
pub(super) struct Submission<'a> {
    pub(super) object: &'static ObjectType,
    pub(super) seq: &'a str,
    /// What is put into the queue; none to look again at what is there already.
    pub(super) parcel: Option<&'a [u8]>,
    /// The version of the cached state.
    pub(super) known: Option<u64>,
    /// The lease was handed over: with the version that goes with it, and whether what waits may be fetched unseen.
    pub(super) handed: Option<(Bytes, bool)>,
    pub(super) lease_ms: u64,
}

/// What the server says.
pub(super) enum Submitted {
    /// The calls have run; the replies.
    Replies(Bytes),
    /// The calls have run; the replies are in the record.
    Recorded,
    /// The calls wait behind a lease, which has so many milliseconds to go.
    Queued(u64),
    /// The calls are not in the queue.
    Unknown,
    /// There is no object.
    Absent,
    /// The caller leads. The state as it is stored, where the cached one is not it and it came along.
    Granted(Lead, Option<Bytes>),
}

impl Submission<'_> {
    pub(super) async fn send(
        &self,
        site: &Site<'_>,
        earlier: &mut Earlier,
    ) -> Result<Submitted, Fault> {
        let (core, names) = (site.core, site.names);
        let script = core.scripts.alone(concat!(
            include_str!("common.lua"),
            include_str!("submit.lua")
        ));
        let known = self
            .known
            .map_or_else(Vec::new, |version| version.to_be_bytes().to_vec());
        // A process that was handed the lease most likely gets it: the state and the queue come along.
        let (fetch_state, fetch_queue) = match &self.handed {
            Some((version, little)) => (version[..] != known, *little),
            None => (false, false),
        };
        let replies = core
            .exchange_again(Some(&script), earlier, |sending| {
                let mut pipeline = Pipeline::new();
                if let Some(parcel) = self.parcel {
                    pipeline.cmd("MULTI");
                    pipeline.add_command(stage::call(&names.queue(), &core.session, parcel));
                }
                let mut submit = sending.run(
                    &script,
                    &[
                        names.lease(),
                        names.state(),
                        names.queue(),
                        names.waiting(),
                        names.suspects(),
                        names.records(),
                    ],
                    0,
                );
                submit
                    .arg(&core.session)
                    .arg(self.seq)
                    .arg(sending.refuse_after());
                submit.arg(if self.parcel.is_some() {
                    "new"
                } else {
                    "again"
                });
                submit.arg(&known).arg(self.lease_ms);
                submit.arg(names::record(&core.session, SLOT));
                submit.arg(if fetch_state { 0 } else { INLINE });
                pipeline.add_command(submit);
                if self.parcel.is_some() {
                    pipeline.cmd("EXEC");
                }
                if fetch_state {
                    pipeline.add_command(reads::get(names));
                }
                if fetch_queue {
                    pipeline.cmd("HGETALL").arg(names.queue());
                }
                pipeline
            })
            .await?;
        let mut replies = value::all_well(replies)?.into_iter();
        let answer = if self.parcel.is_some() {
            // MULTI, what was queued, and what EXEC gives: the reply to HSET, that to the script.
            match replies.nth(3) {
                Some(redis::Value::Array(done)) => value::all_well(done)?.into_iter().nth(1),
                _ => None,
            }
        } else {
            replies.next()
        };
        let state = fetch_state.then(|| replies.next()).flatten();
        let queue = fetch_queue.then(|| replies.next()).flatten();
        let Some(Value::List(answer)) = answer.map(value::plain).transpose()? else {
            return Err(Fault::garbled("no answer to a call"));
        };
        self.read(names.key(), answer, state, queue)
    }

    fn read(
        &self,
        key: &Key,
        answer: Vec<Value>,
        state: Option<redis::Value>,
        queue: Option<redis::Value>,
    ) -> Result<Submitted, Fault> {
        let mut answer = answer.into_iter();
        let kind = answer.next().and_then(value::bytes);
        Ok(match (kind.as_deref(), answer.next()) {
            (Some(b"R"), Some(Value::Bytes(replies))) => Submitted::Replies(replies),
            (Some(b"F"), _) => Submitted::Recorded,
            (Some(b"Q"), Some(Value::Int(left))) => {
                Submitted::Queued(u64::try_from(left).unwrap_or(0))
            }
            (Some(b"N"), _) => Submitted::Unknown,
            (Some(b"A"), _) => Submitted::Absent,
            (Some(b"G"), Some(Value::Bytes(token))) => {
                let mut next = || answer.next().and_then(value::bytes).unwrap_or_default();
                let (version, present, suspect, died) = (next(), next(), next(), next());
                let found = match state.map(value::plain).transpose()? {
                    Some(Value::Bytes(state)) => Some(state),
                    _ => (!present.is_empty()).then_some(present),
                };
                // The state that was fetched beside the grant may be that of another object by now.
                let found = found.filter(|state| state.get(..8) == Some(&version[..]));
                let mut lead = Lead::new(self.object, token, version, suspect, died);
                match queue {
                    Some(queue) => lead.fetched(key, queue)?,
                    None => lead.list(answer),
                }
                Submitted::Granted(lead, found)
            }
            _ => return Err(Fault::garbled("an unknown answer to a call")),
        })
    }
}
