//! The first gear: calls with a commit of their own, as long as nobody else is about.

use std::task::Poll;

use tokio::time::Instant;

use super::combining::Combining;
use super::install::{Install, Installed};
use super::own::Own;
use super::reads;
use super::replica::{self, Replica};
use super::site::Site;
use crate::chance;
use crate::object::{Call, MethodKind};
use crate::store::Description;
use crate::store::redis::answer::Answer;
use crate::store::redis::fault::Fault;
use crate::store::redis::jobs;
use crate::store::redis::sent::Earlier;

impl Combining {
    /// Does calls with a commit of their own; `None` where others are about.
    pub(super) async fn by_itself(
        &mut self,
        site: &Site<'_>,
        own: &mut Own<'_>,
    ) -> Result<Option<Vec<Answer>>, Fault> {
        let (core, names) = (site.core, site.names);
        let Some(object) = own.calls.first().map(|call| call.object) else {
            return Ok(Some(Vec::new()));
        };
        let reads = own.reads_only();
        let pulse = self.pulse(site);
        loop {
            if reads && self.cached.is_some() && !self.is_fresh_enough(&own.calls) {
                self.is_current(core, names).await?;
            }
            // What is fetched now is the latest.
            let fresh = self.cached.is_none();
            let asked = Instant::now();
            let replica = self.known(core, names, object).await?;
            let limit = core.options.value_bytes;
            let (answers, stored) = replica.run(object, &own.calls, limit, &pulse)?;
            let Some(stored) = stored else {
                // Updates that changed nothing (all of them wait, or failed) still have to have seen the latest state.
                if reads || fresh || self.is_current(core, names).await? {
                    return Ok(Some(answers));
                }
                continue;
            };
            let version = replica::next(replica.version);
            let install = Install {
                object,
                seq: &own.sent.seq,
                before: &replica.version.to_be_bytes(),
                version,
                stored: &stored,
                recorded: own
                    .calls
                    .iter()
                    .any(|call| call.method.kind == MethodKind::Update),
                description: None,
                records: &self.records,
            };
            match install.send(core, names, &mut own.sent.earlier).await? {
                Installed::Done => {
                    if let Some(replica) = &mut self.cached {
                        replica.confirmed = asked;
                        replica.version = version;
                        replica.stored = stored;
                    }
                    return Ok(Some(answers));
                }
                Installed::Gone => {
                    self.cached = None;
                    reads::missing(core, names, object).await?;
                    continue;
                }
                Installed::Overtaken => self.cached = None,
                Installed::Led => {
                    if let Some(replica) = &mut self.cached {
                        replica.rewind(object)?;
                    }
                }
                Installed::Exists => return Err(Fault::garbled("an unknown answer to a commit")),
            }
            self.contended = true;
            own.sent.attempt = Some(answers);
            return Ok(None);
        }
    }

    /// Brings the object into being, unless there is one.
    pub(super) async fn create(
        &mut self,
        site: &Site<'_>,
        call: &Call,
        description: &Description,
    ) -> Answer {
        let (object, asked) = (call.object, Instant::now());
        let state = object.init(&call.args).map_err(Fault::Refused)?;
        let stored = object
            .encode_within(&state, site.core.options.value_bytes)
            .map_err(Fault::Refused)?;
        // Versions of one object's successive lives never meet.
        let version = chance::number() << 32;
        let mut revived = false;
        let installed = loop {
            let install = Install {
                object,
                seq: &site.core.next_seq(),
                before: &[],
                version,
                stored: &stored,
                recorded: true,
                description: Some(description),
                records: &self.records,
            };
            let mut first = Earlier::default();
            let installed = install.send(site.core, site.names, &mut first).await;
            if revived || !matches!(installed, Err(Fault::Ended)) {
                break installed?;
            }
            revived = jobs::revive(site.core, call.key.namespace()).await?;
            if !revived {
                return Err(Fault::Ended);
            }
        };
        match installed {
            Installed::Done => {
                self.lead = None;
                self.contended = false;
                self.cached = Some(Replica {
                    version,
                    stored,
                    state,
                    confirmed: asked,
                });
                Ok(Poll::Ready(true.into()))
            }
            Installed::Exists => Ok(Poll::Ready(false.into())),
            _ => Err(Fault::garbled("an unknown answer to a creation")),
        }
    }
}
