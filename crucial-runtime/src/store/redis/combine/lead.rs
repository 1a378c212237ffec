//! Leading: running everybody's calls, batch after batch, while the lease lasts.

use bytes::Bytes;
use tokio::time::Instant;

use super::batch::{Batch, CALLERS, Ran};
use super::commit::{Commit, Committed, Following, abandon};
use super::keeper::{ms, renew};
use super::parcel::{self, Parcel};
use super::replica::{Replica, Run};
use super::{Combining, Fault, Own, Site, garbled};
use crate::object::{ObjectType, Value};
use crate::store::redis::lane::Answer;
use crate::store::redis::value;

/// How many commits in a row one process leads while others wait.
const ROUNDS: u32 = 16;
/// How many of those a process may make on calls of its own while another wishes to lead for as good a reason.
const COHORT: u32 = 4;
/// How many bytes of waiting calls are fetched at a time, and how many are fetched without having been counted.
const FETCHED: usize = 4 * 1024 * 1024;
const LITTLE: usize = 1024 * 1024;
/// How many leaders may die at one call that they run by itself before it is not run again.
const DEATHS: usize = 2;

/// A lease, and what is known of those who wait behind it.
#[derive(Debug)]
pub(super) struct Lead {
    object: &'static ObjectType,
    token: Bytes,
    /// The version of the stored state.
    version: Bytes,
    /// The session whose calls alone are to be run, one by one, as they may have killed their leaders.
    suspect: Bytes,
    /// The names of those of them at which leaders died, as often as they did.
    died: Bytes,
    /// What waits, as far as it was fetched.
    queued: Vec<Queued>,
    /// What waits and is yet to be fetched: sessions, and how many bytes.
    listed: Vec<(String, usize)>,
    /// How many bytes waited when last looked.
    bytes: usize,
    /// How many commits have been made.
    rounds: u32,
    /// Whether anybody else was seen.
    company: bool,
}

/// What waits for one process.
#[derive(Debug)]
pub(super) struct Queued {
    pub(super) session: String,
    pub(super) seq: String,
    pub(super) parcel: Parcel,
}

impl Queued {
    fn place(&self) -> String {
        format!("{}{}", self.seq, self.session)
    }
}

/// What a round did for the calls of this process.
pub(super) enum Turn {
    /// They ran.
    Ran(Vec<Answer>),
    /// They had been run before.
    Recorded,
    /// They were not run: others are to be run alone first, or somebody else leads.
    Later,
}

/// What becomes of the lease.
enum After {
    Kept,
    Gone,
}

impl Lead {
    pub(super) fn new(
        object: &'static ObjectType,
        token: Bytes,
        version: Bytes,
        suspect: Bytes,
        died: Bytes,
    ) -> Self {
        Self {
            object,
            token,
            version,
            suspect,
            died,
            queued: Vec::new(),
            listed: Vec::new(),
            bytes: 0,
            rounds: 0,
            company: false,
        }
    }

    pub(super) fn token(&self) -> &Bytes {
        &self.token
    }

    pub(super) fn object(&self) -> &'static ObjectType {
        self.object
    }

    /// Notes that others have changed the object of late.
    pub(super) fn in_company(&mut self) {
        self.company = true;
    }

    /// Whether that is the stored state.
    pub(super) fn is_of(&self, replica: &Replica) -> bool {
        replica.version.to_be_bytes()[..] == self.version[..]
    }

    /// The places whose calls were to be run, but for those of this process.
    pub(super) fn places<'a>(&'a self, me: &'a str) -> impl Iterator<Item = String> + 'a {
        self.others(me).map(Queued::place)
    }

    /// Takes note of who waits: pairs of sessions and bytes.
    pub(super) fn list(&mut self, mut pairs: impl Iterator<Item = Value>) {
        self.queued.clear();
        self.listed.clear();
        while let (Some(Value::Bytes(session)), Some(Value::Int(size))) =
            (pairs.next(), pairs.next())
        {
            let session = String::from_utf8_lossy(&session).into_owned();
            let size = usize::try_from(size).unwrap_or(0);
            self.listed.push((session, size));
        }
        self.bytes = self.listed.iter().map(|(_, size)| size).sum();
    }

    /// Takes in what waits, as the server gives a whole hash.
    pub(super) fn fetched(&mut self, queue: redis::Value) -> Result<(), Fault> {
        self.queued.clear();
        self.listed.clear();
        self.bytes = 0;
        let Value::List(pairs) = value::plain(queue)? else {
            return Err(garbled("no queue"));
        };
        let mut pairs = pairs.into_iter();
        while let (Some(Value::Bytes(session)), Some(Value::Bytes(bytes))) =
            (pairs.next(), pairs.next())
        {
            self.take_in(String::from_utf8_lossy(&session).into_owned(), &bytes);
        }
        Ok(())
    }

    fn take_in(&mut self, session: String, bytes: &Bytes) {
        self.bytes += bytes.len();
        // What is not numbered is none of ours.
        if let Some((seq, parcel)) = parcel::numbered(bytes) {
            self.queued.push(Queued {
                session,
                seq: seq.to_owned(),
                parcel: parcel::unpack(self.object, &parcel),
            });
        }
    }

    /// Fetches what is listed, as much as goes into one batch.
    async fn fetch(&mut self, site: &Site<'_>) -> Result<(), Fault> {
        let mut room = FETCHED;
        let sessions: Vec<String> = std::mem::take(&mut self.listed)
            .into_iter()
            .filter(|(session, _)| self.may_run(session))
            .take(CALLERS)
            .take_while(|(_, size)| {
                let fits = room > 0;
                room = room.saturating_sub(*size);
                fits
            })
            .map(|(session, _)| session)
            .collect();
        if sessions.iter().all(|session| *session == site.core.session) {
            return Ok(());
        }
        let mut command = redis::cmd("HMGET");
        command.arg(site.names.queue()).arg(&sessions);
        let Value::List(found) = value::plain(site.core.ask(command).await?)? else {
            return Err(garbled("no queue"));
        };
        let bytes = self.bytes;
        for (session, found) in sessions.into_iter().zip(found) {
            if let Value::Bytes(parcel) = found {
                self.take_in(session, &parcel);
            }
        }
        self.bytes = bytes;
        Ok(())
    }

    /// What waits and may be run now, but for what is of this process.
    pub(super) fn others<'a>(&'a self, me: &'a str) -> impl Iterator<Item = &'a Queued> + Clone {
        self.queued
            .iter()
            .filter(move |queued| queued.session != me && self.may_run(&queued.session))
    }

    /// Whether the call of that name is not to be run again: each who ran it by itself died at it, or did not end it.
    fn is_poison(&self, name: &str) -> bool {
        let died = self.died.split(|byte| *byte == b' ');
        died.filter(|died| *died == name.as_bytes()).count() >= DEATHS
    }

    /// Whether the calls of that session may be run now.
    fn may_run(&self, session: &str) -> bool {
        self.suspect.is_empty() || self.suspect == session.as_bytes()
    }

    /// Who leads next.
    fn following(&self, site: &Site<'_>) -> Following {
        let mut others = self.others(&site.core.session);
        if let Some(other) = others
            .clone()
            .find(|queued| matches!(queued.parcel, Parcel::Foreign))
        {
            return Following::At(other.place());
        }
        if site.core.is_quiescing() || (self.company && self.rounds + 1 >= ROUNDS) {
            return Following::Longest;
        }
        let busy = site.lane.has_waiting();
        let is_wished = others.any(|queued| matches!(queued.parcel, Parcel::Wish));
        if is_wished && (!busy || self.rounds + 1 >= COHORT) {
            // Not whose wish is met first: the queue has no order, and two might pass the lease to and fro for ever.
            return Following::Longest;
        }
        if busy {
            Following::Same
        } else {
            Following::Whoever
        }
    }
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
            // Somebody else may have led and run the calls before the object was removed, and a copy of them may still be
            // on its way: whoever asks again for them to be run is told what their record says, or that there is no
            // object, and that is noted.
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
        let (object, me) = (lead.object, site.core.session.as_str());
        if !self
            .cached
            .as_ref()
            .is_some_and(|cached| lead.is_of(cached))
        {
            self.cached = None;
            self.known(site.core, site.names, object).await?;
        }
        lead.company |= lead.listed.iter().any(|(session, _)| session != me);
        lead.fetch(site).await?;
        lead.company |= lead.queued.iter().any(|queued| queued.session != me);
        let seq = own.map(|own| &own.seq);
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
                before.wrapping_add(1)
            };
            let forsaken = lead
                .queued
                .iter()
                .any(|queued| queued.session == me && seq.is_none_or(|seq| *seq != queued.seq));
            let commit = Commit {
                object,
                token: &lead.token,
                before,
                after,
                stored: stored.as_ref(),
                callers: &callers,
                forsaken,
                following: lead.following(site),
                little: lead.bytes <= LITTLE,
                lease_ms: ms(self.lease(site)),
            };
            let committed = commit.send(site).await?;
            let turn = || own.map_or(Turn::Later, |_| Turn::Ran(answers));
            if let Committed::Kept(..) | Committed::Handed | Committed::Released = committed {
                let Some(replica) = &mut self.cached else {
                    return Err(garbled("no state"));
                };
                replica.version = after;
                replica.confirmed = asked;
                if let Some(stored) = stored {
                    replica.stored = stored;
                }
            }
            match committed {
                Committed::Kept(suspect, listed, queue) => {
                    lead.rounds += 1;
                    lead.version = Bytes::copy_from_slice(&after.to_be_bytes());
                    if lead.suspect != suspect {
                        (lead.suspect, lead.died) = (suspect, Bytes::new());
                    }
                    match queue {
                        Some(queue) => lead.fetched(queue)?,
                        None => lead.list(listed.into_iter()),
                    }
                    return Ok((turn(), After::Kept));
                }
                Committed::Handed | Committed::Released => {
                    self.contended = lead.company;
                    self.lease = (self.lease / 2).max(site.core.options.lease);
                    return Ok((turn(), After::Gone));
                }
                Committed::Fenced => return Ok(self.fenced(site)),
                Committed::Ran(sessions) => {
                    if let Some(replica) = &mut self.cached {
                        replica.rewind(object)?;
                    }
                    let ran = |session: &str| sessions.iter().any(|other| other == session);
                    lead.queued.retain(|queued| !ran(&queued.session));
                    if ran(me) {
                        return Ok((Turn::Recorded, After::Kept));
                    }
                }
                Committed::Absent => return Err(Fault::Absent),
            }
        }
    }

    /// Runs what waits and may be run, and the calls of this process, on the stored state.
    ///
    /// With the version of that state; `None` where somebody else leads by now.
    async fn run_batch(
        &mut self,
        site: &Site<'_>,
        lead: &Lead,
        own: Option<&Own<'_>>,
    ) -> Result<Option<(u64, Ran)>, Fault> {
        let (pulse, limit) = (self.pulse(site), site.core.options.value_bytes);
        let batch = Batch::of(lead, own, &site.core.session);
        let Some(replica) = &mut self.cached else {
            return Err(garbled("no state"));
        };
        let before = replica.version;
        if lead.suspect.is_empty() {
            let (given, stored) = replica.run(lead.object, &batch.works, limit, &pulse)?;
            return Ok(Some((before, batch.ran(given, stored)?)));
        }
        // One by one: whoever comes next is to know at which of them this process has died.
        let Some(leased) = pulse.lease() else {
            return Ok(None);
        };
        let mut run = Run::of(replica, lead.object, &batch.works, Some(limit));
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
            return Err(garbled("no state"));
        };
        let (given, stored) = run.end(replica)?;
        Ok(Some((before, batch.ran(given, stored)?)))
    }

    /// Somebody else leads, and has run or will run what was to be run here.
    fn fenced(&mut self, site: &Site<'_>) -> (Turn, After) {
        tracing::debug!(state = site.names.state(), "a lease ran out too early");
        self.cached = None;
        self.contended = true;
        // Whoever was too slow for a lease would be for the next of its kind.
        self.lease = (self.lease(site) * 2).min(site.core.options.lease * 16);
        (Turn::Later, After::Gone)
    }
}

/// What the callers of calls get that killed those who ran them.
fn poisoned() -> Fault {
    Fault::Poison(
        "the processes that ran it died of it, or it did not end in them; it is not run again"
            .to_owned(),
    )
}
