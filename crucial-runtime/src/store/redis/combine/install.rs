//! A new state on its way to the server.

use bytes::{BufMut, Bytes, BytesMut};
use redis::Pipeline;

use super::{Fault, garbled};
use crate::object::{Call, ObjectType, Value};
use crate::store::Description;
use crate::store::redis::core::Core;
use crate::store::redis::lane::Slot;
use crate::store::redis::names::Names;
use crate::store::redis::scripted::{register, ttl};
use crate::store::redis::value;

/// Commits of one process to one object come one after the other.
const SLOT: Slot = 0;

/// A new state on its way to the server.
pub(super) struct Install<'a> {
    pub(super) object: &'static ObjectType,
    /// The version that it was made from, 8 bytes; none to create the object.
    pub(super) before: &'a [u8],
    pub(super) version: u64,
    pub(super) stored: &'a Bytes,
    /// Whether the server is to remember that this was done: a repeat must not do it again.
    pub(super) recorded: bool,
    pub(super) create: Option<(&'a Call, &'a Description)>,
}

impl Install<'_> {
    /// Sends the state and asks the server to install it; the server's one-letter answer.
    pub(super) async fn send(&self, core: &Core, names: &Names) -> Result<Vec<u8>, Fault> {
        let script = core.scripts.alone(include_str!("commit.lua"));
        let seq = core.next_seq();
        let staging = names.staging(&core.session, &seq);
        let mut bytes = BytesMut::with_capacity(8 + self.stored.len());
        bytes.put_u64(self.version);
        bytes.put_slice(self.stored);
        // A state that is never installed removes itself.
        let stage = redis::cmd("SET")
            .arg(&staging)
            .arg(&bytes[..])
            .arg("PX")
            .arg(60_000)
            .clone();
        let channel = if self.object.waits {
            names.channel()
        } else {
            String::new()
        };
        let (name, detail) = self.create.map_or(("", ""), |(_, found)| {
            (found.object.as_str(), found.detail.as_str())
        });
        let replies = core
            .exchange(Some(&script), |sending| {
                let mut commit = sending.run(&script, 4);
                commit.arg(names.state()).arg(names.description());
                commit.arg(names.record(&core.session, SLOT)).arg(&staging);
                commit.arg(if self.recorded { seq.as_str() } else { "" });
                commit
                    .arg(ttl())
                    .arg(sending.refuse_after())
                    .arg(self.before);
                commit.arg(&channel).arg(name).arg(detail);
                let mut pipeline = Pipeline::new();
                pipeline.add_command(stage.clone());
                pipeline.add_command(commit);
                if let Some((call, _)) = self.create {
                    pipeline.add_command(register(call));
                }
                pipeline
            })
            .await?;
        // The first error is the cause of those after it: a state that the server had no room for is missing later.
        for reply in &replies {
            if let redis::Value::ServerError(error) = reply {
                return Err(Fault::of(error));
            }
        }
        match value::plain(replies.into_iter().nth(1).unwrap_or(redis::Value::Nil))? {
            Value::Bytes(answer) => Ok(answer.to_vec()),
            _ => Err(garbled("no answer to a commit")),
        }
    }
}
