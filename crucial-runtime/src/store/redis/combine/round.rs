//! A round of the one who leads: everybody's calls run, and committed together.

use tokio::time::Instant;

use super::batch::{Batch, Ran};
use super::combining::Combining;
use super::commit::{Commit, Committed, abandon};
use super::keeper::renew;
use super::lead::Lead;
use super::own::Own;
use super::replica::{self, Run};
use super::site::Site;
use crate::object::milliseconds;
use crate::store::redis::answer::Answer;
use crate::store::redis::fault::Fault;

/// What a round did for the calls of this process.
pub(super) enum Turn {
    /// They ran.
    Ran(Vec<Answer>),
    /// They had been run before.
    Recorded,
    /// They were not run: the calls of another process are to be run alone first, or another process leads.
    Later,
}

/// What becomes of the lease.
enum After {
    Kept,
    Gone,
}

impl Combining {
    /// Runs what waits, and the calls of this process, as one batch.
    pub(super) async fn round(
        &mut self,
        site: &Site<'_>,
        own: Option<&Own<'_>>,
    ) -> Result<Turn, Fault> {
        let Some(mut lead) = self.lead.take() else {
            return Ok(Turn::Later);
        };
        let done = self.lead_once(site, &mut lead, own).await;
        if let Ok((turn, After::Kept)) = done {
            self.lead = Some(lead);
            return Ok(turn);
        }
        self.pulse(site).let_go();
        match done {
            Ok((turn, _)) => Ok(turn),
            // Another process may have led and run the calls before the object was removed, and a copy of them may still
            // be on its way. The next request for them to be run is answered from their record. If there is none, it is
            // answered that there is no object, and the server notes that.
            Err(Fault::Absent) => {
                self.cached = None;
                self.contended = true;
                Ok(Turn::Later)
            }
            Err(fault) => Err(abandon(site, &lead, own, fault).await),
        }
    }

    async fn lead_once(
        &mut self,
        site: &Site<'_>,
        lead: &mut Lead,
        own: Option<&Own<'_>>,
    ) -> Result<(Turn, After), Fault> {
        let (object, me) = (lead.object(), site.core.session.as_str());
        if !self
            .cached
            .as_ref()
            .is_some_and(|cached| lead.is_of(cached))
        {
            self.cached = None;
            self.known(site.core, site.names, object).await?;
        }
        lead.look(site).await?;
        let seq = own.map(|own| own.sent.seq.as_str());
        loop {
            let own = own.filter(|_| lead.may_run(me));
            let asked = Instant::now();
            let Some((before, ran)) = self.run_batch(site, lead, own).await? else {
                return Ok(self.fenced(site));
            };
            let Ran {
                callers,
                answers,
                stored,
            } = ran;
            let after = if callers.is_empty() && stored.is_none() {
                before
            } else {
                replica::next(before)
            };
            let commit = Commit {
                object,
                token: lead.token(),
                before,
                after,
                stored: stored.as_ref(),
                callers: &callers,
                forsaken: lead.has_forsaken(me, seq),
                following: lead.following(site),
                little: lead.is_little(),
                lease_ms: milliseconds(self.lease(site)),
            };
            let committed = commit.send(site).await?;
            let turn = || own.map_or(Turn::Later, |_| Turn::Ran(answers));
            if let Committed::Kept(..) | Committed::Handed | Committed::Released = committed {
                let Some(replica) = &mut self.cached else {
                    return Err(Fault::garbled("no state"));
                };
                replica.version = after;
                replica.confirmed = asked;
                if let Some(stored) = stored {
                    replica.stored = stored;
                }
            }
            match committed {
                Committed::Kept(suspect, listed, queue) => {
                    lead.keep(after, suspect);
                    match queue {
                        Some(queue) => lead.fetched(site.names.key(), queue)?,
                        None => lead.list(listed.into_iter()),
                    }
                    return Ok((turn(), After::Kept));
                }
                Committed::Handed | Committed::Released => {
                    self.contended = lead.has_company();
                    self.lease = (self.lease / 2).max(site.core.options.lease);
                    return Ok((turn(), After::Gone));
                }
                Committed::Fenced => return Ok(self.fenced(site)),
                Committed::Ran(sessions) => {
                    if let Some(replica) = &mut self.cached {
                        replica.rewind(object)?;
                    }
                    lead.forget(&sessions);
                    if sessions.iter().any(|session| session == me) {
                        return Ok((Turn::Recorded, After::Kept));
                    }
                }
                Committed::Absent => return Err(Fault::Absent),
            }
        }
    }

    /// Runs what waits and may be run, and the calls of this process, on the stored state.
    ///
    /// With the version of that state; `None` where another process leads by now.
    async fn run_batch(
        &mut self,
        site: &Site<'_>,
        lead: &Lead,
        own: Option<&Own<'_>>,
    ) -> Result<Option<(u64, Ran)>, Fault> {
        let (pulse, limit) = (self.pulse(site), site.core.options.value_bytes);
        let batch = Batch::of(lead, own, &site.core.session);
        let Some(replica) = &mut self.cached else {
            return Err(Fault::garbled("no state"));
        };
        let before = replica.version;
        if !lead.is_wary() {
            let (given, stored) = replica.run(lead.object(), &batch.calls, limit, &pulse)?;
            return Ok(Some((before, batch.ran(given, stored)?)));
        }
        // One by one: if this process dies, the next leader is to know at which call.
        let Some(leased) = pulse.lease() else {
            return Ok(None);
        };
        let mut run = Run::of(replica, lead.object(), &batch.calls, Some(limit));
        for name in batch.names() {
            if lead.is_poison(&name) {
                run.refuse(poisoned());
                continue;
            }
            if !renew(site.core, &site.core.session, &leased, Some(&name)).await? {
                return Ok(None);
            }
            if let Some(replica) = &mut self.cached {
                let _working = pulse.batch();
                run.next(replica, &pulse)?;
            }
        }
        let Some(replica) = &self.cached else {
            return Err(Fault::garbled("no state"));
        };
        let (given, stored) = run.end(replica)?;
        Ok(Some((before, batch.ran(given, stored)?)))
    }

    /// Another process leads, and has run or will run the calls that were to be run here.
    fn fenced(&mut self, site: &Site<'_>) -> (Turn, After) {
        tracing::debug!(state = site.names.state(), "a lease ran out too early");
        self.cached = None;
        self.contended = true;
        // This process did not finish within its lease, so it asks for twice as long next time.
        self.lease = (self.lease(site) * 2).min(site.core.options.lease * 16);
        (Turn::Later, After::Gone)
    }
}

/// The fault of a call that killed the processes that ran it.
fn poisoned() -> Fault {
    Fault::Poison(
        "the processes that ran it died of it, or it did not end in them; it is not run again"
            .to_owned(),
    )
}
