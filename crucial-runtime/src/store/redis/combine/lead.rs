//! A lease, and what is known of those who wait behind it.

use bytes::Bytes;

use super::parcel::{self, Parcel};
use super::replica::Replica;
use super::site::Site;
use crate::object::{Key, ObjectType, Value};
use crate::store::redis::fault::Fault;
use crate::store::redis::value;

/// How many commits in a row one process leads while others wait.
const ROUNDS: u32 = 16;
/// How many of those a process may make on calls of its own while another wishes to lead for as good a reason.
const COHORT: u32 = 4;
/// How many callers one commit answers at the most.
pub(super) const CALLERS: usize = 1000;
/// How many bytes of waiting calls are fetched at a time, and how many are fetched without having been counted.
const FETCHED: usize = 4 * 1024 * 1024;
const LITTLE: usize = 1024 * 1024;
/// How many leaders may die at one call that they run by itself before it is not run again.
const DEATHS: usize = 2;

/// Who is to lead after a commit.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Following {
    /// No process, if none waits.
    Whoever,
    /// The same.
    Same,
    /// The process that has waited longest.
    Longest,
    /// The process that waits at that place.
    At(String),
}

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

    /// Whether the calls of one session alone are to be run, one by one.
    pub(super) fn is_wary(&self) -> bool {
        !self.suspect.is_empty()
    }

    /// Whether anybody else was seen.
    pub(super) fn has_company(&self) -> bool {
        self.company
    }

    /// Whether what waits is little enough to be fetched unseen.
    pub(super) fn is_little(&self) -> bool {
        self.bytes <= LITTLE
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

    /// Whether calls of this process wait that it gave up: others than those of that number.
    pub(super) fn has_forsaken(&self, me: &str, seq: Option<&str>) -> bool {
        let mut own = self.queued.iter().filter(|queued| queued.session == me);
        own.any(|queued| seq != Some(&queued.seq))
    }

    /// Takes note of a commit after which the lease is still held.
    pub(super) fn keep(&mut self, version: u64, suspect: Bytes) {
        self.rounds += 1;
        self.version = Bytes::copy_from_slice(&version.to_be_bytes());
        if self.suspect != suspect {
            (self.suspect, self.died) = (suspect, Bytes::new());
        }
    }

    /// Forgets the calls of sessions: they have been run.
    pub(super) fn forget(&mut self, sessions: &[Bytes]) {
        let ran = |queued: &Queued| {
            sessions
                .iter()
                .any(|other| other == queued.session.as_str())
        };
        self.queued.retain(|queued| !ran(queued));
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
    pub(super) fn fetched(&mut self, key: &Key, queue: redis::Value) -> Result<(), Fault> {
        self.queued.clear();
        self.listed.clear();
        self.bytes = 0;
        let Value::List(pairs) = value::plain(queue)? else {
            return Err(Fault::garbled("no queue"));
        };
        let mut pairs = pairs.into_iter();
        while let (Some(Value::Bytes(session)), Some(Value::Bytes(bytes))) =
            (pairs.next(), pairs.next())
        {
            self.take_in(key, String::from_utf8_lossy(&session).into_owned(), &bytes);
        }
        Ok(())
    }

    fn take_in(&mut self, key: &Key, session: String, bytes: &Bytes) {
        self.bytes += bytes.len();
        // What is not numbered is none of ours.
        if let Some((seq, parcel)) = parcel::numbered(bytes) {
            self.queued.push(Queued {
                session,
                seq: seq.to_owned(),
                parcel: parcel::unpack(key, self.object, &parcel),
            });
        }
    }

    /// Fetches what waits, and notes whether anybody else is about.
    pub(super) async fn look(&mut self, site: &Site<'_>) -> Result<(), Fault> {
        let me = site.core.session.as_str();
        self.company |= self.listed.iter().any(|(session, _)| session != me);
        self.fetch(site).await?;
        self.company |= self.queued.iter().any(|queued| queued.session != me);
        Ok(())
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
            return Err(Fault::garbled("no queue"));
        };
        let bytes = self.bytes;
        for (session, found) in sessions.into_iter().zip(found) {
            if let Value::Bytes(parcel) = found {
                self.take_in(site.names.key(), session, &parcel);
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
    pub(super) fn is_poison(&self, name: &str) -> bool {
        let died = self.died.split(|byte| *byte == b' ');
        died.filter(|died| *died == name.as_bytes()).count() >= DEATHS
    }

    /// Whether the calls of that session may be run now.
    pub(super) fn may_run(&self, session: &str) -> bool {
        self.suspect.is_empty() || self.suspect == session.as_bytes()
    }

    /// Who leads next.
    pub(super) fn following(&self, site: &Site<'_>) -> Following {
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
        let busy = site.queue.has_waiting();
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
