//! A new state on its way to the server.

use bytes::Bytes;
use redis::Pipeline;

use super::site::SLOT;
use super::stage;
use crate::object::{ObjectType, Value};
use crate::store::Description;
use crate::store::redis::core::Core;
use crate::store::redis::fault::Fault;
use crate::store::redis::names::{self, Names};
use crate::store::redis::records::{Made, Records};
use crate::store::redis::removal::destroy;
use crate::store::redis::sent::Earlier;
use crate::store::redis::{registration, value};

/// A new state on its way to the server.
pub(super) struct Install<'a> {
    pub(super) object: &'static ObjectType,
    pub(super) seq: &'a str,
    /// The version that it was made from, 8 bytes; none to create the object.
    pub(super) before: &'a [u8],
    pub(super) version: u64,
    pub(super) stored: &'a Bytes,
    /// Whether the server is to remember that this was done: a repeat must not do it again.
    pub(super) recorded: bool,
    /// What the object is, to create it.
    pub(super) description: Option<&'a Description>,
    /// When the record was last made new.
    pub(super) records: &'a Records,
}

/// What the server says.
pub(super) enum Installed {
    Done,
    /// There is another state.
    Overtaken,
    /// Another process leads, or waits for the leader.
    Led,
    /// There is no object.
    Gone,
    /// There is an object already.
    Exists,
}

impl Install<'_> {
    /// Sends the state and asks the server to install it.
    pub(super) async fn send(
        &self,
        core: &Core,
        names: &Names,
        earlier: &mut Earlier,
    ) -> Result<Installed, Fault> {
        let script = core.scripts.alone(include_str!("install.lua"));
        let now = Made::now(&core.link.clock);
        let renew = self.records.are_due(SLOT, now);
        let mut record = names::record(&core.session, SLOT);
        if renew {
            record.push('+');
        }
        let staging = names.staging(&core.session, self.seq);
        let channel = if self.object.waits {
            names.channel()
        } else {
            String::new()
        };
        let (name, detail) = self.description.map_or(("", ""), |found| {
            (found.object.as_str(), found.detail.as_str())
        });
        let ends = || match self.description {
            Some(_) => core.terms.end_of(names.key().namespace()),
            None => String::new(),
        };
        let replies = core
            .exchange_again(Some(&script), earlier, |sending| {
                let mut pipeline = Pipeline::new();
                pipeline.add_command(stage::state(&staging, self.version, self.stored));
                let mut install = sending.run(
                    &script,
                    &[
                        names.state(),
                        names.description(),
                        names.records(),
                        staging.clone(),
                        names.lease(),
                        names.queue(),
                        names.waiting(),
                        names.suspects(),
                    ],
                    0,
                );
                install.arg(if self.recorded { self.seq } else { "" });
                install
                    .arg(&record)
                    .arg(sending.refuse_after())
                    .arg(self.before);
                install.arg(&channel).arg(name).arg(detail).arg(ends());
                pipeline.add_command(install);
                if self.description.is_some() {
                    pipeline.add_command(registration::note(names));
                }
                pipeline
            })
            .await?;
        let mut replies = replies.into_iter();
        let (staged, answer, noted) = (replies.next(), replies.next(), replies.next());
        // The script's answer decides, whatever happened to the commands around it. If the script failed, the `SET` before it
        // is the likely cause, so its error comes first.
        let asked: Vec<_> = match &answer {
            Some(redis::Value::ServerError(_)) => staged.into_iter().chain(answer).collect(),
            _ => answer.into_iter().collect(),
        };
        let answer = match value::all_well(asked) {
            Err(Fault::Ended) if self.description.is_some() => {
                registration::take_back(core, names).await?;
                return Err(Fault::Ended);
            }
            answer => answer?.pop(),
        };
        Ok(match value::plain(answer.unwrap_or(redis::Value::Nil))? {
            Value::Bytes(answer) => match &answer[..] {
                b"D" => {
                    if renew && self.recorded {
                        self.records.renewed(SLOT, now);
                    }
                    if let Some(redis::Value::ServerError(error)) = noted {
                        // The server has just become full. An object that is not noted would outlive its job.
                        destroy(core, names, SLOT).await.map(drop)?;
                        return Err(Fault::of(&error));
                    }
                    Installed::Done
                }
                b"N" => Installed::Overtaken,
                b"Q" => Installed::Led,
                b"A" => Installed::Gone,
                b"E" => Installed::Exists,
                _ => return Err(Fault::garbled("an unknown answer to a commit")),
            },
            _ => return Err(Fault::garbled("no answer to a commit")),
        })
    }
}
